/* SPDX-License-Identifier: Apache-2.0
 * Asking rpm. Invariant: an answer that cannot be understood is an error, never a package that
 * silently is not there. The keys of vendors (gpg-pubkey) are not packages. */
#include "agent/rpmdb.h"
#include "agent/rpmconf.h"
#include "base/proc.h"
#include "base/vec.h"
#include "proto/inventory.h"

#include <sys/utsname.h>

static const char format[] = "%{INSTALLTIME}\t" INVENTORY_RPM_FORMAT;
#define LABEL "\t%{MODULARITYLABEL}" /* which rpm before 4.14.2 does not know */

bool rpmdb_cut_time(struct str *line, int64_t *installed_s_out)
{
	struct str time;
	if (!str_split(line, '\t', &time) || !line->p)
		return false;
	if (!str_to_i64(time, installed_s_out))
		*installed_s_out = 0;
	return true;
}

static bool read_line(struct str line, struct arena *a, struct pkgdb_package *p, struct err *e)
{
	enum { NAME, EPOCH, VERSION, RELEASE, ARCH, FIELDS };
	struct str f[FIELDS];
	size_t n = 0;
	bool ok = rpmdb_cut_time(&line, &p->installed_s);
	while (ok && n < FIELDS && str_split(&line, '\t', &f[n]))
		n++;
	if (n < FIELDS || !f[NAME].n || !f[VERSION].n || !f[RELEASE].n)
		return err_set(e, ERR_CORRUPT, "rpm's line about '%.*s' is not understood",
			       n ? (int)MIN(f[NAME].n, 100) : 0, n ? f[NAME].p : "");
	bool epoch = f[EPOCH].n && !str_is(f[EPOCH], "0") && !str_is(f[EPOCH], "(none)");
	p->name = arena_str(a, f[NAME]);
	p->arch = arena_str(a, f[ARCH]);
	p->version = str_of(arena_printf(a, "%.*s%s%.*s-%.*s", epoch ? (int)f[EPOCH].n : 0,
					 f[EPOCH].p, epoch ? ":" : "", STR_ARG(f[VERSION]),
					 STR_ARG(f[RELEASE])));
	p->state = PKGDB_INSTALLED;
	return true;
}

bool rpmdb_parse(struct str text, struct arena *a, struct pkgdb *out, struct err *e)
{
	VEC(struct pkgdb_package) v = { 0 };
	struct str line;
	bool ok = true;
	while (ok && str_line(&text, &line)) {
		struct pkgdb_package p = { 0 };
		ok = read_line(line, a, &p, e);
		if (ok && !str_is(p.name, "gpg-pubkey"))
			VEC_PUSH(&v, p);
	}
	if (ok) {
		struct pkgdb_package *all = arena_array(a, struct pkgdb_package, v.n + 1);
		if (v.n)
			memcpy(all, v.p, v.n * sizeof(*all));
		*out = (struct pkgdb) {
			.kind = PKGDB_RPM, .packages = all, .n = v.n, .native = { "", 0 }
		};
		pkgdb_sort(out);
	}
	VEC_DONE(&v);
	return ok;
}

static bool twice(const struct pkgdb *db, size_t i)
{
	return i + 1 < db->n && str_eq(db->packages[i].name, db->packages[i + 1].name) &&
	       str_eq(db->packages[i].arch, db->packages[i + 1].arch);
}

static bool is_line_of(struct str lines, struct str name)
{
	struct str line;
	while (str_line(&lines, &line))
		if (str_eq(line, name))
			return true;
	return false;
}

void rpmdb_mark_stale(struct pkgdb *db, struct str beside)
{
	struct str newest = { "", 0 };
	for (size_t i = db->n; i-- > 0;) {
		struct pkgdb_package *p = &db->packages[i];
		if (!twice(db, i))
			newest = p->version;
		else if (!str_eq(p->version, newest) && !is_line_of(beside, p->name))
			p->state = PKGDB_STALE;
		else if (str_eq(p->version, p[1].version))
			p->state = PKGDB_TWIN;
	}
}

/* --- running rpm --------------------------------------------------------------------------------
 */

static bool run_rpm(const char *sysroot, const char *const *words, struct buf *out,
		    struct buf *complaints, int *status_out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	size_t n_words = 0, n = 0;
	while (words[n_words])
		n_words++;
	const char **argv = arena_array(&a, const char *, n_words + 4);
	argv[n++] = "rpm";
	if (sysroot[0]) {
		argv[n++] = "--root";
		argv[n++] = sysroot;
	}
	for (size_t i = 0; words[i]; i++)
		argv[n++] = words[i];
	struct proc_spec spec = { .argv = argv, .timeout_s = 300 };
	struct proc_result res;
	if (!proc_run(&spec, out, complaints, &res, e))
		return false;
	*status_out = res.timed_out ? -1 : res.exit_status;
	return true;
}

bool rpmdb_query(const char *sysroot, struct buf *out, struct err *e)
{
	AUTO(buf_done) struct buf complaints = BUF_INIT(1u << 20);
	AUTO(xfree) char *short_format = xstrndup(format, sizeof(format));
	const char *words[] = { "-qa", "--queryformat", format, NULL };
	int status;
	if (!run_rpm(sysroot, words, out, &complaints, &status, e))
		return false;
	if (status != 0 && complaints.n &&
	    memmem(complaints.p, complaints.n, "MODULARITYLABEL", 15)) {
		size_t at = sizeof(format) - 1 - strlen(LABEL "\n");
		memcpy(short_format + at, "\n", 2);
		words[2] = short_format;
		buf_reset(out);
		buf_reset(&complaints);
		if (!run_rpm(sysroot, words, out, &complaints, &status, e))
			return false;
	}
	struct str said = str_trim(buf_str(&complaints));
	return status == 0 || err_set(e, ERR_UNAVAILABLE, "rpm -qa: exit %d: %.*s", status,
				      (int)MIN(said.n, 200), said.p);
}

/* Names of what is installed beside its older versions, a line each. */
static bool names_beside(const char *sysroot, enum platform_manager manager, struct buf *out,
			 struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf complaints = BUF_INIT(65536);
	const char *const *provided;
	size_t n = 0, words = 0;
	int status;
	if (!rpmconf_beside(sysroot, manager, &a, &provided, e))
		return false;
	while (provided[n])
		n++;
	if (!n)
		return true;
	const char **v = arena_array(&a, const char *, n + 5);
	v[words++] = "-q";
	v[words++] = "--queryformat";
	v[words++] = "%{NAME}\\n";
	v[words++] = "--whatprovides";
	memcpy(v + words, provided, (n + 1) * sizeof(*v));
	return run_rpm(sysroot, v, out, &complaints, &status, e);
}

bool rpmdb_read(const char *sysroot, enum platform_manager manager, struct arena *a,
		struct pkgdb *out, struct err *e)
{
	AUTO(buf_done) struct buf text = BUF_INIT(RPMDB_MAX);
	struct utsname u;
	if (!rpmdb_query(sysroot, &text, e) || !rpmdb_parse(buf_str(&text), a, out, e))
		return false;
	if (uname(&u) == 0)
		out->native = arena_str(a, str_of(u.machine));
	bool several = false;
	for (size_t i = 0; i < out->n; i++)
		several |= twice(out, i);
	if (several) {
		AUTO(buf_done) struct buf beside = BUF_INIT(1u << 20);
		if (!names_beside(sysroot, manager, &beside, e))
			return false;
		rpmdb_mark_stale(out, buf_str(&beside));
	}
	return rpmconf_holds(sysroot, manager, out, e);
}
