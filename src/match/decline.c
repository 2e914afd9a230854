/* SPDX-License-Identifier: Apache-2.0
 * What is declined (S-09): of a patch nothing, everything, or the hosts of some groups. The hosts
 * of groups are kept as masks, one for each choice of groups, shared by the patches declined for
 * it. Invariant: counters are by the hosts a mask has, not by what its groups are; a mask changes
 * together with the counters, by the hosts that came and went. So whatever happens to groups, hosts
 * and time between two looks, counters and verdicts agree with each other. */
#include "base/clock.h"
#include "base/intern.h"
#include "match/filter.h"
#include "match/match_int.h"

#define GROUP_ID 32u
/* After a look that took so long, as many times so long there is none. */
#define REST_TIMES 10

/* --- masks --- */

static int compare_ids(const void *a, const void *b)
{
	return memcmp(a, b, GROUP_ID);
}

/* Ascending, each once. */
static void sort_ids(struct buf *ids)
{
	size_t n = ids->n / GROUP_ID, kept = 0;
	ASSERT(ids->n % GROUP_ID == 0);
	if (n > 1)
		qsort(ids->p, n, GROUP_ID, compare_ids);
	for (size_t i = 0; i < n; i++) {
		const char *id = ids->p + i * GROUP_ID;
		if (kept > 0 && compare_ids(ids->p + (kept - 1) * GROUP_ID, id) == 0)
			continue;
		memmove(ids->p + kept++ * GROUP_ID, id, GROUP_ID);
	}
	ids->n = kept * GROUP_ID;
}

static struct mask *add_mask(struct match *m, struct str groups, roaring_bitmap_t *hosts)
{
	struct mask *mask = xcalloc(1, sizeof(*mask));
	mask->groups = str_dup(groups);
	mask->hosts = hosts;
	VEC_PUSH(&m->masks, mask);
	m->n_masks = m->masks.n;
	return mask;
}

const struct mask *decline_saved_mask(struct match *m, roaring_bitmap_t *hosts)
{
	return add_mask(m, STR_LIT(""), hosts);
}

static void free_mask(struct mask *mask)
{
	roaring_bitmap_free(mask->hosts);
	if (mask->fresh)
		roaring_bitmap_free(mask->fresh);
	xfree(mask->groups);
	xfree(mask);
}

void decline_done(struct match *m)
{
	for (size_t i = 0; i < m->masks.n; i++)
		free_mask(m->masks.p[i]);
	VEC_DONE(&m->masks);
}

/* What its groups are now. A group that is gone or means nothing has nobody in it: what is missing
 * is shown rather than hidden. So has one that asks for what declines decide. */
static roaring_bitmap_t *members(struct filter_run *run, const struct mask *mask)
{
	roaring_bitmap_t *all = roaring_bitmap_create();
	for (const char *id = mask->groups; *id; id += GROUP_ID) {
		struct str one = { id, GROUP_ID };
		const roaring_bitmap_t *hosts;
		struct err e;
		if (!filter_group_asks_status(run->v, one) &&
		    filter_group_named(run, one, &hosts, &e))
			roaring_bitmap_or_inplace(all, hosts);
	}
	return all;
}

/* The one of these groups; made with the hosts they have now when there is none. */
static struct mask *mask_of(struct match *m, struct filter_run *run, struct str groups)
{
	for (size_t i = 0; i < m->masks.n; i++)
		if (str_is(groups, m->masks.p[i]->groups))
			return m->masks.p[i];
	struct mask *mask = add_mask(m, groups, NULL);
	mask->hosts = members(run, mask);
	return mask;
}

/* Masks that no patch has go. */
static void drop_unused(struct match *m)
{
	const struct state *s = m->state;
	size_t kept = 0;
	for (size_t i = 0; i < m->masks.n; i++) {
		struct mask *mask = m->masks.p[i];
		bool used = false;
		for (uint32_t k = 0; k < s->catalog->n_patches && !used; k++)
			used = s->patches[k].mask == mask;
		if (used)
			m->masks.p[kept++] = mask;
		else
			free_mask(mask);
	}
	m->masks.n = kept;
	m->n_masks = kept;
}

/* --- asking --- */

struct answer {
	bool everywhere;
	const struct mask *mask;
};

