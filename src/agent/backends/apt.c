/* SPDX-License-Identifier: Apache-2.0
 * The apt state machine; rules in apt.h. Invariant: every path to an installation passes through a
 * simulation that was judged against the signed order, in the state the machine is in right then.
 */
#include "agent/backends/apt.h"
#include "pkgver/pkgver.h"

#include <stdio.h>

#define MAX_INTERRUPTIONS 6 /* installations begun again after being cut short */
#define MAX_FAILURES 2	    /* of a failing package: itself and once more after healing */

enum state { AT_START, AT_READ, AT_UPDATE, AT_SIMULATE, AT_CONFIGURE, AT_INSTALL, AT_WAIT };

struct apt {
	struct apt_spec spec;
	enum state state;
	struct arena steps;   /* of the transaction */
	struct arena scratch; /* of the present action */
	struct apt_transaction transaction;
	const struct order_package **todo; /* wanted ones that are not there yet */
	size_t n_todo;
	int installs, configures, lock_looks;
	int64_t lock_waited_s;
	bool ran;	    /* an installation was begun, by us or before us */
	const char *failed; /* reason of the last failure; NULL = none */
	bool give_up;
	bool claimed; /* apt-get's last word was success */
	char detail[400];
};

struct apt *apt_new(const struct apt_spec *spec)
{
	struct apt *m = xcalloc(1, sizeof(*m));
	m->spec = *spec;
	m->ran = spec->resumed;
	m->todo = xcalloc(spec->order->n_packages + 1, sizeof(*m->todo));
	return m;
}

void apt_free(struct apt *m)
{
	if (!m)
		return;
	arena_done(&m->steps);
	arena_done(&m->scratch);
	xfree(m->todo);
	xfree(m);
}

const struct apt_transaction *apt_transaction(const struct apt *m)
{
	return &m->transaction;
}

static struct apt_action done(struct apt *m, enum apt_outcome outcome, const char *reason)
{
	return (struct apt_action) {
		.kind = APT_DONE, .outcome = outcome, .reason = reason, .detail = m->detail
	};
}

static struct apt_action read_database(struct apt *m)
{
	m->state = AT_READ;
	return (struct apt_action) { .kind = APT_READ };
}

static struct apt_action run(struct apt *m, enum state state, const char *const *argv,
			     int64_t timeout_s)
{
	m->state = state;
	return (struct apt_action) {
		.kind = APT_RUN,
		.argv = argv,
		.timeout_s = timeout_s,
		.changes = state == AT_CONFIGURE || state == AT_INSTALL,
	};
}

static struct apt_action update(struct apt *m)
{
	const char **v = arena_array(&m->scratch, const char *, 8);
	size_t n = 0;
	v[n++] = "apt-get";
	v[n++] = "-c";
	v[n++] = m->spec.config;
	v[n++] = "--error-on=any";
	v[n++] = "update";
	return run(m, AT_UPDATE, v, 900);
}

/* "apt-get [-s] install -- name:arch=version ..." of what is still to do. */
static struct apt_action install(struct apt *m, bool simulate)
{
	const char **v = arena_array(&m->scratch, const char *, m->n_todo + 10);
	size_t n = 0;
	v[n++] = "apt-get";
	v[n++] = "-c";
	v[n++] = m->spec.config;
	if (simulate)
		v[n++] = "-s";
	v[n++] = "--no-remove";
	v[n++] = "install";
	v[n++] = "--";
	for (size_t i = 0; i < m->n_todo; i++) {
		const struct order_package *p = m->todo[i];
		v[n++] = arena_printf(&m->scratch, "%.*s:%.*s=%.*s", STR_ARG(p->name),
				      STR_ARG(p->arch), STR_ARG(p->version));
	}
	if (simulate)
		return run(m, AT_SIMULATE, v, 300);
	m->installs++;
	m->ran = true;
	return run(m, AT_INSTALL, v, APT_TIMEOUT_S);
}

static struct apt_action configure(struct apt *m)
{
	static const char *const v[] = {
		"dpkg", "--force-confdef", "--force-confold", "--configure", "-a", NULL
	};
	m->configures++;
	return run(m, AT_CONFIGURE, v, APT_TIMEOUT_S);
}

static void note(struct apt *m, struct str line)
{
	snprintf(m->detail, sizeof(m->detail), "%.*s", (int)MIN(line.n, sizeof(m->detail) - 1),
		 line.p);
}

static struct apt_action wait_for_lock(struct apt *m)
{
	int64_t s = MIN(2 + 2 * (int64_t)m->lock_looks, APT_LOCK_WAIT_S);
	m->lock_looks++;
	m->lock_waited_s += s;
	if (m->lock_waited_s > APT_LOCK_LIMIT_S)
		return done(m, APT_FAILED, "lock_held");
	m->state = AT_WAIT;
	return (struct apt_action) {
		.kind = APT_WAIT, .wait_s = s, .reason = "lock_held", .detail = m->detail
	};
}

