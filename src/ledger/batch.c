/* SPDX-License-Identifier: Apache-2.0
 * Rows on their way into the ledger. Invariants: a batch is complete before its transaction, so
 * that writing it may be run again; it holds copies, never the memory of others. Names get their
 * numbers inside the transaction, after those that other servers have given: the counter's row,
 * which every batch changes, makes one wait for the other. */
#include "ledger/ledger_int.h"
#include "ledger/queries.h"

#define NO_PLACE UINT32_MAX

/* Subjects, patches and hosts are places in `names` until they are written. */
struct change {
	uint32_t patch;
	uint8_t event;
};
struct row {
	bool sweep;
	uint32_t subject; /* host of an entry, patch of a sweep */
	uint8_t event;	  /* of a sweep */
	uint32_t ref;	  /* in refs */
	size_t first, n;  /* in changes or hosts */
};

struct ledger_batch {
	struct ledger *l;
	int64_t at_ms;
	struct intern *refs;
	uint32_t ref;
	VEC(struct row) rows;
	VEC(struct change) changes;
	VEC(uint32_t) hosts;
	VEC(uint32_t) places; /* of the fleet's hosts in `names`, by host number; NO_PLACE = none */
	struct intern *names;
	uint32_t *numbers;	/* of `names`, in the transaction that runs */
	uint32_t learned_at;	/* the first of `learned` */
	struct intern *learned; /* names this transaction read or gave, by ascending number */
};

struct ledger_batch *ledger_batch_new(struct ledger *l)
{
	struct ledger_batch *b = xcalloc(1, sizeof(*b));
	b->l = l;
	b->at_ms = clock_now_ms(&l->clock);
	b->refs = intern_new();
	b->names = intern_new();
	b->ref = intern_add(b->refs, STR_LIT(""));
	return b;
}

void ledger_batch_ref(struct ledger_batch *b, const char *ref)
{
	b->ref = intern_add(b->refs, str_of(ref));
}

static uint32_t number(struct ledger_batch *b, struct str name)
{
	return intern_add(b->names, name);
}

void ledger_batch_host(struct ledger_batch *b, struct str host)
{
	VEC_PUSH(&b->rows,
		 ((struct row) {
			 .subject = number(b, host), .ref = b->ref, .first = b->changes.n }));
}

void ledger_batch_change(struct ledger_batch *b, struct str patch, enum ledger_event event)
{
	struct row *r = &b->rows.p[b->rows.n - 1];
	ASSERT(b->rows.n && !r->sweep);
	VEC_PUSH(&b->changes, ((struct change) { number(b, patch), (uint8_t)event }));
	r->n++;
}

void ledger_batch_sweep(struct ledger_batch *b, struct str patch, enum ledger_event event)
{
	VEC_PUSH(&b->rows, ((struct row) { .sweep = true,
					   .subject = number(b, patch),
					   .event = (uint8_t)event,
					   .ref = b->ref,
					   .first = b->hosts.n }));
}

void ledger_batch_swept(struct ledger_batch *b, struct str host)
{
	struct row *r = &b->rows.p[b->rows.n - 1];
	ASSERT(b->rows.n && r->sweep);
	VEC_PUSH(&b->hosts, number(b, host));
	r->n++;
}

void ledger_batch_swept_host(struct ledger_batch *b, const struct host *h)
{
	while (b->places.n <= h->no)
		VEC_PUSH(&b->places, NO_PLACE);
	uint32_t *place = &b->places.p[h->no];
	if (*place == NO_PLACE)
		*place = number(b, str_of(h->id));
	VEC_PUSH(&b->hosts, *place);
	b->rows.p[b->rows.n - 1].n++;
}

size_t ledger_batch_swept_hosts(const struct ledger_batch *b)
{
	return b->hosts.n;
}

bool ledger_batch_empty(const struct ledger_batch *b)
{
	for (size_t i = 0; i < b->rows.n; i++)
		if (b->rows.p[i].n || b->rows.p[i].sweep)
			return false;
	return true;
}

void ledger_batch_done(struct ledger_batch *b, bool committed)
{
	if (!b)
		return;
	for (uint32_t i = 0; committed && b->learned && i < intern_count(b->learned); i++)
		ledger_learn(b->l, b->learned_at + i, intern_get(b->learned, i));
	VEC_DONE(&b->rows);
	VEC_DONE(&b->changes);
	VEC_DONE(&b->hosts);
	VEC_DONE(&b->places);
	xfree(b->numbers);
	intern_free(b->names);
	intern_free(b->learned);
	intern_free(b->refs);
	xfree(b);
}

/* --- inside the transaction --- */

