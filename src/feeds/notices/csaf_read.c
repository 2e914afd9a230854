/* SPDX-License-Identifier: Apache-2.0
 * CSAF documents, streamed. Members come in any order, so everything is gathered as numbers of
 * product ids and resolved at the document's end: product id -> relationship -> (package, product)
 * -> CPE. */
#include "base/clock.h"
#include "base/intern.h"
#include "base/vec.h"
#include "feeds/notices/csaf.h"
#include "feeds/read/json_files.h"
#include "feeds/words.h"

#define MAX_IDS 2000000u
#define MAX_FINDINGS 8000000u
#define MAX_TEXT 400u
#define NONE UINT32_MAX

enum place {
	DOCUMENT,
	CATEGORY,
	TITLE,
	RATING,
	ID,
	STATUS,
	RELEASED,
	MODIFIED,
	BRANCH_PRODUCT,
	PRODUCT_ID,
	CPE,
	PURL,
	RELATION,
	RELATION_ID,
	RELATION_PACKAGE,
	RELATION_PRODUCT,
	VULNERABILITY,
	CVE,
	FIXED,
	AFFECTED,
	REMEDY,
	REMEDY_CATEGORY,
	REMEDY_URL,
	REMEDY_DETAILS,
	REMEDY_PRODUCT,
	THREAT,
	THREAT_CATEGORY,
	THREAT_DETAILS,
	THREAT_PRODUCT,
};

#define B "branches/[]/"
#define BRANCH(path)                                                                               \
	{ "product_tree/" path "product", BRANCH_PRODUCT },                                        \
		{ "product_tree/" path "product/product_id", PRODUCT_ID },                         \
		{ "product_tree/" path "product/product_identification_helper/cpe", CPE },         \
	{                                                                                          \
		"product_tree/" path "product/product_identification_helper/purl", PURL            \
	}
static const struct json_route places[] = {
	{ "", DOCUMENT },
	{ "document/category", CATEGORY },
	{ "document/title", TITLE },
	{ "document/aggregate_severity/text", RATING },
	{ "document/tracking/id", ID },
	{ "document/tracking/status", STATUS },
	{ "document/tracking/initial_release_date", RELEASED },
	{ "document/tracking/current_release_date", MODIFIED },
	BRANCH(B),
	BRANCH(B B),
	BRANCH(B B B),
	BRANCH(B B B B),
	BRANCH(B B B B B),
	BRANCH(B B B B B B),
	{ "product_tree/relationships/[]", RELATION },
	{ "product_tree/relationships/[]/full_product_name/product_id", RELATION_ID },
	{ "product_tree/relationships/[]/product_reference", RELATION_PACKAGE },
	{ "product_tree/relationships/[]/relates_to_product_reference", RELATION_PRODUCT },
	{ "vulnerabilities/[]", VULNERABILITY },
	{ "vulnerabilities/[]/cve", CVE },
	{ "vulnerabilities/[]/product_status/fixed/[]", FIXED },
	{ "vulnerabilities/[]/product_status/known_affected/[]", AFFECTED },
	{ "vulnerabilities/[]/remediations/[]", REMEDY },
	{ "vulnerabilities/[]/remediations/[]/category", REMEDY_CATEGORY },
	{ "vulnerabilities/[]/remediations/[]/url", REMEDY_URL },
	{ "vulnerabilities/[]/remediations/[]/details", REMEDY_DETAILS },
	{ "vulnerabilities/[]/remediations/[]/product_ids/[]", REMEDY_PRODUCT },
	{ "vulnerabilities/[]/threats/[]", THREAT },
	{ "vulnerabilities/[]/threats/[]/category", THREAT_CATEGORY },
	{ "vulnerabilities/[]/threats/[]/details", THREAT_DETAILS },
	{ "vulnerabilities/[]/threats/[]/product_ids/[]", THREAT_PRODUCT },
	{ NULL, 0 },
};

struct entry { /* by number of a product id */
	struct str cpe, purl;
	uint32_t package, product; /* of a relationship */
};
struct remedy {
	struct str category, url, details;
	uint32_t first, n; /* in `remedied` */
};

/* What a vulnerability says of one product id. */
struct finding {
	struct str cve, severity, advisory, status;
	uint32_t id;
	bool open;
};

