/* SPDX-License-Identifier: Apache-2.0
 * Deployments that are published instead of deployed (M-143, M-144). Their orders say so
 * (proto/offer.h) and lie on the machines until a user asks for one or its deadline comes; the
 * machine decides that alone. Here is kept what was published, and the orders fresh. */
#ifndef DEPLOY_OFFERS_H
#define DEPLOY_OFFERS_H
#include "deploy/deploy.h"

#define OFFERS_MAX 200

/** Published deployments that have not ended, newest first (at most OFFERS_MAX). */
bool deploy_offers(struct deploy *d, struct arena *a, struct deployment_row **out, size_t *n_out,
		   struct err *e) MUST_CHECK;
#endif
