/* SPDX-License-Identifier: Apache-2.0
 * dnf 4: its words, its output, its exit statuses. The machine's own dnf.conf stays in force
 * (excludes, kernels kept, plugins such as versionlock); what an order decides is set on the
 * command line, where it wins. dnf(8), dnf.conf(5); the "---> Package" lines of the verbose solver
 * are one a package, never folded, and the same since yum 3. */
#include "agent/backends/rpm.h"

#include <stdio.h>

static const char *const options[] = {
	"--setopt=exit_on_lock=1",
	"--setopt=best=1",
	"--setopt=strict=1",
	"--setopt=install_weak_deps=0",
	"--setopt=clean_requirements_on_remove=0",
	"--setopt=deltarpm=0",
	"--setopt=skip_if_unavailable=0",
	"--setopt=localpkg_gpgcheck=1",
	"--setopt=metadata_timer_sync=0",
	/* these speak to servers, or judge the machine's subscriptions by what is enabled now */
	"--disableplugin=product-id,subscription-manager,upload-profile,spacewalk,rhnplugin,"
	"enabled_repos_upload,package_upload,tracer_upload",
};

static const char *const *argv(struct rpm_machine *m, enum rpm_command c, bool again)
{
	struct arena *a = &m->b.scratch;
	const char **v = arena_array(a, const char *, m->b.n_todo + ARRAY_LEN(options) + 10);
	size_t n = 0;
	v[n++] = "dnf";
	v[n++] = "--verbose";
	v[n++] = c == RPM_SIMULATE ? "--assumeno" : "--assumeyes";
	v[n++] = arena_printf(a, "--setopt=reposdir=%s/repos.d", m->b.spec.dir);
	v[n++] = arena_printf(a, "--setopt=cachedir=%s/cache", m->b.spec.dir);
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		v[n++] = options[i];
	if (c == RPM_REHEARSE)
		v[n++] = "--setopt=tsflags=test";
	v[n++] = again ? "reinstall" : order_goes_back(m->b.spec.order) ? "downgrade" : "install";
	for (size_t i = 0; i < m->b.n_todo; i++)
		v[n++] = rpm_nevra(a, m->b.todo[i]);
	return v;
}

static bool finished(struct str output)
{
	return backend_contains(output, "\nComplete!\n");
}

static bool good(enum rpm_command c, const struct backend_input *in)
{
	/* --assumeno ends with 1 when there was something to say no to */
	if (c == RPM_SIMULATE)
		return in->exit_status == 1 && backend_contains(in->output, "Operation aborted.");
	return in->exit_status == 0;
}

/* --- the solver's lines -------------------------------------------------------------------------
 */

#define HEAD "---> Package "

/* "name.arch evr will be ..." */
static bool read_package(struct str line, struct backend_step *s, struct str *fate)
{
	struct str nevra, evr;
	if (!str_split(&line, ' ', &nevra) || !str_split(&line, ' ', &evr) || !line.p)
		return false;
	const char *dot = memrchr(nevra.p, '.', nevra.n);
	if (!dot || dot == nevra.p || !evr.n)
		return false;
	s->name = (struct str) { nevra.p, (size_t)(dot - nevra.p) };
	s->arch = (struct str) { dot + 1, nevra.n - s->name.n - 1 };
	s->to = str_starts(evr, "0:") ? (struct str) { evr.p + 2, evr.n - 2 } : evr;
	s->from = (struct str) { "", 0 };
	*fate = line;
	return true;
}

static const struct {
	const char *fate, *action;
	const char *summary; /* the count that it belongs to */
} fates[] = {
	{ "will be installed", "install", "Install" },
	{ "will be an upgrade", "upgrade", "Upgrade" },
	{ "will be reinstalled", "reinstall", "" },
	{ "will be a downgrade", "downgrade", "Downgrade" },
	{ "will be erased", "remove", "Remove" },
	{ "will be obsoleted", "replaced", "" },
};
/* Told beside the step they belong to. */
static const char *const silent[] = { "will be upgraded", "will be obsoleting" };

struct counts {
	int64_t of[ARRAY_LEN(fates)];
};

static bool add(struct backend_steps *v, struct arena *a, struct backend_step *s, struct str fate,
		struct counts *c, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(silent); i++)
		if (str_is(fate, silent[i]))
			return true;
	size_t i = 0;
	while (i < ARRAY_LEN(fates) && !str_is(fate, fates[i].fate))
		i++;
	if (i == ARRAY_LEN(fates))
		return err_set(e, ERR_CORRUPT, "dnf's words '%.*s' are not understood",
			       (int)MIN(fate.n, 100), fate.p);
	c->of[i]++;
	s->action = fates[i].action;
	if (strcmp(s->action, "remove") == 0 || strcmp(s->action, "replaced") == 0) {
		s->from = s->to;
		s->to = (struct str) { "", 0 };
	}
	return backend_add_step(v, a, s, e);
}

/* "Upgrade   2 Packages" of the summary takes them off the count. */
static bool summary(struct str line, struct counts *c)
{
	struct str word;
	if (!str_split(&line, ' ', &word))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(fates); i++) {
		if (!fates[i].summary[0] || !str_is(word, fates[i].summary))
			continue;
		struct str rest = str_trim(line), number;
		int64_t n;
		if (!str_split(&rest, ' ', &number) || !str_to_i64(number, &n))
			return false;
		c->of[i] -= n;
	}
	return true;
}

