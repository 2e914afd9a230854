/* SPDX-License-Identifier: Apache-2.0
 * Building a snapshot: read the documents of all current generations, put the components of one
 * patch together, drop what several suites offer alike, then supersede, join and index. Strings are
 * views into the (cut) documents; nothing outside sees the snapshot before it is complete. */
#include "catalog/catalog.h"
#include "catalog/catalog_int.h"
#include "catalog/records.h"
#include "catalog/scope.h"
#include "catalog/streams.h"

/** What one snapshot may hold in all. */
#define MAX_COMPONENTS 20000000u

struct builder {
	struct catalog *c;
	VEC(struct patch) patches;
	VEC(bool) mixed;	     /* patch has components of several documents or runs */
	VEC(struct component) comps; /* .patch set; in order of appearance */
	VEC(bool) comp_security;     /* the component's generation calls its patch security */
	VEC(struct advisory) advisories;
	VEC(struct archive) archives;
	VEC(struct archive_file) files;
	uint32_t feed;
	uint32_t archive_base; /* number of the current document's first archive */
};

static void builder_done(struct builder *b)
{
	catalog_unref(b->c);
	VEC_DONE(&b->patches);
	VEC_DONE(&b->mixed);
	VEC_DONE(&b->comps);
	VEC_DONE(&b->comp_security);
	VEC_DONE(&b->advisories);
	VEC_DONE(&b->archives);
	VEC_DONE(&b->files);
}
AUTO_DEFINE_VALUE(struct builder, builder_done)

/** Bytes of joined words; more are not added. */
#define MAX_WORDS (64u << 10)

static bool has_word(struct str list, struct str word)
{
	struct str w;
	while (list.n > 0 && str_split(&list, ' ', &w))
		if (str_eq(w, word))
			return true;
	return false;
}

/* The words of `more` that `have` lacks, appended. */
static struct str join_words(struct arena *a, struct str have, struct str more)
{
	AUTO(buf_done) struct buf out = BUF_INIT(2 * MAX_WORDS);
	struct str rest = more, word;
	if (str_eq(have, more))
		return have;
	buf_addstr(&out, have);
	while (rest.n > 0 && str_split(&rest, ' ', &word)) {
		if (word.n == 0 || out.n + word.n >= MAX_WORDS || has_word(have, word))
			continue;
		if (out.n)
			buf_addc(&out, ' ');
		buf_addstr(&out, word);
	}
	return out.n == have.n ? have : arena_str(a, buf_str(&out));
}

/* Two suites offer the same patch: security wins, else the type that stands first. */
static enum patch_type merge_type(enum patch_type a, enum patch_type b)
{
	if (a == PATCH_TYPE_UNRATED || b == PATCH_TYPE_UNRATED)
		return MAX(a, b);
	return MIN(a, b);
}

static void merge_patch(struct builder *b, struct patch *have, const struct patch *p)
{
	struct arena *a = &b->c->impl->arena;
	have->type = merge_type(have->type, p->type);
	have->suites = join_words(a, have->suites, p->suites);
	have->reboot = MAX(have->reboot, p->reboot);
	have->released_ms = MAX(have->released_ms, p->released_ms);
	if (have->url.n == 0)
		have->url = p->url;
	have->cves = join_words(a, have->cves, p->cves);
	have->withheld = MIN(have->withheld, p->withheld);
	if (p->availability.n == 0) /* somebody offers it to everybody */
		have->availability = p->availability;
	if (p->severity > have->severity) {
		have->severity = p->severity;
		have->severity_raw = p->severity_raw;
		have->severity_derived = p->severity_derived;
	}
}

