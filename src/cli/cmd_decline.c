/* SPDX-License-Identifier: Apache-2.0
 * tsukuroi decline / undecline: patches that are not to be installed automatically and count as
 * missing nowhere, with a reason and an end. */
#include "base/clock.h"
#include "base/enc.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/remote.h"
#include "cli/table.h"

#include <stdio.h>

static int list_declines(bool ended, bool json)
{
	struct err e = { 0 };
	AUTO(remote_free) struct remote *r = NULL;
	AUTO(json_free) json_t *items = NULL;
	if (!remote_open(&r, &e) ||
	    !remote_all(r, ended ? "/declines?state=ended" : "/declines", 0, &items, &e))
		return print_failure(&e);
	if (json) {
		AUTO(json_free) json_t *doc = json_pack("{s:O}", "items", items);
		print_json(doc);
		return 0;
	}
	AUTO(table_free)
	struct table *t = table_new((const char *const[]) { "DECLINED", "UNTIL", "BY", "REASON",
							    ended ? "ENDED BY" : NULL, NULL });
	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *x = json_array_get(items, i), *patch = json_object_get(x, "patch");
		AUTO(xfree)
		char *what = json_is_object(patch) ? xstrdup(print_text(patch, "id"))
						   : xasprintf("%s (%s)", print_text(x, "product"),
							       print_text(x, "os"));
		table_cell(t, what);
		table_cell(t, print_time(json_object_get(x, "expires"), 0));
		table_cell(t, print_text(x, "created_by"));
		table_cell(t, print_text(x, "reason"));
		if (ended)
			table_cell(t, print_text(x, "ended_by"));
	}
	if (table_rows(t))
		table_print(t);
	else
		printf(ended ? "nothing was declined\n" : "nothing is declined\n");
	return 0;
}

static json_t *request(const struct args *a, const char *product, const char *os,
		       const char *reason, int64_t seconds)
{
	char until[CLOCK_RFC3339_LEN];
	json_t *body = json_object(), *what = json_object(), *ids = json_array();
	for (size_t i = 0; i < a->n; i++)
		json_array_append_new(ids, json_text(str_of(a->words[i])));
	if (product) {
		json_object_set_new(what, "name", json_text(str_of(product)));
		json_object_set_new(what, "os", json_text(str_of(os)));
		json_free(ids);
	} else {
		json_object_set_new(what, "ids", ids);
	}
	json_object_set_new(body, product ? "product" : "patches", what);
	json_object_set_new(body, "reason", json_text(str_of(reason)));
	json_object_set_new(body, "expires",
			    json_string(clock_rfc3339(clock_wall_ms() + seconds * 1000, until)));
	return body;
}

int cmd_decline(int argc, char **argv)
{
	static const char usage[] =
		"usage: tsukuroi decline PATCH... --reason TEXT --for 30d [--json]\n"
		"       tsukuroi decline --product NAME --os ID:VERSION --reason TEXT --for 30d [--json]\n"
		"       tsukuroi decline --list [--ended] [--json]\n";
	const char *reason = NULL, *ttl = NULL, *product = NULL, *os = NULL;
	bool list = false, ended = false, json = false;
	const struct arg_option options[] = {
		{ .name = "--reason", .value = &reason },   { .name = "--for", .value = &ttl },
		{ .name = "--product", .value = &product }, { .name = "--os", .value = &os },
		{ .name = "--list", .flag = &list },	    { .name = "--ended", .flag = &ended },
		{ .name = "--json", .flag = &json }
	};
	AUTO(args_done) struct args a = { 0 };
	int64_t seconds = 0;
	if (!args_parse(argc, argv, usage, options, ARRAY_LEN(options), 0, ARGS_ANY, &a))
		return a.status;
	if (list)
		return a.n || product || reason ? args_wrong(usage, "--list takes nothing else")
						: list_declines(ended, json);
	if (!product == !a.n || !product != !os)
		return args_wrong(usage, "name patches, or a product with --product and --os");
	if (!reason)
		return args_wrong(usage, "--reason is missing");
	if (!ttl || !args_duration(ttl, &seconds))
		return args_wrong(usage, "--for is missing, or not a time such as 12h or 30d");
	struct err e = { 0 };
	AUTO(remote_free) struct remote *r = NULL;
	AUTO(json_free) json_t *body = request(&a, product, os, reason, seconds);
	AUTO(json_free) json_t *made = NULL;
	if (!remote_open(&r, &e) || !remote_call(r, "POST", "/declines", body, &made, &e))
		return print_failure(&e);
	if (json)
		print_json(made);
	else
		printf("%zu declined\n", json_array_size(json_object_get(made, "items")));
	return 0;
}

/* The id of what declines `word` (a patch, a product, or the id itself). */
static const char *find(const json_t *items, const char *word)
{
	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *x = json_array_get(items, i);
		if (strcmp(word, print_text(x, "id")) == 0 ||
		    strcmp(word, print_text(x, "product")) == 0 ||
		    strcmp(word, print_text(json_object_get(x, "patch"), "id")) == 0)
			return print_text(x, "id");
	}
	return NULL;
}

int cmd_undecline(int argc, char **argv)
{
	static const char usage[] = "usage: tsukuroi undecline PATCH|PRODUCT...\n";
	AUTO(args_done) struct args a = { 0 };
	if (!args_parse(argc, argv, usage, NULL, 0, 1, ARGS_ANY, &a))
		return a.status;
	struct err e = { 0 };
	AUTO(remote_free) struct remote *r = NULL;
	AUTO(json_free) json_t *items = NULL;
	if (!remote_open(&r, &e) || !remote_all(r, "/declines", 0, &items, &e))
		return print_failure(&e);
	for (size_t i = 0; i < a.n; i++) {
		const char *id = find(items, a.words[i]);
		if (!id) {
			err_set(&e, ERR_NOT_FOUND, "'%.120s' is not declined", a.words[i]);
			return print_failure(&e);
		}
		AUTO(xfree) char *path = xasprintf("/declines/%s", id);
		if (!remote_call(r, "DELETE", path, NULL, NULL, &e))
			return print_failure(&e);
	}
	return 0;
}
