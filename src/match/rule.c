/* SPDX-License-Identifier: Apache-2.0
 * What a condition means: made of a component, put to one fact. Both evaluators, the forward pass
 * and the verdict bitmaps decide by rule_fact() and rule_os_matches() alone. */
#include "match/rule.h"
#include "pkgver/pkgver.h"

static const char *const op_names[RULE_OPS_] = { "and",	    "or",  "not", "os",	    "deb-bin",
						 "deb-src", "rpm", "apk", "apk-src" };
static const char *const truth_names[] = { "false", "true", "unknown" };

const char *rule_op_name(enum rule_op op)
{
	return op_names[op];
}

const char *rule_truth_name(enum rule_truth t)
{
	return truth_names[t];
}

bool rule_component_current(const struct catalog *c, const struct component *k)
{
	return k->superseded_by == CATALOG_NONE ||
	       (component_is_source(k->kind) && k->archive == CATALOG_NONE) ||
	       c->patches[k->patch].bulletin.n > 0;
}

struct rule rule_of_component(const struct catalog *c, uint32_t component)
{
	const struct component *p = &c->components[component];
	return (struct rule) {
		.op = (enum rule_op)(RULE_DEB_BIN + (int)p->kind),
		.compare = RULE_LT,
		.name = p->name,
		.arch = component_is_source(p->kind) ? STR_LIT("") : p->arch,
		.version = p->version,
		.above = p->above,
		.module = p->kind == COMPONENT_RPM ? p->module : STR_LIT(""),
		.by_default = p->by_default,
		.component = component,
		.catalog = p->lane == CATALOG_NONE ? NULL : c,
	};
}

static struct rule *of_patch(const struct catalog *c, uint32_t patch, bool all, struct arena *a)
{
	const struct patch *p = &c->patches[patch];
	struct rule *top = arena_array(a, struct rule, 3);
	struct rule *os = &top[1], *any = &top[2];
	*any = (struct rule) { .op = RULE_OR, .component = CATALOG_NONE };
	any->children = arena_array(a, struct rule, p->components + 1);
	for (uint32_t i = 0; i < p->components; i++) {
		uint32_t k = p->first_component + i;
		if (all || rule_component_current(c, &c->components[k]))
			any->children[any->n_children++] = rule_of_component(c, k);
	}
	*os = (struct rule) { .op = RULE_OS, .name = p->os, .component = CATALOG_NONE };
	*top = (struct rule) {
		.op = RULE_AND, .component = CATALOG_NONE, .children = os, .n_children = 2
	};
	if (p->os.n == 0) { /* for any os: no os condition */
		top->children = any;
		top->n_children = 1;
	}
	return top;
}

struct rule *rule_of_patch(const struct catalog *c, uint32_t patch, struct arena *a)
{
	return of_patch(c, patch, false, a);
}

struct rule *rule_of_patch_all(const struct catalog *c, uint32_t patch, struct arena *a)
{
	return of_patch(c, patch, true, a);
}

static const struct {
	enum fact_kind fact;
	enum pkgver_scheme scheme;
	bool source;
	const char *comparator, *for_all;
} kinds[RULE_OPS_] = {
	[RULE_DEB_BIN] = { FACT_DEB, PKGVER_DEB, false, "dpkg version order", "all" },
	[RULE_DEB_SRC] = { FACT_DEB, PKGVER_DEB, true, "dpkg version order", "all" },
	[RULE_RPM] = { FACT_RPM, PKGVER_RPM, false, "rpm version order", "noarch" },
	[RULE_APK] = { FACT_APK, PKGVER_APK, false, "apk version order", "noarch" },
	[RULE_APK_SRC] = { FACT_APK, PKGVER_APK, true, "apk version order", "noarch" },
};

enum pkgver_scheme rule_scheme(enum fact_kind kind)
{
	return kind == FACT_RPM ? PKGVER_RPM : kind == FACT_APK ? PKGVER_APK : PKGVER_DEB;
}

const char *rule_comparator(enum rule_op op)
{
	return kinds[op].comparator ? kinds[op].comparator : "equal";
}

static bool compares(enum rule_compare how, int order)
{
	switch (how) {
	case RULE_LT: return order < 0;
	case RULE_LE: return order <= 0;
	case RULE_EQ: return order == 0;
	case RULE_GE: return order >= 0;
	case RULE_GT: return order > 0;
	default: return true;
	}
}

