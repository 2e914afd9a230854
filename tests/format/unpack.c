/* SPDX-License-Identifier: Apache-2.0
 * format/unpack.h: every format gives the same bytes, every cut and every flipped byte is found or
 * harmless, and a bomb stops at the limits (S-11). */
#include "format/unpack.h"
#include "base/buf.h"

#include <bzlib.h>
#include <lzma.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

static void pack(enum unpack_kind kind, struct str in, struct buf *out)
{
	size_t room = in.n + in.n / 50 + 4096;
	char *p = buf_reserve(out, room);
	assert_non_null(p);
	size_t n = 0;
	switch (kind) {
	case UNPACK_PLAIN:
		memcpy(p, in.p, in.n);
		n = in.n;
		break;
	case UNPACK_XZ:
		assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL,
							 (const uint8_t *)in.p, in.n, (uint8_t *)p,
							 &n, room),
				 LZMA_OK);
		break;
	case UNPACK_GZIP: {
		z_stream s = { .next_in = (Bytef *)(uintptr_t)in.p,
			       .avail_in = (uInt)in.n,
			       .next_out = (Bytef *)p,
			       .avail_out = (uInt)room };
		assert_int_equal(deflateInit2(&s, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
				 Z_OK);
		assert_int_equal(deflate(&s, Z_FINISH), Z_STREAM_END);
		n = s.total_out;
		deflateEnd(&s);
		break;
	}
	case UNPACK_ZSTD: {
		ZSTD_CCtx *c = ZSTD_createCCtx();
		ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
		n = ZSTD_compress2(c, p, room, in.p, in.n);
		assert_false(ZSTD_isError(n));
		ZSTD_freeCCtx(c);
		break;
	}
	case UNPACK_BZIP2: {
		unsigned len = (unsigned)room;
		assert_int_equal(BZ2_bzBuffToBuffCompress(p, &len, (char *)(uintptr_t)in.p,
							  (unsigned)in.n, 9, 0, 0),
				 BZ_OK);
		n = len;
		break;
	}
	}
	out->n += n;
}

static bool unpack_all(struct str packed, uint64_t max, uint32_t ratio, size_t step,
		       struct buf *out, enum unpack_kind *kind_out, struct err *e)
{
	AUTO(unpack_free) struct unpack *u = NULL;
	static char part[1 << 20];
	size_t got = 1;
	*e = (struct err) { 0 };
	if (!unpack_open_mem(packed, "x", max, ratio, &u, e))
		return false;
	*kind_out = unpack_kind(u);
	while (got) {
		if (!unpack_read(u, part, step, &got, e))
			return false;
		buf_add(out, part, got);
	}
	return true;
}

static void sample(struct buf *b)
{
	for (unsigned i = 0; i < 6000; i++)
		buf_printf(b, "line %u %u\n", i, i * 2654435761u);
}

static void every_format(void **state)
{
	AUTO(buf_done) struct buf text = BUF_INIT(1u << 20);
	sample(&text);
	for (enum unpack_kind k = UNPACK_PLAIN; k <= UNPACK_BZIP2; k++) {
		static const size_t steps[] = { 1, 7, 4096, 1 << 20 };
		AUTO(buf_done) struct buf packed = BUF_INIT(4u << 20);
		pack(k, buf_str(&text), &packed);
		for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
			AUTO(buf_done) struct buf out = BUF_INIT(1u << 20);
			struct err e;
			enum unpack_kind kind;
			if (!unpack_all(buf_str(&packed), text.n, 0, steps[i], &out, &kind, &e))
				fail_msg("%s: %s", unpack_kind_name(k), e.msg);
			assert_int_equal(kind, k);
			assert_true(str_eq(buf_str(&out), buf_str(&text)));
		}
		/* Twice in a row is one stream (plain trivially so). */
		AUTO(buf_done) struct buf twice = BUF_INIT(4u << 20), out = BUF_INIT(1u << 20);
		struct err e;
		enum unpack_kind kind;
		buf_addstr(&twice, buf_str(&packed));
		buf_addstr(&twice, buf_str(&packed));
		assert_true(unpack_all(buf_str(&twice), 1u << 20, 0, 999, &out, &kind, &e));
		assert_int_equal(out.n, 2 * text.n);
		buf_reset(&out);
		assert_false(unpack_all(buf_str(&packed), text.n - 1, 0, 999, &out, &kind, &e));
		assert_int_equal(e.code, ERR_LIMIT);
	}
}

