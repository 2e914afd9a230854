/* SPDX-License-Identifier: Apache-2.0
 * Offers grouped by source package and source version: one patch each, its binary packages as
 * components. Groups keep the order of their first offer, so equal input gives equal records. */
#include "catalog/records.h"
#include "feeds/debian/debian_int.h"

#define NONE UINT32_MAX

struct kept {
	struct str package, version, architecture, filename;
	int64_t size;
	struct sha256 sha256;
	uint8_t withheld;
	uint32_t next; /* in its group */
};
struct group {
	struct str source, version;
	uint32_t first, last;
};
struct debian_group {
	struct arena arena;
	struct intern *sources;	 /* "source\nversion" -> group */
	struct intern *packages; /* "package\nversion\narch" -> offer */
	VEC(struct kept) offers;
	VEC(struct group) groups;
	uint32_t last; /* group of the last offer */
	char key[1024];
};

struct debian_group *debian_group_new(void)
{
	struct debian_group *g = xcalloc(1, sizeof(*g));
	g->sources = intern_new();
	g->packages = intern_new();
	return g;
}

void debian_group_free(struct debian_group *g)
{
	if (!g)
		return;
	arena_done(&g->arena);
	intern_free(g->sources);
	intern_free(g->packages);
	VEC_DONE(&g->offers);
	VEC_DONE(&g->groups);
	xfree(g);
}

int64_t debian_group_offers(const struct debian_group *g)
{
	return (int64_t)g->offers.n;
}

/* Lengths were bounded when the offer was read. */
static struct str key_of(struct debian_group *g, struct str a, struct str b, struct str c)
{
	size_t n = a.n + b.n + c.n + 2;
	ASSERT(n <= sizeof(g->key));
	memcpy(g->key, a.p, a.n);
	g->key[a.n] = '\n';
	memcpy(g->key + a.n + 1, b.p, b.n);
	if (c.n == 0)
		return (struct str) { g->key, n - 1 };
	g->key[a.n + 1 + b.n] = '\n';
	memcpy(g->key + a.n + b.n + 2, c.p, c.n);
	return (struct str) { g->key, n };
}

/* The part of the interned key between `at` and `at + n`: no second copy of the strings. */
static struct str part(struct str key, size_t at, size_t n)
{
	return (struct str) { key.p + at, n };
}

static struct group *group_of(struct debian_group *g, const struct debian_offer *o)
{
	uint32_t known = (uint32_t)g->groups.n;
	struct group *last = known ? &g->groups.p[g->last] : NULL;
	if (last && str_eq(last->source, o->source) && str_eq(last->version, o->source_version))
		return last; /* neighbours often are of one source */
	uint32_t id = intern_add(g->sources, key_of(g, o->source, o->source_version, STR_LIT("")));
	if (id == known) {
		struct str key = intern_get(g->sources, id);
		VEC_PUSH(&g->groups,
			 ((struct group) { part(key, 0, o->source.n),
					   part(key, o->source.n + 1, o->source_version.n), NONE,
					   NONE }));
	}
	g->last = id;
	return &g->groups.p[id];
}

bool debian_group_add(void *group, const struct debian_offer *o, struct err *e)
{
	struct debian_group *g = group;
	uint32_t known = (uint32_t)g->offers.n;
	uint32_t id = intern_add(g->packages, key_of(g, o->package, o->version, o->architecture));
	if (id != known) {
		if (digest_eq(&g->offers.p[id].sha256, &o->sha256))
			return true;
		return err_set(e, ERR_CORRUPT,
			       "package '%.*s' %.*s is offered twice with different content",
			       STR_ARG(o->package), STR_ARG(o->version));
	}
	struct str key = intern_get(g->packages, id);
	struct kept k = { .package = part(key, 0, o->package.n),
			  .version = part(key, o->package.n + 1, o->version.n),
			  .architecture = part(key, o->package.n + o->version.n + 2,
					       o->architecture.n),
			  .filename = arena_str(&g->arena, o->filename),
			  .size = o->size,
			  .sha256 = o->sha256,
			  .withheld = o->withheld,
			  .next = NONE };
	struct group *to = group_of(g, o);
	if (to->last == NONE)
		to->first = id;
	else
		g->offers.p[to->last].next = id;
	to->last = id;
	VEC_PUSH(&g->offers, k);
	return true;
}

