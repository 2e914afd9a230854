/* SPDX-License-Identifier: Apache-2.0
 * The rpm state machine; rules in backend.h. Invariant: every path to an installation passes
 * through a simulation that was judged against the signed order, in the state the machine is in
 * right then.
 *
 * A transaction that was cut short leaves new packages beside their old ones, and new ones whose
 * scriptlets never ran. Healing: look over the database, take the old ones away, then install once
 * more what that transaction had installed. Cut short itself, that leaves a package in the list
 * several times, at one version: to install it once more takes every one of them away, while it is
 * never gone itself (`rpm -e` could not tell them apart, and `dnf remove --duplicates` does the
 * same). rpm keeps no record of scriptlets that ran, and `rpm -V` looks at files only: a package
 * that is not done again is told to people. */
#include "agent/backends/rpm.h"
#include "base/buf.h"

#include <stdio.h>

#define MAX_INTERRUPTIONS 8 /* installations begun again after being cut short */
#define MAX_FAILURES 2	    /* of a failing package */
#define MAX_CLEANINGS 4	    /* after one installation */
#define MAX_REMOVALS 50	    /* that are asked about; with more it is no update */

enum state {
	AT_START,
	AT_READ,
	AT_CHECK,   /* rpmdb --verifydb */
	AT_REBUILD, /* rpmdb --rebuilddb */
	AT_CLEAN,   /* rpm -e of what a newer one replaced */
	AT_REFRESH,
	AT_SIMULATE,
	AT_OBSOLETERS, /* of what would be removed */
	AT_REHEARSE,
	AT_INSTALL,
	AT_WAIT,
};

static struct backend_action read_database(struct rpm_machine *m)
{
	return backend_read(&m->b, AT_READ);
}

static struct backend_action run(struct rpm_machine *m, enum state state, const char *const *argv,
				 int64_t timeout_s)
{
	return backend_run(&m->b, (int)state, argv, timeout_s,
			   state == AT_REBUILD || state == AT_CLEAN || state == AT_INSTALL);
}

static struct backend_action command(struct rpm_machine *m, const struct rpm_tool *tool,
				     enum rpm_command c)
{
	static const struct {
		enum state state;
		int64_t timeout_s;
	} of[] = { [RPM_REFRESH] = { AT_REFRESH, 900 },
		   [RPM_SIMULATE] = { AT_SIMULATE, 900 },
		   [RPM_REHEARSE] = { AT_REHEARSE, 1800 },
		   [RPM_INSTALL] = { AT_INSTALL, BACKEND_TIMEOUT_S } };
	if (c == RPM_INSTALL) {
		m->installs++;
		m->cleanings = 0; /* each one that is cut short leaves its own */
		m->b.ran = true;
		m->claimed = m->remade = false;
	}
	return run(m, of[c].state, tool->argv(m, c, m->again), of[c].timeout_s);
}

static struct backend_action check_database(struct rpm_machine *m)
{
	static const char *const v[] = { "rpmdb", "--verifydb", NULL };
	m->checked = true;
	return run(m, AT_CHECK, v, 1800);
}

const char *rpm_nevra(struct arena *a, const struct order_package *p)
{
	bool epoch = str_find(p->version, ':') >= 0;
	return arena_printf(a, "%.*s-%s%.*s.%.*s", STR_ARG(p->name),
			    epoch ? "" : "0:", STR_ARG(p->version), STR_ARG(p->arch));
}

const char *rpm_find_cause(const struct rpm_cause *causes, size_t n, struct str text,
			   struct str *line_out)
{
	for (size_t i = 0; i < n; i++) {
		struct str rest = text, line;
		while (str_line(&rest, &line)) {
			if (line.n && backend_contains(line, causes[i].text)) {
				*line_out = str_trim(line);
				return causes[i].reason;
			}
		}
	}
	return NULL;
}

static const struct order_package *ours(const struct rpm_machine *m, const struct pkgdb_package *p)
{
	const struct order *o = m->b.spec.order;
	for (uint32_t i = 0; i < o->n_packages + o->n_extra; i++) {
		const struct order_package *w = i < o->n_packages ? &o->packages[i]
								  : &o->extra[i - o->n_packages];
		if (str_eq(w->name, p->name) && str_eq(w->arch, p->arch))
			return w;
	}
	return NULL;
}