/* Fills todo. False when a held package stands in the way (detail says which). */
static bool look(struct apt *m, const struct dpkgdb *db, bool *all_there_out)
{
	bool there = true;
	m->n_todo = 0;
	for (uint32_t i = 0; i < m->spec.order->n_packages; i++) {
		const struct order_package *w = &m->spec.order->packages[i];
		const struct dpkgdb_package *p = dpkgdb_find(db, w->name, w->arch);
		int c = p ? deb_compare(p->version, w->version) : -1;
		if (p && c >= 0 && p->state == DPKGDB_INSTALLED && !p->reinstall)
			continue;
		there = false;
		if (c > 0)
			continue; /* newer but unfinished: dpkg --configure's work, not ours */
		if (p && p->hold && c < 0) {
			snprintf(m->detail, sizeof(m->detail),
				 "package '%.*s' is held on this machine; release it with "
				 "apt-mark unhold",
				 STR_ARG(w->name));
			return false;
		}
		m->todo[m->n_todo++] = w;
	}
	*all_there_out = there;
	return true;
}

static struct apt_action after_read(struct apt *m, const struct dpkgdb *db)
{
	bool there = false;
	if (!look(m, db, &there))
		return done(m, m->ran ? APT_FAILED : APT_REFUSED, "held");
	if (there && !db->interrupted) {
		if (!m->failed)
			m->detail[0] = '\0';
		return done(m, APT_SUCCEEDED, m->ran ? "installed" : "already_installed");
	}
	if (m->spec.phase == APT_PLAN)
		return update(m);
	if (m->claimed && !m->failed) {
		m->failed = "internal";
		m->give_up = true;
		snprintf(m->detail, sizeof(m->detail),
			 "apt-get reports success, but dpkg does not list every package");
	}
	if (dpkgdb_broken(db) && m->configures <= m->installs)
		return configure(m);
	if (m->give_up)
		return done(m, APT_FAILED, m->failed);
	if (m->n_todo == 0) {
		snprintf(m->detail, sizeof(m->detail),
			 "dpkg --configure -a did not finish what an earlier run began");
		return done(m, APT_FAILED, m->failed ? m->failed : "dpkg_interrupted");
	}
	return install(m, true);
}

static bool listed(const struct order_package *p, uint32_t n, const struct apt_step *s)
{
	for (uint32_t i = 0; i < n; i++) {
		if (str_eq(p[i].name, s->name) && str_eq(p[i].arch, s->arch) &&
		    str_eq(p[i].version, s->to))
			return true;
	}
	return false;
}

/* NULL when the order covers every step. */
static const char *judge(struct apt *m)
{
	const struct order *o = m->spec.order;
	for (size_t i = 0; i < m->transaction.n; i++) {
		const struct apt_step *s = &m->transaction.steps[i];
		if (s->to.n && s->from.n && deb_compare(s->from, s->to) > 0) {
			snprintf(m->detail, sizeof(m->detail),
				 "'%.*s' would go down from %.*s to %.*s", STR_ARG(s->name),
				 STR_ARG(s->from), STR_ARG(s->to));
			return "policy";
		}
		if (!s->to.n ||
		    (!listed(o->packages, o->n_packages, s) && !listed(o->extra, o->n_extra, s))) {
			snprintf(m->detail, sizeof(m->detail),
				 "the order does not list: %s '%.*s' %.*s", s->action,
				 STR_ARG(s->name), STR_ARG(s->to.n ? s->to : s->from));
			return "unlisted_dependency";
		}
	}
	return NULL;
}

static struct apt_action after_simulate(struct apt *m, const struct apt_input *in)
{
	struct str line;
	if (in->exit_status != 0 || in->timed_out) {
		const char *why = apt_classify(in->output, in->exit_status, in->timed_out, &line);
		note(m, line);
		return done(m, APT_FAILED, why);
	}
	struct err e = { 0 };
	arena_done(&m->steps);
	m->transaction = (struct apt_transaction) { 0 };
	if (!apt_parse_simulation(in->output, &m->steps, &m->transaction, &e)) {
		note(m, str_of(e.msg));
		return done(m, APT_FAILED, "internal");
	}
	const char *refusal = judge(m);
	if (refusal)
		return done(m, APT_REFUSED, refusal);
	if (m->spec.phase == APT_PLAN)
		return done(m, APT_PLANNED, "planned");
	return install(m, false);
}

