/* SPDX-License-Identifier: Apache-2.0
 * Reading /proc. Invariant: bounded in entries, libraries and bytes, whatever the processes do. */
#include "agent/restart.h"
#include "base/file.h"
#include "base/vec.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define MAPS_MAX (8u << 20)

/* Files that are replaced or removed while in use without anything being out of date: shared
 * memory, temporary files, caches. Only system directories hold what packages bring. */
static bool of_a_package(struct str path)
{
	static const char *const dirs[] = { "/usr/", "/lib/",  "/lib32/", "/lib64/",
					    "/bin/", "/sbin/", "/opt/" };
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		if (str_starts(path, dirs[i]))
			return true;
	}
	return false;
}

/* "7f..-7f.. r-xp 00000000 fe:00 1234   /usr/lib/x.so": the path of an executable mapping of what
 * packages bring; data mappings of fonts, locales and caches need no restart. */
static bool executable(struct str line, struct str *path_out)
{
	struct str rest = line, range, perms;
	const char *slash = memchr(line.p, '/', line.n);
	if (!slash || !str_split(&rest, ' ', &range) || !str_split(&rest, ' ', &perms))
		return false;
	if (perms.n < 3 || perms.p[2] != 'x')
		return false;
	*path_out = (struct str) { slash, (size_t)(line.p + line.n - slash) };
	return of_a_package(*path_out);
}

/* Which mappings are looked for: those of files that `owned` knows, or replaced ones. */
struct looking {
	bool (*owned)(void *arg, struct str path);
	void *arg;
	size_t max; /* processes */
};

static bool looked_for(const struct looking *l, struct str line, struct str *path_out)
{
	static const char mark[] = " (deleted)";
	bool gone = str_ends(line, mark);
	if (gone == (l->owned != NULL))
		return false;
	if (gone)
		line.n -= strlen(mark);
	return executable(line, path_out) && (gone || l->owned(l->arg, *path_out));
}

static size_t take_paths(const struct looking *l, struct str maps, struct arena *a, struct str *out,
			 size_t max)
{
	size_t n = 0;
	struct str line, path;
	while (n < max && str_line(&maps, &line)) {
		if (!looked_for(l, line, &path))
			continue;
		size_t i = 0;
		while (i < n && !str_eq(out[i], path))
			i++;
		if (i == n)
			out[n++] = arena_str(a, path);
	}
	return n;
}

static const struct looking for_replaced = { .max = RESTART_MAX };

size_t restart_parse_maps(struct str maps, struct arena *a, struct str *out, size_t max)
{
	return take_paths(&for_replaced, maps, a, out, max);
}

struct str restart_parse_cgroup(struct str text)
{
	struct str line, unit = { "", 0 };
	while (str_line(&text, &line)) {
		/* v2: "0::/path"; v1: "1:name=systemd:/path" */
		if (!str_starts(line, "0::") && !memmem(line.p, line.n, ":name=systemd:", 14))
			continue;
		const char *slash = memchr(line.p, '/', line.n);
		if (!slash)
			continue;
		/* The outermost one: what is inside a user's manager or a container is theirs. */
		struct str rest = { slash, (size_t)(line.p + line.n - slash) }, part;
		while (!unit.n && str_split(&rest, '/', &part)) {
			if (str_ends(part, ".service") || str_ends(part, ".scope"))
				unit = part;
		}
	}
	return unit;
}

static void unit_of(const char *proc, const char *pid, struct arena *a, struct str *out)
{
	AUTO(xfree) char *path = xasprintf("%s/%s/cgroup", proc, pid);
	AUTO(buf_done) struct buf b = BUF_INIT(65536);
	*out = (struct str) { "", 0 };
	if (file_read(path, &b, NULL))
		*out = arena_str(a, restart_parse_cgroup(buf_str(&b)));
}

