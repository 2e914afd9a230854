/* SPDX-License-Identifier: Apache-2.0
 * Users: reading, making, changing. Invariants: names are unique without regard to ASCII case; one
 * enabled administrator is always left; a change of role, state or password ends the user's
 * sessions before it returns (A36). Passwords are hashed outside transactions. */
#include "auth/auth_int.h"

#include "base/utf8.h"

bool principal_read(struct sql_rows *r, int col, struct principal *out, struct err *e)
{
	*out = (struct principal) { 0 };
	col_copy(r, col, out->user_id, sizeof(out->user_id));
	col_copy(r, col + 1, out->name, sizeof(out->name));
	col_copy(r, col + 3, out->language, sizeof(out->language));
	col_copy(r, col + 4, out->timezone, sizeof(out->timezone));
	col_copy(r, col + 5, out->theme, sizeof(out->theme));
	return role_parse(sql_col_str(r, col + 2), &out->role) ||
	       err_set(e, ERR_CORRUPT, "user '%s' has an unknown role", out->name);
}

bool user_read(struct sql_conn *c, const struct sql_stmt *q, const char *arg, struct user_row *out,
	       bool *found_out, struct err *e)
{
	struct sql_rows *r;
	if (!sql_query(c, q, SQL_ARGS(sql_text(arg)), &r, e))
		return false;
	struct user_row u = { 0 };
	bool found = sql_next(r), good = true;
	if (found) {
		struct str role = sql_col_str(r, 4);
		col_copy(r, 0, u.who.user_id, sizeof(u.who.user_id));
		col_copy(r, 1, u.who.name, sizeof(u.who.name));
		col_copy(r, 2, u.key, sizeof(u.key));
		col_copy(r, 3, u.hash, sizeof(u.hash));
		good = role_parse(role, &u.who.role);
		col_copy(r, 5, u.who.language, sizeof(u.who.language));
		col_copy(r, 6, u.who.timezone, sizeof(u.who.timezone));
		col_copy(r, 7, u.who.theme, sizeof(u.who.theme));
		u.disabled = sql_col_bool(r, 8);
	}
	if (!sql_rows_end(r, e))
		return false;
	if (!good)
		return err_set(e, ERR_CORRUPT, "user '%s' has an unknown role", u.who.name);
	*out = u;
	*found_out = found;
	return true;
}

static bool is_word(const char *s, const char *const *words)
{
	for (; *words; words++) {
		if (strcmp(s, *words) == 0)
			return true;
	}
	return false;
}

bool preferences_check(const char *language, const char *timezone, const char *theme, struct err *e)
{
	static const char *const languages[] = { "ja", "en", NULL };
	static const char *const themes[] = { "system", "light", "dark", NULL };
	if (language && !is_word(language, languages))
		return err_set(e, ERR_INVALID, "language must be 'ja' or 'en'");
	if (theme && !is_word(theme, themes))
		return err_set(e, ERR_INVALID, "theme must be 'system', 'light' or 'dark'");
	bool good = true;
	for (size_t i = 0; timezone && timezone[i]; i++) {
		char c = timezone[i];
		good = good && i < 63 &&
		       ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') || (i > 0 && strchr("/_+-", c)));
	}
	return good || err_set(e, ERR_INVALID, "time zone must be a name such as 'Asia/Tokyo'");
}

bool new_user_prepare(struct new_user *u, struct str password, struct err *e)
{
	if (!name_key(u->name, u->key, e) || !password_policy(password, u->key, e) ||
	    !text_check(u->email, 254, "e-mail address", e) ||
	    !preferences_check(u->language, u->timezone, NULL, e) ||
	    !password_hash(password, u->hash, e))
		return false;
	random_id(u->id, 16);
	return true;
}

bool new_user_insert(struct sql_conn *c, const struct new_user *u, struct err *e)
{
	if (sql_run(c, &SQL_USER_INSERT,
		    SQL_ARGS(sql_text(u->id), sql_text(u->name), sql_text(u->key),
			     sql_text(u->hash), sql_text(u->email ? u->email : ""),
			     sql_text(role_name(u->role)),
			     sql_text(u->language ? u->language : "ja"),
			     sql_text(u->timezone ? u->timezone : ""), sql_int(u->now_ms)),
		    e))
		return true;
	return e && e->code == ERR_CONFLICT
		       ? err_set(e, ERR_CONFLICT, "there is a user '%s' already", u->name)
		       : false;
}

