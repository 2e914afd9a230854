/* SPDX-License-Identifier: Apache-2.0
 * Enrolment tokens: per office, expiring, counted. Invariant: a use is counted by
 * one conditional update inside a transaction, so a token with k uses left succeeds exactly k times
 * (A41). */
#include "auth/auth_int.h"

#define ID_CHARS 16

struct make {
	struct enrol_token t;
	const char *created_by;
	struct secret secret;
};

static bool write_new(struct sql_conn *c, void *arg, struct err *e)
{
	const struct make *m = arg;
	return sql_run(c, &SQL_ENROL_TOKEN_INSERT,
		       SQL_ARGS(sql_text(m->t.id), sql_text(m->t.office), sql_text(m->t.label),
				sql_digest(&m->secret.hash), sql_text(m->created_by),
				sql_int(m->t.created_ms), sql_int(m->t.expires_ms),
				sql_int(m->t.max_uses)),
		       e);
}

bool auth_enrol_token_new(struct auth *a, const char *office, const char *label, int64_t ttl_s,
			  int64_t max_uses, const char *created_by, char secret_out[static 64],
			  struct enrol_token *out, struct err *e)
{
	struct make m = { .created_by = created_by ? created_by : "" };
	if (!text_check(office, sizeof(m.t.office) - 1, "office", e) ||
	    !text_check(label, sizeof(m.t.label) - 1, "label", e) ||
	    !text_check(created_by, 100, "creator", e))
		return false;
	if (ttl_s < 60 || ttl_s > 31536000)
		return err_set(e, ERR_INVALID, "an enrolment token must last 60 s to 365 days");
	if (max_uses < 1 || max_uses > 1000000)
		return err_set(e, ERR_INVALID, "an enrolment token must allow 1 to 1000000 uses");
	random_id(m.t.id, ID_CHARS / 2);
	secret_new(&m.secret);
	snprintf(m.t.office, sizeof(m.t.office), "%s", office ? office : "");
	snprintf(m.t.label, sizeof(m.t.label), "%s", label ? label : "");
	m.t.created_ms = clock_now_ms(a->clock);
	m.t.expires_ms = m.t.created_ms + ttl_s * 1000;
	m.t.max_uses = max_uses;
	if (!sql_write(a->db, write_new, &m, e))
		return false;
	memcpy(secret_out, m.secret.text, sizeof(m.secret.text));
	*out = m.t;
	return true;
}

static struct enrol_token read_row(struct sql_rows *r)
{
	struct enrol_token t = { .created_ms = sql_col_int(r, 3),
				 .expires_ms = sql_col_int(r, 4),
				 .max_uses = sql_col_int(r, 5),
				 .uses = sql_col_int(r, 6),
				 .revoked = sql_col_bool(r, 7) };
	col_copy(r, 0, t.id, sizeof(t.id));
	col_copy(r, 1, t.office, sizeof(t.office));
	col_copy(r, 2, t.label, sizeof(t.label));
	return t;
}

bool auth_enrol_token_list(struct auth *a, const struct sql_page *page, struct arena *mem,
			   struct enrol_token **out, size_t *n_out, int64_t *total_out,
			   struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(a->db, e);
	struct enrol_token *list = arena_array(mem, struct enrol_token, page->limit + 1);
	struct sql_rows *r;
	size_t n = 0;
	if (!c || !sql_int_of(c, &SQL_ENROL_TOKEN_TOTAL, SQL_NO_ARGS, total_out, e) ||
	    !sql_page_query(c, page, &SQL_ENROL_TOKEN_PAGE, &SQL_ENROL_TOKEN_PAGE_NEWER,
			    SQL_NO_ARGS, &r, e))
		return false;
	while (n < page->limit && sql_next(r))
		list[n++] = read_row(r);
	if (!sql_rows_end(r, e))
		return false;
	sql_page_order(page, list, sizeof(*list), n);
	*out = list;
	*n_out = n;
	return true;
}

static bool write_revoke(struct sql_conn *c, void *arg, struct err *e)
{
	const char *id = arg;
	int64_t n;
	if (!sql_change(c, &SQL_ENROL_TOKEN_REVOKE, SQL_ARGS(sql_text(id)), &n, e))
		return false;
	return n == 1 || err_set(e, ERR_NOT_FOUND, "there is no enrolment token '%s'", id);
}

bool auth_enrol_token_revoke(struct auth *a, const char *id, struct err *e)
{
	char copy[ID_CHARS + 1];
	if (!id || strlen(id) != ID_CHARS)
		return err_set(e, ERR_NOT_FOUND, "there is no such enrolment token");
	memcpy(copy, id, sizeof(copy));
	return sql_write(a->db, write_revoke, copy, e);
}

struct use {
	char id[ID_CHARS + 1];
	struct sha256 hash;
	int64_t now_ms;
	struct enrol_token t;
	const char *code; /* why not */
};

static bool no(struct use *u, const char *code, struct err *e)
{
	u->code = code;
	return err_set(e, ERR_UNAUTHENTICATED, "enrolment token is %s",
		       strcmp(code, "token_expired") == 0   ? "expired"
		       : strcmp(code, "token_used_up") == 0 ? "used up"
							    : "unknown or revoked");
}

/* The token and whether its secret fits; a wrong secret and a wrong id are the same. */
static bool find(struct sql_conn *c, struct use *u, bool *known_out, struct err *e)
{
	struct sql_rows *r;
	if (!sql_query(c, &SQL_ENROL_TOKEN_GET, SQL_ARGS(sql_text(u->id)), &r, e))
		return false;
	struct str given = { (const char *)u->hash.b, sizeof(u->hash.b) };
	bool known = sql_next(r) && digest_equal_bytes(sql_col_str(r, 8), given);
	if (known)
		u->t = read_row(r);
	*known_out = known && !u->t.revoked;
	return sql_rows_end(r, e);
}

static bool write_use(struct sql_conn *c, void *arg, struct err *e)
{
	struct use *u = arg;
	bool known;
	int64_t uses;
	u->code = NULL;
	if (!find(c, u, &known, e))
		return false;
	if (!known)
		return no(u, "token_unknown", e);
	if (u->now_ms >= u->t.expires_ms)
		return no(u, "token_expired", e);
	if (!sql_int_of(c, &SQL_ENROL_TOKEN_USE, SQL_ARGS(sql_text(u->id), sql_int(u->now_ms)),
			&uses, e))
		return false;
	if (uses == 0)
		return no(u, "token_used_up", e);
	u->t.uses = uses;
	return true;
}

bool auth_enrol_token_use(struct auth *a, const char *id_dot_secret, struct enrol_token *out,
			  const char **code_out, struct err *e)
{
	struct use u = { .now_ms = clock_now_ms(a->clock) };
	struct str s = id_dot_secret ? str_of(id_dot_secret) : STR_LIT("");
	bool form = s.n == ID_CHARS + 1 + SECRET_CHARS && s.p[ID_CHARS] == '.';
	for (int i = 0; form && i < ID_CHARS; i++)
		form = (s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f');
	if (!form) {
		*code_out = "token_unknown";
		return no(&u, "token_unknown", e);
	}
	memcpy(u.id, s.p, ID_CHARS);
	u.hash = digest_of((struct str) { s.p + ID_CHARS + 1, SECRET_CHARS });
	if (!sql_write(a->db, write_use, &u, e)) {
		if (u.code)
			*code_out = u.code;
		return false;
	}
	*out = u.t;
	return true;
}
