/* SPDX-License-Identifier: Apache-2.0
 * Jobs on disk. Every state change is one atomic, synced file; readers see the old or the new. */
#include "agent/root/journal.h"
#include "base/clock.h"
#include "base/enc.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_MAX (16u << 20)

static const char *const phases[] = { "preparing",  "prepared", "before",
				      "installing", "after",	"done" };

const char *journal_phase_name(enum journal_phase p)
{
	return phases[p];
}

const char *journal_phase_shown(enum journal_phase p)
{
	return phases[p == JOURNAL_BEFORE || p == JOURNAL_AFTER ? JOURNAL_INSTALLING : p];
}

bool journal_phase_works(enum journal_phase p)
{
	return p != JOURNAL_PREPARED && p != JOURNAL_DONE;
}

void journal_job_done(struct journal_job *j)
{
	json_free(j->transaction);
	json_free(j->details);
	json_free(j->packages);
	json_free(j->units);
	json_free(j->power);
	json_free(j->scripts);
	j->transaction = j->details = j->packages = j->units = j->power = j->scripts = NULL;
}

char *journal_path(const char *root, const char *id, const char *name)
{
	return xasprintf("%s/jobs/%s%s%s", root, id, name[0] ? "/" : "", name);
}

bool journal_init(const char *root, struct err *e)
{
	AUTO(xfree) char *jobs = file_join(root, "jobs");
	AUTO(xfree) char *mirror = file_join(root, "mirror");
	/* apt's unprivileged methods pass through to the mirror; the jobs are nobody's business */
	if (!file_mkdirs(root, 0711, e) || !file_mkdirs(jobs, 0700, e) ||
	    !file_mkdirs(mirror, 0711, e))
		return false;
	if (chmod(root, 0711) != 0 || chmod(jobs, 0700) != 0 || chmod(mirror, 0711) != 0)
		return err_sys(e, errno, "cannot protect '%s'", root);
	return true;
}

static bool id_ok(const char *id)
{
	uint8_t raw[16];
	return enc_unhex(str_of(id), raw, sizeof(raw));
}

bool journal_save(const char *root, const struct journal_job *j, struct err *e)
{
	AUTO(json_free)
	json_t *o = json_pack(
		"{s:s,s:s,s:I,s:I,s:s,s:I,s:I,s:I,s:I,s:s,s:s,s:o,s:s}", "order", j->id,
		"deployment", j->deployment, "epoch", (json_int_t)j->epoch, "seq",
		(json_int_t)j->seq, "phase", phases[j->phase], "attempts", (json_int_t)j->attempts,
		"started_ms", (json_int_t)j->started_ms, "finished_ms", (json_int_t)j->finished_ms,
		"exit_status", (json_int_t)j->exit_status, "outcome", j->outcome, "reason",
		j->reason, "detail", json_text(str_of(j->detail)), "reboot", j->reboot);
	ASSERT(o);
	if (j->begun)
		json_object_set_new(o, "begun", json_true());
	if (j->transaction)
		json_object_set(o, "transaction", j->transaction);
	if (j->details)
		json_object_set(o, "details", j->details);
	if (j->packages)
		json_object_set(o, "packages", j->packages);
	if (j->units)
		json_object_set(o, "units", j->units);
	if (j->power)
		json_object_set(o, "power", j->power);
	if (j->scripts)
		json_object_set(o, "scripts", j->scripts);
	AUTO(buf_done) struct buf b = BUF_INIT(STATE_MAX);
	json_write(o, &b);
	AUTO(xfree) char *path = journal_path(root, j->id, "job.json");
	return buf_ok(&b, "job", e) && file_write_atomic(path, buf_str(&b), 0600, e);
}

bool journal_create(const char *root, const struct journal_job *j, struct str envelope,
		    struct err *e)
{
	ASSERT(id_ok(j->id));
	AUTO(xfree) char *dir = journal_path(root, j->id, "");
	AUTO(xfree) char *order = journal_path(root, j->id, "order");
	AUTO(xfree) char *jobs = file_join(root, "jobs");
	if (!file_remove_tree(dir, e) || !file_mkdirs(dir, 0700, e) ||
	    !file_write_atomic(order, envelope, 0600, e) || !journal_save(root, j, e))
		return false;
	return file_sync_dir(jobs, e);
}

static void copy_text(char *out, size_t cap, const char *s)
{
	snprintf(out, cap, "%s", s);
}

