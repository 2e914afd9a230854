/* SPDX-License-Identifier: Apache-2.0
 * The workload all figures are measured with: hosts made of real Debian packages and a patch DB for
 * them. Hosts are computed, not kept: any host in any order, by several threads at once. The same
 * Packages file and seed give the same fleet.
 *
 * A host has a role (40, skewed: the most frequent one 25 times as often as the last), a patch lag
 * of 0..5 versions, 1.5 % of the role's packages absent, 5 % in another version than the lag says,
 * and 0..24 extra packages; 1 host in 50 holds a package. Every package comes in 5..8 versions.
 *
 * Half of the patches are offers (a deb component for each binary of a source), half notices (one
 * source component); both are outdated by every version below theirs, none replaces another, so
 * that a plain join over (host, version) and (patch, version) must give the same pairs. */
#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H
#include "base/arena.h"
#include "catalog/catalog.h"
#include "fleet/fleet.h"

struct workload;
/** `packages`: a Packages file, plain or compressed (not lz4). */
bool workload_new(const char *packages, uint64_t seed, struct workload **out,
		  struct err *e) MUST_CHECK;
void workload_free(struct workload *w);
AUTO_DEFINE(struct workload, workload_free)

/** Lines are numbered bytewise: ascending numbers are a canonical inventory. */
uint32_t workload_lines(const struct workload *w);
struct str workload_line(const struct workload *w, uint32_t line);
/** Room that workload_host() needs. */
uint32_t workload_host_max(const struct workload *w);
/** The lines of a host, ascending. `revision` 0 is its first scan; in each further one five
 * packages differ from the first. */
uint32_t workload_host(const struct workload *w, uint32_t host, uint32_t revision, uint32_t *out);
/** The canonical text of lines; `out` is emptied first. */
void workload_text(const struct workload *w, const uint32_t *lines, uint32_t n, struct buf *out);
/** The agent's id, 32 hex digits, and what stands for its certificate's fingerprint, 64. */
void workload_id(const struct workload *w, uint32_t host, char out[static 33]);
void workload_fingerprint(const struct workload *w, uint32_t host, char out[static SHA256_HEX]);
/** What the agent says about itself; valid until the next call with the same `attrs`. */
struct workload_attrs {
	struct host_attrs a;
	char text[8][64];
};
void workload_attrs(const struct workload *w, uint32_t host, int64_t now_ms,
		    struct workload_attrs *out);
/** "local" for half of the hosts, else one of 19 others. */
const char *workload_office(const struct workload *w, uint32_t host);

/** The patch DB: patches 0..patches-1, so that more patches bring new ones and change none. None
 * was released after `now_ms`. */
bool workload_catalog(const struct workload *w, uint32_t patches, int64_t now_ms,
		      struct catalog **out, struct err *e) MUST_CHECK;
/** The same as a generation in the database. */
bool workload_save_catalog(const struct workload *w, uint32_t patches, int64_t now_ms,
			   struct sql *db, struct err *e) MUST_CHECK;
/** Ids of patches 0..patches-1 into `out`. */
void workload_patch_ids(const struct workload *w, uint32_t patches, struct arena *a,
			struct str *out);
/** Lines that outdate a patch, or that it is installed by; for peers and forward passes. */
typedef void workload_pair(void *arg, uint32_t patch, uint32_t line, bool outdated);
void workload_pairs(const struct workload *w, uint32_t patches, workload_pair *fn, void *arg);
#endif
