/* SPDX-License-Identifier: Apache-2.0
 * Restarting services. Invariant: which run of each service was there is on disk before anything is
 * restarted, so that no service is restarted twice for one order; success is a fresh look that
 * finds none of them on replaced files and each of them up. */
#include "agent/root/services.h"
#include "agent/restart.h"
#include "agent/root/runner_int.h"
#include "base/clock.h"
#include "base/log.h"
#include "proto/units.h"

#include <stdio.h>
#include <time.h>

#define SHOW_TIMEOUT_S 60
#define RESTART_TIMEOUT_S 900 /* stopping and starting have limits of their own in the unit */
#define MOVING_MS 300000      /* for a restart under way whose command is gone */
#define SETTLE_MS 300	      /* a service that dies at once is seen to be dead */
#define GONE_MS 2000	      /* for processes that a restart leaves to end by themselves */
#define ONESHOT "is a job that ends by itself, and is not run again"

/* --- may it?
 * ---------------------------------------------------------------------------------------- */

static bool refuse(const char **reason_out, const char *reason)
{
	*reason_out = reason;
	return false;
}

static bool is_word_of(struct str words, struct str wanted)
{
	struct str word;
	while (str_split(&words, ' ', &word))
		if (word.n && str_eq(word, wanted))
			return true;
	return false;
}

bool services_permitted(const struct order *o, const struct agent_policy *policy,
			const char **reason_out, struct err *e)
{
	if (!policy->restart) {
		err_set(e, ERR_DENIED, "this machine's policy.conf forbids restarting services");
		return refuse(reason_out, "policy");
	}
	for (uint32_t i = 0; i < o->n_units; i++) {
		struct str unit = o->units[i];
		if (is_word_of(str_of(policy->never_restart), unit)) {
			err_set(e, ERR_DENIED, "this machine's policy.conf excepts '%.*s'",
				STR_ARG(unit));
			return refuse(reason_out, "policy");
		}
		if (unit_remedy_of(0, unit, STR_LIT("")) != UNIT_RESTART) {
			err_set(e, ERR_DENIED, "'%.*s' is never restarted; reboot the machine",
				STR_ARG(unit));
			return refuse(reason_out, "protected_unit");
		}
	}
	return true;
}

/* The processes of the order's services that run replaced files now. */
static bool look(const struct agent_paths *p, const struct order *o, struct arena *a,
		 struct restart_list *out, struct err *e)
{
	AUTO(xfree) char *proc = xasprintf("%s/proc", p->sysroot);
	return restart_scan_units(proc, o->units, o->n_units, a, out, e);
}

/* The first such process of a service, or NULL. */
static const struct restart_entry *old_of(const struct restart_list *l, struct str unit)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->entries[i].unit, unit))
			return &l->entries[i];
	return NULL;
}

bool services_in_evidence(const struct agent_paths *p, const struct order *o,
			  const char **reason_out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct restart_list list;
	if (!look(p, o, &a, &list, e))
		return refuse(reason_out, "internal");
	for (uint32_t i = 0; i < o->n_units; i++) {
		if (old_of(&list, o->units[i]))
			continue;
		err_set(e, ERR_DENIED, "'%.*s' runs no replaced files; nothing was restarted",
			STR_ARG(o->units[i]));
		return refuse(reason_out, "not_in_evidence");
	}
	for (size_t i = 0; i < list.n; i++) {
		const struct restart_entry *x = &list.entries[i];
		if (unit_remedy_of(x->pid, x->unit, x->exe) == UNIT_RESTART)
			continue;
		err_set(e, ERR_DENIED, "'%.*s' is the agent's own service; it is not restarted",
			STR_ARG(x->unit));
		return refuse(reason_out, "protected_unit");
	}
	return true;
}

/* --- what systemd says of a service
 * ----------------------------------------------------------------- */

struct unit_state {
	char type[24], active[24], sub[40], result[40];
	char run[40]; /* which run it is: another one after each start */
};

