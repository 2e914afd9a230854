/* SPDX-License-Identifier: Apache-2.0
 * Syncing the patch DB (M-072..M-079): every suite of the settings (or of this machine's own apt),
 * then the notices, then one new snapshot. A feed that fails keeps its last good generation and
 * never blocks the others; the job says which failed and why. */
#include "base/file.h"
#include "base/log.h"
#include "catalog/catalog.h"
#include "feeds/debian.h"
#include "feeds/local.h"
#include "jobs/jobs_int.h"

#include <stdio.h>
#include <sys/utsname.h>

/* --- fetching -----------------------------------------------------------------------------------
 */

struct body {
	feed_body fn;
	void *arg;
};

static bool pass_on(void *arg, struct str bytes, struct err *e)
{
	struct body *b = arg;
	return b->fn(b->arg, bytes, e);
}

static bool get(void *arg, const struct feed_request *r, struct feed_response *resp_out,
		feed_body fn, void *fn_arg, struct err *e)
{
	struct http_client *client = arg;
	if (r->url[0] == '/' || strncmp(r->url, "file:", 5) == 0)
		return feed_local.get(feed_local.arg, r, resp_out, fn, fn_arg, e);
	AUTO(xfree) char *etag = r->etag ? xasprintf("If-None-Match: %s", r->etag) : NULL;
	AUTO(xfree)
	char *since = r->last_modified ? xasprintf("If-Modified-Since: %s", r->last_modified)
				       : NULL;
	const char *headers[3] = { NULL };
	size_t n = 0;
	if (etag)
		headers[n++] = etag;
	if (since)
		headers[n++] = since;
	struct http_request req = {
		.url = r->url, .headers = headers, .max_response = r->max, .timeout_s = 1800
	};
	struct http_response resp;
	struct body body = { fn, fn_arg };
	if (!http_fetch_stream(client, &req, &resp, pass_on, &body, e))
		return false;
	*resp_out = (struct feed_response) { .status = resp.status };
	snprintf(resp_out->etag, sizeof(resp_out->etag), "%s", resp.etag);
	snprintf(resp_out->last_modified, sizeof(resp_out->last_modified), "%s",
		 resp.last_modified);
	snprintf(resp_out->content_type, sizeof(resp_out->content_type), "%s", resp.content_type);
	return true;
}

/* --- the job's record ---------------------------------------------------------------------------
 */

struct step_change {
	size_t step;
	enum job_state state;
	double progress;
	const char *error;
};

static void set_step(struct job *job, void *arg)
{
	const struct step_change *c = arg;
	struct job_step *s = &job->steps[c->step];
	s->state = c->state;
	s->progress = c->progress;
	snprintf(s->error, sizeof(s->error), "%s", c->error ? c->error : "");
}

struct run {
	struct jobs *j;
	const char *id;
	size_t step;
	int64_t told_ms;
	size_t failed, total;
	bool changed;
};

static void progress(void *arg, const char *what UNUSED, int64_t done, int64_t total)
{
	struct run *r = arg;
	int64_t now = clock_mono_ms();
	if (now - r->told_ms < 250)
		return;
	r->told_ms = now;
	struct step_change c = { r->step, JOB_RUNNING, total > 0 ? (double)done / (double)total : 0,
				 NULL };
	jobs_update(r->j, r->id, set_step, &c);
}

struct plan {
	struct debian_sources sources;
	struct debian_notice_source notices[3];
	size_t n_notices;
};

static void plan_steps(struct job *job, void *arg)
{
	const struct plan *p = arg;
	job->state = JOB_RUNNING;
	size_t all = p->sources.n_suites + p->n_notices;
	for (size_t i = 0; i < all && i < JOB_STEPS_MAX; i++) {
		struct job_step *s = &job->steps[job->n_steps++];
		snprintf(s->code, sizeof(s->code), "feed");
		snprintf(s->subject, sizeof(s->subject), "%s",
			 i < p->sources.n_suites ? p->sources.suites[i].feed_id
						 : p->notices[i - p->sources.n_suites].feed_id);
	}
}

struct ending {
	const char *error;
	int64_t now_ms;
};

