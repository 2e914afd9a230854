/* SPDX-License-Identifier: Apache-2.0
 * What the API says about a patch. Counts come from match, files from the store, the rest from the
 * catalog snapshot; nothing is computed twice or kept here. */
#include "api/patch_json.h"

#include "api/api_int.h"
#include "api/approvals.h"
#include "api/declines.h"
#include "api/enriched.h"
#include "api/failures.h"
#include "api/unknown.h"
#include "api/words.h"
#include "base/intern.h"

#define MAX_CHAIN 50
#define MAX_OUTDATED 50

/* Distinct CVEs of all advisories, in the order met. */
static json_t *cves_json(const struct catalog *cat, const struct patch *p, size_t max,
			 int64_t *count_out)
{
	AUTO(intern_free) struct intern *seen = intern_new();
	json_t *j = json_array();
	for (uint32_t i = 0; i < p->advisories; i++) {
		struct str rest = cat->advisories[cat->advisory_refs[p->first_advisory + i]].cves,
			   one;
		while (rest.n > 0 && str_split(&rest, ' ', &one)) {
			if (one.n == 0 || intern_find(seen, one) != INTERN_NONE)
				continue;
			intern_add(seen, one);
			if (json_array_size(j) < max)
				json_array_append_new(j, json_text(one));
		}
	}
	*count_out = intern_count(seen);
	return j;
}

static json_t *bulletins_json(const struct catalog *cat, const struct patch *p)
{
	json_t *j = json_array();
	for (uint32_t i = 0; i < p->advisories; i++)
		json_array_append_new(
			j,
			json_text(cat->advisories[cat->advisory_refs[p->first_advisory + i]].id));
	return j;
}

static bool has_payload(const struct component *k)
{
	return k->archive != CATALOG_NONE && k->file.n > 0;
}

const char *patch_download_state(struct store *store, const struct catalog *cat,
				 const struct patch *p)
{
	bool any = false;
	for (uint32_t i = 0; i < p->components; i++) {
		const struct component *k = &cat->components[p->first_component + i];
		if (!has_payload(k) || k->superseded_by != CATALOG_NONE)
			continue;
		any = true;
		if (!store_has(store, &k->sha256, NULL))
			return "not_stored";
	}
	return any ? "stored" : "no_payload";
}

static json_t *superseded_by_json(const struct catalog *cat, const struct patch *p)
{
	return p->superseded_by == CATALOG_NONE ? json_null()
						: json_text(cat->patches[p->superseded_by].id);
}

