/* SPDX-License-Identifier: Apache-2.0
 * Owners of files: dpkg's lists, read as text; rpm asked. Invariant: bounded in paths, files and
 * bytes; a list that cannot be read belongs to a package that is just being changed and is passed
 * over. */
#include "agent/net/owners.h"
#include "base/file.h"
#include "base/proc.h"

#include <dirent.h>
#include <errno.h>

#define LIST_MAX (16u << 20)

struct str owners_linked_name(struct str path)
{
	for (size_t i = path.n; i > 4; i--) {
		if (memcmp(path.p + i - 4, ".so.", 4) != 0)
			continue;
		size_t end = i;
		while (end < path.n && path.p[end] >= '0' && path.p[end] <= '9')
			end++;
		if (end > i && (end == path.n || path.p[end] == '.'))
			path.n = end;
		return path;
	}
	return path;
}

/* --- dpkg ---------------------------------------------------------------------------------------
 * /lib and /usr/lib are one since usrmerge; a list names the one or the other. */

struct wanted {
	char *line, *other; /* "\n<path>\n" */
	size_t n, other_n;
};

static void want(struct str path, struct arena *a, struct wanted *out)
{
	struct str p = owners_linked_name(path);
	bool usr = str_starts(p, "/usr/");
	out->line = arena_printf(a, "\n%.*s\n", STR_ARG(p));
	out->n = p.n + 2;
	out->other = arena_printf(a, "\n%s%.*s\n", usr ? "" : "/usr", (int)p.n - (usr ? 4 : 0),
				  p.p + (usr ? 4 : 0));
	out->other_n = strlen(out->other);
}

/* "libssl3:amd64.list" is of libssl3. */
static struct str package_of(const char *file)
{
	struct str s = { file, strlen(file) - strlen(".list") };
	ptrdiff_t colon = str_find(s, ':');
	return colon < 0 ? s : (struct str) { s.p, (size_t)colon };
}

static bool find_deb(const char *sysroot, const struct wanted *w, size_t n, struct arena *a,
		     struct str *owners, struct err *e)
{
	AUTO(xfree) char *dir = xasprintf("%s/var/lib/dpkg/info", sysroot);
	AUTO(buf_done) struct buf text = BUF_INIT(LIST_MAX);
	DIR *d = opendir(dir);
	struct dirent *ent;
	size_t left = n;
	if (!d)
		return err_sys(e, errno, "cannot list '%s'", dir);
	while (left && (ent = readdir(d))) {
		if (!str_ends(str_of(ent->d_name), ".list"))
			continue;
		AUTO(xfree) char *path = file_join(dir, ent->d_name);
		buf_reset(&text);
		buf_addc(&text, '\n');
		if (!file_read(path, &text, NULL))
			continue;
		for (size_t i = 0; i < n; i++) {
			if (owners[i].n || (!memmem(text.p, text.n, w[i].line, w[i].n) &&
					    !memmem(text.p, text.n, w[i].other, w[i].other_n)))
				continue;
			owners[i] = arena_str(a, package_of(ent->d_name));
			left--;
		}
	}
	closedir(d);
	return true;
}

/* --- rpm ----------------------------------------------------------------------------------------
 */

static bool ask_rpm(const char *sysroot, struct str path, struct arena *a, struct str *owner,
		    struct err *e)
{
	AUTO(buf_done) struct buf out = BUF_INIT(65536);
	AUTO(xfree) char *file = str_dup(path);
	const char *argv[] = { "rpm", "--root", sysroot[0] ? sysroot : "/",
			       "-qf", "--qf",	"%{NAME}\n",
			       "--",  file,	NULL };
	const struct proc_spec spec = { .argv = argv, .timeout_s = 30 };
	struct proc_result res;
	struct str rest, line;
	if (!proc_run(&spec, &out, NULL, &res, e))
		return false;
	rest = buf_str(&out);
	if (res.exit_status == 0 && !res.timed_out && str_line(&rest, &line))
		*owner = arena_str(a, line);
	return true;
}

bool owners_find(const char *sysroot, enum platform_manager manager, const struct str *paths,
		 size_t n, struct arena *a, struct str *owners_out, struct err *e)
{
	struct wanted w[OWNERS_MAX];
	ASSERT(n <= OWNERS_MAX);
	for (size_t i = 0; i < n; i++) {
		owners_out[i] = (struct str) { "", 0 };
		want(paths[i], a, &w[i]);
	}
	if (manager == PLATFORM_APT)
		return n == 0 || find_deb(sysroot, w, n, a, owners_out, e);
	for (size_t i = 0; i < n; i++)
		if (!ask_rpm(sysroot, owners_linked_name(paths[i]), a, &owners_out[i], e))
			return false;
	return true;
}
