/* SPDX-License-Identifier: Apache-2.0
 * One pass over the roster's columns for the status of all hosts. The class that a host's counters
 * give is kept in a byte until they change (healths_forget); readers fill in what is missing, one
 * after the other. The end of a release's support is asked once for each kind of host. */
#include "match/healths.h"

#include "match/match_int.h"

/* --- kinds --- */

/* Moves the hosts of one subscription fact from each kind to another of its own. */
struct split {
	uint32_t *of, *to; /* by host; by kind */
	uint32_t n;
};

static bool split_host(uint32_t host, void *arg)
{
	struct split *s = arg;
	uint32_t *to = &s->to[s->of[host]];
	if (*to == UINT32_MAX)
		*to = s->n++;
	s->of[host] = *to;
	return true;
}

static void split_kinds(struct split *s, const roaring_bitmap_t *hosts)
{
	uint32_t n = s->n;
	s->to = xmalloc(((size_t)n + 1) * sizeof(*s->to));
	memset(s->to, 0xff, n * sizeof(*s->to));
	roaring_iterate(hosts, split_host, s);
	xfree(s->to);
}

void match_kinds_read(const struct match_view *v, struct match_kinds *out)
{
	const struct roster *r = fleet_roster(v->fleet);
	struct roster_columns c;
	uint32_t n;
	const uint32_t *facts = fleet_facts_of_kind(v->fleet, FACT_SUBSCRIPTION, &n);
	roster_columns(r, &c);
	*out = (struct match_kinds) { c.word[ROSTER_RELEASE], roster_words(r, ROSTER_RELEASE),
				      NULL };
	for (uint32_t i = 0; i < n; i++) {
		const roaring_bitmap_t *hosts = fleet_fact_hosts(v->fleet, facts[i]);
		if (!hosts || roaring_bitmap_is_empty(hosts))
			continue;
		if (!out->own) {
			out->own = xmalloc(((size_t)c.n + 1) * sizeof(*out->own));
			if (c.n)
				memcpy(out->own, out->of, c.n * sizeof(*out->own));
			out->of = out->own;
		}
		struct split s = { .of = out->own, .n = out->n };
		split_kinds(&s, hosts);
		out->n = s.n;
	}
}

void match_kinds_done(struct match_kinds *k)
{
	xfree(k->own);
	*k = (struct match_kinds) { 0 };
}

/* Whether releases have ended, asked once for each kind. */
struct ends {
	const struct match_view *v;
	int64_t now_ms;
	struct match_kinds kinds;
	uint8_t *known; /* by kind: 0 = not asked, 1 = no, 2 = yes; NULL = no release ever ends */
};

static void ends_begin(struct ends *x, const struct match_view *v, int64_t now_ms)
{
	*x = (struct ends) { .v = v, .now_ms = now_ms };
	if (!atomic_load(&v->m->eol))
		return;
	match_kinds_read(v, &x->kinds);
	x->known = xcalloc((size_t)x->kinds.n + 1, 1);
}

static bool ends(struct ends *x, uint32_t host)
{
	if (!x->known)
		return false;
	uint8_t *known = &x->known[x->kinds.of[host]];
	if (*known == 0)
		*known = match_is_end_of_life(x->v, host, x->now_ms) ? 2 : 1;
	return *known == 2;
}

static void ends_done(struct ends *x)
{
	match_kinds_done(&x->kinds);
	xfree(x->known);
}

int64_t match_oldest_scan_ms(const struct match_view *v, int64_t now_ms)
{
	return now_ms - v->m->stale_ms;
}

/* --- classes by counters --- */

enum { CLASS_UNKNOWN, CLASS_NOTHING, CLASS_VULNERABLE, CLASS_HIGHLY };

void healths_forget(struct match *m, uint32_t host)
{
	if (host < m->classes.n)
		m->classes.p[host] = CLASS_UNKNOWN;
}

