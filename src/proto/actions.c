/* SPDX-License-Identifier: Apache-2.0
 * Actions as JSON. Invariant: what the writers give, actions_read() reads back equal. */
#include "proto/actions.h"

static const char *const powers[ACTIONS_POWERS_] = {
	[ACTIONS_NOTHING] = "none",
	[ACTIONS_REBOOT_IF_NEEDED] = "reboot_if_needed",
	[ACTIONS_REBOOT] = "reboot",
	[ACTIONS_SHUTDOWN] = "shutdown",
};

const char *actions_power_name(enum actions_power p)
{
	return powers[p];
}

bool actions_code_good(const struct actions_script *s, int64_t code)
{
	for (uint32_t i = 0; i < s->n_codes; i++)
		if (s->codes[i] == code)
			return true;
	return false;
}

static void put_script(json_t *j, const struct actions_script *s)
{
	char hex[SHA256_HEX];
	json_t *one, *codes;
	if (!s->there)
		return;
	one = json_object();
	codes = json_array();
	for (uint32_t i = 0; i < s->n_codes; i++)
		json_array_append_new(codes, json_integer(s->codes[i]));
	json_object_set_new(one, "sha256", json_string(digest_hex(&s->sha256, hex)));
	json_object_set_new(one, "size", json_integer(s->size));
	json_object_set_new(one, "timeout_s", json_integer(s->timeout_s));
	json_object_set_new(one, "exit_codes", codes);
	json_object_set_new(j, "script", one);
}

json_t *actions_before_json(const struct actions *a)
{
	json_t *j = json_object();
	json_object_set_new(j, "reboot", json_boolean(a->reboot_before));
	put_script(j, &a->script_before);
	return j;
}

json_t *actions_policy_before_json(const struct actions *a)
{
	json_t *j = actions_before_json(a);
	json_object_set_new(j, "wake", json_boolean(a->wake));
	return j;
}

json_t *actions_after_json(const struct actions *a)
{
	json_t *j = json_object();
	json_object_set_new(j, "power", json_string(powers[a->after]));
	json_object_set_new(j, "wait_minutes", json_integer(a->wait_minutes));
	if (a->postpone.times)
		json_object_set_new(j, "postpone", notice_budget_write(&a->postpone));
	put_script(j, &a->script_after);
	return j;
}

static bool read_codes(const json_t *list, struct actions_script *s, struct err *e)
{
	s->n_codes = 0;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		json_int_t code = json_is_integer(one) ? json_integer_value(one) : -1;
		if (code < 0 || code > 255 || (i && code <= s->codes[i - 1]))
			return err_set(e, ERR_INVALID,
				       "'exit_codes' must be numbers from 0 to 255, ascending");
		s->codes[s->n_codes++] = (uint8_t)code;
	}
	return s->n_codes ||
	       err_set(e, ERR_INVALID, "'exit_codes' names no exit code that is good");
}

static bool read_script(const json_t *j, struct actions_script *out, struct err *e)
{
	static const char *const known[] = { "sha256", "size", "timeout_s", "exit_codes", NULL };
	struct actions_script s = { .there = true, .timeout_s = ACTIONS_SCRIPT_S, .n_codes = 1 };
	const json_t *script = json_object_get(j, "script");
	json_t *codes = NULL;
	const char *hex;
	if (!script || json_is_null(script))
		return true;
	if (!json_is_object(script))
		return err_set(e, ERR_INVALID, "'script' must be an object");
	if (!json_only(script, known, e) ||
	    !json_need_str(script, "sha256", SHA256_HEX - 1, SHA256_HEX - 1, &hex, e) ||
	    !json_opt_int(script, "size", 0, INT32_MAX, &s.size, e) ||
	    !json_opt_int(script, "timeout_s", 1, ACTIONS_SCRIPT_MAX_S, &s.timeout_s, e) ||
	    !json_opt_array(script, "exit_codes", ACTIONS_CODES, &codes, e) ||
	    (codes && !read_codes(codes, &s, e)))
		return false;
	if (!digest_parse(str_of(hex), &s.sha256))
		return err_set(e, ERR_INVALID, "'sha256' must be 64 hex digits");
	*out = s;
	return true;
}

static bool read_before(const json_t *j, struct actions *out, struct err *e)
{
	static const char *const known[] = { "wake", "reboot", "script", NULL };
	return !j || (json_only(j, known, e) && json_opt_bool(j, "wake", &out->wake, e) &&
		      json_opt_bool(j, "reboot", &out->reboot_before, e) &&
		      read_script(j, &out->script_before, e));
}

static bool read_postpone(const json_t *after, struct actions *out, struct err *e)
{
	static const struct notice_budget most = { NOTICE_TIMES_MAX, ACTIONS_POSTPONE_HOURS * 60,
						   ACTIONS_POSTPONE_HOURS };
	const json_t *j = json_object_get(after, "postpone");
	if (!j || json_is_null(j))
		return true;
	if (!out->wait_minutes)
		return err_set(e, ERR_INVALID, "'postpone' needs 'wait_minutes' of at least 1");
	return notice_budget_read(j, &most, (int)out->wait_minutes, &out->postpone, e);
}

static bool read_after(const json_t *j, struct actions *out, struct err *e)
{
	static const char *const known[] = { "power", "wait_minutes", "postpone", "script", NULL };
	const char *power = powers[ACTIONS_NOTHING];
	int p = 0;
	if (!j)
		return true;
	if (!json_only(j, known, e) || !json_opt_str(j, "power", 20, &power, e) ||
	    !json_opt_int(j, "wait_minutes", 0, ACTIONS_WAIT_MINUTES, &out->wait_minutes, e) ||
	    !read_postpone(j, out, e))
		return false;
	while (p < ACTIONS_POWERS_ && strcmp(powers[p], power) != 0)
		p++;
	if (p == ACTIONS_POWERS_)
		return err_set(e, ERR_INVALID, "'power' does not know the word '%.20s'", power);
	out->after = (enum actions_power)p;
	return read_script(j, &out->script_after, e);
}

bool actions_read(const json_t *before, const json_t *after, struct actions *out, struct err *e)
{
	struct actions a = { 0 };
	if (!read_before(before, &a, e))
		return err_prefix(e, "before");
	if (!read_after(after, &a, e))
		return err_prefix(e, "after");
	*out = a;
	return true;
}
