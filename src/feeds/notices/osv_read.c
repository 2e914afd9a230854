/* SPDX-License-Identifier: Apache-2.0
 * OSV documents, streamed: a record lives in one arena from its first byte to the call of `fn`.
 * Ranges of type GIT speak of sources, not of packages, and are passed over. */
#include "base/clock.h"
#include "base/vec.h"
#include "feeds/notices/osv.h"
#include "feeds/read/json_files.h"
#include "feeds/words.h"

#define MAX_AFFECTED 500000u
#define MAX_TEXT 400u
#define MAX_CVES 50000u

enum place {
	RECORD,
	ID,
	SUMMARY,
	PUBLISHED,
	MODIFIED,
	WITHDRAWN,
	CVE,
	REFERENCE,
	REFERENCE_TYPE,
	REFERENCE_URL,
	SEVERITY,
	SEVERITY_TYPE,
	SEVERITY_SCORE,
	AFFECTED,
	ECOSYSTEM,
	NAME,
	RANGE_TYPE,
	RANGE,
	EVENT,
	INTRODUCED,
	FIXED,
	LAST_AFFECTED,
	BINARY,
	AVAILABILITY,
	PRIORITY,
	MAP_CVE,
	MAP_SEVERITY,
	MAP_TYPE,
	MAP_SCORE,
};

static const struct json_route places[] = {
	{ "", RECORD },
	{ "id", ID },
	{ "summary", SUMMARY },
	{ "published", PUBLISHED },
	{ "modified", MODIFIED },
	{ "withdrawn", WITHDRAWN },
	{ "related/[]", CVE },
	{ "aliases/[]", CVE },
	{ "upstream/[]", CVE },
	{ "references/[]", REFERENCE },
	{ "references/[]/type", REFERENCE_TYPE },
	{ "references/[]/url", REFERENCE_URL },
	{ "severity/[]", SEVERITY },
	{ "severity/[]/type", SEVERITY_TYPE },
	{ "severity/[]/score", SEVERITY_SCORE },
	{ "affected/[]", AFFECTED },
	{ "affected/[]/package/ecosystem", ECOSYSTEM },
	{ "affected/[]/package/name", NAME },
	{ "affected/[]/ranges/[]", RANGE },
	{ "affected/[]/ranges/[]/type", RANGE_TYPE },
	{ "affected/[]/ranges/[]/events/[]", EVENT },
	{ "affected/[]/ranges/[]/events/[]/introduced", INTRODUCED },
	{ "affected/[]/ranges/[]/events/[]/fixed", FIXED },
	{ "affected/[]/ranges/[]/events/[]/last_affected", LAST_AFFECTED },
	{ "affected/[]/ecosystem_specific/binaries/[]", BINARY },
	{ "affected/[]/ecosystem_specific/availability", AVAILABILITY },
	{ "affected/[]/ecosystem_specific/ubuntu_priority", PRIORITY },
	{ "affected/[]/database_specific/cves_map/cves/[]/id", MAP_CVE },
	{ "affected/[]/database_specific/cves_map/cves/[]/severity/[]", MAP_SEVERITY },
	{ "affected/[]/database_specific/cves_map/cves/[]/severity/[]/type", MAP_TYPE },
	{ "affected/[]/database_specific/cves_map/cves/[]/severity/[]/score", MAP_SCORE },
	{ NULL, 0 },
};

struct reading {
	osv_fn fn;
	void *arg;
	struct arena arena;
	struct osv_record r;
	struct words cves, own_cves;
	VEC(struct osv_affected) affected;
	VEC(struct osv_fix) fixes, range; /* of the current package; of its current range */
	struct osv_affected now;
	struct str type, score, url; /* of the current reference or rating */
	bool git;
	uint64_t records;
};

static void reading_done(struct reading *g)
{
	arena_done(&g->arena);
	words_done(&g->cves);
	words_done(&g->own_cves);
	VEC_DONE(&g->affected);
	VEC_DONE(&g->fixes);
	VEC_DONE(&g->range);
}
AUTO_DEFINE_VALUE(struct reading, reading_done)

/* Texts are cut to what records may hold, never in the middle of a character. */
static struct str keep(struct reading *g, struct str text)
{
	return arena_str(&g->arena, words_cut(text, MAX_TEXT));
}

static void begin_record(struct reading *g)
{
	struct str none = STR_LIT("");
	arena_done(&g->arena);
	g->arena = (struct arena) { 0 };
	g->r = (struct osv_record) { .id = none, .title = none, .url = none, .priority = none };
	g->affected.n = 0;
	words_clear(&g->cves);
}

static bool end_record(struct reading *g, struct err *e)
{
	if (g->r.id.n == 0)
		return err_set(e, ERR_CORRUPT, "OSV record has no id");
	g->r.affected = g->affected.p;
	g->r.n_affected = (uint32_t)g->affected.n;
	g->r.cves = words_text(&g->cves);
	if (g->r.title.n == 0)
		g->r.title = g->r.id;
	g->records++;
	return g->fn(g->arg, &g->r, e) || err_prefix(e, "record '%s'", g->r.id.p);
}

static void end_affected(struct reading *g)
{
	struct osv_affected *a = &g->now;
	a->n_fixes = (uint32_t)g->fixes.n;
	a->fixes = arena_array(&g->arena, struct osv_fix, g->fixes.n + 1);
	for (size_t i = 0; i < g->fixes.n; i++)
		a->fixes[i] = g->fixes.p[i];
	a->cves = arena_str(&g->arena, words_text(&g->own_cves));
	VEC_PUSH(&g->affected, *a);
}

