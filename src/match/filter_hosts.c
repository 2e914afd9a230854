/* SPDX-License-Identifier: Apache-2.0
 * What filters mean: every condition becomes a bitmap from what is kept of hosts by value (offices,
 * systems, versions, facts, verdicts), or from one pass over a compact array (counters, contacts,
 * addresses). Conditions with "!=" are the rest of the active hosts. */
#include "base/vec.h"
#include "fleet/roster.h"
#include "match/filter.h"
#include "match/healths.h"
#include "pkgver/pkgver.h"

void filter_run_begin(struct filter_run *r, const struct match_view *v, int64_t now_ms)
{
	uint32_t n = fleet_group_count(v->fleet);
	*r = (struct filter_run) { .v = v, .now_ms = now_ms };
	r->groups = xcalloc((size_t)n + 1, sizeof(*r->groups));
	r->entered = xcalloc((size_t)n + 1, 1);
}

void filter_run_end(struct filter_run *r)
{
	for (uint32_t i = 0; r->groups && i < fleet_group_count(r->v->fleet); i++)
		if (r->groups[i])
			roaring_bitmap_free(r->groups[i]);
	xfree(r->groups);
	xfree(r->entered);
	xfree(r->healths);
	*r = (struct filter_run) { 0 };
}

/* --- texts --- */

