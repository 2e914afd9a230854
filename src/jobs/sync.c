/* SPDX-License-Identifier: Apache-2.0
 * Syncing the patch DB (M-072..M-079): every feed that the registry's kinds plan from settings and
 * estate, then one new snapshot. A feed that fails keeps its last good generation and never blocks
 * the others; the job says which failed and why. */
#include "base/file.h"
#include "base/log.h"
#include "catalog/catalog.h"
#include "feeds/feed.h"
#include "feeds/local.h"
#include "feeds/sandbox/verify.h"
#include "jobs/jobs_int.h"
#include "jobs/lost.h"
#include "jobs/notify.h"
#include "jobs/scope.h"
#include "sql/notify.h"

#include <stdio.h>

/* --- the job's record ---------------------------------------------------------------------------
 */

struct step_change {
	size_t step;
	enum job_state state;
	double progress;
	const struct err *error; /* NULL = none */
};

static void set_step(struct job *job, void *arg)
{
	const struct step_change *c = arg;
	struct job_step *s = &job->steps[c->step];
	s->state = c->state;
	s->progress = c->progress;
	snprintf(s->error, sizeof(s->error), "%s", c->error ? c->error->msg : "");
	s->error_code = c->error ? err_code_name(c->error->code) : NULL;
	s->error_subject[0] = '\0';
	if (c->error)
		err_subject(c->error, s->error_subject, sizeof(s->error_subject));
}

struct run {
	struct jobs *j;
	const char *id;
	struct fetcher *fetcher;
	size_t step;
	int64_t told_ms;
	size_t planned;	      /* feeds that say something of the fleet's systems */
	size_t failed, total; /* of the feeds without which the patch DB is not whole */
	bool changed, enrichment_changed;
};

/* More feeds than a job shows share its last step. */
static size_t step_of(size_t feed)
{
	return MIN(feed, (size_t)JOB_STEPS_MAX - 1);
}

static void progress(void *arg, const char *what UNUSED, int64_t done, int64_t total)
{
	struct run *r = arg;
	int64_t now = clock_mono_ms();
	if (now - r->told_ms < 250)
		return;
	r->told_ms = now;
	struct step_change c = { step_of(r->step), JOB_RUNNING,
				 total > 0 ? (double)done / (double)total : 0, NULL };
	jobs_update(r->j, r->id, set_step, &c);
}

static void plan_steps(struct job *job, void *arg)
{
	const struct feed_plan *p = arg;
	job->n_steps = p->specs.n ? step_of(p->specs.n - 1) + 1 : 0;
	for (size_t i = 0; i < job->n_steps; i++) {
		struct job_step *s = &job->steps[i];
		snprintf(s->code, sizeof(s->code), "feed");
		snprintf(s->subject, sizeof(s->subject), "%s", p->specs.p[i].id);
	}
}

struct ending {
	struct jobs *j;
	const char *error;
	int64_t now_ms;
};

/* Under the lock, in one step: a job that has ended is not the one a new request joins. */
static void end_job(struct job *job, void *arg)
{
	const struct ending *x = arg;
	x->j->sync_id[0] = '\0';
	job->state = x->error[0] ? JOB_FAILED : JOB_SUCCEEDED;
	job->finished_ms = x->now_ms;
	snprintf(job->error, sizeof(job->error), "%s", x->error);
}

static void begin_job(struct job *job, void *arg)
{
	job->state = JOB_RUNNING;
	job->started_ms = *(int64_t *)arg;
}

/* --- the sync -----------------------------------------------------------------------------------
 */

struct getter {
	struct settings *settings;
	struct arena *arena;
};

static const char *setting_text(void *arg, const char *key)
{
	const struct getter *g = arg;
	enum setting id;
	bool known = setting_find(str_of(key), &id);
	ASSERT(known); /* a row of the registry names a setting that does not exist */
	return settings_text(g->settings, id, g->arena);
}

