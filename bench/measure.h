/* SPDX-License-Identifier: Apache-2.0
 * What every measuring program needs: CPU of this process, its memory, and an end on errors.
 * CPU is user + system, in seconds; wall time on a shared machine says little. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H
#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static inline double cpu_of(int who)
{
	struct rusage r;
	getrusage(who, &r);
	return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
	       (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

/** Of this process; cpu_of(RUSAGE_CHILDREN) is that of children waited for. */
static inline double cpu_s(void)
{
	return cpu_of(RUSAGE_SELF);
}

static inline double wall_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/** Resident bytes now; `anonymous`: only what is no file's page. */
static inline uint64_t resident_bytes(bool anonymous)
{
	unsigned long long size = 0, resident = 0, shared = 0;
	char line[128] = "";
	FILE *f = fopen("/proc/self/statm", "re");
	if (f) {
		if (fgets(line, sizeof(line), f)) {
			char *end;
			size = strtoull(line, &end, 10);
			resident = strtoull(end, &end, 10);
			shared = strtoull(end, NULL, 10);
		}
		fclose(f);
	}
	(void)size;
	return (anonymous ? resident - shared : resident) * (uint64_t)sysconf(_SC_PAGESIZE);
}

/** Ends the program with 2 ("could not measure") unless `ok`. */
static inline void must(bool ok, const struct err *e)
{
	if (ok)
		return;
	fprintf(stderr, "cannot measure: %s\n", e->msg);
	exit(2);
}
#endif
