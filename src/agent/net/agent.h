/* SPDX-License-Identifier: Apache-2.0
 * The running network half: its timers, its local control socket, and who wakes whom.
 *
 * It waits in one poll() and wakes for: the refresh cycle (own phase and jitter), the server's push
 * word, a change of dpkg's database (inotify), the end of an order, the control socket. */
#ifndef AGENT_NET_AGENT_H
#define AGENT_NET_AGENT_H
#include "agent/agent_conf.h"
#include "format/json.h"

#define AGENT_CONTROL "net/control.sock" /**< in the run directory; root and the agent's user */
#define AGENT_STATUS "net/status.json"	 /**< in the run directory; for everybody */

#define AGENT_USERS "net/users.sock" /**< in the run directory; see users.h */

/** Runs until SIGTERM or SIGINT. */
bool agent_run(const struct agent_paths *p, struct err *e) MUST_CHECK;
/** What a running agent last wrote about itself. ERR_UNAVAILABLE when there is none. */
bool agent_status(const struct agent_paths *p, json_t **out, struct err *e) MUST_CHECK;
/** Wakes the running agent: it scans and checks in now. */
bool agent_wake(const struct agent_paths *p, struct err *e) MUST_CHECK;

/** Milliseconds until the next contact: the cycle, stretched or shortened by up to a tenth, so that
 *  many agents do not stay in step. `failures` in a row shorten it to a back-off with full jitter,
 *  but not below what the server asked for (Retry-After; 0 = nothing, at most an hour), which is
 *  stretched by up to a quarter. */
int64_t agent_next_ms(int64_t refresh_s, unsigned failures, int64_t retry_after_s, uint64_t random);
#endif
