/* SPDX-License-Identifier: Apache-2.0
 * P1, P3, P4, P5, P8 on the workload: full evaluation, one scan, new advisories, many scans, bytes
 * per host.
 *
 *   p_fleet --packages FILE --state DIR [--hosts N] [--patches M] [--seed S] [--scans K] [--verify]
 * [--profile]
 *
 * DIR is what `fleet` wrote with the same FILE, N, M and S, or is written now; its hosts get new
 * scans here, so it is good for one run. --verify also lets the server's own nightly check look at
 * every pair; --profile ends after the full evaluation, with nothing checked. Guards: every patch's
 * count over all hosts and the lists of a sample of hosts equal to those computed from the workload
 * itself, before and after scans and advisories; the limits of CPU and bytes of the figures (per
 * host at any size; P1 and P4 scaled down from a million). */
#include "base/clock.h"
#include "base/file.h"
#include "expected.h"
#include "fleet_state.h"
#include "measure.h"

#include <getopt.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#define NEW_PATCHES 50u
#define SAMPLE 2000u
#define THREADS 16
#define BY_ONE 500u /* scans of P3 */

struct run {
	const char *packages, *state;
	uint32_t hosts, patches, seed, scans, to;
	bool verify, profile, whole;
	struct workload *w;
	struct sql *db;
	struct fleet *fleet;
	struct match *match;
	struct expected *expected;
	uint8_t *revision; /* per host: the scan it has now */
	uint32_t *counts;  /* expected, of all patches with the new ones */
	int64_t now_ms;
	atomic_uint next;
	_Atomic double making; /* CPU of threads that went into the workload itself */
	bool good;
};

static void guard(struct run *r, const char *what, bool ok)
{
	if (!ok)
		printf("guard_failed=%s\n", what);
	r->good = r->good && ok;
}

static uint64_t file_bytes(const char *dir, const char *name)
{
	AUTO(xfree) char *path = file_join(dir, name);
	struct stat st;
	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

/* What of the resident bytes the program holds, and what the allocator keeps free between them. */
static void print_heap(const struct mallinfo2 *before, uint32_t hosts)
{
	struct mallinfo2 now = mallinfo2();
	double held = (double)(now.uordblks + now.hblkhd) -
		      (double)(before->uordblks + before->hblkhd);
	printf("p8_held_bytes_per_host=%.0f p8_of_these_mapped=%.0f p8_free_in_heap_per_host=%.0f\n",
	       held / hosts, ((double)now.hblkhd - (double)before->hblkhd) / hosts,
	       ((double)now.fordblks - (double)before->fordblks) / hosts);
}

static void open_state(struct run *r)
{
	struct err e = { 0 };
	AUTO(xfree) char *url = xasprintf("sqlite:%s/tsukuroi.db", r->state);
	must(workload_new(r->packages, r->seed, &r->w, &e), &e);
	if (file_bytes(r->state, "tsukuroi.db") == 0) {
		struct fleet_state_conf conf = { .state = r->state,
						 .hosts = r->hosts,
						 .patches = r->patches,
						 .threads = 2,
						 .now_ms = r->now_ms };
		struct fleet_state_report report;
		must(fleet_state_write(r->w, &conf, &report, &e), &e);
	}
	malloc_trim(0);
	uint64_t before = resident_bytes(false);
	struct mallinfo2 heap_before = mallinfo2();
	double from = cpu_s();
	must(sql_open(url, &r->db, &e) && sql_migrate(r->db, &e), &e);
	must(fleet_load(r->db, &clock_system, &r->fleet, &e), &e);
	printf("load_cpu_s=%.3f\n", cpu_s() - from);
	fleet_read_lock(r->fleet);
	uint32_t hosts = fleet_host_count(r->fleet);
	fleet_read_unlock(r->fleet);
	if (hosts != r->hosts)
		must(err_set(&e, ERR_INVALID, "'%s' has %u hosts", r->state, hosts), &e);
	AUTO(catalog_unref) struct catalog *c = NULL;
	must(workload_catalog(r->w, r->patches, r->now_ms, &c, &e), &e);
	r->match = match_new(r->fleet);
	from = cpu_s();
	match_set_catalog(r->match, c);
	double used = cpu_s() - from;
	malloc_trim(0);
	uint64_t resident = resident_bytes(false) - before;
	uint64_t disk = file_bytes(r->state, "tsukuroi.db") +
			file_bytes(r->state, "tsukuroi.db-wal");
	printf("p1_full_evaluation_cpu_s=%.3f hosts=%u patches=%u components=%u\n", used, r->hosts,
	       c->n_patches, c->n_components);
	printf("p8_resident_bytes_per_host=%.0f p8_disk_bytes_per_host=%.0f\n",
	       (double)resident / r->hosts, (double)disk / r->hosts);
	print_heap(&heap_before, r->hosts);
	guard(r, "p1_cpu", used <= 8.0 * MAX(r->hosts, 100000u) / 1e6);
	/* What does not grow with hosts weighs little from here on. */
	if (r->hosts >= 100000)
		guard(r, "p8_bytes", resident <= 4000ull * r->hosts && disk <= 5000ull * r->hosts);
}

static bool same_lists(struct run *r, uint32_t hosts, const char *what)
{
	uint32_t bad = 0, n = MIN(hosts, SAMPLE);
	AUTO(match_read_end) struct match_view v;
	match_read(r->match, &v);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t host = (uint32_t)((uint64_t)i * hosts / n);
		bad += !expected_same_list(r->expected, &v, host, r->revision[host]);
	}
	printf("%s_lists_compared=%u %s_lists_wrong=%u\n", what, n, what, bad);
	return bad == 0;
}

