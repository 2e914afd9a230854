/* SPDX-License-Identifier: Apache-2.0
 * G11: a vendor's document with its structure damaged is either refused with a reason, or gives
 * records of which every one is valid. A thousand mutations of a document of each kind; the same
 * ones every time. */
#include "base/file.h"
#include "feeds/lab/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define MUTATIONS 1000
#define MAX_DOCUMENT (256u << 10)

static uint64_t seed;
static uint64_t below(uint64_t n)
{
	seed ^= seed << 13; /* xorshift64 */
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return n ? seed % n : 0;
}

/* A stretch that means something: a line, "...", <...>, {...}, [...] or a run of digits. */
static struct str stretch(struct str s)
{
	static const char opens[] = "\n\"<{[", closes[] = "\n\">}]";
	size_t at = below(s.n), kind = below(sizeof(opens));
	if (kind == sizeof(opens) - 1) {
		while (at < s.n && (s.p[at] < '0' || s.p[at] > '9'))
			at++;
		size_t end = at;
		while (end < s.n && s.p[end] >= '0' && s.p[end] <= '9')
			end++;
		return (struct str) { s.p + at, end - at };
	}
	while (at < s.n && s.p[at] != opens[kind])
		at++;
	size_t end = MIN(at + 1, s.n), depth = 1;
	for (; end < s.n && depth > 0; end++)
		if (s.p[end] == closes[kind])
			depth--;
		else if (s.p[end] == opens[kind])
			depth++;
	return (struct str) { s.p + at, end - at };
}

static struct str replacement(struct str was)
{
	static char longest[5000];
	static const char *const texts[] = { "",     "0",	"-1",  "99999999999999999999",
					     "null", "{}",	"[]",  "\"\"",
					     "true", "[[[[]]]", "1e9", "\"../../etc/passwd\"",
					     "<a>",  "\x01",	"\xff" };
	size_t turn = below(ARRAY_LEN(texts) + 2);
	if (turn < ARRAY_LEN(texts))
		return str_of(texts[turn]);
	if (turn == ARRAY_LEN(texts))
		return was;
	memset(longest, 'A', sizeof(longest));
	return (struct str) { longest, sizeof(longest) };
}

static void mutate(struct str s, struct buf *out)
{
	struct str a = stretch(s), b = stretch(s);
	size_t from = (size_t)(a.p - s.p), to = from + a.n;
	buf_reset(out);
	switch (below(6)) {
	case 0: /* gone */
		buf_add(out, s.p, from);
		buf_add(out, s.p + to, s.n - to);
		break;
	case 1: /* twice */
		buf_add(out, s.p, to);
		buf_add(out, s.p + from, s.n - from);
		break;
	case 2: /* another one in its place */
		buf_add(out, s.p, from);
		buf_add(out, b.p, b.n);
		buf_add(out, s.p + to, s.n - to);
		break;
	case 3: /* something that does not belong there */
		buf_add(out, s.p, from);
		buf_addstr(out, replacement(a));
		buf_add(out, s.p + to, s.n - to);
		break;
	case 4: /* cut off */ buf_add(out, s.p, below(s.n)); break;
	default: /* inside itself */
		buf_add(out, s.p, from + a.n / 2);
		buf_add(out, s.p + from, s.n - from);
	}
}

static void valid(const struct catalog *c, const char *what)
{
	for (uint32_t i = 0; i < c->n_patches; i++) {
		const struct patch *p = &c->patches[i];
		if (p->id.n == 0 || p->type >= PATCH_TYPES_ || p->severity >= SEVERITIES_ ||
		    p->first_component + p->components > c->n_components || p->released_ms < 0 ||
		    p->size < 0 || catalog_find(c, p->id) != i)
			fail_msg("%s: patch '%.*s' is not valid", what, STR_ARG(p->id));
	}
	for (uint32_t i = 0; i < c->n_components; i++) {
		const struct component *k = &c->components[i];
		if (k->kind >= COMPONENT_KINDS_ || k->name.n == 0 || k->size < 0 ||
		    k->patch >= c->n_patches ||
		    (k->superseded_by != CATALOG_NONE && k->superseded_by >= c->n_components) ||
		    (k->archive != CATALOG_NONE && k->archive >= c->n_archives) ||
		    str_find(k->file, '\n') >= 0 || str_starts(k->file, "/") ||
		    strstr(k->file.p, "../"))
			fail_msg("%s: component '%.*s' is not valid", what, STR_ARG(k->name));
	}
	for (uint32_t i = 0; i < c->n_advisories; i++)
		if (c->advisories[i].id.n == 0 || c->advisories[i].severity >= SEVERITIES_)
			fail_msg("%s: advisory '%.*s' is not valid", what,
				 STR_ARG(c->advisories[i].id));
}

static const struct document {
	const char *kind, *file; /* below fuzz/corpus */
} documents[] = {
	{ "debian", "feeds_debian_packages/small" },
	{ "debian-dsa", "feeds_debian_dsa/small" },
	{ "debian-tracker", "feeds_json_stream/tracker" },
	{ "updateinfo", "feeds_rpm_updateinfo/a.xml" },
	{ "osv", "feeds_json_routes/osv" },
	{ "osv", "feeds_json_routes/osv_many" },
	{ "usn", "feeds_json_routes/usn" },
	{ "csaf", "feeds_json_routes/csaf" },
	{ "csaf", "feeds_json_routes/vex" },
	{ "alpine-secdb", "feeds_json_routes/secdb" },
};

static void one_document(const struct document *d, const char *path, int fd)
{
	struct err e = { 0 };
	AUTO(xfree)
	char *source = xasprintf("%s/fuzz/corpus/%s", getenv("TSUKUROI_SOURCE"), d->file);
	AUTO(buf_done) struct buf original = BUF_INIT(MAX_DOCUMENT), text = BUF_INIT(MAX_DOCUMENT);
	struct lab_options opt = { .suite = "bookworm", .os = "almalinux:9" };
	int refused = 0, taken = 0;
	if (!file_read(source, &original, &e))
		fail_msg("%s", e.msg);
	seed = 0x9e3779b97f4a7c15;
	for (int i = 0; i <= MUTATIONS; i++) {
		struct generation *g = NULL;
		size_t n = 0;
		AUTO(catalog_unref) struct catalog *c = NULL;
		buf_reset(&text);
		if (i == 0)
			buf_addstr(&text, buf_str(&original));
		else
			mutate(buf_str(&original), &text);
		if (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0 ||
		    !file_write_fd(fd, buf_str(&text), path, &e))
			fail_msg("%s", e.msg);
		e = (struct err) { 0 };
		if (!feeds_lab_generation(d->kind, &path, 1, &opt, &g, &n, &e)) {
			if (i == 0 || e.msg[0] == '\0')
				fail_msg("%s, mutation %d: '%s'", d->file, i, e.msg);
			refused++;
			continue;
		}
		bool built = catalog_build(g, n, &c, &e);
		feeds_lab_generations_free(g, n);
		if (!built)
			fail_msg("%s, mutation %d: records nobody checked: %s", d->file, i, e.msg);
		valid(c, d->file);
		taken++;
	}
	print_message("%s %s: %d refused, %d valid\n", d->kind, d->file, refused, taken);
	assert_true(refused > MUTATIONS / 20 && taken > MUTATIONS / 20);
}

static void a_thousand_mutations_of_each_kind(void **state)
{
	char path[40];
	int fd = memfd_create("document", MFD_CLOEXEC);
	assert_true(fd >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (size_t i = 0; i < ARRAY_LEN(documents); i++)
		one_document(&documents[i], path, fd);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_thousand_mutations_of_each_kind) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
