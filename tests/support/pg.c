/* SPDX-License-Identifier: Apache-2.0
 * See pg.h. Only PostgreSQL's own programs are run, by argument vector. */
#include "support/pg.h"

#include "base/file.h"
#include "base/proc.h"

#include <dirent.h>
#include <pwd.h>
#include <unistd.h>

struct pg_cluster {
	char *bin, *dir;
	bool as_postgres; /* we are root: run as the user postgres */
};

/* The newest /usr/lib/postgresql/<version>/bin, or NULL. */
static char *find_bin(void)
{
	DIR *d = opendir("/usr/lib/postgresql");
	if (!d)
		return NULL;
	int64_t best = -1, v;
	struct dirent *ent;
	while ((ent = readdir(d))) {
		AUTO(xfree)
		char *initdb = xasprintf("/usr/lib/postgresql/%s/bin/initdb", ent->d_name);
		if (str_to_i64(str_of(ent->d_name), &v) && v > best && access(initdb, X_OK) == 0)
			best = v;
	}
	closedir(d);
	return best < 0 ? NULL : xasprintf("/usr/lib/postgresql/%d/bin", (int)best);
}

static bool run(const struct pg_cluster *p, const char *program, const char *const *args,
		struct err *e)
{
	AUTO(xfree) char *path = file_join(p->bin, program);
	const char *argv[32] = { 0 };
	int n = 0;
	static const char *const drop[] = { "setpriv", "--reuid=postgres", "--regid=postgres",
					    "--clear-groups", NULL };
	for (int i = 0; p->as_postgres && drop[i]; i++)
		argv[n++] = drop[i];
	argv[n++] = path;
	for (int i = 0; args[i]; i++) {
		ASSERT(n < 31);
		argv[n++] = args[i];
	}
	AUTO(buf_done) struct buf out = BUF_INIT(1 << 20);
	struct proc_spec spec = { .argv = argv, .timeout_s = 120, .cwd = p->dir };
	struct proc_result r;
	if (!proc_run(&spec, &out, &out, &r, e))
		return err_prefix(e, "'%s'", program);
	if (r.exit_status != 0)
		return err_set(e, ERR_IO, "'%s' ended with %d: %.*s", program, r.exit_status,
			       (int)MIN(out.n, 150), out.p ? out.p : "");
	return true;
}

static bool start(const struct pg_cluster *p, struct err *e)
{
	AUTO(xfree) char *data = file_join(p->dir, "data");
	AUTO(xfree) char *log = file_join(p->dir, "log");
	AUTO(xfree)
	char *options = xasprintf("-c listen_addresses= -c unix_socket_directories=%s "
				  "-c fsync=on -c max_connections=60 -c shared_buffers=16MB",
				  p->dir);
	return run(p, "pg_ctl",
		   (const char *const[]) { "start", "-w", "-s", "-D", data, "-l", log, "-o",
					   options, NULL },
		   e);
}

static bool create(struct pg_cluster *p, struct err *e)
{
	char dir[] = "/tmp/tsukuroi-pg-XXXXXX";
	if (!mkdtemp(dir))
		return err_set(e, ERR_IO, "cannot create '%s'", dir);
	p->dir = xstrdup(dir);
	if (p->as_postgres) {
		const struct passwd *pw = getpwnam("postgres");
		if (!pw)
			return err_set(e, ERR_NOT_FOUND, "there is no user 'postgres'");
		if (chown(dir, pw->pw_uid, pw->pw_gid) != 0)
			return err_set(e, ERR_IO, "cannot give '%s' away", dir);
	}
	AUTO(xfree) char *data = file_join(p->dir, "data");
	return run(p, "initdb",
		   (const char *const[]) { "-D", data, "-U", "tsukuroi", "-A", "trust", "-E",
					   "UTF8", "--locale=C.UTF-8", "-N", NULL },
		   e) &&
	       start(p, e);
}

bool pg_cluster_start(struct pg_cluster **out, struct err *e)
{
	char *bin = find_bin();
	if (!bin)
		return err_set(e, ERR_NOT_FOUND, "PostgreSQL is not installed");
	struct pg_cluster *p = xcalloc(1, sizeof(*p));
	p->bin = bin;
	p->as_postgres = geteuid() == 0;
	if (!create(p, e)) {
		pg_cluster_stop(p);
		return false;
	}
	*out = p;
	return true;
}

char *pg_cluster_database(struct pg_cluster *p, const char *name)
{
	struct err e;
	if (!run(p, "createdb",
		 (const char *const[]) { "-h", p->dir, "-U", "tsukuroi", name, NULL }, &e))
		base_die(__FILE__, __LINE__, e.msg);
	return xasprintf("postgresql:///%s?host=%s&user=tsukuroi", name, p->dir);
}

static bool stop(const struct pg_cluster *p, struct err *e)
{
	AUTO(xfree) char *data = file_join(p->dir, "data");
	return run(
		p, "pg_ctl",
		(const char *const[]) { "stop", "-w", "-s", "-m", "immediate", "-D", data, NULL },
		e);
}

bool pg_cluster_crash(struct pg_cluster *p, struct err *e)
{
	return stop(p, e) && start(p, e);
}

void pg_cluster_stop(struct pg_cluster *p)
{
	if (!p)
		return;
	struct err e;
	if (p->dir) {
		AUTO(xfree) char *pid = file_join(p->dir, "data/postmaster.pid");
		if (file_exists(pid) && !stop(p, &e))
			fprintf(stderr, "%s\n", e.msg);
		if (!file_remove_tree(p->dir, &e))
			fprintf(stderr, "%s\n", e.msg);
	}
	xfree(p->dir);
	xfree(p->bin);
	xfree(p);
}
