/* SPDX-License-Identifier: Apache-2.0
 * The agents' face: the same order of checks as the people's, with one difference: who is speaking
 * is the common name of the client certificate and nothing else (A42), looked up at each request,
 * so a retired or quarantined agent is refused from its next request on (A44). */
#include "api/api.h"

#include "api/agent_work.h"
#include "api/api_int.h"
#include "api/call.h"
#include "api/problem.h"

const struct route *const api_agent_tables[] = { public_agent_routes, agent_routes, NULL };

static bool find_route(struct call *c, struct err *e)
{
	struct route_match m;
	route_find(api_agent_tables, route_method_parse(http_req_method(c->req)),
		   http_req_path(c->req), &m);
	if (!m.route && m.allowed == 0)
		return err_set(e, ERR_NOT_FOUND, "there is nothing at this path");
	if (!m.route)
		return call_fail(c, e, 405, "method_not_allowed", "this path does not take %s",
				 http_req_method(c->req));
	c->route = m.route;
	memcpy(c->params, m.params, sizeof(c->params));
	return true;
}

static bool identify(struct call *c, struct err *e)
{
	const struct x509_info *info = http_req_client_info(c->req);
	if (!info)
		return call_fail(
			c, e, 401, "certificate_required",
			"a client certificate of this installation is needed; enrol first");
	fleet_read_lock(c->conf->fleet);
	const struct host *h = fleet_host_by_id(c->conf->fleet, str_of(info->common_name));
	enum host_state state = h ? h->state : HOST_RETIRED;
	c->host = h ? h->no : UINT32_MAX;
	fleet_read_unlock(c->conf->fleet);
	if (!h)
		return call_fail(c, e, 403, "unknown_agent",
				 "this server does not know the agent; enrol again");
	if (state == HOST_QUARANTINED)
		return call_fail(
			c, e, 403, "quarantined",
			"two machines used this agent's key; enrol each of them again with a fresh key");
	if (state != HOST_ACTIVE)
		return call_fail(c, e, 403, "retired", "the agent was retired; enrol again");
	(void)snprintf(c->agent_id, sizeof(c->agent_id), "%s", info->common_name);
	return true;
}

bool agent_call_later(struct call *c)
{
	enum http_defer d = http_req_defer(c->req);
	if (d == HTTP_DEFER_BUSY)
		http_reply_busy(c->req);
	return d != HTTP_DEFER_HERE;
}

static bool run(struct call *c, struct err *e)
{
	if (!find_route(c, e) || (c->route->permission != PERM_PUBLIC && !identify(c, e)))
		return false;
	if (c->route->slow && agent_call_later(c))
		return true;
	return query_read(c, e) && c->route->handler(c, e);
}

void api_agent_handle(void *arg, struct http_req *r)
{
	struct api *api = arg;
	struct err e = { 0 };
	struct call c = { .api = api,
			  .conf = &api->conf,
			  .req = r,
			  .arena = http_req_arena(r),
			  .now_ms = clock_now_ms(api->conf.clock) };
	http_reply_header(r, "X-Content-Type-Options", "nosniff");
	if (!run(&c, &e)) {
		int status = c.problem_status ? c.problem_status : err_http_status(e.code);
		const char *code = c.problem_code ? c.problem_code : err_code_name(e.code);
		problem_reply(r, &(struct problem) { status, code, e.msg, c.problem_errors,
						     c.problem_params });
	}
	json_free(c.problem_errors);
	json_free(c.problem_params);
}

size_t api_agent_body_limit(void *arg, struct http_req *r)
{
	struct route_match m;
	(void)arg;
	route_find(api_agent_tables, route_method_parse(http_req_method(r)), http_req_path(r), &m);
	if (!m.route || (m.route->permission != PERM_PUBLIC && !http_req_client_info(r)))
		return 0;
	return m.route->max_body;
}
