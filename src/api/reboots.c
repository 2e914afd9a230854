/* SPDX-License-Identifier: Apache-2.0
 * POST /systems/{id}:reboot and /systems:reboot. The order is the deploy room's, and whether and
 * when the machine obeys is its own root half's. */
#include "api/api_int.h"
#include "api/system_order.h"

#define MAX_BODY (2u << 20)

static bool reboot(struct call *c, const struct system_order *o, struct err *e)
{
	const struct deploy_reboot_request r = { .systems = o->systems,
						 .n_systems = o->n_systems,
						 .policy = o->policy,
						 .created_by = c->who.name };
	char id[33];
	if (o->replayed)
		return true;
	if (!deploy_reboot(c->conf->deploy, &r, id, e))
		return call_code(c, e, ERR_CONFLICT, "nothing_to_reboot");
	return system_order_reply(c, o, "system.reboot", id, json_object(), e);
}

static bool reboot_of_system(struct call *c, struct err *e)
{
	static const char *const known[] = { "policy", NULL };
	AUTO(system_order_done) struct system_order o;
	return system_order_of_one(c, known, &o, e) && reboot(c, &o, e);
}

static bool reboot_of_systems(struct call *c, struct err *e)
{
	static const char *const known[] = { "systems", "policy", NULL };
	AUTO(system_order_done) struct system_order o;
	return system_order_of_many(c, known, &o, e) && reboot(c, &o, e);
}

const struct route reboots_routes[] = {
	ROUTE(POST, API "/systems:reboot", PERM_DEPLOY, reboot_of_systems, .max_body = MAX_BODY),
	ROUTE(POST, API "/systems/{system_id}:reboot", PERM_DEPLOY, reboot_of_system,
	      .max_body = MAX_BODY),
	ROUTE_TABLE_END,
};
