/* SPDX-License-Identifier: Apache-2.0
 * Open notices that nothing fixes yet and that concern a system's installed packages. */
#ifndef API_UNFIXED_LIST_H
#define API_UNFIXED_LIST_H
#include "api/list.h"

/** Answers with a page of them, gravest first. Called with a match view held. */
bool unfixed_list_reply(struct call *c, const struct match_view *v, const struct host *h,
			struct err *e) MUST_CHECK;
#endif
