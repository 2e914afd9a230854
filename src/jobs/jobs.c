/* SPDX-License-Identifier: Apache-2.0
 * The ring of jobs and the room's threads. Invariant: everything in struct jobs is read and written
 * under its lock; callbacks are called without it. */
#include "base/enc.h"
#include "base/random.h"
#include "feeds/sandbox/verify.h"
#include "jobs/jobs_int.h"
#include "sql/notify.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

static int parse_role(int fd)
{
	return feed_sandbox_parse(fd, feed_kinds);
}

const struct role_entry jobs_roles[] = { { JOBS_FETCH_ROLE, fetcher_serve },
					 { FEED_PARSE_ROLE, parse_role },
					 { MAIL_ROLE, mail_serve },
					 { FEED_VERIFY_ROLE, feed_verify_serve },
					 { NULL, NULL } };

const char *job_state_name(enum job_state s)
{
	static const char *const names[JOB_STATES_] = { "queued", "running", "succeeded",
							"failed" };
	return s < JOB_STATES_ ? names[s] : "failed";
}

void jobs_wait(struct jobs *j, int64_t ms)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	int64_t ns = t.tv_nsec + ms % 1000 * 1000000;
	t.tv_sec += ms / 1000 + ns / 1000000000;
	t.tv_nsec = ns % 1000000000;
	pthread_cond_timedwait(&j->wake, &j->lock, &t);
}

struct job *jobs_find(struct jobs *j, const char *id)
{
	for (size_t i = j->count; i-- > 0;) {
		struct job *job = j->ring[(j->first + i) % JOBS_KEEP];
		if (strcmp(job->id, id) == 0)
			return job;
	}
	return NULL;
}

static double progress_of(const struct job *job)
{
	if (job->state == JOB_SUCCEEDED)
		return 1;
	double sum = 0;
	for (size_t i = 0; i < job->n_steps; i++)
		sum += job->steps[i].state >= JOB_SUCCEEDED ? 1 : job->steps[i].progress;
	return job->n_steps ? sum / (double)job->n_steps : 0;
}

void jobs_update(struct jobs *j, const char *id, void (*fn)(struct job *job, void *arg), void *arg)
{
	char copy[33];
	snprintf(copy, sizeof(copy), "%s", id);
	pthread_mutex_lock(&j->lock);
	struct job *job = jobs_find(j, copy);
	if (job) {
		fn(job, arg);
		job->progress = progress_of(job);
	}
	pthread_mutex_unlock(&j->lock);
	if (job)
		j->conf.job_changed(j->conf.arg, copy);
}

static struct job *ring_add(struct jobs *j)
{
	struct job *job = xcalloc(1, sizeof(*job));
	if (j->count == JOBS_KEEP) {
		xfree(j->ring[j->first]);
		j->first = (j->first + 1) % JOBS_KEEP;
		j->count--;
	}
	j->ring[(j->first + j->count++) % JOBS_KEEP] = job;
	uint8_t raw[16];
	random_bytes(raw, sizeof(raw));
	enc_hex(raw, sizeof(raw), job->id);
	return job;
}

bool jobs_start_sync(struct jobs *j, const char *by, char id_out[static 33], struct err *e)
{
	if (j->term == JOBS_FOLLOWS)
		return err_set(e, ERR_UNAVAILABLE,
			       "another server leads; ask that one, or wait for its schedule");
	pthread_mutex_lock(&j->lock);
	if (j->stopping) {
		pthread_mutex_unlock(&j->lock);
		return err_set(e, ERR_UNAVAILABLE, "the server is stopping");
	}
	bool fresh = !j->sync_id[0];
	if (fresh) {
		struct job *job = ring_add(j);
		snprintf(job->kind, sizeof(job->kind), "sync");
		snprintf(job->created_by, sizeof(job->created_by), "%s", by);
		job->created_ms = clock_now_ms(j->conf.clock);
		snprintf(j->sync_id, sizeof(j->sync_id), "%s", job->id);
		j->sync_wanted = true;
		pthread_cond_broadcast(&j->wake);
	}
	snprintf(id_out, 33, "%s", j->sync_id);
	pthread_mutex_unlock(&j->lock);
	if (fresh)
		j->conf.job_changed(j->conf.arg, id_out);
	return true;
}

