/* SPDX-License-Identifier: Apache-2.0
 * What unpack.c asks of a decoder. Room-private. */
#ifndef FORMAT_UNPACK_INT_H
#define FORMAT_UNPACK_INT_H
#include "base/base.h"

struct unpack_io {
	const uint8_t *in;
	size_t in_n;
	uint8_t *out;
	size_t out_n;
	bool last; /**< no input will follow after in_n bytes */
};
enum unpack_state {
	UNPACK_MORE, /**< call again, with more input or room */
	UNPACK_END,  /**< all input read and found good */
	UNPACK_BAD,
	UNPACK_MEM, /**< would need more than UNPACK_MEMORY */
};
struct unpack_codec {
	void *(*start)(void);
	/** Takes input and gives output, advancing `io`. */
	enum unpack_state (*run)(void *decoder, struct unpack_io *io);
	void (*stop)(void *decoder);
};
extern const struct unpack_codec unpack_plain, unpack_xz, unpack_gzip, unpack_zstd, unpack_bzip2;
#endif
