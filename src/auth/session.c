/* SPDX-License-Identifier: Apache-2.0
 * Signing in and cookie sessions: 256 random bits, stored as SHA-256; 8 h idle, 7 days at most; a
 * new cookie at every sign-in. Invariants: a wrong name, a wrong password and a disabled user give
 * the same answer after the same work (A37); an ended session never comes back from the cache. */
#include "auth/auth_int.h"

#include "base/enc.h"
#include "base/random.h"

#define IDLE_MS (8 * 3600 * 1000LL)
#define LIFE_MS (7 * 24 * 3600 * 1000LL)
#define FLUSH_MS (5 * 60 * 1000LL)
#define SESSIONS_PER_USER 20

static bool expired(int64_t created_ms, int64_t used_ms, int64_t now_ms)
{
	return now_ms - created_ms >= LIFE_MS || now_ms - used_ms >= IDLE_MS;
}

struct start {
	const struct session *s;
	const char *address;
};

static bool write_session(struct sql_conn *c, void *arg, struct err *e)
{
	const struct start *st = arg;
	const struct session *s = st->s;
	int64_t now = s->created_ms;
	struct audit_entry entry = {
		s->who.name, st->address, "sign_in", s->who.user_id, NULL, now
	};
	return sql_run(c, &SQL_SESSION_REMOVE_OLD,
		       SQL_ARGS(sql_int(now - LIFE_MS), sql_int(now - IDLE_MS)), e) &&
	       sql_run(c, &SQL_SESSION_INSERT,
		       SQL_ARGS(sql_digest(&s->cookie), sql_text(s->who.user_id),
				sql_text(s->who.csrf), sql_text(st->address), sql_int(now)),
		       e) &&
	       sql_run(c, &SQL_SESSION_KEEP_NEWEST,
		       SQL_ARGS(sql_text(s->who.user_id), sql_int(SESSIONS_PER_USER - 1),
				sql_digest(&s->cookie)),
		       e) &&
	       audit_append(c, &entry, e);
}

static bool start_session(struct auth *a, const struct principal *who, const char *address,
			  char cookie_out[static 64], struct principal *who_out, struct err *e)
{
	struct secret cookie;
	unsigned char bits[32];
	secret_new(&cookie);
	random_bytes(bits, sizeof(bits));
	struct session s = { .cookie = cookie.hash,
			     .who = *who,
			     .created_ms = clock_now_ms(a->clock) };
	enc_hex(bits, sizeof(bits), s.who.csrf);
	if (!sql_write(a->db, write_session, &(struct start) { &s, address }, e))
		return false;
	session_cache_drop_user(a->cache, who->user_id); /* the oldest of many has ended */
	memcpy(cookie_out, cookie.text, sizeof(cookie.text));
	*who_out = s.who;
	return true;
}

static bool write_failure(struct sql_conn *c, void *arg, struct err *e)
{
	return audit_append(c, arg, e);
}

static bool refuse(struct auth *a, const char *key, const char *address, struct err *e)
{
	struct audit_entry entry = { key, address, "sign_in_failed",
				     "",  NULL,	   clock_now_ms(a->clock) };
	if (!sql_write(a->db, write_failure, &entry, e))
		return false;
	return err_set(e, ERR_UNAUTHENTICATED, "user name or password is wrong");
}

static bool find_user(struct auth *a, const char *key, struct user_row *out, bool *found_out,
		      struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(a->db, e);
	return c && user_read(c, &SQL_USER_BY_KEY, key, out, found_out, e);
}

