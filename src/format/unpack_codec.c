/* SPDX-License-Identifier: Apache-2.0
 * The decoders behind unpack.c, each a few lines around its library. Invariant: a decoder says
 * UNPACK_END only when the last member's own check was good and no input is left. */
#include "format/unpack.h"
#include "format/unpack_int.h"

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

/* --- plain --------------------------------------------------------------------------------------
 */

static void *plain_start(void)
{
	return NULL;
}

static enum unpack_state plain_run(void *decoder UNUSED, struct unpack_io *io)
{
	size_t n = MIN(io->in_n, io->out_n);
	memcpy(io->out, io->in, n);
	io->in += n;
	io->in_n -= n;
	io->out += n;
	io->out_n -= n;
	return io->last && !io->in_n ? UNPACK_END : UNPACK_MORE;
}

static void plain_stop(void *decoder UNUSED)
{
}

const struct unpack_codec unpack_plain = { plain_start, plain_run, plain_stop };

/* --- xz -----------------------------------------------------------------------------------------
 */

static void *xz_start(void)
{
	lzma_stream *s = xcalloc(1, sizeof(*s));
	lzma_ret r = lzma_stream_decoder(s, UNPACK_MEMORY, LZMA_CONCATENATED);
	ASSERT(r == LZMA_OK);
	return s;
}

static enum unpack_state xz_run(void *decoder, struct unpack_io *io)
{
	lzma_stream *s = decoder;
	s->next_in = io->in;
	s->avail_in = io->in_n;
	s->next_out = io->out;
	s->avail_out = io->out_n;
	lzma_ret r = lzma_code(s, io->last ? LZMA_FINISH : LZMA_RUN);
	io->in = s->next_in;
	io->in_n = s->avail_in;
	io->out = s->next_out;
	io->out_n = s->avail_out;
	if (r == LZMA_STREAM_END)
		return UNPACK_END;
	if (r == LZMA_MEMLIMIT_ERROR || r == LZMA_MEM_ERROR)
		return UNPACK_MEM;
	return r == LZMA_OK || r == LZMA_BUF_ERROR ? UNPACK_MORE : UNPACK_BAD;
}

static void xz_stop(void *decoder)
{
	lzma_end(decoder);
	xfree(decoder);
}

const struct unpack_codec unpack_xz = { xz_start, xz_run, xz_stop };

/* --- gzip (RFC 1952: members follow one another) ------------------------------------------------
 */

struct gzip {
	z_stream s;
	bool between; /* a member has ended */
};

static void *gzip_start(void)
{
	struct gzip *g = xcalloc(1, sizeof(*g));
	int r = inflateInit2(&g->s, 15 + 16);
	ASSERT(r == Z_OK);
	return g;
}

static enum unpack_state gzip_run(void *decoder, struct unpack_io *io)
{
	struct gzip *g = decoder;
	if (g->between) {
		if (!io->in_n)
			return io->last ? UNPACK_END : UNPACK_MORE;
		inflateReset(&g->s);
		g->between = false;
	}
	g->s.next_in = (Bytef *)(uintptr_t)io->in;
	g->s.avail_in = (uInt)io->in_n;
	g->s.next_out = io->out;
	g->s.avail_out = (uInt)MIN(io->out_n, (size_t)1 << 30);
	uInt room = g->s.avail_out;
	int r = inflate(&g->s, Z_NO_FLUSH);
	io->in = g->s.next_in;
	io->in_n = g->s.avail_in;
	io->out += room - g->s.avail_out;
	io->out_n -= room - g->s.avail_out;
	g->between = r == Z_STREAM_END;
	if (r == Z_STREAM_END)
		return io->last && !io->in_n ? UNPACK_END : UNPACK_MORE;
	return r == Z_OK || r == Z_BUF_ERROR ? UNPACK_MORE : UNPACK_BAD;
}

static void gzip_stop(void *decoder)
{
	struct gzip *g = decoder;
	inflateEnd(&g->s);
	xfree(g);
}

const struct unpack_codec unpack_gzip = { gzip_start, gzip_run, gzip_stop };

