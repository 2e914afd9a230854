/* SPDX-License-Identifier: Apache-2.0
 * What the fleet and match change, as rows. What was there already (installed at the first scan,
 * installed when a patch became known) is no event: only what somebody could have waited for is. */
#include "catalog/catalog.h"
#include "ledger/ledger_int.h"
#include "ledger/queries.h"

#define CATCH_UP_AT_ONCE 16000000u /* (patch, host) pairs in one transaction */

static bool lacks(enum verdict v)
{
	return v != VERDICT_NOT_APPLICABLE && v != VERDICT_INSTALLED && v != VERDICT_SUPERSEDED &&
	       v != VERDICT_UNKNOWN;
}

static unsigned event_of(enum verdict from, enum verdict to)
{
	if (to == VERDICT_MISSING)
		return from == VERDICT_MISSING ? 0 : LEDGER_MISSING;
	if (lacks(to))
		return lacks(from) && from != VERDICT_MISSING ? 0 : LEDGER_HINDERED;
	if (!lacks(from))
		return 0;
	return to == VERDICT_INSTALLED ? LEDGER_INSTALLED : LEDGER_GONE;
}

/* --- inventories --- */

static void note(void *arg, struct str patch, enum verdict from, enum verdict to)
{
	unsigned event = event_of(from, to);
	if (event)
		ledger_batch_change(arg, patch, (enum ledger_event)event);
}

static void *gather(void *arg, const struct host *h, const uint32_t *old, uint32_t n_old,
		    const uint32_t *new, uint32_t n_new)
{
	struct ledger *l = arg;
	struct ledger_batch *b = ledger_batch_new(l);
	ledger_batch_host(b, str_of(h->id));
	match_changes(l->match, old, n_old, new, n_new, note, b);
	if (!ledger_batch_empty(b))
		return b;
	ledger_batch_done(b, false);
	return NULL;
}

static bool write_gathered(struct sql_conn *c, void *gathered, struct err *e)
{
	return ledger_batch_write(c, gathered, e);
}

static void gathered_done(void *gathered, bool committed)
{
	ledger_batch_done(gathered, committed);
}

/* --- new catalogs --- */

/* Hosts whose verdict changed from and to something that is an event, one sweep an event. */
static void sweep(struct ledger_batch *b, const struct fleet *f, const struct match_adopted *p,
		  unsigned event, const roaring_bitmap_t *hosts)
{
	if (roaring_bitmap_is_empty(hosts))
		return;
	ledger_batch_sweep(b, p->patch, (enum ledger_event)event);
	roaring_uint32_iterator_t it;
	roaring_init_iterator(hosts, &it);
	for (; it.has_value; roaring_advance_uint32_iterator(&it))
		ledger_batch_swept_host(b, fleet_host(f, it.current_value));
}

static roaring_bitmap_t *union_of(const roaring_bitmap_t *const sets[static VERDICTS_],
				  bool missing)
{
	roaring_bitmap_t *r = roaring_bitmap_create();
	for (int v = 0; v < VERDICTS_; v++)
		if (sets[v] && lacks((enum verdict)v) && (v == VERDICT_MISSING) == missing)
			roaring_bitmap_or_inplace(r, sets[v]);
	return r;
}

static void adopted(struct ledger_batch *b, const struct fleet *f, const struct match_adopted *p)
{
	roaring_bitmap_t *was_missing = union_of(p->before, true),
			 *was_hindered = union_of(p->before, false),
			 *missing = union_of(p->after, true), *hindered = union_of(p->after, false);
	roaring_bitmap_t *lacked = roaring_bitmap_or(was_missing, was_hindered);
	roaring_bitmap_andnot_inplace(lacked, missing);
	roaring_bitmap_andnot_inplace(lacked, hindered); /* lacked, and does no longer */
	roaring_bitmap_t *installed = p->after[VERDICT_INSTALLED]
					      ? roaring_bitmap_and(lacked,
								   p->after[VERDICT_INSTALLED])
					      : roaring_bitmap_create();
	roaring_bitmap_andnot_inplace(lacked, installed);
	roaring_bitmap_andnot_inplace(missing, was_missing);
	roaring_bitmap_andnot_inplace(hindered, was_hindered);
	if (p->known)
		ledger_batch_sweep(b, p->patch, LEDGER_KNOWN);
	sweep(b, f, p, LEDGER_MISSING, missing);
	sweep(b, f, p, LEDGER_HINDERED, hindered);
	sweep(b, f, p, LEDGER_INSTALLED, installed);
	sweep(b, f, p, LEDGER_GONE, lacked);
	roaring_bitmap_t *all[] = {
		was_missing, was_hindered, missing, hindered, lacked, installed
	};
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		roaring_bitmap_free(all[i]);
}

