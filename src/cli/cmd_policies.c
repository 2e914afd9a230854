/* SPDX-License-Identifier: Apache-2.0
 * tsukuroi policies: list, show, make, change, remove deployment policies. One is edited as a file
 * of JSON: what `show` prints, `create` and `change` take. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/remote.h"
#include "cli/table.h"
#include "format/json.h"

#include <stdio.h>

static const char usage[] =
	"usage: tsukuroi policies [list] [--json]\n"
	"       tsukuroi policies show POLICY [--json]\n"
	"       tsukuroi policies create FILE [--json]\n"
	"       tsukuroi policies change POLICY FILE [--json]\n"
	"       tsukuroi policies delete POLICY\n"
	"POLICY is a name or an id, FILE a policy as 'show' prints it ('-' = standard input); the API describes its\n"
	"members, and 'tsukuroi window --policy FILE' its next windows. A file from 'show' does not replace a policy\n"
	"that was changed since.\n";

#define UPDATED "updated" /* in the file: what the change is meant for */

static void list_words(struct buf *out, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *v = json_array_get(list, i);
		buf_adds(out, i ? "," : "");
		if (json_is_integer(v))
			buf_printf(out, "%lld", (long long)json_integer_value(v));
		else
			buf_adds(out, json_string_value(v) ? json_string_value(v) : "");
	}
}

/* "week 2 tue 02:00-06:00; sun 13:00-17:00" */
static void windows_text(const json_t *schedule, struct buf *out)
{
	const json_t *windows = json_object_get(schedule, "windows"), *w;
	size_t i;
	json_array_foreach(windows, i, w)
	{
		buf_adds(out, i ? "; " : "");
		if (json_array_size(json_object_get(w, "weeks"))) {
			buf_adds(out, "week ");
			list_words(out, json_object_get(w, "weeks"));
			buf_adds(out, " ");
		}
		list_words(out, json_object_get(w, "weekdays"));
		buf_printf(out, "%s%s-%s",
			   json_array_size(json_object_get(w, "weekdays")) ? " " : "",
			   print_text(w, "start"), print_text(w, "end"));
	}
	if (!json_array_size(windows))
		buf_adds(out, "at any time");
	else if (*print_text(schedule, "zone"))
		buf_printf(out, " %s", print_text(schedule, "zone"));
}

static int show_list(struct remote *r, bool json, struct err *e)
{
	AUTO(json_free) json_t *doc = NULL;
	size_t i;
	const json_t *p;
	if (!remote_call(r, "GET", "/deployment-policies", NULL, &doc, e))
		return print_failure(e);
	if (json) {
		print_json(doc);
		return 0;
	}
	AUTO(table_free)
	struct table *t = table_new(
		(const char *const[]) { "POLICY", ">DEPLOYMENTS", "CHANGED", "WINDOWS", NULL });
	json_array_foreach(json_object_get(doc, "items"), i, p)
	{
		AUTO(buf_done) struct buf b = BUF_INIT(64u << 10);
		windows_text(json_object_get(p, "schedule"), &b);
		table_cell(t, print_text(json_object_get(p, "name"), "en"));
		if (json_is_null(json_object_get(p, "open_deployments")))
			table_cell(t, NULL);
		else
			table_number(t, print_int(p, "open_deployments"));
		table_cell(t, print_time(json_object_get(p, "updated"), 0));
		table_cell(t, b.p);
	}
	table_print(t);
	return 0;
}

/* As the API takes it. */
static int show_one(const json_t *p, bool json, struct err *e)
{
	static const char *const same[] = { "schedule", "notification", "before", "after",
					    UPDATED };
	if (json) {
		print_json(p);
		return 0;
	}
	if (json_is_true(json_object_get(p, "built_in"))) {
		(void)err_set(e, ERR_INVALID, "'%s' is built in and has no file; see --json",
			      print_text(json_object_get(p, "name"), "en"));
		return print_failure(e);
	}
	AUTO(json_free) json_t *file = json_object();
	json_object_set(file, "name", json_object_get(json_object_get(p, "name"), "en"));
	json_object_set(file, "description",
			json_object_get(json_object_get(p, "description"), "en"));
	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		json_object_set(file, same[i], json_object_get(p, same[i]));
	print_json(file);
	return 0;
}

static int told(const json_t *p, const char *done, bool json)
{
	AUTO(buf_done) struct buf b = BUF_INIT(64u << 10);
	if (json) {
		print_json(p);
		return 0;
	}
	windows_text(json_object_get(p, "schedule"), &b);
	printf("%s %s: %s\n", print_text(json_object_get(p, "name"), "en"), done, b.p);
	return 0;
}

static int create(struct remote *r, const char *path, bool json, struct err *e)
{
	AUTO(json_free) json_t *file = NULL, *made = NULL;
	if (!args_document(path, &file, e))
		return print_failure(e);
	(void)json_object_del(file, UPDATED);
	if (!remote_call(r, "POST", "/deployment-policies", file, &made, e))
		return print_failure(e);
	return told(made, "made", json);
}

static int change(struct remote *r, const json_t *p, const char *path, bool json, struct err *e)
{
	AUTO(json_free) json_t *file = NULL, *changed = NULL;
	AUTO(xfree) char *at = xasprintf("/deployment-policies/%s", print_text(p, "id"));
	if (!args_document(path, &file, e))
		return print_failure(e);
	const json_t *seen = json_object_get(file, UPDATED);
	if (seen && !json_equal(seen, json_object_get(p, UPDATED))) {
		(void)err_set(e, ERR_CONFLICT,
			      "'%.100s' was changed since '%.100s' was written; show it again, and "
			      "carry your changes over",
			      print_text(json_object_get(p, "name"), "en"), path);
		return print_failure(e);
	}
	(void)json_object_del(file, UPDATED);
	if (!remote_change_now(r, at, file, &changed, e))
		return print_failure(e);
	return told(changed, "changed", json);
}

static int run(struct remote *r, const struct args *a, bool json)
{
	AUTO(json_free) json_t *p = NULL;
	struct err e = { 0 };
	const char *verb = a->n ? a->words[0] : "list";
	if (strcmp(verb, "list") == 0)
		return show_list(r, json, &e);
	if (strcmp(verb, "create") == 0)
		return create(r, a->words[1], json, &e);
	if (!remote_policy(r, a->words[1], &p, &e))
		return print_failure(&e);
	if (strcmp(verb, "show") == 0)
		return show_one(p, json, &e);
	if (strcmp(verb, "change") == 0)
		return change(r, p, a->words[2], json, &e);
	AUTO(xfree) char *path = xasprintf("/deployment-policies/%s", print_text(p, "id"));
	return remote_call(r, "DELETE", path, NULL, NULL, &e) ? 0 : print_failure(&e);
}

int cmd_policies(int argc, char **argv)
{
	static const struct arg_verb verbs[] = { { "list", 1, 1 },   { "show", 2, 2 },
						 { "create", 2, 2 }, { "change", 3, 3 },
						 { "delete", 2, 2 }, { NULL, 0, 0 } };
	bool json = false;
	const struct arg_option options[] = { { .name = "--json", .flag = &json } };
	AUTO(args_done) struct args a = { 0 };
	if (!args_parse(argc, argv, usage, options, ARRAY_LEN(options), 0, ARGS_ANY, &a))
		return a.status;
	if (!args_verb(&a, verbs))
		return args_wrong(usage, "this is not known, or something is missing");
	struct err e = { 0 };
	AUTO(remote_free) struct remote *r = NULL;
	if (!remote_open(&r, &e))
		return print_failure(&e);
	return run(r, &a, json);
}
