/* SPDX-License-Identifier: Apache-2.0
 * The words of approvals, and their settings as JSON: {mode, test: {targets, policy, approve,
 * after_days, success_percent, notify}}. What is stored was written by this and is read as
 * strictly. */
#include "deploy/ask/notify.h"
#include "deploy/auto/auto_int.h"

#define TARGETS_JSON_MAX (1u << 20)

const char *approval_mode_name(enum approval_mode m)
{
	static const char *const names[] = { "automatic", "manual", "test" };
	return m < APPROVAL_MODES_ ? names[m] : NULL;
}

const char *approval_how_name(enum approval_how h)
{
	static const char *const names[] = { "new", "mode", "person", "test", "test_failed" };
	return h < APPROVAL_HOWS_ ? names[h] : NULL;
}

const char *approval_existing_name(enum approval_existing x)
{
	static const char *const names[] = { "keep", "approve", "unapprove" };
	return x < APPROVAL_EXISTING_ ? names[x] : NULL;
}

json_t *approval_settings_write(const struct approval_settings *s)
{
	json_t *j = json_object(), *test = json_object(), *targets = NULL;
	if (s->targets[0] && !json_parse(str_of(s->targets), TARGETS_JSON_MAX, &targets, NULL))
		targets = NULL;
	json_object_set_new(test, "targets", targets ? targets : json_null());
	json_object_set_new(test, "policy", json_string(s->policy));
	json_object_set_new(test, "approve", json_string(s->by_itself ? "automatic" : "by_hand"));
	json_object_set_new(test, "after_days", json_integer(s->after_days));
	json_object_set_new(test, "success_percent", json_integer(s->percent));
	json_object_set_new(test, "notify", notify_write(&s->notify));
	json_object_set_new(j, "mode", json_string(approval_mode_name(s->mode)));
	json_object_set_new(j, "test", test);
	return j;
}

static bool read_word(const json_t *obj, const char *key, const char *const *words, int *out,
		      struct err *e)
{
	const char *text = NULL;
	if (!json_need_str(obj, key, 1, 20, &text, e))
		return false;
	for (int i = 0; words[i]; i++)
		if (strcmp(words[i], text) == 0) {
			*out = i;
			return true;
		}
	return err_set(e, ERR_INVALID, "'%s' must be one of its words, not '%.20s'", key, text);
}

static bool read_test(const json_t *test, struct arena *a, struct approval_settings *s,
		      struct err *e)
{
	static const char *const known[] = { "targets",		"policy", "approve", "after_days",
					     "success_percent", "notify", NULL };
	static const char *const approve[] = { "by_hand", "automatic", NULL };
	const char *policy = s->policy;
	int word = s->by_itself;
	const json_t *targets = json_object_get(test, "targets");
	if (!json_is_object(test))
		return err_set(e, ERR_INVALID, "'test' must be an object");
	if (!json_only(test, known, e) || !json_opt_str(test, "policy", 64, &policy, e) ||
	    (json_object_get(test, "approve") && !read_word(test, "approve", approve, &word, e)) ||
	    !json_opt_int(test, "after_days", 0, APPROVAL_DAYS_MAX, &s->after_days, e) ||
	    !json_opt_int(test, "success_percent", 1, 100, &s->percent, e) ||
	    !notify_read(json_object_get(test, "notify"), a, &s->notify, e))
		return false;
	bool all = false;
	if (targets && !json_is_null(targets) &&
	    !auto_targets_read(targets, a, &s->targets, &all, e))
		return false;
	if (all)
		return err_set(e, ERR_INVALID,
			       "'targets' names no system; a test on all systems is none");
	s->policy = arena_strdup(a, policy);
	s->by_itself = word == 1;
	return true;
}

bool approval_settings_read(const json_t *j, struct arena *a, struct approval_settings *out,
			    struct err *e)
{
	static const char *const known[] = { "mode", "test", NULL };
	static const char *const modes[] = { "automatic", "manual", "test", NULL };
	struct approval_settings s = { .policy = POLICY_ANYTIME,
				       .targets = "",
				       .notify = { .to = "" },
				       .after_days = 3,
				       .percent = 90,
				       .changed_by = "" };
	const json_t *test = json_object_get(j, "test");
	int mode = 0;
	if (!json_only(j, known, e) || !read_word(j, "mode", modes, &mode, e) ||
	    (test && !read_test(test, a, &s, e)))
		return false;
	s.mode = (enum approval_mode)mode;
	*out = s;
	return true;
}
