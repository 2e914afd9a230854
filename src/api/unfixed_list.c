/* SPDX-License-Identifier: Apache-2.0
 * See unfixed_list.h. They are nobody's missing patch: there is nothing to install. Rows are views
 * into the snapshot that the match view pins. */
#include "api/unfixed_list.h"
#include "api/words.h"

struct row {
	const struct advisory *notice;
	struct fact_package installed;
	struct str key; /* notice and product: the id of the list */
};
struct rows {
	struct row *p;
	uint32_t n;
	const char *q;
};

static void gather(struct call *c, const struct match_view *v, const struct host *h,
		   struct rows *out)
{
	AUTO(xfree) struct host_unfixed *found = NULL;
	uint32_t n = match_host_unfixed(v, h->no, &found);
	out->p = arena_array(c->arena, struct row, n + 1);
	for (uint32_t i = 0; i < n; i++) {
		struct row *r = &out->p[out->n];
		const struct advisory *a = &v->catalog->unfixed[found[i].notice];
		if (!fleet_fact_package(v->fleet, found[i].fact, &r->installed))
			continue;
		r->notice = a;
		r->key = str_of(arena_printf(c->arena, "%.*s:%.*s:%u", STR_ARG(a->id),
					     STR_ARG(a->product), found[i].notice));
		out->n++;
	}
}

enum { COL_ID, COL_SEVERITY };
static const char *const columns[] = { "id", "severity", NULL };

static void value(void *arg, uint32_t item, int column, struct page_value *out)
{
	const struct rows *all = arg;
	if (column == COL_SEVERITY)
		*out = (struct page_value) { .i = all->p[item].notice->severity };
	else
		*out = (struct page_value) { .is_text = true, .s = all->p[item].key };
}

static uint32_t failing(void *arg, uint32_t item)
{
	const struct rows *all = arg;
	const struct advisory *a = all->p[item].notice;
	return all->q && !strcasestr(a->id.p, all->q) && !strcasestr(a->product.p, all->q);
}

static const struct list_kind kind = {
	.columns = columns, .default_sort = "-severity,id", .value = value, .failing = failing
};

static json_t *row_json(const struct match_view *v, const struct row *r)
{
	const struct advisory *a = r->notice;
	json_t *j = json_object();
	json_object_set_new(j, "id", json_text(a->id));
	json_object_set_new(j, "title", json_text(a->title));
	json_object_set_new(j, "product", json_text(a->product));
	json_object_set_new(j, "status", json_text(a->status));
	json_object_set_new(j, "severity", json_string(severity_name(a->severity)));
	json_object_set_new(j, "severity_raw", json_text(a->severity_raw));
	json_object_set_new(j, "severity_derived", json_boolean(a->severity_derived));
	json_object_set_new(j, "url", json_text(a->url));
	json_object_set_new(j, "package", json_text(r->installed.name));
	json_object_set_new(j, "installed", json_text(r->installed.version));
	json_object_set_new(j, "feed", json_text(v->catalog->feeds[a->feed].id));
	return j;
}

bool unfixed_list_reply(struct call *c, const struct match_view *v, const struct host *h,
			struct err *e)
{
	struct rows all = { .q = query_text(&c->query, "q") };
	struct list_page page;
	gather(c, v, h, &all);
	if (!list_run(c, &kind, &all, (struct list_input) { NULL, all.n }, &page, e))
		return false;
	json_t *items = json_array();
	for (size_t i = 0; i < page.n; i++)
		json_array_append_new(items, row_json(v, &all.p[page.items[i]]));
	return call_json(c, 200, list_reply(items, &page));
}
