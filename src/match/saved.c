/* SPDX-License-Identifier: Apache-2.0
 * See saved.h. */
#include "match/saved.h"
#include "fleet/snapshot.h"
#include "match/host_view.h"

/* Bytes gathered under one lock. */
#define SLICE ((size_t)2 << 20)

struct saved_patch {
	struct sha256 rule;
	struct snapshot_place set[SETS_], mask; /* hosts it is declined on by groups */
	uint8_t severity, type, declined, known;
	uint32_t id_len; /* follows */
};

static void add_text(struct buf *b, struct str s)
{
	uint32_t n = (uint32_t)s.n;
	buf_add(b, &n, sizeof(n));
	buf_addstr(b, s);
}

/* Two patches with one digest ask the same of a host: what state_same_rule() compares. */
static struct sha256 rule_digest(const struct catalog *c, uint32_t patch)
{
	const struct patch *p = &c->patches[patch];
	AUTO(buf_done) struct buf b = BUF_INIT(SIZE_MAX / 2);
	add_text(&b, p->os);
	add_text(&b, p->availability);
	for (uint32_t i = 0; i < p->components; i++) {
		const struct component *k = &c->components[p->first_component + i];
		const uint8_t head[2] = { (uint8_t)k->kind, (uint8_t)(rule_component_current(c, k) |
								      k->by_default << 1) };
		buf_add(&b, head, sizeof(head));
		add_text(&b, k->name);
		add_text(&b, k->arch);
		add_text(&b, k->module);
		add_text(&b, k->version);
		add_text(&b, k->above);
		if (k->lane != CATALOG_NONE)
			buf_add(&b, &c->lanes[k->lane].hash, sizeof(c->lanes[k->lane].hash));
	}
	return digest_of(buf_str(&b));
}

/* --- writing --- */

/* Each once; `places` are by number of the mask. */
static void save_mask(const struct match *m, struct snapfile_writer *w, const struct mask *mask,
		      struct snapshot_place *places, struct snapshot_place *out)
{
	size_t i = 0;
	while (i < m->masks.n && m->masks.p[i] != mask)
		i++;
	if (!mask || i == m->masks.n)
		return;
	if (places[i].len == 0)
		snapshot_put_bitmap(w, mask->hosts, &places[i]);
	*out = places[i];
}

static bool save_sets(struct match *m, struct snapfile_writer *w, struct saved_patch *out,
		      struct err *e)
{
	uint32_t n = m->state->catalog->n_patches;
	AUTO(xfree) struct snapshot_place *masks = xcalloc(m->masks.n + 1, sizeof(*masks));
	snapfile_begin(w, SNAPFILE_SETS);
	for (uint32_t i = 0; i < n;) {
		fleet_read_lock(m->fleet);
		for (; i < n && snapfile_gathered(w) < SLICE; i++) {
			const struct patch_state *p = &m->state->patches[i];
			for (int k = 0; k < SETS_; k++)
				snapshot_put_bitmap(w, p->set[k], &out[i].set[k]);
			save_mask(m, w, p->mask, masks, &out[i].mask);
			out[i].declined = p->declined;
			out[i].known = p->live;
		}
		fleet_read_unlock(m->fleet);
		if (!snapfile_flush(w, e))
			return false;
	}
	return true;
}

static void save_patches(const struct match *m, struct snapfile_writer *w,
			 struct saved_patch *saved)
{
	const struct catalog *c = m->state->catalog;
	snapfile_begin(w, SNAPFILE_PATCHES);
	for (uint32_t i = 0; i < c->n_patches; i++) {
		saved[i].rule = rule_digest(c, i);
		saved[i].severity = (uint8_t)c->patches[i].severity;
		saved[i].type = (uint8_t)c->patches[i].type;
		saved[i].id_len = (uint32_t)c->patches[i].id.n;
		snapfile_put(w, &saved[i], sizeof(saved[i]));
		snapfile_put(w, c->patches[i].id.p, c->patches[i].id.n);
	}
}

static bool save_tallies(struct match *m, struct snapfile_writer *w, struct err *e)
{
	const struct state *s = m->state;
	uint64_t done = 0;
	snapfile_begin(w, SNAPFILE_TALLIES);
	for (bool more = true; more;) {
		fleet_read_lock(m->fleet);
		uint64_t n = MIN(s->tallies.n - done, SLICE / sizeof(struct tally));
		snapfile_put(w, s->tallies.p + done, n * sizeof(struct tally));
		done += n;
		more = done < s->tallies.n;
		fleet_read_unlock(m->fleet);
		if (!snapfile_flush(w, e))
			return false;
	}
	snapfile_mark_of(w)->counts[2] = s->catalog->n_patches;
	snapfile_mark_of(w)->counts[3] = done;
	return true;
}

