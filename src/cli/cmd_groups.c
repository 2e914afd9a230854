/* SPDX-License-Identifier: Apache-2.0
 * tsukuroi groups: list, show, make, change, remove; members; and what a filter describes. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/remote.h"
#include "cli/table.h"

#include <stdio.h>

static const char usage[] =
	"usage: tsukuroi groups [list] [--json]\n"
	"       tsukuroi groups show GROUP [--json]\n"
	"       tsukuroi groups create NAME [--unique | --filter FILTER] [--description TEXT] [--max-unavailable N|N%] [--json]\n"
	"       tsukuroi groups change GROUP [--name NAME] [--description TEXT] [--filter FILTER] [--max-unavailable N|N%|none] [--json]\n"
	"       tsukuroi groups add|remove GROUP SYSTEM... [--json]\n"
	"       tsukuroi groups delete GROUP\n"
	"       tsukuroi groups preview FILTER [--json]\n"
	"GROUP is a name or an id. A group with a filter is dynamic: its members are the systems that the filter\n"
	"describes, such as 'os = debian and package openssl < 3.0.11'; see tsukuroi(1). With --max-unavailable never more\n"
	"than so many members are installing, restarting or away at once.\n";

struct group_options {
	const char *name, *description, *filter, *limit;
	json_t *max_unavailable; /* as the API takes it; NULL = not given */
	bool unique, json;
};

static int show_list(struct remote *r, const struct group_options *o, struct err *e)
{
	AUTO(json_free) json_t *list = NULL;
	if (!remote_all(r, "/groups", 0, &list, e))
		return print_failure(e);
	if (o->json) {
		AUTO(json_free) json_t *doc = json_object();
		json_object_set(doc, "items", list);
		print_json(doc);
		return 0;
	}
	AUTO(table_free)
	struct table *t = table_new((const char *const[]) { "GROUP", "CATEGORY", ">MEMBERS",
							    "CHANGED", "BY", "FILTER", NULL });
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *g = json_array_get(list, i);
		table_cell(t, print_text(g, "name"));
		table_cell(t, print_text(g, "category"));
		if (json_is_null(json_object_get(g, "members")))
			table_cell(t, "?");
		else
			table_number(t, print_int(g, "members"));
		table_cell(t, print_time(json_object_get(g, "changed"), 0));
		table_cell(t, print_text(g, "changed_by"));
		table_cell(t, print_text(g, "filter"));
	}
	if (table_rows(t))
		table_print(t);
	else
		printf("no groups yet\n");
	return 0;
}

static void print_systems(const json_t *list)
{
	AUTO(table_free)
	struct table *t = table_new((const char *const[]) { "SYSTEM", "OS", "OFFICE", NULL });
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *s = json_array_get(list, i);
		table_cell(t, print_text(s, "hostname"));
		table_cell(t, print_text(s, "os"));
		table_cell(t, print_text(s, "office"));
	}
	if (table_rows(t))
		table_print(t);
}

static void print_limit(const json_t *g)
{
	const json_t *l = json_object_get(g, "max_unavailable");
	if (json_object_get(l, "percent"))
		printf("  never more than %lld%% unavailable at once\n",
		       (long long)print_int(l, "percent"));
	else if (json_object_get(l, "systems"))
		printf("  never more than %lld unavailable at once\n",
		       (long long)print_int(l, "systems"));
}

static int show_one(struct remote *r, const json_t *g, const struct group_options *o, struct err *e)
{
	AUTO(json_free) json_t *members = NULL;
	AUTO(xfree) char *path = xasprintf("/groups/%s/members", print_text(g, "id"));
	if (!remote_all(r, path, 0, &members, e))
		return print_failure(e);
	if (o->json) {
		AUTO(json_free) json_t *doc = json_deep_copy(g);
		json_object_set(doc, "systems", members);
		print_json(doc);
		return 0;
	}
	printf("%s (%s), %lld members\n", print_text(g, "name"), print_text(g, "category"),
	       (long long)print_int(g, "members"));
	if (*print_text(g, "filter"))
		printf("  filter: %s\n", print_text(g, "filter"));
	print_limit(g);
	if (*print_text(g, "description"))
		printf("  %s\n", print_text(g, "description"));
	if (*print_text(g, "error"))
		printf("  error: %s\n", print_text(g, "error"));
	printf("  made by %s at %s, changed by %s at %s\n", print_text(g, "created_by"),
	       print_time(json_object_get(g, "created"), 0), print_text(g, "changed_by"),
	       print_time(json_object_get(g, "changed"), 1));
	print_systems(members);
	return 0;
}

static int told(const json_t *g, const struct group_options *o)
{
	if (o->json)
		print_json(g);
	else
		printf("%s (%s), %lld members\n", print_text(g, "name"), print_text(g, "category"),
		       (long long)print_int(g, "members"));
	return 0;
}

static void put_options(json_t *body, const struct group_options *o)
{
	if (o->name)
		json_object_set_new(body, "name", json_text(str_of(o->name)));
	if (o->description)
		json_object_set_new(body, "description", json_text(str_of(o->description)));
	if (o->filter)
		json_object_set_new(body, "filter", json_text(str_of(o->filter)));
	if (o->max_unavailable)
		json_object_set(body, "max_unavailable", o->max_unavailable);
}

