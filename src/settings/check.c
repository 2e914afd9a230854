/* SPDX-License-Identifier: Apache-2.0
 * The rows of settings.def and the rules of each type. Knows no database. */
#include "base/utf8.h"
#include "format/mail_address.h"
#include "settings/settings.h"

static const struct setting_info infos[SETTINGS_] = {
#define SETTING(name, key, type, def, min, max, choices, secret, help)                             \
	[SETTING_##name] = { key, SETTING_T_##type, def, min, max, choices, secret, help },
#include "settings/settings.def"
#undef SETTING
};

const struct setting_info *setting_info(enum setting id)
{
	ASSERT((unsigned)id < SETTINGS_);
	return &infos[id];
}

const char *setting_type_name(enum setting_type t)
{
	static const char *const names[] = {
		[SETTING_T_TEXT] = "text",
		[SETTING_T_INTEGER] = "integer",
		[SETTING_T_BOOLEAN] = "boolean",
		[SETTING_T_CHOICE] = "choice",
		[SETTING_T_DURATION_S] = "duration_s",
		[SETTING_T_LIST] = "list",
		[SETTING_T_TIME] = "text",
		[SETTING_T_URL] = "text",
		[SETTING_T_MAIL] = "text",
		[SETTING_T_MAILS] = "list",
	};
	return names[t];
}

bool setting_find(struct str key, enum setting *out)
{
	for (int i = 0; i < SETTINGS_; i++) {
		if (str_is(key, infos[i].key)) {
			*out = (enum setting)i;
			return true;
		}
	}
	return false;
}

static bool check_number(const struct setting_info *info, struct str value, struct err *e)
{
	int64_t n;
	if (!str_to_i64(value, &n) || n < info->min || n > info->max)
		return err_set(e, ERR_INVALID, "setting '%s' must be a number from %lld to %lld",
			       info->key, (long long)info->min, (long long)info->max);
	return true;
}

/* Text in one line: UTF-8 without control characters, its length in range. */
static bool check_line(const struct setting_info *info, struct str value, int64_t min, int64_t max,
		       struct err *e)
{
	if ((int64_t)value.n < min || (int64_t)value.n > max)
		return err_set(e, ERR_INVALID, "setting '%s' must have %lld to %lld bytes",
			       info->key, (long long)min, (long long)max);
	bool control = false;
	for (size_t i = 0; i < value.n; i++)
		control = control || (unsigned char)value.p[i] < 0x20 || value.p[i] == 0x7f;
	if (control || !utf8_valid(value))
		return err_set(e, ERR_INVALID,
			       "setting '%s' must be text without control characters", info->key);
	return true;
}

static bool check_choice(const struct setting_info *info, struct str value, struct err *e)
{
	struct str rest = str_of(info->choices), word;
	while (str_split(&rest, ' ', &word)) {
		if (value.n && str_eq(word, value))
			return true;
	}
	return err_set(e, ERR_INVALID, "setting '%s' must be one of: %s", info->key, info->choices);
}

static bool check_mail(const struct setting_info *info, struct str value, struct err *e)
{
	return mail_address_ok(value) ||
	       err_set(e, ERR_INVALID,
		       "setting '%s' must be an e-mail address such as 'patches@example.org'",
		       info->key);
}

static bool check_list(const struct setting_info *info, struct str value, struct err *e)
{
	int64_t n = 0;
	struct str item;
	if (value.n == 0)
		value.p = NULL; /* no item, where str_split would see one empty item */
	while (str_split(&value, '\n', &item)) {
		n++;
		if (!check_line(info, item, 1, 500, e) ||
		    (info->type == SETTING_T_MAILS && !check_mail(info, item, e)))
			return err_prefix(e, "item %lld", (long long)n);
	}
	if (n < info->min || n > info->max)
		return err_set(e, ERR_INVALID, "setting '%s' must have %lld to %lld items",
			       info->key, (long long)info->min, (long long)info->max);
	return true;
}

static bool check_url(const struct setting_info *info, struct str value, struct err *e)
{
	static const char https[] = "https://";
	if (!check_line(info, value, info->min, info->max, e))
		return false;
	bool blank = str_find(value, ' ') >= 0 || str_find(value, '"') >= 0 ||
		     str_find(value, '@') >= 0;
	if (value.n && (!str_starts(value, https) || value.n == sizeof(https) - 1 || blank))
		return err_set(
			e, ERR_INVALID,
			"setting '%s' must be empty or an address such as 'https://patch.example.org:8383'",
			info->key);
	return true;
}

static bool check_time(const struct setting_info *info, struct str v, struct err *e)
{
	bool ok = v.n == 5 && v.p[2] == ':';
	for (size_t i = 0; ok && i < 5; i++)
		ok = i == 2 || (v.p[i] >= '0' && v.p[i] <= '9');
	ok = ok && (v.p[0] - '0') * 10 + v.p[1] - '0' < 24 && v.p[3] < '6';
	return ok ||
	       err_set(e, ERR_INVALID, "setting '%s' must be a time such as '03:30'", info->key);
}

enum setting setting_guards(enum setting id)
{
	switch ((int)id) {
	case SETTING_MAIL_SERVER:
	case SETTING_MAIL_PORT:
	case SETTING_MAIL_SECURITY:
	case SETTING_MAIL_CA_FILE: return SETTING_MAIL_SECRET;
	default: return SETTINGS_;
	}
}

bool setting_check(const struct setting_info *info, struct str value, struct err *e)
{
	switch (info->type) {
	case SETTING_T_INTEGER:
	case SETTING_T_DURATION_S: return check_number(info, value, e);
	case SETTING_T_BOOLEAN:
		return str_is(value, "true") || str_is(value, "false") ||
		       err_set(e, ERR_INVALID, "setting '%s' must be true or false", info->key);
	case SETTING_T_CHOICE: return check_choice(info, value, e);
	case SETTING_T_MAIL: return value.n == 0 || check_mail(info, value, e);
	case SETTING_T_MAILS:
	case SETTING_T_LIST: return check_list(info, value, e);
	case SETTING_T_TIME: return check_time(info, value, e);
	case SETTING_T_URL: return check_url(info, value, e);
	case SETTING_T_TEXT: break;
	}
	return check_line(info, value, info->min, info->max, e);
}
