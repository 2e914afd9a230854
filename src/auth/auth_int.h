/* SPDX-License-Identifier: Apache-2.0
 * Inside the auth room: the object, secrets and names, users as stored. */
#ifndef AUTH_AUTH_INT_H
#define AUTH_AUTH_INT_H
#include "auth/auth.h"
#include "auth/queries.h"
#include "auth/session_cache.h"
#include "auth/throttle.h"
#include "crypto/digest.h"
#include "crypto/password.h"
#include "sql/notify.h"

#include <stdatomic.h>

struct auth {
	struct sql *db;
	const struct clock *clock;
	struct throttle *throttle;
	struct session_cache *cache;
	_Atomic bool set_up; /* an administrator exists; never goes back */
};

#define SECRET_CHARS 43 /* 256 bits in base64url */
struct secret {
	char text[SECRET_CHARS + 1];
	struct sha256 hash; /* what is stored */
};
void secret_new(struct secret *out);
/** `bytes` random bytes (at most 16) as hex. */
void random_id(char *out, int bytes);
static inline struct sql_val sql_digest(const struct sha256 *d)
{
	return sql_blob((struct str) { (const char *)d->b, sizeof(d->b) });
}
/** Copies a column into a fixed array, cut at its size. */
void col_copy(struct sql_rows *r, int col, char *out, size_t size);

#define NAME_MAX_BYTES 63
/** What user names are compared by: ASCII letters in lower case. ERR_INVALID unless 1..63 bytes of
 *  UTF-8 without control characters or blanks at the ends. */
bool name_key(const char *name, char out[static NAME_MAX_BYTES + 1], struct err *e) MUST_CHECK;
/** UTF-8 without control characters, at most `max` bytes; `what` names it. NULL counts as "". */
bool text_check(const char *s, size_t max, const char *what, struct err *e) MUST_CHECK;
/** 12..256 bytes and not the name (ASCII case ignored). */
bool password_policy(struct str password, const char *key, struct err *e) MUST_CHECK;
bool preferences_check(const char *language, const char *timezone, const char *theme, struct err *e)
	MUST_CHECK;

struct user_row {
	struct principal who; /* without csrf and by_token */
	char key[NAME_MAX_BYTES + 1];
	char hash[PASSWORD_HASH_MAX];
	bool disabled;
};
/** `q` is SQL_USER_BY_KEY or SQL_USER_BY_ID. */
bool user_read(struct sql_conn *c, const struct sql_stmt *q, const char *arg, struct user_row *out,
	       bool *found_out, struct err *e) MUST_CHECK;
/** Columns id, name, role, language, timezone, theme from `col` on. ERR_CORRUPT on an unknown role.
 */
bool principal_read(struct sql_rows *r, int col, struct principal *out, struct err *e) MUST_CHECK;

struct new_user {
	char id[33];
	const char *name, *email, *language, *timezone;
	char key[NAME_MAX_BYTES + 1];
	char hash[PASSWORD_HASH_MAX];
	enum role role;
	int64_t now_ms;
};
/** Everything but the insert: checks and the (slow) hash, outside the database. */
bool new_user_prepare(struct new_user *u, struct str password, struct err *e) MUST_CHECK;
bool new_user_insert(struct sql_conn *c, const struct new_user *u, struct err *e) MUST_CHECK;

struct audit_entry {
	const char *actor, *address, *action, *object, *detail;
	int64_t at_ms;
};
/** Inside a write function: appends to the chain. */
bool audit_append(struct sql_conn *c, const struct audit_entry *a, struct err *e) MUST_CHECK;
#endif
