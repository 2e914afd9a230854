/* SPDX-License-Identifier: Apache-2.0
 * The verdict of one pair as a tree of what was compared. Built over the patch's complete rule, so
 * that superseded components show with their replacement; truths come from the one-host evaluator.
 */
#include "match/explain.h"
#include "match/hindrance.h"
#include "match/host_view.h"

struct context {
	const struct catalog *catalog;
	const struct host_view *host;
	struct arena *a;
};

static struct str text_of(const struct rule *r, struct arena *a)
{
	AUTO(buf_done) struct buf text = BUF_INIT(RULE_MAX_TEXT);
	rule_print(r, &text);
	return arena_str(a, buf_str(&text));
}

static void explain_os(const struct context *c, const struct rule *r, uint32_t fact,
		       struct explain_node *out)
{
	struct fact_os os;
	out->fixed = r->name;
	out->comparator = STR_LIT("equal");
	if (fact != INTERN_NONE && fleet_fact_os(c->host->rule_host.fleet, fact, &os)) {
		struct str version = os.version.n ? os.version : os.codename;
		out->installed = str_of(
			arena_printf(c->a, "%.*s:%.*s", STR_ARG(os.id), STR_ARG(version)));
	}
}

static void explain_hindrance(const struct context *c, const struct component *k, uint32_t fact,
			      struct explain_node *out)
{
	static const char *const notes[SETS_] = { [SET_HELD] = "held",
						  [SET_KEPT_BACK] = "kept_back",
						  [SET_PHASED] = "phased",
						  [SET_SUBSCRIPTION] = "needs_subscription" };
	uint32_t why;
	const struct fleet *f = c->host->rule_host.fleet;
	enum set set = host_view_hindrance(c->host, c->catalog, k, fact, &why);
	if (!notes[set])
		return;
	out->note = str_of(notes[set]);
	if (why == INTERN_NONE)
		return;
	out->decided = arena_str(c->a, fleet_fact(f, why));
	if (fleet_fact_kind(f, why) == FACT_KEPT && set == SET_HELD)
		out->note = STR_LIT("pinned");
}

static void explain_package(const struct context *c, const struct rule *r, uint32_t fact,
			    struct explain_node *out)
{
	const struct component *component = &c->catalog->components[r->component];
	struct fact_package p;
	out->fixed = r->version;
	out->comparator = str_of(rule_comparator(r->op));
	if (out->truth == RULE_UNKNOWN)
		return;
	if (fact == INTERN_NONE || !fleet_fact_package(c->host->rule_host.fleet, fact, &p)) {
		out->note = STR_LIT("not_installed");
		return;
	}
	out->installed = arena_str(c->a, r->op == RULE_DEB_SRC || r->op == RULE_APK_SRC
						 ? p.source_version
						 : p.version);
	if (component->superseded_by != CATALOG_NONE) {
		uint32_t by = c->catalog->components[component->superseded_by].patch;
		out->superseded_by = c->catalog->patches[by].id;
		if (out->truth == RULE_TRUE && !rule_component_current(c->catalog, component))
			out->note = STR_LIT("superseded");
	}
	if (out->truth == RULE_TRUE && rule_component_current(c->catalog, component))
		explain_hindrance(c, component, fact, out);
}

static void explain_rule(const struct context *c, const struct rule *r, struct explain_node *out)
{
	struct str none = STR_LIT("");
	*out = (struct explain_node) { .op = r->op,
				       .truth = rule_eval_host(r, &c->host->rule_host),
				       .text = none,
				       .fact = none,
				       .installed = none,
				       .fixed = none,
				       .comparator = none,
				       .note = none,
				       .decided = none,
				       .superseded_by = none };
	if (r->op > RULE_NOT) {
		uint32_t fact;
		out->text = text_of(r, c->a);
		out->truth = rule_eval_condition(r, &c->host->rule_host, &fact);
		if (fact != INTERN_NONE)
			out->fact = arena_str(c->a, fleet_fact(c->host->rule_host.fleet, fact));
		if (r->op == RULE_OS)
			explain_os(c, r, fact, out);
		else
			explain_package(c, r, fact, out);
		return;
	}
	out->n_children = r->n_children;
	out->children = arena_array(c->a, struct explain_node, r->n_children + 1u);
	for (uint32_t i = 0; i < r->n_children; i++)
		explain_rule(c, &r->children[i], &out->children[i]);
}

void explain(const struct match_view *v, uint32_t host, uint32_t patch, struct arena *a,
	     struct explanation *out)
{
	AUTO(host_view_done) struct host_view h;
	bool known = host_view_init(v, host, &h);
	struct context c = { .catalog = v->catalog, .host = &h, .a = a };
	const struct patch *p = &v->catalog->patches[patch];
	uint32_t waits;
	enum match_after after = match_after(v, host, patch, &waits);
	*out = (struct explanation) {
		.verdict = known ? host_view_verdict(&h, v->catalog, patch) : VERDICT_UNKNOWN,
		.rule = arena_new(a, struct explain_node),
		.patch = p,
		.host = h.host,
		.feed = &v->catalog->feeds[p->feed],
		.after = after,
		.after_fact = waits == INTERN_NONE ? STR_LIT("")
						   : arena_str(a, fleet_fact(v->fleet, waits)),
	};
	explain_rule(&c, rule_of_patch_all(v->catalog, patch, a), out->rule);
}
