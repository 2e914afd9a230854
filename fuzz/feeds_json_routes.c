/* SPDX-License-Identifier: Apache-2.0
 * Every reader of notices on the same bytes, up to the snapshot. Property: what the sink accepted
 * builds a snapshot, and reading twice gives the same records. */
#include "catalog/catalog.h"
#include "catalog/sink.h"
#include "feeds/notices/arch.h"
#include "feeds/notices/notices.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool run(enum notices_form form, struct str bytes, struct generation *g, struct sink **out)
{
	struct err e;
	struct feed_info feed = {
		.id = STR_LIT("f"), .kind = STR_LIT("f"), .url = STR_LIT("f"), .signer = STR_LIT("")
	};
	struct sink *s = *out = sink_new(&feed);
	return notices_read(form, JSON_MEM(bytes), "x", NULL, s, &e) &&
	       sink_finish(s, &g->records, &g->feed, &e);
}

static bool group(void *arg, const struct avg *g, struct err *e)
{
	ASSERT(g->id.n && g->packages.n);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = { (const char *)data, size };
	struct err e;
	for (enum notices_form f = NOTICES_OSV; f < NOTICES_FORMS_; f++) {
		AUTO(sink_free) struct sink *a = NULL;
		AUTO(sink_free) struct sink *b = NULL;
		struct generation one, two;
		bool good = run(f, bytes, &one, &a);
		ASSERT(run(f, bytes, &two, &b) == good);
		if (!good)
			continue;
		ASSERT(str_eq(one.records, two.records));
		struct catalog *c;
		ASSERT(catalog_build(&one, 1, &c, &e));
		catalog_unref(c);
	}
	bool read = avg_read(JSON_MEM(bytes), "x", group, NULL, &e);
	(void)read;
	return 0;
}
