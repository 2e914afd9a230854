/* SPDX-License-Identifier: Apache-2.0
 * The audit log: rows numbered without gaps, each holding SHA-256 over the hash before it and its
 * own content, so that changing or removing a row in the middle shows. Rows are only ever appended.
 */
#include "auth/auth_int.h"

#include "base/utf8.h"

#define DETAIL_MAX (64u << 10)
#define FIELD_MAX 1000

/* Every field with its length in front: no two rows can give the same bytes. */
static struct sha256 hash_row(const struct sha256 *prev, int64_t seq, int64_t at_ms,
			      const struct str field[5])
{
	AUTO(digest_free) struct digest *d = digest_new();
	uint64_t numbers[2] = { (uint64_t)seq, (uint64_t)at_ms };
	unsigned char be[8];
	digest_add(d, prev->b, sizeof(prev->b));
	for (int i = 0; i < 7; i++) {
		uint64_t n = i < 2 ? numbers[i] : field[i - 2].n;
		for (int k = 0; k < 8; k++)
			be[k] = (unsigned char)(n >> (56 - 8 * k));
		digest_add(d, be, sizeof(be));
		if (i >= 2)
			digest_add(d, field[i - 2].p, field[i - 2].n);
	}
	return digest_end(d);
}

static bool read_last(struct sql_conn *c, int64_t *seq_out, struct sha256 *hash_out, struct err *e)
{
	struct sql_rows *r;
	if (!sql_query(c, &SQL_AUDIT_LAST, SQL_NO_ARGS, &r, e))
		return false;
	*seq_out = 0;
	*hash_out = (struct sha256) { 0 };
	bool whole = true;
	if (sql_next(r)) {
		struct str h = sql_col_str(r, 1);
		*seq_out = sql_col_int(r, 0);
		whole = h.n == sizeof(hash_out->b);
		if (whole)
			memcpy(hash_out->b, h.p, h.n);
	}
	if (!sql_rows_end(r, e))
		return false;
	return whole ||
	       err_set(e, ERR_CORRUPT, "audit log: row %lld has no hash", (long long)*seq_out);
}

static struct str or_empty(const char *s)
{
	return s ? str_of(s) : STR_LIT("");
}

bool audit_append(struct sql_conn *c, const struct audit_entry *a, struct err *e)
{
	const struct str f[5] = { or_empty(a->actor), or_empty(a->address), or_empty(a->action),
				  or_empty(a->object), or_empty(a->detail) };
	int64_t seq;
	struct sha256 prev;
	if (!read_last(c, &seq, &prev, e))
		return false;
	seq++;
	struct sha256 hash = hash_row(&prev, seq, a->at_ms, f);
	return sql_run(c, &SQL_AUDIT_INSERT,
		       SQL_ARGS(sql_int(seq), sql_int(a->at_ms), sql_str(f[0]), sql_str(f[1]),
				sql_str(f[2]), sql_str(f[3]), sql_str(f[4]), sql_digest(&prev),
				sql_digest(&hash)),
		       e);
}

static bool write_entry(struct sql_conn *c, void *arg, struct err *e)
{
	const struct audit_entry *a = arg;
	return audit_append(c, a, e) && sql_announce(c, AUTH_SAYS_AUDIT, str_of(a->action), e);
}

bool auth_audit(struct auth *a, const char *actor, const char *address, const char *action,
		const char *object, const char *detail, struct err *e)
{
	struct audit_entry entry = {
		actor, address, action, object, detail, clock_now_ms(a->clock)
	};
	ASSERT(action && action[0]);
	const char *const fields[] = { actor, address, action, object };
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (!text_check(fields[i], FIELD_MAX, "audit field", e))
			return false;
	}
	if (detail && strlen(detail) > DETAIL_MAX)
		return err_set(e, ERR_LIMIT, "audit detail is larger than %u bytes", DETAIL_MAX);
	return sql_write(a->db, write_entry, &entry, e);
}

static const char *col_dup(struct sql_rows *r, int col, struct arena *mem)
{
	return arena_str(mem, sql_col_str(r, col)).p;
}

bool auth_audit_list(struct auth *a, int64_t before_seq, int max, struct arena *mem,
		     struct audit_row **out, size_t *n_out, struct err *e)
{
	ASSERT(max >= 1 && max <= 1000);
	AUTO(sql_done) struct sql_conn *c = sql_reader(a->db, e);
	struct sql_rows *r;
	if (!c ||
	    !sql_query(c, &SQL_AUDIT_LIST,
		       SQL_ARGS(sql_int(before_seq > 0 ? before_seq : INT64_MAX), sql_int(max)), &r,
		       e))
		return false;
	struct audit_row *rows = arena_array(mem, struct audit_row, (size_t)max);
	size_t n = 0;
	while (sql_next(r)) {
		rows[n++] = (struct audit_row) { sql_col_int(r, 0),  sql_col_int(r, 1),
						 col_dup(r, 2, mem), col_dup(r, 3, mem),
						 col_dup(r, 4, mem), col_dup(r, 5, mem),
						 col_dup(r, 6, mem) };
	}
	if (!sql_rows_end(r, e))
		return false;
	*out = rows;
	*n_out = n;
	return true;
}

/* The row in hand against what must come next. */
static bool row_fits(struct sql_rows *r, int64_t seq, struct sha256 *head)
{
	struct str f[5];
	for (int i = 0; i < 5; i++)
		f[i] = sql_col_str(r, 2 + i);
	struct sha256 hash = hash_row(head, seq, sql_col_int(r, 1), f);
	struct str prev = { (const char *)head->b, sizeof(head->b) };
	struct str own = { (const char *)hash.b, sizeof(hash.b) };
	bool fits = sql_col_int(r, 0) == seq && str_eq(sql_col_str(r, 7), prev) &&
		    str_eq(sql_col_str(r, 8), own);
	*head = hash;
	return fits;
}

/* Up to 1,000 rows after *seq; false in *more_out when there were none. */
static bool verify_some(struct sql_conn *c, int64_t *seq, struct sha256 *head, bool *more_out,
			struct err *e)
{
	struct sql_rows *r;
	if (!sql_query(c, &SQL_AUDIT_CHAIN, SQL_ARGS(sql_int(*seq)), &r, e))
		return false;
	bool fits = true;
	*more_out = false;
	while (fits && sql_next(r)) {
		*more_out = true;
		fits = row_fits(r, ++*seq, head);
	}
	if (!sql_rows_end(r, e))
		return false;
	return fits ||
	       err_set(e, ERR_CORRUPT,
		       "audit log: row %lld does not fit the chain; rows were changed or removed outside "
		       "the program",
		       (long long)*seq);
}

bool auth_audit_verify(struct auth *a, int64_t *rows_out, char head_out[static 65], struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(a->db, e);
	int64_t seq = 0;
	struct sha256 head = { 0 };
	bool more = c;
	while (more) {
		if (!verify_some(c, &seq, &head, &more, e))
			return false;
	}
	if (!c)
		return false;
	*rows_out = seq;
	digest_hex(&head, head_out);
	return true;
}
