/* SPDX-License-Identifier: Apache-2.0
 * Which hosts may have an open target or order, so that a check-in of all the others (nearly every
 * one) asks the database nothing. Invariant: a host with open work is in the set; one without may
 * still be. A host is marked after the write that gave it work; it leaves the set only when a look
 * at the database found nothing and nobody was marked since that look began. Where several servers
 * share the database, others give work too: every host counts as marked. */
#include "deploy/deploy_int.h"
#include "deploy/queries.h"

bool open_hosts_load(struct deploy *d, struct err *e)
{
	struct sql_rows *rows;
	d->open_everywhere = strcmp(sql_engine(d->conf.db), "sqlite") != 0;
	if (d->open_everywhere)
		return true;
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	if (!c || !sql_query(c, &SQL_HOSTS_WITH_OPEN_WORK, SQL_NO_ARGS, &rows, e))
		return false;
	struct match_view v;
	match_read(d->conf.match, &v);
	while (sql_next(rows)) {
		const struct host *h = fleet_host_by_id(v.fleet, sql_col_str(rows, 0));
		if (h)
			roaring_bitmap_add(d->open_hosts, h->no);
	}
	match_read_end(&v);
	return sql_rows_end(rows, e);
}

void open_hosts_mark(struct deploy *d, uint32_t host)
{
	pthread_mutex_lock(&d->open_lock);
	roaring_bitmap_add(d->open_hosts, host);
	d->open_marks++;
	pthread_mutex_unlock(&d->open_lock);
}

void open_hosts_mark_id(struct deploy *d, const char *host)
{
	struct match_view v;
	match_read(d->conf.match, &v);
	const struct host *h = fleet_host_by_id(v.fleet, str_of(host));
	uint32_t no = h ? h->no : UINT32_MAX;
	match_read_end(&v);
	if (h)
		open_hosts_mark(d, no);
}

void open_hosts_mark_all(struct deploy *d, const roaring_bitmap_t *hosts)
{
	pthread_mutex_lock(&d->open_lock);
	roaring_bitmap_or_inplace(d->open_hosts, hosts);
	d->open_marks++;
	pthread_mutex_unlock(&d->open_lock);
}

bool open_hosts_maybe(struct deploy *d, uint32_t host, uint64_t *look_out)
{
	pthread_mutex_lock(&d->open_lock);
	bool maybe = d->open_everywhere || roaring_bitmap_contains(d->open_hosts, host);
	*look_out = d->open_marks;
	pthread_mutex_unlock(&d->open_lock);
	return maybe;
}

bool deploy_busy(struct deploy *d, uint32_t host)
{
	uint64_t look;
	return open_hosts_maybe(d, host, &look);
}

void open_hosts_none(struct deploy *d, uint32_t host, uint64_t look)
{
	pthread_mutex_lock(&d->open_lock);
	if (d->open_marks == look)
		roaring_bitmap_remove(d->open_hosts, host);
	pthread_mutex_unlock(&d->open_lock);
}
