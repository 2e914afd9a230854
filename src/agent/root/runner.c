/* SPDX-License-Identifier: Apache-2.0
 * One job from its journal to its outcome: mirror, plan, installation, each announced on disk
 * before it begins. The decisions are the backend's; here is what reads, runs and waits. */
#include "agent/root/runner.h"
#include "agent/backends/backend.h"
#include "agent/root/details.h"
#include "agent/root/exec.h"
#include "agent/root/gate.h"
#include "agent/root/journal.h"
#include "agent/root/mirror.h"
#include "agent/root/power.h"
#include "agent/root/runner_int.h"
#include "agent/root/scripts.h"
#include "agent/root/services.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/random.h"
#include "proto/plan.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define DRIFT "what would be done now is not the approved plan"

static void run_done(struct run *r)
{
	journal_job_done(&r->job);
	arena_done(&r->a);
	arena_done(&r->dba);
	buf_done(&r->output);
	buf_done(&r->left);
	fd_close(r->lock);
}
AUTO_DEFINE_VALUE(struct run, run_done)

/* What "status" shows while we work: best effort, never synced. */
void run_show(struct run *r, const json_t *progress)
{
	AUTO(buf_done) struct buf b = BUF_INIT(1000);
	json_write(progress, &b);
	AUTO(xfree) char *path = journal_path(r->root, r->job.id, "progress");
	AUTO(xfree) char *aside = journal_path(r->root, r->job.id, "progress.new");
	FILE *f = fopen(aside, "we");
	if (!f)
		return;
	bool ok = fwrite(b.p, 1, b.n, f) == b.n;
	if (fclose(f) == 0 && ok && rename(aside, path) != 0)
		log_warn("progress of order %s cannot be shown", r->job.id);
}

void run_progress(struct run *r, const char *state, const char *reason, int64_t done, int64_t total)
{
	AUTO(json_free)
	json_t *j = json_pack("{s:s,s:s,s:I,s:I}", "state", state, "reason", reason, "done",
			      (json_int_t)done, "total", (json_int_t)total);
	run_show(r, j);
}

static void copied(void *arg, int64_t done, int64_t total)
{
	run_progress(arg, "preparing", "", done, total);
}

/* --- the log: also a transcript that tests replay
 * -------------------------------------------------- */

static void log_lines(struct buf *b, struct str text)
{
	struct str line;
	while (str_line(&text, &line))
		buf_printf(b, "| %.*s\n", STR_ARG(line));
}

void run_log(struct run *r, struct str text)
{
	struct err e = { 0 };
	if (!journal_log(r->root, r->job.id, text, &e))
		log_warn("order %s: %s", r->job.id, e.msg);
}

static void log_command(struct run *r, const char *const *argv, const char *end)
{
	AUTO(buf_done) struct buf b = BUF_INIT(2 * EXEC_OUTPUT_MAX);
	buf_adds(&b, "> run");
	for (size_t i = 0; argv[i]; i++)
		buf_printf(&b, " %s", argv[i]);
	buf_addc(&b, '\n');
	log_lines(&b, buf_str(&r->output));
	buf_printf(&b, "< %s\n", end);
	run_log(r, buf_str(&b));
}

static void log_database(struct run *r)
{
	AUTO(buf_done) struct buf b = BUF_INIT(1u << 20);
	static const char *const words[] = { "absent",	       "installed", "unpacked", "triggers",
					     "half-installed", "stale",	    "twin" };
	buf_adds(&b, "> read\n");
	for (size_t i = 0; i < r->db.n; i++) {
		const struct pkgdb_package *p = &r->db.packages[i];
		bool ours = p->state != PKGDB_INSTALLED || p->reinstall;
		for (uint32_t k = 0; !ours && k < r->order.n_packages; k++)
			ours = str_eq(r->order.packages[k].name, p->name);
		if (ours)
			buf_printf(&b, "| %.*s %.*s %.*s %s%s%s%s\n", STR_ARG(p->name),
				   STR_ARG(p->arch), STR_ARG(p->version), words[p->state],
				   p->hold ? " hold" : "", p->reinstall ? " reinstall" : "",
				   p->installed_s && p->installed_s * 1000 >= r->job.started_ms
					   ? " new"
					   : "");
	}
	buf_printf(&b, "< %s\n", r->db.interrupted ? "interrupted" : "ok");
	run_log(r, buf_str(&b));
}

