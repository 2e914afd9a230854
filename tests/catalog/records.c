/* SPDX-License-Identifier: Apache-2.0
 * Record documents: what is written reads back alike, what is not canonical is refused (F37). */
#include "catalog/records.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct err e;
#define S(text) STR_LIT(text)

static struct record sample(enum record_kind kind)
{
	struct record r = { .kind = kind };
	switch (kind) {
	case RECORD_FEED:
		r.feed = (struct feed_info) { .id = S("debian/x"),
					      .kind = S("debian"),
					      .url = S("http://h/d"),
					      .signer = S("ABCD Some One"),
					      .is_signed = true,
					      .released_ms = 12345 };
		break;
	case RECORD_ARCHIVE:
		r.archive = (struct archive) { .id = S("debian"),
					       .url = S("http://h/d"),
					       .suite = S("x"),
					       .release_components = S("main contrib"),
					       .keyring = S("/k.gpg"),
					       .os = S("debian:12") };
		break;
	case RECORD_ARCHIVE_FILE:
		r.file = (struct archive_file) { .path = S("dists/x/InRelease"),
						 .sha256 = digest_of(S("a")),
						 .size = 1 };
		break;
	case RECORD_PATCH:
		r.patch = (struct patch) { .id = S("debian:12:a:1"),
					   .vendor = S("Debian"),
					   .os = S("debian:12"),
					   .product = S("a"),
					   .version = S("1"),
					   .title = S("a 1 \xe7\xb9\x95"),
					   .suites = S("x y"),
					   .type = PATCH_TYPE_SECURITY,
					   .severity = SEVERITY_IMPORTANT,
					   .severity_raw = S("high"),
					   .severity_derived = true,
					   .reboot = REBOOT_MAY,
					   .bulletin = S("USN-1-1"),
					   .url = S("https://h/USN-1-1"),
					   .cves = S("CVE-1 CVE-2"),
					   .availability = S("esm-infra"),
					   .released_ms = 7 };
		break;
	case RECORD_COMPONENT:
		r.component = (struct component) { .kind = COMPONENT_DEB,
						   .name = S("a"),
						   .arch = S("amd64"),
						   .version = S("1:1~+b1"),
						   .above = S("*"),
						   .module = S("nodejs:18"),
						   .by_default = true,
						   .hotfix = true,
						   .file = S("pool/a.deb"),
						   .sha256 = digest_of(S("b")),
						   .size = 99,
						   .archive = 0 };
		break;
	case RECORD_ADVISORY:
		r.advisory = (struct advisory) { .id = S("DSA-1-1"),
						 .title = S("t"),
						 .os = S("debian:12"),
						 .product = S("a"),
						 .fixed = S("1"),
						 .cves = S("CVE-1 CVE-2"),
						 .url = S("https://h/"),
						 .severity = SEVERITY_LOW,
						 .severity_raw = S("low"),
						 .kind = COMPONENT_DEB_SRC,
						 .status = S("no-dsa"),
						 .vendor = S("Debian"),
						 .released_ms = -0 };
		break;
	}
	return r;
}

static const enum record_kind kinds[] = { RECORD_FEED,	RECORD_ARCHIVE,	  RECORD_ARCHIVE_FILE,
					  RECORD_PATCH, RECORD_COMPONENT, RECORD_ADVISORY };

static void round_trip(void **state)
{
	AUTO(buf_done) struct buf a = BUF_INIT(10000), b = BUF_INIT(10000), text = BUF_INIT(10000);
	buf_adds(&a, RECORDS_HEADER);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct record r = sample(kinds[i]);
		assert_true(records_add(&a, &r, &e));
	}
	buf_addstr(&text, buf_str(&a));
	buf_adds(&b, RECORDS_HEADER);
	struct records_reader reader;
	struct record r;
	bool more = true;
	size_t n = 0;
	assert_true(records_begin(&reader, text.p, text.n, &e));
	while (records_next(&reader, &r, &more, &e) && more) {
		assert_int_equal(r.kind, kinds[n++]);
		assert_true(records_add(&b, &r, &e));
	}
	assert_false(more);
	assert_int_equal(n, ARRAY_LEN(kinds));
	assert_string_equal(a.p, b.p);
	buf_done(&b);
}

static void refused_to_write(struct record r, const char *field)
{
	AUTO(buf_done) struct buf b = BUF_INIT(10000);
	buf_adds(&b, "x");
	assert_false(records_add(&b, &r, &e));
	assert_int_equal(e.code, ERR_CORRUPT);
	assert_non_null(strstr(e.msg, field));
	assert_int_equal(b.n, 1);
}