/* --- zstd (RFC 8878: frames follow one another) -------------------------------------------------
 */

struct zstd {
	ZSTD_DCtx *d;
	bool between;
};

static void *zstd_start(void)
{
	struct zstd *z = xcalloc(1, sizeof(*z));
	z->d = ZSTD_createDCtx();
	ASSERT(z->d);
	/* The largest window that stays below UNPACK_MEMORY, and the largest zstd -22 uses. */
	size_t r = ZSTD_DCtx_setParameter(z->d, ZSTD_d_windowLogMax, 27);
	ASSERT(!ZSTD_isError(r));
	return z;
}

static enum unpack_state zstd_run(void *decoder, struct unpack_io *io)
{
	struct zstd *z = decoder;
	if (z->between && !io->in_n)
		return io->last ? UNPACK_END : UNPACK_MORE;
	ZSTD_inBuffer in = { io->in, io->in_n, 0 };
	ZSTD_outBuffer out = { io->out, io->out_n, 0 };
	size_t r = ZSTD_decompressStream(z->d, &out, &in);
	io->in += in.pos;
	io->in_n -= in.pos;
	io->out += out.pos;
	io->out_n -= out.pos;
	if (ZSTD_isError(r)) {
		ZSTD_ErrorCode code = ZSTD_getErrorCode(r);
		return code == ZSTD_error_frameParameter_windowTooLarge ||
				       code == ZSTD_error_memory_allocation
			       ? UNPACK_MEM
			       : UNPACK_BAD;
	}
	/* 0 after a turn without input or output means "between frames", as it was before. */
	if (in.pos || out.pos)
		z->between = r == 0;
	return z->between && io->last && !io->in_n ? UNPACK_END : UNPACK_MORE;
}

static void zstd_stop(void *decoder)
{
	struct zstd *z = decoder;
	ZSTD_freeDCtx(z->d);
	xfree(z);
}

const struct unpack_codec unpack_zstd = { zstd_start, zstd_run, zstd_stop };

/* --- bzip2 (streams may follow one another) -----------------------------------------------------
 */

struct bzip2 {
	bz_stream s;
	bool between;
};

static void *bzip2_start(void)
{
	struct bzip2 *b = xcalloc(1, sizeof(*b));
	int r = BZ2_bzDecompressInit(&b->s, 0, 0);
	ASSERT(r == BZ_OK);
	return b;
}

static enum unpack_state bzip2_run(void *decoder, struct unpack_io *io)
{
	struct bzip2 *b = decoder;
	if (b->between) {
		if (!io->in_n)
			return io->last ? UNPACK_END : UNPACK_MORE;
		BZ2_bzDecompressEnd(&b->s);
		b->s = (bz_stream) { 0 };
		int r = BZ2_bzDecompressInit(&b->s, 0, 0);
		ASSERT(r == BZ_OK);
		b->between = false;
	}
	b->s.next_in = (char *)(uintptr_t)io->in;
	b->s.avail_in = (unsigned)io->in_n;
	b->s.next_out = (char *)io->out;
	b->s.avail_out = (unsigned)MIN(io->out_n, (size_t)1 << 30);
	unsigned room = b->s.avail_out;
	int r = BZ2_bzDecompress(&b->s);
	io->in = (const uint8_t *)b->s.next_in;
	io->in_n = b->s.avail_in;
	io->out += room - b->s.avail_out;
	io->out_n -= room - b->s.avail_out;
	b->between = r == BZ_STREAM_END;
	if (r == BZ_STREAM_END)
		return io->last && !io->in_n ? UNPACK_END : UNPACK_MORE;
	return r == BZ_OK ? UNPACK_MORE : r == BZ_MEM_ERROR ? UNPACK_MEM : UNPACK_BAD;
}

static void bzip2_stop(void *decoder)
{
	struct bzip2 *b = decoder;
	BZ2_bzDecompressEnd(&b->s);
	xfree(b);
}

const struct unpack_codec unpack_bzip2 = { bzip2_start, bzip2_run, bzip2_stop };
