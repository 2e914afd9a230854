/* SPDX-License-Identifier: Apache-2.0
 * See backup.h. Invariants: a copy has its name only when it is whole and on the disk; the
 * state directory has `restore` only when all that it takes to complete the restore is in it, and
 * each step of that may be taken twice. Must not touch a copy that has its name. */
#include "server/backup.h"
#include "base/clock.h"
#include "base/file.h"
#include "crypto/digest.h"
#include "server/generation.h"
#include "sql/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SUMS "SHA256SUMS"
#define SUMS_MAX 4096
#define CHUNK (256 << 10)

/* Made once in the life of an installation. The server's own certificate is made of them. */
static const char *const keys[] = { "tls/ca.pem", "tls/ca.key", "tls/deploy.key" };
static const char *const derived[] = { "tls/server.pem", "tls/server.key", "tls/server.names",
				       "fleet.snapshot" };

/* Copies to a new file and syncs it. */
static bool copy_file(const char *from, const char *to, struct sha256 *digest_out, struct err *e)
{
	AUTO(fd_close) int in = open(from, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return err_sys(e, errno, "cannot open '%s'", from);
	AUTO(fd_close) int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0)
		return err_sys(e, errno, "cannot create '%s'", to);
	AUTO(digest_free) struct digest *d = digest_new();
	AUTO(xfree) char *chunk = xcalloc(1, CHUNK);
	for (;;) {
		ssize_t n = read(in, chunk, CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, errno, "cannot read '%s'", from);
		if (n == 0)
			break;
		digest_add(d, chunk, (size_t)n);
		if (!file_write_fd(out, (struct str) { chunk, (size_t)n }, to, e))
			return false;
	}
	*digest_out = digest_end(d);
	return fsync(out) == 0 || err_sys(e, errno, "cannot sync '%s'", to);
}

static void note(struct buf *sums, const struct sha256 *d, const char *name)
{
	char hex[SHA256_HEX];
	buf_printf(sums, "%s  %s\n", digest_hex(d, hex), name);
}

/* An empty directory `path` with a tls/ in it, whatever was there. */
static bool empty_dir(const char *path, struct err *e)
{
	AUTO(xfree) char *tls = file_join(path, "tls");
	return file_remove_tree(path, e) && file_mkdirs(tls, 0700, e);
}

/* Syncs a directory with a tls/ in it and gives it its name. */
static bool give_name(const char *path, const char *dir, const char *name, struct err *e)
{
	AUTO(xfree) char *tls = file_join(path, "tls");
	if (!file_sync_dir(tls, e) || !file_sync_dir(path, e))
		return false;
	if (rename(path, name) != 0)
		return err_sys(e, errno, "cannot rename '%s' to '%s'", path, name);
	return file_sync_dir(dir, e);
}

/* --- making one --------------------------------------------------------------------------------
 */

static bool fill(const struct options *o, const char *into, struct err *e)
{
	AUTO(buf_done) struct buf sums = BUF_INIT(SUMS_MAX);
	AUTO(xfree) char *url = options_database_url(o);
	AUTO(xfree) char *db = file_join(into, sql_backup_name(url));
	AUTO(xfree) char *list = file_join(into, SUMS);
	struct sha256 d;
	int64_t size;
	if (!sql_backup(url, db, e) || !digest_file(db, &d, &size, e))
		return false;
	note(&sums, &d, sql_backup_name(url));
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		AUTO(xfree) char *from = file_join(o->state_dir, keys[i]);
		AUTO(xfree) char *to = file_join(into, keys[i]);
		if (!copy_file(from, to, &d, e))
			return false;
		note(&sums, &d, keys[i]);
	}
	return file_write_atomic(list, buf_str(&sums), 0600, e);
}

static char *name_now(const char *dir)
{
	char text[32];
	int64_t now = clock_wall_ms();
	time_t s = (time_t)(now / 1000);
	struct tm tm;
	gmtime_r(&s, &tm);
	strftime(text, sizeof(text), "%Y%m%dT%H%M%S", &tm);
	return xasprintf("%s/tsukuroi-%s.%03dZ", dir, text, (int)(now % 1000));
}

bool server_backup(const struct options *o, const char *dir, char **name_out, struct err *e)
{
	AUTO(xfree) char *lock = file_join(dir, ".lock");
	AUTO(xfree) char *partial = file_join(dir, ".partial");
	AUTO(xfree) char *name = name_now(dir);
	AUTO(fd_close) int fd = -1;
	if (!file_mkdirs(dir, 0700, e))
		return false;
	if (!file_lock(lock, &fd, e))
		return err_prefix(e, "another backup to '%.100s' runs; wait for its end", dir);
	if (!empty_dir(partial, e))
		return false;
	if (!fill(o, partial, e) || !give_name(partial, dir, name, e)) {
		bool gone UNUSED = file_remove_tree(partial, NULL); /* else by the next one */
		return false;
	}
	*name_out = TAKE(name);
	return true;
}

/* --- putting one back --------------------------------------------------------------------------
 */

