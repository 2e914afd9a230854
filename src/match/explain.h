/* SPDX-License-Identifier: Apache-2.0
 * Why a host misses (or does not miss) a patch: the rule with every condition's truth, the fact it
 * was compared with, installed and fixed version, the comparator, the feed with its signer, the
 * scan. */
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
	struct str note;	     /**< stable word: "held", "superseded", "not_installed", "" */
	struct str superseded_by;    /**< patch id that offers the higher version, or "" */
	struct explain_node *children;
	size_t n_children;
};
struct explanation {
	enum verdict verdict;
	struct explain_node *rule;
	const struct patch *patch;
	const struct host *host;
};
/** Everything is allocated from `a`; patch and host are borrowed from the view. */
void explain(const struct match_view *v, uint32_t host, uint32_t patch, struct arena *a,
	     struct explanation *out);
#endif
