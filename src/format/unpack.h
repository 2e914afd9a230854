/* SPDX-License-Identifier: Apache-2.0
 * Bounded streaming decompression: xz, gzip, zstd, bzip2 or plain, told apart by the first bytes.
 * Pull: the caller asks for output, the source is read as needed. Output bytes, expansion ratio and
 * memory are limited, so a small file cannot fill a disk or the memory. */
#ifndef FORMAT_UNPACK_H
#define FORMAT_UNPACK_H
#include "base/err.h"
#include "base/str.h"

enum unpack_kind { UNPACK_PLAIN, UNPACK_XZ, UNPACK_GZIP, UNPACK_ZSTD, UNPACK_BZIP2 };
/** "plain", "xz", "gzip", "zstd", "bzip2". */
const char *unpack_kind_name(enum unpack_kind kind);

#define UNPACK_RATIO 1000u	      /**< default for max_ratio */
#define UNPACK_RATIO_FREE (64u << 20) /**< output up to here may have any ratio */
#define UNPACK_MEMORY                                                                              \
	(160u << 20) /**< memory a decoder may use (xz -9: 65 MiB, zstd -22: 128 MiB) */

/** Gives up to `n` bytes of compressed input in `p`; *got_out = 0 means the end. */
typedef bool (*unpack_source)(void *arg, void *p, size_t n, size_t *got_out, struct err *e);

struct unpack;
/** `what` names the input in errors (copied). `max_out`: output bytes allowed, mandatory.
 * `max_ratio`: output per input byte allowed beyond UNPACK_RATIO_FREE bytes of output; 0 =
 * UNPACK_RATIO. Reads the first bytes: fails as the source does, or with ERR_CORRUPT. */
bool unpack_open(unpack_source source, void *arg, const char *what, uint64_t max_out,
		 uint32_t max_ratio, struct unpack **out, struct err *e) MUST_CHECK;
/** From a descriptor, which stays the caller's and must outlive the reader. */
bool unpack_open_fd(int fd, const char *what, uint64_t max_out, uint32_t max_ratio,
		    struct unpack **out, struct err *e) MUST_CHECK;
/** From memory, which must outlive the reader. */
bool unpack_open_mem(struct str bytes, const char *what, uint64_t max_out, uint32_t max_ratio,
		     struct unpack **out, struct err *e) MUST_CHECK;
void unpack_free(struct unpack *u);
AUTO_DEFINE(struct unpack, unpack_free)

/** Fills `p` with up to `n` bytes (n > 0; less only at the end); *got_out = 0 is the end, and then
 *  every check the format has was passed. Truncated or damaged input, or bytes after its end:
 *  ERR_CORRUPT. Over a limit: ERR_LIMIT. Concatenated members are read as one. */
bool unpack_read(struct unpack *u, void *p, size_t n, size_t *got_out, struct err *e) MUST_CHECK;
enum unpack_kind unpack_kind(const struct unpack *u);
#endif