static bool take_patch(struct builder *b, struct patch *p, uint32_t *id_out, struct err *e)
{
	struct intern *ids = b->c->impl->ids;
	uint32_t known = (uint32_t)b->patches.n;
	uint32_t id = intern_add(ids, p->id);
	if (id == known) {
		p->feed = b->feed;
		VEC_PUSH(&b->patches, *p);
		VEC_PUSH(&b->mixed, p->bulletin.n > 0); /* collections may overlap */
		*id_out = id;
		return true;
	}
	struct patch *have = &b->patches.p[id];
	/* Several repositories carry parts of one advisory: its packages come together. */
	bool same = have->bulletin.n > 0 ? true
					 : str_eq(have->product, p->product) &&
						   str_eq(have->version, p->version);
	if (!same || !str_eq(have->os, p->os) || !str_eq(have->bulletin, p->bulletin))
		return err_set(e, ERR_CORRUPT,
			       "patch '%.80s' means different things in different feeds", p->id.p);
	b->mixed.p[id] = true;
	merge_patch(b, have, p);
	*id_out = id;
	return true;
}

static bool take(struct builder *b, struct record *r, uint32_t *patch, bool *security,
		 struct err *e)
{
	switch (r->kind) {
	case RECORD_FEED:
		if (!str_eq(r->feed.id, b->c->feeds[b->feed].id))
			return err_set(e, ERR_CORRUPT, "records are of feed '%.80s'", r->feed.id.p);
		return true;
	case RECORD_ARCHIVE:
		r->archive.first_file = (uint32_t)b->files.n;
		r->archive.feed = b->feed;
		VEC_PUSH(&b->archives, r->archive);
		return true;
	case RECORD_ARCHIVE_FILE:
		VEC_PUSH(&b->files, r->file);
		b->archives.p[b->archives.n - 1].files++;
		return true;
	case RECORD_PATCH:
		if (!take_patch(b, &r->patch, patch, e))
			return false;
		*security = r->patch.type == PATCH_TYPE_SECURITY;
		return true;
	case RECORD_COMPONENT:
		if (b->comps.n >= MAX_COMPONENTS)
			return err_set(e, ERR_LIMIT, "feeds offer more than %u components",
				       MAX_COMPONENTS);
		r->component.patch = *patch;
		if (r->component.archive != CATALOG_NONE)
			r->component.archive += b->archive_base;
		VEC_PUSH(&b->comps, r->component);
		VEC_PUSH(&b->comp_security, *security);
		return true;
	case RECORD_ADVISORY:
		r->advisory.feed = b->feed;
		VEC_PUSH(&b->advisories, r->advisory);
		return true;
	}
	return err_set(e, ERR_INTERNAL, "record kind is not handled");
}

/* `text` (n bytes, on the heap) becomes the snapshot's. */
static bool read_document(struct builder *b, char *text, size_t n, struct err *e)
{
	struct catalog_impl *m = b->c->impl;
	m->texts[m->n_texts++] = text;
	b->archive_base = (uint32_t)b->archives.n;
	struct records_reader reader;
	struct record r;
	uint32_t patch = CATALOG_NONE;
	bool security = false, more;
	if (!records_begin(&reader, text, n, e))
		return false;
	while (records_next(&reader, &r, &more, e)) {
		if (!more)
			return true;
		if (!take(b, &r, &patch, &security, e))
			return false;
	}
	return false;
}

static struct feed_info copy_feed(struct arena *a, const struct feed_info *f)
{
	struct feed_info out = *f;
	out.id = arena_str(a, f->id);
	out.kind = arena_str(a, f->kind);
	out.url = arena_str(a, f->url);
	out.signer = arena_str(a, f->signer);
	return out;
}

/* --- advisories of releases nobody offers packages for -------------------------------------------
 */

/* Such a notice is a patch of its own: recognised by the source package's version, nothing to
 * install. */
