/* SPDX-License-Identifier: Apache-2.0
 * What the verdicts must be, computed straight from the workload: hosts are made again and joined
 * with the lines that outdate each patch. It shares nothing with the rooms it checks. */
#ifndef BENCH_EXPECTED_H
#define BENCH_EXPECTED_H
#include "match/match.h"
#include "workload.h"

struct expected;
struct expected *expected_new(const struct workload *w, uint32_t patches);
void expected_free(struct expected *x);
AUTO_DEFINE(struct expected, expected_free)
/** Patches that a host lacks (missing or held), ascending by number of the workload; room for all
 * patches. */
uint32_t expected_list(struct expected *x, uint32_t host, uint32_t revision, uint32_t *out);
/** Adds up hosts per patch; `revision` of each host, NULL = all 0. */
void expected_counts(struct expected *x, uint32_t hosts, const uint8_t *revision, uint32_t *counts);
/** Patches whose number of lacking hosts differs from `counts`. */
uint32_t expected_differences(const struct expected *x, const struct match_view *v,
			      const uint32_t *counts);
/** Hosts lacking each patch now, in the workload's order. */
void expected_seen(const struct expected *x, const struct match_view *v, uint32_t *counts);
/** Whether match's list of a host is the expected one. */
bool expected_same_list(struct expected *x, const struct match_view *v, uint32_t host,
			uint32_t revision);
#endif