json_t *patch_json(struct call *c, const struct match_view *v, uint32_t patch, size_t max_cves)
{
	const struct catalog *cat = v->catalog;
	const struct patch *p = &cat->patches[patch];
	json_t *j = json_object();
	int64_t cves;
	json_object_set_new(j, "id", json_text(p->id));
	json_object_set_new(j, "bulletins", bulletins_json(cat, p));
	json_object_set_new(j, "title", json_text(p->title));
	json_object_set_new(j, "product", json_text(p->product));
	json_object_set_new(j, "version", json_text(p->version));
	json_object_set_new(j, "severity", json_string(severity_name(p->severity)));
	json_object_set_new(j, "severity_raw", json_text(p->severity_raw));
	json_object_set_new(j, "severity_derived", json_boolean(p->severity_derived));
	json_object_set_new(j, "type", json_string(patch_type_name(p->type)));
	json_object_set_new(j, "vendor", json_text(p->vendor));
	json_object_set_new(j, "platform", json_string(word_platform(p->os)));
	json_object_set_new(j, "os", json_text(p->os));
	json_object_set_new(j, "suites", words_json(p->suites, SIZE_MAX));
	json_object_set_new(j, "reboot", json_string(reboot_need_name(p->reboot)));
	json_object_set_new(j, "released", json_time(p->released_ms));
	json_object_set_new(j, "size", json_integer(p->size));
	json_object_set_new(j, "cves", cves_json(cat, p, max_cves, &cves));
	json_object_set_new(j, "cve_count", json_integer(cves));
	enriched_patch_json(c, v, patch, j);
	json_object_set_new(j, "missing_systems",
			    json_integer(match_due_count(v, patch, VERDICT_MISSING)));
	uint32_t unknown = unknown_of_patch(c, v, patch);
	json_object_set_new(j, "installed_systems",
			    json_integer(match_count(v, patch, VERDICT_INSTALLED) - unknown));
	json_object_set_new(j, "unknown_systems", json_integer(unknown));
	json_object_set_new(j, "held_systems",
			    json_integer(match_due_count(v, patch, VERDICT_HELD)));
	json_object_set_new(j, "kept_back_systems",
			    json_integer(match_due_count(v, patch, VERDICT_KEPT_BACK)));
	json_object_set_new(j, "phased_systems",
			    json_integer(match_due_count(v, patch, VERDICT_PHASED)));
	json_object_set_new(j, "subscription_systems",
			    json_integer(match_due_count(v, patch, VERDICT_NEEDS_SUBSCRIPTION)));
	json_object_set_new(j, "availability", json_text(p->availability));
	json_object_set_new(j, "withheld", json_integer(p->withheld));
	json_object_set_new(j, "failed_systems",
			    json_integer(failures_of_patch(c->api->failures, v, patch)));
	approval_patch_json(c, v, patch, j);
	decline_patch_json(c, v, patch, j);
	json_object_set_new(j, "superseded_by", superseded_by_json(cat, p));
	json_object_set_new(j, "download_state",
			    json_string(patch_download_state(c->conf->store, cat, p)));
	json_object_set_new(j, "feed", json_text(cat->feeds[p->feed].id));
	json_object_set_new(j, "signed", json_boolean(cat->feeds[p->feed].is_signed));
	return j;
}

json_t *patch_ref_json(const struct match_view *v, uint32_t patch)
{
	const struct patch *p = &v->catalog->patches[patch];
	json_t *j = json_object();
	json_object_set_new(j, "id", json_text(p->id));
	json_object_set_new(j, "title", json_text(p->title));
	json_object_set_new(j, "version", json_text(p->version));
	json_object_set_new(j, "severity", json_string(severity_name(p->severity)));
	return j;
}

json_t *patch_advisories_json(const struct match_view *v, uint32_t patch)
{
	const struct catalog *cat = v->catalog;
	const struct patch *p = &cat->patches[patch];
	json_t *list = json_array();
	for (uint32_t i = 0; i < p->advisories; i++) {
		const struct advisory *a =
			&cat->advisories[cat->advisory_refs[p->first_advisory + i]];
		json_t *j = json_object();
		json_object_set_new(j, "id", json_text(a->id));
		json_object_set_new(j, "title", json_text(a->title));
		json_object_set_new(j, "product", json_text(a->product));
		json_object_set_new(j, "fixed", json_text(a->fixed));
		json_object_set_new(j, "cves", words_json(a->cves, SIZE_MAX));
		json_object_set_new(j, "url", json_text(a->url));
		json_object_set_new(j, "severity", json_string(severity_name(a->severity)));
		json_object_set_new(j, "severity_raw", json_text(a->severity_raw));
		json_object_set_new(j, "released", json_time(a->released_ms));
		json_array_append_new(list, j);
	}
	return list;
}

json_t *patch_provenance_json(const struct match_view *v, uint32_t feed)
{
	const struct feed_info *f = &v->catalog->feeds[feed];
	char hex[SHA256_HEX];
	json_t *j = json_object();
	json_object_set_new(j, "feed", json_text(f->id));
	json_object_set_new(j, "kind", json_text(f->kind));
	json_object_set_new(j, "url", json_text(f->url));
	json_object_set_new(j, "generation", json_integer(f->generation));
	json_object_set_new(j, "fetched", json_time(f->fetched_ms));
	json_object_set_new(j, "released", json_time(f->released_ms));
	json_object_set_new(j, "signed", json_boolean(f->is_signed));
	json_object_set_new(j, "signer", json_text(f->signer));
	json_object_set_new(j, "digest", json_string(digest_hex(&f->digest, hex)));
	return j;
}