/* --- doing what the backend asks
 * ------------------------------------------------------------------- */

static bool do_read(struct run *r, struct err *e)
{
	arena_done(&r->dba);
	if (!platform_packages("", &r->dba, &r->db, e))
		return false;
	log_database(r);
	return true;
}

static bool read_output(struct run *r, const char *path, struct err *e)
{
	buf_reset(&r->output);
	return file_read(path, &r->output, e);
}

/* What a command that outlived an earlier runner has printed belongs to the log, too. */
static void log_orphan(struct run *r)
{
	AUTO(xfree) char *path = journal_path(r->root, r->job.id, "cmd.out");
	struct err e = { 0 };
	if (!file_exists(path))
		return;
	if (!read_output(r, path, &e)) {
		log_warn("order %s: %s", r->job.id, e.msg);
		return;
	}
	AUTO(buf_done) struct buf b = BUF_INIT(2 * EXEC_OUTPUT_MAX);
	buf_adds(&b, "# cut short; what its last command printed:\n");
	log_lines(&b, buf_str(&r->output));
	run_log(r, buf_str(&b));
	r->orphan = true;
	buf_addstr(&r->left, buf_str(&r->output));
	if (unlink(path) != 0)
		log_warn("order %s: cannot remove '%s'", r->job.id, path);
}

bool run_quietly(struct run *r, const char *const *argv, int64_t timeout_s, struct exec_result *out,
		 struct err *e)
{
	AUTO(xfree) char *path = journal_path(r->root, r->job.id, "cmd.out");
	struct exec_spec spec = {
		.argv = argv, .output = path, .lock = r->lock, .timeout_s = timeout_s
	};
	if (!exec_run(&spec, out, e) || !read_output(r, path, e))
		return false;
	return unlink(path) == 0 || err_sys(e, errno, "cannot remove '%s'", path);
}

bool run_command(struct run *r, const char *const *argv, int64_t timeout_s, struct exec_result *out,
		 struct err *e)
{
	char end[60];
	if (!run_quietly(r, argv, timeout_s, out, e))
		return false;
	snprintf(end, sizeof(end), "exit %d%s", out->exit_status, out->timed_out ? " timeout" : "");
	log_command(r, argv, end);
	return true;
}

static bool do_run(struct run *r, const struct backend_action *act, struct backend_input *in,
		   struct err *e)
{
	struct exec_result res;
	if (!run_command(r, act->argv, act->timeout_s, &res, e))
		return false;
	if (act->changes)
		r->exit_status = res.exit_status;
	*in = (struct backend_input) { .exit_status = res.exit_status,
				       .timed_out = res.timed_out,
				       .output = buf_str(&r->output) };
	return true;
}

static void do_wait(struct run *r, const struct backend_action *act)
{
	char text[100];
	snprintf(text, sizeof(text), "> wait %lld %s\n< ok\n", (long long)act->wait_s, act->reason);
	run_progress(r, "waiting", act->reason, 0, 0);
	run_log(r, str_of(text));
	/* A little of one's own, so that two who wait for each other do not stay in step. */
	int64_t ms = act->wait_s * 1000 + (int64_t)random_below(500);
	struct timespec nap = { ms / 1000, ms % 1000 * 1000000 };
	nanosleep(&nap, NULL);
}

static json_t *transaction_json(const struct backend_transaction *t);

/* Is what is about to be carried out not what was approved? Then nothing is begun. Once it was
 * begun, which is written down first, it is carried to its end by the order's own lists. */