/* The operating systems of the active hosts. */
static void take_estate(struct jobs *j, struct arena *a, struct feed_plan *p)
{
	static const char *const foreign[] = { "amd64", "i386",	   "arm64",   "armhf", "armel",
					       "s390x", "ppc64el", "riscv64", "x32" };
	VEC(struct feed_estate) seen = { 0 };
	fleet_read_lock(j->conf.fleet);
	uint32_t n = fleet_host_count(j->conf.fleet);
	for (uint32_t i = 0; i < n; i++) {
		const struct host *h = fleet_host(j->conf.fleet, i);
		const struct host_attrs *at = &h->attrs;
		size_t k = 0;
		if (h->state != HOST_ACTIVE || !at->os_id || !at->os_version || !at->arch)
			continue;
		while (k < seen.n && (strcmp(seen.p[k].os, at->os_id) != 0 ||
				      strcmp(seen.p[k].release, at->os_version) != 0 ||
				      strcmp(seen.p[k].architecture, at->arch) != 0))
			k++;
		if (k == seen.n)
			VEC_PUSH(&seen, ((struct feed_estate) {
						.os = arena_strdup(a, at->os_id),
						.release = arena_strdup(a, at->os_version),
						.architecture = arena_strdup(a, at->arch) }));
		seen.p[k].hosts++;
	}
	for (size_t i = 0; i < ARRAY_LEN(foreign); i++) {
		AUTO(xfree) char *line = xasprintf("foreign-arch\t%s", foreign[i]);
		uint32_t fact = fleet_fact_find(j->conf.fleet, str_of(line));
		const roaring_bitmap_t *hosts = fact == UINT32_MAX
							? NULL
							: fleet_fact_hosts(j->conf.fleet, fact);
		if (hosts && !roaring_bitmap_is_empty(hosts))
			VEC_PUSH(&seen, ((struct feed_estate) {
						.os = "",
						.release = "",
						.architecture = foreign[i],
						.hosts = (uint32_t)roaring_bitmap_get_cardinality(
							hosts) }));
	}
	fleet_read_unlock(j->conf.fleet);
	struct feed_estate *list = arena_array(a, struct feed_estate, seen.n + 1);
	for (size_t k = 0; k < seen.n; k++)
		list[k] = seen.p[k];
	p->estate = list;
	p->n_estate = seen.n;
	VEC_DONE(&seen);
}

static void outcome(struct run *r, const struct feed_kind *k, bool ok, const struct err *e)
{
	struct step_change c = { step_of(r->step), ok ? JOB_SUCCEEDED : JOB_FAILED, 1,
				 ok ? NULL : e };
	jobs_update(r->j, r->id, set_step, &c);
	r->failed += !ok && !k->optional;
	r->total += !k->optional;
}

static bool stopping(struct jobs *j)
{
	pthread_mutex_lock(&j->lock);
	bool yes = j->stopping;
	pthread_mutex_unlock(&j->lock);
	return yes;
}

/* *held_out: its new generation looks wrong (catalog.h). */
static void run_feed(struct run *r, const struct feed_spec *s, bool *held_out)
{
	struct feed_env env = { .fetch = { fetcher_get, r->fetcher },
				.verify = feed_verify_apart,
				.store = r->j->conf.store,
				.now_ms = clock_now_ms(r->j->conf.clock),
				.progress = progress,
				.progress_arg = r };
	struct generation_watch watch = { lost_waiting, r->j->conf.match };
	struct feed_runner runner = { feed_sandbox_sync, &r->j->parser, &watch };
	const struct feed_kind *k = feed_kind_find(str_of(s->kind));
	struct err e = { 0 };
	bool changed = false;
	struct step_change c = { step_of(r->step), JOB_RUNNING, 0, NULL };
	jobs_update(r->j, r->id, set_step, &c);
	bool ok = feed_run(k, s, &runner, &env, r->j->conf.db, false, &changed, &e);
	if (!ok)
		log_warn("feed '%s': %s", s->id, e.msg);
	enum enrich_kind enrichment;
	if (enrich_kind_parse(str_of(k->name), &enrichment))
		r->enrichment_changed |= changed;
	else
		r->changed |= changed;
	*held_out = !ok && e.code == ERR_CONFLICT;
	outcome(r, k, ok, &e);
	r->j->conf.feed_changed(r->j->conf.arg, s->id);
}

