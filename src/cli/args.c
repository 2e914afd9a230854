/* SPDX-License-Identifier: Apache-2.0
 * The option reader. Invariant: every argument is either understood or refused. */
#include "cli/args.h"
#include "base/file.h"

#include <stdio.h>
#include <unistd.h>

#define DOCUMENT_MAX (1u << 20)

static const struct arg_option *find(struct str name, const struct arg_option *options, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(name, options[i].name))
			return &options[i];
	return NULL;
}

int args_wrong(const char *usage, const char *what)
{
	if (what[0])
		fprintf(stderr, "error: %s\n", what);
	fputs(usage, stderr);
	return 2;
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

/* One option at argv[*at], and its value. */
static bool take(int argc, char **argv, int *at, const char *usage,
		 const struct arg_option *options, size_t n)
{
	struct str word = str_of(argv[*at]);
	ptrdiff_t eq = str_find(word, '=');
	struct str name = { word.p, eq < 0 ? word.n : (size_t)eq };
	const struct arg_option *o = find(name, options, n);
	if (!o)
		return complain(usage, "unknown option", argv[*at]);
	if (o->flag) {
		if (eq >= 0)
			return complain(usage, "this option takes no value:", argv[*at]);
		*o->flag = true;
		return true;
	}
	if (eq < 0 && *at + 1 >= argc)
		return complain(usage, "this option needs a value:", argv[*at]);
	if (!store(o, eq < 0 ? argv[++*at] : argv[*at] + eq + 1))
		return complain(usage, "given too often:", o->name);
	return true;
}

static bool read_all(int argc, char **argv, const char *usage, const struct arg_option *options,
		     size_t n, struct args *out)
{
	bool only_words = false;
	for (int i = 1; i < argc; i++) {
		struct str word = str_of(argv[i]);
		if (only_words || word.n < 2 || word.p[0] != '-') {
			out->words[out->n++] = argv[i];
		} else if (str_is(word, "--")) {
			only_words = true;
		} else if (str_is(word, "--help") || str_is(word, "-h")) {
			fputs(usage, stdout);
			out->status = 0;
			return false;
		} else if (!take(argc, argv, &i, usage, options, n)) {
			return false;
		}
	}
	return true;
}

bool args_parse(int argc, char **argv, const char *usage, const struct arg_option *options,
		size_t n, size_t min, size_t max, struct args *out)
{
	*out = (struct args) { .words = xcalloc((size_t)argc + 1, sizeof(*out->words)),
			       .status = 2 };
	if (!read_all(argc, argv, usage, options, n, out))
		return false;
	if (out->n > max)
		return complain(usage, "not understood:", out->words[max]);
	if (out->n < min)
		out->status = args_wrong(usage, "");
	return out->n >= min;
}

void args_done(struct args *a)
{
	xfree(a->words);
	a->words = NULL;
}

bool args_duration(const char *text, int64_t *out)
{
	struct str s = str_of(text);
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	for (size_t i = 0; s.n > 1 && i < ARRAY_LEN(units); i++) {
		uint64_t n;
		if (s.p[s.n - 1] == units[i].unit &&
		    str_to_u64((struct str) { s.p, s.n - 1 }, &n) && n < 1000000) {
			*out = (int64_t)n * units[i].seconds;
			return true;
		}
	}
	return false;
}

bool args_verb(const struct args *a, const struct arg_verb *verbs)
{
	bool known = a->n == 0;
	for (; !known && verbs->name; verbs++)
		known = strcmp(a->words[0], verbs->name) == 0 && a->n >= verbs->min &&
			a->n <= verbs->max;
	return known;
}

bool args_document(const char *path, json_t **out, struct err *e)
{
	AUTO(buf_done) struct buf text = BUF_INIT(DOCUMENT_MAX);
	AUTO(json_free) json_t *j = NULL;
	bool read = strcmp(path, "-") == 0 ? file_read_fd(STDIN_FILENO, &text, "standard input", e)
					   : file_read(path, &text, e);
	if (!read)
		return false;
	if (!json_parse(buf_str(&text), DOCUMENT_MAX, &j, e))
		return err_prefix(e, "'%s'", path);
	if (!json_is_object(j))
		return err_set(e, ERR_INVALID, "'%s' is not a JSON object", path);
	*out = TAKE(j);
	return true;
}
