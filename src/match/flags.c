/* SPDX-License-Identifier: Apache-2.0
 * What is to be said of hosts and installed patches besides verdicts: releases out of support,
 * unsigned sources, what waits for a reboot or a restart. All of it is read from facts when asked:
 * the facts concerned are few. */
#include "base/vec.h"
#include "fleet/facts.h"
#include "match/healths.h"
#include "match/hindrance.h"
#include "match/host_view.h"

static const char *const after_names[] = { "nothing", "restart", "reboot" };

const char *match_after_name(enum match_after a)
{
	return after_names[a];
}

/* --- flags ---------------------------------------------------------------------------------- */

bool match_is_end_of_life(const struct match_view *v, uint32_t host, int64_t now_ms)
{
	match_eol_fn *eol = atomic_load(&v->m->eol);
	return eol && eol(v->m->eol_arg, v, host, now_ms);
}

bool match_host_has_service(const struct match_view *v, uint32_t host, struct str service)
{
	uint32_t n;
	const uint32_t *facts = fleet_facts_of_kind(v->fleet, FACT_SUBSCRIPTION, &n);
	for (uint32_t i = 0; i < n; i++) {
		const roaring_bitmap_t *hosts = fleet_fact_hosts(v->fleet, facts[i]);
		if (hosts && roaring_bitmap_contains(hosts, host) &&
		    hindrance_service_given(v->fleet, facts[i], service))
			return true;
	}
	return false;
}

static void add_kind(const struct match_view *v, enum fact_kind kind, struct bitmaps *to)
{
	uint32_t n;
	const uint32_t *facts = fleet_facts_of_kind(v->fleet, kind, &n);
	for (uint32_t i = 0; i < n; i++)
		bitmaps_add(to, fleet_fact_hosts(v->fleet, facts[i]));
}

static roaring_bitmap_t *say_reboot(const struct match_view *v)
{
	struct roster_columns c;
	roster_columns(fleet_roster(v->fleet), &c);
	roaring_bitmap_t *out = roaring_bitmap_create();
	for (uint32_t h = 0; h < c.n; h++)
		if (c.reboot[h] && c.state[h] == HOST_ACTIVE)
			roaring_bitmap_add(out, h);
	return out;
}

roaring_bitmap_t *match_flag_hosts(const struct match_view *v, enum host_flag flag, int64_t now_ms)
{
	struct bitmaps hosts = { 0 };
	switch (flag) {
	case HOST_FLAG_STALE: return match_stale_hosts(v, now_ms);
	case HOST_FLAG_END_OF_LIFE: return match_ended_hosts(v, now_ms);
	case HOST_FLAG_UNSIGNED_SOURCE: add_kind(v, FACT_UNSIGNED, &hosts); break;
	case HOST_FLAG_RESTART_PENDING: add_kind(v, FACT_RESTART, &hosts); break;
	case HOST_FLAG_REBOOT_PENDING:
		add_kind(v, FACT_REBOOT, &hosts);
		bitmaps_own(&hosts, say_reboot(v));
		break;
	}
	return bitmaps_union(&hosts);
}

uint32_t match_host_flags(const struct match_view *v, uint32_t host, int64_t now_ms)
{
	static const uint8_t flag_of[FACT_KINDS_] = {
		[FACT_UNSIGNED] = HOST_FLAG_UNSIGNED_SOURCE,
		[FACT_RESTART] = HOST_FLAG_RESTART_PENDING,
		[FACT_REBOOT] = HOST_FLAG_REBOOT_PENDING,
	};
	const struct host *h = fleet_host(v->fleet, host);
	if (!h || !roaring_bitmap_contains(fleet_active(v->fleet), host))
		return 0;
	uint32_t flags = match_is_stale(v, host, now_ms) ? HOST_FLAG_STALE : 0;
	if (h->attrs.reboot_needed)
		flags |= HOST_FLAG_REBOOT_PENDING;
	if (match_is_end_of_life(v, host, now_ms))
		flags |= HOST_FLAG_END_OF_LIFE;
	AUTO(host_view_done) struct host_view view;
	if (!host_view_init(v, host, &view))
		return flags;
	for (uint32_t i = 0; i < view.rule_host.n_facts; i++)
		flags |= flag_of[fleet_fact_kind(v->fleet, view.facts[i])];
	return flags;
}