static bool adopt(struct jobs *j, struct err *e)
{
	struct catalog *c;
	AUTO(arena_done) struct arena a = { 0 };
	pthread_mutex_lock(&j->adopting);
	struct str off = scope_cells(&j->conf, &a);
	bool good = catalog_load(j->conf.db, off, &c, e);
	if (good) {
		match_set_catalog(j->conf.match, c);
		catalog_unref(c);
	}
	pthread_mutex_unlock(&j->adopting);
	return good || err_prefix(e, "cannot load the new patch DB");
}

/* What syncs brought, made visible; the join is made here, so that no request waits for it. */
static bool adopt_changes(struct jobs *j, bool patches, bool enrichment, struct err *e)
{
	if (patches && !adopt(j, e))
		return false;
	if (!j->conf.enrichment || (!patches && !enrichment))
		return true;
	if (enrichment && !enrichment_reload(j->conf.enrichment, e))
		return false;
	struct match_view v;
	match_read(j->conf.match, &v);
	enrich_join_unref(enrichment_join(j->conf.enrichment, v.catalog));
	match_read_end(&v);
	return true;
}

bool jobs_reload(struct jobs *j, struct err *e)
{
	return adopt_changes(j, true, true, e);
}

bool jobs_accept_held(struct jobs *j, const char *feed, struct err *e)
{
	if (!generation_accept_held(j->conf.db, str_of(feed), clock_now_ms(j->conf.clock), e) ||
	    !adopt_changes(j, true, true, e))
		return false;
	log_info("held generation of feed '%s' accepted", feed);
	j->conf.feed_changed(j->conf.arg, feed);
	return true;
}

/* What could not be planned is said in the job's error: no feed carries it. */
struct unplanned {
	struct err e;
	size_t n;
};

static void not_planned(void *arg, const struct feed_kind *k, const struct err *e)
{
	struct unplanned *u = arg;
	log_warn("feeds of kind '%s' cannot be planned: %s", k->name, e->msg);
	if (u->n++ == 0) {
		u->e = *e;
		err_prefix(&u->e, "feeds of kind '%s' cannot be planned", k->name);
	}
}

static bool verdict(const struct run *r, const struct unplanned *u, struct err *e)
{
	if (u->n) {
		*e = u->e;
		return false;
	}
	if (!r->planned)
		return err_set(
			e, ERR_INVALID,
			"there is nothing to sync: no system in the fleet has public sources and the settings name none; enrol a system, or name sources in the settings 'feed.*'");
	if (r->failed)
		return err_set(
			e, ERR_UNAVAILABLE,
			"%zu of %zu sources could not be synced; their last good state stays in force",
			r->failed, r->total);
	return true;
}

/* All feeds in turn. One that was held is tried once more when others brought something new: what
 * it lost may have moved there (a point release moves packages from -updates to the release). */
static void run_all(struct run *r, const struct feed_plan *p)
{
	VEC(size_t) again = { 0 };
	bool held;
	for (size_t i = 0; i < p->specs.n && !stopping(r->j); i++) {
		r->step = i;
		run_feed(r, &p->specs.p[i], &held);
		if (held)
			VEC_PUSH(&again, i);
	}
	bool news = r->changed;
	for (size_t i = 0; news && i < again.n && !stopping(r->j); i++) {
		const struct feed_spec *s = &p->specs.p[again.p[i]];
		bool optional = feed_kind_find(str_of(s->kind))->optional;
		r->step = again.p[i];
		r->failed -= !optional;
		r->total -= !optional;
		run_feed(r, s, &held);
	}
	VEC_DONE(&again);
}

