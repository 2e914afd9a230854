/* SPDX-License-Identifier: Apache-2.0
 * Inside the match room only. A `state` is everything derived from one catalog snapshot and the
 * fleet; `match` holds the visible one and, while a new snapshot is evaluated, the next.
 *
 * Locks, in this order: adopt, fleet lock, match lock. State changes happen under the fleet's write
 * lock (a host changed: the listener) or, for a state nobody sees yet, under its read lock (which
 * keeps listeners out). The match lock is only for the swap of the visible state. */
#ifndef MATCH_MATCH_INT_H
#define MATCH_MATCH_INT_H
#include "base/intern.h"
#include "base/vec.h"
#include "catalog/catalog.h"
#include "match/blocks.h"
#include "match/match.h"
#include "match/rule.h"

#include <pthread.h>
#include <stdatomic.h>

enum set {
	SET_MISSING, /* from here to SET_SUBSCRIPTION in the order in which verdicts win */
	SET_HELD,
	SET_KEPT_BACK,
	SET_PHASED,
	SET_SUBSCRIPTION,
	SET_INSTALLED,
	SETS_
};

struct patch_state {
	roaring_bitmap_t *set[SETS_]; /* NULL = empty */
	uint32_t n[SETS_];
	uint32_t off[SETS_]; /* how many of them are in the mask; 0 without one, and of INSTALLED */
	const struct mask *mask; /* on these hosts it is declined; NULL = on none, or on all */
	bool live;		 /* the sets describe the fleet */
	bool declined;		 /* on all: counts nowhere but as declined, and as installed */
};

/* The hosts of some groups, shared by the patches that are declined for these (decline.c). */
struct mask {
	char *groups;		 /* their ids, ascending, each once; "" = as a snapshot had it */
	roaring_bitmap_t *hosts; /* counters are by these, whatever the groups have become */
	roaring_bitmap_t *fresh; /* while it is looked at again: what they have become, if else */
};

/* For whom a patch is: numbers of its os text in state->os and its availability in state->terms. */
struct patch_scope {
	uint32_t os, terms;
};

/* Counters of one host. */
struct tally {
	struct host_counts counts;
	uint32_t urgent[SEVERITIES_];  /* missing, held, kept back: security */
	uint32_t exposed[SEVERITIES_]; /* those and needing a subscription: security or rated */
};
struct totals {
	uint32_t patches[SETS_]; /* distinct ones with the set not empty */
	uint32_t security_missing;
	uint32_t missing_by_severity[SEVERITIES_];
	uint64_t missing_pairs;
};

struct state {
	struct catalog *catalog;
	struct patch_state *patches;
	struct patch_scope *scopes; /* by patch */
	struct intern *os, *terms, *archs;
	VEC(struct tally) tallies; /* by host number */
	uint32_t counted_to;	   /* hosts below this are counted; all once the state is visible */
	const uint32_t *carried;   /* while this is the next one: by patch of the visible state,
				      which patch of this one takes its sets, or CATALOG_NONE */
	struct totals totals;
	VEC(_Atomic(struct hits *)) hits; /* forward.c: by fact; NULL = not computed yet */
};

struct match {
	struct fleet *fleet;
	pthread_mutex_t adopt; /* one catalog at a time, and verification */
	pthread_rwlock_t lock; /* guards the pointer `state` */
	struct state *state, *next;
	atomic_uint_least64_t version;
	int64_t stale_ms;
	_Atomic(match_eol_fn *) eol;
	void *eol_arg;
	match_declined_fn *declined; /* under `adopt` */
	void *declined_arg;
	int64_t declined_now_ms;      /* under `adopt`: when masks were looked at last */
	VEC(struct mask *) masks;     /* under `adopt`; their hosts change under `lock` */
	atomic_size_t n_masks;	      /* for who wants to know without waiting */
	atomic_int_least64_t rest;    /* monotonic: not to be followed before */
	struct health_policy policy;  /* under `lock` */
	pthread_mutex_t classes_lock; /* between readers; see healths.c */
	VEC(uint8_t) classes;	      /* by host */
	struct match_adopter adopter; /* under `adopt` */
	pthread_mutex_t listener_lock;
	void (*listener)(void *arg, uint64_t version);
	void *listener_arg;
};

/* --- lines (lines.c): numbers of facts by what they say; INTERN_NONE / NULL when nobody has them
 * --- */
uint32_t match_line(const struct fleet *f, const struct str *words, size_t n);
uint32_t match_arch_fact(const struct fleet *f, struct str arch);
const roaring_bitmap_t *match_native_hosts(const struct fleet *f, struct str arch);

