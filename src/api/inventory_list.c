/* SPDX-License-Identifier: Apache-2.0
 * A host's installed packages as rows; "hold" facts join as a flag. Rows are views into the fleet's
 * memory. */
#include "api/inventory_list.h"

#include "base/intern.h"

struct package {
	struct fact_package fact;
	struct str key; /* name, architecture and version (kernels): the id of the list */
	bool held;
};
struct packages {
	struct package *p;
	uint32_t n;
	const char *q;
};

static struct str hold_key(struct call *c, enum fact_kind kind, struct str name, struct str arch)
{
	return str_of(
		arena_printf(c->arena, "%d:%.*s:%.*s", (int)kind, STR_ARG(name), STR_ARG(arch)));
}

/* For its architecture, or for all. */
static bool is_held(struct call *c, const struct intern *held, const struct fact_package *p)
{
	return intern_find(held, hold_key(c, p->kind, p->name, p->arch)) != INTERN_NONE ||
	       intern_find(held, hold_key(c, p->kind, p->name, STR_LIT(""))) != INTERN_NONE;
}

static void gather(struct call *c, const struct match_view *v, const struct host *h,
		   struct packages *out)
{
	uint32_t *facts = arena_array(c->arena, uint32_t, h->n_facts + 1);
	AUTO(intern_free) struct intern *held = intern_new();
	fleet_host_facts(h, facts);
	out->p = arena_array(c->arena, struct package, h->n_facts + 1);
	for (uint32_t i = 0; i < h->n_facts; i++) {
		struct fact_hold hold;
		struct package *p = &out->p[out->n];
		if (fleet_fact_hold(v->fleet, facts[i], &hold)) {
			intern_add(held, hold_key(c, hold.package, hold.name, hold.arch));
		} else if (fleet_fact_package(v->fleet, facts[i], &p->fact)) {
			p->key = str_of(arena_printf(c->arena, "%.*s:%.*s:%.*s",
						     STR_ARG(p->fact.name), STR_ARG(p->fact.arch),
						     STR_ARG(p->fact.version)));
			out->n++;
		}
	}
	for (uint32_t i = 0; i < out->n; i++)
		out->p[i].held = is_held(c, held, &out->p[i].fact);
}

static void value(void *arg, uint32_t item, int column, struct page_value *out)
{
	const struct packages *all = arg;
	(void)column;
	*out = (struct page_value) { .is_text = true, .s = all->p[item].key };
}

static bool has(struct str s, const char *q)
{
	/* Not NUL-terminated: a fact's field ends at a tab. */
	size_t n = strlen(q);
	for (size_t i = 0; i + n <= s.n; i++)
		if (strncasecmp(s.p + i, q, n) == 0)
			return true;
	return false;
}

static uint32_t failing(void *arg, uint32_t item)
{
	const struct packages *all = arg;
	const struct fact_package *d = &all->p[item].fact;
	return all->q && !has(d->name, all->q) && !has(d->source, all->q);
}

static const char *const columns[] = { "name", NULL };
static const struct list_kind kind = {
	.columns = columns, .default_sort = "name", .value = value, .failing = failing
};

static json_t *package_json(const struct package *p)
{
	json_t *j = json_object();
	json_object_set_new(j, "kind", json_string(fact_kind_name(p->fact.kind)));
	json_object_set_new(j, "name", json_text(p->fact.name));
	json_object_set_new(j, "arch", json_text(p->fact.arch));
	json_object_set_new(j, "version", json_text(p->fact.version));
	json_object_set_new(j, "source", json_text(p->fact.source));
	json_object_set_new(j, "source_version", json_text(p->fact.source_version));
	json_object_set_new(j, "module", json_text(p->fact.module));
	json_object_set_new(j, "held", json_boolean(p->held));
	return j;
}

bool inventory_list_reply(struct call *c, const struct match_view *v, const struct host *h,
			  struct err *e)
{
	struct packages all = { .q = query_text(&c->query, "q") };
	struct list_page page;
	gather(c, v, h, &all);
	if (!list_run(c, &kind, &all, (struct list_input) { NULL, all.n }, &page, e))
		return false;
	json_t *items = json_array();
	for (size_t i = 0; i < page.n; i++)
		json_array_append_new(items, package_json(&all.p[page.items[i]]));
	return call_json(c, 200, list_reply(items, &page));
}