static bool is_planned(const struct feed_plan *p, const char *id)
{
	for (size_t i = 0; i < p->specs.n; i++)
		if (strcmp(p->specs.p[i].id, id) == 0)
			return true;
	return false;
}

/* A feed that settings and estate no longer ask for leaves with all it brought: what it said would
 * never be corrected. Where planning failed nobody knows, and nothing is taken away. */
static void forget_others(struct run *r, const struct feed_plan *p, const struct unplanned *u)
{
	struct feed_state *list = NULL;
	size_t n = 0;
	struct err e = { 0 };
	bool good = u->n > 0 || feed_state_list(r->j->conf.db, &list, &n, &e);
	for (size_t i = 0; good && i < n; i++) {
		enum enrich_kind enrichment;
		const struct feed_kind *k = feed_kind_find(str_of(list[i].kind));
		if (!k || is_planned(p, list[i].id))
			continue;
		good = feed_state_forget(r->j->conf.db, list[i].id, &e);
		if (enrich_kind_parse(str_of(k->name), &enrichment))
			r->enrichment_changed |= good;
		else
			r->changed |= good;
		log_info("feed '%s' is no longer asked for", list[i].id);
		r->j->conf.feed_changed(r->j->conf.arg, list[i].id);
	}
	feed_state_list_free(list, n);
	if (!good)
		log_warn("feeds that are no longer asked for cannot be forgotten: %s", e.msg);
}

/* The directories the settings name are all the fetch process may read. */
static void allow_local(struct fetcher *f, const struct feed_plan *p)
{
	VEC(const char *) paths = { 0 };
	for (size_t i = 0; i < p->specs.n; i++) {
		const char *at;
		for (size_t k = 0; (at = feed_spec_address(&p->specs.p[i], k)); k++)
			if (feed_local_path(at))
				VEC_PUSH(&paths, feed_local_path(at));
	}
	VEC_PUSH(&paths, NULL);
	fetcher_allow(f, paths.p);
	VEC_DONE(&paths);
}

/* A kind that brings packages, or speaks of a system of the fleet (Alpine's has advisories only).
 */
static bool serves(const struct feed_kind *k, const struct feed_plan *p)
{
	bool yes = k->offers;
	for (const char *const *os = k->os; *os; os++) {
		struct str id = { *os, strcspn(*os, ":") };
		for (size_t i = 0; i < p->n_estate; i++)
			yes |= str_is(id, p->estate[i].os);
	}
	return yes;
}

static bool is_early(const struct feed_spec *s, const struct feed_state *list, size_t n,
		     int64_t now_ms)
{
	int64_t every_ms = feed_kind_find(str_of(s->kind))->every_s * 1000;
	AUTO(xfree) char *address = feed_address(s);
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].id, s->id) == 0)
			return !list[i].error && strcmp(list[i].url, address) == 0 &&
			       now_ms - list[i].last_success_ms < every_ms;
	return false;
}

/* What this sync asks for: all that is planned, but the clock leaves out the feeds whose kind need
 * not be asked so often. */
static void take_due(struct jobs *j, const char *id, const struct feed_plan *plan, int64_t now_ms,
		     struct feed_plan *due)
{
	struct feed_state *list = NULL;
	struct job job;
	size_t n = 0;
	struct err e = { 0 };
	if (!jobs_get(j, id, &job, &e) || !feed_state_list(j->conf.db, &list, &n, &e))
		log_warn("all feeds are synced: %s", e.msg);
	bool by_clock = list && strcmp(job.created_by, JOBS_SCHEDULE) == 0;
	for (size_t i = 0; i < plan->specs.n; i++)
		if (!by_clock || !is_early(&plan->specs.p[i], list, n, now_ms))
			VEC_PUSH(&due->specs, plan->specs.p[i]);
	feed_state_list_free(list, n);
}

static struct catalog *snapshot(struct jobs *j)
{
	AUTO(match_read_end) struct match_view v;
	match_read(j->conf.match, &v);
	return catalog_ref((struct catalog *)v.catalog); /* only its count is written */
}