/* An order goes back from it, and what it goes back to is there beside it already. */
static bool is_overcome(const struct rpm_machine *m, const struct pkgdb *db,
			const struct pkgdb_package *p)
{
	const struct order_package *w = ours(m, p);
	const struct pkgdb_package *old = w && str_eq(w->from, p->version)
						  ? pkgdb_find_version(db, w->name, w->arch,
								       w->version)
						  : NULL;
	return old &&
	       old->state != PKGDB_INSTALLED; /* else such packages stand beside each other */
}

/* A newer one that was ordered is there beside it. */
static bool is_stale(const struct rpm_machine *m, const struct pkgdb *db,
		     const struct pkgdb_package *p)
{
	if (order_goes_back(m->b.spec.order))
		return is_overcome(m, db, p);
	const struct order_package *w = p->state == PKGDB_STALE ? ours(m, p) : NULL;
	const struct pkgdb_package *newest = w ? pkgdb_find(db, p->name, p->arch) : NULL;
	/* else it is not ours, or the upgrade will take it along */
	return newest && pkgdb_compare(PKGDB_RPM, newest->version, w->version) >= 0;
}

static bool is_replaced(const struct order *o, const struct pkgdb_package *p)
{
	for (uint32_t i = 0; i < o->n_replaced; i++)
		if (str_eq(o->replaced[i].name, p->name) && str_eq(o->replaced[i].arch, p->arch) &&
		    str_eq(o->replaced[i].version, p->version))
			return true;
	return false;
}

static struct str without_epoch(struct str version)
{
	size_t n = (size_t)(str_find(version, ':') + 1);
	return (struct str) { version.p + n, version.n - n };
}

static bool is_twin(const struct pkgdb_package *a, const struct pkgdb_package *b)
{
	return str_eq(a->name, b->name) && str_eq(a->arch, b->arch) &&
	       str_eq(a->version, b->version);
}

/* Would rpm's name for it, which has no epoch, mean another one beside it, too? */
static bool is_ambiguous(const struct pkgdb *db, const struct pkgdb_package *p)
{
	const struct pkgdb_package *other = pkgdb_find(db, p->name, p->arch);
	for (;
	     other >= db->packages && str_eq(other->name, p->name) && str_eq(other->arch, p->arch);
	     other--)
		if (!str_eq(p->version, other->version) &&
		    str_eq(without_epoch(p->version), without_epoch(other->version)))
			return true;
	return false;
}

/* rpm -e of what stands stale beside an ordered package, and, when a transaction was cut short that
 * brought everything, of what it should have replaced; NULL when there is nothing. Of one version
 * there may be several, which go together. */
static const char *const *cleaning(struct rpm_machine *m, const struct pkgdb *db, bool there)
{
	static const char *const one[] = { "rpm", "-e", "--" };
	static const char *const all[] = { "rpm", "-e", "--allmatches", "--" };
	const char **v = NULL;
	size_t n = ARRAY_LEN(all);
	const struct pkgdb_package *last = NULL;
	bool several = false, ambiguous = false;
	for (size_t i = 0; i < db->n; i++) {
		const struct pkgdb_package *p = &db->packages[i];
		if (!is_stale(m, db, p) && !(there && m->cut && is_replaced(m->b.spec.order, p)))
			continue;
		if (!v)
			v = arena_array(&m->b.scratch, const char *, db->n + n + 1);
		ambiguous |= is_ambiguous(db, p); /* then rpm shall refuse */
		if (last && is_twin(last, p))
			several = true;
		else
			v[n++] = arena_printf(&m->b.scratch, "%.*s-%.*s.%.*s", STR_ARG(p->name),
					      STR_ARG(without_epoch(p->version)), STR_ARG(p->arch));
		last = p;
	}
	if (!v)
		return NULL;
	if (several && !ambiguous)
		return memcpy(v, all, sizeof(all));
	memcpy(v + 1, one, sizeof(one));
	return v + 1;
}

static bool is_redone(const struct rpm_machine *m, const struct order_package *w)
{
	for (size_t i = 0; i < m->n_redo; i++)
		if (str_eq(m->redo[i].name, w->name) && str_eq(m->redo[i].arch, w->arch))
			return true;
	return false;
}

/* What is to do again: what the transaction that was cut short had installed, since its scriptlets
 * may not have run, and what stands several times at one version, whoever left it so. */
