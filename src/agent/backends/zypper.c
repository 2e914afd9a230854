/* SPDX-License-Identifier: Apache-2.0
 * zypper: its words, its XML, its exit statuses. Packages are asked for by their exact edition,
 * never patches, so nothing is skipped for being "interactive" or wanting a reboot; what zypper
 * leaves out all the same is noticed, since every package must be in its own summary. zypper(8),
 * EXIT CODES. */
#include "agent/backends/rpm.h"
#include "format/xml.h"

#include <stdio.h>

enum {
	ZYPPER_LOCKED = 7,
	ZYPPER_COMMIT = 8,
	ZYPPER_UPDATE_NEEDED = 100, /* 100 to 103: done, and there is something to say */
	ZYPPER_RESTART_NEEDED = 103,
	ZYPPER_NOT_FOUND = 104,
	ZYPPER_REPOS_SKIPPED = 106,
	ZYPPER_SCRIPT_FAILED = 107, /* installed, but a scriptlet failed */
};

/* What every command begins with, and room for `more` words. */
static const char **begin(struct rpm_machine *m, size_t more, size_t *n_out)
{
	struct arena *a = &m->b.scratch;
	const char *const head[] = {
		"zypper",
		"--non-interactive",
		"--xmlout",
		"--reposd-dir",
		arena_printf(a, "%s/repos.d", m->b.spec.dir),
		"--cache-dir",
		arena_printf(a, "%s/cache", m->b.spec.dir),
	};
	const char **v = arena_array(a, const char *, ARRAY_LEN(head) + more + 1);
	memcpy(v, head, sizeof(head));
	*n_out = ARRAY_LEN(head);
	return v;
}

static const char *const *argv(struct rpm_machine *m, enum rpm_command c, bool again)
{
	struct arena *a = &m->b.scratch;
	size_t n;
	const char **v = begin(m, m->b.n_todo + 16, &n);
	if (c == RPM_REFRESH) {
		v[n++] = "refresh";
		v[n++] = "--force";
		return v;
	}
	v[n++] = "--no-refresh";
	v[n++] = "install";
	v[n++] = "--no-recommends";
	v[n++] = "--no-force-resolution";
	v[n++] = "--auto-agree-with-licenses";
	if (c == RPM_SIMULATE)
		v[n++] = "--dry-run";
	if (c == RPM_REHEARSE)
		v[n++] = "--download-only";
	if (again)
		v[n++] = "--force";
	else if (order_goes_back(m->b.spec.order))
		v[n++] = "--oldpackage";
	v[n++] = "--";
	for (size_t i = 0; i < m->b.n_todo; i++) {
		const struct order_package *p = m->b.todo[i];
		v[n++] = arena_printf(a, "%.*s.%.*s=%.*s", STR_ARG(p->name), STR_ARG(p->arch),
				      STR_ARG(p->version));
	}
	return v;
}

static const char *const *ask_obsoleters(struct rpm_machine *m, struct str name)
{
	size_t n;
	const char **v = begin(m, 10, &n);
	v[n++] = "--no-refresh";
	v[n++] = "search";
	v[n++] = "--obsoletes";
	v[n++] = "--match-exact";
	v[n++] = "--details";
	v[n++] = "--type";
	v[n++] = "package";
	v[n++] = "--";
	v[n++] = arena_str(&m->b.scratch, name).p;
	return v;
}

static bool good(enum rpm_command c, const struct backend_input *in)
{
	int s = in->exit_status;
	return s == 0 || (s >= ZYPPER_UPDATE_NEEDED && s <= ZYPPER_RESTART_NEEDED) ||
	       (c == RPM_INSTALL && s == ZYPPER_SCRIPT_FAILED);
}

static bool finished(struct str output)
{
	return backend_contains(output, "</stream>");
}

/* --- the summary --------------------------------------------------------------------------------
 */

static const struct {
	const char *element, *action;
} sections[] = {
	{ "to-install", "install" },
	{ "to-upgrade", "upgrade" },
	{ "to-upgrade-change-arch", "upgrade" },
	{ "to-reinstall", "reinstall" },
	{ "to-downgrade", "downgrade" },
	{ "to-downgrade-change-arch", "downgrade" },
	{ "to-change-arch", "upgrade" },
	{ "to-remove", "remove" },
};

