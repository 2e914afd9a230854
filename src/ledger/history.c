/* SPDX-License-Identifier: Apache-2.0
 * Reading history: entries and sweeps, each newest first, merged by their sequence. A system's
 * sweeps are found by looking through the latest sweeps, which are few; a page looks at a bounded
 * number of them and says where the next one goes on. */
#include "ledger/ledger_int.h"
#include "ledger/queries.h"
#include "sql/notify.h"

#include <stdlib.h>

#define SWEEPS_LOOKED_AT 5000

struct gathering {
	struct ledger *l;
	uint32_t host, patch; /* INTERN_NONE = any */
	VEC(struct ledger_item) items;
	struct arena *a;
};

static void add(struct gathering *g, int64_t seq, int64_t at_ms, uint32_t event, const char *host,
		uint32_t patch, uint32_t hosts, uint32_t index, struct str ref)
{
	VEC_PUSH(&g->items, ((struct ledger_item) { .seq = seq,
						    .at_ms = at_ms,
						    .event = (enum ledger_event)event,
						    .host = host,
						    .patch = ledger_name_get(g->l, patch),
						    .hosts = hosts,
						    .index = index,
						    .ref = arena_str(g->a, ref).p }));
}

static void add_entry(struct gathering *g, struct sql_rows *rows)
{
	struct str coded = sql_col_str(rows, 4);
	uint32_t patch, index = 0;
	while (coded.n > 0 && varint_take(&coded, &patch) && coded.n > 0) {
		uint32_t event = (uint8_t)coded.p[0];
		coded.p++;
		coded.n--;
		if (g->patch == INTERN_NONE || g->patch == patch)
			add(g, sql_col_int(rows, 0), sql_col_int(rows, 1), event,
			    ledger_name_get(g->l, (uint32_t)sql_col_int(rows, 2)), patch, 1,
			    index++, sql_col_str(rows, 3));
	}
}

/* The sum of the next eight steps when each has one byte; UINT32_MAX when not. */
static uint32_t eight_steps(struct str coded)
{
	uint64_t w;
	if (coded.n < sizeof(w))
		return UINT32_MAX;
	memcpy(&w, coded.p, sizeof(w));
	if (w & 0x8080808080808080ull)
		return UINT32_MAX;
	w = (w & 0x00ff00ff00ff00ffull) + (w >> 8 & 0x00ff00ff00ff00ffull);
	return (uint32_t)(w * 0x0001000100010001ull >> 48);
}

/* Whether the host is among a sweep's, which are ascending. Most sweeps are of many hosts, one in
 * a few: most steps have one byte. */
static bool swept(struct str coded, uint32_t host)
{
	uint64_t at = 0;
	uint32_t step;
	while (coded.n > 0) {
		uint32_t eight = eight_steps(coded);
		if (at + eight < host) {
			at += eight;
			coded = (struct str) { coded.p + 8, coded.n - 8 };
			continue;
		}
		if (!varint_take(&coded, &step))
			return false;
		at += step;
		if (at >= host)
			return at == host;
	}
	return false;
}

/* The single host of a sweep, or INTERN_NONE. */
static uint32_t only_host(struct sql_rows *rows)
{
	struct str coded = sql_col_str(rows, 6);
	uint32_t host;
	return sql_col_int(rows, 5) == 1 && varint_take(&coded, &host) ? host : INTERN_NONE;
}

static void add_sweep(struct gathering *g, struct sql_rows *rows)
{
	if (g->host != INTERN_NONE && !swept(sql_col_str(rows, 6), g->host))
		return;
	uint32_t only = g->host != INTERN_NONE ? g->host : only_host(rows);
	const char *host = only != INTERN_NONE ? ledger_name_get(g->l, only) : "";
	add(g, sql_col_int(rows, 0), sql_col_int(rows, 1), (uint32_t)sql_col_int(rows, 3), host,
	    (uint32_t)sql_col_int(rows, 2), (uint32_t)sql_col_int(rows, 5), 0,
	    sql_col_str(rows, 4));
}

/* Runs one query, until it has given so many items; *last_out is the sequence of the last row that
 * was looked at when there may be more, else 0. */
static bool gather(struct gathering *g, struct sql_conn *c, const struct sql_stmt *q,
		   const struct sql_val *args, int n_args, size_t most, size_t enough,
		   void (*take)(struct gathering *g, struct sql_rows *rows), int64_t *last_out,
		   struct err *e)
{
	struct sql_rows *rows;
	size_t n = 0, before = g->items.n;
	int64_t seq = 0;
	if (!sql_query(c, q, args, n_args, &rows, e))
		return false;
	while (g->items.n - before < enough && sql_next(rows)) {
		seq = sql_col_int(rows, 0);
		n++;
		take(g, rows);
	}
	*last_out = n == most || g->items.n - before >= enough ? seq : 0;
	return sql_rows_end(rows, e);
}