static bool patch_of_advisory(struct builder *b, const struct advisory *a, struct err *e)
{
	struct arena *arena = &b->c->impl->arena;
	struct patch p = { .vendor = a->vendor.n ? a->vendor : STR_LIT("Debian"),
			   .os = a->os,
			   .product = a->product,
			   .title = a->title,
			   .type = PATCH_TYPE_SECURITY,
			   .superseded_by = CATALOG_NONE,
			   .feed = a->feed,
			   .released_ms = a->released_ms };
	p.id = str_of(arena_printf(arena, "%.*s:%.*s", STR_ARG(a->os), STR_ARG(a->id)));
	uint32_t known = (uint32_t)b->patches.n;
	uint32_t id = intern_add(b->c->impl->ids, p.id);
	if (id == known) {
		p.version = a->fixed;
		if (p.title.n == 0)
			p.title = p.id;
		VEC_PUSH(&b->patches, p);
		VEC_PUSH(&b->mixed, false);
	} else {
		b->mixed.p[id] = true; /* one notice about several source packages */
	}
	if (b->comps.n >= MAX_COMPONENTS)
		return err_set(e, ERR_LIMIT, "feeds offer more than %u components", MAX_COMPONENTS);
	struct component c = { .kind = a->kind,
			       .name = a->product,
			       .version = a->fixed,
			       .arch = STR_LIT(""),
			       .above = STR_LIT(""),
			       .file = STR_LIT(""),
			       .module = STR_LIT(""),
			       .archive = CATALOG_NONE,
			       .lane = CATALOG_NONE,
			       .patch = id,
			       .superseded_by = CATALOG_NONE };
	VEC_PUSH(&b->comps, c);
	VEC_PUSH(&b->comp_security, true);
	return true;
}

bool catalog_is_bulletin_kind(struct str kind)
{
	return !str_ends(kind, "-tracker");
}

static bool patches_of_advisories(struct builder *b, struct err *e)
{
	AUTO(intern_free) struct intern *offered = intern_new();
	for (size_t i = 0; i < b->patches.n; i++) /* what needs a subscription is no offer to all */
		if (b->patches.p[i].availability.n == 0)
			intern_add(offered, b->patches.p[i].os);
	for (size_t i = 0; i < b->advisories.n; i++) {
		const struct advisory *a = &b->advisories.p[i];
		if (a->fixed.n == 0 || a->os.n == 0 ||
		    !catalog_is_bulletin_kind(b->c->feeds[a->feed].kind) ||
		    intern_find(offered, a->os) != INTERN_NONE)
			continue;
		if (!patch_of_advisory(b, a, e))
			return false;
	}
	return true;
}

/* --- components of a patch together --------------------------------------------------------------
 */

struct sortable {
	struct component c;
	bool security;
};

static int compare_sortable(const void *pa, const void *pb)
{
	const struct sortable *a = pa, *b = pb;
	int d = (int)a->c.kind - (int)b->c.kind;
	if (!d)
		d = str_cmp(a->c.name, b->c.name);
	if (!d)
		d = str_cmp(a->c.arch, b->c.arch);
	if (!d)
		d = str_cmp(a->c.version, b->c.version);
	if (!d)
		d = str_cmp(a->c.module, b->c.module);
	if (!d)
		d = (a->c.above.n != 0) - (b->c.above.n != 0);
	if (!d)
		d = (int)b->security - (int)a->security;
	if (!d)
		d = a->c.archive < b->c.archive ? -1 : a->c.archive > b->c.archive;
	return d;
}

/* The same version offered by several suites: keep one, the security suite's when there is one. A
 * version the normal suites offer as well is not kept in the lane of the others. */
static bool same_component(const struct component *a, const struct component *b)
{
	return a->kind == b->kind && str_eq(a->name, b->name) && str_eq(a->arch, b->arch) &&
	       str_eq(a->version, b->version) && str_eq(a->module, b->module);
}

static uint32_t unique_run(struct component *c, const bool *security, uint32_t n)
{
	struct sortable *s = xmalloc(MAX(n, 1u) * sizeof(*s));
	for (uint32_t i = 0; i < n; i++)
		s[i] = (struct sortable) { c[i], security[i] };
	qsort(s, n, sizeof(*s), compare_sortable);
	uint32_t kept = 0;
	for (uint32_t i = 0; i < n; i++)
		if (kept == 0 || !same_component(&c[kept - 1], &s[i].c))
			c[kept++] = s[i].c;
		else {
			c[kept - 1].by_default |= s[i].c.by_default;
			c[kept - 1].hotfix |= s[i].c.hotfix;
		}
	xfree(s);
	return kept;
}

/* Counting sort by patch into the snapshot's array, then duplicates out of patches that can have
 * them. */
