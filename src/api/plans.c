/* SPDX-License-Identifier: Apache-2.0
 * The exact plans of a deployment, grouped by hash, and their approval. */
#include "deploy/orders/plans.h"
#include "api/api_int.h"
#include "api/list.h"
#include "api/plan_summary.h"
#include "crypto/digest.h"
#include "proto/plan.h"

#define APPROVAL_MAX_BODY (64u << 10)

/* What stands in the database was checked when it came. */
static json_t *stored(const char *text, json_t *otherwise)
{
	json_t *j = NULL;
	if (!text || !json_parse(str_of(text), PLAN_TEXT_MAX, &j, NULL))
		return otherwise;
	json_free(otherwise);
	return j;
}

static json_t *group_json(const struct plan_group *g)
{
	json_t *j = json_object();
	json_object_set_new(j, "hash", json_string(g->hash));
	json_object_set_new(j, "systems", json_integer(g->systems));
	json_object_set_new(j, "steps", stored(g->steps, json_array()));
	json_object_set_new(j, "approved_by",
			    g->approved_by ? json_text(str_of(g->approved_by)) : json_null());
	json_object_set_new(j, "approved", json_time(g->approved_by ? g->approved_ms : 0));
	json_object_set_new(j, "drift_allowed", json_boolean(g->drift_allowed));
	json_object_set_new(j, "was",
			    g->was ? json_pack("{s:s,s:o}", "hash", g->was, "steps",
					       stored(g->was_steps, json_array()))
				   : json_null());
	return j;
}

/* A group is known by its plan, and by what its systems were approved for if that was another. */
struct shown_plans {
	struct plan_group *all;
	char **id;
};
enum { BY_ID, BY_SYSTEMS };

static void value(void *arg, uint32_t item, int column, struct page_value *out)
{
	const struct shown_plans *s = arg;
	*out = (struct page_value) { .is_text = column == BY_ID,
				     .i = s->all[item].systems,
				     .s = str_of(s->id[item]) };
}

static const char *const columns[] = { "id", "systems", NULL };
static const struct list_kind kind = { .columns = columns,
				       .default_sort = "-systems",
				       .value = value };

/* A page of the groups, with their steps. */
static bool page_of(struct call *c, struct plan_group *all, size_t n, json_t **out, struct err *e)
{
	struct shown_plans s = { all, arena_array(c->arena, char *, n + 1) };
	struct list_page page;
	for (size_t i = 0; i < n; i++)
		s.id[i] = arena_printf(c->arena, "%s %s %d", all[i].hash,
				       all[i].was ? all[i].was : "", all[i].drift_allowed);
	if (!list_run(c, &kind, &s, (struct list_input) { NULL, (uint32_t)n }, &page, e))
		return false;
	AUTO(json_free) json_t *reply = list_reply(json_array(), &page);
	for (size_t i = 0; i < page.n; i++) {
		struct plan_group *g = &all[page.items[i]];
		if (!plan_group_steps(c->conf->deploy, g, c->arena, e))
			return false;
		json_array_append_new(json_object_get(reply, "items"), group_json(g));
	}
	*out = TAKE(reply);
	return true;
}

static bool answer_plans(struct call *c, const char *id, struct err *e)
{
	struct plan_group *list;
	struct deployment_row row;
	enum plan_drift drift;
	bool wanted;
	size_t n, waiting = 0;
	json_t *summary;
	AUTO(json_free) json_t *j = NULL;
	if (!deploy_get(c->conf->deploy, id, c->arena, &row, e) ||
	    !plan_wanted(c->conf->deploy, id, &wanted, &drift, e) ||
	    !plan_groups(c->conf->deploy, id, c->arena, &list, &n, e) ||
	    !page_of(c, list, n, &j, e) || !plan_summary(c, id, list, n, &summary, e))
		return false;
	for (size_t i = 0; wanted && i < n; i++)
		waiting += !list[i].approved_by && !list[i].drift_allowed;
	json_object_set_new(j, "approval", json_string(wanted ? "plan" : "none"));
	json_object_set_new(j, "drift", json_string(plan_drift_name(drift)));
	json_object_set_new(j, "waiting", json_integer((json_int_t)waiting));
	json_object_set_new(j, "summary", summary);
	return call_json(c, 200, TAKE(j));
}

static bool list_plans(struct call *c, struct err *e)
{
	const char *id;
	return call_param_id(c, 0, &id, e) && answer_plans(c, id, e);
}

static bool approve_plans(struct call *c, struct err *e)
{
	static const char *const members[] = { "hashes", NULL };
	AUTO(json_free) json_t *body = NULL;
	json_t *hashes = NULL;
	const char *id;
	if (!call_param_id(c, 0, &id, e) || !call_body(c, members, &body, e) ||
	    !json_opt_array(body, "hashes", PLAN_APPROVALS_MAX, &hashes, e))
		return false;
	if (!json_array_size(hashes))
		return err_set(e, ERR_INVALID, "'hashes' names no plan");
	for (size_t i = 0; i < json_array_size(hashes); i++) {
		const char *hash = json_string_value(json_array_get(hashes, i));
		if (!hash || strlen(hash) != SHA256_HEX - 1)
			return err_set(e, ERR_INVALID, "a plan's hash has 64 digits");
		if (!plan_approve(c->conf->deploy, id, hash, c->who.name, e))
			return call_code(c, e, ERR_CONFLICT, "no_approval_wanted");
		if (!call_audit(c, "deployment.approve_plan", id, json_pack("{s:s}", "plan", hash),
				e))
			return false;
	}
	return answer_plans(c, id, e);
}

static bool get_plan(struct call *c, struct err *e)
{
	const char *id, *system;
	struct plan_group g;
	if (!call_param_id(c, 0, &id, e) || !call_param_id(c, 1, &system, e) ||
	    !plan_of_target(c->conf->deploy, id, system, c->arena, &g, e))
		return false;
	json_t *j = group_json(&g);
	json_object_set_new(j, "details", stored(g.details, json_null()));
	return call_json(c, 200, j);
}

static const struct param plans_params[] = { PARAMS_LIST, PARAM_LAST };

const struct route plans_routes[] = {
	ROUTE(GET, API "/deployments/{deployment_id}/plans", PERM_VIEW, list_plans,
	      .query = plans_params),
	ROUTE(POST, API "/deployments/{deployment_id}/plans:approve", PERM_DEPLOY, approve_plans,
	      .max_body = APPROVAL_MAX_BODY),
	ROUTE(GET, API "/deployments/{deployment_id}/targets/{system_id}/plan", PERM_VIEW,
	      get_plan),
	ROUTE_TABLE_END,
};
