/* SPDX-License-Identifier: Apache-2.0
 * tsukuroi deployment: one deployment and what becomes of it; why each of its targets waits. */
#include "base/clock.h"
#include "base/enc.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/follow.h"
#include "cli/notify.h"
#include "cli/print.h"
#include "cli/remote.h"
#include "cli/table.h"
#include "cli/waves.h"

#include <stdio.h>

static const char usage[] =
	"usage: tsukuroi deployment list [--trash] [--json]\n"
	"       tsukuroi deployment show ID [--state STATE] [--json]\n"
	"       tsukuroi deployment suspend|resume|cancel|clone|remove|restore ID [--json]\n"
	"       tsukuroi deployment retry ID [--system SYSTEM]... [--reason WORD] [--json]\n"
	"       tsukuroi deployment edit ID [--name NAME] [--description TEXT] [--policy POLICY] [--for 30d|never]\n"
	"                                [--retry REFRESH+START_UP|usual] [--distribution deploy_rest|hold]\n"
	"                                [--notify ADDRESS]... [--notify-every TIME] [--notify-nobody] [--json]\n"
	"show: its waves, and every target with its state, why it waits or failed, what helps, and when it goes on.\n"
	"retry: failed targets begin again; all of them, or those named, or those that failed for a reason.\n"
	"--notify: who is mailed how it stands, every TIME (30m, 2h) when something has changed; its end and a halt by its\n"
	"gates at once.\n";

#define MANY 1000

struct options {
	const char *systems[MANY], *state, *reason, *name, *description, *policy, *lasts, *retry,
		*distribution;
	size_t n_systems;
	struct notify_options notify;
	bool trash, json;
};

static const char *path_of(struct arena *a, const char *id, const char *rest)
{
	AUTO(buf_done) struct buf b = BUF_INIT(1000);
	enc_percent(&b, str_of(id));
	return arena_printf(a, "/deployments/%s%s", b.n ? b.p : "", rest);
}

static int finish(const json_t *d, bool json)
{
	if (json)
		print_json(d);
	else
		printf("deployment %s: %s\n", print_text(d, "id"), print_text(d, "state"));
	return 0;
}

/* --- list --- */

static int list(struct remote *r, const struct options *o)
{
	struct err e = { 0 };
	AUTO(json_free) json_t *all = NULL;
	if (!remote_all(r, o->trash ? "/deployments?trash=true" : "/deployments", 0, &all, &e))
		return print_failure(&e);
	if (o->json) {
		AUTO(json_free) json_t *doc = json_object();
		json_object_set(doc, "items", all);
		print_json(doc);
		return 0;
	}
	AUTO(table_free)
	struct table *t = table_new((const char *const[]) { "DEPLOYMENT", "STATE", ">PATCHES",
							    ">DONE", ">FAILED", ">ALL", "CREATED",
							    "EXPIRES", "NAME", NULL });
	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *d = json_array_get(all, i), *n = json_object_get(d, "targets");
		table_cell(t, print_text(d, "id"));
		table_cell(t, print_text(d, "state"));
		table_number(t, print_int(d, "patches"));
		table_number(t, print_int(n, "succeeded"));
		table_number(t, print_int(n, "failed"));
		table_number(t, print_int(n, "total"));
		table_cell(t, print_time(json_object_get(d, "created"), 0));
		table_cell(t, print_time(json_object_get(d, "expires"), 1));
		table_cell(t, print_text(d, "name"));
	}
	if (table_rows(t))
		table_print(t);
	else
		printf(o->trash ? "the trash is empty\n" : "no deployments yet\n");
	return 0;
}

/* --- show --- */

/* The row of a reason; NULL for a word that has none. */
static const json_t *reason_of(const json_t *reasons, const char *word)
{
	size_t i;
	const json_t *x;
	json_array_foreach(json_object_get(reasons, "items"), i,
			   x) if (strcmp(print_text(x, "reason"), word) == 0) return x;
	return NULL;
}

static const char *english(const json_t *reason, const char *member)
{
	return reason ? print_text(json_object_get(reason, member), "en") : "";
}

/* When it goes on: its next attempt, or the window that comes next. */
static const char *next_of(const json_t *target, struct arena *a)
{
	const json_t *at = json_object_get(target, "next_attempt"),
		     *w = json_object_get(target, "window");
	int64_t ms = 0;
	const char *state = print_text(target, "state");
	if (strcmp(state, "pending") != 0 && strcmp(state, "awaiting_approval") != 0)
		return "-";
	if (json_is_string(at) && clock_parse_rfc3339(str_of(json_string_value(at)), &ms) &&
	    ms > clock_wall_ms())
		return arena_strdup(a, print_time(at, 0));
	if (!json_is_object(w))
		return "-";
	return json_is_string(json_object_get(w, "zone"))
		       ? arena_printf(a, "%s (window)", print_time(json_object_get(w, "start"), 0))
		       : arena_printf(a, "%s local (window)", print_text(w, "local_start"));
}

