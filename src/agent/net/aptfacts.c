/* SPDX-License-Identifier: Apache-2.0
 * Asking apt. Invariant: apt's answer is taken or not taken as a whole; a scan uses the last one
 * and never waits for apt. */
#include "agent/net/aptfacts.h"
#include "agent/dpkgdb.h"
#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/vec.h"
#include "format/aptsources.h"
#include "format/json.h"
#include "pkgver/pkgver.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define ANSWER_MAX (16u << 20)
#define TIMEOUT_S 60
#define SERVICES_MAX 40
#define KEPT_FILE "net/apt-kept"

/* --- apt-get's words ----------------------------------------------------------------------------
 */

void aptfacts_parse_dry_run(struct str text,
			    void (*fn)(void *arg, enum aptfacts_section s, struct str name),
			    void *arg)
{
	static const struct {
		const char *head;
		enum aptfacts_section section;
	} heads[] = {
		{ "The following packages have been kept back:", APTFACTS_KEPT },
		{ "Not upgrading:", APTFACTS_KEPT },
		{ "The following upgrades have been deferred due to phasing:", APTFACTS_PHASED },
		{ "Not upgrading yet due to phasing:", APTFACTS_PHASED },
	};
	size_t at = ARRAY_LEN(heads);
	struct str line, name;
	while (str_line(&text, &line)) {
		if (!str_starts(line, "  ")) {
			for (at = 0; at < ARRAY_LEN(heads) && !str_is(line, heads[at].head);)
				at++;
			continue;
		}
		line = str_trim(line);
		while (at < ARRAY_LEN(heads) && str_split(&line, ' ', &name))
			if (name.n)
				fn(arg, heads[at].section, name);
	}
}

/* --- apt-cache's words --------------------------------------------------------------------------
 *   openssl:
 *     Installed: 3.0.19-1~deb12u2
 *     Candidate: 3.0.22-1~deb12u2
 *     Version table:
 *        3.0.22-1~deb12u2 500 (phased 10%)
 *           500 http://... bookworm-security/main amd64 Packages
 *    *** 3.0.19-1~deb12u2 100
 *           100 /var/lib/dpkg/status */

struct policy {
	struct aptfacts_policy out;
	struct str installed, candidate;
	bool newer; /* the version being read is newer than the installed one */
	int64_t newer_priority;
};

static struct str after(struct str line, const char *head)
{
	size_t n = strlen(head);
	return (struct str) { line.p + n, line.n - n };
}

static void end_policy(struct policy *p, void (*fn)(void *arg, const struct aptfacts_policy *p),
		       void *arg)
{
	bool any = p->installed.n && !str_is(p->installed, "(none)");
	if (any && p->candidate.n && !str_is(p->candidate, "(none)")) {
		int c = deb_compare(p->candidate, p->installed);
		p->out.pinned &= c <= 0;
		p->out.phased &= c > 0;
		fn(arg, &p->out);
	} else if (any && p->out.pinned) { /* every version is forbidden */
		p->out.phased = false;
		fn(arg, &p->out);
	}
	*p = (struct policy) { 0 };
}

static void version_line(struct policy *p, struct str line)
{
	struct str rest = str_trim(line), version, word;
	int64_t percent;
	if (!str_split(&rest, ' ', &version))
		return;
	p->newer = p->installed.n && deb_compare(version, p->installed) > 0;
	p->newer_priority = 0;
	if (str_split(&rest, ' ', &word) && !str_to_i64(word, &p->newer_priority))
		p->newer_priority = 0;
	if (!str_eq(version, p->candidate) || !str_starts(rest, "(phased "))
		return;
	rest = after(rest, "(phased ");
	if (str_split(&rest, '%', &word) && str_to_i64(word, &percent) && percent < 100)
		p->out.phased = true;
}

/* A newer version that archives offer at a priority of their own choice (backports and the like are
 * made not to be taken by themselves) was not kept back by anybody here. */
static void source_line(struct policy *p, struct str line)
{
	bool by_itself = (p->newer_priority == 100 || p->newer_priority == 1) &&
			 (memmem(line.p, line.n, "-backports", 10) ||
			  memmem(line.p, line.n, " experimental", 13) ||
			  memmem(line.p, line.n, " rc-buggy", 9));
	bool archive = memmem(line.p, line.n, " Packages", 9) != NULL;
	if (p->newer && archive && !by_itself)
		p->out.pinned = true;
}

