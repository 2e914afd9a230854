/* SPDX-License-Identifier: Apache-2.0
 * Uninstalling patches (M-137): their packages go back to the version that a system had before, as
 * its own results say, else to the newest older one that its archives offer. What goes back to what
 * is fixed when the deployment is made. */
#ifndef DEPLOY_UNINSTALL_H
#define DEPLOY_UNINSTALL_H
#include "deploy/deploy.h"

#define UNINSTALL_SYSTEMS_MAX 2000 /**< of one deployment */
#define UNINSTALL_PATCHES_MAX 200

/** Packages of one patch that go the same way on so many systems. */
struct uninstall_step {
	struct str patch, name, arch, from, to;
	bool recorded; /**< the systems had that version; others must permit it (policy.conf) */
	uint32_t systems;
};
/** Systems from which a patch cannot be taken: "no_previous_version" (nothing older is offered),
 * "newer_installed" (a later patch stands above it), "beside" (several versions are installed). */
struct uninstall_refusal {
	struct str patch;
	const char *reason;
	uint32_t systems;
};
struct uninstall_preview {
	struct deploy_preview counts; /**< of what can be uninstalled; token */
	struct uninstall_step *steps; /**< by patch, name, arch, version */
	size_t n_steps;
	struct uninstall_refusal *refusals;
	size_t n_refusals;
};
/** `r` names patches; with systems only there. Strings and lists live in `a`. */
bool uninstall_preview(struct deploy *d, const struct deploy_request *r, struct arena *a,
		       struct uninstall_preview *out, struct err *e) MUST_CHECK;
/** As deploy_create(); "preview_stale" also when what would go back to what is not what was shown.
 */
bool uninstall_create(struct deploy *d, const struct deploy_request *r, const char *preview_token,
		      char id_out[static 33], const char **why_out, struct err *e) MUST_CHECK;

/** Patches that were taken back from a system and not installed there since. */
struct rolled_back {
	char *patch, *deployment;
	int64_t at_ms;
};
bool rolled_back_list(struct deploy *d, const char *host, struct arena *a, struct rolled_back **out,
		      size_t *n_out, struct err *e) MUST_CHECK;
#endif
