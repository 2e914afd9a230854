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
	unsigned turn;	  /**< which of the servers of agent.conf it is */
	char problem[64]; /**< machine word of the last problem, or "" */
};
void server_done(struct server *s);
AUTO_DEFINE_VALUE(struct server, server_done)

/** With the agent's certificate, as agent.conf says. Of several servers the one that answered last;
 * the first one is drawn by lot, so that the agents of an installation spread. */
bool server_open(const struct agent_paths *p, struct server *out, struct err *e) MUST_CHECK;
/** This one does not answer: from now on server_open() takes the next one, once, however many
 * threads say so. Done by the calls below when there was no reply, or one of 5xx that did not say
 * when to come back. */
void server_move_on(const struct server *s);
/** `server` with or without a port (8027 is the default) as "https://host:port". */
char *server_base(struct str server);
/** The one whose turn it is, of those in agent.conf; the caller frees it. */
char *server_chosen(const char *servers);
/** Sends `body` (NULL = none) as JSON; a 2xx reply's object comes back in *reply_out (NULL when it
 * has no body). Other statuses become errors: 401, 403 ERR_DENIED, 404 ERR_NOT_FOUND, 409
 * ERR_CONFLICT, 429 and 5xx ERR_UNAVAILABLE, else ERR_INVALID; the text is the server's. */
bool server_call(struct server *s, const char *method, const char *path, const json_t *body,
		 json_t **reply_out, struct err *e) MUST_CHECK;
/** POSTs `body`, of which `part` is `body` itself or an object in it, with a member `news` that
 * older servers do not know and refuse (400): then once more without it, which is then out of
 * `body`. It must be advice that an agent's work does not depend on. */
bool server_post_news(struct server *s, const char *path, json_t *body, json_t *part,
		      const char *news, json_t **reply_out, struct err *e) MUST_CHECK;
/** server_call() with bytes of one's own. `headers` as in struct http_request. */
bool server_send(struct server *s, const char *method, const char *path, const char *const *headers,
		 struct str body, json_t **reply_out, struct err *e) MUST_CHECK;
/** An error from a reply that was not 2xx; returns false. */
bool server_problem(struct server *s, const struct http_response *r, struct str body,
		    struct err *e);
#endif