/* --- installed, and not yet at work --------------------------------------------------------- */

/* The package that a "restart" or "reboot-pending" fact speaks of. */
static struct str package_of(const struct fleet *f, uint32_t fact)
{
	return fleet_fact_field(f, fact, fleet_fact_kind(f, fact) == FACT_RESTART ? 1 : 2);
}

/* Whether a package name is one of a patch's: by name, or built from a source it names. */
static bool is_of_patch(const struct match_view *v, const struct patch *p, struct str name)
{
	for (uint32_t i = 0; i < p->components; i++) {
		const struct component *c = &v->catalog->components[p->first_component + i];
		if (!component_is_source(c->kind)) {
			if (str_eq(c->name, name))
				return true;
			continue;
		}
		uint32_t n;
		enum fact_kind kind = c->kind == COMPONENT_DEB_SRC ? FACT_DEB : FACT_APK;
		const uint32_t *facts = fleet_facts_by_source(v->fleet, kind, c->name, &n);
		for (uint32_t k = 0; k < n; k++)
			if (str_eq(fleet_fact_field(v->fleet, facts[k], 1), name))
				return true;
	}
	return false;
}

/* Facts of one kind, on any host, that speak of a patch's packages. */
static uint32_t *facts_about(const struct match_view *v, uint32_t patch, enum fact_kind kind,
			     uint32_t *n_out)
{
	const struct patch *p = &v->catalog->patches[patch];
	VEC(uint32_t) out = { 0 };
	uint32_t n;
	const uint32_t *facts = fleet_facts_of_kind(v->fleet, kind, &n);
	for (uint32_t i = 0; i < n; i++)
		if (fleet_fact_hosts(v->fleet, facts[i]) &&
		    is_of_patch(v, p, package_of(v->fleet, facts[i])))
			VEC_PUSH(&out, facts[i]);
	*n_out = (uint32_t)out.n;
	return out.p;
}

static bool on_host(const struct match_view *v, uint32_t host, uint32_t patch, enum fact_kind kind,
		    uint32_t *fact_out)
{
	uint32_t n;
	AUTO(xfree) uint32_t *facts = facts_about(v, patch, kind, &n);
	for (uint32_t i = 0; i < n; i++)
		if (roaring_bitmap_contains(fleet_fact_hosts(v->fleet, facts[i]), host)) {
			*fact_out = facts[i];
			return true;
		}
	return false;
}

enum match_after match_after(const struct match_view *v, uint32_t host, uint32_t patch,
			     uint32_t *fact_out)
{
	uint32_t none, *fact = fact_out ? fact_out : &none;
	const roaring_bitmap_t *installed = match_hosts(v, patch, VERDICT_INSTALLED);
	*fact = INTERN_NONE;
	if (!installed || !roaring_bitmap_contains(installed, host))
		return MATCH_AFTER_NOTHING;
	if (on_host(v, host, patch, FACT_REBOOT, fact))
		return MATCH_AFTER_REBOOT;
	return on_host(v, host, patch, FACT_RESTART, fact) ? MATCH_AFTER_RESTART
							   : MATCH_AFTER_NOTHING;
}

roaring_bitmap_t *match_after_hosts(const struct match_view *v, uint32_t patch,
				    enum match_after what)
{
	enum fact_kind kind = what == MATCH_AFTER_REBOOT ? FACT_REBOOT : FACT_RESTART;
	const roaring_bitmap_t *installed = match_hosts(v, patch, VERDICT_INSTALLED);
	struct bitmaps hosts = { 0 };
	uint32_t n;
	ASSERT(what != MATCH_AFTER_NOTHING);
	AUTO(xfree) uint32_t *facts = facts_about(v, patch, kind, &n);
	for (uint32_t i = 0; i < n && installed; i++)
		bitmaps_add_both(&hosts, installed, fleet_fact_hosts(v->fleet, facts[i]));
	return bitmaps_union(&hosts);
}
