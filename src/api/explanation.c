/* SPDX-License-Identifier: Apache-2.0
 * Why a system misses, or does not miss, a patch: the engine's own explanation, as JSON. */
#include "api/api_int.h"
#include "api/declines.h"
#include "api/failures.h"
#include "api/patch_json.h"
#include "api/system_json.h"
#include "api/words.h"
#include "match/explain.h"

/* The rule language bounds its depth (RULE_MAX_DEPTH), hence this recursion. */
static json_t *node_json(const struct explain_node *n)
{
	json_t *j = json_object(), *children = json_array();
	json_object_set_new(j, "op", json_string(rule_op_name(n->op)));
	json_object_set_new(j, "truth", json_string(rule_truth_name(n->truth)));
	json_object_set_new(j, "text", json_text(n->text));
	json_object_set_new(j, "fact", words_str_or_null(n->fact));
	json_object_set_new(j, "installed", words_str_or_null(n->installed));
	json_object_set_new(j, "fixed", words_str_or_null(n->fixed));
	json_object_set_new(j, "comparator", words_str_or_null(n->comparator));
	json_object_set_new(j, "note", words_str_or_null(n->note));
	json_object_set_new(j, "decided", words_str_or_null(n->decided));
	json_object_set_new(j, "superseded_by", words_str_or_null(n->superseded_by));
	for (size_t i = 0; i < n->n_children; i++)
		json_array_append_new(children, node_json(&n->children[i]));
	json_object_set_new(j, "children", children);
	return j;
}

static json_t *next_steps_json(enum verdict verdict, const struct host *h)
{
	json_t *j = json_array();
	switch (verdict) {
	case VERDICT_MISSING: json_array_append_new(j, json_string("deploy")); break;
	case VERDICT_HELD: json_array_append_new(j, json_string("release_hold")); break;
	case VERDICT_SUPERSEDED: json_array_append_new(j, json_string("see_newer")); break;
	case VERDICT_UNKNOWN:
		json_array_append_new(
			j, json_string(h->scan == SCAN_REQUESTED ? "wait_for_scan" : "scan"));
		break;
	case VERDICT_NEEDS_SUBSCRIPTION: json_array_append_new(j, json_string("subscribe")); break;
	case VERDICT_KEPT_BACK: /* the manager's own trouble, and the vendor's own plan */
	case VERDICT_PHASED:
	case VERDICT_NOT_APPLICABLE:
	case VERDICT_INSTALLED:
	case VERDICTS_: break;
	}
	return j;
}

static json_t *explained_system(struct call *c, const struct host *h)
{
	json_t *j = json_object();
	json_object_set_new(j, "id", json_string(h->id));
	json_object_set_new(j, "hostname", json_text(str_of(h->attrs.hostname)));
	json_object_set_new(j, "os", json_text(system_os(c, h)));
	json_object_set_new(j, "os_name", json_text(str_of(h->attrs.os_name)));
	return j;
}

static json_t *scan_json(const struct host *h)
{
	json_t *j = json_object();
	json_object_set_new(j, "last_scan", json_time(h->last_scan_ms));
	json_object_set_new(j, "scan_status", json_string(word_scan(h->scan)));
	json_object_set_new(j, "inventory_digest", words_digest_or_null(&h->inventory));
	return j;
}

static bool lacks(enum verdict v)
{
	return v == VERDICT_MISSING || v == VERDICT_HELD || v == VERDICT_KEPT_BACK ||
	       v == VERDICT_PHASED || v == VERDICT_NEEDS_SUBSCRIPTION;
}

static bool get_explanation(struct call *c, struct err *e)
{
	if (!failures_load(c->api->failures, c->conf->deploy, e))
		return false;
	AUTO(match_read_end) struct match_view v;
	match_read(c->conf->match, &v);
	const struct host *h = fleet_host_by_id(v.fleet, c->params[0]);
	uint32_t patch = catalog_find(v.catalog, c->params[1]);
	if (!h || patch == CATALOG_NONE)
		return err_set(e, ERR_NOT_FOUND, "no %s '%.*s'", h ? "patch" : "system",
			       (int)MIN(c->params[!!h].n, 160), c->params[!!h].p);
	struct explanation x;
	explain(&v, h->no, patch, c->arena, &x);
	json_t *j = json_object();
	json_object_set_new(j, "verdict", json_string(verdict_name(x.verdict)));
	json_object_set_new(j, "system", explained_system(c, h));
	json_object_set_new(j, "patch", patch_json(c, &v, patch, SIZE_MAX));
	json_object_set_new(j, "rule", x.rule ? node_json(x.rule) : json_null());
	json_object_set_new(j, "provenance", patch_provenance_json(&v, x.patch->feed));
	json_object_set_new(j, "after", json_string(match_after_name(x.after)));
	json_object_set_new(j, "after_fact", words_str_or_null(x.after_fact));
	json_object_set_new(j, "scan", scan_json(h));
	json_object_set_new(j, "declines",
			    lacks(x.verdict) ? declines_of_pair_json(c, &v, patch, h->no)
					     : json_array());
	json_object_set_new(j, "advisories", patch_advisories_json(&v, patch));
	json_object_set_new(j, "next_steps", next_steps_json(x.verdict, h));
	return call_json(c, 200, j);
}

const struct route explanation_routes[] = {
	ROUTE(GET, API "/systems/{system_id}/patches/{patch_id}/explanation", PERM_VIEW,
	      get_explanation),
	ROUTE_TABLE_END,
};
