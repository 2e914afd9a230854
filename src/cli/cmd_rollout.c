/* SPDX-License-Identifier: Apache-2.0
 * tsukuroi rollout: how far a deployment's waves are; halts and resumes them. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/remote.h"
#include "cli/waves.h"

#include <stdio.h>

int cmd_rollout(int argc, char **argv)
{
	static const char usage[] =
		"usage: tsukuroi rollout ID [--halt | --resume] [--reason TEXT] [--json]\n"
		"Shows the waves of a deployment. --halt: nothing more starts. --resume: goes on after a halt;\n"
		"what has failed in the open waves is forgiven. Both need a reason.\n";
	const char *reason = NULL;
	bool halt = false, resume = false, json = false;
	const struct arg_option options[] = { { .name = "--halt", .flag = &halt },
					      { .name = "--resume", .flag = &resume },
					      { .name = "--reason", .value = &reason },
					      { .name = "--json", .flag = &json } };
	AUTO(args_done) struct args a = { 0 };
	struct err e = { 0 };
	AUTO(remote_free) struct remote *r = NULL;
	AUTO(json_free) json_t *d = NULL;
	AUTO(json_free) json_t *body = NULL;
	if (!args_parse(argc, argv, usage, options, ARRAY_LEN(options), 1, 1, &a))
		return a.status;
	if ((halt && resume) || (halt || resume) != !!reason)
		return args_wrong(usage, "one of --halt and --resume goes with --reason");
	if (reason) {
		body = json_object();
		json_object_set_new(body, "reason", json_text(str_of(reason)));
	}
	AUTO(xfree)
	char *path = xasprintf("/deployments/%s%s", a.words[0],
			       halt	? ":halt"
			       : resume ? ":resume-rollout"
					: "");
	if (!remote_open(&r, &e) || !remote_call(r, reason ? "POST" : "GET", path, body, &d, &e))
		return print_failure(&e);
	if (json)
		print_json(json_object_get(d, "rollout"));
	else if (json_is_object(json_object_get(d, "rollout")))
		waves_print(d);
	else
		printf("this deployment has no waves\n");
	return 0;
}
