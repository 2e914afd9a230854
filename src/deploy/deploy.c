/* SPDX-License-Identifier: Apache-2.0
 * Opening the room: the installation's identity (org, epoch) is made once, in the database. Holds
 * the locks that keep one order per host in
 * hand. */
#include "base/enc.h"
#include "base/random.h"
#include "deploy/auto/auto_int.h"
#include "deploy/queries.h"

#include <stdio.h>

void deploy_new_id(char out[static 33])
{
	uint8_t b[16];
	random_bytes(b, sizeof(b));
	enc_hex(b, sizeof(b), out);
}

bool director_ensure(struct sql_conn *c, struct err *e)
{
	char fresh[33];
	deploy_new_id(fresh);
	return sql_run(c, &SQL_DIRECTOR_INSERT, SQL_ARGS(sql_text(fresh)), e);
}

static bool director_make(struct sql_conn *c, void *arg UNUSED, struct err *e)
{
	return director_ensure(c, e);
}

static bool director_load(struct deploy *d, struct err *e)
{
	if (!sql_write(d->conf.db, director_make, NULL, e))
		return false;
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_DIRECTOR_GET, SQL_NO_ARGS, &rows, e))
		return false;
	if (sql_next(rows)) {
		struct str org = sql_col_str(rows, 0);
		snprintf(d->org, sizeof(d->org), "%.*s", STR_ARG(org));
		d->epoch = (uint64_t)sql_col_int(rows, 1);
	}
	return sql_rows_end(rows, e);
}

bool deploy_open(const struct deploy_conf *conf, struct deploy **out, struct err *e)
{
	AUTO(deploy_close) struct deploy *d = xcalloc(1, sizeof(*d));
	d->conf = *conf;
	pthread_mutex_init(&d->preview_lock, NULL);
	for (size_t i = 0; i < HOST_LOCKS; i++)
		pthread_mutex_init(&d->host_locks[i], NULL);
	pthread_mutex_init(&d->epoch_lock, NULL);
	pthread_mutex_init(&d->open_lock, NULL);
	pthread_mutex_init(&d->cluster_lock, NULL);
	d->cluster_woken = roaring_bitmap_create();
	d->open_hosts = roaring_bitmap_create();
	d->reconciled = intern_new();
	d->dynamics = dynamics_new();
	if (!director_load(d, e) || !epoch_load(d, e) || !declines_load(d, e) || !auto_open(d, e) ||
	    !open_hosts_load(d, e))
		return err_prefix(e, "cannot read the installation's identity");
	if (!d->org[0])
		return err_set(e, ERR_INTERNAL,
			       "the installation has no identity after making one");
	*out = TAKE(d);
	return true;
}

void deploy_close(struct deploy *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < PREVIEW_KEEP; i++)
		resolved_done(&d->previews[i].set);
	pthread_mutex_destroy(&d->preview_lock);
	declines_close(d);
	dynamics_free(d->dynamics);
	auto_close(d);
	epoch_done(d);
	roaring_bitmap_free(d->open_hosts);
	pthread_mutex_destroy(&d->open_lock);
	pthread_mutex_destroy(&d->cluster_lock);
	roaring_bitmap_free(d->cluster_woken);
	for (size_t i = 0; i < HOST_LOCKS; i++)
		pthread_mutex_destroy(&d->host_locks[i]);
	xfree(d);
}

uint64_t deploy_epoch(struct deploy *d)
{
	return d->epoch;
}

const char *deploy_org(const struct deploy *d)
{
	return d->org;
}

const char *deploy_host_id(struct deploy *d, uint32_t host, char out[static 33])
{
	struct match_view v;
	match_read(d->conf.match, &v);
	snprintf(out, 33, "%s", fleet_host(v.fleet, host)->id);
	match_read_end(&v);
	return out;
}

pthread_mutex_t *deploy_host_lock(struct deploy *d, const char *host)
{
	return &d->host_locks[str_hash(str_of(host)) % HOST_LOCKS];
}

void deploy_lock_hosts(struct deploy *d)
{
	for (size_t i = 0; i < HOST_LOCKS; i++)
		pthread_mutex_lock(&d->host_locks[i]);
}

void deploy_unlock_hosts(struct deploy *d)
{
	for (size_t i = HOST_LOCKS; i > 0; i--)
		pthread_mutex_unlock(&d->host_locks[i - 1]);
}

bool deploy_tell(struct deploy *d, const char *object, const char *action, json_t *detail,
		 struct err *e)
{
	AUTO(json_free) json_t *taken = detail;
	AUTO(buf_done) struct buf text = BUF_INIT(64u << 10);
	if (!d->conf.turned)
		return true;
	json_write(taken, &text);
	return buf_ok(&text, "what is told", e) &&
	       d->conf.turned(d->conf.arg, object, action, text.p, e);
}

int64_t deploy_backoff_ms(int64_t attempts)
{
	return 30000 * attempts * attempts;
}
