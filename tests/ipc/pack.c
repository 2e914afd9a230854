/* SPDX-License-Identifier: Apache-2.0
 * What was packed comes back; what was cut or forged fails and stays failed. */
#include "ipc/pack.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void pack_all(struct buf *b)
{
	static const char *const list[] = { "one", "", "three", NULL };
	pack_int(b, -42);
	pack_text(b, "text");
	pack_text(b, NULL);
	pack_str(b, (struct str) { "a\0b", 3 });
	pack_list(b, list);
	pack_list(b, NULL);
}

static bool unpack_all(struct str s, struct arena *a)
{
	struct unpacker u = { .rest = s, .a = a };
	struct err e = { 0 };
	bool same = unpack_int(&u) == -42;
	const char *text = unpack_text(&u);
	same = same && text && strcmp(text, "text") == 0;
	same = same && !unpack_text(&u);
	struct str raw = unpack_str(&u);
	same = same && raw.n == 3 && raw.p[1] == '\0';
	const char *const *l = unpack_list(&u);
	same = same && l && strcmp(l[2], "three") == 0 && !l[3];
	same = same && !unpack_list(&u);
	return unpack_end(&u, &e) && same;
}

static void there_and_back(void **state)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf b = BUF_INIT(4096);
	pack_all(&b);
	assert_true(unpack_all(buf_str(&b), &a));
	for (size_t n = 0; n < b.n; n++)
		assert_false(unpack_all((struct str) { b.p, n }, &a));
	pack_int(&b, 1);
	assert_false(unpack_all(buf_str(&b), &a)); /* bytes left over */
}

static void forged(void **state)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf b = BUF_INIT(4096);
	static const int64_t lengths[] = { INT64_MAX, INT64_MIN, -2, 9 };
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		buf_reset(&b);
		pack_int(&b, lengths[i]);
		buf_adds(&b, "12345678");
		struct unpacker u = { .rest = buf_str(&b), .a = &a };
		assert_string_equal(unpack_text(&u), "");
		assert_true(u.failed);
		assert_int_equal(unpack_int(&u), 0);
		struct unpacker l = { .rest = buf_str(&b), .a = &a };
		assert_null(unpack_list(&l));
		assert_true(l.failed);
	}
	buf_reset(&b);
	pack_str(&b, (struct str) { "a\0b", 3 });
	struct unpacker u = { .rest = buf_str(&b), .a = &a };
	assert_string_equal(unpack_text(&u), "");
	assert_true(u.failed);
	buf_reset(&b);
	pack_int(&b, 5);
	u = (struct unpacker) { .rest = buf_str(&b), .a = &a };
	assert_int_equal(unpack_int_in(&u, 1, 4), 1);
	assert_true(u.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(there_and_back),
					    cmocka_unit_test(forged) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
