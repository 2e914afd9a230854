/* SPDX-License-Identifier: Apache-2.0
 * What an agent tells beside a plan, checked: types, lengths, counts, words. */
#include "proto/plan.h"

#define NAME_MAX_BYTES 200
#define PATH_MAX_BYTES 4096
#define SIZE_LIMIT (INT64_C(1) << 52)

static bool word_of(const char *word, const char *const *words)
{
	while (*words && strcmp(*words, word) != 0)
		words++;
	return *words != NULL;
}

static bool names(const json_t *j, struct err *e)
{
	json_t *list = NULL;
	if (!json_opt_array(j, "packages", PLAN_NAMES_MAX, &list, e))
		return false;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *name = json_array_get(list, i);
		if (!json_is_string(name) || json_string_length(name) > NAME_MAX_BYTES)
			return err_set(e, ERR_INVALID, "'packages' must hold names");
	}
	return true;
}

static bool config_file(const json_t *j, struct err *e)
{
	static const char *const known[] = { "package", "path", "fate", NULL };
	static const char *const fates[] = { "kept",	"replaced", "left", "saved",
					     "deleted", "unknown",  NULL };
	const char *text, *fate;
	return json_only(j, known, e) && json_need_str(j, "package", 1, NAME_MAX_BYTES, &text, e) &&
	       json_need_str(j, "path", 1, PATH_MAX_BYTES, &text, e) &&
	       json_need_str(j, "fate", 1, 20, &fate, e) &&
	       (word_of(fate, fates) || err_set(e, ERR_INVALID, "'fate' does not know '%s'", fate));
}

static bool service(const json_t *j, struct err *e)
{
	static const char *const known[] = { "unit", "packages", NULL };
	const char *text;
	return json_only(j, known, e) && json_need_str(j, "unit", 1, 300, &text, e) && names(j, e);
}

static bool each(const json_t *details, const char *key, size_t max,
		 bool (*check)(const json_t *j, struct err *e), struct err *e)
{
	json_t *list = NULL;
	if (!json_opt_array(details, key, max, &list, e))
		return false;
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!json_is_object(json_array_get(list, i)))
			return err_set(e, ERR_INVALID, "'%s' must hold objects", key);
		else if (!check(json_array_get(list, i), e))
			return false;
	return true;
}

static bool reboot(const json_t *j, struct err *e)
{
	static const char *const known[] = { "why", "packages", "running", "newest", NULL };
	static const char *const whys[] = { "none", "unknown", "kernel", "core", NULL };
	const char *text, *why;
	if (!j)
		return true;
	if (!json_is_object(j))
		return err_set(e, ERR_INVALID, "'reboot' must be an object");
	return json_only(j, known, e) && json_need_str(j, "why", 1, 20, &why, e) &&
	       (word_of(why, whys) || err_set(e, ERR_INVALID, "'why' does not know '%s'", why)) &&
	       json_opt_str(j, "running", NAME_MAX_BYTES, &text, e) &&
	       json_opt_str(j, "newest", NAME_MAX_BYTES, &text, e) && names(j, e);
}

bool plan_details_check(const json_t *details, struct err *e)
{
	static const char *const known[] = { "download",     "disk",   "free", "services",
					     "config_files", "reboot", NULL };
	int64_t n;
	if (!json_is_object(details))
		return err_set(e, ERR_INVALID, "'details' must be an object");
	return json_only(details, known, e) &&
	       json_opt_int(details, "download", 0, SIZE_LIMIT, &n, e) &&
	       json_opt_int(details, "disk", -SIZE_LIMIT, SIZE_LIMIT, &n, e) &&
	       json_opt_int(details, "free", 0, INT64_MAX, &n, e) &&
	       each(details, "config_files", PLAN_CONFIG_FILES_MAX, config_file, e) &&
	       each(details, "services", PLAN_SERVICES_MAX, service, e) &&
	       reboot(json_object_get(details, "reboot"), e);
}
