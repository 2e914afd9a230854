/* SPDX-License-Identifier: Apache-2.0
 * Private to the deploy room: what an uninstallation means now, before it is stored. */
#ifndef DEPLOY_UNINSTALL_INT_H
#define DEPLOY_UNINSTALL_INT_H
#include "deploy/ask/uninstall.h"
#include "deploy/deploy_int.h"

/* A package of a patch on a host; the texts are the view's. */
struct uninstall_item {
	uint32_t host, patch;
	struct str name, arch, from, to;
	uint32_t component; /* which brings `to` */
	bool recorded;
};
struct uninstall_refused {
	uint32_t host, patch;
	const char *why;
};
struct uninstall_plan {
	uint32_t *chosen; /* patches, each once */
	size_t n_chosen;
	VEC(struct uninstall_item) items; /* by host, then patch */
	VEC(struct uninstall_refused) refusals;
	struct resolved set; /* pairs that go back */
	struct arena arena;
};
void uninstall_plan_done(struct uninstall_plan *p);
AUTO_DEFINE_VALUE(struct uninstall_plan, uninstall_plan_done)
bool uninstall_resolve(struct deploy *d, const struct match_view *v, const struct deploy_request *r,
		       struct uninstall_plan *out, struct err *e) MUST_CHECK;
/* 32 hex digits of what goes back to what, on which system. */
void uninstall_digest(const struct match_view *v, const struct uninstall_plan *plan,
		      char out[static 33]);
#endif