static struct answer ask(struct match *m, struct filter_run *run, const struct patch *p,
			 struct buf *ids)
{
	struct answer out = { 0 };
	if (!m->declined)
		return out;
	buf_reset(ids);
	out.everywhere = m->declined(m->declined_arg, p, ids);
	if (out.everywhere || ids->n == 0)
		return out;
	sort_ids(ids);
	out.mask = mask_of(m, run, buf_str(ids));
	return out;
}

void decline_all(struct match *m, struct state *s)
{
	AUTO(buf_done) struct buf ids = BUF_INIT(SIZE_MAX / 2);
	AUTO(match_read_end) struct match_view v;
	AUTO(filter_run_end) struct filter_run run;
	match_read(m, &v);
	filter_run_begin(&run, &v, m->declined_now_ms);
	for (uint32_t i = 0; i < s->catalog->n_patches; i++) {
		struct answer a = ask(m, &run, &s->catalog->patches[i], &ids);
		s->patches[i].declined = a.everywhere;
		s->patches[i].mask = a.mask;
	}
}

/* --- a change --- */

struct change {
	uint32_t patch;
	struct answer to;
};

struct look {
	struct match *m;
	VEC(struct change) changes;
	/* while it is applied */
	struct tally_items items;
	VEC(roaring_bitmap_t *) own;
	/* of the last patch: others have the same */
	const roaring_bitmap_t *old, *new, *came, *went;
	roaring_bitmap_t *touched;
	bool all_touched;
};

static void look_done(struct look *l)
{
	for (size_t i = 0; i < l->own.n; i++)
		roaring_bitmap_free(l->own.p[i]);
	if (l->touched)
		roaring_bitmap_free(l->touched);
	VEC_DONE(&l->own);
	VEC_DONE(&l->changes);
	VEC_DONE(&l->items);
}
AUTO_DEFINE_VALUE(struct look, look_done)

static void refresh(struct filter_run *run, struct mask *mask)
{
	if (!mask->groups[0])
		return;
	mask->fresh = members(run, mask);
	if (!roaring_bitmap_equals(mask->fresh, mask->hosts))
		return;
	roaring_bitmap_free(mask->fresh);
	mask->fresh = NULL;
}

/* What there is to change, found while readers read on. `adopt` is held, so that it stays so. Who
 * asks for new answers takes members as they were at the last look: who came or went since is for
 * the next one, which tells of it. */
static void look(struct look *l, bool asks)
{
	struct match *m = l->m;
	AUTO(buf_done) struct buf ids = BUF_INIT(SIZE_MAX / 2);
	AUTO(match_read_end) struct match_view v;
	AUTO(filter_run_end) struct filter_run run;
	match_read(m, &v);
	filter_run_begin(&run, &v, m->declined_now_ms);
	bool fresh = asks;
	for (size_t i = 0; !asks && i < m->masks.n; i++) {
		refresh(&run, m->masks.p[i]);
		fresh = fresh || m->masks.p[i]->fresh;
	}
	for (uint32_t i = 0; fresh && i < v.catalog->n_patches; i++) {
		const struct patch_state *p = &m->state->patches[i];
		struct answer a = asks ? ask(m, &run, &v.catalog->patches[i], &ids)
				       : (struct answer) { p->declined, p->mask };
		if (a.everywhere != p->declined || a.mask != p->mask || (a.mask && a.mask->fresh))
			VEC_PUSH(&l->changes, ((struct change) { i, a }));
	}
}

static const roaring_bitmap_t *without(struct look *l, const roaring_bitmap_t *a,
				       const roaring_bitmap_t *b)
{
	roaring_bitmap_t *out = !a  ? roaring_bitmap_create()
				: b ? roaring_bitmap_andnot(a, b)
				    : roaring_bitmap_copy(a);
	VEC_PUSH(&l->own, out);
	return out;
}

/* The counters of a patch that is declined for other hosts than before. */
static void move(struct look *l, const struct change *c)
{
	const struct state *s = l->m->state;
	const struct patch_state *p = &s->patches[c->patch];
	const struct mask *to = c->to.mask;
	const roaring_bitmap_t *old = p->mask ? p->mask->hosts : NULL, *new = NULL;
	if (to)
		new = to->fresh ? to->fresh : to->hosts;
	if (!l->came || old != l->old || new != l->new) {
		l->old = old;
		l->new = new;
		l->came = without(l, new, old);
		l->went = without(l, old, new);
		roaring_bitmap_or_inplace(l->touched, l->came);
		roaring_bitmap_or_inplace(l->touched, l->went);
	}
	tally_move_patch(&l->items, s, c->patch, l->came, true);
	tally_move_patch(&l->items, s, c->patch, l->went, false);
}

