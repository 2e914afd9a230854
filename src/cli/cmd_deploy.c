/* SPDX-License-Identifier: Apache-2.0
 * tsukuroi deploy: preview first, then create; live to the end with --wait. */
#include "base/enc.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/follow.h"
#include "cli/notify.h"
#include "cli/print.h"
#include "cli/remote.h"
#include "cli/targets.h"
#include "cli/waves.h"

#include <stdio.h>

#define MANY 1000

static json_t *selection(json_t *ids)
{
	json_t *s = json_object();
	json_object_set_new(s, "ids", ids);
	return s;
}

struct deploy_options {
	const char *systems[MANY], *patches[MANY], *name, *policy, *from, *deadline, *drift;
	size_t n_systems, n_patches;
	struct target_options targets;
	struct notify_options notify;
	bool now, yes, wait, json, approve_plans, draft, publish;
	struct waves_options waves;
};

/* Systems alone are ids; with anything else they are among the targets. */
static bool request_of(struct remote *r, const struct deploy_options *o, json_t *out, struct err *e)
{
	json_t *targets = json_object();
	json_object_set_new(out, "targets", targets);
	if (!targets_read(r, &o->targets, o->systems, o->n_systems, targets, e))
		return false;
	if (!targets_given(&o->targets)) {
		if (o->n_systems)
			json_object_set_new(
				out, "systems",
				selection(json_incref(json_object_get(targets, "systems"))));
		json_object_del(out, "targets");
	}
	if (o->n_patches) {
		json_t *list = json_array();
		for (size_t i = 0; i < o->n_patches; i++)
			json_array_append_new(list, json_text(str_of(o->patches[i])));
		json_object_set_new(out, "patches", selection(list));
	}
	return true;
}

static void show_preview(const json_t *p)
{
	printf("%lld patches on %lld systems (%lld installations)\n",
	       (long long)print_int(p, "patches"), (long long)print_int(p, "systems"),
	       (long long)print_int(p, "pairs"));
	printf("  may need a reboot afterwards: %lld systems; not connected now: %lld\n",
	       (long long)print_int(p, "reboots"), (long long)print_int(p, "offline"));
	printf("  to download from vendors: %.1f MB; already here: %.1f MB\n",
	       (double)print_int(p, "download_bytes") / 1e6,
	       (double)print_int(p, "stored_bytes") / 1e6);
	const json_t *waves = json_object_get(p, "waves"), *n;
	size_t i;
	if (json_array_size(waves))
		printf("  systems in each wave:");
	json_array_foreach(waves, i, n)
	{
		printf("%s %lld", i ? "," : "", (long long)json_integer_value(n));
	}
	if (json_array_size(waves))
		printf("\n");
	if (print_int(p, "held") || print_int(p, "superseded") || print_int(p, "unknown"))
		printf("  left out: %lld on hold, %lld superseded, %lld systems without a scan\n",
		       (long long)print_int(p, "held"), (long long)print_int(p, "superseded"),
		       (long long)print_int(p, "unknown"));
	if (print_int(p, "declined") || print_int(p, "rolled_back"))
		printf("  left out: %lld declined there, %lld uninstalled there before\n",
		       (long long)print_int(p, "declined"), (long long)print_int(p, "rolled_back"));
}

/* What a draft says, its choice and its other members. */
static bool request_of_draft(struct remote *r, const char *id, json_t *out, struct err *e)
{
	static const char *const columns[] = { "name",	"description",	"policy", "expires",
					       "retry", "distribution", "notify" };
	AUTO(json_free) json_t *d = NULL;
	AUTO(buf_done) struct buf path = BUF_INIT(1000);
	buf_adds(&path, "/deployments/");
	enc_percent(&path, str_of(id));
	if (!remote_call(r, "GET", path.p, NULL, &d, e))
		return false;
	if (!json_is_object(json_object_get(d, "request")))
		return err_set(e, ERR_CONFLICT, "'%s' is no draft", print_text(d, "name"));
	json_object_update(out, json_object_get(d, "request"));
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		json_object_set(out, columns[i], json_object_get(d, columns[i]));
	return true;
}

static bool whole_request(struct remote *r, const struct deploy_options *o, json_t *req,
			  struct err *e)
{
	if (o->from)
		return request_of_draft(r, o->from, req, e);
	if (o->approve_plans)
		json_object_set_new(req, "approval", json_string("plan"));
	if (o->drift)
		json_object_set_new(req, "drift", json_text(str_of(o->drift)));
	if (o->publish)
		json_object_set_new(req, "option", json_string("publish"));
	if (o->deadline)
		json_object_set_new(req, "deadline", json_text(str_of(o->deadline)));
	if (o->name)
		json_object_set_new(req, "name", json_text(str_of(o->name)));
	return follow_policy(r, o->policy, req, e) && notify_request(&o->notify, req, e) &&
	       request_of(r, o, req, e);
}