static int newest_first(const void *x, const void *y)
{
	const struct ledger_item *a = x, *b = y;
	if (a->seq != b->seq)
		return a->seq < b->seq ? 1 : -1;
	return (a->index > b->index) - (a->index < b->index);
}

/* Of what was gathered, the page: rows below `floor` are not complete and wait for the next one. */
static void cut(struct gathering *g, struct ledger_place *at, size_t limit, int64_t floor,
		struct ledger_item **out, size_t *n_out, bool *more_out)
{
	size_t n = 0, i = 0;
	for (size_t k = 0; k < g->items.n; k++)
		if (g->items.p[k].seq >= floor)
			g->items.p[n++] = g->items.p[k];
	bool rest = floor > 0;
	if (n > 1)
		qsort(g->items.p, n, sizeof(*g->items.p), newest_first);
	while (i < n && g->items.p[i].seq == at->seq && g->items.p[i].index < at->skip)
		i++;
	size_t take = MIN(limit, n - i);
	*out = arena_array(g->a, struct ledger_item, take ? take : 1);
	if (take)
		memcpy(*out, g->items.p + i, take * sizeof(**out));
	*n_out = take;
	*more_out = i + take < n || rest;
	if (i + take < n) {
		const struct ledger_item *next = &g->items.p[i + take];
		*at = (struct ledger_place) { next->seq, next->index };
	} else if (rest) {
		*at = (struct ledger_place) { floor - 1, 0 };
	}
	VEC_DONE(&g->items);
}

/* The two queries of a page: entries, then sweeps, which go down to the last entry where they are
 * many (`to_entry`). */
struct lookup {
	uint32_t of; /* the host or patch; INTERN_NONE: the ledger never heard of it */
	const struct sql_stmt *entries, *sweeps;
	bool to_entry;
};

static bool page(struct gathering *g, const struct lookup *q, struct ledger_place *at, size_t limit,
		 struct ledger_item **out, size_t *n_out, bool *more_out, struct err *e)
{
	int64_t from = at->seq ? at->seq : INT64_MAX, last_entry = 0, last_sweep = 0;
	size_t most = limit + at->skip + 1;
	AUTO(sql_done) struct sql_conn *c = sql_reader(g->l->db, e);
	bool ok = c != NULL;
	if (ok && q->of != INTERN_NONE) {
		struct sql_val of[] = { sql_int(q->of), sql_int(from), sql_int((int64_t)most) };
		ok = gather(g, c, q->entries, of, ARRAY_LEN(of), most, SIZE_MAX, add_entry,
			    &last_entry, e);
		struct sql_val all[] = { sql_int(from), sql_int(last_entry),
					 sql_int(SWEEPS_LOOKED_AT) };
		ok = ok && (q->to_entry ? gather(g, c, q->sweeps, all, ARRAY_LEN(all),
						 SWEEPS_LOOKED_AT, most, add_sweep, &last_sweep, e)
					: gather(g, c, q->sweeps, of, ARRAY_LEN(of), most, SIZE_MAX,
						 add_sweep, &last_sweep, e));
	}
	cut(g, at, limit, MAX(last_entry, last_sweep), out, n_out, more_out);
	return ok;
}

/* Where several servers share the database, others give numbers too. */
static bool names_ready(struct ledger *l, struct err *e)
{
	return sql_shared(l->db) ? ledger_names_refresh(l, e) : ledger_names_read(l, e);
}

bool ledger_of_host(struct ledger *l, struct str host, struct ledger_place *at, size_t limit,
		    struct arena *a, struct ledger_item **out, size_t *n_out, bool *more_out,
		    struct err *e)
{
	if (!names_ready(l, e))
		return false;
	struct gathering g = {
		.l = l, .host = ledger_name_find(l, host), .patch = INTERN_NONE, .a = a
	};
	struct lookup q = { g.host, &SQL_LEDGER_ENTRIES_OF_HOST, &SQL_LEDGER_SWEEPS, true };
	return page(&g, &q, at, limit, out, n_out, more_out, e);
}

bool ledger_of_patch(struct ledger *l, struct str patch, struct ledger_place *at, size_t limit,
		     struct arena *a, struct ledger_item **out, size_t *n_out, bool *more_out,
		     struct err *e)
{
	if (!names_ready(l, e))
		return false;
	struct gathering g = {
		.l = l, .host = INTERN_NONE, .patch = ledger_name_find(l, patch), .a = a
	};
	struct lookup q = { g.patch, &SQL_LEDGER_ENTRIES_OF_PATCH, &SQL_LEDGER_SWEEPS_OF_PATCH,
			    false };
	return page(&g, &q, at, limit, out, n_out, more_out, e);
}

bool ledger_size(struct ledger *l, int64_t out[static 3], struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(l->db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_LEDGER_SIZE, SQL_NO_ARGS, &rows, e))
		return false;
	if (sql_next(rows))
		for (int i = 0; i < 3; i++)
			out[i] = sql_col_int(rows, i);
	return sql_rows_end(rows, e);
}
