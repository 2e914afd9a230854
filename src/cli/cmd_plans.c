/* SPDX-License-Identifier: Apache-2.0
 * tsukuroi plans: the exact plans of a deployment's systems, equal ones together, and their
 * approval. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/remote.h"

#include <stdio.h>

#define MANY 500

static void show_steps(const json_t *steps)
{
	const json_t *step;
	size_t k;
	json_array_foreach(steps, k, step)
		printf("  %s %s (%s) %s%s%s\n", print_text(step, "action"),
		       print_text(step, "name"), print_text(step, "arch"), print_text(step, "from"),
		       print_text(step, "from")[0] ? " -> " : "", print_text(step, "to"));
}

static void show_plan(const json_t *plan)
{
	const char *by = print_text(plan, "approved_by");
	const json_t *was = json_object_get(plan, "was");
	bool approved = json_is_string(json_object_get(plan, "approved_by"));
	printf("%s  %lld systems  %s%s\n", print_text(plan, "hash"),
	       (long long)print_int(plan, "systems"),
	       approved						      ? "approved by "
	       : json_is_true(json_object_get(plan, "drift_allowed")) ? "drift permitted"
								      : "not approved",
	       approved ? by : "");
	show_steps(json_object_get(plan, "steps"));
	if (!json_is_object(was))
		return;
	printf("  approved was %s:\n", print_text(was, "hash"));
	show_steps(json_object_get(was, "steps"));
}

static void show_size(const json_t *j, const char *key, const char *name)
{
	if (json_is_integer(json_object_get(j, key)))
		printf("  %s: %.1f MB\n", name, (double)print_int(j, key) / 1e6);
}

static const char *fate_text(const char *fate)
{
	static const struct {
		const char *fate, *text;
	} texts[] = {
		{ "kept", "stays, the new one beside it" },
		{ "replaced", "replaced, put beside it" },
		{ "deleted", "deleted here, stays so" },
		{ "left", "stays, the new version has none" },
		{ "saved", "renamed, the new version has none" },
	};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (strcmp(texts[i].fate, fate) == 0)
			return texts[i].text;
	return "not known what becomes of it";
}

/* What config files and services there are; of all systems, with how many have them. */
static void show_lists(const json_t *j)
{
	const json_t *one;
	size_t i;
	json_array_foreach(json_object_get(j, "config_files"), i, one)
	{
		printf("  changed here: %s (%s): %s", print_text(one, "path"),
		       print_text(one, "package"), fate_text(print_text(one, "fate")));
		if (json_object_get(one, "systems"))
			printf(", %lld systems", (long long)print_int(one, "systems"));
		printf("\n");
	}
	json_array_foreach(json_object_get(j, "services"), i, one)
	{
		printf("  in use by: %s", print_text(one, "unit"));
		if (json_object_get(one, "systems"))
			printf(", %lld systems", (long long)print_int(one, "systems"));
		printf("\n");
	}
}

static void show_summary(const json_t *all)
{
	const json_t *one;
	size_t i;
	printf("%lld systems, %lld packages; %lld systems tell what follows\n",
	       (long long)print_int(all, "systems"), (long long)print_int(all, "packages_total"),
	       (long long)print_int(all, "with_details"));
	json_array_foreach(json_object_get(all, "packages"), i, one) printf(
		"  %s %s (%s), %lld systems\n", print_text(one, "action"), print_text(one, "name"),
		print_text(one, "arch"), (long long)print_int(one, "systems"));
	show_size(all, "download", "packages, all systems");
	show_size(all, "disk_max", "disk, at most");
	if (print_int(all, "no_room"))
		printf("  no room: %lld systems\n", (long long)print_int(all, "no_room"));
	if (json_is_integer(json_object_get(all, "reboots")))
		printf("  will wait for a reboot: %lld systems\n",
		       (long long)print_int(all, "reboots"));
	show_lists(all);
	printf("\n");
}

static void show_details(const json_t *d)
{
	const char *why = print_text(json_object_get(d, "reboot"), "why");
	if (!json_is_object(d)) {
		printf("  the agent does not tell what follows\n");
		return;
	}
	show_size(d, "download", "packages");
	show_size(d, "disk", "disk");
	show_size(d, "free", "free");
	if (why[0])
		printf("  reboot: %s\n", why);
	show_lists(d);
}

static void show(const json_t *reply)
{
	const json_t *plan;
	size_t i;
	if (!json_array_size(json_object_get(reply, "items"))) {
		printf("no system has told its plan yet\n");
		return;
	}
	show_summary(json_object_get(reply, "summary"));
	json_array_foreach(json_object_get(reply, "items"), i, plan) show_plan(plan);
}

static void show_one(const json_t *plan)
{
	show_plan(plan);
	show_details(json_object_get(plan, "details"));
}

/* All pages in place of the first. */
static bool all_plans(struct remote *r, const char *deployment, json_t *reply, struct err *e)
{
	AUTO(xfree) char *path = xasprintf("/deployments/%s/plans", deployment);
	json_t *items;
	if (json_is_string(json_object_get(json_object_get(reply, "page"), "next_cursor"))) {
		if (!remote_all(r, path, 0, &items, e))
			return false;
		json_object_set_new(reply, "items", items);
	}
	(void)json_object_del(reply, "page");
	return true;
}

int cmd_plans(int argc, char **argv)
{
	static const char usage[] =
		"usage: tsukuroi plans DEPLOYMENT [--approve HASH]... [--json]\n"
		"       tsukuroi plans DEPLOYMENT --system SYSTEM [--json]\n"
		"What happens on how many systems; of one SYSTEM (its id) also what follows from it there.\n";
	static const char *approve[MANY];
	size_t n = 0;
	bool json = false;
	const char *system = NULL;
	const struct arg_option options[] = {
		{ .name = "--approve", .list = approve, .n_list = &n, .max_list = MANY },
		{ .name = "--system", .value = &system },
		{ .name = "--json", .flag = &json },
	};
	AUTO(args_done) struct args a = { 0 };
	if (!args_parse(argc, argv, usage, options, ARRAY_LEN(options), 1, 1, &a))
		return a.status;
	if (system && n)
		return args_wrong(usage, "--system only shows");
	struct err e = { 0 };
	AUTO(remote_free) struct remote *r = NULL;
	AUTO(json_free) json_t *reply = NULL;
	AUTO(json_free) json_t *body = json_object();
	AUTO(xfree)
	char *path = system ? xasprintf("/deployments/%s/targets/%s/plan", a.words[0], system)
			    : xasprintf("/deployments/%s/plans%s", a.words[0], n ? ":approve" : "");
	json_t *hashes = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(hashes, json_text(str_of(approve[i])));
	json_object_set_new(body, "hashes", hashes);
	if (!remote_open(&r, &e) ||
	    !remote_call(r, n ? "POST" : "GET", path, n ? body : NULL, &reply, &e) ||
	    (!system && !all_plans(r, a.words[0], reply, &e)))
		return print_failure(&e);
	if (json)
		print_json(reply);
	else if (system)
		show_one(reply);
	else
		show(reply);
	return 0;
}