static void place_components(struct builder *b)
{
	struct catalog *c = b->c;
	size_t n = b->comps.n, np = b->patches.n;
	uint32_t *at = xcalloc(np + 1, sizeof(*at));
	for (size_t i = 0; i < n; i++)
		at[b->comps.p[i].patch + 1]++;
	for (size_t i = 1; i <= np; i++)
		at[i] += at[i - 1];
	struct component *out = xmalloc(MAX(n, 1u) * sizeof(*out));
	bool *security = xmalloc(MAX(n, 1u));
	for (size_t i = 0; i < n; i++) {
		uint32_t k = at[b->comps.p[i].patch]++;
		out[k] = b->comps.p[i];
		security[k] = b->comp_security.p[i];
	}
	uint32_t from = 0, kept = 0;
	for (size_t p = 0; p < np; p++) {
		uint32_t run = at[p] - from;
		uint32_t keep = b->mixed.p[p] ? unique_run(out + from, security + from, run) : run;
		memmove(out + kept, out + from, keep * sizeof(*out));
		b->patches.p[p].first_component = kept;
		b->patches.p[p].components = keep;
		kept += keep;
		from = at[p];
	}
	xfree(at);
	xfree(security);
	c->components = out;
	c->n_components = kept;
}

/* --- module streams ------------------------------------------------------------------------------
 */

static bool is_streamless(const struct component *k)
{
	return k->kind == COMPONENT_RPM && str_is(k->module, "*");
}

static struct streams *learn_streams(const struct builder *b)
{
	struct streams *s = streams_new(&b->c->impl->arena);
	for (size_t i = 0; i < b->comps.n; i++) {
		const struct component *k = &b->comps.p[i];
		if (k->kind == COMPONENT_RPM && k->module.n > 0 && !is_streamless(k))
			streams_learn(s, b->patches.p[k->patch].os, k);
	}
	return s;
}

/* The modular builds of one advisory: all take the streams concluded. */
static void give_streams(struct builder *b, struct streams *s, const uint32_t *at, size_t n)
{
	struct str os = b->patches.p[b->comps.p[at[0]].patch].os;
	const struct str *found;
	bool open;
	streams_begin(s);
	for (size_t i = 0; i < n; i++)
		streams_build(s, os, &b->comps.p[at[i]]);
	size_t n_found = streams_conclude(s, &found, &open);
	for (size_t i = 0; i < n && !open; i++) {
		struct component k = b->comps.p[at[i]];
		bool security = b->comp_security.p[at[i]];
		b->comps.p[at[i]].module = n_found ? found[0] : STR_LIT("");
		for (size_t x = 1; x < n_found; x++) {
			k.module = found[x];
			VEC_PUSH(&b->comps, k);
			VEC_PUSH(&b->comp_security, security);
		}
	}
}

static int by_patch(const void *pa, const void *pb, void *builder)
{
	const struct builder *b = builder;
	uint32_t x = *(const uint32_t *)pa, y = *(const uint32_t *)pb;
	uint32_t a = b->comps.p[x].patch, c = b->comps.p[y].patch;
	return a != c ? (a > c) - (a < c) : (x > y) - (x < y);
}

static void resolve_streams(struct builder *b)
{
	VEC(uint32_t) all = { 0 };
	for (size_t i = 0; i < b->comps.n; i++)
		if (is_streamless(&b->comps.p[i]))
			VEC_PUSH(&all, (uint32_t)i);
	if (all.n == 0)
		return;
	qsort_r(all.p, all.n, sizeof(*all.p), by_patch, b);
	AUTO(streams_free) struct streams *s = learn_streams(b);
	for (size_t from = 0, to; from < all.n; from = to) {
		uint32_t patch = b->comps.p[all.p[from]].patch;
		for (to = from; to < all.n && b->comps.p[all.p[to]].patch == patch;)
			to++;
		give_streams(b, s, all.p + from, to - from);
	}
	VEC_DONE(&all);
}

