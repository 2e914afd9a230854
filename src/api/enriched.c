/* SPDX-License-Identifier: Apache-2.0
 * Enrichment joined to what the API answers. Nothing here decides what is missing; data that was
 * never fetched is null, never "no". */
#include "api/enriched.h"

#include "api/api_int.h"
#include "api/words.h"

const struct enrich_join *enriched_join(struct call *c, const struct match_view *v)
{
	if (!c->conf->enrichment)
		return NULL;
	if (c->enriched && enrich_join_catalog(c->enriched) != v->catalog)
		enriched_done(c);
	if (!c->enriched)
		c->enriched = enrichment_join(c->conf->enrichment, v->catalog);
	return c->enriched;
}

void enriched_done(struct call *c)
{
	enrich_join_unref(c->enriched);
	c->enriched = NULL;
}

/* --- patches --- */

static json_t *fraction(uint32_t millionths)
{
	return millionths == UINT32_MAX ? json_null()
					: json_real((double)millionths / ENRICH_MILLION);
}

static json_t *date_json(const struct enrich *x, enum enrich_kind k)
{
	return json_time(enrich_source(x, k)->date_ms);
}

static json_t *kev_json(const struct enrich *x, const struct kev *k)
{
	char cve[CVE_TEXT];
	if (!k)
		return json_null();
	json_t *j = json_object();
	json_object_set_new(j, "cve", json_string(cve_text(k->cve, cve)));
	json_object_set_new(j, "name", json_text(k->name));
	json_object_set_new(j, "added", json_time(k->added_ms));
	json_object_set_new(j, "due", json_time(k->due_ms));
	json_object_set_new(j, "ransomware", json_boolean(k->ransomware == RANSOMWARE_KNOWN));
	json_object_set_new(j, "date", date_json(x, ENRICH_KEV));
	return j;
}

static json_t *epss_json(const struct enrich *x, const struct epss *s)
{
	char cve[CVE_TEXT];
	if (!s)
		return json_null();
	json_t *j = json_object();
	json_object_set_new(j, "cve", json_string(cve_text(s->cve, cve)));
	json_object_set_new(j, "score", fraction(s->score));
	json_object_set_new(j, "percentile", fraction(s->percentile));
	json_object_set_new(j, "date", date_json(x, ENRICH_EPSS));
	return j;
}

void enriched_patch_json(struct call *c, const struct match_view *v, uint32_t patch, json_t *into)
{
	const struct enrich_join *join = enriched_join(c, v);
	const struct enrich *x = join ? enrich_join_data(join) : NULL;
	uint32_t count = 0;
	json_t *kev = join ? kev_json(x, enrich_join_kev(join, patch, &count)) : json_null();
	if (count)
		json_object_set_new(kev, "count", json_integer(count));
	json_object_set_new(into, "kev", kev);
	json_object_set_new(into, "epss",
			    join ? epss_json(x, enrich_join_epss(join, patch)) : json_null());
}

static json_t *source_json(const struct enrich *x, enum enrich_kind k)
{
	const struct enrich_source *s = x ? enrich_source(x, k) : NULL;
	if (!s || !s->present)
		return json_null();
	json_t *j = json_object();
	json_object_set_new(j, "feed", json_text(s->feed));
	json_object_set_new(j, "url", json_text(s->url));
	json_object_set_new(j, "date", json_time(s->date_ms));
	json_object_set_new(j, "fetched", json_time(s->fetched_ms));
	json_object_set_new(j, "version", json_text(s->model));
	json_object_set_new(j, "rows", json_integer(s->rows));
	return j;
}

/* The CVEs of a patch, each once, as far as anything is known of them. */
static json_t *known_cves(const struct enrich_join *join, const struct patch *p)
{
	const struct catalog *cat = enrich_join_catalog(join);
	const struct enrich *x = enrich_join_data(join);
	VEC(uint64_t) seen = { 0 };
	json_t *list = json_array();
	for (uint32_t i = 0; i < p->advisories; i++) {
		struct str rest = cat->advisories[cat->advisory_refs[p->first_advisory + i]].cves,
			   one;
		uint64_t cve;
		while (rest.n && str_split(&rest, ' ', &one)) {
			bool known = !cve_parse(one, &cve);
			for (size_t k = 0; k < seen.n && !known; k++)
				known = seen.p[k] == cve;
			if (known)
				continue;
			const struct kev *kev = enrich_kev(x, cve);
			const struct epss *epss = enrich_epss(x, cve);
			if (!kev && !epss)
				continue;
			VEC_PUSH(&seen, cve);
			json_t *j = json_object();
			json_object_set_new(j, "cve", json_text(one));
			json_object_set_new(j, "kev", kev_json(x, kev));
			json_object_set_new(j, "epss", epss_json(x, epss));
			json_array_append_new(list, j);
		}
	}
	VEC_DONE(&seen);
	return list;
}

