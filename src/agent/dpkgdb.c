/* SPDX-License-Identifier: Apache-2.0
 * Reading dpkg's status file. Invariant: a stanza that cannot be understood is an error, never a
 * package that silently is not there. */
#include "agent/dpkgdb.h"
#include "base/file.h"
#include "base/vec.h"
#include "format/deb822.h"

#include <dirent.h>
#include <stdlib.h>

enum { F_PACKAGE, F_STATUS, F_VERSION, F_ARCH };
static const char *const wanted[] = { "Package", "Status", "Version", "Architecture", NULL };

struct reading {
	struct arena *a;
	VEC(struct dpkgdb_package) v;
};

static const struct {
	const char *word;
	enum dpkgdb_state state;
} states[] = {
	{ "installed", DPKGDB_INSTALLED },	 { "unpacked", DPKGDB_UNPACKED },
	{ "half-configured", DPKGDB_UNPACKED },	 { "triggers-awaited", DPKGDB_TRIGGERS },
	{ "triggers-pending", DPKGDB_TRIGGERS }, { "half-installed", DPKGDB_HALF_INSTALLED },
	{ "config-files", DPKGDB_ABSENT },	 { "not-installed", DPKGDB_ABSENT },
};

/* "want flag state", e.g. "install ok installed" (dpkg(1), PACKAGE STATES). */
static bool read_status(struct str value, struct dpkgdb_package *p, struct err *e)
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
	struct dpkgdb_package p = { 0 };
	if (!read_status(f[F_STATUS].value, &p, e))
		return err_prefix(e, "line %llu", (unsigned long long)s->line);
	if (p.state == DPKGDB_ABSENT)
		return true;
	if (!f[F_VERSION].value.p || !f[F_ARCH].value.p) {
		if (p.state == DPKGDB_HALF_INSTALLED)
			return true; /* killed before its first unpacking ended: there is none yet
				      */
		return err_set(e, ERR_CORRUPT, "stanza at line %llu lacks Version or Architecture",
			       (unsigned long long)s->line);
	}
	p.name = arena_str(r->a, f[F_PACKAGE].value);
	p.version = arena_str(r->a, f[F_VERSION].value);
	p.arch = arena_str(r->a, f[F_ARCH].value);
	VEC_PUSH(&r->v, p);
	return true;
}

static int by_name(const void *x, const void *y)
{
	const struct dpkgdb_package *a = x, *b = y;
	int c = str_cmp(a->name, b->name);
	return c ? c : str_cmp(a->arch, b->arch);
}

bool dpkgdb_parse(struct str status, struct arena *a, struct dpkgdb *out, struct err *e)
{
	struct reading r = { .a = a };
	bool ok = deb822_text(status, wanted, stanza, &r, e);
	if (ok) {
		struct dpkgdb_package *all = arena_array(a, struct dpkgdb_package, r.v.n + 1);
		if (r.v.n)
			memcpy(all, r.v.p, r.v.n * sizeof(*all));
		qsort(all, r.v.n, sizeof(*all), by_name);
		*out = (struct dpkgdb) { .packages = all, .n = r.v.n };
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

bool dpkgdb_read(const char *sysroot, struct arena *a, struct dpkgdb *out, struct err *e)
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

const struct dpkgdb_package *dpkgdb_find(const struct dpkgdb *db, struct str name, struct str arch)
{
	struct dpkgdb_package key = { .name = name, .arch = arch };
	if (db->n == 0)
		return NULL;
	return bsearch(&key, db->packages, db->n, sizeof(key), by_name);
}

bool dpkgdb_broken(const struct dpkgdb *db)
{
	for (size_t i = 0; i < db->n; i++) {
		if (db->packages[i].state != DPKGDB_INSTALLED || db->packages[i].reinstall)
			return true;
	}
	return db->interrupted;
}

struct str dpkgdb_native(const struct dpkgdb *db)
{
	for (size_t i = 0; i < db->n; i++) {
		if (str_is(db->packages[i].name, "dpkg"))
			return db->packages[i].arch;
	}
	return (struct str) { "", 0 };
}
