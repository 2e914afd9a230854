/* SPDX-License-Identifier: Apache-2.0
 * Epochs (F29). A database that was put back to an earlier state knows less than the agents: what
 * it calls missing may have been installed since, on orders it has forgotten. So a restore begins a
 * new epoch: orders of the old one are never handed out again, and a system gets none until it has
 * delivered or confirmed its inventory once. Invariant: the marker outside the database is written
 * after the database, so it is ahead only of a database that has gone back. */
#include "deploy/deploy_int.h"
#include "deploy/queries.h"
#include "sql/notify.h"

#include <stdio.h>

struct turn {
	struct deploy_marker marker;
	bool force, restored;
};

static bool turn(struct sql_conn *c, void *arg, struct err *e)
{
	struct turn *t = arg;
	struct deploy_marker have = { 0 };
	struct sql_rows *rows;
	if (!director_ensure(c, e) || !sql_query(c, &SQL_DIRECTOR_GET, SQL_NO_ARGS, &rows, e))
		return false;
	if (sql_next(rows)) {
		have.epoch = sql_col_int(rows, 1);
		have.generation = sql_col_int(rows, 2);
	}
	if (!sql_rows_end(rows, e))
		return false;
	t->restored = t->force || t->marker.generation > have.generation ||
		      t->marker.epoch > have.epoch;
	if (t->restored)
		have.epoch = MAX(have.epoch, t->marker.epoch) + 1;
	have.generation = MAX(have.generation, t->marker.generation) + 1;
	t->marker = have;
	return sql_run(c, &SQL_DIRECTOR_TURN,
		       SQL_ARGS(sql_int(have.epoch), sql_int(have.generation)), e) &&
	       (!t->restored || sql_announce(c, DEPLOY_SAYS_EPOCH, STR_LIT(""), e));
}

bool deploy_generation(struct sql *db, bool force, struct deploy_marker *marker, bool *restored_out,
		       struct err *e)
{
	struct turn t = { .marker = *marker, .force = force };
	if (!sql_write(db, turn, &t, e))
		return err_prefix(e, "cannot count the generation of the data");
	*marker = t.marker;
	*restored_out = t.restored;
	return true;
}

/* --- which systems have said how they stand in this epoch --- */

static bool load(struct deploy *d, int64_t epoch, struct intern *into, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_HOST_EPOCH_LIST, SQL_ARGS(sql_int(epoch)), &rows, e))
		return false;
	while (sql_next(rows))
		intern_add(into, sql_col_str(rows, 0));
	return sql_rows_end(rows, e);
}

bool epoch_load(struct deploy *d, struct err *e)
{
	return load(d, (int64_t)d->epoch, d->reconciled, e);
}

bool epoch_now(struct sql_conn *c, int64_t *out, struct err *e)
{
	struct sql_rows *rows;
	if (!sql_query(c, &SQL_DIRECTOR_GET, SQL_NO_ARGS, &rows, e))
		return false;
	*out = sql_next(rows) ? sql_col_int(rows, 1) : 0;
	return sql_rows_end(rows, e);
}

bool deploy_epoch_reload(struct deploy *d, struct err *e)
{
	int64_t epoch;
	{
		AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
		if (!c || !epoch_now(c, &epoch, e))
			return err_prefix(e, "the epoch is not read again");
	}
	if ((uint64_t)epoch == d->epoch)
		return true;
	AUTO(intern_free) struct intern *fresh = intern_new();
	if (!load(d, epoch, fresh, e))
		return err_prefix(e, "the epoch is not read again");
	pthread_mutex_lock(&d->epoch_lock);
	struct intern *old = d->reconciled;
	d->reconciled = fresh;
	__atomic_store_n(&d->epoch, (uint64_t)epoch, __ATOMIC_RELEASE);
	fresh = old;
	pthread_mutex_unlock(&d->epoch_lock);
	return true;
}

/* Another server may have noted it. When the database cannot say, the host has not reported. */
static bool noted_elsewhere(struct deploy *d, const char *host)
{
	struct err ignored = { 0 };
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, &ignored);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_HOST_EPOCH_HAS,
			     SQL_ARGS(sql_text(host), sql_int((int64_t)d->epoch)), &rows, &ignored))
		return false;
	bool yes = sql_next(rows) && sql_col_int(rows, 0) > 0;
	return sql_rows_end(rows, &ignored) && yes;
}

void epoch_done(struct deploy *d)
{
	pthread_mutex_destroy(&d->epoch_lock);
	intern_free(d->reconciled);
}

bool epoch_reconciled(struct deploy *d, const char *host)
{
	if (d->epoch <= 1)
		return true; /* never restored */
	pthread_mutex_lock(&d->epoch_lock);
	bool known = intern_find(d->reconciled, str_of(host)) != INTERN_NONE;
	pthread_mutex_unlock(&d->epoch_lock);
	return known || (sql_shared(d->conf.db) && noted_elsewhere(d, host));
}

struct reconciliation {
	char host[33];
	int64_t epoch;
};

static bool reconcile(struct sql_conn *c, void *arg, struct err *e)
{
	const struct reconciliation *k = arg;
	return sql_run(c, &SQL_HOST_EPOCH_PUT, SQL_ARGS(sql_text(k->host), sql_int(k->epoch)), e);
}

bool deploy_reconciled(struct deploy *d, uint32_t host, bool *first_out, struct err *e)
{
	*first_out = false;
	if (d->epoch <= 1)
		return true;
	struct reconciliation k = { .epoch = (int64_t)d->epoch };
	deploy_host_id(d, host, k.host);
	if (epoch_reconciled(d, k.host))
		return true;
	if (!sql_write(d->conf.db, reconcile, &k, e))
		return err_prefix(e, "cannot note that a system was reconciled");
	pthread_mutex_lock(&d->epoch_lock);
	intern_add(d->reconciled, str_of(k.host));
	pthread_mutex_unlock(&d->epoch_lock);
	*first_out = true;
	return true;
}
