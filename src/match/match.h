/* SPDX-License-Identifier: Apache-2.0
 * Catalog x fleet: which host misses which patch, kept current. A changed scan touches only the
 * patches of changed facts; a new catalog snapshot evaluates only patches whose rule changed; the
 * forward pass over every host is the check (match_verify) and the oracle of the tests. */
#ifndef MATCH_MATCH_H
#define MATCH_MATCH_H
#include "base/buf.h"
#include "base/intern.h"
#include "catalog/patch.h"
#include "fleet/fleet.h"

/** What a host's last scan says of a patch. A verdict is that of the patch's least hindered
 * component: MISSING before HELD, KEPT_BACK, PHASED, NEEDS_SUBSCRIPTION, SUPERSEDED, INSTALLED.
 * What each means for the system status is said at match_health(). */
enum verdict {
	VERDICT_NOT_APPLICABLE,
	VERDICT_MISSING,
	VERDICT_INSTALLED,
	VERDICT_HELD,	    /**< missing, but every outdated component is held or pinned there */
	VERDICT_SUPERSEDED, /**< would be missing, but a newer patch replaces it: never counted as
			       missing */
	VERDICT_UNKNOWN,    /**< no scan, or not lately: never counts as compliant */
	VERDICT_KEPT_BACK, /**< missing, but the host's manager cannot install it now (dependencies)
			    */
	VERDICT_PHASED,	   /**< the vendor hands it out in waves and this host's has not come */
	VERDICT_NEEDS_SUBSCRIPTION, /**< the vendor offers it to subscribers only, which the host is
				       not (patch->availability) */
	VERDICTS_
};
const char *verdict_name(enum verdict v); /**< "missing", "kept_back", ... */

struct match;
/** Registers itself as the fleet's listener. */
struct match *match_new(struct fleet *f);
void match_free(struct match *m);
AUTO_DEFINE(struct match, match_free)
/** Adopts a snapshot (takes a reference). Readers see old or new, never a mix. */
void match_set_catalog(struct match *m, struct catalog *c);

/** Reading: holds the fleet's read lock and pins the snapshot. */
struct match_view {
	const struct catalog *catalog;
	const struct fleet *fleet;
	struct match *m;
};
void match_read(struct match *m, struct match_view *out);
void match_read_end(struct match_view *v);
AUTO_DEFINE_VALUE(struct match_view, match_read_end)

/** Hosts (active ones) with a verdict on a patch: any but NOT_APPLICABLE, SUPERSEDED and UNKNOWN.
 * NULL = none. Borrowed. */
const roaring_bitmap_t *match_hosts(const struct match_view *v, uint32_t patch,
				    enum verdict verdict);
uint32_t match_count(const struct match_view *v, uint32_t patch, enum verdict verdict);
/** Verdict of one pair, as of the host's last scan. */
enum verdict match_verdict(const struct match_view *v, uint32_t host, uint32_t patch);
/** The same, but UNKNOWN instead of INSTALLED or NOT_APPLICABLE when that scan has grown old: what
 * was missing stays missing, what was in order is not known to be so. */
enum verdict match_verdict_now(const struct match_view *v, uint32_t host, uint32_t patch,
			       int64_t now_ms);

/** All patches that concern a host (missing, installed, held, superseded). */
struct host_patch {
	uint32_t patch;
	enum verdict verdict;
};
/** Array on the heap (xfree), sorted by patch index. */
uint32_t match_host_patches(const struct match_view *v, uint32_t host, struct host_patch **out);
/** Components of `patch` that are outdated on `host`, with the fact that says so. */
struct outdated {
	uint32_t component; /**< index into catalog->components */
	uint32_t fact;	    /**< index of the host's fact */
	bool held;	    /**< held or pinned; the pair is MISSING or HELD */
};
/** Only what is MISSING or HELD: what a deployment could change. */
uint32_t match_outdated(const struct match_view *v, uint32_t host, uint32_t patch,
			struct outdated **out);
/** Every component of `patch` that `host` has in some version, with the fact (several when several
 *  installed packages are built from a source). Array on the heap (xfree). */
struct host_component {
	uint32_t component, fact;
	enum verdict verdict; /**< INSTALLED; or outdated: MISSING, HELD, KEPT_BACK, PHASED,
				 NEEDS_SUBSCRIPTION, SUPERSEDED (a newer one replaces it) */
};
uint32_t match_components(const struct match_view *v, uint32_t host, uint32_t patch,
			  struct host_component **out);

/** True when one of `hosts` has an older version of the component installed (its payload is needed
 * there). Answered from facts and bitmaps, never by walking hosts. */
bool match_component_wanted(const struct match_view *v, uint32_t component,
			    const roaring_bitmap_t *hosts);

