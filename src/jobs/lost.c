/* SPDX-License-Identifier: Apache-2.0
 * The open findings of the present snapshot, looked up among what is lost: one pass over patches
 * that some system lacks. Asked about few things, and seldom. */
#include "jobs/lost.h"
#include "base/buf.h"
#include "base/intern.h"

struct looking {
	const struct match_view *v;
	struct intern *keys; /* of what is lost */
	size_t *of;	     /* key -> place in the list of what is lost */
	struct buf key;
	uint32_t most;
	size_t which;
};

static struct str package_key(struct buf *b, enum component_kind kind, struct str os,
			      struct str name, struct str arch, struct str module)
{
	buf_reset(b);
	buf_printf(b, "p%d\n%.*s\n%.*s\n%.*s\n%.*s", (int)kind, STR_ARG(os), STR_ARG(name),
		   STR_ARG(arch), STR_ARG(module));
	return buf_str(b);
}

static struct str notice_key(struct buf *b, struct str os, struct str product, struct str id)
{
	buf_reset(b);
	buf_printf(b, "n\n%.*s\n%.*s\n%.*s", STR_ARG(os), STR_ARG(product), STR_ARG(id));
	return buf_str(b);
}

static void take(struct looking *l, uint32_t key, uint32_t systems)
{
	if (key == INTERN_NONE || systems <= l->most)
		return;
	l->most = systems;
	l->which = l->of[key];
}

/* The systems that lack a patch, whatever hinders them. */
static roaring_bitmap_t *lacking(const struct match_view *v, uint32_t patch)
{
	static const enum verdict verdicts[] = { VERDICT_MISSING, VERDICT_HELD, VERDICT_KEPT_BACK,
						 VERDICT_PHASED, VERDICT_NEEDS_SUBSCRIPTION };
	roaring_bitmap_t *all = NULL;
	for (size_t i = 0; i < ARRAY_LEN(verdicts); i++) {
		const roaring_bitmap_t *some = match_hosts(v, patch, verdicts[i]);
		if (some && !all)
			all = roaring_bitmap_copy(some);
		else if (some)
			roaring_bitmap_or_inplace(all, some);
	}
	return all;
}

static void look_at(struct looking *l, uint32_t patch)
{
	const struct catalog *c = l->v->catalog;
	const struct patch *p = &c->patches[patch];
	roaring_bitmap_t *hosts = lacking(l->v, patch);
	uint32_t n = hosts ? (uint32_t)roaring_bitmap_get_cardinality(hosts) : 0;
	for (uint32_t i = 0; n > l->most && i < p->components; i++) {
		uint32_t at = p->first_component + i;
		const struct component *k = &c->components[at];
		uint32_t key = intern_find(
			l->keys, package_key(&l->key, k->kind, p->os, k->name, k->arch, k->module));
		if (key != INTERN_NONE && match_component_wanted(l->v, at, hosts))
			take(l, key, n);
	}
	for (uint32_t i = 0; n > l->most && i < p->advisories; i++) {
		const struct advisory *a = &c->advisories[c->advisory_refs[p->first_advisory + i]];
		take(l, intern_find(l->keys, notice_key(&l->key, a->os, a->product, a->id)), n);
	}
	if (hosts)
		roaring_bitmap_free(hosts);
}

uint32_t lost_waiting(void *arg, const struct generation_lost *lost, size_t n, size_t *which_out)
{
	struct looking l = { .keys = intern_new(),
			     .of = xcalloc(n + 1, sizeof(*l.of)),
			     .key = BUF_INIT(8192) };
	for (size_t i = 0; i < n; i++) {
		const struct generation_lost *x = &lost[i];
		uint32_t key = intern_add(l.keys,
					  x->is_notice ? notice_key(&l.key, x->os, x->name, x->id)
						       : package_key(&l.key, x->kind, x->os,
								     x->name, x->arch, x->module));
		l.of[key] = i;
	}
	AUTO(match_read_end) struct match_view v;
	match_read(arg, &v);
	l.v = &v;
	for (uint32_t p = 0; p < v.catalog->n_patches; p++)
		look_at(&l, p);
	intern_free(l.keys);
	xfree(l.of);
	buf_done(&l.key);
	*which_out = l.which;
	return l.most;
}
