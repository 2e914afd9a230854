/* SPDX-License-Identifier: Apache-2.0
 * GET /systems/{id}/history and /patches/{id}/history: pages of the ledger, newest first. What a
 * patch or system is called is looked up now; those that are gone are still named by their id. */
#include "api/api_int.h"
#include "api/page.h"
#include "api/words.h"

static json_t *patch_of(const struct match_view *v, const char *id)
{
	uint32_t patch = catalog_find(v->catalog, str_of(id));
	json_t *j = json_object();
	json_object_set_new(j, "id", json_text(str_of(id)));
	json_object_set_new(j, "title",
			    patch == CATALOG_NONE ? json_null()
						  : json_text(v->catalog->patches[patch].title));
	json_object_set_new(j, "severity",
			    patch == CATALOG_NONE ? json_null()
						  : json_string(severity_name(
							    v->catalog->patches[patch].severity)));
	return j;
}

static json_t *system_of(const struct match_view *v, const char *id)
{
	const struct host *h = fleet_host_by_id(v->fleet, str_of(id));
	json_t *j = json_object();
	if (!*id) {
		json_free(j);
		return json_null();
	}
	json_object_set_new(j, "id", json_text(str_of(id)));
	json_object_set_new(j, "hostname", h ? words_text_or_null(h->attrs.hostname) : json_null());
	return j;
}

static json_t *item_json(const struct match_view *v, const struct ledger_item *i)
{
	bool deployment = i->event >= LEDGER_APPROVED && i->event <= LEDGER_FAILED;
	json_t *j = json_object();
	json_object_set_new(j, "at", json_time(i->at_ms));
	json_object_set_new(j, "event", json_string(ledger_event_name(i->event)));
	json_object_set_new(j, "patch", patch_of(v, i->patch));
	json_object_set_new(j, "system", system_of(v, i->host));
	json_object_set_new(j, "systems", json_integer(i->hosts));
	json_object_set_new(j, "deployment", deployment ? words_text_or_null(i->ref) : json_null());
	return j;
}

static bool reply(struct call *c, bool of_host, struct err *e)
{
	struct page_position at;
	struct ledger_item *items;
	size_t limit, n;
	bool more;
	if (!page_read(c, 2, &limit, &at, e))
		return false;
	if (at.backward)
		return call_fail(c, e, 400, "invalid_cursor", "history is read forward only");
	struct ledger_place place = { at.present ? at.at[0].i : 0,
				      at.present ? (uint32_t)at.at[1].i : 0 };
	bool (*read)(struct ledger *, struct str, struct ledger_place *, size_t, struct arena *,
		     struct ledger_item **, size_t *, bool *,
		     struct err *) = of_host ? ledger_of_host : ledger_of_patch;
	if (!read(c->conf->ledger, c->params[0], &place, limit, c->arena, &items, &n, &more, e))
		return false;
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	json_t *list = json_array(), *j = json_object();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, item_json(&v, &items[i]));
	const struct page_value next[2] = { { .i = place.seq }, { .i = place.skip } };
	json_t *page = page_json(c, more ? page_cursor(c, false, next, 2) : NULL, NULL, (int64_t)n);
	json_object_set_new(page, "total_is_exact", json_boolean(!more && !at.present));
	json_object_set_new(j, "items", list);
	json_object_set_new(j, "page", page);
	return call_json(c, 200, j);
}

static bool system_history(struct call *c, struct err *e)
{
	bool known;
	fleet_read_lock(c->conf->fleet);
	known = fleet_host_by_id(c->conf->fleet, c->params[0]) != NULL;
	fleet_read_unlock(c->conf->fleet);
	if (!known)
		return err_set(e, ERR_NOT_FOUND, "no system '%.*s'", (int)MIN(c->params[0].n, 60),
			       c->params[0].p);
	return reply(c, true, e);
}

/* A patch that is no longer in the patch DB has a history all the same. */
static bool patch_history(struct call *c, struct err *e)
{
	return reply(c, false, e);
}

static const struct param history_params[] = { PARAMS_LIST, PARAM_LAST };

const struct route history_routes[] = {
	ROUTE(GET, API "/systems/{system_id}/history", PERM_VIEW, system_history,
	      .query = history_params),
	ROUTE(GET, API "/patches/{patch_id}/history", PERM_VIEW, patch_history,
	      .query = history_params),
	ROUTE_TABLE_END,
};
