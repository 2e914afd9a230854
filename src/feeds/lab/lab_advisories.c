/* SPDX-License-Identifier: Apache-2.0
 * See lab_advisories.h. The patches go through a sink like any feed's. catalog_build() joins each
 * advisory to the patch that bears its name. */
#include "feeds/lab/lab_advisories.h"
#include "base/arena.h"
#include "catalog/sink.h"

static bool add(struct sink *sink, const struct advisory *a, struct arena *arena, struct err *e)
{
	struct str none = STR_LIT("");
	struct patch p = {
		.id = str_of(arena_printf(arena, "%.*s:%.*s", STR_ARG(a->os), STR_ARG(a->id))),
		.vendor = a->vendor.n ? a->vendor : STR_LIT("Debian"),
		.os = a->os,
		.product = a->product,
		.version = a->fixed,
		.title = a->title,
		.suites = none,
		.type = PATCH_TYPE_SECURITY,
		.severity = a->severity,
		.severity_raw = a->severity_raw,
		.severity_derived = a->severity_derived,
		.reboot = REBOOT_MAY,
		.released_ms = a->released_ms,
		.superseded_by = CATALOG_NONE,
	};
	struct component c = {
		.kind = a->kind,
		.name = a->product,
		.arch = none,
		.version = a->fixed,
		.above = none,
		.file = none,
		.archive = CATALOG_NONE,
		.superseded_by = CATALOG_NONE,
	};
	return sink_patch(sink, &p, e) && sink_component(sink, &c, e);
}

bool lab_advisories_build(const struct generation *gens, size_t n, const struct catalog *advisories,
			  struct catalog **out, struct err *e)
{
	AUTO(arena_done) struct arena arena = { 0 };
	struct feed_info feed = {
		.id = STR_LIT("advisories"),
		.kind = STR_LIT("debian"),
		.url = STR_LIT("file:"),
		.signer = STR_LIT(""),
	};
	for (size_t i = 0; i < n; i++)
		feed.released_ms = MAX(feed.released_ms, gens[i].feed.released_ms);
	AUTO(sink_free) struct sink *sink = sink_new(&feed);
	for (uint32_t i = 0; i < advisories->n_advisories; i++) {
		const struct advisory *a = &advisories->advisories[i];
		if (a->os.n > 0 && a->fixed.n > 0 && !add(sink, a, &arena, e))
			return err_prefix(e, "advisory '%.*s'", STR_ARG(a->id));
	}
	AUTO(xfree) struct generation *all = xcalloc(n + 1, sizeof(*all));
	if (n > 0)
		memcpy(all, gens, n * sizeof(*all));
	return sink_finish(sink, &all[n].records, &all[n].feed, e) &&
	       catalog_build(all, n + 1, out, e);
}