static bool read_job(const json_t *o, const char *id, struct journal_job *j, struct err *e)
{
	const char *order = "", *deployment = "", *phase = "", *outcome = "", *reason = "";
	const char *detail = "", *reboot = "";
	int64_t epoch = 0, seq = 0;
	if (!json_need_str(o, "order", 32, 32, &order, e) ||
	    !json_need_str(o, "deployment", 0, 64, &deployment, e) ||
	    !json_need_str(o, "phase", 1, 20, &phase, e) ||
	    !json_need_int(o, "epoch", 0, INT64_MAX, &epoch, e) ||
	    !json_need_int(o, "seq", 0, INT64_MAX, &seq, e) ||
	    !json_need_int(o, "attempts", 0, INT32_MAX, &j->attempts, e) ||
	    !json_need_int(o, "started_ms", 0, INT64_MAX, &j->started_ms, e) ||
	    !json_need_int(o, "finished_ms", 0, INT64_MAX, &j->finished_ms, e) ||
	    !json_need_int(o, "exit_status", INT32_MIN, INT32_MAX, &j->exit_status, e) ||
	    !json_need_str(o, "outcome", 0, 15, &outcome, e) ||
	    !json_need_str(o, "reason", 0, 31, &reason, e) ||
	    !json_need_str(o, "detail", 0, 2000, &detail, e) ||
	    !json_opt_str(o, "reboot", 19, &reboot, e))
		return false;
	if (strcmp(order, id) != 0)
		return err_set(e, ERR_CORRUPT, "names order '%s'", order);
	size_t p = 0;
	while (p < JOURNAL_PHASES_ && strcmp(phases[p], phase) != 0)
		p++;
	if (p == JOURNAL_PHASES_)
		return err_set(e, ERR_CORRUPT, "unknown phase '%s'", phase);
	j->phase = (enum journal_phase)p;
	j->epoch = (uint64_t)epoch;
	j->seq = (uint64_t)seq;
	copy_text(j->id, sizeof(j->id), order);
	copy_text(j->deployment, sizeof(j->deployment), deployment);
	copy_text(j->outcome, sizeof(j->outcome), outcome);
	copy_text(j->reason, sizeof(j->reason), reason);
	copy_text(j->detail, sizeof(j->detail), detail);
	j->begun = json_is_true(json_object_get(o, "begun"));
	copy_text(j->reboot, sizeof(j->reboot), reboot);
	j->transaction = json_incref(json_object_get(o, "transaction"));
	j->details = json_incref(json_object_get(o, "details"));
	j->packages = json_incref(json_object_get(o, "packages"));
	j->units = json_incref(json_object_get(o, "units"));
	j->power = json_incref(json_object_get(o, "power"));
	j->scripts = json_incref(json_object_get(o, "scripts"));
	return true;
}

bool journal_load(const char *root, const char *id, struct journal_job *out, struct err *e)
{
	if (!id_ok(id))
		return err_set(e, ERR_INVALID, "'%s' is not an order's id", id);
	AUTO(xfree) char *path = journal_path(root, id, "job.json");
	AUTO(buf_done) struct buf b = BUF_INIT(STATE_MAX);
	AUTO(json_free) json_t *o = NULL;
	struct journal_job j = { 0 };
	if (!file_exists(path))
		return err_set(e, ERR_NOT_FOUND, "no job for order '%s'", id);
	if (!file_read(path, &b, e))
		return false;
	if (!json_parse(buf_str(&b), STATE_MAX, &o, e) || !read_job(o, id, &j, e))
		return err_prefix(e, "'%s'", path);
	*out = j;
	return true;
}

static int by_id(const void *a, const void *b)
{
	return memcmp(a, b, JOURNAL_ID);
}

bool journal_list(const char *root, char (*ids)[JOURNAL_ID], size_t max, size_t *n_out,
		  struct err *e)
{
	AUTO(xfree) char *jobs = file_join(root, "jobs");
	DIR *d = opendir(jobs);
	if (!d)
		return err_sys(e, errno, "cannot list '%s'", jobs);
	size_t n = 0;
	struct dirent *ent;
	while (n < max && (ent = readdir(d))) {
		if (id_ok(ent->d_name) && strlen(ent->d_name) == JOURNAL_ID - 1)
			memcpy(ids[n++], ent->d_name, JOURNAL_ID);
	}
	closedir(d);
	qsort(ids, n, JOURNAL_ID, by_id);
	*n_out = n;
	return true;
}

bool journal_remove(const char *root, const char *id, struct err *e)
{
	if (!id_ok(id))
		return err_set(e, ERR_INVALID, "'%s' is not an order's id", id);
	AUTO(xfree) char *dir = journal_path(root, id, "");
	AUTO(xfree) char *mirror = xasprintf("%s/mirror/%s", root, id);
	return file_remove_tree(mirror, e) && file_remove_tree(dir, e);
}

bool journal_lock(const char *root, const char *id, int *fd_out)
{
	AUTO(xfree) char *path = journal_path(root, id, "lock");
	AUTO(fd_close) int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0)
		return false;
	*fd_out = fd;
	fd = -1;
	return true;
}

bool journal_last(const char *root, uint64_t *epoch_out, uint64_t *seq_out, struct err *e)
{
	AUTO(xfree) char *path = file_join(root, "executed");
	AUTO(buf_done) struct buf b = BUF_INIT(200);
	*epoch_out = *seq_out = 0;
	if (!file_exists(path))
		return true;
	if (!file_read(path, &b, e))
		return false;
	struct str rest = str_trim(buf_str(&b)), epoch;
	uint64_t ep, seq;
	if (!str_split(&rest, ' ', &epoch) || !rest.p || !str_to_u64(epoch, &ep) ||
	    !str_to_u64(rest, &seq))
		return err_set(e, ERR_CORRUPT, "'%s' is not 'epoch sequence'", path);
	*epoch_out = ep;
	*seq_out = seq;
	return true;
}

