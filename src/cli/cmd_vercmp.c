/* SPDX-License-Identifier: Apache-2.0
 * tsukuroi vercmp: the comparators of pkgver for people, scripts and other people's test vectors.
 * Reads versions, decides nothing. */
#include "base/file.h"
#include "cli/commands.h"
#include "pkgver/pkgver.h"

#include <stdio.h>
#include <unistd.h>

#define BATCH_MAX (512u << 20)

static const char usage[] =
	"usage: tsukuroi vercmp SCHEME A B\n"
	"       tsukuroi vercmp SCHEME --batch FILE\n"
	"Prints '<', '=' or '>'. --batch reads one pair a line, separated by a tab, from FILE ('-' is\n"
	"standard input) and prints -1, 0 or 1 a line; further columns and lines that begin with '#'\n"
	"do not count.\n";

static void print_schemes(FILE *to)
{
	for (enum pkgver_scheme s = 0; s < PKGVER_SCHEMES_; s++)
		fprintf(to, "%s%s", s ? ", " : "", pkgver_scheme_name(s));
	fputc('\n', to);
}

static int fail(const struct err *e)
{
	fprintf(stderr, "error: %s\n", e->msg);
	return err_exit_status(e->code);
}

static bool compare_line(enum pkgver_scheme s, struct str line, struct err *e)
{
	struct str a = { 0 }, b = { 0 };
	if (!str_split(&line, '\t', &a) || !str_split(&line, '\t', &b))
		return err_set(e, ERR_INVALID, "there is no tab; write 'A<tab>B'");
	printf("%d\n", pkgver_compare(s, a, b));
	return true;
}

static int batch(enum pkgver_scheme s, const char *path)
{
	struct err e = { 0 };
	AUTO(buf_done) struct buf text = BUF_INIT(BATCH_MAX);
	bool is_stdin = strcmp(path, "-") == 0;
	if (!(is_stdin ? file_read_fd(STDIN_FILENO, &text, "standard input", &e)
		       : file_read(path, &text, &e)))
		return fail(&e);
	struct str rest = buf_str(&text), line;
	for (size_t number = 1; str_line(&rest, &line); number++) {
		if (!line.n || line.p[0] == '#' || compare_line(s, line, &e))
			continue;
		err_prefix(&e, "'%s' line %zu", path, number);
		return fail(&e);
	}
	return 0;
}

int cmd_vercmp(int argc, char **argv)
{
	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		fputs(usage, stdout);
		fputs("Schemes: ", stdout);
		print_schemes(stdout);
		return 0;
	}
	/* The scheme may stand behind "--batch FILE", too. */
	bool batch_first = argc == 4 && strcmp(argv[1], "--batch") == 0;
	if (argc != 4) {
		fputs(usage, stderr);
		fputs("Schemes: ", stderr);
		print_schemes(stderr);
		return 2;
	}
	const char *word = batch_first ? argv[3] : argv[1];
	enum pkgver_scheme s;
	if (!pkgver_scheme_parse(str_of(word), &s)) {
		fprintf(stderr, "error: unknown scheme '%s'; it must be one of ", word);
		print_schemes(stderr);
		return 2;
	}
	if (batch_first || strcmp(argv[2], "--batch") == 0)
		return batch(s, batch_first ? argv[2] : argv[3]);
	static const char *const signs[] = { "<", "=", ">" };
	puts(signs[pkgver_compare(s, str_of(argv[2]), str_of(argv[3])) + 1]);
	return 0;
}
