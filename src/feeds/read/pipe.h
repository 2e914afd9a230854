/* SPDX-License-Identifier: Apache-2.0
 * Decompression on one thread, parsing on another, a bounded ring of buffers between them. */
#ifndef FEEDS_PIPE_H
#define FEEDS_PIPE_H
#include "format/unpack.h"

typedef bool (*pipe_consumer)(void *arg, struct str bytes, struct err *e);
/** Reads `u` to its end on a thread of its own and hands the bytes, in order, to `consume` on the
 *  caller's thread. Ends at the first failure of either side; the reader's thread is gone on
 * return. */
bool pipe_run(struct unpack *u, pipe_consumer consume, void *arg, struct err *e) MUST_CHECK;
#endif
