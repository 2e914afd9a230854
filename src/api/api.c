/* SPDX-License-Identifier: Apache-2.0
 * From a request to its row: match, identify, refuse forgeries, check the permission, check the
 * parameters, and only then run the handler. The order is the point of this file: no handler can be
 * reached around it. */
#include "api/api.h"

#include "api/agent_nonce.h"
#include "api/api_int.h"
#include "api/approvals.h"
#include "api/changes.h"
#include "api/declines.h"
#include "api/enriched.h"
#include "api/enrol_throttle.h"
#include "api/failures.h"
#include "api/idempotency.h"
#include "api/plan_book.h"
#include "api/problem.h"
#include "api/push.h"
#include "api/queries.h"
#include "api/security.h"
#include "api/unknown.h"
#include "base/enc.h"
#include "base/log.h"
#include "base/random.h"

const struct route *const api_tables[] = {
	public_routes,	  session_routes,   dashboard_routes,	patches_routes,
	changes_routes,	  systems_routes,   explanation_routes, deployments_routes,
	enrolment_routes, feeds_routes,	    sources_routes,	jobs_routes,
	settings_routes,  history_routes,   declines_routes,	rollouts_routes,
	policies_routes,  search_routes,    event_routes,	pairs_routes,
	services_routes,  groups_routes,    filters_routes,	plans_routes,
	approvals_routes, auto_routes,	    reboots_routes,	scripts_routes,
	mails_routes,	  lifecycle_routes, portal_routes,	NULL,
};

/* --- dispatch --- */

static void reply_problem(struct call *c, const struct err *e)
{
	int status = c->problem_status ? c->problem_status : err_http_status(e->code);
	const char *code = c->problem_code ? c->problem_code : err_code_name(e->code);
	problem_reply(c->req, &(struct problem) { status, code, e->msg, c->problem_errors,
						  c->problem_params });
}

static void call_done(struct call *c)
{
	json_free(c->problem_errors);
	json_free(c->problem_params);
	enriched_done(c);
	unknown_done(c);
	approvals_done(c);
}

/* Finds the row; 404 and 405 with Allow. */
static bool find_route(struct call *c, struct err *e)
{
	struct route_match m;
	const char *method = http_req_method(c->req);
	/* HEAD is GET without the body (RFC 9110 section 9.3.2); the HTTP server leaves the body
	 * out. */
	route_find(api_tables, route_method_parse(strcmp(method, "HEAD") == 0 ? "GET" : method),
		   http_req_path(c->req), &m);
	if (!m.route && m.allowed == 0)
		return err_set(e, ERR_NOT_FOUND, "there is nothing at this path");
	if (!m.route) {
		AUTO(buf_done) struct buf allow = BUF_INIT(200);
		for (int i = ROUTE_GET; i < ROUTE_METHODS_; i++)
			if (m.allowed >> i & 1)
				buf_printf(&allow, "%s%s", allow.n ? ", " : "",
					   route_method_name((enum route_method)i));
		http_reply_header(c->req, "Allow", buf_str(&allow).p);
		return call_fail(c, e, 405, "method_not_allowed", "this path does not take %s",
				 method);
	}
	c->route = m.route;
	memcpy(c->params, m.params, sizeof(c->params));
	return true;
}

static bool authorise(struct call *c, struct err *e)
{
	bool changes = c->route->method != ROUTE_GET;
	if (changes && !security_same_site(c, e))
		return false;
	if (c->route->permission == PERM_PUBLIC)
		return true;
	if (!security_authenticate(c, e)) {
		if (e->code == ERR_UNAUTHENTICATED)
			http_reply_header(c->req, "WWW-Authenticate", "Bearer");
		return false;
	}
	if (changes && !c->who.by_token && !security_csrf(c, e))
		return false;
	if (!role_may(c->who.role, c->route->permission))
		return err_set(e, ERR_DENIED, "the role '%s' may not do this",
			       role_name(c->who.role));
	return true;
}

static bool run(struct call *c, struct err *e)
{
	if (!find_route(c, e) || !authorise(c, e) || !query_read(c, e))
		return false;
	if (c->route->max_body == 0 && http_req_body(c->req).n > 0)
		return call_fail(c, e, 400, "unexpected_body", "this request takes no body");
	return c->route->handler(c, e);
}

void api_handle(void *arg, struct http_req *r)
{
	struct api *api = arg;
	struct err e = { 0 };
	struct call c = { .api = api,
			  .conf = &api->conf,
			  .req = r,
			  .arena = http_req_arena(r),
			  .now_ms = clock_now_ms(api->conf.clock) };
	security_headers(r);
	if (!run(&c, &e)) {
		idempotency_release(&c);
		reply_problem(&c, &e);
	}
	call_done(&c);
}

size_t api_body_limit(void *arg, struct http_req *r)
{
	struct route_match m;
	(void)arg;
	route_find(api_tables, route_method_parse(http_req_method(r)), http_req_path(r), &m);
	return m.route ? m.route->max_body : 0;
}

/* --- life --- */

struct secret {
	const char *name;
	uint8_t *bytes;
	size_t n;
};

static bool claim_secret(struct sql_conn *conn, void *arg, struct err *e)
{
	struct secret *s = arg;
	return sql_run(conn, &SQL_API_SECRET_CLAIM,
		       SQL_ARGS(sql_text(s->name),
				sql_blob((struct str) { (const char *)s->bytes, s->n })),
		       e);
}

