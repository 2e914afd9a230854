/* SPDX-License-Identifier: Apache-2.0
 * Offers and module builds in two tables by name-epoch:version-release.arch; advisories look their
 * packages up there and become patches; what is left becomes patches by source build. Equal input
 * gives equal records: everything keeps the order of the files. */
#include "feeds/rpm/rpm_build.h"
#include "feeds/words.h"
#include "pkgver/pkgver.h"

#define NONE UINT32_MAX
#define MAX_OFFERS 2000000u
#define MAX_CVES 60000u

struct offer {
	struct rpm_nevra nevra; /* views into the interned key */
	struct str href;	/* "" = nothing we could fetch */
	uint32_t source;	/* in `sources`: "name\nversion-release" */
	struct sha256 sha256;
	int64_t size, built_s;
	uint32_t next; /* of the same source build */
	bool covered;  /* by an advisory */
};
struct source {
	uint32_t first, last;
};
struct rpm_build {
	struct rpm_build_spec spec;
	struct rpm_distro distro;
	const char *word;   /* "alma:9" */
	struct str release; /* "9" */
	struct sink *sink;
	struct arena arena;
	struct intern *builds, *sources;
	VEC(struct offer) offers; /* by number of build, as far as they are offers */
	VEC(uint32_t) offer_of;	  /* build -> offer, NONE */
	struct intern *modules;	  /* "name:stream" */
	VEC(uint32_t) module_of;  /* build -> module, NONE */
	VEC(struct source) source_builds;
	struct intern *ids;	    /* advisory ids seen */
	VEC(struct str) version_of; /* of each: the version seen first */
	struct words cves;
	struct arena scratch; /* of one update */
	char key[1024];
};

struct rpm_build *rpm_build_new(const struct rpm_build_spec *spec, struct sink *sink)
{
	struct rpm_build *b = xcalloc(1, sizeof(*b));
	b->spec = *spec;
	b->distro = rpm_distro_of(spec->os);
	b->sink = sink;
	ptrdiff_t colon = str_find(spec->os, ':');
	struct str id = { spec->os.p, colon > 0 ? (size_t)colon : spec->os.n };
	b->release = colon > 0 ? (struct str) { spec->os.p + colon + 1,
						spec->os.n - (size_t)colon - 1 }
			       : STR_LIT("");
	const char *name = b->distro.word ? b->distro.word : arena_str(&b->arena, id).p;
	b->word = arena_printf(&b->arena, "%s:%.*s", name, STR_ARG(b->release));
	if (!spec->vendor)
		b->spec.vendor = b->distro.vendor ? b->distro.vendor : name;
	b->builds = intern_new();
	b->sources = intern_new();
	b->modules = intern_new();
	b->ids = intern_new();
	return b;
}

void rpm_build_free(struct rpm_build *b)
{
	if (!b)
		return;
	arena_done(&b->arena);
	arena_done(&b->scratch);
	intern_free(b->builds);
	intern_free(b->sources);
	intern_free(b->modules);
	intern_free(b->ids);
	VEC_DONE(&b->offers);
	VEC_DONE(&b->offer_of);
	VEC_DONE(&b->module_of);
	VEC_DONE(&b->source_builds);
	VEC_DONE(&b->version_of);
	words_done(&b->cves);
	xfree(b);
}

int64_t rpm_build_offers(const struct rpm_build *b)
{
	return (int64_t)b->offers.n;
}

/* Lengths were checked (rpm_nevra_ok). */
static struct str key_of(struct rpm_build *b, const struct rpm_nevra *n)
{
	const struct str parts[] = { n->name, n->epoch, n->version, n->release, n->arch };
	char *p = b->key;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		memcpy(p, parts[i].p, parts[i].n);
		p += parts[i].n;
		*p++ = '\n';
	}
	return (struct str) { b->key, (size_t)(p - b->key) };
}

