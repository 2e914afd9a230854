/* SPDX-License-Identifier: Apache-2.0
 * A host's facts as bytes: strictly ascending u32 numbers, each written as the LEB128 varint of its
 * distance from the one before (the first from 0). About 1.1 bytes a fact on real hosts. */
#ifndef FLEET_FACTS_H
#define FLEET_FACTS_H
#include "base/err.h"

/** Bytes that facts_encode() may need for `n` facts. */
#define FACTS_MAX_BYTES(n) ((size_t)(n)*5)

/** Sorts ascending and drops doubles; returns how many are left. */
uint32_t facts_sort(uint32_t *facts, uint32_t n);
/** Encodes ascending facts into `out` (FACTS_MAX_BYTES(n)); returns the bytes written. */
size_t facts_encode(const uint32_t *facts, uint32_t n, uint8_t *out);
/** Decodes exactly `n` facts from exactly `len` bytes into `out`. ERR_CORRUPT when the bytes end
 * early or late, a number overflows, is not ascending or is not below `limit`. */
bool facts_decode(const uint8_t *p, size_t len, uint32_t n, uint32_t limit, uint32_t *out,
		  struct err *e) MUST_CHECK;
/** What is only in `old` goes to `removed` (room for n_old), what is only in `new` to `added`
 * (n_new). */
void facts_diff(const uint32_t *old, uint32_t n_old, const uint32_t *new, uint32_t n_new,
		uint32_t *removed, uint32_t *n_removed_out, uint32_t *added, uint32_t *n_added_out);
/** Binary search in ascending facts. */
bool facts_have(const uint32_t *facts, uint32_t n, uint32_t fact);
#endif
