/* SPDX-License-Identifier: Apache-2.0
 * Feeds and syncing them. */
#include "api/api_int.h"
#include "api/feed_json.h"
#include "api/idempotency.h"
#include "api/job_json.h"
#include "api/words.h"
#include "catalog/catalog.h"
#include "settings/settings.h"

/* The new generation that waits for somebody to look at it; why is in `error`. */
static json_t *held_json(const struct feed_state *f)
{
	if (!f->is_held)
		return json_null();
	json_t *j = json_object();
	json_object_set_new(j, "rows", json_integer(f->held_rows));
	json_object_set_new(j, "fetched", json_time(f->held_fetched_ms));
	json_object_set_new(j, "released", json_time(f->held_released_ms));
	return j;
}

/* What went wrong at the last attempt, to be translated. */
static json_t *trouble_json(const struct feed_state *f)
{
	if (!f->error)
		return json_null();
	json_t *j = json_object(), *params = json_object();
	json_object_set_new(j, "code", json_text(str_of(f->error_code ? f->error_code : "other")));
	if (f->error_subject && f->error_subject[0])
		json_object_set_new(params, "subject", json_text(str_of(f->error_subject)));
	json_object_set_new(j, "params", params);
	return j;
}

/* Since when a source without success counts as stale; 0 = it is not, or it never succeeded. */
static int64_t stale_since(struct call *c, const struct feed_state *f)
{
	int64_t since = f->last_success_ms +
			settings_int(c->conf->settings, SETTING_FEED_STALE_S) * 1000;
	return f->last_success_ms && since <= c->now_ms ? since : 0;
}

static json_t *feed_json(struct call *c, const struct feed_state *f)
{
	json_t *j = json_object();
	json_object_set_new(j, "id", json_text(str_of(f->id)));
	json_object_set_new(j, "kind", json_text(str_of(f->kind)));
	json_object_set_new(j, "url", json_text(str_of(f->url)));
	json_object_set_new(j, "last_attempt", json_time(f->last_attempt_ms));
	json_object_set_new(j, "last_success", json_time(f->last_success_ms));
	json_object_set_new(j, "generation", json_integer(f->generation));
	json_object_set_new(j, "rows", json_integer(f->rows));
	json_object_set_new(j, "released", json_time(f->released_ms));
	json_object_set_new(j, "signed", json_boolean(f->is_signed));
	json_object_set_new(j, "signer", json_text(str_of(f->signer)));
	json_object_set_new(j, "error", words_text_or_null(f->error));
	json_object_set_new(j, "trouble", trouble_json(f));
	json_object_set_new(j, "held", held_json(f));
	json_object_set_new(j, "stale_since", json_time(stale_since(c, f)));
	return j;
}

static json_t *summary_json(struct call *c, const struct feed_state *f, size_t n)
{
	int64_t last = 0, oldest = n ? f[0].last_success_ms : 0, failing = 0;
	for (size_t i = 0; i < n; i++) {
		last = MAX(last, f[i].last_success_ms);
		oldest = MIN(oldest, f[i].last_success_ms);
		failing += f[i].error != NULL;
	}
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	json_t *j = json_object();
	json_object_set_new(j, "total", json_integer((int64_t)n));
	json_object_set_new(j, "failing", json_integer(failing));
	json_object_set_new(j, "last_success", json_time(last));
	json_object_set_new(j, "oldest_success", json_time(oldest));
	json_object_set_new(j, "advisories_present", json_boolean(v.catalog->advisories_present));
	json_object_set_new(j, "files_confined", json_boolean(c->conf->files_confined));
	return j;
}

bool feed_summary_json(struct call *c, json_t **out, struct err *e)
{
	struct feed_state *feeds = NULL;
	size_t n = 0;
	if (!feed_state_list(c->conf->db, &feeds, &n, e))
		return false;
	*out = summary_json(c, feeds, n);
	feed_state_list_free(feeds, n);
	return true;
}

static bool list_feeds(struct call *c, struct err *e)
{
	struct feed_state *feeds = NULL;
	size_t n = 0;
	if (!feed_state_list(c->conf->db, &feeds, &n, e))
		return false;
	json_t *items = json_array(), *j = json_object();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(items, feed_json(c, &feeds[i]));
	json_object_set_new(j, "items", items);
	json_object_set_new(j, "summary", summary_json(c, feeds, n));
	feed_state_list_free(feeds, n);
	return call_json(c, 200, j);
}

static bool sync_feeds(struct call *c, struct err *e)
{
	char id[33];
	bool replayed;
	struct api_job job;
	if (!idempotency_begin(c, false, &replayed, e))
		return false;
	if (replayed)
		return true;
	if (!c->conf->start_sync(c->conf->arg, c->who.name, id, e))
		return false;
	idempotency_location(c, arena_printf(c->arena, API "/jobs/%s", id));
	if (!call_audit(c, "feeds.sync", id, NULL, e) ||
	    !c->conf->job_get(c->conf->arg, id, c->arena, &job, e))
		return false;
	return call_json(c, 202, job_json(&job));
}

static bool reply_feed(struct call *c, const char *id, struct err *e)
{
	struct feed_state *feeds = NULL;
	size_t n = 0;
	json_t *found = NULL;
	if (!feed_state_list(c->conf->db, &feeds, &n, e))
		return false;
	for (size_t i = 0; i < n && !found; i++)
		if (strcmp(feeds[i].id, id) == 0)
			found = feed_json(c, &feeds[i]);
	feed_state_list_free(feeds, n);
	return found ? call_json(c, 200, found)
		     : err_set(e, ERR_NOT_FOUND, "there is no feed '%.100s'", id);
}

static bool accept_feed(struct call *c, struct err *e)
{
	static const char *const known[] = { "feed", NULL };
	const char *id;
	AUTO(json_free) json_t *body = NULL;
	if (!call_body(c, known, &body, e) || !json_need_str(body, "feed", 1, 200, &id, e) ||
	    !c->conf->accept_held(c->conf->arg, id, e))
		return false;
	return call_audit(c, "feeds.accept", id, NULL, e) && reply_feed(c, id, e);
}

const struct route feeds_routes[] = {
	ROUTE(GET, API "/feeds", PERM_VIEW, list_feeds),
	ROUTE(POST, API "/feeds:sync", PERM_SYNC, sync_feeds),
	ROUTE(POST, API "/feeds:accept", PERM_SETTINGS, accept_feed, .max_body = 1000),
	ROUTE_TABLE_END,
};
