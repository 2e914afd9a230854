/* SPDX-License-Identifier: Apache-2.0
 * The server as an agent sees it: pinned CA, own certificate, JSON in and out, problems as errors.
 * One per thread. */
#ifndef AGENT_NET_SERVER_H
#define AGENT_NET_SERVER_H
#include "agent/agent_conf.h"
#include "format/json.h"
#include "net/http_client.h"

#define SERVER_REPLY_MAX (32u << 20) /* check-in replies carry sealed orders */
#define SERVER_USER_AGENT "tsukuroi-agent/" TSUKUROI_VERSION

struct server {
	struct http_client *http;
	char *base; /**< https://host:port */
	int status; /**< of the last reply */
	int64_t retry_after_s;
	char problem[64]; /**< machine word of the last problem, or "" */
};
void server_done(struct server *s);
AUTO_DEFINE_VALUE(struct server, server_done)

/** With the agent's certificate, as agent.conf says. */
bool server_open(const struct agent_paths *p, struct server *out, struct err *e) MUST_CHECK;
/** `server` with or without a port (8027 is the default) as "https://host:port". */
char *server_base(const char *server);
/** Sends `body` (NULL = none) as JSON; a 2xx reply's object comes back in *reply_out (NULL when it
 * has no body). Other statuses become errors: 401, 403 ERR_DENIED, 404 ERR_NOT_FOUND, 409
 * ERR_CONFLICT, 429 and 5xx ERR_UNAVAILABLE, else ERR_INVALID; the text is the server's. */
bool server_call(struct server *s, const char *method, const char *path, const json_t *body,
		 json_t **reply_out, struct err *e) MUST_CHECK;
/** The same with bytes of one's own. `headers` as in struct http_request. */
bool server_send(struct server *s, const char *method, const char *path, const char *const *headers,
		 struct str body, json_t **reply_out, struct err *e) MUST_CHECK;
/** An error from a reply that was not 2xx; returns false. */
bool server_problem(struct server *s, const struct http_response *r, struct str body,
		    struct err *e);
#endif
