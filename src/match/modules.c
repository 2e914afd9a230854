/* SPDX-License-Identifier: Apache-2.0
 * See modules.h. A line is "module <TAB> name <TAB> stream"; without a stream the module is
 * disabled. */
#include "match/modules.h"
#include "match/bitmaps.h"

#define PLATFORM "platform"
enum { NOT_ASKED, INACTIVE, ACTIVE };

static const struct lane *lane_of(const struct catalog *c, uint32_t component)
{
	uint32_t lane = c->components[component].lane;
	return lane == CATALOG_NONE ? NULL : &c->lanes[lane];
}

/* --- one host -------------------------------------------------------------------------------- */

void modules_add(struct modules *m, uint32_t fact)
{
	if (fleet_fact_kind(m->fleet, fact) != FACT_MODULE)
		return;
	VEC_PUSH(&m->facts, fact);
	m->told = m->told || str_is(fleet_fact_field(m->fleet, fact, 1), PLATFORM);
}

void modules_of(const struct catalog *c, const struct fleet *f, const uint32_t *facts, uint32_t n,
		struct modules *out)
{
	*out = (struct modules) { .catalog = c, .fleet = f };
	for (uint32_t i = 0; i < n && c->n_streams > 0; i++)
		modules_add(out, facts[i]);
}

void modules_done(struct modules *m)
{
	VEC_DONE(&m->facts);
	xfree(m->active);
	*m = (struct modules) { 0 };
}

/* A line about a module: with this stream, or (stream NULL) with any and none. */
static bool is_about(const struct fleet *f, uint32_t fact, struct str module,
		     const struct str *stream)
{
	return str_eq(fleet_fact_field(f, fact, 1), module) &&
	       (!stream || str_eq(fleet_fact_field(f, fact, 2), *stream));
}

static uint32_t fact_about(const struct modules *m, struct str module, const struct str *stream)
{
	for (size_t i = 0; i < m->facts.n; i++)
		if (is_about(m->fleet, m->facts.p[i], module, stream))
			return m->facts.p[i];
	return INTERN_NONE;
}

static bool is_active(struct modules *m, uint32_t stream)
{
	const struct module_stream *s = &m->catalog->streams[stream];
	if (!m->active)
		m->active = xcalloc(m->catalog->n_streams, sizeof(*m->active));
	if (m->active[stream] == NOT_ASKED) {
		bool active = fact_about(m, s->module, &s->stream) != INTERN_NONE ||
			      (s->by_default && fact_about(m, s->module, NULL) == INTERN_NONE);
		m->active[stream] = active ? ACTIVE : INACTIVE;
	}
	return m->active[stream] == ACTIVE;
}

static uint32_t active_holder(struct modules *m, const struct lane *l)
{
	for (uint32_t i = 0; i < l->holders; i++) {
		uint32_t stream = m->catalog->holders[l->first_holder + i];
		if (is_active(m, stream))
			return stream;
	}
	return CATALOG_NONE;
}

enum modules_say modules_say(struct modules *m, uint32_t component)
{
	const struct lane *l = lane_of(m->catalog, component);
	if (!m->told || !l)
		return MODULES_SILENT;
	bool offered = l->hotfix || (l->stream == CATALOG_NONE ? active_holder(m, l) == CATALOG_NONE
							       : is_active(m, l->stream));
	return offered ? MODULES_OFFER : MODULES_FILTER;
}

uint32_t modules_why(struct modules *m, uint32_t component)
{
	const struct lane *l = lane_of(m->catalog, component);
	uint32_t stream = !l			      ? CATALOG_NONE
			  : l->stream == CATALOG_NONE ? active_holder(m, l)
						      : l->stream;
	return stream == CATALOG_NONE ? INTERN_NONE
				      : fact_about(m, m->catalog->streams[stream].module, NULL);
}

/* --- the fleet ------------------------------------------------------------------------------- */

/* Hosts with a line about a module: with this stream, or (stream NULL) with any and none. */
static roaring_bitmap_t *hosts_about(const struct fleet *f, struct str module,
				     const struct str *stream)
{
	struct bitmaps hosts = { 0 };
	uint32_t n;
	const uint32_t *facts = fleet_facts_of_kind(f, FACT_MODULE, &n);
	for (uint32_t i = 0; i < n; i++)
		if (is_about(f, facts[i], module, stream))
			bitmaps_add(&hosts, fleet_fact_hosts(f, facts[i]));
	return bitmaps_union(&hosts);
}

void modules_of_fleet(const struct catalog *c, const struct fleet *f, struct modules_fleet *out)
{
	*out = (struct modules_fleet) { .catalog = c,
					.fleet = f,
					.told = hosts_about(f, STR_LIT(PLATFORM), NULL),
					.active = xcalloc((size_t)c->n_streams + 1,
							  sizeof(roaring_bitmap_t *)) };
}

void modules_fleet_done(struct modules_fleet *m)
{
	for (uint32_t i = 0; m->active && i < m->catalog->n_streams; i++)
		if (m->active[i])
			roaring_bitmap_free(m->active[i]);
	xfree(m->active);
	if (m->told)
		roaring_bitmap_free(m->told);
	*m = (struct modules_fleet) { 0 };
}

bool modules_have_say(const struct modules_fleet *m, uint32_t component)
{
	return lane_of(m->catalog, component) && !roaring_bitmap_is_empty(m->told);
}

static const roaring_bitmap_t *active_hosts(struct modules_fleet *m, uint32_t stream)
{
	const struct module_stream *s = &m->catalog->streams[stream];
	if (m->active[stream])
		return m->active[stream];
	roaring_bitmap_t *hosts = hosts_about(m->fleet, s->module, &s->stream);
	roaring_bitmap_and_inplace(hosts, m->told);
	if (s->by_default) {
		roaring_bitmap_t *any = hosts_about(m->fleet, s->module, NULL);
		roaring_bitmap_t *rest = roaring_bitmap_andnot(m->told, any);
		roaring_bitmap_or_inplace(hosts, rest);
		roaring_bitmap_free(any);
		roaring_bitmap_free(rest);
	}
	m->active[stream] = hosts;
	return hosts;
}

static roaring_bitmap_t *offered_hosts(struct modules_fleet *m, const struct lane *l)
{
	if (l->stream != CATALOG_NONE && !l->hotfix)
		return roaring_bitmap_copy(active_hosts(m, l->stream));
	roaring_bitmap_t *hosts = roaring_bitmap_copy(m->told);
	for (uint32_t i = 0; i < l->holders; i++) {
		uint32_t stream = m->catalog->holders[l->first_holder + i];
		roaring_bitmap_andnot_inplace(hosts, active_hosts(m, stream));
	}
	return hosts;
}

void modules_hosts(struct modules_fleet *m, uint32_t component, struct modules_hosts *out)
{
	out->offered = offered_hosts(m, lane_of(m->catalog, component));
	out->filtered = roaring_bitmap_andnot(m->told, out->offered);
}

void modules_hosts_done(struct modules_hosts *h)
{
	if (h->offered)
		roaring_bitmap_free(h->offered);
	if (h->filtered)
		roaring_bitmap_free(h->filtered);
	*h = (struct modules_hosts) { 0 };
}
