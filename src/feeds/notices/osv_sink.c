/* SPDX-License-Identifier: Apache-2.0
 * OSV records as records of the catalog. RPM systems: one patch per (advisory, release), its
 * components are the packages; the data names no architecture ("" = any) and no module stream.
 * Where the vendor's title names streams ("php:8.3 security update") a modular build is tied to
 * them, else it is of one that is not known; a modular version stays with modular packages and a
 * plain one with plain ones.
 * Debian and Ubuntu: one advisory per (notice, release, source). */
#include "base/vec.h"
#include "feeds/debian/debian.h"
#include "feeds/notices/notice_patch.h"
#include "feeds/notices/osv.h"
#include "feeds/ubuntu/ubuntu.h"
#include "feeds/words.h"
#include "pkgver/pkgver.h"

#define MAX_OSES 64u

struct waiting { /* a notice whose severity may still come */
	struct advisory a;
	const char *service;
};

struct osv_sink {
	struct sink *sink;
	const char *const *oses;
	struct arena arena;
	VEC(struct waiting) waiting;
	struct intern *cves; /* Ubuntu's CVE -> number */
	VEC(struct str) priorities;
	struct intern *seen; /* components of the patch that is being written */
};

struct osv_sink *osv_sink_new(struct sink *sink, const char *const *oses)
{
	struct osv_sink *o = xcalloc(1, sizeof(*o));
	o->sink = sink;
	o->oses = oses;
	o->cves = intern_new();
	return o;
}

void osv_sink_free(struct osv_sink *o)
{
	if (!o)
		return;
	arena_done(&o->arena);
	VEC_DONE(&o->waiting);
	VEC_DONE(&o->priorities);
	intern_free(o->cves);
	intern_free(o->seen);
	xfree(o);
}

/* --- ecosystems ---------------------------------------------------------------------------------
 */

static bool release_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!(s.p[i] >= '0' && s.p[i] <= '9') && s.p[i] != '.')
			return false;
	return s.n > 0 && s.n < 20;
}

static bool set_os(struct osv_ecosystem *out, const char *id, struct str release)
{
	if (!release_ok(release))
		return false;
	snprintf(out->os, sizeof(out->os), "%s:%.*s", id, STR_ARG(release));
	return true;
}

/* "22.04:LTS", "24.10", "Pro:18.04:LTS", "Pro:FIPS-updates:20.04:LTS" */
static bool ubuntu(struct str rest, const struct osv_affected *a, struct osv_ecosystem *out)
{
	struct str step;
	bool pro = false;
	while (str_split(&rest, ':', &step)) {
		if (str_is(step, "Pro")) {
			pro = true;
		} else if (str_starts(step, "FIPS")) {
			return false; /* builds of their own: not to be compared with the others */
		} else if (release_ok(step)) {
			out->service = ubuntu_service_of_text(a->availability);
			if (pro && !out->service[0])
				out->service = "ubuntu-pro";
			return set_os(out, "ubuntu", step);
		}
	}
	return false;
}

/* "enterprise_linux:9::baseos": only the main streams; extended ones have versions of their own. */
static bool red_hat(struct str rest, struct osv_ecosystem *out)
{
	struct str product, release;
	return str_split(&rest, ':', &product) && str_is(product, "enterprise_linux") &&
	       str_split(&rest, ':', &release) && set_os(out, "rhel", release);
}

/* "12", "6.0", "3.1": one release each, by its first number since etch. */
static bool debian(struct str rest, struct osv_ecosystem *out)
{
	ptrdiff_t dot = str_find(rest, '.');
	struct str major = { rest.p, dot > 0 ? (size_t)dot : rest.n };
	return set_os(out, "debian", debian_codename_of_version(rest) ? rest : major);
}

bool osv_ecosystem_of(const struct osv_affected *a, struct osv_ecosystem *out)
{
	static const struct {
		const char *prefix;
		struct osv_ecosystem is;
	} known[] = {
		{ "AlmaLinux:", { "almalinux", "AlmaLinux", "alma", COMPONENT_RPM, "" } },
		{ "Rocky Linux:", { "rocky", "Rocky Linux", "rocky", COMPONENT_RPM, "" } },
		{ "Red Hat:", { "", "Red Hat", "rhel", COMPONENT_RPM, "" } },
		{ "Ubuntu:", { "", "Ubuntu", "ubuntu", COMPONENT_DEB_SRC, "" } },
		{ "Debian:", { "", "Debian", "debian", COMPONENT_DEB_SRC, "" } },
		{ "Alpine:v", { "alpine", "Alpine Linux", "alpine", COMPONENT_APK_SRC, "" } },
	};
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (!str_starts(a->ecosystem, known[i].prefix))
			continue;
		size_t n = strlen(known[i].prefix);
		struct str rest = { a->ecosystem.p + n, a->ecosystem.n - n };
		*out = known[i].is;
		switch (out->word[0]) {
		case 'u': return ubuntu(rest, a, out);
		case 'd': return debian(rest, out);
		default: break;
		}
		if (str_is(str_of(out->word), "rhel"))
			return red_hat(rest, out);
		return set_os(out, known[i].is.os, rest);
	}
	return false;
}