/* --- time (health.c, flags.c) --- */
bool match_is_stale(const struct match_view *v, uint32_t host, int64_t now_ms);
bool match_is_end_of_life(const struct match_view *v, uint32_t host, int64_t now_ms);

/* What a host's counters say of its status, as if its scan were of now. */
enum health health_by_counters(const struct match_view *v, uint32_t host);
/* The counters of a host, or of all, have changed, or the policy. No reader. */
void healths_forget(struct match *m, uint32_t host);
void healths_forget_all(struct match *m);

/* --- forward pass (forward.c) --- */
#define SEEN(set) (1u << (set)) /* a current component is outdated and ...; INSTALLED: is there */
#define SEEN_SUPERSEDED SEEN(SETS_) /* a superseded component is outdated */
enum verdict forward_verdict(uint8_t seen);
/* For every patch what the facts say; `seen` has room for the catalog's patches and is zeroed here.
 */
void forward_pass(const struct state *s, const struct fleet *f, const uint32_t *facts, uint32_t n,
		  uint8_t *seen);
/* The same step by step: a host's facts by their positions, each of which counts or not and adds
 * what it says; then, patch by patch, what is true of the host as a whole. */
struct hits;
struct forward {
	const struct state *state;
	const struct fleet *fleet;
	const uint32_t *facts;
	uint32_t n_facts;
	const struct hits **hits; /* by position */
	struct modules *modules;
	bool *os, *terms;	  /* by number of the state's texts: applies, is given */
	bool *outdone;		  /* by position: it does not count; NULL = all do */
	VEC(uint32_t) hindrances; /* facts that may hinder packages */
	VEC(struct hits *) own;
};
void forward_begin(struct forward *w, const struct state *s, const struct fleet *f,
		   const uint32_t *facts, uint32_t n);
bool forward_counts(const struct forward *w, uint32_t position);
void forward_add(const struct forward *w, uint32_t position, uint8_t *seen);
/* A package that the host does not have, as if it had. */
void forward_add_other(struct forward *w, uint32_t fact, uint8_t *seen);
uint8_t forward_finish(const struct forward *w, uint32_t patch, uint8_t seen);
void forward_end(struct forward *w);
AUTO_DEFINE_VALUE(struct forward, forward_end)
/* Whether none of these packages says anything of any patch. */
bool forward_silent(const struct state *s, const struct fleet *f, const uint32_t *facts,
		    uint32_t n);
/* Makes room for every fact of the fleet; exclusive access to `s` needed. */
void forward_reserve(struct state *s, const struct fleet *f);
void forward_done(struct state *s);
/* What facts say of patches that `next` has as `old` has them (`from` and `carried`, see adopt.c)
 * goes over to it. Exclusive access to both needed. */
void forward_carry(struct state *next, struct state *old, const struct fleet *f,
		   const uint32_t *from, const uint32_t *carried);

/* --- the fleet as bitmaps (eval.c) --- */
#define EVAL_SHELVES 64u
struct eval_shelf {
	enum component_kind kind;
	struct str name;
	struct shelf *shelf; /* readings.h; NULL = none */
};
#define EVAL_HINDERING 2u
#define EVAL_TOGETHER ((size_t)64) /* patches, at most */
/* What evaluations of several patches share. What eval_begin() makes is good while the fleet's read
 * lock is held. */
struct eval {
	const struct state *state;
	const struct fleet *fleet;
	const bool *wanted;		/* by patch: it is evaluated */
	roaring_bitmap_t **os, **terms; /* hosts per os text and per availability of the state;
					   NULL = every active one */
	uint32_t n_os, n_terms;
	struct intern *hindered;
	uint32_t hindering[EVAL_HINDERING]; /* facts of a kind that are in `hindered` */
	struct modules_fleet *modules;
	struct eval_shelf shelves[EVAL_SHELVES];
	VEC(struct shelf *) left; /* off the table, read for the patches at hand */
};
struct eval *eval_new(const struct state *s, const struct fleet *f, const bool *wanted);
void eval_free(struct eval *v);
AUTO_DEFINE(struct eval, eval_free)
void eval_begin(struct eval *v);
void eval_end(struct eval *v);
/* The sets of a patch (NULL = empty), the caller's. */
typedef roaring_bitmap_t *patch_sets[SETS_];
void eval_patches(struct eval *v, const uint32_t *patches, size_t n, patch_sets *out);
/* Wanted patches in the order in which they share most: those that ask by the same name side by
 * side. Array on the heap (xfree). */
