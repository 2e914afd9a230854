/* SPDX-License-Identifier: Apache-2.0
 * tsukuroi feed: the laboratory's window on vendors' files. `feed parse KIND FILE...` prints what
 * our parsers read, one JSON object a line; `feed kinds` lists the kinds. Offline; nothing is
 * stored. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "feeds/lab/lab.h"

#include <stdio.h>
#include <string.h>

#define MAX_KEYRINGS 16u

static const char usage[] =
	"usage: tsukuroi feed kinds\n"
	"       tsukuroi feed parse KIND [--keyring FILE]... [--suite CODENAME] FILE...\n"
	"Prints one JSON object a line. --keyring verifies (status 7 on a bad signature);\n"
	"--suite names the suite of a lone Packages file that has no Release near it.\n";

static int kinds(void)
{
	for (const struct lab_kind *k = lab_kinds; k->name; k++)
		printf("%-16s %s\n", k->name, k->what);
	return 0;
}

static bool print_line(void *arg, struct str json, struct err *e)
{
	fwrite(json.p, 1, json.n, stdout);
	putchar('\n');
	return !ferror(stdout) || err_set(e, ERR_IO, "output cannot be written");
}

static int parse(int argc, char **argv)
{
	const char *keyrings[MAX_KEYRINGS + 1] = { 0 };
	size_t n_keyrings = 0;
	struct lab_options opt = { .keyrings = keyrings };
	const struct arg_option options[] = {
		{ .name = "--keyring",
		  .list = keyrings,
		  .n_list = &n_keyrings,
		  .max_list = MAX_KEYRINGS },
		{ .name = "--suite", .value = &opt.suite },
	};
	AUTO(args_done) struct args a = { 0 };
	struct err e = { 0 };
	if (!args_parse(argc, argv, usage, options, ARRAY_LEN(options), 2, ARGS_ANY, &a))
		return a.status;
	for (size_t i = 1; i < a.n; i++)
		if (!feeds_lab_parse(a.words[0], a.words[i], &opt, print_line, NULL, &e))
			return print_failure(&e);
	return 0;
}

int cmd_feed(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "kinds") == 0)
		return kinds();
	if (argc >= 2 && strcmp(argv[1], "parse") == 0)
		return parse(argc - 1, argv + 1);
	bool help = argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
	fputs(usage, help ? stdout : stderr);
	return help ? 0 : 2;
}
