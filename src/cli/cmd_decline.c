/* SPDX-License-Identifier: Apache-2.0
 * tsukuroi decline / undecline: patches that are not to be installed automatically and do not count
 * as missing, on all systems or those of groups, with a reason and an end. */
#include "base/clock.h"
#include "base/enc.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/remote.h"
#include "cli/table.h"

#include <stdio.h>

#define GROUPS_MAX_NAMED 50

/* "all systems", or the groups. */
static char *where_of(const json_t *decline)
{
	const json_t *groups = json_object_get(decline, "groups");
	AUTO(buf_done) struct buf b = BUF_INIT(1u << 20);
	for (size_t i = 0; i < json_array_size(groups); i++)
		buf_printf(&b, "%s%s", i ? ", " : "",
			   print_text(json_array_get(groups, i), "name"));
	if (b.n == 0)
		buf_adds(&b, "all systems");
	return buf_take(&b);
}

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
	struct table *t = table_new((const char *const[]) {
		"DECLINED", "ON", "UNTIL", "BY", "REASON", ended ? "ENDED BY" : NULL, NULL });
	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *x = json_array_get(items, i), *patch = json_object_get(x, "patch");
		AUTO(xfree)
		char *what = json_is_object(patch) ? xstrdup(print_text(patch, "id"))
						   : xasprintf("%s (%s)", print_text(x, "product"),
							       print_text(x, "os"));
		AUTO(xfree) char *where = where_of(x);
		table_cell(t, what);
		table_cell(t, where);
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

/* The ids of groups by name or id, into `body`. */
static bool name_groups(struct remote *r, const char *const *names, size_t n, json_t *body,
			struct err *e)
{
	AUTO(json_free) json_t *all = NULL, *ids = json_array();
	if (n == 0)
		return true;
	if (!remote_all(r, "/groups", 0, &all, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		const json_t *found = NULL;
		for (size_t k = 0; k < json_array_size(all) && !found; k++) {
			const json_t *g = json_array_get(all, k);
			if (strcmp(names[i], print_text(g, "id")) == 0 ||
			    strcmp(names[i], print_text(g, "name")) == 0)
				found = g;
		}
		if (!found)
			return err_set(e, ERR_NOT_FOUND, "there is no group '%.120s'", names[i]);
		json_array_append_new(ids, json_text(str_of(print_text(found, "id"))));
	}
	json_object_set(body, "groups", ids);
	return true;
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
		"usage: tsukuroi decline PATCH... --reason TEXT --for 30d [--group GROUP]... [--json]\n"
		"       tsukuroi decline --product NAME --os ID:VERSION --reason TEXT --for 30d [--group GROUP]... [--json]\n"
		"       tsukuroi decline --list [--ended] [--json]\n"
		"--group: on the systems in this group (name or id) only, or in any of several; else on all.\n";
	const char *reason = NULL, *ttl = NULL, *product = NULL, *os = NULL,
		   *groups[GROUPS_MAX_NAMED];
	size_t n_groups = 0;
	bool list = false, ended = false, json = false;
	const struct arg_option options[] = { { .name = "--reason", .value = &reason },
					      { .name = "--for", .value = &ttl },
					      { .name = "--product", .value = &product },
					      { .name = "--os", .value = &os },
					      { .name = "--list", .flag = &list },
					      { .name = "--ended", .flag = &ended },
					      { .name = "--json", .flag = &json },
					      { .name = "--group",
						.list = groups,
						.n_list = &n_groups,
						.max_list = ARRAY_LEN(groups) } };
	AUTO(args_done) struct args a = { 0 };
	int64_t seconds = 0;
	if (!args_parse(argc, argv, usage, options, ARRAY_LEN(options), 0, ARGS_ANY, &a))
		return a.status;
	if (list)
		return a.n || product || reason || n_groups
			       ? args_wrong(usage, "--list takes nothing else")
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
	if (!remote_open(&r, &e) || !name_groups(r, groups, n_groups, body, &e) ||
	    !remote_call(r, "POST", "/declines", body, &made, &e))
		return print_failure(&e);
	if (json)
		print_json(made);
	else
		printf("%zu declined\n", json_array_size(json_object_get(made, "items")));
	return 0;
}

static bool is_about(const json_t *decline, const char *word)
{
	return strcmp(word, print_text(decline, "id")) == 0 ||
	       strcmp(word, print_text(decline, "product")) == 0 ||
	       strcmp(word, print_text(json_object_get(decline, "patch"), "id")) == 0;
}

/* Everything that declines `word` (a patch, a product, or the id of a decline). */
static bool end_all(struct remote *r, const json_t *items, const char *word, struct err *e)
{
	bool found = false;
	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *x = json_array_get(items, i);
		if (!is_about(x, word))
			continue;
		AUTO(xfree) char *path = xasprintf("/declines/%s", print_text(x, "id"));
		if (!remote_call(r, "DELETE", path, NULL, NULL, e))
			return false;
		found = true;
	}
	return found || err_set(e, ERR_NOT_FOUND, "'%.120s' is not declined", word);
}

int cmd_undecline(int argc, char **argv)
{
	static const char usage[] = "usage: tsukuroi undecline PATCH|PRODUCT|ID...\n";
	AUTO(args_done) struct args a = { 0 };
	if (!args_parse(argc, argv, usage, NULL, 0, 1, ARGS_ANY, &a))
		return a.status;
	struct err e = { 0 };
	AUTO(remote_free) struct remote *r = NULL;
	AUTO(json_free) json_t *items = NULL;
	if (!remote_open(&r, &e) || !remote_all(r, "/declines", 0, &items, &e))
		return print_failure(&e);
	for (size_t i = 0; i < a.n; i++)
		if (!end_all(r, items, a.words[i], &e))
			return print_failure(&e);
	return 0;
}