void aptfacts_parse_policy(struct str text, void (*fn)(void *arg, const struct aptfacts_policy *p),
			   void *arg)
{
	struct policy p = { 0 };
	struct str line;
	while (str_line(&text, &line)) {
		if (line.n && line.p[0] != ' ') {
			end_policy(&p, fn, arg);
			if (line.p[line.n - 1] == ':')
				p.out.name = (struct str) { line.p, line.n - 1 };
		} else if (!p.out.name.n) {
			continue;
		} else if (str_starts(line, "  Installed: ")) {
			p.installed = after(line, "  Installed: ");
		} else if (str_starts(line, "  Candidate: ")) {
			p.candidate = after(line, "  Candidate: ");
		} else if (str_starts(line, "        ")) {
			source_line(&p, line);
		} else if (str_starts(line, "     ") || str_starts(line, " *** ")) {
			version_line(&p, after(line, "     "));
		}
	}
	end_policy(&p, fn, arg);
}

/* --- the dry run --------------------------------------------------------------------------------
 */

struct kept {
	struct str name;
	const char *reason;
};
struct dry_run {
	const struct pkgdb *db;
	struct arena *a;
	VEC(struct kept) kept;
};

/* The installed package that apt means: without an architecture the native one, or "all". */
static const struct pkgdb_package *package(const struct pkgdb *db, struct str word)
{
	struct str rest = word, name;
	if (!str_split(&rest, ':', &name))
		return NULL;
	if (rest.p)
		return pkgdb_find(db, name, rest);
	const struct pkgdb_package *p = pkgdb_find(db, name, db->native);
	return p ? p : pkgdb_find(db, name, STR_LIT("all"));
}

static void add_kept(void *arg, enum aptfacts_section s, struct str name)
{
	struct dry_run *r = arg;
	const struct pkgdb_package *p = package(r->db, name);
	struct kept k = { arena_str(r->a, name), s == APTFACTS_PHASED ? "phased" : "kept-back" };
	if (p && !p->hold) /* a hold is told as such */
		VEC_PUSH(&r->kept, k);
}

static void add_policy(void *arg, const struct aptfacts_policy *p)
{
	struct dry_run *r = arg;
	for (size_t i = 0; i < r->kept.n; i++)
		if (str_eq(r->kept.p[i].name, p->name) && p->phased)
			r->kept.p[i].reason = "phased";
	const struct pkgdb_package *there = package(r->db, p->name);
	struct kept k = { arena_str(r->a, p->name), "pinned" };
	if (p->pinned && there && !there->hold)
		VEC_PUSH(&r->kept, k);
}

static bool run(const char *const *argv, struct buf *out, struct err *e)
{
	struct proc_result res;
	const struct proc_spec spec = { .argv = argv, .timeout_s = TIMEOUT_S };
	if (!proc_run(&spec, out, NULL, &res, e))
		return false;
	if (res.timed_out || res.exit_status != 0)
		return err_set(e, ERR_IO, "'%s' %s %d", argv[3],
			       res.timed_out ? "takes too long; exit" : "ends with exit",
			       res.exit_status);
	return true;
}

/* Preferences may concern any package; without any only what is kept back is looked at again. */
static bool ask_policy(struct dry_run *r, bool all, struct err *e)
{
	AUTO(buf_done) struct buf out = BUF_INIT(ANSWER_MAX);
	size_t n = 0, most = all ? r->db->n : r->kept.n;
	const char **argv = arena_array(r->a, const char *, most + 6);
	argv[n++] = "nice";
	argv[n++] = "-n";
	argv[n++] = "19";
	argv[n++] = "apt-cache";
	argv[n++] = "policy";
	for (size_t i = 0; i < most; i++) {
		const struct pkgdb_package *p = all ? &r->db->packages[i] : NULL;
		if (p && p->state != PKGDB_INSTALLED)
			continue;
		bool own = p && (str_is(p->arch, "all") || str_eq(p->arch, r->db->native));
		argv[n++] = !p	  ? r->kept.p[i].name.p
			    : own ? arena_str(r->a, p->name).p
				  : arena_printf(r->a, "%.*s:%.*s", STR_ARG(p->name),
						 STR_ARG(p->arch));
	}
	if (n == 5)
		return true;
	if (!run(argv, &out, e))
		return false;
	aptfacts_parse_policy(buf_str(&out), add_policy, r);
	return true;
}

