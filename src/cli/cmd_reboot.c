/* SPDX-License-Identifier: Apache-2.0
 * tsukuroi reboot: machines restarted by order. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/follow.h"
#include "cli/print.h"

#include <stdio.h>

struct options {
	const char *policy;
	bool yes, wait, json;
};

/* Says which machine it is, and whether it waits for a reboot. */
static bool add(struct remote *r, const char *word, json_t *ids, bool quiet, struct err *e)
{
	AUTO(json_free) json_t *system = NULL;
	if (!remote_system(r, word, &system, e))
		return false;
	json_array_append(ids, json_object_get(system, "id"));
	if (!quiet)
		printf("%s: %s\n", print_text(system, "hostname"),
		       json_is_true(json_object_get(system, "reboot_needed"))
			       ? "waits for a reboot"
			       : "does not wait for a reboot");
	return true;
}

static int reboot_them(const struct options *o, const struct args *a)
{
	struct err e = { 0 };
	AUTO(remote_free) struct remote *r = NULL;
	AUTO(json_free) json_t *req = json_object();
	AUTO(json_free) json_t *made = NULL;
	json_t *ids = json_array(), *systems = json_object();
	json_object_set_new(systems, "ids", ids);
	json_object_set_new(req, "systems", systems);
	if (!remote_open(&r, &e) || !follow_policy(r, o->policy, req, &e))
		return print_failure(&e);
	for (size_t i = 0; i < a->n; i++)
		if (!add(r, a->words[i], ids, o->json, &e))
			return print_failure(&e);
	if (!o->yes && !follow_confirmed("Restart these machines?"))
		return 1;
	if (!remote_call(r, "POST", "/systems:reboot", req, &made, &e))
		return print_failure(&e);
	return follow_made(r, made, o->wait, o->json);
}

int cmd_reboot(int argc, char **argv)
{
	static const char usage[] =
		"usage: tsukuroi reboot SYSTEM... [--policy POLICY] [--yes] [--wait] [--json]\n"
		"Restarts machines, whether or not they wait for it. A machine whose policy.conf says `reboot = never` refuses.\n"
		"POLICY is the name or id of a deployment policy; at any time unless given.\n";
	static struct options o;
	const struct arg_option options[] = { { .name = "--policy", .value = &o.policy },
					      { .name = "--yes", .flag = &o.yes },
					      { .name = "--wait", .flag = &o.wait },
					      { .name = "--json", .flag = &o.json } };
	AUTO(args_done) struct args a = { 0 };
	if (!args_parse(argc, argv, usage, options, ARRAY_LEN(options), 1, ARGS_ANY, &a))
		return a.status;
	return reboot_them(&o, &a);
}
