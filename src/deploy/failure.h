/* SPDX-License-Identifier: Apache-2.0
 * Why a target waits, failed or ended: every stable word of a target's reason, in one table, with
 * what it means and what helps, in both languages. A word that is not in it is said as it is. */
#ifndef DEPLOY_FAILURE_H
#define DEPLOY_FAILURE_H
#include "base/base.h"

enum reason_kind {
	REASON_WAITS,  /**< nothing has failed; what it waits for */
	REASON_FAILED, /**< the last attempt did not do what it should */
	REASON_ENDED,  /**< there is nothing left to do */
	REASON_KINDS_
};
/** "waiting", "failed", "ended". */
const char *reason_kind_name(enum reason_kind k);

enum { REASON_EN, REASON_JA, REASON_LANGUAGES_ };
struct reason {
	const char *word;
	enum reason_kind kind;
	bool transient; /**< passes by itself: tried again without being asked */
	const char *title[REASON_LANGUAGES_];
	/** What happens next, or what to do; "" only for what has ended. */
	const char *remedy[REASON_LANGUAGES_];
};
/** The whole table, sorted by nothing. */
const struct reason *reasons(size_t *n_out);
/** NULL for a word that is not in the table. */
const struct reason *reason_find(const char *word);
/** Whether a failure of this cause is tried again by itself. */
bool failure_is_transient(const char *word);
#endif