static bool ask_apt(const struct pkgdb *db, bool preferences, struct arena *a, struct buf *lines,
		    struct err *e)
{
	static const char *const argv[] = { "nice",	    "-n",
					    "19",	    "apt-get",
					    "-s",	    "-q",
					    "-o",	    "Debug::NoLocking=1",
					    "-o",	    "APT::Get::Show-User-Simulation-Note=0",
					    "dist-upgrade", NULL };
	AUTO(buf_done) struct buf out = BUF_INIT(ANSWER_MAX);
	struct dry_run r = { .db = db, .a = a };
	bool ok = run(argv, &out, e);
	if (ok) {
		aptfacts_parse_dry_run(buf_str(&out), add_kept, &r);
		ok = ask_policy(&r, preferences, e);
	}
	for (size_t i = 0; ok && i < r.kept.n; i++) {
		const struct pkgdb_package *p = package(db, r.kept.p[i].name);
		buf_printf(lines, "%.*s\t%.*s\t%s\n", STR_ARG(p->name), STR_ARG(p->arch),
			   r.kept.p[i].reason);
	}
	VEC_DONE(&r.kept);
	return ok && buf_ok(lines, "apt's answer", e);
}

/* --- when to ask --------------------------------------------------------------------------------
 */

static const char *const inputs[] = { "/var/lib/dpkg/status",  "/var/lib/apt/lists",
				      "/etc/apt/sources.list", "/etc/apt/sources.list.d",
				      "/etc/apt/preferences",  "/etc/apt/preferences.d",
				      "/etc/apt/apt.conf",     "/etc/apt/apt.conf.d",
				      "/etc/machine-id" };

/* What the answer depends on, by time and size. */
static const char *present_key(struct arena *a)
{
	AUTO(buf_done) struct buf b = BUF_INIT(4096);
	for (size_t i = 0; i < ARRAY_LEN(inputs); i++) {
		struct stat st = { 0 };
		if (stat(inputs[i], &st) == 0)
			buf_printf(&b, "%lld.%09ld.%lld.%llu ", (long long)st.st_mtim.tv_sec,
				   st.st_mtim.tv_nsec, (long long)st.st_size,
				   (unsigned long long)st.st_ino);
		else
			buf_adds(&b, "- ");
	}
	return arena_strdup(a, b.p);
}

static bool any_file(const char *dir, const char *suffix)
{
	DIR *d = opendir(dir);
	struct dirent *ent;
	bool found = false;
	while (d && !found && (ent = readdir(d)))
		found = ent->d_name[0] != '.' && str_ends(str_of(ent->d_name), suffix);
	if (d)
		closedir(d);
	return found;
}

static bool has_lists(void)
{
	static const char *const forms[] = { "_Packages", "_Packages.lz4", "_Packages.gz",
					     "_Packages.xz", "_Packages.zst" };
	bool any = false;
	for (size_t i = 0; !any && i < ARRAY_LEN(forms); i++)
		any = any_file("/var/lib/apt/lists", forms[i]);
	return any;
}

/* The answer is kept as the key, LF, and the lines. False when there is none. */
static bool last_answer(const char *path, struct buf *all, struct str *key_out,
			struct str *lines_out)
{
	struct str rest;
	if (!file_read(path, all, NULL))
		return false;
	rest = buf_str(all);
	if (!str_line(&rest, key_out))
		return false;
	*lines_out = rest.p ? rest : (struct str) { "", 0 };
	return true;
}

bool aptfacts_stale(const struct agent_paths *p)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf all = BUF_INIT(ANSWER_MAX);
	struct str key, lines;
	if (p->sysroot[0])
		return false;
	bool there = last_answer(agent_state_file(p, &a, KEPT_FILE), &all, &key, &lines);
	return has_lists() ? !there || !str_is(key, present_key(&a)) : there;
}

bool aptfacts_refresh(const struct agent_paths *p, bool *changed_out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf old = BUF_INIT(ANSWER_MAX), new = BUF_INIT(ANSWER_MAX);
	AUTO(buf_done) struct buf lines = BUF_INIT(ANSWER_MAX);
	const char *path = agent_state_file(p, &a, KEPT_FILE), *key = present_key(&a);
	struct str before = STR_LIT(""), unused;
	struct pkgdb db;
	(void)last_answer(path, &old, &unused, &before);
	*changed_out = false;
	if (!has_lists()) {
		*changed_out = before.n > 0;
		return file_remove_tree(path, e);
	}
	bool preferences = file_exists("/etc/apt/preferences") ||
			   any_file("/etc/apt/preferences.d", "");
	if (!dpkgdb_read("", &a, &db, e) || !ask_apt(&db, preferences, &a, &lines, e))
		return err_prefix(e, "what apt would keep back is not known");
	buf_printf(&new, "%s\n", key);
	buf_addstr(&new, buf_str(&lines));
	if (!file_write_atomic(path, buf_str(&new), 0644, e))
		return false;
	*changed_out = !str_eq(before, buf_str(&lines));
	return true;
}