static void show_targets(const json_t *targets, const json_t *reasons)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(table_free)
	struct table *t = table_new((const char *const[]) { "SYSTEM", "STATE", ">ATTEMPTS", "NEXT",
							    "WHY", "WHAT HELPS", "DETAIL", NULL });
	for (size_t i = 0; i < json_array_size(targets); i++) {
		const json_t *x = json_array_get(targets, i);
		const char *word = print_text(x, "reason"), *cause = print_text(x, "cause");
		const json_t *r = reason_of(reasons, word);
		const char *title = r ? english(r, "title") : word;
		bool again = cause[0] && strcmp(cause, word) != 0;
		table_cell(t, print_text(x, "hostname"));
		table_cell(t, print_text(x, "state"));
		table_number(t, print_int(x, "attempts"));
		table_cell(t, next_of(x, &a));
		table_cell(t, again ? arena_printf(&a, "%s (last time: %s)", title, cause) : title);
		table_cell(t, english(r, "remedy"));
		table_cell(t, print_text(x, "detail"));
	}
	if (table_rows(t))
		table_print(t);
}

static void show_failures(const json_t *groups)
{
	size_t i;
	const json_t *g;
	json_array_foreach(json_object_get(groups, "items"), i, g)
		printf("%lld failed: %s (%s)\n  %s\n", (long long)print_int(g, "systems"),
		       english(g, "title"), print_text(g, "reason"), english(g, "remedy"));
}

static int show(struct remote *r, const char *id, const struct options *o)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(json_free) json_t *d = NULL;
	AUTO(json_free) json_t *targets = NULL;
	AUTO(json_free) json_t *reasons = NULL;
	AUTO(json_free) json_t *failures = NULL;
	struct err e = { 0 };
	const char *list = o->state ? arena_printf(&a, "/targets?state=%.30s", o->state)
				    : "/targets";
	if (!remote_call(r, "GET", path_of(&a, id, ""), NULL, &d, &e) ||
	    !remote_all(r, path_of(&a, id, list), 0, &targets, &e) ||
	    !remote_call(r, "GET", path_of(&a, id, "/failures"), NULL, &failures, &e) ||
	    !remote_call(r, "GET", "/deployment-reasons", NULL, &reasons, &e))
		return print_failure(&e);
	if (o->json) {
		json_object_set(d, "target_items", targets);
		json_object_set(d, "failures", json_object_get(failures, "items"));
		print_json(d);
		return 0;
	}
	printf("%s: %s, policy %s", print_text(d, "name"), print_text(d, "state"),
	       print_text(json_object_get(d, "policy_name"), "en"));
	if (json_is_string(json_object_get(d, "expires")))
		printf(", expires %s", print_time(json_object_get(d, "expires"), 0));
	printf("\n");
	notify_print(d);
	waves_print(d);
	show_failures(failures);
	show_targets(targets, reasons);
	return 0;
}

/* --- verbs --- */

static int post(struct remote *r, const char *id, const char *verb, const json_t *body, bool json)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(json_free) json_t *d = NULL;
	struct err e = { 0 };
	if (!remote_call(r, "POST", path_of(&a, id, arena_printf(&a, ":%s", verb)), body, &d, &e))
		return print_failure(&e);
	return finish(d, json);
}

static int removal(struct remote *r, const char *id)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	return remote_call(r, "DELETE", path_of(&a, id, ""), NULL, NULL, &e) ? 0
									     : print_failure(&e);
}

static int retry(struct remote *r, const char *id, const struct options *o)
{
	AUTO(json_free) json_t *body = json_object();
	struct err e = { 0 };
	if (o->n_systems) {
		json_t *ids = json_array();
		json_object_set_new(body, "systems", ids);
		for (size_t i = 0; i < o->n_systems; i++) {
			AUTO(json_free) json_t *s = NULL;
			if (!remote_system(r, o->systems[i], &s, &e))
				return print_failure(&e);
			json_array_append(ids, json_object_get(s, "id"));
		}
	}
	if (o->reason)
		json_object_set_new(body, "reason", json_text(str_of(o->reason)));
	return post(r, id, "retry", body, o->json);
}

