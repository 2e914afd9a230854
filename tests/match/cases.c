/* SPDX-License-Identifier: Apache-2.0
 * Runs every .t file of this directory: a catalog, a host, the verdict expected for each patch and
 * the reason. */
#include "base/file.h"
#include "world.h"

#include <glob.h>

struct section {
	const char *name;
	struct buf text;
};

struct test_case {
	const char *file;
	struct str title;
	struct buf repo, host, expect;
};

/* The first condition of the explanation about a package, one about an installed one if there is.
 */
static const struct explain_node *reason(const struct explain_node *n, struct str name)
{
	AUTO(xfree) char *quoted = xasprintf(" \"%.*s\"", STR_ARG(name));
	const struct explain_node *best = NULL;
	if (n->op > RULE_NOT)
		return strstr(n->text.p, quoted) ? n : NULL;
	for (size_t i = 0; i < n->n_children && !(best && best->installed.n); i++) {
		const struct explain_node *found = reason(&n->children[i], name);
		if (found && (!best || found->installed.n))
			best = found;
	}
	return best;
}

/* expect line: PATCH VERDICT [NAME TRUTH INSTALLED FIXED NOTE] */
static void check_line(const struct test_case *t, const struct match_view *v, struct str line)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct str w[MAX_WORDS];
	size_t n = words_of(line, w);
	if (n != 2 && n != 7)
		fail_msg("%s: '%.*s' is not an expectation", t->file, STR_ARG(line));
	uint32_t patch = catalog_find(v->catalog, w[0]);
	if (patch == CATALOG_NONE)
		fail_msg("%s: no patch '%.*s'", t->file, STR_ARG(w[0]));
	struct explanation x;
	explain(v, 0, patch, &a, &x);
	enum verdict verdict = match_verdict(v, 0, patch);
	if (!str_is(w[1], verdict_name(verdict)) || x.verdict != verdict)
		fail_msg("%s: %.*s: '%.*s' but is %s, explained as %s", t->file, STR_ARG(t->title),
			 STR_ARG(line), verdict_name(verdict), verdict_name(x.verdict));
	if (n == 2)
		return;
	const struct explain_node *r = reason(x.rule, w[2]);
	if (!r)
		fail_msg("%s: %.*s: no condition about '%.*s'", t->file, STR_ARG(t->title),
			 STR_ARG(w[2]));
	if (!str_is(w[3], rule_truth_name(r->truth)) || !str_eq(w[4], r->installed) ||
	    !str_eq(w[5], r->fixed) || !str_eq(w[6], r->note))
		fail_msg("%s: %.*s: '%.*s' but %s, installed '%.*s', fixed '%.*s', note '%.*s'",
			 t->file, STR_ARG(t->title), STR_ARG(line), rule_truth_name(r->truth),
			 STR_ARG(r->installed), STR_ARG(r->fixed), STR_ARG(r->note));
}

static void run_case(struct test_case *t)
{
	AUTO(fleet_free) struct fleet *f = fleet_new_memory(&world_clock);
	AUTO(match_free) struct match *m = match_new(f);
	AUTO(catalog_unref) struct catalog *c = world_catalog(buf_str(&t->repo));
	match_set_catalog(m, c);
	world_host(f, "h");
	if (t->host.n > 0)
		world_scan(f, 0, buf_str(&t->host));
	if (match_verify(m) != 0)
		fail_msg("%s: %.*s: the forward pass differs", t->file, STR_ARG(t->title));
	AUTO(match_read_end) struct match_view v;
	match_read(m, &v);
	struct str text = buf_str(&t->expect), line;
	while (text.n > 0 && str_line(&text, &line))
		if (str_trim(line).n > 0)
			check_line(t, &v, line);
	buf_reset(&t->repo);
	buf_reset(&t->host);
	buf_reset(&t->expect);
}

static int run_file(const char *path)
{
	AUTO(buf_done) struct buf text = BUF_INIT(1 << 20);
	struct test_case t = { .file = path,
			       .repo = BUF_INIT(1 << 20),
			       .host = BUF_INIT(1 << 20),
			       .expect = BUF_INIT(1 << 20) };
	struct err e = { 0 };
	assert_true(file_read(path, &text, &e));
	struct str rest = buf_str(&text), line;
	struct buf *section = NULL;
	int cases = 0;
	while (rest.n > 0 && str_line(&rest, &line)) {
		if (str_starts(line, "#"))
			continue;
		if (str_starts(line, "case ")) {
			if (cases++ > 0)
				run_case(&t);
			t.title = (struct str) { line.p + 5, line.n - 5 };
			section = &t.repo;
		} else if (str_is(line, "host")) {
			section = &t.host;
		} else if (str_is(line, "expect")) {
			section = &t.expect;
		} else if (section) {
			buf_addstr(section, line);
			buf_addc(section, '\n');
		}
	}
	run_case(&t);
	buf_done(&t.repo);
	buf_done(&t.host);
	buf_done(&t.expect);
	return cases;
}

static void all_cases(void **arg)
{
	AUTO(xfree) char *pattern = xasprintf("%s/tests/match/*.t", getenv("TSUKUROI_SOURCE"));
	glob_t g = { 0 };
	assert_int_equal(glob(pattern, 0, NULL, &g), 0);
	int cases = 0;
	for (size_t i = 0; i < g.gl_pathc; i++)
		cases += run_file(g.gl_pathv[i]);
	globfree(&g);
	assert_true(cases > 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(all_cases) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
