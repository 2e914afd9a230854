/* SPDX-License-Identifier: Apache-2.0
 * Names and their numbers, pruning. A name is known here once its row is committed, by this server
 * or another one on the same database. */
#include "ledger/ledger_int.h"
#include "ledger/queries.h"

#define PRUNE_AT_ONCE 20000
#define DAY_MS (24 * 3600 * 1000LL)

static const char *const event_names[LEDGER_EVENTS_] = {
	[LEDGER_KNOWN] = "known",
	[LEDGER_MISSING] = "missing",
	[LEDGER_HINDERED] = "hindered",
	[LEDGER_INSTALLED] = "installed",
	[LEDGER_GONE] = "gone",
	[LEDGER_APPROVED] = "approved",
	[LEDGER_OFFERED] = "offered",
	[LEDGER_VERIFIED] = "verified",
	[LEDGER_FAILED] = "failed",
	[LEDGER_DECLINED] = "declined",
	[LEDGER_UNDECLINED] = "undeclined",
	[LEDGER_UNINSTALLED] = "uninstalled",
};

const char *ledger_event_name(unsigned event)
{
	return event > 0 && event < LEDGER_EVENTS_ ? event_names[event] : "unknown";
}

void varint_put(struct buf *b, uint32_t v)
{
	while (v >= 0x80) {
		buf_addc(b, (char)(v | 0x80));
		v >>= 7;
	}
	buf_addc(b, (char)v);
}

bool varint_take(struct str *s, uint32_t *out)
{
	uint64_t v = 0;
	for (size_t i = 0; i < s->n && i < 5; i++) {
		uint8_t byte = (uint8_t)s->p[i];
		v |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte & 0x80)
			continue;
		if (v > UINT32_MAX)
			return false;
		*out = (uint32_t)v;
		s->p += i + 1;
		s->n -= i + 1;
		return true;
	}
	return false;
}

uint32_t ledger_names_known(struct ledger *l)
{
	pthread_mutex_lock(&l->lock);
	uint32_t n = intern_count(l->names);
	pthread_mutex_unlock(&l->lock);
	return n;
}

void ledger_hole(struct intern *names, uint32_t no)
{
	AUTO(xfree) char *hole = xasprintf("?%u", no);
	intern_add(names, str_of(hole));
}

bool ledger_learn(struct ledger *l, uint32_t no, struct str name)
{
	pthread_mutex_lock(&l->lock);
	while (intern_count(l->names) < no)
		ledger_hole(l->names, intern_count(l->names));
	bool same = intern_count(l->names) == no ? intern_add(l->names, name) == no
						 : str_eq(intern_get(l->names, no), name);
	pthread_mutex_unlock(&l->lock);
	return same;
}

uint32_t ledger_name_find(struct ledger *l, struct str name)
{
	pthread_mutex_lock(&l->lock);
	uint32_t no = intern_find(l->names, name);
	pthread_mutex_unlock(&l->lock);
	return no;
}

const char *ledger_name_get(struct ledger *l, uint32_t no)
{
	pthread_mutex_lock(&l->lock);
	const char *name = no < intern_count(l->names) ? intern_get(l->names, no).p : "";
	pthread_mutex_unlock(&l->lock);
	return name;
}

bool ledger_names_refresh(struct ledger *l, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(l->db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_LEDGER_NAMES_FROM, SQL_ARGS(sql_int(ledger_names_known(l))),
			     &rows, e))
		return false;
	bool good = true;
	while (good && sql_next(rows))
		good = ledger_learn(l, (uint32_t)sql_col_int(rows, 0), sql_col_str(rows, 1));
	if (!sql_rows_end(rows, e))
		return false;
	l->read = l->read || good;
	return good || err_set(e, ERR_CORRUPT, "the ledger's names are not each other's like");
}

bool ledger_names_read(struct ledger *l, struct err *e)
{
	return l->read || ledger_names_refresh(l, e);
}

void ledger_follow(struct ledger *l, bool follows)
{
	if (l->follows && !follows)
		l->behind = true;
	l->follows = follows;
}

bool ledger_leads(const struct ledger *l)
{
	return !l->follows;
}

struct ledger *ledger_open(struct sql *db, const struct clock *clock)
{
	struct ledger *l = xcalloc(1, sizeof(*l));
	l->db = db;
	l->clock = *clock;
	l->names = intern_new();
	pthread_mutex_init(&l->lock, NULL);
	return l;
}

void ledger_close(struct ledger *l)
{
	if (!l)
		return;
	intern_free(l->names);
	pthread_mutex_destroy(&l->lock);
	xfree(l);
}

/* --- pruning --- */

static bool prune(struct sql_conn *c, void *arg, struct err *e)
{
	const int64_t *last = arg;
	return sql_run(c, &SQL_LEDGER_DROP_CHANGES,
		       SQL_ARGS(sql_int(*last), sql_int(PRUNE_AT_ONCE)), e) &&
	       sql_run(c, &SQL_LEDGER_DROP_ENTRIES, SQL_ARGS(sql_int(*last)), e) &&
	       sql_run(c, &SQL_LEDGER_DROP_SWEEPS, SQL_ARGS(sql_int(*last)), e);
}

bool ledger_prune(struct ledger *l, int64_t days, struct err *e)
{
	int64_t last = 0;
	{
		AUTO(sql_done) struct sql_conn *c = sql_reader(l->db, e);
		struct sql_rows *rows;
		int64_t before = clock_now_ms(&l->clock) - days * DAY_MS;
		if (!c ||
		    !sql_query(c, &SQL_LEDGER_LAST_BEFORE, SQL_ARGS(sql_int(before)), &rows, e))
			return false;
		if (sql_next(rows))
			last = sql_col_int(rows, 0);
		if (!sql_rows_end(rows, e))
			return false;
	}
	return last == 0 || sql_write(l->db, prune, &last, e) ||
	       err_prefix(e, "old history is not dropped");
}
