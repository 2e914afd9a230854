/* SPDX-License-Identifier: Apache-2.0
 * Automated deployments (M-185..M-188): list, make, change, pause, remove; what one would deploy
 * now; and the reset of what failed (AC-14). */
#include "deploy/auto/auto.h"
#include "api/api_int.h"
#include "api/patch_json.h"
#include "api/policies.h"
#include "api/words.h"

#include <stdlib.h>

#define AUTO_MAX_BODY (1u << 20)
#define PLAN_ROWS 200
#define RUNS 20

static json_t *task_json(const struct auto_task *t)
{
	json_t *j = json_object();
	json_object_set_new(j, "id", json_string(t->id));
	json_object_set_new(j, "name", json_text(str_of(t->name)));
	json_object_set_new(j, "paused", json_time(t->paused_ms));
	json_object_set_new(j, "created_by", json_text(str_of(t->created_by)));
	json_object_set_new(j, "created", json_time(t->created_ms));
	json_object_set_new(j, "updated", json_time(t->updated_ms));
	auto_spec_write(&t->spec, j);
	return j;
}

static bool with_runs(struct call *c, const char *id, json_t *into, struct err *e)
{
	char **ids;
	size_t n;
	int64_t last;
	if (!auto_runs(c->conf->deploy, id, RUNS, c->arena, &ids, &n, e) ||
	    !auto_last_ms(c->conf->deploy, id, &last, e))
		return false;
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(ids[i]));
	json_object_set_new(into, "deployments", list);
	json_object_set_new(into, "last_deployed", json_time(last));
	return true;
}

static bool list_tasks(struct call *c, struct err *e)
{
	struct auto_task *list;
	size_t n;
	if (!auto_list(c->conf->deploy, c->arena, &list, &n, e))
		return false;
	json_t *j = json_object(), *items = json_array();
	AUTO(json_free) json_t *owned = j;
	json_object_set_new(j, "items", items);
	for (size_t i = 0; i < n; i++) {
		json_t *one = task_json(&list[i]);
		json_array_append_new(items, one);
		if (!with_runs(c, list[i].id, one, e))
			return false;
	}
	return call_json(c, 200, json_incref(j));
}

static bool answer(struct call *c, int status, const char *id, struct err *e)
{
	struct auto_task t;
	if (!auto_get(c->conf->deploy, id, c->arena, &t, e))
		return false;
	AUTO(json_free) json_t *j = task_json(&t);
	return with_runs(c, id, j, e) && call_json(c, status, json_incref(j));
}

static bool get_task(struct call *c, struct err *e)
{
	const char *id;
	return call_param_id(c, 0, &id, e) && answer(c, 200, id, e);
}

/* --- changes --- */

static const char *const members[] = {
	"name",	  "types",   "severities", "os",      "include",	  "exclude",
	"age",	  "express", "policy",	   "targets", "force_after_days", "halt_after",
	"notify", NULL
};

static bool read_task(struct call *c, const json_t *body, struct auto_task *out, struct err *e)
{
	const char *name;
	return json_need_str(body, "name", 1, AUTO_NAME_MAX * 4, &name, e) &&
	       auto_spec_read(body, c->arena, &out->spec, e) &&
	       policy_known(c, out->spec.policy, e) &&
	       policy_known(c, out->spec.express_policy, e) &&
	       ((out->name = arena_strdup(c->arena, name)), true);
}

static json_t *named(const char *name)
{
	json_t *j = json_object();
	json_object_set_new(j, "name", json_text(str_of(name)));
	return j;
}

static void tell(struct call *c)
{
	api_on_approvals(c->api);
}

static bool save(struct call *c, const char *id, const char *verb, int status, struct err *e)
{
	AUTO(json_free) json_t *body = NULL;
	struct auto_task t = { .created_by = c->who.name };
	if (!call_body(c, members, &body, e) || !read_task(c, body, &t, e))
		return false;
	if (id)
		memcpy(t.id, id, sizeof(t.id) - 1);
	if (!auto_save(c->conf->deploy, &t, e))
		return call_code(c, e, ERR_CONFLICT, "auto_name_taken");
	tell(c);
	return call_audit(c, verb, t.id, named(t.name), e) && answer(c, status, t.id, e);
}