struct reading {
	csaf_fn fn;
	void *arg;
	struct arena arena;
	struct csaf_record r;
	struct words cves;
	struct intern *ids;
	VEC(struct entry) entries;
	VEC(struct finding) findings;
	VEC(struct csaf_fix) fixes;
	VEC(struct csaf_open) open;
	/* the current part: */
	uint32_t id, package, product;
	struct str cpe, purl, cve, severity, threat, threat_details;
	bool general; /* the threat is about all products */
	VEC(uint32_t) fixed, affected, remedied;
	VEC(struct remedy) remedies;
	uint64_t records;
};

static void reading_done(struct reading *g)
{
	arena_done(&g->arena);
	words_done(&g->cves);
	intern_free(g->ids);
	VEC_DONE(&g->entries);
	VEC_DONE(&g->findings);
	VEC_DONE(&g->fixes);
	VEC_DONE(&g->open);
	VEC_DONE(&g->fixed);
	VEC_DONE(&g->affected);
	VEC_DONE(&g->remedied);
	VEC_DONE(&g->remedies);
}
AUTO_DEFINE_VALUE(struct reading, reading_done)

static struct str keep(struct reading *g, struct str t)
{
	return arena_str(&g->arena, words_cut(t, MAX_TEXT));
}

/* The number of a product id; NONE when there are too many (reported at the end of the document).
 */
static uint32_t number(struct reading *g, struct str id)
{
	if (intern_count(g->ids) >= MAX_IDS)
		return NONE;
	uint32_t known = intern_count(g->ids), no = intern_add(g->ids, id);
	if (no == known) {
		struct entry e = { STR_LIT(""), STR_LIT(""), NONE, NONE };
		VEC_PUSH(&g->entries, e);
	}
	return no;
}

/* --- the end of a document ----------------------------------------------------------------------
 */

/* Product id -> package of a release. */
static bool resolve(struct reading *g, uint32_t no, struct csaf_product *out)
{
	struct str none = STR_LIT("");
	if (no == NONE)
		return false;
	const struct entry *whole = &g->entries.p[no];
	struct csaf_product p = { .service = "", .name = none };
	if (whole->package == NONE || whole->product == NONE)
		return false;
	const struct entry *package = &g->entries.p[whole->package];
	if (!csaf_os_of_cpe(g->entries.p[whole->product].cpe, &p))
		return false;
	struct str id = intern_get(g->ids, whole->package);
	if (!csaf_package_of_purl(package->purl, &g->arena, &p) &&
	    !csaf_package_of_id(arena_str(&g->arena, id), &p)) {
		p.name = id; /* a source's bare name */
		p.version = p.arch = p.module = none;
	}
	*out = p;
	return p.name.n > 0 && p.name.n <= 200;
}

/* "https://access.redhat.com/errata/RHSA-2023:7511" */
static struct str advisory_of_url(struct str url)
{
	size_t from = url.n;
	while (from > 0 && url.p[from - 1] != '/')
		from--;
	struct str id = { url.p + from, url.n - from };
	return str_starts(id, "RH") && id.n <= 40 ? id : STR_LIT("");
}

static bool add_fix(struct reading *g, const struct finding *x)
{
	struct csaf_fix f = { .advisory = x->advisory.n ? x->advisory : g->r.id,
			      .cve = x->cve,
			      .severity = x->severity };
	if (!resolve(g, x->id, &f.product))
		return false;
	if (f.product.version.n && !str_is(f.product.arch, "src"))
		VEC_PUSH(&g->fixes, f);
	return true;
}

static bool add_open(struct reading *g, const struct finding *x)
{
	struct csaf_open o = { .cve = x->cve, .severity = x->severity, .status = x->status };
	if (!resolve(g, x->id, &o.product))
		return false;
	VEC_PUSH(&g->open, o);
	return true;
}

/* Why there is no fix. */
static struct str status_of(const struct reading *g, uint32_t no)
{
	for (size_t i = 0; i < g->remedies.n; i++) {
		const struct remedy *m = &g->remedies.p[i];
		bool none = str_is(m->category, "no_fix_planned");
		for (uint32_t k = 0; k < m->n && (none || str_is(m->category, "none_available"));
		     k++) {
			if (g->remedied.p[m->first + k] != no)
				continue;
			if (str_is(m->details, "Out of support scope"))
				return STR_LIT("out-of-support");
			if (str_is(m->details, "Fix deferred"))
				return STR_LIT("deferred");
			return none ? STR_LIT("will-not-fix") : STR_LIT("affected");
		}
	}
	return STR_LIT("affected");
}

/* --- parts ---------------------------------------------------------------------------------------
 */

