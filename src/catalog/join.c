/* SPDX-License-Identifier: Apache-2.0
 * Joining vendors' notices to patches: a notice (os, product, fixed version) belongs to the patch
 * of that os and product with the lowest version that is not lower than `fixed`. Severity is never
 * invented: the vendor's own, else derived from the tracker's urgency for the notice's CVEs (and
 * marked so), else Unrated. Notices without a fixed version only carry severities of CVEs. */
#include "catalog/catalog_int.h"
#include "pkgver/pkgver.h"

/* Numbers of (os, product) pairs and, for each, a list of things sorted somehow. */
struct joiner {
	struct catalog *c;
	struct buf key;
	struct intern *products; /* "os\nproduct" of patches */
	uint32_t *start, *list;	 /* patches by product, versions ascending */
	struct intern *cves;	 /* "os\nproduct\ncve" of the tracker */
	VEC(uint32_t) cve_advisory;
};

static struct str key_of(struct joiner *j, struct str os, struct str product, struct str cve)
{
	buf_reset(&j->key);
	buf_addstr(&j->key, os);
	buf_addc(&j->key, '\n');
	buf_addstr(&j->key, product);
	if (cve.n) {
		buf_addc(&j->key, '\n');
		buf_addstr(&j->key, cve);
	}
	return buf_str(&j->key);
}

static int compare_patches(const void *pa, const void *pb, void *arg)
{
	const struct catalog *c = arg;
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;
	int d = deb_compare(c->patches[a].version, c->patches[b].version);
	return d ? d : a < b ? -1 : a > b;
}

static void list_patches(struct joiner *j)
{
	struct catalog *c = j->c;
	uint32_t *product_of = xmalloc(((size_t)c->n_patches + 1) * sizeof(*product_of));
	for (uint32_t i = 0; i < c->n_patches; i++)
		product_of[i] = intern_add(j->products, key_of(j, c->patches[i].os,
							       c->patches[i].product, STR_LIT("")));
	uint32_t n = intern_count(j->products);
	j->start = xcalloc((size_t)n + 2, sizeof(*j->start));
	j->list = xmalloc(((size_t)c->n_patches + 1) * sizeof(*j->list));
	for (uint32_t i = 0; i < c->n_patches; i++)
		j->start[product_of[i] + 2]++;
	for (uint32_t i = 2; i < n + 2; i++)
		j->start[i] += j->start[i - 1];
	for (uint32_t i = 0; i < c->n_patches; i++)
		j->list[j->start[product_of[i] + 1]++] = i;
	for (uint32_t i = 0; i < n; i++)
		if (j->start[i + 1] - j->start[i] > 1)
			qsort_r(j->list + j->start[i], j->start[i + 1] - j->start[i],
				sizeof(*j->list), compare_patches, c);
	xfree(product_of);
}