static void take_property(struct str line, const char *name, char *out, size_t cap)
{
	size_t n = strlen(name);
	if (str_starts(line, name) && line.n > n && line.p[n] == '=')
		snprintf(out, cap, "%.*s", (int)(line.n - n - 1), line.p + n + 1);
}

static bool show(struct run *r, const char *unit, struct unit_state *out, struct err *e)
{
	const char *argv[] = {
		"systemctl",  "show",
		"--no-pager", "--property=Type,ActiveState,SubState,Result,InvocationID,MainPID",
		"--",	      unit,
		NULL
	};
	struct exec_result res;
	struct str text, line;
	char pid[24] = "";
	if (!run_quietly(r, argv, SHOW_TIMEOUT_S, &res, e))
		return false;
	if (res.exit_status != 0)
		return err_set(e, ERR_UNAVAILABLE, "systemctl show: exit %d", res.exit_status);
	*out = (struct unit_state) { 0 };
	text = buf_str(&r->output);
	while (str_line(&text, &line)) {
		take_property(line, "Type", out->type, sizeof(out->type));
		take_property(line, "ActiveState", out->active, sizeof(out->active));
		take_property(line, "SubState", out->sub, sizeof(out->sub));
		take_property(line, "Result", out->result, sizeof(out->result));
		take_property(line, "InvocationID", out->run, sizeof(out->run));
		take_property(line, "MainPID", pid, sizeof(pid));
	}
	if (!out->run[0]) /* a systemd that does not count runs */
		snprintf(out->run, sizeof(out->run), "%s", pid);
	return true;
}

/* On its way up or down: a restart that somebody else waits for, or nobody. */
static bool is_moving(const struct unit_state *s)
{
	return strcmp(s->active, "deactivating") == 0 ||
	       (strcmp(s->active, "activating") == 0 && strcmp(s->sub, "auto-restart") != 0);
}

static bool is_up(const struct unit_state *s)
{
	return strcmp(s->active, "active") == 0 || strcmp(s->active, "reloading") == 0;
}

/* --- the job
 * ---------------------------------------------------------------------------------------- */

static const char *run_before(const struct run *r, uint32_t unit)
{
	const char *s = json_string_value(
		json_object_get(json_array_get(r->job.units, unit), "run"));
	return s ? s : "";
}

/* On disk before the first restart. */
static bool record_runs(struct run *r, struct err *e)
{
	if (r->job.units)
		return true;
	AUTO(json_free) json_t *units = json_array();
	for (uint32_t i = 0; i < r->order.n_units; i++) {
		struct unit_state s;
		if (!show(r, r->order.units[i].p, &s, e))
			return false;
		json_array_append_new(
			units, json_pack("{s:s,s:s}", "unit", r->order.units[i].p, "run", s.run));
	}
	r->job.units = TAKE(units);
	return journal_save(r->root, &r->job, e);
}

static void note(struct run *r, const char *unit, const char *what)
{
	AUTO(xfree) char *line = xasprintf("# %s: %s\n", unit, what);
	run_log(r, str_of(line));
}

/* Whether the service is to be restarted now; what else it is, is in the log. */
static bool wants_restart(struct run *r, uint32_t i, bool *yes_out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	const char *unit = r->order.units[i].p;
	struct restart_list list;
	struct unit_state s;
	*yes_out = false;
	if (json_object_get(json_array_get(r->job.units, i), "exit"))
		return true;
	if (!look(r->paths, &r->order, &a, &list, e))
		return false;
	if (!old_of(&list, r->order.units[i])) {
		note(r, unit, "runs no replaced files");
		return true;
	}
	if (!show(r, unit, &s, e))
		return false;
	if (strcmp(s.type, "oneshot") == 0)
		note(r, unit, ONESHOT);
	else if (strcmp(s.run, run_before(r, i)) != 0)
		note(r, unit, "has been started anew since this order began");
	else
		*yes_out = true;
	return true;
}

