/* SPDX-License-Identifier: Apache-2.0
 * See readings.h. */
#include "match/readings.h"
#include "base/vec.h"
#include "fleet/facts.h"
#include "match/bitmaps.h"
#include "match/match_int.h"

/* --- one host ------------------------------------------------------------------------------- */

/* Whether the host has a newer rival of a package among `facts` (all of its name). */
static bool is_outdone(const struct rule_host *h, const struct fact_package *p,
		       const uint32_t *facts, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct fact_package other;
		if (rule_host_has(h, facts[i]) && fleet_fact_package(h->fleet, facts[i], &other) &&
		    rule_facts_rival(p, &other) &&
		    pkgver_compare(rule_scheme(p->kind), other.version, p->version) > 0)
			return true;
	}
	return false;
}

static bool is_offered(const struct rule *c, const struct rule_host *h)
{
	AUTO(modules_done) struct modules m = { 0 };
	if (!c->catalog)
		return false;
	modules_of(c->catalog, h->fleet, h->facts, h->n_facts, &m);
	return modules_say(&m, c->component) == MODULES_OFFER;
}

uint32_t rule_read_host(const struct rule *c, const struct rule_host *h, struct host_reading **out)
{
	VEC(struct host_reading) found = { 0 };
	bool offered = is_offered(c, h);
	uint32_t n;
	const uint32_t *facts = rule_facts(c, h->fleet, &n);
	for (uint32_t i = 0; i < n; i++) {
		struct fact_package p;
		if (!rule_host_has(h, facts[i]) || !fleet_fact_package(h->fleet, facts[i], &p))
			continue;
		struct rule_hit hit = offered ? rule_fact_offered(c, &p) : rule_fact(c, &p);
		if (!hit.applies ||
		    (hit.native_only && !rule_host_native(h, rule_native_arch(c, &p))) ||
		    (p.kind == FACT_RPM && is_outdone(h, &p, facts, n)))
			continue;
		VEC_PUSH(&found, ((struct host_reading) { facts[i], hit }));
	}
	*out = found.p;
	return (uint32_t)found.n;
}

/* --- the fleet ------------------------------------------------------------------------------ */

/* Rivals get the number of their group, any other package one of its own. */
static void add_reading(struct readings *out, struct reading *r, uint32_t *groups)
{
	bool rival = false;
	for (size_t i = r->package.kind == FACT_RPM ? out->n : 0; i-- > 0 && !rival;) {
		rival = r->offered == out->p[i].offered &&
			rule_facts_rival(&r->package, &out->p[i].package);
		r->group = out->p[i].group;
	}
	if (!rival)
		r->group = (*groups)++;
	VEC_PUSH(out, *r);
}

static int compare_groups(const void *pa, const void *pb)
{
	const struct reading *a = pa, *b = pb;
	return a->group < b->group ? -1 : a->group > b->group;
}

static void sort_groups(struct readings *out, uint32_t groups)
{
	if (groups > 1 && groups < out->n)
		qsort(out->p, out->n, sizeof(*out->p), compare_groups);
}

/* A package that applies, to all that have it or (hosts) to those offered the build, or not. */
static void read_fact(const struct rule *c, const struct fleet *f, uint32_t fact, bool offered,
		      const struct modules_hosts *hosts, struct readings *out, uint32_t *groups)
{
	struct reading r = { .hosts = fleet_fact_hosts(f, fact), .offered = offered };
	if (!r.hosts || !fleet_fact_package(f, fact, &r.package))
		return;
	r.hit = offered ? rule_fact_offered(c, &r.package) : rule_fact(c, &r.package);
	if (!r.hit.applies)
		return;
	if (hosts) {
		roaring_bitmap_t *own = offered ? roaring_bitmap_and(r.hosts, hosts->offered)
						: roaring_bitmap_andnot(r.hosts, hosts->offered);
		VEC_PUSH(&out->own, own);
		r.hosts = own;
	}
	if (r.hit.native_only)
		r.native = match_native_hosts(f, rule_native_arch(c, &r.package));
	add_reading(out, &r, groups);
}

static void read_facts(const struct rule *c, const struct fleet *f,
		       const struct modules_hosts *hosts, struct readings *out)
{
	uint32_t n, groups = 0;
	const uint32_t *facts = rule_facts(c, f, &n);
	*out = (struct readings) { 0 };
	for (uint32_t i = 0; i < n; i++) {
		read_fact(c, f, facts[i], false, hosts, out, &groups);
		if (hosts)
			read_fact(c, f, facts[i], true, hosts, out, &groups);
	}
	sort_groups(out, groups);
}

void rule_read_offers(const struct rule *c, const struct fleet *f,
		      const struct modules_hosts *hosts, struct readings *out)
{
	read_facts(c, f, hosts, out);
}

