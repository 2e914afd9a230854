/* SPDX-License-Identifier: Apache-2.0
 * The one error type. It lives on the caller's stack; a function that can fail returns bool, takes
 * `struct err *e` last and fills it in exactly once.
 *
 * Wording: what failed first, the subject in single quotes, no full stop. Where a person can do
 * something about it, the remedy follows after "; ". Context is put in front on the way out:
 * `return err_prefix(e, "feed '%s'", f->id);` */
#ifndef BASE_ERR_H
#define BASE_ERR_H
#include "base/base.h"

enum err_code {
	ERR_NONE = 0,
	ERR_INVALID, /**< bad input: the caller must change it            HTTP 400, exit 2 */
	ERR_UNAUTHENTICATED, /**< who are you?                                    HTTP 401, exit 3
			      */
	ERR_DENIED,	 /**< known, but not allowed                          HTTP 403, exit 3 */
	ERR_NOT_FOUND,	 /**< no such thing                                   HTTP 404, exit 4 */
	ERR_CONFLICT,	 /**< exists already, or changed meanwhile            HTTP 409, exit 5 */
	ERR_LIMIT,	 /**< larger or more than allowed                     HTTP 413, exit 6 */
	ERR_UNTRUSTED,	 /**< a signature, digest or certificate is not good  HTTP 422, exit 7 */
	ERR_CORRUPT,	 /**< data does not have the form it must have        HTTP 422, exit 7 */
	ERR_UNAVAILABLE, /**< try again later: network, lock, peer down       HTTP 503, exit 8 */
	ERR_TIMEOUT,	 /**< took longer than allowed                        HTTP 504, exit 8 */
	ERR_IO,		 /**< the operating system said no (sys holds errno)  HTTP 500, exit 9 */
	ERR_FULL,	 /**< no space left where data must go                HTTP 507, exit 9 */
	ERR_INTERNAL,	 /**< our own mistake                                 HTTP 500, exit 70 */
	ERR_CODES_
};

struct err {
	enum err_code code;
	int sys; /**< errno when the operating system was involved, else 0 */
	char msg[240];
};

/** Fills in `e` (may be NULL) and returns false, so that `return err_set(...)` reads well. */
bool err_set(struct err *e, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/** As err_set, with errno's text appended after ": ". ENOSPC and EDQUOT become ERR_FULL. */
bool err_sys(struct err *e, int errnum, const char *fmt, ...) PRINTF_LIKE(3, 4);
/** Puts "<text>: " in front of the message; returns false. */
bool err_prefix(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
void err_clear(struct err *e);

/** What the message is about: its first text in single quotes, which may be cut; "" when it has
 * none. Returns `out`. */
char *err_subject(const struct err *e, char *out, size_t size);

/** The code as a stable lower_snake word ("not_found"): used in JSON and logs. */
const char *err_code_name(enum err_code code);
int err_http_status(enum err_code code);
int err_exit_status(enum err_code code);
/** True when the same call may go through later without anybody changing anything. */
bool err_is_transient(enum err_code code);
#endif
