/* SPDX-License-Identifier: Apache-2.0
 * The list engine: keyset pages by selection (a heap of limit + 1 rows), never a full sort. Rows
 * that tie on every sort key are told apart by their id, which is always the last key. */
#include "api/list.h"

#include "base/intern.h"
#include "base/vec.h"

#include <stdlib.h>

struct row {
	uint32_t item;
	struct page_value at[PAGE_MAX_VALUES];
};

struct list_facets {
	struct intern *values;
	VEC(int64_t) counts;
};

struct run {
	const struct list_kind *kind;
	void *arg;
	struct list_sort sort;
	struct page_position from;
	struct row *heap; /* the worst row of the page so far is heap[0] */
	size_t n_heap, room;
	int64_t total, behind; /* rows on the list; of these, on the other side of the cursor */
	struct list_facets facets[LIST_MAX_FACETS];
	uint32_t wanted_facets;
};

void list_facet_add(struct list_facets *f, struct str value)
{
	uint32_t no = intern_add(f->values, value);
	while (f->counts.n <= no)
		VEC_PUSH(&f->counts, 0);
	f->counts.p[no]++;
}

static int word_in(const char *const *words, struct str w)
{
	for (int i = 0; words && words[i]; i++)
		if (str_is(w, words[i]))
			return i;
	return -1;
}

bool list_sort_read(struct call *c, const struct list_kind *kind, struct list_sort *r,
		    struct err *e)
{
	const char *given = query_text(&c->query, "sort");
	struct str rest = str_of(given ? given : kind->default_sort), one;
	*r = (struct list_sort) { .n = 0 };
	bool has_id = false;
	while (str_split(&rest, ',', &one)) {
		bool down = one.n > 0 && one.p[0] == '-';
		struct str name = { one.p + down, one.n - down };
		int col = word_in(kind->columns, name);
		if (col < 0 || has_id || r->n == PAGE_MAX_VALUES - 1 + (col == 0)) {
			call_blame(c, "?sort", "invalid_parameter", "unknown or too many keys");
			return call_fail(c, e, 400, "invalid_parameter",
					 "'sort' does not know or cannot take the key '%.*s'",
					 (int)MIN(name.n, 60), name.p);
		}
		has_id = col == 0;
		r->columns[r->n] = col;
		r->descending[r->n++] = down;
	}
	if (!has_id) {
		r->columns[r->n] = 0;
		r->descending[r->n++] = false;
	}
	return true;
}

bool list_facets_read(struct call *c, const struct list_kind *kind, uint32_t *out, struct err *e)
{
	uint32_t wanted = 0;
	struct str *names;
	size_t n = query_list(&c->query, "facets", &names);
	for (size_t i = 0; i < n; i++) {
		int f = word_in(kind->facets, names[i]);
		if (f < 0) {
			call_blame(c, "?facets", "invalid_parameter", "unknown facet");
			return call_fail(c, e, 400, "invalid_parameter",
					 "'facets' does not know '%.*s'", (int)MIN(names[i].n, 60),
					 names[i].p);
		}
		wanted |= 1u << f;
	}
	*out = wanted;
	return true;
}

/* Order of two values of one sort key as the reader of a forward page sees them. */
static int value_cmp(const struct run *r, size_t i, const struct page_value *a,
		     const struct page_value *b)
{
	int d = r->sort.columns[i] == 0 ? str_cmp(a->s, b->s) : page_value_cmp(a, b);
	return r->sort.descending[i] ? -d : d;
}

static int key_cmp(const struct run *r, const struct page_value *a, const struct page_value *b)
{
	for (size_t i = 0; i < r->sort.n; i++) {
		int d = value_cmp(r, i, &a[i], &b[i]);
		if (d)
			return d;
	}
	return 0;
}

/* Order in which rows enter the page: outwards from the cursor. */
static int page_cmp(const struct run *r, const struct row *a, const struct row *b)
{
	int d = key_cmp(r, a->at, b->at);
	return r->from.backward ? -d : d;
}

static void heap_sink(struct run *r, size_t i)
{
	for (;;) {
		size_t worst = i;
		for (size_t k = 2 * i + 1; k <= 2 * i + 2 && k < r->n_heap; k++)
			if (page_cmp(r, &r->heap[k], &r->heap[worst]) > 0)
				worst = k;
		if (worst == i)
			return;
		struct row t = r->heap[i];
		r->heap[i] = r->heap[worst];
		r->heap[worst] = t;
		i = worst;
	}
}

static void heap_offer(struct run *r, const struct row *row)
{
	if (r->n_heap < r->room) {
		size_t i = r->n_heap++;
		for (; i > 0 && page_cmp(r, row, &r->heap[(i - 1) / 2]) > 0; i = (i - 1) / 2)
			r->heap[i] = r->heap[(i - 1) / 2];
		r->heap[i] = *row;
	} else if (page_cmp(r, row, &r->heap[0]) < 0) {
		r->heap[0] = *row;
		heap_sink(r, 0);
	}
}

static void count_facets(struct run *r, uint32_t item, uint32_t failing)
{
	for (int f = 0; r->wanted_facets >> f; f++)
		if (r->wanted_facets >> f & 1 && (failing & ~(1u << f)) == 0)
			r->kind->facet(r->arg, item, f, &r->facets[f]);
}

/* Whether the bounds of an item's first value already say on which side of the cursor it lies, and
 * if beyond, that the page is full of better ones. What ties is not decided here. */
