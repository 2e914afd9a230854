/* SPDX-License-Identifier: Apache-2.0
 * See match_rows.h. Several binary packages of one source give one row for a source component. */
#include "cli/match_rows.h"
#include "base/vec.h"

#include <stdio.h>

void match_rows_done(struct match_rows *r)
{
	VEC_DONE(r);
}

static int compare(const void *a, const void *b, void *arg)
{
	const struct match_row *x = a, *y = b;
	const struct catalog *c = arg;
	int d = str_cmp(c->patches[x->patch].id, c->patches[y->patch].id);
	if (!d)
		d = str_cmp(c->components[x->component].name, c->components[y->component].name);
	if (!d)
		d = str_cmp(x->arch, y->arch);
	if (!d)
		d = str_cmp(x->installed, y->installed);
	return d ? d : (x->component > y->component) - (x->component < y->component);
}

static void add_patch(const struct match_view *v, uint32_t host, uint32_t patch,
		      struct match_rows *out)
{
	AUTO(xfree) struct host_component *list = NULL;
	uint32_t n = match_components(v, host, patch, &list);
	for (uint32_t i = 0; i < n; i++) {
		struct fact_package p;
		if (!fleet_fact_package(v->fleet, list[i].fact, &p))
			continue;
		enum component_kind kind = v->catalog->components[list[i].component].kind;
		bool source = component_is_source(kind);
		VEC_PUSH(out,
			 ((struct match_row) { .patch = patch,
					       .component = list[i].component,
					       .installed = source ? p.source_version : p.version,
					       .arch = source ? STR_LIT("") : p.arch,
					       .state = list[i].verdict }));
	}
}

void match_rows_of(const struct match_view *v, uint32_t host, struct match_rows *out)
{
	AUTO(xfree) struct host_patch *patches = NULL;
	uint32_t n = match_host_patches(v, host, &patches);
	for (uint32_t i = 0; i < n; i++)
		add_patch(v, host, patches[i].patch, out);
	if (out->n == 0)
		return;
	qsort_r(out->p, out->n, sizeof(*out->p), compare, (void *)v->catalog);
	size_t kept = 1;
	for (size_t i = 1; i < out->n; i++) {
		struct match_row *last = &out->p[kept - 1], *next = &out->p[i];
		if (compare(last, next, (void *)v->catalog) ==
		    0) /* a package on hold does not hide one that is not */
			last->state = next->state == VERDICT_MISSING ? next->state : last->state;
		else
			out->p[kept++] = *next;
	}
	out->n = kept;
}

void match_rows_print(const struct match_view *v, const struct match_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++) {
		const struct match_row *r = &rows->p[i];
		const struct component *c = &v->catalog->components[r->component];
		printf("%.*s\t%.*s\t%.*s\t%.*s\t%s\n", STR_ARG(v->catalog->patches[r->patch].id),
		       STR_ARG(c->name), STR_ARG(r->installed), STR_ARG(c->version),
		       verdict_name(r->state));
	}
}

/* Ids of the advisories joined to a patch, and the CVEs they name. */
static void add_advisories(const struct catalog *c, const struct patch *p, json_t *row)
{
	json_t *ids = json_array(), *cves = json_array();
	for (uint32_t i = 0; i < p->advisories; i++) {
		const struct advisory *a = &c->advisories[c->advisory_refs[p->first_advisory + i]];
		struct str rest = a->cves, cve;
		json_array_append_new(ids, json_text(a->id));
		while (rest.n > 0 && str_split(&rest, ' ', &cve))
			json_array_append_new(cves, json_text(cve));
	}
	json_object_set_new(row, "advisories", ids);
	json_object_set_new(row, "cves", cves);
}

static json_t *replacement(const struct catalog *c, const struct component *k)
{
	if (k->superseded_by == CATALOG_NONE)
		return json_null();
	return json_text(c->patches[c->components[k->superseded_by].patch].id);
}

