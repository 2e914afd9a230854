/* SPDX-License-Identifier: Apache-2.0
 * Who may do what: users, sessions, API tokens, the one-time set-up token, enrolment tokens, throttling.
 * Secrets are stored hashed; answers and work are the same for a wrong user and a wrong password. */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H
#include "base/clock.h"
#include "base/err.h"
#include "sql/sql.h"

/** features.md S-15. A route names exactly one; the zero value is not a permission. */
enum permission {
	PERM_UNDECLARED = 0,
	PERM_PUBLIC, /**< no authentication: at most six routes, all in src/api/public.c */
	PERM_SELF,   /**< any signed-in user, own data only */
	PERM_VIEW,
	PERM_DEPLOY,
	PERM_SCAN,
	PERM_SYNC,
	PERM_AGENTS,   /**< enrolment tokens, retire */
	PERM_SETTINGS,
	PERM_USERS,
	PERM_AUDIT,
	PERMISSIONS_
};
enum role { ROLE_ADMINISTRATOR, ROLE_TECHNICIAN, ROLE_AUDITOR, ROLE_GUEST, ROLES_ };
const char *role_name(enum role r);
bool role_may(enum role r, enum permission p);

struct auth;
bool auth_open(struct sql *db, const struct clock *clock, struct auth **out, struct err *e) MUST_CHECK;
void auth_close(struct auth *a);
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
/** A new one-time set-up token (replaces any earlier one; stored hashed, valid 24 h). 43 characters. */
bool auth_setup_token(struct auth *a, char out[static 64], struct err *e) MUST_CHECK;
/** Creates the first administrator. ERR_CONFLICT when one exists, ERR_DENIED on a wrong or old token. */
bool auth_setup(struct auth *a, const char *token, const char *name, struct str password, const char *email,
		const char *language, const char *timezone, struct err *e) MUST_CHECK;

/** Checks name and password and opens a session: *cookie_out holds 256 bits base64url. Throttled per
 *  account and per address with growing delay, never locked for good: ERR_UNAVAILABLE with
 *  *retry_after_s_out. Wrong: ERR_UNAUTHENTICATED, one text for all causes. */
bool auth_sign_in(struct auth *a, const char *name, struct str password, const char *address,
		  char cookie_out[static 64], struct principal *who_out, int64_t *retry_after_s_out, struct err *e) MUST_CHECK;
bool auth_session(struct auth *a, const char *cookie, struct principal *who_out, struct err *e) MUST_CHECK;
bool auth_sign_out(struct auth *a, const char *cookie, struct err *e) MUST_CHECK;
bool auth_set_preferences(struct auth *a, const char *user_id, const char *language, const char *timezone, const char *theme, struct err *e) MUST_CHECK;
/** Changes the password and ends all other sessions. Password policy: 12..256 bytes, not the name. */
bool auth_set_password(struct auth *a, const char *user_id, struct str old_password, struct str new_password, struct err *e) MUST_CHECK;

/** API tokens ("tsa1.<id>.<secret>") for the CLI and programs. */
bool auth_token_new(struct auth *a, const char *user_id, const char *label, int64_t expires_ms, char out[static 128], struct err *e) MUST_CHECK;
bool auth_token_check(struct auth *a, const char *token, struct principal *who_out, struct err *e) MUST_CHECK;
bool auth_token_revoke(struct auth *a, const char *user_id, const char *token_id, struct err *e) MUST_CHECK;

/** Enrolment tokens: per office, expiring, use-counted, secret stored hashed. */
struct enrol_token {
	char id[17];
	char office[33];
	char label[101];
	int64_t created_ms, expires_ms;
	int64_t max_uses, uses;
	bool revoked;
};
bool auth_enrol_token_new(struct auth *a, const char *office, const char *label, int64_t ttl_s, int64_t max_uses,
			  const char *created_by, char secret_out[static 64], struct enrol_token *out, struct err *e) MUST_CHECK;
bool auth_enrol_token_list(struct auth *a, struct enrol_token **out, size_t *n_out, struct err *e) MUST_CHECK;
bool auth_enrol_token_revoke(struct auth *a, const char *id, struct err *e) MUST_CHECK;
/** Uses one: counts it in the same transaction, so N parallel uses of a token with k left succeed k
 *  times. ERR_UNAUTHENTICATED; *code_out is "token_unknown", "token_expired" or "token_used_up". */
bool auth_enrol_token_use(struct auth *a, const char *id_dot_secret, struct enrol_token *out, const char **code_out, struct err *e) MUST_CHECK;

/** Appends to the audit log (hash-chained rows). `detail` is JSON or NULL. */
bool auth_audit(struct auth *a, const char *actor, const char *address, const char *action, const char *object, const char *detail, struct err *e) MUST_CHECK;
#endif
