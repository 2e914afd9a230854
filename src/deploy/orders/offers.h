/* SPDX-License-Identifier: Apache-2.0
 * Deployments that are published instead of deployed (M-143, M-144). Their orders say so
 * (proto/offer.h) and lie on the machines until a user asks for one or its deadline comes; the
 * machine decides that alone. Here is kept what was published, and the orders fresh. */
#ifndef DEPLOY_OFFERS_H
#define DEPLOY_OFFERS_H
#include "deploy/deploy.h"

/** Published deployments that have not ended: a page, newest first; *total_out of all pages. */
bool deploy_offers(struct deploy *d, const struct sql_page *page, struct arena *a,
		   struct deployment_row **out, size_t *n_out, int64_t *total_out, struct err *e)
	MUST_CHECK;
#endif