/* `adopt` is held: the catalog stays. */
static bool save(struct match *m, struct snapfile_writer *w, struct err *e)
{
	AUTO(xfree)
	struct saved_patch *saved = xcalloc((size_t)m->state->catalog->n_patches + 1,
					    sizeof(*saved));
	if (!save_sets(m, w, saved, e))
		return false;
	save_patches(m, w, saved);
	return save_tallies(m, w, e);
}

bool match_save_snapshot(struct match *m, const char *path, struct err *e)
{
	AUTO(snapfile_close) struct snapfile_writer *w = NULL;
	if (!snapshot_possible(m->fleet))
		return true;
	if (!snapshot_begin(m->fleet, path, &w, e))
		return false;
	pthread_mutex_lock(&m->adopt);
	bool ok = save(m, w, e);
	pthread_mutex_unlock(&m->adopt);
	return ok && snapshot_end(m->fleet, w, e);
}

/* --- loading --- */

struct loaded_mask {
	uint64_t at;
	const struct mask *mask;
};
struct loading {
	struct match *m;
	struct state *next;
	const roaring_bitmap_t *reread;
	struct intern *ids; /* of the saved patches */
	struct saved_patch *saved;
	uint32_t n_saved, evaluated;
	VEC(struct loaded_mask) masks;
	bool exact; /* the saved counters are those of this catalog */
};

static bool read_patches(struct loading *x, const struct snapfile *s)
{
	struct str rest = snapfile_section(s, SNAPFILE_PATCHES);
	uint64_t n = snapfile_read_mark(s)->counts[2];
	if (n > rest.n / sizeof(*x->saved))
		return false;
	x->saved = xcalloc((size_t)n + 1, sizeof(*x->saved));
	for (uint64_t i = 0; i < n; i++) {
		struct saved_patch *p = &x->saved[i];
		if (rest.n < sizeof(*p))
			return false;
		memcpy(p, rest.p, sizeof(*p));
		rest = (struct str) { rest.p + sizeof(*p), rest.n - sizeof(*p) };
		if (p->id_len > rest.n ||
		    intern_add(x->ids, (struct str) { rest.p, p->id_len }) != i)
			return false;
		rest = (struct str) { rest.p + p->id_len, rest.n - p->id_len };
	}
	x->n_saved = (uint32_t)n;
	return true;
}

static roaring_bitmap_t *without(roaring_bitmap_t *b, const roaring_bitmap_t *hosts)
{
	if (!b || !roaring_bitmap_intersect(b, hosts))
		return b;
	snapshot_own(&b);
	roaring_bitmap_andnot_inplace(b, hosts);
	if (!roaring_bitmap_is_empty(b))
		return b;
	roaring_bitmap_free(b);
	return NULL;
}

/* The counters were made by it, so it holds until match_set_declined() says what holds now. */
static const struct mask *take_mask(struct loading *x, const struct snapfile *s,
				    const struct snapshot_place *p, bool *ok)
{
	for (size_t i = 0; i < x->masks.n; i++)
		if (x->masks.p[i].at == p->at && p->len > 0)
			return x->masks.p[i].mask;
	roaring_bitmap_t *hosts = snapshot_bitmap(snapfile_section(s, SNAPFILE_SETS), p, ok);
	if (!hosts)
		return NULL;
	const struct mask *mask = decline_saved_mask(x->m, hosts);
	VEC_PUSH(&x->masks, ((struct loaded_mask) { p->at, mask }));
	return mask;
}

/* Takes a patch's sets from the snapshot; false when it is to be evaluated. */
static bool take_sets(struct loading *x, const struct snapfile *s, uint32_t patch)
{
	const struct catalog *c = x->next->catalog;
	uint32_t k = intern_find(x->ids, c->patches[patch].id);
	if (k == INTERN_NONE || !x->saved[k].known)
		return false;
	const struct saved_patch *p = &x->saved[k];
	struct sha256 rule = rule_digest(c, patch);
	if (memcmp(&rule, &p->rule, sizeof(rule)) != 0)
		return false;
	bool ok = true;
	const struct mask *mask = take_mask(x, s, &p->mask, &ok);
	roaring_bitmap_t *sets[SETS_];
	for (int i = 0; i < SETS_; i++)
		sets[i] = snapshot_bitmap(snapfile_section(s, SNAPFILE_SETS), &p->set[i], &ok);
	for (int i = 0; i < SETS_; i++) {
		sets[i] = without(sets[i], x->reread);
		if (!ok && sets[i])
			roaring_bitmap_free(sets[i]);
	}
	if (!ok)
		return false;
	x->next->patches[patch].declined = p->declined;
	x->next->patches[patch].mask = mask;
	state_install(x->next, patch, sets);
	x->exact = x->exact && p->severity == c->patches[patch].severity &&
		   p->type == c->patches[patch].type;
	return true;
}

