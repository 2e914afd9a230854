/* SPDX-License-Identifier: Apache-2.0
 * The patch DB of the workload. A patch is a source and the version that fixes it. The first offer
 * of a source is an offer, everything else is a notice: offers of a source would replace each
 * other, notices state what is fixed and stay. */
#include "catalog/sink.h"
#include "workload_int.h"

#include <stdio.h>

#define FEED_ID "bench/patches"
#define FEED_URL "file:///bench"
#define RELEASE "debian:12"
#define USUAL 5000
#define APART_MS 10800000 /* a new patch every three hours; the 5,000th and later ones now */

/* 88 of 100 concern a package in use, as popular as it has binaries; the others any source. */
void workload_patch_of(const struct workload *w, uint32_t patch, uint8_t *offered,
		       struct workload_patch *out)
{
	const struct roles *r = &w->roles;
	uint64_t x = roles_mix(w->seed ^ 0x9a7c4 ^ ((uint64_t)patch << 20)), y = roles_mix(x);
	uint32_t p = r->used.p[(x >> 8) % r->used.n];
	uint32_t source = x % 100 < 88 ? r->packages.p[p].source_no
				       : (uint32_t)((x >> 8) % r->n_sources);
	uint32_t first = r->source_packages[r->source_first[source]];
	*out = (struct workload_patch) {
		.source = source,
		.generation = (uint8_t)(1 + (y >> 5) % (r->packages.p[first].generations - 1u)),
		.offer = patch % 2 == 0 && !offered[source],
	};
	offered[source] |= out->offer;
}

static struct str notice_of(uint32_t patch, struct arena *a)
{
	return str_of(arena_printf(a, "BSA-%05u", patch));
}

static struct str id_of(const struct workload *w, uint32_t patch, const struct workload_patch *q,
			struct arena *a)
{
	const struct roles *r = &w->roles;
	const struct role_package *first =
		&r->packages.p[r->source_packages[r->source_first[q->source]]];
	if (!q->offer)
		return str_of(arena_printf(a, RELEASE ":%s", notice_of(patch, a).p));
	return str_of(arena_printf(a, RELEASE ":%.*s:%s", STR_ARG(first->source),
				   workload_version(a, first->source_version, q->generation).p));
}

void workload_patch_ids(const struct workload *w, uint32_t patches, struct arena *a,
			struct str *out)
{
	AUTO(xfree) uint8_t *offered = xcalloc(w->roles.n_sources + 1, 1);
	for (uint32_t i = 0; i < patches; i++) {
		struct workload_patch q;
		workload_patch_of(w, i, offered, &q);
		out[i] = id_of(w, i, &q, a);
	}
}

static enum severity severity_of(uint64_t x)
{
	uint32_t p = (uint32_t)(x % 100);
	return p < 5	? SEVERITY_CRITICAL
	       : p < 25 ? SEVERITY_IMPORTANT
	       : p < 65 ? SEVERITY_MODERATE
	       : p < 90 ? SEVERITY_LOW
			: SEVERITY_UNRATED;
}

static bool add_components(struct sink *sink, const struct workload *w,
			   const struct workload_patch *q, struct arena *a, struct err *e)
{
	const struct roles *r = &w->roles;
	uint32_t from = r->source_first[q->source], to = r->source_first[q->source + 1];
	const struct role_package *first = &r->packages.p[r->source_packages[from]];
	struct component c = { .kind = COMPONENT_DEB_SRC,
			       .name = first->source,
			       .arch = STR_LIT(""),
			       .version = workload_version(a, first->source_version, q->generation),
			       .module = STR_LIT(""),
			       .above = STR_LIT(""),
			       .file = STR_LIT(""),
			       .archive = CATALOG_NONE,
			       .superseded_by = CATALOG_NONE };
	if (!q->offer)
		return sink_component(sink, &c, e);
	for (uint32_t i = from; i < to; i++) {
		const struct role_package *p = &r->packages.p[r->source_packages[i]];
		c.kind = COMPONENT_DEB;
		c.name = p->name;
		c.arch = p->arch;
		c.version = workload_version(a, p->version, q->generation);
		c.file = str_of(arena_printf(a, "pool/%.*s_%u.deb", STR_ARG(p->name),
					     (uint32_t)q->generation));
		c.sha256 = digest_of(c.file);
		c.size = 20000 + (int64_t)(roles_mix(r->source_packages[i]) % 4000000);
		c.archive = 0;
		if (!sink_component(sink, &c, e))
			return false;
	}
	return true;
}