/** Counters kept at write time. */
struct host_counts {
	uint32_t missing[SEVERITIES_];
	uint32_t missing_total, installed, held, kept_back, phased, needs_subscription;
	uint32_t declined; /**< lacking and declined: in none of the others */
};
void match_host_counts(const struct match_view *v, uint32_t host, struct host_counts *out);
/** S-09: what of a patch is declined: true = it is on every host. Else it appends the ids of the
 * groups (32 characters each, in any order) on whose hosts it is; none = on no host. Where it is
 * declined it keeps its hosts by verdict (match_hosts, match_count), but counts in no counter of
 * hosts and of the fleet, except as installed. Called often, under locks: answers from memory. NULL
 * (the default) = none is. */
typedef bool match_declined_fn(void *arg, const struct patch *p, struct buf *groups);
void match_set_declined(struct match *m, match_declined_fn *fn, void *arg, int64_t now_ms);
/** After the answers changed. */
void match_declined_changed(struct match *m, int64_t now_ms);
/** Of the hosts that miss a patch, those on which it is declined from now on, and those on which it
 * is no longer; not both empty. */
struct match_declined_move {
	uint32_t patch;
	roaring_bitmap_t *came, *went;
};
/** What is about to change, while it has not; false: it stays as it is, and is found again by the
 * next look. */
typedef bool match_declined_moved_fn(void *arg, const struct match_view *v,
				     const struct match_declined_move *list, size_t n);
/** Looks who is in those groups by now: members come and go, dynamic groups follow hosts and time.
 * Cheap when nobody did. Without `at_once` it is passed over for a while after one that took long,
 * and always while a new catalog is adopted: call it again. Returns whether anything changed; `fn`
 * (may be NULL) is told before, once, unless that is nothing on hosts that miss a patch. */
bool match_declined_follow(struct match *m, int64_t now_ms, bool at_once,
			   match_declined_moved_fn *fn, void *arg);
/** On every host; on this one; on some, were it only by group. */
bool match_is_declined(const struct match_view *v, uint32_t patch);
bool match_is_declined_on(const struct match_view *v, uint32_t patch, uint32_t host);
bool match_is_declined_somewhere(const struct match_view *v, uint32_t patch);
/** Hosts with a verdict where the patch is not declined: what counts as missing, held and so on.
 * NULL = none. Borrowed, or made and in *own (else NULL), which the caller frees. */
const roaring_bitmap_t *match_due_hosts(const struct match_view *v, uint32_t patch,
					enum verdict verdict, roaring_bitmap_t **own);
uint32_t match_due_count(const struct match_view *v, uint32_t patch, enum verdict verdict);
/** The others with that verdict. */
const roaring_bitmap_t *match_declined_hosts(const struct match_view *v, uint32_t patch,
					     enum verdict verdict, roaring_bitmap_t **own);
/** Hosts that lack it in any way where it is declined. */
uint32_t match_declined_count(const struct match_view *v, uint32_t patch);
/** How old a scan may be before a host's health is unknown; 7 days unless set. */
void match_set_stale(struct match *m, int64_t stale_s);
/** S-07: a class needs at least so many patches of one of the severities; 0 = that severity is no
 * condition. Highly is looked at first. */
struct health_policy {
	uint32_t highly[SEVERITIES_];	  /**< of security patches */
	uint32_t vulnerable[SEVERITIES_]; /**< of security patches and others that are rated */
};
/** Highly vulnerable: one critical or important security patch. Vulnerable: one of any. */
extern const struct health_policy health_policy_default;
void match_set_health_policy(struct match *m, const struct health_policy *p);
/** S-07 by the policy that is set; besides, a release that is out of its vendor's support
 * (match_set_eol) makes a host vulnerable; unknown = never scanned or not for `stale_s` (7 days by
 * default). Declined patches do not count.
 *
 * HELD and KEPT_BACK count like MISSING: they say why it is not installed, not that it is harmless.
 * NEEDS_SUBSCRIPTION makes a host vulnerable, never highly: the hole is there, the remedy is not a
 * deployment. PHASED does not count: by the vendor's own plan it is not this host's turn.
 * SUPERSEDED does not count: what replaces it does. Open notices without a fix (match_host_unfixed)
 * do not count: there is nothing to install; they have a number of their own. Unsigned sources,
 * pending reboots and restarts are flags of their own (match_host_flags): they never make a patch
 * count as installed or missing. */
enum health {
	HEALTH_UNKNOWN,
	HEALTH_HEALTHY,
	HEALTH_VULNERABLE,
	HEALTH_HIGHLY_VULNERABLE,
	HEALTHS_
};
const char *health_name(enum health h);
enum health match_health(const struct match_view *v, uint32_t host, int64_t now_ms);

/** What another policy would make of the active hosts: out[now][then] counts them. Changes nothing.
 */
void match_health_moves(const struct match_view *v, const struct health_policy *p, int64_t stale_s,
			int64_t now_ms, uint32_t out[static HEALTHS_][HEALTHS_]);

