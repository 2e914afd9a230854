/* SPDX-License-Identifier: Apache-2.0
 * One arena per request, feed document or scan: everything allocated from it goes at once. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H
#include "base/str.h"

struct arena_chunk;
struct arena {
	struct arena_chunk *head;
	char *at, *end;
	size_t total; /**< bytes obtained from the heap */
};

void arena_done(struct arena *a);
AUTO_DEFINE_VALUE(struct arena, arena_done)
/** Everything allocated so far goes; the newest chunk stays for what comes next. */
void arena_reset(struct arena *a);
/** Zeroed, aligned to 16. */
void *arena_alloc(struct arena *a, size_t n);
char *arena_strdup(struct arena *a, const char *s);
/** A NUL-terminated copy of `s` as a view. */
struct str arena_str(struct arena *a, struct str s);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
/** An array of `count` zeroed elements of `type`. */
#define arena_array(a, type, count) ((type *)arena_alloc((a), sizeof(type) * (count)))
#define arena_new(a, type) ((type *)arena_alloc((a), sizeof(type)))
#endif
