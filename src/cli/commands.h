/* SPDX-License-Identifier: Apache-2.0
 * What every command is: a function over its own arguments. argv[0] is the command's word; the
 * return value is the exit status: 0, or err_exit_status() of what went wrong (2 = wrong use).
 * Results go to stdout, "error: ..." to stderr. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H
#include "base/base.h"

struct cli_command {
	const char *name;
	int (*fn)(int argc, char **argv);
	const char *help; /**< one line */
};

#define CLI_COMMAND(name, fn, help) int fn(int argc, char **argv);
#include "cli/commands.def"
#undef CLI_COMMAND

/** The whole program: argv[1] is the command. */
int commands_run(int argc, char **argv);
#endif
