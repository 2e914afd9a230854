/* SPDX-License-Identifier: Apache-2.0
 * What neighbours are told, what they say, and what is shown of it. */
#include "deploy/wol/wol.h"
#include "deploy/deploy_int.h"
#include "deploy/queries.h"

#include <stdio.h>

/* An errand that old is none any more: somebody else was asked, or its time is over. */
#define ERRAND_MS (10 * INT64_C(60000))

static void add_errands(const struct lan *own, const struct host *h, struct wol_errand *out,
			size_t *n)
{
	struct lan l;
	if (!h || !lan_parse(h->attrs.lan_json, &l, NULL))
		return;
	for (size_t i = 0; i < l.n * LAN_SUBNETS; i++) {
		const struct lan_nic *nic = &l.nics[i / LAN_SUBNETS];
		const char *subnet = nic->subnets[i % LAN_SUBNETS];
		bool shared = false;
		if (i % LAN_SUBNETS >= nic->n_subnets || *n == WOL_ERRANDS)
			continue;
		for (size_t k = 0; k < own->n; k++)
			for (size_t j = 0; j < own->nics[k].n_subnets; j++)
				shared |= strcmp(own->nics[k].subnets[j], subnet) == 0;
		if (!shared)
			continue;
		struct wol_errand *to = &out[(*n)++];
		(void)snprintf(to->system, sizeof(to->system), "%s", h->id);
		memcpy(to->mac, nic->mac, sizeof(to->mac));
		memcpy(to->subnet, subnet, SUBNET_TEXT);
		i |= LAN_SUBNETS - 1; /* one packet an interface */
	}
}

bool wol_errands(struct deploy *d, uint32_t neighbour, struct arena *a, struct wol_errand **out,
		 size_t *n_out, struct err *e)
{
	char id[33], hosts[WOL_ERRANDS][33];
	size_t n = 0;
	struct lan own = { 0 };
	*n_out = 0;
	deploy_host_id(d, neighbour, id);
	{
		AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
		struct sql_rows *rows;
		int64_t since = clock_now_ms(d->conf.clock) - ERRAND_MS;
		if (!c || !sql_query(c, &SQL_WOL_ERRANDS,
				     SQL_ARGS(sql_text(id), sql_int(since), sql_int(WOL_ERRANDS)),
				     &rows, e))
			return false;
		while (n < WOL_ERRANDS && sql_next(rows))
			(void)snprintf(hosts[n++], 33, "%.*s", STR_ARG(sql_col_str(rows, 0)));
		if (!sql_rows_end(rows, e))
			return false;
	}
	if (!n)
		return true;
	*out = arena_array(a, struct wol_errand, WOL_ERRANDS);
	AUTO(match_read_end) struct match_view v;
	match_read(d->conf.match, &v);
	if (!lan_parse(fleet_host(v.fleet, neighbour)->attrs.lan_json, &own, NULL))
		return true;
	for (size_t i = 0; i < n; i++)
		add_errands(&own, fleet_host_by_id(v.fleet, str_of(hosts[i])), *out, n_out);
	return true;
}

struct said {
	const char *sender;
	const char *const *systems;
	size_t n;
	int64_t now_ms;
};

static bool write_sent(struct sql_conn *c, void *arg, struct err *e)
{
	const struct said *k = arg;
	bool ok = true;
	for (size_t i = 0; ok && i < k->n; i++)
		ok = sql_run(
			c, &SQL_WOL_SENT,
			SQL_ARGS(sql_text(k->systems[i]), sql_text(k->sender), sql_int(k->now_ms)),
			e);
	return ok;
}

bool wol_sent(struct deploy *d, uint32_t neighbour, const char *const *systems, size_t n,
	      struct err *e)
{
	enum { MOST = 200 };
	char id[33], (*ids)[33];
	AUTO(arena_done) struct arena a = { 0 };
	struct said k = { deploy_host_id(d, neighbour, id), systems, n,
			  clock_now_ms(d->conf.clock) };
	size_t changed = 0;
	ids = (char(*)[33])arena_array(&a, char, MOST * 33);
	{
		AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
		struct sql_rows *rows;
		if (!c || !sql_query(c, &SQL_WOL_ASKED_OF, SQL_ARGS(sql_text(id), sql_int(MOST)),
				     &rows, e))
			return false;
		while (changed < MOST && sql_next(rows))
			(void)snprintf(ids[changed++], 33, "%.*s", STR_ARG(sql_col_str(rows, 0)));
		if (!sql_rows_end(rows, e))
			return false;
	}
	if (!changed)
		return true;
	if (!sql_write(d->conf.db, write_sent, &k, e))
		return false;
	for (size_t i = 0; i < changed; i++)
		d->conf.changed(d->conf.arg, ids[i]);
	return true;
}

bool wol_of(struct deploy *d, const char *deployment, const char *host, struct arena *a,
	    struct target_wol *out, struct err *e)
{
	char sender[33] = "";
	*out = (struct target_wol) { 0 };
	{
		AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
		struct sql_rows *rows;
		if (!c || !sql_query(c, &SQL_WOL_GET,
				     SQL_ARGS(sql_text(deployment), sql_text(host)), &rows, e))
			return false;
		if (sql_next(rows)) {
			out->window_ms = sql_col_int(rows, 0);
			out->state = (char *)(uintptr_t)arena_str(a, sql_col_str(rows, 1)).p;
			(void)snprintf(sender, sizeof(sender), "%.*s",
				       STR_ARG(sql_col_str(rows, 2)));
			out->at_ms = sql_col_int(rows, 3);
		}
		if (!sql_rows_end(rows, e))
			return false;
	}
	if (!sender[0])
		return true;
	AUTO(match_read_end) struct match_view v;
	match_read(d->conf.match, &v);
	const struct host *h = fleet_host_by_id(v.fleet, str_of(sender));
	out->hostname = arena_strdup(a, h && h->attrs.hostname ? h->attrs.hostname : sender);
	return true;
}
