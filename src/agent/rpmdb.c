/* SPDX-License-Identifier: Apache-2.0
 * Asking rpm. Invariant: an answer that cannot be understood is an error, never a package that
 * silently is not there. The keys of vendors (gpg-pubkey) are not packages. */
#include "agent/rpmdb.h"
#include "agent/rpmconf.h"
#include "base/proc.h"
#include "base/vec.h"

#include <sys/utsname.h>

#define FIELDS 7
#define HEAD "%{NAME}\\t%{ARCH}\\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\t%|SOURCERPM?{%{SOURCERPM}}|\\t"
#define TAIL "\\t%{INSTALLTIME}\\t%|VENDOR?{%{VENDOR}}|\\n"

static const char with_label[] = HEAD "%|MODULARITYLABEL?{%{MODULARITYLABEL}}|" TAIL;
static const char without_label[] = HEAD TAIL; /* rpm before 4.14.2 does not know the tag */

/* "tb-ssl-3.0.7-27.tb9.src.rpm" without version, release and ending. */
static struct str source_name(struct str file)
{
	static const char *const ends[] = { ".src.rpm", ".nosrc.rpm" };
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (str_ends(file, ends[i]))
			file.n -= strlen(ends[i]);
	for (int i = 0; i < 2; i++) {
		const char *dash = memrchr(file.p, '-', file.n);
		if (!dash)
			return (struct str) { "", 0 };
		file.n = (size_t)(dash - file.p);
	}
	return file;
}

/* "postgresql:16:9020240101:rhel9" without what comes after the stream. */
static struct str stream_of(struct str label)
{
	struct str rest = label, name, stream;
	if (!str_split(&rest, ':', &name) || !str_split(&rest, ':', &stream))
		return (struct str) { "", 0 };
	return (struct str) { label.p, name.n + 1 + stream.n };
}

static bool read_line(struct str line, struct arena *a, struct pkgdb_package *p, struct err *e)
{
	struct str f[FIELDS];
	size_t n = 0;
	while (n < FIELDS - 1 && str_split(&line, '\t', &f[n]))
		n++;
	if (n < FIELDS - 1 || !line.p || !f[0].n || !f[2].n)
		return err_set(e, ERR_CORRUPT, "rpm's line about '%.*s' is not understood",
			       n ? (int)MIN(f[0].n, 100) : 0, n ? f[0].p : "");
	f[FIELDS - 1] = line;
	if (str_starts(f[2], "0:"))
		f[2] = (struct str) { f[2].p + 2, f[2].n - 2 };
	struct str source = source_name(f[3]);
	*p = (struct pkgdb_package) { .name = arena_str(a, f[0]),
				      .arch = arena_str(a, f[1]),
				      .version = arena_str(a, f[2]),
				      .state = PKGDB_INSTALLED,
				      .source = arena_str(a, source),
				      .module = arena_str(a, stream_of(f[4])),
				      .vendor = arena_str(a, str_trim(f[6])) };
	if (!str_to_i64(f[5], &p->installed_s))
		p->installed_s = 0;
	return true;
}

bool rpmdb_parse(struct str text, struct arena *a, struct pkgdb *out, struct err *e)
{
	VEC(struct pkgdb_package) v = { 0 };
	struct str line;
	bool ok = true;
	while (ok && str_line(&text, &line)) {
		struct pkgdb_package p;
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
	for (size_t i = 0; i < db->n; i++)
		if (twice(db, i) && !is_line_of(beside, db->packages[i].name))
			db->packages[i].state = PKGDB_STALE;
}

/* --- running rpm --------------------------------------------------------------------------------
 */

static bool run_rpm(const char *sysroot, const char *const *words, struct buf *out,
		    struct buf *complaints, int *status_out, struct err *e)
{
	const char *argv[16] = { "rpm" };
	size_t n = 1;
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

static bool query(const char *sysroot, const char *format, struct buf *out, struct buf *complaints,
		  int *status_out, struct err *e)
{
	const char *const words[] = { "-qa", "--queryformat", format, NULL };
	buf_reset(out);
	buf_reset(complaints);
	return run_rpm(sysroot, words, out, complaints, status_out, e);
}

/* Names of what is installed beside its older versions: dnf.conf(5) installonlypkgs, zypp.conf
 * multiversion. */
static bool names_beside(const char *sysroot, struct buf *out, struct err *e)
{
	static const char *const words[] = { "-q",
					     "--queryformat",
					     "%{NAME}\\n",
					     "--whatprovides",
					     "installonlypkg(kernel)",
					     "installonlypkg(kernel-module)",
					     "installonlypkg(vm)",
					     "multiversion(kernel)",
					     "kernel",
					     "kernel-devel",
					     NULL };
	AUTO(buf_done) struct buf complaints = BUF_INIT(65536);
	int status;
	return run_rpm(sysroot, words, out, &complaints, &status, e);
}

bool rpmdb_read(const char *sysroot, enum platform_manager manager, struct arena *a,
		struct pkgdb *out, struct err *e)
{
	AUTO(buf_done) struct buf text = BUF_INIT(RPMDB_MAX), complaints = BUF_INIT(1u << 20);
	int status;
	struct utsname u;
	if (!query(sysroot, with_label, &text, &complaints, &status, e))
		return false;
	if (status != 0 && memmem(complaints.p, complaints.n, "unknown tag", 11) &&
	    !query(sysroot, without_label, &text, &complaints, &status, e))
		return false;
	struct str said = str_trim(buf_str(&complaints));
	if (status != 0)
		return err_set(e, ERR_UNAVAILABLE, "rpm -qa: exit %d: %.*s", status,
			       (int)MIN(said.n, 200), said.p);
	if (!rpmdb_parse(buf_str(&text), a, out, e))
		return false;
	if (uname(&u) == 0)
		out->native = arena_str(a, str_of(u.machine));
	bool several = false;
	for (size_t i = 0; i < out->n; i++)
		several |= twice(out, i);
	if (several) {
		AUTO(buf_done) struct buf beside = BUF_INIT(1u << 20);
		if (!names_beside(sysroot, &beside, e))
			return false;
		rpmdb_mark_stale(out, buf_str(&beside));
	}
	return rpmconf_holds(sysroot, manager, out, e);
}
