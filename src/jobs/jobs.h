/* SPDX-License-Identifier: Apache-2.0
 * Work that takes longer than a request: syncing the patch DB, fetching payloads from vendors, and
 * the clock that drives deployments. Every job has steps, progress and an end; what it did is
 * visible while it does it. Finished jobs are kept for the console, newest first, in memory (a
 * restart forgets them: the state they left is in the database). */
#ifndef JOBS_JOBS_H
#define JOBS_JOBS_H
#include "base/clock.h"
#include "catalog/enrich.h"
#include "deploy/deploy.h"
#include "ipc/role.h"
#include "mail/mail.h"
#include "match/match.h"
#include "settings/settings.h"
#include "sql/sql.h"
#include "store/store.h"

#define JOBS_KEEP 200
#define JOB_STEPS_MAX 64
/** created_by of what the clock started. */
#define JOBS_SCHEDULE "schedule"

enum job_state { JOB_QUEUED, JOB_RUNNING, JOB_SUCCEEDED, JOB_FAILED, JOB_STATES_ };
const char *job_state_name(enum job_state s);

struct job_step {
	char code[24];	   /**< stable word: "feed", "index" */
	char subject[120]; /**< what it works on: a feed id */
	enum job_state state;
	double progress;	 /**< 0..1 */
	char error[240];	 /**< "" = none */
	const char *error_code;	 /**< err_code_name() of it, or NULL; static */
	char error_subject[240]; /**< err_subject() of it */
};
/** A copy of a job's state. */
struct job {
	char id[33];
	char kind[24]; /**< "sync" */
	char created_by[64];
	enum job_state state;
	int64_t created_ms, started_ms, finished_ms;
	double progress;
	char error[240];
	struct job_step steps[JOB_STEPS_MAX];
	size_t n_steps;
};

/** What a program that calls jobs_open() is started again as: its main() gives them to role_main()
 * first of all. */
extern const struct role_entry jobs_roles[];

struct jobs;
struct jobs_conf {
	struct sql *db;
	struct store *store;
	struct settings *settings;
	struct match *match;
	struct fleet *fleet;
	struct enrichment *enrichment; /**< brought up to date by syncs; NULL = nobody asks */
	const struct clock *clock;
	const char *proxy;	    /**< for vendor sites; NULL = direct */
	int64_t payload_retry_ms;   /**< pause after a payload's first failure; 0 = 30 s */
	struct mail *mail;	    /**< takes mails to administrators; NULL = none are sent */
	const char *console_url;    /**< where people reach the console, for mails */
	const char *notify_command; /**< path of a program told how syncs end; NULL = none */
	/** A job or a feed's state changed (id). Any thread. */
	void (*job_changed)(void *arg, const char *job);
	void (*feed_changed)(void *arg, const char *feed);
	void *arg;
};
/** Starts the threads: one that syncs, two that fetch payloads, one clock. */
bool jobs_open(const struct jobs_conf *conf, struct jobs **out, struct err *e) MUST_CHECK;
/** Ends running transfers and joins the threads. */
void jobs_close(struct jobs *j);
AUTO_DEFINE(struct jobs, jobs_close)
/** The clock drives this room's deployments from here on (they need jobs_want_payload first). */
void jobs_set_deploy(struct jobs *j, struct deploy *d);
/** Where several servers share a database, the one that leads runs scheduled work, syncs and
 * deployments; what it writes for them is fenced by its term (sql/notify.h). A fresh struct jobs
 * follows there, and leads where there is one server only. Any thread. */
#define JOBS_FOLLOWS (-1)
void jobs_lead(struct jobs *j, int64_t term);
/** Another server's sync may have brought another patch DB: it is loaded. */
bool jobs_reload(struct jobs *j, struct err *e) MUST_CHECK;
/** Called by the clock every minute (idempotency keys, sessions). */
void jobs_set_minute(struct jobs *j, void (*fn)(void *arg), void *arg);

/** ERR_UNAVAILABLE on a server that follows. Starts a sync of the whole patch DB, or finds the one
 * that is under way: its id in id_out. */
bool jobs_start_sync(struct jobs *j, const char *by, char id_out[static 33], struct err *e)
	MUST_CHECK;
/** The held generation of a feed becomes the current one, and the snapshot is made anew: somebody
 * looked at it and says that it is right. ERR_NOT_FOUND when none is held. */
bool jobs_accept_held(struct jobs *j, const char *feed, struct err *e) MUST_CHECK;
/** A kind of source that can be synced, for people who choose the scope (setting feed.off). */
struct job_source {
	const char *kind, *title;
	const char *const *os; /**< prefixes of os ids ("debian:"), NULL-terminated; none = any */
	bool offers;	       /**< what installs what; else what is said about it */
	bool is_signed;
};
/** Source number i; false at the end. */
bool jobs_source(size_t i, struct job_source *out);
/** Newest first, at most `max` copies into `out`; returns their number. */
size_t jobs_list(struct jobs *j, struct job *out, size_t max);
bool jobs_get(struct jobs *j, const char *id, struct job *out, struct err *e) MUST_CHECK;

/** Queues the payloads of these components for fetching; what is in the store, queued or under way
 *  already is skipped. A failed one is tried again by itself with growing pauses (30 s, 2 min, ...
 *  15 min) for as long as somebody asks for it. */
void jobs_want_payload(struct jobs *j, const struct catalog *c, const uint32_t *components,
		       uint32_t n);
/** What keeps a payload from arriving; false when nothing is known to. */
bool jobs_payload_trouble(struct jobs *j, const struct sha256 *payload,
			  struct payload_trouble *out);
/** Payloads waiting or under way. */
size_t jobs_payloads_waiting(struct jobs *j);
#endif
