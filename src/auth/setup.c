/* SPDX-License-Identifier: Apache-2.0
 * The first administrator (M-030: no default account or password, A35). Invariant: the account
 * exists exactly once, made with the token shown on the server's terminal; afterwards no token
 * works. */
#include "auth/auth_int.h"

#define TOKEN_LIFE_MS (24 * 3600 * 1000LL)

bool auth_setup_needed(struct auth *a)
{
	return !a->set_up;
}

static bool refuse_when_set_up(struct sql_conn *c, struct err *e)
{
	int64_t n;
	if (!sql_int_of(c, &SQL_USER_ADMINISTRATORS, SQL_NO_ARGS, &n, e))
		return false;
	return n == 0 || err_set(e, ERR_CONFLICT, "the first administrator exists already");
}

struct put_token {
	struct secret secret;
	int64_t expires_ms;
};

static bool write_token(struct sql_conn *c, void *arg, struct err *e)
{
	const struct put_token *p = arg;
	return refuse_when_set_up(c, e) &&
	       sql_run(c, &SQL_SETUP_TOKEN_PUT,
		       SQL_ARGS(sql_digest(&p->secret.hash), sql_int(p->expires_ms)), e);
}

bool auth_setup_token(struct auth *a, char out[static 64], struct err *e)
{
	struct put_token p = { .expires_ms = clock_now_ms(a->clock) + TOKEN_LIFE_MS };
	secret_new(&p.secret);
	if (!sql_write(a->db, write_token, &p, e))
		return false;
	memcpy(out, p.secret.text, sizeof(p.secret.text));
	return true;
}

static bool check_token(struct sql_conn *c, struct str token, int64_t now_ms, struct err *e)
{
	struct sql_rows *r;
	if (!sql_query(c, &SQL_SETUP_TOKEN_GET, SQL_NO_ARGS, &r, e))
		return false;
	struct sha256 hash = digest_of(token);
	bool good = sql_next(r) && now_ms < sql_col_int(r, 1) &&
		    digest_equal_bytes(sql_col_str(r, 0),
				       (struct str) { (const char *)hash.b, sizeof(hash.b) });
	if (!sql_rows_end(r, e))
		return false;
	return good ||
	       err_set(e, ERR_DENIED,
		       "set-up token is wrong or older than a day; take the one the server printed last");
}

struct set_up {
	struct new_user user;
	const char *token;
};

static bool write_administrator(struct sql_conn *c, void *arg, struct err *e)
{
	const struct set_up *s = arg;
	struct audit_entry entry = { s->user.name, "", "setup", s->user.id, NULL, s->user.now_ms };
	return refuse_when_set_up(c, e) && check_token(c, str_of(s->token), s->user.now_ms, e) &&
	       new_user_insert(c, &s->user, e) &&
	       sql_run(c, &SQL_SETUP_TOKEN_REMOVE, SQL_NO_ARGS, e) && audit_append(c, &entry, e) &&
	       sql_announce(c, AUTH_SAYS_USER, STR_LIT(""), e);
}

/* Cheap refusal before the password is hashed; decided again inside the transaction. */
static bool check_first(struct auth *a, const char *token, int64_t now_ms, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(a->db, e);
	return c && refuse_when_set_up(c, e) && check_token(c, str_of(token), now_ms, e);
}

bool auth_setup(struct auth *a, const char *token, const char *name, struct str password,
		const char *email, const char *language, const char *timezone, struct err *e)
{
	struct set_up s = { .token = token };
	s.user = (struct new_user) { .name = name,
				     .email = email,
				     .language = language,
				     .timezone = timezone,
				     .role = ROLE_ADMINISTRATOR,
				     .now_ms = clock_now_ms(a->clock) };
	if (!check_first(a, token, s.user.now_ms, e) || !new_user_prepare(&s.user, password, e) ||
	    !sql_write(a->db, write_administrator, &s, e))
		return false;
	a->set_up = true;
	return true;
}
