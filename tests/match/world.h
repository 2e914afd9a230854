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

/* `text`, a line each:
 *   patch ID OS TYPE SEVERITY      deb NAME ARCH VERSION [ABOVE]      src NAME VERSION */
__attribute__((unused)) static struct catalog *world_catalog(struct str text)
{
	struct err e = { 0 };
	struct feed_info feed = { .id = STR_LIT("debian/test"),
				  .kind = STR_LIT("debian"),
				  .url = STR_LIT("file:///x"),
				  .released_ms = 1,
				  .signer = STR_LIT("") };
	AUTO(sink_free) struct sink *sink = sink_new(&feed);
	struct sha256 digest = digest_of(STR_LIT("x"));
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
		if (str_is(w[0], "patch") && n == 5) {
			struct patch p = { .id = w[1],
					   .vendor = STR_LIT("Debian"),
					   .os = w[2],
					   .product = STR_LIT("p"),
					   .version = STR_LIT("1"),
					   .title = STR_LIT("t"),
					   .suites = STR_LIT("test"),
					   .severity_raw = STR_LIT(""),
					   .superseded_by = CATALOG_NONE };
			assert_true(patch_type_parse(w[3], &p.type) &&
				    severity_parse(w[4], &p.severity));
			ok = sink_patch(sink, &p, &e);
		} else if (n >= 3) {
			bool src = str_is(w[0], "src");
			struct component c = { .kind = src ? COMPONENT_DEB_SRC : COMPONENT_DEB,
					       .name = w[1],
					       .arch = src ? STR_LIT("") : w[2],
					       .version = src ? w[2] : w[3],
					       .above = n > 4 ? w[4] : STR_LIT(""),
					       .superseded_by = CATALOG_NONE,
					       .archive = src ? CATALOG_NONE : 0,
					       .sha256 = digest,
					       .size = src ? 0 : 1,
					       .file = src ? STR_LIT("") : STR_LIT("pool/x.deb") };
			ok = sink_component(sink, &c, &e);
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
		while (str_is(w[0], "deb") && n < 6)
			w[n++] = STR_LIT("");
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