uint32_t *eval_order(const struct catalog *c, const bool *wanted, size_t *n_out);
/* How many of these should be evaluated at once: those that ask by the same name first. */
size_t eval_together(const struct eval *v, const uint32_t *order, size_t n);

/* --- state (state.c) --- */
struct state *state_new(struct catalog *c);
void state_free(struct state *s);
AUTO_DEFINE(struct state, state_free)
/* Gives a patch its sets (taken); they are not counted yet. */
void state_install(struct state *s, uint32_t patch, roaring_bitmap_t *sets[SETS_]);
/* Enters a host into a set, counting nothing but the set's size; false when it was there. */
bool state_enter(struct state *s, uint32_t host, uint32_t patch, enum set set);
/* Makes the totals, or adds (1) or takes away (-1) a patch's part in them. */
void state_total(struct state *s);
void state_total_patch(struct state *s, uint32_t patch, int by);
/* One host's verdict on a patch changed. */
void state_move(struct state *s, uint32_t host, uint32_t patch, enum verdict from, enum verdict to);
/* The same, for the counters of the host only. */
void state_tally_move(struct state *s, uint32_t host, uint32_t patch, enum verdict from,
		      enum verdict to);
/* Whether both patches ask the same of a host. */
bool state_same_rule(const struct catalog *a, uint32_t patch_a, const struct catalog *b,
		     uint32_t patch_b);
int set_of_verdict(enum verdict v); /* -1 = none */
enum verdict verdict_of_set(enum set set);
/* Counts anew which of a patch's hosts are in its mask. */
void state_count_off(struct patch_state *p);
/* Hosts that count as what their set says. */
uint32_t state_shown(const struct patch_state *p, enum set set);
bool state_is_declined(const struct patch_state *p, uint32_t host);

/* --- what is declined (decline.c) --- */
/* Asks about every patch of a state that nobody counts yet. Takes the view itself. */
void decline_all(struct match *m, struct state *s);
/* A mask of these hosts (taken), as a snapshot had it; goes with the next change. */
const struct mask *decline_saved_mask(struct match *m, roaring_bitmap_t *hosts);
void decline_done(struct match *m);

/* --- counters of hosts (tally.c) --- */
#define TALLY_BLOCK BLOCK_HOSTS
struct tally_item { /* one set of a patch, to be added (1) or taken away (-1) ... */
	const struct state *sets, *like; /* ... as the patch `like_patch` of `like` counts */
	uint32_t patch, like_patch;
	enum set set;
	int by;
	bool declined;				/* the hosts count as declined */
	const roaring_bitmap_t *only, *without; /* of the set; NULL = all, and none */
};
struct tally_items {
	struct tally_item *p;
	size_t n, cap;
};
void tally_patch(struct tally *t, const struct patch *p, bool declined, enum set set, int by);
struct tally *tally_of(struct state *s, uint32_t host);
/* All sets of a patch, with the mask that `like` has by now. */
void tally_add_patch(struct tally_items *items, const struct state *s, uint32_t patch,
		     const struct state *like, uint32_t like_patch, int by);
/* Of all sets of a patch the hosts `only`: declined from here on (`to`), or no more. */
void tally_move_patch(struct tally_items *items, const struct state *s, uint32_t patch,
		      const roaring_bitmap_t *only, bool to);
void tally_sort(struct tally_items *items);
/* Counts the hosts [from, from + TALLY_BLOCK) of sorted items. */
void tally_block(struct state *into, const struct tally_items *items, uint32_t from);
void tally_all(struct state *into, const struct tally_items *items, uint32_t hosts);

/* --- a host changed (change.c) --- */
typedef void change_fn(void *arg, uint32_t patch, enum verdict from, enum verdict to);
/* Patches, ascending, whose verdict differs between two fact arrays of a host. */
void change_patches(const struct state *s, const struct fleet *f, const uint32_t *old,
		    uint32_t n_old, const uint32_t *new, uint32_t n_new, change_fn *fn, void *arg);

/* --- adoption (adopt.c) --- */
/* Evaluates `c` and makes it visible; `force` evaluates patches with unchanged rules too. */
void adopt_catalog(struct match *m, struct catalog *c, bool force);
/* Evaluates and installs the wanted patches of a state nobody sees: with the fleet's lock held, or
 * in slices of time, in each of which it takes the read lock. */
void adopt_evaluate(struct fleet *f, struct state *next, const bool *wanted, bool slices);
void match_notify(struct match *m);
#endif