static void bad_values_are_not_written_F37(void **state)
{
	struct record r = sample(RECORD_PATCH);
	r.patch.title = S("a\tb");
	refused_to_write(r, "title");
	r.patch.title = S("a\nb");
	refused_to_write(r, "title");
	r.patch.title = S("a\xff");
	refused_to_write(r, "title");
	r = sample(RECORD_PATCH);
	r.patch.product = S("");
	refused_to_write(r, "product");
	r = sample(RECORD_COMPONENT);
	r.component.file = S("pool/../../etc/passwd");
	refused_to_write(r, "file");
	r.component.file = S("/etc/passwd");
	refused_to_write(r, "file");
	r.component.file = S("a\\b");
	refused_to_write(r, "file");
	r = sample(RECORD_COMPONENT);
	r.component.size = -1;
	refused_to_write(r, "size");
	r = sample(RECORD_COMPONENT);
	r.component.name = S("a b");
	refused_to_write(r, "name");
	r = sample(RECORD_COMPONENT);
	r.component.archive = CATALOG_NONE;
	refused_to_write(r, "archive");
}

static bool reads(const char *body)
{
	AUTO(xfree) char *text = xasprintf("%s%s", RECORDS_HEADER, body);
	struct records_reader reader;
	struct record r;
	bool more = true;
	if (!records_begin(&reader, text, strlen(text), &e))
		return false;
	while (more)
		if (!records_next(&reader, &r, &more, &e))
			return false;
	return true;
}

#define FEED "F\tdebian/x\tdebian\thttp://h\t0\t0\t\n"
#define PATCH "P\tdebian:12:a:1\tDebian\tdebian:12\ta\t1\ta 1\tx\trollup\tunrated\t\t0\tnever\t0\n"
#define DEB "C\tdeb\ta\tamd64\t1\t\t\t\t\t\n"

static void bad_documents_are_refused_F37(void **state)
{
	assert_true(reads(FEED));
	assert_true(reads(FEED PATCH DEB));
	assert_false(reads(""));
	assert_false(reads(PATCH));					 /* no feed record */
	assert_false(reads(FEED FEED));					 /* twice */
	assert_false(reads(FEED DEB));					 /* component of nothing */
	assert_false(reads(FEED PATCH "C\tdeb\ta\tamd64\t1\t\t\t\t\t")); /* cut off */
	assert_false(reads(FEED PATCH "\n"));
	assert_false(reads(FEED PATCH "Q\tx\n"));
	assert_false(reads(FEED PATCH "C\tdeb\ta\tamd64\t1\t\t\t\t\n")); /* a field less */
	assert_false(
		reads(FEED PATCH "C\tdeb\ta\tamd64\t1\t\t\t\t\t\t\t\t\t\n")); /* a field more */
	assert_true(reads(FEED PATCH "C\trpm\ta\tamd64\t1\t\t\t\t\t\tm:1\t1\n"));
	assert_false(reads(FEED PATCH "C\trpm\ta\tamd64\t1\t\t\t\t\t\tm:1\t0\n"));
	assert_true(reads(FEED PATCH "C\trpm\ta\tamd64\t1\t\t\t\t\t\t\t\t1\n"));
	assert_false(reads(FEED PATCH "C\trpm\ta\tamd64\t1\t\t\t\t\t\t\t\tyes\n"));
	assert_true(reads(FEED "R\ta\thttp://h\tx\t\t\tol:8\n"));
	assert_true(reads(FEED "R\ta\thttp://h\tx\t\t\tol:8\t1\n"));
	assert_false(reads(FEED "R\ta\thttp://h\tx\t\t\tol:8\tyes\n"));
	assert_false(reads(FEED PATCH "C\tpkg\ta\tamd64\t1\t\t\t\t\t\n"));
	assert_false(
		reads(FEED PATCH "C\tdeb\ta\tamd64\t1\t\tf\t00\t1\t0\n")); /* digest, archive */
	assert_false(reads("F\tdebian/x\tdebian\thttp://h\t007\t0\t\n"));
	assert_false(reads("F\tdebian/x\tdebian\thttp://h\t0\tyes\t\n"));
	assert_false(reads("F\tdebian/x\tdebian\thttp://h\t0\t0\t\x01\n"));
	assert_false(reads("F\tdebian/x\tdebian\thttp://h\t0\t0\t\xc3\n"));
	struct records_reader reader;
	char other[] = "tsukuroi-catalog 2\n";
	assert_false(records_begin(&reader, other, strlen(other), &e));
	assert_false(records_begin(&reader, other, 3, &e));
}

static void full_document_is_a_limit(void **state)
{
	AUTO(buf_done) struct buf b = BUF_INIT(40);
	struct record r = sample(RECORD_PATCH);
	assert_false(records_add(&b, &r, &e));
	assert_int_equal(e.code, ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(bad_values_are_not_written_F37),
		cmocka_unit_test(bad_documents_are_refused_F37),
		cmocka_unit_test(full_document_is_a_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