static bool add_patch(struct sink *sink, const struct workload *w, uint32_t patch,
		      const struct workload_patch *q, int64_t released_ms, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	const struct roles *r = &w->roles;
	const struct role_package *first =
		&r->packages.p[r->source_packages[r->source_first[q->source]]];
	uint64_t x = roles_mix(w->seed ^ 0x5e7 ^ ((uint64_t)patch << 24));
	struct str version = workload_version(&a, first->source_version, q->generation);
	struct str none = STR_LIT(""), notice = notice_of(patch, &a);
	enum severity severity = severity_of(x);
	struct patch p = {
		.id = id_of(w, patch, q, &a),
		.vendor = STR_LIT("Debian"),
		.os = STR_LIT(RELEASE),
		.product = first->source,
		.version = version,
		.title = str_of(arena_printf(&a, "%.*s update %u", STR_ARG(first->source),
					     (uint32_t)q->generation)),
		.bulletin = q->offer ? none : notice,
		.url = q->offer ? none
				: str_of(arena_printf(&a, "https://example.net/%.*s",
						      STR_ARG(notice))),
		.cves = q->offer ? none
				 : str_of(arena_printf(&a, "CVE-%u-%05u CVE-%u-%05u",
						       2020 + patch % 6, 10000 + patch,
						       2020 + patch % 6, 50000 + patch)),
		.availability = none,
		.suites = q->offer ? STR_LIT("bookworm-security") : none,
		.type = q->offer && x % 3 == 0 ? PATCH_TYPE_BUGFIX : PATCH_TYPE_SECURITY,
		.severity = severity,
		.severity_raw = str_of(severity_name(severity)),
		.reboot = str_starts(first->source, "linux") ? REBOOT_ALWAYS : REBOOT_MAY,
		.released_ms = released_ms,
		.superseded_by = CATALOG_NONE,
	};
	return sink_patch(sink, &p, e) && add_components(sink, w, q, &a, e);
}

static bool fill(struct sink *sink, const struct workload *w, uint32_t patches, int64_t now_ms,
		 struct err *e)
{
	struct archive archive = { .id = STR_LIT("bench"),
				   .url = STR_LIT(FEED_URL),
				   .suite = STR_LIT("bookworm-security"),
				   .release_components = STR_LIT("main"),
				   .keyring = STR_LIT("/usr/share/keyrings/bench.gpg"),
				   .os = STR_LIT(RELEASE) };
	AUTO(xfree) uint8_t *offered = xcalloc(w->roles.n_sources + 1, 1);
	if (!sink_archive(sink, &archive, e))
		return false;
	for (uint32_t i = 0; i < patches; i++) {
		struct workload_patch q;
		workload_patch_of(w, i, offered, &q);
		/* by number alone, so that more patches change none of the others */
		int64_t released = now_ms - (int64_t)(i < USUAL ? USUAL - i : 0) * APART_MS;
		if (!add_patch(sink, w, i, &q, released, e))
			return false;
	}
	return true;
}

static struct sink *new_sink(int64_t now_ms, uint32_t patches)
{
	struct feed_info feed = { .id = STR_LIT(FEED_ID),
				  .kind = STR_LIT("bench"),
				  .url = STR_LIT(FEED_URL),
				  .released_ms = now_ms + patches,
				  .signer = STR_LIT("") };
	return sink_new(&feed);
}

bool workload_catalog(const struct workload *w, uint32_t patches, int64_t now_ms,
		      struct catalog **out, struct err *e)
{
	AUTO(sink_free) struct sink *sink = new_sink(now_ms, patches);
	struct generation g;
	return fill(sink, w, patches, now_ms, e) && sink_finish(sink, &g.records, &g.feed, e) &&
	       catalog_build(&g, 1, out, e);
}

bool workload_save_catalog(const struct workload *w, uint32_t patches, int64_t now_ms,
			   struct sql *db, struct err *e)
{
	AUTO(sink_free) struct sink *sink = new_sink(now_ms, patches);
	struct generation g;
	struct feed_state state = { .id = (char *)FEED_ID,
				    .kind = (char *)"bench",
				    .url = (char *)FEED_URL,
				    .last_attempt_ms = now_ms,
				    .last_success_ms = now_ms,
				    .signer = (char *)"" };
	if (!fill(sink, w, patches, now_ms, e) || !sink_finish(sink, &g.records, &g.feed, e) ||
	    !generation_save(db, &g, now_ms, true, e))
		return false;
	state.rows = g.feed.rows;
	state.released_ms = g.feed.released_ms;
	return feed_state_save(db, &state, e);
}

void workload_pairs(const struct workload *w, uint32_t patches, workload_pair *fn, void *arg)
{
	const struct roles *r = &w->roles;
	AUTO(xfree) uint8_t *offered = xcalloc(r->n_sources + 1, 1);
	for (uint32_t i = 0; i < patches; i++) {
		struct workload_patch q;
		workload_patch_of(w, i, offered, &q);
		for (uint32_t k = r->source_first[q.source]; k < r->source_first[q.source + 1];
		     k++) {
			uint32_t p = r->source_packages[k];
			for (uint32_t g = 0; g < r->packages.p[p].generations; g++)
				fn(arg, i, w->base[p] + g, g < q.generation);
		}
	}
}
