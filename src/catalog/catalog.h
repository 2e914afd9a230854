/* SPDX-License-Identifier: Apache-2.0
 * From generations to one snapshot: merge what several suites offer, join advisories, supersede. */
#ifndef CATALOG_CATALOG_H
#define CATALOG_CATALOG_H
#include "catalog/patch.h"
#include "sql/sql.h"

/** One current generation: its feed and its record document. */
struct generation {
	struct feed_info feed;
	struct str records;
};
/** Builds a snapshot (reference count 1). The same patch id in several generations becomes one
 * patch (type security if any of them says so); among components of the same (kind, os, name, arch)
 * only the highest version is current, the others are superseded. Records are checked again:
 * ERR_CORRUPT. */
bool catalog_build(const struct generation *gens, size_t n, struct catalog **out, struct err *e)
	MUST_CHECK;

/** Generations in the database (compressed), all-or-nothing: the new one replaces the current in
 * the same transaction. The guard: when more than 5 % of what the last one said is said neither by
 * the new one nor by another current feed of its kind (generation_shrink.h), the new generation is
 * held (stored as state 'held', the last good one stays current) and ERR_CONFLICT says so, unless
 * `accept_shrink`. A released_ms older than the current one: ERR_UNTRUSTED ("Date went
 * back"), but for what is not signed and now comes from another address. */
bool generation_save(struct sql *db, const struct generation *g, int64_t now_ms, bool accept_shrink,
		     struct err *e) MUST_CHECK;
/** Something a new generation does not say any more, nor another current feed of its kind. */
struct generation_lost {
	bool is_notice; /**< `os`, `name` (the product) and `id`; else a package */
	enum component_kind kind;
	struct str os, name, arch, module, id;
};
/** Who knows whether a system waits for what is lost (F38): the number of systems, 0 = none does;
 * *which_out is what the most of them wait for. Called outside transactions. */
struct generation_watch {
	uint32_t (*waiting)(void *arg, const struct generation_lost *lost, size_t n,
			    size_t *which_out);
	void *arg;
};
/** The same, and what a system lacks does not vanish silently either, however little it is of the
 * whole: such a generation is held, too. `watch` may be NULL. */
bool generation_save_watched(struct sql *db, const struct generation *g, int64_t now_ms,
			     bool accept_shrink, const struct generation_watch *watch,
			     struct err *e) MUST_CHECK;
/** Makes the held generation of a feed the current one (somebody looked at it), and its state a
 * good one. ERR_NOT_FOUND. */
bool generation_accept_held(struct sql *db, struct str feed, int64_t now_ms, struct err *e)
	MUST_CHECK;
/** Loads all current generations and builds the snapshot. `off`: the cells of the matrix that are
 * out of scope (scope.h); "" = all patches. */
bool catalog_load(struct sql *db, struct str off, struct catalog **out, struct err *e) MUST_CHECK;

/** What was visible before the current generations when a server died between storing and telling:
 * the snapshot of those that were told (catalog_tell()). *out is NULL when all of them were. */
bool catalog_load_told(struct sql *db, struct str off, struct catalog **out, struct err *e)
	MUST_CHECK;
/** Inside the transaction that writes down what the adoption of `c` changed for systems. */
bool catalog_tell(struct sql_conn *conn, const struct catalog *c, struct err *e) MUST_CHECK;

/** State of a feed for the console: kept also for attempts that failed. */
struct feed_state {
	char *id, *kind, *url;
	int64_t last_attempt_ms, last_success_ms, rows, released_ms;
	int64_t generation; /**< number of the current one, 0 = none; listed, not saved */
	char *signer;
	bool is_signed;
	char *error; /**< of the last attempt, NULL when it succeeded */
	/** The same to be translated: err_code_name() and what it was about (err_subject()). NULL
	 * without an error, or when it is not known. */
	char *error_code, *error_subject;
	char *etag;		/**< for conditional fetching */
	int64_t valid_until_ms; /**< the vendor's own limit; 0 = it does not say */
	/** A new generation waits for somebody to look at it (listed, not saved); why is in
	 * `error`.
	 */
	bool is_held;
	int64_t held_rows, held_fetched_ms, held_released_ms;
};
/** What this room announces (sql/notify.h), with the feed's id: the patch DB or the enrichment is
 * another one; only how a feed stands is. */
#define CATALOG_SAYS_CHANGED "catalog"
#define CATALOG_SAYS_FEED "feed"
bool feed_state_save(struct sql *db, const struct feed_state *f, struct err *e) MUST_CHECK;
bool feed_state_list(struct sql *db, struct feed_state **out, size_t *n_out, struct err *e)
	MUST_CHECK;
/** Forgets a feed that is no longer configured: its state and every generation of it. */
bool feed_state_forget(struct sql *db, const char *id, struct err *e) MUST_CHECK;
void feed_state_list_free(struct feed_state *f, size_t n);
#endif
