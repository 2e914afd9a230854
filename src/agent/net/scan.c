/* SPDX-License-Identifier: Apache-2.0
 * Gathering facts. Invariant: a fact that cannot be read is an error of the whole scan; a partial
 * inventory would read as "removed". */
#include "agent/net/scan.h"
#include "agent/dpkgdb.h"
#include "agent/net/aptfacts.h"
#include "agent/net/health.h"
#include "agent/net/rpmsources.h"
#include "agent/net/streams.h"
#include "agent/platform.h"
#include "agent/rpmconf.h"
#include "agent/rpmdb.h"
#include "base/file.h"
#include "format/deb822.h"
#include "proto/inventory.h"

#include <errno.h>
#include <sys/utsname.h>

static bool add2(struct inventory *i, const char *kind, struct str value, struct err *e)
{
	const struct str f[] = { str_of(kind), value };
	return inventory_add(i, f, 2, e);
}

/* The native architecture is that of the package dpkg itself. */
struct native {
	struct str found;
	struct arena *a;
};

static bool look_for_dpkg(void *arg, const struct deb822_stanza *s, struct err *e)
{
	struct native *n = arg;
	if (!n->found.p && s->fields[0].value.p && str_is(s->fields[0].value, "dpkg") &&
	    s->fields[1].value.p)
		n->found = arena_str(n->a, s->fields[1].value);
	return true;
}

static bool architectures(const struct agent_paths *p, struct inventory *i, struct str status,
			  struct err *e)
{
	static const char *const wanted[] = { "Package", "Architecture", NULL };
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf b = BUF_INIT(4096);
	struct native n = { .a = &a };
	struct str rest, line;
	if (!deb822_text(status, wanted, look_for_dpkg, &n, e))
		return false;
	if (!n.found.p)
		return err_set(e, ERR_CORRUPT, "dpkg's status does not list dpkg itself");
	if (!add2(i, "arch", n.found, e))
		return false;
	const char *path = arena_printf(&a, "%s/var/lib/dpkg/arch", p->sysroot);
	if (!file_exists(path))
		return true;
	if (!file_read(path, &b, e))
		return false;
	rest = buf_str(&b);
	while (str_line(&rest, &line)) {
		line = str_trim(line);
		if (line.n && !str_eq(line, n.found) && !add2(i, "foreign-arch", line, e))
			return false;
	}
	return true;
}

static bool os_release(const struct agent_paths *p, struct inventory *i, struct err *e)
{
	static const char *const names[] = { "etc/os-release", "usr/lib/os-release" };
	AUTO(buf_done) struct buf b = BUF_INIT(65536);
	for (size_t k = 0; k < ARRAY_LEN(names); k++) {
		AUTO(xfree) char *path = xasprintf("%s/%s", p->sysroot, names[k]);
		if (file_exists(path))
			return file_read(path, &b, e) &&
			       inventory_add_os_release(i, buf_str(&b), e);
	}
	return err_set(e, ERR_NOT_FOUND, "no os-release file");
}

static bool kernel(struct inventory *i, struct err *e)
{
	struct utsname u;
	if (uname(&u) != 0)
		return err_sys(e, errno, "cannot tell the running kernel");
	const struct str f[] = { STR_LIT("kernel"), STR_LIT("running"), str_of(u.release) };
	return inventory_add(i, f, 3, e);
}

/* --- dpkg ---------------------------------------------------------------------------------------
 */

static bool scan_dpkg(const struct agent_paths *p, struct inventory *i, struct err *e)
{
	AUTO(xfree) char *path = xasprintf("%s/var/lib/dpkg/status", p->sysroot);
	AUTO(buf_done) struct buf status = BUF_INIT(DPKGDB_MAX);
	if (!file_read(path, &status, e))
		return false;
	if (!inventory_add_dpkg_status(i, buf_str(&status), e) ||
	    !architectures(p, i, buf_str(&status), e))
		return err_prefix(e, "'%s'", path);
	return aptfacts_add(p, i, e);
}

/* --- rpm ----------------------------------------------------------------------------------------
 */

static bool add_module(void *arg, struct str name, struct str stream, struct err *e)
{
	const struct str f[] = { STR_LIT("module"), name, stream };
	return inventory_add(arg, f, ARRAY_LEN(f), e);
}

static bool add_unsigned(void *arg, struct str kind, struct str id, struct err *e)
{
	const struct str f[] = { STR_LIT("unsigned"), kind, id };
	return inventory_add(arg, f, ARRAY_LEN(f), e);
}