/* "7+1" */
static bool retries(const char *text, json_t **out)
{
	struct str rest = str_of(text), first;
	uint64_t refresh, start_up;
	if (strcmp(text, "usual") == 0) {
		*out = json_null();
		return true;
	}
	if (!str_split(&rest, '+', &first) || !str_to_u64(first, &refresh) ||
	    !str_to_u64(rest, &start_up) || refresh > 100 || start_up > 100)
		return false;
	*out = json_pack("{s:I,s:I}", "refresh", (json_int_t)refresh, "start_up",
			 (json_int_t)start_up);
	return true;
}

static bool expiry(const char *text, json_t **out)
{
	int64_t seconds;
	if (strcmp(text, "never") == 0)
		*out = json_null();
	else if (args_duration(text, &seconds))
		*out = json_time(clock_wall_ms() + seconds * 1000);
	else
		return false;
	return true;
}

static int edit(struct remote *r, const char *id, const struct options *o)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(json_free) json_t *body = json_object();
	AUTO(json_free) json_t *d = NULL;
	json_t *v;
	struct err e = { 0 };
	const char *path = path_of(&a, id, "");
	if (o->name)
		json_object_set_new(body, "name", json_text(str_of(o->name)));
	if (o->description)
		json_object_set_new(body, "description", json_text(str_of(o->description)));
	if (o->distribution)
		json_object_set_new(body, "distribution", json_text(str_of(o->distribution)));
	if (o->retry && !retries(o->retry, &v))
		return args_wrong(usage, "--retry is neither like 7+1 nor 'usual'");
	if (o->retry)
		json_object_set_new(body, "retry", v);
	if (o->lasts && !expiry(o->lasts, &v))
		return args_wrong(usage, "--for is neither a time such as 30d nor 'never'");
	if (o->lasts)
		json_object_set_new(body, "expires", v);
	if (!follow_policy(r, o->policy, body, &e) || !notify_request(&o->notify, body, &e))
		return print_failure(&e);
	if (!json_object_size(body))
		return args_wrong(usage, "nothing is to be changed");
	if (!remote_change_now(r, path, body, &d, &e))
		return print_failure(&e);
	return finish(d, o->json);
}

static int act(const char *verb, const char *id, const struct options *o)
{
	static const char *const posts[] = { "suspend", "resume", "cancel", "clone", "restore" };
	AUTO(remote_free) struct remote *r = NULL;
	struct err e = { 0 };
	if (!remote_open(&r, &e))
		return print_failure(&e);
	for (size_t i = 0; i < ARRAY_LEN(posts); i++)
		if (strcmp(verb, posts[i]) == 0)
			return post(r, id, verb, NULL, o->json);
	if (strcmp(verb, "list") == 0)
		return list(r, o);
	if (strcmp(verb, "show") == 0)
		return show(r, id, o);
	if (strcmp(verb, "remove") == 0)
		return removal(r, id);
	if (strcmp(verb, "retry") == 0)
		return retry(r, id, o);
	return edit(r, id, o);
}

int cmd_deployment(int argc, char **argv)
{
	static const char *const verbs[] = { "list",  "show",	"suspend", "resume", "cancel",
					     "clone", "remove", "restore", "retry",  "edit" };
	static struct options o;
	const struct arg_option options[] = {
		{ .name = "--trash", .flag = &o.trash },
		{ .name = "--state", .value = &o.state },
		{ .name = "--system", .list = o.systems, .n_list = &o.n_systems, .max_list = MANY },
		{ .name = "--reason", .value = &o.reason },
		{ .name = "--name", .value = &o.name },
		{ .name = "--description", .value = &o.description },
		{ .name = "--policy", .value = &o.policy },
		{ .name = "--for", .value = &o.lasts },
		{ .name = "--retry", .value = &o.retry },
		{ .name = "--distribution", .value = &o.distribution },
		NOTIFY_OPTIONS(o.notify),
		{ .name = "--notify-nobody", .flag = &o.notify.nobody },
		{ .name = "--json", .flag = &o.json }
	};
	AUTO(args_done) struct args a = { 0 };
	if (!args_parse(argc, argv, usage, options, ARRAY_LEN(options), 1, 2, &a))
		return a.status;
	bool known = false;
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		known |= strcmp(a.words[0], verbs[i]) == 0;
	if (!known)
		return args_wrong(usage, "that is not done with deployments");
	if ((strcmp(a.words[0], "list") == 0) != (a.n == 1))
		return args_wrong(usage, a.n == 1 ? "ID is missing" : "list takes no ID");
	return act(a.words[0], a.n > 1 ? a.words[1] : "", &o);
}
