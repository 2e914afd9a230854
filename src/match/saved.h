/* SPDX-License-Identifier: Apache-2.0
 * The sets and counters in the fleet's snapshot, so that a start evaluates nothing. A patch takes
 * its sets from there when this very program wrote them and its rule has the digest it had; hosts
 * that changed since are looked at anew; anything else is evaluated. */
#ifndef MATCH_SAVED_H
#define MATCH_SAVED_H
#include "match/match.h"

/** Writes a snapshot of fleet and verdicts to `path`. Does nothing on a database that several
 * servers share. */
bool match_save_snapshot(struct match *m, const char *path, struct err *e) MUST_CHECK;
/** As match_set_catalog(), for the first catalog after a start: from the snapshot that the fleet
 * came from. *evaluated_out is how many patches were not in it. */
void match_load_catalog(struct match *m, struct catalog *c, uint32_t *evaluated_out);
#endif