static bool add_package(struct inventory *i, struct str line, const struct streams *streams,
			struct err *e)
{
	enum { NAME, ARCH = 4, LABEL = 7, FIELDS };
	AUTO(arena_done) struct arena a = { 0 };
	struct str f[FIELDS];
	const char *kept;
	if (!streams || inventory_fields(line, f, FIELDS) < FIELDS)
		return inventory_add_rpm_line(i, line, e);
	struct str followed = streams_followed(streams, f[LABEL], &a, &kept);
	const struct str why[] = { STR_LIT("kept"), STR_LIT("rpm"), f[NAME], f[ARCH],
				   str_of(kept ? kept : "") };
	int head = (int)(f[LABEL].p - line.p);
	line = str_of(arena_printf(&a, "%.*s%.*s", head, line.p, STR_ARG(followed)));
	return inventory_add_rpm_line(i, line, e) &&
	       (!kept || inventory_add(i, why, ARRAY_LEN(why), e));
}

static bool add_packages(struct inventory *i, struct str text, const struct streams *streams,
			 struct err *e)
{
	struct str line;
	int64_t installed_s;
	size_t n = 0;
	for (; str_line(&text, &line); n++) {
		if (!rpmdb_cut_time(&line, &installed_s))
			return err_set(e, ERR_CORRUPT, "rpm's answer is not understood");
		if (!add_package(i, line, streams, e))
			return false;
	}
	return n ? true : err_set(e, ERR_CORRUPT, "the rpm database is empty");
}

static bool add_holds(struct inventory *i, const struct pkgdb *db, struct err *e)
{
	for (size_t k = 0; k < db->n; k++) {
		const struct pkgdb_package *p = &db->packages[k];
		const struct str f[] = { STR_LIT("hold"), STR_LIT("rpm"), p->name, p->arch };
		if (p->hold && !inventory_add(i, f, ARRAY_LEN(f), e))
			return false;
	}
	return true;
}

/* Which modules are enabled and disabled, and that all of it is told (agents of before told the
 * enabled ones only): the platform is a module that every system has. */
static bool add_modules(const char *sysroot, const struct streams *streams, struct inventory *i,
			struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct str platform;
	return streams_each(streams, add_module, i, e) &&
	       rpmsources_platform(sysroot, &a, &platform, e) &&
	       add_module(i, STR_LIT("platform"), platform, e);
}

static bool scan_rpm(const struct agent_paths *p, enum platform_manager manager,
		     struct inventory *i, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf text = BUF_INIT(RPMDB_MAX);
	AUTO(streams_free) struct streams *streams = NULL;
	struct pkgdb db;
	struct utsname u;
	if (manager == PLATFORM_DNF &&
	    (!streams_read(p->sysroot, &streams, e) || !add_modules(p->sysroot, streams, i, e)))
		return false;
	if (!rpmdb_query(p->sysroot, &text, e) || !add_packages(i, buf_str(&text), streams, e) ||
	    !rpmdb_parse(buf_str(&text), &a, &db, e) ||
	    !rpmconf_holds(p->sysroot, manager, &db, e) || !add_holds(i, &db, e))
		return false;
	return (uname(&u) != 0 || add2(i, "arch", str_of(u.machine), e)) &&
	       rpmsources_unsigned(p->sysroot, manager, add_unsigned, i, e);
}

/* Evidence is of the running system, never of another root. */
static bool scan_health(const struct agent_paths *p, struct inventory *i, struct err *e)
{
	AUTO(json_free) json_t *health = NULL;
	return p->sysroot[0] || (health_gather(p, false, &health, e) && health_facts(health, i, e));
}

bool scan_system(const struct agent_paths *p, struct buf *out, struct sha256 *hash_out,
		 struct err *e)
{
	AUTO(inventory_free) struct inventory *i = inventory_new();
	enum platform_manager manager;
	if (!platform_detect(p->sysroot, &manager, e))
		return false;
	if (!(manager == PLATFORM_APT ? scan_dpkg(p, i, e) : scan_rpm(p, manager, i, e)))
		return false;
	if (!os_release(p, i, e) || !kernel(i, e) || !scan_health(p, i, e) ||
	    !inventory_text(i, out, e))
		return false;
	*hash_out = digest_of(buf_str(out));
	return true;
}
