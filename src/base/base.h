/* SPDX-License-Identifier: Apache-2.0
 * The house's own words for what C17 lacks: cleanup, must-check, allocation that cannot fail.
 * Only this header may use compiler extensions by their raw names. */
#ifndef BASE_BASE_H
#define BASE_BASE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** AUTO(x_free): call `x_free` on the variable when it leaves scope. x_free takes the value (a
 *  pointer) and must accept NULL. Declare the function once with AUTO_DEFINE(type, x_free). */
#define AUTO(fn) __attribute__((cleanup(auto_##fn)))
/** Defines the cleanup helper behind AUTO(fn) for pointers of `type *`. */
#define AUTO_DEFINE(type, fn)                                                                      \
	__attribute__((unused)) static inline void auto_##fn(type **p)                             \
	{                                                                                          \
		fn(*p);                                                                            \
	}
/** AUTO_VALUE: the same for objects kept in place (`x_done(struct x *)`). */
#define AUTO_DEFINE_VALUE(type, fn)                                                                \
	__attribute__((unused)) static inline void auto_##fn(type *p)                              \
	{                                                                                          \
		fn(p);                                                                             \
	}
/** TAKE(p): hand the pointer over; the AUTO variable becomes NULL. */
#define TAKE(p)                                                                                    \
	({                                                                                         \
		__typeof__(p) take_p_ = (p);                                                       \
		(p) = NULL;                                                                        \
		take_p_;                                                                           \
	})

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define NORETURN __attribute__((noreturn))
#define UNUSED __attribute__((unused))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/** Stops the program with a message: programmer errors only. Stays on in release builds. */
#define ASSERT(cond) ((cond) ? (void)0 : base_die(__FILE__, __LINE__, #cond))
NORETURN void base_die(const char *file, int line, const char *what);

/** Allocation for our own sizes: never returns NULL (out of memory stops the program; the
 *  supervisor restarts it). Sizes that come from outside go through struct buf with a maximum. */
void *xmalloc(size_t n);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);
/** At most `n` bytes of `s`, as a string: ends at a NUL before that, and reads nothing behind it.
 */
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);

/** free(3) with a cleanup helper: `AUTO(xfree) char *s = ...`. Accepts NULL. */
void xfree(void *p);
__attribute__((unused)) static inline void auto_xfree(void *pp)
{
	xfree(*(void **)pp);
}
/** Closes a descriptor held in an int when it leaves scope; -1 means none. */
void fd_close(int fd);
__attribute__((unused)) static inline void auto_fd_close(int *fd)
{
	fd_close(*fd);
}
#endif
