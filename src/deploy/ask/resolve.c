/* SPDX-License-Identifier: Apache-2.0
 * From a request to the (patch, host) pairs it means now (M-130, M-131). Only pairs whose verdict
 * is missing come in: what is superseded, held or unknown is counted and left out, never silently.
 */
#include "deploy/auto/approval.h"
#include "deploy/deploy_int.h"
#include "deploy/targets/selector.h"

void resolved_done(struct resolved *r)
{
	for (size_t i = 0; i < r->n; i++)
		roaring_bitmap_free(r->hosts[i]);
	xfree(r->hosts);
	xfree(r->patches);
	xfree(r->ids);
	if (r->all)
		roaring_bitmap_free(r->all);
	arena_done(&r->arena);
	*r = (struct resolved) { 0 };
}

static bool selected(const struct match_view *v, const struct selector *s, int64_t now_ms,
		     roaring_bitmap_t **out, uint32_t *unknown_out, struct err *e)
{
	AUTO(filter_run_end) struct filter_run run;
	filter_run_begin(&run, v, now_ms);
	if (!selector_hosts(&run, s, true, out, e))
		return false;
	*unknown_out += (uint32_t)(roaring_bitmap_get_cardinality(*out) -
				   roaring_bitmap_and_cardinality(*out, fleet_scanned(v->fleet)));
	return true;
}

bool deploy_systems_of(struct deploy *d, const struct match_view *v, const struct deploy_request *r,
		       roaring_bitmap_t **out, uint32_t *unknown_out, struct err *e)
{
	*out = NULL;
	if (r->targets)
		return selected(v, r->targets, clock_now_ms(d->conf.clock), out, unknown_out, e);
	if (!r->n_systems)
		return true;
	roaring_bitmap_t *b = roaring_bitmap_create();
	for (size_t i = 0; i < r->n_systems; i++) {
		const struct host *h = fleet_host_by_id(v->fleet, str_of(r->systems[i]));
		if (!h || h->state != HOST_ACTIVE) {
			roaring_bitmap_free(b);
			return err_set(e, ERR_NOT_FOUND, "there is no managed system '%.40s'",
				       r->systems[i]);
		}
		*unknown_out += h->last_scan_ms == 0;
		roaring_bitmap_add(b, h->no);
	}
	*out = b;
	return true;
}

static void take(struct resolved *out, const struct match_view *v, uint32_t patch,
		 roaring_bitmap_t *hosts)
{
	if (roaring_bitmap_is_empty(hosts)) {
		roaring_bitmap_free(hosts);
		return;
	}
	size_t k = out->n + 1;
	out->ids = xrealloc(out->ids, k * sizeof(*out->ids));
	out->patches = xrealloc(out->patches, k * sizeof(*out->patches));
	out->hosts = xrealloc(out->hosts, k * sizeof(roaring_bitmap_t *));
	out->ids[out->n] = arena_str(&out->arena, v->catalog->patches[patch].id);
	out->patches[out->n] = patch;
	out->hosts[out->n] = hosts;
	out->n = k;
	roaring_bitmap_or_inplace(out->all, hosts);
}

void resolved_take(struct resolved *out, const struct match_view *v, uint32_t patch,
		   const roaring_bitmap_t *within, bool spares)
{
	roaring_bitmap_t *own = NULL;
	const roaring_bitmap_t *missing = spares ? match_due_hosts(v, patch, VERDICT_MISSING, &own)
						 : match_hosts(v, patch, VERDICT_MISSING);
	if (missing)
		take(out, v, patch,
		     within ? roaring_bitmap_and(missing, within) : roaring_bitmap_copy(missing));
	if (own)
		roaring_bitmap_free(own);
}

static void count_held(const struct match_view *v, uint32_t patch, const roaring_bitmap_t *systems,
		       struct resolved *out)
{
	const roaring_bitmap_t *held = match_hosts(v, patch, VERDICT_HELD);
	if (held)
		out->held += (uint32_t)(systems ? roaring_bitmap_and_cardinality(held, systems)
						: roaring_bitmap_get_cardinality(held));
}

