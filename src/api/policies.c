/* SPDX-License-Identifier: Apache-2.0
 * Deployment policies (M-151..M-164): list, make, change, remove, and the next windows of one that
 * is being written. The schedule's form is that of window/schedule_json.c. */
#include "api/policies.h"
#include "api/api_int.h"
#include "api/scripts.h"
#include "deploy/orders/policy.h"

#define POLICY_MAX_BODY (256u << 10)
#define PREVIEW_MOST 100
#define PREVIEW_USUAL 12

static json_t *both(const char *en, const char *ja)
{
	json_t *j = json_object();
	json_object_set_new(j, "en", json_text(str_of(en)));
	json_object_set_new(j, "ja", json_text(str_of(ja)));
	return j;
}

json_t *policy_name_json(const char *name)
{
	return name ? both(name, name) : both("Deploy anytime at the earliest", "最短で随時配布");
}

/* M-153: the built-in policy. */
static json_t *anytime_json(void)
{
	static const struct actions nothing;
	json_t *j = json_object();
	json_object_set_new(j, "id", json_string(POLICY_ANYTIME));
	json_object_set_new(j, "name", policy_name_json(NULL));
	json_object_set_new(
		j, "description",
		both("Installs at the next contact, at any hour of any day. Does not reboot.",
		     "次回の接続時に、曜日や時刻を問わずインストールします。再起動はしません。"));
	json_object_set_new(j, "built_in", json_true());
	json_object_set_new(j, "schedule", json_null());
	json_object_set_new(j, "notification", json_null());
	json_object_set_new(j, "before", actions_policy_before_json(&nothing));
	json_object_set_new(j, "after", actions_after_json(&nothing));
	json_object_set_new(j, "created_by", json_null());
	json_object_set_new(j, "created", json_null());
	json_object_set_new(j, "updated", json_null());
	json_object_set_new(j, "open_deployments", json_null());
	return j;
}

static json_t *policy_json(const struct policy *p)
{
	json_t *j = json_object();
	json_object_set_new(j, "id", json_string(p->id));
	json_object_set_new(j, "name", policy_name_json(p->name));
	json_object_set_new(j, "description", both(p->description, p->description));
	json_object_set_new(j, "built_in", json_false());
	json_object_set_new(j, "schedule", window_write(&p->schedule));
	json_object_set_new(j, "notification",
			    p->notification ? notice_write(p->notification) : json_null());
	json_object_set_new(j, "before", actions_policy_before_json(&p->actions));
	json_object_set_new(j, "after", actions_after_json(&p->actions));
	json_object_set_new(j, "created_by", json_text(str_of(p->created_by)));
	json_object_set_new(j, "created", json_time(p->created_ms));
	json_object_set_new(j, "updated", json_time(p->updated_ms));
	json_object_set_new(j, "open_deployments", json_integer(p->n_open));
	return j;
}

bool policy_known(struct call *c, const char *id, struct err *e)
{
	struct policy p;
	if (strcmp(id, POLICY_ANYTIME) == 0 || policy_get(c->conf->deploy, id, c->arena, &p, e))
		return true;
	if (e->code != ERR_NOT_FOUND)
		return false;
	call_blame(c, "/policy", "unknown_policy", "no such policy");
	return call_fail(c, e, 400, "unknown_policy", "there is no deployment policy '%.60s'", id);
}

static bool list_policies(struct call *c, struct err *e)
{
	struct policy *list;
	size_t n;
	if (!policy_list(c->conf->deploy, c->arena, &list, &n, e))
		return false;
	json_t *j = json_object(), *items = json_array();
	json_array_append_new(items, anytime_json());
	for (size_t i = 0; i < n; i++)
		json_array_append_new(items, policy_json(&list[i]));
	json_object_set_new(j, "items", items);
	return call_json(c, 200, j);
}

static bool get_policy(struct call *c, struct err *e)
{
	struct policy p;
	const char *id;
	if (!call_param_id(c, 0, &id, e) || !policy_get(c->conf->deploy, id, c->arena, &p, e))
		return false;
	call_etag(c, p.updated_ms);
	return call_json(c, 200, policy_json(&p));
}

