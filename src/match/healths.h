/* SPDX-License-Identifier: Apache-2.0
 * The system status of every host at once, and what goes with it: which hosts' last scan has grown
 * old, and which differ in what a release's support depends on. For lists and counts over the whole
 * fleet; match_health() says the same of one host. */
#ifndef MATCH_HEALTHS_H
#define MATCH_HEALTHS_H
#include "fleet/roster.h"
#include "match/match.h"

/** enum health by host number, for all of fleet_host_count(); UNKNOWN for hosts that are not
 * active. What follows from counters is kept until they change; only time is looked at here. */
void match_healths(const struct match_view *v, int64_t now_ms, uint8_t *out);

/** Scans older than this are old. */
int64_t match_oldest_scan_ms(const struct match_view *v, int64_t now_ms);
/** Active hosts that were never scanned, or not lately: match_verdict_now() calls what was in order
 * there unknown. The caller frees it with roaring_bitmap_free(). */
roaring_bitmap_t *match_stale_hosts(const struct match_view *v, int64_t now_ms);

/** Hosts with one number have the same release words and the same subscription facts: what a
 * release's lifecycle depends on (also the answer of a match_eol_fn). */
struct match_kinds {
	const uint32_t *of; /**< by host number */
	uint32_t n;	    /**< numbers are below it; some may be nobody's */
	uint32_t *own;	    /**< private */
};
void match_kinds_read(const struct match_view *v, struct match_kinds *out);
void match_kinds_done(struct match_kinds *k);
AUTO_DEFINE_VALUE(struct match_kinds, match_kinds_done)
/** Hosts (active) whose release is out of support; the caller frees it. */
roaring_bitmap_t *match_ended_hosts(const struct match_view *v, int64_t now_ms);
#endif