static bool create_task(struct call *c, struct err *e)
{
	return save(c, NULL, "auto.create", 201, e);
}

static bool update_task(struct call *c, struct err *e)
{
	const char *id;
	return call_param_id(c, 0, &id, e) && save(c, id, "auto.update", 200, e);
}

static bool remove_task(struct call *c, struct err *e)
{
	const char *id;
	if (!call_param_id(c, 0, &id, e) || !auto_remove(c->conf->deploy, id, e))
		return false;
	tell(c);
	return call_audit(c, "auto.remove", id, NULL, e) && call_no_content(c);
}

static bool set_paused(struct call *c, bool paused, const char *verb, struct err *e)
{
	const char *id;
	if (!call_param_id(c, 0, &id, e) || !auto_pause(c->conf->deploy, id, paused, e))
		return false;
	tell(c);
	return call_audit(c, verb, id, NULL, e) && answer(c, 200, id, e);
}

static bool pause_task(struct call *c, struct err *e)
{
	return set_paused(c, true, "auto.pause", e);
}

static bool resume_task(struct call *c, struct err *e)
{
	return set_paused(c, false, "auto.resume", e);
}

static bool reset_task(struct call *c, struct err *e)
{
	static const char *const known[] = { "patch", NULL };
	AUTO(json_free) json_t *body = NULL;
	const char *id, *patch = "";
	if (!call_param_id(c, 0, &id, e) || !call_body(c, known, &body, e) ||
	    !json_opt_str(body, "patch", 400, &patch, e) ||
	    !auto_reset(c->conf->deploy, id, patch[0] ? patch : NULL, c->who.name, e))
		return false;
	json_t *detail = json_object();
	json_object_set_new(detail, "patch", words_text_or_null(patch));
	tell(c);
	return call_audit(c, "auto.reset", id, detail, e) && answer(c, 200, id, e);
}

/* --- what would be deployed now --- */

static json_t *row_json(const struct match_view *v, const struct auto_row *r)
{
	json_t *j = json_object();
	json_object_set_new(j, "patch", patch_ref_json(v, r->patch));
	json_object_set_new(j, "verdict", json_string(auto_verdict_name(r->decision.verdict)));
	json_object_set_new(j, "at", json_time(r->decision.at_ms));
	json_object_set_new(
		j, "systems",
		json_integer(r->chosen ? (int64_t)roaring_bitmap_get_cardinality(r->chosen) : 0));
	json_object_set_new(j, "lacking", json_integer(r->lacking));
	json_object_set_new(j, "declined", json_integer(r->declined));
	json_object_set_new(j, "under_way", json_integer(r->busy));
	json_object_set_new(j, "taken_back", json_integer(r->taken_back));
	json_object_set_new(j, "waiting", json_integer(r->waits));
	json_object_set_new(j, "given_up", json_integer(r->given_up));
	json_object_set_new(j, "cancelled", json_integer(r->cancelled));
	json_object_set_new(j, "failures", json_integer(r->failures));
	return j;
}

/* What is deployed and what is wrong come first. */
static int by_interest(const void *a, const void *b)
{
	static const int rank[AUTO_VERDICTS_] = {
		[AUTO_EXPRESS] = 0,	 [AUTO_HALTED] = 1,   [AUTO_DEPLOY] = 2,  [AUTO_LATER] = 3,
		[AUTO_NOT_APPROVED] = 4, [AUTO_DECLINED] = 5, [AUTO_NO_MATCH] = 6
	};
	const struct auto_row *x = *(const struct auto_row *const *)a,
			      *y = *(const struct auto_row *const *)b;
	int p = rank[x->decision.verdict], q = rank[y->decision.verdict];
	if (p != q)
		return p - q;
	if (x->lacking != y->lacking)
		return x->lacking < y->lacking ? 1 : -1;
	return (x->patch > y->patch) - (x->patch < y->patch);
}