/** What is to be said of a host besides its patches. */
enum host_flag {
	HOST_FLAG_STALE = 1,		/**< never scanned, or not lately */
	HOST_FLAG_END_OF_LIFE = 2,	/**< its release is out of support */
	HOST_FLAG_UNSIGNED_SOURCE = 4,	/**< takes packages from a source it does not verify */
	HOST_FLAG_REBOOT_PENDING = 8,	/**< what was installed waits for a reboot */
	HOST_FLAG_RESTART_PENDING = 16, /**< services run the old code of updated packages */
};
#define HOST_FLAGS_ 5
/** Any of the flags above, or'ed. 0 for a host that is not active. */
uint32_t match_host_flags(const struct match_view *v, uint32_t host, int64_t now_ms);
/** Active hosts with one flag; the caller frees it with roaring_bitmap_free(). */
roaring_bitmap_t *match_flag_hosts(const struct match_view *v, enum host_flag flag, int64_t now_ms);
/** Whether a host's release is out of its vendor's support at a time. The answer may depend on the
 * host's os attributes and its subscription facts, on nothing else of it. Called often, with the
 * view's locks held: answers from memory. NULL (the default) = no release is. */
typedef bool match_eol_fn(void *arg, const struct match_view *v, uint32_t host, int64_t now_ms);
void match_set_eol(struct match *m, match_eol_fn *fn, void *arg);

/** Whether the host's "subscription" facts give a service of the vendor: "esm-infra". */
bool match_host_has_service(const struct match_view *v, uint32_t host, struct str service);

/** What an INSTALLED patch still waits for on a host: a reboot, or services that run its old code.
 */
enum match_after { MATCH_AFTER_NOTHING, MATCH_AFTER_RESTART, MATCH_AFTER_REBOOT };
const char *match_after_name(enum match_after a); /**< "nothing", "restart", "reboot" */
/** *fact_out (may be NULL) is the host's fact that says so, else INTERN_NONE. */
enum match_after match_after(const struct match_view *v, uint32_t host, uint32_t patch,
			     uint32_t *fact_out);
/** Hosts with the patch INSTALLED that wait for RESTART or REBOOT; the caller frees it. */
roaring_bitmap_t *match_after_hosts(const struct match_view *v, uint32_t patch,
				    enum match_after what);

/** Open notices without a fix that concern a host, with the installed package that says so. */
struct host_unfixed {
	uint32_t notice; /**< index into catalog->unfixed */
	uint32_t fact;
};
/** Array on the heap (xfree), by notice, each once. */
uint32_t match_host_unfixed(const struct match_view *v, uint32_t host, struct host_unfixed **out);
/** Hosts that an open notice concerns; the caller frees it. */
roaring_bitmap_t *match_unfixed_hosts(const struct match_view *v, uint32_t notice);

struct fleet_counts {
	uint32_t hosts, health[HEALTHS_], reboot_needed, online;
	uint32_t end_of_life, unsigned_source, restart_pending; /**< hosts with that flag */
	uint32_t missing_patches, installed_patches;		/**< distinct patches */
	uint32_t held_patches, kept_back_patches, phased_patches, subscription_patches;
	uint32_t missing_by_severity[SEVERITIES_]; /**< distinct patches */
	uint64_t missing_pairs;			   /**< (host, patch) */
	uint32_t security_missing;		   /**< distinct patches of type security */
};
void match_fleet_counts(const struct match_view *v, int64_t now_ms, struct fleet_counts *out);

/** What facts `new_facts` of a host would change against `old_facts`, before they are the host's:
 * patches in ascending order whose verdict differs. Takes the view itself. */
void match_changes(struct match *m, const uint32_t *old_facts, uint32_t n_old,
		   const uint32_t *new_facts, uint32_t n_new,
		   void (*fn)(void *arg, struct str patch, enum verdict from, enum verdict to),
		   void *arg);
/** A patch that a new snapshot brought, changed or dropped: hosts by verdict before and after (NULL
 * = none; only verdicts that match_hosts() takes are filled in). */
struct match_adopted {
	struct str patch;
	bool known, gone; /**< it is new in the patch DB; it is there no more */
	const roaring_bitmap_t *before[VERDICTS_], *after[VERDICTS_];
};
/** `patch` is called for each of them with the view held (host numbers may be looked up in it),
 * then `done` with no lock held. NULL = nobody. */
struct match_adopter {
	void (*patch)(void *arg, const struct fleet *f, const struct match_adopted *p);
	void (*done)(void *arg);
	void *arg;
};
void match_set_adopter(struct match *m, const struct match_adopter *a);

/** Bumped at every visible change; for events and caching. */
uint64_t match_version(const struct match *m);
/** Called (no locks held) after changes; coalesce on your side. */
void match_set_listener(struct match *m, void (*fn)(void *arg, uint64_t version), void *arg);

/** Forward pass over every host and patch against bitmaps and counters; number of differences (0,
 *  always), reported and repaired. */
uint64_t match_verify(struct match *m);
#endif
