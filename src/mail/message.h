/* SPDX-License-Identifier: Apache-2.0
 * A mail's bytes (RFC 5322, 2045, 2047): text alone, in UTF-8 and base64, so that no server on the
 * way has a reason to change it. Pure. */
#ifndef MAIL_MESSAGE_H
#define MAIL_MESSAGE_H
#include "base/buf.h"

#define MAIL_SUBJECT_MAX 300
#define MAIL_BODY_MAX ((size_t)64 << 10)
#define MAIL_MESSAGE_MAX ((size_t)128 << 10)

struct mail_message {
	const char *from, *from_name; /**< mail_address_ok(); UTF-8 in one line, may be "" */
	const char *to;
	const char *id;	      /**< without < > */
	const char *language; /**< "ja", "en" */
	const char *subject;  /**< UTF-8; control characters become blanks */
	struct str body;      /**< UTF-8, LF lines */
	int64_t at_ms;
	int offset_min; /**< of local time, for the Date header */
};
/** Appends the whole message, CRLF lines. Invalid UTF-8 is the caller's mistake. */
void mail_message_write(const struct mail_message *m, struct buf *out);
#endif
