/* SPDX-License-Identifier: Apache-2.0
 * See pair_list.h. A run makes one pass over the patches (filter, cardinality, the best few patches
 * at or beyond the place), then enters the bitmaps of those few. Every one of them has at least one
 * row on the list, so limit + 2 patches are enough for a page. */
#include "api/pair_list.h"

#include "api/unknown.h"
#include "base/intern.h"

enum { COL_ID, COL_KEV = 7, COL_EPSS };
static const char *const columns[] = { "id",	   "title", "product", "severity", "type",
				       "released", "size",  "kev",     "epss" };

static const enum verdict verdicts[PAIR_DECLINED] = {
	[PAIR_MISSING] = VERDICT_MISSING,
	[PAIR_HELD] = VERDICT_HELD,
	[PAIR_KEPT_BACK] = VERDICT_KEPT_BACK,
	[PAIR_PHASED] = VERDICT_PHASED,
	[PAIR_NEEDS_SUBSCRIPTION] = VERDICT_NEEDS_SUBSCRIPTION,
	[PAIR_INSTALLED] = VERDICT_INSTALLED,
};

const char *word_pair_state(unsigned i)
{
	if (i == PAIR_UNKNOWN)
		return verdict_name(VERDICT_UNKNOWN);
	return i == PAIR_DECLINED ? "declined" : verdict_name(verdicts[i]);
}

/* --- what is on the list --- */

static bool read_sort(struct pair_list *l, struct err *e)
{
	const char *given = query_text(&l->c->query, "sort");
	if (!given)
		given = "-severity";
	l->descending = given[0] == '-';
	for (l->column = 0; l->column < (int)ARRAY_LEN(columns); l->column++)
		if (strcmp(columns[l->column], given + l->descending) == 0)
			return true;
	call_blame(l->c, "?sort", "invalid_parameter", "one key of a patch");
	return call_fail(l->c, e, 400, "invalid_parameter", "'sort' does not know the key '%.60s'",
			 given + l->descending);
}

static roaring_bitmap_t *passing(struct call *c, struct system_filter *f)
{
	struct list_input in = system_candidates(c, f);
	roaring_bitmap_t *set = roaring_bitmap_create();
	for (uint32_t i = 0; i < in.n; i++) {
		uint32_t host = in.items ? in.items[i] : i;
		if (system_filter_failing(f, host) == 0)
			roaring_bitmap_add(set, host);
	}
	return set;
}

static roaring_bitmap_t *only(const struct match_view *v, const char *id)
{
	roaring_bitmap_t *set = roaring_bitmap_create();
	const struct host *h = fleet_host_by_id(v->fleet, str_of(id));
	if (h)
		roaring_bitmap_add(set, h->no);
	return set;
}

bool pair_list_init(struct pair_list *l, struct call *c, const struct match_view *v, struct err *e)
{
	const struct query *q = &c->query;
	const char *system = query_text(q, "system");
	struct system_filter f;
	*l = (struct pair_list) { .c = c, .v = v, .q = query_text(q, "q") };
	if (!read_sort(l, e))
		return false;
	patch_filter_read(c, &l->patches, q, v);
	l->patches.q = NULL;
	l->patches.view = VIEW_SUPPORTED;
	l->states = query_words(q, "state");
	if (l->states == 0)
		l->states = (1u << PAIR_STATES_) - 1;
	system_filter_read(c, &f, q, v);
	f.states = 0; /* `state` is the pair's, `os` the patch's */
	f.n_oses = 0;
	f.q = NULL;
	if (system)
		l->hosts = only(v, system);
	else if (f.healths || f.n_offices)
		l->hosts = passing(c, &f);
	if (l->q) {
		system_filter_read(c, &f, q, v);
		f.states = f.healths = 0;
		f.n_oses = f.n_offices = 0;
		l->named = passing(c, &f);
		if (l->hosts)
			roaring_bitmap_and_inplace(l->named, l->hosts);
	}
	return true;
}

void pair_list_done(struct pair_list *l)
{
	if (l->hosts)
		roaring_bitmap_free(l->hosts);
	if (l->named)
		roaring_bitmap_free(l->named);
	l->hosts = l->named = NULL;
}