static bool end_vulnerability(struct reading *g, struct err *e)
{
	size_t more = g->fixed.n + g->affected.n + g->remedied.n;
	if (g->findings.n + more > MAX_FINDINGS)
		return err_set(e, ERR_LIMIT, "CSAF document names more than %u packages",
			       MAX_FINDINGS);
	if (str_starts(g->cve, "CVE-"))
		words_add(&g->cves, g->cve);
	struct finding x = { .cve = g->cve,
			     .severity = g->severity,
			     .advisory = STR_LIT(""),
			     .status = STR_LIT("") };
	for (size_t i = 0; i < g->fixed.n; i++) {
		x.id = g->fixed.p[i];
		VEC_PUSH(&g->findings, x);
	}
	for (size_t i = 0; i < g->remedies.n; i++) { /* VEX: each fix names its advisory */
		const struct remedy *m = &g->remedies.p[i];
		x.advisory = advisory_of_url(m->url);
		for (uint32_t k = 0; x.advisory.n && str_is(m->category, "vendor_fix") && k < m->n;
		     k++) {
			x.id = g->remedied.p[m->first + k];
			VEC_PUSH(&g->findings, x);
		}
	}
	x.advisory = STR_LIT("");
	x.open = true;
	for (size_t i = 0; i < g->affected.n; i++) {
		x.id = g->affected.p[i];
		x.status = status_of(g, x.id);
		VEC_PUSH(&g->findings, x);
	}
	return true;
}

static int compare_fixes(const void *pa, const void *pb)
{
	const struct csaf_fix *a = pa, *b = pb;
	int d = str_cmp(a->advisory, b->advisory);
	if (!d)
		d = strcmp(a->product.os, b->product.os);
	if (!d)
		d = str_cmp(a->product.name, b->product.name);
	if (!d)
		d = str_cmp(a->product.arch, b->product.arch);
	if (!d)
		d = str_cmp(a->product.version, b->product.version);
	if (!d)
		d = str_cmp(a->product.module, b->product.module);
	return d ? d : str_cmp(a->cve, b->cve);
}

/* The same package in several repositories counts once. */
static void sort_fixes(struct reading *g)
{
	size_t kept = 0;
	if (g->fixes.n)
		qsort(g->fixes.p, g->fixes.n, sizeof(g->fixes.p[0]), compare_fixes);
	for (size_t i = 0; i < g->fixes.n; i++)
		if (kept == 0 || compare_fixes(&g->fixes.p[kept - 1], &g->fixes.p[i]) != 0)
			g->fixes.p[kept++] = g->fixes.p[i];
	g->fixes.n = kept;
}

static bool end_document(struct reading *g, struct err *e)
{
	if (g->r.id.n == 0 || g->r.category.n == 0)
		return err_set(e, ERR_CORRUPT, "CSAF document has no category or no tracking id");
	if (intern_count(g->ids) >= MAX_IDS)
		return err_set(e, ERR_LIMIT, "CSAF document names more than %u products", MAX_IDS);
	g->r.is_vex = str_is(g->r.category, "csaf_vex");
	for (size_t i = 0; i < g->findings.n; i++) {
		const struct finding *x = &g->findings.p[i];
		/* An advisory fixes what its own document says, VEX what it names an advisory for.
		 */
		if (!x->open && g->r.is_vex == (x->advisory.n == 0))
			continue;
		g->r.skipped += !(x->open ? add_open(g, x) : add_fix(g, x));
	}
	sort_fixes(g);
	g->r.fixes = g->fixes.p;
	g->r.n_fixes = (uint32_t)g->fixes.n;
	g->r.open = g->open.p;
	g->r.n_open = (uint32_t)g->open.n;
	g->r.cves = words_text(&g->cves);
	g->r.url = str_of(arena_printf(&g->arena, "https://access.redhat.com/%s/%.*s",
				       g->r.is_vex ? "security/cve" : "errata", STR_ARG(g->r.id)));
	g->records++;
	return g->fn(g->arg, &g->r, e) || err_prefix(e, "document '%s'", g->r.id.p);
}

static void begin_document(struct reading *g)
{
	struct str none = STR_LIT("");
	arena_done(&g->arena);
	intern_free(g->ids);
	g->arena = (struct arena) { 0 };
	g->ids = intern_new();
	g->entries.n = g->findings.n = g->fixes.n = g->open.n = 0;
	words_clear(&g->cves);
	g->r = (struct csaf_record) {
		.id = none, .category = none, .title = none, .severity = none, .status = none
	};
}