struct reading {
	struct arena *a;
	struct backend_steps v;
	const char *action; /* of the section we are in; NULL = none */
	bool in_summary, seen;
	int64_t announced;
	struct str wrong; /* first error message or question about a problem */
};

static struct str attribute(const struct xml_element *el, const char *name)
{
	struct str v = xml_attr_str(el, name);
	return v.p ? v : (struct str) { "", 0 };
}

static bool summary_start(struct reading *r, const struct xml_element *el, struct err *e)
{
	struct str announced = attribute(el, "packages-to-change");
	if (!str_to_i64(announced, &r->announced))
		return err_set(e, ERR_CORRUPT, "zypper's summary has no number of packages");
	r->in_summary = r->seen = true;
	return true;
}

static bool section_start(struct reading *r, const struct xml_element *el, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
		if (str_is(el->name, sections[i].element)) {
			r->action = sections[i].action;
			return true;
		}
	}
	return err_set(e, ERR_CORRUPT, "zypper's section '%s' is not understood", el->name.p);
}

static bool solvable_start(struct reading *r, const struct xml_element *el, struct err *e)
{
	struct str name = attribute(el, "name"), edition = attribute(el, "edition");
	struct backend_step s = { .name = name,
				  .arch = attribute(el, "arch"),
				  .to = edition,
				  .from = attribute(el, "edition-old"),
				  .action = r->action };
	if (!str_is(attribute(el, "type"), "package"))
		return true; /* patches and products are names for sets of packages */
	if (!name.n || !edition.n || !s.arch.n)
		return err_set(e, ERR_CORRUPT, "zypper's package '%s' is not complete", name.p);
	if (strcmp(r->action, "remove") == 0) {
		s.from = edition;
		s.to = (struct str) { "", 0 };
	}
	return backend_add_step(&r->v, r->a, &s, e);
}

static bool start(void *arg, struct xml *x, const struct xml_element *el, struct err *e)
{
	struct reading *r = arg;
	if (str_is(el->name, "install-summary"))
		return summary_start(r, el, e);
	if (r->in_summary && !r->action && str_starts(el->name, "to-"))
		return section_start(r, el, e);
	if (r->action && str_is(el->name, "solvable"))
		return solvable_start(r, el, e);
	if (str_is(el->name, "description") && !r->in_summary)
		xml_want_text(x, 2000);
	if (str_is(el->name, "message") && str_is(attribute(el, "type"), "error"))
		xml_want_text(x, 2000);
	return true;
}

static bool end(void *arg, struct xml *x, struct str name, struct str text, struct err *e)
{
	struct reading *r = arg;
	if (str_is(name, "install-summary"))
		r->in_summary = false;
	if (str_starts(name, "to-"))
		r->action = NULL;
	if (str_trim(text).n && !r->wrong.p &&
	    (str_is(name, "message") || str_is(name, "description")))
		r->wrong = arena_str(r->a, str_trim(text));
	return true;
}

/* rpm and scriptlets print between the lines of the document; it begins at its declaration. */
static bool feed_document(struct xml *x, struct str output, struct err *e)
{
	const char *begin = output.n ? memmem(output.p, output.n, "<?xml", 5) : NULL;
	if (!begin)
		return err_set(e, ERR_CORRUPT, "zypper's output is not XML");
	struct str document = { begin, (size_t)(output.p + output.n - begin) };
	const char *last = memmem(document.p, document.n, "</stream>", 9);
	if (last)
		document.n = (size_t)(last + 9 - document.p);
	return xml_feed(x, document, e) && xml_finish(x, e);
}

static bool read_output(struct str output, struct reading *r, struct err *e)
{
	AUTO(xml_free) struct xml *x = xml_new(start, end, r);
	return feed_document(x, output, e);
}

bool zypper_parse(struct str output, struct arena *a, struct backend_transaction *out,
		  struct err *e)
{
	struct reading r = { .a = a };
	bool ok = read_output(output, &r, e);
	if (ok && r.seen && (int64_t)r.v.n != r.announced)
		ok = err_set(e, ERR_CORRUPT, "zypper announces %lld packages and lists %zu",
			     (long long)r.announced, r.v.n);
	if (ok)
		backend_take_steps(&r.v, a, out);
	xfree(r.v.p);
	return ok;
}

