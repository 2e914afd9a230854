/* SPDX-License-Identifier: Apache-2.0
 * Every sort key is made a number: texts by their place in an order that the roster keeps (or, for
 * texts that repeat, in one made of their few values), so that rows are compared without a look at
 * a text. Where a cursor stands is looked up in the same orders: twice the place, less one when its
 * text is nobody's any more. The best limit + 1 rows are kept in a heap, the worst on top. */
#include "api/system_page.h"

#include <stdlib.h>

/* --- keys --- */

struct word_rank {
	struct str text;
	uint32_t word, rank;
};
struct key {
	enum system_column_name column;
	bool down;
	const uint32_t *places; /* by host */
	enum roster_word words;
	struct word_rank *sorted; /* by text, when the key is a word's */
	uint32_t n_sorted, *rank; /* rank: by word */
	const uint8_t *bytes;	  /* by host */
};
struct row {
	uint32_t host;
	int64_t at[PAGE_MAX_VALUES];
};
struct page {
	struct system_set set;
	const struct match_view *v;
	struct key key[PAGE_MAX_VALUES];
	size_t n_keys;
	bool backward;
	const struct page_position *from; /* NULL = from the start */
	struct row at;			  /* the cursor's keys; its id is the last of `from` */
	struct row *heap;
	size_t n_heap, room;
	int64_t total, behind;
	uint32_t wanted;
	int64_t *counts[SYSTEM_FACETS_];
	const struct system_column *facet[SYSTEM_FACETS_];
};

static struct page_value text_value(struct str s)
{
	return (struct page_value) { .is_text = true, .s = s };
}

static int text_cmp(struct str a, struct str b)
{
	const struct page_value x = text_value(a), y = text_value(b);
	return page_value_cmp(&x, &y);
}

static int by_text(const void *a, const void *b)
{
	const struct word_rank *x = a, *y = b;
	return text_cmp(x->text, y->text);
}

static struct str word_text(const struct system_set *s, enum roster_word which, uint32_t word)
{
	return which == ROSTER_RELEASE ? roster_release(s->roster, word).os_name
				       : roster_word(s->roster, which, word);
}

static void rank_words(struct call *c, struct page *p, struct key *k, enum roster_word which)
{
	uint32_t n = roster_words(p->set.roster, which), rank = 0;
	k->words = which;
	k->n_sorted = n;
	k->sorted = arena_array(c->arena, struct word_rank, n + 1);
	k->rank = arena_array(c->arena, uint32_t, n + 1);
	for (uint32_t i = 0; i < n; i++)
		k->sorted[i] = (struct word_rank) { word_text(&p->set, which, i), i, 0 };
	qsort(k->sorted, n, sizeof(*k->sorted), by_text);
	for (uint32_t i = 0; i < n; i++) {
		if (i > 0 && text_cmp(k->sorted[i - 1].text, k->sorted[i].text) != 0)
			rank = i;
		k->rank[k->sorted[i].word] = k->sorted[i].rank = rank;
	}
}

static void prepare_key(struct call *c, struct page *p, struct key *k)
{
	switch (k->column) {
	case SYSTEM_BY_HOSTNAME:
		k->places = roster_places(p->set.roster, ROSTER_BY_HOSTNAME);
		break;
	case SYSTEM_BY_ADDRESS: k->places = roster_places(p->set.roster, ROSTER_BY_ADDRESS); break;
	case SYSTEM_BY_OS: rank_words(c, p, k, ROSTER_RELEASE); break;
	case SYSTEM_BY_OFFICE: rank_words(c, p, k, ROSTER_OFFICE); break;
	case SYSTEM_BY_VERSION: rank_words(c, p, k, ROSTER_AGENT); break;
	case SYSTEM_BY_HEALTH: k->bytes = system_set_column(&p->set, SYSTEM_HEALTH)->bytes; break;
	default: break;
	}
}

/* What no scan of late says is not known: a system's installed patches of an old scan. */
static bool is_old(const struct page *p, uint32_t host)
{
	return p->set.c.state[host] != HOST_ACTIVE ||
	       p->set.c.last_scan_ms[host] < MAX(p->set.oldest_ms, 1);
}

static int64_t count_key(const struct page *p, const struct key *k, uint32_t host)
{
	struct host_counts n;
	match_host_counts(p->v, host, &n);
	switch (k->column) {
	case SYSTEM_BY_MISSING: return n.missing_total;
	case SYSTEM_BY_CRITICAL: return n.missing[SEVERITY_CRITICAL];
	case SYSTEM_BY_IMPORTANT: return n.missing[SEVERITY_IMPORTANT];
	case SYSTEM_BY_INSTALLED: return is_old(p, host) ? 0 : n.installed;
	default: return n.held;
	}
}

/* Unsigned order as signed order. */
static int64_t id_key(uint64_t head)
{
	return (int64_t)(head ^ UINT64_C(1) << 63);
}

