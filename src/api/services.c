/* SPDX-License-Identifier: Apache-2.0
 * POST /systems/{id}:restart-services and /systems:restart-services. The deploy room decides what
 * of it may be; the agent's root half looks for itself. */
#include "api/api_int.h"
#include "api/deployment_json.h"
#include "api/idempotency.h"
#include "api/policies.h"
#include "api/selection.h"
#include "proto/order.h"

#define MAX_BODY (2u << 20)

static bool read_services(struct call *c, const json_t *body, struct deploy_restart_request *r,
			  struct err *e)
{
	json_t *list = NULL;
	if (!json_opt_array(body, "services", ORDER_MAX_UNITS, &list, e) ||
	    !json_opt_str(body, "policy", 64, &r->policy, e) || !policy_known(c, r->policy, e))
		return false;
	const char **names = arena_array(c->arena, const char *, json_array_size(list) + 1);
	for (size_t i = 0; i < json_array_size(list); i++) {
		names[i] = json_string_value(json_array_get(list, i));
		if (!names[i] || !*names[i])
			return err_set(e, ERR_INVALID, "'services' must hold names of services");
	}
	if (list && !json_array_size(list))
		return err_set(e, ERR_INVALID, "'services' is empty; leave it out for all");
	r->services = names;
	r->n_services = json_array_size(list);
	return true;
}

static json_t *audit_detail(const struct deploy_restart_request *r, const char *deployment)
{
	json_t *j = json_object(), *services = json_array();
	for (size_t i = 0; i < r->n_services; i++)
		json_array_append_new(services, json_string(r->services[i]));
	json_object_set_new(j, "deployment", json_string(deployment));
	json_object_set_new(j, "systems", json_integer((int64_t)r->n_systems));
	json_object_set_new(j, "services", services);
	return j;
}

static bool restart(struct call *c, const struct deploy_restart_request *r, struct err *e)
{
	struct deployment_row row;
	const char *why;
	char id[33];
	if (!deploy_restart(c->conf->deploy, r, id, &why, e))
		return call_code(c, e, ERR_CONFLICT, why);
	idempotency_location(c, arena_printf(c->arena, API "/deployments/%s", id));
	return call_audit(c, "system.restart_services", r->n_systems == 1 ? r->systems[0] : "*",
			  audit_detail(r, id), e) &&
	       deploy_get(c->conf->deploy, id, c->arena, &row, e) &&
	       call_json(c, 201, deployment_json(&row));
}

static bool restart_of_system(struct call *c, struct err *e)
{
	static const char *const known[] = { "services", "policy", NULL };
	AUTO(json_free) json_t *body = NULL;
	const char *system;
	bool replayed;
	struct deploy_restart_request r = { .systems = &system,
					    .n_systems = 1,
					    .policy = POLICY_ANYTIME,
					    .created_by = c->who.name };
	if (!call_param_id(c, 0, &system, e) || !call_body(c, known, &body, e) ||
	    !idempotency_begin(c, false, &replayed, e))
		return false;
	if (replayed)
		return true;
	{
		AUTO(match_read_end) struct match_view v;
		match_read(c->conf->match, &v);
		if (!fleet_host_by_id(v.fleet, str_of(system)))
			return err_set(e, ERR_NOT_FOUND, "no system '%s'", system);
	}
	return read_services(c, body, &r, e) && restart(c, &r, e);
}

static bool restart_of_systems(struct call *c, struct err *e)
{
	static const char *const known[] = { "systems", "services", "policy", NULL };
	AUTO(json_free) json_t *body = NULL;
	const char **ids;
	bool replayed;
	struct deploy_restart_request r = { .policy = POLICY_ANYTIME, .created_by = c->who.name };
	if (!call_body(c, known, &body, e) || !idempotency_begin(c, false, &replayed, e))
		return false;
	if (replayed)
		return true;
	const json_t *systems = json_object_get(body, "systems");
	if (!systems)
		return err_set(e, ERR_INVALID, "'systems' is missing");
	if (!selection_systems(c, systems, "/systems", &ids, &r.n_systems, e))
		return false;
	r.systems = (const char *const *)ids;
	return read_services(c, body, &r, e) && restart(c, &r, e);
}

const struct route services_routes[] = {
	ROUTE(POST, API "/systems:restart-services", PERM_DEPLOY, restart_of_systems,
	      .max_body = MAX_BODY),
	ROUTE(POST, API "/systems/{system_id}:restart-services", PERM_DEPLOY, restart_of_system,
	      .max_body = MAX_BODY),
	ROUTE_TABLE_END,
};
