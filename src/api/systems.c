/* SPDX-License-Identifier: Apache-2.0
 * GET /systems and below, retiring a system, asking for scans. */
#include "api/api_int.h"
#include "api/deployment_json.h"
#include "api/failures.h"
#include "api/idempotency.h"
#include "api/inventory_list.h"
#include "api/page.h"
#include "api/patch_json.h"
#include "api/patch_list.h"
#include "api/push.h"
#include "api/selection.h"
#include "api/system_json.h"
#include "api/system_list.h"
#include "api/unfixed_list.h"
#include "api/unknown.h"

#define SELECTION_MAX_BODY (2u << 20)

static bool list_systems(struct call *c, struct err *e)
{
	if (!failures_load(c->api->failures, c->conf->deploy, e))
		return false;
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	struct system_filter f;
	system_filter_read(c, &f, &c->query, &v);
	return system_filter_describe(&f, &c->query, "?filter", e) &&
	       system_list_reply(c, &f, system_candidates(c, &f), &v, e);
}

/* The system of the path; retired ones are found too. */
static bool find_system(struct call *c, const struct match_view *v, const struct host **out,
			struct err *e)
{
	const struct host *h = fleet_host_by_id(v->fleet, c->params[0]);
	if (!h)
		return err_set(e, ERR_NOT_FOUND, "no system '%.*s'", (int)MIN(c->params[0].n, 60),
			       c->params[0].p);
	*out = h;
	return true;
}

static bool get_system(struct call *c, struct err *e)
{
	if (!failures_load(c->api->failures, c->conf->deploy, e))
		return false;
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	const struct host *h = NULL;
	if (!find_system(c, &v, &h, e))
		return false;
	json_t *j = system_json(c, &v, h->no);
	system_detail_json(h, j);
	return call_json(c, 200, j);
}

/* The number and state of the path's system, without keeping the view. */
static bool system_number(struct call *c, uint32_t *no_out, enum host_state *state_out,
			  struct err *e)
{
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	const struct host *h = NULL;
	if (!find_system(c, &v, &h, e))
		return false;
	*no_out = h->no;
	*state_out = h->state;
	return true;
}

static bool retire_system(struct call *c, struct err *e)
{
	uint32_t no;
	enum host_state state;
	if (!system_number(c, &no, &state, e))
		return false;
	if (state != HOST_RETIRED) {
		if (!fleet_set_state(c->conf->fleet, no, HOST_RETIRED, e))
			return false;
		push_drop(c->api->push, no);
		if (c->conf->on_host)
			c->conf->on_host(c->conf->arg, no, "retired");
		if (!call_audit(c, "system.retire", call_param(c, 0), NULL, e))
			return false;
		events_publish(c->api->events, EVENT_SYSTEMS, call_param(c, 0), NULL, 0);
	}
	return call_no_content(c);
}

/* --- a system's patches --- */

struct host_patches {
	struct patch_filter filter;
	const struct match_view *v;
	struct host_patch *items; /* what a list item means */
	uint32_t host;
	bool old; /* the system's last scan is */
	uint64_t states;
};
enum {
	STATE_MISSING,
	STATE_INSTALLED,
	STATE_HELD,
	STATE_SUPERSEDED,
	STATE_KEPT_BACK,
	STATE_PHASED,
	STATE_NEEDS_SUBSCRIPTION,
	STATE_DECLINED,
	STATE_UNKNOWN, /* installed, by a scan that is old */
	STATES_
};
static const enum verdict state_verdicts[STATE_DECLINED] = {
	[STATE_MISSING] = VERDICT_MISSING,
	[STATE_INSTALLED] = VERDICT_INSTALLED,
	[STATE_HELD] = VERDICT_HELD,
	[STATE_SUPERSEDED] = VERDICT_SUPERSEDED,
	[STATE_KEPT_BACK] = VERDICT_KEPT_BACK,
	[STATE_PHASED] = VERDICT_PHASED,
	[STATE_NEEDS_SUBSCRIPTION] = VERDICT_NEEDS_SUBSCRIPTION,
};
/* Facets of this list, and the bits that patch_filter_common() gives. */
enum {
	FACET_SEVERITY,
	FACET_TYPE,
	FACET_STATE,
	FACET_REBOOT,
	COMMON_REBOOT = 5,
	COL_STATE = 7,
	COL_KEV,
	COL_EPSS
};

static const char *word_host_patch(unsigned i)
{
	if (i == STATE_UNKNOWN)
		return verdict_name(VERDICT_UNKNOWN);
	return i == STATE_DECLINED ? "declined" : verdict_name(state_verdicts[i]);
}

/* What the list says of a pair: its verdict, but of a declined patch that the system lacks, that.
 */