/* The systems of the list for a patch; NULL = every one. */
static const roaring_bitmap_t *hosts_for(const struct pair_list *l, uint32_t patch)
{
	const struct catalog *cat = l->v->catalog;
	return l->q && !patch_has_text(cat, &cat->patches[patch], l->q) ? l->named : l->hosts;
}

enum pair_state pair_list_state(const struct pair_list *l, const struct pair *p)
{
	if (p->verdict == PAIR_INSTALLED &&
	    roaring_bitmap_contains(unknown_hosts(l->c, l->v), p->host))
		return PAIR_UNKNOWN;
	return p->verdict != PAIR_INSTALLED && match_is_declined_on(l->v, p->patch, p->host)
		       ? PAIR_DECLINED
		       : p->verdict;
}

/* Pairs whose patch was installed at a scan that is old. */
static int64_t count_old(const struct pair_list *l, uint32_t patch, const roaring_bitmap_t *within)
{
	const roaring_bitmap_t *installed = match_hosts(l->v, patch, VERDICT_INSTALLED),
			       *old = unknown_hosts(l->c, l->v);
	if (!installed || roaring_bitmap_is_empty(old))
		return 0;
	if (!within)
		return (int64_t)roaring_bitmap_and_cardinality(installed, old);
	roaring_bitmap_t *both = roaring_bitmap_and(old, within);
	int64_t n = (int64_t)roaring_bitmap_and_cardinality(installed, both);
	roaring_bitmap_free(both);
	return n;
}

/* Of a patch's hosts with a verdict those where it is declined, or the others. */
static int64_t count_within(const struct pair_list *l, uint32_t patch, enum pair_state s,
			    bool declined, const roaring_bitmap_t *within)
{
	roaring_bitmap_t *own;
	const roaring_bitmap_t *set = declined
					      ? match_declined_hosts(l->v, patch, verdicts[s], &own)
					      : match_due_hosts(l->v, patch, verdicts[s], &own);
	int64_t n = set ? (int64_t)roaring_bitmap_and_cardinality(set, within) : 0;
	if (own)
		roaring_bitmap_free(own);
	return n;
}

/* Pairs of a patch by state. */
static void count_patch(const struct pair_list *l, uint32_t patch, int64_t out[PAIR_STATES_])
{
	const roaring_bitmap_t *within = hosts_for(l, patch);
	memset(out, 0, sizeof(out[0]) * PAIR_STATES_);
	for (enum pair_state s = 0; s < PAIR_DECLINED; s++) {
		uint32_t n = match_count(l->v, patch, verdicts[s]),
			 due = match_due_count(l->v, patch, verdicts[s]);
		if (!within) {
			out[s] += due;
			out[PAIR_DECLINED] += n - due;
			continue;
		}
		if (due)
			out[s] += count_within(l, patch, s, false, within);
		if (n > due)
			out[PAIR_DECLINED] += count_within(l, patch, s, true, within);
	}
	int64_t old = count_old(l, patch, within);
	out[PAIR_INSTALLED] -= old;
	out[PAIR_UNKNOWN] += old;
}

/* --- the best patches at or beyond the place --- */

struct key {
	struct page_value value;
	struct str id;
};
struct ranked {
	uint32_t patch;
	struct key key;
};
struct run {
	struct pair_list *l;
	const struct pair_place *from;
	size_t limit;
	struct ranked *best; /* at most limit + 2, in the order of the run */
	size_t n_best;
	struct pair_rows *out;
};

static struct key key_of(const struct pair_list *l, uint32_t patch)
{
	struct key k = { .id = l->v->catalog->patches[patch].id };
	if (l->column >= COL_KEV)
		patch_enriched_value(&l->patches, patch, l->column == COL_EPSS, &k.value);
	else
		patch_value(l->v, patch, l->column, &k.value);
	return k;
}

