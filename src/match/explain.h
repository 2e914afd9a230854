/* SPDX-License-Identifier: Apache-2.0
 * Why a host misses (or does not miss) a patch: the rule with every condition's truth, the fact it
 * was compared with, installed and fixed version, the comparator, the line that hinders, the feed
 * with its signer, the scan. */
#ifndef MATCH_EXPLAIN_H
#define MATCH_EXPLAIN_H
#include "match/match.h"
#include "match/rule.h"

struct explain_node {
	enum rule_op op;
	enum rule_truth truth;	     /**< true, false, unknown */
	struct str text;	     /**< the condition in the rule language */
	struct str fact;	     /**< the inventory line compared, or "" */
	struct str installed, fixed; /**< versions, or "" */
	struct str comparator;	     /**< "dpkg version order", or "" */
	struct str note;	     /**< stable word: "held", "pinned", "kept_back", "phased",
					"needs_subscription", "superseded", "not_installed", "" */
	struct str decided;	     /**< the inventory line behind the note, or "" */
	struct str superseded_by;    /**< patch id that offers the higher version, or "" */
	struct explain_node *children;
	size_t n_children;
};
struct explanation {
	enum verdict verdict;
	struct explain_node *rule;
	const struct patch *patch;
	const struct host *host;
	const struct feed_info
		*feed;		/**< that offers the patch: signer, vendor's date, sync time */
	enum match_after after; /**< what the installed patch still waits for */
	struct str after_fact;	/**< the inventory line that says so, or "" */
};
/** Everything is allocated from `a`; patch and host are borrowed from the view. */
void explain(const struct match_view *v, uint32_t host, uint32_t patch, struct arena *a,
	     struct explanation *out);
#endif
