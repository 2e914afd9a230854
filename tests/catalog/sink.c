/* SPDX-License-Identifier: Apache-2.0
 * The sink: order of calls, a patch id that comes twice, digest and rows. */
#include "catalog/sink.h"
#include "make.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void scattered_patch_is_gathered(void **state)
{
	struct make a, b;
	make_begin(&a, "debian/x", "debian");
	assert_true(make_archive(&a, "x"));
	assert_true(make_patch(&a, "one", "1", PATCH_TYPE_ROLLUP, "x") &&
		    make_deb(&a, "one", "amd64", "1", "", "1"));
	assert_true(make_patch(&a, "two", "1", PATCH_TYPE_ROLLUP, "x") &&
		    make_deb(&a, "two", "amd64", "1", "", "2"));
	assert_true(make_patch(&a, "one", "1", PATCH_TYPE_ROLLUP, "x") &&
		    make_deb(&a, "one-dev", "amd64", "1", "", "3"));
	assert_true(make_end(&a));
	make_begin(&b, "debian/x", "debian");
	assert_true(make_archive(&b, "x"));
	assert_true(make_patch(&b, "one", "1", PATCH_TYPE_ROLLUP, "x") &&
		    make_deb(&b, "one", "amd64", "1", "", "1"));
	assert_true(make_deb(&b, "one-dev", "amd64", "1", "", "3"));
	assert_true(make_patch(&b, "two", "1", PATCH_TYPE_ROLLUP, "x") &&
		    make_deb(&b, "two", "amd64", "1", "", "2"));
	assert_true(make_end(&b));
	assert_int_equal(a.g.feed.rows, 3);
	assert_true(str_eq(a.g.records, b.g.records));
	assert_true(digest_eq(&a.g.feed.digest, &b.g.feed.digest));
	struct sha256 d = digest_of(a.g.records);
	assert_true(digest_eq(&a.g.feed.digest, &d));
	sink_free(a.sink);
	sink_free(b.sink);
}

static void wrong_order_is_refused(void **state)
{
	struct make m;
	make_begin(&m, "debian/x", "debian");
	assert_false(make_deb(&m, "one", "amd64", "1", "", "1")); /* no patch */
	assert_int_equal(m.e.code, ERR_CORRUPT);
	assert_true(make_patch(&m, "one", "1", PATCH_TYPE_ROLLUP, "x"));
	assert_false(make_deb(&m, "one", "amd64", "1", "", "1")); /* no archive 0 */
	struct archive_file f = { .path = S("InRelease"), .size = 1 };
	assert_false(sink_archive_file(m.sink, &f, &m.e));
	assert_true(make_end(&m));
	assert_int_equal(m.g.feed.rows, 0);
	sink_free(m.sink);
}

static void empty_generation_is_a_document(void **state)
{
	struct make m;
	struct catalog *c;
	make_begin(&m, "debian/x", "debian");
	assert_true(make_end(&m));
	assert_true(catalog_build(&m.g, 1, &c, &m.e));
	assert_int_equal(c->n_patches, 0);
	assert_false(c->advisories_present);
	catalog_unref(c);
	sink_free(m.sink);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scattered_patch_is_gathered),
		cmocka_unit_test(wrong_order_is_refused),
		cmocka_unit_test(empty_generation_is_a_document),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