static void look_at_damage(struct rpm_machine *m, const struct pkgdb *db)
{
	const struct order *o = m->b.spec.order;
	uint32_t n = o->n_packages + o->n_extra;
	bool anew = m->cut && !m->known;
	m->known = m->cut;
	m->twin = NULL;
	if (anew || !m->redo) {
		arena_done(&m->b.keep);
		m->n_redo = 0;
		m->redo = arena_array(&m->b.keep, struct order_package, n);
	}
	for (uint32_t i = 0; i < n; i++) {
		const struct order_package *w = i < o->n_packages ? &o->packages[i]
								  : &o->extra[i - o->n_packages];
		const struct pkgdb_package *p = pkgdb_find(db, w->name, w->arch);
		if (!p || !str_eq(p->version, w->version))
			continue;
		bool twin = p > db->packages && p[-1].state == PKGDB_TWIN && is_twin(p - 1, p);
		if (twin)
			m->twin = w;
		if ((twin || (anew && p->installed_s >= m->b.spec.started_s)) && !is_redone(m, w))
			m->redo[m->n_redo++] = *w;
	}
}

static void do_again(struct rpm_machine *m)
{
	m->again = true;
	m->b.n_todo = m->n_redo;
	m->b.todo = xrealloc(m->b.todo, (m->n_redo + 1) * sizeof(*m->b.todo));
	for (size_t i = 0; i < m->n_redo; i++)
		m->b.todo[i] = &m->redo[i];
}

/* What is gone because the order agreed that it is replaced. */
static void note_replaced(struct rpm_machine *m, const struct pkgdb *db)
{
	const struct order *o = m->b.spec.order;
	AUTO(buf_done) struct buf text = BUF_INIT(ORDER_MAX);
	for (uint32_t i = 0; i < o->n_replaced; i++) {
		const struct order_package *w = &o->replaced[i];
		if (!pkgdb_find(db, w->name, w->arch))
			buf_printf(&text, "%s'%.*s' %.*s",
				   text.n ? ", " : "replaced: ", STR_ARG(w->name),
				   STR_ARG(w->version));
	}
	if (text.n)
		backend_note(&m->b, buf_str(&text));
}

static struct backend_action succeed(struct rpm_machine *m, const struct pkgdb *db)
{
	if (!m->failed && !m->warned) {
		m->b.detail[0] = '\0';
		if (m->b.ran)
			note_replaced(m, db);
	}
	return backend_succeeded(&m->b);
}

/* What is there but may not have run its scriptlets would look whole to the next order: that is
 * said, with the remedy, and is not a failure that passes by itself. */
static struct backend_action give_up(struct rpm_machine *m, const struct rpm_tool *tool)
{
	AUTO(buf_done) struct buf text = BUF_INIT(ORDER_MAX);
	if (!m->cut || !m->n_redo)
		return backend_done(&m->b, BACKEND_FAILED, m->failed);
	buf_printf(&text, "cut short %d times; scriptlets may not have run; finish with '%s",
		   m->installs, tool->reinstall);
	for (size_t i = 0; i < m->n_redo; i++)
		buf_printf(&text, " %.*s", STR_ARG(m->redo[i].name));
	buf_addc(&text, '\'');
	backend_note(&m->b, buf_str(&text));
	return backend_done(&m->b, BACKEND_FAILED, "maintainer_script");
}

/* So with a kernel that zypper installs beside: its rpm -i takes one away for each that it brings.
 */
static struct backend_action fail_twin(struct rpm_machine *m)
{
	snprintf(m->b.detail, sizeof(m->b.detail),
		 "'%.*s' %.*s stands in rpm's list several times, also after it was installed once "
		 "more; run 'rpm --reinstall' with its file",
		 STR_ARG(m->twin->name), STR_ARG(m->twin->version));
	return backend_done(&m->b, BACKEND_FAILED, "rpm_interrupted");
}

/* What is there may still need healing: taking away needs no plan, installing once more does. */
static struct backend_action plan(struct rpm_machine *m, const struct rpm_tool *tool,
				  const struct pkgdb *db, bool there, bool clean)
{
	look_at_damage(m, db);
	if (there && m->n_redo)
		do_again(m);
	else if (there)
		return clean ? backend_done(&m->b, BACKEND_PLANNED, "planned") : succeed(m, db);
	return command(m, tool, tool->refreshes ? RPM_REFRESH : RPM_SIMULATE);
}