/* --- who obsoletes a package ---------------------------------------------------------------------
 */

struct search {
	const struct backend_transaction *t;
	bool found; /* a package of the answer that the transaction installs */
};

static bool search_start(void *arg, struct xml *x, const struct xml_element *el, struct err *e)
{
	struct search *s = arg;
	if (!str_is(el->name, "solvable"))
		return true;
	for (size_t i = 0; i < s->t->n && !s->found; i++) {
		const struct backend_step *step = &s->t->steps[i];
		s->found = step->to.n && str_eq(step->name, attribute(el, "name")) &&
			   str_eq(step->to, attribute(el, "edition")) &&
			   str_eq(step->arch, attribute(el, "arch"));
	}
	return true;
}

static bool search_end(void *arg, struct xml *x, struct str name, struct str text, struct err *e)
{
	return true;
}

static bool obsoleted(struct str output, const struct backend_transaction *t)
{
	struct search s = { .t = t };
	AUTO(xml_free) struct xml *x = xml_new(search_start, search_end, &s);
	struct err e = { 0 };
	return feed_document(x, output, &e) && s.found;
}

/* --- causes -------------------------------------------------------------------------------------
 */

static const struct rpm_cause causes[] = {
	{ "No space left on device", "disk_full" },
	{ "needs more space", "disk_full" },
	{ "Not enough space", "disk_full" },
	{ "can't create transaction lock", "lock_held" },
	{ "is locked by the application", "lock_held" },
	{ "is not signed", "signature" },
	{ "Signature verification failed", "signature" },
	{ "unknown GnuPG key", "signature" },
	{ "Unsigned", "signature" },
	{ "NOKEY", "signature" },
	{ "<fileconflicts size", "dependency" },
	{ "checksum", "digest" },
	{ "not found on medium", "digest" },
	{ "Valid metadata not found", "digest" },
	{ "scriptlet failed", "maintainer_script" },
	{ "install problem", "dependency" },
	{ "Problem: ", "dependency" },
	{ "conflicts with", "dependency" },
	{ "No provider of", "dependency" },
};

/* An rpm that fails says why in a line of its own, "error: ..."; one that was killed says nothing.
 */
static bool killed_rpm(struct str output)
{
	return backend_contains(output, "RPM failed") && !backend_contains(output, "error:");
}

const char *zypper_classify(const struct backend_input *in, struct arena *a, struct str *line_out)
{
	static const struct {
		int status;
		const char *reason;
	} told[] = { { ZYPPER_LOCKED, "lock_held" },
		     { ZYPPER_NOT_FOUND, "dependency" },
		     { ZYPPER_REPOS_SKIPPED, "digest" },
		     { ZYPPER_SCRIPT_FAILED, "maintainer_script" } };
	struct reading r = { .a = a };
	struct err e = { 0 };
	*line_out = (struct str) { "", 0 };
	if (in->timed_out)
		return "timeout";
	if (in->exit_status > 128)
		return "rpm_interrupted";
	(void)read_output(in->output, &r, &e); /* what was said before it broke off is enough */
	xfree(r.v.p);
	const char *why = rpm_find_cause(causes, ARRAY_LEN(causes), in->output, line_out);
	if (r.wrong.p)
		*line_out = r.wrong;
	if (!why && in->exit_status == ZYPPER_COMMIT && killed_rpm(in->output))
		return "rpm_interrupted";
	for (size_t i = 0; i < ARRAY_LEN(told); i++)
		if (in->exit_status == told[i].status)
			return why && told[i].status == ZYPPER_REPOS_SKIPPED ? why : told[i].reason;
	return why ? why : "internal";
}

static const struct rpm_tool tool = {
	.remedy = "'zypper removelock'",
	.reinstall = "zypper install --force",
	.refreshes = true,
	.argv = argv,
	.good = good,
	.parse = zypper_parse,
	.classify = zypper_classify,
	.finished = finished,
	.ask_obsoleters = ask_obsoleters,
	.obsoleted = obsoleted,
};

static struct backend_action next(struct backend *b, const struct backend_input *in)
{
	return rpm_next((struct rpm_machine *)b, &tool, in);
}

const struct backend_type backend_zypper = { "zypper", sizeof(struct rpm_machine), next };
