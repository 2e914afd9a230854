/* SPDX-License-Identifier: Apache-2.0
 * Agents that do what they should not, each kind on a thread of its own with identities of its own
 * (a valid certificate is what a hostile agent has). None of it may be accepted; what was, is
 * counted and told on standard error. */
#ifndef BENCH_HOSTILE_H
#define BENCH_HOSTILE_H
#include "bench/swarm.h"

/** Enrols them; `first` is the number of their first name. */
void hostile_enrol(size_t first, uint16_t port, const char *ca_file, const char *token);
void hostile_start(void);
/** Ends them; returns how often they tried. */
int hostile_stop(void);
/** Prints how often each kind tried and what was accepted; returns the number of the latter. */
int hostile_report(void);

/** On an open connection: an inventory with this hash in its header; the reply is received. */
bool hostile_upload(struct swarm_agent *a, struct str text, const char *hash);
#endif
