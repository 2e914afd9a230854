/* SPDX-License-Identifier: Apache-2.0
 * See backup.h. Invariant: a database is replaced in one step that is repeated or never was: a
 * rename (SQLite), a transaction (PostgreSQL). A password of the URL is handed to PostgreSQL's
 * programs in their environment, never in their arguments. */
#include "sql/backup.h"
#include "base/file.h"
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#define LITE "sqlite:"
#define BUSY_MS 10000
#define PG_TIMEOUT_S 86400
#define PG_SAYS_MAX (64u << 10)

static const char *lite_path(const char *url)
{
	return str_starts(str_of(url), LITE) ? url + strlen(LITE) : NULL;
}

const char *sql_backup_name(const char *url)
{
	return lite_path(url) ? "tsukuroi.db" : "tsukuroi.dump";
}

static bool sync_file(const char *path, struct err *e)
{
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	return (fd >= 0 && fsync(fd) == 0) || err_sys(e, errno, "cannot sync '%s'", path);
}

static bool sync_parent(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	AUTO(xfree) char *dir = slash ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup(".");
	return file_sync_dir(dir, e);
}

static bool drop(const char *path, struct err *e)
{
	return unlink(path) == 0 || errno == ENOENT ||
	       err_sys(e, errno, "cannot remove '%s'", path);
}

/* --- SQLite ------------------------------------------------------------------------------------
 */

static bool lite_failed(sqlite3 *h, int rc, const char *what, const char *path, struct err *e)
{
	bool full = (rc & 0xff) == SQLITE_FULL || (h && sqlite3_system_errno(h) == ENOSPC);
	return err_set(e,
		       full			    ? ERR_FULL
		       : (rc & 0xff) == SQLITE_BUSY ? ERR_UNAVAILABLE
						    : ERR_IO,
		       "cannot %s '%.150s': %s", what, path,
		       full ? "no space is left on its disk; make room, then try again"
			    : sqlite3_errstr(rc));
}