static void cut_or_damaged(void **state)
{
	AUTO(buf_done) struct buf text = BUF_INIT(1u << 20);
	for (unsigned i = 0; i < 100; i++)
		buf_printf(&text, "line %u %u\n", i, i * 2654435761u);
	for (enum unpack_kind k = UNPACK_XZ; k <= UNPACK_BZIP2; k++) {
		AUTO(buf_done) struct buf packed = BUF_INIT(1u << 20);
		struct err e;
		enum unpack_kind kind;
		pack(k, buf_str(&text), &packed);
		for (size_t cut = 4; cut < packed.n; cut++) {
			AUTO(buf_done) struct buf out = BUF_INIT(1u << 20);
			if (unpack_all((struct str) { packed.p, cut }, 1u << 20, 0, 999, &out,
				       &kind, &e) &&
			    kind != UNPACK_PLAIN)
				fail_msg("%s cut at %zu accepted", unpack_kind_name(k), cut);
		}
		for (size_t at = 0; at < packed.n; at++) {
			AUTO(buf_done) struct buf out = BUF_INIT(1u << 20);
			packed.p[at] ^= 0x10;
			if (unpack_all(buf_str(&packed), 1u << 20, 0, 999, &out, &kind, &e) &&
			    kind != UNPACK_PLAIN && !str_eq(buf_str(&out), buf_str(&text)))
				fail_msg("%s byte %zu: damage not seen", unpack_kind_name(k), at);
			packed.p[at] ^= 0x10;
		}
		AUTO(buf_done) struct buf out = BUF_INIT(1u << 20);
		buf_adds(&packed, "trailing");
		assert_false(unpack_all(buf_str(&packed), 1u << 20, 0, 999, &out, &kind, &e));
		assert_int_equal(e.code, ERR_CORRUPT);
	}
	static const struct str magics[] = { { "\xFD"
					       "7z",
					       3 },
					     { "\x1F", 1 },
					     { "\x28\xB5", 2 } };
	for (size_t i = 0; i < ARRAY_LEN(magics); i++) {
		AUTO(buf_done) struct buf out = BUF_INIT(1u << 20);
		struct err e;
		enum unpack_kind kind;
		bool ok = unpack_all(magics[i], 100, 0, 9, &out, &kind, &e);
		if (ok)
			fail_msg("beginning of magic %zu taken for plain text", i);
	}
}

static void empty_and_short(void **state)
{
	static const char *const texts[] = { "", "a", "(", "BZ", "BZh0 is text" };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO(buf_done) struct buf out = BUF_INIT(100);
		struct err e;
		enum unpack_kind kind;
		assert_true(unpack_all(str_of(texts[i]), 100, 0, 9, &out, &kind, &e));
		assert_int_equal(kind, UNPACK_PLAIN);
		assert_true(str_is(buf_str(&out), texts[i]));
	}
}

/* 80 MiB of zeros: within max_out but beyond the ratio. */
static void bomb(void **state)
{
	size_t n = 80u << 20;
	AUTO(xfree) char *zeros = xcalloc(1, n);
	static const enum unpack_kind kinds[] = { UNPACK_XZ, UNPACK_ZSTD, UNPACK_BZIP2 };
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		AUTO(buf_done) struct buf packed = BUF_INIT(100u << 20);
		pack(kinds[i], (struct str) { zeros, n }, &packed);
		AUTO(unpack_free) struct unpack *u = NULL;
		struct err e = { 0 };
		static char part[1 << 20];
		size_t got = 1, total = 0;
		assert_true(unpack_open_mem(buf_str(&packed), "bomb", 1u << 30, 1000, &u, &e));
		while (got && unpack_read(u, part, sizeof(part), &got, &e))
			total += got;
		assert_int_equal(e.code, ERR_LIMIT);
		assert_true(total <= UNPACK_RATIO_FREE);
	}
}

static void from_descriptor(void **state)
{
	int fds[2];
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "plain text", 10), 10);
	close(fds[1]);
	AUTO(unpack_free) struct unpack *u = NULL;
	struct err e = { 0 };
	char p[20];
	size_t got;
	assert_true(unpack_open_fd(fds[0], "pipe", 100, 0, &u, &e));
	assert_true(unpack_read(u, p, sizeof(p), &got, &e));
	assert_int_equal(got, 10);
	close(fds[0]);
	AUTO(unpack_free) struct unpack *closed = NULL;
	assert_false(unpack_open_fd(fds[0], "closed", 100, 0, &closed, &e));
	assert_int_equal(e.code, ERR_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_format),	   cmocka_unit_test(cut_or_damaged),
		cmocka_unit_test(empty_and_short), cmocka_unit_test(bomb),
		cmocka_unit_test(from_descriptor),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
