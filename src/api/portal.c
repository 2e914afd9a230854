/* SPDX-License-Identifier: Apache-2.0
 * What is published: how a request says it, and the list. What a request may be, the deploy room
 * judges. */
#include "api/portal.h"
#include "api/api_int.h"
#include "api/deployment_json.h"
#include "api/page.h"
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
	struct page_rows p;
	struct deployment_row *rows;
	size_t n;
	int64_t total;
	if (!page_rows_read(c, &p, e) ||
	    !deploy_offers(c->conf->deploy, &p.ask, c->arena, &rows, &n, &total, e))
		return false;
	page_rows_came(&p, n);
	rows += p.skip;
	json_t *items = json_array();
	for (size_t i = 0; i < p.n; i++)
		json_array_append_new(items, deployment_json(&rows[i]));
	return call_json(
		c, 200,
		page_rows_reply(c, &p, items, total, &rows->created_ms, rows->id, sizeof(*rows)));
}

static const struct param portal_params[] = { PARAMS_LIST, PARAM_LAST };

const struct route portal_routes[] = {
	ROUTE(GET, API "/portal", PERM_VIEW, list_portal, .query = portal_params),
	ROUTE_TABLE_END,
};