static bool put_entry(struct sql_conn *c, const struct ledger_batch *b, const struct row *r,
		      int64_t seq, struct err *e)
{
	AUTO(buf_done) struct buf coded = BUF_INIT(64u << 20);
	for (size_t i = 0; i < r->n; i++) {
		const struct change *k = &b->changes.p[r->first + i];
		varint_put(&coded, b->numbers[k->patch]);
		buf_addc(&coded, (char)k->event);
	}
	if (!buf_ok(&coded, "a ledger entry", e) ||
	    !sql_run(c, &SQL_LEDGER_ENTRY_PUT,
		     SQL_ARGS(sql_int(seq), sql_int(b->at_ms), sql_int(b->numbers[r->subject]),
			      sql_str(intern_get(b->refs, r->ref)), sql_blob(buf_str(&coded))),
		     e))
		return false;
	for (size_t i = 0; i < r->n; i++)
		if (!sql_run(c, &SQL_LEDGER_CHANGE_PUT,
			     SQL_ARGS(sql_int(b->numbers[b->changes.p[r->first + i].patch]),
				      sql_int(seq)),
			     e))
			return false;
	return true;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

static bool put_sweep(struct sql_conn *c, const struct ledger_batch *b, const struct row *r,
		      int64_t seq, struct err *e)
{
	AUTO(buf_done) struct buf coded = BUF_INIT(64u << 20);
	AUTO(xfree) uint32_t *hosts = xmalloc((r->n + 1) * sizeof(*hosts));
	bool ascending = true;
	for (size_t i = 0; i < r->n; i++) {
		hosts[i] = b->numbers[b->hosts.p[r->first + i]];
		ascending = ascending && (i == 0 || hosts[i] > hosts[i - 1]);
	}
	if (!ascending)
		qsort(hosts, r->n, sizeof(*hosts), by_number);
	for (size_t i = 0; i < r->n; i++)
		varint_put(&coded, hosts[i] - (i ? hosts[i - 1] : 0));
	return buf_ok(&coded, "a ledger sweep", e) &&
	       sql_run(c, &SQL_LEDGER_SWEEP_PUT,
		       SQL_ARGS(sql_int(seq), sql_int(b->at_ms), sql_int(b->numbers[r->subject]),
				sql_int(r->event), sql_str(intern_get(b->refs, r->ref)),
				sql_int((int64_t)r->n), sql_blob(buf_str(&coded))),
		       e);
}

/* What the database has beyond the numbers known here; a number nobody stored is a hole. */
static bool learn_tail(struct sql_conn *c, struct ledger_batch *b, struct err *e)
{
	struct sql_rows *rows;
	if (!sql_query(c, &SQL_LEDGER_NAMES_FROM, SQL_ARGS(sql_int(b->learned_at)), &rows, e))
		return false;
	while (sql_next(rows)) {
		while (b->learned_at + intern_count(b->learned) < sql_col_int(rows, 0))
			ledger_hole(b->learned, b->learned_at + intern_count(b->learned));
		intern_add(b->learned, sql_col_str(rows, 1));
	}
	return sql_rows_end(rows, e);
}

static bool give_number(struct sql_conn *c, struct ledger_batch *b, uint32_t i, struct err *e)
{
	struct str name = intern_get(b->names, i);
	uint32_t at = intern_find(b->learned, name);
	bool fresh = at == INTERN_NONE;
	if (fresh)
		at = intern_add(b->learned, name);
	b->numbers[i] = b->learned_at + at;
	return !fresh ||
	       sql_run(c, &SQL_LEDGER_NAME_PUT, SQL_ARGS(sql_int(b->numbers[i]), sql_str(name)), e);
}

/* Numbers for all names of the batch, in this transaction. */
static bool number_names(struct sql_conn *c, struct ledger_batch *b, struct err *e)
{
	uint32_t n = intern_count(b->names), unknown = 0;
	xfree(b->numbers);
	intern_free(b->learned);
	b->numbers = xmalloc((n + 1) * sizeof(*b->numbers));
	b->learned = intern_new();
	b->learned_at = ledger_names_known(b->l);
	for (uint32_t i = 0; i < n; i++) {
		b->numbers[i] = ledger_name_find(b->l, intern_get(b->names, i));
		unknown += b->numbers[i] == INTERN_NONE;
	}
	if (!unknown)
		return true;
	if (!learn_tail(c, b, e))
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (b->numbers[i] == INTERN_NONE && !give_number(c, b, i, e))
			return false;
	return true;
}

bool ledger_batch_write(struct sql_conn *c, struct ledger_batch *b, struct err *e)
{
	if (ledger_batch_empty(b))
		return true;
	struct sql_rows *rows;
	int64_t seq = 0;
	if (!sql_query(c, &SQL_LEDGER_TAKE, SQL_ARGS(sql_int((int64_t)b->rows.n)), &rows, e))
		return false;
	if (sql_next(rows))
		seq = sql_col_int(rows, 0) - (int64_t)b->rows.n;
	if (!sql_rows_end(rows, e) || !number_names(c, b, e))
		return false;
	for (size_t i = 0; i < b->rows.n; i++) {
		const struct row *r = &b->rows.p[i];
		seq++;
		if (r->sweep ? !put_sweep(c, b, r, seq, e)
			     : r->n > 0 && !put_entry(c, b, r, seq, e))
			return err_prefix(e, "history not written");
	}
	return true;
}
