/* SPDX-License-Identifier: Apache-2.0
 * Filtering and ordering of patches. A patch costs a few comparisons and two counter reads, so the
 * whole patch database is filtered on each request and no index has to be kept true. */
#include "api/patch_list.h"

#include "api/enriched.h"
#include "api/patch_json.h"
#include "api/unknown.h"

enum {
	FACET_SEVERITY,
	FACET_TYPE,
	FACET_OS,
	FACET_SUITE,
	FACET_PRODUCT,
	FACET_REBOOT,
	FACET_KEV,
	FACET_EPSS,
	FACET_APPROVAL,
	FAIL_VIEW = 30,
	FAIL_TEXT = 31
};
enum {
	COL_ID,
	COL_TITLE,
	COL_PRODUCT,
	COL_SEVERITY,
	COL_TYPE,
	COL_RELEASED,
	COL_SIZE,
	COL_MISSING,
	COL_INSTALLED,
	COL_KEV,
	COL_EPSS,
	COL_APPROVAL,
	COL_DECLINED
};

void patch_filter_read(struct call *c, struct patch_filter *f, const struct query *q,
		       const struct match_view *v)
{
	int view = query_word(q, "view");
	*f = (struct patch_filter) { .c = c,
				     .v = v,
				     .enriched = enriched_join(c, v),
				     .store = c->conf->store,
				     .view = view < 0 ? VIEW_MISSING : (enum patch_view)view,
				     .q = query_text(q, "q") };
	f->severities = query_words(q, "severity");
	f->types = query_words(q, "type");
	f->reboots = query_words(q, "reboot");
	f->approvals = query_words(q, "approval");
	f->kev = query_bool(q, "kev");
	f->epss_gte = query_share(q, "epss_gte");
	f->n_oses = query_list(q, "os", &f->oses);
	f->n_suites = query_list(q, "suite", &f->suites);
	f->n_products = query_list(q, "product", &f->products);
}

static bool has(struct str s, const char *q)
{
	return s.n > 0 && strcasestr(s.p, q);
}

bool patch_has_text(const struct catalog *cat, const struct patch *p, const char *q)
{
	if (has(p->id, q) || has(p->title, q) || has(p->product, q) || has(p->version, q))
		return true;
	for (uint32_t i = 0; i < p->advisories; i++) {
		const struct advisory *a =
			&cat->advisories[cat->advisory_refs[p->first_advisory + i]];
		if (has(a->id, q) || has(a->cves, q))
			return true;
	}
	return false;
}

static bool is_kev(const struct patch_filter *f, uint32_t patch)
{
	return f->enriched && enrich_join_kev(f->enriched, patch, NULL);
}

/* Millionths; -1 = not scored. */
static int64_t epss_of(const struct patch_filter *f, uint32_t patch)
{
	const struct epss *s = f->enriched ? enrich_join_epss(f->enriched, patch) : NULL;
	return s ? (int64_t)s->score : -1;
}

/* Systems that lack it, but for those where it is declined (S-09). */
static bool is_lacked(const struct patch_filter *f, uint32_t patch)
{
	static const enum verdict lacks[] = { VERDICT_MISSING, VERDICT_HELD, VERDICT_KEPT_BACK,
					      VERDICT_PHASED, VERDICT_NEEDS_SUBSCRIPTION };
	for (size_t i = 0; i < ARRAY_LEN(lacks); i++)
		if (match_due_count(f->v, patch, lacks[i]) > 0)
			return true;
	return false;
}

static bool in_view(const struct patch_filter *f, uint32_t patch)
{
	const struct match_view *v = f->v;
	bool missing = match_due_count(v, patch, VERDICT_MISSING) > 0;
	switch (f->view) {
	case VIEW_MISSING: return missing;
	case VIEW_INSTALLED: return !unknown_nowhere_else(f->c, v, patch);
	case VIEW_APPLICABLE:
		return match_count(v, patch, VERDICT_INSTALLED) > 0 || is_lacked(f, patch);
	case VIEW_LATEST: return v->catalog->patches[patch].superseded_by == CATALOG_NONE;
	case VIEW_SUPPORTED: return true;
	case VIEW_CRITICAL: return missing && is_kev(f, patch);
	case VIEW_DOWNLOADED:
		return strcmp(patch_download_state(f->store, v->catalog,
						   &v->catalog->patches[patch]),
			      "stored") == 0;
	case VIEW_DECLINED: return match_is_declined_somewhere(v, patch);
	case VIEWS_: break;
	}
	ASSERT(false);
	return false;
}

static bool among(struct str s, const struct str *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(s, list[i]))
			return true;
	return n == 0;
}

static bool any_suite(struct str suites, const struct str *list, size_t n)
{
	struct str one;
	if (n == 0)
		return true;
	while (suites.n > 0 && str_split(&suites, ' ', &one))
		if (among(one, list, n))
			return true;
	return false;
}

static uint32_t fails(bool ok, int bit)
{
	return ok ? 0 : UINT32_C(1) << bit;
}

uint32_t patch_filter_common(const struct patch_filter *f, uint32_t patch)
{
	const struct patch *p = &f->v->catalog->patches[patch];
	uint32_t mask = fails(!f->severities || f->severities >> p->severity & 1, FACET_SEVERITY) |
			fails(!f->types || f->types >> p->type & 1, FACET_TYPE) |
			fails(!f->reboots || f->reboots >> p->reboot & 1, FACET_REBOOT) |
			fails(f->kev < 0 || f->kev == is_kev(f, patch), FACET_KEV) |
			fails(f->epss_gte < 0 || epss_of(f, patch) >= f->epss_gte, FACET_EPSS);
	return mask | fails(!f->q || patch_has_text(f->v->catalog, p, f->q), FAIL_TEXT);
}

