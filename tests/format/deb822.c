/* SPDX-License-Identifier: Apache-2.0
 * format/deb822.h: the same stanzas whatever the chunks, the bounds, and real archives against an
 * independent parser's figures (S-03). */
#include "format/deb822.h"
#include "base/buf.h"
#include "format/unpack.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static bool print(void *arg, const struct deb822_stanza *s, struct err *e)
{
	struct buf *b = arg;
	buf_printf(b, "@%d\n", (int)s->line);
	for (size_t i = 0; i < s->n; i++)
		if (s->fields[i].value.p)
			buf_printf(b, "%.*s=[%.*s]\n", STR_ARG(s->fields[i].name),
				   STR_ARG(s->fields[i].value));
	return true;
}

static const char sample[] =
	"\n# head\n\nPackage: a\nDescription: short\n long\n .\n\tmore\nVersion:1.0  \n\n\n"
	"Package: b\r\nempty:\r\nDescription: one\r\n two\r\n\r\n"
	"# comment\npackage: c\nFiles:\n x 1\n# inside\n y 2\nX-Odd!name: yes\n\n#end\n"
	"\nPackage: d\n \nVersion: 4";
static const char all[] = "@4\nPackage=[a]\nDescription=[short\n long\n .\n\tmore]\nVersion=[1.0]\n"
			  "@12\nPackage=[b]\nempty=[]\nDescription=[one\r\n two]\n"
			  "@17\npackage=[c]\nFiles=[x 1\n y 2]\nX-Odd!name=[yes]\n"
			  "@27\nPackage=[d]\nVersion=[4]\n";
static const char some[] = "@4\nVersion=[1.0]\nPackage=[a]\n@12\nPackage=[b]\n"
			   "@17\npackage=[c]\nFiles=[x 1\n y 2]\n@27\nVersion=[4]\nPackage=[d]\n";

static void chunks(void **state)
{
	static const char *const wanted[] = { "Version", "Package", "Files", "Missing", NULL };
	for (size_t size = 1; size <= sizeof(sample); size++) {
		for (int w = 0; w < 2; w++) {
			struct err e = { 0 };
			AUTO(buf_done) struct buf b = BUF_INIT(10000);
			AUTO(deb822_free)
			struct deb822 *d = deb822_new(w ? wanted : NULL, print, &b);
			for (size_t at = 0; at < sizeof(sample) - 1; at += size) {
				struct str part = { sample + at,
						    MIN(size, sizeof(sample) - 1 - at) };
				if (!deb822_feed(d, part, &e))
					fail_msg("%s", e.msg);
			}
			assert_true(deb822_end(d, &e));
			assert_string_equal(b.p, w ? some : all);
		}
	}
}

static bool refused(const char *text, enum err_code code, const char *says)
{
	static const char *const wanted[] = { "A", NULL };
	for (int w = 0; w < 2; w++) {
		struct err e = { 0 };
		AUTO(buf_done) struct buf b = BUF_INIT(10000);
		assert_false(deb822_text(str_of(text), w ? wanted : NULL, print, &b, &e));
		assert_int_equal(e.code, code);
		assert_non_null(strstr(e.msg, says));
	}
	return true;
}

static void bad(void **state)
{
	refused(" a: b\n", ERR_CORRUPT, "line 1 continues");
	refused("A: 1\n\n x\n", ERR_CORRUPT, "line 3 continues");
	refused("A: 1\nno colon\n", ERR_CORRUPT, "line 2 has no field name");
	refused("A: 1\n: 2\n", ERR_CORRUPT, "line 2 has no field name");
	refused("A: 1\nB: 2\na: 3\n", ERR_CORRUPT, "line 3 gives field 'a' again");
	refused("A: 1\n#\nA: 3\n", ERR_CORRUPT, "line 3 gives field 'A' again");
	struct err e = { 0 };
	AUTO(buf_done) struct buf b = BUF_INIT(10000);
	assert_false(deb822_text(STR_LIT("A b: 1\n"), NULL, print, &b, &e));
	assert_false(deb822_text(STR_LIT("-A: 1\n"), NULL, print, &b, &e));
}

static bool count(void *arg, const struct deb822_stanza *s, struct err *e)
{
	*(size_t *)arg += s->n;
	return true;
}

