/* SPDX-License-Identifier: Apache-2.0
 * Keeps the snapshot of fleet and verdicts: written every half hour and at the end, on a thread of
 * its own. It is derived: a failure is logged and costs the next start time, nothing else. */
#ifndef SERVER_KEEPER_H
#define SERVER_KEEPER_H
#include "match/match.h"

struct keeper;
/** `fresh`: there is a usable snapshot already; else the first is written a minute from now. */
struct keeper *keeper_start(struct match *m, const char *path, bool fresh);
/** Writes once more if anything changed, and ends. */
void keeper_stop(struct keeper *k);
#endif
