/* SPDX-License-Identifier: Apache-2.0
 * The home screen's numbers in one reply: match's counters, and one pass over the systems for what
 * is counted by platform and by age. */
#include "api/api_int.h"
#include "api/deployment_json.h"
#include "api/enriched.h"
#include "api/failures.h"
#include "api/feed_json.h"
#include "api/patch_json.h"
#include "api/system_json.h"
#include "api/system_set.h"
#include "api/unknown.h"
#include "api/words.h"

#define TOP 10

/* --- the ten largest of many --- */

struct top {
	uint32_t items[TOP];
	uint64_t keys[TOP]; /* descending */
	size_t n;
};

static void top_offer(struct top *t, uint32_t item, uint64_t key)
{
	if (key == 0 || (t->n == TOP && key <= t->keys[TOP - 1]))
		return;
	size_t i = t->n < TOP ? t->n++ : TOP - 1;
	for (; i > 0 && t->keys[i - 1] < key; i--) {
		t->keys[i] = t->keys[i - 1];
		t->items[i] = t->items[i - 1];
	}
	t->keys[i] = key;
	t->items[i] = item;
}

/* --- one pass over the active systems --- */

struct os_row {
	struct str name;
	uint32_t systems, health[HEALTHS_];
};
enum { PLATFORM_LINUX, PLATFORM_WINDOWS, PLATFORM_MACOS, PLATFORM_UNKNOWN, PLATFORMS_ };
static const char *const platforms[PLATFORMS_] = { "linux", "windows", "macos", "unknown" };

struct pass {
	struct call *c;
	const struct match_view *v;
	struct system_set set;
	uint32_t stale, never, failed, ended, by_platform[PLATFORMS_];
	struct os_row *rows; /* by number of the os */
	uint32_t n_rows;
	struct top vulnerable;
};

static uint64_t risk(const struct host_counts *n)
{
	/* Critical first, then important, then all: 21 bits each. */
	uint64_t cap = (1u << 21) - 1;
	return MIN(n->missing[SEVERITY_CRITICAL], cap) << 42 |
	       MIN(n->missing[SEVERITY_IMPORTANT], cap) << 21 | MIN(n->missing_total, cap);
}

static void count_system(struct pass *p, uint32_t no, uint32_t health, struct os_row *row)
{
	const struct roster_columns *all = &p->set.c;
	struct host_counts counts;
	match_host_counts(p->v, no, &counts);
	top_offer(&p->vulnerable, no, risk(&counts));
	p->never += all->last_scan_ms[no] == 0;
	p->stale += all->last_scan_ms[no] != 0 && health == HEALTH_UNKNOWN;
	p->failed += all->scan[no] == SCAN_FAILED;
	if (row->systems++ == 0)
		row->name = roster_release(p->set.roster, all->word[ROSTER_RELEASE][no]).os_name;
	row->health[health]++;
}

static void count_systems(struct pass *p)
{
	struct system_filter *everything = arena_new(p->c->arena, struct system_filter);
	system_filter_read(p->c, everything, &p->c->query, p->v);
	system_set_init(&p->set, everything);
	const struct system_column *health = system_set_column(&p->set, SYSTEM_HEALTH),
				   *os = system_set_column(&p->set, SYSTEM_OS),
				   *life = system_set_column(&p->set, SYSTEM_LIFECYCLE);
	p->n_rows = os->n;
	p->rows = arena_array(p->c->arena, struct os_row, os->n + 1);
	for (uint32_t no = 0; no < p->set.c.n; no++) {
		if (p->set.c.state[no] != HOST_ACTIVE)
			continue;
		count_system(p, no, system_column_at(health, no),
			     &p->rows[system_column_at(os, no)]);
		p->ended += system_column_at(life, no) == LIFECYCLE_ENDED;
	}
	for (uint32_t i = 0; i < p->n_rows; i++)
		for (int k = 0; k < PLATFORMS_; k++)
			if (strcmp(word_platform(p->set.oses[i]), platforms[k]) == 0)
				p->by_platform[k] += p->rows[i].systems;
}

/* --- parts of the reply --- */

static json_t *systems_json(const struct fleet_counts *n, const struct pass *p)
{
	json_t *j = json_object();
	json_object_set_new(j, "total", json_integer(n->hosts));
	json_object_set_new(j, "online", json_integer(n->online));
	json_object_set_new(j, "health", words_health_counts(n->health));
	json_object_set_new(j, "reboot_needed", json_integer(n->reboot_needed));
	json_object_set_new(j, "stale_scans", json_integer(p->stale));
	json_object_set_new(j, "never_scanned", json_integer(p->never));
	json_object_set_new(j, "scan_failed", json_integer(p->failed));
	return j;
}

