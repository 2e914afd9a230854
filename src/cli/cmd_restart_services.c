/* SPDX-License-Identifier: Apache-2.0
 * tsukuroi restart-services: services that run the old code of updated packages, by order. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/follow.h"
#include "cli/print.h"

#include <stdio.h>

#define MANY 200

/* Shows what of a system runs replaced files, and what helps; counts what a restart does. */
static bool show(struct remote *r, const char *word, json_t *ids, int64_t *restarts, bool quiet,
		 struct err *e)
{
	AUTO(json_free) json_t *found = NULL;
	AUTO(json_free) json_t *system = NULL;
	const json_t *x;
	size_t i;
	if (!remote_system(r, word, &found, e))
		return false;
	AUTO(xfree) char *path = xasprintf("/systems/%s", print_text(found, "id"));
	if (!remote_call(r, "GET", path, NULL, &system, e))
		return false;
	json_array_append(ids, json_object_get(system, "id"));
	json_array_foreach(json_object_get(json_object_get(system, "evidence"), "restart"), i, x)
	{
		const char *remedy = print_text(x, "remedy");
		*restarts += strcmp(remedy, "restart") == 0;
		if (!quiet)
			printf("%s: %s (process %lld): %s\n", print_text(system, "hostname"),
			       *print_text(x, "unit") ? print_text(x, "unit")
						      : print_text(x, "exe"),
			       (long long)print_int(x, "pid"),
			       strcmp(remedy, "restart") == 0  ? "restart"
			       : strcmp(remedy, "reboot") == 0 ? "needs a reboot"
							       : "not a service; left alone");
	}
	return true;
}

struct options {
	const char *services[MANY], *policy;
	size_t n_services;
	bool yes, wait, json;
};

static int restart(const struct options *o, const struct args *a)
{
	struct err e = { 0 };
	AUTO(remote_free) struct remote *r = NULL;
	AUTO(json_free) json_t *req = json_object();
	AUTO(json_free) json_t *made = NULL;
	json_t *ids = json_array(), *systems = json_object(), *services = json_array();
	int64_t restarts = 0;
	json_object_set_new(systems, "ids", ids);
	json_object_set_new(req, "systems", systems);
	for (size_t i = 0; i < o->n_services; i++)
		json_array_append_new(services, json_text(str_of(o->services[i])));
	if (o->n_services)
		json_object_set(req, "services", services);
	json_free(services);
	if (!remote_open(&r, &e) || !follow_policy(r, o->policy, req, &e))
		return print_failure(&e);
	for (size_t i = 0; i < a->n; i++)
		if (!show(r, a->words[i], ids, &restarts, o->json, &e))
			return print_failure(&e);
	if (!restarts && !o->n_services) {
		printf("%s\n", o->json ? "{}" : "nothing to restart");
		return 0;
	}
	if (!o->yes && !follow_confirmed("Restart these services?"))
		return 1;
	if (!remote_call(r, "POST", "/systems:restart-services", req, &made, &e))
		return print_failure(&e);
	return follow_made(r, made, o->wait, o->json);
}

int cmd_restart_services(int argc, char **argv)
{
	static const char usage[] =
		"usage: tsukuroi restart-services SYSTEM... [--service NAME]... [--policy POLICY] [--yes] [--wait] [--json]\n"
		"Restarts services that run the old code of updated packages: all that may be restarted, or those named.\n"
		"POLICY is the name or id of a deployment policy; at any time unless given.\n";
	static struct options o;
	const struct arg_option options[] = { { .name = "--service",
						.list = o.services,
						.n_list = &o.n_services,
						.max_list = MANY },
					      { .name = "--policy", .value = &o.policy },
					      { .name = "--yes", .flag = &o.yes },
					      { .name = "--wait", .flag = &o.wait },
					      { .name = "--json", .flag = &o.json } };
	AUTO(args_done) struct args a = { 0 };
	if (!args_parse(argc, argv, usage, options, ARRAY_LEN(options), 1, ARGS_ANY, &a))
		return a.status;
	return restart(&o, &a);
}
