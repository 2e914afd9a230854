/* SPDX-License-Identifier: Apache-2.0
 * Files of a tar archive, one after another, as they come out of a decompressor: ustar, pax and GNU
 * headers. Nothing is ever written: a name only tells which files are wanted. */
#ifndef FORMAT_TAR_H
#define FORMAT_TAR_H
#include "format/unpack.h"

/** Bytes of a name that are kept; longer ones are cut at the front, so that the end is right. */
#define TAR_NAME 512
/** Headers of one archive, whatever they describe. */
#define TAR_MAX_ENTRIES 2000000u

struct tar;
/** Reads from `u`, which stays the caller's and must outlive the reader. */
struct tar *tar_new(struct unpack *u);
void tar_free(struct tar *t);
AUTO_DEFINE(struct tar, tar_free)
/** The next regular file, wherever the last one was left; directories, links and devices are passed
 * over. *name_out: valid until the next call, never with control characters. *more_out = false at
 * the end. ERR_CORRUPT: a header's checksum or size is wrong, the archive is cut off. */
bool tar_next(struct tar *t, struct str *name_out, uint64_t *size_out, bool *more_out,
	      struct err *e) MUST_CHECK;
/** Up to `n` bytes of the current file; *got_out = 0 at its end. */
bool tar_read(struct tar *t, void *p, size_t n, size_t *got_out, struct err *e) MUST_CHECK;
/** Whether the first 512 bytes of something are the header of a tar archive. */
bool tar_is(struct str head);
#endif
