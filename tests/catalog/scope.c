/* SPDX-License-Identifier: Apache-2.0
 * M-074: classes of patches that are out of scope leave a snapshot before anything is superseded.
 */
#include "catalog/scope.h"
#include "catalog/catalog_int.h"
#include "make.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct err e;

/* openssl 1 (security), 2 (rollup, replaces 1), 3 (bugfix, replaces both); bash 5 (rollup). A
 * notice says that openssl 1 fixes something. */
static struct catalog *build(const char *off)
{
	struct make m;
	struct catalog *c = NULL;
	make_begin(&m, "debian/bookworm", "debian");
	assert_true(make_archive(&m, "bookworm"));
	assert_true(make_patch(&m, "openssl", "2", PATCH_TYPE_ROLLUP, "bookworm"));
	assert_true(make_deb(&m, "openssl", "amd64", "2", "", "two"));
	assert_true(make_patch(&m, "bash", "5", PATCH_TYPE_ROLLUP, "bookworm"));
	assert_true(make_deb(&m, "bash", "amd64", "5", "", "bash"));
	assert_true(make_deb(&m, "bash-doc", "all", "5", "", "doc"));
	assert_true(make_patch(&m, "openssl", "1", PATCH_TYPE_ROLLUP, "bookworm"));
	assert_true(make_deb(&m, "openssl", "amd64", "1", "", "one"));
	assert_true(make_deb(&m, "libssl", "amd64", "1", "", "lib"));
	assert_true(make_patch(&m, "openssl", "3", PATCH_TYPE_BUGFIX, "bookworm"));
	assert_true(make_deb(&m, "openssl", "amd64", "3", "", "three"));
	assert_true(make_advisory(&m, "DSA-1", "debian:12", "openssl", "1", "CVE-2026-1",
				  SEVERITY_IMPORTANT, 5));
	assert_true(make_end(&m));
	struct generation g = m.g;
	g.feed.kind = S("debian-dsa"); /* its notices are bulletins: what they fix is security */
	g.records.p = str_dup(g.records);
	if (!catalog_build_taking(&g, 1, str_of(off), &c, &e))
		fail_msg("%s", e.msg);
	sink_free(m.sink);
	return c;
}

static const struct patch *patch(const struct catalog *c, const char *id)
{
	uint32_t p = catalog_find(c, str_of(id));
	return p == CATALOG_NONE ? NULL : &c->patches[p];
}

static const struct scope_row *debian(const struct catalog *c)
{
	assert_int_equal(c->n_scope, 1);
	assert_true(str_is(c->scope[0].family, "debian"));
	return &c->scope[0];
}

static void without_a_scope_all_is_there_and_counted(void **state UNUSED)
{
	AUTO(catalog_unref) struct catalog *c = build("");
	assert_int_equal(c->n_patches, 4);
	assert_int_equal(debian(c)->patches[PATCH_TYPE_SECURITY], 1);
	assert_int_equal(debian(c)->patches[PATCH_TYPE_ROLLUP], 2);
	assert_int_equal(debian(c)->patches[PATCH_TYPE_BUGFIX], 1);
	assert_true(patch(c, "debian:12:openssl:1")->superseded_by != CATALOG_NONE ||
		    patch(c, "debian:12:openssl:1")->components == 2);
	assert_int_equal(patch(c, "debian:12:openssl:3")->superseded_by, CATALOG_NONE);
}

static void M_074_what_leaves_replaces_nothing(void **state UNUSED)
{
	AUTO(catalog_unref) struct catalog *c = build("debian/bugfix\n debian/rollup");
	assert_int_equal(c->n_patches, 1);
	assert_int_equal(c->n_components, 2);
	const struct patch *p = patch(c, "debian:12:openssl:1");
	assert_non_null(p);
	assert_int_equal(p->superseded_by, CATALOG_NONE);
	assert_int_equal(p->advisories, 1);
	assert_true(str_is(c->advisories[c->advisory_refs[p->first_advisory]].id, "DSA-1"));
	for (uint32_t i = 0; i < p->components; i++) {
		const struct component *k = &c->components[p->first_component + i];
		assert_int_equal(k->superseded_by, CATALOG_NONE);
		assert_int_equal(k->patch, 0);
		assert_true(str_is(k->version, "1"));
	}
	/* Counted all the same, and known to be off. */
	assert_int_equal(debian(c)->patches[PATCH_TYPE_ROLLUP], 2);
	assert_true(debian(c)->off[PATCH_TYPE_ROLLUP]);
	assert_false(debian(c)->off[PATCH_TYPE_SECURITY]);
	uint32_t n;
	(void)catalog_by_name(c, COMPONENT_DEB, STR_LIT("bash"), &n);
	assert_int_equal(n, 0);
}

static void M_074_cells_are_of_one_family(void **state UNUSED)
{
	AUTO(catalog_unref) struct catalog *c = build("ubuntu/rollup\nnonsense\ndebian/\n/rollup");
	assert_int_equal(c->n_patches, 4);
	AUTO(catalog_unref)
	struct catalog *none = build("debian/rollup\ndebian/bugfix\ndebian/security");
	assert_int_equal(none->n_patches, 0);
	assert_int_equal(none->n_components, 0);
	assert_int_equal(catalog_find(none, STR_LIT("debian:12:bash:5")), CATALOG_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_scope_all_is_there_and_counted),
		cmocka_unit_test(M_074_what_leaves_replaces_nothing),
		cmocka_unit_test(M_074_cells_are_of_one_family),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
