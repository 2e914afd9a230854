/* SPDX-License-Identifier: Apache-2.0
 * dnf's and zypper's files, as far as an order or a scan must know them. A missing file
 * says nothing; one that is there but cannot be read is an error. */
#include "agent/rpmconf.h"
#include "base/file.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <sys/utsname.h>

#define FILE_MAX (4u << 20)

static bool read_if_there(const char *sysroot, const char *name, struct buf *out, struct err *e)
{
	AUTO(xfree) char *path = xasprintf("%s/%s", sysroot, name);
	buf_reset(out);
	return !file_exists(path) || file_read(path, out, e);
}

/* --- ini files ----------------------------------------------------------------------------------
 */

bool rpmconf_line(struct str *rest, struct rpmconf_line *l)
{
	struct str line;
	while (str_line(rest, &line)) {
		bool goes_on = line.n && (line.p[0] == ' ' || line.p[0] == '\t');
		struct str s = str_trim(line);
		if (!s.n || s.p[0] == '#' || s.p[0] == ';')
			continue;
		if (s.p[0] == '[' && s.p[s.n - 1] == ']') {
			*l = (struct rpmconf_line) { .section = { s.p + 1, s.n - 2 } };
			continue;
		}
		ptrdiff_t eq = str_find(s, '=');
		if (goes_on && l->key.n) {
			l->value = s;
			return true;
		}
		if (eq <= 0)
			continue;
		l->key = str_trim((struct str) { s.p, (size_t)eq });
		l->value = str_trim((struct str) { s.p + eq + 1, s.n - (size_t)eq - 1 });
		return true;
	}
	return false;
}

bool rpmconf_is_true(struct str v)
{
	static const char *const words[] = { "1", "yes", "true", "True", "on" };
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_is(v, words[i]))
			return true;
	return false;
}

bool rpmconf_each_file(const char *sysroot, const char *dir, const char *suffix,
		       bool (*fn)(void *arg, struct str text, struct err *e), void *arg,
		       struct err *e)
{
	AUTO(xfree) char *path = xasprintf("%s/%s", sysroot, dir);
	AUTO(buf_done) struct buf b = BUF_INIT(FILE_MAX);
	DIR *d = opendir(path);
	if (!d)
		return errno == ENOENT ? true : err_sys(e, errno, "cannot list '%s'", path);
	struct dirent *ent;
	bool ok = true;
	while (ok && (ent = readdir(d))) {
		if (ent->d_name[0] == '.' || !str_ends(str_of(ent->d_name), suffix))
			continue;
		AUTO(xfree) char *file = file_join(path, ent->d_name);
		buf_reset(&b);
		ok = file_read(file, &b, e) && fn(arg, buf_str(&b), e);
	}
	closedir(d);
	return ok;
}

/* --- what holds packages ------------------------------------------------------------------------
 */

/* Does the pattern mean this installed package, in one of the forms dnf knows? dnf(8), "Specifying
 * packages"; yum's versionlock puts the epoch first. */
static bool means(const char *pattern, const struct pkgdb_package *p)
{
	struct str evr = p->version, epoch = STR_LIT("0");
	ptrdiff_t colon = str_find(evr, ':');
	if (colon >= 0) {
		epoch.p = evr.p;
		epoch.n = (size_t)colon;
		evr = (struct str) { evr.p + colon + 1, evr.n - (size_t)colon - 1 };
	}
	const char *dash = memrchr(evr.p, '-', evr.n);
	int version = dash ? (int)(dash - evr.p) : (int)evr.n;
	char forms[8][600];
	int n = 0;
	const int size = sizeof(forms[0]);
	const struct str *name = &p->name, *arch = &p->arch;
	snprintf(forms[n++], size, "%.*s", STR_ARG(*name));
	snprintf(forms[n++], size, "%.*s.%.*s", STR_ARG(*name), STR_ARG(*arch));
	snprintf(forms[n++], size, "%.*s-%.*s.%.*s", STR_ARG(*name), STR_ARG(evr), STR_ARG(*arch));
	snprintf(forms[n++], size, "%.*s-%.*s:%.*s.%.*s", STR_ARG(*name), STR_ARG(epoch),
		 STR_ARG(evr), STR_ARG(*arch));
	snprintf(forms[n++], size, "%.*s-%.*s", STR_ARG(*name), STR_ARG(evr));
	snprintf(forms[n++], size, "%.*s-%.*s:%.*s", STR_ARG(*name), STR_ARG(epoch), STR_ARG(evr));
	snprintf(forms[n++], size, "%.*s-%.*s", STR_ARG(*name), version, evr.p);
	snprintf(forms[n++], size, "%.*s:%.*s-%.*s.%.*s", STR_ARG(epoch), STR_ARG(*name),
		 STR_ARG(evr), STR_ARG(*arch));
	for (int i = 0; i < n; i++)
		if (fnmatch(pattern, forms[i], 0) == 0)
			return true;
	return false;
}

