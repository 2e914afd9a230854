/* SPDX-License-Identifier: Apache-2.0
 * Network cards set up for waking by magic packet (M-166), as the server's setting says and
 * policy.conf permits: by ethtool(8)'s ioctls and nothing else, so that no name, address or file of
 * the system's changes. Drivers forget it at each boot; it is set again then. A card that was set
 * up by somebody else stays so; what was set here is taken back when the setting is. */
#ifndef AGENT_ROOT_CARDS_H
#define AGENT_ROOT_CARDS_H
#include "agent/agent_conf.h"
#include "agent/reboot.h"
#include "proto/lan.h"

#define CARDS_MAX 64	      /**< that can be woken, of one machine; others are left as they are */
#define CARDS_AGAIN_MS 600000 /**< so long cards that are to be on are not looked at again */

struct card {
	char name[LAN_NAME];
	enum lan_wake wake; /**< after the last look */
	bool ours;	    /**< set up here, not by somebody else */
};
/** What is remembered: <root>/cards. That a card is ours is durable before it is changed. */
struct cards {
	bool on;
	char boot[REBOOT_BOOT_ID]; /**< reboot_boot_id() at the last look; "" = none has ended */
	struct card list[CARDS_MAX];
	size_t n;
};
/** No file is "off", and no card. Errors name the file. */
bool cards_load(const char *root, struct cards *out, struct err *e) MUST_CHECK;
/** "Off" without a card removes the file. */
bool cards_save(const char *root, const struct cards *c, struct err *e) MUST_CHECK;
/** The options (WAKE_* of linux/ethtool.h) that a card is to have, which supports `supported`, has
 * `now`, and is `ours` or not. */
uint32_t cards_options(bool on, uint32_t supported, uint32_t now, bool ours);

/** The daemon's part: what was begun last, and until when (clock_mono_ms()) not again. */
struct cards_turn {
	int64_t next_ms;
	bool on;
};
/** Whether a process is to be started now. */
bool cards_due(const struct cards_turn *t, const struct cards *c, bool on, int64_t now_ms);
/** The server says `on`; policy.conf may forbid it. Starts what is to be done (runner_cards(), with
 * `netns`). */
bool cards_follow(struct cards_turn *t, const struct agent_paths *p, const char *root, bool on,
		  int netns, struct err *e) MUST_CHECK;
/** At the daemon's start: after a boot what was on is so again before any server is heard. */
bool cards_resume(struct cards_turn *t, const struct agent_paths *p, const char *root, int netns,
		  struct err *e) MUST_CHECK;
/** {"wake": {interface: lan_wake_name()}} as ethtool told in this boot, while the setting is on. */
json_t *cards_words(const char *root);
/** Carries it out, in the machine's network; a process of its own. Cards that cannot are passed
 * over; what one refuses is an error, after all the others. */
bool cards_run(const struct agent_paths *p, bool on, struct err *e) MUST_CHECK;
#endif
