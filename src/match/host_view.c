/* SPDX-License-Identifier: Apache-2.0
 * One host: its patches by the forward pass, and one (host, patch) pair component by component. A
 * host that is not active or has no scan is unknown and concerns nothing. */
#include "match/host_view.h"
#include "fleet/facts.h"
#include "match/hindrance.h"
#include "match/readings.h"

bool host_view_init(const struct match_view *v, uint32_t host, struct host_view *out)
{
	const struct host *h = fleet_host(v->fleet, host);
	*out = (struct host_view) { .rule_host.fleet = v->fleet, .host = h };
	if (!h || !roaring_bitmap_contains(fleet_active(v->fleet), host) ||
	    !roaring_bitmap_contains(fleet_scanned(v->fleet), host))
		return false;
	out->facts = xmalloc(((size_t)h->n_facts + 1) * sizeof(*out->facts));
	fleet_host_facts(h, out->facts);
	out->rule_host.facts = out->facts;
	out->rule_host.n_facts = h->n_facts;
	out->rule_host.scanned = true;
	return true;
}

void host_view_done(struct host_view *h)
{
	xfree(h->facts);
	*h = (struct host_view) { 0 };
}

enum set host_view_hindrance(const struct host_view *h, const struct catalog *catalog,
			     const struct component *c, uint32_t fact, uint32_t *why_out)
{
	const struct rule_host *r = &h->rule_host;
	struct fact_package package;
	*why_out = INTERN_NONE;
	if (!hindrance_service_among(r->fleet, r->facts, r->n_facts,
				     catalog->patches[c->patch].availability))
		return SET_SUBSCRIPTION;
	if (!fleet_fact_package(r->fleet, fact, &package))
		return SET_MISSING;
	AUTO(modules_done) struct modules m;
	modules_of(catalog, r->fleet, r->facts, r->n_facts, &m);
	uint32_t component = (uint32_t)(c - catalog->components);
	enum modules_say say = modules_say(&m, component);
	enum set set = hindrance_of(r->fleet, r->facts, r->n_facts, &package, c->by_default, say,
				    why_out);
	if (set == SET_KEPT_BACK && say == MODULES_FILTER)
		*why_out = modules_why(&m, component);
	return set;
}

static bool os_applies(const struct host_view *h, struct str os)
{
	struct rule condition = { .op = RULE_OS, .name = os };
	uint32_t fact;
	return os.n == 0 || rule_eval_condition(&condition, &h->rule_host, &fact) == RULE_TRUE;
}

static enum verdict component_verdict(const struct host_view *h, const struct catalog *catalog,
				      const struct component *c, bool holds, uint32_t fact)
{
	if (!holds)
		return VERDICT_INSTALLED;
	if (!rule_component_current(catalog, c))
		return VERDICT_SUPERSEDED;
	uint32_t why;
	return verdict_of_set(host_view_hindrance(h, catalog, c, fact, &why));
}

struct component_list {
	struct host_component *p;
	size_t n, cap;
};

static void add_component(const struct host_view *h, const struct catalog *c, uint32_t component,
			  struct component_list *out)
{
	struct rule condition = rule_of_component(c, component);
	AUTO(xfree) struct host_reading *all = NULL;
	uint32_t n = rule_read_host(&condition, &h->rule_host, &all);
	for (uint32_t i = 0; i < n; i++) {
		enum verdict verdict = component_verdict(h, c, &c->components[component],
							 all[i].hit.holds, all[i].fact);
		VEC_PUSH(out, ((struct host_component) { component, all[i].fact, verdict }));
	}
}

static struct component_list components_of(const struct host_view *h, const struct catalog *c,
					   uint32_t patch)
{
	struct component_list out = { 0 };
	const struct patch *p = &c->patches[patch];
	if (!os_applies(h, p->os))
		return out;
	for (uint32_t i = 0; i < p->components; i++)
		add_component(h, c, p->first_component + i, &out);
	return out;
}

uint32_t match_components(const struct match_view *v, uint32_t host, uint32_t patch,
			  struct host_component **out)
{
	AUTO(host_view_done) struct host_view h;
	*out = NULL;
	if (!host_view_init(v, host, &h))
		return 0;
	struct component_list list = components_of(&h, v->catalog, patch);
	*out = list.p;
	return (uint32_t)list.n;
}

uint32_t match_outdated(const struct match_view *v, uint32_t host, uint32_t patch,
			struct outdated **out)
{
	VEC(struct outdated) found = { 0 };
	AUTO(xfree) struct host_component *all = NULL;
	uint32_t n = match_components(v, host, patch, &all);
	for (uint32_t i = 0; i < n; i++)
		if (all[i].verdict == VERDICT_MISSING || all[i].verdict == VERDICT_HELD)
			VEC_PUSH(&found, ((struct outdated) { all[i].component, all[i].fact,
							      all[i].verdict == VERDICT_HELD }));
	*out = found.p;
	return (uint32_t)found.n;
}

enum verdict host_view_verdict(const struct host_view *h, const struct catalog *c, uint32_t patch)
{
	struct component_list list = components_of(h, c, patch);
	uint8_t seen = 0;
	for (size_t i = 0; i < list.n; i++) {
		int set = set_of_verdict(list.p[i].verdict);
		seen |= set < 0 ? SEEN_SUPERSEDED : SEEN(set);
	}
	VEC_DONE(&list);
	return forward_verdict(seen);
}

enum verdict match_verdict(const struct match_view *v, uint32_t host, uint32_t patch)
{
	const struct patch_state *p = &v->m->state->patches[patch];
	for (enum set k = 0; k < SETS_; k++)
		if (p->set[k] && roaring_bitmap_contains(p->set[k], host))
			return verdict_of_set(k);
	AUTO(host_view_done) struct host_view h;
	if (!host_view_init(v, host, &h))
		return VERDICT_UNKNOWN;
	return host_view_verdict(&h, v->catalog, patch);
}

enum verdict match_verdict_now(const struct match_view *v, uint32_t host, uint32_t patch,
			       int64_t now_ms)
{
	enum verdict verdict = match_verdict(v, host, patch);
	bool in_order = verdict == VERDICT_INSTALLED || verdict == VERDICT_NOT_APPLICABLE;
	return in_order && match_is_stale(v, host, now_ms) ? VERDICT_UNKNOWN : verdict;
}

uint32_t match_host_patches(const struct match_view *v, uint32_t host, struct host_patch **out)
{
	VEC(struct host_patch) found = { 0 };
	AUTO(host_view_done) struct host_view h;
	uint32_t n = v->catalog->n_patches;
	*out = NULL;
	if (!host_view_init(v, host, &h))
		return 0;
	AUTO(xfree) uint8_t *seen = xmalloc((size_t)n + 1);
	forward_pass(v->m->state, v->fleet, h.facts, h.rule_host.n_facts, seen);
	for (uint32_t i = 0; i < n; i++)
		if (seen[i])
			VEC_PUSH(&found, ((struct host_patch) { i, forward_verdict(seen[i]) }));
	*out = found.p;
	return (uint32_t)found.n;
}
