/* SPDX-License-Identifier: Apache-2.0
 * POST /systems/{id}:restart-services and /systems:restart-services. The deploy room decides what
 * of it may be; the agent's root half looks for itself. */
#include "api/api_int.h"
#include "api/system_order.h"
#include "proto/order.h"

#define MAX_BODY (2u << 20)

static bool read_services(struct call *c, const json_t *body, struct deploy_restart_request *r,
			  struct err *e)
{
	json_t *list = NULL;
	if (!json_opt_array(body, "services", ORDER_MAX_UNITS, &list, e))
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

static bool restart(struct call *c, const struct system_order *o, struct err *e)
{
	struct deploy_restart_request r = { .systems = o->systems,
					    .n_systems = o->n_systems,
					    .policy = o->policy,
					    .created_by = c->who.name };
	const char *why;
	char id[33];
	if (o->replayed)
		return true;
	if (!read_services(c, o->body, &r, e))
		return false;
	if (!deploy_restart(c->conf->deploy, &r, id, &why, e))
		return call_code(c, e, ERR_CONFLICT, why);
	json_t *detail = json_object(), *services = json_array();
	for (size_t i = 0; i < r.n_services; i++)
		json_array_append_new(services, json_string(r.services[i]));
	json_object_set_new(detail, "services", services);
	return system_order_reply(c, o, "system.restart_services", id, detail, e);
}

static bool restart_of_system(struct call *c, struct err *e)
{
	static const char *const known[] = { "services", "policy", NULL };
	AUTO(system_order_done) struct system_order o;
	return system_order_of_one(c, known, &o, e) && restart(c, &o, e);
}

static bool restart_of_systems(struct call *c, struct err *e)
{
	static const char *const known[] = { "systems", "services", "policy", NULL };
	AUTO(system_order_done) struct system_order o;
	return system_order_of_many(c, known, &o, e) && restart(c, &o, e);
}

const struct route services_routes[] = {
	ROUTE(POST, API "/systems:restart-services", PERM_DEPLOY, restart_of_systems,
	      .max_body = MAX_BODY),
	ROUTE(POST, API "/systems/{system_id}:restart-services", PERM_DEPLOY, restart_of_system,
	      .max_body = MAX_BODY),
	ROUTE_TABLE_END,
};