void enriched_detail_json(struct call *c, const struct match_view *v, uint32_t patch, json_t *into)
{
	const struct enrich_join *join = enriched_join(c, v);
	const struct enrich *x = join ? enrich_join_data(join) : NULL;
	json_t *j = json_object();
	json_object_set_new(j, "kev", source_json(x, ENRICH_KEV));
	json_object_set_new(j, "epss", source_json(x, ENRICH_EPSS));
	json_object_set_new(j, "cves",
			    join ? known_cves(join, &v->catalog->patches[patch]) : json_array());
	json_object_set_new(into, "enrichment", j);
}

json_t *enriched_dashboard_json(struct call *c, const struct match_view *v)
{
	const struct enrich_join *join = enriched_join(c, v);
	if (!join || !enrich_source(enrich_join_data(join), ENRICH_KEV)->present)
		return json_null();
	roaring_bitmap_t *systems = roaring_bitmap_create();
	int64_t patches = 0;
	for (uint32_t i = 0; i < v->catalog->n_patches; i++) {
		if (!enrich_join_kev(join, i, NULL) || !match_due_count(v, i, VERDICT_MISSING))
			continue;
		roaring_bitmap_t *own;
		patches++;
		roaring_bitmap_or_inplace(systems, match_due_hosts(v, i, VERDICT_MISSING, &own));
		if (own)
			roaring_bitmap_free(own);
	}
	json_t *j = json_object();
	json_object_set_new(j, "patches", json_integer(patches));
	json_object_set_new(j, "systems",
			    json_integer((int64_t)roaring_bitmap_get_cardinality(systems)));
	json_object_set_new(j, "date", date_json(enrich_join_data(join), ENRICH_KEV));
	roaring_bitmap_free(systems);
	return j;
}

/* --- systems --- */

static enum lifecycle_state lifecycle(struct call *c, const struct match_view *v,
				      const struct host *h, struct lifecycle_of *out)
{
	const struct enrich_join *join = enriched_join(c, v);
	const struct host_attrs *a = &h->attrs;
	*out = (struct lifecycle_of) { 0 };
	if (!join)
		return LIFECYCLE_UNKNOWN;
	enrich_lifecycle(enrich_join_data(join), str_of(a->os_id), str_of(a->os_version),
			 str_of(a->os_name), STR_LIT(""), out);
	return lifecycle_state(out, match_host_has_service(v, h->no, STR_LIT("esm-infra")),
			       c->now_ms);
}

enum lifecycle_state enriched_lifecycle(struct call *c, const struct match_view *v,
					const struct host *h)
{
	struct lifecycle_of l;
	return lifecycle(c, v, h, &l);
}

static json_t *end_json(int64_t end)
{
	return end == LIFECYCLE_HAS_ENDED || end == LIFECYCLE_NEVER ? json_null() : json_time(end);
}

json_t *enriched_lifecycle_json(struct call *c, const struct match_view *v, const struct host *h)
{
	struct lifecycle_of l;
	enum lifecycle_state state = lifecycle(c, v, h, &l);
	const struct lifecycle *r = l.release;
	json_t *j = json_object();
	json_object_set_new(j, "state", json_string(lifecycle_state_name(state)));
	json_object_set_new(j, "release", r ? json_text(r->release) : json_null());
	json_object_set_new(j, "security_end", r ? end_json(r->security_end) : json_null());
	json_object_set_new(j, "extended_end", r ? end_json(r->extended_end) : json_null());
	json_object_set_new(j, "extended_is_free", json_boolean(l.extended_is_free));
	const struct enrich *x = c->enriched ? enrich_join_data(c->enriched) : NULL;
	json_object_set_new(j, "date", r ? date_json(x, ENRICH_ENDOFLIFE) : json_null());
	return j;
}