static bool restart_one(struct run *r, uint32_t i, struct err *e)
{
	const char *unit = r->order.units[i].p;
	const char *const argv[] = { "systemctl", "restart", "--", unit, NULL };
	const char *const status[] = { "systemctl",  "status", "--no-pager", "--full",
				       "--lines=20", "--",     unit,	     NULL };
	struct exec_result res;
	struct err why = { 0 };
	bool yes;
	if (!wants_restart(r, i, &yes, e))
		return false;
	if (!yes)
		return true;
	if (!run_command(r, argv, RESTART_TIMEOUT_S, &res, e))
		return false;
	json_object_set_new(json_array_get(r->job.units, i), "exit", json_integer(res.exit_status));
	if (!journal_save(r->root, &r->job, e))
		return false;
	if (res.exit_status != 0 && !run_command(r, status, SHOW_TIMEOUT_S, &res, &why))
		log_warn("order %s: %s", r->job.id, why.msg);
	return true;
}

static void nap(int64_t ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
	nanosleep(&t, NULL);
}

/* A restart goes on in systemd although the command that asked for it was killed. */
static bool settle(struct run *r, struct err *e)
{
	int64_t until = clock_mono_ms() + MOVING_MS;
	for (uint32_t i = 0; i < r->order.n_units; i++) {
		struct unit_state s;
		for (;;) {
			if (!show(r, r->order.units[i].p, &s, e))
				return false;
			if (!is_moving(&s) || clock_mono_ms() >= until)
				break;
			nap(SETTLE_MS);
		}
	}
	nap(SETTLE_MS);
	return true;
}

/* The last look: at most GONE_MS for what ends by itself. */
static bool look_again(struct run *r, struct arena *a, struct restart_list *out, struct err *e)
{
	int64_t until = clock_mono_ms() + GONE_MS;
	while (look(r->paths, &r->order, a, out, e)) {
		if (out->n == 0 || clock_mono_ms() >= until)
			return true;
		nap(SETTLE_MS);
	}
	return false;
}

/* What is wrong with one service at the end: the reason, with a text; NULL = nothing. */
static const char *fault_of(struct run *r, uint32_t i, const struct unit_state *s,
			    const struct restart_list *list, char *text, size_t cap)
{
	const struct restart_entry *old = old_of(list, r->order.units[i]);
	int64_t exit_status = json_integer_value(
		json_object_get(json_array_get(r->job.units, i), "exit"));
	if (!old && is_up(s))
		return NULL;
	if (strcmp(s->type, "oneshot") == 0) {
		snprintf(text, cap, ONESHOT);
		return "protected_unit";
	}
	if (exit_status || !is_up(s)) {
		snprintf(text, cap, "systemctl restart: exit %lld; it is %s (%s, %s)",
			 (long long)exit_status, s->active, s->sub, s->result);
		r->exit_status = (int)exit_status;
		return "restart_failed";
	}
	snprintf(text, cap, "process %lld still runs the replaced '%.*s'", (long long)old->pid,
		 STR_ARG(old->libraries[0]));
	return "still_old";
}

static bool judge(struct run *r, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct restart_list list;
	const char *reason = NULL, *done = "already_restarted";
	char text[300], detail[400] = "";
	if (!settle(r, e) || !look_again(r, &a, &list, e))
		return false;
	for (uint32_t i = 0; i < r->order.n_units; i++) {
		const char *unit = r->order.units[i].p;
		struct unit_state s;
		if (!show(r, unit, &s, e))
			return false;
		if (strcmp(s.run, run_before(r, i)) != 0)
			done = "restarted";
		const char *fault = fault_of(r, i, &s, &list, text, sizeof(text));
		if (!fault)
			continue;
		note(r, unit, text);
		if (!reason)
			snprintf(detail, sizeof(detail), "%.90s: %s", unit, text);
		reason = reason ? reason : fault;
	}
	return run_finish(r, reason ? "failed" : "succeeded", reason ? reason : done, detail, e);
}

bool services_restart(struct run *r, struct err *e)
{
	if (!record_runs(r, e))
		return false;
	for (uint32_t i = 0; i < r->order.n_units; i++) {
		run_progress(r, "installing", "", i, r->order.n_units);
		if (!restart_one(r, i, e))
			return false;
	}
	return judge(r, e);
}
