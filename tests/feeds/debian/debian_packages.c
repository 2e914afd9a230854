/* SPDX-License-Identifier: Apache-2.0
 * Packages indices: exactly what the independent parser found, the same however the bytes come, and
 * nothing half-read when an index is broken (F36, F37). */
#include "../samples.h"
#include "feeds/debian/debian_int.h"

#include <lzma.h>

static struct err e;

struct rows {
	struct arena arena;
	VEC(struct str) rows;
	int64_t size;
};

static bool take_row(void *arg, const struct debian_offer *o, struct err *err)
{
	struct rows *r = arg;
	char hex[SHA256_HEX];
	VEC_PUSH(&r->rows,
		 str_of(arena_printf(&r->arena, "%.*s\t%.*s\t%.*s\t%s\n", STR_ARG(o->package),
				     STR_ARG(o->version), STR_ARG(o->architecture),
				     digest_hex(&o->sha256, hex))));
	r->size += o->size;
	return true;
}

static int by_bytes(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* As expected_packages_parse.json computes it: digest of the sorted rows. */
static void equals_expected_parse(void **state)
{
	static const struct {
		const char *file, *digest;
		size_t stanzas;
		int64_t size;
	} expected[] = {
		{ "archive/bookworm-security/main/binary-amd64/Packages.xz",
		  "533582c7ae35348edfb295fdacaf654935ddede321adbab5cdcaf359c6f18501", 3016,
		  34807670368 },
		{ "archive/bookworm-updates/main/binary-amd64/Packages.xz",
		  "1e50b7810dc9669e5ff91a3fc4496b44c8008a337237b74f52c4c1f44be18f56", 38,
		  28371440 },
		{ "archive/bookworm/main/binary-amd64/Packages.xz",
		  "0a8408af048b59326b5975e3e20686289da7c76e63704070561a850c39dacfd2", 63440,
		  95257005352 },
	};
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		struct rows r = { 0 };
		AUTO(buf_done)
		struct buf raw = BUF_INIT(DEBIAN_MAX_INDEX), all = BUF_INIT(64u << 20);
		AUTO(unpack_free) struct unpack *u = NULL;
		char hex[SHA256_HEX];
		assert_true(file_read(sample(expected[i].file), &raw, &e));
		assert_true(unpack_open_mem(buf_str(&raw), "x", DEBIAN_MAX_INDEX_PLAIN, 0, &u, &e));
		if (!debian_packages_read(u, "x", take_row, &r, &e))
			fail_msg("%s", e.msg);
		qsort(r.rows.p, r.rows.n, sizeof(*r.rows.p), by_bytes);
		for (size_t k = 0; k < r.rows.n; k++)
			buf_addstr(&all, r.rows.p[k]);
		struct sha256 d = digest_of(buf_str(&all));
		assert_int_equal(r.rows.n, expected[i].stanzas);
		assert_int_equal(r.size, expected[i].size);
		assert_string_equal(digest_hex(&d, hex), expected[i].digest);
		VEC_DONE(&r.rows);
		arena_done(&r.arena);
	}
}

static const char stanza[] =
	"Package: a\nVersion: 1:2-3+b1\nArchitecture: amd64\nSource: src (1:2-3)\n"
	"Description: x\n Much of an index is text that no field of ours comes from; a change in it\n "
	"leaves the records as they are, and so most of these changes must.\n"
	"Depends: libc6 (>= 2.36), libgcc-s1 (>= 3.4), libstdc++6 (>= 11)\nFilename: pool/a.deb\nSize: 10\nSHA256: "
	"533582c7ae35348edfb295fdacaf654935ddede321adbab5cdcaf359c6f18501\n\n";

static bool keep_offer(void *arg, const struct debian_offer *o, struct err *err)
{
	struct debian_group *g = arg;
	return debian_group_add(g, o, err);
}

static bool parse(struct str text, size_t step, struct debian_group *g)
{
	AUTO(debian_packages_free) struct debian_packages *p = debian_packages_new(keep_offer, g);
	for (size_t at = 0; at < text.n; at += step)
		if (!debian_packages_feed(p, (struct str) { text.p + at, MIN(text.n - at, step) },
					  &e))
			return false;
	return debian_packages_end(p, &e);
}

static bool parses(const char *from, const char *to)
{
	AUTO(debian_group_free) struct debian_group *g = debian_group_new();
	AUTO(buf_done) struct buf b = BUF_INIT(10000);
	const char *at = strstr(stanza, from);
	assert_non_null(at);
	buf_add(&b, stanza, (size_t)(at - stanza));
	buf_adds(&b, to);
	buf_adds(&b, at + strlen(from));
	return parse(buf_str(&b), 1000, g);
}

