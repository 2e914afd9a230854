/* SPDX-License-Identifier: Apache-2.0
 * Words of the patch record's enumerations and the look-ups of a finished snapshot. Look-ups never
 * write: any number of threads may call them on one snapshot. */
#include "catalog/patch.h"
#include "catalog/catalog_int.h"

static const char *const type_names[PATCH_TYPES_] = {
	[PATCH_TYPE_UNRATED] = "unrated",
	[PATCH_TYPE_SECURITY] = "security",
	[PATCH_TYPE_CRITICAL] = "critical",
	[PATCH_TYPE_ROLLUP] = "rollup",
	[PATCH_TYPE_SERVICE_PACK] = "service_pack",
	[PATCH_TYPE_FEATURE] = "feature",
	[PATCH_TYPE_DEFINITION] = "definition",
	[PATCH_TYPE_BUGFIX] = "bugfix",
	[PATCH_TYPE_ENHANCEMENT] = "enhancement",
	[PATCH_TYPE_THIRD_PARTY] = "third_party",
	[PATCH_TYPE_DRIVER] = "driver",
	[PATCH_TYPE_BIOS] = "bios",
};
static const char *const severity_names[SEVERITIES_] = {
	[SEVERITY_UNRATED] = "unrated",	  [SEVERITY_LOW] = "low",
	[SEVERITY_MODERATE] = "moderate", [SEVERITY_IMPORTANT] = "important",
	[SEVERITY_CRITICAL] = "critical",
};
static const char *const reboot_names[] = {
	[REBOOT_NEVER] = "never",
	[REBOOT_MAY] = "may",
	[REBOOT_ALWAYS] = "always",
	[REBOOT_LOGOUT] = "logout",
};
static const char *const kind_names[COMPONENT_KINDS_] = {
	[COMPONENT_DEB] = "deb", [COMPONENT_DEB_SRC] = "deb-src", [COMPONENT_RPM] = "rpm",
	[COMPONENT_APK] = "apk", [COMPONENT_APK_SRC] = "apk-src",
};

const char *patch_type_name(enum patch_type t)
{
	ASSERT((unsigned)t < PATCH_TYPES_);
	return type_names[t];
}

const char *severity_name(enum severity s)
{
	ASSERT((unsigned)s < SEVERITIES_);
	return severity_names[s];
}

const char *reboot_need_name(enum reboot_need r)
{
	ASSERT((unsigned)r < ARRAY_LEN(reboot_names));
	return reboot_names[r];
}

const char *component_kind_name(enum component_kind k)
{
	ASSERT((unsigned)k < COMPONENT_KINDS_);
	return kind_names[k];
}

bool component_kind_parse(struct str word, enum component_kind *out)
{
	for (int i = 0; i < COMPONENT_KINDS_; i++)
		if (str_is(word, kind_names[i])) {
			*out = (enum component_kind)i;
			return true;
		}
	return false;
}

enum pkgver_scheme component_scheme(enum component_kind k)
{
	switch (k) {
	case COMPONENT_RPM: return PKGVER_RPM;
	case COMPONENT_APK:
	case COMPONENT_APK_SRC: return PKGVER_APK;
	default: return PKGVER_DEB;
	}
}

bool component_is_source(enum component_kind k)
{
	return k == COMPONENT_DEB_SRC || k == COMPONENT_APK_SRC;
}

bool severity_parse(struct str word, enum severity *out)
{
	for (int i = 0; i < SEVERITIES_; i++)
		if (str_is(word, severity_names[i])) {
			*out = (enum severity)i;
			return true;
		}
	return false;
}

bool patch_type_parse(struct str word, enum patch_type *out)
{
	for (int i = 0; i < PATCH_TYPES_; i++)
		if (str_is(word, type_names[i])) {
			*out = (enum patch_type)i;
			return true;
		}
	return false;
}

uint32_t catalog_find(const struct catalog *c, struct str patch_id)
{
	uint32_t id = intern_find(c->impl->ids, patch_id);
	return id == INTERN_NONE ? CATALOG_NONE : id;
}

static struct str digest_str(const struct sha256 *d)
{
	return (struct str) { (const char *)d->b, SHA256_LEN };
}

void catalog_index_payloads(struct catalog *c)
{
	uint32_t mask = 63;
	while (mask / 2 < c->n_components)
		mask = mask * 2 + 1;
	uint32_t *slots = xcalloc((size_t)mask + 1, sizeof(*slots));
	for (uint32_t k = 0; k < c->n_components; k++) {
		const struct component *comp = &c->components[k];
		if (comp->archive == CATALOG_NONE)
			continue;
		uint32_t i = (uint32_t)str_hash(digest_str(&comp->sha256)) & mask;
		while (slots[i] && !digest_eq(&c->components[slots[i] - 1].sha256, &comp->sha256))
			i = (i + 1) & mask;
		if (!slots[i])
			slots[i] = k + 1;
	}
	c->impl->payload = slots;
	c->impl->payload_mask = mask;
}