/* Order of two patches on the list. */
static int key_cmp(const struct pair_list *l, const struct key *a, const struct key *b)
{
	int d = l->column == COL_ID ? 0 : page_value_cmp(&a->value, &b->value);
	if (d)
		return l->descending ? -d : d;
	d = str_cmp(a->id, b->id);
	return l->column == COL_ID && l->descending ? -d : d;
}

static void offer(struct run *r, uint32_t patch)
{
	struct ranked row = { patch, key_of(r->l, patch) };
	bool backward = r->from->backward;
	if (r->from->present) {
		struct key place = { r->from->value, r->from->patch };
		int d = key_cmp(r->l, &row.key, &place);
		if (backward ? d > 0 : d < 0)
			return;
	}
	size_t room = r->limit + 2, lo = 0, hi = r->n_best;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int d = key_cmp(r->l, &r->best[mid].key, &row.key);
		if (backward ? d > 0 : d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == room)
		return;
	size_t kept = MIN(r->n_best, room - 1);
	memmove(&r->best[lo + 1], &r->best[lo], (kept - lo) * sizeof(row));
	r->best[lo] = row;
	r->n_best = kept + 1;
}

/* --- rows of one patch --- */

/* Enters a bitmap at the place's row, or at its beginning (end). */
static roaring_uint32_iterator_t enter(const roaring_bitmap_t *set, bool backward,
				       const uint32_t *beyond)
{
	roaring_uint32_iterator_t it;
	if (!backward) {
		roaring_init_iterator(set, &it);
		if (beyond && roaring_move_uint32_iterator_equalorlarger(&it, *beyond) &&
		    it.current_value == *beyond)
			roaring_advance_uint32_iterator(&it);
		return it;
	}
	roaring_init_iterator(set, &it);
	if (!beyond || !roaring_move_uint32_iterator_equalorlarger(&it, *beyond))
		roaring_init_iterator_last(set, &it); /* all of it lies before */
	else
		roaring_previous_uint32_iterator(&it);
	return it;
}

/* Hosts with a verdict on a patch, in those states that are on the list; made ones in *own. */
static const roaring_bitmap_t *wanted_hosts(const struct pair_list *l, uint32_t patch,
					    enum pair_state verdict, roaring_bitmap_t **own)
{
	const roaring_bitmap_t *set = match_hosts(l->v, patch, verdicts[verdict]);
	bool installed = verdict == PAIR_INSTALLED, said = l->states >> verdict & 1,
	     other = l->states >> (installed ? PAIR_UNKNOWN : PAIR_DECLINED) & 1;
	if (!set || (!said && !other))
		return NULL;
	if (said && other)
		return set;
	if (!installed)
		return said ? match_due_hosts(l->v, patch, verdicts[verdict], own)
			    : match_declined_hosts(l->v, patch, verdicts[verdict], own);
	const roaring_bitmap_t *old = unknown_hosts(l->c, l->v);
	*own = said ? roaring_bitmap_andnot(set, old) : roaring_bitmap_and(set, old);
	return *own;
}

static void take_set(struct run *r, uint32_t patch, enum pair_state verdict, const uint32_t *beyond)
{
	const struct pair_list *l = r->l;
	const roaring_bitmap_t *within = hosts_for(l, patch);
	roaring_bitmap_t *own = NULL;
	const roaring_bitmap_t *set = wanted_hosts(l, patch, verdict, &own);
	if (set && within && own)
		roaring_bitmap_and_inplace(own, within);
	else if (set && within)
		set = own = roaring_bitmap_and(set, within);
	if (!set)
		return;
	roaring_uint32_iterator_t it = enter(set, r->from->backward, beyond);
	while (it.has_value && r->out->n <= r->limit) {
		r->out->p[r->out->n++] = (struct pair) { patch, it.current_value, verdict };
		if (r->from->backward)
			roaring_previous_uint32_iterator(&it);
		else
			roaring_advance_uint32_iterator(&it);
	}
	if (own)
		roaring_bitmap_free(own);
}

