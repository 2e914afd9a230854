/* SPDX-License-Identifier: Apache-2.0
 * See move.h. Invariants: a row is in memory at a time, never a table; what is committed was read
 * back from the target and has the same number of rows and the same digest, table by table. The
 * digest of a table is the sum of its rows' SHA-256, so neither side has to sort. */
#include "sql/move.h"

#include "crypto/digest.h"
#include "sql/migrate.h"
#include "sql/sql_int.h"

#define TELL_EVERY 2000
#define COLUMNS_MAX 64

struct sum {
	int64_t rows;
	struct sha256 digest;
};
struct side {
	const struct sql_whole *whole;
	struct sql_conn *c;
	const char *what; /* "source" */
};
struct move {
	const struct sql_move_watch *watch;
	struct side from, to;
	struct sql_moved done;
};

static void side_done(struct side *s)
{
	if (s->c)
		s->whole->give(s->c);
	s->c = NULL;
}

static void move_done(struct move *m)
{
	side_done(&m->from);
	side_done(&m->to);
}
AUTO_DEFINE_VALUE(struct move, move_done)

static bool take(struct side *s, struct sql *db, const char *what, bool write, struct err *e)
{
	s->whole = db->driver->whole;
	s->what = what;
	s->c = s->whole->take(db, write, e);
	return s->c || err_prefix(e, "%s", what);
}

/* A database of this program's version, from here on in one state. */
static bool begin_source(struct side *s, struct err *e)
{
	int64_t n = 0;
	if (!s->whole->tables(s->c, "schema_migration", &n, e))
		return err_prefix(e, "%s", s->what);
	if (!n)
		return err_set(e, ERR_CONFLICT, "%s holds no data of this product", s->what);
	return (migrate_same(s->c, e) && s->whole->begin(s->c, false, e)) ||
	       err_prefix(e, "%s", s->what);
}

static bool begin_target(struct side *s, struct err *e)
{
	int64_t n = 0;
	if (!s->whole->begin(s->c, true, e) || !s->whole->tables(s->c, "", &n, e))
		return err_prefix(e, "%s", s->what);
	if (n)
		return err_set(
			e, ERR_CONFLICT,
			"%s is not empty: it holds %lld tables; name an empty database (one that "
			"a finished move filled is complete: 'tsukuroi db compare')",
			s->what, (long long)n);
	if (!migrate_fresh(s->c, e))
		return err_prefix(e, "%s", s->what);
	for (int i = sql_tables_count - 1; i >= 0; i--) /* rows that migrations made */
		if (!sql_run(s->c, &sql_tables[i].clear, SQL_NO_ARGS, e))
			return err_prefix(e, "%s", s->what);
	return true;
}

/* --- one row --- */

static bool allowed(const struct sql_column *col, enum sql_type stored, const struct sql_val *v)
{
	if (stored == SQL_T_NULL || stored == col->type)
		return true;
	return col->type == SQL_T_BOOL && stored == SQL_T_INT && (v->i == 0 || v->i == 1);
}

static bool read_row(const struct side *s, struct sql_rows *r, const struct sql_table *t,
		     struct sql_val *row, struct err *e)
{
	for (int i = 0; i < t->n; i++) {
		const struct sql_column *col = &t->columns[i];
		enum sql_type stored = s->whole->col_type(r, i);
		struct sql_val *v = &row[i];
		*v = (struct sql_val) { .type = stored == SQL_T_NULL ? SQL_T_NULL : col->type };
		switch (v->type) {
		case SQL_T_NULL: break;
		case SQL_T_INT:
		case SQL_T_BOOL: v->i = sql_col_int(r, i); break;
		case SQL_T_REAL: v->r = sql_col_real(r, i); break;
		case SQL_T_TEXT:
		case SQL_T_BLOB: v->s = sql_col_str(r, i); break;
		}
		if (!allowed(col, stored, v))
			return err_set(e, ERR_INVALID,
				       "a value in column '%s' is of another type than "
				       "the column",
				       col->name);
		if (v->type == SQL_T_TEXT && !sql_text_ok(v->s))
			return err_set(e, ERR_INVALID, "a value in column '%s' is not UTF-8 text",
				       col->name);
		if (col->small && (v->i < INT32_MIN || v->i > INT32_MAX))
			return err_set(e, ERR_INVALID,
				       "%lld in column '%s' does not fit into 32 bits",
				       (long long)v->i, col->name);
	}
	return true;
}

static void add_number(struct digest *d, uint8_t kind, uint64_t x)
{
	uint8_t raw[9] = { kind };
	for (int i = 0; i < 8; i++)
		raw[i + 1] = (uint8_t)(x >> (8 * i));
	digest_add(d, raw, sizeof(raw));
}

/* Each value with its type and, where it varies, its length: no two rows look alike. */
static struct sha256 row_digest(const struct sql_val *row, int n)
{
	AUTO(digest_free) struct digest *d = digest_new();
	for (int i = 0; i < n; i++) {
		const struct sql_val *v = &row[i];
		uint64_t bits = (uint64_t)v->i;
		if (v->type == SQL_T_REAL)
			memcpy(&bits, &v->r, sizeof(bits));
		if (v->type == SQL_T_TEXT || v->type == SQL_T_BLOB)
			bits = v->s.n;
		add_number(d, (uint8_t)v->type, bits);
		if (v->s.n)
			digest_add(d, v->s.p, v->s.n);
	}
	return digest_end(d);
}