void rule_read_fleet(const struct rule *c, const struct fleet *f, struct readings *out)
{
	AUTO(modules_fleet_done) struct modules_fleet m = { 0 };
	AUTO(modules_hosts_done) struct modules_hosts hosts = { 0 };
	if (c->catalog)
		modules_of_fleet(c->catalog, f, &m);
	bool say = c->catalog && modules_have_say(&m, c->component);
	if (say)
		modules_hosts(&m, c->component, &hosts);
	read_facts(c, f, say ? &hosts : NULL, out);
}

void readings_done(struct readings *r)
{
	for (size_t i = 0; i < r->own.n; i++)
		roaring_bitmap_free(r->own.p[i]);
	VEC_DONE(&r->own);
	VEC_DONE(r);
}

size_t readings_group(const struct readings *r, size_t from)
{
	size_t to = from + 1;
	while (to < r->n && r->p[to].group == r->p[from].group)
		to++;
	return to;
}

static const roaring_bitmap_t *kept(struct bitmaps *keep, roaring_bitmap_t *b)
{
	bitmaps_own(keep, b);
	return b;
}

const roaring_bitmap_t *readings_hosts(const struct readings *r, size_t from, size_t to,
				       enum reading_of what, struct bitmaps *keep)
{
	struct bitmaps yes = { 0 }, beyond = { 0 };
	const roaring_bitmap_t *out = NULL;
	for (size_t i = from; i < to; i++) {
		if (r->p[i].hit.holds == (what == READING_HOLDS))
			bitmaps_add(&yes, r->p[i].hosts);
		else if (what == READING_HOLDS && r->p[i].hit.beyond)
			bitmaps_add(&beyond, r->p[i].hosts);
	}
	if (yes.all.n == 1)
		out = yes.all.p[0];
	else if (yes.all.n > 1)
		out = kept(keep, bitmaps_union(&yes));
	if (out && beyond.all.n > 0) {
		roaring_bitmap_t *newer = bitmaps_union(&beyond);
		out = kept(keep, roaring_bitmap_andnot(out, newer));
		roaring_bitmap_free(newer);
	}
	if (out && r->p[from].hit.native_only) /* the same for all of one architecture */
		out = r->p[from].native ? kept(keep, roaring_bitmap_and(out, r->p[from].native))
					: NULL;
	bitmaps_drop(&yes);
	bitmaps_drop(&beyond);
	return out;
}

/* --- a shelf -------------------------------------------------------------------------------- */

/* Facts of which all the components say the same, and none of which is told from the others by a
 * rival or by a line that hinders it. */
struct shelf_class {
	struct fact_package package; /* one of them */
	bool alone;
	uint64_t hash;
	const struct rule_hit *says; /* by place of the component */
	VEC(struct block_walk) hosts;
	uint64_t *bits; /* of the block at hand; NULL = never asked for */
	bool any;	/* ... has hosts of the class */
};

struct shelf {
	VEC(uint32_t) components; /* ascending */
	VEC(struct rule) conditions;
	VEC(struct shelf_class) classes;
	struct arena says;
	const struct fleet *fleet;
	uint32_t block; /* at hand; UINT32_MAX = none yet */
};

void shelf_free(struct shelf *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->classes.n; i++) {
		VEC_DONE(&s->classes.p[i].hosts);
		xfree(s->classes.p[i].bits);
	}
	VEC_DONE(&s->components);
	VEC_DONE(&s->conditions);
	VEC_DONE(&s->classes);
	arena_done(&s->says);
	xfree(s);
}

static bool same_class(const struct shelf *s, const struct shelf_class *a,
		       const struct shelf_class *b)
{
	return !a->alone && !b->alone && a->hash == b->hash &&
	       memcmp(a->says, b->says, s->components.n * sizeof(*a->says)) == 0 &&
	       (a->package.kind == FACT_RPM ? rule_facts_rival(&a->package, &b->package)
					    : str_eq(a->package.arch, b->package.arch));
}

/* What a package says to all the components; false = nothing to any. */
static bool put_to_all(struct shelf *s, struct rule_hit *says, struct shelf_class *c)
{
	bool any = false;
	for (size_t i = 0; i < s->components.n; i++) {
		says[i] = rule_fact(&s->conditions.p[i], &c->package);
		any = any || says[i].applies;
	}
	c->says = says;
	c->hash = str_hash((struct str) { (const char *)says, s->components.n * sizeof(*says) });
	return any;
}