static void hold_all(struct pkgdb *db, struct str pattern)
{
	AUTO(xfree) char *text = str_dup(pattern);
	for (size_t i = 0; i < db->n; i++)
		if (!db->packages[i].hold && means(text, &db->packages[i]))
			db->packages[i].hold = true;
}

void rpmconf_versionlock(struct str text, struct pkgdb *db)
{
	struct str line;
	while (str_line(&text, &line)) {
		line = str_trim(line);
		/* "!name-..." forbids one version and lets the others through */
		if (line.n && line.n < 500 && line.p[0] != '#' && line.p[0] != '!')
			hold_all(db, line);
	}
}

void rpmconf_excludes(struct str text, struct pkgdb *db)
{
	struct rpmconf_line l = { 0 };
	while (rpmconf_line(&text, &l)) {
		if (!str_is(l.section, "main") ||
		    (!str_is(l.key, "exclude") && !str_is(l.key, "excludepkgs")))
			continue;
		struct str rest = l.value, word;
		while (str_split(&rest, ' ', &word)) {
			struct str more = word, one;
			while (str_split(&more, ',', &one))
				if (one.n && one.n < 500)
					hold_all(db, str_trim(one));
		}
	}
}

struct zypp_lock {
	struct str name, match;
	bool package, narrowed;
};

static void zypp_lock_end(struct zypp_lock *l, struct pkgdb *db)
{
	if (l->name.n && l->name.n < 500 && l->package && !l->narrowed) {
		AUTO(xfree)
		char *pattern = str_is(l->match, "substring")
					? xasprintf("*%.*s*", STR_ARG(l->name))
					: str_dup(l->name);
		for (size_t i = 0; i < db->n; i++) {
			AUTO(xfree) char *name = str_dup(db->packages[i].name);
			db->packages[i].hold |= fnmatch(pattern, name, 0) == 0;
		}
	}
	*l = (struct zypp_lock) { .package = true };
}

/* Stanzas of "key: value", an empty line between; locks of a repository or of patches hold no
 * package. */
void rpmconf_zypp_locks(struct str text, struct pkgdb *db)
{
	struct zypp_lock l = { .package = true };
	struct str line;
	while (str_line(&text, &line)) {
		line = str_trim(line);
		ptrdiff_t colon = str_find(line, ':');
		if (!line.n)
			zypp_lock_end(&l, db);
		if (colon <= 0 || line.p[0] == '#')
			continue;
		struct str key = { line.p, (size_t)colon };
		struct str value = str_trim(
			(struct str) { line.p + colon + 1, line.n - (size_t)colon - 1 });
		if (str_is(key, "solvable_name"))
			l.name = value;
		else if (str_is(key, "match_type"))
			l.match = value;
		else if (str_is(key, "type"))
			l.package = str_is(value, "package");
		else if (str_is(key, "repo") && value.n)
			l.narrowed = true;
	}
	zypp_lock_end(&l, db);
}

bool rpmconf_holds(const char *sysroot, enum platform_manager manager, struct pkgdb *db,
		   struct err *e)
{
	static const struct {
		enum platform_manager manager;
		const char *path;
		void (*read)(struct str text, struct pkgdb *db);
	} files[] = {
		{ PLATFORM_DNF, "etc/dnf/plugins/versionlock.list", rpmconf_versionlock },
		{ PLATFORM_DNF, "etc/yum/pluginconf.d/versionlock.list", rpmconf_versionlock },
		{ PLATFORM_DNF, "etc/dnf/dnf.conf", rpmconf_excludes },
		{ PLATFORM_ZYPPER, "etc/zypp/locks", rpmconf_zypp_locks },
	};
	AUTO(buf_done) struct buf b = BUF_INIT(FILE_MAX);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		if (files[i].manager != manager)
			continue;
		if (!read_if_there(sysroot, files[i].path, &b, e))
			return false;
		files[i].read(buf_str(&b), db);
	}
	return true;
}

/* --- what is installed beside its older versions ------------------------------------------------
 */

#define MAX_BESIDE 200u

struct beside {
	struct arena *a;
	const char **words; /* MAX_BESIDE + 1 */
	size_t n;
};

/* Words between blanks and commas; "provides:" is how zypp marks what is no package's name. */
static void beside_words(struct beside *b, struct str list)
{
	struct str word, more;
	while (str_split(&list, ' ', &word)) {
		while (str_split(&word, ',', &more)) {
			struct str s = str_trim(more);
			if (str_starts(s, "provides:"))
				s = (struct str) { s.p + 9, s.n - 9 };
			if (s.n && s.n < 500 && s.p[0] != '-' && b->n < MAX_BESIDE)
				b->words[b->n++] = arena_str(b->a, s).p;
		}
	}
}

static bool beside_conf(struct beside *b, const char *sysroot, const char *path, const char *key,
			struct err *e)
{
	AUTO(buf_done) struct buf text = BUF_INIT(FILE_MAX);
	struct rpmconf_line l = { 0 };
	if (!read_if_there(sysroot, path, &text, e))
		return false;
	struct str rest = buf_str(&text);
	while (rpmconf_line(&rest, &l))
		if (str_is(l.section, "main") && str_is(l.key, key))
			beside_words(b, l.value);
	return true;
}