static bool lite_pages(const char *from, const char *to, struct err *e)
{
	sqlite3 *a = NULL, *b = NULL;
	int rc = sqlite3_open_v2(from, &a, SQLITE_OPEN_READWRITE, NULL);
	bool ok = rc == SQLITE_OK || lite_failed(a, rc, "read", from, e);
	if (ok) {
		rc = sqlite3_open_v2(to, &b, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
		ok = rc == SQLITE_OK || lite_failed(b, rc, "write", to, e);
	}
	if (ok) {
		sqlite3_busy_timeout(a, BUSY_MS);
		sqlite3_backup *pages = sqlite3_backup_init(b, "main", a, "main");
		rc = pages ? sqlite3_backup_step(pages, -1) : sqlite3_errcode(b);
		sqlite3_backup_finish(pages);
		ok = rc == SQLITE_DONE || lite_failed(b, rc, "copy the database to", to, e);
	}
	sqlite3_close(a);
	sqlite3_close(b);
	return ok;
}

/* Opens a copy that nobody else knows; afterwards it is one file again. */
static bool lite_look(const char *copy, bool migrate, struct err *e)
{
	AUTO(xfree) char *url = xasprintf(LITE "%s", copy);
	AUTO(xfree) char *lock = xasprintf("%s.lock", copy);
	AUTO(xfree) char *wal = xasprintf("%s-wal", copy);
	struct sql *db = NULL;
	if (!file_exists(copy))
		return err_set(e, ERR_NOT_FOUND, "there is no '%s'", copy);
	bool good = sql_open(url, &db, e) && (!migrate || sql_migrate(db, e)) && sql_verify(db, e);
	sql_close(db);
	if (good && file_exists(wal))
		return err_set(e, ERR_IO, "'%s' was not taken up into its database", wal);
	return good && drop(lock, e) && sync_file(copy, e);
}

static bool lite_put_back(const char *path, const char *copy, struct err *e)
{
	static const char *const beside[] = { "-wal", "-shm" };
	for (size_t i = 0; i < ARRAY_LEN(beside); i++) {
		AUTO(xfree) char *old = xasprintf("%s%s", path, beside[i]);
		if (!drop(old, e))
			return false;
	}
	/* The old log must never be found beside the new database. */
	if (!sync_parent(path, e))
		return false;
	if (rename(copy, path) != 0)
		return err_sys(e, errno, "cannot rename '%s' to '%s'", copy, path);
	return sync_parent(path, e) && sync_parent(copy, e);
}

/* --- PostgreSQL --------------------------------------------------------------------------------
 */

#define PG_WORDS 64
struct pg_env {
	char *words[PG_WORDS];
	size_t n;
};

static void pg_env_done(struct pg_env *v)
{
	for (size_t i = 0; i < v->n; i++)
		xfree(v->words[i]);
}
AUTO_DEFINE_VALUE(struct pg_env, pg_env_done)

static bool pg_env_of(const char *url, struct pg_env *out, struct err *e)
{
	char *why = NULL;
	PQconninfoOption *all = PQconninfoParse(url, &why);
	PQfreemem(why); /* it may hold the password */
	if (!all)
		return err_set(e, ERR_INVALID, "the URL of the database is not understood");
	for (PQconninfoOption *o = all; o->keyword; o++)
		if (o->val && o->envvar && out->n < PG_WORDS - 1)
			out->words[out->n++] = xasprintf("%s=%s", o->envvar, o->val);
	PQconninfoFree(all);
	return true;
}

static bool pg_run(const char *url, const char *const *argv, enum err_code code, struct err *e)
{
	AUTO(pg_env_done) struct pg_env env = { 0 };
	AUTO(buf_done) struct buf says = BUF_INIT(PG_SAYS_MAX);
	struct proc_result r;
	if (!pg_env_of(url, &env, e))
		return false;
	const struct proc_spec spec = { .argv = argv,
					.env = (const char *const *)env.words,
					.timeout_s = PG_TIMEOUT_S,
					.cwd = ".",
					.bound = true };
	if (!proc_run(&spec, &says, &says, &r, e))
		return err_prefix(e, "'%s' (of PostgreSQL's client programs)", argv[0]);
	struct str rest = buf_str(&says), first = { "", 0 };
	bool said UNUSED = str_line(&rest, &first);
	return r.exit_status == 0 || err_set(e, code, "'%s' ended with status %d: %.*s", argv[0],
					     r.exit_status, (int)MIN(first.n, 150), first.p);
}

static bool pg_look(const char *url, const char *copy, struct err *e)
{
	AUTO(xfree) char *archive = xstrdup(copy);
	const char *const argv[] = { "pg_restore", "--file=/dev/null", archive, NULL };
	if (!file_exists(copy))
		return err_set(e, ERR_NOT_FOUND, "there is no '%s'", copy);
	return pg_run(url, argv, ERR_CORRUPT, e);
}

static bool pg_copy(const char *url, const char *to, struct err *e)
{
	AUTO(xfree) char *file = xasprintf("--file=%s", to);
	const char *const argv[] = { "pg_dump", "--format=custom", "--no-password", file, NULL };
	return pg_run(url, argv, ERR_IO, e) && pg_look(url, to, e) && sync_file(to, e);
}

static bool pg_put_back(const char *url, const char *copy, struct err *e)
{
	AUTO(xfree) char *script = xasprintf("%s.sql", copy);
	AUTO(xfree) char *to = xasprintf("--file=%s", script);
	const char *const unpack[] = {
		"pg_restore", "--no-owner", "--no-privileges", "--no-publications", to, copy, NULL
	};
	/* One transaction: what a newer program had added goes, too. */
	const char *const load[] = { "psql",
				     "--no-psqlrc",
				     "--quiet",
				     "--no-password",
				     "--set=ON_ERROR_STOP=1",
				     "--output=/dev/null",
				     "--single-transaction",
				     "--command=drop schema public cascade",
				     "--command=create schema public",
				     to,
				     NULL };
	return pg_run(url, unpack, ERR_CORRUPT, e) && pg_run(url, load, ERR_IO, e) &&
	       drop(script, e) && drop(copy, e) && sync_parent(copy, e);
}

/* --- either ------------------------------------------------------------------------------------
 */

bool sql_backup(const char *url, const char *to, struct err *e)
{
	const char *path = lite_path(url);
	if (file_exists(to))
		return err_set(e, ERR_CONFLICT, "'%s' is there already", to);
	return path ? lite_pages(path, to, e) && lite_look(to, false, e) : pg_copy(url, to, e);
}

bool sql_backup_check(const char *url, const char *copy, struct err *e)
{
	return lite_path(url) ? lite_look(copy, true, e) : pg_look(url, copy, e);
}

bool sql_put_back(const char *url, const char *copy, struct err *e)
{
	const char *path = lite_path(url);
	if (!file_exists(copy))
		return true;
	return path ? lite_put_back(path, copy, e) : pg_put_back(url, copy, e);
}