/* --- RPM systems --------------------------------------------------------------------------------
 */

static bool is_modular(struct str version)
{
	return rpm_lineage(version) == RPM_LINEAGE_MODULE;
}

static struct str without_zero_epoch(struct str v)
{
	return str_starts(v, "0:") ? (struct str) { v.p + 2, v.n - 2 } : v;
}

static bool add_component(struct osv_sink *o, struct component *c, struct err *e)
{
	AUTO(xfree)
	char *key = xasprintf("%.*s\n%.*s\n%.*s\n%.*s", STR_ARG(c->name), STR_ARG(c->version),
			      STR_ARG(c->module), STR_ARG(c->above));
	uint32_t known = intern_count(o->seen);
	return intern_add(o->seen, str_of(key)) != known || sink_component(o->sink, c, e);
}

static bool add_package(struct osv_sink *o, const struct osv_record *r,
			const struct osv_affected *a, struct err *e)
{
	struct str none = STR_LIT(""), streams[WORDS_STREAMS];
	for (uint32_t i = 0; i < a->n_fixes; i++) {
		const struct osv_fix *f = &a->fixes[i];
		struct component c = { .kind = COMPONENT_RPM,
				       .name = a->name,
				       .arch = none,
				       .version = without_zero_epoch(f->fixed),
				       .above = none,
				       .file = none,
				       .module = none,
				       .archive = CATALOG_NONE };
		if (c.version.n == 0)
			continue;
		if (f->introduced.n && !str_is(f->introduced, "0"))
			c.above = without_zero_epoch(f->introduced);
		size_t n = is_modular(c.version) ? words_streams(r->title, streams) : 0;
		if (n == 0)
			streams[n++] = is_modular(c.version) ? STR_LIT("*") : none;
		for (size_t k = 0; k < n; k++) {
			c.module = streams[k];
			if (!add_component(o, &c, e))
				return false;
		}
	}
	return true;
}

static bool fixes_any(const struct osv_affected *a)
{
	for (uint32_t i = 0; i < a->n_fixes; i++)
		if (a->fixes[i].fixed.n)
			return true;
	return false;
}

static bool begin_patch(struct osv_sink *o, const struct osv_record *r,
			const struct osv_ecosystem *eco, const struct osv_affected *first,
			struct arena *arena, struct err *e)
{
	struct str none = STR_LIT(""), raw;
	const char *release = strchr(eco->os, ':') + 1;
	enum severity severity = words_title_severity(r->title, &raw);
	struct patch p = { .vendor = str_of(eco->vendor),
			   .os = str_of(eco->os),
			   .product = first->name,
			   .version = none,
			   .title = r->title,
			   .suites = none,
			   .bulletin = r->id,
			   .url = r->url,
			   .cves = words_cut(r->cves, 60000),
			   .availability = none,
			   .type = words_advisory_type(r->id),
			   .severity = severity,
			   .severity_raw = raw,
			   .released_ms = r->published_ms };
	p.id = str_of(arena_printf(arena, "%s:%s:%.*s", eco->word, release, STR_ARG(r->id)));
	for (uint32_t i = 0; i < r->n_affected; i++)
		p.reboot = MAX(p.reboot, words_rpm_reboot(r->affected[i].name));
	return sink_patch(o->sink, &p, e);
}

/* All packages of one release. */
static bool add_release(struct osv_sink *o, const struct osv_record *r,
			const struct osv_ecosystem *eco, uint32_t from, struct err *e)
{
	AUTO(arena_done) struct arena arena = { 0 };
	bool begun = false;
	intern_free(o->seen);
	o->seen = intern_new();
	for (uint32_t i = from; i < r->n_affected; i++) {
		struct osv_ecosystem other;
		const struct osv_affected *a = &r->affected[i];
		if (!fixes_any(a) || !osv_ecosystem_of(a, &other) || strcmp(other.os, eco->os) != 0)
			continue;
		if (!begun && !begin_patch(o, r, eco, a, &arena, e))
			return false;
		begun = true;
		if (!add_package(o, r, a, e))
			return false;
	}
	return true;
}

/* --- Debian, Ubuntu, Alpine ---------------------------------------------------------------------
 */

static void learn_priority(struct osv_sink *o, struct str cve, struct str priority)
{
	if (words_severity(priority) == SEVERITY_UNRATED)
		return;
	uint32_t known = intern_count(o->cves), no = intern_add(o->cves, cve);
	struct str copy = arena_str(&o->arena, priority);
	if (no == known)
		VEC_PUSH(&o->priorities, copy);
	else
		o->priorities.p[no] = words_higher(o->priorities.p[no], copy);
}

/* "UBUNTU-CVE-2024-1": about one CVE; its packages are those of the notices. */
static bool is_single_cve(struct str id)
{
	return str_starts(id, "UBUNTU-CVE-") || str_starts(id, "DEBIAN-CVE-") ||
	       str_starts(id, "CVE-");
}

