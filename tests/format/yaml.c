/* SPDX-License-Identifier: Apache-2.0
 * format/yaml.h: paths, scalars as written, several documents, and what is refused: anchors,
 * aliases, tags, depth, damage (S-03). */
#include "format/yaml.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool tell(void *arg, const struct yaml_event *ev, struct err *e)
{
	static const char kinds[] = "D.{}[]=";
	struct buf *b = arg;
	(void)e;
	buf_addc(b, kinds[ev->kind]);
	if (ev->kind != YAML_SCALAR)
		return true;
	for (unsigned i = 0; i < ev->depth; i++)
		buf_printf(b, "/%.*s", STR_ARG(ev->path[i]));
	buf_printf(b, "(%.*s)", STR_ARG(ev->text));
	return true;
}

static void documents(void **state)
{
	AUTO(buf_done) struct buf b = BUF_INIT(4096);
	struct err e = { 0 };
	if (!yaml_text(
		    STR_LIT("---\nv: 1.10\nl: [a, {k: 'x y'}]\nt: >-\n  one\n  two\n...\n---\n- yes\n"
			    "- {}\n- ~\n"),
		    tell, &b, &e))
		fail_msg("%s", e.msg);
	assert_string_equal(b.p,
			    "D{=/v(1.10)[=/l/(a){=/l//k(x y)}]=/t(one two)}.D[=/(yes){}=/(~)].");
}

static void at_path(void **state)
{
	static const struct str path[] = { { "data", 4 }, { "", 0 } };
	struct yaml_event ev = { .kind = YAML_SCALAR, .path = path, .depth = 2 };
	assert_true(yaml_at(&ev, (const char *const[]) { "data", "", NULL }));
	assert_false(yaml_at(&ev, (const char *const[]) { "data", NULL }));
	assert_false(yaml_at(&ev, (const char *const[]) { "data", "", "", NULL }));
	assert_false(yaml_at(&ev, (const char *const[]) { "data", "x", NULL }));
}

static void refuse(struct str doc, enum err_code code, const char *says)
{
	AUTO(buf_done) struct buf b = BUF_INIT(4u << 20);
	struct err e = { 0 };
	assert_false(yaml_text(doc, tell, &b, &e));
	assert_int_equal(e.code, code);
	if (!strstr(e.msg, says))
		fail_msg("'%s' does not say '%s'", e.msg, says);
}

static void refused(void **state)
{
	refuse(STR_LIT("a: &x 1\n"), ERR_CORRUPT, "anchor");
	refuse(STR_LIT("a: *x\n"), ERR_CORRUPT, "alias");
	refuse(STR_LIT("a: !!python/object:x 1\n"), ERR_CORRUPT, "tag");
	refuse(STR_LIT("a: !x {b: 1}\n"), ERR_CORRUPT, "tag");
	refuse(STR_LIT("? [a]\n: b\n"), ERR_CORRUPT, "key");
	refuse(STR_LIT("a: b\nc: d: e\n"), ERR_CORRUPT, "line 2");
	refuse(STR_LIT("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["), ERR_LIMIT, "nested");
	refuse(STR_LIT("a: \"\xff\"\n"), ERR_CORRUPT, "damaged");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents),
		cmocka_unit_test(at_path),
		cmocka_unit_test(refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