static void change_patches_of(struct look *l)
{
	struct state *s = l->m->state;
	for (size_t i = 0; i < l->changes.n; i++) {
		const struct change *c = &l->changes.p[i];
		struct patch_state *p = &s->patches[c->patch];
		bool whole = p->declined || c->to.everywhere;
		p->declined = c->to.everywhere;
		p->mask = c->to.mask;
		state_count_off(p);
		state_total_patch(s, c->patch, 1);
		if (whole)
			tally_add_patch(&l->items, s, c->patch, s, c->patch, 1);
	}
}

static bool forget_health(uint32_t host, void *arg)
{
	healths_forget(arg, host);
	return true;
}

/* No reader, and no host changes. */
static void apply(struct look *l)
{
	struct match *m = l->m;
	struct state *s = m->state;
	l->touched = roaring_bitmap_create();
	for (size_t i = 0; i < l->changes.n; i++) {
		const struct change *c = &l->changes.p[i];
		state_total_patch(s, c->patch, -1);
		if (s->patches[c->patch].declined || c->to.everywhere) {
			tally_add_patch(&l->items, s, c->patch, s, c->patch, -1);
			l->all_touched = true;
		} else {
			move(l, c);
		}
	}
	for (size_t i = 0; i < m->masks.n; i++) {
		struct mask *mask = m->masks.p[i];
		if (!mask->fresh)
			continue;
		VEC_PUSH(&l->own, mask->hosts);
		mask->hosts = TAKE(mask->fresh);
	}
	change_patches_of(l);
	tally_sort(&l->items);
	tally_all(s, &l->items, fleet_host_count(m->fleet));
	if (l->all_touched)
		healths_forget_all(m);
	else
		roaring_iterate(l->touched, forget_health, m);
}

/* Of masks that no patch has. */
static void forget_fresh(struct match *m)
{
	for (size_t i = 0; i < m->masks.n; i++) {
		if (m->masks.p[i]->fresh)
			roaring_bitmap_free(m->masks.p[i]->fresh);
		m->masks.p[i]->fresh = NULL;
	}
}

static roaring_bitmap_t *only_in(const roaring_bitmap_t *a, const roaring_bitmap_t *b,
				 const roaring_bitmap_t *within)
{
	roaring_bitmap_t *out = a ? roaring_bitmap_and(a, within) : roaring_bitmap_create();
	if (b)
		roaring_bitmap_andnot_inplace(out, b);
	return out;
}

/* What changes on hosts that miss a patch; nothing has changed yet. */
static bool tell(const struct look *l, match_declined_moved_fn *fn, void *arg)
{
	AUTO(match_read_end) struct match_view v;
	VEC(struct match_declined_move) moves = { 0 };
	match_read(l->m, &v);
	for (size_t i = 0; i < l->changes.n; i++) {
		const struct change *c = &l->changes.p[i];
		const struct patch_state *p = &l->m->state->patches[c->patch];
		const roaring_bitmap_t *lack = p->set[SET_MISSING];
		if (!lack || p->declined || c->to.everywhere)
			continue;
		const struct mask *to = c->to.mask;
		const roaring_bitmap_t *old = p->mask ? p->mask->hosts : NULL, *new = NULL;
		if (to)
			new = to->fresh ? to->fresh : to->hosts;
		struct match_declined_move one = { c->patch, only_in(new, old, lack),
						   only_in(old, new, lack) };
		if (roaring_bitmap_is_empty(one.came) && roaring_bitmap_is_empty(one.went)) {
			roaring_bitmap_free(one.came);
			roaring_bitmap_free(one.went);
			continue;
		}
		VEC_PUSH(&moves, one);
	}
	bool good = !moves.n || fn(arg, &v, moves.p, moves.n);
	for (size_t i = 0; i < moves.n; i++) {
		roaring_bitmap_free(moves.p[i].came);
		roaring_bitmap_free(moves.p[i].went);
	}
	VEC_DONE(&moves);
	return good;
}

