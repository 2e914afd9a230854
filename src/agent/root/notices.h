/* SPDX-License-Identifier: Apache-2.0
 * What the root half remembers of its users, one small file a deployment
 * (notices/<deployment>), and the decision whether an order may start now as far as they are
 * concerned. By deployment, not by order: a new order for it brings no new postponements. What is
 * decided: window/notice.h. Invariant: a notice counts only after the process that shows it was
 * started. */
#ifndef AGENT_ROOT_NOTICES_H
#define AGENT_ROOT_NOTICES_H
#include "agent/opening.h"
#include "format/json.h"

/** Makes the directory; forgets what was not touched for ninety days. */
bool notices_init(const char *root, struct err *e) MUST_CHECK;
/** Makes a directory of such files, and forgets what was not touched in it for ninety days. */
bool notices_dir(const char *dir, struct err *e) MUST_CHECK;
/** NULL when an order with a notification may start now. Otherwise what to say of it: {"waits":
 * reason, "until": ms or null, "look": ms or null, "notice": {"shown", "postponed", "allowed",
 * "deadline"}}, times in ms. When a notice is due, it is shown through `show`. ERR_... in `e` when
 * NULL is returned because of trouble. */
struct notices_shower {
	bool (*show)(void *arg, const struct order *o, int64_t start_ms, struct err *e);
	void *arg;
};
json_t *notices_ask(const struct agent_paths *p, const char *root, const struct order *o,
		    const struct opening *opening, const struct notices_shower *shower,
		    struct err *e);
/** A user's answer: "postpone" by `minutes` (0 = as long as may be), "install" now, or "look": no
 * answer. The state that follows from it as notices_ask() gives it, and "first"; the errors of
 * notice_postpone(). Shows and starts nothing. */
bool notices_answer(const struct agent_paths *p, const char *root, const struct order *o,
		    const struct opening *opening, const char *answer, int64_t minutes,
		    json_t **out, struct err *e) MUST_CHECK;
/** An attempt has ended: the next one has notices of its own; postponements and the deadline go on
 * counting. */
void notices_ended(const char *root, const char *deployment);

/** The process started for a notice: tells everybody who is logged in, at most some seconds long.
 */
bool notices_show(const struct agent_paths *p, const char *id, int64_t start_ms, struct err *e)
	MUST_CHECK;
#endif
