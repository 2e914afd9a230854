/* SPDX-License-Identifier: Apache-2.0
 * Arch's groups, streamed: an array of objects. */
#include "feeds/notices/arch.h"
#include "feeds/read/json_files.h"
#include "feeds/words.h"

enum place { GROUP, ID, STATUS, SEVERITY, TYPE, AFFECTED, FIXED, PACKAGE, ISSUE, ADVISORY };
static const struct json_route places[] = {
	{ "", GROUP },
	{ "name", ID },
	{ "status", STATUS },
	{ "severity", SEVERITY },
	{ "type", TYPE },
	{ "affected", AFFECTED },
	{ "fixed", FIXED },
	{ "packages/[]", PACKAGE },
	{ "issues/[]", ISSUE },
	{ "advisories/[]", ADVISORY },
	{ NULL, 0 },
};

struct reading {
	avg_fn fn;
	void *arg;
	struct arena arena;
	struct avg g;
	struct words packages, issues, advisories;
	uint64_t groups;
};

static void reading_done(struct reading *g)
{
	arena_done(&g->arena);
	words_done(&g->packages);
	words_done(&g->issues);
	words_done(&g->advisories);
}
AUTO_DEFINE_VALUE(struct reading, reading_done)

static void begin(struct reading *g)
{
	struct str none = STR_LIT("");
	arena_done(&g->arena);
	g->arena = (struct arena) { 0 };
	g->g = (struct avg) { none, none, none, none, none, none, none, none, none };
	words_clear(&g->packages);
	words_clear(&g->issues);
	words_clear(&g->advisories);
}

static bool end(struct reading *g, struct err *e)
{
	g->g.packages = words_text(&g->packages);
	g->g.cves = words_text(&g->issues);
	g->g.advisories = words_text(&g->advisories);
	if (g->g.id.n == 0 || g->g.packages.n == 0)
		return err_set(e, ERR_CORRUPT, "group has no name or no packages");
	g->groups++;
	return g->fn(g->arg, &g->g, e);
}

static void text_of(struct reading *g, int place, struct str t)
{
	struct str *const fields[] = {
		[ID] = &g->g.id,     [STATUS] = &g->g.status,	  [SEVERITY] = &g->g.severity,
		[TYPE] = &g->g.type, [AFFECTED] = &g->g.affected, [FIXED] = &g->g.fixed
	};
	if (place == PACKAGE)
		words_add(&g->packages, t);
	else if (place == ISSUE)
		words_add(&g->issues, t);
	else if (place == ADVISORY)
		words_add(&g->advisories, t);
	else if (place != GROUP)
		*fields[place] = arena_str(&g->arena, words_cut(t, 200));
}

static bool take(void *arg, int place, enum json_event ev, struct str text, struct err *e)
{
	struct reading *g = arg;
	if (place == GROUP && ev != JSON_OBJECT && ev != JSON_OBJECT_END)
		return err_set(e, ERR_CORRUPT, "group is not an object");
	if (place == GROUP && ev == JSON_OBJECT)
		begin(g);
	else if (place == GROUP)
		return end(g, e);
	else if (ev == JSON_STRING_VALUE)
		text_of(g, place, text);
	return true;
}

bool avg_read(struct json_input in, const char *name, avg_fn fn, void *arg, struct err *e)
{
	AUTO(reading_done) struct reading g = { .fn = fn, .arg = arg };
	AUTO(json_routes_free) struct json_routes *routes = json_routes_new(places, take, &g);
	if (!json_files_read(in, name, routes, e))
		return err_prefix(e, "security groups");
	return g.groups > 0 || err_set(e, ERR_CORRUPT, "'%s' holds no group", name);
}