/* The versions that are left, from the "will be upgraded" lines; of a downgrade dnf tells none. */
static void fill_from(struct str output, struct arena *a, struct backend_transaction *t)
{
	struct str line, fate;
	while (str_line(&output, &line)) {
		struct backend_step old;
		if (!str_starts(line, HEAD) ||
		    !read_package((struct str) { line.p + strlen(HEAD), line.n - strlen(HEAD) },
				  &old, &fate) ||
		    !str_is(fate, "will be upgraded"))
			continue;
		for (size_t i = 0; i < t->n; i++) {
			struct backend_step *s = &t->steps[i];
			if (strcmp(s->action, "upgrade") == 0 && str_eq(s->name, old.name) &&
			    (str_eq(s->arch, old.arch) || !s->from.n))
				s->from = arena_str(a, old.to);
		}
	}
}

#define ENABLING "Enabling module streams:"

/* " ruby      2.5      ": the default stream of a module of which no stream was enabled, when a
 * package of it is installed, and those that it requires. */
static bool add_stream(struct backend_steps *v, struct arena *a, struct str line, struct err *e)
{
	struct backend_step s = { .arch = STR_LIT(BACKEND_MODULE),
				  .from = STR_LIT(""),
				  .action = BACKEND_ENABLE };
	struct str rest = str_trim(line);
	if (!str_split(&rest, ' ', &s.name) || !s.name.n)
		return err_set(e, ERR_CORRUPT, "dnf names no module");
	s.to = str_trim(rest);
	if (!s.to.n || str_find(s.to, ' ') >= 0)
		return err_set(e, ERR_CORRUPT, "dnf's line '%.*s' names no stream",
			       (int)MIN(line.n, 100), line.p);
	return backend_add_step(v, a, &s, e);
}

bool dnf_parse(struct str output, struct arena *a, struct backend_transaction *out, struct err *e)
{
	struct backend_steps v = { 0 };
	struct counts c = { 0 };
	struct str rest = output, line;
	bool ok = true, in_summary = false, in_streams = false;
	while (ok && str_line(&rest, &line)) {
		struct backend_step s;
		struct str fate;
		in_streams = in_streams && str_starts(line, " ");
		if (in_streams) {
			ok = add_stream(&v, a, line, e);
		} else if (str_is(line, ENABLING)) {
			in_streams = true;
		} else if (str_starts(line, HEAD)) {
			if (read_package(
				    (struct str) { line.p + strlen(HEAD), line.n - strlen(HEAD) },
				    &s, &fate))
				ok = add(&v, a, &s, fate, &c, e);
			else
				ok = err_set(e, ERR_CORRUPT, "dnf's line '%.*s' is not understood",
					     (int)MIN(line.n, 150), line.p);
		} else if (str_ends(line, " module streams:") ||
			   str_is(line, "Resetting modules:") ||
			   str_is(line, "Disabling modules:")) {
			ok = err_set(e, ERR_DENIED, "module streams would be changed");
		} else if (str_is(line, "Transaction Summary")) {
			in_summary = true;
		} else if (in_summary && !summary(line, &c)) {
			ok = err_set(e, ERR_CORRUPT, "dnf's summary '%.*s' is not understood",
				     (int)MIN(line.n, 150), line.p);
		}
	}
	for (size_t i = 0; ok && i < ARRAY_LEN(fates); i++)
		if (fates[i].summary[0] && c.of[i] != 0)
			ok = err_set(e, ERR_CORRUPT, "dnf's summary counts other packages (%s)",
				     fates[i].summary);
	if (ok) {
		backend_take_steps(&v, a, out);
		fill_from(output, a, out);
	}
	xfree(v.p);
	return ok;
}

/* --- causes -------------------------------------------------------------------------------------
 */

static const struct rpm_cause causes[] = {
	{ "No space left on device", "disk_full" },
	{ "more space needed on the", "disk_full" },
	{ "Insufficient space", "disk_full" },
	{ "already locked by", "lock_held" },
	{ "can't create transaction lock", "lock_held" },
	{ "cannot get exclusive lock", "lock_held" },
	{ "is not signed", "signature" },
	{ "Public key for", "signature" },
	{ "GPG check FAILED", "signature" },
	{ "GPG Keys are configured", "signature" },
	{ "GPG keys listed", "signature" },
	{ "checking of packages via GPG keys", "signature" },
	{ "does not verify", "signature" },
	{ "has incorrect checksum", "digest" },
	{ "filtered out by exclude filtering", "held" },
	{ "protected packages", "policy" },
	{ "filtered out by modular filtering", "dependency" },
	{ "nothing provides", "dependency" },
	{ "Unable to find a match", "dependency" },
	{ " Problem", "dependency" },
	{ "conflicts with file from", "dependency" },
	{ "scriptlet failed", "maintainer_script" },
	{ "Failed to download metadata", "digest" },
	{ "Error: ", "internal" },
};

const char *dnf_classify(const struct backend_input *in, struct arena *a, struct str *line_out)
{
	*line_out = (struct str) { "", 0 };
	if (in->timed_out)
		return "timeout";
	if (in->exit_status > 128 && in->exit_status != 200)
		return "rpm_interrupted";
	const char *why = rpm_find_cause(causes, ARRAY_LEN(causes), in->output, line_out);
	if (in->exit_status == 200) /* dnf(8): a problem with locks */
		return "lock_held";
	return why ? why : "internal";
}

static const struct rpm_tool tool = {
	.remedy = "'dnf versionlock delete', or the exclude line of dnf.conf",
	.reinstall = "dnf reinstall",
	.files = "filelists=yes for its repository on the server tells dnf which package has it",
	.argv = argv,
	.good = good,
	.parse = dnf_parse,
	.classify = dnf_classify,
	.finished = finished,
};

static struct backend_action next(struct backend *b, const struct backend_input *in)
{
	return rpm_next((struct rpm_machine *)b, &tool, in);
}

const struct backend_type backend_dnf = { "dnf", sizeof(struct rpm_machine), next };
