/* SPDX-License-Identifier: Apache-2.0
 * Requests to the server. Invariant: only to the configured servers, only with the pinned CA. */
#include "agent/net/server.h"
#include "base/file.h"
#include "base/log.h"
#include "base/random.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

static atomic_uint turn; /* of the process: all its threads talk to the same server */
static pthread_once_t drawn = PTHREAD_ONCE_INIT;

static void draw(void)
{
	atomic_store(&turn, (unsigned)random_below(1u << 20));
}

static unsigned turn_now(void)
{
	pthread_once(&drawn, draw);
	return atomic_load(&turn);
}

void server_move_on(const struct server *s)
{
	unsigned was = s->turn;
	if (atomic_compare_exchange_strong(&turn, &was, was + 1))
		log_debug("'%s' does not answer; the next server's turn", s->base);
}

void server_done(struct server *s)
{
	http_client_free(s->http);
	xfree(s->base);
	s->http = NULL;
	s->base = NULL;
}

char *server_base(struct str server)
{
	AUTO(xfree) char *text = xstrndup(server.p, server.n);
	const char *host = text + strlen("https://");
	const char *bracket = strchr(host, ']');
	bool port = strchr(bracket ? bracket : host, ':') != NULL;
	return port ? TAKE(text) : xasprintf("%s:8027", text);
}

char *server_chosen(const char *servers)
{
	return server_base(agent_conf_server(servers, turn_now()));
}

bool server_open(const struct agent_paths *p, struct server *out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct agent_conf conf;
	if (!agent_conf_load(p, &a, &conf, e))
		return false;
	const char *own = agent_state_file(p, &a, "net/identity.pem");
	if (!file_exists(own))
		return err_set(e, ERR_NOT_FOUND,
			       "this machine is not enrolled; run 'tsukuroi-agent enroll'");
	const struct http_tls tls = { .ca_file = agent_config_file(p, &a, "ca.pem"),
				      .cert_file = own,
				      .key_file = own };
	unsigned now = turn_now();
	*out = (struct server) {
		.turn = now,
		.http = http_client_new(SERVER_USER_AGENT, &tls, conf.proxy[0] ? conf.proxy : NULL),
		.base = server_base(agent_conf_server(conf.server, now)),
	};
	return true;
}

static enum err_code code_of(int status)
{
	switch (status) {
	case 401:
	case 403: return ERR_DENIED;
	case 404: return ERR_NOT_FOUND;
	case 409: return ERR_CONFLICT;
	case 413: return ERR_LIMIT;
	case 408:
	case 425:
	case 429: return ERR_UNAVAILABLE;
	default: return status >= 500 ? ERR_UNAVAILABLE : ERR_INVALID;
	}
}

bool server_problem(struct server *s, const struct http_response *r, struct str body, struct err *e)
{
	AUTO(json_free) json_t *j = NULL;
	const char *detail = NULL, *code = "";
	if (json_parse(body, 65536, &j, NULL)) {
		detail = json_string_value(json_object_get(j, "detail"));
		if (!detail)
			detail = json_string_value(json_object_get(j, "title"));
		code = json_string_value(json_object_get(j, "code"));
	}
	s->status = r->status;
	s->retry_after_s = r->retry_after_s;
	if (r->status >= 500 && r->retry_after_s <= 0)
		server_move_on(s);
	snprintf(s->problem, sizeof(s->problem), "%s", code ? code : "");
	return err_set(e, code_of(r->status), "server answers %d: %.150s", r->status,
		       detail ? detail : "no reason given");
}

bool server_send(struct server *s, const char *method, const char *path, const char *const *headers,
		 struct str body, json_t **reply_out, struct err *e)
{
	AUTO(xfree) char *url = xasprintf("%s%s", s->base, path);
	AUTO(buf_done) struct buf b = BUF_INIT(SERVER_REPLY_MAX);
	struct http_response resp = { 0 };
	const struct http_request r = { .method = method,
					.url = url,
					.headers = headers,
					.body = body,
					.max_response = SERVER_REPLY_MAX,
					.timeout_s = 300,
					.connect_timeout_s = 20 };
	s->status = 0;
	s->retry_after_s = 0;
	s->problem[0] = '\0';
	if (!http_fetch(s->http, &r, &resp, &b, e)) {
		server_move_on(s);
		return false;
	}
	s->status = resp.status;
	if (resp.status / 100 != 2)
		return server_problem(s, &resp, buf_str(&b), e);
	json_t *j = NULL;
	if (b.n && !json_parse(buf_str(&b), SERVER_REPLY_MAX, &j, e))
		return err_prefix(e, "reply to %s", path);
	if (reply_out)
		*reply_out = j;
	else
		json_free(j);
	return true;
}

bool server_call(struct server *s, const char *method, const char *path, const json_t *body,
		 json_t **reply_out, struct err *e)
{
	static const char *const headers[] = { "Content-Type: application/json", NULL };
	AUTO(buf_done) struct buf b = BUF_INIT(SERVER_REPLY_MAX);
	if (body)
		json_write(body, &b);
	return buf_ok(&b, "request", e) &&
	       server_send(s, method, path, body ? headers : NULL, buf_str(&b), reply_out, e);
}

bool server_post_news(struct server *s, const char *path, json_t *body, json_t *part,
		      const char *news, json_t **reply_out, struct err *e)
{
	if (server_call(s, "POST", path, body, reply_out, e))
		return true;
	if (s->status != 400 || json_object_del(part, news) != 0)
		return false;
	log_warn("%s is told without '%s': %s", path, news, e->msg);
	return server_call(s, "POST", path, body, reply_out, e);
}
