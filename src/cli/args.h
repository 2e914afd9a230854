/* SPDX-License-Identifier: Apache-2.0
 * Options of a command: long ones only, "--name value", "--name=value" or a flag; "--" ends them.
 * What is not known is an error that prints the command's usage. */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H
#include "base/base.h"
#include "base/str.h"

struct arg_option {
	const char *name;	  /**< "--severity" */
	const char **value;	  /**< where its value goes; NULL for a flag */
	bool *flag;		  /**< set when given; NULL for one with a value */
	const char **list;	  /**< repeatable: values are appended here ... */
	size_t *n_list, max_list; /**< ... counted here, at most so many */
};
#define ARGS_ANY SIZE_MAX
struct args {
	const char **words; /**< what is not an option, in order */
	size_t n;
	int status; /**< when args_parse() was false: what the command ends with */
};
/** Reads argv[1..]; between `min` and `max` words (ARGS_ANY = any number) may stand beside the
 *  options. False when the command shall end with out->status: 0 after --help (or -h), which prints
 *  `usage` to stdout, or 2 after saying on stderr what is wrong, and `usage`. */
bool args_parse(int argc, char **argv, const char *usage, const struct arg_option *options,
		size_t n, size_t min, size_t max, struct args *out);
/** Says `what` ("" = nothing but the usage) and `usage` on stderr; returns 2. */
int args_wrong(const char *usage, const char *what);
/** "90s", "30m", "12h", "7d" to seconds; false for anything else. */
bool args_duration(const char *text, int64_t *out) MUST_CHECK;
void args_done(struct args *a);
AUTO_DEFINE_VALUE(struct args, args_done)
#endif