/* Remembers why an installation or a healing failed and whether trying again can help. */
static void remember(struct apt *m, const struct apt_input *in, struct str *line)
{
	m->failed = apt_classify(in->output, in->exit_status, in->timed_out, line);
	note(m, *line);
	if (strcmp(m->failed, "dpkg_interrupted") == 0)
		m->give_up = m->installs >= MAX_INTERRUPTIONS;
	else if (strcmp(m->failed, "maintainer_script") == 0 || strcmp(m->failed, "internal") == 0)
		m->give_up = m->installs >= MAX_FAILURES;
	else
		m->give_up = true;
}

static struct apt_action after_change(struct apt *m, const struct apt_input *in)
{
	bool installing = m->state == AT_INSTALL;
	struct str line;
	if (in->exit_status == 0 && !in->timed_out) {
		m->claimed = installing;
		return read_database(m);
	}
	const char *why = apt_classify(in->output, in->exit_status, in->timed_out, &line);
	if (strcmp(why, "lock_held") == 0) {
		/* Nothing was begun: this try does not count. */
		if (installing)
			m->installs--;
		else
			m->configures--;
		note(m, line);
		return wait_for_lock(m);
	}
	m->claimed = false;
	if (installing)
		remember(m, in, &line);
	else if (!m->failed)
		note(m, line); /* healing failed; the installation may still go through */
	return read_database(m);
}

struct apt_action apt_next(struct apt *m, const struct apt_input *in)
{
	struct str line;
	arena_done(&m->scratch);
	ASSERT(in || m->state == AT_START);
	switch (m->state) {
	case AT_START:
	case AT_WAIT: return read_database(m);
	case AT_READ: return after_read(m, in->db);
	case AT_UPDATE:
		if (in->exit_status == 0 && !in->timed_out)
			return install(m, true);
		m->failed = apt_classify(in->output, in->exit_status, in->timed_out, &line);
		note(m, line);
		return done(m, APT_FAILED, m->failed);
	case AT_SIMULATE: return after_simulate(m, in);
	case AT_CONFIGURE:
	case AT_INSTALL: return after_change(m, in);
	}
	base_die(__FILE__, __LINE__, "apt state");
}

void apt_write_config(const char *dir, struct buf *out)
{
	/* Read after the machine's own apt.conf.d, so what stands here wins; hooks of the
	 * administrator around dpkg stay in force, those around "update" are not for our lists. */
	buf_adds(out, "#clear APT::Update::Pre-Invoke;\n"
		      "#clear APT::Update::Post-Invoke;\n"
		      "#clear APT::Update::Post-Invoke-Success;\n"
		      "#clear DPkg::Options;\n"
		      "#clear APT::Default-Release;\n");
	buf_printf(out,
		   "Dir::Etc::sourcelist \"%s/sources.list\";\n"
		   "Dir::Etc::sourceparts \"/dev/null\";\n"
		   "Dir::State::lists \"%s/lists/\";\n"
		   "Dir::State::extended_states \"%s/extended_states\";\n"
		   "Dir::Cache \"%s/cache/\";\n"
		   "Dir::Cache::archives \"%s/cache/archives/\";\n"
		   "Dir::Cache::pkgcache \"\";\n"
		   "Dir::Cache::srcpkgcache \"\";\n",
		   dir, dir, dir, dir, dir);
	buf_adds(out, "Acquire::Languages \"none\";\n"
		      "Acquire::GzipIndexes \"true\";\n"
		      "Acquire::AllowInsecureRepositories \"false\";\n"
		      "Acquire::AllowWeakRepositories \"false\";\n"
		      "Acquire::AllowDowngradeToInsecureRepositories \"false\";\n"
		      "Acquire::Check-Valid-Until \"true\";\n"
		      "Acquire::Check-Date \"true\";\n"
		      "APT::Get::AllowUnauthenticated \"false\";\n"
		      "APT::Get::allow-downgrades \"false\";\n"
		      "APT::Get::allow-remove-essential \"false\";\n"
		      "APT::Get::allow-change-held-packages \"false\";\n"
		      "APT::Get::force-yes \"false\";\n"
		      "APT::Get::Remove \"false\";\n"
		      "APT::Get::Assume-Yes \"true\";\n"
		      "APT::Install-Recommends \"false\";\n"
		      "APT::Install-Suggests \"false\";\n"
		      "APT::Periodic::Enable \"0\";\n"
		      "APT::Color \"0\";\n"
		      "quiet \"1\";\n"
		      "DPkg::Lock::Timeout \"0\";\n"
		      "DPkg::Use-Pty \"0\";\n"
		      "DPkg::Progress-Fancy \"0\";\n"
		      "DPkg::Options { \"--force-confdef\"; \"--force-confold\"; };\n");
}
