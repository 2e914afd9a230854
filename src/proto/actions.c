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

json_t *actions_before_json(const struct actions *a)
{
	json_t *j = json_object();
	json_object_set_new(j, "reboot", json_boolean(a->reboot_before));
	return j;
}

json_t *actions_after_json(const struct actions *a)
{
	json_t *j = json_object();
	json_object_set_new(j, "power", json_string(powers[a->after]));
	json_object_set_new(j, "wait_minutes", json_integer(a->wait_minutes));
	return j;
}

static bool read_before(const json_t *j, struct actions *out, struct err *e)
{
	static const char *const known[] = { "reboot", NULL };
	return !j || (json_only(j, known, e) && json_opt_bool(j, "reboot", &out->reboot_before, e));
}

static bool read_after(const json_t *j, struct actions *out, struct err *e)
{
	static const char *const known[] = { "power", "wait_minutes", NULL };
	const char *power = powers[ACTIONS_NOTHING];
	int p = 0;
	if (!j)
		return true;
	if (!json_only(j, known, e) || !json_opt_str(j, "power", 20, &power, e) ||
	    !json_opt_int(j, "wait_minutes", 0, ACTIONS_WAIT_MINUTES, &out->wait_minutes, e))
		return false;
	while (p < ACTIONS_POWERS_ && strcmp(powers[p], power) != 0)
		p++;
	if (p == ACTIONS_POWERS_)
		return err_set(e, ERR_INVALID, "'power' does not know the word '%.20s'", power);
	out->after = (enum actions_power)p;
	return true;
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