static inline int64_t key_of(const struct page *p, const struct key *k, uint32_t host)
{
	const struct roster_columns *c = &p->set.c;
	if (k->places)
		return 2 * (int64_t)k->places[host];
	if (k->rank)
		return 2 * (int64_t)k->rank[c->word[k->words][host]];
	switch (k->column) {
	case SYSTEM_BY_ID: return id_key(c->id_head[host]);
	case SYSTEM_BY_HEALTH: return k->bytes[host];
	case SYSTEM_BY_CONTACT: return __atomic_load_n(&c->last_contact_ms[host], __ATOMIC_RELAXED);
	case SYSTEM_BY_SCAN: return c->last_scan_ms[host];
	default: return count_key(p, k, host);
	}
}

/* --- where a cursor stands --- */

static int64_t word_place(const struct key *k, struct str text)
{
	uint32_t lo = 0, hi = k->n_sorted;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (text_cmp(k->sorted[mid].text, text) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	bool there = lo < k->n_sorted && text_cmp(k->sorted[lo].text, text) == 0;
	return there ? 2 * (int64_t)k->sorted[lo].rank : 2 * (int64_t)lo - 1;
}

static int64_t order_place(const struct page *p, enum roster_order which, struct str text)
{
	uint32_t place;
	bool there = roster_place_of(p->set.roster, which, text, &place);
	return 2 * (int64_t)place - !there;
}

static int64_t place_of(const struct page *p, const struct key *k, const struct page_value *at)
{
	uint64_t head = 0;
	switch (k->column) {
	case SYSTEM_BY_HOSTNAME: return order_place(p, ROSTER_BY_HOSTNAME, at->s);
	case SYSTEM_BY_ADDRESS: return order_place(p, ROSTER_BY_ADDRESS, at->s);
	case SYSTEM_BY_OS:
	case SYSTEM_BY_OFFICE:
	case SYSTEM_BY_VERSION: return word_place(k, at->s);
	case SYSTEM_BY_ID:
		for (size_t i = 0; i < 8; i++)
			head = head << 8 | (i < at->s.n ? (uint8_t)at->s.p[i] : 0);
		return id_key(head);
	default: return at->i;
	}
}

/* --- rows --- */

static int key_cmp(const struct page *p, const int64_t *a, const int64_t *b)
{
	for (size_t i = 0; i < p->n_keys; i++)
		if (a[i] != b[i])
			return (a[i] < b[i]) == !p->key[i].down ? -1 : 1;
	return 0;
}

static int by_id(const struct page *p, struct str a, struct str b)
{
	int d = str_cmp(a, b);
	return p->key[p->n_keys - 1].down ? -d : d;
}

static struct str id_of(const struct page *p, uint32_t host)
{
	return str_of(fleet_host(p->v->fleet, host)->id);
}

/* Order in which rows enter the page: outwards from the cursor. */
static int row_cmp(const struct page *p, const struct row *a, const struct row *b)
{
	int d = key_cmp(p, a->at, b->at);
	if (d == 0 && a->host != b->host)
		d = by_id(p, id_of(p, a->host), id_of(p, b->host));
	return p->backward ? -d : d;
}

/* Whether a row is at the cursor or on its other side. */
static bool is_behind(const struct page *p, const struct row *r)
{
	if (!p->from)
		return false;
	int d = key_cmp(p, r->at, p->at.at);
	if (d == 0)
		d = by_id(p, id_of(p, r->host), p->from->at[p->n_keys - 1].s);
	return p->backward ? d >= 0 : d <= 0;
}

static void sink(struct page *p, size_t i)
{
	for (;;) {
		size_t worst = i;
		for (size_t k = 2 * i + 1; k <= 2 * i + 2 && k < p->n_heap; k++)
			if (row_cmp(p, &p->heap[k], &p->heap[worst]) > 0)
				worst = k;
		if (worst == i)
			return;
		struct row t = p->heap[i];
		p->heap[i] = p->heap[worst];
		p->heap[worst] = t;
		i = worst;
	}
}

static void offer(struct page *p, const struct row *row)
{
	if (p->n_heap < p->room) {
		size_t i = p->n_heap++;
		for (; i > 0 && row_cmp(p, row, &p->heap[(i - 1) / 2]) > 0; i = (i - 1) / 2)
			p->heap[i] = p->heap[(i - 1) / 2];
		p->heap[i] = *row;
	} else if (row_cmp(p, row, &p->heap[0]) < 0) {
		p->heap[0] = *row;
		sink(p, 0);
	}
}

/* The first key alone mostly says that a row is worse than all that are kept. */
static bool is_worse(const struct page *p, int64_t first)
{
	if (p->n_heap < p->room || first == p->heap[0].at[0])
		return false;
	return (first > p->heap[0].at[0]) == (p->key[0].down == p->backward);
}

static void count(struct page *p, uint32_t host, uint32_t failing)
{
	for (int f = 0; f < SYSTEM_FACETS_; f++)
		if (p->counts[f] && (failing & ~(UINT32_C(1) << f)) == 0)
			p->counts[f][system_column_at(p->facet[f], host)]++;
}

static inline void consider(struct page *p, uint32_t host)
{
	uint32_t failing = system_set_failing(&p->set, host);
	if (p->wanted)
		count(p, host, failing);
	if (failing)
		return;
	p->total++;
	struct row row = { .host = host };
	row.at[0] = key_of(p, &p->key[0], host);
	if (is_worse(p, row.at[0]))
		return; /* and beyond the cursor, as those that are kept are */
	for (size_t i = 1; i < p->n_keys; i++)
		row.at[i] = key_of(p, &p->key[i], host);
	if (is_behind(p, &row))
		p->behind++;
	else
		offer(p, &row);
}

/* --- the reply --- */

struct facet_text {
	const struct system_set *set;
	enum system_facet which;
};

static struct str facet_text(void *arg, uint32_t value)
{
	const struct facet_text *t = arg;
	return system_set_text(t->set, t->which, value);
}

static json_t *facets_json(struct call *c, struct page *p)
{
	if (!p->wanted)
		return NULL;
	json_t *j = json_object();
	for (int f = 0; f < SYSTEM_FACETS_; f++) {
		struct facet_text t = { &p->set, (enum system_facet)f };
		if (p->counts[f])
			json_object_set_new(
				j, system_list_kind.facets[f],
				list_facet_json(c, p->facet[f]->n, p->counts[f], facet_text, &t));
	}
	return j;
}

/* Numbers as they were compared; texts as they are. */
static const char *cursor(struct call *c, const struct page *p, bool backward,
			  const struct row *row, const struct system_filter *f)
{
	struct page_value at[PAGE_MAX_VALUES];
	for (size_t i = 0; i < p->n_keys; i++) {
		system_list_kind.value((void *)f, row->host, p->key[i].column, &at[i]);
		if (!at[i].is_text)
			at[i].i = row->at[i];
	}
	return page_cursor(c, backward, at, p->n_keys);
}

/* Takes the heap apart into the page's order: worst first, so it is filled from its far end. */
static void unload(struct call *c, struct page *p, size_t limit, const struct system_filter *f,
		   struct list_page *out)
{
	bool more = p->n_heap > limit, back = p->backward;
	size_t n = more ? limit : p->n_heap;
	struct row *rows = arena_array(c->arena, struct row, limit + 1);
	while (p->n_heap > 0) {
		struct row worst = p->heap[0];
		p->heap[0] = p->heap[--p->n_heap];
		sink(p, 0);
		if (p->n_heap < limit)
			rows[back ? n - 1 - p->n_heap : p->n_heap] = worst;
	}
	out->items = arena_array(c->arena, uint32_t, n + 1);
	out->n = n;
	for (size_t i = 0; i < n; i++)
		out->items[i] = rows[i].host;
	bool next = n && (back ? p->behind > 0 : more), prev = n && (back ? more : p->behind > 0);
	out->page = page_json(c, next ? cursor(c, p, false, &rows[n - 1], f) : NULL,
			      prev ? cursor(c, p, true, &rows[0], f) : NULL, p->total);
}

static void prepare(struct call *c, struct page *p, const struct list_sort *sort)
{
	for (p->n_keys = 0; p->n_keys < sort->n; p->n_keys++) {
		struct key *k = &p->key[p->n_keys];
		k->column = (enum system_column_name)sort->columns[p->n_keys];
		k->down = sort->descending[p->n_keys];
		prepare_key(c, p, k);
		if (p->from)
			p->at.at[p->n_keys] = place_of(p, k, &p->from->at[p->n_keys]);
	}
	for (int f = 0; f < SYSTEM_FACETS_; f++) {
		if (!(p->wanted >> f & 1))
			continue;
		p->facet[f] = system_set_column(&p->set, (enum system_facet)f);
		p->counts[f] = arena_array(c->arena, int64_t, p->facet[f]->n + 1);
	}
}

bool system_page(struct call *c, const struct system_filter *f, struct list_input in,
		 struct list_page *out, struct err *e)
{
	struct page *p = arena_new(c->arena, struct page);
	struct page_position from;
	struct list_sort sort;
	size_t limit;
	if (!list_sort_read(c, &system_list_kind, &sort, e) ||
	    !list_facets_read(c, &system_list_kind, &p->wanted, e) ||
	    !page_read(c, sort.n, &limit, &from, e))
		return false;
	p->v = f->v;
	p->from = from.present ? &from : NULL;
	p->backward = from.backward;
	p->room = limit + 1;
	p->heap = arena_array(c->arena, struct row, p->room);
	system_set_init(&p->set, f);
	prepare(c, p, &sort);
	for (uint32_t i = 0; i < in.n; i++)
		consider(p, in.items ? in.items[i] : i);
	unload(c, p, limit, f, out);
	out->facets = facets_json(c, p);
	return true;
}
