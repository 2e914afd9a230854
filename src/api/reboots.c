/* SPDX-License-Identifier: Apache-2.0
 * POST /systems/{id}:reboot and /systems:reboot. The order is the deploy room's, and whether and
 * when the machine obeys is its own root half's. */
#include "api/api_int.h"
#include "api/deployment_json.h"
#include "api/idempotency.h"
#include "api/policies.h"
#include "api/selection.h"

#define MAX_BODY (2u << 20)

static bool reboot(struct call *c, const json_t *body, struct deploy_reboot_request *r,
		   struct err *e)
{
	struct deployment_row row;
	char id[33];
	if (!json_opt_str(body, "policy", 64, &r->policy, e) || !policy_known(c, r->policy, e))
		return false;
	if (!deploy_reboot(c->conf->deploy, r, id, e))
		return call_code(c, e, ERR_CONFLICT, "nothing_to_reboot");
	idempotency_location(c, arena_printf(c->arena, API "/deployments/%s", id));
	AUTO(json_free) json_t *detail = json_object();
	json_object_set_new(detail, "deployment", json_string(id));
	json_object_set_new(detail, "systems", json_integer((int64_t)r->n_systems));
	return call_audit(c, "system.reboot", r->n_systems == 1 ? r->systems[0] : "*", TAKE(detail),
			  e) &&
	       deploy_get(c->conf->deploy, id, c->arena, &row, e) &&
	       call_json(c, 201, deployment_json(&row));
}

static bool reboot_of_system(struct call *c, struct err *e)
{
	static const char *const known[] = { "policy", NULL };
	AUTO(json_free) json_t *body = NULL;
	const char *system;
	bool replayed;
	struct deploy_reboot_request r = { .systems = &system,
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
	return reboot(c, body, &r, e);
}

static bool reboot_of_systems(struct call *c, struct err *e)
{
	static const char *const known[] = { "systems", "policy", NULL };
	AUTO(json_free) json_t *body = NULL;
	const char **ids;
	bool replayed;
	struct deploy_reboot_request r = { .policy = POLICY_ANYTIME, .created_by = c->who.name };
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
	return reboot(c, body, &r, e);
}

const struct route reboots_routes[] = {
	ROUTE(POST, API "/systems:reboot", PERM_DEPLOY, reboot_of_systems, .max_body = MAX_BODY),
	ROUTE(POST, API "/systems/{system_id}:reboot", PERM_DEPLOY, reboot_of_system,
	      .max_body = MAX_BODY),
	ROUTE_TABLE_END,
};
