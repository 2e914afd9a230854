/* SPDX-License-Identifier: Apache-2.0
 * Bytes as text: hexadecimal and URL-safe base64 without padding (RFC 4648 section 5). */
#ifndef BASE_ENC_H
#define BASE_ENC_H
#include "base/buf.h"

/** Lower-case hex of `n` bytes into out[2n+1], NUL-terminated. Returns `out`. */
char *enc_hex(const void *p, size_t n, char *out);
/** Exactly 2n hex digits (either case) into n bytes; false on anything else. */
bool enc_unhex(struct str s, void *out, size_t n) MUST_CHECK;
/** URL-safe base64 of `n` bytes appended to `b`. */
void enc_base64url(struct buf *b, const void *p, size_t n);
/** URL-safe base64, padding refused, appended to `b`; false on a bad character or length. */
bool enc_unbase64url(struct str s, struct buf *b) MUST_CHECK;
/** Percent-encodes everything but unreserved characters (RFC 3986 section 2.3). */
void enc_percent(struct buf *b, struct str s);
/** Decodes %XX; false on a broken escape or a NUL byte. */
bool enc_unpercent(struct str s, struct buf *b) MUST_CHECK;
#endif