/* Where one side does not know its stream, the numbers that streams are named by may rule it out:
 * what is of "nodejs:20" is not for a build 18.20, nor what begins with 20 for one of "nodejs:18".
 */
static bool same_stream(const struct rule *c, const struct fact_package *fact)
{
	bool any = str_is(c->module, RULE_MODULE_ANY);
	if (str_eq(c->module, fact->module) || c->module.n == 0)
		return c->module.n == fact->module.n;
	if (fact->module.n == 0)
		return rpm_lineage(fact->version) == RPM_LINEAGE_MODULE &&
		       (any || !rpm_stream_leads(c->module, c->version) ||
			rpm_stream_leads(c->module, fact->version));
	return any && (c->version.n == 0 || !rpm_stream_leads(fact->module, fact->version) ||
		       rpm_parts_alike(fact->version, c->version) > 0);
}

/* Builds that dnf compares whatever their streams: of modules and of none, by version alone. */
static bool comparable(const struct rule *c, const struct fact_package *fact)
{
	enum rpm_lineage a = rpm_lineage(c->version), b = rpm_lineage(fact->version);
	return (a == RPM_LINEAGE_MODULE ? RPM_LINEAGE_PLAIN : a) ==
	       (b == RPM_LINEAGE_MODULE ? RPM_LINEAGE_PLAIN : b);
}

/* A condition without a version says nothing of the kind of build. */
static bool same_lineage(const struct rule *c, const struct fact_package *fact)
{
	if (!same_stream(c, fact))
		return false;
	return c->version.n == 0 || rpm_lineage(c->version) == rpm_lineage(fact->version);
}

bool rule_facts_rival(const struct fact_package *a, const struct fact_package *b)
{
	return a->kind == FACT_RPM && b->kind == FACT_RPM && str_eq(a->arch, b->arch) &&
	       str_eq(a->module, b->module) && rpm_lineage(a->version) == rpm_lineage(b->version);
}

struct str rule_native_arch(const struct rule *c, const struct fact_package *fact)
{
	return str_is(c->arch, kinds[c->op].for_all) ? fact->arch : c->arch;
}

static struct rule_hit put(const struct rule *c, const struct fact_package *fact, bool offered)
{
	const bool source = kinds[c->op].source;
	struct str version = source ? fact->source_version : fact->version;
	struct str for_all = str_of(kinds[c->op].for_all);
	struct rule_hit hit = { .applies = true };
	if (!source && c->arch.n > 0 && !str_eq(c->arch, fact->arch)) {
		bool is_for_all = str_eq(c->arch, for_all);
		hit.native_only = is_for_all ? fact->kind == FACT_DEB : str_eq(fact->arch, for_all);
		hit.applies = is_for_all || hit.native_only;
	}
	if (hit.applies && c->op == RULE_RPM)
		hit.applies = offered ? comparable(c, fact) : same_lineage(c, fact);
	if (hit.applies && c->above.n > 0)
		hit.applies = pkgver_compare(kinds[c->op].scheme, version, c->above) > 0;
	if (!hit.applies || c->compare == RULE_ANY) {
		hit.holds = hit.applies;
		return hit;
	}
	int order = pkgver_compare(kinds[c->op].scheme, version, c->version);
	hit.holds = compares(c->compare, order);
	hit.beyond = !hit.holds && c->compare <= RULE_EQ && order >= 0;
	return hit;
}

struct rule_hit rule_fact(const struct rule *c, const struct fact_package *fact)
{
	return put(c, fact, false);
}

struct rule_hit rule_fact_offered(const struct rule *c, const struct fact_package *fact)
{
	return put(c, fact, true);
}

bool rule_os_matches(struct str condition, const struct fact_os *fact)
{
	if (condition.n == 0)
		return true;
	struct str version = condition, id;
	if (!str_split(&version, ':', &id) || !str_eq(id, fact->id) || version.n == 0)
		return false;
	return str_eq(version, fact->version) || str_eq(version, fact->codename);
}

const uint32_t *rule_facts(const struct rule *condition, const struct fleet *f, uint32_t *n_out)
{
	enum fact_kind kind = kinds[condition->op].fact;
	return kinds[condition->op].source ? fleet_facts_by_source(f, kind, condition->name, n_out)
					   : fleet_facts_by_name(f, kind, condition->name, n_out);
}
