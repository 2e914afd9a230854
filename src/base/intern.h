/* SPDX-License-Identifier: Apache-2.0
 * Strings to dense numbers and back. Number 0 is the first string interned. Not thread-safe: the
 * owner locks. Doubles as the house's hash map: keep values in a vector indexed by the number. */
#ifndef BASE_INTERN_H
#define BASE_INTERN_H
#include "base/str.h"

#define INTERN_NONE UINT32_MAX

struct intern;
struct intern *intern_new(void);
void intern_free(struct intern *t);
AUTO_DEFINE(struct intern, intern_free)
/** Room for `n` strings at once, so that it does not grow step by step on the way there. */
void intern_reserve(struct intern *t, uint32_t n);
/** The number of `s`, given now if it is new. At most UINT32_MAX - 1 strings. */
uint32_t intern_add(struct intern *t, struct str s);
/** The number of `s`, or INTERN_NONE. */
uint32_t intern_find(const struct intern *t, struct str s);
/** The same for many: what they need is fetched from memory side by side, not one after the other.
 */
void intern_add_many(struct intern *t, const struct str *s, uint32_t n, uint32_t *out);
void intern_find_many(const struct intern *t, const struct str *s, uint32_t n, uint32_t *out);
/** The string behind a number (NUL-terminated; valid until intern_free). */
struct str intern_get(const struct intern *t, uint32_t id);
/** How many strings: the numbers are 0..count-1. */
uint32_t intern_count(const struct intern *t);
#endif