static bool add_kept_lines(const struct agent_paths *p, struct inventory *i, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf all = BUF_INIT(ANSWER_MAX);
	struct str key, rest, line;
	if (p->sysroot[0] || !last_answer(agent_state_file(p, &a, KEPT_FILE), &all, &key, &rest))
		return true;
	while (str_line(&rest, &line)) {
		struct str f[5] = { STR_LIT("kept"), STR_LIT("deb") };
		size_t n = 2;
		while (n < ARRAY_LEN(f) && str_split(&line, '\t', &f[n]))
			n++;
		if (n == ARRAY_LEN(f) && !inventory_add(i, f, n, e))
			return false;
	}
	return true;
}

/* --- sources without signatures -----------------------------------------------------------------
 */

static bool add_unsigned(const struct apt_source *s, struct inventory *i, struct err *e)
{
	if (!s->deb || !s->enabled || (!s->trusted && !s->insecure))
		return true;
	for (size_t u = 0; u < s->uris.n; u++) {
		for (size_t k = 0; k < s->suites.n; k++) {
			AUTO(xfree)
			char *name = xasprintf("%.*s %.*s", STR_ARG(s->uris.p[u]),
					       STR_ARG(s->suites.p[k]));
			const struct str f[] = { STR_LIT("unsigned"), STR_LIT("deb"),
						 str_of(name) };
			if (!inventory_add(i, f, ARRAY_LEN(f), e))
				return false;
		}
	}
	return true;
}

/* A file apt does not understand stops apt, not the scan. */
static bool add_sources(const char *path, struct inventory *i, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf b = BUF_INIT(APTSOURCES_MAX);
	struct apt_sources list;
	struct err why = { 0 };
	if (!file_exists(path))
		return true;
	if (!file_read(path, &b, &why) ||
	    !(str_ends(str_of(path), ".sources")
		      ? aptsources_parse_deb822(buf_str(&b), &a, &list, &why)
		      : aptsources_parse_list(buf_str(&b), &a, &list, &why))) {
		log_warn("'%s': %s", path, why.msg);
		return true;
	}
	for (size_t k = 0; k < list.n; k++)
		if (!add_unsigned(&list.p[k], i, e))
			return false;
	return true;
}

static bool add_all_sources(const char *sysroot, struct inventory *i, struct err *e)
{
	AUTO(xfree) char *one = xasprintf("%s/etc/apt/sources.list", sysroot);
	AUTO(xfree) char *dir = xasprintf("%s/etc/apt/sources.list.d", sysroot);
	bool ok = add_sources(one, i, e);
	DIR *d = opendir(dir);
	struct dirent *ent;
	while (ok && d && (ent = readdir(d))) {
		struct str name = str_of(ent->d_name);
		AUTO(xfree) char *path = file_join(dir, ent->d_name);
		if (str_ends(name, ".list") || str_ends(name, ".sources"))
			ok = add_sources(path, i, e);
	}
	if (d)
		closedir(d);
	return ok;
}

/* --- Ubuntu Pro ---------------------------------------------------------------------------------
 */

static int by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

bool aptfacts_parse_pro(struct str text, struct buf *services_out)
{
	AUTO(json_free) json_t *j = NULL;
	const char *names[SERVICES_MAX];
	size_t n = 0, i;
	json_t *service;
	if (!json_parse(text, 4u << 20, &j, NULL) || !json_is_true(json_object_get(j, "attached")))
		return false;
	json_array_foreach(json_object_get(j, "services"), i, service)
	{
		const char *name = json_string_value(json_object_get(service, "name"));
		const char *status = json_string_value(json_object_get(service, "status"));
		if (name && status && !strcmp(status, "enabled") && n < SERVICES_MAX &&
		    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name))
			names[n++] = name;
	}
	qsort(names, n, sizeof(*names), by_text);
	for (i = 0; i < n; i++)
		buf_printf(services_out, "%s%s", i ? " " : "", names[i]);
	return true;
}

static bool add_pro(const char *sysroot, struct inventory *i, struct err *e)
{
	AUTO(xfree) char *path = xasprintf("%s/var/lib/ubuntu-advantage/status.json", sysroot);
	AUTO(buf_done) struct buf text = BUF_INIT(4u << 20), services = BUF_INIT(1000);
	if (!file_exists(path) || !file_read(path, &text, NULL) ||
	    !aptfacts_parse_pro(buf_str(&text), &services))
		return true;
	const struct str f[] = { STR_LIT("subscription"), STR_LIT("ubuntu-pro"),
				 buf_str(&services) };
	return inventory_add(i, f, ARRAY_LEN(f), e);
}

bool aptfacts_add(const struct agent_paths *p, struct inventory *i, struct err *e)
{
	return add_all_sources(p->sysroot, i, e) && add_pro(p->sysroot, i, e) &&
	       add_kept_lines(p, i, e);
}