uint32_t patch_filter_failing(void *filter, uint32_t patch)
{
	const struct patch_filter *f = filter;
	const struct patch *p = &f->v->catalog->patches[patch];
	if (!in_view(f, patch))
		return UINT32_C(1) << FAIL_VIEW;
	return patch_filter_common(f, patch) | fails(among(p->os, f->oses, f->n_oses), FACET_OS) |
	       fails(any_suite(p->suites, f->suites, f->n_suites), FACET_SUITE) |
	       fails(among(p->product, f->products, f->n_products), FACET_PRODUCT) |
	       fails(!f->approvals || f->approvals >> approval_state(f->c, f->v, patch) & 1,
		     FACET_APPROVAL);
}

void patch_value(const struct match_view *v, uint32_t patch, int column, struct page_value *out)
{
	const struct patch *p = &v->catalog->patches[patch];
	*out = (struct page_value) { 0 };
	switch (column) {
	case COL_ID: out->s = p->id; break;
	case COL_TITLE: out->s = p->title; break;
	case COL_PRODUCT: out->s = p->product; break;
	case COL_SEVERITY: out->i = p->severity; return;
	case COL_TYPE: out->i = p->type; return;
	case COL_RELEASED: out->i = p->released_ms; return;
	case COL_SIZE: out->i = p->size; return;
	case COL_MISSING: out->i = match_due_count(v, patch, VERDICT_MISSING); return;
	case COL_INSTALLED: out->i = match_count(v, patch, VERDICT_INSTALLED); return;
	default: ASSERT(false);
	}
	out->is_text = true;
}

void patch_enriched_value(const struct patch_filter *f, uint32_t patch, bool epss,
			  struct page_value *out)
{
	const struct kev *k = f->enriched ? enrich_join_kev(f->enriched, patch, NULL) : NULL;
	*out = (struct page_value) { .i = epss ? epss_of(f, patch) : k ? k->added_ms : 0 };
}

static void value(void *filter, uint32_t patch, int column, struct page_value *out)
{
	const struct patch_filter *f = filter;
	if (column == COL_APPROVAL)
		*out = (struct page_value) { .i = approval_state(f->c, f->v, patch) };
	else if (column == COL_DECLINED)
		*out = (struct page_value) { .i = match_declined_count(f->v, patch) };
	else if (column == COL_KEV || column == COL_EPSS)
		patch_enriched_value(f, patch, column == COL_EPSS, out);
	else
		patch_value(f->v, patch, column, out);
	if (column == COL_INSTALLED)
		out->i -= unknown_of_patch(f->c, f->v, patch);
}

/* How many of the installed ones are unknown takes an intersection of two sets of systems to say.
 */
static bool bounds(void *filter, uint32_t patch, int column, struct page_value *low,
		   struct page_value *high)
{
	const struct patch_filter *f = filter;
	if (column != COL_INSTALLED)
		return false;
	int64_t installed = match_count(f->v, patch, VERDICT_INSTALLED),
		old = (int64_t)roaring_bitmap_get_cardinality(unknown_hosts(f->c, f->v));
	*low = (struct page_value) { .i = installed - MIN(installed, old) };
	*high = (struct page_value) { .i = installed };
	return true;
}

/* Each share that the score reaches counts: what a filter of that share would leave. */
static void epss_facet(const struct patch_filter *f, uint32_t patch, struct list_facets *out)
{
	static const struct {
		const char *word;
		int64_t millionths;
	} shares[] = { { "0.5", 500000 }, { "0.1", 100000 }, { "0.01", 10000 } };
	int64_t score = epss_of(f, patch);
	for (size_t i = 0; i < ARRAY_LEN(shares); i++)
		if (score >= shares[i].millionths)
			list_facet_add(out, str_of(shares[i].word));
}

static void facet(void *filter, uint32_t patch, int which, struct list_facets *out)
{
	const struct patch_filter *f = filter;
	const struct patch *p = &f->v->catalog->patches[patch];
	struct str rest = p->suites, one;
	switch (which) {
	case FACET_SEVERITY: list_facet_add(out, str_of(severity_name(p->severity))); break;
	case FACET_TYPE: list_facet_add(out, str_of(patch_type_name(p->type))); break;
	case FACET_OS: list_facet_add(out, p->os); break;
	case FACET_SUITE:
		while (rest.n > 0 && str_split(&rest, ' ', &one))
			if (one.n)
				list_facet_add(out, one);
		break;
	case FACET_PRODUCT: list_facet_add(out, p->product); break;
	case FACET_REBOOT: list_facet_add(out, str_of(reboot_need_name(p->reboot))); break;
	case FACET_KEV: list_facet_add(out, str_of(is_kev(f, patch) ? "true" : "false")); break;
	case FACET_EPSS: epss_facet(f, patch, out); break;
	case FACET_APPROVAL:
		list_facet_add(out, str_of(word_approval(approval_state(f->c, f->v, patch))));
		break;
	default: ASSERT(false);
	}
}

static const char *const columns[] = { "id",
				       "title",
				       "product",
				       "severity",
				       "type",
				       "released",
				       "size",
				       "missing_systems",
				       "installed_systems",
				       "kev",
				       "epss",
				       "approval",
				       "declined_systems",
				       NULL };
static const char *const facets[] = { "severity", "type", "os",	  "suite",    "product",
				      "reboot",	  "kev",  "epss", "approval", NULL };

const struct list_kind patch_list_kind = {
	.columns = columns,
	.default_sort = "-severity,-missing_systems",
	.facets = facets,
	.value = value,
	.bounds = bounds,
	.failing = patch_filter_failing,
	.facet = facet,
};