/* A word a line, in files that may have any name. */
static bool beside_file(void *arg, struct str text, struct err *e)
{
	struct str line;
	while (str_line(&text, &line))
		if (line.n && line.p[0] != '#')
			beside_words(arg, line);
	return true;
}

/* The file that counts, below `sysroot`. */
static const char *zypp_conf(const char *sysroot)
{
	AUTO(xfree) char *own = xasprintf("%s/etc/zypp/zypp.conf", sysroot);
	return file_exists(own) ? "etc/zypp/zypp.conf" : "usr/etc/zypp/zypp.conf";
}

bool rpmconf_beside(const char *sysroot, enum platform_manager manager, struct arena *a,
		    const char *const **words_out, struct err *e)
{
	/* dnf.conf(5), installonlypkgs */
	static const char builtin[] = "kernel kernel-PAE installonlypkg(kernel) "
				      "installonlypkg(kernel-module) installonlypkg(vm) "
				      "multiversion(kernel)";
	struct beside b = { .a = a, .words = arena_array(a, const char *, MAX_BESIDE + 1) };
	bool ok = true;
	if (manager == PLATFORM_DNF) {
		beside_words(&b, str_of(builtin));
		ok = beside_conf(&b, sysroot, "etc/dnf/dnf.conf", "installonlypkgs", e);
	} else if (manager == PLATFORM_ZYPPER) {
		ok = beside_conf(&b, sysroot, zypp_conf(sysroot), "multiversion", e) &&
		     rpmconf_each_file(sysroot, "etc/zypp/multiversion.d", "", beside_file, &b, e);
	}
	b.words[b.n] = NULL;
	*words_out = b.words;
	return ok;
}

/* --- whose index must be signed -----------------------------------------------------------------
 */

struct wanting {
	struct str source;
	const char *arch;
	bool by_default; /* of the main section */
	bool known, wants;
};

/* Ends `source` with the repository's name as servers write names there, perhaps an architecture
 * behind it? */
static bool is_named(const struct wanting *w, struct str repository)
{
	AUTO(buf_done) struct buf name = BUF_INIT(200);
	for (size_t i = 0; i < repository.n; i++) {
		unsigned char c = (unsigned char)repository.p[i];
		bool joint = name.n && (name.p[name.n - 1] == '-' || name.p[name.n - 1] == '.');
		if (isalnum(c))
			buf_addc(&name, (char)tolower(c));
		else if (name.n && !joint)
			buf_addc(&name, c == '.' ? '.' : '-');
	}
	if (!name.n || name.overflowed)
		return false;
	AUTO(xfree) char *end = xasprintf("-%s", name.p);
	AUTO(xfree) char *end_arch = xasprintf("-%s-%s", name.p, w->arch);
	return str_is(w->source, name.p) || str_ends(w->source, end) ||
	       str_ends(w->source, end_arch);
}

static void repository_known(struct wanting *w, struct str id, bool enabled, bool wants)
{
	if (!id.n || str_is(id, "main") || !enabled || !is_named(w, id))
		return;
	w->wants = wants || (w->known && w->wants);
	w->known = true;
}

static bool wanting_file(void *arg, struct str text, struct err *e)
{
	struct wanting *w = arg;
	struct rpmconf_line l = { 0 };
	struct str id = { "", 0 };
	bool enabled = false, wants = false;
	while (rpmconf_line(&text, &l)) {
		if (!str_eq(l.section, id)) {
			repository_known(w, id, enabled, wants);
			id = l.section;
			enabled = true;
			wants = w->by_default;
		}
		if (str_is(l.key, "enabled"))
			enabled = rpmconf_is_true(l.value);
		if (str_is(l.key, "repo_gpgcheck"))
			wants = rpmconf_is_true(l.value);
	}
	repository_known(w, id, enabled, wants);
	return true;
}

bool rpmconf_wants_signed_index(const char *sysroot, enum platform_manager manager,
				struct str source, bool *wants_out, struct err *e)
{
	bool dnf = manager == PLATFORM_DNF;
	AUTO(buf_done) struct buf conf = BUF_INIT(FILE_MAX);
	struct utsname u;
	struct wanting w = { .source = source, .arch = uname(&u) == 0 ? u.machine : "" };
	struct rpmconf_line l = { 0 };
	if (!read_if_there(sysroot, dnf ? "etc/dnf/dnf.conf" : zypp_conf(sysroot), &conf, e))
		return false;
	for (struct str rest = buf_str(&conf); rpmconf_line(&rest, &l);)
		if (str_is(l.section, "main") && str_is(l.key, "repo_gpgcheck"))
			w.by_default = rpmconf_is_true(l.value);
	if (!rpmconf_each_file(sysroot, dnf ? "etc/yum.repos.d" : "etc/zypp/repos.d", ".repo",
			       wanting_file, &w, e))
		return false;
	*wants_out = w.known ? w.wants : w.by_default;
	return true;
}
