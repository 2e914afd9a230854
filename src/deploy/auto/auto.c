/* SPDX-License-Identifier: Apache-2.0
 * The engine of automated deployment: plans each task and makes what it planned into ordinary
 * deployments. Invariant: the deployment, whose it is and which pairs it holds are written in one
 * transaction; the next plan sees them or there is no deployment. */
#include "deploy/auto/auto_group.h"
#include "deploy/auto/auto_int.h"
#include "deploy/auto/claims.h"
#include "deploy/queries.h"
#include "deploy/targets/selector.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* Between two runs when only scans came in, and when nothing did. */
#define RUN_CHANGED_MS 10000
#define RUN_MS 60000
/* Between two deployments of one task: what trickles in with scans is gathered. What people and
 * syncs change is not waited for. */
#define GATHER_MS (5 * 60000)
/* After a run that took so long, as many times so long there is none but that of RUN_MS. */
#define REST_TIMES 10

struct auto_engine {
	atomic_bool stirred;
	uint64_t seen;		 /* the version of match at the last run */
	struct catalog *catalog; /* the one at the last look; NULL = none yet */
	int64_t ran_mono_ms, rest_mono_ms;
};

bool auto_open(struct deploy *d, struct err *e)
{
	d->automation = xcalloc(1, sizeof(*d->automation));
	d->automation->stirred = true;
	return approvals_load(d, e);
}

void auto_close(struct deploy *d)
{
	approvals_close(d);
	if (d->automation)
		catalog_unref(d->automation->catalog);
	xfree(d->automation);
}

void auto_stir(struct deploy *d)
{
	d->automation->stirred = true;
}

bool auto_hosts(struct deploy *d, const struct match_view *v, const char *targets,
		roaring_bitmap_t **out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(json_free) json_t *j = NULL;
	AUTO(filter_run_end) struct filter_run r;
	struct selector s;
	filter_run_begin(&r, v, clock_now_ms(d->conf.clock));
	return json_parse(targets[0] ? str_of(targets) : STR_LIT("{}"), AUTO_SPEC_MAX, &j, e) &&
	       selector_read(j, &a, &s, NULL, e) && selector_hosts(&r, &s, false, out, e);
}

bool auto_is_withheld(struct deploy *d, const struct match_view *v, const char *task,
		      uint32_t patch, uint32_t host)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct approval ap;
	if (!task[0])
		return false;
	if (match_is_declined_on(v, patch, host))
		return true;
	approval_of(d, v->catalog->patches[patch].id, &a, &ap);
	return !ap.approved && (strcmp(task, AUTO_TEST) != 0 || ap.how != APPROVAL_NEW);
}

/* --- making deployments -------------------------------------------------------------------------
 */

struct giving {
	const struct match_view *v;
	const struct auto_task *t;
	const char *deployment;
	const struct resolved *set;
	int64_t now_ms;
};

struct giving_to {
	const struct giving *k;
	struct sql_conn *c;
};

static bool give_to(void *arg, uint32_t host, struct str claim, struct err *e)
{
	const struct giving_to *to = arg;
	return sql_run(to->c, &SQL_AUTO_CLAIM_INSERT,
		       SQL_ARGS(sql_text(to->k->deployment),
				sql_text(fleet_host(to->k->v->fleet, host)->id), sql_blob(claim)),
		       e);
}

static bool give(struct sql_conn *c, void *arg, struct err *e)
{
	const struct giving *k = arg;
	struct giving_to to = { k, c };
	return sql_run(c, &SQL_AUTO_RUN_INSERT,
		       SQL_ARGS(sql_text(k->deployment), sql_text(k->t->id),
				sql_int(k->t->spec.force_days), sql_int(k->now_ms)),
		       e) &&
	       claims_each(k->set, give_to, &to, e);
}

struct chosen {
	struct str id;
	uint32_t row;
};

static int by_id(const void *a, const void *b)
{
	return str_cmp(((const struct chosen *)a)->id, ((const struct chosen *)b)->id);
}

/* The group as a resolved set, its patches in the order of their ids' bytes. */
static void resolve_group(const struct match_view *v, const struct auto_plan *p,
			  const struct auto_group *g, struct resolved *out)
{
	AUTO(xfree) struct chosen *list = xcalloc(g->rows.n, sizeof(*list));
	for (size_t i = 0; i < g->rows.n; i++) {
		uint32_t patch = p->rows.p[g->rows.p[i]].patch;
		list[i] = (struct chosen) { v->catalog->patches[patch].id, g->rows.p[i] };
	}
	qsort(list, g->rows.n, sizeof(*list), by_id);
	*out = (struct resolved) { .n = g->rows.n, .all = roaring_bitmap_copy(g->hosts) };
	out->ids = xcalloc(out->n, sizeof(*out->ids));
	out->patches = xcalloc(out->n, sizeof(*out->patches));
	out->hosts = xcalloc(out->n, sizeof(roaring_bitmap_t *));
	for (size_t i = 0; i < out->n; i++) {
		const struct auto_row *r = &p->rows.p[list[i].row];
		out->ids[i] = arena_str(&out->arena, list[i].id);
		out->patches[i] = r->patch;
		out->hosts[i] = roaring_bitmap_copy(r->chosen);
	}
}

