/* SPDX-License-Identifier: Apache-2.0
 * Does this machine wait for a reboot? Judged from what is there now - the running kernel against
 * the newest installed image of the same flavour - never from marker files, so it clears with the
 * first look after the reboot (AC-01..AC-04). */
#ifndef AGENT_REBOOT_H
#define AGENT_REBOOT_H
#include "agent/pkgdb.h"

/** A kernel release as uname -r gives it, cut in two: "6.1.0-29-cloud-amd64" is version "6.1.0-29",
 *  flavour "cloud-amd64". */
struct reboot_release {
	struct str version, flavour;
};
/** False when `release` does not look like a packaged kernel (no flavour, no digits). */
bool reboot_split(struct str release, struct reboot_release *out) MUST_CHECK;
/** The release a kernel image package holds: "linux-image-6.1.0-29-amd64-unsigned" gives
 *  "6.1.0-29-amd64". False for meta packages ("linux-image-amd64"), debug symbols and others. */
bool reboot_package_release(struct str package, struct str *release_out) MUST_CHECK;

struct reboot_evidence {
	bool needed;
	const char *
		why; /**< "kernel": newer image installed; "none"; "unknown": the running kernel is
		      *   not of the installed packages' kind (own kernel, container with images) */
	struct str running, newest, flavour;
	struct str package; /**< that holds the newest release; empty = none */
};
/** `release` and `version` as uname -r and -v give them. Strings live in `a`, `db` or the
 * arguments. */
void reboot_judge(const struct pkgdb *db, struct str release, struct str version,
		  struct reboot_evidence *out);

#define REBOOT_BOOT_ID 80
/** What changes with every start of this system, and only then: the kernel's boot id and the start
 *  time of process 1 (a container's boot id is its machine's). */
bool reboot_boot_id(char out[static REBOOT_BOOT_ID], struct err *e) MUST_CHECK;
/** When process 1 was started, wall clock; 0 when that cannot be told. */
int64_t reboot_boot_time_ms(void);
#endif
