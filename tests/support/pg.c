/* SPDX-License-Identifier: Apache-2.0
 * See pg.h. Only PostgreSQL's own programs are run, by argument vector. */
#include "support/pg.h"

#include "base/file.h"
#include "base/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct pg_cluster {
	char *bin, *dir;
	pid_t server;
	bool as_postgres; /* we are root: run as the user postgres */
	bool durable;
};

static const char *const drop[] = { "setpriv", "--reuid=postgres", "--regid=postgres",
				    "--clear-groups", NULL };

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

/* The server is our child and dies with us: a test that crashes leaves nothing running. */
static void exec_server(const struct pg_cluster *p)
{
	AUTO(xfree) char *postgres = file_join(p->bin, "postgres");
	AUTO(xfree) char *data = file_join(p->dir, "data");
	AUTO(xfree) char *log = file_join(p->dir, "log");
	AUTO(xfree) char *sockets = xasprintf("unix_socket_directories=%s", p->dir);
	const char *argv[32] = { "setpriv", "--pdeathsig=QUIT" };
	int n = 2;
	for (int i = 1; p->as_postgres && drop[i]; i++)
		argv[n++] = drop[i];
	const char *const args[] = { postgres,
				     "-D",
				     data,
				     "-c",
				     "listen_addresses=",
				     "-c",
				     sockets,
				     "-c",
				     p->durable ? "fsync=on" : "fsync=off",
				     "-c",
				     "max_connections=60",
				     "-c",
				     "shared_buffers=16MB",
				     "-c",
				     "recovery_init_sync_method=syncfs",
				     NULL };
	for (int i = 0; args[i]; i++)
		argv[n++] = args[i];
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
		_exit(127);
	execvp(argv[0], (char *const *)argv);
	_exit(127);
}

static bool start(struct pg_cluster *p, struct err *e)
{
	p->server = fork();
	if (p->server < 0)
		return err_sys(e, errno, "cannot fork");
	if (p->server == 0)
		exec_server(p);
	for (int i = 0; i < 300; i++) {
		if (run(p, "pg_isready", (const char *const[]) { "-q", "-h", p->dir, NULL }, e))
			return true;
		usleep(100000);
	}
	return err_prefix(e, "PostgreSQL did not start");
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

bool pg_cluster_start(bool durable, struct pg_cluster **out, struct err *e)
{
	char *bin = find_bin();
	if (!bin)
		return err_set(e, ERR_NOT_FOUND, "PostgreSQL is not installed");
	struct pg_cluster *p = xcalloc(1, sizeof(*p));
	p->bin = bin;
	p->as_postgres = geteuid() == 0;
	p->durable = durable;
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

static void stop(struct pg_cluster *p)
{
	if (p->server <= 0)
		return;
	int status;
	kill(p->server, SIGQUIT); /* immediate shutdown: no last checkpoint */
	waitpid(p->server, &status, 0);
	p->server = 0;
}

bool pg_cluster_crash(struct pg_cluster *p, struct err *e)
{
	stop(p);
	return start(p, e);
}

void pg_cluster_stop(struct pg_cluster *p)
{
	if (!p)
		return;
	struct err e;
	if (p->dir) {
		stop(p);
		if (!file_remove_tree(p->dir, &e))
			fprintf(stderr, "%s\n", e.msg);
	}
	xfree(p->dir);
	xfree(p->bin);
	xfree(p);
}
