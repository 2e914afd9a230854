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
struct args {
	const char **words; /**< what is not an option, in order */
	size_t n;
};
/** False after printing what is wrong and `usage` to stderr: the command then ends with status 2.
 *  `words` has room for argc entries. */
bool args_parse(int argc, char **argv, const char *usage, const struct arg_option *options,
		size_t n, const char **words, struct args *out);
#endif
