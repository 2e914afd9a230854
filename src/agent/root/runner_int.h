/* SPDX-License-Identifier: Apache-2.0
 * Private to the runner: one job while it is carried out, and what its two kinds - packages
 * (runner.c), services (services.c) - do alike. */
#ifndef AGENT_ROOT_RUNNER_INT_H
#define AGENT_ROOT_RUNNER_INT_H
#include "agent/agent_conf.h"
#include "agent/pkgdb.h"
#include "agent/platform.h"
#include "agent/root/exec.h"
#include "agent/root/journal.h"
#include "proto/order.h"

struct run {
	const struct agent_paths *paths;
	const char *root, *mirror;
	struct journal_job job;
	struct order order;
	struct arena a;	  /* of the order */
	struct arena dba; /* of the last database read */
	struct pkgdb db;
	enum platform_manager manager;
	bool orphan; /* an earlier run ended with a command under way, which printed `left` */
	struct buf left;
	struct buf output; /* of the last command */
	int lock;
	int exit_status; /* of the last command that changed something */
};

/* What "status" shows while we work: best effort, never synced. */
void run_progress(struct run *r, const char *state, const char *reason, int64_t done,
		  int64_t total);
/* The same, whole. */
void run_show(struct run *r, const json_t *progress);
/* Adds text to the job's log. */
void run_log(struct run *r, struct str text);
/* Runs a command that inherits the job's lock; what it printed is in r->output. */
bool run_quietly(struct run *r, const char *const *argv, int64_t timeout_s, struct exec_result *out,
		 struct err *e) MUST_CHECK;
/* The same, with command, output and exit status in the job's log. */
bool run_command(struct run *r, const char *const *argv, int64_t timeout_s, struct exec_result *out,
		 struct err *e) MUST_CHECK;
/* The job's end, recorded durably. */
bool run_finish(struct run *r, const char *outcome, const char *reason, const char *detail,
		struct err *e) MUST_CHECK;
/* The end of a job whose outcome is in its record already. */
bool run_end(struct run *r, struct err *e) MUST_CHECK;
#endif
