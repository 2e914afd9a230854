/* SPDX-License-Identifier: Apache-2.0
 * What happens by itself: deployments are driven (and told of) every 5 s and as soon as a payload
 * has arrived, who is in groups that something is declined for, and whether automated deployment
 * has something to do, is looked at every second,
 * contacts are flushed every 30 s, the patch DB is synced as scheduled (schedule.h), the fleet is
 * verified once a day. Timers run on the monotonic clock: a jump of the wall clock triggers nothing
 * (F24).
 */
#include "base/log.h"
#include "base/random.h"
#include "deploy/auto/auto.h"
#include "deploy/auto/decline.h"
#include "jobs/deploy_mail.h"
#include "jobs/jobs_int.h"
#include "jobs/schedule.h"
#include "sql/notify.h"

#define TICK_MS 5000
#define FLUSH_MS 30000
#define MINUTE_MS 60000
#define VERIFY_MS (24 * 3600 * 1000)

static bool due(int64_t *last, int64_t now, int64_t every)
{
	if (now - *last < every)
		return false;
	*last = now;
	return true;
}

static void drive_deployments(struct deploy *d)
{
	struct err e = { 0 };
	if (d && !deploy_tick(d, &e))
		log_error("deployments are not driven: %s", e.msg);
}

static void run_automation(struct deploy *d)
{
	struct err e = { 0 };
	if (d && !auto_tick(d, &e))
		log_error("automated deployment: %s", e.msg);
}

/* On every server, each of which counts for itself; orders are the leader's. */
static void follow_declines(struct deploy *d, bool leads)
{
	struct err e = { 0 };
	if (d && !deploy_declines_follow(d, false, leads, &e))
		log_error("%s", e.msg);
}

/* After a failure, the outbox being full for one, not before a minute. */
static void mail_deployments(struct jobs *j, struct deploy *d, int64_t now, int64_t *not_before)
{
	struct err e = { 0 };
	if (!d || now < *not_before || deploy_mail_tick(j, d, &e))
		return;
	log_warn("%s", e.msg);
	*not_before = now + MINUTE_MS;
}

static void flush_contacts(struct jobs *j)
{
	struct err e = { 0 };
	if (!fleet_flush(j->conf.fleet, &e))
		log_error("last contacts are not stored: %s", e.msg);
}

static void sync_when_due(struct jobs *j, struct schedule_state *state, int64_t now)
{
	struct schedule plan;
	uint32_t chance;
	random_bytes(&chance, sizeof(chance));
	schedule_read(j->conf.settings, &plan);
	if (!schedule_due(state, &plan, now, clock_now_ms(j->conf.clock), chance))
		return;
	struct err e = { 0 };
	char id[33];
	if (!jobs_start_sync(j, JOBS_SCHEDULE, id, &e))
		log_warn("scheduled sync not started: %s", e.msg);
}

void *jobs_clock_thread(void *arg)
{
	struct jobs *j = arg;
	int64_t start = clock_mono_ms(), tick = start, flush = start, minute = start,
		verify = start, mail_not_before = 0;
	struct schedule_state sync = { .planned = false };
	pthread_mutex_lock(&j->lock);
	while (!j->stopping) {
		if (!j->payload_done)
			jobs_wait(j, 1000);
		bool arrived = j->payload_done;
		j->payload_done = false;
		struct deploy *d = j->deploy;
		void (*fn)(void *) = j->minute;
		void *fn_arg = j->minute_arg;
		if (j->stopping)
			break;
		pthread_mutex_unlock(&j->lock);
		int64_t now = clock_mono_ms();
		int64_t term = j->term;
		bool leads = term != JOBS_FOLLOWS;
		sql_fence(leads ? term : 0);
		follow_declines(d, leads);
		if (leads)
			run_automation(d);
		if ((due(&tick, now, TICK_MS) || arrived) && leads) {
			drive_deployments(d);
			mail_deployments(j, d, now, &mail_not_before);
		}
		sql_fence(0);
		if (due(&flush, now, FLUSH_MS))
			flush_contacts(j);
		if (due(&minute, now, MINUTE_MS) && fn)
			fn(fn_arg);
		if (leads)
			sync_when_due(j, &sync, now);
		if (due(&verify, now, VERIFY_MS)) {
			uint64_t wrong = match_verify(j->conf.match);
			if (wrong)
				log_error("nightly check: %llu verdicts differed and were repaired",
					  (unsigned long long)wrong);
		}
		pthread_mutex_lock(&j->lock);
	}
	pthread_mutex_unlock(&j->lock);
	flush_contacts(j);
	return NULL;
}