/* A key of ours: made at the first start, the same ever after. */
static bool load_key(struct api *api, const char *name, uint8_t key_out[static 32], struct err *e)
{
	uint8_t fresh[32];
	struct secret s = { name, fresh, sizeof(fresh) };
	struct sql_rows *rows = NULL;
	random_bytes(fresh, sizeof(fresh));
	if (!sql_write(api->conf.db, claim_secret, &s, e))
		return false;
	AUTO(sql_done) struct sql_conn *conn = sql_reader(api->conf.db, e);
	if (!conn || !sql_query(conn, &SQL_API_SECRET_GET, SQL_ARGS(sql_text(name)), &rows, e))
		return false;
	struct str key = sql_next(rows) ? sql_col_str(rows, 0) : STR_LIT("");
	bool good = key.n == sizeof(fresh);
	if (good)
		memcpy(key_out, key.p, key.n);
	if (!sql_rows_end(rows, e))
		return false;
	return good ||
	       err_set(e, ERR_CORRUPT, "the key '%s' in the database has a wrong length", name);
}

bool api_new(const struct api_conf *conf, struct api **out, struct err *e)
{
	uint8_t run_id[16];
	AUTO(api_free) struct api *api = xcalloc(1, sizeof(*api));
	api->conf = *conf;
	pthread_mutex_init(&api->told_lock, NULL);
	random_bytes(run_id, sizeof(run_id));
	enc_hex(run_id, sizeof(run_id), api->run);
	uint8_t nonce_key[32];
	if (!load_key(api, "cursor", api->cursor_key, e) || !load_key(api, "nonce", nonce_key, e))
		return false;
	api->shared = strcmp(sql_engine(conf->db), "sqlite") != 0;
	api->nonces = nonces_new(conf->db, nonce_key);
	api->events = events_new();
	api->push = push_new(conf->fleet);
	api->failures = failures_new();
	api->plans = plan_books_new();
	api->enrol_throttle = enrol_throttle_new();
	api->changes = changes_cache_new();
	*out = TAKE(api);
	return true;
}

void api_free(struct api *api)
{
	if (!api)
		return;
	struct err e = { 0 };
	if (api->nonces && !nonces_flush(api->nonces, clock_now_ms(api->conf.clock), &e))
		log_error("%s", e.msg);
	nonces_free(api->nonces);
	push_free(api->push);
	events_free(api->events);
	failures_free(api->failures);
	plan_books_free(api->plans);
	enrol_throttle_free(api->enrol_throttle);
	changes_cache_free(api->changes);
	VEC_DONE(&api->told);
	VEC_DONE(&api->attrs_seen);
	pthread_mutex_destroy(&api->told_lock);
	xfree(api);
}

struct events *api_events(struct api *api)
{
	return api->events;
}

bool api_tick(struct api *api, struct err *e)
{
	return nonces_flush(api->nonces, clock_now_ms(api->conf.clock), e) &&
	       declines_tick(api, e) && idempotency_forget(api, e);
}

/* --- callbacks from other rooms --- */

void api_wake(void *arg, const uint32_t *hosts, size_t n)
{
	struct api *api = arg;
	(void)push_wake_many(api->push, hosts, n);
}

void api_on_match(void *arg, uint64_t version)
{
	struct api *api = arg;
	struct event_counter c = { "version", (int64_t)version };
	events_publish(api->events, EVENT_FLEET, NULL, &c, 1);
	events_publish(api->events, EVENT_PATCHES, NULL, &c, 1);
	events_publish(api->events, EVENT_SYSTEMS, NULL, &c, 1);
}

void api_on_deployment(void *arg, const char *deployment)
{
	struct api *api = arg;
	failures_stale(api->failures);
	events_publish(api->events, EVENT_DEPLOYMENTS, deployment, NULL, 0);
}

bool api_audit(struct api *api, const char *action, const char *object, const char *detail,
	       struct err *e)
{
	if (!auth_audit(api->conf.auth, "server", "local", action, object, detail, e))
		return false;
	api_on_audit(api, action);
	return true;
}

void api_on_audit(void *arg, const char *action)
{
	/* what has no topic of its own; the first word of an action says what it was done to */
	static const char *const told[] = {
		"approval", "auto",	"enrolment_token", "mail", "policy",
		"script",   "settings", "token",	   "user",
	};
	struct api *api = arg;
	struct str rest = str_of(action), noun;
	if (!str_split(&rest, '.', &noun))
		return;
	for (size_t i = 0; i < ARRAY_LEN(told); i++)
		if (str_is(noun, told[i]))
			events_publish(api->events, EVENT_ADMINISTRATION, told[i], NULL, 0);
}

void api_on_approvals(void *arg)
{
	struct api *api = arg;
	events_publish(api->events, EVENT_PATCHES, NULL, NULL, 0);
	events_publish(api->events, EVENT_DEPLOYMENTS, NULL, NULL, 0);
}

void api_on_job(void *arg, const char *job)
{
	struct api *api = arg;
	events_publish(api->events, EVENT_JOBS, job, NULL, 0);
}

void api_on_feed(void *arg, const char *feed)
{
	struct api *api = arg;
	events_publish(api->events, EVENT_FEEDS, feed, NULL, 0);
}
