/* SPDX-License-Identifier: Apache-2.0
 * Which component is the newest of its kind. Per (kind, os, name, lineage, architecture) the
 * highest version of the normal suites is current; suites that are not automatic (above != "") form
 * a lane of their own and never supersede a normal one. Architecture "all" ("noarch") installs
 * everywhere, so it competes with each. The lineage is the module stream, and for rpm the kind of
 * build.
 *
 * One pass over the name index, each name's components sorted by (os, lineage, arch, version
 * descending):
 * linear but for the sort. Afterwards the index lists components in that order. */
#include "catalog/catalog_int.h"
#include "catalog/records.h"
#include "pkgver/pkgver.h"

struct walk {
	struct catalog *c;
	struct intern *oses;  /* os of patches */
	struct intern *pairs; /* "os\narch" seen anywhere, but "all" */
	uint32_t *archs;      /* per os: how many distinct architectures */
	uint32_t *list;	      /* components of one name */
};

static const struct component *comp(const struct catalog *c, uint32_t i)
{
	return &c->components[i];
}

static struct str os_of(const struct catalog *c, uint32_t i)
{
	return c->patches[c->components[i].patch].os;
}

static int compare_versions(const struct component *a, const struct component *b)
{
	return pkgver_compare(component_scheme(a->kind), a->version, b->version);
}

/* Of one kind and name: the release, who may have it, the module stream, the kind of build. What
 * only a subscription gives replaces nothing that everybody gets. */
static int compare_lineage(const struct catalog *c, uint32_t ia, uint32_t ib)
{
	const struct component *a = comp(c, ia), *b = comp(c, ib);
	int d = str_cmp(os_of(c, ia), os_of(c, ib));
	if (!d)
		d = str_cmp(c->patches[a->patch].availability, c->patches[b->patch].availability);
	if (d || a->kind != COMPONENT_RPM)
		return d;
	d = str_cmp(a->module, b->module);
	if (!d) /* what is offered everywhere replaces, and is replaced by, its like alone */
		d = (int)a->hotfix - (int)b->hotfix;
	return d ? d : (int)rpm_lineage(a->version) - (int)rpm_lineage(b->version);
}

static bool is_all(const struct component *k)
{
	return k->arch.n == 0 || str_is(k->arch, k->kind == COMPONENT_DEB ? "all" : "noarch");
}

static int compare_listed(const void *pa, const void *pb, void *arg)
{
	const struct catalog *c = arg;
	uint32_t ia = *(const uint32_t *)pa, ib = *(const uint32_t *)pb;
	const struct component *a = comp(c, ia), *b = comp(c, ib);
	int d = compare_lineage(c, ia, ib);
	if (!d)
		d = (int)is_all(b) - (int)is_all(a);
	if (!d && !is_all(a))
		d = str_cmp(a->arch, b->arch);
	if (!d)
		d = -compare_versions(a, b);
	if (!d)
		d = ia < ib ? -1 : ia > ib;
	return d;
}

/* Highest of the two, CATALOG_NONE counting as lowest. */
static uint32_t higher(const struct catalog *c, uint32_t a, uint32_t b)
{
	if (a == CATALOG_NONE || b == CATALOG_NONE)
		return a == CATALOG_NONE ? b : a;
	return compare_versions(comp(c, a), comp(c, b)) >= 0 ? a : b;
}

/* First of a lane in a run sorted by version descending. */
static uint32_t best_of(const struct catalog *c, const uint32_t *l, uint32_t n, bool above)
{
	for (uint32_t i = 0; i < n; i++)
		if ((comp(c, l[i])->above.n != 0) == above)
			return l[i];
	return CATALOG_NONE;
}

static void set_if_lower(struct catalog *c, uint32_t i, uint32_t best)
{
	struct component *k = &c->components[i];
	if (best != CATALOG_NONE && best != i && compare_versions(k, comp(c, best)) < 0)
		k->superseded_by = best;
}

/* One run (same kind, os, name, lineage, arch) against the best candidates of its architecture. */
static void judge_run(struct catalog *c, const uint32_t *l, uint32_t n, uint32_t normal,
		      uint32_t lane)
{
	for (uint32_t i = 0; i < n; i++) {
		struct component *k = &c->components[l[i]];
		if (k->above.n == 0) {
			set_if_lower(c, l[i], normal);
			continue;
		}
		/* Replaced by a higher one of its own lane, or overtaken by the normal suites. */
		set_if_lower(c, l[i], higher(c, lane, normal));
		if (str_is(k->above, RECORDS_ABOVE_NORMAL))
			k->above = normal == CATALOG_NONE ? STR_LIT("") : comp(c, normal)->version;
	}
}