size_t jobs_list(struct jobs *j, struct job *out, size_t max)
{
	pthread_mutex_lock(&j->lock);
	size_t n = MIN(max, j->count);
	for (size_t i = 0; i < n; i++)
		out[i] = *j->ring[(j->first + j->count - 1 - i) % JOBS_KEEP];
	pthread_mutex_unlock(&j->lock);
	return n;
}

bool jobs_get(struct jobs *j, const char *id, struct job *out, struct err *e)
{
	pthread_mutex_lock(&j->lock);
	const struct job *job = jobs_find(j, id);
	if (job)
		*out = *job;
	pthread_mutex_unlock(&j->lock);
	return job ||
	       err_set(e, ERR_NOT_FOUND,
		       "there is no job '%.40s'; finished jobs are forgotten at a restart", id);
}

void jobs_lead(struct jobs *j, int64_t term)
{
	j->term = term;
}

void jobs_set_deploy(struct jobs *j, struct deploy *d)
{
	pthread_mutex_lock(&j->lock);
	j->deploy = d;
	pthread_mutex_unlock(&j->lock);
}

void jobs_set_minute(struct jobs *j, void (*fn)(void *arg), void *arg)
{
	pthread_mutex_lock(&j->lock);
	j->minute = fn;
	j->minute_arg = arg;
	pthread_mutex_unlock(&j->lock);
}

static bool start(struct jobs *j, void *(*fn)(void *), struct err *e)
{
	int r = pthread_create(&j->threads[j->n_threads], NULL, fn, j);
	if (r)
		return err_sys(e, r, "cannot start a thread");
	j->n_threads++;
	return true;
}

bool jobs_open(const struct jobs_conf *conf, struct jobs **out, struct err *e)
{
	AUTO(jobs_close) struct jobs *j = xcalloc(1, sizeof(*j));
	j->conf = *conf;
	j->term = sql_shared(conf->db) ? JOBS_FOLLOWS : 0;
	j->parser = FEED_SANDBOX_INIT;
	pthread_mutex_init(&j->lock, NULL);
	pthread_mutex_init(&j->adopting, NULL);
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&j->wake, &attr);
	pthread_condattr_destroy(&attr);
	bool ok = start(j, jobs_sync_thread, e) && start(j, jobs_clock_thread, e);
	for (size_t i = 0; ok && i < PAYLOAD_THREADS; i++)
		ok = start(j, jobs_payload_thread, e);
	if (!ok)
		return false;
	*out = TAKE(j);
	return true;
}

void jobs_close(struct jobs *j)
{
	if (!j)
		return;
	pthread_mutex_lock(&j->lock);
	j->stopping = true;
	for (size_t i = 0; i < ARRAY_LEN(j->fetchers); i++)
		if (j->fetchers[i])
			fetcher_cancel(j->fetchers[i]);
	feed_sandbox_stop(&j->parser);
	pthread_cond_broadcast(&j->wake);
	pthread_mutex_unlock(&j->lock);
	for (size_t i = 0; i < j->n_threads; i++)
		pthread_join(j->threads[i], NULL);
	for (size_t i = 0; i < j->count; i++)
		xfree(j->ring[(j->first + i) % JOBS_KEEP]);
	for (size_t i = 0; i < j->payloads.n; i++)
		xfree(j->payloads.p[i].url);
	VEC_DONE(&j->payloads);
	xfree(j->told_problems);
	pthread_cond_destroy(&j->wake);
	pthread_mutex_destroy(&j->adopting);
	pthread_mutex_destroy(&j->lock);
	xfree(j);
}
