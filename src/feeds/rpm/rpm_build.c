/* SPDX-License-Identifier: Apache-2.0
 * Offers and module builds in two tables by name-epoch:version-release.arch, where advisories look
 * their packages up (rpm_build_update.c); what is left becomes patches by source build. Equal input
 * gives equal records: everything keeps the order of the files. */
#include "feeds/rpm/rpm_build_int.h"
#include "pkgver/pkgver.h"

#define MAX_OFFERS 2000000u

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
	b->defaults = intern_new();
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
	intern_free(b->defaults);
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
		VEC_PUSH(&b->offer_of, RPM_NONE);
		VEC_PUSH(&b->module_of, RPM_NONE);
	}
	return no;
}

bool rpm_build_module(void *build, const struct rpm_module *m, struct err *e)
{
	struct rpm_build *b = build;
	AUTO(xfree) char *stream = xasprintf("%.*s:%.*s", STR_ARG(m->name), STR_ARG(m->stream));
	if (m->defaults) {
		if (m->stream.n > 0)
			intern_add(b->defaults, str_of(stream));
		return true;
	}
	uint32_t module = intern_add(b->modules, str_of(stream));
	for (size_t i = 0; i < m->n_artifacts; i++) {
		struct rpm_nevra n;
		if (!rpm_nevra_parse(m->artifacts[i], &n) || !rpm_nevra_ok(&n))
			return err_set(e, ERR_CORRUPT, "module '%.80s': '%.80s' is no build",
				       stream, m->artifacts[i].p);
		uint32_t no = build_no(b, &n);
		if (b->module_of.p[no] ==
		    RPM_NONE) /* several contexts of a stream may share a build */
			b->module_of.p[no] = module;
	}
	return true;
}

/* --- offers --------------------------------------------------------------------------------------
 */

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
	if (!rpm_nevra_parse(source_rpm, &n) || !rpm_is_source(n.arch) || !rpm_nevra_ok(&n))
		n = *own;
	int len = snprintf(b->key, sizeof(b->key), "%.*s\n%.*s-%.*s", STR_ARG(n.name),
			   STR_ARG(n.version), STR_ARG(n.release));
	uint32_t no = intern_add(b->sources, (struct str) { b->key, (size_t)len });
	while (b->source_builds.n <= no)
		VEC_PUSH(&b->source_builds, ((struct rpm_source) { RPM_NONE, RPM_NONE }));
	return no;
}

bool rpm_build_offer(void *build, const struct rpm_package *p, struct err *e)
{
	struct rpm_build *b = build;
	if (rpm_is_source(p->nevra.arch))
		return true;
	if (b->offers.n == MAX_OFFERS)
		return err_set(e, ERR_LIMIT, "a repository offers more than %u packages",
			       MAX_OFFERS);
	uint32_t no = build_no(b, &p->nevra), offer = (uint32_t)b->offers.n;
	if (b->offer_of.p[no] != RPM_NONE)
		return true; /* listed twice: the first place will do */
	b->offer_of.p[no] = offer;
	struct rpm_offer o = { .nevra = parts_of(intern_get(b->builds, no)),
			       .href = STR_LIT(""),
			       .source = source_no(b, p->source, &p->nevra),
			       .built_s = p->built_s,
			       .next = RPM_NONE };
	if (b->spec.payloads && p->has_name && p->base.n == 0 && p->size > 0) {
		o.href = tidy(&b->arena, p->href);
		o.sha256 = p->name;
		o.size = p->size;
	}
	struct rpm_source *s = &b->source_builds.p[o.source];
	if (s->last == RPM_NONE)
		s->first = offer;
	else
		b->offers.p[s->last].next = offer;
	s->last = offer;
	VEC_PUSH(&b->offers, o);
	return true;
}

bool rpm_build_component(struct rpm_build *b, const struct rpm_nevra *n, uint32_t offer,
			 struct str module, struct err *e)
{
	char evr[320];
	const struct rpm_offer *o = offer == RPM_NONE ? NULL : &b->offers.p[offer];
	if (module.n == 0 && rpm_lineage(n->release) == RPM_LINEAGE_MODULE)
		module = STR_LIT("*"); /* no stream is known: dnf goes by the version alone */
	struct component c = { .kind = COMPONENT_RPM,
			       .name = n->name,
			       .arch = n->arch,
			       .version = rpm_evr(n, evr),
			       .module = module,
			       .by_default = module.n > 0 &&
					     intern_find(b->defaults, module) != INTERN_NONE,
			       .hotfix = b->spec.hotfix,
			       .above = STR_LIT(""),
			       .file = o ? o->href : STR_LIT(""),
			       .archive = o && o->href.n ? 0 : CATALOG_NONE };
	if (c.archive == 0) {
		c.sha256 = o->sha256;
		c.size = o->size;
	}
	return sink_component(b->sink, &c, e);
}

uint32_t rpm_build_offer_of(const struct rpm_build *b, const struct rpm_nevra *n)
{
	uint32_t no = intern_find(b->builds, key_of((struct rpm_build *)b, n));
	return no == INTERN_NONE ? RPM_NONE : b->offer_of.p[no];
}

struct str rpm_build_module_of(const struct rpm_build *b, const struct rpm_nevra *n)
{
	uint32_t no = intern_find(b->builds, key_of((struct rpm_build *)b, n));
	uint32_t module = no == INTERN_NONE ? RPM_NONE : b->module_of.p[no];
	return module == RPM_NONE ? STR_LIT("") : intern_get(b->modules, module);
}

/* --- offers without advisory ---------------------------------------------------------------------
 */

static bool emit_source(struct rpm_build *b, uint32_t source, struct err *e)
{
	struct str key = intern_get(b->sources, source), rest = key, name;
	const struct rpm_offer *main = NULL;
	enum reboot_need reboot = REBOOT_NEVER;
	int64_t built = 0;
	if (!str_split(&rest, '\n', &name))
		return true;
	for (uint32_t i = b->source_builds.p[source].first; i != RPM_NONE;
	     i = b->offers.p[i].next) {
		const struct rpm_offer *o = &b->offers.p[i];
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
	for (uint32_t i = first; i != RPM_NONE && !any; i = b->offers.p[i].next)
		any = !b->offers.p[i].covered;
	if (!any)
		return true;
	arena_reset(&b->scratch);
	if (!emit_source(b, source, e))
		return false;
	for (uint32_t i = first; i != RPM_NONE; i = b->offers.p[i].next) {
		const struct rpm_offer *o = &b->offers.p[i];
		if (!o->covered &&
		    !rpm_build_component(b, &o->nevra, i, rpm_build_module_of(b, &o->nevra), e))
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
