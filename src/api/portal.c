/* SPDX-License-Identifier: Apache-2.0
 * What is published: how a request says it, and the list. What a request may be, the deploy room
 * judges. */
#include "api/portal.h"
#include "api/api_int.h"
#include "api/deployment_json.h"
#include "deploy/orders/offers.h"

bool portal_read(const json_t *body, struct deploy_request *r, struct err *e)
{
	const char *option = "deploy", *deadline = "";
	if (!json_opt_str(body, "option", 20, &option, e) ||
	    !json_opt_str(body, "deadline", CLOCK_RFC3339_LEN, &deadline, e))
		return false;
	r->publish = strcmp(option, "publish") == 0;
	if (!r->publish && strcmp(option, "deploy") != 0)
		return err_set(e, ERR_INVALID, "'option' must be 'deploy' or 'publish'");
	return !deadline[0] || clock_parse_rfc3339(str_of(deadline), &r->deadline_ms) ||
	       err_set(e, ERR_INVALID, "'deadline' must be an RFC 3339 time");
}

static bool list_portal(struct call *c, struct err *e)
{
	struct deployment_row *rows;
	size_t n;
	if (!deploy_offers(c->conf->deploy, c->arena, &rows, &n, e))
		return false;
	json_t *items = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(items, deployment_json(&rows[i]));
	return call_json(c, 200, json_pack("{s:o}", "items", items));
}

const struct route portal_routes[] = {
	ROUTE(GET, API "/portal", PERM_VIEW, list_portal),
	ROUTE_TABLE_END,
};