static void bounds(void **state)
{
	struct err e = { 0 };
	size_t n = 0;
	AUTO(buf_done) struct buf b = BUF_INIT(16u << 20);
	for (unsigned i = 0; i < DEB822_MAX_FIELDS; i++)
		buf_printf(&b, "F%u: x\n", i);
	assert_true(deb822_text(buf_str(&b), NULL, count, &n, &e));
	assert_int_equal(n, DEB822_MAX_FIELDS);
	buf_adds(&b, "More: x\n");
	assert_false(deb822_text(buf_str(&b), NULL, count, &n, &e));
	assert_int_equal(e.code, ERR_LIMIT);

	buf_reset(&b);
	buf_adds(&b, "Name: x\n");
	while (b.n < DEB822_MAX_STANZA - 2)
		buf_adds(&b, " y\n");
	assert_true(deb822_text(buf_str(&b), NULL, count, &n, &e));
	buf_adds(&b, " y\n y\n");
	assert_false(deb822_text(buf_str(&b), NULL, count, &n, &e));
	assert_int_equal(e.code, ERR_LIMIT);
	/* Without a line end, in small chunks: must not grow without limit. */
	AUTO(deb822_free) struct deb822 *d = deb822_new(NULL, count, &n);
	e = (struct err) { 0 };
	static char noise[65536];
	memset(noise, 'x', sizeof(noise));
	bool ok = true;
	size_t fed = 0;
	for (; ok && fed < 100; fed++)
		ok = deb822_feed(d, (struct str) { noise, sizeof(noise) }, &e);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_true(fed <= DEB822_MAX_STANZA / sizeof(noise) + 1);
}

static bool stop(void *arg, const struct deb822_stanza *s, struct err *e)
{
	return err_set(e, ERR_CONFLICT, "enough");
}

static void callback_stops(void **state)
{
	struct err e = { 0 };
	assert_false(deb822_text(STR_LIT("A: 1\n\nB: 2\n"), NULL, stop, NULL, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
}

static void helpers(void **state)
{
	struct str v = STR_LIT("a  b\n c\r\n d"), w;
	const char *want[] = { "a", "b", "c", "d" };
	for (size_t i = 0; i < 4; i++) {
		assert_true(deb822_word(&v, &w));
		assert_true(str_is(w, want[i]));
	}
	assert_false(deb822_word(&v, &w));
	v = STR_LIT("a  b\n c\r\n d");
	const char *lines[] = { "a  b", "c", "d" };
	for (size_t i = 0; i < 3; i++) {
		assert_true(deb822_line(&v, &w));
		assert_true(str_is(w, lines[i]));
	}
	assert_false(deb822_line(&v, &w));
}

enum { P_PACKAGE, P_VERSION, P_ARCHITECTURE, P_SIZE, P_SHA256 };
struct totals {
	size_t stanzas, rows;
	uint64_t size;
};

static bool add_row(void *arg, const struct deb822_stanza *s, struct err *e)
{
	struct totals *t = arg;
	uint64_t size = 0;
	t->stanzas++;
	if (str_to_u64(s->fields[P_SIZE].value, &size))
		t->size += size;
	t->rows += s->fields[P_PACKAGE].value.n && s->fields[P_VERSION].value.n &&
		   s->fields[P_SHA256].value.n == 64;
	return true;
}

/* Stanzas and the sum of sizes as expected_packages_parse.json of the samples gives them. */
static void archive(void **state)
{
	static const struct {
		const char *path;
		size_t stanzas;
		uint64_t size;
	} files[] = {
		{ "bookworm/main/binary-amd64/Packages.xz", 63440, 95257005352 },
		{ "bookworm-security/main/binary-amd64/Packages.xz", 3016, 34807670368 },
		{ "bookworm-updates/main/binary-amd64/Packages.xz", 38, 28371440 },
	};
	static const char *const wanted[] = { "Package", "Version", "Architecture",
					      "Size",	 "SHA256",  NULL };
	static char part[1 << 18];
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		AUTO(xfree)
		char *path = xasprintf("%s/feeds/debian/archive/%s", getenv("TSUKUROI_SHARED"),
				       files[i].path);
		AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			print_message("no sample '%s'\n", path);
			skip();
		}
		struct totals t = { 0 };
		struct err e = { 0 };
		AUTO(deb822_free) struct deb822 *d = deb822_new(wanted, add_row, &t);
		AUTO(unpack_free) struct unpack *u = NULL;
		size_t got = 1;
		assert_true(unpack_open_fd(fd, path, 200u << 20, 0, &u, &e));
		while (got) {
			assert_true(unpack_read(u, part, sizeof(part), &got, &e));
			assert_true(deb822_feed(d, (struct str) { part, got }, &e));
		}
		assert_true(deb822_end(d, &e));
		assert_int_equal(t.stanzas, files[i].stanzas);
		assert_int_equal(t.rows, files[i].stanzas);
		assert_int_equal(t.size, files[i].size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chunks),  cmocka_unit_test(bad),
		cmocka_unit_test(bounds),  cmocka_unit_test(callback_stops),
		cmocka_unit_test(helpers), cmocka_unit_test(archive),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