/* A zone must be known here, too: it is the server's preview that people believe. */
static bool read_schedule(struct call *c, const json_t *body, struct window_schedule *out,
			  struct err *e)
{
	const json_t *schedule = json_object_get(body, "schedule");
	AUTO(zone_free) struct zone *z = NULL;
	if (!schedule)
		return err_set(e, ERR_INVALID, "'schedule' is missing");
	if (window_read(schedule, out, e) && (!out->zone[0] || zone_open(out->zone, &z, e)))
		return true;
	if (e->code == ERR_NOT_FOUND)
		e->code = ERR_INVALID;
	if (e->code != ERR_INVALID)
		return false;
	call_blame(c, "/schedule", "invalid_schedule", e->msg);
	struct err why = *e;
	return call_fail(c, e, 400, "invalid_schedule", "%s", why.msg);
}

/* null = silent (M-171); left out = as it was, for a new policy silent. */
static bool read_notification(struct call *c, const char *id, const json_t *body,
			      struct notification **out, struct err *e)
{
	const json_t *j = json_object_get(body, "notification");
	struct policy old = { 0 };
	*out = NULL;
	if (!j && id) {
		if (!policy_get(c->conf->deploy, id, c->arena, &old, e))
			return false;
		*out = old.notification;
	}
	if (!j || json_is_null(j))
		return true;
	*out = arena_new(c->arena, struct notification);
	if (notice_read(j, *out, e))
		return true;
	call_blame(c, "/notification", "invalid_notification", e->msg);
	struct err why = *e;
	return call_fail(c, e, 400, "invalid_notification", "%s", why.msg);
}

/* Each of the two that is left out is as it was. */
static bool read_actions(struct call *c, const char *id, const json_t *body, struct actions *out,
			 struct err *e)
{
	const json_t *before = json_object_get(body, "before"),
		     *after = json_object_get(body, "after");
	AUTO(json_free) json_t *old_before = NULL;
	AUTO(json_free) json_t *old_after = NULL;
	struct policy old = { 0 };
	if (id && (!before || !after)) {
		if (!policy_get(c->conf->deploy, id, c->arena, &old, e))
			return false;
		old_before = actions_policy_before_json(&old.actions);
		old_after = actions_after_json(&old.actions);
	}
	if (actions_read(before ? before : old_before, after ? after : old_after, out, e))
		return scripts_settle(c, out, e);
	struct err why = *e;
	return call_fail(c, e, 400, "invalid_actions", "%s", why.msg);
}

static bool save(struct call *c, const char *id, const char *verb, int status, struct err *e)
{
	static const char *const known[] = { "name",   "description", "schedule", "notification",
					     "before", "after",	      NULL };
	AUTO(json_free) json_t *body = NULL;
	const char *name, *description = "";
	struct policy p = { 0 };
	if ((id && !call_if_match(c, "the policy", &p.updated_ms, e)) ||
	    !call_body(c, known, &body, e) ||
	    !json_need_str(body, "name", 1, POLICY_NAME_MAX, &name, e) ||
	    !json_opt_str(body, "description", POLICY_DESCRIPTION_MAX, &description, e) ||
	    !read_schedule(c, body, &p.schedule, e) ||
	    !read_notification(c, id, body, &p.notification, e) ||
	    !read_actions(c, id, body, &p.actions, e))
		return false;
	p.name = (char *)(uintptr_t)name;
	p.description = (char *)(uintptr_t)description;
	p.created_by = (char *)(uintptr_t)c->who.name;
	if (id)
		memcpy(p.id, id, sizeof(p.id) - 1);
	if (!policy_save(c->conf->deploy, &p, e))
		return p.stale ? call_stale(c, e)
			       : call_code(c, e, ERR_CONFLICT, "policy_name_taken");
	AUTO(json_free) json_t *detail = json_object();
	json_object_set_new(detail, "name", json_text(str_of(name)));
	struct policy stored;
	if (!call_audit(c, verb, p.id, TAKE(detail), e) ||
	    !policy_get(c->conf->deploy, p.id, c->arena, &stored, e))
		return false;
	call_etag(c, stored.updated_ms);
	return call_json(c, status, policy_json(&stored));
}