/* The same parts as views into the key that stays. */
static struct rpm_nevra parts_of(struct str key)
{
	struct rpm_nevra n;
	struct str *const to[] = { &n.name, &n.epoch, &n.version, &n.release, &n.arch };
	for (size_t i = 0; i < ARRAY_LEN(to); i++)
		if (!str_split(&key, '\n', to[i]))
			ASSERT(false);
	return n;
}

static uint32_t build_no(struct rpm_build *b, const struct rpm_nevra *n)
{
	uint32_t no = intern_add(b->builds, key_of(b, n));
	while (b->offer_of.n <= no) {
		VEC_PUSH(&b->offer_of, NONE);
		VEC_PUSH(&b->module_of, NONE);
	}
	return no;
}

bool rpm_build_module(void *build, const struct rpm_module *m, struct err *e)
{
	struct rpm_build *b = build;
	if (m->defaults)
		return true;
	AUTO(xfree) char *stream = xasprintf("%.*s:%.*s", STR_ARG(m->name), STR_ARG(m->stream));
	uint32_t module = intern_add(b->modules, str_of(stream));
	for (size_t i = 0; i < m->n_artifacts; i++) {
		struct rpm_nevra n;
		if (!rpm_nevra_parse(m->artifacts[i], &n) || !rpm_nevra_ok(&n))
			return err_set(e, ERR_CORRUPT, "module '%.80s': '%.80s' is no build",
				       stream, m->artifacts[i].p);
		uint32_t no = build_no(b, &n);
		if (b->module_of.p[no] == NONE) /* several contexts of a stream may share a build */
			b->module_of.p[no] = module;
	}
	return true;
}

/* --- offers --------------------------------------------------------------------------------------
 */

static bool is_source(struct str arch)
{
	return str_is(arch, "src") || str_is(arch, "nosrc");
}

/* What records accept as a path: no empty and no "." step. */
static struct str tidy(struct arena *a, struct str href)
{
	char *to = arena_alloc(a, href.n + 1);
	size_t n = 0;
	struct str step;
	while (href.n > 0 && str_split(&href, '/', &step)) {
		if (step.n == 0 || str_is(step, "."))
			continue;
		if (n)
			to[n++] = '/';
		memcpy(to + n, step.p, step.n);
		n += step.n;
	}
	return (struct str) { to, n };
}

/* "xz-5.2.5-8.el9_0.src.rpm" -> "xz\n5.2.5-8.el9_0"; a package that names no source is its own. */
static uint32_t source_no(struct rpm_build *b, struct str source_rpm, const struct rpm_nevra *own)
{
	struct rpm_nevra n;
	if (!rpm_nevra_parse(source_rpm, &n) || !is_source(n.arch) || !rpm_nevra_ok(&n))
		n = *own;
	int len = snprintf(b->key, sizeof(b->key), "%.*s\n%.*s-%.*s", STR_ARG(n.name),
			   STR_ARG(n.version), STR_ARG(n.release));
	uint32_t no = intern_add(b->sources, (struct str) { b->key, (size_t)len });
	while (b->source_builds.n <= no)
		VEC_PUSH(&b->source_builds, ((struct source) { NONE, NONE }));
	return no;
}

bool rpm_build_offer(void *build, const struct rpm_package *p, struct err *e)
{
	struct rpm_build *b = build;
	if (is_source(p->nevra.arch))
		return true;
	if (b->offers.n == MAX_OFFERS)
		return err_set(e, ERR_LIMIT, "a repository offers more than %u packages",
			       MAX_OFFERS);
	uint32_t no = build_no(b, &p->nevra), offer = (uint32_t)b->offers.n;
	if (b->offer_of.p[no] != NONE)
		return true; /* listed twice: the first place will do */
	b->offer_of.p[no] = offer;
	struct offer o = { .nevra = parts_of(intern_get(b->builds, no)),
			   .href = STR_LIT(""),
			   .source = source_no(b, p->source, &p->nevra),
			   .built_s = p->built_s,
			   .next = NONE };
	if (b->spec.payloads && p->has_sha256 && p->base.n == 0 && p->size > 0) {
		o.href = tidy(&b->arena, p->href);
		o.sha256 = p->sha256;
		o.size = p->size;
	}
	struct source *s = &b->source_builds.p[o.source];
	if (s->last == NONE)
		s->first = offer;
	else
		b->offers.p[s->last].next = offer;
	s->last = offer;
	VEC_PUSH(&b->offers, o);
	return true;
}