static json_t *patches_json(struct call *c, const struct match_view *v,
			    const struct fleet_counts *n)
{
	uint32_t installed = 0;
	for (uint32_t i = 0; i < v->catalog->n_patches; i++)
		installed += !unknown_nowhere_else(c, v, i);
	json_t *j = json_object();
	json_object_set_new(j, "missing", json_integer(n->missing_patches));
	json_object_set_new(j, "missing_by_severity",
			    words_severity_counts(n->missing_by_severity));
	json_object_set_new(j, "missing_pairs", json_integer((int64_t)n->missing_pairs));
	json_object_set_new(j, "security_missing", json_integer(n->security_missing));
	json_object_set_new(j, "installed", json_integer(installed));
	json_object_set_new(j, "supported", json_integer(v->catalog->n_patches));
	return j;
}

static json_t *top_patches_json(struct call *c, const struct match_view *v)
{
	struct top t = { .n = 0 };
	json_t *j = json_array();
	for (uint32_t i = 0; i < v->catalog->n_patches; i++) {
		uint64_t missing = match_due_count(v, i, VERDICT_MISSING);
		if (missing)
			top_offer(&t, i, (uint64_t)v->catalog->patches[i].severity << 32 | missing);
	}
	for (size_t i = 0; i < t.n; i++)
		json_array_append_new(j, patch_json(c, v, t.items[i], PATCH_LIST_CVES));
	return j;
}

static json_t *top_systems_json(struct call *c, const struct match_view *v, const struct top *t)
{
	json_t *j = json_array();
	for (size_t i = 0; i < t->n; i++)
		json_array_append_new(j, system_json(c, v, t->items[i]));
	return j;
}

static json_t *by_os_json(const struct pass *p)
{
	json_t *j = json_array();
	for (uint32_t i = 0; i < p->n_rows; i++) {
		if (p->rows[i].systems == 0)
			continue;
		json_t *one = json_object();
		json_object_set_new(one, "os", json_text(p->set.oses[i]));
		json_object_set_new(one, "os_name", json_text(p->rows[i].name));
		json_object_set_new(one, "systems", json_integer(p->rows[i].systems));
		json_object_set_new(one, "health", words_health_counts(p->rows[i].health));
		json_array_append_new(j, one);
	}
	return j;
}

static json_t *by_platform_json(const struct pass *p)
{
	json_t *j = json_array();
	for (int i = 0; i < PLATFORMS_; i++) {
		if (p->by_platform[i] == 0)
			continue;
		json_t *one = json_object();
		json_object_set_new(one, "platform", json_string(platforms[i]));
		json_object_set_new(one, "systems", json_integer(p->by_platform[i]));
		json_array_append_new(j, one);
	}
	return j;
}

static json_t *running_json(const struct deployment_row *rows, size_t n)
{
	json_t *j = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(j, deployment_json(&rows[i]));
	return j;
}

static bool get_dashboard(struct call *c, struct err *e)
{
	struct deployment_row *running;
	size_t n_running;
	json_t *feeds = NULL;
	if (!failures_load(c->api->failures, c->conf->deploy, e) ||
	    !deploy_running(c->conf->deploy, TOP, c->arena, &running, &n_running, e) ||
	    !feed_summary_json(c, &feeds, e))
		return false;
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	struct fleet_counts counts;
	struct pass p = { .c = c, .v = &v };
	match_fleet_counts(&v, c->now_ms, &counts);
	count_systems(&p);
	json_t *j = json_object();
	json_object_set_new(j, "as_of", json_time(c->now_ms));
	json_object_set_new(j, "version", json_integer((int64_t)match_version(c->conf->match)));
	json_object_set_new(j, "systems", systems_json(&counts, &p));
	json_object_set_new(j, "patches", patches_json(c, &v, &counts));
	json_object_set_new(j, "top_missing_patches", top_patches_json(c, &v));
	json_object_set_new(j, "top_vulnerable_systems", top_systems_json(c, &v, &p.vulnerable));
	json_object_set_new(j, "running_deployments", running_json(running, n_running));
	json_object_set_new(j, "kev", enriched_dashboard_json(c, &v));
	json_object_set_new(j, "end_of_life_systems", json_integer(p.ended));
	json_object_set_new(j, "by_os", by_os_json(&p));
	json_object_set_new(j, "by_platform", by_platform_json(&p));
	json_object_set_new(j, "feeds", feeds);
	match_read_end(&v); /* writing it out keeps nobody waiting */
	return call_json(c, 200, j);
}

const struct route dashboard_routes[] = {
	ROUTE(GET, API "/dashboard", PERM_VIEW, get_dashboard),
	ROUTE_TABLE_END,
};