static bool create_policy(struct call *c, struct err *e)
{
	return save(c, NULL, "policy.create", 201, e);
}

static bool update_policy(struct call *c, struct err *e)
{
	const char *id;
	return call_param_id(c, 0, &id, e) && save(c, id, "policy.update", 200, e);
}

static bool remove_policy(struct call *c, struct err *e)
{
	const char *id;
	if (!call_param_id(c, 0, &id, e))
		return false;
	if (!policy_remove(c->conf->deploy, id, e))
		return call_code(c, e, ERR_CONFLICT, "policy_in_use");
	return call_audit(c, "policy.remove", id, NULL, e) && call_no_content(c);
}

/* --- the next windows --- */

static json_t *windows_json(const struct window_schedule *s, const struct zone *z, int64_t from_ms,
			    size_t count)
{
	static const char *const rare[] = {
		[SCHEDULE_RARE_WEEK_4] = "rare_week_4", [SCHEDULE_RARE_WEEK_5] = "rare_week_5"
	};
	struct window list[PREVIEW_MOST];
	size_t n = window_next(s, z, from_ms, list, count);
	enum schedule_rarity rarity = window_rarity(s);
	json_t *j = json_object(), *windows = json_array(), *warnings = json_array();
	for (size_t i = 0; i < n; i++) {
		bool ends = list[i].end_ms != WINDOW_NO_END;
		json_t *one = json_object();
		json_object_set_new(one, "start", json_time(list[i].start_ms));
		json_object_set_new(one, "end", ends ? json_time(list[i].end_ms) : json_null());
		json_array_append_new(windows, one);
	}
	if (rarity != SCHEDULE_USUAL)
		json_array_append_new(warnings, json_string(rare[rarity]));
	if (n == 0)
		json_array_append_new(warnings, json_string("never"));
	json_object_set_new(j, "windows", windows);
	json_object_set_new(j, "warnings", warnings);
	return j;
}

static bool preview_windows(struct call *c, struct err *e)
{
	static const char *const known[] = { "schedule", "zone", "from", "count", NULL };
	AUTO(json_free) json_t *body = NULL;
	AUTO(zone_free) struct zone *z = NULL;
	struct window_schedule s;
	const char *zone = "UTC", *from = "";
	int64_t count = PREVIEW_USUAL, from_ms = c->now_ms;
	if (!call_body(c, known, &body, e) || !read_schedule(c, body, &s, e) ||
	    !json_opt_str(body, "zone", ZONE_NAME_MAX, &zone, e) ||
	    !json_opt_str(body, "from", CLOCK_RFC3339_LEN, &from, e) ||
	    !json_opt_int(body, "count", 1, PREVIEW_MOST, &count, e))
		return false;
	if (from[0] && !clock_parse_rfc3339(str_of(from), &from_ms))
		return call_fail(c, e, 400, "invalid_time", "'from' must be a time as in RFC 3339");
	if (!zone_open(s.zone[0] ? s.zone : zone, &z, e)) {
		struct err why = *e;
		call_blame(c, "/zone", "unknown_zone", why.msg);
		return call_fail(c, e, 400, "unknown_zone", "%s", why.msg);
	}
	return call_json(c, 200, windows_json(&s, z, from_ms, (size_t)count));
}

const struct route policies_routes[] = {
	ROUTE(GET, API "/deployment-policies", PERM_VIEW, list_policies),
	ROUTE(POST, API "/deployment-policies", PERM_DEPLOY, create_policy,
	      .max_body = POLICY_MAX_BODY),
	ROUTE(POST, API "/deployment-policies:preview", PERM_VIEW, preview_windows,
	      .max_body = POLICY_MAX_BODY),
	ROUTE(GET, API "/deployment-policies/{policy_id}", PERM_VIEW, get_policy),
	ROUTE(PATCH, API "/deployment-policies/{policy_id}", PERM_DEPLOY, update_policy,
	      .max_body = POLICY_MAX_BODY),
	ROUTE(DELETE, API "/deployment-policies/{policy_id}", PERM_DEPLOY, remove_policy),
	ROUTE_TABLE_END,
};
