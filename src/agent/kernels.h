/* SPDX-License-Identifier: Apache-2.0
 * Does a newer kernel wait for a reboot? Judged from what is there now - the running kernel's
 * release against the installed images of its own flavour - never from marker files, so it clears
 * with the first look after the reboot (AC-01..AC-04). Pure: release, packages in, verdict out. */
#ifndef AGENT_KERNELS_H
#define AGENT_KERNELS_H
#include "agent/pkgdb.h"

/** A Debian or Ubuntu kernel release as uname -r gives it, cut in two: "6.1.0-29-cloud-amd64" is
 *  version "6.1.0-29", flavour "cloud-amd64". */
struct kernels_release {
	struct str version, flavour;
};
/** False when `release` does not look like a packaged kernel (no flavour, no digits). */
bool kernels_split(struct str release, struct kernels_release *out) MUST_CHECK;

struct kernels_verdict {
	bool needed;
	const char *why; /**< "kernel": a newer image of the running flavour is installed; "none";
			  *   "unknown": images are installed, but none can be told to be of the
			  * running kernel's kind (own kernel, another distribution's) */
	struct str running, newest; /**< releases; newest "" = no image of the running flavour */
	struct str flavour;	    /**< "amd64", "cloud-amd64", "kernel-uek", "default" */
	struct str package;	    /**< that holds the newest release; empty = none */
};
/** `release` and `version` as uname -r and -v give them. Strings live in `a`, `db` or the
 * arguments. */
void kernels_judge(const struct pkgdb *db, struct str release, struct str version, struct arena *a,
		   struct kernels_verdict *out);
#endif