static int deploy(const struct deploy_options *o)
{
	struct err e = { 0 };
	AUTO(remote_free) struct remote *r = NULL;
	AUTO(json_free) json_t *req = json_object();
	AUTO(json_free) json_t *preview = NULL;
	AUTO(json_free) json_t *made = NULL;
	if (!waves_request(&o->waves, req, &e) || !remote_open(&r, &e) ||
	    !waves_groups(r, req, &e) || !whole_request(r, o, req, &e))
		return print_failure(&e);
	if (o->draft)
		return remote_call(r, "POST", "/deployments:draft", req, &made, &e)
			       ? follow_made(r, made, false, o->json)
			       : print_failure(&e);
	json_object_set_new(req, "now", json_boolean(o->now));
	if (!remote_call(r, "POST", "/deployments:preview", req, &preview, &e))
		return print_failure(&e);
	if (!o->json)
		show_preview(preview);
	/* systems may come to miss them later */
	bool follows = strcmp(print_text(json_object_get(req, "targets"), "mode"), "dynamic") ==
			       0 &&
		       json_object_get(req, "patches");
	if (!print_int(preview, "pairs") && !follows) {
		printf("%s\n", o->json ? "{\"pairs\":0}" : "nothing to deploy");
		return 0;
	}
	AUTO(xfree)
	char *question = xasprintf(strcmp(print_text(req, "option"), "publish") == 0
					   ? "Publish to %lld systems?"
					   : "Deploy to %lld systems?",
				   (long long)print_int(preview, "systems"));
	if (!o->yes && !follow_confirmed(question))
		return 1;
	json_object_set(req, "preview_token", json_object_get(preview, "preview_token"));
	if (o->from)
		json_object_set_new(req, "draft", json_text(str_of(o->from)));
	if (!remote_call(r, "POST", "/deployments", req, &made, &e))
		return print_failure(&e);
	return follow_made(r, made, o->wait, o->json);
}

int cmd_deploy(int argc, char **argv)
{
	static const char usage[] =
		"usage: tsukuroi deploy [--system SYSTEM]... [--patch PATCH]... [--policy POLICY] [--now] [--yes]\n"
		"                       [--wait] [--name NAME] [--approve-plans [--drift WHAT]] [--json] [TARGETS]\n"
		"                       [--publish [--deadline TIME]] [--draft] [--notify ADDRESS]... [--notify-every TIME]\n"
		"                       [--wave 5,group:NAME,10%,100%] [--max-failures N] [--max-silent N] [--soak TIME]\n"
		"       tsukuroi deploy --from DRAFT [--now] [--yes] [--wait] [--json]\n"
		"Only --system: everything they miss. Only --patch: every system that misses them. Both: the product.\n"
		"POLICY is the name or id of a deployment policy; at any time unless given. With --approve-plans every\n"
		"system stops with its exact plan until that is approved (tsukuroi plans). WHAT may have become of a plan\n"
		"since: identical (nothing, the default), newer (newer versions of the same packages), dependencies (others\n"
		"beside them, too).\n"
		"--publish: the systems' users install it themselves (tsukuroi-agent install); from TIME on, as RFC 3339\n"
		"has it, it is deployed as the policy says where nobody has.\n"
		"--wave: so many systems first, then a group's members, then up to so many percent of all; each wave opens\n"
		"when the one before has succeeded for TIME (30m, 2h). More than N failed, or silent, systems of a wave\n"
		"halt the rest. Members of a group are in no wave before its own.\n"
		"--draft: kept for later, with --name; --from deploys a draft.\n"
		"--notify: who is mailed how it stands, every TIME (an hour) when something has changed.\n" TARGETS_USAGE;
	static struct deploy_options o;
	const struct arg_option options[] = {
		TARGET_OPTIONS(o.targets),
		{ .name = "--system", .list = o.systems, .n_list = &o.n_systems, .max_list = MANY },
		{ .name = "--patch", .list = o.patches, .n_list = &o.n_patches, .max_list = MANY },
		{ .name = "--name", .value = &o.name },
		{ .name = "--policy", .value = &o.policy },
		{ .name = "--approve-plans", .flag = &o.approve_plans },
		{ .name = "--drift", .value = &o.drift },
		{ .name = "--draft", .flag = &o.draft },
		NOTIFY_OPTIONS(o.notify),
		{ .name = "--from", .value = &o.from },
		{ .name = "--publish", .flag = &o.publish },
		{ .name = "--deadline", .value = &o.deadline },
		{ .name = "--wave", .value = &o.waves.waves },
		{ .name = "--max-failures", .value = &o.waves.max_failures },
		{ .name = "--max-silent", .value = &o.waves.max_silent },
		{ .name = "--soak", .value = &o.waves.soak },
		{ .name = "--now", .flag = &o.now },
		{ .name = "--yes", .flag = &o.yes },
		{ .name = "--wait", .flag = &o.wait },
		{ .name = "--json", .flag = &o.json }
	};
	AUTO(args_done) struct args a = { 0 };
	if (!args_parse(argc, argv, usage, options, ARRAY_LEN(options), 0, 0, &a))
		return a.status;
	bool chooses = o.n_systems || o.n_patches || targets_given(&o.targets);
	if (o.from && (chooses || o.draft || o.publish || o.deadline || o.name || o.policy ||
		       o.approve_plans || o.waves.waves || o.notify.n_to))
		return args_wrong(usage, "--from takes what the draft says; see 'deployment edit'");
	if (o.drift && !o.approve_plans)
		return args_wrong(usage, "--drift is of --approve-plans");
	if (o.draft && !o.name)
		return args_wrong(usage, "a draft needs --name");
	if (!chooses && !o.from)
		return args_wrong(usage, "--system, --patch or targets are needed");
	return deploy(&o);
}