/* All runs of one (kind, os, name, lineage): first the architecture-specific ones, then "all". */
static void judge_name(struct walk *w, const uint32_t *l, uint32_t n)
{
	struct catalog *c = w->c;
	uint32_t all_n = 0, runs = 0;
	while (all_n < n && is_all(comp(c, l[all_n]))) /* they sort first */
		all_n++;
	uint32_t all_best[2] = { best_of(c, l, all_n, false), best_of(c, l, all_n, true) };
	uint32_t least = CATALOG_NONE; /* the lowest of the architectures' best */
	for (uint32_t i = all_n; i < n;) {
		uint32_t k = 1;
		while (i + k < n && str_eq(comp(c, l[i])->arch, comp(c, l[i + k])->arch))
			k++;
		if (!is_all(comp(c, l[i]))) {
			uint32_t own = best_of(c, l + i, k, false);
			judge_run(c, l + i, k, higher(c, own, all_best[0]),
				  higher(c, best_of(c, l + i, k, true), all_best[1]));
			if (own != CATALOG_NONE && (runs++ == 0 || higher(c, least, own) == least))
				least = own;
		}
		i += k;
	}
	/* An "all" version is replaced by architecture-specific ones only where every architecture
	 * of this release has a higher one. */
	uint32_t os = intern_find(w->oses, os_of(c, l[0]));
	uint32_t normal = all_best[0];
	if (runs && runs == w->archs[os])
		normal = higher(c, normal, least);
	judge_run(c, l, all_n, normal, all_best[1]);
}

static void judge_names(struct walk *w, const uint32_t *l, uint32_t n)
{
	for (uint32_t i = 0; i < n;) {
		uint32_t k = 1;
		while (i + k < n && compare_lineage(w->c, l[i], l[i + k]) == 0)
			k++;
		judge_name(w, l + i, k);
		i += k;
	}
}

/* Distinct architectures per os: what "every architecture of this release" means. */
static void count_archs(struct walk *w)
{
	const struct catalog *c = w->c;
	for (uint32_t i = 0; i < c->n_patches; i++)
		intern_add(w->oses, c->patches[i].os);
	w->archs = xcalloc((size_t)intern_count(w->oses) + 1, sizeof(*w->archs));
	struct str last_os = { NULL, 0 }, last_arch = { NULL, 0 };
	AUTO(buf_done) struct buf key = BUF_INIT(4096);
	for (uint32_t i = 0; i < c->n_components; i++) {
		const struct component *k = comp(c, i);
		struct str os = os_of(c, i);
		if (is_all(k) || (last_os.p && str_eq(os, last_os) && str_eq(k->arch, last_arch)))
			continue;
		last_os = os;
		last_arch = k->arch;
		buf_reset(&key);
		buf_addstr(&key, os);
		buf_addc(&key, '\n');
		buf_addstr(&key, k->arch);
		uint32_t known = intern_count(w->pairs);
		if (intern_add(w->pairs, buf_str(&key)) == known)
			w->archs[intern_find(w->oses, os)]++;
	}
}

static void sum_patches(struct catalog *c)
{
	for (uint32_t p = 0; p < c->n_patches; p++) {
		struct patch *patch = &c->patches[p];
		uint32_t by = CATALOG_NONE;
		bool current = patch->components == 0;
		patch->size = 0;
		for (uint32_t i = 0; i < patch->components; i++) {
			struct component *k = &c->components[patch->first_component + i];
			k->patch = p;
			if (k->superseded_by == CATALOG_NONE) {
				current = true;
				patch->size += k->size;
			} else if (by == CATALOG_NONE) {
				by = c->components[k->superseded_by].patch;
			}
		}
		patch->superseded_by = current ? CATALOG_NONE : by;
	}
}

void catalog_supersede(struct catalog *c)
{
	struct walk w = { .c = c, .oses = intern_new(), .pairs = intern_new() };
	count_archs(&w);
	for (int k = 0; k < COMPONENT_KINDS_; k++) {
		struct name_index *x = &c->impl->names[k];
		uint32_t names = intern_count(x->names);
		for (uint32_t i = 0; i < names; i++) {
			uint32_t *l = x->list + x->start[i], n = x->start[i + 1] - x->start[i];
			if (n == 1) {
				judge_name(&w, l, n);
				continue;
			}
			qsort_r(l, n, sizeof(*l), compare_listed, c);
			judge_names(&w, l, n);
		}
	}
	sum_patches(c);
	xfree(w.archs);
	intern_free(w.oses);
	intern_free(w.pairs);
}
