/* SPDX-License-Identifier: Apache-2.0
 * Tar archives as three programs write them (the fuzz corpus holds them), and damaged ones. */
#include "format/tar.h"
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct err e;

static void load(const char *name, struct buf *out)
{
	const char *root = getenv("TSUKUROI_SOURCE");
	AUTO(xfree) char *path = xasprintf("%s/fuzz/corpus/format_tar/%s", root ? root : ".", name);
	assert_true(file_read(path, out, &e));
}

/* "name size;" for every file; false when the archive is refused. */
static bool list(struct str bytes, struct buf *out)
{
	AUTO(unpack_free) struct unpack *u = NULL;
	assert_true(unpack_open_mem(bytes, "x", 1u << 20, 0, &u, &e));
	AUTO(tar_free) struct tar *t = tar_new(u);
	for (;;) {
		struct str name;
		uint64_t size;
		bool more;
		if (!tar_next(t, &name, &size, &more, &e))
			return false;
		if (!more)
			return true;
		size_t end = name.n > 10 ? name.n - 10 : 0;
		buf_printf(out, "%zu:%.*s %llu;", name.n, (int)(name.n - end), name.p + end,
			   (unsigned long long)size);
	}
}

static void three_forms(void **state)
{
	static const struct {
		const char *file, *want;
	} cases[] = {
		{ "ustar", "6:a.json 12;156:qqqqq.json 600;" },
		{ "gnu", "185:nnnnn.json 2;" },
		{ "pax", "188:nnnnn.json 2;1:b 0;" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(buf_done) struct buf bytes = BUF_INIT(100000), out = BUF_INIT(10000);
		load(cases[i].file, &bytes);
		assert_true(tar_is(buf_str(&bytes)));
		if (!list(buf_str(&bytes), &out))
			fail_msg("%s: %s", cases[i].file, e.msg);
		assert_string_equal(out.p, cases[i].want);
	}
}

static void damaged_archives_are_refused_F37(void **state)
{
	AUTO(buf_done) struct buf bytes = BUF_INIT(100000), out = BUF_INIT(10000);
	load("ustar", &bytes);
	struct str all = buf_str(&bytes);
	static const size_t cuts[] = { 100, 512, 520, 1000, 1024, 2000 };
	for (size_t i = 0; i < ARRAY_LEN(cuts); i++) {
		assert_false(list((struct str) { all.p, cuts[i] }, &out));
		assert_int_equal(e.code, ERR_CORRUPT);
	}
	bytes.p[3] ^= 1; /* a header's checksum */
	assert_false(tar_is(all));
	assert_false(list(all, &out));
	assert_int_equal(e.code, ERR_CORRUPT);
	assert_false(tar_is(STR_LIT("{\"id\":1}")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_forms),
		cmocka_unit_test(damaged_archives_are_refused_F37),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