static char small(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* '*' any characters, '?' one; ASCII case does not matter. Linear but for the last '*'. */
static bool glob(struct str pattern, struct str s)
{
	size_t p = 0, i = 0, star = SIZE_MAX, from = 0;
	while (i < s.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			from = i;
		} else if (p < pattern.n &&
			   (pattern.p[p] == '?' || small(pattern.p[p]) == small(s.p[i]))) {
			p++;
			/* one character, not one byte of it */
			bool wide = pattern.p[p - 1] == '?' && (s.p[i] & 0x80);
			for (i++; wide && i < s.n && ((unsigned char)s.p[i] & 0xc0) == 0x80;)
				i++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			i = ++from;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

static bool any_glob(const struct filter *x, struct str s)
{
	for (size_t i = 0; i < x->n_values; i++)
		if (glob(x->values[i], s))
			return true;
	return false;
}

static bool in_order(enum filter_op op, int compared)
{
	switch (op) {
	case FILTER_BELOW: return compared < 0;
	case FILTER_AT_MOST: return compared <= 0;
	case FILTER_ABOVE: return compared > 0;
	case FILTER_AT_LEAST: return compared >= 0;
	case FILTER_IS_NOT: return compared != 0;
	default: return compared == 0;
	}
}

static bool is_equality(const struct filter *x)
{
	return x->op == FILTER_IS || x->op == FILTER_IS_NOT;
}

static roaring_bitmap_t *by_dim(const struct filter_run *r, const struct filter *x,
				enum fleet_dim dim)
{
	roaring_bitmap_t *out = roaring_bitmap_create();
	for (uint32_t i = 0; i < fleet_dim_count(r->v->fleet, dim); i++) {
		const roaring_bitmap_t *hosts = fleet_dim_hosts(r->v->fleet, dim, i);
		struct str s = fleet_dim_value(r->v->fleet, dim, i);
		bool fits = is_equality(x)
				    ? any_glob(x, s)
				    : s.n && in_order(x->op, dotted_compare(s, x->values[0]));
		if (hosts && fits)
			roaring_bitmap_or_inplace(out, hosts);
	}
	return out;
}

/* The longest part of a pattern without '*' and '?'. */
static struct str longest_part(struct str pattern)
{
	struct str best = { pattern.p, 0 };
	for (size_t i = 0, from = 0; i <= pattern.n; i++) {
		bool end = i == pattern.n || pattern.p[i] == '*' || pattern.p[i] == '?';
		if (end && i - from > best.n)
			best = (struct str) { pattern.p + from, i - from };
		if (end)
			from = i + 1;
	}
	return best;
}

/* Hosts whose texts have the pattern's longest part are few; those are looked at. */
static void by_hostname(const struct filter_run *r, struct str pattern, roaring_bitmap_t *out)
{
	const struct roster *all = fleet_roster(r->v->fleet);
	uint32_t n = fleet_host_count(r->v->fleet);
	struct str part = longest_part(pattern);
	AUTO(xfree) uint8_t *hit = xcalloc((size_t)n + 1, 1);
	if (part.n)
		roster_find_named(all, part, hit);
	for (uint32_t h = 0; h < n; h++)
		if ((!part.n || hit[h]) && glob(pattern, roster_hostname(all, h)))
			roaring_bitmap_add(out, h);
}

static roaring_bitmap_t *by_text(struct filter_run *r, const struct filter *x)
{
	static const struct {
		const char *field;
		enum fleet_dim dim;
	} dims[] = { { "os", FLEET_BY_OS_ID },
		     { "os_version", FLEET_BY_OS_VERSION },
		     { "os_name", FLEET_BY_OS_NAME },
		     { "arch", FLEET_BY_ARCH },
		     { "kernel", FLEET_BY_KERNEL },
		     { "office", FLEET_BY_OFFICE },
		     { "agent_version", FLEET_BY_AGENT_VERSION } };
	for (size_t i = 0; i < ARRAY_LEN(dims); i++)
		if (strcmp(dims[i].field, x->field->name) == 0)
			return by_dim(r, x, dims[i].dim);
	roaring_bitmap_t *out = roaring_bitmap_create();
	for (size_t i = 0; i < x->n_values; i++)
		by_hostname(r, x->values[i], out);
	return out;
}

/* --- arrays --- */

/* The hosts below `n` for which `is` says so. */
static roaring_bitmap_t *gather(uint32_t n, bool (*is)(const void *arg, uint32_t host),
				const void *arg)
{
	AUTO(xfree) uint32_t *hosts = xmalloc(((size_t)n + 1) * sizeof(*hosts));
	size_t found = 0;
	for (uint32_t h = 0; h < n; h++)
		if (is(arg, h))
			hosts[found++] = h;
	return roaring_bitmap_of_ptr(found, hosts);
}

struct asked {
	const struct filter_run *r;
	const struct filter *x;
	int severity;	   /* -1 = all together */
	const int64_t *ms; /* times by host; 0 = never */
	int64_t edge_ms;
};

static bool has_health(const void *arg, uint32_t host)
{
	const struct asked *a = arg;
	return a->x->words >> a->r->healths[host] & 1;
}

static roaring_bitmap_t *by_health(struct filter_run *r, const struct filter *x)
{
	uint32_t n = fleet_host_count(r->v->fleet);
	struct asked a = { .r = r, .x = x };
	if (!r->healths) {
		r->healths = xmalloc((size_t)n + 1);
		match_healths(r->v, r->now_ms, r->healths);
	}
	return gather(n, has_health, &a);
}

static bool has_missing(const void *arg, uint32_t host)
{
	const struct asked *a = arg;
	struct host_counts c;
	match_host_counts(a->r->v, host, &c);
	int64_t n = a->severity < 0 ? c.missing_total : c.missing[a->severity];
	return in_order(a->x->op, (n > a->x->number) - (n < a->x->number));
}

static roaring_bitmap_t *by_missing(struct filter_run *r, const struct filter *x)
{
	struct asked a = { .r = r, .x = x, .severity = -1 };
	const char *word = strchr(x->field->name, '_');
	for (int s = 0; word && s < SEVERITIES_; s++)
		if (strcmp(word + 1, severity_name((enum severity)s)) == 0)
			a.severity = s;
	return gather(fleet_host_count(r->v->fleet), has_missing, &a);
}

/* An older time is a greater age; never is the oldest. */
static bool has_age(const void *arg, uint32_t host)
{
	const struct asked *a = arg;
	int64_t ms = __atomic_load_n(&a->ms[host], __ATOMIC_RELAXED);
	ms = ms == 0 ? INT64_MIN : ms;
	return in_order(a->x->op, (ms < a->edge_ms) - (ms > a->edge_ms));
}

static roaring_bitmap_t *by_age(struct filter_run *r, const struct filter *x)
{
	struct roster_columns c;
	roster_columns(fleet_roster(r->v->fleet), &c);
	struct asked a = { .x = x, .edge_ms = r->now_ms - x->number };
	a.ms = strcmp(x->field->name, "last_scan") == 0 ? c.last_scan_ms : c.last_contact_ms;
	return gather(c.n, has_age, &a);
}

static roaring_bitmap_t *by_address(struct filter_run *r, const struct filter *x)
{
	roaring_bitmap_t *out = roaring_bitmap_create();
	for (size_t i = 0; i < x->n_values; i++) {
		roaring_bitmap_t *b = roster_in_range(fleet_roster(r->v->fleet), &x->ranges[i]);
		roaring_bitmap_or_inplace(out, b);
		roaring_bitmap_free(b);
	}
	return out;
}

/* --- facts and verdicts --- */

static roaring_bitmap_t *by_package(struct filter_run *r, const struct filter *x)
{
	static const enum pkgver_scheme schemes[] = {
		[FACT_DEB] = PKGVER_DEB, [FACT_RPM] = PKGVER_RPM, [FACT_APK] = PKGVER_APK
	};
	const struct fleet *f = r->v->fleet;
	roaring_bitmap_t *out = roaring_bitmap_create();
	for (size_t i = 0; i < x->n_values; i++)
		for (enum fact_kind kind = FACT_DEB; kind <= FACT_PACKAGE_LAST; kind++) {
			uint32_t n;
			const uint32_t *facts = fleet_facts_by_name(f, kind, x->values[i], &n);
			for (uint32_t k = 0; k < n; k++) {
				struct fact_package p;
				const roaring_bitmap_t *hosts = fleet_fact_hosts(f, facts[k]);
				if (!hosts || !fleet_fact_package(f, facts[k], &p))
					continue;
				if (!x->version.p ||
				    in_order(x->op,
					     pkgver_compare(schemes[kind], p.version, x->version)))
					roaring_bitmap_or_inplace(out, hosts);
			}
		}
	return out;
}

static roaring_bitmap_t *by_patch(struct filter_run *r, const struct filter *x)
{
	enum verdict verdict = x->field->name[0] == 'm' ? VERDICT_MISSING : VERDICT_INSTALLED;
	roaring_bitmap_t *out = roaring_bitmap_create();
	for (size_t i = 0; i < x->n_values; i++) {
		uint32_t p = catalog_find(r->v->catalog, x->values[i]);
		roaring_bitmap_t *own = NULL;
		const roaring_bitmap_t *hosts = p == CATALOG_NONE
							? NULL
							: match_due_hosts(r->v, p, verdict, &own);
		if (hosts)
			roaring_bitmap_or_inplace(out, hosts);
		if (own)
			roaring_bitmap_free(own);
	}
	return out;
}

static roaring_bitmap_t *by_flag(struct filter_run *r, const struct filter *x)
{
	static const struct {
		const char *field;
		enum host_flag flag;
	} flags[] = { { "reboot", HOST_FLAG_REBOOT_PENDING },
		      { "restart", HOST_FLAG_RESTART_PENDING },
		      { "end_of_life", HOST_FLAG_END_OF_LIFE },
		      { "unsigned_source", HOST_FLAG_UNSIGNED_SOURCE } };
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (strcmp(flags[i].field, x->field->name) == 0)
			return match_flag_hosts(r->v, flags[i].flag, r->now_ms);
	return roaring_bitmap_copy(fleet_online_hosts(r->v->fleet));
}

/* --- groups --- */

static bool group_hosts(struct filter_run *r, const struct group *g, roaring_bitmap_t **out,
			struct err *e)
{
	if (g->kind != GROUP_DYNAMIC) {
		*out = roaring_bitmap_and(g->members, fleet_active(r->v->fleet));
		return true;
	}
	AUTO(arena_done) struct arena a = { 0 };
	struct filter *x;
	return (filter_parse(str_of(g->filter), &a, &x, NULL, e) && filter_hosts(r, x, out, e)) ||
	       err_prefix(e, "group '%s'", g->name);
}

bool filter_group(struct filter_run *r, uint32_t group, const roaring_bitmap_t **out, struct err *e)
{
	const struct group *g = fleet_group(r->v->fleet, group);
	if (!g)
		return err_set(e, ERR_NOT_FOUND, "there is no group number %u", group);
	if (r->entered[group])
		return err_set(e, ERR_CONFLICT, "the filter of group '%s' refers to itself",
			       g->name);
	if (!r->groups[group]) {
		r->entered[group] = 1;
		bool ok = group_hosts(r, g, &r->groups[group], e);
		r->entered[group] = 0;
		if (!ok)
			return false;
	}
	*out = r->groups[group];
	return true;
}

bool filter_group_named(struct filter_run *r, struct str id_or_name, const roaring_bitmap_t **out,
			struct err *e)
{
	const struct group *g = fleet_group_find(r->v->fleet, id_or_name);
	for (uint32_t i = 0; g && i < fleet_group_count(r->v->fleet); i++)
		if (fleet_group(r->v->fleet, i) == g)
			return filter_group(r, i, out, e);
	return err_set(e, ERR_NOT_FOUND, "there is no group '%.*s'", (int)MIN(id_or_name.n, 400),
		       id_or_name.p);
}

bool filter_fits_group(struct filter_run *r, const struct filter *x, const char *own, struct err *e)
{
	const struct fleet *f = r->v->fleet;
	roaring_bitmap_t *hosts;
	/* Standing in the group, its filter must not ask for the group. */
	for (uint32_t i = 0; i < fleet_group_count(f); i++)
		r->entered[i] |= strcmp(fleet_group(f, i)->id, own) == 0;
	bool ok = filter_hosts(r, x, &hosts, e);
	if (ok)
		roaring_bitmap_free(hosts);
	for (uint32_t i = 0; i < fleet_group_count(f); i++)
		r->entered[i] = 0;
	return ok;
}

const struct group *filter_group_user(const struct match_view *v, const struct group *g)
{
	for (uint32_t i = 0; i < fleet_group_count(v->fleet); i++) {
		AUTO(arena_done) struct arena a = { 0 };
		const struct group *other = fleet_group(v->fleet, i);
		struct filter *x;
		if (other->kind == GROUP_DYNAMIC && other != g &&
		    filter_parse(str_of(other->filter), &a, &x, NULL, NULL) &&
		    filter_names_group(x, g))
			return other;
	}
	return NULL;
}

static bool by_group(struct filter_run *r, const struct filter *x, roaring_bitmap_t **out,
		     struct err *e)
{
	roaring_bitmap_t *all = roaring_bitmap_create();
	for (size_t i = 0; i < x->n_values; i++) {
		const roaring_bitmap_t *hosts;
		if (!filter_group_named(r, x->values[i], &hosts, e)) {
			roaring_bitmap_free(all);
			return false;
		}
		roaring_bitmap_or_inplace(all, hosts);
	}
	*out = all;
	return true;
}

/* --- all together --- */

/* Whether "!=" is the opposite of what the field's function gives. */
static bool is_opposite(const struct filter *x)
{
	bool of_order = x->field->type == FILTER_NUMBER || x->version.p;
	if (x->field->type == FILTER_FLAG)
		return (x->op == FILTER_IS_NOT) == (x->number == 1);
	return x->op == FILTER_IS_NOT && !of_order;
}

static bool term_hosts(struct filter_run *r, const struct filter *x, roaring_bitmap_t **out,
		       struct err *e)
{
	roaring_bitmap_t *b = NULL;
	switch (x->field->type) {
	case FILTER_TEXT:
	case FILTER_VERSION: b = by_text(r, x); break;
	case FILTER_WORD: b = by_health(r, x); break;
	case FILTER_NUMBER: b = by_missing(r, x); break;
	case FILTER_AGE: b = by_age(r, x); break;
	case FILTER_FLAG: b = by_flag(r, x); break;
	case FILTER_ADDRESS: b = by_address(r, x); break;
	case FILTER_PATCH: b = by_patch(r, x); break;
	case FILTER_PACKAGE: b = by_package(r, x); break;
	case FILTER_GROUP:
		if (!by_group(r, x, &b, e))
			return false;
		break;
	}
	const roaring_bitmap_t *active = fleet_active(r->v->fleet);
	if (is_opposite(x)) {
		*out = roaring_bitmap_andnot(active, b);
		roaring_bitmap_free(b);
		return true;
	}
	roaring_bitmap_and_inplace(b, active);
	*out = b;
	return true;
}

static bool joined_hosts(struct filter_run *r, const struct filter *x, roaring_bitmap_t **out,
			 struct err *e)
{
	roaring_bitmap_t *all = NULL;
	for (size_t i = 0; i < x->n; i++) {
		roaring_bitmap_t *b;
		if (!filter_hosts(r, x->of[i], &b, e)) {
			if (all)
				roaring_bitmap_free(all);
			return false;
		}
		if (!all) {
			all = b;
			continue;
		}
		if (x->kind == FILTER_AND)
			roaring_bitmap_and_inplace(all, b);
		else
			roaring_bitmap_or_inplace(all, b);
		roaring_bitmap_free(b);
	}
	*out = all;
	return true;
}

bool filter_hosts(struct filter_run *r, const struct filter *x, roaring_bitmap_t **out,
		  struct err *e)
{
	roaring_bitmap_t *b;
	switch (x->kind) {
	case FILTER_TERM: return term_hosts(r, x, out, e);
	case FILTER_NOT:
		if (!filter_hosts(r, x->of[0], &b, e))
			return false;
		*out = roaring_bitmap_andnot(fleet_active(r->v->fleet), b);
		roaring_bitmap_free(b);
		return true;
	default: return joined_hosts(r, x, out, e);
	}
}