static void take_patch(struct run *r, const struct ranked *row)
{
	const struct pair_place *from = r->from;
	bool here = from->present && str_eq(row->key.id, from->patch);
	for (int i = 0; i < PAIR_DECLINED && r->out->n <= r->limit; i++) {
		int s = from->backward ? PAIR_DECLINED - 1 - i : i;
		if (here && (from->backward ? s > (int)from->verdict : s < (int)from->verdict))
			continue;
		take_set(r, row->patch, (enum pair_state)s,
			 here && s == (int)from->verdict ? &from->host : NULL);
	}
}

/* --- counts for the facets --- */

enum { FACET_SEVERITY, FACET_TYPE, FACET_OS }; /* and their bits in patch_filter_failing() */
struct facets {
	int64_t severity[SEVERITIES_], type[PATCH_TYPES_], state[PAIR_STATES_];
	struct intern *oses;
	VEC(int64_t) os;
};

static int64_t wanted(const struct pair_list *l, const int64_t counts[static PAIR_STATES_])
{
	int64_t n = 0;
	for (int s = 0; s < PAIR_STATES_; s++)
		n += l->states >> s & 1 ? counts[s] : 0;
	return n;
}

/* Of a filter, what would be on the list without it. */
static void count_facets(const struct pair_list *l, struct facets *f, uint32_t patch,
			 uint32_t failing, const int64_t counts[static PAIR_STATES_])
{
	const struct patch *p = &l->v->catalog->patches[patch];
	int64_t n = wanted(l, counts);
	if ((failing & ~(1u << FACET_SEVERITY)) == 0)
		f->severity[p->severity] += n;
	if ((failing & ~(1u << FACET_TYPE)) == 0)
		f->type[p->type] += n;
	for (int s = 0; failing == 0 && s < PAIR_STATES_; s++)
		f->state[s] += counts[s];
	if ((failing & ~(1u << FACET_OS)) == 0 && n > 0) {
		uint32_t no = intern_add(f->oses, p->os);
		while (f->os.n <= no)
			VEC_PUSH(&f->os, 0);
		f->os.p[no] += n;
	}
}

static void add_count(json_t *list, struct str value, int64_t n)
{
	if (n == 0)
		return;
	json_t *j = json_object();
	json_object_set_new(j, "value", json_text(value));
	json_object_set_new(j, "count", json_integer(n));
	json_array_append_new(list, j);
}

static json_t *facets_json(struct facets *f)
{
	json_t *severity = json_array(), *type = json_array(), *os = json_array(),
	       *state = json_array(), *j = json_object();
	for (int i = SEVERITIES_ - 1; i >= 0; i--)
		add_count(severity, str_of(severity_name((enum severity)i)), f->severity[i]);
	for (int i = 0; i < PATCH_TYPES_; i++)
		add_count(type, str_of(patch_type_name((enum patch_type)i)), f->type[i]);
	for (unsigned i = 0; i < PAIR_STATES_; i++)
		add_count(state, str_of(word_pair_state(i)), f->state[i]);
	for (uint32_t i = 0; i < f->os.n && i < LIST_MAX_FACET_VALUES; i++)
		add_count(os, intern_get(f->oses, i), f->os.p[i]);
	json_object_set_new(j, "severity", severity);
	json_object_set_new(j, "type", type);
	json_object_set_new(j, "os", os);
	json_object_set_new(j, "state", state);
	return j;
}

/* --- a run --- */

static void consider(struct run *r, struct facets *f, uint32_t patch)
{
	int64_t counts[PAIR_STATES_];
	uint32_t failing = patch_filter_failing(&r->l->patches, patch);
	if (failing && (!f || (failing & (failing - 1)) != 0))
		return; /* off the list, and off every facet */
	count_patch(r->l, patch, counts);
	if (f)
		count_facets(r->l, f, patch, failing, counts);
	int64_t n = failing ? 0 : wanted(r->l, counts);
	r->out->total += n;
	if (n > 0)
		offer(r, patch);
}

static void reverse(struct pair_rows *rows)
{
	for (size_t i = 0; i < rows->n / 2; i++) {
		struct pair t = rows->p[i];
		rows->p[i] = rows->p[rows->n - 1 - i];
		rows->p[rows->n - 1 - i] = t;
	}
}

