/* SPDX-License-Identifier: Apache-2.0
 * Inside the workload: numbering of lines. arch < deb < hold < kernel < os, as bytes. */
#ifndef BENCH_WORKLOAD_INT_H
#define BENCH_WORKLOAD_INT_H
#include "roles.h"
#include "workload.h"

#define LAG_MAX 5

struct workload_patch {
	uint32_t source;
	uint8_t generation; /* fixed from this one on, 1.. */
	bool offer;
};
struct workload {
	struct roles roles;
	uint64_t seed;
	uint32_t *base;	   /* per package: number of its first version's line */
	uint32_t *package; /* per line: its package */
	uint32_t n_debs, hold, kernel, os, n_lines;
	struct buf text; /* all lines, each with its LF */
	VEC(uint32_t) at;
	uint32_t host_max;
};

void workload_patch_of(const struct workload *w, uint32_t patch, uint8_t *offered,
		       struct workload_patch *out);
/* "1.2-3" in its third version is "1.2-3+deb12u2". */
struct str workload_version(struct arena *a, struct str version, uint32_t generation);
#endif