/* The first evaluation is looked at together with the new patches: one walk over the fleet. */
static void new_patches(struct run *r)
{
	struct err e = { 0 };
	uint32_t all = r->patches + NEW_PATCHES;
	AUTO(xfree) uint32_t *first = xmalloc(sizeof(*first) * all);
	AUTO(catalog_unref) struct catalog *c = NULL;
	must(workload_catalog(r->w, all, r->now_ms, &c, &e), &e);
	r->expected = expected_new(r->w, all);
	{
		AUTO(match_read_end) struct match_view v;
		match_read(r->match, &v);
		expected_seen(r->expected, &v, first);
	}
	double from = cpu_s();
	match_set_catalog(r->match, c);
	double used = cpu_s() - from;
	printf("p4_new_advisories=%u p4_cpu_s=%.4f\n", NEW_PATCHES, used);
	guard(r, "p4_cpu", used <= 0.1 * MAX(r->hosts, 200000u) / 1e6);
	r->counts = xcalloc(all, sizeof(*r->counts));
	expected_counts(r->expected, r->hosts, NULL, r->counts);
	uint32_t mismatches = 0;
	uint64_t pairs = 0;
	for (uint32_t i = 0; i < r->patches; i++) {
		mismatches += first[i] != r->counts[i];
		pairs += r->counts[i];
	}
	AUTO(match_read_end) struct match_view v;
	match_read(r->match, &v);
	uint32_t after = expected_differences(r->expected, &v, r->counts);
	match_read_end(&v);
	printf("p1_lacking_pairs=%llu p1_mismatches=%u p4_mismatches=%u\n",
	       (unsigned long long)pairs, mismatches, after);
	guard(r, "p1_counts", mismatches == 0 && pairs > 0);
	guard(r, "p4_counts", after == 0);
	guard(r, "p1_lists", same_lists(r, r->hosts, "p1"));
}

static double thread_cpu_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A scan as an agent sends it: whole, or what has changed since its last. */
struct scan {
	bool whole;
	struct buf was, text, changes;
	struct fleet_delta delta;
};
#define SCAN_INIT(is_whole)                                                                        \
	(struct scan)                                                                              \
	{                                                                                          \
		.whole = is_whole, .was = BUF_INIT(64u << 20), .text = BUF_INIT(64u << 20),        \
		.changes = BUF_INIT(64u << 20)                                                     \
	}

