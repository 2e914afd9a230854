/* SPDX-License-Identifier: Apache-2.0
 * Rows on their way into the ledger. Invariant: a batch is complete before its transaction, so that
 * writing it may be run again; it holds numbers, never the memory of others. */
#include "ledger/ledger_int.h"
#include "ledger/queries.h"

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
	VEC(uint32_t) fresh; /* names to be stored */
};

struct ledger_batch *ledger_batch_new(struct ledger *l)
{
	struct ledger_batch *b = xcalloc(1, sizeof(*b));
	b->l = l;
	b->at_ms = clock_now_ms(&l->clock);
	b->refs = intern_new();
	b->ref = intern_add(b->refs, STR_LIT(""));
	return b;
}

void ledger_batch_ref(struct ledger_batch *b, const char *ref)
{
	b->ref = intern_add(b->refs, str_of(ref));
}

static uint32_t number(struct ledger_batch *b, struct str name)
{
	uint32_t no = ledger_name(b->l, name);
	pthread_mutex_lock(&b->l->lock);
	bool durable = b->l->durable.p[no];
	pthread_mutex_unlock(&b->l->lock);
	if (!durable)
		VEC_PUSH(&b->fresh, no);
	return no;
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
	pthread_mutex_lock(&b->l->lock);
	for (size_t i = 0; committed && i < b->fresh.n; i++)
		b->l->durable.p[b->fresh.p[i]] = 1;
	pthread_mutex_unlock(&b->l->lock);
	VEC_DONE(&b->rows);
	VEC_DONE(&b->changes);
	VEC_DONE(&b->hosts);
	VEC_DONE(&b->fresh);
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
		varint_put(&coded, k->patch);
		buf_addc(&coded, (char)k->event);
	}
	if (!buf_ok(&coded, "a ledger entry", e) ||
	    !sql_run(c, &SQL_LEDGER_ENTRY_PUT,
		     SQL_ARGS(sql_int(seq), sql_int(b->at_ms), sql_int(r->subject),
			      sql_str(intern_get(b->refs, r->ref)), sql_blob(buf_str(&coded))),
		     e))
		return false;
	for (size_t i = 0; i < r->n; i++)
		if (!sql_run(c, &SQL_LEDGER_CHANGE_PUT,
			     SQL_ARGS(sql_int(b->changes.p[r->first + i].patch), sql_int(seq)), e))
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
	if (r->n)
		memcpy(hosts, b->hosts.p + r->first, r->n * sizeof(*hosts));
	qsort(hosts, r->n, sizeof(*hosts), by_number);
	for (size_t i = 0; i < r->n; i++)
		varint_put(&coded, hosts[i] - (i ? hosts[i - 1] : 0));
	return buf_ok(&coded, "a ledger sweep", e) &&
	       sql_run(c, &SQL_LEDGER_SWEEP_PUT,
		       SQL_ARGS(sql_int(seq), sql_int(b->at_ms), sql_int(r->subject),
				sql_int(r->event), sql_str(intern_get(b->refs, r->ref)),
				sql_int((int64_t)r->n), sql_blob(buf_str(&coded))),
		       e);
}

bool ledger_batch_write(struct sql_conn *c, const struct ledger_batch *b, struct err *e)
{
	if (ledger_batch_empty(b))
		return true;
	struct sql_rows *rows;
	int64_t seq = 0;
	if (!sql_query(c, &SQL_LEDGER_TAKE, SQL_ARGS(sql_int((int64_t)b->rows.n)), &rows, e))
		return false;
	if (sql_next(rows))
		seq = sql_col_int(rows, 0) - (int64_t)b->rows.n;
	if (!sql_rows_end(rows, e))
		return false;
	for (size_t i = 0; i < b->fresh.n; i++)
		if (!sql_run(c, &SQL_LEDGER_NAME_PUT,
			     SQL_ARGS(sql_int(b->fresh.p[i]),
				      sql_text(ledger_name_get(b->l, b->fresh.p[i]))),
			     e))
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