static bool write_new_user(struct sql_conn *c, void *arg, struct err *e)
{
	return new_user_insert(c, arg, e);
}

bool auth_user_new(struct auth *a, const char *name, struct str password, const char *email,
		   enum role role, char id_out[static 33], struct err *e)
{
	struct new_user u = {
		.name = name, .email = email, .role = role, .now_ms = clock_now_ms(a->clock)
	};
	if (!new_user_prepare(&u, password, e) || !sql_write(a->db, write_new_user, &u, e))
		return false;
	memcpy(id_out, u.id, sizeof(u.id));
	return true;
}

bool auth_user_list(struct auth *a, struct arena *mem, struct user **out, size_t *n_out,
		    struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(a->db, e);
	struct sql_rows *r;
	if (!c || !sql_query(c, &SQL_USER_LIST, SQL_NO_ARGS, &r, e))
		return false;
	struct user *list = NULL;
	size_t n = 0, cap = 0;
	bool good = true;
	while (good && sql_next(r)) {
		if (n == cap) {
			struct user *bigger = arena_array(mem, struct user,
							  cap = cap ? cap * 2 : 16);
			if (n)
				memcpy(bigger, list, n * sizeof(*list));
			list = bigger;
		}
		struct user *u = &list[n++];
		col_copy(r, 0, u->id, sizeof(u->id));
		col_copy(r, 1, u->name, sizeof(u->name));
		col_copy(r, 2, u->email, sizeof(u->email));
		good = role_parse(sql_col_str(r, 3), &u->role);
		u->disabled = sql_col_bool(r, 4);
		u->created_ms = sql_col_int(r, 5);
	}
	if (!sql_rows_end(r, e))
		return false;
	if (!good)
		return err_set(e, ERR_CORRUPT, "user '%s' has an unknown role", list[n - 1].name);
	*out = list;
	*n_out = n;
	return true;
}

/* What a write function below changes about one user. */
struct change {
	const char *user_id;
	enum role role;
	bool disabled;
	const char *name, *key;		 /* rename */
	const char *old_hash, *new_hash; /* password */
	const struct sha256 *keep;	 /* the session that goes on */
	const char *language, *timezone, *theme;
	int64_t now_ms;
};

static bool change_one(struct sql_conn *c, const struct sql_stmt *q, const struct sql_val *args,
		       int nargs, const char *user_id, struct err *e)
{
	int64_t n;
	if (!sql_change(c, q, args, nargs, &n, e))
		return false;
	return n == 1 || err_set(e, ERR_NOT_FOUND, "there is no user '%s'", user_id);
}

static bool end_sessions(struct sql_conn *c, const struct change *ch, struct err *e)
{
	static const struct sha256 none;
	return sql_run(c, &SQL_SESSION_REMOVE_OF_USER,
		       SQL_ARGS(sql_text(ch->user_id), sql_digest(ch->keep ? ch->keep : &none)), e);
}

static bool write_role(struct sql_conn *c, void *arg, struct err *e)
{
	const struct change *ch = arg;
	int64_t left;
	if (!change_one(c, &SQL_USER_SET_ROLE,
			SQL_ARGS(sql_text(ch->user_id), sql_text(role_name(ch->role)),
				 sql_bool(ch->disabled), sql_int(ch->now_ms)),
			ch->user_id, e) ||
	    !sql_int_of(c, &SQL_USER_ADMINISTRATORS_ENABLED, SQL_NO_ARGS, &left, e))
		return false;
	if (left == 0)
		return err_set(
			e, ERR_CONFLICT,
			"no administrator would be left; make somebody else administrator first");
	return end_sessions(c, ch, e) && sql_announce(c, AUTH_SAYS_USER, str_of(ch->user_id), e);
}

bool auth_user_change(struct auth *a, const char *user_id, enum role role, bool disabled,
		      struct err *e)
{
	struct change ch = { .user_id = user_id,
			     .role = role,
			     .disabled = disabled,
			     .now_ms = clock_now_ms(a->clock) };
	if (!sql_write(a->db, write_role, &ch, e))
		return false;
	session_cache_drop_user(a->cache, user_id);
	return true;
}

static bool write_name(struct sql_conn *c, void *arg, struct err *e)
{
	const struct change *ch = arg;
	if (change_one(c, &SQL_USER_SET_NAME,
		       SQL_ARGS(sql_text(ch->user_id), sql_text(ch->name), sql_text(ch->key),
				sql_int(ch->now_ms)),
		       ch->user_id, e))
		return sql_announce(c, AUTH_SAYS_USER, str_of(ch->user_id), e);
	return e && e->code == ERR_CONFLICT
		       ? err_set(e, ERR_CONFLICT, "there is a user '%s' already", ch->name)
		       : false;
}