static void scan_done(struct scan *s)
{
	buf_done(&s->was);
	buf_done(&s->text);
	buf_done(&s->changes);
}
AUTO_DEFINE_VALUE(struct scan, scan_done)

/* The agent's part of the work. */
static void scan_make(struct run *r, uint32_t host, struct scan *s)
{
	struct err e = { 0 };
	AUTO(xfree) uint32_t *lines = xmalloc(sizeof(*lines) * workload_host_max(r->w));
	workload_text(r->w, lines, workload_host(r->w, host, 1, lines), &s->text);
	if (s->whole)
		return;
	workload_text(r->w, lines, workload_host(r->w, host, 0, lines), &s->was);
	s->changes.n = 0;
	must(inventory_delta(buf_str(&s->was), buf_str(&s->text), &s->changes, &e), &e);
	s->delta = (struct fleet_delta) { .delta = buf_str(&s->changes),
					  .base = digest_of(buf_str(&s->was)),
					  .digest = digest_of(buf_str(&s->text)),
					  .sum = inventory_sum_of_text(buf_str(&s->text)) };
}

static void scan_put(struct run *r, uint32_t host, struct scan *s, int64_t scanned_ms)
{
	struct err e = { 0 };
	s->delta.scanned_ms = scanned_ms;
	must(s->whole ? fleet_put_inventory(r->fleet, host, buf_str(&s->text), scanned_ms, &e)
		      : fleet_put_delta(r->fleet, host, &s->delta, &e),
	     &e);
	r->revision[host] = 1;
}

/* P3: scan in, durable, list read. */
static void scans_by_one(struct run *r, bool whole, uint32_t first, uint32_t n, const char *what)
{
	AUTO(scan_done) struct scan s = SCAN_INIT(whole);
	double used = 0;
	for (uint32_t h = first; h < first + n; h++) {
		scan_make(r, h, &s);
		double from = cpu_s();
		scan_put(r, h, &s, r->now_ms + 1);
		AUTO(match_read_end) struct match_view v;
		match_read(r->match, &v);
		struct host_patch *list;
		uint32_t listed = match_host_patches(&v, h, &list);
		used += cpu_s() - from;
		guard(r, "p3_list_empty", listed > 0);
		xfree(list);
	}
	printf("%s_scans=%u %s_cpu_ms_per_scan=%.4f\n", what, n, what, used * 1000 / n);
	if (!whole)
		guard(r, "p3_cpu", used / n <= 0.016 / 60);
}

static uint32_t p3(struct run *r)
{
	uint32_t n = MIN(BY_ONE, r->hosts / 4);
	scans_by_one(r, false, 0, n, "p3");
	scans_by_one(r, true, n, n, "p3_whole");
	guard(r, "p3_lists", same_lists(r, 2 * n, "p3"));
	return 2 * n;
}

static void *scan_many(void *arg)
{
	struct run *r = arg;
	AUTO(scan_done) struct scan s = SCAN_INIT(r->whole);
	for (;;) {
		uint32_t h = atomic_fetch_add(&r->next, 1);
		if (h >= r->to)
			return NULL;
		double from = thread_cpu_s();
		scan_make(r, h, &s);
		double made = thread_cpu_s() - from, was = atomic_load(&r->making);
		while (!atomic_compare_exchange_weak(&r->making, &was, was + made)) {
		}
		scan_put(r, h, &s, r->now_ms + 2);
	}
}

/* Many at once, so that they share commits; how many a second and core. */
static double scans_together(struct run *r, bool whole, uint32_t first, uint32_t n,
			     const char *what)
{
	pthread_t threads[THREADS];
	r->whole = whole;
	r->to = first + n;
	atomic_store(&r->next, first);
	atomic_store(&r->making, 0);
	double from = cpu_s(), began = wall_s();
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, scan_many, r) != 0)
			exit(2);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	double used = cpu_s() - from - atomic_load(&r->making), wall = wall_s() - began;
	printf("%s_scans=%u %s_scans_per_core_s=%.0f %s_cpu_ms_per_scan=%.4f %s_wall_s=%.2f\n",
	       what, n, what, n / used, what, used * 1000 / n, what, wall);
	return n / used;
}

