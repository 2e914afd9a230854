/* SPDX-License-Identifier: Apache-2.0
 * Downloads. Invariant: a file under its final name has been verified; a part that turns out wrong
 * is thrown away and begun anew, once. */
#include "agent/net/spool.h"
#include "agent/net/server.h"
#include "base/file.h"
#include "base/vec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct fetching {
	const struct agent_paths *paths;
	const char *dir;
	const struct spool_progress *progress;
	pthread_mutex_t lock;
	VEC(const struct order_file *) files;
	struct order_file scripts[2];
	size_t next;
	int64_t done, total;
	bool failed;
	struct err e;
};

struct part {
	struct fetching *f;
	int fd;
	int64_t at, size;
};

static bool tell(struct fetching *f, int64_t more, const char *waiting_for)
{
	pthread_mutex_lock(&f->lock);
	f->done += more;
	bool on = !f->failed && f->progress->fn(f->progress->arg, f->done, f->total, waiting_for);
	pthread_mutex_unlock(&f->lock);
	return on;
}

static bool sink(void *arg, struct str bytes, struct err *e)
{
	struct part *p = arg;
	p->at += (int64_t)bytes.n;
	if (p->at > p->size)
		return err_set(e, ERR_LIMIT, "the server sends more than the file has");
	if (!file_write_fd(p->fd, bytes, "spool", e))
		return false;
	return tell(p->f, (int64_t)bytes.n, NULL) ? true : err_set(e, ERR_UNAVAILABLE, "stopped");
}

/* One request from where `path` ends. *wrong_out: what is there now is not the file. */
static bool fetch_from(struct fetching *f, struct server *s, const struct order_file *file,
		       const char *path, const char *name, bool *wrong_out, struct err *e)
{
	AUTO(fd_close)
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) != 0)
		return err_sys(e, errno, "cannot open '%s'", path);
	AUTO(xfree) char *url = xasprintf("%s/agent/v1/files/%s", s->base, name);
	AUTO(xfree) char *range = xasprintf("Range: bytes=%lld-", (long long)st.st_size);
	const char *const headers[] = { range, NULL };
	struct part p = { .f = f, .fd = fd, .at = st.st_size, .size = file->size };
	struct http_response resp = { 0 };
	const struct http_request r = { .url = url,
					.headers = st.st_size ? headers : NULL,
					.max_response = file->size + 65536,
					.timeout_s = 6 * 3600,
					.connect_timeout_s = 20 };
	*wrong_out = false;
	if (st.st_size < file->size || !st.st_size) {
		if (!http_fetch_stream(s->http, &r, &resp, sink, &p, e)) {
			*wrong_out = e->code == ERR_LIMIT;
			return false;
		}
		if (resp.status == 416 || (resp.status == 200 && st.st_size)) {
			*wrong_out = true; /* it began from the start, or has another length */
			return err_set(e, ERR_UNTRUSTED, "part of '%s' does not fit", name);
		}
		if (resp.status / 100 != 2)
			return server_problem(s, &resp, (struct str) { "", 0 }, e);
	}
	struct sha256 sum;
	int64_t size;
	if (!digest_file(path, &sum, &size, e))
		return false;
	*wrong_out = size != file->size || !digest_eq(&sum, &file->sha256);
	return *wrong_out ? err_set(e, ERR_UNTRUSTED, "'%.*s' does not have the promised content",
				    STR_ARG(file->path))
			  : true;
}

static bool fetch_file(struct fetching *f, struct server *s, const struct order_file *file,
		       struct err *e)
{
	char name[SHA256_HEX];
	bool wrong = false, ok = false;
	digest_hex(&file->sha256, name);
	AUTO(xfree) char *path = xasprintf("%s/%s", f->dir, name);
	AUTO(xfree) char *part = xasprintf("%s.part", path);
	struct stat st;
	if (stat(path, &st) == 0 && st.st_size == file->size)
		return tell(f, file->size, NULL) || err_set(e, ERR_UNAVAILABLE, "stopped");
	if (stat(part, &st) == 0 && !tell(f, MIN(st.st_size, file->size), NULL))
		return err_set(e, ERR_UNAVAILABLE, "stopped");
	for (int turn = 0; turn < 2 && !ok; turn++) {
		ok = fetch_from(f, s, file, part, name, &wrong, e);
		if (!ok && !wrong)
			return false;
		if (wrong) {
			if (stat(part, &st) == 0)
				(void)tell(f, -MIN(st.st_size, file->size), NULL);
			if (unlink(part) != 0 && errno != ENOENT)
				return err_sys(e, errno, "cannot remove '%s'", part);
		}
	}
	if (!ok)
		return false;
	if (rename(part, path) != 0)
		return err_sys(e, errno, "cannot rename '%s'", part);
	return true;
}

