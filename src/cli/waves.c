/* SPDX-License-Identifier: Apache-2.0
 * Rollouts as options and as a table. */
#include "cli/waves.h"
#include "cli/args.h"
#include "cli/print.h"
#include "cli/table.h"

#include <stdio.h>

#define GROUP "group:"

static bool add_wave(json_t *list, struct str text, bool *all_out, struct err *e)
{
	json_t *w = json_object();
	json_array_append_new(list, w);
	if (str_starts(text, GROUP)) {
		json_object_set_new(
			w, "group",
			json_text((struct str) { text.p + strlen(GROUP), text.n - strlen(GROUP) }));
		return true;
	}
	bool percent = text.n && text.p[text.n - 1] == '%';
	uint64_t n;
	text.n -= percent;
	if (!str_to_u64(text, &n) || n > INT32_MAX)
		return err_set(
			e, ERR_INVALID,
			"'%.*s' in --wave is neither a number of systems, a percentage such as 10%% nor a group such as group:NAME",
			(int)MIN(text.n, 40), text.p);
	json_object_set_new(w, percent ? "percent" : "systems", json_integer((json_int_t)n));
	*all_out |= percent && n == 100;
	return true;
}

static bool add_number(json_t *gate, const char *option, const char *key, const char *text,
		       struct err *e)
{
	uint64_t n;
	if (!text)
		return true;
	if (!str_to_u64(str_of(text), &n) || n > INT32_MAX)
		return err_set(e, ERR_INVALID, "'%.40s' is no number for %s", text, option);
	json_object_set_new(gate, key, json_integer((json_int_t)n));
	return true;
}

static bool add_gate(const struct waves_options *o, json_t *gate, struct err *e)
{
	int64_t seconds;
	if (!add_number(gate, "--max-failures", "max_failures", o->max_failures, e) ||
	    !add_number(gate, "--max-silent", "max_silent", o->max_silent, e))
		return false;
	if (!o->soak)
		return true;
	if (!args_duration(o->soak, &seconds) || seconds % 60)
		return err_set(e, ERR_INVALID,
			       "'%.40s' for --soak is no time such as 30m, 2h or 1d", o->soak);
	json_object_set_new(gate, "soak_minutes", json_integer(seconds / 60));
	return true;
}

bool waves_request(const struct waves_options *o, json_t *request, struct err *e)
{
	AUTO(json_free) json_t *rollout = json_object();
	json_t *list = json_array(), *gate = json_object();
	struct str one, rest = str_of(o->waves ? o->waves : "");
	bool all = false;
	json_object_set_new(rollout, "waves", list);
	json_object_set_new(rollout, "gate", gate);
	if (!o->waves)
		return (!o->max_failures && !o->max_silent && !o->soak) ||
		       err_set(e, ERR_INVALID,
			       "--max-failures, --max-silent and --soak need --wave");
	while (rest.n && str_split(&rest, ',', &one))
		if (!add_wave(list, one, &all, e))
			return false;
	if (!all && !add_wave(list, STR_LIT("100%"), &all, e))
		return false;
	if (!add_gate(o, gate, e))
		return false;
	json_object_set(request, "rollout", rollout);
	return true;
}

bool waves_groups(struct remote *r, json_t *request, struct err *e)
{
	json_t *w;
	size_t i;
	json_array_foreach(json_object_get(json_object_get(request, "rollout"), "waves"), i, w)
	{
		AUTO(json_free) json_t *g = NULL;
		if (!json_object_get(w, "group"))
			continue;
		if (!remote_group(r, print_text(w, "group"), &g, e))
			return false;
		json_object_set(w, "group", json_object_get(g, "id"));
	}
	return true;
}

static char *wave_name(size_t i, const json_t *w)
{
	if (json_object_get(w, "group"))
		return xasprintf("%zu (%s)", i + 1, print_text(w, "group_name"));
	if (json_object_get(w, "percent"))
		return xasprintf("%zu (%lld%%)", i + 1, (long long)print_int(w, "percent"));
	return xasprintf("%zu (%lld)", i + 1, (long long)print_int(w, "systems"));
}

static void add_row(struct table *t, size_t i, const json_t *w)
{
	AUTO(xfree) char *name = wave_name(i, w);
	table_cell(t, name);
	table_cell(t, print_text(w, "state"));
	table_number(t, print_int(w, "targets"));
	table_number(t, print_int(w, "succeeded"));
	table_number(t, print_int(w, "failed"));
	table_number(t, print_int(w, "running"));
	table_number(t, print_int(w, "waiting"));
	table_number(t, print_int(w, "silent"));
	table_cell(t, print_text(w, "why"));
	table_cell(t, print_time(json_object_get(w, "until"), 0));
}

void waves_print(const json_t *deployment)
{
	const json_t *rollout = json_object_get(deployment, "rollout"), *w;
	const json_t *halted = json_object_get(rollout, "halted");
	size_t i;
	if (!json_is_object(rollout))
		return;
	AUTO(table_free)
	struct table *t = table_new((const char *const[]) { "WAVE", "STATE", ">ALL", ">DONE",
							    ">FAILED", ">RUNNING", ">WAITING",
							    ">SILENT", "WHY", "UNTIL", NULL });
	json_array_foreach(json_object_get(rollout, "waves"), i, w)
	{
		add_row(t, i, w);
	}
	table_print(t);
	if (json_is_object(halted))
		printf("halted %s in wave %lld: %s%s%s\n",
		       print_time(json_object_get(halted, "at"), 0),
		       (long long)print_int(halted, "wave"), print_text(halted, "why"),
		       *print_text(halted, "by") ? ", by " : "", print_text(halted, "by"));
	if (*print_text(rollout, "reason"))
		printf("said: %s\n", print_text(rollout, "reason"));
	printf("\n");
}