static void end_job(struct job *job, void *arg)
{
	const struct ending *x = arg;
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

static const char *debian_arch(void)
{
	static const char *const map[][2] = { { "x86_64", "amd64" },	{ "aarch64", "arm64" },
					      { "i686", "i386" },	{ "armv7l", "armhf" },
					      { "ppc64le", "ppc64el" }, { "s390x", "s390x" },
					      { "riscv64", "riscv64" } };
	struct utsname u;
	if (uname(&u) == 0)
		for (size_t i = 0; i < ARRAY_LEN(map); i++)
			if (strcmp(u.machine, map[i][0]) == 0)
				return map[i][1];
	return "amd64";
}

/* Suites from the settings, or those of this machine's own apt when none are set. */
static bool sources(struct jobs *j, struct arena *a, struct debian_sources *out, struct err *e)
{
	const char *text = settings_text(j->conf.settings, SETTING_FEED_DEBIAN_SUITES, a);
	if (text[0])
		return debian_sources_of_text(str_of(text), debian_arch(), a, out, e);
	return debian_sources_of_machine("/etc/apt", debian_arch(), a, out, e);
}

static void outcome(struct run *r, bool ok, const struct err *e)
{
	struct step_change c = { r->step, ok ? JOB_SUCCEEDED : JOB_FAILED, 1, ok ? NULL : e->msg };
	jobs_update(r->j, r->id, set_step, &c);
	r->failed += !ok;
	r->total++;
	r->step++;
}

static bool stopping(struct jobs *j)
{
	pthread_mutex_lock(&j->lock);
	bool yes = j->stopping;
	pthread_mutex_unlock(&j->lock);
	return yes;
}

static void run_feeds(struct run *r, const struct plan *p, struct http_client *client)
{
	struct feed_env env = { .fetch = { get, client },
				.store = r->j->conf.store,
				.now_ms = clock_now_ms(r->j->conf.clock),
				.progress = progress,
				.progress_arg = r };
	size_t all = MIN(p->sources.n_suites + p->n_notices, (size_t)JOB_STEPS_MAX);
	for (size_t i = 0; i < all && !stopping(r->j); i++) {
		struct err e = { 0 };
		bool changed = false, ok;
		struct step_change c = { r->step, JOB_RUNNING, 0, NULL };
		jobs_update(r->j, r->id, set_step, &c);
		const char *id;
		if (i < p->sources.n_suites) {
			id = p->sources.suites[i].feed_id;
			ok = debian_run_suite(&p->sources.suites[i], &env, r->j->conf.db, false,
					      &changed, &e);
		} else {
			const struct debian_notice_source *n = &p->notices[i - p->sources.n_suites];
			id = n->feed_id;
			ok = debian_run_notices(n, &env, r->j->conf.db, false, &changed, &e);
		}
		if (!ok)
			log_warn("feed '%s': %s", id, e.msg);
		r->changed |= changed;
		outcome(r, ok, &e);
		r->j->conf.feed_changed(r->j->conf.arg, id);
	}
}

static bool adopt(struct jobs *j, struct err *e)
{
	struct catalog *c;
	if (!catalog_load(j->conf.db, &c, e))
		return err_prefix(e, "cannot load the new patch DB");
	match_set_catalog(j->conf.match, c);
	catalog_unref(c);
	return true;
}

/* The vendor's notices are joined when they can be had; where they cannot, the feed's state says
 * so, the severities stay Unrated, and the sync of the archive is none the worse. */
static void plan_notices(struct jobs *j, struct arena *a, struct plan *p)
{
	static const struct {
		enum setting setting;
		const char *feed_id;
		enum debian_notices kind;
	} known[] = { { SETTING_FEED_DEBIAN_DSA_URL, "debian-dsa", DEBIAN_DSA_LIST },
		      { SETTING_FEED_DEBIAN_DLA_URL, "debian-dla", DEBIAN_DSA_LIST },
		      { SETTING_FEED_DEBIAN_TRACKER_URL, "debian-tracker", DEBIAN_TRACKER_JSON } };
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		const char *url = settings_text(j->conf.settings, known[i].setting, a);
		if (url[0] && strcmp(url, "off") != 0)
			p->notices[p->n_notices++] = (struct debian_notice_source) {
				.feed_id = known[i].feed_id, .kind = known[i].kind, .url = url
			};
	}
}

static void sync_all(struct jobs *j, const char *id, struct http_client *client)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct plan plan = { 0 };
	struct run r = { .j = j, .id = id };
	int64_t now = clock_now_ms(j->conf.clock);
	jobs_update(j, id, begin_job, &now);
	bool ok = sources(j, &a, &plan.sources, &e);
	if (ok && !plan.sources.n_suites)
		ok = err_set(
			&e, ERR_INVALID,
			"there is no suite to sync; set 'feed.debian.suites', or add Debian's archive to this machine's apt sources");
	size_t archive_failed = 0;
	if (ok) {
		plan_notices(j, &a, &plan);
		jobs_update(j, id, plan_steps, &plan);
		run_feeds(&r, &plan, client);
		struct job job;
		if (jobs_get(j, id, &job, NULL))
			for (size_t i = 0; i < plan.sources.n_suites && i < job.n_steps; i++)
				archive_failed += job.steps[i].state == JOB_FAILED;
		if (r.changed)
			ok = adopt(j, &e);
	}
	if (ok && archive_failed)
		ok = err_set(
			&e, ERR_UNAVAILABLE,
			"%zu of %zu suites could not be synced; their last good state stays in force",
			archive_failed, plan.sources.n_suites);
	struct ending end = { ok ? "" : e.msg, clock_now_ms(j->conf.clock) };
	jobs_update(j, id, end_job, &end);
	log_info("sync %s%s", ok ? "done" : "failed: ", ok ? "" : e.msg);
}

void *jobs_sync_thread(void *arg)
{
	struct jobs *j = arg;
	AUTO(http_client_free)
	struct http_client *client = http_client_new("tsukuroi/" TSUKUROI_VERSION, NULL,
						     j->conf.proxy);
	jobs_register_client(j, 0, client);
	pthread_mutex_lock(&j->lock);
	while (!j->stopping) {
		if (!j->sync_wanted) {
			jobs_wait(j, 60000);
			continue;
		}
		char id[33];
		snprintf(id, sizeof(id), "%s", j->sync_id);
		j->sync_wanted = false;
		pthread_mutex_unlock(&j->lock);
		sync_all(j, id, client);
		pthread_mutex_lock(&j->lock);
		j->sync_id[0] = '\0';
	}
	j->clients[0] = NULL;
	pthread_mutex_unlock(&j->lock);
	return NULL;
}
