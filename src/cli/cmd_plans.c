/* SPDX-License-Identifier: Apache-2.0
 * tsukuroi plans: the exact plans of a deployment's systems, equal ones together, and their
 * approval. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/remote.h"

#include <stdio.h>

#define MANY 500

static void show(const json_t *reply)
{
	const json_t *plan, *step;
	size_t i, k;
	json_array_foreach(json_object_get(reply, "items"), i, plan)
	{
		const char *by = print_text(plan, "approved_by");
		printf("%s  %lld systems  %s%s\n", print_text(plan, "hash"),
		       (long long)print_int(plan, "systems"),
		       json_is_string(json_object_get(plan, "approved_by")) ? "approved by "
									    : "not approved",
		       json_is_string(json_object_get(plan, "approved_by")) ? by : "");
		json_array_foreach(json_object_get(plan, "steps"), k, step)
			printf("  %s %s (%s) %s%s%s\n", print_text(step, "action"),
			       print_text(step, "name"), print_text(step, "arch"),
			       print_text(step, "from"), print_text(step, "from")[0] ? " -> " : "",
			       print_text(step, "to"));
	}
	if (!json_array_size(json_object_get(reply, "items")))
		printf("no system has told its plan yet\n");
}

int cmd_plans(int argc, char **argv)
{
	static const char usage[] =
		"usage: tsukuroi plans DEPLOYMENT [--approve HASH]... [--json]\n";
	static const char *approve[MANY];
	size_t n = 0;
	bool json = false;
	const struct arg_option options[] = {
		{ .name = "--approve", .list = approve, .n_list = &n, .max_list = MANY },
		{ .name = "--json", .flag = &json },
	};
	AUTO(args_done) struct args a = { 0 };
	if (!args_parse(argc, argv, usage, options, ARRAY_LEN(options), 1, 1, &a))
		return a.status;
	struct err e = { 0 };
	AUTO(remote_free) struct remote *r = NULL;
	AUTO(json_free) json_t *reply = NULL;
	AUTO(json_free) json_t *body = json_object();
	AUTO(xfree)
	char *path = xasprintf("/deployments/%s/plans%s", a.words[0], n ? ":approve" : "");
	json_t *hashes = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(hashes, json_text(str_of(approve[i])));
	json_object_set_new(body, "hashes", hashes);
	if (!remote_open(&r, &e) ||
	    !remote_call(r, n ? "POST" : "GET", path, n ? body : NULL, &reply, &e))
		return print_failure(&e);
	if (json)
		print_json(reply);
	else
		show(reply);
	return 0;
}
