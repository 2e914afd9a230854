/* SPDX-License-Identifier: Apache-2.0
 * The installation's settings: rows of settings.def, values in the database, cached here. A reader
 * never waits for the database; a change is visible at once everywhere in this process. A stored
 * value that no longer passes its row's rules (an upgrade narrowed them) counts as not set. Secrets
 * are sealed in the database; one that does not open there counts as not set. Thread-safe. */
#ifndef SETTINGS_SETTINGS_H
#define SETTINGS_SETTINGS_H
#include "base/arena.h"
#include "base/err.h"
#include "crypto/secret.h"
#include "sql/sql.h"

enum setting {
#define SETTING(name, key, type, def, min, max, choices, secret, help) SETTING_##name,
#include "settings/settings.def"
#undef SETTING
	SETTINGS_
};

enum setting_type {
	SETTING_T_TEXT,
	SETTING_T_INTEGER,
	SETTING_T_BOOLEAN,
	SETTING_T_CHOICE,
	SETTING_T_DURATION_S,
	SETTING_T_LIST,
	SETTING_T_TIME,	 /**< a text: "hh:mm" */
	SETTING_T_URL,	 /**< a text: empty or an absolute https:// address */
	SETTING_T_MAIL,	 /**< a text: empty or an e-mail address */
	SETTING_T_MAILS, /**< a list of e-mail addresses */
};

struct setting_info {
	const char *key;
	enum setting_type type;
	const char *def; /**< text form of the default, see struct setting_change */
	int64_t min, max;
	const char *choices;
	bool secret; /**< its value is never listed */
	const char *help;
};
const struct setting_info *setting_info(enum setting id);
/** The word of the API for a type: "text", "integer", ... A URL is a "text". */
const char *setting_type_name(enum setting_type t);
bool setting_find(struct str key, enum setting *out) MUST_CHECK;
/** ERR_INVALID, naming the key and the rule, when `value` (text form) breaks a rule of the row. */
bool setting_check(const struct setting_info *info, struct str value, struct err *e) MUST_CHECK;
/** A secret is only good for the place it was given for: when one of these changes without it, it
 * is dropped (else whoever may change settings could have it sent to a server of their own).
 * SETTINGS_ when `id` guards none. */
enum setting setting_guards(enum setting id);

/** What this room announces (sql/notify.h). */
#define SETTINGS_SAYS_CHANGED "settings"

struct settings;
/** `key` is copied; NULL: sealed values are not read (and there are none to write). Secrets that an
 * older version stored as they are get sealed. */
bool settings_open(struct sql *db, const struct secret_key *key, struct settings **out,
		   struct err *e) MUST_CHECK;
void settings_close(struct settings *s);
AUTO_DEFINE(struct settings, settings_close)

/** Value of an integer or duration. */
int64_t settings_int(struct settings *s, enum setting id);
bool settings_bool(struct settings *s, enum setting id);
/** Text form of any setting, copied into `a`. */
const char *settings_text(struct settings *s, enum setting id, struct arena *a);

/** For forms and the API: every row with its present value, in the order of settings.def. */
struct setting_value {
	const struct setting_info *info;
	const char *value; /**< text form in the arena; NULL for a secret */
	bool is_set;	   /**< differs from the default */
};
/** Version and values belong together: the version goes into settings_change(). */
int64_t settings_list(struct settings *s, struct arena *a,
		      struct setting_value out[static SETTINGS_]);

/** Text form: numbers in decimal, "true"/"false", list items separated by LF (no LF at the end). */
struct setting_change {
	enum setting id;
	bool reset; /**< back to the default; `value` is not looked at */
	struct str value;
};
/** Makes all changes or none; durable when it returns. ERR_INVALID as setting_check; ERR_CONFLICT
 * when `version` is not -1 and not the present one. The new version in *version_out (may be NULL).
 */
bool settings_change(struct settings *s, const struct setting_change *changes, size_t n,
		     int64_t version, int64_t *version_out, struct err *e) MUST_CHECK;

/** Another server may have changed some: reads them again and calls the listeners for what differs.
 */
bool settings_reload(struct settings *s, struct err *e) MUST_CHECK;

/** `fn` is called after each changed setting, on the changing thread, without a lock held. At most
 * 8 listeners, for the life of `s`. */
void settings_listen(struct settings *s, void (*fn)(void *arg, enum setting id), void *arg);
#endif
