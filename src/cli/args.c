/* SPDX-License-Identifier: Apache-2.0
 * The option reader. Invariant: every argument is either understood or refused. */
#include "cli/args.h"

#include <stdio.h>

static const struct arg_option *find(struct str name, const struct arg_option *options, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(name, options[i].name))
			return &options[i];
	return NULL;
}

static bool complain(const char *usage, const char *what, const char *word)
{
	fprintf(stderr, "error: %s '%s'\n%s", what, word, usage);
	return false;
}

static bool store(const struct arg_option *o, const char *value)
{
	if (o->list) {
		if (*o->n_list >= o->max_list)
			return false;
		o->list[(*o->n_list)++] = value;
	} else {
		*o->value = value;
	}
	return true;
}

bool args_parse(int argc, char **argv, const char *usage, const struct arg_option *options,
		size_t n, const char **words, struct args *out)
{
	*out = (struct args) { .words = words };
	bool only_words = false;
	for (int i = 1; i < argc; i++) {
		struct str word = str_of(argv[i]);
		if (only_words || !str_starts(word, "--")) {
			words[out->n++] = argv[i];
			continue;
		}
		if (word.n == 2) {
			only_words = true;
			continue;
		}
		ptrdiff_t eq = str_find(word, '=');
		struct str name = { word.p, eq < 0 ? word.n : (size_t)eq };
		if (str_is(name, "--help")) {
			fputs(usage, stdout);
			return false;
		}
		const struct arg_option *o = find(name, options, n);
		if (!o)
			return complain(usage, "unknown option", argv[i]);
		if (o->flag) {
			if (eq >= 0)
				return complain(usage, "this option takes no value:", argv[i]);
			*o->flag = true;
			continue;
		}
		if (eq < 0 && i + 1 >= argc)
			return complain(usage, "this option needs a value:", argv[i]);
		if (!store(o, eq < 0 ? argv[++i] : argv[i] + eq + 1))
			return complain(usage, "given too often:", o->name);
	}
	return true;
}
