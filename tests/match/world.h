/* SPDX-License-Identifier: Apache-2.0
 * Small worlds for the tests of this room: catalogs from a few lines through the real sink and
 * catalog_build(), hosts from inventory lines through the real fleet. */
#ifndef TESTS_MATCH_WORLD_H
#define TESTS_MATCH_WORLD_H
#include "base/vec.h"
#include "catalog/catalog.h"
#include "catalog/sink.h"
#include "match/explain.h"
#include "match/match.h"
#include "proto/inventory.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MAX_WORDS 8

__attribute__((unused)) static int64_t world_now(void *arg)
{
	return 1700000000000;
}
__attribute__((unused)) static const struct clock world_clock = { world_now, NULL };

/* Words of a line; "-" stands for an empty one. */
__attribute__((unused)) static size_t words_of(struct str line, struct str *out)
{
	size_t n = 0;
	struct str word;
	line = str_trim(line);
	while (n < MAX_WORDS && line.n > 0 && str_split(&line, ' ', &word)) {
		line = str_trim(line);
		out[n++] = str_is(word, "-") ? STR_LIT("") : word;
	}
	return n;
}

/* A component line:
 *   deb NAME ARCH VERSION [ABOVE]      src NAME VERSION       rpm NAME ARCH EVR [MODULE
 * [default|hotfix]] apk NAME ARCH VERSION              apksrc NAME VERSION */
__attribute__((unused)) static bool world_component(const struct str *w, size_t n,
						    struct component *out)
{
	static const struct {
		const char *word, *file;
		enum component_kind kind;
	} kinds[] = {
		{ "deb", "pool/x.deb", COMPONENT_DEB },	    { "src", "", COMPONENT_DEB_SRC },
		{ "rpm", "Packages/x.rpm", COMPONENT_RPM }, { "apk", "x.apk", COMPONENT_APK },
		{ "apksrc", "", COMPONENT_APK_SRC },
	};
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		bool source = component_is_source(kinds[i].kind);
		if (!str_is(w[0], kinds[i].word) || n < (source ? 3u : 4u))
			continue;
		struct str more = n > 4 ? w[4] : STR_LIT(""), none = STR_LIT("");
		bool rpm = kinds[i].kind == COMPONENT_RPM;
		*out = (struct component) { .kind = kinds[i].kind,
					    .name = w[1],
					    .arch = source ? none : w[2],
					    .version = source ? w[2] : w[3],
					    .above = rpm ? none : more,
					    .module = rpm ? more : none,
					    .by_default = rpm && n > 5 && str_is(w[5], "default"),
					    .hotfix = rpm && n > 5 && str_is(w[5], "hotfix"),
					    .superseded_by = CATALOG_NONE,
					    .archive = source ? CATALOG_NONE : 0,
					    .sha256 = digest_of(STR_LIT("x")),
					    .size = source ? 0 : 1,
					    .file = str_of(kinds[i].file) };
		return true;
	}
	return false;
}

/* `text`, a line each: components of the patch before them, and
 *   patch ID OS TYPE SEVERITY [AVAILABILITY [BULLETIN]]
 *   notice ID OS PRODUCT KIND STATUS          one that nothing fixes yet */