static void exe_of(const char *proc, const char *pid, struct arena *a, struct str *out)
{
	AUTO(xfree) char *path = xasprintf("%s/%s/exe", proc, pid);
	char target[4096];
	ssize_t n = readlink(path, target, sizeof(target));
	struct str s = { target, n > 0 ? (size_t)n : 0 };
	if (str_ends(s, " (deleted)"))
		s.n -= strlen(" (deleted)");
	*out = arena_str(a, s);
}

static int by_pid(const void *x, const void *y)
{
	const struct restart_entry *a = x, *b = y;
	return a->pid < b->pid ? -1 : a->pid > b->pid;
}

/* False when there is nothing to tell of the process. */
static bool look_at(const char *proc, const char *pid, const struct looking *l, struct arena *a,
		    struct restart_entry *r)
{
	AUTO(xfree) char *path = xasprintf("%s/%s/maps", proc, pid);
	AUTO(buf_done) struct buf maps = BUF_INIT(MAPS_MAX);
	if (!file_read(path, &maps, NULL) && !maps.overflowed)
		return false; /* gone, or not ours to see */
	struct str libs[RESTART_MAX_LIBS];
	r->n_libraries = take_paths(l, buf_str(&maps), a, libs, RESTART_MAX_LIBS);
	if (r->n_libraries == 0)
		return false;
	r->libraries = arena_array(a, struct str, r->n_libraries);
	memcpy(r->libraries, libs, r->n_libraries * sizeof(*libs));
	exe_of(proc, pid, a, &r->exe);
	return true;
}

static bool is_one_of(struct str unit, const struct str *units, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(units[i], unit))
			return true;
	return false;
}

static bool scan(const char *proc, const struct looking *l, const struct str *units, size_t n_units,
		 struct arena *a, struct restart_list *out, struct err *e)
{
	DIR *d = opendir(proc);
	if (!d)
		return err_sys(e, errno, "cannot list '%s'", proc);
	VEC(struct restart_entry) v = { 0 };
	struct dirent *ent;
	while ((ent = readdir(d)) && v.n < l->max) {
		struct restart_entry r = { 0 };
		if (!str_to_i64(str_of(ent->d_name), &r.pid))
			continue;
		if (units)
			unit_of(proc, ent->d_name, a, &r.unit);
		if ((units && !is_one_of(r.unit, units, n_units)) ||
		    !look_at(proc, ent->d_name, l, a, &r))
			continue;
		if (!units)
			unit_of(proc, ent->d_name, a, &r.unit);
		VEC_PUSH(&v, r);
	}
	closedir(d);
	if (v.n)
		qsort(v.p, v.n, sizeof(*v.p), by_pid);
	out->entries = arena_array(a, struct restart_entry, v.n + 1);
	if (v.n)
		memcpy(out->entries, v.p, v.n * sizeof(*v.p));
	out->n = v.n;
	VEC_DONE(&v);
	return true;
}

bool restart_scan_units(const char *proc, const struct str *units, size_t n_units, struct arena *a,
			struct restart_list *out, struct err *e)
{
	return scan(proc, &for_replaced, units, n_units, a, out, e);
}

bool restart_scan_users(const char *proc, bool (*owned)(void *arg, struct str path), void *arg,
			struct arena *a, struct restart_list *out, struct err *e)
{
	const struct looking users = { owned, arg, RESTART_USERS_MAX };
	return scan(proc, &users, NULL, 0, a, out, e);
}

bool restart_scan(const char *proc, struct arena *a, struct restart_list *out, struct err *e)
{
	return restart_scan_units(proc, NULL, 0, a, out, e);
}

json_t *restart_json(const struct restart_list *l)
{
	json_t *all = json_array();
	for (size_t i = 0; i < l->n; i++) {
		const struct restart_entry *r = &l->entries[i];
		json_t *libs = json_array();
		for (size_t k = 0; k < r->n_libraries; k++)
			json_array_append_new(libs, json_text(r->libraries[k]));
		json_array_append_new(all, json_pack("{s:I,s:o,s:o,s:o}", "pid", (json_int_t)r->pid,
						     "unit", json_text(r->unit), "exe",
						     json_text(r->exe), "libraries", libs));
	}
	return all;
}