/* A hint before anything is installed; afterwards the agent looks for evidence itself. */
static enum reboot_need reboot_of(struct str package)
{
	static const char *const may[] = { "libc6", "systemd", "dbus" };
	if (str_starts(package, "linux-image-"))
		return REBOOT_ALWAYS;
	for (size_t i = 0; i < ARRAY_LEN(may); i++)
		if (str_is(package, may[i]))
			return REBOOT_MAY;
	return REBOOT_NEVER;
}

static enum reboot_need reboot_of_group(const struct debian_group *g, const struct group *to)
{
	enum reboot_need need = REBOOT_NEVER;
	for (uint32_t i = to->first; i != NONE; i = g->offers.p[i].next)
		need = MAX(need, reboot_of(g->offers.p[i].package));
	return need;
}

/* a, x, b, y, c in a row (y = 0 leaves it out): printf is too slow for tens of thousands. Lengths
 * were bounded when the offers were read. */
static struct str joined(char out[static 1024], struct str a, char x, struct str b, char y,
			 struct str c)
{
	ASSERT(a.n + b.n + c.n + 2 <= 1024);
	char *p = out;
	memcpy(p, a.p, a.n);
	p += a.n;
	*p++ = x;
	memcpy(p, b.p, b.n);
	p += b.n;
	if (y)
		*p++ = y;
	memcpy(p, c.p, c.n);
	return (struct str) { out, (size_t)(p - out) + c.n };
}

/* Ubuntu phases a source's packages together; the first to get through counts. */
static uint8_t withheld_of(const struct debian_group *g, const struct group *to)
{
	uint8_t least = 100;
	for (uint32_t i = to->first; i != NONE; i = g->offers.p[i].next)
		least = MIN(least, g->offers.p[i].withheld);
	return least;
}

static bool emit_group(struct debian_group *g, const struct group *to,
		       const struct debian_release *r, struct sink *s, struct err *e)
{
	char id[1024], title[1024];
	struct patch p = { .id = joined(id, r->os, ':', to->source, ':', to->version),
			   .vendor = str_of(r->brand ? r->brand->vendor : "Debian"),
			   .os = r->os,
			   .product = to->source,
			   .version = to->version,
			   .title = joined(title, to->source, ' ', to->version, 0, STR_LIT("")),
			   .suites = r->name,
			   .availability = str_of(r->service),
			   .withheld = withheld_of(g, to),
			   .type = r->type,
			   .severity_raw = STR_LIT(""),
			   .reboot = reboot_of_group(g, to) };
	if (!sink_patch(s, &p, e))
		return false;
	for (uint32_t i = to->first; i != NONE; i = g->offers.p[i].next) {
		const struct kept *k = &g->offers.p[i];
		struct component c = { .kind = COMPONENT_DEB,
				       .name = k->package,
				       .arch = k->architecture,
				       .version = k->version,
				       .file = k->filename,
				       .sha256 = k->sha256,
				       .size = k->size,
				       .archive = 0,
				       .above = r->not_automatic ? STR_LIT(RECORDS_ABOVE_NORMAL)
								 : STR_LIT("") };
		if (!sink_component(s, &c, e))
			return false;
	}
	return true;
}

bool debian_group_emit(struct debian_group *g, const struct debian_release *r, struct sink *s,
		       struct err *e)
{
	for (size_t i = 0; i < g->groups.n; i++)
		if (!emit_group(g, &g->groups.p[i], r, s, e))
			return false;
	return true;
}
