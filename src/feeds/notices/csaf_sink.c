/* SPDX-License-Identifier: Apache-2.0
 * CSAF as records of the catalog: one patch per (advisory, release) with its packages, as far as
 * the mainline or extended-life stream goes; one open notice per (CVE, release, package) that VEX
 * calls affected and nothing fixes. */
#include "feeds/notices/csaf.h"
#include "feeds/words.h"
#include "pkgver/pkgver.h"

#define MAX_CVES 60000u

/* What one patch is made of: fixes[from .. to). */
struct run {
	const struct csaf_record *r;
	uint32_t from, to;
};

/* The advisory's own rating is the vendor's; of VEX only the CVE's is known. */
static void rate(struct patch *p, const struct run *run)
{
	struct str word = run->r->severity;
	if (run->r->is_vex) {
		word = STR_LIT("");
		for (uint32_t i = run->from; i < run->to; i++)
			word = words_higher(word, run->r->fixes[i].severity);
		p->severity_derived = true;
	}
	p->severity = words_severity(word);
	p->severity_raw = p->severity == SEVERITY_UNRATED ? STR_LIT("") : words_cut(word, 60);
	p->severity_derived &= p->severity != SEVERITY_UNRATED;
}

static bool begin_patch(const struct csaf_target *t, const struct run *run, struct words *cves,
			struct arena *a, struct err *e)
{
	const struct csaf_fix *first = &run->r->fixes[run->from];
	struct str none = STR_LIT("");
	struct patch p = { .vendor = STR_LIT("Red Hat"),
			   .os = str_of(first->product.os),
			   .product = first->product.name,
			   .version = none,
			   .suites = none,
			   .bulletin = first->advisory,
			   .availability = str_of(first->product.service),
			   .type = words_advisory_type(first->advisory) };
	bool own = str_eq(first->advisory, run->r->id);
	for (uint32_t i = run->from; i < run->to; i++) {
		words_add(cves, run->r->fixes[i].cve);
		p.reboot = MAX(p.reboot, words_rpm_reboot(run->r->fixes[i].product.name));
	}
	p.id = str_of(arena_printf(a, "%s:%.*s", first->product.os, STR_ARG(first->advisory)));
	p.title = own ? run->r->title : first->advisory;
	p.title = p.title.n ? p.title : first->advisory;
	p.url = str_of(
		arena_printf(a, "https://access.redhat.com/errata/%.*s", STR_ARG(first->advisory)));
	p.cves = words_cut(words_text(cves), MAX_CVES);
	p.released_ms = own ? run->r->released_ms : 0;
	rate(&p, run);
	return sink_patch(t->sink, &p, e);
}

static bool same_package(const struct csaf_product *a, const struct csaf_product *b)
{
	return str_eq(a->name, b->name) && str_eq(a->arch, b->arch) &&
	       str_eq(a->version, b->version) && str_eq(a->module, b->module);
}

static bool add_patch(const struct csaf_target *t, const struct run *run, struct err *e)
{
	AUTO(arena_done) struct arena arena = { 0 };
	AUTO(words_done) struct words cves = { 0 };
	struct str none = STR_LIT("");
	if (!begin_patch(t, run, &cves, &arena, e))
		return false;
	for (uint32_t i = run->from; i < run->to; i++) {
		const struct csaf_product *p = &run->r->fixes[i].product;
		if (i > run->from && same_package(p, &run->r->fixes[i - 1].product))
			continue; /* another CVE of the same package */
		bool streamless = p->module.n == 0 && rpm_lineage(p->version) == RPM_LINEAGE_MODULE;
		struct component c = { .kind = COMPONENT_RPM,
				       .name = p->name,
				       .arch = p->arch,
				       .version = p->version,
				       .above = none,
				       .file = none,
				       .module = streamless ? STR_LIT("*") : p->module,
				       .archive = CATALOG_NONE };
		if (!sink_component(t->sink, &c, e))
			return false;
	}
	return true;
}

static bool add_open(const struct csaf_target *t, const struct csaf_record *r,
		     const struct csaf_open *o, struct err *e)
{
	struct str none = STR_LIT("");
	struct advisory a = { .id = o->cve,
			      .title = r->title.n ? r->title : o->cve,
			      .os = str_of(o->product.os),
			      .product = o->product.name,
			      .fixed = none,
			      .cves = o->cve,
			      .url = r->url,
			      .severity = words_severity(o->severity),
			      .kind = COMPONENT_RPM,
			      .status = o->status,
			      .vendor = STR_LIT("Red Hat"),
			      .released_ms = r->released_ms };
	a.severity_raw = a.severity == SEVERITY_UNRATED ? none : o->severity;
	return sink_advisory(t->sink, &a, e);
}

bool csaf_sink_add(void *target, const struct csaf_record *r, struct err *e)
{
	const struct csaf_target *t = target;
	for (uint32_t from = 0; from < r->n_fixes;) {
		const struct csaf_fix *f = &r->fixes[from];
		struct run run = { r, from, from + 1 };
		while (run.to < r->n_fixes && str_eq(r->fixes[run.to].advisory, f->advisory) &&
		       strcmp(r->fixes[run.to].product.os, f->product.os) == 0)
			run.to++;
		if (words_listed(t->oses, str_of(f->product.os)) && !add_patch(t, &run, e))
			return false;
		from = run.to;
	}
	for (uint32_t i = 0; r->is_vex && i < r->n_open; i++)
		if (words_listed(t->oses, str_of(r->open[i].product.os)) && r->open[i].cve.n &&
		    !add_open(t, r, &r->open[i], e))
			return false;
	return true;
}