/* --- advisories ----------------------------------------------------------------------------------
 */

/* ".el7" in a release of 6: a package of another release that got into the list (unless this
 * repository offers it). */
static bool of_other_release(const struct rpm_build *b, struct str release)
{
	if (!b->distro.major || b->release.n == 0)
		return false;
	for (size_t i = 0; i + 3 < release.n; i++) {
		struct str digits = { release.p + i + 3, 0 };
		if (!strchr(".+_", release.p[i]) || release.p[i + 1] != 'e' ||
		    release.p[i + 2] != 'l')
			continue;
		while (i + 3 + digits.n < release.n && digits.p[digits.n] >= '0' &&
		       digits.p[digits.n] <= '9')
			digits.n++;
		if (digits.n)
			return !str_eq(digits, b->release);
	}
	return false;
}

static bool is_cve(struct str s)
{
	size_t i = 4;
	if (s.n < 13 || s.n > 20 || !str_starts(s, "CVE-"))
		return false;
	for (; i < s.n; i++)
		if (i == 8 ? s.p[i] != '-' : s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

static bool in_cve(char c)
{
	return c == '-' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

static void add_cves_of(struct words *to, struct str text)
{
	for (size_t i = 0; i + 13 <= text.n; i++) {
		const char *at = memchr(text.p + i, 'C', text.n - i);
		if (!at)
			return;
		i = (size_t)(at - text.p);
		struct str id = { at, 0 };
		while (i + id.n < text.n && in_cve(id.p[id.n]))
			id.n++;
		while (id.n > 13 && !is_cve(id))
			id.n--;
		if (is_cve(id) && words_size(to) < MAX_CVES - 20)
			words_add(to, id);
	}
}

/* What the references name; only an advisory without such references is read for them. */
static struct str cves_of(struct rpm_build *b, const struct rpm_update *u)
{
	words_clear(&b->cves);
	for (size_t i = 0; i < u->n_references; i++) {
		const struct rpm_reference *r = &u->references[i];
		add_cves_of(&b->cves, r->id);
		if (!str_is(r->type, "cve"))
			add_cves_of(&b->cves, r->title);
	}
	if (words_size(&b->cves) == 0 && str_is(u->type, "security")) {
		add_cves_of(&b->cves, u->title);
		add_cves_of(&b->cves, u->description);
	}
	return words_text(&b->cves);
}

static struct str expand(struct rpm_build *b, struct str id)
{
	AUTO(buf_done) struct buf out = BUF_INIT(500);
	const char *p = b->distro.url;
	for (; *p; p++) {
		if (strncmp(p, "{id}", 4) == 0) {
			buf_addstr(&out, id);
			p += 3;
		} else if (strncmp(p, "{release}", 9) == 0) {
			buf_addstr(&out, b->release);
			p += 8;
		} else if (strncmp(p, "{dashed}", 8) == 0) {
			for (size_t i = 0; i < id.n; i++)
				buf_addc(&out, id.p[i] == ':' ? '-' : id.p[i]);
			p += 7;
		} else {
			buf_addc(&out, *p);
		}
	}
	return out.overflowed ? STR_LIT("") : arena_str(&b->scratch, buf_str(&out));
}

static bool is_word(struct str s, size_t max)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] >= 0x7f)
			return false;
	return s.n > 0 && s.n <= max;
}

