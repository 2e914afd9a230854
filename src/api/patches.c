/* SPDX-License-Identifier: Apache-2.0
 * GET /patches, /patches/{id} and the systems behind a patch's numbers. */
#include "api/api_int.h"
#include "api/failures.h"
#include "api/patch_json.h"
#include "api/patch_list.h"
#include "api/system_json.h"
#include "api/system_list.h"
#include "api/unknown.h"

static bool list_patches(struct call *c, struct err *e)
{
	if (!failures_load(c->api->failures, c->conf->deploy, e))
		return false;
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	struct patch_filter f;
	struct list_page page;
	patch_filter_read(c, &f, &c->query, &v);
	if (!list_run(c, &patch_list_kind, &f, (struct list_input) { NULL, v.catalog->n_patches },
		      &page, e))
		return false;
	json_t *items = json_array();
	for (size_t i = 0; i < page.n; i++)
		json_array_append_new(items, patch_json(c, &v, page.items[i], PATCH_LIST_CVES));
	match_read_end(&v); /* writing it out keeps nobody waiting */
	return call_json(c, 200, list_reply(items, &page));
}

/* The patch of the path. */
static bool find_patch(struct call *c, const struct match_view *v, uint32_t *out, struct err *e)
{
	uint32_t patch = catalog_find(v->catalog, c->params[0]);
	if (patch == CATALOG_NONE)
		return err_set(e, ERR_NOT_FOUND, "no patch '%.*s'", (int)MIN(c->params[0].n, 160),
			       c->params[0].p);
	*out = patch;
	return true;
}

static bool get_patch(struct call *c, struct err *e)
{
	if (!failures_load(c->api->failures, c->conf->deploy, e))
		return false;
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	uint32_t patch = CATALOG_NONE;
	if (!find_patch(c, &v, &patch, e))
		return false;
	json_t *j = patch_json(c, &v, patch, SIZE_MAX);
	patch_detail_json(c, &v, patch, j);
	return call_json(c, 200, j);
}

enum {
	STATE_MISSING,
	STATE_INSTALLED,
	STATE_HELD,
	STATE_KEPT_BACK,
	STATE_PHASED,
	STATE_NEEDS_SUBSCRIPTION,
	STATE_UNKNOWN,	/* installed, by a scan that is old */
	STATE_DECLINED, /* lacking in one of those ways, and declined there */
	STATES_
};
static const enum verdict state_verdicts[STATE_DECLINED] = {
	[STATE_MISSING] = VERDICT_MISSING, [STATE_INSTALLED] = VERDICT_INSTALLED,
	[STATE_HELD] = VERDICT_HELD,	   [STATE_KEPT_BACK] = VERDICT_KEPT_BACK,
	[STATE_PHASED] = VERDICT_PHASED,   [STATE_NEEDS_SUBSCRIPTION] = VERDICT_NEEDS_SUBSCRIPTION,
	[STATE_UNKNOWN] = VERDICT_UNKNOWN,
};

static const char *word_patch_state(unsigned i)
{
	return i == STATE_DECLINED ? "declined" : verdict_name(state_verdicts[i]);
}

static struct list_input owned_input(struct call *c, const roaring_bitmap_t *hosts,
				     roaring_bitmap_t *own)
{
	struct list_input in = system_input(c, hosts);
	if (own)
		roaring_bitmap_free(own);
	return in;
}

static struct list_input declined_with(struct call *c, const struct match_view *v, uint32_t patch)
{
	roaring_bitmap_t *all = roaring_bitmap_create(), *own;
	for (int s = 0; s < STATE_UNKNOWN; s++) {
		const roaring_bitmap_t *some = match_declined_hosts(v, patch, state_verdicts[s],
								    &own);
		if (some)
			roaring_bitmap_or_inplace(all, some);
		if (own)
			roaring_bitmap_free(own);
	}
	return owned_input(c, all, all);
}

static struct list_input systems_with(struct call *c, const struct match_view *v, uint32_t patch,
				      int state)
{
	if (state == STATE_DECLINED)
		return declined_with(c, v, patch);
	bool installed = state == STATE_INSTALLED || state == STATE_UNKNOWN;
	roaring_bitmap_t *own;
	const roaring_bitmap_t *old = unknown_hosts(c, v),
			       *hosts = match_due_hosts(
				       v, patch,
				       installed ? VERDICT_INSTALLED : state_verdicts[state], &own);
	if (!installed || !hosts)
		return owned_input(c, hosts, own);
	roaring_bitmap_t *some = state == STATE_UNKNOWN ? roaring_bitmap_and(hosts, old)
							: roaring_bitmap_andnot(hosts, old);
	return owned_input(c, some, some);
}

static bool list_patch_systems(struct call *c, struct err *e)
{
	if (!failures_load(c->api->failures, c->conf->deploy, e))
		return false;
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	uint32_t patch = CATALOG_NONE;
	if (!find_patch(c, &v, &patch, e))
		return false;
	int state = query_word(&c->query, "state");
	struct list_input in = systems_with(c, &v, patch, MAX(state, 0));
	struct system_filter f;
	system_filter_read(c, &f, &c->query, &v);
	f.states = 0; /* `state` is the patch's here; the bitmaps hold active systems only */
	return system_list_reply(c, &f, in, &v, e);
}

static const struct param patches_params[] = { PARAMS_SORTED, PARAMS_PATCH, PARAM_LAST };
static const struct param patch_systems_params[] = {
	PARAMS_SORTED,
	PARAM_Q,
	PARAMS_SYSTEM_COMMON,
	{ .name = "state", .type = PARAM_WORD, .word = word_patch_state, .words = STATES_ },
	PARAM_LAST,
};

const struct route patches_routes[] = {
	ROUTE(GET, API "/patches", PERM_VIEW, list_patches, .query = patches_params),
	ROUTE(GET, API "/patches/{patch_id}", PERM_VIEW, get_patch),
	ROUTE(GET, API "/patches/{patch_id}/systems", PERM_VIEW, list_patch_systems,
	      .query = patch_systems_params),
	ROUTE_TABLE_END,
};
