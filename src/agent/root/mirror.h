/* SPDX-License-Identifier: Apache-2.0
 * The order's own partial mirror: the vendor's metadata and packages, copied out of the spool
 * (which the network half can write) into a directory only root can write, hashed while they are
 * copied (A19): what the package manager will read is what was verified. */
#ifndef AGENT_ROOT_MIRROR_H
#define AGENT_ROOT_MIRROR_H
#include "agent/platform.h"
#include "proto/order.h"

struct mirror_spec {
	const char *spool, *dir;
	const struct order *order;
	enum platform_manager manager;
	const char *unsigned_sources; /**< archive ids, as agent_policy has them */
	const char *sysroot;	      /**< whose configuration says which index must be signed */
	void (*progress)(void *arg, int64_t done, int64_t total); /**< may be NULL */
	void *arg;
};
/** Builds `dir` anew from the files of `spool`, which are named by their SHA-256: the archives, and
 *  the package manager's configuration for them: `dir`/apt.conf, or `dir`/repos.d. On failure
 * *reason_out is "digest" (a file is not what the order names), "signature" (of an index this
 * machine wants signed), "disk_full" or "internal". */
bool mirror_build(const struct mirror_spec *spec, const char **reason_out, struct err *e)
	MUST_CHECK;
/** The part of dnf and zypper: a repository file for each archive, and its index without what the
 * order does not bring. Where the machine's configuration wants the vendor's signature over the
 * index, that is checked here, before anything is taken out; *reason_out is set to "signature" when
 * it is not there or not good. */
bool mirror_write_repositories(const struct mirror_spec *spec, const char **reason_out,
			       struct err *e) MUST_CHECK;
/** Writes the index `repomd` again with only those parts whose files `have` knows: dnf wants every
 * file that its index names. *pruned_out: something was left out. ERR_CORRUPT. */
bool mirror_prune_repomd(struct str repomd, bool (*have)(void *arg, struct str path), void *arg,
			 struct buf *out, bool *pruned_out, struct err *e) MUST_CHECK;
/** "disk_full" and a text when the file systems cannot take the order: its copy, and a guess of
 * what unpacking needs (three times the packages' size); NULL when they can. */
const char *mirror_space(const char *dir, const struct order *o, struct err *e);
#endif
