/* SPDX-License-Identifier: Apache-2.0
 * See system_order.h. */
#include "api/system_order.h"
#include "api/api_int.h"
#include "api/deployment_json.h"
#include "api/idempotency.h"
#include "api/policies.h"
#include "api/selection.h"

void system_order_done(struct system_order *o)
{
	json_free(o->body);
}

static bool begin(struct call *c, const char *const *known, struct system_order *o, struct err *e)
{
	*o = (struct system_order) { .policy = POLICY_ANYTIME };
	return call_body(c, known, &o->body, e) && idempotency_begin(c, false, &o->replayed, e);
}

static bool read_policy(struct call *c, struct system_order *o, struct err *e)
{
	return json_opt_str(o->body, "policy", 64, &o->policy, e) && policy_known(c, o->policy, e);
}

bool system_order_of_one(struct call *c, const char *const *known, struct system_order *out,
			 struct err *e)
{
	const char **ids = arena_array(c->arena, const char *, 1);
	*out = (struct system_order) { 0 };
	if (!call_param_id(c, 0, &ids[0], e) || !begin(c, known, out, e))
		return false;
	if (out->replayed)
		return true;
	out->systems = (const char *const *)ids;
	out->n_systems = 1;
	{
		AUTO(match_read_end) struct match_view v;
		match_read(c->conf->match, &v);
		if (!fleet_host_by_id(v.fleet, str_of(ids[0])))
			return err_set(e, ERR_NOT_FOUND, "no system '%s'", ids[0]);
	}
	return read_policy(c, out, e);
}

bool system_order_of_many(struct call *c, const char *const *known, struct system_order *out,
			  struct err *e)
{
	const char **ids;
	*out = (struct system_order) { 0 };
	if (!begin(c, known, out, e))
		return false;
	if (out->replayed)
		return true;
	const json_t *systems = json_object_get(out->body, "systems");
	if (!systems)
		return err_set(e, ERR_INVALID, "'systems' is missing");
	if (!selection_systems(c, systems, "/systems", &ids, &out->n_systems, e))
		return false;
	out->systems = (const char *const *)ids;
	return read_policy(c, out, e);
}

bool system_order_reply(struct call *c, const struct system_order *o, const char *action,
			const char *deployment, json_t *detail, struct err *e)
{
	struct deployment_row row;
	idempotency_location(c, arena_printf(c->arena, API "/deployments/%s", deployment));
	json_object_set_new(detail, "deployment", json_string(deployment));
	json_object_set_new(detail, "systems", json_integer((int64_t)o->n_systems));
	return call_audit(c, action, o->n_systems == 1 ? o->systems[0] : "*", detail, e) &&
	       deploy_get(c->conf->deploy, deployment, c->arena, &row, e) &&
	       call_json(c, 201, deployment_json(&row));
}
