/* SPDX-License-Identifier: Apache-2.0
 * tsukuroi match: one machine's package list against vendor files, offline, with the server's own
 * engine: feeds to generations, catalog_build, a fleet of one host in memory, match. */
#include "base/vec.h"
#include "catalog/catalog.h"
#include "cli/commands.h"
#include "cli/lab_inventory.h"
#include "cli/match_rows.h"
#include "cli/print.h"
#include "feeds/lab/lab.h"
#include "feeds/lab/lab_advisories.h"
#include "match/rule.h"
#include "proto/inventory.h"

#include <stdio.h>

static const char usage[] =
	"usage: tsukuroi match --os ID --inventory FILE --feed KIND=FILE... [--feed KIND=FILE...] [--json]\n"
	"ID is a release: debian:12, debian12, bookworm. FILE of --inventory is a dpkg status file, a package\n"
	"list with tabs (#name, version, ...) or an agent's inventory. --feed takes one or more files of a kind,\n"
	"separated by commas or blanks. Prints a verdict a line, separated by tabs: patch, component, installed\n"
	"version, fixed version, state (missing, installed, held, superseded, kept_back, phased,\n"
	"needs_subscription).\n";

struct feed_arg {
	struct str kind;
	VEC(const char *) files;
};
struct request {
	const char *os, *inventory;
	bool json, help;
	VEC(struct feed_arg) feeds;
	struct arena arena;
};

static void request_done(struct request *r)
{
	for (size_t i = 0; i < r->feeds.n; i++)
		VEC_DONE(&r->feeds.p[i].files);
	VEC_DONE(&r->feeds);
	arena_done(&r->arena);
}
AUTO_DEFINE_VALUE(struct request, request_done)

static void add_files(struct request *r, struct feed_arg *feed, struct str list)
{
	struct str file;
	while (list.n > 0 && str_split(&list, ',', &file))
		if (file.n > 0)
			VEC_PUSH(&feed->files, arena_str(&r->arena, file).p);
}

static bool add_feed(struct request *r, const char *value, struct err *e)
{
	struct str rest = str_of(value);
	struct feed_arg feed = { 0 };
	ptrdiff_t equals = str_find(rest, '=');
	if (equals <= 0)
		return err_set(e, ERR_INVALID, "'--feed %s' has no kind; write '--feed KIND=FILE'",
			       value);
	feed.kind = (struct str) { rest.p, (size_t)equals };
	add_files(r, &feed, (struct str) { rest.p + equals + 1, rest.n - (size_t)equals - 1 });
	VEC_PUSH(&r->feeds, feed);
	return true;
}

/* "--name value" or "--name=value"; NULL when `arg` is another option. */
static const char *value_of(const char *name, int argc, char **argv, int *at)
{
	size_t n = strlen(name);
	if (strncmp(argv[*at], name, n) != 0)
		return NULL;
	if (argv[*at][n] == '=')
		return argv[*at] + n + 1;
	return argv[*at][n] == '\0' && *at + 1 < argc ? argv[++*at] : NULL;
}

static bool parse(int argc, char **argv, struct request *r, struct err *e)
{
	bool in_feed = false; /* further words belong to the last --feed */
	for (int i = 1; i < argc; i++) {
		const char *v, *arg = argv[i];
		bool was_in_feed = in_feed;
		in_feed = false;
		if (strcmp(arg, "--json") == 0) {
			r->json = true;
		} else if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
			r->help = true;
		} else if ((v = value_of("--os", argc, argv, &i))) {
			r->os = v;
		} else if ((v = value_of("--inventory", argc, argv, &i))) {
			r->inventory = v;
		} else if ((v = value_of("--feed", argc, argv, &i))) {
			if (!add_feed(r, v, e))
				return false;
			in_feed = true;
		} else if (was_in_feed && arg[0] != '-') {
			add_files(r, &r->feeds.p[r->feeds.n - 1], str_of(arg));
			in_feed = true;
		} else {
			return err_set(e, ERR_INVALID,
				       "'%s' is not understood here, or has no value", arg);
		}
	}
	if (!r->help && (!r->os || !r->inventory || r->feeds.n == 0))
		return err_set(e, ERR_INVALID, "--os, --inventory and --feed are needed");
	for (size_t i = 0; i < r->feeds.n; i++)
		if (r->feeds.p[i].files.n == 0)
			return err_set(e, ERR_INVALID, "--feed '%.*s' has no file",
				       STR_ARG(r->feeds.p[i].kind));
	return true;
}

/* Generations of all feeds; each array belongs to the laboratory. */
struct loaded {
	VEC(struct generation) all;
	struct {
		struct generation *p;
		size_t n;
	} * arrays;
	size_t n_arrays;
};

static void loaded_done(struct loaded *l)
{
	for (size_t i = 0; i < l->n_arrays; i++)
		feeds_lab_generations_free(l->arrays[i].p, l->arrays[i].n);
	xfree(l->arrays);
	VEC_DONE(&l->all);
}
AUTO_DEFINE_VALUE(struct loaded, loaded_done)