static json_t *row_json(const struct match_view *v, uint32_t host, const struct match_row *r)
{
	const struct catalog *c = v->catalog;
	const struct patch *p = &c->patches[r->patch];
	const struct component *k = &c->components[r->component];
	json_t *j = json_object();
	json_object_set_new(j, "patch", json_text(p->id));
	json_object_set_new(j, "bulletin", p->bulletin.n ? json_text(p->bulletin) : json_null());
	json_object_set_new(j, "version", json_text(p->version));
	json_object_set_new(j, "component", json_text(k->name));
	json_object_set_new(j, "kind", json_string(component_kind_name(k->kind)));
	json_object_set_new(j, "arch", json_text(r->arch));
	json_object_set_new(j, "installed", json_text(r->installed));
	json_object_set_new(j, "fixed", json_text(k->version));
	json_object_set_new(j, "state", json_string(verdict_name(r->state)));
	json_object_set_new(j, "superseded_by", replacement(c, k));
	json_object_set_new(j, "patch_state",
			    json_string(verdict_name(match_verdict(v, host, r->patch))));
	json_object_set_new(j, "title", json_text(p->title));
	json_object_set_new(j, "type", json_string(patch_type_name(p->type)));
	json_object_set_new(j, "severity", json_string(severity_name(p->severity)));
	json_object_set_new(j, "suites", json_text(p->suites));
	add_advisories(c, p, j);
	return j;
}

static json_t *feeds_json(const struct catalog *c)
{
	json_t *out = json_array();
	for (uint32_t i = 0; i < c->n_feeds; i++) {
		const struct feed_info *f = &c->feeds[i];
		char digest[SHA256_HEX];
		json_t *j = json_object();
		json_object_set_new(j, "id", json_text(f->id));
		json_object_set_new(j, "kind", json_text(f->kind));
		json_object_set_new(j, "rows", json_integer(f->rows));
		json_object_set_new(j, "released", json_time(f->released_ms));
		json_object_set_new(j, "signed", json_boolean(f->is_signed));
		json_object_set_new(j, "signer", json_text(f->signer));
		json_object_set_new(j, "sha256", json_string(digest_hex(&f->digest, digest)));
		json_array_append_new(out, j);
	}
	return out;
}

static json_t *counts_json(const struct match_view *v, uint32_t host, const struct match_rows *rows)
{
	AUTO(xfree) struct host_patch *patches = NULL;
	uint32_t n = match_host_patches(v, host, &patches);
	int64_t by_patch[VERDICTS_] = { 0 }, by_row[VERDICTS_] = { 0 };
	for (uint32_t i = 0; i < n; i++)
		by_patch[patches[i].verdict]++;
	for (size_t i = 0; i < rows->n; i++)
		by_row[rows->p[i].state]++;
	static const enum verdict shown[] = {
		VERDICT_MISSING,	   VERDICT_INSTALLED, VERDICT_HELD,
		VERDICT_SUPERSEDED,	   VERDICT_KEPT_BACK, VERDICT_PHASED,
		VERDICT_NEEDS_SUBSCRIPTION
	};
	json_t *out = json_object(), *components = json_object();
	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		json_object_set_new(out, verdict_name(shown[i]), json_integer(by_patch[shown[i]]));
		json_object_set_new(components, verdict_name(shown[i]),
				    json_integer(by_row[shown[i]]));
	}
	json_object_set_new(out, "components", components);
	return out;
}

json_t *match_rows_json(const struct match_view *v, uint32_t host, const struct match_rows *rows)
{
	json_t *out = json_object(), *verdicts = json_array();
	for (size_t i = 0; i < rows->n; i++)
		json_array_append_new(verdicts, row_json(v, host, &rows->p[i]));
	json_object_set_new(out, "feeds", feeds_json(v->catalog));
	json_object_set_new(out, "verdicts", verdicts);
	json_object_set_new(out, "counts", counts_json(v, host, rows));
	return out;
}
