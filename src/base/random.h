/* SPDX-License-Identifier: Apache-2.0
 * Random bytes from the kernel, good enough for keys and tokens. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H
#include "base/base.h"

/** Fills `n` bytes; cannot fail (stops the program when the kernel has no entropy source). */
void random_bytes(void *p, size_t n);
uint64_t random_u64(void);
/** Uniform in [0, bound), bound > 0. */
uint64_t random_below(uint64_t bound);
#endif