static void keep(struct loaded *l, struct generation *p, size_t n)
{
	l->arrays[l->n_arrays].p = p;
	l->arrays[l->n_arrays++].n = n;
	for (size_t k = 0; k < n; k++)
		VEC_PUSH(&l->all, p[k]);
}

/* A lone Packages file with no Release near it belongs to the release that was asked for. */
static bool load_feed(const char *kind, const struct feed_arg *f, const struct lab_os *os,
		      struct generation **out, size_t *n_out, struct err *e)
{
	AUTO(xfree) char *release = xasprintf("%s:%s", os->id, os->version);
	struct lab_options options = { .os = release };
	if (feeds_lab_generation(kind, f->files.p, f->files.n, &options, out, n_out, e))
		return true;
	options.suite = os->codename;
	return e->code == ERR_INVALID && os->codename[0] && strcmp(kind, "debian") == 0 &&
	       feeds_lab_generation(kind, f->files.p, f->files.n, &options, out, n_out, e);
}

static bool load_feeds(const struct request *r, const struct lab_os *os, struct loaded *l,
		       struct err *e)
{
	l->arrays = xcalloc(r->feeds.n + 1, sizeof(*l->arrays));
	for (size_t i = 0; i < r->feeds.n; i++) {
		const struct feed_arg *f = &r->feeds.p[i];
		AUTO(xfree) char *kind = str_dup(f->kind);
		struct generation *p;
		size_t n;
		if (!load_feed(kind, f, os, &p, &n, e))
			return err_prefix(e, "feed '%s'", kind);
		keep(l, p, n);
	}
	return true;
}

/* Advisories alone offer nothing to install; then each of them is judged as a patch itself. */
static bool make_catalog(const struct request *r, const struct lab_os *os, struct catalog **out,
			 struct err *e)
{
	AUTO(loaded_done) struct loaded l = { 0 };
	AUTO(catalog_unref) struct catalog *c = NULL;
	if (!load_feeds(r, os, &l, e) || !catalog_build(l.all.p, l.all.n, &c, e))
		return false;
	if (c->n_patches == 0 && c->n_advisories > 0)
		return lab_advisories_build(l.all.p, l.all.n, c, out, e);
	*out = TAKE(c);
	return true;
}

static bool make_fleet(const struct request *r, const struct lab_os *os, struct fleet **out,
		       struct err *e)
{
	AUTO(buf_done) struct buf text = BUF_INIT(INVENTORY_MAX);
	AUTO(fleet_free) struct fleet *f = fleet_new_memory(&clock_system);
	struct host_attrs attrs = { 0 };
	uint32_t host;
	if (!lab_inventory_read(r->inventory, os, &text, e) ||
	    !fleet_enrol(f, "laboratory", "local", &attrs, NULL, &host, e) ||
	    !fleet_put_inventory(f, host, buf_str(&text), clock_wall_ms(), e))
		return false;
	*out = TAKE(f);
	return true;
}

/* A typo in --os would look like a machine that lacks nothing. */
static void warn_about_os(const struct catalog *c, const struct lab_os *os)
{
	struct fact_os fact = { str_of(os->id), str_of(os->version), str_of(os->codename) };
	for (uint32_t i = 0; i < c->n_patches; i++)
		if (rule_os_matches(c->patches[i].os, &fact))
			return;
	fprintf(stderr, "warning: no patch in these feeds is for '%s:%s'\n", os->id,
		os->version[0] ? os->version : os->codename);
}

static bool run(const struct request *r, struct err *e)
{
	struct lab_os os;
	AUTO(catalog_unref) struct catalog *c = NULL;
	AUTO(fleet_free) struct fleet *f = NULL;
	if (!lab_os_parse(r->os, &os, e) || !make_fleet(r, &os, &f, e) ||
	    !make_catalog(r, &os, &c, e))
		return false;
	warn_about_os(c, &os);
	AUTO(match_free) struct match *m = match_new(f);
	match_set_catalog(m, c);
	AUTO(match_read_end) struct match_view v = { 0 };
	AUTO(match_rows_done) struct match_rows rows = { 0 };
	match_read(m, &v);
	match_rows_of(&v, 0, &rows);
	if (!r->json) {
		match_rows_print(&v, &rows);
		return true;
	}
	AUTO(json_free) json_t *j = match_rows_json(&v, 0, &rows);
	print_json(j);
	return true;
}

int cmd_match(int argc, char **argv)
{
	AUTO(request_done) struct request r = { 0 };
	struct err e = { 0 };
	if (!parse(argc, argv, &r, &e)) {
		print_failure(&e);
		fputs(usage, stderr);
		return 2;
	}
	if (r.help) {
		fputs(usage, stdout);
		return 0;
	}
	return run(&r, &e) ? 0 : print_failure(&e);
}