static void sum_add(struct sum *sum, const struct sha256 *row)
{
	unsigned carry = 0;
	for (size_t i = 0; i < sizeof(row->b); i++) {
		carry += (unsigned)sum->digest.b[i] + row->b[i];
		sum->digest.b[i] = (uint8_t)carry;
		carry >>= 8;
	}
	sum->rows++;
}

/* --- one table --- */

static void tell(const struct move *m, enum sql_move_step step, const struct sql_table *t,
		 const struct sum *sum, bool end)
{
	char hex[SHA256_HEX];
	struct sql_move_at at = { step, t->name, sum->rows,
				  end ? digest_hex(&sum->digest, hex) : NULL };
	if (m->watch->at)
		m->watch->at(m->watch->arg, &at);
}

/* Reads a table of `s` to its end; every row goes to `to`, unless that is NULL. */
static bool pass(struct move *m, const struct side *s, const struct side *to,
		 const struct sql_table *t, struct sum *out, struct err *e)
{
	struct sql_val row[COLUMNS_MAX];
	struct sum sum = { 0 };
	enum sql_move_step step = to ? SQL_MOVE_COPY : SQL_MOVE_CHECK;
	ASSERT(t->n <= COLUMNS_MAX);
	tell(m, step, t, &sum, false);
	struct sql_rows *r = s->whole->read(s->c, t, e);
	if (!r)
		return false;
	r->conn = s->c;
	s->c->open_rows++;
	bool ok = true;
	while (ok && sql_next(r)) {
		ok = read_row(s, r, t, row, e) && (!to || to->whole->put(to->c, t, row, e));
		if (!ok)
			break;
		struct sha256 d = row_digest(row, t->n);
		sum_add(&sum, &d);
		for (int i = 0; to && i < t->n; i++)
			m->done.bytes += (int64_t)row[i].s.n + 8;
		if (sum.rows % TELL_EVERY == 0)
			tell(m, step, t, &sum, false);
	}
	struct err ending;
	if (!sql_rows_end(r, ok ? e : &ending) || !ok)
		return false;
	tell(m, step, t, &sum, true);
	*out = sum;
	return true;
}

static bool equal(const struct sql_table *t, const struct sum *a, const struct sum *b,
		  const char *what, struct err *e)
{
	if (a->rows == b->rows && digest_eq(&a->digest, &b->digest))
		return true;
	return err_set(e, ERR_CONFLICT,
		       "table '%s' differs: %lld rows in the %s, %lld in the other%s", t->name,
		       (long long)a->rows, what, (long long)b->rows,
		       a->rows == b->rows ? ", with other content" : "");
}

static bool copy_table(struct move *m, const struct sql_table *t, struct sum *sum, struct err *e)
{
	const struct side *to = &m->to;
	if (!to->whole->put_begin(to->c, t, e) || !pass(m, &m->from, to, t, sum, e) ||
	    !to->whole->put_end(to->c, e))
		return err_prefix(e, "table '%s'", t->name);
	return true;
}

static bool check_table(struct move *m, const struct sql_table *t, const struct sum *want,
			struct err *e)
{
	struct sum got;
	if (!pass(m, &m->to, NULL, t, &got, e))
		return err_prefix(e, "table '%s'", t->name);
	m->done.tables++;
	m->done.rows += got.rows;
	return equal(t, want, &got, m->from.what, e);
}

static bool move_tables(struct move *m, struct sum *sums, struct err *e)
{
	for (int i = 0; i < sql_tables_count; i++)
		if (!copy_table(m, &sql_tables[i], &sums[i], e))
			return false;
	for (int i = 0; i < sql_tables_count; i++)
		if (!check_table(m, &sql_tables[i], &sums[i], e))
			return err_prefix(e, "what was copied is not kept");
	return true;
}

/* --- the contract --- */

bool sql_move(struct sql *from, struct sql *to, const struct sql_move_watch *watch,
	      struct sql_moved *out, struct err *e)
{
	AUTO(move_done) struct move m = { .watch = watch };
	if (!take(&m.from, from, "the source", false, e) ||
	    !take(&m.to, to, "the target", true, e) || !begin_source(&m.from, e) ||
	    !begin_target(&m.to, e))
		return false;
	struct sum *sums = xcalloc((size_t)sql_tables_count, sizeof(*sums));
	bool ok = move_tables(&m, sums, e);
	xfree(sums);
	if (!ok)
		return false;
	if (!m.to.whole->commit(m.to.c, e))
		return err_prefix(e, "the target");
	*out = m.done;
	return true;
}

bool sql_compare(struct sql *a, struct sql *b, const struct sql_move_watch *watch,
		 struct sql_moved *out, struct err *e)
{
	AUTO(move_done) struct move m = { .watch = watch };
	if (!take(&m.from, a, "the first database", false, e) ||
	    !take(&m.to, b, "the second database", false, e) || !begin_source(&m.from, e) ||
	    !begin_source(&m.to, e))
		return false;
	for (int i = 0; i < sql_tables_count; i++) {
		const struct sql_table *t = &sql_tables[i];
		struct sum one;
		if (!pass(&m, &m.from, NULL, t, &one, e))
			return err_prefix(e, "%s: table '%s'", m.from.what, t->name);
		if (!check_table(&m, t, &one, e))
			return false;
	}
	*out = m.done;
	return true;
}
