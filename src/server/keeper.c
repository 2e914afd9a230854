/* SPDX-License-Identifier: Apache-2.0
 * See keeper.h. */
#include "server/keeper.h"
#include "base/clock.h"
#include "base/log.h"
#include "match/saved.h"

#include <pthread.h>
#include <time.h>

#define FIRST_S 60
#define EVERY_S 1800

struct keeper {
	struct match *match;
	char *path;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop;
	uint64_t saved; /* the version in the file; 0 = none */
};

static void save(struct keeper *k)
{
	struct err e = { 0 };
	uint64_t version = match_version(k->match);
	int64_t from = clock_mono_ms();
	if (version == k->saved)
		return;
	if (!match_save_snapshot(k->match, k->path, &e)) {
		log_warn("snapshot of the fleet: %s; the next start takes longer", e.msg);
		return;
	}
	k->saved = version;
	log_debug("snapshot of the fleet written in %lld ms", (long long)(clock_mono_ms() - from));
}

static void *keeper_main(void *arg)
{
	struct keeper *k = arg;
	int64_t wait_s = k->saved ? EVERY_S : FIRST_S;
	pthread_mutex_lock(&k->lock);
	while (!k->stop) {
		struct timespec until;
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += wait_s;
		while (!k->stop && pthread_cond_timedwait(&k->wake, &k->lock, &until) == 0)
			;
		if (k->stop)
			break;
		pthread_mutex_unlock(&k->lock);
		save(k);
		wait_s = EVERY_S;
		pthread_mutex_lock(&k->lock);
	}
	pthread_mutex_unlock(&k->lock);
	save(k);
	return NULL;
}

struct keeper *keeper_start(struct match *m, const char *path, bool fresh)
{
	struct keeper *k = xcalloc(1, sizeof(*k));
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&k->wake, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&k->lock, NULL);
	k->match = m;
	k->path = xstrdup(path);
	k->saved = fresh ? match_version(m) : 0;
	ASSERT(pthread_create(&k->thread, NULL, keeper_main, k) == 0);
	return k;
}

void keeper_stop(struct keeper *k)
{
	if (!k)
		return;
	pthread_mutex_lock(&k->lock);
	k->stop = true;
	pthread_cond_signal(&k->wake);
	pthread_mutex_unlock(&k->lock);
	pthread_join(k->thread, NULL);
	pthread_cond_destroy(&k->wake);
	pthread_mutex_destroy(&k->lock);
	xfree(k->path);
	xfree(k);
}
