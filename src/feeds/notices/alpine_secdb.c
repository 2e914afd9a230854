/* SPDX-License-Identifier: Apache-2.0
 * The security database, streamed: {"distroversion": "v3.16", "reponame": "main", "packages":
 * [{"pkg": {"name": N, "secfixes": {VERSION: ["CVE-1 CVE-2", ...]}}}]}. */
#include "base/vec.h"
#include "feeds/notices/alpine.h"
#include "feeds/read/json_files.h"
#include "feeds/words.h"

#define MAX_FIXES 500000u

enum place { DATABASE, RELEASE, REPOSITORY, PACKAGE, NAME, FIX, FIXED };
static const struct json_route places[] = {
	{ "", DATABASE },
	{ "distroversion", RELEASE },
	{ "reponame", REPOSITORY },
	{ "packages/[]/pkg", PACKAGE },
	{ "packages/[]/pkg/name", NAME },
	{ "packages/[]/pkg/secfixes/*", FIX },
	{ "packages/[]/pkg/secfixes/*/[]", FIXED },
	{ NULL, 0 },
};

struct reading {
	secdb_fn fn;
	void *arg;
	struct json_routes *routes;
	struct arena arena;
	struct secdb d;
	VEC(struct secdb_fix) fixes;
	size_t first; /* of the current package */
	struct str name;
	struct words cves, others;
	uint64_t databases;
};

static void reading_done(struct reading *g)
{
	json_routes_free(g->routes);
	arena_done(&g->arena);
	words_done(&g->cves);
	words_done(&g->others);
	VEC_DONE(&g->fixes);
}
AUTO_DEFINE_VALUE(struct reading, reading_done)

/* "CVE-2019-9210 GHSA-9c47-m6qq-7p4h (regression)" */
static void note(struct reading *g, struct str text)
{
	struct str word;
	while (text.n > 0 && str_split(&text, ' ', &word)) {
		bool plain = word.n > 0 && word.n <= 60;
		for (size_t i = 0; i < word.n; i++)
			plain &= (unsigned char)word.p[i] > ' ' && word.p[i] != 0x7F;
		if (plain && str_starts(word, "CVE-"))
			words_add(&g->cves, word);
		else if (plain && str_find(word, '-') > 0)
			words_add(&g->others, word);
	}
}

static bool end_fix(struct reading *g, struct err *e)
{
	struct str version = json_routes_name(g->routes, 0);
	const struct words *w = words_size(&g->cves) ? &g->cves : &g->others;
	struct secdb_fix f = { .version = arena_str(&g->arena, version),
			       .cves = arena_str(&g->arena, words_text(w)) };
	if (g->fixes.n >= MAX_FIXES)
		return err_set(e, ERR_LIMIT, "database has more than %u fixes", MAX_FIXES);
	VEC_PUSH(&g->fixes, f);
	return true;
}

static bool end_package(struct reading *g, struct err *e)
{
	if (g->name.n == 0)
		return err_set(e, ERR_CORRUPT, "package has no name");
	for (size_t i = g->first; i < g->fixes.n; i++)
		g->fixes.p[i].package = g->name;
	return true;
}

/* "v3.16" -> "3.16". */
static bool end_database(struct reading *g, struct err *e)
{
	if (g->d.release.n == 0 || g->d.release.n > 20)
		return err_set(e, ERR_CORRUPT, "database has no 'distroversion'");
	if (g->d.release.p[0] == 'v')
		g->d.release = (struct str) { g->d.release.p + 1, g->d.release.n - 1 };
	g->d.fixes = g->fixes.p;
	g->d.n_fixes = (uint32_t)g->fixes.n;
	g->databases++;
	return g->fn(g->arg, &g->d, e);
}

static bool brackets(struct reading *g, int place, bool is_end, struct err *e)
{
	switch (place) {
	case DATABASE:
		if (is_end)
			return end_database(g, e);
		arena_done(&g->arena);
		g->arena = (struct arena) { 0 };
		g->fixes.n = 0;
		g->d = (struct secdb) { .release = STR_LIT(""), .repository = STR_LIT("") };
		return true;
	case PACKAGE:
		if (is_end)
			return end_package(g, e);
		g->first = g->fixes.n;
		g->name = STR_LIT("");
		return true;
	case FIX:
		if (is_end)
			return end_fix(g, e);
		words_clear(&g->cves);
		words_clear(&g->others);
		return true;
	default: return true;
	}
}

static bool take(void *arg, int place, enum json_event ev, struct str text, struct err *e)
{
	struct reading *g = arg;
	if (place == DATABASE && ev != JSON_OBJECT && ev != JSON_OBJECT_END)
		return err_set(e, ERR_CORRUPT, "database is not an object");
	if (ev == (place == FIX ? JSON_ARRAY : JSON_OBJECT))
		return brackets(g, place, false, e);
	if (ev == (place == FIX ? JSON_ARRAY_END : JSON_OBJECT_END))
		return brackets(g, place, true, e);
	if (ev != JSON_STRING_VALUE)
		return true;
	if (place == RELEASE)
		g->d.release = arena_str(&g->arena, text);
	else if (place == REPOSITORY)
		g->d.repository = arena_str(&g->arena, text);
	else if (place == NAME)
		g->name = arena_str(&g->arena, text);
	else if (place == FIXED)
		note(g, text);
	return true;
}

bool secdb_read(struct json_input in, const char *name, secdb_fn fn, void *arg, struct err *e)
{
	AUTO(reading_done) struct reading g = { .fn = fn, .arg = arg };
	g.routes = json_routes_new(places, take, &g);
	if (!json_files_read(in, name, g.routes, e))
		return err_prefix(e, "security database");
	return g.databases > 0 || err_set(e, ERR_CORRUPT, "'%s' holds no database", name);
}

static bool add(const struct secdb_target *t, const struct secdb_fix *f, const char *os,
		struct err *e)
{
	struct str rest = f->cves, id, none = STR_LIT("");
	while (rest.n > 0 && str_split(&rest, ' ', &id)) {
		bool is_cve = str_starts(id, "CVE-");
		AUTO(xfree)
		char *title = xasprintf("%.*s in %.*s", STR_ARG(id), STR_ARG(f->package));
		AUTO(xfree)
		char *url = xasprintf("https://security.alpinelinux.org/vuln/%.*s", STR_ARG(id));
		struct advisory a = { .id = id,
				      .title = str_of(title),
				      .os = str_of(os),
				      .product = f->package,
				      .fixed = f->version,
				      .cves = is_cve ? id : none,
				      .url = str_of(url),
				      .severity_raw = none,
				      .kind = COMPONENT_APK_SRC,
				      .status = none,
				      .vendor = STR_LIT("Alpine Linux") };
		if (!sink_advisory(t->sink, &a, e))
			return false;
	}
	return true;
}

bool secdb_sink_add(void *target, const struct secdb *d, struct err *e)
{
	const struct secdb_target *t = target;
	AUTO(xfree) char *os = xasprintf("alpine:%.*s", STR_ARG(d->release));
	for (uint32_t i = 0; words_listed(t->oses, str_of(os)) && i < d->n_fixes; i++)
		if (!str_is(d->fixes[i].version, "0") && !add(t, &d->fixes[i], os, e))
			return false;
	return true;
}
