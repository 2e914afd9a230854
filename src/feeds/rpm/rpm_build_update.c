/* SPDX-License-Identifier: Apache-2.0
 * An advisory joined with the tables of rpm_build.c: which of its packages count in this release,
 * which file installs each, of which stream it is; written as a patch at once. */
#include "feeds/rpm/rpm_advisory.h"
#include "feeds/rpm/rpm_build_int.h"
#include "pkgver/pkgver.h"

/* ".el7" in a release of 6: a package of another release that got into the list (unless this
 * repository offers it). */
static bool of_other_release(const struct rpm_build *b, struct str release)
{
	if (!b->distro.major || b->release.n == 0)
		return false;
	for (size_t i = 0; i + 3 < release.n; i++) {
		struct str digits = { release.p + i + 3, 0 };
		if (!strchr(".+_", release.p[i]) || release.p[i + 1] != 'e' ||
		    release.p[i + 2] != 'l')
			continue;
		while (i + 3 + digits.n < release.n && digits.p[digits.n] >= '0' &&
		       digits.p[digits.n] <= '9')
			digits.n++;
		if (digits.n)
			return !str_eq(digits, b->release);
	}
	return false;
}

/* The id, with its version where that is part of the vendor's key, or where the same id comes again
 * with another one. */
static const char *patch_id(struct rpm_build *b, const struct rpm_update *u)
{
	bool versioned = b->distro.versioned && !str_is(u->version, "1");
	uint32_t known = (uint32_t)b->version_of.n, no = intern_add(b->ids, u->id);
	if (no == known)
		VEC_PUSH(&b->version_of, arena_str(&b->arena, u->version));
	else if (!str_eq(b->version_of.p[no], u->version))
		versioned = true;
	if (!versioned || !rpm_advisory_word(u->version, 60))
		return arena_printf(&b->scratch, "%s:%s", b->word, u->id.p);
	return arena_printf(&b->scratch, "%s:%s:%.*s", b->word, u->id.p, STR_ARG(u->version));
}

static bool counts(const struct rpm_build *b, const struct rpm_update_package *q, uint32_t *offer)
{
	*offer = rpm_build_offer_of(b, &q->nevra);
	return !rpm_is_source(q->nevra.arch) &&
	       (*offer != RPM_NONE || !of_other_release(b, q->nevra.release));
}

/* The source package of the first build that says one. */
static struct str product_of(struct rpm_build *b, const struct rpm_update *u)
{
	for (size_t i = 0; i < u->n_packages; i++) {
		const struct rpm_update_package *q = &u->packages[i];
		struct rpm_nevra n;
		uint32_t offer;
		if (rpm_is_source(q->nevra.arch))
			return q->nevra.name;
		if (rpm_nevra_parse(q->src, &n) && rpm_is_source(n.arch) &&
		    rpm_advisory_word(n.name, 200))
			return n.name;
		if (counts(b, q, &offer) && offer != RPM_NONE) {
			struct str key = intern_get(b->sources, b->offers.p[offer].source);
			return (struct str) { key.p, (size_t)str_find(key, '\n') };
		}
	}
	return u->packages[0].nevra.name;
}

/* Its stream, as its collection says, or modules.yaml; where neither does, those that the title
 * names. */
static bool emit_package(struct rpm_build *b, const struct rpm_update *u,
			 const struct rpm_update_package *q, uint32_t offer, struct err *e)
{
	struct str streams[WORDS_STREAMS];
	struct str module = q->module.n ? q->module : rpm_build_module_of(b, &q->nevra);
	size_t n = 0;
	if (module.n == 0 && rpm_lineage(q->nevra.release) == RPM_LINEAGE_MODULE)
		n = words_streams(u->title, streams);
	if (n == 0)
		streams[n++] = module;
	for (size_t i = 0; i < n; i++)
		if (!rpm_build_component(b, &q->nevra, offer, streams[i], e))
			return false;
	return true;
}

static bool emit_update(struct rpm_build *b, const struct rpm_update *u, struct err *e)
{
	struct str raw = STR_LIT("");
	struct patch p = {
		.id = str_of(patch_id(b, u)),
		.vendor = str_starts(u->id, "FEDORA-") ? STR_LIT("Fedora") : str_of(b->spec.vendor),
		.os = b->spec.os,
		.product = product_of(b, u),
		.version = rpm_advisory_word(u->version, 300) ? u->version : STR_LIT(""),
		.title = words_cut(words_plain(&b->scratch, u->title), 500),
		.bulletin = u->id,
		.url = rpm_advisory_url(u, b->distro.url, b->release, &b->scratch),
		.cves = rpm_advisory_cves(&b->cves, u),
		.availability = STR_LIT(""),
		.suites = b->spec.suite,
		.type = rpm_advisory_type(u->type),
		.severity = rpm_advisory_severity(u, &raw),
		.reboot = rpm_advisory_reboot(u),
		.released_ms = u->issued_ms ? u->issued_ms : u->updated_ms,
	};
	p.severity_raw = raw;
	if (p.title.n == 0)
		p.title = u->id;
	if (!sink_patch(b->sink, &p, e))
		return false;
	for (size_t i = 0; i < u->n_packages; i++) {
		const struct rpm_update_package *q = &u->packages[i];
		uint32_t offer;
		if (!counts(b, q, &offer))
			continue;
		if (offer != RPM_NONE)
			b->offers.p[offer].covered = true;
		if (!emit_package(b, u, q, offer, e))
			return false;
	}
	return true;
}

bool rpm_build_update(void *build, const struct rpm_update *u, struct err *e)
{
	struct rpm_build *b = build;
	bool any = false;
	uint32_t offer;
	if (!rpm_advisory_id_ok(u))
		return err_set(e, ERR_CORRUPT,
			       "the id is none that '%.*s' gives; the file is damaged or forged",
			       (int)MIN(u->from.n, (size_t)60), u->from.p);
	for (size_t i = 0; i < u->n_packages && !any; i++)
		any = counts(b, &u->packages[i], &offer);
	if (!any)
		return true;
	arena_reset(&b->scratch);
	return emit_update(b, u, e);
}
