/* SPDX-License-Identifier: Apache-2.0
 * A growing byte buffer with a mandatory maximum. Growing past the maximum does not abort: the
 * buffer becomes `overflowed`, further appends are dropped, and buf_ok() tells. */
#ifndef BASE_BUF_H
#define BASE_BUF_H
#include "base/err.h"
#include "base/str.h"

#include <stdarg.h>

struct buf {
	char *p; /**< always NUL-terminated at p[n] once anything was appended; NULL before */
	size_t n;
	size_t cap;
	size_t max;
	bool overflowed;
};

/** A buffer in place that may grow to `max` bytes. */
#define BUF_INIT(maximum) ((struct buf) { .max = (maximum) })
void buf_done(struct buf *b);
AUTO_DEFINE_VALUE(struct buf, buf_done)

void buf_add(struct buf *b, const void *p, size_t n);
void buf_addc(struct buf *b, char c);
void buf_adds(struct buf *b, const char *s);
void buf_addstr(struct buf *b, struct str s);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *b, const char *fmt, va_list ap);
/** Room for `n` more bytes to be written directly at b->p + b->n; NULL when over the maximum. */
char *buf_reserve(struct buf *b, size_t n);
void buf_reset(struct buf *b);
/** ERR_LIMIT when something did not fit; `what` names the content. */
bool buf_ok(const struct buf *b, const char *what, struct err *e) MUST_CHECK;
/** The content as a heap string; the buffer is empty afterwards. Never NULL. */
char *buf_take(struct buf *b);
static inline struct str buf_str(const struct buf *b)
{
	return (struct str) { b->p ? b->p : "", b->n };
}
#endif
