/* SPDX-License-Identifier: Apache-2.0
 * The packages of a system as the last scan found them. */
#ifndef API_INVENTORY_LIST_H
#define API_INVENTORY_LIST_H
#include "api/list.h"

/** Answers with a page of the host's packages. Called with a match view held. */
bool inventory_list_reply(struct call *c, const struct match_view *v, const struct host *h,
			  struct err *e) MUST_CHECK;
#endif