static bool make_one(struct deploy *d, const struct match_view *v, const struct auto_task *t,
		     const struct auto_plan *p, const struct auto_group *g, const char *policy,
		     struct intern *made, struct err *e)
{
	AUTO(resolved_done) struct resolved set;
	char id[33], when[CLOCK_RFC3339_LEN], name[AUTO_NAME_MAX * 4 + 40],
		by[AUTO_NAME_MAX * 4 + 8];
	deploy_new_id(id);
	resolve_group(v, p, g, &set);
	struct giving k = {
		.v = v, .t = t, .deployment = id, .set = &set, .now_ms = clock_now_ms(d->conf.clock)
	};
	clock_rfc3339(k.now_ms, when);
	snprintf(name, sizeof(name), "%.16s %s", when, t->name);
	snprintf(by, sizeof(by), "auto:%s", t->name);
	struct deploy_request r = {
		.name = name, .policy = policy, .created_by = by, .notify = t->spec.notify
	};
	json_t *detail = json_pack("{s:s,s:I,s:I}", "task", t->id, "patches", (json_int_t)set.n,
				   "systems", (json_int_t)roaring_bitmap_get_cardinality(set.all));
	if (!deploy_tell(d, id, "auto.deploy", detail, e) ||
	    !deployment_make(d, v, &r, &set, id, give, &k, e))
		return false;
	intern_add(made, str_of(id));
	return true;
}

static bool make_lane(struct deploy *d, const struct match_view *v, const struct auto_task *t,
		      const struct auto_plan *p, enum auto_verdict lane, const char *policy,
		      struct intern *made, struct err *e)
{
	struct auto_group groups[AUTO_GROUPS_MAX];
	size_t n = auto_groups(p, lane, groups);
	bool ok = true;
	for (size_t i = 0; ok && i < n; i++)
		ok = make_one(d, v, t, p, &groups[i], policy, made, e);
	auto_groups_done(groups, n);
	return ok;
}

static bool run_task(struct deploy *d, const struct auto_task *t, bool at_once, struct intern *made,
		     struct err *e)
{
	int64_t last;
	if (!auto_last_ms(d, t->id, &last, e))
		return false;
	int64_t now = clock_now_ms(d->conf.clock);
	if (!at_once && last && now >= last && now - last < GATHER_MS)
		return true;
	AUTO(match_read_end) struct match_view v;
	match_read(d->conf.match, &v);
	AUTO(auto_plan_done) struct auto_plan p = { 0 };
	return auto_plan(d, &v, t, &p, e) &&
	       make_lane(d, &v, t, &p, AUTO_EXPRESS, t->spec.express_policy, made, e) &&
	       make_lane(d, &v, t, &p, AUTO_DEPLOY, t->spec.policy, made, e);
}

static bool run_test(struct deploy *d, bool at_once, struct intern *made, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct approval_settings s;
	struct auto_task t;
	approval_settings_get(d, &a, &s);
	if (s.mode != APPROVAL_TEST)
		return true;
	if (!auto_conclude(d, e))
		return false;
	if (!s.targets[0])
		return true;
	auto_test_task(&s, &t);
	return run_task(d, &t, at_once, made, e);
}

bool auto_run(struct deploy *d, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct auto_task *list;
	size_t n, noted;
	AUTO(intern_free) struct intern *made = intern_new();
	struct err one = { 0 };
	if (!approval_note(d, &noted, e))
		return false;
	/* Who stirred until here, noting among them, is planned for below. */
	bool at_once = atomic_exchange(&d->automation->stirred, false);
	bool ok = run_test(d, at_once, made, e);
	if (!auto_list(d, &a, &list, &n, ok ? e : &one)) {
		n = 0;
		ok = false;
	}
	for (size_t i = 0; i < n; i++)
		if (!list[i].paused_ms && !run_task(d, &list[i], at_once, made, ok ? e : &one))
			ok = false;
	for (uint32_t i = 0; i < intern_count(made); i++)
		d->conf.changed(d->conf.arg, intern_get(made, i).p);
	return ok;
}

/* Whether there is another catalog than at the last look. */
static bool catalog_came(struct deploy *d)
{
	struct auto_engine *g = d->automation;
	AUTO(match_read_end) struct match_view v;
	match_read(d->conf.match, &v);
	if (v.catalog == g->catalog)
		return false;
	catalog_unref(g->catalog);
	g->catalog = catalog_ref((struct catalog *)v.catalog);
	return true;
}

bool auto_tick(struct deploy *d, struct err *e)
{
	struct auto_engine *g = d->automation;
	uint64_t version = match_version(d->conf.match);
	int64_t now = clock_mono_ms(), since = now - g->ran_mono_ms;
	if (version != g->seen && catalog_came(d))
		g->stirred = true;
	bool changed = g->stirred || (version != g->seen && since >= RUN_CHANGED_MS);
	if (since < RUN_MS && (!changed || now < g->rest_mono_ms))
		return true;
	g->seen = version;
	g->ran_mono_ms = now;
	bool ok = auto_run(d, e);
	int64_t end = clock_mono_ms();
	g->rest_mono_ms = end + (ok ? REST_TIMES * (end - now) : RUN_MS);
	return ok;
}
