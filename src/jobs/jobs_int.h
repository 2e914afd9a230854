/* SPDX-License-Identifier: Apache-2.0
 * Private to the jobs room: the context its threads share. */
#ifndef JOBS_JOBS_INT_H
#define JOBS_JOBS_INT_H
#include "base/vec.h"
#include "feeds/sandbox/sandbox.h"
#include "jobs/fetcher.h"
#include "jobs/jobs.h"

#include <pthread.h>

#define PAYLOAD_THREADS 2
#define PAYLOAD_RETRY_MS 30000 /* after the first failure; times n * n after the n-th */
#define PAYLOAD_PAUSE_MAX 30   /* ... but at most so many times that */
/** A payload thread with nothing to do for so long lets its fetch process end. */
#define PAYLOAD_IDLE_MS 60000
#define PAYLOAD_QUEUE_MAX 100000
/* Failures after which the vendor's answer is taken for final (404, wrong bytes), and those after
 * which what may pass by itself is. It is still tried at the longest pause. */
#define PAYLOAD_FINAL 3
#define PAYLOAD_FINAL_TRANSIENT 8
/* A failing payload nobody has asked for in this time is forgotten. */
#define PAYLOAD_FORGET_MS 60000

struct payload {
	struct sha256 id;
	int64_t size;
	char *url;
	size_t root_n;	       /* so much of `url` is the archive's root */
	int64_t not_before_ms; /* after a failure */
	int64_t asked_ms;      /* when somebody last wanted it */
	bool busy;
	unsigned failures;
	const char *reason; /* of the last failure; NULL = none yet */
	char error[240];
};

struct jobs {
	struct jobs_conf conf;
	struct deploy *deploy;
	_Atomic(int64_t) term; /* 0 = the only server; JOBS_FOLLOWS */
	void (*minute)(void *arg);
	void *minute_arg;

	pthread_mutex_t lock;
	pthread_cond_t wake; /* any change below */
	bool stopping;

	struct job *ring[JOBS_KEEP]; /* ring[(first + i) % KEEP], oldest first */
	size_t first, count;
	bool sync_wanted;
	char sync_id[33]; /* queued or running sync, or "" */
	int64_t last_sync_ms;
	char *told_problems; /* by the sync thread alone: what was told last */

	VEC(struct payload) payloads;
	bool payload_done; /* something arrived since the clock last looked */

	pthread_t threads[PAYLOAD_THREADS + 2];
	size_t n_threads;
	struct fetcher *fetchers[PAYLOAD_THREADS + 1]; /* for cancelling */
	struct feed_sandbox parser;
	pthread_mutex_t adopting; /* the snapshot is read and set as one: the newest one stays */
};

void *jobs_sync_thread(void *arg);
void *jobs_payload_thread(void *arg);
void *jobs_clock_thread(void *arg);
/* Waits on j->wake for at most `ms`; the lock is held before and after. */
void jobs_wait(struct jobs *j, int64_t ms);

/* A job's copy under the lock: NULL when it was forgotten. */
struct job *jobs_find(struct jobs *j, const char *id);
/* Applies `fn` to the job under the lock, recomputes its progress, and tells conf.job_changed. */
void jobs_update(struct jobs *j, const char *id, void (*fn)(struct job *job, void *arg), void *arg);
#endif