static bool drifts(struct run *r, const struct backend *m, bool *out, struct err *e)
{
	char hash[SHA256_HEX];
	*out = false;
	if (r->job.phase != JOURNAL_INSTALLING || r->job.begun || !r->order.plan.n ||
	    !backend_transaction(m)->n)
		return true;
	json_free(r->job.transaction);
	r->job.transaction = transaction_json(backend_transaction(m));
	if (!plan_hash(r->job.transaction, hash, e))
		return false;
	*out = !str_is(r->order.plan, hash);
	r->job.begun = !*out;
	json_free(r->job.details); /* they are of the plan of before */
	r->job.details = *out ? details_gather(r, backend_transaction(m)) : NULL;
	return *out || journal_save(r->root, &r->job, e);
}

static bool drive(struct run *r, struct backend *m, const char *state, struct backend_action *end,
		  struct err *e)
{
	struct backend_action act = backend_next(m, NULL);
	bool drift = false;
	for (;;) {
		struct backend_input in = { 0 };
		switch (act.kind) {
		case BACKEND_READ:
			if (!do_read(r, e))
				return false;
			in.db = &r->db;
			break;
		case BACKEND_RUN:
			if (act.changes && !drifts(r, m, &drift, e))
				return false;
			if (drift) {
				*end = (struct backend_action) { .kind = BACKEND_DONE,
								 .outcome = BACKEND_REFUSED,
								 .reason = "plan_drift",
								 .detail = DRIFT };
				return true;
			}
			run_progress(r, state, "", 0, 0);
			if (!do_run(r, &act, &in, e))
				return false;
			break;
		case BACKEND_WAIT: do_wait(r, &act); break;
		case BACKEND_DONE: *end = act; return true;
		}
		act = backend_next(m, &in);
	}
}

/* --- the job's record
 * ------------------------------------------------------------------------------ */

static json_t *transaction_json(const struct backend_transaction *t)
{
	json_t *all = json_array();
	for (size_t i = 0; i < t->n; i++) {
		const struct backend_step *s = &t->steps[i];
		json_array_append_new(all, json_pack("{s:o,s:o,s:o,s:o,s:s}", "name",
						     json_text(s->name), "arch", json_text(s->arch),
						     "from", json_text(s->from), "to",
						     json_text(s->to), "action", s->action));
	}
	return all;
}

static json_t *version_json(const struct pkgdb *db, const struct order_package *w)
{
	const struct pkgdb_package *p = pkgdb_find(db, w->name, w->arch);
	return p ? json_text(p->version) : json_string("");
}

/* The wanted packages with what is there now: as "before" the first time, as "after" at the end. */
static bool record_packages(struct run *r, struct err *e)
{
	arena_done(&r->dba);
	if (!platform_packages("", &r->dba, &r->db, e))
		return false;
	bool first = !r->job.packages;
	if (first)
		r->job.packages = json_array();
	for (uint32_t i = 0; i < r->order.n_packages; i++) {
		const struct order_package *w = &r->order.packages[i];
		json_t *now = version_json(&r->db, w);
		if (first)
			json_array_append_new(r->job.packages,
					      json_pack("{s:o,s:o,s:o,s:s,s:o}", "name",
							json_text(w->name), "arch",
							json_text(w->arch), "before", now, "after",
							"", "wanted", json_text(w->version)));
		else
			json_object_set_new(json_array_get(r->job.packages, i), "after", now);
	}
	return true;
}

static void record_outcome(struct run *r, const char *outcome, const char *reason,
			   const char *detail)
{
	r->job.exit_status = r->exit_status;
	snprintf(r->job.outcome, sizeof(r->job.outcome), "%s", outcome);
	snprintf(r->job.reason, sizeof(r->job.reason), "%s", reason);
	snprintf(r->job.detail, sizeof(r->job.detail), "%s", detail);
}

bool run_finish(struct run *r, const char *outcome, const char *reason, const char *detail,
		struct err *e)
{
	record_outcome(r, outcome, reason, detail);
	return run_end(r, e);
}