/* The patch made of the notice itself, else the lowest version >= fixed, by halving. */
static uint32_t patch_for(struct joiner *j, const struct advisory *a)
{
	buf_reset(&j->key);
	buf_addstr(&j->key, a->os);
	buf_addc(&j->key, ':');
	buf_addstr(&j->key, a->id);
	uint32_t own = intern_find(j->c->impl->ids, buf_str(&j->key));
	if (own != INTERN_NONE)
		return own;
	uint32_t p = intern_find(j->products, key_of(j, a->os, a->product, STR_LIT("")));
	if (p == INTERN_NONE || a->fixed.n == 0)
		return CATALOG_NONE;
	uint32_t lo = j->start[p], hi = j->start[p + 1], end = hi;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (deb_compare(j->c->patches[j->list[mid]].version, a->fixed) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < end ? j->list[lo] : CATALOG_NONE;
}

/* Remembers what the tracker says of a CVE in a product of a release. */
static void learn_cves(struct joiner *j, const bool *is_bulletin)
{
	for (uint32_t i = 0; i < j->c->n_advisories; i++) {
		const struct advisory *a = &j->c->advisories[i];
		if (is_bulletin[a->feed] || a->severity == SEVERITY_UNRATED)
			continue;
		uint32_t known = intern_count(j->cves);
		if (intern_add(j->cves, key_of(j, a->os, a->product, a->id)) == known)
			VEC_PUSH(&j->cve_advisory, i);
	}
}

/* A notice without a severity of its own gets the highest of its CVEs. */
static void derive_severity(struct joiner *j, struct advisory *a)
{
	struct str rest = a->cves, cve;
	if (a->severity != SEVERITY_UNRATED || a->cves.n == 0 || intern_count(j->cves) == 0)
		return;
	while (str_split(&rest, ' ', &cve)) {
		uint32_t k = cve.n ? intern_find(j->cves, key_of(j, a->os, a->product, cve))
				   : INTERN_NONE;
		if (k == INTERN_NONE)
			continue;
		const struct advisory *t = &j->c->advisories[j->cve_advisory.p[k]];
		if (t->severity > a->severity) {
			a->severity = t->severity;
			a->severity_raw = t->severity_raw;
			a->severity_derived = true;
		}
	}
}

static void apply(struct patch *p, const struct advisory *a, bool bulletin)
{
	if (a->severity > p->severity) {
		p->severity = a->severity;
		p->severity_raw = a->severity_raw;
		p->severity_derived = a->severity_derived;
	}
	p->released_ms = MAX(p->released_ms, a->released_ms);
	if (bulletin)
		p->type = PATCH_TYPE_SECURITY;
}

/* Severities of CVEs that carry no fixed version have done their work: out of the array. */
static void drop_unfixed(struct catalog *c)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < c->n_advisories; i++)
		if (c->advisories[i].fixed.n)
			c->advisories[kept++] = c->advisories[i];
	c->n_advisories = kept;
}

static void make_refs(struct joiner *j, const bool *is_bulletin)
{
	struct catalog *c = j->c;
	uint32_t *patch_of = xmalloc(((size_t)c->n_advisories + 1) * sizeof(*patch_of)), total = 0;
	for (uint32_t i = 0; i < c->n_advisories; i++) {
		patch_of[i] = patch_for(j, &c->advisories[i]);
		if (patch_of[i] == CATALOG_NONE)
			continue;
		struct patch *p = &c->patches[patch_of[i]];
		p->advisories++;
		total++;
		apply(p, &c->advisories[i], is_bulletin[c->advisories[i].feed]);
	}
	for (uint32_t i = 0, at = 0; i < c->n_patches; i++) {
		c->patches[i].first_advisory = at;
		at += c->patches[i].advisories;
		c->patches[i].advisories = 0;
	}
	c->advisory_refs = xmalloc(((size_t)total + 1) * sizeof(*c->advisory_refs));
	for (uint32_t i = 0; i < c->n_advisories; i++) {
		if (patch_of[i] == CATALOG_NONE)
			continue;
		struct patch *p = &c->patches[patch_of[i]];
		c->advisory_refs[p->first_advisory + p->advisories++] = i;
	}
	xfree(patch_of);
}

void catalog_join(struct catalog *c, const bool *is_bulletin)
{
	c->advisories_present = c->n_advisories != 0;
	if (!c->n_advisories) {
		c->advisory_refs = xcalloc(1, sizeof(*c->advisory_refs));
		return;
	}
	struct joiner j = {
		.c = c, .key = BUF_INIT(4096), .products = intern_new(), .cves = intern_new()
	};
	list_patches(&j);
	learn_cves(&j, is_bulletin);
	for (uint32_t i = 0; i < c->n_advisories; i++)
		derive_severity(&j, &c->advisories[i]);
	drop_unfixed(c);
	make_refs(&j, is_bulletin);
	buf_done(&j.key);
	intern_free(j.products);
	intern_free(j.cves);
	VEC_DONE(&j.cve_advisory);
	xfree(j.start);
	xfree(j.list);
}
