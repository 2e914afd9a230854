/* SPDX-License-Identifier: Apache-2.0
 * dnf's and zypper's files, as far as they hold packages back. A missing file
 * says nothing; one that is there but cannot be read is an error. */
#include "agent/rpmconf.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>

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
static bool beside_dir(struct beside *b, const char *sysroot, struct err *e)
{
	AUTO(xfree) char *dir = xasprintf("%s/etc/zypp/multiversion.d", sysroot);
	AUTO(buf_done) struct buf text = BUF_INIT(FILE_MAX);
	DIR *d = opendir(dir);
	if (!d)
		return errno == ENOENT ? true : err_sys(e, errno, "cannot list '%s'", dir);
	struct dirent *ent;
	bool ok = true;
	while (ok && (ent = readdir(d))) {
		if (ent->d_name[0] == '.')
			continue;
		AUTO(xfree) char *path = file_join("etc/zypp/multiversion.d", ent->d_name);
		struct str rest, line;
		ok = read_if_there(sysroot, path, &text, e);
		for (rest = buf_str(&text); ok && str_line(&rest, &line);)
			if (line.n && line.p[0] != '#')
				beside_words(b, line);
	}
	closedir(d);
	return ok;
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
		AUTO(xfree) char *own = xasprintf("%s/etc/zypp/zypp.conf", sysroot);
		const char *conf = file_exists(own) ? "etc/zypp/zypp.conf"
						    : "usr/etc/zypp/zypp.conf";
		ok = beside_conf(&b, sysroot, conf, "multiversion", e) &&
		     beside_dir(&b, sysroot, e);
	}
	b.words[b.n] = NULL;
	*words_out = b.words;
	return ok;
}