static struct str url_of(struct rpm_build *b, const struct rpm_update *u)
{
	for (size_t i = 0; i < u->n_references; i++) {
		const struct rpm_reference *r = &u->references[i];
		if (str_is(r->type, "self") && is_word(r->href, 500) &&
		    (str_starts(r->href, "https://") || str_starts(r->href, "http://")))
			return r->href;
	}
	return expand(b, u->id);
}

static enum patch_type type_of(struct str word)
{
	static const struct {
		const char *word;
		enum patch_type type;
	} known[] = {
		{ "security", PATCH_TYPE_SECURITY },	  { "bugfix", PATCH_TYPE_BUGFIX },
		{ "recommended", PATCH_TYPE_BUGFIX },	  { "enhancement", PATCH_TYPE_ENHANCEMENT },
		{ "newpackage", PATCH_TYPE_ENHANCEMENT }, { "optional", PATCH_TYPE_ENHANCEMENT },
		{ "feature", PATCH_TYPE_ENHANCEMENT },
	};
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_is(word, known[i].word))
			return known[i].type;
	return PATCH_TYPE_UNRATED;
}

/* A title may rate itself: "Moderate: xz security update". */
static enum severity severity_of(const struct rpm_update *u, struct str *raw_out)
{
	struct str word = str_trim(u->severity);
	enum severity s = words_severity(word);
	if (s == SEVERITY_UNRATED && str_is(word, "urgent"))
		s = SEVERITY_CRITICAL;
	*raw_out = is_word(word, 64) ? word : STR_LIT("");
	if (s != SEVERITY_UNRATED)
		return s;
	s = words_title_severity(u->title, &word);
	if (s != SEVERITY_UNRATED)
		*raw_out = word;
	return s;
}

/* The id, with its version where that is part of the vendor's key, or where the same id comes again
 * with another one. */
static const char *patch_id(struct rpm_build *b, const struct rpm_update *u)
{
	bool versioned = b->distro.versioned && !str_is(u->version, "1");
	uint32_t known = (uint32_t)b->version_of.n, no = intern_add(b->ids, u->id);
	if (no == known)
		VEC_PUSH(&b->version_of, arena_str(&b->arena, u->version));
	else if (!str_eq(b->version_of.p[no], u->version))
		versioned = true;
	if (!versioned || !is_word(u->version, 60))
		return arena_printf(&b->scratch, "%s:%s", b->word, u->id.p);
	return arena_printf(&b->scratch, "%s:%s:%.*s", b->word, u->id.p, STR_ARG(u->version));
}

static bool counts(const struct rpm_build *b, const struct rpm_update_package *q, uint32_t *offer)
{
	uint32_t no = intern_find(b->builds, key_of((struct rpm_build *)b, &q->nevra));
	*offer = no == INTERN_NONE ? NONE : b->offer_of.p[no];
	return !is_source(q->nevra.arch) &&
	       (*offer != NONE || !of_other_release(b, q->nevra.release));
}

/* The source package of the first build that says one. */
static struct str product_of(struct rpm_build *b, const struct rpm_update *u)
{
	for (size_t i = 0; i < u->n_packages; i++) {
		const struct rpm_update_package *q = &u->packages[i];
		struct rpm_nevra n;
		uint32_t offer;
		if (is_source(q->nevra.arch))
			return q->nevra.name;
		if (rpm_nevra_parse(q->src, &n) && is_source(n.arch) && is_word(n.name, 200))
			return n.name;
		if (counts(b, q, &offer) && offer != NONE) {
			struct str key = intern_get(b->sources, b->offers.p[offer].source);
			return (struct str) { key.p, (size_t)str_find(key, '\n') };
		}
	}
	return u->packages[0].nevra.name;
}

static enum reboot_need reboot_of(const struct rpm_update *u)
{
	enum reboot_need need = u->reboot ? REBOOT_ALWAYS : REBOOT_NEVER;
	for (size_t i = 0; i < u->n_packages; i++) {
		const struct rpm_update_package *q = &u->packages[i];
		enum reboot_need one = words_rpm_reboot(q->nevra.name);
		need = one == REBOOT_ALWAYS ? one : need;
		if (need == REBOOT_NEVER)
			need = q->relogin ? REBOOT_LOGOUT : one;
	}
	return need;
}

