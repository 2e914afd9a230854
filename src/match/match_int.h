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
#include "match/match.h"
#include "match/rule.h"

#include <pthread.h>
#include <stdatomic.h>

enum set { SET_MISSING, SET_INSTALLED, SET_HELD, SETS_ };

struct patch_state {
	roaring_bitmap_t *set[SETS_]; /* NULL = empty */
	uint32_t n[SETS_];
	uint32_t os; /* number of the patch's os text in state->os */
	bool live;   /* the sets describe the fleet */
};

/* Counters of one host. */
struct tally {
	struct host_counts counts;
	uint32_t urgent;  /* missing or held security patches of severity critical or important */
	uint32_t exposed; /* missing or held patches that are security or have any severity */
};
struct totals {
	uint32_t missing_patches, installed_patches, security_missing;
	uint32_t missing_by_severity[SEVERITIES_];
	uint64_t missing_pairs;
};

/* What one fact says about components; computed once per fact and catalog. */
struct hit {
	uint32_t component;
	bool holds, native_only;
};
struct hits {
	uint32_t n;
	struct hit p[];
};

struct state {
	struct catalog *catalog;
	struct patch_state *patches;
	struct intern *os;
	VEC(struct tally) tallies; /* by host number */
	struct totals totals;
	VEC(_Atomic(struct hits *)) hits; /* by fact; NULL = not computed yet */
};

struct match {
	struct fleet *fleet;
	pthread_mutex_t adopt; /* one catalog at a time, and verification */
	pthread_rwlock_t lock; /* guards the pointer `state` */
	struct state *state, *next;
	atomic_uint_least64_t version;
	int64_t stale_ms;
	pthread_mutex_t listener_lock;
	void (*listener)(void *arg, uint64_t version);
	void *listener_arg;
};

/* --- lines (lines.c): numbers of facts by what they say; INTERN_NONE / NULL when nobody has them
 * --- */
uint32_t match_arch_fact(const struct fleet *f, struct str arch);
const roaring_bitmap_t *match_native_hosts(const struct fleet *f, struct str arch);
uint32_t match_hold_fact(const struct fleet *f, const struct fact_package *p);

/* --- forward pass (forward.c) --- */
#define SEEN_OUTDATED 1u   /* a current component is outdated and not on hold */
#define SEEN_HELD 2u	   /* a current component is outdated and on hold */
#define SEEN_SUPERSEDED 4u /* a superseded component is outdated */
#define SEEN_PRESENT 8u	   /* a component's name is installed */
enum verdict forward_verdict(uint8_t seen);
/* For every patch what the facts say; `seen` has room for the catalog's patches and is zeroed here.
 */
void forward_pass(const struct state *s, const struct fleet *f, const uint32_t *facts, uint32_t n,
		  uint8_t *seen);
/* Makes room for every fact of the fleet; exclusive access to `s` needed. */
void forward_reserve(struct state *s, const struct fleet *f);
void forward_done(struct state *s);

/* --- the fleet as bitmaps (eval.c) --- */
struct os_hosts { /* per os text of the state: its hosts; NULL = every active host */
	roaring_bitmap_t **p;
	uint32_t n;
};
void eval_os_hosts(const struct state *s, const struct fleet *f, struct os_hosts *out);
void eval_os_hosts_done(struct os_hosts *o);
AUTO_DEFINE_VALUE(struct os_hosts, eval_os_hosts_done)
/* The three sets of a patch (NULL = empty), the caller's. */
void eval_patch(const struct state *s, const struct fleet *f, const struct os_hosts *os,
		uint32_t patch, roaring_bitmap_t *out[SETS_]);

/* --- state (state.c) --- */
struct state *state_new(struct catalog *c);
void state_free(struct state *s);
AUTO_DEFINE(struct state, state_free)
/* Gives a patch its sets (taken) and counts them. */
void state_install(struct state *s, uint32_t patch, roaring_bitmap_t *sets[SETS_]);
/* Takes a patch's sets out of the counters (the bitmaps stay). */
void state_uncount(struct state *s, uint32_t patch);
void state_count(struct state *s, uint32_t patch);
/* One host's verdict on a patch changed. */
void state_move(struct state *s, uint32_t host, uint32_t patch, enum verdict from, enum verdict to);
/* A host's facts changed: forward pass over both, moves what differs. */
void state_host_changed(struct state *s, const struct fleet *f, uint32_t host, const uint32_t *old,
			uint32_t n_old, const uint32_t *new, uint32_t n_new);
/* Whether both patches ask the same of a host. */
bool state_same_rule(const struct catalog *a, uint32_t patch_a, const struct catalog *b,
		     uint32_t patch_b);
int set_of_verdict(enum verdict v); /* -1 = none */
void tallies_add(struct state *s, const struct state *more);
void totals_add(struct totals *t, const struct totals *more);
void tally_patch(struct tally *t, const struct patch *p, enum set set, int by);

/* --- adoption (adopt.c) --- */
/* Evaluates `c` and makes it visible; `force` evaluates patches with unchanged rules too. */
void adopt_catalog(struct match *m, struct catalog *c, bool force);
void match_notify(struct match *m);
#endif
