/* SPDX-License-Identifier: Apache-2.0
 * tsukuroi uninstall: what would go back to what first, then the deployment; nothing puts the
 * patches back by itself, and with --decline nobody counts them as missing either. */
#include "base/clock.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/follow.h"
#include "cli/print.h"
#include "cli/remote.h"

#include <stdio.h>

#define MANY 1000

struct uninstall_options {
	const char *systems[MANY], *policy, *decline, *ttl;
	size_t n_systems;
	int64_t decline_s;
	bool now, yes, wait, json;
};

static json_t *ids_of(const struct args *a)
{
	json_t *ids = json_array();
	for (size_t i = 0; i < a->n; i++)
		json_array_append_new(ids, json_text(str_of(a->words[i])));
	return json_pack("{s:o}", "ids", ids);
}

static bool add_systems(struct remote *r, const struct uninstall_options *o, json_t *req,
			struct err *e)
{
	AUTO(json_free) json_t *ids = json_array();
	for (size_t i = 0; i < o->n_systems; i++) {
		AUTO(json_free) json_t *s = NULL;
		if (!remote_system(r, o->systems[i], &s, e))
			return false;
		json_array_append(ids, json_object_get(s, "id"));
	}
	if (o->n_systems)
		json_object_set_new(req, "systems", json_pack("{s:O}", "ids", ids));
	return true;
}

static void show(const json_t *p)
{
	const json_t *x;
	size_t i;
	printf("%lld patches from %lld systems; may need a reboot afterwards: %lld; not connected now: %lld\n",
	       (long long)print_int(p, "patches"), (long long)print_int(p, "systems"),
	       (long long)print_int(p, "reboots"), (long long)print_int(p, "offline"));
	json_array_foreach(json_object_get(p, "steps"), i, x) printf(
		"  %s (%s): %s -> %s on %lld systems%s\n", print_text(x, "name"),
		print_text(x, "arch"), print_text(x, "from"), print_text(x, "to"),
		(long long)print_int(x, "systems"),
		json_is_true(json_object_get(x, "recorded"))
			? ""
			: ", which have no record of it: they must permit 'downgrade = any'");
	json_array_foreach(json_object_get(p, "not_applicable"), i, x)
		printf("  not from %lld systems: %s (%s)\n", (long long)print_int(x, "systems"),
		       print_text(x, "patch"), print_text(x, "reason"));
}

static bool decline(struct remote *r, const struct uninstall_options *o, const struct args *a,
		    struct err *e)
{
	char until[CLOCK_RFC3339_LEN];
	if (!o->decline)
		return true;
	AUTO(json_free)
	json_t *body = json_pack("{s:o,s:s,s:s}", "patches", ids_of(a), "reason", o->decline,
				 "expires",
				 clock_rfc3339(clock_wall_ms() + o->decline_s * 1000, until));
	return remote_call(r, "POST", "/declines", body, NULL, e);
}

static int uninstall(const struct uninstall_options *o, const struct args *a)
{
	struct err e = { 0 };
	AUTO(remote_free) struct remote *r = NULL;
	AUTO(json_free)
	json_t *req = json_pack("{s:s,s:o,s:b}", "operation", "uninstall", "patches", ids_of(a),
				"now", o->now);
	AUTO(json_free) json_t *preview = NULL;
	AUTO(json_free) json_t *made = NULL;
	if (!remote_open(&r, &e) || !follow_policy(r, o->policy, req, &e) ||
	    !add_systems(r, o, req, &e) ||
	    !remote_call(r, "POST", "/deployments:preview", req, &preview, &e))
		return print_failure(&e);
	if (!o->json)
		show(preview);
	if (!print_int(preview, "pairs")) {
		printf("%s\n", o->json ? "{\"pairs\":0}" : "nothing to uninstall");
		return 0;
	}
	AUTO(xfree)
	char *question = xasprintf("Uninstall from %lld systems?",
				   (long long)print_int(preview, "systems"));
	if (!o->yes && !follow_confirmed(question))
		return 1;
	json_object_set(req, "preview_token", json_object_get(preview, "preview_token"));
	if (!remote_call(r, "POST", "/deployments", req, &made, &e) || !decline(r, o, a, &e))
		return print_failure(&e);
	return follow_made(r, made, o->wait, o->json);
}

int cmd_uninstall(int argc, char **argv)
{
	static const char usage[] =
		"usage: tsukuroi uninstall PATCH... [--system SYSTEM]... [--policy POLICY] [--now] [--yes] [--wait]\n"
		"                          [--decline REASON --for 30d] [--json]\n"
		"Their packages go back to the versions of before, on every system or those named.\n";
	static struct uninstall_options o;
	const struct arg_option options[] = {
		{ .name = "--system", .list = o.systems, .n_list = &o.n_systems, .max_list = MANY },
		{ .name = "--policy", .value = &o.policy },
		{ .name = "--decline", .value = &o.decline },
		{ .name = "--for", .value = &o.ttl },
		{ .name = "--now", .flag = &o.now },
		{ .name = "--yes", .flag = &o.yes },
		{ .name = "--wait", .flag = &o.wait },
		{ .name = "--json", .flag = &o.json }
	};
	AUTO(args_done) struct args a = { 0 };
	if (!args_parse(argc, argv, usage, options, ARRAY_LEN(options), 1, ARGS_ANY, &a))
		return a.status;
	if (!o.decline != !o.ttl || (o.ttl && !args_duration(o.ttl, &o.decline_s)))
		return args_wrong(usage, "--decline needs --for, a time such as 12h or 30d");
	return uninstall(&o, &a);
}