bool run_end(struct run *r, struct err *e)
{
	const char *outcome = r->job.outcome, *reason = r->job.reason, *detail = r->job.detail;
	struct err why = { 0 };
	if (order_installs(&r->order) && !record_packages(r, &why))
		log_warn("order %s: %s", r->job.id, why.msg);
	r->job.phase = JOURNAL_DONE;
	r->job.finished_ms = clock_wall_ms();
	if (!journal_save(r->root, &r->job, e))
		return false;
	log_info("order %s: %s, %s%s%s", r->job.id, outcome, reason, detail[0] ? ": " : "", detail);
	return file_remove_tree(r->mirror, e);
}

static const char *const outcomes[] = { [BACKEND_PLANNED] = "",
					[BACKEND_SUCCEEDED] = "succeeded",
					[BACKEND_FAILED] = "failed",
					[BACKEND_REFUSED] = "refused" };

static bool prepare(struct run *r, struct err *e)
{
	struct err why = { 0 };
	const char *reason = "internal";
	AUTO(xfree) char *mirrors = file_join(r->root, "mirror");
	AUTO(xfree) char *spool = file_join(r->paths->state, "spool");
	reason = mirror_space(mirrors, &r->order, &why);
	if (reason)
		return run_finish(r, "failed", reason, why.msg, e);
	AUTO(arena_done) struct arena a = { 0 };
	struct agent_policy policy;
	if (!agent_policy_load(r->paths, &a, &policy, &why))
		return run_finish(r, "refused", "policy", why.msg, e);
	const struct mirror_spec mirror = {
		spool, r->mirror, &r->order, r->manager, policy.unsigned_sources, "", copied, r
	};
	if (!mirror_build(&mirror, &reason, &why))
		return run_finish(r, strcmp(reason, "signature") == 0 ? "refused" : "failed",
				  reason, why.msg, e);
	if (!scripts_take(r, &reason, &why))
		return run_finish(r, strcmp(reason, "digest") == 0 ? "failed" : "refused", reason,
				  why.msg, e);
	const struct backend_spec spec = { .phase = BACKEND_PLAN,
					   .order = &r->order,
					   .dir = r->mirror };
	AUTO(backend_free) struct backend *m = backend_new(r->manager, &spec);
	struct backend_action end;
	if (!drive(r, m, "preparing", &end, e))
		return false;
	json_free(r->job.transaction);
	r->job.transaction = transaction_json(backend_transaction(m));
	if (end.outcome != BACKEND_PLANNED)
		return run_finish(r, outcomes[end.outcome], end.reason, end.detail, e);
	json_free(r->job.details);
	r->job.details = details_gather(r, backend_transaction(m));
	if (str_is(r->order.plan, PLAN_ASK))
		return run_finish(r, "succeeded", "planned", "", e);
	reason = details_space(r->job.details, &why);
	if (reason)
		return run_finish(r, "failed", reason, why.msg, e);
	if (r->order.plan.n) {
		char hash[SHA256_HEX];
		if (!plan_hash(r->job.transaction, hash, e))
			return false;
		if (!str_is(r->order.plan, hash))
			return run_finish(r, "refused", "plan_drift", DRIFT, e);
	}
	r->job.phase = JOURNAL_PREPARED;
	return journal_save(r->root, &r->job, e);
}

/* The script comes whatever the outcome, since what the one before has stopped must start again; a
 * reboot only when the installation succeeded. */
static bool after(struct run *r, struct err *e)
{
	bool good = order_reboots(&r->order) || strcmp(r->job.outcome, "succeeded") == 0;
	if (!scripts_after(r, e))
		return false;
	return good && r->order.actions.after != ACTIONS_NOTHING ? power_after(r, e)
								 : run_end(r, e);
}

