/* SPDX-License-Identifier: Apache-2.0
 * The workload as a server's state: the database that tsukuroid starts with. */
#ifndef BENCH_FLEET_STATE_H
#define BENCH_FLEET_STATE_H
#include "workload.h"

struct fleet_state_conf {
	const char *state;    /**< directory, made when it is not there; no database in it yet */
	const char *database; /**< "postgresql://...", or NULL: SQLite in `state` */
	uint32_t hosts, patches, threads;
	int64_t now_ms;
};
struct fleet_state_report {
	uint32_t facts;
	uint64_t facts_of_hosts, facts_bytes; /**< sums over hosts */
	uint64_t version_sets, live_sets; /**< sums over patches: lines that decide about it; of
					     them those that some host has */
};
/** Writes schema, hosts with their scans, and the patch DB. ERR_CONFLICT when the database holds
 * hosts already. Memory does not grow with the number of hosts. */
bool fleet_state_write(const struct workload *w, const struct fleet_state_conf *conf,
		       struct fleet_state_report *out, struct err *e) MUST_CHECK;
#endif
