/* SPDX-License-Identifier: Apache-2.0
 * Enrichment joined to a catalog snapshot, one small entry a patch, and the holder that makes it
 * once for each pair. Advisories are looked up once each, patches gather from theirs. */
#include "catalog/enrich.h"

#include <pthread.h>
#include <stdatomic.h>

#define ENRICH_NONE UINT32_MAX
struct enriched {
	uint32_t kev, kevs; /* into `kevs`; how many CVEs are listed */
	uint32_t epss;	    /* into `scores` */
};

struct enrich_join {
	atomic_uint refs;
	struct catalog *catalog;
	struct enrich *data;
	struct enriched *patches;
	VEC(const struct kev *) kevs;
	VEC(const struct epss *) scores;
};

/* What the CVEs of an advisory, or of all advisories of a patch, come to. */
struct gathered {
	const struct kev *kev;
	const struct epss *epss;
	uint32_t kevs;
};

static void gather(const struct enrich *x, struct str cves, struct gathered *g)
{
	struct str one;
	uint64_t cve;
	while (cves.n && str_split(&cves, ' ', &one)) {
		if (!cve_parse(one, &cve))
			continue;
		const struct kev *k = enrich_kev(x, cve);
		const struct epss *s = enrich_epss(x, cve);
		g->kevs += k != NULL;
		if (k && (!g->kev || k->added_ms < g->kev->added_ms))
			g->kev = k;
		if (s && (!g->epss || s->score > g->epss->score))
			g->epss = s;
	}
}

/* A CVE that two advisories of a patch name counts once: counted exactly only where it matters. */
static uint32_t distinct_kevs(const struct enrich_join *j, const struct patch *p)
{
	VEC(uint64_t) seen = { 0 };
	for (uint32_t i = 0; i < p->advisories; i++) {
		struct str rest = j->catalog
					  ->advisories[j->catalog->advisory_refs[p->first_advisory +
										 i]]
					  .cves,
			   one;
		uint64_t cve;
		while (rest.n && str_split(&rest, ' ', &one)) {
			if (!cve_parse(one, &cve) || !enrich_kev(j->data, cve))
				continue;
			bool known = false;
			for (size_t k = 0; k < seen.n; k++)
				known |= seen.p[k] == cve;
			if (!known)
				VEC_PUSH(&seen, cve);
		}
	}
	uint32_t n = (uint32_t)seen.n;
	VEC_DONE(&seen);
	return n;
}

static void join_patch(struct enrich_join *j, const struct gathered *advisories, uint32_t patch)
{
	const struct patch *p = &j->catalog->patches[patch];
	struct gathered g = { 0 };
	for (uint32_t i = 0; i < p->advisories; i++) {
		const struct gathered *a =
			&advisories[j->catalog->advisory_refs[p->first_advisory + i]];
		g.kevs += a->kevs;
		if (a->kev && (!g.kev || a->kev->added_ms < g.kev->added_ms))
			g.kev = a->kev;
		if (a->epss && (!g.epss || a->epss->score > g.epss->score))
			g.epss = a->epss;
	}
	struct enriched *out = &j->patches[patch];
	*out = (struct enriched) { .kev = ENRICH_NONE, .epss = ENRICH_NONE };
	if (g.kev) {
		out->kevs = g.kevs > 1 ? distinct_kevs(j, p) : 1;
		out->kev = (uint32_t)j->kevs.n;
		VEC_PUSH(&j->kevs, g.kev);
	}
	if (g.epss) {
		out->epss = (uint32_t)j->scores.n;
		VEC_PUSH(&j->scores, g.epss);
	}
}

struct enrich_join *enrich_join_new(const struct catalog *c, struct enrich *x)
{
	struct enrich_join *j = xcalloc(1, sizeof(*j));
	atomic_init(&j->refs, 1);
	j->catalog = catalog_ref((struct catalog *)c); /* only its reference count is written */
	j->data = enrich_ref(x);
	j->patches = xcalloc(c->n_patches + 1, sizeof(*j->patches));
	struct gathered *advisories = xcalloc(c->n_advisories + 1, sizeof(*advisories));
	for (uint32_t i = 0; i < c->n_advisories; i++)
		gather(x, c->advisories[i].cves, &advisories[i]);
	for (uint32_t i = 0; i < c->n_patches; i++)
		join_patch(j, advisories, i);
	xfree(advisories);
	return j;
}

struct enrich_join *enrich_join_ref(struct enrich_join *j)
{
	atomic_fetch_add(&j->refs, 1);
	return j;
}

void enrich_join_unref(struct enrich_join *j)
{
	if (!j || atomic_fetch_sub(&j->refs, 1) != 1)
		return;
	catalog_unref(j->catalog);
	enrich_unref(j->data);
	xfree(j->patches);
	VEC_DONE(&j->kevs);
	VEC_DONE(&j->scores);
	xfree(j);
}

const struct catalog *enrich_join_catalog(const struct enrich_join *j)
{
	return j->catalog;
}

const struct enrich *enrich_join_data(const struct enrich_join *j)
{
	return j->data;
}

const struct kev *enrich_join_kev(const struct enrich_join *j, uint32_t patch, uint32_t *count_out)
{
	const struct enriched *x = &j->patches[patch];
	if (count_out)
		*count_out = x->kevs;
	return x->kev == ENRICH_NONE ? NULL : j->kevs.p[x->kev];
}

const struct epss *enrich_join_epss(const struct enrich_join *j, uint32_t patch)
{
	uint32_t i = j->patches[patch].epss;
	return i == ENRICH_NONE ? NULL : j->scores.p[i];
}

/* --- the holder ----------------------------------------------------------------------------------
 */

struct enrichment {
	struct sql *db;
	pthread_mutex_t lock; /* also held while a join is made: others wait for it, none makes two
			       */
	struct enrich *data;
	struct enrich_join *join; /* NULL = not made since the last change */
};

bool enrichment_open(struct sql *db, struct enrichment **out, struct err *e)
{
	struct enrich *data;
	if (!enrich_load(db, &data, e))
		return err_prefix(e, "cannot load enrichment");
	struct enrichment *h = xcalloc(1, sizeof(*h));
	h->db = db;
	h->data = data;
	pthread_mutex_init(&h->lock, NULL);
	*out = h;
	return true;
}

void enrichment_close(struct enrichment *h)
{
	if (!h)
		return;
	enrich_join_unref(h->join);
	enrich_unref(h->data);
	pthread_mutex_destroy(&h->lock);
	xfree(h);
}

bool enrichment_reload(struct enrichment *h, struct err *e)
{
	struct enrich *data;
	if (!enrich_load(h->db, &data, e))
		return err_prefix(e, "cannot load enrichment");
	pthread_mutex_lock(&h->lock);
	struct enrich *old = h->data;
	struct enrich_join *join = h->join;
	h->data = data;
	h->join = NULL;
	pthread_mutex_unlock(&h->lock);
	enrich_unref(old);
	enrich_join_unref(join);
	return true;
}

struct enrich *enrichment_get(struct enrichment *h)
{
	pthread_mutex_lock(&h->lock);
	struct enrich *x = enrich_ref(h->data);
	pthread_mutex_unlock(&h->lock);
	return x;
}

struct enrich_join *enrichment_join(struct enrichment *h, const struct catalog *c)
{
	pthread_mutex_lock(&h->lock);
	if (!h->join || h->join->catalog != c) {
		enrich_join_unref(h->join);
		h->join = enrich_join_new(c, h->data);
	}
	struct enrich_join *j = enrich_join_ref(h->join);
	pthread_mutex_unlock(&h->lock);
	return j;
}
