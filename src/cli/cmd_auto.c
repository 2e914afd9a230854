/* SPDX-License-Identifier: Apache-2.0
 * tsukuroi auto: automated deployments - list, show, make or change from a JSON file as the API
 * takes it, what one would deploy now, pause, resume, reset, remove. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/remote.h"
#include "cli/table.h"

#include <stdio.h>

static const char usage[] = "usage: tsukuroi auto list [--json]\n"
			    "       tsukuroi auto show|plan NAME [--json]\n"
			    "       tsukuroi auto create|preview FILE [--json]\n"
			    "       tsukuroi auto update NAME FILE [--json]\n"
			    "       tsukuroi auto pause|resume|remove NAME\n"
			    "       tsukuroi auto reset NAME [PATCH]\n";

static int list_tasks(struct remote *r, bool json, struct err *e)
{
	AUTO(json_free) json_t *reply = NULL;
	if (!remote_call(r, "GET", "/auto-deployments", NULL, &reply, e))
		return print_failure(e);
	if (json) {
		print_json(reply);
		return 0;
	}
	AUTO(table_free)
	struct table *t = table_new((const char *const[]) { "NAME", "STATE", "POLICY",
							    "LAST DEPLOYED", "CREATED BY", NULL });
	const json_t *items = json_object_get(reply, "items");
	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *x = json_array_get(items, i);
		table_cell(t, print_text(x, "name"));
		table_cell(t, json_is_null(json_object_get(x, "paused")) ? "running" : "paused");
		table_cell(t, print_text(x, "policy"));
		table_cell(t, print_time(json_object_get(x, "last_deployed"), 0));
		table_cell(t, print_text(x, "created_by"));
	}
	if (table_rows(t))
		table_print(t);
	else
		printf("there are no automated deployments\n");
	return 0;
}

/* By name or id; the id in `out`. */
static bool find(struct remote *r, const char *word, char out[static 33], struct err *e)
{
	AUTO(json_free) json_t *reply = NULL;
	if (!remote_call(r, "GET", "/auto-deployments", NULL, &reply, e))
		return false;
	const json_t *items = json_object_get(reply, "items");
	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *x = json_array_get(items, i);
		if (strcmp(print_text(x, "id"), word) != 0 &&
		    strcmp(print_text(x, "name"), word) != 0)
			continue;
		snprintf(out, 33, "%s", print_text(x, "id"));
		return true;
	}
	return err_set(e, ERR_NOT_FOUND, "there is no automated deployment '%.100s'", word);
}

static void print_plan(const json_t *p)
{
	const json_t *items = json_object_get(p, "items");
	printf("would deploy now: %lld patches x %lld systems (%lld installations), on %lld "
	       "systems\n",
	       (long long)print_int(p, "patches"), (long long)print_int(p, "systems"),
	       (long long)print_int(p, "pairs"), (long long)print_int(p, "targets"));
	AUTO(table_free)
	struct table *t = table_new((const char *const[]) {
		"PATCH", "DECISION", "AT", "SYSTEMS", "LACKING", "UNDER WAY", "FAILED", NULL });
	static const char *const numbers[] = { "systems", "lacking", "under_way", "failures" };
	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *x = json_array_get(items, i);
		table_cell(t, print_text(json_object_get(x, "patch"), "id"));
		table_cell(t, print_text(x, "verdict"));
		table_cell(t, print_time(json_object_get(x, "at"), 0));
		for (size_t k = 0; k < ARRAY_LEN(numbers); k++) {
			char n[24];
			snprintf(n, sizeof(n), "%lld", (long long)print_int(x, numbers[k]));
			table_cell(t, n);
		}
	}
	if (table_rows(t))
		table_print(t);
}

static int show(const json_t *reply, bool plan, bool json)
{
	if (plan && !json)
		print_plan(reply);
	else
		print_json(reply);
	return 0;
}

/* What works on a file: create, preview, update. */
static int with_file(struct remote *r, const char *verb, const char *id, const char *file,
		     bool json, struct err *e)
{
	AUTO(json_free) json_t *body = NULL, *reply = NULL;
	bool preview = strcmp(verb, "preview") == 0;
	AUTO(xfree)
	char *path = id[0] ? xasprintf("/auto-deployments/%s", id)
			   : xasprintf("/auto-deployments%s", preview ? ":preview" : "");
	if (!args_document(file, &body, e) ||
	    !remote_call(r, id[0] ? "PATCH" : "POST", path, body, &reply, e))
		return print_failure(e);
	if (preview || json)
		return show(reply, preview, json);
	printf("%s\n", print_text(reply, "id"));
	return 0;
}

static int with_task(struct remote *r, const char *verb, const char *id, const char *patch,
		     bool json, struct err *e)
{
	AUTO(json_free) json_t *body = NULL, *reply = NULL;
	bool plan = strcmp(verb, "plan") == 0, reads = plan || strcmp(verb, "show") == 0,
	     removes = strcmp(verb, "remove") == 0;
	AUTO(xfree)
	char *path = xasprintf("/auto-deployments/%s%s%s", id,
			       plan		  ? "/"
			       : reads || removes ? ""
						  : ":",
			       (reads && !plan) || removes ? "" : verb);
	if (strcmp(verb, "reset") == 0) {
		body = json_object();
		if (patch)
			json_object_set_new(body, "patch", json_text(str_of(patch)));
	}
	if (!remote_call(r,
			 reads	   ? "GET"
			 : removes ? "DELETE"
				   : "POST",
			 path, body, removes ? NULL : &reply, e))
		return print_failure(e);
	return reads ? show(reply, plan, json) : 0;
}

int cmd_auto(int argc, char **argv)
{
	static const struct {
		const char *verb;
		size_t min, max; /* words behind it */
		bool task, file;
	} verbs[] = { { "list", 0, 0, false, false },	{ "show", 1, 1, true, false },
		      { "plan", 1, 1, true, false },	{ "create", 1, 1, false, true },
		      { "preview", 1, 1, false, true }, { "update", 2, 2, true, true },
		      { "pause", 1, 1, true, false },	{ "resume", 1, 1, true, false },
		      { "remove", 1, 1, true, false },	{ "reset", 1, 2, true, false } };
	bool json = false;
	const struct arg_option options[] = { { .name = "--json", .flag = &json } };
	AUTO(args_done) struct args a = { 0 };
	AUTO(remote_free) struct remote *r = NULL;
	struct err e = { 0 };
	char id[33] = "";
	size_t v = 0;
	if (!args_parse(argc, argv, usage, options, ARRAY_LEN(options), 1, 3, &a))
		return a.status;
	while (v < ARRAY_LEN(verbs) && strcmp(verbs[v].verb, a.words[0]) != 0)
		v++;
	if (v == ARRAY_LEN(verbs) || a.n - 1 < verbs[v].min || a.n - 1 > verbs[v].max)
		return args_wrong(usage, "");
	if (!remote_open(&r, &e) || (verbs[v].task && !find(r, a.words[1], id, &e)))
		return print_failure(&e);
	if (verbs[v].file)
		return with_file(r, a.words[0], id, a.words[a.n - 1], json, &e);
	if (!verbs[v].task)
		return list_tasks(r, json, &e);
	return with_task(r, a.words[0], id, a.n > 2 ? a.words[2] : NULL, json, &e);
}