static json_t *newer_json(const struct catalog *cat, const struct component *k)
{
	if (k->superseded_by == CATALOG_NONE)
		return json_null();
	const struct component *newer = &cat->components[k->superseded_by];
	json_t *j = json_object();
	json_object_set_new(j, "patch", json_text(cat->patches[newer->patch].id));
	json_object_set_new(j, "version", json_text(newer->version));
	return j;
}

static json_t *component_json(struct call *c, const struct catalog *cat, const struct component *k)
{
	bool payload = has_payload(k),
	     stored = payload && store_has(c->conf->store, &k->sha256, NULL);
	struct sha256 sha256 = store_resolve(c->conf->store, &k->sha256);
	char hex[SHA256_HEX];
	json_t *j = json_object();
	json_object_set_new(j, "kind", json_string(component_kind_name(k->kind)));
	json_object_set_new(j, "name", json_text(k->name));
	json_object_set_new(j, "arch", json_text(k->arch));
	json_object_set_new(j, "version", json_text(k->version));
	json_object_set_new(j, "file", payload ? json_text(k->file) : json_null());
	json_object_set_new(j, "size", json_integer(k->size));
	json_object_set_new(j, "sha256",
			    payload && !store_is_other_name(&sha256)
				    ? json_string(digest_hex(&sha256, hex))
				    : json_null());
	json_object_set_new(j, "archive",
			    payload ? json_text(cat->archives[k->archive].id) : json_null());
	json_object_set_new(j, "stored", json_boolean(stored));
	json_object_set_new(j, "superseded_by", newer_json(cat, k));
	return j;
}

static json_t *supersedence_json(const struct match_view *v, uint32_t patch)
{
	const struct catalog *cat = v->catalog;
	json_t *up = json_array(), *down = json_array(), *j = json_object();
	uint32_t at = cat->patches[patch].superseded_by;
	for (int i = 0; at != CATALOG_NONE && i < MAX_CHAIN;
	     i++, at = cat->patches[at].superseded_by)
		json_array_append_new(up, patch_ref_json(v, at));
	for (uint32_t i = 0; i < cat->n_patches && json_array_size(down) < MAX_CHAIN; i++)
		if (cat->patches[i].superseded_by == patch)
			json_array_append_new(down, patch_ref_json(v, i));
	json_object_set_new(j, "superseded_by", up);
	json_object_set_new(j, "supersedes", down);
	return j;
}

void patch_detail_json(struct call *c, const struct match_view *v, uint32_t patch, json_t *into)
{
	const struct patch *p = &v->catalog->patches[patch];
	json_t *components = json_array();
	for (uint32_t i = 0; i < p->components; i++)
		json_array_append_new(
			components,
			component_json(c, v->catalog,
				       &v->catalog->components[p->first_component + i]));
	json_object_set_new(into, "components", components);
	json_object_set_new(into, "advisories", patch_advisories_json(v, patch));
	enriched_detail_json(c, v, patch, into);
	json_object_set_new(into, "supersedence", supersedence_json(v, patch));
	json_object_set_new(into, "provenance", patch_provenance_json(v, p->feed));
}

json_t *patch_outdated_json(const struct match_view *v, uint32_t host, uint32_t patch)
{
	struct outdated *list = NULL;
	uint32_t n = match_outdated(v, host, patch, &list);
	AUTO(xfree) struct outdated *owned = list;
	json_t *items = json_array();
	for (uint32_t i = 0; i < n && i < MAX_OUTDATED; i++) {
		const struct component *k = &v->catalog->components[list[i].component];
		struct fact_package fact;
		if (!fleet_fact_package(v->fleet, list[i].fact, &fact))
			continue;
		json_t *j = json_object();
		json_object_set_new(j, "name", json_text(fact.name));
		json_object_set_new(j, "arch", json_text(fact.arch));
		json_object_set_new(j, "installed", json_text(fact.version));
		json_object_set_new(j, "fixed", json_text(k->version));
		json_object_set_new(j, "held", json_boolean(list[i].held));
		json_array_append_new(items, j);
	}
	return items;
}
