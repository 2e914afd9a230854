/* SPDX-License-Identifier: Apache-2.0
 * Who may do what: users, sessions, API tokens, the one-time set-up token, enrolment tokens,
 * throttling. Secrets are stored hashed; answers and work are the same for a wrong user and a wrong
 * password. */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H
#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "sql/page.h"

/** What a role may allow (S-15). A route names exactly one; the zero value is not a permission. */
enum permission {
	PERM_UNDECLARED = 0,
	PERM_PUBLIC, /**< no authentication: at most six routes, all in src/api/public.c */
	PERM_SELF,   /**< any signed-in user, own data only */
	PERM_VIEW,
	PERM_DEPLOY,
	PERM_SCAN,
	PERM_SYNC,
	PERM_AGENTS, /**< enrolment tokens, retire */
	PERM_SETTINGS,
	PERM_USERS,
	PERM_AUDIT,
	PERMISSIONS_
};
enum role { ROLE_ADMINISTRATOR, ROLE_TECHNICIAN, ROLE_AUDITOR, ROLE_GUEST, ROLES_ };
/** "administrator", "technician", "auditor", "guest": stored and shown. */
const char *role_name(enum role r);
bool role_parse(struct str name, enum role *out) MUST_CHECK;
/** "self", "view", ...: the API's words. */
const char *permission_name(enum permission p);
bool role_may(enum role r, enum permission p);

/* Audit: signing in (also failed) and the set-up are recorded here, because only this room sees
 * them; every other change is recorded by the caller with auth_audit(), who knows actor and
 * address. */

struct auth;
/** `db` and `clock` are borrowed for the life of the struct auth. Thread-safe. */
bool auth_open(struct sql *db, const struct clock *clock, struct auth **out, struct err *e)
	MUST_CHECK;
void auth_close(struct auth *a);
/** What this room announces (sql/notify.h). */
#define AUTH_SAYS_USER "user"
#define AUTH_SAYS_AUDIT "audit" /**< with the action that auth_audit() recorded */
/** Another server may have changed users or ended sessions: what is in memory is forgotten. */
bool auth_reload(struct auth *a, struct err *e) MUST_CHECK;
AUTO_DEFINE(struct auth, auth_close)

struct principal {
	char user_id[33];
	char name[64];
	enum role role;
	bool by_token; /**< bearer token (no CSRF check needed), not a cookie session */
	char language[8], timezone[64], theme[12];
	char csrf[65]; /**< what X-CSRF must hold for a cookie session */
};

/** True while no administrator exists. */
bool auth_setup_needed(struct auth *a);
/** A new one-time set-up token (replaces any earlier one; stored hashed, valid 24 h). 43
 * characters. */
bool auth_setup_token(struct auth *a, char out[static 64], struct err *e) MUST_CHECK;
/** Creates the first administrator. ERR_CONFLICT when one exists, ERR_DENIED on a wrong or old
 * token. */
bool auth_setup(struct auth *a, const char *token, const char *name, struct str password,
		const char *email, const char *language, const char *timezone, struct err *e)
	MUST_CHECK;

/** Checks name and password and opens a session: *cookie_out holds 256 bits base64url. Throttled
 * per account and per address with growing delay, never locked for good: ERR_UNAVAILABLE with
 *  *retry_after_s_out. Wrong: ERR_UNAUTHENTICATED, one text for all causes. */
bool auth_sign_in(struct auth *a, const char *name, struct str password, const char *address,
		  char cookie_out[static 64], struct principal *who_out, int64_t *retry_after_s_out,
		  struct err *e) MUST_CHECK;
bool auth_session(struct auth *a, const char *cookie, struct principal *who_out, struct err *e)
	MUST_CHECK;
bool auth_sign_out(struct auth *a, const char *cookie, struct err *e) MUST_CHECK;
bool auth_set_preferences(struct auth *a, const char *user_id, const char *language,
			  const char *timezone, const char *theme, struct err *e) MUST_CHECK;
/** Changes the password and ends all sessions. Password policy: 12..256 bytes, not the name.
 * ERR_DENIED when the old one is wrong, ERR_INVALID when the new one breaks the policy,
 * ERR_UNAVAILABLE when guessed too often. */
bool auth_set_password(struct auth *a, const char *user_id, struct str old_password,
		       struct str new_password, struct err *e) MUST_CHECK;
/** As auth_set_password, but the session `keep_cookie` (NULL = none) of that user goes on. */
bool auth_change_password(struct auth *a, const char *user_id, const char *keep_cookie,
			  struct str old_password, struct str new_password, struct err *e)
	MUST_CHECK;

