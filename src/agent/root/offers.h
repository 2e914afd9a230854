/* SPDX-License-Identifier: Apache-2.0
 * What is published to this machine's users (M-143, M-144), and what they asked for: one small file
 * a deployment (offers/<deployment>), so that neither a kill nor a new order for it forgets a wish.
 * The signed order says what is published and until when; nothing else can be asked for. A wish
 * ends with the success of what was wished. Nothing here needs a server. */
#ifndef AGENT_ROOT_OFFERS_H
#define AGENT_ROOT_OFFERS_H
#include "agent/opening.h"
#include "agent/root/notices.h"

/** Makes the directory; forgets what was not touched for ninety days. */
bool offers_init(const char *root, struct err *e) MUST_CHECK;
/** Whether a user has asked for it. */
bool offers_asked(const char *root, const struct order *o);
/** opening_of(), but what a user asked for is open at any time. */
bool offers_opening(const struct agent_paths *p, const char *root, const struct order *o,
		    struct opening *out, struct err *e) MUST_CHECK;
/** {"asked": bool} of an order that may be carried out now as far as its users are concerned, or
 * {"asked": false, "waits": "published", "until": ms or null}. */
json_t *offers_state(const char *root, const struct order *o, int64_t now_ms);
/** User `uid` asks for it. ERR_DENIED for an order that is not published. */
bool offers_want(const char *root, const struct order *o, int64_t uid, int64_t now_ms,
		 struct err *e) MUST_CHECK;
/** Tells those who are logged in and were not told yet, through `show` (`start_ms` is when). */
bool offers_tell(const struct agent_paths *p, const char *root, const struct order *o,
		 struct str envelope, int64_t now_ms, const struct notices_shower *shower,
		 struct err *e) MUST_CHECK;
/** An attempt has ended. */
void offers_ended(const char *root, const char *deployment, bool succeeded);

/** The process started for that: tells users of a deployment who are to be told at `at_ms`. */
bool offers_show(const struct agent_paths *p, const char *deployment, int64_t at_ms, struct err *e)
	MUST_CHECK;
#endif
