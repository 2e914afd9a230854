/* SPDX-License-Identifier: Apache-2.0
 * A vendor's signature checked in a short-lived process that reads keyrings and runs gpgv, and
 * nothing else: gpgv is the first program to look at a vendor's bytes. */
#ifndef FEEDS_VERIFY_H
#define FEEDS_VERIFY_H
#include "feeds/fetch.h"

/** Name of the role (ipc/role.h). */
#define FEED_VERIFY_ROLE "verify"
/** feed_env.verify; `arg` is not used. */
bool feed_verify_apart(void *arg, const struct feed_signed *s, const char *const *keyrings,
		       struct buf *plain, struct openpgp_signer *signer_out, struct err *e)
	MUST_CHECK;
/** The other end: a role_entry's serve(). */
int feed_verify_serve(int fd);
#endif