static void put_fact(struct shelf *s, uint32_t fact, struct rule_hit *says,
		     const struct intern *hindered)
{
	struct shelf_class c = { 0 };
	const roaring_bitmap_t *hosts = fleet_fact_hosts(s->fleet, fact);
	if (!hosts || !fleet_fact_package(s->fleet, fact, &c.package) || !put_to_all(s, says, &c))
		return;
	c.alone = intern_find(hindered, c.package.name) != INTERN_NONE;
	for (size_t i = 0; i < s->classes.n; i++)
		if (same_class(s, &s->classes.p[i], &c)) {
			VEC_PUSH(&s->classes.p[i].hosts, ((struct block_walk) { .set = hosts }));
			return;
		}
	c.says = memcpy(arena_array(&s->says, struct rule_hit, s->components.n), says,
			s->components.n * sizeof(*says));
	VEC_PUSH(&c.hosts, ((struct block_walk) { .set = hosts }));
	VEC_PUSH(&s->classes, c);
}

struct shelf *shelf_new(const struct catalog *c, const struct fleet *f, uint32_t component,
			const bool *wanted, const struct intern *hindered)
{
	struct shelf *s = xcalloc(1, sizeof(*s));
	const struct component *one = &c->components[component];
	uint32_t n_all, n_facts;
	const uint32_t *all = catalog_by_name(c, one->kind, one->name, &n_all);
	s->fleet = f;
	s->block = UINT32_MAX;
	for (uint32_t i = 0; i < n_all; i++) {
		if (!wanted[c->components[all[i]].patch])
			continue;
		VEC_PUSH(&s->components, all[i]);
		VEC_PUSH(&s->conditions, rule_of_component(c, all[i]));
	}
	AUTO(xfree) struct rule_hit *says = xcalloc(s->components.n + 1, sizeof(*says));
	const uint32_t *facts = rule_facts(&s->conditions.p[0], f, &n_facts);
	for (uint32_t i = 0; i < n_facts; i++)
		put_fact(s, facts[i], says, hindered);
	return s;
}

void shelf_read(const struct shelf *s, uint32_t component, struct readings *out)
{
	size_t k = 0;
	uint32_t groups = 0;
	while (k < s->components.n && s->components.p[k] != component)
		k++;
	ASSERT(k < s->components.n);
	*out = (struct readings) { 0 };
	for (size_t i = 0; i < s->classes.n; i++) {
		const struct shelf_class *c = &s->classes.p[i];
		struct reading r = { .hit = c->says[k],
				     .package = c->package,
				     .shelf_class = (uint32_t)i };
		if (!r.hit.applies)
			continue;
		if (r.hit.native_only)
			r.native = match_native_hosts(
				s->fleet, rule_native_arch(&s->conditions.p[k], &r.package));
		add_reading(out, &r, &groups);
	}
	sort_groups(out, groups);
}

void shelf_turn(struct shelf *s, uint32_t block)
{
	if (s->block == block)
		return;
	bool again = s->block > block; /* also at first */
	s->block = block;
	for (size_t i = 0; i < s->classes.n; i++) {
		struct shelf_class *c = &s->classes.p[i];
		if (!c->bits)
			c->bits = xmalloc(sizeof(block_bits));
		c->any = false;
		for (size_t k = 0; k < c->hosts.n; k++) {
			struct block_walk *w = &c->hosts.p[k];
			if (again)
				block_walk_begin(w, w->set);
			c->any |= block_walk_add(c->bits, w, block, !c->any);
		}
	}
}

/* The hosts of a reading in the shelf's block; NULL = none. */
static const uint64_t *bits_of(const struct shelf *s, const struct reading *r)
{
	const struct shelf_class *c = &s->classes.p[r->shelf_class];
	return c->any ? c->bits : NULL;
}

static uint64_t *own(uint64_t *scratch, const uint64_t *bits)
{
	if (scratch != bits)
		memcpy(scratch, bits, sizeof(block_bits));
	return scratch;
}

static uint64_t *both(uint64_t *scratch, const uint64_t *a, const uint64_t *b)
{
	block_or(own(scratch, a), b);
	return scratch;
}

const uint64_t *shelf_block(const struct shelf *s, const struct readings *r, size_t from, size_t to,
			    enum reading_of what, uint64_t *scratch)
{
	const uint64_t *out = NULL;
	for (size_t i = from; i < to; i++) {
		const uint64_t *bits = r->p[i].hit.holds == (what == READING_HOLDS)
					       ? bits_of(s, &r->p[i])
					       : NULL;
		if (bits)
			out = out ? both(scratch, out, bits) : bits;
	}
	for (size_t i = from; i < to && out && what == READING_HOLDS; i++) {
		const uint64_t *newer = !r->p[i].hit.holds && r->p[i].hit.beyond
						? bits_of(s, &r->p[i])
						: NULL;
		if (newer)
			block_andnot(own(scratch, out), newer);
		out = newer ? scratch : out;
	}
	if (out && r->p[from].hit.native_only) { /* the same for all of one architecture */
		block_bits native = { 0 };
		if (!block_add(native, r->p[from].native, s->block))
			return NULL;
		block_and(own(scratch, out), native);
		out = scratch;
	}
	return out;
}