static bool wanted(struct str list, const char *name, struct sha256 *out, struct err *e)
{
	struct str line;
	while (str_line(&list, &line))
		if (line.n > SHA256_HEX &&
		    str_is((struct str) { line.p + SHA256_HEX + 1, line.n - SHA256_HEX - 1 },
			   name) &&
		    digest_parse((struct str) { line.p, SHA256_HEX - 1 }, out))
			return true;
	return err_set(e, ERR_CORRUPT,
		       "'" SUMS "' does not name '%s'; is this a copy of another kind of "
		       "database?",
		       name);
}

static bool take(const char *from, const char *into, const char *name, struct str sums,
		 struct err *e)
{
	AUTO(xfree) char *source = file_join(from, name);
	AUTO(xfree) char *copy = file_join(into, name);
	struct sha256 want, is;
	if (!wanted(sums, name, &want, e) || !copy_file(source, copy, &is, e))
		return false;
	return digest_eq(&want, &is) ||
	       err_set(e, ERR_CORRUPT, "'%s' is not what was backed up; take another copy", source);
}

static bool take_all(const struct options *o, const char *from, const char *into, struct err *e)
{
	AUTO(buf_done) struct buf sums = BUF_INIT(SUMS_MAX);
	AUTO(xfree) char *url = options_database_url(o);
	AUTO(xfree) char *list = file_join(from, SUMS);
	AUTO(xfree) char *db = file_join(into, sql_backup_name(url));
	if (!file_read(list, &sums, e))
		return err_prefix(e, "'%.100s' is no backup", from);
	if (!take(from, into, sql_backup_name(url), buf_str(&sums), e))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (!take(from, into, keys[i], buf_str(&sums), e))
			return false;
	return sql_backup_check(url, db, e);
}

static bool put_keys(const struct options *o, const char *restore, struct err *e)
{
	AUTO(xfree) char *tls = file_join(o->state_dir, "tls");
	if (!file_mkdirs(tls, 0700, e))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		AUTO(xfree) char *from = file_join(restore, keys[i]);
		AUTO(xfree) char *to = file_join(o->state_dir, keys[i]);
		if (rename(from, to) != 0 && errno != ENOENT)
			return err_sys(e, errno, "cannot rename '%s' to '%s'", from, to);
	}
	for (size_t i = 0; i < ARRAY_LEN(derived); i++) {
		AUTO(xfree) char *old = file_join(o->state_dir, derived[i]);
		if (unlink(old) != 0 && errno != ENOENT)
			return err_sys(e, errno, "cannot remove '%s'", old);
	}
	return file_sync_dir(tls, e) && file_sync_dir(o->state_dir, e);
}

static bool begin_epoch(const struct options *o, struct err *e)
{
	AUTO(xfree) char *url = options_database_url(o);
	AUTO(sql_close) struct sql *db = NULL;
	int64_t epoch;
	bool restored;
	return sql_open(url, &db, e) && sql_migrate(db, e) &&
	       generation_turn(o->state_dir, db, true, &epoch, &restored, e);
}

/* Killed after any step of it, it is called again from its beginning; a second new epoch is none
 * too many. */
static bool finish(const struct options *o, struct err *e)
{
	AUTO(xfree) char *restore = file_join(o->state_dir, "restore");
	AUTO(xfree) char *url = options_database_url(o);
	AUTO(xfree) char *db = file_join(restore, sql_backup_name(url));
	if (!file_exists(restore))
		return true;
	return (sql_put_back(url, db, e) && put_keys(o, restore, e) && begin_epoch(o, e) &&
		file_remove_tree(restore, e) && file_sync_dir(o->state_dir, e)) ||
	       err_prefix(e, "the restore is not complete, the next start goes on with it");
}

/* Files that root made the server could not read. */
static bool is_owner(const struct options *o, struct err *e)
{
	struct stat st;
	if (stat(o->state_dir, &st) != 0)
		return err_sys(e, errno, "cannot look at '%s'", o->state_dir);
	return st.st_uid == geteuid() ||
	       err_set(e, ERR_DENIED, "'%s' belongs to user %u; run this as that user",
		       o->state_dir, (unsigned)st.st_uid);
}

static bool lock_data(const struct options *o, int *fd_out, struct err *e)
{
	AUTO(xfree) char *lock = file_join(o->state_dir, "tsukuroid.lock");
	return file_lock(lock, fd_out, e) ||
	       err_prefix(e, "another server uses this data; stop it first");
}

bool server_restore(const struct options *o, const char *from, struct err *e)
{
	AUTO(fd_close) int lock = -1;
	AUTO(xfree) char *fresh = file_join(o->state_dir, "restore.new");
	AUTO(xfree) char *restore = file_join(o->state_dir, "restore");
	if (!file_mkdirs(o->state_dir, 0750, e) || !is_owner(o, e) || !lock_data(o, &lock, e) ||
	    !finish(o, e) || !empty_dir(fresh, e))
		return false;
	if (!take_all(o, from, fresh, e) || !give_name(fresh, o->state_dir, restore, e)) {
		bool gone UNUSED = file_remove_tree(fresh, NULL); /* else by the next one */
		return false;
	}
	return finish(o, e);
}

bool server_restore_finish(const struct options *o, struct err *e)
{
	AUTO(xfree) char *restore = file_join(o->state_dir, "restore");
	AUTO(fd_close) int lock = -1;
	if (!file_exists(restore))
		return true;
	return is_owner(o, e) && lock_data(o, &lock, e) && finish(o, e);
}