static unsigned state_of(const struct host_patches *all, const struct host_patch *hp)
{
	const struct match_view *v = all->v;
	unsigned s = 0;
	while (s < STATE_DECLINED && state_verdicts[s] != hp->verdict)
		s++;
	if (s == STATE_INSTALLED && all->old)
		return STATE_UNKNOWN;
	bool lacks = s != STATE_INSTALLED && s != STATE_SUPERSEDED;
	return lacks && match_is_declined_on(v, hp->patch, all->host) ? STATE_DECLINED : s;
}

static void host_patch_value(void *arg, uint32_t item, int column, struct page_value *out)
{
	const struct host_patches *h = arg;
	if (column == COL_STATE)
		*out = (struct page_value) { .i = state_of(h, &h->items[item]) };
	else if (column == COL_KEV || column == COL_EPSS)
		patch_enriched_value(&h->filter, h->items[item].patch, column == COL_EPSS, out);
	else
		patch_value(h->v, h->items[item].patch, column, out);
}

static uint32_t host_patch_failing(void *arg, uint32_t item)
{
	const struct host_patches *h = arg;
	uint32_t common = patch_filter_common(&h->filter, h->items[item].patch),
		 mask = common & ~(UINT32_C(1) << COMMON_REBOOT);
	if (common >> COMMON_REBOOT & 1)
		mask |= UINT32_C(1) << FACET_REBOOT;
	return h->states >> state_of(h, &h->items[item]) & 1 ? mask
							     : mask | UINT32_C(1) << FACET_STATE;
}

static void host_patch_facet(void *arg, uint32_t item, int which, struct list_facets *out)
{
	const struct host_patches *h = arg;
	const struct patch *p = &h->v->catalog->patches[h->items[item].patch];
	switch (which) {
	case FACET_SEVERITY: list_facet_add(out, str_of(severity_name(p->severity))); break;
	case FACET_TYPE: list_facet_add(out, str_of(patch_type_name(p->type))); break;
	case FACET_STATE:
		list_facet_add(out, str_of(word_host_patch(state_of(h, &h->items[item]))));
		break;
	case FACET_REBOOT: list_facet_add(out, str_of(reboot_need_name(p->reboot))); break;
	default: ASSERT(false);
	}
}

static const char *const host_patch_columns[] = { "id",	  "title",    "product", "severity",
						  "type", "released", "size",	 "state",
						  "kev",  "epss",     NULL };
static const char *const host_patch_facets[] = { "severity", "type", "state", "reboot", NULL };
static const struct list_kind host_patch_kind = {
	.columns = host_patch_columns,
	.default_sort = "-severity,title",
	.facets = host_patch_facets,
	.value = host_patch_value,
	.failing = host_patch_failing,
	.facet = host_patch_facet,
};

static json_t *host_patch_json(struct call *c, const struct host_patches *all, uint32_t host,
			       const struct host_patch *hp)
{
	const struct match_view *v = all->v;
	json_t *j = patch_json(c, v, hp->patch, PATCH_LIST_CVES);
	json_object_set_new(j, "state", json_string(word_host_patch(state_of(all, hp))));
	if (hp->verdict == VERDICT_MISSING || hp->verdict == VERDICT_HELD)
		json_object_set_new(j, "outdated", patch_outdated_json(v, host, hp->patch));
	return j;
}

static bool list_system_patches(struct call *c, struct err *e)
{
	if (!failures_load(c->api->failures, c->conf->deploy, e))
		return false;
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	const struct host *h = NULL;
	if (!find_system(c, &v, &h, e))
		return false;
	AUTO(xfree) struct host_patch *all = NULL;
	uint32_t n = match_host_patches(&v, h->no, &all);
	struct host_patches hp = { .v = &v,
				   .items = all,
				   .host = h->no,
				   .old = roaring_bitmap_contains(unknown_hosts(c, &v), h->no),
				   .states = query_words(&c->query, "state") };
	if (hp.states == 0)
		hp.states = 1u << STATE_MISSING;
	patch_filter_read(c, &hp.filter, &c->query, &v);
	struct list_page page;
	if (!list_run(c, &host_patch_kind, &hp, (struct list_input) { NULL, n }, &page, e))
		return false;
	json_t *items = json_array();
	for (size_t i = 0; i < page.n; i++)
		json_array_append_new(items, host_patch_json(c, &hp, h->no, &all[page.items[i]]));
	match_read_end(&v); /* writing it out keeps nobody waiting */
	return call_json(c, 200, list_reply(items, &page));
}

/* --- asking for scans --- */