void healths_forget_all(struct match *m)
{
	if (m->classes.n)
		memset(m->classes.p, CLASS_UNKNOWN, m->classes.n);
}

static uint8_t class_of(const struct match_view *v, uint32_t host)
{
	switch (health_by_counters(v, host)) {
	case HEALTH_HIGHLY_VULNERABLE: return CLASS_HIGHLY;
	case HEALTH_VULNERABLE: return CLASS_VULNERABLE;
	default: return CLASS_NOTHING;
	}
}

static void fill_classes(const struct match_view *v, uint32_t n)
{
	struct match *m = v->m;
	if (m->classes.n < n) {
		VEC_RESERVE(&m->classes, n - m->classes.n);
		memset(m->classes.p + m->classes.n, CLASS_UNKNOWN, n - m->classes.n);
		m->classes.n = n;
	}
	for (uint32_t h = 0; h < n; h++)
		if (m->classes.p[h] == CLASS_UNKNOWN)
			m->classes.p[h] = class_of(v, h);
}

void match_healths(const struct match_view *v, int64_t now_ms, uint8_t *out)
{
	static const uint8_t health_of[] = { [CLASS_NOTHING] = HEALTH_HEALTHY,
					     [CLASS_VULNERABLE] = HEALTH_VULNERABLE,
					     [CLASS_HIGHLY] = HEALTH_HIGHLY_VULNERABLE };
	struct roster_columns c;
	struct ends x;
	roster_columns(fleet_roster(v->fleet), &c);
	ends_begin(&x, v, now_ms);
	int64_t oldest = match_oldest_scan_ms(v, now_ms);
	pthread_mutex_lock(&v->m->classes_lock);
	fill_classes(v, c.n);
	for (uint32_t h = 0; h < c.n; h++) {
		bool known = c.state[h] == HOST_ACTIVE && c.last_scan_ms[h] != 0 &&
			     c.last_scan_ms[h] >= oldest;
		out[h] = known ? health_of[v->m->classes.p[h]] : HEALTH_UNKNOWN;
		if (out[h] == HEALTH_HEALTHY && ends(&x, h))
			out[h] = HEALTH_VULNERABLE;
	}
	pthread_mutex_unlock(&v->m->classes_lock);
	ends_done(&x);
}

/* --- sets --- */

/* Active hosts for which `is` says so. */
static roaring_bitmap_t *gather(const struct roster_columns *c,
				bool (*is)(void *arg, const struct roster_columns *c, uint32_t h),
				void *arg)
{
	AUTO(xfree) uint32_t *hosts = xmalloc(((size_t)c->n + 1) * sizeof(*hosts));
	size_t n = 0;
	for (uint32_t h = 0; h < c->n; h++)
		if (c->state[h] == HOST_ACTIVE && is(arg, c, h))
			hosts[n++] = h;
	return roaring_bitmap_of_ptr(n, hosts);
}

static bool is_stale(void *oldest, const struct roster_columns *c, uint32_t h)
{
	return c->last_scan_ms[h] == 0 || c->last_scan_ms[h] < *(const int64_t *)oldest;
}

roaring_bitmap_t *match_stale_hosts(const struct match_view *v, int64_t now_ms)
{
	struct roster_columns c;
	int64_t oldest = match_oldest_scan_ms(v, now_ms);
	roster_columns(fleet_roster(v->fleet), &c);
	return gather(&c, is_stale, &oldest);
}

static bool is_ended(void *x, const struct roster_columns *c, uint32_t h)
{
	return ends(x, h);
}

roaring_bitmap_t *match_ended_hosts(const struct match_view *v, int64_t now_ms)
{
	struct roster_columns c;
	struct ends x;
	roster_columns(fleet_roster(v->fleet), &c);
	ends_begin(&x, v, now_ms);
	roaring_bitmap_t *out = gather(&c, is_ended, &x);
	ends_done(&x);
	return out;
}
