/* SPDX-License-Identifier: Apache-2.0
 * tsukuroi enroll-token: makes an enrolment token for new agents; it is shown this once. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/remote.h"

#include <stdio.h>

int cmd_enroll_token(int argc, char **argv)
{
	static const char usage[] =
		"usage: tsukuroi enroll-token [--label TEXT] [--uses N] [--ttl 90m|12h|7d] [--office ID] [--quiet] [--json]\n"
		"  --quiet   print the token alone\n";
	const char *label = "", *uses = "1", *ttl = "7d", *office = "local";
	bool quiet = false, json = false;
	const struct arg_option options[] = {
		{ .name = "--label", .value = &label }, { .name = "--uses", .value = &uses },
		{ .name = "--ttl", .value = &ttl },	{ .name = "--office", .value = &office },
		{ .name = "--quiet", .flag = &quiet },	{ .name = "--json", .flag = &json }
	};
	AUTO(args_done) struct args a = { 0 };
	if (!args_parse(argc, argv, usage, options, ARRAY_LEN(options), 0, 0, &a))
		return a.status;
	int64_t n, seconds;
	if (!str_to_i64(str_of(uses), &n))
		return args_wrong(usage, "--uses is not a number");
	if (!args_duration(ttl, &seconds))
		return args_wrong(usage, "--ttl is not a time such as 90m, 12h or 7d");
	struct err e = { 0 };
	AUTO(remote_free) struct remote *r = NULL;
	AUTO(json_free) json_t *body = json_object();
	AUTO(json_free) json_t *made = NULL;
	json_object_set_new(body, "label", json_text(str_of(label)));
	json_object_set_new(body, "office", json_text(str_of(office)));
	json_object_set_new(body, "max_uses", json_integer(n));
	json_object_set_new(body, "expires_in_s", json_integer(seconds));
	if (!remote_open(&r, &e) || !remote_call(r, "POST", "/enrolment-tokens", body, &made, &e))
		return print_failure(&e);
	if (json) {
		print_json(made);
	} else if (quiet) {
		printf("%s\n", print_text(made, "token"));
	} else {
		printf("%s\n\nOn the new system, as root:\n", print_text(made, "token"));
		const json_t *install = json_object_get(made, "install");
		for (size_t i = 0; i < json_array_size(install); i++)
			printf("  %s\n", print_text(json_array_get(install, i), "command"));
	}
	return 0;
}
