/* SPDX-License-Identifier: Apache-2.0
 * The notices database, streamed: one notice is gathered, handed out, forgotten. Which service
 * gives a release's fixes is said by the pocket of its binaries. */
#include "feeds/ubuntu/ubuntu_usn.h"
#include "base/vec.h"
#include "feeds/notices/notice_patch.h"
#include "feeds/read/json_files.h"
#include "feeds/ubuntu/ubuntu.h"
#include "feeds/words.h"

#define MAX_SOURCES 20000u
#define MAX_RELEASES 200u

enum place { NOTICE, TITLE, TIME, CVE, SOURCE_VERSION, POCKET };
static const struct json_route places[] = {
	{ "*", NOTICE },
	{ "*/title", TITLE },
	{ "*/timestamp", TIME },
	{ "*/cves/[]", CVE },
	{ "*/releases/*/sources/*/version", SOURCE_VERSION },
	{ "*/releases/*/binaries/*/pocket", POCKET },
	{ "*/releases/*/allbinaries/*/pocket", POCKET },
	{ NULL, 0 },
};

struct pocket {
	struct str codename;
	const char *service;
};

struct reading {
	usn_fn fn;
	void *arg;
	struct json_routes *routes;
	struct arena arena;
	struct usn_record r;
	struct words cves;
	VEC(struct usn_source) sources;
	VEC(struct pocket) pockets;
	uint64_t records;
};

static void reading_done(struct reading *g)
{
	json_routes_free(g->routes);
	arena_done(&g->arena);
	words_done(&g->cves);
	VEC_DONE(&g->sources);
	VEC_DONE(&g->pockets);
}
AUTO_DEFINE_VALUE(struct reading, reading_done)

static void begin(struct reading *g)
{
	arena_done(&g->arena);
	g->arena = (struct arena) { 0 };
	g->sources.n = g->pockets.n = 0;
	words_clear(&g->cves);
	g->r = (struct usn_record) { .title = STR_LIT("") };
}

/* "1559819644.967449": seconds. */
static int64_t time_of(struct str t)
{
	int64_t seconds;
	ptrdiff_t dot = str_find(t, '.');
	struct str whole = { t.p, dot < 0 ? t.n : (size_t)dot };
	return str_to_i64(whole, &seconds) && seconds > 0 && seconds < 9000000000 ? seconds * 1000
										  : 0;
}

static const char *service_of(const struct reading *g, struct str codename)
{
	for (size_t i = 0; i < g->pockets.n; i++)
		if (str_eq(g->pockets.p[i].codename, codename))
			return g->pockets.p[i].service;
	return "";
}

static bool end(struct reading *g, struct err *e)
{
	struct str key = json_routes_name(g->routes, 0);
	if (key.n == 0 || key.n > 60)
		return err_set(e, ERR_CORRUPT, "notice has no id");
	bool bare = !str_starts(key, "USN-");
	g->r.id = str_of(arena_printf(&g->arena, "%s%.*s", bare ? "USN-" : "", STR_ARG(key)));
	for (size_t i = 0; i < g->sources.n; i++) {
		struct usn_source *s = &g->sources.p[i];
		const char *version = ubuntu_version_of_codename(s->codename);
		s->os = version ? arena_printf(&g->arena, "ubuntu:%s", version) : NULL;
		s->service = service_of(g, s->codename);
	}
	g->r.sources = g->sources.p;
	g->r.n_sources = (uint32_t)g->sources.n;
	g->r.cves = words_text(&g->cves);
	if (g->r.title.n == 0)
		g->r.title = g->r.id;
	g->records++;
	return g->fn(g->arg, &g->r, e) || err_prefix(e, "notice '%s'", g->r.id.p);
}

static bool add_source(struct reading *g, struct str version, struct err *e)
{
	struct usn_source s = {
		.codename = arena_str(&g->arena, json_routes_name(g->routes, 1)),
		.name = arena_str(&g->arena, json_routes_name(g->routes, 2)),
		.version = arena_str(&g->arena, version),
	};
	if (g->sources.n >= MAX_SOURCES)
		return err_set(e, ERR_LIMIT, "notice names more than %u sources", MAX_SOURCES);
	if (s.name.n && s.version.n)
		VEC_PUSH(&g->sources, s);
	return true;
}

static void add_pocket(struct reading *g, struct str pocket)
{
	const char *service = ubuntu_service_of_pocket(pocket);
	struct str codename = json_routes_name(g->routes, 1);
	if (!service[0] || service_of(g, codename)[0] || g->pockets.n >= MAX_RELEASES)
		return;
	VEC_PUSH(&g->pockets, ((struct pocket) { arena_str(&g->arena, codename), service }));
}

static bool take(void *arg, int place, enum json_event ev, struct str text, struct err *e)
{
	struct reading *g = arg;
	if (place == NOTICE && ev == JSON_OBJECT) {
		begin(g);
	} else if (place == NOTICE && ev == JSON_OBJECT_END) {
		return end(g, e);
	} else if (place == NOTICE) {
		return err_set(e, ERR_CORRUPT, "notice is not an object");
	} else if (place == TIME && (ev == JSON_OTHER_VALUE || ev == JSON_STRING_VALUE)) {
		g->r.released_ms = time_of(text);
	} else if (ev == JSON_STRING_VALUE && place == TITLE) {
		g->r.title = arena_str(&g->arena, words_cut(words_plain(&g->arena, text), 400));
	} else if (ev == JSON_STRING_VALUE && place == CVE) {
		if (str_starts(text, "CVE-") && text.n <= 40) /* bug addresses stand there too */
			words_add(&g->cves, text);
	} else if (ev == JSON_STRING_VALUE && place == SOURCE_VERSION) {
		return add_source(g, text, e);
	} else if (ev == JSON_STRING_VALUE && place == POCKET) {
		add_pocket(g, text);
	}
	return true;
}

bool usn_read(struct json_input in, const char *name, usn_fn fn, void *arg, struct err *e)
{
	AUTO(reading_done) struct reading g = { .fn = fn, .arg = arg };
	g.routes = json_routes_new(places, take, &g);
	if (!json_files_read(in, name, g.routes, e))
		return err_prefix(e, "notices database");
	return g.records > 0 || err_set(e, ERR_CORRUPT, "'%s' holds no notice", name);
}

bool usn_sink_add(void *target, const struct usn_record *r, struct err *e)
{
	const struct usn_target *t = target;
	AUTO(xfree) char *url = xasprintf("https://ubuntu.com/security/notices/%s", r->id.p);
	for (uint32_t i = 0; i < r->n_sources; i++) {
		const struct usn_source *s = &r->sources[i];
		if (!s->os || !words_listed(t->oses, str_of(s->os)) ||
		    str_starts(str_of(s->service), "fips"))
			continue; /* FIPS builds are a line of their own */
		struct advisory a = { .id = r->id,
				      .title = r->title,
				      .os = str_of(s->os),
				      .product = s->name,
				      .fixed = s->version,
				      .cves = words_cut(r->cves, 60000),
				      .url = str_of(url),
				      .severity_raw = STR_LIT(""),
				      .kind = COMPONENT_DEB_SRC,
				      .status = STR_LIT(""),
				      .vendor = STR_LIT("Ubuntu"),
				      .released_ms = r->released_ms };
		if (!(s->service[0] ? notice_patch(t->sink, &a, s->service, e)
				    : sink_advisory(t->sink, &a, e)))
			return false;
	}
	return true;
}
