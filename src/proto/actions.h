/* SPDX-License-Identifier: Apache-2.0
 * What is done before and after an installation beside installing (M-167, M-172): restarting the
 * machine or switching it off. One form for deployment policies, which the API takes, and for the
 * orders made of them. Decides nothing; when a reboot may be is the root half's to judge. */
#ifndef PROTO_ACTIONS_H
#define PROTO_ACTIONS_H
#include "format/json.h"

#define ACTIONS_WAIT_MINUTES 1440 /**< the most */

enum actions_power {
	ACTIONS_NOTHING,
	ACTIONS_REBOOT_IF_NEEDED, /**< when the machine itself finds that it waits for one */
	ACTIONS_REBOOT,
	ACTIONS_SHUTDOWN, /**< off, and it stays off */
	ACTIONS_POWERS_
};
struct actions {
	bool reboot_before;
	enum actions_power after;
	/** While somebody is logged in, reboot or shutdown waits, but no longer than this (0: not
	 * at all), nor past the end of the window in which the installation began. */
	int64_t wait_minutes;
};
/** "none", "reboot_if_needed", "reboot", "shutdown". */
const char *actions_power_name(enum actions_power p);
static inline bool actions_any_before(const struct actions *a)
{
	return a->reboot_before;
}
static inline bool actions_any_after(const struct actions *a)
{
	return a->after != ACTIONS_NOTHING;
}
/** {"reboot": bool} and {"power": name, "wait_minutes": n}: complete. */
json_t *actions_before_json(const struct actions *a);
json_t *actions_after_json(const struct actions *a);
/** Strict; what is left out is "nothing", and so is a NULL object. ERR_INVALID. */
bool actions_read(const json_t *before, const json_t *after, struct actions *out, struct err *e)
	MUST_CHECK;
#endif