static bool emit_component(struct rpm_build *b, const struct rpm_nevra *n, uint32_t offer,
			   struct str module, struct err *e)
{
	char evr[320];
	const struct offer *o = offer == NONE ? NULL : &b->offers.p[offer];
	struct component c = { .kind = COMPONENT_RPM,
			       .name = n->name,
			       .arch = n->arch,
			       .version = rpm_evr(n, evr),
			       .module = module,
			       .above = STR_LIT(""),
			       .file = o ? o->href : STR_LIT(""),
			       .archive = o && o->href.n ? 0 : CATALOG_NONE };
	if (c.archive == 0) {
		c.sha256 = o->sha256;
		c.size = o->size;
	}
	return sink_component(b->sink, &c, e);
}

static struct str module_of(const struct rpm_build *b, const struct rpm_nevra *n)
{
	uint32_t no = intern_find(b->builds, key_of((struct rpm_build *)b, n));
	uint32_t module = no == INTERN_NONE ? NONE : b->module_of.p[no];
	return module == NONE ? STR_LIT("") : intern_get(b->modules, module);
}

/* Its stream, as its collection says, or modules.yaml; where neither does, those that the title
 * names, and packages whose stream is not known. */
static bool emit_package(struct rpm_build *b, const struct rpm_update *u,
			 const struct rpm_update_package *q, uint32_t offer, struct err *e)
{
	struct str streams[WORDS_STREAMS];
	struct str module = q->module.n ? q->module : module_of(b, &q->nevra);
	size_t n = 0;
	if (module.n == 0 && rpm_lineage(q->nevra.release) == RPM_LINEAGE_MODULE)
		n = words_streams(u->title, streams);
	for (size_t i = 0; i < n; i++)
		if (!emit_component(b, &q->nevra, offer, streams[i], e))
			return false;
	return emit_component(b, &q->nevra, offer, module, e);
}

static bool emit_update(struct rpm_build *b, const struct rpm_update *u, struct err *e)
{
	struct str raw = STR_LIT("");
	struct patch p = {
		.id = str_of(patch_id(b, u)),
		.vendor = str_starts(u->id, "FEDORA-") ? STR_LIT("Fedora") : str_of(b->spec.vendor),
		.os = b->spec.os,
		.product = product_of(b, u),
		.version = is_word(u->version, 300) ? u->version : STR_LIT(""),
		.title = words_cut(words_plain(&b->scratch, u->title), 500),
		.bulletin = u->id,
		.url = url_of(b, u),
		.cves = cves_of(b, u),
		.availability = STR_LIT(""),
		.suites = b->spec.suite,
		.type = type_of(u->type),
		.severity = severity_of(u, &raw),
		.reboot = reboot_of(u),
		.released_ms = u->issued_ms ? u->issued_ms : u->updated_ms,
	};
	p.severity_raw = raw;
	if (p.title.n == 0)
		p.title = u->id;
	if (!sink_patch(b->sink, &p, e))
		return false;
	for (size_t i = 0; i < u->n_packages; i++) {
		const struct rpm_update_package *q = &u->packages[i];
		uint32_t offer;
		if (!counts(b, q, &offer))
			continue;
		if (offer != NONE)
			b->offers.p[offer].covered = true;
		if (!emit_package(b, u, q, offer, e))
			return false;
	}
	return true;
}

