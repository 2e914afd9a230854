/* SPDX-License-Identifier: Apache-2.0
 * What is done before and after an installation beside installing (M-165, M-167, M-168, M-172,
 * M-173): signed scripts, restarting the machine or switching it off. One form for deployment
 * policies, which the API takes, and for the orders made of them. Decides nothing; when a reboot
 * may be, and whose scripts run, is the root half's to judge. */
#ifndef PROTO_ACTIONS_H
#define PROTO_ACTIONS_H
#include "crypto/digest.h"
#include "format/json.h"
#include "window/notice.h"

#define ACTIONS_WAIT_MINUTES 1440 /**< the most */
#define ACTIONS_SCRIPT_S 300	  /**< a script's time unless another is named */
#define ACTIONS_SCRIPT_MAX_S 7200 /**< the most */
#define ACTIONS_CODES 16
#define ACTIONS_POSTPONE_HOURS 24 /**< the longest deadline: the machine takes no other order */

enum actions_power {
	ACTIONS_NOTHING,
	ACTIONS_REBOOT_IF_NEEDED, /**< when the machine itself finds that it waits for one */
	ACTIONS_REBOOT,
	ACTIONS_SHUTDOWN, /**< off, and it stays off */
	ACTIONS_POWERS_
};
/** A signed script (script.h) at one of the two stages. */
struct actions_script {
	bool there;	      /**< false = none, and nothing else here counts */
	struct sha256 sha256; /**< of the signed file */
	int64_t size;	      /**< of the same; 0 where it is not known yet */
	int64_t timeout_s;    /**< then it is killed, with all it has started */
	/** Exit codes that are good: with another one, before, nothing is installed; after, it is
	 * told. Ascending. */
	uint8_t codes[ACTIONS_CODES];
	uint32_t n_codes;
};
bool actions_code_good(const struct actions_script *s, int64_t code);
struct actions {
	bool wake; /**< before a window opens, by magic packet (M-165); of policies alone */
	bool reboot_before;
	struct actions_script script_before; /**< after that reboot */
	struct actions_script script_after;  /**< before a reboot; also when the installation failed
					      */
	enum actions_power after;
	/** While somebody is logged in, each reboot (that before, too) or shutdown waits, but no
	 * longer than this (0: not at all), nor past the end of the window in which it began: they
	 * see it count down (window/countdown.h). */
	int64_t wait_minutes;
	struct notice_budget postpone; /**< unless they put it off */
};
/** "none", "reboot_if_needed", "reboot", "shutdown". */
const char *actions_power_name(enum actions_power p);
static inline bool actions_any_before(const struct actions *a)
{
	return a->reboot_before || a->script_before.there;
}
static inline bool actions_any_after(const struct actions *a)
{
	return a->after != ACTIONS_NOTHING || a->script_after.there;
}
/** Whether people are waited for at some stage. */
static inline bool actions_waits(const struct actions *a)
{
	return a->wait_minutes && (a->reboot_before || a->after != ACTIONS_NOTHING);
}
/** {"reboot": bool} and {"power": name, "wait_minutes": n}, complete; "script" {"sha256", "size",
 * "timeout_s", "exit_codes"} and "postpone" {"times", "minutes", "deadline_hours"} only where there
 * is one, since older agents know none. */
json_t *actions_before_json(const struct actions *a);
/** The same of a policy: with "wake", which no order has. */
json_t *actions_policy_before_json(const struct actions *a);
json_t *actions_after_json(const struct actions *a);
/** Strict; what is left out is "nothing", and so is a NULL object. ERR_INVALID. */
bool actions_read(const json_t *before, const json_t *after, struct actions *out, struct err *e)
	MUST_CHECK;
#endif