static struct backend_action after_read(struct rpm_machine *m, const struct rpm_tool *tool,
					const struct pkgdb *db)
{
	bool there = false;
	m->again = false;
	const char *why = backend_look(&m->b, db, tool->remedy, &there);
	if (why)
		return backend_done(&m->b, m->b.ran ? BACKEND_FAILED : BACKEND_REFUSED, why);
	const char *const *clean = cleaning(m, db, there);
	m->cut |= clean && m->b.ran; /* whatever the commands said */
	if (m->b.spec.phase == BACKEND_PLAN)
		return plan(m, tool, db, there, clean != NULL);
	if (clean && m->cleanings++ < MAX_CLEANINGS)
		return run(m, AT_CLEAN, clean, BACKEND_TIMEOUT_S);
	if (there && clean) {
		snprintf(m->b.detail, sizeof(m->b.detail),
			 "an older version could not be taken away after an interruption");
		return backend_done(&m->b, BACKEND_FAILED, "rpm_interrupted");
	}
	look_at_damage(m, db);
	if (m->twin && m->remade)
		return fail_twin(m);
	if (there && !m->n_redo)
		return succeed(m, db);
	if (m->give_up)
		return give_up(m, tool);
	if (m->claimed && !there && m->installs >= MAX_FAILURES) {
		snprintf(m->b.detail, sizeof(m->b.detail),
			 "success was reported, but the database does not list every package");
		return backend_done(&m->b, BACKEND_FAILED, "internal");
	}
	if (there)
		do_again(m);
	return command(m, tool, RPM_SIMULATE);
}

/* Every package that is to do must be in the transaction: a tool may leave one out silently. */
static bool complete(struct rpm_machine *m)
{
	for (size_t i = 0; i < m->b.n_todo; i++) {
		const struct order_package *w = m->b.todo[i];
		bool found = false;
		for (size_t k = 0; !found && k < m->b.transaction.n; k++) {
			const struct backend_step *s = &m->b.transaction.steps[k];
			found = str_eq(s->name, w->name) && str_eq(s->arch, w->arch) && s->to.n;
		}
		if (!found) {
			snprintf(m->b.detail, sizeof(m->b.detail),
				 "'%.*s' %.*s would not be installed", STR_ARG(w->name),
				 STR_ARG(w->version));
			return false;
		}
	}
	return true;
}

static struct backend_action wait_for_lock(struct rpm_machine *m)
{
	return backend_wait_for_lock(&m->b, AT_WAIT);
}

/* Judges the transaction; before that a tool that tells no obsoleted package from a removed one is
 * asked about each. */
static struct backend_action judge(struct rpm_machine *m, const struct rpm_tool *tool)
{
	const struct backend_transaction *t = &m->b.transaction;
	size_t removals = 0;
	for (size_t i = 0; i < t->n; i++)
		removals += !t->steps[i].to.n;
	while (tool->ask_obsoleters && removals <= MAX_REMOVALS && m->asked < t->n) {
		const struct backend_step *s = &t->steps[m->asked++];
		if (strcmp(s->action, "remove") == 0)
			return run(m, AT_OBSOLETERS, tool->ask_obsoleters(m, s->name), 900);
	}
	const char *refusal = backend_judge(&m->b, PKGDB_RPM);
	if (refusal)
		return backend_done(&m->b, BACKEND_REFUSED, refusal);
	if (!complete(m))
		return backend_done(&m->b, BACKEND_FAILED, "dependency");
	return command(m, tool, m->b.spec.phase == BACKEND_PLAN ? RPM_REHEARSE : RPM_INSTALL);
}

static struct backend_action after_simulate(struct rpm_machine *m, const struct rpm_tool *tool,
					    const struct backend_input *in)
{
	struct err e = { 0 };
	arena_done(&m->b.steps);
	m->b.transaction = (struct backend_transaction) { 0 };
	if (!tool->parse(in->output, &m->b.steps, &m->b.transaction, &e)) {
		backend_note(&m->b, str_of(e.msg));
		return backend_done(&m->b, BACKEND_FAILED, "internal");
	}
	m->asked = 0;
	return judge(m, tool);
}

/* The answer about the step that was asked for last. */
static struct backend_action after_obsoleters(struct rpm_machine *m, const struct rpm_tool *tool,
					      const struct backend_input *in)
{
	if (!in->timed_out && tool->obsoleted(in->output, &m->b.transaction))
		m->b.transaction.steps[m->asked - 1].action = "replaced";
	return judge(m, tool);
}