/* How the sync ended, to whom it may concern. */
static void tell(struct jobs *j, struct fetcher *fetcher, const char *id,
		 const struct catalog *before, const char *error, int64_t started_ms)
{
	struct feed_state *feeds = NULL;
	size_t n = 0;
	struct err e = { 0 };
	if (!feed_state_list(j->conf.db, &feeds, &n, &e)) {
		log_warn("nobody is told how the sync ended: %s", e.msg);
		return;
	}
	AUTO(catalog_unref) struct catalog *after = snapshot(j);
	struct notify_news news = { .job = id,
				    .error = error,
				    .started_ms = started_ms,
				    .finished_ms = clock_now_ms(j->conf.clock),
				    .feeds = feeds,
				    .n_feeds = n,
				    .stale_s = settings_int(j->conf.settings, SETTING_FEED_STALE_S),
				    .patches = after->n_patches,
				    .first = before->n_patches == 0 };
	for (uint32_t i = 0; after != before && i < after->n_patches; i++)
		news.new_patches += catalog_find(before, after->patches[i].id) == CATALOG_NONE;
	notify_send(j, fetcher, &news);
	feed_state_list_free(feeds, n);
}

static void sync_all(struct jobs *j, const char *id, struct fetcher *fetcher)
{
	int64_t term = j->term;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct getter getter = { j->conf.settings, &a };
	AUTO(feed_plan_done)
	struct feed_plan plan = { .arena = &a, .setting = setting_text, .setting_arg = &getter };
	struct unplanned unplanned = { .n = 0 };
	struct run r = { .j = j, .id = id, .fetcher = fetcher };
	int64_t now = clock_now_ms(j->conf.clock);
	jobs_update(j, id, begin_job, &now);
	struct catalog *before = snapshot(j);
	take_estate(j, &a, &plan);
	feed_plan_all(&plan, not_planned, &unplanned);
	scope_apply(&j->conf, &plan);
	AUTO(feed_plan_done) struct feed_plan due = { .arena = &a };
	take_due(j, id, &plan, now, &due);
	jobs_update(j, id, plan_steps, &due);
	for (size_t i = 0; i < plan.specs.n; i++)
		r.planned += serves(feed_kind_find(str_of(plan.specs.p[i].kind)), &plan);
	allow_local(fetcher, &due);
	run_all(&r, &due);
	fetcher_rest(fetcher);
	if (!stopping(j))
		forget_others(&r, &plan, &unplanned);
	r.changed |= scope_differs(&j->conf, before);
	bool ok = adopt_changes(j, r.changed, r.enrichment_changed, &e);
	ok = ok && verdict(&r, &unplanned, &e);
	struct ending end = { j, ok ? "" : e.msg, clock_now_ms(j->conf.clock) };
	jobs_update(j, id, end_job, &end);
	log_info("sync %s%s", ok ? "done" : "failed: ", ok ? "" : e.msg);
	if (j->term == term)
		tell(j, fetcher, id, before, ok ? "" : e.msg,
		     now); /* else the next leader's sync does */
	catalog_unref(before);
}

void *jobs_sync_thread(void *arg)
{
	struct jobs *j = arg;
	AUTO(fetcher_free) struct fetcher *fetcher = fetcher_new(j->conf.proxy);
	pthread_mutex_lock(&j->lock);
	j->fetchers[0] = fetcher;
	while (!j->stopping) {
		if (!j->sync_wanted) {
			jobs_wait(j, 60000);
			continue;
		}
		char id[33];
		snprintf(id, sizeof(id), "%s", j->sync_id);
		j->sync_wanted = false;
		pthread_mutex_unlock(&j->lock);
		int64_t term = j->term;
		sql_fence(term == JOBS_FOLLOWS ? INT64_MAX : term); /* no such term */
		sync_all(j, id, fetcher);
		sql_fence(0);
		pthread_mutex_lock(&j->lock);
	}
	j->fetchers[0] = NULL;
	pthread_mutex_unlock(&j->lock);
	return NULL;
}