static bool settled_by_bounds(struct run *r, uint32_t item)
{
	struct page_value low, high;
	if (!r->kind->bounds || !r->kind->bounds(r->arg, item, r->sort.columns[0], &low, &high))
		return false;
	if (r->from.present) {
		int a = value_cmp(r, 0, &low, &r->from.at[0]),
		    b = value_cmp(r, 0, &high, &r->from.at[0]);
		if (a == 0 || b == 0 || (a < 0) != (b < 0))
			return false;
		if (r->from.backward ? a > 0 : a < 0) {
			r->behind++;
			return true;
		}
	}
	if (r->n_heap < r->room)
		return false;
	int a = value_cmp(r, 0, &low, &r->heap[0].at[0]),
	    b = value_cmp(r, 0, &high, &r->heap[0].at[0]);
	return r->from.backward ? a < 0 && b < 0 : a > 0 && b > 0;
}

static void consider(struct run *r, uint32_t item)
{
	uint32_t failing = r->kind->failing ? r->kind->failing(r->arg, item) : 0;
	if (r->wanted_facets)
		count_facets(r, item, failing);
	if (failing)
		return;
	r->total++;
	if (settled_by_bounds(r, item))
		return;
	struct row row = { .item = item };
	for (size_t i = 0; i < r->sort.n; i++)
		r->kind->value(r->arg, item, r->sort.columns[i], &row.at[i]);
	if (r->from.present) {
		int d = key_cmp(r, row.at, r->from.at);
		if (r->from.backward ? d >= 0 : d <= 0) {
			r->behind++;
			return;
		}
	}
	heap_offer(r, &row);
}

struct facet_value {
	uint32_t no;
	int64_t count;
};

static int by_count(const void *a, const void *b)
{
	const struct facet_value *x = a, *y = b;
	return x->count != y->count ? (x->count < y->count) - (x->count > y->count)
				    : (x->no > y->no) - (x->no < y->no);
}

json_t *list_facet_json(struct call *c, uint32_t n, const int64_t *counts,
			struct str (*text)(void *arg, uint32_t value), void *arg)
{
	json_t *values = json_array();
	struct facet_value *v = arena_array(c->arena, struct facet_value, n + 1);
	size_t some = 0;
	for (uint32_t i = 0; i < n; i++)
		if (counts[i] > 0)
			v[some++] = (struct facet_value) { i, counts[i] };
	qsort(v, some, sizeof(v[0]), by_count);
	for (size_t i = 0; i < some && i < LIST_MAX_FACET_VALUES; i++) {
		json_t *one = json_object();
		json_object_set_new(one, "value", json_text(text(arg, v[i].no)));
		json_object_set_new(one, "count", json_integer(v[i].count));
		json_array_append_new(values, one);
	}
	return values;
}

static struct str interned(void *values, uint32_t value)
{
	return intern_get(values, value);
}

static json_t *facets_json(struct call *c, struct run *r)
{
	if (!r->wanted_facets)
		return NULL;
	json_t *j = json_object();
	for (int f = 0; f < LIST_MAX_FACETS; f++) {
		if (!(r->wanted_facets >> f & 1))
			continue;
		json_object_set_new(j, r->kind->facets[f],
				    list_facet_json(c, (uint32_t)r->facets[f].counts.n,
						    r->facets[f].counts.p, interned,
						    r->facets[f].values));
		intern_free(r->facets[f].values);
		VEC_DONE(&r->facets[f].counts);
	}
	return j;
}

/* Takes the heap apart into the page's order: worst first, so it is filled from its far end. */
static void unload(struct call *c, struct run *r, size_t limit, struct list_page *out)
{
	bool more = r->n_heap > limit, backward = r->from.backward;
	struct row *rows = arena_array(c->arena, struct row, limit + 1);
	size_t n = more ? limit : r->n_heap;
	while (r->n_heap > 0) {
		struct row worst = r->heap[0];
		r->heap[0] = r->heap[--r->n_heap];
		heap_sink(r, 0);
		if (r->n_heap < limit)
			rows[backward ? n - 1 - r->n_heap : r->n_heap] = worst;
	}
	out->items = arena_array(c->arena, uint32_t, n + 1);
	out->n = n;
	for (size_t i = 0; i < n; i++)
		out->items[i] = rows[i].item;
	bool has_next = backward ? r->behind > 0 : more, has_prev = backward ? more : r->behind > 0;
	out->page = page_json(
		c, n && has_next ? page_cursor(c, false, rows[n - 1].at, r->sort.n) : NULL,
		n && has_prev ? page_cursor(c, true, rows[0].at, r->sort.n) : NULL, r->total);
}

bool list_run(struct call *c, const struct list_kind *kind, void *arg, struct list_input in,
	      struct list_page *out, struct err *e)
{
	struct run *r = arena_new(c->arena, struct run);
	size_t limit;
	r->kind = kind;
	r->arg = arg;
	if (!list_sort_read(c, kind, &r->sort, e) ||
	    !list_facets_read(c, kind, &r->wanted_facets, e) ||
	    !page_read(c, r->sort.n, &limit, &r->from, e))
		return false;
	r->room = limit + 1;
	r->heap = arena_array(c->arena, struct row, r->room);
	for (int f = 0; f < LIST_MAX_FACETS; f++)
		if (r->wanted_facets >> f & 1)
			r->facets[f].values = intern_new();
	for (uint32_t i = 0; i < in.n; i++)
		consider(r, in.items ? in.items[i] : i);
	unload(c, r, limit, out);
	out->facets = facets_json(c, r);
	return true;
}

json_t *list_reply(json_t *items, struct list_page *p)
{
	json_t *j = json_object();
	json_object_set_new(j, "items", items);
	json_object_set_new(j, "page", p->page);
	if (p->facets)
		json_object_set_new(j, "facets", p->facets);
	return j;
}
