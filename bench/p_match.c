/* SPDX-License-Identifier: Apache-2.0
 * P1, P3, P4 at the size given: a synthetic fleet against a catalog of the shape of Debian's own.
 *
 *   p_match [--rpm] HOSTS [NAMES-FILE]
 *
 * --rpm makes rpm packages of the same shape, ten of them installed in two versions (kernels).
 * NAMES-FILE has "binary source version" a line (from a Packages file); without it names are made
 * up. Hosts are made of 20 roles (400..2100 packages), each package in one of 6 versions, lagging
 * by role and host. Guard: 0 mismatches between bitmaps, counters and the forward pass. */
#include "base/file.h"
#include "base/vec.h"
#include "catalog/catalog.h"
#include "catalog/sink.h"
#include "match/match.h"
#include "proto/inventory.h"

#include <sys/resource.h>

#define ROLES 20
#define GENERATIONS 6

struct package {
	struct str name, source, version;
};
struct packages {
	struct package *p;
	size_t n, cap;
};

static uint64_t seed = 1;
static bool rpm; /* --rpm */

static uint32_t next(uint32_t bound)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)((seed >> 33) % bound);
}

static double cpu_s(void)
{
	struct rusage r;
	getrusage(RUSAGE_SELF, &r);
	return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
	       (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static int64_t fixed_now(void *arg)
{
	return 1700000000000;
}

static void must(bool ok, const struct err *e)
{
	if (ok)
		return;
	fprintf(stderr, "p_match: %s\n", e->msg);
	exit(2);
}

static void make_names(struct packages *out, struct arena *a)
{
	for (uint32_t source = 0; source < 30000; source++) {
		uint32_t binaries = 1 + next(3) * next(2);
		for (uint32_t k = 0; k < binaries; k++)
			VEC_PUSH(out, ((struct package) {
					      str_of(arena_printf(a, "lib%u-%u", source, k)),
					      str_of(arena_printf(a, "src%u", source)),
					      str_of(arena_printf(a, "%u.%u-1", 1 + source % 9,
								  source % 31)) }));
	}
}

static void read_names(const char *path, struct packages *out, struct arena *a)
{
	struct err e;
	AUTO(buf_done) struct buf text = BUF_INIT(64 << 20);
	must(file_read(path, &text, &e), &e);
	struct str rest = buf_str(&text), line;
	while (rest.n > 0 && str_line(&rest, &line)) {
		struct package p;
		if (str_split(&line, ' ', &p.name) && str_split(&line, ' ', &p.source)) {
			p = (struct package) { arena_str(a, p.name), arena_str(a, p.source),
					       arena_str(a, line) };
			VEC_PUSH(out, p);
		}
	}
}

static struct catalog *make_catalog(const struct packages *all, uint32_t newer)
{
	struct err e = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	struct feed_info feed = { .id = STR_LIT("debian/bench"),
				  .kind = STR_LIT("debian"),
				  .url = STR_LIT("file:///x"),
				  .released_ms = 1,
				  .signer = STR_LIT("") };
	AUTO(sink_free) struct sink *sink = sink_new(&feed);
	struct sha256 digest = { { 1 } };
	struct archive archive = { .id = STR_LIT("debian"),
				   .url = STR_LIT("file:///x"),
				   .suite = STR_LIT("bench"),
				   .release_components = STR_LIT("main"),
				   .keyring = STR_LIT("/x.gpg"),
				   .os = STR_LIT("debian:12") };
	must(sink_archive(sink, &archive, &e), &e);
	for (size_t i = 0; i < all->n; i++) {
		const struct package *k = &all->p[i];
		struct str version = k->version;
		if (i < newer)
			version = str_of(arena_printf(&a, "%.*s+new", STR_ARG(version)));
		struct patch p = { .id = str_of(arena_printf(&a, "debian:12:%.*s:%.*s",
							     STR_ARG(k->source), STR_ARG(version))),
				   .vendor = STR_LIT("Debian"),
				   .os = STR_LIT("debian:12"),
				   .product = k->source,
				   .version = version,
				   .title = k->source,
				   .suites = STR_LIT("bench"),
				   .severity_raw = STR_LIT(""),
				   .type = i % 5 ? PATCH_TYPE_ROLLUP : PATCH_TYPE_SECURITY,
				   .severity = (enum severity)(i % 5),
				   .superseded_by = CATALOG_NONE };
		struct component c = { .kind = rpm ? COMPONENT_RPM : COMPONENT_DEB,
				       .name = k->name,
				       .arch = STR_LIT("amd64"),
				       .module = STR_LIT(""),
				       .version = version,
				       .above = STR_LIT(""),
				       .file = STR_LIT("pool/x.deb"),
				       .sha256 = digest,
				       .size = 1,
				       .superseded_by = CATALOG_NONE };
		must(sink_patch(sink, &p, &e) && sink_component(sink, &c, &e), &e);
	}
	struct generation g;
	struct catalog *c;
	must(sink_finish(sink, &g.records, &g.feed, &e) && catalog_build(&g, 1, &c, &e), &e);
	return c;
}

/* The same host for the same number; `salt` changes a few of its packages. */
static void make_inventory(const struct packages *all, uint32_t host, uint32_t salt,
			   struct buf *out)
{
	struct err e;
	AUTO(inventory_free) struct inventory *inventory = inventory_new();
	static const struct str os[] = { STR_LIT("os"), STR_LIT("debian"), STR_LIT("12"),
					 STR_LIT("bookworm") };
	static const struct str arch[] = { STR_LIT("arch"), STR_LIT("amd64") };
	must(inventory_add(inventory, os, 4, &e) && inventory_add(inventory, arch, 2, &e), &e);
	uint32_t role = host % ROLES, n = 400 + role * 85, lag = (host / ROLES) % 4;
	for (uint32_t i = 0; i < n; i++) {
		const struct package *k =
			&all->p[(role * 977u + i * (uint64_t)(37 + role)) % all->n];
		seed = host * 2654435761u + i;
		uint32_t age = next(20) ? lag : next(GENERATIONS);
		if (salt && i < 10)
			age = salt % GENERATIONS;
		char version[256];
		int len = age == 0 ? snprintf(version, sizeof(version), "%.*s", STR_ARG(k->version))
				   : snprintf(version, sizeof(version), "%.*s~%u",
					      STR_ARG(k->version), GENERATIONS - age);
		struct str fields[] = { rpm ? STR_LIT("rpm") : STR_LIT("deb"),
					k->name,
					STR_LIT("amd64"),
					{ version, (size_t)len },
					str_eq(k->source, k->name) ? STR_LIT("") : k->source,
					STR_LIT(""),
					STR_LIT("") };
		must(inventory_add(inventory, fields, rpm ? 7 : 6, &e), &e);
		fields[3] = STR_LIT("0~0");
		if (rpm && i < 10)
			must(inventory_add(inventory, fields, 7, &e), &e);
	}
	buf_reset(out);
	must(inventory_text(inventory, out, &e), &e);
}

static void scans(struct fleet *f, const struct packages *all, uint32_t hosts, uint32_t salt,
		  const char *what)
{
	AUTO(buf_done) struct buf text = BUF_INIT(INVENTORY_MAX);
	struct err e;
	double used = 0;
	uint64_t bytes = 0;
	for (uint32_t h = 0; h < hosts; h++) {
		make_inventory(all, h, salt, &text);
		double from = cpu_s();
		must(fleet_put_inventory(f, h, buf_str(&text), 1700000000000, &e), &e);
		used += cpu_s() - from;
		bytes += fleet_host(f, h)->facts_len;
	}
	printf("%s_ms_per_host=%.4f facts_bytes_per_host=%.1f\n", what, used * 1000 / hosts,
	       (double)bytes / hosts);
}

static void lists(struct match *m, uint32_t hosts)
{
	double from = cpu_s();
	uint64_t missing = 0;
	for (uint32_t i = 0; i < 2000; i++) {
		AUTO(match_read_end) struct match_view v;
		match_read(m, &v);
		struct host_patch *list;
		uint32_t n = match_host_patches(&v, i % hosts, &list);
		for (uint32_t k = 0; k < n; k++)
			missing += list[k].verdict == VERDICT_MISSING;
		xfree(list);
	}
	printf("host_list_us=%.1f missing_per_list=%.1f\n", (cpu_s() - from) * 1e6 / 2000,
	       (double)missing / 2000);
}

static void adopt(struct match *m, struct catalog *c, const char *what)
{
	double from = cpu_s();
	match_set_catalog(m, c);
	printf("%s_cpu_s=%.3f patches=%u components=%u\n", what, cpu_s() - from, c->n_patches,
	       c->n_components);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	uint64_t hosts = 0;
	rpm = argc > 1 && strcmp(argv[1], "--rpm") == 0;
	argc -= rpm;
	argv += rpm;
	if (argc < 2 || !str_to_u64(str_of(argv[1]), &hosts) || hosts == 0 || hosts > 2000000) {
		fprintf(stderr, "usage: p_match [--rpm] HOSTS [NAMES-FILE]\n");
		return 2;
	}
	AUTO(arena_done) struct arena a = { 0 };
	struct packages all = { 0 };
	if (argc > 2)
		read_names(argv[2], &all, &a);
	else
		make_names(&all, &a);
	static const struct clock clock = { fixed_now, NULL };
	AUTO(fleet_free) struct fleet *f = fleet_new_memory(&clock);
	AUTO(match_free) struct match *m = match_new(f);
	AUTO(catalog_unref) struct catalog *one = make_catalog(&all, 0);
	AUTO(catalog_unref) struct catalog *two = make_catalog(&all, 50);
	struct host_attrs attrs = { 0 };
	struct err e;
	for (uint32_t h = 0; h < hosts; h++) {
		char id[16];
		uint32_t no;
		snprintf(id, sizeof(id), "%08x", h);
		must(fleet_enrol(f, id, "local", &attrs, NULL, &no, &e), &e);
	}
	scans(f, &all, (uint32_t)hosts, 0, "first_scan_no_catalog");
	adopt(m, one, "full_evaluation");
	lists(m, (uint32_t)hosts);
	scans(f, &all, (uint32_t)MIN(hosts, 2000), 3, "changed_scan_cold");
	scans(f, &all, (uint32_t)MIN(hosts, 2000), 4, "changed_scan");
	adopt(m, two, "fifty_new_patches");
	double from = cpu_s();
	uint64_t differences = match_verify(m);
	printf("mismatches_vs_forward=%llu verify_cpu_s=%.3f facts=%u\n",
	       (unsigned long long)differences, cpu_s() - from, fleet_fact_count(f));
	AUTO(match_read_end) struct match_view v;
	match_read(m, &v);
	struct fleet_counts counts;
	match_fleet_counts(&v, 1700000000000, &counts);
	struct rusage r;
	getrusage(RUSAGE_SELF, &r);
	printf("hosts=%u missing_pairs=%llu missing_patches=%u peak_rss_kb=%ld\n", counts.hosts,
	       (unsigned long long)counts.missing_pairs, counts.missing_patches, r.ru_maxrss);
	VEC_DONE(&all);
	return differences == 0 && counts.missing_pairs > 0 ? 0 : 1;
}
