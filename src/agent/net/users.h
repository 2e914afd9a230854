/* SPDX-License-Identifier: Apache-2.0
 * What logged-in users may ask of the agent, through a local socket that everybody can open: what
 * waits for them, to put it off, or to start it. Who is asking is what the kernel says
 * (SO_PEERCRED); root and users who are logged in are answered. The root half decides by the signed
 * order; nothing else can be asked for here.
 *
 * Requests {"verb": ...}:
 *   notices                        -> {"notices": [{"order", "title", "message", "waits", "until",
 *                                  "shown", "postponed", "allowed", "minutes", "deadline"}]}
 *             and "restart": {"order", "power": "restart"|"shutdown", "at", "postponed", "allowed",
 *             "minutes"} while the machine is about to go down
 *   postpone {"order"?, "minutes"?} -> {"order", "waits", "until", ...} of notices.h, or "restart"
 *             as above when that is what was put off: it comes first
 *   install  {"order"?}            -> the same
 *   offers                         -> {"offers": [{"order", "deployment", "name", "description",
 *                                  "deadline", "asked", "packages": [{"name", "version"}]}]}: what
 *                                  is published to users; the first USERS_PACKAGES packages
 *   want     {"order"}             -> the offer, "asked" now
 * Without "order" the one that starts first is meant. Times are RFC 3339 or null. */
#ifndef AGENT_NET_USERS_H
#define AGENT_NET_USERS_H
#include "agent/net/orders.h"
#include "format/json.h"

#include <sys/types.h>

#define USERS_REQUEST_MAX 4096 /**< bytes of a request */
#define USERS_PACKAGES 20

/** Listens and answers on threads of its own, which live as long as the process. */
bool users_start(const struct agent_paths *p, struct orders *o, struct err *e) MUST_CHECK;
/** The answer to one request of a user who may ask; never NULL. */
json_t *users_answer(const struct agent_paths *p, struct orders *o, uid_t who,
		     const json_t *request);
/** A request as it must be, or an error that says why not. */
struct users_request {
	enum { USERS_NOTICES, USERS_POSTPONE, USERS_INSTALL, USERS_OFFERS, USERS_WANT } verb;
	const char *order; /**< NULL = not named; USERS_WANT names it */
	int64_t minutes;
};
bool users_request_read(const json_t *j, struct users_request *out, struct err *e) MUST_CHECK;

/** The command line's side. `order` may be NULL, `minutes` 0. */
bool users_ask(const struct agent_paths *p, const char *verb, const char *order, int64_t minutes,
	       json_t **out, struct err *e) MUST_CHECK;
#endif
