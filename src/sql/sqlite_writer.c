/* SPDX-License-Identifier: Apache-2.0
 * SQLite's one writer: a thread that gathers waiting write functions into one transaction, each in
 * a savepoint of its own, and commits them together. Invariants: a caller hears "done" only after
 * the commit that holds its change returned; a function that fails takes back only its own
 * savepoint; when the transaction is lost, everybody in it is told the cause. */
#include "sql/sqlite_int.h"

#include <stdatomic.h>

#define BATCH_MAX 512

struct job { /* on the caller's stack, which waits */
	sql_write_fn fn;
	void *arg;
	struct err *e;
	bool ok, done;
	pthread_cond_t finished;
	struct job *next;
};
struct lite_writer {
	struct sql *db;
	struct lite_conn *c; /* NULL after it could not be opened again */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct job *first, **last;
	bool stop;
	_Atomic int64_t commits;
};

/* The transaction is lost: those of [from, to) who thought they were done hear why. */
static void fail_all(struct job *from, const struct job *to, const struct err *why)
{
	for (struct job *j = from; j != to; j = j->next) {
		if (j->ok) {
			*j->e = *why;
			j->ok = false;
		}
	}
}

/* Runs one function in its savepoint. False when the whole transaction was lost. */
static bool run_one(struct lite_conn *c, struct job *j)
{
	if (!lite_exec(c, "savepoint job", j->e))
		return false;
	j->ok = sql_call(&c->base, j->fn, j->arg, j->e);
	if (sqlite3_get_autocommit(c->h)) { /* the engine rolled everything back (full, I/O) */
		if (j->ok)
			err_set(j->e, ERR_IO, "the database gave the transaction up");
		j->ok = false;
		return false;
	}
	struct err why;
	if (lite_exec(c, j->ok ? "release job" : "rollback to job; release job", &why))
		return true;
	*j->e = why;
	j->ok = false;
	return false;
}

static void roll_back(struct lite_conn *c)
{
	struct err
		ignored; /* nothing to roll back is fine; anything else shows at the next begin */
	if (!sqlite3_get_autocommit(c->h) && !lite_exec(c, "rollback", &ignored))
		c->base.broken = true;
}

/* A connection that could not even roll back is replaced. */
static bool connected(struct lite_writer *w, struct err *e)
{
	if (w->c && w->c->base.broken) {
		lite_disconnect(&w->c->base);
		w->c = NULL;
	}
	if (!w->c)
		w->c = (struct lite_conn *)lite_connect(w->db, true, e);
	return w->c;
}

/* One transaction from `j` on; returns the first job that was not in it (NULL: none left). */
static struct job *transaction(struct lite_writer *w, struct job *from)
{
	struct err why;
	if (!connected(w, from->e) || !lite_exec(w->c, "begin immediate", from->e))
		return from->next;
	for (struct job *j = from; j; j = j->next) {
		if (run_one(w->c, j))
			continue;
		why = *j->e;
		roll_back(w->c);
		fail_all(from, j, &why);
		return j->next;
	}
	if (lite_exec(w->c, "commit", &why)) {
		w->commits++;
		return NULL;
	}
	roll_back(w->c);
	err_prefix(&why, "cannot commit");
	fail_all(from, NULL, &why);
	return NULL;
}

/* Cuts at most BATCH_MAX waiting jobs off the queue. */
static struct job *take_batch(struct lite_writer *w)
{
	struct job *batch = w->first, **end = &w->first;
	for (int n = 0; n < BATCH_MAX && *end; n++)
		end = &(*end)->next;
	w->first = *end;
	*end = NULL;
	if (!w->first)
		w->last = &w->first;
	return batch;
}

static void *writer_main(void *arg)
{
	struct lite_writer *w = arg;
	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (!w->first && !w->stop)
			pthread_cond_wait(&w->work, &w->lock);
		if (!w->first)
			break;
		struct job *batch = take_batch(w);
		pthread_mutex_unlock(&w->lock);
		for (struct job *j = batch; j;)
			j = transaction(w, j);
		pthread_mutex_lock(&w->lock);
		while (batch) { /* once the lock is free a finished job's stack is gone */
			struct job *j = batch;
			batch = j->next;
			j->done = true;
			pthread_cond_signal(&j->finished);
		}
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

bool lite_write(struct sql *db, sql_write_fn fn, void *arg, struct err *e)
{
	struct lite_writer *w = ((struct lite *)db->engine)->writer;
	struct job j = { .fn = fn, .arg = arg, .e = e };
	pthread_cond_init(&j.finished, NULL);
	pthread_mutex_lock(&w->lock);
	ASSERT(!w->stop);
	*w->last = &j;
	w->last = &j.next;
	pthread_cond_signal(&w->work);
	while (!j.done)
		pthread_cond_wait(&j.finished, &w->lock);
	pthread_mutex_unlock(&w->lock);
	pthread_cond_destroy(&j.finished);
	return j.ok;
}

bool lite_writer_start(struct sql *db, struct err *e)
{
	struct sql_conn *c = lite_connect(db, true, e);
	if (!c)
		return false;
	struct lite_writer *w = xcalloc(1, sizeof(*w));
	w->db = db;
	w->c = (struct lite_conn *)c;
	w->last = &w->first;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->work, NULL);
	int rc = pthread_create(&w->thread, NULL, writer_main, w);
	if (rc != 0) {
		lite_disconnect(c);
		xfree(w);
		return err_sys(e, rc, "cannot start the database writer");
	}
	((struct lite *)db->engine)->writer = w;
	return true;
}

void lite_writer_stop(struct lite_writer *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	lite_disconnect((struct sql_conn *)w->c);
	pthread_cond_destroy(&w->work);
	pthread_mutex_destroy(&w->lock);
	xfree(w);
}

int64_t sqlite_commits(struct sql *db)
{
	return ((struct lite *)db->engine)->writer->commits;
}