static void on_patch(void *arg, const struct fleet *f, const struct match_adopted *p)
{
	struct ledger *l = arg;
	if (l->follows)
		return;
	if (!l->adoption)
		l->adoption = ledger_batch_new(l);
	adopted(l->adoption, f, p);
}

static bool write_batch(struct sql_conn *c, void *arg, struct err *e)
{
	return ledger_batch_write(c, arg, e);
}

static bool store(struct ledger *l, struct ledger_batch *b, struct err *e)
{
	bool ok = ledger_batch_empty(b) || sql_write(l->db, write_batch, b, e);
	ledger_batch_done(b, ok);
	return ok;
}

struct adoption {
	struct ledger_batch *batch; /* NULL = it changed nothing */
	const struct catalog *catalog;
};

/* The rows, and that the catalog's generations are told: a server that dies before this comes back
 * to what was told last (ledger_attach), one that dies after it does not write them again. */
static bool write_adoption(struct sql_conn *c, void *arg, struct err *e)
{
	const struct adoption *x = arg;
	return (!x->batch || ledger_batch_write(c, x->batch, e)) && catalog_tell(c, x->catalog, e);
}

static void on_done(void *arg)
{
	struct ledger *l = arg;
	struct err e = { 0 };
	if (l->follows)
		return;
	AUTO(match_read_end) struct match_view v;
	match_read(l->match, &v);
	AUTO(catalog_unref) struct catalog *c = catalog_ref((struct catalog *)v.catalog);
	struct ledger_batch *b = TAKE(l->adoption);
	struct adoption x = { b, c };
	match_read_end(&v);
	bool ok = sql_write(l->db, write_adoption, &x, &e);
	ledger_batch_done(b, ok);
	/* Not lost for good: ledger_catch_up() finds the patches that have no row yet. */
	l->behind = l->behind || !ok;
}

/* Patches the database has a row of. */
static bool read_known(struct ledger *l, struct intern *known, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(l->db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_LEDGER_SWEPT, SQL_ARGS(sql_int(LEDGER_KNOWN)), &rows, e))
		return false;
	while (sql_next(rows))
		intern_add(known, sql_col_str(rows, 0));
	return sql_rows_end(rows, e);
}

/* As many unknown patches as one batch takes; they are known then. False when none is left. */
static bool gather_unknown(struct ledger *l, struct intern *known, struct ledger_batch *b)
{
	AUTO(match_read_end) struct match_view v;
	match_read(l->match, &v);
	for (uint32_t i = 0; i < v.catalog->n_patches; i++) {
		struct match_adopted p = { .patch = v.catalog->patches[i].id, .known = true };
		if (intern_find(known, p.patch) != INTERN_NONE)
			continue;
		if (ledger_batch_swept_hosts(b) >= CATCH_UP_AT_ONCE)
			return true;
		intern_add(known, p.patch);
		for (int k = 0; k < VERDICTS_; k++)
			if (lacks((enum verdict)k))
				p.after[k] = match_hosts(&v, i, (enum verdict)k);
		adopted(b, v.fleet, &p);
	}
	return false;
}

/* Patches that no row speaks of yet: what holds of them now. In batches, since a large fleet that
 * comes without history has hundreds of millions of pairs. */
static bool catch_up(struct ledger *l, struct err *e)
{
	AUTO(intern_free) struct intern *known = intern_new();
	if (!read_known(l, known, e))
		return false;
	bool more = true, ok = true;
	while (more && ok) {
		struct ledger_batch *b = ledger_batch_new(l);
		more = gather_unknown(l, known, b);
		ok = store(l, b, e);
	}
	return ok;
}

bool ledger_attach(struct ledger *l, struct fleet *f, struct match *m, struct err *e)
{
	struct fleet_journal journal = { gather, write_gathered, gathered_done, l };
	struct match_adopter adopter = { on_patch, on_done, l };
	l->fleet = f;
	l->match = m;
	match_set_adopter(m, &adopter);
	fleet_set_journal(f, &journal);
	return l->follows || catch_up(l, e) || err_prefix(e, "the ledger does not catch up");
}

bool ledger_catch_up(struct ledger *l, struct err *e)
{
	if (!ledger_names_read(l, e))
		return err_prefix(e, "reading the ledger");
	if (!l->behind || l->follows)
		return true;
	l->behind = false;
	return catch_up(l, e);
}

void ledger_detach(struct ledger *l)
{
	if (!l || !l->match)
		return;
	fleet_set_journal(l->fleet, NULL);
	match_set_adopter(l->match, NULL);
	l->match = NULL;
	l->fleet = NULL;
}
