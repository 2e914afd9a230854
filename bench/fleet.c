/* SPDX-License-Identifier: Apache-2.0
 * Writes a fleet as a server's state directory; tsukuroid can be started on it at once.
 *
 *   fleet --packages FILE --state DIR [--hosts N] [--patches M] [--seed S] [--threads T]
 *         [--database postgresql://...] */
#include "base/clock.h"
#include "fleet_state.h"
#include "measure.h"

#include <getopt.h>

static uint32_t number(const char *text, const char *what)
{
	uint64_t n = 0;
	if (!str_to_u64(str_of(text), &n) || n > 10000000) {
		fprintf(stderr, "fleet: --%s must be a number up to 10000000\n", what);
		exit(2);
	}
	return (uint32_t)n;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "packages", required_argument, NULL, 'p' },
						 { "state", required_argument, NULL, 's' },
						 { "hosts", required_argument, NULL, 'h' },
						 { "patches", required_argument, NULL, 'm' },
						 { "seed", required_argument, NULL, 'r' },
						 { "threads", required_argument, NULL, 't' },
						 { "database", required_argument, NULL, 'd' },
						 { 0 } };
	struct fleet_state_conf conf = {
		.hosts = 10000, .patches = 5000, .threads = 2, .now_ms = clock_wall_ms()
	};
	const char *packages = NULL;
	uint32_t seed = 1;
	int c;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (c) {
		case 'p': packages = optarg; break;
		case 's': conf.state = optarg; break;
		case 'h': conf.hosts = number(optarg, "hosts"); break;
		case 'm': conf.patches = number(optarg, "patches"); break;
		case 'r': seed = number(optarg, "seed"); break;
		case 't': conf.threads = number(optarg, "threads"); break;
		case 'd': conf.database = optarg; break;
		default: return 2;
		}
	if (!packages || !conf.state || optind < argc) {
		fprintf(stderr, "usage: fleet --packages FILE --state DIR [--hosts N] "
				"[--patches M] [--seed S] [--threads T] [--database URL]\n");
		return 2;
	}
	struct err e = { 0 };
	AUTO(workload_free) struct workload *w = NULL;
	struct fleet_state_report r;
	double began = wall_s();
	must(workload_new(packages, seed, &w, &e), &e);
	must(fleet_state_write(w, &conf, &r, &e), &e);
	struct rusage use;
	getrusage(RUSAGE_SELF, &use);
	printf("hosts=%u patches=%u seed=%u facts=%u facts_per_host=%.1f facts_bytes_per_host=%.1f\n",
	       conf.hosts, conf.patches, seed, r.facts,
	       (double)r.facts_of_hosts / MAX(conf.hosts, 1u),
	       (double)r.facts_bytes / MAX(conf.hosts, 1u));
	printf("version_sets_per_patch=%.1f live_sets_per_patch=%.1f wall_s=%.1f cpu_s=%.1f peak_rss_kb=%ld\n",
	       (double)r.version_sets / MAX(conf.patches, 1u),
	       (double)r.live_sets / MAX(conf.patches, 1u), wall_s() - began, cpu_s(),
	       use.ru_maxrss);
	return 0;
}
