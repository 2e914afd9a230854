/* SPDX-License-Identifier: Apache-2.0
 * Which of a deployment's patches a system was given, as auto_claim.patches keeps it: the patches'
 * places in the order of their ids' bytes, as one bit for each, or as fleet/facts.h writes numbers
 * where that is shorter; the length says which. Memory is that of some hosts at a time. */
#ifndef DEPLOY_AUTO_CLAIMS_H
#define DEPLOY_AUTO_CLAIMS_H
#include "deploy/deploy_int.h"

/* `fn` once for each host of set->all, ascending; `claim` is valid during the call. Takes as many
 * steps as there are pairs, not patches times hosts. False when `fn` was. */
bool claims_each(const struct resolved *set,
		 bool (*fn)(void *arg, uint32_t host, struct str claim, struct err *e), void *arg,
		 struct err *e) MUST_CHECK;
/* The places of a claim of a deployment with `patches` patches, ascending, into `out` (room for
 * `patches`). ERR_CORRUPT when it is none. */
bool claim_read(struct str claim, size_t patches, uint32_t *out, size_t *n_out, struct err *e)
	MUST_CHECK;
#endif