static void learn_record(struct osv_sink *o, const struct osv_record *r)
{
	struct str rest = r->cves, cve;
	if (!str_starts(r->id, "UBUNTU-CVE-"))
		return;
	struct str own = { r->id.p + 7, r->id.n - 7 }, priority = r->priority;
	for (uint32_t i = 0; i < r->n_affected; i++)
		priority = words_higher(priority, r->affected[i].priority);
	learn_priority(o, own, priority);
	while (rest.n > 0 && str_split(&rest, ' ', &cve))
		if (!str_eq(cve, own))
			learn_priority(o, cve, priority);
}

static const char *notice_url(struct osv_sink *o, const struct osv_record *r,
			      const struct osv_ecosystem *eco)
{
	if (str_is(str_of(eco->word), "ubuntu"))
		return arena_printf(&o->arena, "https://ubuntu.com/security/notices/%.*s",
				    STR_ARG(r->id));
	return arena_str(&o->arena, r->url).p;
}

static void add_notice(struct osv_sink *o, const struct osv_record *r, const struct osv_affected *a,
		       const struct osv_ecosystem *eco)
{
	struct arena *to = &o->arena;
	struct str none = STR_LIT(""), cves = words_cut(a->cves.n ? a->cves : r->cves, 60000);
	struct str os = arena_str(to, str_of(eco->os)), name = arena_str(to, a->name);
	for (uint32_t i = 0; i < a->n_fixes; i++) {
		struct waiting w = { .service = eco->service };
		if (a->fixes[i].fixed.n == 0 || str_is(a->fixes[i].fixed, "0"))
			continue;
		w.a = (struct advisory) { .id = arena_str(to, r->id),
					  .title = arena_str(to, r->title),
					  .os = os,
					  .product = name,
					  .fixed = arena_str(to, a->fixes[i].fixed),
					  .cves = arena_str(to, cves),
					  .url = str_of(notice_url(o, r, eco)),
					  .severity_raw = arena_str(to, a->priority),
					  .kind = eco->kind,
					  .status = none,
					  .vendor = str_of(eco->vendor),
					  .released_ms = r->published_ms };
		VEC_PUSH(&o->waiting, w);
	}
}

/* The highest of what Ubuntu says of the notice's package and of its CVEs. */
static void rate(const struct osv_sink *o, struct advisory *a)
{
	struct str best = a->severity_raw, rest = a->cves, cve;
	while (rest.n > 0 && str_split(&rest, ' ', &cve)) {
		uint32_t no = intern_find(o->cves, cve);
		if (no != INTERN_NONE)
			best = words_higher(best, o->priorities.p[no]);
	}
	a->severity = words_severity(best);
	a->severity_raw = a->severity == SEVERITY_UNRATED ? STR_LIT("") : best;
	a->severity_derived = a->severity != SEVERITY_UNRATED;
}

/* --- together ------------------------------------------------------------------------------------
 */

static bool listed(char (*oses)[64], size_t n, const char *os)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(oses[i], os) == 0)
			return true;
	return false;
}

bool osv_sink_add(void *osv_sink, const struct osv_record *r, struct err *e)
{
	struct osv_sink *o = osv_sink;
	char done[MAX_OSES][64];
	size_t n = 0;
	if (r->withdrawn)
		return true;
	learn_record(o, r);
	if (is_single_cve(r->id) || str_starts(r->id, "LSN-"))
		return true; /* live patches change no package */
	for (uint32_t i = 0; i < r->n_affected; i++) {
		struct osv_ecosystem eco;
		const struct osv_affected *a = &r->affected[i];
		if (!osv_ecosystem_of(a, &eco) || !words_listed(o->oses, str_of(eco.os)))
			continue;
		if (eco.kind != COMPONENT_RPM) {
			add_notice(o, r, a, &eco);
			continue;
		}
		if (listed(done, n, eco.os))
			continue;
		if (n == MAX_OSES)
			return err_set(e, ERR_LIMIT, "advisory names more than %u releases",
				       MAX_OSES);
		snprintf(done[n++], sizeof(done[0]), "%s", eco.os);
		if (!add_release(o, r, &eco, i, e))
			return false;
	}
	return true;
}

static int by_service(const void *pa, const void *pb)
{
	const struct waiting *a = pa, *b = pb;
	int d = str_cmp(a->a.os, b->a.os);
	if (!d)
		d = str_cmp(a->a.id, b->a.id);
	if (!d)
		d = strcmp(a->service, b->service);
	if (!d)
		d = str_cmp(a->a.product, b->a.product);
	return d ? d : str_cmp(a->a.fixed, b->a.fixed);
}

bool osv_sink_end(struct osv_sink *o, struct err *e)
{
	if (o->waiting.n)
		qsort(o->waiting.p, o->waiting.n, sizeof(o->waiting.p[0]), by_service);
	for (size_t i = 0; i < o->waiting.n; i++) {
		struct waiting *w = &o->waiting.p[i];
		rate(o, &w->a);
		if (!(w->service[0] ? notice_patch(o->sink, &w->a, w->service, e)
				    : sink_advisory(o->sink, &w->a, e)))
			return false;
	}
	return true;
}