/* Remembers why an installation failed and whether trying again can help. */
static struct backend_action after_failure(struct rpm_machine *m, const char *why)
{
	m->failed = why;
	if (strcmp(why, "rpm_interrupted") == 0) {
		m->cut = true;
		m->checked = m->known = false;
		m->give_up = m->installs >= MAX_INTERRUPTIONS;
	} else {
		bool again = strcmp(why, "maintainer_script") == 0 || strcmp(why, "internal") == 0;
		m->give_up = !again || m->installs >= MAX_FAILURES;
	}
	return m->cut && !m->checked ? check_database(m) : read_database(m);
}

static void note_cause(struct rpm_machine *m, const struct rpm_tool *tool, struct str line)
{
	bool file = tool->files && backend_contains(line, "nothing provides /");
	backend_note(&m->b, file ? str_of(arena_printf(&m->b.scratch, "%.*s; %s", STR_ARG(line),
						       tool->files))
				 : line);
}

static struct backend_action after_command(struct rpm_machine *m, const struct rpm_tool *tool,
					   enum rpm_command c, const struct backend_input *in)
{
	struct str line = { "", 0 };
	bool good = !in->timed_out && tool->good(c, in);
	const char *why = tool->classify(in, &m->b.scratch, &line);
	if (!good && strcmp(why, "lock_held") == 0) {
		m->installs -= c == RPM_INSTALL; /* nothing was begun: this try does not count */
		backend_note(&m->b, line);
		return wait_for_lock(m);
	}
	if (c == RPM_INSTALL) {
		m->warned = good && strcmp(why, "maintainer_script") == 0;
		if (!good || m->warned)
			backend_note(&m->b, line);
		if (!good)
			return after_failure(m, why);
		m->claimed = true;
		m->failed = NULL;
		if (m->again) { /* made good */
			m->cut = false;
			m->n_redo = 0;
			m->remade = true;
		}
		return read_database(m);
	}
	if (!good && strcmp(why, "rpm_interrupted") == 0 && m->looks_cut++ < MAX_INTERRUPTIONS)
		return read_database(m);
	if (!good) {
		note_cause(m, tool, line);
		return backend_done(&m->b, BACKEND_FAILED, why);
	}
	if (c == RPM_REFRESH)
		return command(m, tool, RPM_SIMULATE);
	if (c == RPM_SIMULATE)
		return after_simulate(m, tool, in);
	return backend_done(&m->b, BACKEND_PLANNED, "planned");
}

/* A tool that cannot be found says nothing about the database. An rpm whose zypper was killed goes
 * on, and holds nothing of ours while it does: only rpm's own lock tells. */
static struct backend_action after_check(struct rpm_machine *m, const struct backend_input *in)
{
	static const char *const rebuild[] = { "rpmdb", "--rebuilddb", NULL };
	if (in->exit_status == 0 || in->exit_status == 127)
		return read_database(m);
	if (!backend_contains(in->output, "can't create transaction lock"))
		return run(m, AT_REBUILD, rebuild, 3600);
	m->checked = false;
	return wait_for_lock(m);
}

static struct backend_action begin(struct rpm_machine *m, const struct rpm_tool *tool)
{
	m->cut = m->b.spec.resumed && m->b.spec.left.p && !tool->finished(m->b.spec.left);
	return m->cut && m->b.spec.phase == BACKEND_INSTALL ? check_database(m) : read_database(m);
}

struct backend_action rpm_next(struct rpm_machine *m, const struct rpm_tool *tool,
			       const struct backend_input *in)
{
	ASSERT(in || m->b.state == AT_START);
	switch ((enum state)m->b.state) {
	case AT_START: return begin(m, tool);
	case AT_READ: return after_read(m, tool, in->db);
	case AT_CHECK: return after_check(m, in);
	case AT_REFRESH: return after_command(m, tool, RPM_REFRESH, in);
	case AT_SIMULATE: return after_command(m, tool, RPM_SIMULATE, in);
	case AT_OBSOLETERS: return after_obsoleters(m, tool, in);
	case AT_REHEARSE: return after_command(m, tool, RPM_REHEARSE, in);
	case AT_INSTALL: return after_command(m, tool, RPM_INSTALL, in);
	case AT_WAIT: return m->cut && !m->checked ? check_database(m) : read_database(m);
	case AT_REBUILD:
	case AT_CLEAN: return read_database(m);
	}
	base_die(__FILE__, __LINE__, "rpm state");
}