static void one_bad_field_spoils_the_index_F37(void **state)
{
	assert_true(parses("Package: a", "Package: a"));
	assert_false(parses("Package: a\n", ""));
	assert_non_null(strstr(e.msg, "'Package' is missing"));
	assert_false(parses("Package: a", "Package: A_b"));
	assert_false(parses("Version: 1:2-3+b1", "Version: 1 2"));
	assert_false(parses("Version: 1:2-3+b1", "Version:"));
	assert_false(parses("Architecture: amd64", "Architecture: ../x"));
	assert_false(parses("src (1:2-3)", "src (1:2-3"));
	assert_false(parses("src (1:2-3)", "src ()"));
	assert_false(parses("Filename: pool/a.deb\n", ""));
	assert_false(parses("Size: 10", "Size: -1"));
	assert_false(parses("Size: 10", "Size: 99999999999999999999"));
	assert_false(parses("533582", "53358"));
	assert_false(parses("SHA256", "MD5sum")); /* A16: nothing weaker counts */
	assert_true(parses("src (1:2-3)", "src"));
}

/* The group's records; they live in *sink_out (sink_free). */
static bool records_of(struct debian_group *g, struct sink **sink_out, struct generation *out)
{
	struct debian_release r = { 0 };
	struct feed_info feed = { .id = STR_LIT("debian/x"),
				  .kind = STR_LIT("debian"),
				  .url = STR_LIT("f"),
				  .signer = STR_LIT("") };
	struct archive a = { .id = STR_LIT("x"),
			     .url = STR_LIT("f"),
			     .suite = STR_LIT("x"),
			     .release_components = STR_LIT(""),
			     .keyring = STR_LIT(""),
			     .os = STR_LIT("debian:12") };
	*sink_out = sink_new(&feed);
	assert_true(debian_release_of_name("bookworm", &r, &e) && sink_archive(*sink_out, &a, &e));
	bool good = debian_group_emit(g, &r, *sink_out, &e);
	if (good)
		assert_true(sink_finish(*sink_out, &out->records, &out->feed, &e));
	debian_release_done(&r);
	return good;
}

static struct sha256 digest_of_group(struct debian_group *g)
{
	AUTO(sink_free) struct sink *s = NULL;
	struct generation gen;
	assert_true(records_of(g, &s, &gen));
	return gen.feed.digest;
}

static void two_threads_and_any_chunks_give_the_same_records(void **state)
{
	static const size_t steps[] = { 1, 7, 4096, 1u << 30 };
	AUTO(buf_done) struct buf raw = BUF_INIT(DEBIAN_MAX_INDEX), text = BUF_INIT(64u << 20);
	AUTO(unpack_free) struct unpack *u = NULL, *again = NULL;
	AUTO(debian_group_free) struct debian_group *g = debian_group_new();
	assert_true(file_read(sample("archive/bookworm-security/main/binary-amd64/Packages.xz"),
			      &raw, &e));
	assert_true(unpack_open_mem(buf_str(&raw), "x", DEBIAN_MAX_INDEX_PLAIN, 0, &u, &e));
	assert_true(debian_packages_read(u, "x", keep_offer, g, &e));
	struct sha256 want = digest_of_group(g);
	assert_true(unpack_open_mem(buf_str(&raw), "x", DEBIAN_MAX_INDEX_PLAIN, 0, &again, &e));
	for (size_t got = 1; got; text.n += got)
		assert_true(unpack_read(again, buf_reserve(&text, 65536), 65536, &got, &e));
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		AUTO(debian_group_free) struct debian_group *h = debian_group_new();
		assert_true(parse(buf_str(&text), steps[i], h));
		struct sha256 is = digest_of_group(h);
		assert_true(digest_eq(&is, &want));
	}
}

static void same_package_twice_counts_once(void **state)
{
	AUTO(debian_group_free) struct debian_group *g = debian_group_new();
	AUTO(xfree) char *twice = xasprintf("%s%s", stanza, stanza);
	assert_true(parse(str_of(twice), 100, g));
	assert_int_equal(debian_group_offers(g), 1);
	twice[strlen(stanza) + strlen(stanza) - 5] ^= 1; /* another digest */
	AUTO(debian_group_free) struct debian_group *h = debian_group_new();
	assert_false(parse(str_of(twice), 100, h));
	assert_non_null(strstr(e.msg, "different content"));
}