static void p5(struct run *r, uint32_t first)
{
	uint32_t n = MIN(r->scans, (r->hosts - first) / 2);
	guard(r, "p5_rate", scans_together(r, false, first, n, "p5") >= 4000);
	scans_together(r, true, first + n, n, "p5_whole");
	r->scans = first + 2 * n;
}

static void after_scans(struct run *r)
{
	uint32_t all = r->patches + NEW_PATCHES, n = r->scans;
	/* Only hosts with a new scan count otherwise than before. */
	AUTO(xfree) uint32_t *before = xcalloc(all, sizeof(*before));
	AUTO(xfree) uint32_t *now = xcalloc(all, sizeof(*now));
	expected_counts(r->expected, n, NULL, before);
	expected_counts(r->expected, n, r->revision, now);
	for (uint32_t i = 0; i < all; i++)
		r->counts[i] += now[i] - before[i];
	AUTO(match_read_end) struct match_view v;
	match_read(r->match, &v);
	uint32_t mismatches = expected_differences(r->expected, &v, r->counts);
	match_read_end(&v);
	printf("p5_mismatches=%u\n", mismatches);
	guard(r, "p5_counts", mismatches == 0);
	guard(r, "p5_lists", same_lists(r, n, "p5"));
	if (!r->verify)
		return;
	double from = cpu_s();
	uint64_t differences = match_verify(r->match);
	printf("verify_differences=%llu verify_cpu_s=%.2f\n", (unsigned long long)differences,
	       cpu_s() - from);
	guard(r, "verify", differences == 0);
}

static uint32_t number(const char *text)
{
	uint64_t n = 0;
	if (!str_to_u64(str_of(text), &n) || n > 10000000) {
		fprintf(stderr, "p_fleet: '%s' is no number up to 10000000\n", text);
		exit(2);
	}
	return (uint32_t)n;
}

static void options(int argc, char **argv, struct run *r)
{
	static const struct option known[] = { { "packages", required_argument, NULL, 'p' },
					       { "state", required_argument, NULL, 's' },
					       { "hosts", required_argument, NULL, 'h' },
					       { "patches", required_argument, NULL, 'm' },
					       { "seed", required_argument, NULL, 'r' },
					       { "scans", required_argument, NULL, 'k' },
					       { "verify", no_argument, NULL, 'v' },
					       { "profile", no_argument, NULL, 'P' },
					       { 0 } };
	int c;
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1)
		switch (c) {
		case 'p': r->packages = optarg; break;
		case 's': r->state = optarg; break;
		case 'h': r->hosts = number(optarg); break;
		case 'm': r->patches = number(optarg); break;
		case 'r': r->seed = number(optarg); break;
		case 'k': r->scans = number(optarg); break;
		case 'v': r->verify = true; break;
		case 'P': r->profile = true; break;
		default: exit(2);
		}
	if (r->packages && r->state && r->hosts > 1 && r->patches > 0 && optind == argc)
		return;
	fprintf(stderr, "usage: p_fleet --packages FILE --state DIR [--hosts N] [--patches M] "
			"[--seed S] [--scans K] [--verify] [--profile]\n");
	exit(2);
}

int main(int argc, char **argv)
{
	struct run r = { .hosts = 10000,
			 .patches = 5000,
			 .seed = 1,
			 .scans = 8000,
			 .good = true,
			 .now_ms = clock_wall_ms() };
	options(argc, argv, &r);
	r.revision = xcalloc(r.hosts, 1);
	open_state(&r);
	if (r.profile) {
		fflush(stdout);
		_exit(2);
	}
	new_patches(&r);
	p5(&r, p3(&r));
	after_scans(&r);
	struct err e = { 0 };
	must(fleet_flush(r.fleet, &e), &e);
	printf("guard=%s\n", r.good ? "ok" : "failed");
	expected_free(r.expected);
	match_free(r.match);
	fleet_free(r.fleet);
	sql_close(r.db);
	workload_free(r.w);
	xfree(r.revision);
	xfree(r.counts);
	return r.good ? 0 : 1;
}
