/* SPDX-License-Identifier: Apache-2.0
 * Who is logged in: logind's sessions where systemd is (asked through loginctl), and the records of
 * utmp(5). Both halves ask. Neither is trusted with more than whom to tell and who may answer. */
#ifndef AGENT_SESSIONS_H
#define AGENT_SESSIONS_H
#include "agent/agent_conf.h"
#include "base/str.h"

#include <sys/types.h>

#define SESSIONS_MAX 64

struct session {
	uid_t uid;
	char user[65];
	char tty[33];	/**< below /dev, "pts/0"; "" = none */
	bool graphical; /**< it may have a desktop to notify */
};
/** Of people only (no greeters, no service managers), each user and terminal once; how many. What
 * cannot be asked has none. */
size_t sessions_list(const struct agent_paths *p, struct session out[static SESSIONS_MAX]);
/** Whether anybody is logged in. */
bool sessions_any(const struct agent_paths *p);
/** Whether this user is. */
bool sessions_has(const struct agent_paths *p, uid_t uid);
/** What `loginctl show-session` printed, appended from `n` on; the new count. */
size_t sessions_parse(struct str text, struct session out[static SESSIONS_MAX], size_t n);
/** Records of a utmp file whose process is alive, appended from `n` on; the new count. */
size_t sessions_parse_utmp(struct str file, struct session out[static SESSIONS_MAX], size_t n);
#endif