static void evaluate(struct loading *x, const bool *wanted)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < x->next->catalog->n_patches; i++)
		n += wanted[i];
	adopt_evaluate(x->m->fleet, x->next, wanted, false);
	x->exact = x->exact && n == 0;
	x->evaluated = n;
}

/* A host that changed since: into the sets it belongs to (those evaluated have it already), and its
 * counters. */
static void look_again(struct loading *x, const struct match_view *v, uint32_t host, uint8_t *seen)
{
	struct state *s = x->next;
	AUTO(host_view_done) struct host_view h;
	*tally_of(s, host) = (struct tally) { 0 };
	if (!host_view_init(v, host, &h))
		return;
	forward_pass(s, x->m->fleet, h.facts, h.rule_host.n_facts, seen);
	for (uint32_t i = 0; i < s->catalog->n_patches; i++) {
		int set = seen[i] ? set_of_verdict(forward_verdict(seen[i])) : -1;
		if (set < 0)
			continue;
		state_enter(s, host, i, (enum set)set);
		tally_patch(tally_of(s, host), &s->catalog->patches[i],
			    state_is_declined(&s->patches[i], host), (enum set)set, 1);
	}
}

static void look_again_at_all(struct loading *x)
{
	const struct match_view v = { .catalog = x->next->catalog, .fleet = x->m->fleet };
	AUTO(xfree) uint8_t *seen = xmalloc((size_t)x->next->catalog->n_patches + 1);
	roaring_uint32_iterator_t i;
	for (roaring_init_iterator(x->reread, &i); i.has_value; roaring_advance_uint32_iterator(&i))
		look_again(x, &v, i.current_value, seen);
}

static void load_tallies(struct loading *x, const struct snapfile *s)
{
	struct str bytes = snapfile_section(s, SNAPFILE_TALLIES);
	uint64_t n = snapfile_read_mark(s)->counts[3];
	uint32_t hosts = fleet_host_count(x->m->fleet);
	x->exact = x->exact && x->n_saved == x->next->catalog->n_patches && n <= hosts &&
		   bytes.n >= n * sizeof(struct tally);
	if (x->exact && n > 0) {
		tally_of(x->next, (uint32_t)n - 1);
		memcpy(x->next->tallies.p, bytes.p, n * sizeof(struct tally));
	}
}

static void count_all(struct loading *x)
{
	struct tally_items items = { 0 };
	memset(x->next->tallies.p, 0, x->next->tallies.n * sizeof(*x->next->tallies.p));
	for (uint32_t i = 0; i < x->next->catalog->n_patches; i++)
		tally_add_patch(&items, x->next, i, x->next, i, 1);
	tally_sort(&items);
	tally_all(x->next, &items, fleet_host_count(x->m->fleet));
	VEC_DONE(&items);
}

static void load_state(struct loading *x, const struct snapfile *s)
{
	const struct fleet *f = x->m->fleet;
	const uint32_t n = x->next->catalog->n_patches;
	AUTO(xfree) bool *wanted = xcalloc((size_t)n + 1, sizeof(*wanted));
	forward_reserve(x->next, f);
	for (uint32_t i = 0; i < n; i++)
		wanted[i] = !take_sets(x, s, i);
	evaluate(x, wanted);
	load_tallies(x, s);
	look_again_at_all(x);
	if (!x->exact)
		count_all(x);
	state_total(x->next);
}

void match_load_catalog(struct match *m, struct catalog *c, uint32_t *evaluated_out)
{
	const struct snapfile *s = fleet_snapshot(m->fleet);
	struct loading x = { .m = m, .reread = fleet_reread(m->fleet), .exact = true };
	x.ids = intern_new();
	*evaluated_out = c->n_patches;
	if (s && snapfile_own_program(s) && read_patches(&x, s)) {
		pthread_mutex_lock(&m->adopt);
		fleet_read_lock(m->fleet);
		x.next = state_new(c);
		load_state(&x, s);
		pthread_rwlock_wrlock(&m->lock);
		struct state *old = m->state;
		m->state = x.next;
		pthread_rwlock_unlock(&m->lock);
		fleet_read_unlock(m->fleet);
		state_free(old);
		pthread_mutex_unlock(&m->adopt);
		*evaluated_out = x.evaluated;
		match_notify(m);
	} else {
		match_set_catalog(m, c);
	}
	xfree(x.saved);
	VEC_DONE(&x.masks);
	intern_free(x.ids);
}