uint32_t catalog_find_payload(const struct catalog *c, const struct sha256 *digest)
{
	const struct catalog_impl *m = c->impl;
	uint32_t i = (uint32_t)str_hash(digest_str(digest)) & m->payload_mask;
	while (m->payload[i]) {
		if (digest_eq(&c->components[m->payload[i] - 1].sha256, digest))
			return m->payload[i] - 1;
		i = (i + 1) & m->payload_mask;
	}
	return CATALOG_NONE;
}

void catalog_index_names(struct catalog *c)
{
	uint32_t *name_of = xmalloc(MAX(c->n_components, 1u) * sizeof(*name_of));
	for (int k = 0; k < COMPONENT_KINDS_; k++)
		c->impl->names[k].names = intern_new();
	for (uint32_t i = 0; i < c->n_components; i++)
		name_of[i] = intern_add(c->impl->names[c->components[i].kind].names,
					c->components[i].name);
	for (int k = 0; k < COMPONENT_KINDS_; k++) {
		struct name_index *x = &c->impl->names[k];
		uint32_t n = intern_count(x->names), total = 0;
		x->start = xcalloc((size_t)n + 2, sizeof(*x->start));
		for (uint32_t i = 0; i < c->n_components; i++)
			if ((int)c->components[i].kind == k) {
				x->start[name_of[i] + 2]++;
				total++;
			}
		for (uint32_t i = 2; i < n + 2; i++)
			x->start[i] += x->start[i - 1];
		x->list = xmalloc(MAX(total, 1u) * sizeof(*x->list));
		for (uint32_t i = 0; i < c->n_components; i++)
			if ((int)c->components[i].kind == k)
				x->list[x->start[name_of[i] + 1]++] = i;
	}
	xfree(name_of);
}

const uint32_t *catalog_by_name(const struct catalog *c, enum component_kind kind, struct str name,
				uint32_t *n_out)
{
	const struct name_index *x = &c->impl->names[kind];
	uint32_t id = intern_find(x->names, name);
	if (id == INTERN_NONE) {
		*n_out = 0;
		return NULL;
	}
	*n_out = x->start[id + 1] - x->start[id];
	return x->list + x->start[id];
}

static int compare_unfixed(const struct advisory *a, struct str os, enum component_kind kind,
			   struct str product)
{
	int d = str_cmp(a->os, os);
	if (!d)
		d = (int)a->kind - (int)kind;
	return d ? d : str_cmp(a->product, product);
}

const struct advisory *catalog_unfixed(const struct catalog *c, struct str os,
				       enum component_kind kind, struct str product,
				       uint32_t *n_out)
{
	uint32_t lo = 0, hi = c->n_unfixed;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (compare_unfixed(&c->unfixed[mid], os, kind, product) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	uint32_t end = lo;
	while (end < c->n_unfixed && compare_unfixed(&c->unfixed[end], os, kind, product) == 0)
		end++;
	*n_out = end - lo;
	return end > lo ? c->unfixed + lo : NULL;
}

/* Why counted: reader threads pin the snapshot they started with while a sync swaps in the next. */
struct catalog *catalog_ref(struct catalog *c)
{
	if (c)
		atomic_fetch_add_explicit(&c->impl->refs, 1, memory_order_relaxed);
	return c;
}

void catalog_unref(struct catalog *c)
{
	if (!c || atomic_fetch_sub_explicit(&c->impl->refs, 1, memory_order_acq_rel) != 1)
		return;
	struct catalog_impl *m = c->impl;
	for (size_t i = 0; i < m->n_texts; i++)
		xfree(m->texts[i]);
	xfree(m->texts);
	intern_free(m->ids);
	for (int k = 0; k < COMPONENT_KINDS_; k++) {
		intern_free(m->names[k].names);
		xfree(m->names[k].start);
		xfree(m->names[k].list);
	}
	xfree(m->payload);
	arena_done(&m->arena);
	xfree(m);
	xfree(c->patches);
	xfree(c->components);
	xfree(c->advisories);
	xfree(c->advisory_refs);
	xfree(c->unfixed);
	xfree(c->archives);
	xfree(c->archive_files);
	xfree(c->feeds);
	xfree(c->scope);
	xfree(c->streams);
	xfree(c->lanes);
	xfree(c->holders);
	xfree(c);
}
