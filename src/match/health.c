/* SPDX-License-Identifier: Apache-2.0
 * System status (S-07) and the fleet's counters. Everything but time is counted when it
 * changes; time (a scan grown old) is looked at when asked. */
#include "match/healths.h"
#include "match/match_int.h"

static const char *const health_names[HEALTHS_] = { "unknown", "healthy", "vulnerable",
						    "highly_vulnerable" };

const char *health_name(enum health h)
{
	return health_names[h];
}

const struct health_policy health_policy_default = {
	.highly = { [SEVERITY_IMPORTANT] = 1, [SEVERITY_CRITICAL] = 1 },
	.vulnerable = { 1, 1, 1, 1, 1 },
};
_Static_assert(SEVERITIES_ == 5, "the default policy has a number for every severity");

/* Whether one severity has as many as its class asks for; 0 = it is no condition. */
static bool reached(const uint32_t least[static SEVERITIES_],
		    const uint32_t have[static SEVERITIES_])
{
	for (int s = 0; s < SEVERITIES_; s++)
		if (least[s] > 0 && have[s] >= least[s])
			return true;
	return false;
}

static bool is_older(const struct match_view *v, uint32_t host, int64_t stale_ms, int64_t now_ms)
{
	const struct host *h = fleet_host(v->fleet, host);
	return !h || !roaring_bitmap_contains(fleet_active(v->fleet), host) ||
	       !roaring_bitmap_contains(fleet_scanned(v->fleet), host) ||
	       now_ms - h->last_scan_ms > stale_ms;
}

bool match_is_stale(const struct match_view *v, uint32_t host, int64_t now_ms)
{
	return is_older(v, host, v->m->stale_ms, now_ms);
}

static enum health by_counters(const struct match_view *v, uint32_t host,
			       const struct health_policy *p)
{
	const struct state *s = v->m->state;
	struct tally t = host < s->tallies.n ? s->tallies.p[host] : (struct tally) { 0 };
	if (reached(p->highly, t.urgent))
		return HEALTH_HIGHLY_VULNERABLE;
	return reached(p->vulnerable, t.exposed) ? HEALTH_VULNERABLE : HEALTH_HEALTHY;
}

enum health health_by_counters(const struct match_view *v, uint32_t host)
{
	return by_counters(v, host, &v->m->policy);
}

static enum health judge(const struct match_view *v, uint32_t host, const struct health_policy *p,
			 int64_t stale_ms, int64_t now_ms)
{
	if (is_older(v, host, stale_ms, now_ms))
		return HEALTH_UNKNOWN;
	enum health h = by_counters(v, host, p);
	return h == HEALTH_HEALTHY && match_is_end_of_life(v, host, now_ms) ? HEALTH_VULNERABLE : h;
}

enum health match_health(const struct match_view *v, uint32_t host, int64_t now_ms)
{
	return judge(v, host, &v->m->policy, v->m->stale_ms, now_ms);
}

void match_health_moves(const struct match_view *v, const struct health_policy *p, int64_t stale_s,
			int64_t now_ms, uint32_t out[static HEALTHS_][HEALTHS_])
{
	memset(out, 0, sizeof(out[0]) * HEALTHS_);
	for (uint32_t i = 0; i < fleet_host_count(v->fleet); i++)
		if (fleet_host(v->fleet, i)->state == HOST_ACTIVE)
			out[match_health(v, i, now_ms)][judge(v, i, p, stale_s * 1000, now_ms)]++;
}

static uint32_t flagged(const struct match_view *v, enum host_flag flag, int64_t now_ms)
{
	roaring_bitmap_t *hosts = match_flag_hosts(v, flag, now_ms);
	uint32_t n = (uint32_t)roaring_bitmap_get_cardinality(hosts);
	roaring_bitmap_free(hosts);
	return n;
}

void match_fleet_counts(const struct match_view *v, int64_t now_ms, struct fleet_counts *out)
{
	const struct totals *t = &v->m->state->totals;
	*out = (struct fleet_counts) {
		.hosts = (uint32_t)roaring_bitmap_get_cardinality(fleet_active(v->fleet)),
		.end_of_life = flagged(v, HOST_FLAG_END_OF_LIFE, now_ms),
		.unsigned_source = flagged(v, HOST_FLAG_UNSIGNED_SOURCE, now_ms),
		.restart_pending = flagged(v, HOST_FLAG_RESTART_PENDING, now_ms),
		.missing_patches = t->patches[SET_MISSING],
		.installed_patches = t->patches[SET_INSTALLED],
		.held_patches = t->patches[SET_HELD],
		.kept_back_patches = t->patches[SET_KEPT_BACK],
		.phased_patches = t->patches[SET_PHASED],
		.subscription_patches = t->patches[SET_SUBSCRIPTION],
		.missing_pairs = t->missing_pairs,
		.security_missing = t->security_missing,
	};
	memcpy(out->missing_by_severity, t->missing_by_severity, sizeof(out->missing_by_severity));
	struct roster_columns c;
	roster_columns(fleet_roster(v->fleet), &c);
	AUTO(xfree) uint8_t *healths = xmalloc((size_t)c.n + 1);
	match_healths(v, now_ms, healths);
	for (uint32_t h = 0; h < c.n; h++) {
		bool active = c.state[h] == HOST_ACTIVE;
		out->health[healths[h]] += active;
		out->reboot_needed += active && c.reboot[h];
		out->online += active && c.online[h];
	}
}
