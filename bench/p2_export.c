/* SPDX-License-Identifier: Apache-2.0
 * P2, our side: evaluates the workload in memory and writes it down for the peers.
 *
 *   p2_export --packages FILE --out PREFIX [--hosts N] [--patches M] [--seed S]
 *
 * PREFIX.host_comp.tsv has "host line", PREFIX.patch_comp.tsv "patch line" for the lines that
 * outdate a patch. Prints the CPU of a full evaluation (median of three) and the pairs found. */
#include "base/clock.h"
#include "match/match.h"
#include "measure.h"
#include "workload.h"

#include <getopt.h>

struct export
{
	const char *packages, *out;
	uint32_t hosts, patches, seed;
	struct workload *w;
	FILE *file;
};

static FILE *create(const struct export *x, const char *name)
{
	struct err e = { 0 };
	AUTO(xfree) char *path = xasprintf("%s.%s.tsv", x->out, name);
	FILE *f = fopen(path, "we");
	must(f || err_set(&e, ERR_IO, "cannot write '%s'", path), &e);
	return f;
}

static void finish(FILE *f)
{
	struct err e = { 0 };
	bool bad = ferror(f) != 0;
	must((fclose(f) == 0 && !bad) || err_set(&e, ERR_IO, "the disk is full"), &e);
}

static struct fleet *make_fleet(const struct export *x)
{
	struct err e = { 0 };
	struct fleet *f = fleet_new_memory(&clock_system);
	AUTO(buf_done) struct buf text = BUF_INIT(64u << 20);
	AUTO(xfree) uint32_t *lines = xmalloc(sizeof(*lines) * workload_host_max(x->w));
	FILE *out = create(x, "host_comp");
	for (uint32_t h = 0; h < x->hosts; h++) {
		struct workload_attrs attrs;
		char id[33];
		uint32_t no, n = workload_host(x->w, h, 0, lines);
		workload_id(x->w, h, id);
		workload_attrs(x->w, h, clock_wall_ms(), &attrs);
		workload_text(x->w, lines, n, &text);
		must(fleet_enrol(f, id, "local", &attrs.a, NULL, &no, &e), &e);
		must(fleet_put_inventory(f, no, buf_str(&text), clock_wall_ms(), &e), &e);
		for (uint32_t i = 0; i < n; i++)
			fprintf(out, "%u\t%u\n", h, lines[i]);
	}
	finish(out);
	return f;
}

static void write_pair(void *arg, uint32_t patch, uint32_t line, bool outdated)
{
	struct export *x = arg;
	if (outdated)
		fprintf(x->file, "%u\t%u\n", patch, line);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static void evaluate(const struct export *x, struct fleet *f)
{
	struct err e = { 0 };
	AUTO(catalog_unref) struct catalog *c = NULL;
	must(workload_catalog(x->w, x->patches, clock_wall_ms(), &c, &e), &e);
	double used[3];
	uint64_t pairs = 0;
	for (int run = 0; run < 3; run++) {
		AUTO(match_free) struct match *m = match_new(f);
		double from = cpu_s();
		match_set_catalog(m, c);
		used[run] = cpu_s() - from;
		AUTO(match_read_end) struct match_view v;
		match_read(m, &v);
		pairs = 0;
		for (uint32_t i = 0; i < c->n_patches; i++)
			pairs += match_count(&v, i, VERDICT_MISSING) +
				 match_count(&v, i, VERDICT_HELD);
	}
	qsort(used, 3, sizeof(*used), by_size);
	printf("ours_cpu_s=%.4f sum_missing=%llu hosts=%u patches=%u\n", used[1],
	       (unsigned long long)pairs, x->hosts, x->patches);
}

static uint32_t number(const char *text)
{
	uint64_t n = 0;
	if (!str_to_u64(str_of(text), &n) || n > 1000000) {
		fprintf(stderr, "p2_export: '%s' is no number up to 1000000\n", text);
		exit(2);
	}
	return (uint32_t)n;
}

int main(int argc, char **argv)
{
	static const struct option known[] = { { "packages", required_argument, NULL, 'p' },
					       { "out", required_argument, NULL, 'o' },
					       { "hosts", required_argument, NULL, 'h' },
					       { "patches", required_argument, NULL, 'm' },
					       { "seed", required_argument, NULL, 'r' },
					       { 0 } };
	struct export x = { .hosts = 10000, .patches = 5000, .seed = 1 };
	int c;
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1)
		switch (c) {
		case 'p': x.packages = optarg; break;
		case 'o': x.out = optarg; break;
		case 'h': x.hosts = number(optarg); break;
		case 'm': x.patches = number(optarg); break;
		case 'r': x.seed = number(optarg); break;
		default: return 2;
		}
	if (!x.packages || !x.out || optind < argc) {
		fprintf(stderr, "usage: p2_export --packages FILE --out PREFIX [--hosts N] "
				"[--patches M] [--seed S]\n");
		return 2;
	}
	struct err e = { 0 };
	must(workload_new(x.packages, x.seed, &x.w, &e), &e);
	AUTO(fleet_free) struct fleet *f = make_fleet(&x);
	x.file = create(&x, "patch_comp");
	workload_pairs(x.w, x.patches, write_pair, &x);
	finish(x.file);
	evaluate(&x, f);
	workload_free(x.w);
	return 0;
}