/* What one repository calls the default stream is so for what other feeds say of it, too. */
static void spread_defaults(struct catalog *c)
{
	AUTO(intern_free) struct intern *streams = intern_new();
	for (int pass = 0; pass < 2; pass++)
		for (uint32_t i = 0; i < c->n_components; i++) {
			struct component *k = &c->components[i];
			if (k->module.n == 0 || (pass == 0) != k->by_default)
				continue;
			AUTO(xfree)
			char *key = xasprintf("%.*s\n%.*s", STR_ARG(c->patches[k->patch].os),
					      STR_ARG(k->module));
			if (pass == 0)
				intern_add(streams, str_of(key));
			else
				k->by_default = intern_find(streams, str_of(key)) != INTERN_NONE;
		}
}

#define HAND_OVER(c, member, vec)                                                                  \
	do {                                                                                       \
		(c)->member = (vec).p;                                                             \
		(c)->n_##member = (uint32_t)(vec).n;                                               \
		(vec).p = NULL;                                                                    \
		(vec).n = (vec).cap = 0;                                                           \
	} while (0)

/* The class of a patch is known when notices are joined, and what replaces what when it is known
 * which patches there are. */
static bool finish(struct builder *b, struct str off, struct err *e)
{
	struct catalog *c = b->c;
	if (!patches_of_advisories(b, e))
		return false;
	resolve_streams(b);
	place_components(b);
	HAND_OVER(c, patches, b->patches);
	spread_defaults(c);
	catalog_lanes(c);
	HAND_OVER(c, advisories, b->advisories);
	HAND_OVER(c, archives, b->archives);
	HAND_OVER(c, archive_files, b->files);
	bool *bulletin = xcalloc(c->n_feeds + 1, sizeof(*bulletin));
	for (uint32_t i = 0; i < c->n_feeds; i++)
		bulletin[i] = catalog_is_bulletin_kind(c->feeds[i].kind);
	catalog_join(c, bulletin);
	scope_apply_to(c, off);
	catalog_index_names(c);
	catalog_supersede(c);
	catalog_index_payloads(c);
	xfree(bulletin);
	return true;
}

static void begin(struct builder *b, const struct generation *gens, size_t n)
{
	struct catalog *c = b->c = xcalloc(1, sizeof(*b->c));
	c->impl = xcalloc(1, sizeof(*c->impl));
	atomic_init(&c->impl->refs, 1);
	c->impl->ids = intern_new();
	c->impl->texts = xcalloc(n + 1, sizeof(*c->impl->texts));
	c->feeds = xcalloc(n + 1, sizeof(*c->feeds));
	size_t bytes = 0;
	for (size_t i = 0; i < n; i++)
		bytes += gens[i].records.n;
	VEC_RESERVE(&b->comps, bytes / 200 + 64);
	VEC_RESERVE(&b->comp_security, bytes / 200 + 64);
}

static bool add_generation(struct builder *b, const struct feed_info *feed, char *text, size_t n,
			   struct err *e)
{
	struct catalog *c = b->c;
	b->feed = c->n_feeds;
	c->feeds[c->n_feeds++] = copy_feed(&c->impl->arena, feed);
	return read_document(b, text, n, e) || err_prefix(e, "feed '%s'", c->feeds[b->feed].id.p);
}

bool catalog_build(const struct generation *gens, size_t n, struct catalog **out, struct err *e)
{
	AUTO(builder_done) struct builder b = { 0 };
	begin(&b, gens, n);
	for (size_t i = 0; i < n; i++) {
		char *text = str_dup(gens[i].records);
		if (!add_generation(&b, &gens[i].feed, text, gens[i].records.n, e))
			return false;
	}
	if (!finish(&b, STR_LIT(""), e))
		return false;
	*out = TAKE(b.c);
	return true;
}

bool catalog_build_taking(struct generation *gens, size_t n, struct str off, struct catalog **out,
			  struct err *e)
{
	AUTO(builder_done) struct builder b = { 0 };
	begin(&b, gens, n);
	for (size_t i = 0; i < n; i++) {
		char *text = (char *)TAKE(gens[i].records.p);
		if (!add_generation(&b, &gens[i].feed, text, gens[i].records.n, e))
			return false;
	}
	if (!finish(&b, off, e))
		return false;
	*out = TAKE(b.c);
	return true;
}
