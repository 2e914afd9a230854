/* SPDX-License-Identifier: Apache-2.0
 * tsukuroi db: a server's database as a whole, with the server stopped. Opens what it is told to
 * and shows how far it is; what a move is stands in sql/move.h. Must never print a URL: it may hold
 * a password. */
#include "base/clock.h"
#include "base/file.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "sql/move.h"

#include <stdio.h>
#include <unistd.h>

#define SHOW_EVERY_MS 200
#define SAY_EVERY_MS 10000 /* into a file */

static const char usage[] =
	"usage: tsukuroi db move FROM TO\n"
	"       tsukuroi db compare A B\n"
	"Copies a server's database into an empty one of the other engine and reads it back, or tells\n"
	"whether two hold the same. A database is sqlite:/path/file.db or postgresql://...; no server\n"
	"may run on either.\n";

struct show {
	int64_t last_ms;
	bool terminal;
};

static const char *word_of(enum sql_move_step step)
{
	return step == SQL_MOVE_COPY ? "copied" : "read back";
}

static void show(void *arg, const struct sql_move_at *at)
{
	struct show *s = arg;
	int64_t now = clock_mono_ms();
	if (!at->digest && now - s->last_ms < (s->terminal ? SHOW_EVERY_MS : SAY_EVERY_MS))
		return;
	s->last_ms = now;
	fprintf(stderr, "%s%-24s %10lld rows %s", s->terminal ? "\r\033[K" : "", at->table,
		(long long)at->rows, word_of(at->step));
	if (at->digest)
		fprintf(stderr, "  %.16s\n", at->digest);
	else if (!s->terminal)
		fputc('\n', stderr);
	fflush(stderr);
}

/* sql_open() would make a SQLite file that is not there. */
static bool open_existing(const char *url, struct sql **out, struct err *e)
{
	static const char lite[] = "sqlite:";
	if (str_starts(str_of(url), lite) && !file_exists(url + strlen(lite)))
		return err_set(e, ERR_NOT_FOUND, "there is no file '%.150s'", url + strlen(lite));
	return sql_open(url, out, e);
}

static bool run(bool move, const char *const *urls, struct sql_moved *done, struct err *e)
{
	AUTO(sql_close) struct sql *a = NULL;
	AUTO(sql_close) struct sql *b = NULL;
	struct show s = { .terminal = isatty(STDERR_FILENO) };
	const struct sql_move_watch watch = { show, &s };
	if (strcmp(urls[0], urls[1]) == 0)
		return err_set(e, ERR_INVALID, "both are the same database");
	if (!open_existing(urls[0], &a, e) ||
	    !(move ? sql_open(urls[1], &b, e) : open_existing(urls[1], &b, e)))
		return false;
	return move ? sql_move(a, b, &watch, done, e) : sql_compare(a, b, &watch, done, e);
}

int cmd_db(int argc, char **argv)
{
	AUTO(args_done) struct args a = { 0 };
	struct err e = { 0 };
	struct sql_moved done;
	if (!args_parse(argc, argv, usage, NULL, 0, 3, 3, &a))
		return a.status;
	bool move = strcmp(a.words[0], "move") == 0;
	if (!move && strcmp(a.words[0], "compare") != 0)
		return args_wrong(usage, "the first word must be 'move' or 'compare'");
	if (!run(move, a.words + 1, &done, &e))
		return print_failure(&e);
	printf("%s %d tables, %lld rows\n",
	       move ? "moved, read back and found equal:" : "both hold the same:", done.tables,
	       (long long)done.rows);
	return 0;
}
