/* SPDX-License-Identifier: Apache-2.0
 * tsukuroi explain SYSTEM PATCH: the verdict with its rule, facts, versions, feed and scan. */
#include "base/enc.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/remote.h"

#include <stdio.h>

static void show_rule(const json_t *node, int depth)
{
	if (!node || depth > 32)
		return;
	const char *truth = print_text(node, "truth");
	const char *mark = strcmp(truth, "true") == 0	 ? "+"
			   : strcmp(truth, "false") == 0 ? "-"
							 : "?";
	printf("%*s%s ", 2 + depth * 2, "", mark);
	const json_t *children = json_object_get(node, "children");
	printf("%s", json_array_size(children) ? print_text(node, "op") : print_text(node, "text"));
	if (print_text(node, "installed")[0])
		printf("   installed %s, fixed %s (%s)", print_text(node, "installed"),
		       print_text(node, "fixed"), print_text(node, "comparator"));
	if (print_text(node, "note")[0])
		printf("   [%s]", print_text(node, "note"));
	if (print_text(node, "superseded_by")[0])
		printf("   newer: %s", print_text(node, "superseded_by"));
	putchar('\n');
	for (size_t i = 0; i < json_array_size(children); i++)
		show_rule(json_array_get(children, i), depth + 1);
}

/* A patch id as it is, or the patch of that product which concerns the system. */
static bool find_patch(struct remote *r, const char *system, const char *word, char **id_out,
		       struct err *e)
{
	if (strchr(word, ':')) {
		*id_out = xstrdup(word);
		return true;
	}
	static const char *const states[] = { "missing", "held", "installed" };
	for (size_t k = 0; k < ARRAY_LEN(states); k++) {
		AUTO(json_free) json_t *list = NULL;
		AUTO(xfree)
		char *path = xasprintf("/systems/%s/patches?state=%s", system, states[k]);
		if (!remote_all(r, path, 0, &list, e))
			return false;
		for (size_t i = 0; i < json_array_size(list); i++) {
			const json_t *p = json_array_get(list, i);
			if (strcmp(print_text(p, "product"), word) == 0) {
				*id_out = xstrdup(print_text(p, "id"));
				return true;
			}
		}
	}
	return err_set(
		e, ERR_NOT_FOUND,
		"no patch of '%.100s' concerns this system; give a patch id ('tsukuroi patches')",
		word);
}

static void show(const json_t *x)
{
	const json_t *p = json_object_get(x, "patch"), *from = json_object_get(x, "provenance"),
		     *scan = json_object_get(x, "scan");
	printf("%s on %s: %s\n", print_text(p, "id"),
	       print_text(json_object_get(x, "system"), "hostname"), print_text(x, "verdict"));
	printf("rule (+ true, - false, ? unknown)\n");
	show_rule(json_object_get(x, "rule"), 0);
	printf("feed     %s, synced %s, %s\n", print_text(from, "feed"),
	       print_time(json_object_get(from, "fetched"), 0),
	       print_text(from, "signer")[0] ? print_text(from, "signer") : "not signed");
	printf("scan     %s (%s)\n", print_time(json_object_get(scan, "last_scan"), 1),
	       print_text(scan, "scan_status"));
	const json_t *steps = json_object_get(x, "next_steps");
	for (size_t i = 0; i < json_array_size(steps); i++)
		printf("next     %s\n", json_string_value(json_array_get(steps, i)));
}

int cmd_explain(int argc, char **argv)
{
	static const char usage[] =
		"usage: tsukuroi explain SYSTEM PATCH [--json]\n"
		"PATCH: a patch id, or the name of a product (source package)\n";
	bool json = false;
	const struct arg_option options[] = { { .name = "--json", .flag = &json } };
	AUTO(args_done) struct args a = { 0 };
	if (!args_parse(argc, argv, usage, options, ARRAY_LEN(options), 2, 2, &a))
		return a.status;
	struct err e = { 0 };
	AUTO(remote_free) struct remote *r = NULL;
	AUTO(json_free) json_t *system = NULL;
	AUTO(json_free) json_t *x = NULL;
	AUTO(xfree) char *patch = NULL;
	if (!remote_open(&r, &e) || !remote_system(r, a.words[0], &system, &e) ||
	    !find_patch(r, print_text(system, "id"), a.words[1], &patch, &e))
		return print_failure(&e);
	AUTO(buf_done) struct buf path = BUF_INIT(4096);
	buf_printf(&path, "/systems/%s/patches/", print_text(system, "id"));
	enc_percent(&path, str_of(patch));
	buf_adds(&path, "/explanation");
	if (!buf_ok(&path, "the patch id", &e) || !remote_call(r, "GET", path.p, NULL, &x, &e))
		return print_failure(&e);
	if (json)
		print_json(x);
	else
		show(x);
	return 0;
}