/* Structural mutations (F37): an index either fails as a whole or gives a valid document. */
static void mutated_index_is_refused_or_valid_F37(void **state)
{
	uint64_t seed = 42;
	size_t refused = 0, valid = 0;
	AUTO(buf_done) struct buf base = BUF_INIT(100000);
	for (int i = 0; i < 5; i++) {
		AUTO(xfree) char *s = xstrdup(stanza);
		s[9] = (char)('a' + i);
		buf_adds(&base, s);
	}
	for (int i = 0; i < 1000; i++) {
		AUTO(buf_done) struct buf b = BUF_INIT(200000);
		AUTO(debian_group_free) struct debian_group *g = debian_group_new();
		buf_addstr(&b, buf_str(&base));
		for (int k = 0; k <= i % 3; k++) {
			seed = seed * 6364136223846793005ull + 1442695040888963407ull;
			size_t at = (size_t)(seed >> 33) % b.n;
			switch (seed >> 20 & 3) {
			case 0: b.p[at] = "\n: \t(~/\xff"[seed >> 24 & 7]; break;
			case 1: b.n = at + 1; break;
			case 2: b.p[at] ^= (char)(1 << (seed >> 24 & 7)); break;
			default: memmove(b.p + at, b.p + at + 1, b.n - at - 1); b.n--;
			}
		}
		if (!parse(buf_str(&b), 64, g)) {
			assert_true(e.code == ERR_CORRUPT || e.code == ERR_LIMIT);
			refused++;
			continue;
		}
		AUTO(sink_free) struct sink *s = NULL;
		struct generation gen;
		struct catalog *c;
		if (records_of(g, &s, &gen)) {
			assert_true(catalog_build(&gen, 1, &c, &e));
			catalog_unref(c);
			valid++;
		} else {
			assert_int_equal(e.code, ERR_CORRUPT);
			refused++;
		}
	}
	assert_true(refused > 100 && valid > 100);
}

static void bomb_and_damaged_xz_are_refused_F36(void **state)
{
	size_t n = 400u << 20, packed_max = 1u << 20, packed = 0;
	AUTO(xfree) uint8_t *out = xmalloc(packed_max), *chunk = xmalloc(1u << 20);
	lzma_stream z = LZMA_STREAM_INIT;
	memset(chunk, '\n', 1u << 20); /* empty lines: a parser has nothing against them */
	assert_int_equal(lzma_easy_encoder(&z, 0, LZMA_CHECK_CRC32), LZMA_OK);
	z.next_out = out;
	z.avail_out = packed_max;
	for (size_t done = 0; done < n; done += 1u << 20) {
		z.next_in = chunk;
		z.avail_in = 1u << 20;
		assert_int_equal(lzma_code(&z, LZMA_RUN), LZMA_OK);
	}
	assert_int_equal(lzma_code(&z, LZMA_FINISH), LZMA_STREAM_END);
	packed = packed_max - z.avail_out;
	lzma_end(&z);
	AUTO(debian_group_free) struct debian_group *g = debian_group_new();
	AUTO(unpack_free) struct unpack *u = NULL, *cut = NULL;
	struct str bytes = { (const char *)out, packed };
	assert_true(unpack_open_mem(bytes, "bomb", DEBIAN_MAX_INDEX_PLAIN, 0, &u, &e));
	assert_false(debian_packages_read(u, "bomb", keep_offer, g, &e));
	assert_int_equal(e.code, ERR_LIMIT);
	AUTO(buf_done) struct buf raw = BUF_INIT(DEBIAN_MAX_INDEX);
	assert_true(file_read(sample("archive/bookworm-updates/main/binary-amd64/Packages.xz"),
			      &raw, &e));
	raw.n -= 100;
	assert_true(unpack_open_mem(buf_str(&raw), "cut", DEBIAN_MAX_INDEX_PLAIN, 0, &cut, &e));
	assert_false(debian_packages_read(cut, "cut", keep_offer, g, &e));
	assert_int_equal(e.code, ERR_CORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equals_expected_parse),
		cmocka_unit_test(one_bad_field_spoils_the_index_F37),
		cmocka_unit_test(two_threads_and_any_chunks_give_the_same_records),
		cmocka_unit_test(same_package_twice_counts_once),
		cmocka_unit_test(mutated_index_is_refused_or_valid_F37),
		cmocka_unit_test(bomb_and_damaged_xz_are_refused_F36),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