static const struct order_file *take(struct fetching *f)
{
	pthread_mutex_lock(&f->lock);
	const struct order_file *file = !f->failed && f->next < f->files.n ? f->files.p[f->next++]
									   : NULL;
	pthread_mutex_unlock(&f->lock);
	return file;
}

static void fail(struct fetching *f, const struct err *e)
{
	pthread_mutex_lock(&f->lock);
	if (!f->failed)
		f->e = *e;
	f->failed = true;
	pthread_mutex_unlock(&f->lock);
}

static void *fetch_thread(void *arg)
{
	struct fetching *f = arg;
	AUTO(server_done) struct server s = { 0 };
	struct err e = { 0 };
	const struct order_file *file;
	if (!server_open(f->paths, &s, &e)) {
		fail(f, &e);
		return NULL;
	}
	while ((file = take(f))) {
		if (fetch_file(f, &s, file, &e))
			continue;
		if (s.status == 503)
			(void)tell(f, 0, "server_downloading");
		fail(f, &e);
	}
	return NULL;
}

static void gather(struct fetching *f, const struct order *o)
{
	for (uint32_t i = 0; i < o->n_archives; i++) {
		const struct order_archive *a = &o->archives[i];
		for (uint32_t k = 0; k < a->n_index; k++)
			VEC_PUSH(&f->files, &a->index[k]);
		for (uint32_t k = 0; k < a->n_payload; k++)
			VEC_PUSH(&f->files, &a->payload[k]);
	}
	for (uint32_t i = 0, n = order_scripts(o, f->scripts); i < n; i++)
		VEC_PUSH(&f->files, &f->scripts[i]);
	for (size_t i = 0; i < f->files.n; i++)
		f->total += f->files.p[i]->size;
}

bool spool_fetch(const struct agent_paths *p, const struct order *o,
		 const struct spool_progress *progress, struct err *e)
{
	AUTO(xfree) char *dir = file_join(p->state, "spool");
	struct fetching f = { .paths = p, .dir = dir, .progress = progress };
	pthread_t threads[SPOOL_PARALLEL];
	size_t n = 0;
	gather(&f, o);
	pthread_mutex_init(&f.lock, NULL);
	while (n < SPOOL_PARALLEL && pthread_create(&threads[n], NULL, fetch_thread, &f) == 0)
		n++;
	if (n == 0)
		err_set(&f.e, ERR_UNAVAILABLE, "cannot start a thread");
	for (size_t i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	pthread_mutex_destroy(&f.lock);
	VEC_DONE(&f.files);
	if (n && !f.failed)
		return true;
	if (e)
		*e = f.e;
	return false;
}

static bool is_script(const struct order *o, const char *name)
{
	struct order_file scripts[2];
	char hex[SHA256_HEX];
	for (uint32_t i = 0, n = order_scripts(o, scripts); i < n; i++)
		if (strncmp(name, digest_hex(&scripts[i].sha256, hex), SHA256_HEX - 1) == 0)
			return true;
	return false;
}

static bool has_file(const struct order *o, const char *name)
{
	char hex[SHA256_HEX];
	if (is_script(o, name))
		return true;
	for (uint32_t i = 0; i < o->n_archives; i++) {
		const struct order_archive *a = &o->archives[i];
		for (uint32_t k = 0; k < a->n_index + a->n_payload; k++) {
			const struct order_file *f = k < a->n_index ? &a->index[k]
								    : &a->payload[k - a->n_index];
			if (strncmp(name, digest_hex(&f->sha256, hex), SHA256_HEX - 1) == 0)
				return true;
		}
	}
	return false;
}

static bool wanted(const struct order *const *keep, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (has_file(keep[i], name))
			return true;
	return false;
}

bool spool_clean(const struct agent_paths *p, const struct order *const *keep, size_t n,
		 struct err *e)
{
	AUTO(xfree) char *dir = file_join(p->state, "spool");
	DIR *d = opendir(dir);
	if (!d)
		return err_sys(e, errno, "cannot list '%s'", dir);
	struct dirent *ent;
	while ((ent = readdir(d))) {
		if (ent->d_name[0] != '.' && !wanted(keep, n, ent->d_name))
			(void)unlinkat(dirfd(d), ent->d_name, 0);
	}
	closedir(d);
	return true;
}
