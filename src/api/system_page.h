/* SPDX-License-Identifier: Apache-2.0
 * One page of systems out of a million: a pass over arrays that counts, and keeps the best rows. */
#ifndef API_SYSTEM_PAGE_H
#define API_SYSTEM_PAGE_H
#include "api/system_set.h"

/** The columns systems are sorted by, in the order of `system_list_kind.columns`. */
enum system_column_name {
	SYSTEM_BY_ID,
	SYSTEM_BY_HOSTNAME,
	SYSTEM_BY_OS,
	SYSTEM_BY_ADDRESS,
	SYSTEM_BY_HEALTH,
	SYSTEM_BY_MISSING,
	SYSTEM_BY_CRITICAL,
	SYSTEM_BY_IMPORTANT,
	SYSTEM_BY_INSTALLED,
	SYSTEM_BY_HELD,
	SYSTEM_BY_OFFICE,
	SYSTEM_BY_CONTACT,
	SYSTEM_BY_SCAN,
	SYSTEM_BY_VERSION,
	SYSTEM_COLUMNS_
};
extern const struct list_kind system_list_kind;

/** As list_run(): reads `sort`, `facets`, `limit` and `cursor` of the call. */
bool system_page(struct call *c, const struct system_filter *f, struct list_input in,
		 struct list_page *out, struct err *e) MUST_CHECK;
#endif
