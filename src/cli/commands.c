/* SPDX-License-Identifier: Apache-2.0
 * The table of commands and the choice among them. Invariant: an unknown word runs nothing. */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

static const struct cli_command commands[] = {
#define CLI_COMMAND(name, fn, help) { name, fn, help },
#include "cli/commands.def"
#undef CLI_COMMAND
};

static void print_help(FILE *to)
{
	fputs("usage: tsukuroi COMMAND [ARGUMENTS]\n\n", to);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		fprintf(to, "  %-14s %s\n", commands[i].name, commands[i].help);
	fputs("  help           this list\n"
	      "  --version      the program's version\n",
	      to);
}

static bool is_any(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(word, *words) == 0)
			return true;
	return false;
}

int commands_run(int argc, char **argv)
{
	static const char *const help[] = { "help", "--help", "-h", NULL };
	static const char *const version[] = { "version", "--version", "-V", NULL };
	if (argc < 2) {
		print_help(stderr);
		return 2;
	}
	if (is_any(argv[1], help)) {
		print_help(stdout);
		return 0;
	}
	if (is_any(argv[1], version)) {
		printf("tsukuroi %s\n", TSUKUROI_VERSION);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].fn(argc - 1, argv + 1);
	fprintf(stderr, "error: unknown command '%s'; 'tsukuroi help' lists them\n", argv[1]);
	return 2;
}