bool journal_set_last(const char *root, uint64_t epoch, uint64_t seq, struct err *e)
{
	AUTO(xfree) char *path = file_join(root, "executed");
	AUTO(buf_done) struct buf b = BUF_INIT(100);
	buf_printf(&b, "%llu %llu\n", (unsigned long long)epoch, (unsigned long long)seq);
	return file_write_atomic(path, buf_str(&b), 0644, e);
}

bool journal_count(const char *root, const struct journal_job *j, struct err *e)
{
	uint64_t epoch, seq;
	if (!journal_last(root, &epoch, &seq, e))
		return false;
	if (j->epoch < epoch || (j->epoch == epoch && j->seq <= seq))
		return true;
	return journal_set_last(root, j->epoch, j->seq, e);
}

bool journal_log(const char *root, const char *id, struct str text, struct err *e)
{
	static const char cut[] = "\n[... the middle was left out ...]\n";
	AUTO(xfree) char *path = journal_path(root, id, "output");
	AUTO(buf_done)
	struct buf old = BUF_INIT(2 * JOURNAL_LOG_MAX), b = BUF_INIT(JOURNAL_LOG_MAX);
	if (file_exists(path) && !file_read(path, &old, e))
		return false;
	struct str head = buf_str(&old);
	if (head.n + text.n <= JOURNAL_LOG_MAX) {
		buf_addstr(&b, head);
		buf_addstr(&b, text);
		return file_write_atomic(path, buf_str(&b), 0600, e);
	}
	/* First half megabyte stays, the end is what came last. */
	size_t half = JOURNAL_LOG_MAX / 2, tail = half - sizeof(cut);
	AUTO(buf_done) struct buf all = BUF_INIT(3 * JOURNAL_LOG_MAX);
	buf_addstr(&all, head);
	buf_addstr(&all,
		   text.n > JOURNAL_LOG_MAX
			   ? (struct str) { text.p + text.n - JOURNAL_LOG_MAX, JOURNAL_LOG_MAX }
			   : text);
	buf_add(&b, all.p, half);
	buf_add(&b, cut, sizeof(cut) - 1);
	buf_add(&b, all.p + all.n - tail, tail);
	return file_write_atomic(path, buf_str(&b), 0600, e);
}

/* [{"stage", "name", "version", "state", "exit_status"?, "timed_out"?, "started", "finished"}] */
static json_t *scripts_json(const json_t *scripts)
{
	static const char *const stages[] = { "before", "after" };
	json_t *list = json_array();
	for (size_t i = 0; i < ARRAY_LEN(stages); i++) {
		json_t *one, *record = json_object_get(scripts, stages[i]);
		if (!record)
			continue;
		one = json_copy(record);
		json_object_set_new(one, "stage", json_string(stages[i]));
		json_object_set_new(
			one, "started",
			json_time(json_integer_value(json_object_get(record, "started"))));
		json_object_set_new(
			one, "finished",
			json_time(json_integer_value(json_object_get(record, "finished"))));
		json_array_append_new(list, one);
	}
	return list;
}

bool journal_result(const char *root, const struct journal_job *j, json_t **out, struct err *e)
{
	ASSERT(j->phase == JOURNAL_DONE);
	AUTO(xfree) char *path = journal_path(root, j->id, "output");
	AUTO(buf_done) struct buf log = BUF_INIT(JOURNAL_LOG_MAX);
	if (file_exists(path) && !file_read(path, &log, e))
		return false;
	*out = json_pack("{s:s,s:s,s:I,s:s,s:s,s:o,s:o,s:o,s:I,s:I,s:o,s:o}", "order", j->id,
			 "deployment", j->deployment, "seq", (json_int_t)j->seq, "outcome",
			 j->outcome, "reason", j->reason, "detail", json_text(str_of(j->detail)),
			 "started", json_time(j->started_ms), "finished", json_time(j->finished_ms),
			 "attempts", (json_int_t)j->attempts, "exit_status",
			 (json_int_t)j->exit_status, "packages",
			 j->packages ? json_incref(j->packages) : json_array(), "log",
			 json_text(buf_str(&log)));
	if (*out && json_array_size(j->transaction))
		json_object_set(*out, "plan", j->transaction);
	if (*out && j->details)
		json_object_set(*out, "details", j->details);
	if (!*out)
		return err_set(e, ERR_INTERNAL, "result of order '%s' cannot be written", j->id);
	if (j->scripts)
		json_object_set_new(*out, "scripts", scripts_json(j->scripts));
	if (j->reboot[0])
		json_object_set_new(*out, "reboot", json_string(j->reboot));
	return true;
}
