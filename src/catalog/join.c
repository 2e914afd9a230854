/* SPDX-License-Identifier: Apache-2.0
 * Joining vendors' notices to patches: a notice belongs to the patches of its os whose bulletin it
 * names, else to the patch of that os and product with the lowest version that is not lower than
 * `fixed`. A patch whose bulletin no feed speaks of elsewhere gets a notice made of its own fields.
 * Severity is never invented: the vendor's own, else derived from the tracker's urgency for the
 * notice's CVEs (and marked so), else Unrated. Notices that fix nothing are set apart (open ones)
 * or have done their work (severities of CVEs). */
#include "catalog/catalog_int.h"
#include "pkgver/pkgver.h"

struct pair {
	uint32_t patch, advisory;
};
/* Numbers of (os, product) pairs and, for each, a list of things sorted somehow. */
struct joiner {
	struct catalog *c;
	struct buf key;
	struct intern *products;  /* "os\nproduct" of patches */
	uint32_t *start, *list;	  /* patches by product, versions ascending */
	struct intern *bulletins; /* "os\nbulletin" of patches */
	VEC(uint32_t) first;	  /* by bulletin: the first patch ... */
	uint32_t *next;		  /* by patch: ... and the next one of the same bulletin */
	bool *named;		  /* by patch: a notice of another feed names it */
	VEC(struct pair) pairs;
	struct intern *cves; /* "os\nproduct\ncve" of the tracker */
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

static enum pkgver_scheme scheme_of(const struct catalog *c, const struct patch *p)
{
	return p->components ? component_scheme(c->components[p->first_component].kind)
			     : PKGVER_DEB;
}

static int compare_patches(const void *pa, const void *pb, void *arg)
{
	const struct catalog *c = arg;
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;
	int d = pkgver_compare(scheme_of(c, &c->patches[a]), c->patches[a].version,
			       c->patches[b].version);
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

static void list_bulletins(struct joiner *j)
{
	struct catalog *c = j->c;
	j->next = xmalloc(((size_t)c->n_patches + 1) * sizeof(*j->next));
	j->named = xcalloc((size_t)c->n_patches + 1, sizeof(*j->named));
	for (uint32_t i = c->n_patches; i-- > 0;) {
		const struct patch *p = &c->patches[i];
		if (p->bulletin.n == 0)
			continue;
		uint32_t known = intern_count(j->bulletins);
		uint32_t no = intern_add(j->bulletins, key_of(j, p->os, p->bulletin, STR_LIT("")));
		if (no == known)
			VEC_PUSH(&j->first, CATALOG_NONE);
		j->next[i] = j->first.p[no];
		j->first.p[no] = i;
	}
}

/* The lowest version >= fixed, by halving. */
static uint32_t patch_by_version(struct joiner *j, const struct advisory *a)
{
	uint32_t p = intern_find(j->products, key_of(j, a->os, a->product, STR_LIT("")));
	if (p == INTERN_NONE || a->fixed.n == 0)
		return CATALOG_NONE;
	uint32_t lo = j->start[p], hi = j->start[p + 1], end = hi;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct patch *k = &j->c->patches[j->list[mid]];
		if (pkgver_compare(scheme_of(j->c, k), k->version, a->fixed) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < end ? j->list[lo] : CATALOG_NONE;
}

/* Pairs a notice with its patches: those of its bulletin, the one made of the notice itself, else
 * the one that fixes it. */
static void pair_up(struct joiner *j, uint32_t advisory)
{
	const struct advisory *a = &j->c->advisories[advisory];
	uint32_t no = intern_find(j->bulletins, key_of(j, a->os, a->id, STR_LIT("")));
	bool all_subscribed = true; /* then the notice may fix something for everybody as well */
	for (uint32_t p = no == INTERN_NONE ? CATALOG_NONE : j->first.p[no]; p != CATALOG_NONE;
	     p = j->next[p]) {
		VEC_PUSH(&j->pairs, ((struct pair) { p, advisory }));
		j->named[p] = true;
		all_subscribed &= j->c->patches[p].availability.n > 0;
	}
	if (no != INTERN_NONE && (!all_subscribed || a->fixed.n == 0))
		return;
	buf_reset(&j->key);
	buf_addstr(&j->key, a->os);
	buf_addc(&j->key, ':');
	buf_addstr(&j->key, a->id);
	uint32_t own = intern_find(j->c->impl->ids, buf_str(&j->key));
	if (own == INTERN_NONE)
		own = patch_by_version(j, a);
	if (own != CATALOG_NONE)
		VEC_PUSH(&j->pairs, ((struct pair) { own, advisory }));
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
	if (bulletin && p->bulletin.n == 0) /* a bulletin that is a patch knows its own type */
		p->type = PATCH_TYPE_SECURITY;
}

/* Notices of the patches that are bulletins themselves, where nobody else speaks of them. */
static void add_own(struct joiner *j)
{
	struct catalog *c = j->c;
	uint32_t more = 0;
	for (uint32_t i = 0; i < c->n_patches; i++)
		more += c->patches[i].bulletin.n && !j->named[i];
	if (!more)
		return;
	c->advisories = xrealloc(c->advisories,
				 ((size_t)c->n_advisories + more) * sizeof(*c->advisories));
	for (uint32_t i = 0; i < c->n_patches; i++) {
		const struct patch *p = &c->patches[i];
		if (!p->bulletin.n || j->named[i])
			continue;
		VEC_PUSH(&j->pairs, ((struct pair) { i, c->n_advisories }));
		c->advisories[c->n_advisories++] =
			(struct advisory) { .id = p->bulletin,
					    .title = p->title,
					    .os = p->os,
					    .product = p->product,
					    .fixed = p->version,
					    .kind = COMPONENT_DEB_SRC,
					    .status = STR_LIT(""),
					    .vendor = p->vendor,
					    .cves = p->cves,
					    .url = p->url,
					    .severity = p->severity,
					    .severity_raw = p->severity_raw,
					    .severity_derived = p->severity_derived,
					    .released_ms = p->released_ms,
					    .feed = p->feed };
	}
}

static int compare_open(const void *pa, const void *pb)
{
	const struct advisory *a = pa, *b = pb;
	int d = str_cmp(a->os, b->os);
	if (!d)
		d = (int)a->kind - (int)b->kind;
	if (!d)
		d = str_cmp(a->product, b->product);
	return d ? d : str_cmp(a->id, b->id);
}

/* Notices that fix nothing and name no bulletin leave the array: open ones to `unfixed`. */
static void set_apart(struct joiner *j)
{
	struct catalog *c = j->c;
	uint32_t kept = 0;
	uint32_t *moved = xmalloc(((size_t)c->n_advisories + 1) * sizeof(*moved));
	VEC(struct advisory) open = { 0 };
	for (uint32_t i = 0; i < c->n_advisories; i++)
		moved[i] = CATALOG_NONE;
	for (size_t i = 0; i < j->pairs.n; i++)
		moved[j->pairs.p[i].advisory] = 0;
	for (uint32_t i = 0; i < c->n_advisories; i++) {
		const struct advisory *a = &c->advisories[i];
		if (a->fixed.n == 0 && moved[i] == CATALOG_NONE) {
			if (a->status.n)
				VEC_PUSH(&open, *a);
			continue;
		}
		moved[i] = kept;
		c->advisories[kept++] = c->advisories[i];
	}
	c->n_advisories = kept;
	for (size_t i = 0; i < j->pairs.n; i++)
		j->pairs.p[i].advisory = moved[j->pairs.p[i].advisory];
	if (open.n)
		qsort(open.p, open.n, sizeof(*open.p), compare_open);
	c->unfixed = open.p;
	c->n_unfixed = (uint32_t)open.n;
	xfree(moved);
}

static void make_refs(struct joiner *j, const bool *is_bulletin)
{
	struct catalog *c = j->c;
	for (size_t i = 0; i < j->pairs.n; i++) {
		const struct advisory *a = &c->advisories[j->pairs.p[i].advisory];
		struct patch *p = &c->patches[j->pairs.p[i].patch];
		p->advisories++;
		apply(p, a, is_bulletin[a->feed]);
	}
	for (uint32_t i = 0, at = 0; i < c->n_patches; i++) {
		c->patches[i].first_advisory = at;
		at += c->patches[i].advisories;
		c->patches[i].advisories = 0;
	}
	c->advisory_refs = xmalloc((j->pairs.n + 1) * sizeof(*c->advisory_refs));
	for (size_t i = 0; i < j->pairs.n; i++) {
		struct patch *p = &c->patches[j->pairs.p[i].patch];
		c->advisory_refs[p->first_advisory + p->advisories++] = j->pairs.p[i].advisory;
	}
}

void catalog_join(struct catalog *c, const bool *is_bulletin)
{
	struct joiner j = { .c = c,
			    .key = BUF_INIT(4096),
			    .products = intern_new(),
			    .bulletins = intern_new(),
			    .cves = intern_new() };
	list_patches(&j);
	list_bulletins(&j);
	learn_cves(&j, is_bulletin);
	for (uint32_t i = 0; i < c->n_advisories; i++)
		pair_up(&j, i);
	add_own(&j);
	c->advisories_present = c->n_advisories != 0;
	for (uint32_t i = 0; i < c->n_advisories; i++)
		derive_severity(&j, &c->advisories[i]);
	set_apart(&j);
	make_refs(&j, is_bulletin);
	buf_done(&j.key);
	intern_free(j.products);
	intern_free(j.bulletins);
	intern_free(j.cves);
	VEC_DONE(&j.cve_advisory);
	VEC_DONE(&j.first);
	VEC_DONE(&j.pairs);
	xfree(j.next);
	xfree(j.named);
	xfree(j.start);
	xfree(j.list);
}