static json_t *plan_json(const struct match_view *v, const struct auto_plan *p, struct arena *a)
{
	json_t *j = json_object(), *express = json_object(), *verdicts = json_object(),
	       *items = json_array();
	size_t n = p->rows.n;
	const struct auto_row **rows = arena_array(a, const struct auto_row *, n + 1);
	for (size_t i = 0; i < n; i++)
		rows[i] = &p->rows.p[i];
	qsort(rows, n, sizeof(struct auto_row *), by_interest);
	for (size_t i = 0; i < n && i < PLAN_ROWS; i++)
		json_array_append_new(items, row_json(v, rows[i]));
	for (int i = 0; i < AUTO_NO_MATCH; i++)
		json_object_set_new(verdicts, auto_verdict_name((enum auto_verdict)i),
				    json_integer(p->verdicts[i]));
	json_object_set_new(express, "patches", json_integer(p->express_patches));
	json_object_set_new(express, "systems", json_integer(p->express_systems));
	json_object_set_new(j, "patches", json_integer(p->patches));
	json_object_set_new(j, "systems", json_integer(p->systems));
	json_object_set_new(j, "pairs", json_integer(p->pairs));
	json_object_set_new(j, "express", express);
	json_object_set_new(j, "targets", json_integer(p->targets));
	json_object_set_new(j, "next", json_time(p->next_ms));
	json_object_set_new(j, "by_verdict", verdicts);
	json_object_set_new(j, "total", json_integer((int64_t)n));
	json_object_set_new(j, "items", items);
	return j;
}

static bool answer_plan(struct call *c, const struct auto_task *t, struct err *e)
{
	AUTO(match_read_end) struct match_view v;
	AUTO(auto_plan_done) struct auto_plan p = { 0 };
	match_read(c->conf->match, &v);
	return auto_plan(c->conf->deploy, &v, t, &p, e) &&
	       call_json(c, 200, plan_json(&v, &p, c->arena));
}

static bool get_plan(struct call *c, struct err *e)
{
	struct auto_task t;
	const char *id;
	return call_param_id(c, 0, &id, e) && auto_get(c->conf->deploy, id, c->arena, &t, e) &&
	       answer_plan(c, &t, e);
}

static bool preview_task(struct call *c, struct err *e)
{
	AUTO(json_free) json_t *body = NULL;
	struct auto_task t = { .name = "" };
	return call_body(c, members, &body, e) && read_task(c, body, &t, e) &&
	       answer_plan(c, &t, e);
}

const struct route auto_routes[] = {
	ROUTE(GET, API "/auto-deployments", PERM_VIEW, list_tasks),
	ROUTE(POST, API "/auto-deployments", PERM_DEPLOY, create_task, .max_body = AUTO_MAX_BODY),
	ROUTE(POST, API "/auto-deployments:preview", PERM_VIEW, preview_task,
	      .max_body = AUTO_MAX_BODY),
	ROUTE(GET, API "/auto-deployments/{auto_id}", PERM_VIEW, get_task),
	ROUTE(PATCH, API "/auto-deployments/{auto_id}", PERM_DEPLOY, update_task,
	      .max_body = AUTO_MAX_BODY),
	ROUTE(DELETE, API "/auto-deployments/{auto_id}", PERM_DEPLOY, remove_task),
	ROUTE(GET, API "/auto-deployments/{auto_id}/plan", PERM_VIEW, get_plan),
	ROUTE(POST, API "/auto-deployments/{auto_id}:pause", PERM_DEPLOY, pause_task),
	ROUTE(POST, API "/auto-deployments/{auto_id}:resume", PERM_DEPLOY, resume_task),
	ROUTE(POST, API "/auto-deployments/{auto_id}:reset", PERM_DEPLOY, reset_task,
	      .max_body = AUTO_MAX_BODY),
	ROUTE_TABLE_END,
};