static int create(struct remote *r, const char *name, const struct group_options *o, struct err *e)
{
	AUTO(json_free) json_t *body = json_object();
	AUTO(json_free) json_t *made = NULL;
	put_options(body, o);
	json_object_set_new(body, "name", json_text(str_of(name)));
	json_object_set_new(body, "category",
			    json_string(o->unique   ? "unique"
					: o->filter ? "dynamic"
						    : "static"));
	return remote_call(r, "POST", "/groups", body, &made, e) ? told(made, o) : print_failure(e);
}

static int change(struct remote *r, const json_t *g, const struct group_options *o, struct err *e)
{
	AUTO(json_free) json_t *body = json_object();
	AUTO(json_free) json_t *made = NULL;
	AUTO(xfree) char *path = xasprintf("/groups/%s", print_text(g, "id"));
	put_options(body, o);
	return remote_change(r, path, print_int(g, "version"), body, &made, e) ? told(made, o)
									       : print_failure(e);
}

static int move(struct remote *r, const json_t *g, const char *verb, const char *const *systems,
		size_t n, const struct group_options *o, struct err *e)
{
	AUTO(json_free) json_t *body = json_object();
	AUTO(json_free) json_t *made = NULL;
	AUTO(xfree) char *path = xasprintf("/groups/%s:%s", print_text(g, "id"), verb);
	json_t *ids = json_array(), *selection = json_object();
	json_object_set_new(selection, "ids", ids);
	json_object_set_new(body, "systems", selection);
	for (size_t i = 0; i < n; i++) {
		AUTO(json_free) json_t *s = NULL;
		if (!remote_system(r, systems[i], &s, e))
			return print_failure(e);
		json_array_append(ids, json_object_get(s, "id"));
	}
	return remote_call(r, "POST", path, body, &made, e) ? told(made, o) : print_failure(e);
}

static int preview(struct remote *r, const char *filter, const struct group_options *o,
		   struct err *e)
{
	AUTO(json_free) json_t *body = json_object();
	AUTO(json_free) json_t *reply = NULL;
	json_object_set_new(body, "filter", json_text(str_of(filter)));
	if (!remote_call(r, "POST", "/groups:preview", body, &reply, e))
		return print_failure(e);
	if (o->json) {
		print_json(reply);
		return 0;
	}
	printf("%lld systems: %s\n", (long long)print_int(reply, "count"),
	       print_text(reply, "filter"));
	print_systems(json_object_get(reply, "sample"));
	return 0;
}

static int run(struct remote *r, const struct args *a, const struct group_options *o)
{
	struct err e = { 0 };
	AUTO(json_free) json_t *g = NULL;
	const char *verb = a->n ? a->words[0] : "list";
	if (strcmp(verb, "list") == 0)
		return show_list(r, o, &e);
	if (strcmp(verb, "create") == 0)
		return create(r, a->words[1], o, &e);
	if (strcmp(verb, "preview") == 0)
		return preview(r, a->words[1], o, &e);
	if (!remote_group(r, a->words[1], &g, &e))
		return print_failure(&e);
	if (strcmp(verb, "show") == 0)
		return show_one(r, g, o, &e);
	if (strcmp(verb, "change") == 0)
		return change(r, g, o, &e);
	if (strcmp(verb, "delete") != 0)
		return move(r, g, verb, a->words + 2, a->n - 2, o, &e);
	AUTO(xfree) char *path = xasprintf("/groups/%s", print_text(g, "id"));
	return remote_call(r, "DELETE", path, NULL, NULL, &e) ? 0 : print_failure(&e);
}

/* "2", "25%" or "none" as the API takes it; NULL for anything else. */
static json_t *limit_of(const char *text)
{
	struct str s = str_of(text);
	uint64_t n;
	if (str_is(s, "none"))
		return json_null();
	bool percent = s.n > 1 && s.p[s.n - 1] == '%';
	s.n -= percent;
	if (!str_to_u64(s, &n) || n < 1 || n > 1000000)
		return NULL;
	json_t *j = json_object();
	json_object_set_new(j, percent ? "percent" : "systems", json_integer((json_int_t)n));
	return j;
}

int cmd_groups(int argc, char **argv)
{
	static const struct arg_verb verbs[] = { { "list", 1, 1 },	 { "show", 2, 2 },
						 { "create", 2, 2 },	 { "change", 2, 2 },
						 { "add", 3, ARGS_ANY }, { "remove", 3, ARGS_ANY },
						 { "delete", 2, 2 },	 { "preview", 2, 2 },
						 { NULL, 0, 0 } };
	struct group_options o = { 0 };
	const struct arg_option options[] = { { .name = "--name", .value = &o.name },
					      { .name = "--description", .value = &o.description },
					      { .name = "--filter", .value = &o.filter },
					      { .name = "--max-unavailable", .value = &o.limit },
					      { .name = "--unique", .flag = &o.unique },
					      { .name = "--json", .flag = &o.json } };
	AUTO(args_done) struct args a = { 0 };
	if (!args_parse(argc, argv, usage, options, ARRAY_LEN(options), 0, ARGS_ANY, &a))
		return a.status;
	if (!args_verb(&a, verbs))
		return args_wrong(usage, "this is not known, or something is missing");
	if (o.unique && o.filter)
		return args_wrong(usage, "a unique group has no filter");
	AUTO(json_free) json_t *limit = NULL;
	if (o.limit && !(limit = limit_of(o.limit)))
		return args_wrong(usage, "--max-unavailable is a number, a percentage, or none");
	o.max_unavailable = limit;
	struct err e = { 0 };
	AUTO(remote_free) struct remote *r = NULL;
	if (!remote_open(&r, &e))
		return print_failure(&e);
	return run(r, &a, &o);
}
