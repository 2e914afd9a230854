/* SPDX-License-Identifier: Apache-2.0
 * Words of the contract. The rooms below name their own enumerations; only what they do not name is
 * spelled here. */
#include "api/words.h"

const char *word_severity(unsigned i)
{
	return severity_name((enum severity)i);
}

const char *word_patch_type(unsigned i)
{
	return patch_type_name((enum patch_type)i);
}

const char *word_reboot(unsigned i)
{
	return reboot_need_name((enum reboot_need)i);
}

const char *word_health(unsigned i)
{
	return health_name((enum health)i);
}

const char *word_target(unsigned i)
{
	return target_state_name((enum target_state)i);
}

const char *word_lifecycle(unsigned i)
{
	return lifecycle_state_name((enum lifecycle_state)i);
}

const char *word_scan(unsigned i)
{
	static const char *const names[] = {
		[SCAN_NEVER] = "never",
		[SCAN_REQUESTED] = "requested",
		[SCAN_OK] = "ok",
		[SCAN_FAILED] = "failed",
	};
	ASSERT(i < ARRAY_LEN(names));
	return names[i];
}

const char *word_state(unsigned i)
{
	static const char *const names[] = {
		[HOST_ACTIVE] = "active",
		[HOST_RETIRED] = "retired",
		[HOST_QUARANTINED] = "quarantined",
	};
	ASSERT(i < ARRAY_LEN(names));
	return names[i];
}

const char *word_view(unsigned i)
{
	static const char *const names[VIEWS_] = {
		[VIEW_MISSING] = "missing",	  [VIEW_INSTALLED] = "installed",
		[VIEW_APPLICABLE] = "applicable", [VIEW_SUPPORTED] = "supported",
		[VIEW_LATEST] = "latest",	  [VIEW_CRITICAL] = "critical",
		[VIEW_DOWNLOADED] = "downloaded", [VIEW_DECLINED] = "declined",
	};
	ASSERT(i < VIEWS_);
	return names[i];
}

const char *word_platform(struct str os)
{
	struct str id = os, rest = os;
	if (os.n == 0 || !str_split(&rest, ':', &id) || id.n == 0)
		return "unknown";
	if (str_is(id, "windows"))
		return "windows";
	if (str_is(id, "macos"))
		return "macos";
	return "linux"; /* every other id comes from an os-release(5) */
}

json_t *words_severity_counts(const uint32_t counts[static SEVERITIES_])
{
	json_t *j = json_object();
	int64_t total = 0;
	for (int s = SEVERITIES_ - 1; s >= 0; s--) {
		json_object_set_new(j, severity_name((enum severity)s), json_integer(counts[s]));
		total += counts[s];
	}
	json_object_set_new(j, "total", json_integer(total));
	return j;
}

json_t *words_health_counts(const uint32_t counts[static HEALTHS_])
{
	json_t *j = json_object();
	for (int h = 0; h < HEALTHS_; h++)
		json_object_set_new(j, health_name((enum health)h), json_integer(counts[h]));
	return j;
}

json_t *words_json(struct str s, size_t max)
{
	json_t *j = json_array();
	struct str one;
	while (s.n > 0 && json_array_size(j) < max && str_split(&s, ' ', &one))
		if (one.n)
			json_array_append_new(j, json_text(one));
	return j;
}

json_t *words_text_or_null(const char *s)
{
	return s && *s ? json_text(str_of(s)) : json_null();
}

json_t *words_str_or_null(struct str s)
{
	return s.n ? json_text(s) : json_null();
}

json_t *words_digest_or_null(const struct sha256 *d)
{
	static const struct sha256 zero;
	char hex[SHA256_HEX];
	return digest_eq(d, &zero) ? json_null() : json_string(digest_hex(d, hex));
}
