/* SPDX-License-Identifier: Apache-2.0
 * The root half's daemon: a local socket, a fixed set of verbs, one job at a time, and the care
 * that a job once begun is carried to its end by a runner, whatever dies.
 *
 * Verbs (request {"verb": ..., ...}; every reply is an object, an error is {"error", "code"}):
 *   hello     -> {"epoch", "seq", "version", "active"?}: the highest order executed, and the one
 *             being worked on
 *   prepare   {"envelope": text} -> {"order", "state"} or {"refused": reason, "detail", "order"?}
 *   install   {"order"} -> {"order", "state"} or {"refused", "detail"}; {"waits": reason, ...} when
 *             its windows or its users do not let it start yet
 *   status    {"order"} -> {"order", "state", "reason", "done", "total", "outcome"?,
 * "transaction"?}
 *   told      {"order"} -> {}: the server knows that the machine is about to be restarted
 *   results   -> {"result": {...}} of one finished job not acknowledged yet, or {}
 *   ack       {"order"} -> {}: forgets a finished job
 *   restart   -> {"restart": [...]} of docs/agent-protocol.md section 5, without the packages
 *   users     {"envelope", "answer": "look"|"postpone"|"install", "minutes"?, "user"?} -> what
 *             notices.h says of an order; shows and starts nothing
 *   cards     {"on"?: bool} -> {"wake": {...}}: network cards are set up for waking, or not; what
 * is known of them (cards.h) leaving   {"answer": "look"|"postpone", "minutes"?, "user"?} -> what
 * leave.h says of a restart that is about to come offer     {"envelope", "answer":
 * "look"|"tell"|"want", "user"?} -> what offers.h says of an order that is published; "tell" tells
 * its users once, "want" keeps that one asks for it Only root and the agent's user are answered
 * (SO_PEERCRED). */
#ifndef AGENT_ROOT_ROOTD_H
#define AGENT_ROOT_ROOTD_H
#include "agent/agent_conf.h"
#include "format/json.h"

#define ROOTD_SOCKET "root.sock"

struct rootd;
/** `agent_user` NULL = only root is answered. Isolation from the network is tried and logged. */
bool rootd_new(const struct agent_paths *p, const char *agent_user, struct rootd **out,
	       struct err *e) MUST_CHECK;
void rootd_free(struct rootd *d);
AUTO_DEFINE(struct rootd, rootd_free)
/** Serves until `stop` becomes readable (a descriptor, or -1). */
bool rootd_run(struct rootd *d, int stop, struct err *e) MUST_CHECK;
/** Answers one request; the socket's code and the tests call it. Never NULL. */
json_t *rootd_answer(struct rootd *d, const json_t *request);
/** Looks after unfinished jobs: starts runners for those nobody works on. Returns milliseconds
 * until it wants to be called again, -1 = not before something happens. */
int rootd_supervise(struct rootd *d);
#endif