__attribute__((unused)) static struct catalog *world_catalog(struct str text)
{
	struct err e = { 0 };
	struct feed_info feed = { .id = STR_LIT("debian/test"),
				  .kind = STR_LIT("debian"),
				  .url = STR_LIT("file:///x"),
				  .released_ms = 1,
				  .signer = STR_LIT("") };
	AUTO(sink_free) struct sink *sink = sink_new(&feed);
	struct archive archive = { .id = STR_LIT("debian"),
				   .url = STR_LIT("file:///x"),
				   .suite = STR_LIT("test"),
				   .release_components = STR_LIT("main"),
				   .keyring = STR_LIT("/usr/share/keyrings/x.gpg"),
				   .os = STR_LIT("debian:12") };
	if (!sink_archive(sink, &archive, &e))
		fail_msg("archive: %s", e.msg);
	struct str line, w[MAX_WORDS];
	while (text.n > 0 && str_line(&text, &line)) {
		size_t n = words_of(line, w);
		if (n == 0 || w[0].p[0] == '#')
			continue;
		bool ok = false;
		struct component component;
		if (str_is(w[0], "patch") && n >= 5) {
			struct patch p = { .id = w[1],
					   .vendor = STR_LIT("Debian"),
					   .os = w[2],
					   .product = STR_LIT("p"),
					   .version = STR_LIT("1"),
					   .title = STR_LIT("t"),
					   .suites = STR_LIT("test"),
					   .severity_raw = STR_LIT(""),
					   .availability = n > 5 ? w[5] : STR_LIT(""),
					   .bulletin = n > 6 ? w[6] : STR_LIT(""),
					   .superseded_by = CATALOG_NONE };
			assert_true(patch_type_parse(w[3], &p.type) &&
				    severity_parse(w[4], &p.severity));
			ok = sink_patch(sink, &p, &e);
		} else if (str_is(w[0], "notice") && n == 6) {
			struct advisory a = { .id = w[1],
					      .title = w[1],
					      .os = w[2],
					      .product = w[3],
					      .fixed = STR_LIT(""),
					      .cves = w[1],
					      .url = STR_LIT(""),
					      .severity_raw = STR_LIT(""),
					      .status = w[5],
					      .vendor = STR_LIT("V") };
			assert_true(component_kind_parse(w[4], &a.kind));
			ok = sink_advisory(sink, &a, &e);
		} else if (world_component(w, n, &component)) {
			ok = sink_component(sink, &component, &e);
		}
		if (!ok)
			fail_msg("%.*s: %s", STR_ARG(line), e.msg);
	}
	struct generation g = { 0 };
	struct catalog *c = NULL;
	if (!sink_finish(sink, &g.records, &g.feed, &e) || !catalog_build(&g, 1, &c, &e))
		fail_msg("catalog: %s", e.msg);
	return c;
}

/* Inventory lines (words instead of tabs, "-" = empty) as canonical text. */
__attribute__((unused)) static void world_inventory(struct str text, struct buf *out)
{
	struct err e = { 0 };
	AUTO(inventory_free) struct inventory *i = inventory_new();
	struct str line, w[MAX_WORDS];
	while (text.n > 0 && str_line(&text, &line)) {
		size_t n = words_of(line, w);
		if (n == 0)
			continue;
		size_t full = str_is(w[0], "deb") ? 6 : str_is(w[0], "rpm") ? 7 : 0;
		full = str_is(w[0], "apk") ? 5 : full;
		while (n < full)
			w[n++] = STR_LIT("");
		if (str_is(w[0], "subscription") && n > 2) { /* the rest is one field */
			w[2].n = (size_t)(w[n - 1].p + w[n - 1].n - w[2].p);
			n = 3;
		}
		if (!inventory_add(i, w, n, &e))
			fail_msg("%.*s: %s", STR_ARG(line), e.msg);
	}
	assert_true(inventory_text(i, out, &e));
}

__attribute__((unused)) static uint32_t world_host(struct fleet *f, const char *id)
{
	struct err e = { 0 };
	struct host_attrs attrs = { .hostname = (char *)id };
	uint32_t no = 0;
	if (!fleet_enrol(f, id, "local", &attrs, NULL, &no, &e))
		fail_msg("%s", e.msg);
	return no;
}

__attribute__((unused)) static void world_scan(struct fleet *f, uint32_t host, struct str lines)
{
	struct err e = { 0 };
	AUTO(buf_done) struct buf text = BUF_INIT(INVENTORY_MAX);
	world_inventory(lines, &text);
	if (!fleet_put_inventory(f, host, buf_str(&text), world_now(NULL), &e))
		fail_msg("%s", e.msg);
}
#endif
