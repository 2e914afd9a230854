/* SPDX-License-Identifier: Apache-2.0
 * Options of a command: long ones only, "--name value", "--name=value" or a flag; "--" ends them.
 * What is not known is an error that prints the command's usage. */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H
#include "base/base.h"
#include "base/str.h"
#include "format/json.h"

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
/** How many words a verb takes, itself counted. */
struct arg_verb {
	const char *name; /**< NULL ends the list */
	size_t min, max;
};
/** Whether the words are one of the verbs with what it takes; no words at all are fine, too. */
bool args_verb(const struct args *a, const struct arg_verb *verbs);
/** A JSON object from a file, or from standard input for "-"; at most 1 MiB. */
bool args_document(const char *path, json_t **out, struct err *e) MUST_CHECK;
/** "90s", "30m", "12h", "7d" to seconds; false for anything else. */
bool args_duration(const char *text, int64_t *out) MUST_CHECK;
void args_done(struct args *a);
AUTO_DEFINE_VALUE(struct args, args_done)
#endif