/** The administrator's view of users. A user's sessions end when role, state or password change. */
struct user {
	char id[33], name[64], email[255];
	enum role role;
	bool disabled;
	int64_t created_ms;
};
/** ERR_CONFLICT when the name is taken (ASCII case is ignored). */
bool auth_user_new(struct auth *a, const char *name, struct str password, const char *email,
		   enum role role, char id_out[static 33], struct err *e) MUST_CHECK;
/** By name. `*out` is an array in `mem`. */
bool auth_user_list(struct auth *a, struct arena *mem, struct user **out, size_t *n_out,
		    struct err *e) MUST_CHECK;
/** Role and state. ERR_CONFLICT when no enabled administrator would be left. */
bool auth_user_change(struct auth *a, const char *user_id, enum role role, bool disabled,
		      struct err *e) MUST_CHECK;
/** M-051. */
bool auth_user_rename(struct auth *a, const char *user_id, const char *name, struct err *e)
	MUST_CHECK;

/** API tokens ("tsa1.<id>.<secret>") for the CLI and programs. At most 100 usable ones a user
 *  (ERR_LIMIT); `expires_ms` at most 366 days ahead. */
struct api_token {
	char id[17];
	char label[101];
	int64_t created_ms, expires_ms;
	int64_t used_ms; /**< 0 = never; exact to 5 minutes */
};
bool auth_token_new(struct auth *a, const char *user_id, const char *label, int64_t expires_ms,
		    char out[static 128], struct err *e) MUST_CHECK;
bool auth_token_check(struct auth *a, const char *token, struct principal *who_out, struct err *e)
	MUST_CHECK;
bool auth_token_revoke(struct auth *a, const char *user_id, const char *token_id, struct err *e)
	MUST_CHECK;

/** A page of the user's own, usable or expired, newest first; revoked ones are gone. *total_out of
 * all pages. */
bool auth_token_list(struct auth *a, const char *user_id, const struct sql_page *page,
		     struct arena *mem, struct api_token **out, size_t *n_out, int64_t *total_out,
		     struct err *e) MUST_CHECK;

/** Enrolment tokens: per office, expiring, use-counted, secret stored hashed. */
struct enrol_token {
	char id[17];
	char office[33];
	char label[101];
	int64_t created_ms, expires_ms;
	int64_t max_uses, uses;
	bool revoked;
};
/** `ttl_s` 60..31536000, `max_uses` 1..1000000. *secret_out is 43 characters: the wire form is
 *  "<id>.<secret>". */
bool auth_enrol_token_new(struct auth *a, const char *office, const char *label, int64_t ttl_s,
			  int64_t max_uses, const char *created_by, char secret_out[static 64],
			  struct enrol_token *out, struct err *e) MUST_CHECK;
/** A page, newest first; *total_out of all pages. */
bool auth_enrol_token_list(struct auth *a, const struct sql_page *page, struct arena *mem,
			   struct enrol_token **out, size_t *n_out, int64_t *total_out,
			   struct err *e) MUST_CHECK;
bool auth_enrol_token_revoke(struct auth *a, const char *id, struct err *e) MUST_CHECK;
/** Uses one: counts it in the same transaction, so N parallel uses of a token with k left succeed k
 *  times. ERR_UNAUTHENTICATED; *code_out is "token_unknown", "token_expired" or "token_used_up". */
bool auth_enrol_token_use(struct auth *a, const char *id_dot_secret, struct enrol_token *out,
			  const char **code_out, struct err *e) MUST_CHECK;

/** Appends to the audit log (hash-chained rows). `detail` is JSON (at most 64 KiB) or NULL. */
bool auth_audit(struct auth *a, const char *actor, const char *address, const char *action,
		const char *object, const char *detail, struct err *e) MUST_CHECK;
struct audit_row {
	int64_t seq, at_ms;
	const char *actor, *address, *action, *object, *detail; /**< "" = none */
};
/** Rows below `before_seq` (0 = from the newest), newest first, at most `max` (1..1000). */
bool auth_audit_list(struct auth *a, int64_t before_seq, int max, struct arena *mem,
		     struct audit_row **out, size_t *n_out, struct err *e) MUST_CHECK;
/** Recomputes the whole chain: how many rows, and the hash of the last one (64 hex digits; keep it
 *  elsewhere to notice rows cut off the end). ERR_CORRUPT names the first row that does not fit. */
bool auth_audit_verify(struct auth *a, int64_t *rows_out, char head_out[static 65], struct err *e)
	MUST_CHECK;
#endif
