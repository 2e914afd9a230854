/* SPDX-License-Identifier: Apache-2.0
 * Why an outdated package is not simply missing on a host: held, pinned, kept back, phased, or
 * offered to subscribers only. Decided here alone, once for a host's facts and once for the fleet.
 */
#ifndef MATCH_HINDRANCE_H
#define MATCH_HINDRANCE_H
#include "match/bitmaps.h"
#include "match/match_int.h"
#include "match/modules.h"

/* SET_MISSING when nothing hinders; *fact_out = the fact that does, or INTERN_NONE. Facts
 * ascending. `by_default` (here and below): the newer build is of its module's default stream,
 * which dnf follows although nobody enabled it: a package kept for want of a stream is not kept.
 * Where modules say what dnf does, no line about the package does: `say`. */
enum set hindrance_of(const struct fleet *f, const uint32_t *facts, uint32_t n,
		      const struct fact_package *p, bool by_default, enum modules_say say,
		      uint32_t *fact_out);
/* Whether the fleet has any fact that could hinder at all. */
bool hindrance_any(const struct fleet *f);
/* Hosts on which a package is hindered in that way (SET_HELD, SET_KEPT_BACK, SET_PHASED) by a line
 * about it; NULL = none. Borrowed, or kept alive by `keep`. */
const roaring_bitmap_t *hindrance_hosts(const struct fleet *f, const struct fact_package *p,
					enum set set, bool by_default, struct bitmaps *keep);

/* Whether a "subscription" fact gives the service. */
bool hindrance_service_given(const struct fleet *f, uint32_t fact, struct str service);
/* Whether one of the facts does; everybody has "". */
bool hindrance_service_among(const struct fleet *f, const uint32_t *facts, uint32_t n,
			     struct str service);
#endif