bool auth_sign_in(struct auth *a, const char *name, struct str password, const char *address,
		  char cookie_out[static 64], struct principal *who_out, int64_t *retry_after_s_out,
		  struct err *e)
{
	char key[NAME_MAX_BYTES + 1] = "";
	struct err ignored; /* a name that cannot exist is an unknown one */
	if (!name_key(name, key, &ignored))
		key[0] = '\0';
	if (!text_check(address, 100, "address", e))
		return false;
	int64_t wait = throttle_enter(a->throttle, key, address, clock_now_ms(a->clock));
	if (wait > 0) {
		*retry_after_s_out = wait;
		return err_set(e, ERR_UNAVAILABLE, "too many failed attempts; try again in %lld s",
			       (long long)wait);
	}
	struct user_row u = { 0 };
	bool found = false;
	if (!find_user(a, key, &u, &found, e)) {
		throttle_forgive(a->throttle, key, address);
		return false;
	}
	bool matches = password_matches(found ? u.hash : NULL, password);
	if (!matches || !found || u.disabled)
		return refuse(a, key, address, e);
	throttle_succeeded(a->throttle, key, address);
	return start_session(a, &u.who, address, cookie_out, who_out, e);
}

/* From the database; false with ERR_UNAUTHENTICATED when there is none. */
static bool read_session(struct auth *a, const struct sha256 *cookie, int64_t now_ms,
			 struct session *out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(a->db, e);
	struct sql_rows *r;
	if (!c || !sql_query(c, &SQL_SESSION_GET, SQL_ARGS(sql_digest(cookie)), &r, e))
		return false;
	struct session s = { .cookie = *cookie, .read_ms = now_ms };
	bool found = sql_next(r), good = true;
	if (found) {
		good = principal_read(r, 3, &s.who, e);
		col_copy(r, 0, s.who.csrf, sizeof(s.who.csrf));
		s.created_ms = sql_col_int(r, 1);
		s.used_ms = s.flushed_ms = sql_col_int(r, 2);
		found = !sql_col_bool(r, 9) && !expired(s.created_ms, s.used_ms, now_ms);
	}
	if (!sql_rows_end(r, e) || !good)
		return false;
	if (!found)
		return err_set(e, ERR_UNAUTHENTICATED, "session has ended; sign in again");
	s.used_ms = now_ms;
	*out = s;
	return true;
}

struct touch {
	const struct sha256 *cookie;
	int64_t now_ms;
};

static bool write_touch(struct sql_conn *c, void *arg, struct err *e)
{
	const struct touch *t = arg;
	return sql_run(c, &SQL_SESSION_TOUCH, SQL_ARGS(sql_digest(t->cookie), sql_int(t->now_ms)),
		       e);
}

bool auth_session(struct auth *a, const char *cookie, struct principal *who_out, struct err *e)
{
	if (!cookie || strlen(cookie) != SECRET_CHARS)
		return err_set(e, ERR_UNAUTHENTICATED, "session has ended; sign in again");
	struct sha256 hash = digest_of(str_of(cookie));
	int64_t now = clock_now_ms(a->clock);
	uint64_t generation = session_cache_generation(a->cache);
	struct session s;
	if (!session_cache_get(a->cache, &hash, now, &s)) {
		if (!read_session(a, &hash, now, &s, e))
			return false;
		session_cache_put(a->cache, generation, &s);
	}
	if (expired(s.created_ms, s.used_ms, now))
		return err_set(e, ERR_UNAUTHENTICATED, "session has ended; sign in again");
	if (now - s.flushed_ms >= FLUSH_MS) {
		struct err ignored; /* a full disk must not sign people out; tried again in 5
				       minutes */
		session_cache_flushed(a->cache, &hash, now);
		(void)!sql_write(a->db, write_touch, &(struct touch) { &hash, now }, &ignored);
	}
	*who_out = s.who;
	return true;
}

static bool write_end(struct sql_conn *c, void *arg, struct err *e)
{
	return sql_run(c, &SQL_SESSION_REMOVE, SQL_ARGS(sql_digest(arg)), e) &&
	       sql_announce(c, AUTH_SAYS_USER, STR_LIT(""), e);
}

bool auth_sign_out(struct auth *a, const char *cookie, struct err *e)
{
	struct sha256 hash = digest_of(str_of(cookie));
	if (!sql_write(a->db, write_end, &hash, e))
		return false;
	session_cache_drop(a->cache, &hash);
	return true;
}
