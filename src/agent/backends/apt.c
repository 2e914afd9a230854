/* SPDX-License-Identifier: Apache-2.0
 * The apt state machine; rules in backend.h. Invariant: every path to an installation passes
 * through a simulation that was judged against the signed order, in the state the machine is in
 * right then.
 */
#include "agent/backends/apt.h"

#include <stdio.h>

#define MAX_INTERRUPTIONS 6 /* installations begun again after being cut short */
#define MAX_FAILURES 2	    /* of a failing package: itself and once more after healing */

enum state { AT_START, AT_READ, AT_UPDATE, AT_SIMULATE, AT_CONFIGURE, AT_INSTALL, AT_WAIT };

struct apt {
	struct backend b;
	int installs, configures;
	int cut_short;	    /* commands that change nothing and were killed */
	const char *failed; /* reason of the last failure; NULL = none */
	bool give_up;
	bool claimed; /* apt-get's last word was success */
};

static struct backend_action read_database(struct apt *m)
{
	return backend_read(&m->b, AT_READ);
}

static struct backend_action run(struct apt *m, enum state state, const char *const *argv,
				 int64_t timeout_s)
{
	return backend_run(&m->b, (int)state, argv, timeout_s,
			   state == AT_CONFIGURE || state == AT_INSTALL);
}

static const char *config(struct apt *m)
{
	return arena_printf(&m->b.scratch, "%s/apt.conf", m->b.spec.dir);
}

static struct backend_action update(struct apt *m)
{
	const char **v = arena_array(&m->b.scratch, const char *, 8);
	size_t n = 0;
	v[n++] = "apt-get";
	v[n++] = "-c";
	v[n++] = config(m);
	v[n++] = "--error-on=any";
	v[n++] = "update";
	return run(m, AT_UPDATE, v, 900);
}

/* "apt-get [-s] install -- name:arch=version ..." of what is still to do. */
static struct backend_action install(struct apt *m, bool simulate)
{
	const char **v = arena_array(&m->b.scratch, const char *, m->b.n_todo + 12);
	size_t n = 0;
	v[n++] = "apt-get";
	v[n++] = "-c";
	v[n++] = config(m);
	if (simulate)
		v[n++] = "-s";
	v[n++] = "--no-remove";
	if (order_goes_back(m->b.spec.order))
		v[n++] = "--allow-downgrades";
	v[n++] = "install";
	v[n++] = "--";
	for (size_t i = 0; i < m->b.n_todo; i++) {
		const struct order_package *p = m->b.todo[i];
		v[n++] = arena_printf(&m->b.scratch, "%.*s:%.*s=%.*s", STR_ARG(p->name),
				      STR_ARG(p->arch), STR_ARG(p->version));
	}
	if (simulate)
		return run(m, AT_SIMULATE, v, 300);
	m->installs++;
	m->b.ran = true;
	return run(m, AT_INSTALL, v, BACKEND_TIMEOUT_S);
}

static struct backend_action configure(struct apt *m)
{
	static const char *const v[] = {
		"dpkg", "--force-confdef", "--force-confold", "--configure", "-a", NULL
	};
	m->configures++;
	return run(m, AT_CONFIGURE, v, BACKEND_TIMEOUT_S);
}

static struct backend_action wait_for_lock(struct apt *m)
{
	return backend_wait_for_lock(&m->b, AT_WAIT);
}

static struct backend_action after_read(struct apt *m, const struct pkgdb *db)
{
	bool there = false;
	const char *why = backend_look(&m->b, db, "apt-mark unhold", &there);
	if (why)
		return backend_done(&m->b, m->b.ran ? BACKEND_FAILED : BACKEND_REFUSED, why);
	if (there && !db->interrupted) {
		if (!m->failed)
			m->b.detail[0] = '\0';
		return backend_succeeded(&m->b);
	}
	if (m->b.spec.phase == BACKEND_PLAN)
		return update(m);
	if (m->claimed && !m->failed) {
		m->failed = "internal";
		m->give_up = true;
		snprintf(m->b.detail, sizeof(m->b.detail),
			 "apt-get reports success, but dpkg does not list every package");
	}
	if (pkgdb_broken(db) && m->configures <= m->installs)
		return configure(m);
	if (m->give_up)
		return backend_done(&m->b, BACKEND_FAILED, m->failed);
	if (m->b.n_todo == 0) {
		snprintf(m->b.detail, sizeof(m->b.detail),
			 "dpkg --configure -a did not finish what an earlier run began");
		return backend_done(&m->b, BACKEND_FAILED,
				    m->failed ? m->failed : "dpkg_interrupted");
	}
	return install(m, true);
}

