/* SPDX-License-Identifier: Apache-2.0
 * What a condition means: made of a component, put to one fact. Both evaluators, the forward pass
 * and the verdict bitmaps decide by rule_fact() and rule_os_matches() alone. */
#include "match/rule.h"
#include "pkgver/pkgver.h"

static const char *const op_names[RULE_OPS_] = { "and", "or", "not", "os", "deb-bin", "deb-src" };
static const char *const truth_names[] = { "false", "true", "unknown" };

const char *rule_op_name(enum rule_op op)
{
	return op_names[op];
}

const char *rule_truth_name(enum rule_truth t)
{
	return truth_names[t];
}

bool rule_component_current(const struct component *c)
{
	return c->superseded_by == CATALOG_NONE ||
	       (c->kind == COMPONENT_DEB_SRC && c->archive == CATALOG_NONE);
}

struct rule rule_of_component(const struct catalog *c, uint32_t component)
{
	const struct component *p = &c->components[component];
	return (struct rule) {
		.op = p->kind == COMPONENT_DEB_SRC ? RULE_DEB_SRC : RULE_DEB_BIN,
		.compare = RULE_LT,
		.name = p->name,
		.arch = p->kind == COMPONENT_DEB_SRC ? STR_LIT("") : p->arch,
		.version = p->version,
		.above = p->above,
		.component = component,
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
		if (all || rule_component_current(&c->components[k]))
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

static bool compares(enum rule_compare how, struct str version, struct str with)
{
	if (how == RULE_ANY)
		return true;
	int order = deb_compare(version, with);
	switch (how) {
	case RULE_LT: return order < 0;
	case RULE_LE: return order <= 0;
	case RULE_EQ: return order == 0;
	case RULE_GE: return order >= 0;
	default: return order > 0;
	}
}

struct rule_hit rule_fact(const struct rule *c, const struct fact_deb *fact)
{
	bool source = c->op == RULE_DEB_SRC;
	struct str version = source ? fact->source_version : fact->version;
	struct rule_hit hit = { .applies = true };
	if (!source && c->arch.n > 0 && !str_is(c->arch, "all") && !str_eq(c->arch, fact->arch)) {
		hit.native_only = str_is(fact->arch, "all");
		hit.applies = hit.native_only;
	}
	if (hit.applies && c->above.n > 0)
		hit.applies = deb_compare(version, c->above) > 0;
	hit.holds = hit.applies && compares(c->compare, version, c->version);
	return hit;
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
	return condition->op == RULE_DEB_SRC ? fleet_facts_by_deb_src(f, condition->name, n_out)
					     : fleet_facts_by_deb(f, condition->name, n_out);
}