static void count_declined(const struct match_view *v, uint32_t patch,
			   const roaring_bitmap_t *systems, struct resolved *out)
{
	roaring_bitmap_t *own;
	const roaring_bitmap_t *lack = match_declined_hosts(v, patch, VERDICT_MISSING, &own);
	if (lack)
		out->declined += (uint32_t)roaring_bitmap_and_cardinality(lack, systems);
	if (own)
		roaring_bitmap_free(own);
}

/* Entry B: named patches, on every host that misses them or on those of the named systems. */
static bool by_patch(const struct match_view *v, const struct deploy_request *r,
		     const roaring_bitmap_t *systems, struct resolved *out, struct err *e)
{
	AUTO(xfree) bool *seen = xcalloc(v->catalog->n_patches, sizeof(*seen));
	for (size_t i = 0; i < r->n_patches; i++) {
		uint32_t p = catalog_find(v->catalog, str_of(r->patches[i]));
		if (p == CATALOG_NONE)
			return err_set(
				e, ERR_NOT_FOUND,
				"there is no patch '%.120s' in the patch DB; it may have been replaced by a newer one",
				r->patches[i]);
		if (seen[p])
			continue;
		seen[p] = true;
		out->superseded += v->catalog->patches[p].superseded_by != CATALOG_NONE;
		count_held(v, p, systems, out);
		resolved_take(out, v, p, systems, false);
	}
	return true;
}

/* Entry A: everything the named systems miss, not declined there (S-09) nor taken back there. */
static bool by_system(struct deploy *d, const struct match_view *v, const roaring_bitmap_t *systems,
		      struct resolved *out, struct err *e)
{
	roaring_bitmap_t **per = xcalloc(v->catalog->n_patches, sizeof(roaring_bitmap_t *));
	for (uint32_t p = 0; p < v->catalog->n_patches; p++) {
		roaring_bitmap_t *own;
		const roaring_bitmap_t *missing = match_due_hosts(v, p, VERDICT_MISSING, &own);
		count_held(v, p, systems, out);
		count_declined(v, p, systems, out);
		if (missing && roaring_bitmap_intersect(missing, systems))
			per[p] = roaring_bitmap_and(missing, systems);
		if (own)
			roaring_bitmap_free(own);
	}
	bool ok = rolled_back_leave_out(d, v, per, &out->rolled_back, e);
	for (uint32_t p = 0; p < v->catalog->n_patches; p++)
		if (per[p])
			take(out, v, p, per[p]);
	xfree(per);
	return ok;
}

/* Counts what is not approved; leaves it out when only what is approved is wanted (S-08). */
static void sort_out(struct deploy *d, const struct match_view *v, bool only_approved,
		     struct resolved *set)
{
	roaring_bitmap_t *approved = approval_approved(d, v->catalog);
	size_t k = 0;
	for (size_t i = 0; i < set->n; i++) {
		bool yes = roaring_bitmap_contains(approved, set->patches[i]);
		set->unapproved += !yes;
		if (!yes && only_approved) {
			roaring_bitmap_free(set->hosts[i]);
			continue;
		}
		set->ids[k] = set->ids[i];
		set->patches[k] = set->patches[i];
		set->hosts[k++] = set->hosts[i];
	}
	roaring_bitmap_free(approved);
	if (k == set->n)
		return;
	set->n = k;
	roaring_bitmap_clear(set->all);
	for (size_t i = 0; i < k; i++)
		roaring_bitmap_or_inplace(set->all, set->hosts[i]);
}

bool deploy_resolve(struct deploy *d, const struct match_view *v, const struct deploy_request *r,
		    struct resolved *out, struct err *e)
{
	if (!r->n_patches && !r->n_systems && (!r->targets || selector_is_all(r->targets)))
		return err_set(e, ERR_INVALID, "nothing to deploy: name patches, systems or both");
	AUTO(resolved_done) struct resolved set = { .all = roaring_bitmap_create() };
	roaring_bitmap_t *systems;
	if (!deploy_systems_of(d, v, r, &systems, &set.unknown, e))
		return false;
	bool ok = true;
	if (r->n_patches)
		ok = by_patch(v, r, systems, &set, e);
	else
		ok = by_system(d, v, systems, &set, e);
	if (systems)
		roaring_bitmap_free(systems);
	if (!ok)
		return false;
	sort_out(d, v, r->only_approved, &set);
	*out = set;
	set = (struct resolved) { 0 };
	return true;
}
