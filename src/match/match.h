/* SPDX-License-Identifier: Apache-2.0
 * Catalog x fleet: which host misses which patch, kept current. A changed scan touches only the
 * patches of changed facts; a new catalog snapshot evaluates only patches whose rule changed; the
 * forward pass over every host is the check (match_verify) and the oracle of the tests. */
#ifndef MATCH_MATCH_H
#define MATCH_MATCH_H
#include "catalog/patch.h"
#include "fleet/fleet.h"

enum verdict {
	VERDICT_NOT_APPLICABLE,
	VERDICT_MISSING,
	VERDICT_INSTALLED,
	VERDICT_HELD,	    /**< missing, but every outdated component is on hold on that host */
	VERDICT_SUPERSEDED, /**< would be missing, but a newer patch replaces it: never counted as
			       missing */
	VERDICT_UNKNOWN,    /**< no scan, or not lately: never counts as compliant */
	VERDICTS_
};
const char *verdict_name(enum verdict v); /**< "missing", ... */

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

/** Hosts (active ones) with a verdict on a patch: MISSING, INSTALLED or HELD. NULL = none.
 * Borrowed. */
const roaring_bitmap_t *match_hosts(const struct match_view *v, uint32_t patch,
				    enum verdict verdict);
uint32_t match_count(const struct match_view *v, uint32_t patch, enum verdict verdict);
/** Verdict of one pair. */
enum verdict match_verdict(const struct match_view *v, uint32_t host, uint32_t patch);

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
	bool held;
};
uint32_t match_outdated(const struct match_view *v, uint32_t host, uint32_t patch,
			struct outdated **out);
/** Every component of `patch` that `host` has in some version, with the fact (several when several
 *  installed packages are built from a source). Array on the heap (xfree). */
struct host_component {
	uint32_t component, fact;
	enum verdict verdict; /**< MISSING, HELD, SUPERSEDED (outdated, but a newer one replaces it)
				 or INSTALLED */
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
	uint32_t missing_total, installed, held;
};
void match_host_counts(const struct match_view *v, uint32_t host, struct host_counts *out);
/** How old a scan may be before a host's health is unknown; 7 days unless set. */
void match_set_stale(struct match *m, int64_t stale_s);
/** S-07, first policy: highly vulnerable = any missing critical or important security
 * patch; vulnerable = anything missing of type security or of severity moderate or low; healthy;
 * unknown = never scanned or not for `stale_s` (7 days by default). Unrated security patches count
 * as vulnerable. A held patch counts like a missing one: a hold says why it is not installed, not
 * that it is harmless. */
enum health {
	HEALTH_UNKNOWN,
	HEALTH_HEALTHY,
	HEALTH_VULNERABLE,
	HEALTH_HIGHLY_VULNERABLE,
	HEALTHS_
};
const char *health_name(enum health h);
enum health match_health(const struct match_view *v, uint32_t host, int64_t now_ms);

struct fleet_counts {
	uint32_t hosts, health[HEALTHS_], reboot_needed, online;
	uint32_t missing_patches, installed_patches; /**< distinct patches */
	uint32_t missing_by_severity[SEVERITIES_];   /**< distinct patches */
	uint64_t missing_pairs;			     /**< (host, patch) */
	uint32_t security_missing;		     /**< distinct patches of type security */
};
void match_fleet_counts(const struct match_view *v, int64_t now_ms, struct fleet_counts *out);

/** Bumped at every visible change; for events and caching. */
uint64_t match_version(const struct match *m);
/** Called (no locks held) after changes; coalesce on your side. */
void match_set_listener(struct match *m, void (*fn)(void *arg, uint64_t version), void *arg);

/** Forward pass over every host and patch against bitmaps and counters; number of differences (0,
 *  always), reported and repaired. */
uint64_t match_verify(struct match *m);
#endif