static bool scan_systems(struct call *c, struct err *e)
{
	static const char *const known[] = { "ids",	"filter",	  "all",
					     "exclude", "expected_count", NULL };
	AUTO(json_free) json_t *body = NULL;
	const char **ids;
	size_t n, connected = 0, asked = 0;
	bool replayed;
	if (!call_body(c, known, &body, e) || !idempotency_begin(c, false, &replayed, e))
		return false;
	if (replayed)
		return true;
	if (!selection_systems(c, body, "", &ids, &n, e))
		return false;
	uint32_t *numbers = arena_array(c->arena, uint32_t, n);
	{
		AUTO(match_read_end) struct match_view v;
		match_read(c->conf->match, &v);
		for (size_t i = 0; i < n; i++) {
			const struct host *h = fleet_host_by_id(v.fleet, str_of(ids[i]));
			if (h && h->state == HOST_ACTIVE)
				numbers[asked++] = h->no;
		}
	}
	if (!fleet_request_scans(c->conf->fleet, numbers, asked, e))
		return false;
	connected = push_wake_many(c->api->push, numbers, asked);
	if (c->conf->wake_elsewhere)
		c->conf->wake_elsewhere(c->conf->arg, numbers, asked);
	json_t *detail = json_object();
	json_object_set_new(detail, "systems", json_integer((int64_t)asked));
	if (!call_audit(c, "system.scan", asked == 1 ? ids[0] : "*", detail, e))
		return false;
	json_t *j = json_object();
	json_object_set_new(j, "systems", json_integer((int64_t)asked));
	json_object_set_new(j, "connected", json_integer((int64_t)connected));
	return call_json(c, 202, j);
}

static bool list_inventory(struct call *c, struct err *e)
{
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	const struct host *h = NULL;
	return find_system(c, &v, &h, e) && inventory_list_reply(c, &v, h, e);
}

static bool list_unfixed(struct call *c, struct err *e)
{
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	const struct host *h = NULL;
	return find_system(c, &v, &h, e) && unfixed_list_reply(c, &v, h, e);
}

static bool list_system_deployments(struct call *c, struct err *e)
{
	uint32_t no;
	enum host_state state;
	struct page_rows p;
	struct deployment_row *rows;
	struct target_row *targets;
	size_t n;
	int64_t total;
	if (!page_rows_read(c, &p, e) || !system_number(c, &no, &state, e) ||
	    !deploy_of_host(c->conf->deploy, call_param(c, 0), &p.ask, c->arena, &rows, &targets,
			    &n, &total, e))
		return false;
	page_rows_came(&p, n);
	rows += p.skip;
	targets += p.skip;
	AUTO(json_free) json_t *items = json_array();
	for (size_t i = 0; i < p.n; i++) {
		json_t *target;
		if (!deployment_target_json(c, rows[i].id, &targets[i], &target, e))
			return false;
		json_array_append_new(items,
				      json_pack("{s:o,s:o}", "deployment",
						deployment_json(&rows[i]), "target", target));
	}
	return call_json(c, 200,
			 page_rows_reply(c, &p, json_incref(items), total, &rows->created_ms,
					 rows->id, sizeof(*rows)));
}

static const struct param system_deployments_params[] = { PARAMS_LIST, PARAM_LAST };
static const struct param systems_params[] = { PARAMS_SORTED, PARAMS_SYSTEM, PARAM_LAST };
static const struct param inventory_params[] = { PARAMS_LIST, PARAM_Q, PARAM_LAST };
static const struct param system_patches_params[] = {
	PARAMS_SORTED,
	PARAMS_PATCH_COMMON,
	{ .name = "state", .type = PARAM_WORDS, .word = word_host_patch, .words = STATES_ },
	PARAM_LAST,
};

const struct route systems_routes[] = {
	ROUTE(GET, API "/systems", PERM_VIEW, list_systems, .query = systems_params),
	ROUTE(POST, API "/systems:scan", PERM_SCAN, scan_systems, .max_body = SELECTION_MAX_BODY),
	ROUTE(GET, API "/systems/{system_id}", PERM_VIEW, get_system),
	ROUTE(DELETE, API "/systems/{system_id}", PERM_AGENTS, retire_system),
	ROUTE(GET, API "/systems/{system_id}/patches", PERM_VIEW, list_system_patches,
	      .query = system_patches_params),
	ROUTE(GET, API "/systems/{system_id}/inventory", PERM_VIEW, list_inventory,
	      .query = inventory_params),
	ROUTE(GET, API "/systems/{system_id}/unfixed", PERM_VIEW, list_unfixed,
	      .query = inventory_params),
	ROUTE(GET, API "/systems/{system_id}/deployments", PERM_VIEW, list_system_deployments,
	      .query = system_deployments_params),
	ROUTE_TABLE_END,
};
