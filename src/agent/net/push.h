/* SPDX-License-Identifier: Apache-2.0
 * The connection on which the server says "come now" (docs/agent-protocol.md section 6): a thread
 * that holds it open and comes back with full jitter when it is lost. It carries words, never data.
 */
#ifndef AGENT_NET_PUSH_H
#define AGENT_NET_PUSH_H
#include "agent/agent_conf.h"
#include "base/str.h"

#define PUSH_SILENCE_S 150 /**< without a ping for so long the connection is dead */
#define PUSH_BACK_OFF_S 120

/** Starts the thread; it lives as long as the process. `wake` is called on it for each "checkin",
 * and when the connection is back after a loss (a word may have been missed). */
bool push_start(const struct agent_paths *p, void (*wake)(void *arg), void *arg, struct err *e)
	MUST_CHECK;
/** True while the connection stands. */
bool push_connected(void);

/** Words out of a stream of bytes; kept apart for tests and fuzzing. */
struct push_words {
	char line[64];
	size_t n;
	bool too_long;
};
enum push_word { PUSH_NONE, PUSH_HELLO, PUSH_CHECKIN, PUSH_PING };
/** Takes bytes off `rest` until a line is complete; PUSH_NONE when `rest` is used up. Unknown and
 *  overlong lines are passed over. */
enum push_word push_next(struct push_words *w, struct str *rest);
/** Milliseconds until the next try: full jitter below `limit_s`, after what the server asked for.
 */
int64_t push_next_ms(int64_t limit_s, int64_t retry_after_s, uint64_t random);
#endif