/* `adopt` is held. */
static bool change(struct match *m, bool asks, int64_t now_ms, match_declined_moved_fn *fn,
		   void *arg)
{
	AUTO(look_done) struct look l = { .m = m };
	m->declined_now_ms = now_ms;
	look(&l, asks);
	bool changes = l.changes.n > 0 && (!fn || tell(&l, fn, arg));
	if (changes) {
		fleet_read_lock(m->fleet);
		pthread_rwlock_wrlock(&m->lock);
		apply(&l);
		pthread_rwlock_unlock(&m->lock);
		fleet_read_unlock(m->fleet);
	}
	forget_fresh(m);
	if (asks)
		drop_unused(m);
	return changes;
}

/* --- the contract --- */

void match_set_declined(struct match *m, match_declined_fn *fn, void *arg, int64_t now_ms)
{
	pthread_mutex_lock(&m->adopt);
	m->declined = fn;
	m->declined_arg = arg;
	pthread_mutex_unlock(&m->adopt);
	match_declined_changed(m, now_ms);
}

void match_declined_changed(struct match *m, int64_t now_ms)
{
	pthread_mutex_lock(&m->adopt);
	(void)change(m, true, now_ms, NULL, NULL);
	pthread_mutex_unlock(&m->adopt);
	match_notify(m);
}

bool match_declined_follow(struct match *m, int64_t now_ms, bool at_once,
			   match_declined_moved_fn *fn, void *arg)
{
	int64_t begin = clock_mono_ms();
	if (m->n_masks == 0 || (!at_once && begin < m->rest) ||
	    pthread_mutex_trylock(&m->adopt) != 0)
		return false;
	bool changed = change(m, false, now_ms, fn, arg);
	int64_t end = clock_mono_ms();
	m->rest = end + REST_TIMES * (end - begin);
	pthread_mutex_unlock(&m->adopt);
	if (changed)
		match_notify(m);
	return changed;
}

bool match_is_declined(const struct match_view *v, uint32_t patch)
{
	return v->m->state->patches[patch].declined;
}

bool match_is_declined_on(const struct match_view *v, uint32_t patch, uint32_t host)
{
	return state_is_declined(&v->m->state->patches[patch], host);
}

bool match_is_declined_somewhere(const struct match_view *v, uint32_t patch)
{
	const struct patch_state *p = &v->m->state->patches[patch];
	return p->declined || p->mask;
}

uint32_t match_due_count(const struct match_view *v, uint32_t patch, enum verdict verdict)
{
	int set = set_of_verdict(verdict);
	ASSERT(set >= 0 && patch < v->catalog->n_patches);
	return state_shown(&v->m->state->patches[patch], (enum set)set);
}

uint32_t match_declined_count(const struct match_view *v, uint32_t patch)
{
	const struct patch_state *p = &v->m->state->patches[patch];
	uint32_t n = 0;
	for (enum set k = 0; k < SET_INSTALLED; k++)
		n += p->n[k] - state_shown(p, k);
	return n;
}

const roaring_bitmap_t *match_due_hosts(const struct match_view *v, uint32_t patch,
					enum verdict verdict, roaring_bitmap_t **own)
{
	const roaring_bitmap_t *all = match_hosts(v, patch, verdict);
	const struct patch_state *p = &v->m->state->patches[patch];
	*own = NULL;
	if (!all || verdict == VERDICT_INSTALLED)
		return all;
	if (p->declined)
		return NULL;
	if (!p->off[set_of_verdict(verdict)])
		return all;
	*own = roaring_bitmap_andnot(all, p->mask->hosts);
	return *own;
}

const roaring_bitmap_t *match_declined_hosts(const struct match_view *v, uint32_t patch,
					     enum verdict verdict, roaring_bitmap_t **own)
{
	const roaring_bitmap_t *all = match_hosts(v, patch, verdict);
	const struct patch_state *p = &v->m->state->patches[patch];
	*own = NULL;
	if (!all || verdict == VERDICT_INSTALLED)
		return NULL;
	if (p->declined)
		return all;
	if (!p->off[set_of_verdict(verdict)])
		return NULL;
	*own = roaring_bitmap_and(all, p->mask->hosts);
	return *own;
}
