/* SPDX-License-Identifier: Apache-2.0
 * http and https URLs (RFC 3986), strictly: what one reader could take for another host than the
 * next one is refused (user information, backslashes, short or octal IPv4, non-ASCII). */
#ifndef NET_URL_H
#define NET_URL_H
#include "base/buf.h"

#define URL_HOST_MAX 254
#define URL_TARGET_MAX 2048
#define URL_MAX (URL_TARGET_MAX + URL_HOST_MAX + 32)

struct url {
	bool tls;
	char host[URL_HOST_MAX]; /**< lower case; IPv6 without brackets */
	uint16_t port;
	char target[URL_TARGET_MAX]; /**< path and query, begins with '/'; the fragment is dropped
				      */
};

/** ERR_INVALID with the reason. Dot segments in the path are kept as they are. */
bool url_parse(struct str text, struct url *out, struct err *e) MUST_CHECK;
/** Resolves a reference against `base` (RFC 3986 section 5.2, dot segments removed). */
bool url_join(const struct url *base, struct str reference, struct url *out, struct err *e)
	MUST_CHECK;
/** Appends a file's path as a vendor's index has it: what may not stand in a URL is percent-encoded
 *  ("a-1.0^git1.rpm", "#", "?"), what is encoded already ("%2b") stays. */
void url_add_path(struct str path, struct buf *b);
/** The whole URL; the port only when it is not the scheme's own. */
void url_write(const struct url *u, struct buf *b);
/** Same scheme, host and port. */
bool url_same_origin(const struct url *a, const struct url *b);
#endif
