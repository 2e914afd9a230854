/* SPDX-License-Identifier: Apache-2.0
 * What a filter depends on, through the groups it refers to. Each group is looked into once, so
 * that groups which refer to each other in a circle end it. */
#include "match/filter.h"

struct walk {
	const struct match_view *v;
	const char *id; /* the group that is looked for; NULL = what asks for the status */
	uint8_t *seen;	/* groups by number */
};

static bool is_status(const struct filter_field *f)
{
	return strcmp(f->name, "health") == 0 || strncmp(f->name, "missing", 7) == 0;
}

static bool in_group(struct walk *w, struct str id_or_name);

/* A filter's depth is bounded (FILTER_DEPTH), and each group is entered once. */
static bool in_filter(struct walk *w, const struct filter *x)
{
	for (size_t i = 0; i < x->n; i++)
		if (in_filter(w, x->of[i]))
			return true;
	if (x->kind != FILTER_TERM)
		return false;
	if (x->field->type != FILTER_GROUP)
		return !w->id && is_status(x->field);
	for (size_t i = 0; i < x->n_values; i++)
		if (in_group(w, x->values[i]))
			return true;
	return false;
}

static bool in_group(struct walk *w, struct str id_or_name)
{
	const struct group *g = fleet_group_find(w->v->fleet, id_or_name);
	uint32_t no = 0;
	if (!g)
		return false;
	while (fleet_group(w->v->fleet, no) != g)
		no++;
	if (w->seen[no]++)
		return false;
	if (w->id && strcmp(g->id, w->id) == 0)
		return true;
	AUTO(arena_done) struct arena a = { 0 };
	struct filter *x;
	return g->kind == GROUP_DYNAMIC && filter_parse(str_of(g->filter), &a, &x, NULL, NULL) &&
	       in_filter(w, x);
}

static struct walk begin(const struct match_view *v, const char *id)
{
	return (struct walk) { v, id, xcalloc((size_t)fleet_group_count(v->fleet) + 1, 1) };
}

bool filter_asks_status(const struct match_view *v, const struct filter *x)
{
	struct walk w = begin(v, NULL);
	bool yes = in_filter(&w, x);
	xfree(w.seen);
	return yes;
}

bool filter_group_asks_status(const struct match_view *v, struct str id_or_name)
{
	struct walk w = begin(v, NULL);
	bool yes = in_group(&w, id_or_name);
	xfree(w.seen);
	return yes;
}

bool filter_group_reaches(const struct match_view *v, struct str id_or_name, const char *id)
{
	struct walk w = begin(v, id);
	bool yes = in_group(&w, id_or_name);
	xfree(w.seen);
	return yes;
}