/* A reference of the vendor's own pages is worth more than one of somebody else's. */
static void end_reference(struct reading *g)
{
	bool foreign = g->url.n && strstr(g->url.p, "redhat.com") != NULL;
	bool blank = g->url.n && memchr(g->url.p, ' ', g->url.n) != NULL;
	if (str_is(g->type, "ADVISORY") && !blank && (g->r.url.n == 0 || !foreign))
		g->r.url = g->url;
}

static void note(struct words *w, struct str text)
{
	if (str_starts(text, "CVE-") && text.n <= 40 && words_size(w) < MAX_CVES)
		words_add(w, text);
}

static void begin(struct reading *g, int place)
{
	struct str none = STR_LIT("");
	switch (place) {
	case RECORD: begin_record(g); break;
	case AFFECTED:
		g->now = (struct osv_affected) {
			.ecosystem = none, .name = none, .availability = none, .priority = none
		};
		g->fixes.n = 0;
		words_clear(&g->own_cves);
		break;
	case RANGE:
		g->range.n = 0;
		g->git = false;
		break;
	case EVENT: break;
	case BINARY: g->now.binaries++; break;
	case REFERENCE:
	case SEVERITY:
	case MAP_SEVERITY: g->type = g->score = g->url = none; break;
	default: break;
	}
}

static bool end(struct reading *g, int place, struct err *e)
{
	switch (place) {
	case RECORD: return end_record(g, e);
	case AFFECTED:
		if (g->affected.n >= MAX_AFFECTED)
			return err_set(e, ERR_LIMIT, "OSV record has more than %u packages",
				       MAX_AFFECTED);
		end_affected(g);
		return true;
	case RANGE:
		for (size_t i = 0; !g->git && i < g->range.n; i++)
			VEC_PUSH(&g->fixes, g->range.p[i]);
		return true;
	case REFERENCE: end_reference(g); return true;
	case SEVERITY:
		if (str_is(g->type, "Ubuntu"))
			g->r.priority = g->score;
		return true;
	case MAP_SEVERITY:
		if (str_is(g->type, "Ubuntu"))
			g->now.priority = words_higher(g->now.priority, g->score);
		return true;
	default: return true;
	}
}

/* Events of a range come in order: introduced, fixed, introduced, ... */
static void version_event(struct reading *g, int place, struct str version)
{
	struct str none = STR_LIT("");
	if (place == INTRODUCED || g->range.n == 0)
		VEC_PUSH(&g->range,
			 ((struct osv_fix) { place == INTRODUCED ? version : STR_LIT("0"), none }));
	if (place == FIXED)
		g->range.p[g->range.n - 1].fixed = version;
}

static void text_of(struct reading *g, int place, struct str t)
{
	switch (place) {
	case ID: g->r.id = keep(g, t); break;
	case SUMMARY: g->r.title = keep(g, words_plain(&g->arena, t)); break;
	case PUBLISHED:
		if (!clock_parse_rfc3339(t, &g->r.published_ms))
			g->r.published_ms = 0;
		break;
	case MODIFIED:
		if (!clock_parse_rfc3339(t, &g->r.modified_ms))
			g->r.modified_ms = 0;
		break;
	case WITHDRAWN: g->r.withdrawn = true; break;
	case CVE: note(&g->cves, t); break;
	case REFERENCE_TYPE:
	case SEVERITY_TYPE:
	case MAP_TYPE: g->type = keep(g, t); break;
	case REFERENCE_URL: g->url = keep(g, t); break;
	case SEVERITY_SCORE:
	case MAP_SCORE: g->score = keep(g, t); break;
	case ECOSYSTEM: g->now.ecosystem = keep(g, t); break;
	case NAME: g->now.name = keep(g, t); break;
	case RANGE_TYPE: g->git = str_is(t, "GIT"); break;
	case INTRODUCED:
	case FIXED:
	case LAST_AFFECTED: version_event(g, place, keep(g, t)); break;
	case AVAILABILITY: g->now.availability = keep(g, t); break;
	case PRIORITY: g->now.priority = words_higher(g->now.priority, keep(g, t)); break;
	case MAP_CVE:
		note(&g->cves, t);
		note(&g->own_cves, t);
		break;
	default: break;
	}
}

static bool take(void *arg, int place, enum json_event ev, struct str text, struct err *e)
{
	struct reading *g = arg;
	if (place == RECORD && ev != JSON_OBJECT && ev != JSON_OBJECT_END)
		return err_set(e, ERR_CORRUPT, "OSV record is not an object");
	if (ev == JSON_OBJECT)
		begin(g, place);
	else if (ev == JSON_OBJECT_END)
		return end(g, place, e);
	else if (ev == JSON_STRING_VALUE)
		text_of(g, place, text);
	return true;
}

bool osv_read(struct json_input in, const char *name, osv_fn fn, void *arg, struct err *e)
{
	AUTO(reading_done) struct reading g = { .fn = fn, .arg = arg };
	AUTO(json_routes_free) struct json_routes *routes = json_routes_new(places, take, &g);
	if (!json_files_read(in, name, routes, e))
		return err_prefix(e, "OSV");
	return g.records > 0 || err_set(e, ERR_CORRUPT, "'%s' holds no OSV record", name);
}
