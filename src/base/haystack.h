/* SPDX-License-Identifier: Apache-2.0
 * Many short texts, searched at once: the fields of every item lie in one flat buffer in small
 * ASCII letters, so that a search is one pass over memory without a pointer to follow. Changed
 * items are appended anew and their old place is blanked. Not thread-safe: the owner locks. */
#ifndef BASE_HAYSTACK_H
#define BASE_HAYSTACK_H
#include "base/str.h"

struct haystack;
struct haystack *haystack_new(void);
void haystack_free(struct haystack *h);
AUTO_DEFINE(struct haystack, haystack_free)
/** The fields of an item (a dense number), in place of those it had. A line feed in a field becomes
 * a space. */
void haystack_put(struct haystack *h, uint32_t item, const struct str *fields, size_t n);
/** Field `i` as it is kept (small letters); empty for an item or field that is not there. Valid
 * until the next haystack_put(). */
struct str haystack_field(const struct haystack *h, uint32_t item, size_t i);
/** Calls `hit` once for every item that has a field with `needle` (not empty) in it, without regard
 * to ASCII case, in the order in which items were put last; `hit` returns false to stop. */
void haystack_find(const struct haystack *h, struct str needle,
		   bool (*hit)(void *arg, uint32_t item), void *arg);
/** Bytes of memory. */
size_t haystack_size(const struct haystack *h);
#endif
