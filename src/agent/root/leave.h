/* SPDX-License-Identifier: Apache-2.0
 * People who are logged in while the machine is about to be restarted or switched off for an order
 * (M-167, M-172, AC-36): they are told how long they have, and may put it off within the order's
 * budget, before an installation as after it; the rules are window/countdown.h's. Two keep its
 * memory, each a part of its own, so that neither waits for the other: the runner in the job's
 * record ("wait" of `power`), the daemon in the job's file "put-off". Both outlive kills; another
 * boot ends it. */
#ifndef AGENT_ROOT_LEAVE_H
#define AGENT_ROOT_LEAVE_H
#include "agent/agent_conf.h"
#include "format/json.h"

struct run;
/** The runner's part: waits until the machine may go. *closed_out: it does not go, since the window
 * ends (`end_ms`) before people have had a minute, or has ended while the machine slept. */
bool leave_wait(struct run *r, int64_t end_ms, bool *closed_out, struct err *e) MUST_CHECK;
/** Whether it has gone already: people were being waited for in another boot than this. */
bool leave_gone(struct run *r, bool *yes_out, struct err *e) MUST_CHECK;
/** The boot in which people were (or are being) waited for; NULL = they are not. */
const char *leave_boot(const struct run *r);
/** No countdown runs any more; the caller saves that. The next one begins anew. */
void leave_forget(struct run *r);
/** The daemon's part, for job `id`: {"leaving": {"order", "power": "restart"|"shutdown", "at": ms,
 * "postponed", "allowed", "minutes"}} while one counts down, else {}. With `answer` "postpone" it
 * is put off first, by `minutes` (0 = as long as may be): the errors of countdown_postpone(), or
 * ERR_CONFLICT when none counts down; "look" changes nothing. */
bool leave_answer(const struct agent_paths *p, const char *root, const char *id, const char *answer,
		  int64_t minutes, json_t **out, struct err *e) MUST_CHECK;
/** The process that tells people, at `at_ms`. */
bool leave_show(const struct agent_paths *p, const char *id, int64_t at_ms, struct err *e)
	MUST_CHECK;
/** How the runner starts it: runner_tell(), unless a test has put its own in its place. */
extern bool (*leave_tell)(const struct agent_paths *p, const char *verb, const char *id, int64_t ms,
			  int netns, struct err *e);
#endif