static void begin(struct reading *g, int place)
{
	struct str none = STR_LIT("");
	switch (place) {
	case DOCUMENT: begin_document(g); break;
	case BRANCH_PRODUCT:
		g->id = NONE;
		g->cpe = g->purl = none;
		break;
	case RELATION: g->id = g->package = g->product = NONE; break;
	case VULNERABILITY:
		g->cve = g->severity = none;
		g->fixed.n = g->affected.n = g->remedied.n = g->remedies.n = 0;
		break;
	case REMEDY:
		VEC_PUSH(&g->remedies,
			 ((struct remedy) { none, none, none, (uint32_t)g->remedied.n, 0 }));
		break;
	case THREAT:
		g->threat = g->threat_details = none;
		g->general = true;
		break;
	default: break;
	}
}

static bool end(struct reading *g, int place, struct err *e)
{
	switch (place) {
	case DOCUMENT: return end_document(g, e);
	case VULNERABILITY: return end_vulnerability(g, e);
	case BRANCH_PRODUCT:
		if (g->id != NONE) {
			g->entries.p[g->id].cpe = g->cpe;
			g->entries.p[g->id].purl = g->purl;
		}
		return true;
	case RELATION:
		if (g->id != NONE) {
			g->entries.p[g->id].package = g->package;
			g->entries.p[g->id].product = g->product;
		}
		return true;
	case THREAT: /* the rating of the CVE; single products may have another */
		if (str_is(g->threat, "impact") && (g->general || g->severity.n == 0))
			g->severity = g->threat_details;
		return true;
	default: return true;
	}
}

static void text_of_document(struct reading *g, int place, struct str t)
{
	switch (place) {
	case CATEGORY: g->r.category = keep(g, t); break;
	case TITLE: g->r.title = keep(g, words_plain(&g->arena, t)); break;
	case RATING: g->r.severity = keep(g, t); break;
	case ID: g->r.id = keep(g, t); break;
	case STATUS: g->r.status = keep(g, t); break;
	case RELEASED:
		if (!clock_parse_rfc3339(t, &g->r.released_ms))
			g->r.released_ms = 0;
		break;
	case MODIFIED:
		if (!clock_parse_rfc3339(t, &g->r.modified_ms))
			g->r.modified_ms = 0;
		break;
	case PRODUCT_ID:
	case RELATION_ID: g->id = number(g, t); break;
	case CPE: g->cpe = keep(g, t); break;
	case PURL: g->purl = keep(g, t); break;
	case RELATION_PACKAGE: g->package = number(g, t); break;
	case RELATION_PRODUCT: g->product = number(g, t); break;
	default: break;
	}
}

static void text_of_vulnerability(struct reading *g, int place, struct str t)
{
	struct remedy *m = g->remedies.n ? &g->remedies.p[g->remedies.n - 1] : NULL;
	switch (place) {
	case CVE: g->cve = keep(g, t); break;
	case FIXED: VEC_PUSH(&g->fixed, number(g, t)); break;
	case AFFECTED: VEC_PUSH(&g->affected, number(g, t)); break;
	case REMEDY_CATEGORY: m->category = keep(g, t); break;
	case REMEDY_URL: m->url = keep(g, t); break;
	case REMEDY_DETAILS: m->details = keep(g, words_cut(t, 60)); break;
	case REMEDY_PRODUCT:
		VEC_PUSH(&g->remedied, number(g, t));
		m->n++;
		break;
	case THREAT_CATEGORY: g->threat = keep(g, t); break;
	case THREAT_DETAILS: g->threat_details = keep(g, words_cut(t, 60)); break;
	case THREAT_PRODUCT: g->general = false; break;
	default: break;
	}
}

static bool take(void *arg, int place, enum json_event ev, struct str text, struct err *e)
{
	struct reading *g = arg;
	if (place == DOCUMENT && ev != JSON_OBJECT && ev != JSON_OBJECT_END)
		return err_set(e, ERR_CORRUPT, "CSAF document is not an object");
	if (ev == JSON_OBJECT) {
		begin(g, place);
	} else if (ev == JSON_OBJECT_END) {
		return end(g, place, e);
	} else if (ev == JSON_STRING_VALUE) {
		text_of_document(g, place, text);
		text_of_vulnerability(g, place, text);
	}
	return true;
}

bool csaf_read(struct json_input in, const char *name, csaf_fn fn, void *arg, struct err *e)
{
	AUTO(reading_done) struct reading g = { .fn = fn, .arg = arg };
	AUTO(json_routes_free) struct json_routes *routes = json_routes_new(places, take, &g);
	if (!json_files_read(in, name, routes, e))
		return err_prefix(e, "CSAF");
	return g.records > 0 || err_set(e, ERR_CORRUPT, "'%s' holds no CSAF document", name);
}
