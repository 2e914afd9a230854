/* SPDX-License-Identifier: Apache-2.0
 * API tokens "tsa1.<id>.<secret>". The secret has 256 bits, so guessing needs no throttle; it is
 * stored as SHA-256 and compared in constant time. A token may what its user may at the moment of
 * use. */
#include "auth/auth_int.h"

#define PREFIX "tsa1."
#define ID_CHARS 16
#define LIFE_MAX_MS (366LL * 24 * 3600 * 1000)
#define USABLE_MAX 100
#define TOUCH_MS (5 * 60 * 1000LL)

struct new_token {
	const char *user_id, *label;
	char id[ID_CHARS + 1];
	struct secret secret;
	int64_t now_ms, expires_ms;
};

static bool write_new(struct sql_conn *c, void *arg, struct err *e)
{
	const struct new_token *t = arg;
	int64_t usable;
	if (!sql_int_of(c, &SQL_API_TOKEN_COUNT, SQL_ARGS(sql_text(t->user_id), sql_int(t->now_ms)),
			&usable, e))
		return false;
	if (usable >= USABLE_MAX)
		return err_set(e, ERR_LIMIT, "a user may have %d API tokens; revoke one first",
			       USABLE_MAX);
	return sql_run(c, &SQL_API_TOKEN_INSERT,
		       SQL_ARGS(sql_text(t->id), sql_text(t->user_id), sql_text(t->label),
				sql_digest(&t->secret.hash), sql_int(t->now_ms),
				sql_int(t->expires_ms)),
		       e);
}

bool auth_token_new(struct auth *a, const char *user_id, const char *label, int64_t expires_ms,
		    char out[static 128], struct err *e)
{
	struct new_token t = { .user_id = user_id,
			       .label = label ? label : "",
			       .now_ms = clock_now_ms(a->clock),
			       .expires_ms = expires_ms };
	if (!text_check(label, 100, "label", e))
		return false;
	if (expires_ms <= t.now_ms || expires_ms > t.now_ms + LIFE_MAX_MS)
		return err_set(e, ERR_INVALID, "an API token must expire within 366 days");
	random_id(t.id, ID_CHARS / 2);
	secret_new(&t.secret);
	if (!sql_write(a->db, write_new, &t, e))
		return false;
	snprintf(out, 128, PREFIX "%s.%s", t.id, t.secret.text);
	return true;
}

static bool refuse(struct err *e)
{
	return err_set(e, ERR_UNAUTHENTICATED, "API token is unknown, expired or revoked");
}

/* "tsa1.<id>.<secret>" into its parts. */
static bool split(const char *token, char id[static ID_CHARS + 1], struct sha256 *hash)
{
	struct str s = token ? str_of(token) : STR_LIT("");
	size_t head = sizeof(PREFIX) - 1 + ID_CHARS;
	if (s.n != head + 1 + SECRET_CHARS || !str_starts(s, PREFIX) || s.p[head] != '.')
		return false;
	for (int i = 0; i < ID_CHARS; i++) {
		char c = s.p[sizeof(PREFIX) - 1 + i];
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
		id[i] = c;
	}
	id[ID_CHARS] = '\0';
	*hash = digest_of((struct str) { s.p + head + 1, SECRET_CHARS });
	return true;
}

struct found {
	struct principal who;
	int64_t used_ms;
	bool good; /* secret, expiry, revocation, user */
};

static bool look_up(struct auth *a, const char *id, const struct sha256 *hash, int64_t now_ms,
		    struct found *out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(a->db, e);
	struct sql_rows *r;
	if (!c || !sql_query(c, &SQL_API_TOKEN_GET, SQL_ARGS(sql_text(id)), &r, e))
		return false;
	*out = (struct found) { 0 };
	bool readable = true;
	if (sql_next(r)) {
		struct str stored = sql_col_str(r, 0),
			   given = { (const char *)hash->b, sizeof(hash->b) };
		out->good = digest_equal_bytes(stored, given) && now_ms < sql_col_int(r, 1) &&
			    !sql_col_bool(r, 2) && !sql_col_bool(r, 10);
		out->used_ms = sql_col_int(r, 3);
		readable = principal_read(r, 4, &out->who, e);
	}
	return sql_rows_end(r, e) && readable;
}

struct touch {
	const char *id;
	int64_t now_ms;
};

static bool write_touch(struct sql_conn *c, void *arg, struct err *e)
{
	const struct touch *t = arg;
	return sql_run(c, &SQL_API_TOKEN_TOUCH, SQL_ARGS(sql_text(t->id), sql_int(t->now_ms)), e);
}

bool auth_token_check(struct auth *a, const char *token, struct principal *who_out, struct err *e)
{
	char id[ID_CHARS + 1];
	struct sha256 hash;
	struct found f;
	int64_t now = clock_now_ms(a->clock);
	if (!split(token, id, &hash))
		return refuse(e);
	if (!look_up(a, id, &hash, now, &f, e))
		return false;
	if (!f.good)
		return refuse(e);
	if (now - f.used_ms >= TOUCH_MS) {
		struct err ignored; /* shown only; a full disk must not stop programs that read */
		(void)!sql_write(a->db, write_touch, &(struct touch) { id, now }, &ignored);
	}
	f.who.by_token = true;
	*who_out = f.who;
	return true;
}

struct revoke {
	const char *user_id, *token_id;
};

static bool write_revoke(struct sql_conn *c, void *arg, struct err *e)
{
	const struct revoke *v = arg;
	int64_t n;
	if (!sql_change(c, &SQL_API_TOKEN_REVOKE,
			SQL_ARGS(sql_text(v->token_id), sql_text(v->user_id)), &n, e))
		return false;
	return n == 1 || err_set(e, ERR_NOT_FOUND, "there is no API token '%s'", v->token_id);
}

bool auth_token_revoke(struct auth *a, const char *user_id, const char *token_id, struct err *e)
{
	return sql_write(a->db, write_revoke, &(struct revoke) { user_id, token_id }, e);
}

bool auth_token_list(struct auth *a, const char *user_id, const struct sql_page *page,
		     struct arena *mem, struct api_token **out, size_t *n_out, int64_t *total_out,
		     struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(a->db, e);
	struct api_token *list = arena_array(mem, struct api_token, page->limit + 1);
	struct sql_rows *r;
	size_t n = 0;
	if (!c || !sql_int_of(c, &SQL_API_TOKEN_TOTAL, SQL_ARGS(sql_text(user_id)), total_out, e) ||
	    !sql_page_query(c, page, &SQL_API_TOKEN_PAGE, &SQL_API_TOKEN_PAGE_NEWER,
			    SQL_ARGS(sql_text(user_id)), &r, e))
		return false;
	while (n < page->limit && sql_next(r)) {
		struct api_token *t = &list[n++];
		col_copy(r, 0, t->id, sizeof(t->id));
		col_copy(r, 1, t->label, sizeof(t->label));
		t->created_ms = sql_col_int(r, 2);
		t->expires_ms = sql_col_int(r, 3);
		t->used_ms = sql_col_int(r, 4);
	}
	if (!sql_rows_end(r, e))
		return false;
	sql_page_order(page, list, sizeof(*list), n);
	*out = list;
	*n_out = n;
	return true;
}