/* Somebody killed a command that only looks: nothing was begun, so it is begun again. */
static bool cut_short(struct apt *m, const struct backend_input *in)
{
	return in->exit_status > 128 && !in->timed_out && ++m->cut_short <= MAX_INTERRUPTIONS;
}

static struct backend_action after_simulate(struct apt *m, const struct backend_input *in)
{
	struct str line;
	if (cut_short(m, in))
		return read_database(m);
	if (in->exit_status != 0 || in->timed_out) {
		const char *why = apt_classify(in->output, in->exit_status, in->timed_out, &line);
		backend_note(&m->b, line);
		return backend_done(&m->b, BACKEND_FAILED, why);
	}
	struct err e = { 0 };
	arena_done(&m->b.steps);
	m->b.transaction = (struct backend_transaction) { 0 };
	if (!apt_parse_simulation(in->output, &m->b.steps, &m->b.transaction, &e)) {
		backend_note(&m->b, str_of(e.msg));
		return backend_done(&m->b, BACKEND_FAILED, "internal");
	}
	const char *refusal = backend_judge(&m->b, PKGDB_DEB);
	if (refusal)
		return backend_done(&m->b, BACKEND_REFUSED, refusal);
	if (m->b.spec.phase == BACKEND_PLAN)
		return backend_done(&m->b, BACKEND_PLANNED, "planned");
	return install(m, false);
}

/* Remembers why an installation or a healing failed and whether trying again can help. */
static void remember(struct apt *m, const struct backend_input *in, struct str *line)
{
	m->failed = apt_classify(in->output, in->exit_status, in->timed_out, line);
	backend_note(&m->b, *line);
	if (strcmp(m->failed, "dpkg_interrupted") == 0)
		m->give_up = m->installs >= MAX_INTERRUPTIONS;
	else if (strcmp(m->failed, "maintainer_script") == 0 || strcmp(m->failed, "internal") == 0)
		m->give_up = m->installs >= MAX_FAILURES;
	else
		m->give_up = true;
}

static struct backend_action after_change(struct apt *m, const struct backend_input *in)
{
	bool installing = m->b.state == AT_INSTALL;
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
		backend_note(&m->b, line);
		return wait_for_lock(m);
	}
	m->claimed = false;
	if (installing)
		remember(m, in, &line);
	else if (!m->failed)
		backend_note(&m->b,
			     line); /* healing failed; the installation may still go through */
	return read_database(m);
}

static struct backend_action next(struct backend *b, const struct backend_input *in)
{
	struct apt *m = (struct apt *)b;
	struct str line;
	ASSERT(in || m->b.state == AT_START);
	switch ((enum state)m->b.state) {
	case AT_START:
	case AT_WAIT: return read_database(m);
	case AT_READ: return after_read(m, in->db);
	case AT_UPDATE:
		if (cut_short(m, in))
			return read_database(m);
		if (in->exit_status == 0 && !in->timed_out)
			return install(m, true);
		m->failed = apt_classify(in->output, in->exit_status, in->timed_out, &line);
		backend_note(&m->b, line);
		return backend_done(&m->b, BACKEND_FAILED, m->failed);
	case AT_SIMULATE: return after_simulate(m, in);
	case AT_CONFIGURE:
	case AT_INSTALL: return after_change(m, in);
	}
	base_die(__FILE__, __LINE__, "apt state");
}

const struct backend_type backend_apt = { "apt", sizeof(struct apt), next };

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
