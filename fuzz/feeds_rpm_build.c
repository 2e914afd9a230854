/* SPDX-License-Identifier: Apache-2.0
 * A repository's files into records. The bytes are offered as modules.yaml, as primary.xml and as
 * updateinfo.xml. Property: what was accepted makes a catalog. */
#include "catalog/catalog.h"
#include "feeds/rpm/rpm_build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct unpack *open_bytes(const uint8_t *data, size_t size)
{
	struct err e;
	struct unpack *u = NULL;
	return unpack_open_mem((struct str) { (const char *)data, size }, "x", 1u << 20, 0, &u, &e)
		       ? u
		       : NULL;
}

/* False when records are left half written: such a generation is dropped. */
static bool feed_all(struct rpm_build *b, const uint8_t *data, size_t size)
{
	struct err e;
	AUTO(unpack_free)
	struct unpack *m = open_bytes(data, size), *p = open_bytes(data, size),
		      *u = open_bytes(data, size);
	bool modules = m && rpm_modules_read(m, "x", rpm_build_module, b, &e);
	bool primary = p && rpm_primary_read(p, "x", rpm_build_offer, b, &e);
	bool updates = u && rpm_updateinfo_read(u, "x", rpm_build_update, b, &e);
	return modules || primary || updates;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e;
	struct feed_info feed = { STR_LIT("rpm/x"), STR_LIT("rpm"), STR_LIT("file:") };
	struct archive archive = { .id = STR_LIT("x"),
				   .url = STR_LIT("file:"),
				   .suite = STR_LIT("9"),
				   .release_components = STR_LIT(""),
				   .keyring = STR_LIT(""),
				   .os = STR_LIT("almalinux:9") };
	struct rpm_build_spec spec = { .os = archive.os, .suite = STR_LIT("x"), .payloads = true };
	feed.signer = STR_LIT("");
	if (size > 20000)
		return 0;
	AUTO(sink_free) struct sink *sink = sink_new(&feed);
	AUTO(rpm_build_free) struct rpm_build *b = rpm_build_new(&spec, sink);
	ASSERT(sink_archive(sink, &archive, &e));
	if (!feed_all(b, data, size) || !rpm_build_end(b, &e))
		return 0;
	struct generation g = { 0 };
	struct catalog *c = NULL;
	ASSERT(sink_finish(sink, &g.records, &g.feed, &e));
	ASSERT(catalog_build(&g, 1, &c, &e));
	catalog_unref(c);
	return 0;
}
