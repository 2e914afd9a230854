/* SPDX-License-Identifier: Apache-2.0
 * A generation's document packed for the database. Sizes are known beforehand and bounded: a blob
 * never says how much memory it gets. */
#include "catalog/generation_int.h"
#include "catalog/sink.h"

#include <zstd.h>

#define LEVEL 3

bool generation_pack(struct str records, struct buf *out, struct err *e)
{
	size_t room = ZSTD_compressBound(records.n);
	char *at = buf_reserve(out, room);
	if (!at)
		return buf_ok(out, "packed generation", e);
	ZSTD_CCtx *c = ZSTD_createCCtx();
	ASSERT(c);
	ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
	size_t n = ZSTD_compress2(c, at, room, records.p, records.n);
	ZSTD_freeCCtx(c);
	if (ZSTD_isError(n))
		return err_set(e, ERR_INTERNAL, "generation cannot be packed: %s",
			       ZSTD_getErrorName(n));
	out->n += n;
	return true;
}

bool generation_unpack(struct str packed, int64_t raw_size, const struct sha256 *digest,
		       struct buf *out, struct err *e)
{
	if (raw_size < 0 || raw_size > (int64_t)SINK_MAX_BYTES)
		return err_set(e, ERR_CORRUPT,
			       "stored generation has an impossible size; sync the feed again");
	char *at = buf_reserve(out, (size_t)raw_size + 1);
	if (!at)
		return buf_ok(out, "stored generation", e);
	size_t n = ZSTD_decompress(at, (size_t)raw_size, packed.p, packed.n);
	if (ZSTD_isError(n) || n != (size_t)raw_size)
		return err_set(e, ERR_CORRUPT,
			       "stored generation cannot be unpacked; sync the feed again");
	struct sha256 is = digest_of((struct str) { at, n });
	if (!digest_eq(&is, digest))
		return err_set(e, ERR_CORRUPT,
			       "stored generation does not have its digest; sync the feed again");
	out->n += n;
	return true;
}
