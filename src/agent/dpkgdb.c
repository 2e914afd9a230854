/* SPDX-License-Identifier: Apache-2.0
 * Reading dpkg's status file. Invariant: a stanza that cannot be understood is an error, never a
 * package that silently is not there. */
#include "agent/dpkgdb.h"
#include "base/file.h"
#include "base/vec.h"
#include "format/deb822.h"

#include <dirent.h>

enum { F_PACKAGE, F_STATUS, F_VERSION, F_ARCH };
static const char *const wanted[] = { "Package", "Status", "Version", "Architecture", NULL };

struct reading {
	struct arena *a;
	VEC(struct pkgdb_package) v;
	struct str native; /* architecture of the package dpkg itself */
};

static const struct {
	const char *word;
	enum pkgdb_state state;
} states[] = {
	{ "installed", PKGDB_INSTALLED },	{ "unpacked", PKGDB_UNPACKED },
	{ "half-configured", PKGDB_UNPACKED },	{ "triggers-awaited", PKGDB_TRIGGERS },
	{ "triggers-pending", PKGDB_TRIGGERS }, { "half-installed", PKGDB_HALF_INSTALLED },
	{ "config-files", PKGDB_ABSENT },	{ "not-installed", PKGDB_ABSENT },
};

/* "want flag state", e.g. "install ok installed" (dpkg(1), PACKAGE STATES). */
static bool read_status(struct str value, struct pkgdb_package *p, struct err *e)
{
	struct str rest = value, want, flag, state;
	if (!deb822_word(&rest, &want) || !deb822_word(&rest, &flag) || !deb822_word(&rest, &state))
		return err_set(e, ERR_CORRUPT, "package status '%.*s' has not three words",
			       (int)MIN(value.n, 60), value.p);
	p->hold = str_is(want, "hold");
	p->reinstall = !str_is(flag, "ok");
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		if (str_is(state, states[i].word)) {
			p->state = states[i].state;
			return true;
		}
	}
	return err_set(e, ERR_CORRUPT, "unknown package state '%.*s'", (int)MIN(state.n, 40),
		       state.p);
}

static bool stanza(void *arg, const struct deb822_stanza *s, struct err *e)
{
	struct reading *r = arg;
	const struct deb822_field *f = s->fields;
	if (!f[F_PACKAGE].value.p || !f[F_STATUS].value.p)
		return err_set(e, ERR_CORRUPT, "stanza at line %llu lacks Package or Status",
			       (unsigned long long)s->line);
	struct pkgdb_package p = { 0 };
	if (!read_status(f[F_STATUS].value, &p, e))
		return err_prefix(e, "line %llu", (unsigned long long)s->line);
	if (p.state == PKGDB_ABSENT)
		return true;
	if (!f[F_VERSION].value.p || !f[F_ARCH].value.p) {
		if (p.state == PKGDB_HALF_INSTALLED)
			return true; /* killed before its first unpacking ended: there is none yet
				      */
		return err_set(e, ERR_CORRUPT, "stanza at line %llu lacks Version or Architecture",
			       (unsigned long long)s->line);
	}
	p.name = arena_str(r->a, f[F_PACKAGE].value);
	p.version = arena_str(r->a, f[F_VERSION].value);
	p.arch = arena_str(r->a, f[F_ARCH].value);
	if (str_is(p.name, "dpkg"))
		r->native = p.arch;
	VEC_PUSH(&r->v, p);
	return true;
}

bool dpkgdb_parse(struct str status, struct arena *a, struct pkgdb *out, struct err *e)
{
	struct reading r = { .a = a, .native = { "", 0 } };
	bool ok = deb822_text(status, wanted, stanza, &r, e);
	if (ok) {
		struct pkgdb_package *all = arena_array(a, struct pkgdb_package, r.v.n + 1);
		if (r.v.n)
			memcpy(all, r.v.p, r.v.n * sizeof(*all));
		*out = (struct pkgdb) {
			.kind = PKGDB_DEB, .packages = all, .n = r.v.n, .native = r.native
		};
		pkgdb_sort(out);
	}
	VEC_DONE(&r.v);
	return ok;
}

/* dpkg writes changes to numbered files there and merges them when it ends. */
static bool updates_left(const char *sysroot)
{
	AUTO(xfree) char *dir = xasprintf("%s/var/lib/dpkg/updates", sysroot);
	DIR *d = opendir(dir);
	if (!d)
		return false;
	bool left = false;
	struct dirent *ent;
	while ((ent = readdir(d)))
		left |= ent->d_name[0] >= '0' && ent->d_name[0] <= '9';
	closedir(d);
	return left;
}

bool dpkgdb_read(const char *sysroot, struct arena *a, struct pkgdb *out, struct err *e)
{
	AUTO(xfree) char *path = xasprintf("%s/var/lib/dpkg/status", sysroot);
	AUTO(buf_done) struct buf text = BUF_INIT(DPKGDB_MAX);
	/* Updates are looked for first: a merge between the two looks makes us look again in vain,
	 * the other order would miss changes. */
	bool interrupted = updates_left(sysroot);
	if (!file_read(path, &text, e))
		return false;
	if (!dpkgdb_parse(buf_str(&text), a, out, e))
		return err_prefix(e, "'%s'", path);
	out->interrupted = interrupted;
	return true;
}
