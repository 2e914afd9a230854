/* SPDX-License-Identifier: Apache-2.0
 * The self-service portal as a user of the machine has it (M-143, M-144): the command line's side
 * of net/users.h, in the language of the session. */
#ifndef AGENT_NET_PORTAL_H
#define AGENT_NET_PORTAL_H
#include "agent/agent_conf.h"
#include "format/json.h"
#include "window/notice.h"

/** Prints what is published to the users of this machine; as JSON if `json`. */
bool portal_available(const struct agent_paths *p, enum notice_language lang, bool json,
		      struct err *e) MUST_CHECK;
/** Asks for one of these: by its name, the beginning of one, or the first digits of its id (eight
 *  or more). ERR_NOT_FOUND, ERR_CONFLICT when several are meant. */
bool portal_install(const struct agent_paths *p, enum notice_language lang, const char *name,
		    struct err *e) MUST_CHECK;
/** The one that `name` means, of {"offers"}. */
const json_t *portal_find(const json_t *offers, const char *name, struct err *e);
#endif
