/* SPDX-License-Identifier: Apache-2.0
 * What others say about vulnerabilities and releases: known exploitation (CISA KEV), the estimated
 * probability of it (FIRST EPSS), the end of support of releases (endoflife.date). Kept apart from
 * patches and joined to them when somebody asks, always with the date of the data: it never changes
 * what a patch is or whether a host misses it. */
#ifndef CATALOG_ENRICH_H
#define CATALOG_ENRICH_H
#include "catalog/catalog.h"
#include "catalog/enrich_doc.h"

/** Where one kind of data came from; present = false: never fetched. */
struct enrich_source {
	bool present;
	struct str feed, url;
	int64_t generation;
	int64_t fetched_ms;
	int64_t date_ms;  /**< the publisher's own date of the data; 0 = it does not say */
	struct str model; /**< version word of the publisher: "v2025.03.14", "2025.08.25", or "" */
	int64_t rows;
};

/** Immutable, reference counted. */
struct enrich;
/** Builds from documents (any order, at most one of a kind counts: the first). ERR_CORRUPT. */
bool enrich_build(const struct generation *docs, size_t n, struct enrich **out, struct err *e)
	MUST_CHECK;
/** The current generations of the kinds "kev", "epss", "endoflife". */
bool enrich_load(struct sql *db, struct enrich **out, struct err *e) MUST_CHECK;
struct enrich *enrich_ref(struct enrich *x);
void enrich_unref(struct enrich *x);
AUTO_DEFINE(struct enrich, enrich_unref)

const struct enrich_source *enrich_source(const struct enrich *x, enum enrich_kind k);
/** NULL = not listed (or no data: see enrich_source). */
const struct kev *enrich_kev(const struct enrich *x, uint64_t cve);
const struct epss *enrich_epss(const struct enrich *x, uint64_t cve);

/** How the release a host runs stands. */
enum lifecycle_state {
	LIFECYCLE_UNKNOWN,   /**< no data, or a product or release the data does not have */
	LIFECYCLE_SUPPORTED, /**< the vendor makes security fixes for everybody */
	LIFECYCLE_EXTENDED,  /**< only extended support, which this host gets */
	LIFECYCLE_ENDED,     /**< no (more) security fixes for this host */
	LIFECYCLE_STATES_
};
/** "unknown", "supported", "extended", "end_of_life". */
const char *lifecycle_state_name(enum lifecycle_state s);

/** The products (endoflife.date's names) that can be a host's operating system; NULL at the end. */
const char *enrich_product(size_t i);

/** What is known of a host's release. */
struct lifecycle_of {
	const struct lifecycle *release; /**< NULL = none found */
	bool extended_is_free;		 /**< extended support needs no subscription (Debian LTS) */
};
/** `os_id`, `os_version`, `os_name` as in os-release(5) (ID, VERSION_ID, PRETTY_NAME); for Windows
 * `os_version` is the cycle without edition ("11-24h2") and `edition` "e" (enterprise, education),
 * "w" (home, pro), "e-lts", "iot-lts", or "" when it is not known: then there is an answer only
 * where all editions agree. A release not found is tried again without its last part: "9.4", "9".
 */
void enrich_lifecycle(const struct enrich *x, struct str os_id, struct str os_version,
		      struct str os_name, struct str edition, struct lifecycle_of *out);
/** `subscribed`: the host is entitled to the vendor's extended support. Support lasts to the end of
 * the day named. */
enum lifecycle_state lifecycle_state(const struct lifecycle_of *l, bool subscribed, int64_t now_ms);

/* --- joined to a snapshot of the catalog ---------------------------------------------------------
 */

/** One entry a patch; immutable, reference counted, holds its catalog and its enrich. */
struct enrich_join;
struct enrich_join *enrich_join_new(const struct catalog *c, struct enrich *x);
struct enrich_join *enrich_join_ref(struct enrich_join *j);
void enrich_join_unref(struct enrich_join *j);
AUTO_DEFINE(struct enrich_join, enrich_join_unref)
const struct catalog *enrich_join_catalog(const struct enrich_join *j);
const struct enrich *enrich_join_data(const struct enrich_join *j);
/** Of the patch's CVEs the one listed first; how many are listed in *count_out (may be NULL). NULL
 * = none is listed. */
const struct kev *enrich_join_kev(const struct enrich_join *j, uint32_t patch, uint32_t *count_out);
/** The one with the highest score; NULL = none has one. */
const struct epss *enrich_join_epss(const struct enrich_join *j, uint32_t patch);

/* --- the one the server holds --------------------------------------------------------------------
 */

/** Thread-safe. */
struct enrichment;
bool enrichment_open(struct sql *db, struct enrichment **out, struct err *e) MUST_CHECK;
void enrichment_close(struct enrichment *h);
AUTO_DEFINE(struct enrichment, enrichment_close)
/** After a feed of these kinds changed. */
bool enrichment_reload(struct enrichment *h, struct err *e) MUST_CHECK;
/** A reference to the present data. */
struct enrich *enrichment_get(struct enrichment *h);
/** A reference to the present data joined to `c`: made at the first call after either changed. */
struct enrich_join *enrichment_join(struct enrichment *h, const struct catalog *c);
#endif