void pair_list_run(struct pair_list *l, const struct pair_place *from, size_t limit, bool facets,
		   struct pair_rows *out)
{
	struct arena *a = l->c->arena;
	struct facets *f = facets ? arena_new(a, struct facets) : NULL;
	struct run r = { .l = l, .from = from, .limit = limit, .out = out };
	*out = (struct pair_rows) { .p = arena_array(a, struct pair, limit + 1) };
	r.best = arena_array(a, struct ranked, limit + 3);
	if (f)
		f->oses = intern_new();
	for (uint32_t i = 0; i < l->v->catalog->n_patches; i++)
		consider(&r, f, i);
	for (size_t i = 0; i < r.n_best && out->n <= limit; i++)
		take_patch(&r, &r.best[i]);
	out->more = out->n > limit;
	out->n = MIN(out->n, limit);
	if (from->backward)
		reverse(out);
	if (f) {
		out->facets = facets_json(f);
		intern_free(f->oses);
		VEC_DONE(&f->os);
	}
}

/* --- pages --- */

/* A row is told by its verdict, not by "declined": that changes, and its place would. */
struct pair_place pair_list_place(const struct pair_list *l, const struct pair *p)
{
	struct key k = key_of(l, p->patch);
	struct pair_place place = { .present = true, .verdict = p->verdict, .host = p->host };
	place.value = k.value;
	if (k.value.is_text)
		place.value.s = arena_str(l->c->arena, k.value.s);
	place.patch = arena_str(l->c->arena, k.id);
	return place;
}

#define CURSOR_VALUES 4

/* The system by its id: numbers are this run's own. */
static const char *cursor(const struct pair_list *l, bool backward, const struct pair *p)
{
	struct pair_place place = pair_list_place(l, p);
	const struct host *h = fleet_host(l->v->fleet, p->host);
	struct page_value at[CURSOR_VALUES] = { place.value,
						{ .i = (int64_t)p->verdict },
						{ .is_text = true, .s = str_of(h->id) },
						{ .is_text = true, .s = place.patch } };
	return page_cursor(l->c, backward, at, CURSOR_VALUES);
}

static void read_place(const struct pair_list *l, const struct page_position *from,
		       struct pair_place *out)
{
	*out = (struct pair_place) { .present = from->present, .backward = from->backward };
	if (!from->present)
		return;
	const struct host *h = fleet_host_by_id(l->v->fleet, from->at[2].s);
	out->value = from->at[0];
	out->verdict = (enum pair_state)from->at[1].i;
	out->host = h ? h->no : 0;
	out->patch = from->at[3].s;
}

static bool read_facets(const struct pair_list *l, bool *out, struct err *e)
{
	static const char *const known[] = { "severity", "type", "os", "state" };
	struct str *names;
	size_t n = query_list(&l->c->query, "facets", &names), i, k;
	for (i = 0; i < n; i++) {
		for (k = 0; k < ARRAY_LEN(known) && !str_is(names[i], known[k]); k++)
			;
		if (k == ARRAY_LEN(known)) {
			call_blame(l->c, "?facets", "invalid_parameter", "unknown facet");
			return call_fail(l->c, e, 400, "invalid_parameter",
					 "'facets' does not know '%.*s'", (int)MIN(names[i].n, 60),
					 names[i].p);
		}
	}
	*out = n > 0;
	return true;
}

bool pair_list_page(struct pair_list *l, struct pair_rows *out, json_t **page_out, struct err *e)
{
	struct page_position position;
	struct pair_place from;
	size_t limit;
	bool facets = false;
	if (!page_read(l->c, CURSOR_VALUES, &limit, &position, e) || !read_facets(l, &facets, e))
		return false;
	read_place(l, &position, &from);
	pair_list_run(l, &from, limit, facets, out);
	bool next = from.backward ? from.present : out->more,
	     prev = from.backward ? out->more : from.present;
	*page_out = page_json(l->c, out->n && next ? cursor(l, false, &out->p[out->n - 1]) : NULL,
			      out->n && prev ? cursor(l, true, &out->p[0]) : NULL, out->total);
	return true;
}