bool auth_user_rename(struct auth *a, const char *user_id, const char *name, struct err *e)
{
	char key[NAME_MAX_BYTES + 1];
	struct change ch = {
		.user_id = user_id, .name = name, .key = key, .now_ms = clock_now_ms(a->clock)
	};
	if (!name_key(name, key, e) || !sql_write(a->db, write_name, &ch, e))
		return false;
	session_cache_drop_user(a->cache, user_id); /* they show the old name */
	return true;
}

static bool write_preferences(struct sql_conn *c, void *arg, struct err *e)
{
	const struct change *ch = arg;
	return change_one(c, &SQL_USER_SET_PREFERENCES,
			  SQL_ARGS(sql_text(ch->user_id), sql_text(ch->language),
				   sql_text(ch->timezone), sql_text(ch->theme),
				   sql_int(ch->now_ms)),
			  ch->user_id, e) &&
	       sql_announce(c, AUTH_SAYS_USER, str_of(ch->user_id), e);
}

bool auth_set_preferences(struct auth *a, const char *user_id, const char *language,
			  const char *timezone, const char *theme, struct err *e)
{
	struct change ch = { .user_id = user_id,
			     .language = language,
			     .timezone = timezone,
			     .theme = theme,
			     .now_ms = clock_now_ms(a->clock) };
	if (!preferences_check(language, timezone, theme, e) ||
	    !sql_write(a->db, write_preferences, &ch, e))
		return false;
	session_cache_drop_user(a->cache, user_id);
	return true;
}

static bool write_password(struct sql_conn *c, void *arg, struct err *e)
{
	const struct change *ch = arg;
	int64_t n;
	if (!sql_change(c, &SQL_USER_SET_PASSWORD,
			SQL_ARGS(sql_text(ch->user_id), sql_text(ch->new_hash), sql_int(ch->now_ms),
				 sql_text(ch->old_hash)),
			&n, e))
		return false;
	if (n != 1) /* between our reading and writing */
		return err_set(e, ERR_CONFLICT,
			       "the password was changed by somebody else meanwhile");
	return end_sessions(c, ch, e) && sql_announce(c, AUTH_SAYS_USER, str_of(ch->user_id), e);
}

/* The old password must match; guesses through a stolen session are delayed like any others. */
static bool check_old(struct auth *a, const struct user_row *u, struct str old_password,
		      struct err *e)
{
	int64_t wait = throttle_enter(a->throttle, u->key, u->who.user_id, clock_now_ms(a->clock));
	if (wait > 0)
		return err_set(e, ERR_UNAVAILABLE, "too many wrong passwords; try again in %lld s",
			       (long long)wait);
	if (!password_matches(u->hash, old_password))
		return err_set(e, ERR_DENIED, "the present password is wrong");
	throttle_succeeded(a->throttle, u->key, u->who.user_id);
	return true;
}

static bool read_by_id(struct auth *a, const char *user_id, struct user_row *out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(a->db, e);
	bool found;
	if (!c || !user_read(c, &SQL_USER_BY_ID, user_id, out, &found, e))
		return false;
	return found || err_set(e, ERR_NOT_FOUND, "there is no user '%s'", user_id);
}

bool auth_change_password(struct auth *a, const char *user_id, const char *keep_cookie,
			  struct str old_password, struct str new_password, struct err *e)
{
	struct user_row u;
	char hash[PASSWORD_HASH_MAX];
	if (!read_by_id(a, user_id, &u, e) || !password_policy(new_password, u.key, e) ||
	    !check_old(a, &u, old_password, e) || !password_hash(new_password, hash, e))
		return false;
	struct sha256 keep = keep_cookie ? digest_of(str_of(keep_cookie)) : (struct sha256) { 0 };
	struct change ch = { .user_id = user_id,
			     .old_hash = u.hash,
			     .new_hash = hash,
			     .keep = &keep,
			     .now_ms = clock_now_ms(a->clock) };
	if (!sql_write(a->db, write_password, &ch, e))
		return false;
	session_cache_drop_user(a->cache, user_id);
	return true;
}

bool auth_set_password(struct auth *a, const char *user_id, struct str old_password,
		       struct str new_password, struct err *e)
{
	return auth_change_password(a, user_id, NULL, old_password, new_password, e);
}