/* A vendor's own address on an id that is not of the vendor's form is a mistake of somebody's. */
static bool id_of_vendor(const struct rpm_update *u)
{
	static const struct {
		const char *from, *ids;
	} vendors[] = {
		{ "@almalinux.org", "AL" },
		{ "@rockylinux.org", "R" },
	};
	for (size_t i = 0; i < ARRAY_LEN(vendors); i++) {
		if (!str_ends(u->from, vendors[i].from))
			continue;
		ptrdiff_t dash = str_find(u->id, '-'), colon = str_find(u->id, ':');
		return str_starts(u->id, vendors[i].ids) && dash == 4 && colon > dash;
	}
	return true;
}

bool rpm_build_update(void *build, const struct rpm_update *u, struct err *e)
{
	struct rpm_build *b = build;
	bool any = false;
	uint32_t offer;
	if (!id_of_vendor(u))
		return err_set(e, ERR_CORRUPT,
			       "the id is none that '%.*s' gives; the file is damaged or forged",
			       (int)MIN(u->from.n, (size_t)60), u->from.p);
	for (size_t i = 0; i < u->n_packages && !any; i++)
		any = counts(b, &u->packages[i], &offer);
	if (!any)
		return true;
	arena_reset(&b->scratch);
	return emit_update(b, u, e);
}

/* --- offers without advisory ---------------------------------------------------------------------
 */

static bool emit_source(struct rpm_build *b, uint32_t source, struct err *e)
{
	struct str key = intern_get(b->sources, source), rest = key, name;
	const struct offer *main = NULL;
	enum reboot_need reboot = REBOOT_NEVER;
	int64_t built = 0;
	if (!str_split(&rest, '\n', &name))
		return true;
	for (uint32_t i = b->source_builds.p[source].first; i != NONE; i = b->offers.p[i].next) {
		const struct offer *o = &b->offers.p[i];
		if (!main || (str_eq(o->nevra.name, name) && !str_eq(main->nevra.name, name)))
			main = o;
		if (o->covered)
			continue;
		reboot = MAX(reboot, words_rpm_reboot(o->nevra.name));
		built = MAX(built, o->built_s);
	}
	bool epoch = main && !str_is(main->nevra.epoch, "0");
	const char *evr = arena_printf(
		&b->scratch, "%.*s%s%.*s", epoch ? (int)main->nevra.epoch.n : 0,
		epoch ? main->nevra.epoch.p : "", epoch ? ":" : "", STR_ARG(rest));
	const char *title = arena_printf(&b->scratch, "%.*s %s", STR_ARG(name), evr);
	struct patch p = { .id = str_of(arena_printf(&b->scratch, "%s:%.*s:%s", b->word,
						     STR_ARG(name), evr)),
			   .vendor = str_of(b->spec.vendor),
			   .os = b->spec.os,
			   .product = name,
			   .version = str_of(evr),
			   .title = str_of(title),
			   .bulletin = STR_LIT(""),
			   .url = STR_LIT(""),
			   .cves = STR_LIT(""),
			   .availability = STR_LIT(""),
			   .suites = b->spec.suite,
			   .type = PATCH_TYPE_UNRATED,
			   .severity_raw = STR_LIT(""),
			   .reboot = reboot,
			   .released_ms = built * 1000 };
	return sink_patch(b->sink, &p, e);
}

static bool end_source(struct rpm_build *b, uint32_t source, struct err *e)
{
	bool any = false;
	uint32_t first = b->source_builds.p[source].first;
	for (uint32_t i = first; i != NONE && !any; i = b->offers.p[i].next)
		any = !b->offers.p[i].covered;
	if (!any)
		return true;
	arena_reset(&b->scratch);
	if (!emit_source(b, source, e))
		return false;
	for (uint32_t i = first; i != NONE; i = b->offers.p[i].next) {
		const struct offer *o = &b->offers.p[i];
		if (!o->covered && !emit_component(b, &o->nevra, i, module_of(b, &o->nevra), e))
			return false;
	}
	return true;
}

bool rpm_build_end(struct rpm_build *b, struct err *e)
{
	for (uint32_t i = 0; i < b->source_builds.n; i++)
		if (!end_source(b, i, e))
			return false;
	return true;
}
