/* SPDX-License-Identifier: Apache-2.0
 * The order's own partial mirror: vendor-signed metadata and packages, copied out of the spool
 * (which the network half can write) into a directory only root can write, hashed while they are
 * copied (A19): what apt will read is what was verified. */
#ifndef AGENT_ROOT_MIRROR_H
#define AGENT_ROOT_MIRROR_H
#include "proto/order.h"

/** Builds `dir` anew from the files of `spool`, which are named by their SHA-256: the archives, and
 *  apt's configuration `dir`/apt.conf for them. `progress` may be NULL. On failure *reason_out is
 *  "digest" (a file is not what the order names), "disk_full" or "internal". */
bool mirror_build(const char *spool, const char *dir, const struct order *o,
		  void (*progress)(void *arg, int64_t done, int64_t total), void *arg,
		  const char **reason_out, struct err *e) MUST_CHECK;
/** "disk_full" and a text when the file systems cannot take the order: its copy, and a guess of
 * what unpacking needs (three times the packages' size); NULL when they can. */
const char *mirror_space(const char *dir, const struct order *o, struct err *e);
#endif
