/* SPDX-License-Identifier: Apache-2.0
 * How far a plan may be from the one that was approved. Pure. Invariant: a removal, a step back and
 * a second installation are never within anything but an approval of exactly these. */
#include "proto/plan.h"

static const char *const drift_names[] = { "identical", "newer", "dependencies" };

const char *plan_drift_name(enum plan_drift d)
{
	return drift_names[d];
}

bool plan_drift_of_name(const char *name, enum plan_drift *out)
{
	for (size_t i = 0; i < ARRAY_LEN(drift_names); i++)
		if (strcmp(drift_names[i], name) == 0) {
			*out = (enum plan_drift)i;
			return true;
		}
	return false;
}

static struct str member(const json_t *step, const char *key)
{
	const json_t *v = json_object_get(step, key);
	return (struct str) { json_is_string(v) ? json_string_value(v) : "",
			      json_string_length(v) };
}

static bool same(const json_t *a, const json_t *b, const char *key)
{
	return str_eq(member(a, key), member(b, key));
}

/* Only what comes or goes up; everything else must be in the approved plan as it is. */
static bool goes_up(const json_t *step)
{
	struct str action = member(step, "action");
	return str_is(action, "install") || str_is(action, "upgrade");
}

static bool was_approved(const json_t *approved, const json_t *step,
			 int (*compare)(struct str a, struct str b), bool *known_out)
{
	for (size_t i = 0; i < json_array_size(approved); i++) {
		const json_t *old = json_array_get(approved, i);
		if (!same(old, step, "name") || !same(old, step, "arch"))
			continue;
		*known_out = true;
		if (json_equal(old, step) || (goes_up(old) && goes_up(step) &&
					      compare(member(step, "to"), member(old, "to")) >= 0))
			return true;
	}
	return false;
}

bool plan_drift_within(const json_t *approved, const json_t *now, enum plan_drift allowed,
		       int (*compare)(struct str a, struct str b))
{
	if (allowed == PLAN_DRIFT_NONE)
		return false;
	for (size_t i = 0; i < json_array_size(now); i++) {
		const json_t *step = json_array_get(now, i);
		bool known = false;
		if (was_approved(approved, step, compare, &known))
			continue;
		if (known || allowed != PLAN_DRIFT_DEPENDENCIES || !goes_up(step))
			return false;
	}
	return true;
}