static bool install(struct run *r, struct err *e)
{
	struct str left = { r->orphan && !r->left.p ? "" : r->left.p, r->left.n };
	const struct backend_spec spec = { .phase = BACKEND_INSTALL,
					   .order = &r->order,
					   .dir = r->mirror,
					   .resumed = r->job.attempts > 1,
					   .left = left,
					   .started_s = r->job.started_ms / 1000 };
	AUTO(backend_free) struct backend *m = backend_new(r->manager, &spec);
	struct backend_action end;
	if (!drive(r, m, "installing", &end, e))
		return false;
	if (!r->order.actions.script_after.there &&
	    (end.outcome != BACKEND_SUCCEEDED || !actions_any_after(&r->order.actions)))
		return run_finish(r, outcomes[end.outcome], end.reason, end.detail, e);
	record_outcome(r, outcomes[end.outcome], end.reason, end.detail);
	r->job.phase = JOURNAL_AFTER;
	r->job.finished_ms = clock_wall_ms();
	return journal_save(r->root, &r->job, e) && after(r, e);
}

/* The last thing before the system is changed. */
static bool before(struct run *r, struct err *e)
{
	bool go_on = true;
	/* once its script has begun the job does not go back to waiting for a window */
	if (r->order.actions.reboot_before && !scripts_begun(r) && !power_before(r, &go_on, e))
		return false;
	if (go_on && !scripts_before(r, &go_on, e))
		return false;
	if (!go_on)
		return true;
	r->job.phase = JOURNAL_INSTALLING;
	r->job.attempts = 1;
	return journal_count(r->root, &r->job, e) && journal_save(r->root, &r->job, e) &&
	       install(r, e);
}

/* Verified again: what stands in the journal is trusted as little as what came in. */
static bool open_order(struct run *r, const char **reason_out, struct err *e)
{
	AUTO(buf_done) struct buf envelope = BUF_INIT(2 * ORDER_MAX);
	AUTO(xfree) char *path = journal_path(r->root, r->job.id, "order");
	*reason_out = "internal";
	return file_read(path, &envelope, e) &&
	       gate_open(r->paths, buf_str(&envelope), &r->a, &r->order, reason_out, e);
}

static bool work(struct run *r, struct err *e)
{
	bool preparing = r->job.phase == JOURNAL_PREPARING;
	const char *reason;
	struct err why = { 0 };
	log_orphan(r);
	if (!open_order(r, &reason, &why))
		return run_finish(r, preparing ? "refused" : "failed", reason, why.msg, e);
	if (r->job.attempts >= JOURNAL_ATTEMPTS)
		return run_finish(r, "failed", "internal", "cut short too often; see the log", e);
	r->job.attempts++;
	if (order_restarts(&r->order))
		return journal_save(r->root, &r->job, e) && services_restart(r, e);
	if (r->job.phase == JOURNAL_AFTER)
		return journal_count(r->root, &r->job, e) && journal_save(r->root, &r->job, e) &&
		       after(r, e);
	if (!platform_detect("", &r->manager, e))
		return false;
	if (!r->job.packages && !record_packages(r, e))
		return false;
	if (!journal_save(r->root, &r->job, e))
		return false;
	switch (r->job.phase) {
	case JOURNAL_BEFORE: return before(r, e);
	case JOURNAL_INSTALLING: return install(r, e);
	default: return prepare(r, e);
	}
}

bool runner_run(const struct agent_paths *p, const char *id, struct err *e)
{
	AUTO(xfree) char *root = file_join(p->state, "root");
	AUTO(xfree) char *mirror = xasprintf("%s/mirror/%s", root, id);
	AUTO(run_done)
	struct run r = { .paths = p,
			 .root = root,
			 .mirror = mirror,
			 .lock = -1,
			 .output = BUF_INIT(2 * EXEC_OUTPUT_MAX),
			 .left = BUF_INIT(2 * EXEC_OUTPUT_MAX) };
	if (!journal_lock(root, id, &r.lock))
		return true;
	if (!journal_load(root, id, &r.job, e))
		return err_prefix(e, "order %s", id);
	if (!journal_phase_works(r.job.phase))
		return true;
	struct err why = { 0 };
	if (work(&r, &why))
		return true;
	/* Nothing that could be said to be half done by us: tell, then try again in the next run.
	 */
	log_error("order %s: %s", id, why.msg);
	if (e)
		*e = why;
	return false;
}
