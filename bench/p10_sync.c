/* SPDX-License-Identifier: Apache-2.0
 * P10: a Packages index from compressed bytes to a record document, against `xz -dc` of the same
 * file, `apt-cache gencaches` and libsolv's `deb2solv` of the same text, all in this run.
 *
 *   p10_sync PACKAGES.xz [MORE.xz...]
 *
 * The first file is measured; all of them together make the snapshot that is timed. Prints
 * key=value lines; guard: total CPU <= 1.3 x xz, parse CPU <= 1/4 of gencaches and of deb2solv
 * (left out, and said so, when one is not there). Medians of five. */
#include "base/clock.h"
#include "base/file.h"
#include "base/proc.h"
#include "feeds/debian/debian_int.h"
#include "feeds/lab/lab.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUNS 5
extern char **environ;

static void must(bool ok, const struct err *e)
{
	if (ok)
		return;
	fprintf(stderr, "p10_sync: %s\n", e->msg);
	exit(2);
}

static double seconds(const struct rusage *r)
{
	return (double)(r->ru_utime.tv_sec + r->ru_stime.tv_sec) +
	       (double)(r->ru_utime.tv_usec + r->ru_stime.tv_usec) / 1e6;
}

static double cpu_s(void)
{
	struct rusage r;
	getrusage(RUSAGE_SELF, &r);
	return seconds(&r);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static double median(double *v)
{
	qsort(v, RUNS, sizeof(*v), by_size);
	return v[RUNS / 2];
}

/* CPU seconds of a program whose output goes nowhere; negative when it failed. */
static double run_s(const char *const *argv)
{
	posix_spawn_file_actions_t fa;
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&fa, 2, "/dev/null", O_WRONLY, 0);
	pid_t pid;
	struct rusage r = { 0 };
	int status = 1;
	if (posix_spawnp(&pid, argv[0], &fa, NULL, (char *const *)argv, environ) == 0)
		wait4(pid, &status, 0, &r);
	posix_spawn_file_actions_destroy(&fa);
	return status == 0 ? seconds(&r) : -1;
}

static struct debian_release release;
static struct debian_group *group;

/* Groups and writes records; the digest of the document in *out. */
static int64_t finish(struct sha256 *out, struct err *e)
{
	struct feed_info feed = { .id = STR_LIT("debian/bench"),
				  .kind = STR_LIT("debian"),
				  .url = STR_LIT("file:"),
				  .signer = STR_LIT("") };
	struct archive a = { .id = STR_LIT("bench"),
			     .url = STR_LIT("file:"),
			     .suite = STR_LIT("bench"),
			     .release_components = STR_LIT("main"),
			     .keyring = STR_LIT(""),
			     .os = release.os };
	AUTO(sink_free) struct sink *s = sink_new(&feed);
	struct str records;
	must(sink_archive(s, &a, e) && debian_group_emit(group, &release, s, e) &&
		     sink_finish(s, &records, &feed, e),
	     e);
	*out = feed.digest;
	debian_group_free(group);
	return feed.rows;
}

static double total_s(struct str packed, int64_t *rows, struct sha256 *digest)
{
	struct err e;
	double from = cpu_s();
	struct sha256 check = digest_of(packed);
	group = debian_group_new();
	AUTO(unpack_free) struct unpack *u = NULL;
	must(unpack_open_mem(packed, "index", DEBIAN_MAX_INDEX_PLAIN, 0, &u, &e), &e);
	must(debian_packages_read(u, "index", debian_group_add, group, &e), &e);
	*rows = finish(digest, &e);
	(void)check;
	return cpu_s() - from;
}

static double parse_s(struct str text)
{
	struct err e;
	struct sha256 digest;
	double from = cpu_s();
	group = debian_group_new();
	AUTO(debian_packages_free)
	struct debian_packages *p = debian_packages_new(debian_group_add, group);
	for (size_t at = 0; at < text.n; at += 256u << 10) {
		struct str part = { text.p + at, MIN(text.n - at, (size_t)256 << 10) };
		must(debian_packages_feed(p, part, &e), &e);
	}
	must(debian_packages_end(p, &e), &e);
	finish(&digest, &e);
	return cpu_s() - from;
}

static void unpack_all(struct str packed, struct buf *out)
{
	struct err e;
	AUTO(unpack_free) struct unpack *u = NULL;
	must(unpack_open_mem(packed, "index", DEBIAN_MAX_INDEX_PLAIN, 0, &u, &e), &e);
	for (size_t got = 1; got; out->n += got) {
		char *at = buf_reserve(out, 1u << 20);
		must(at && unpack_read(u, at, 1u << 20, &got, &e), &e);
	}
}

/* apt's own root with nothing but this index in it. */
static double gencaches_s(struct str text)
{
	char dir[] = "/tmp/p10-apt-XXXXXX";
	struct err e = { 0 };
	if (!mkdtemp(dir))
		return -1;
	AUTO(xfree)
	char *lists = xasprintf("%s/state/lists/partial", dir), *src = xasprintf("%s/src", dir);
	AUTO(xfree) char *archives = xasprintf("%s/cache/archives/partial", dir);
	AUTO(xfree)
	char *packages = xasprintf("%s/src/Packages", dir), *status = xasprintf("%s/status", dir);
	AUTO(xfree) char *list = xasprintf("%s/sources.list", dir);
	AUTO(xfree) char *line = xasprintf("deb [trusted=yes] file:%s ./\n", src);
	AUTO(xfree)
	char *o1 = xasprintf("Dir::State=%s/state", dir),
	     *o2 = xasprintf("Dir::State::status=%s", status);
	AUTO(xfree)
	char *o3 = xasprintf("Dir::Cache=%s/cache", dir),
	     *o4 = xasprintf("Dir::Etc::sourcelist=%s", list);
	must(file_mkdirs(lists, 0755, &e) && file_mkdirs(src, 0755, &e) &&
		     file_mkdirs(archives, 0755, &e),
	     &e);
	must(file_write_atomic(packages, text, 0644, &e) &&
		     file_write_atomic(status, STR_LIT(""), 0644, &e) &&
		     file_write_atomic(list, str_of(line), 0644, &e),
	     &e);
	const char *update[] = { "apt-get",
				 "-o",
				 o1,
				 "-o",
				 o2,
				 "-o",
				 o3,
				 "-o",
				 o4,
				 "-o",
				 "Dir::Etc::sourceparts=/dev/null",
				 "-o",
				 "APT::Sandbox::User=root",
				 "update",
				 NULL };
	const char *caches[] = { "apt-cache",
				 "-o",
				 o1,
				 "-o",
				 o2,
				 "-o",
				 o3,
				 "-o",
				 o4,
				 "-o",
				 "Dir::Etc::sourceparts=/dev/null",
				 "gencaches",
				 NULL };
	double v[RUNS];
	bool good = run_s(update) >= 0;
	for (int i = 0; good && i < RUNS; i++) {
		AUTO(xfree)
		char *made = xasprintf("%s/cache/pkgcache.bin", dir),
		     *made2 = xasprintf("%s/cache/srcpkgcache.bin", dir);
		must(file_remove_tree(made, &e) && file_remove_tree(made2, &e), &e);
		v[i] = run_s(caches);
		good = v[i] >= 0;
	}
	must(file_remove_tree(dir, &e), &e);
	return good ? median(v) : -1;
}

/* libsolv's parser of the same text, to its own form. */
static double deb2solv_s(struct str text)
{
	char path[] = "/tmp/p10-solv-XXXXXX";
	struct err e = { 0 };
	double v[RUNS];
	AUTO(fd_close) int fd = mkstemp(path);
	if (fd < 0 || !file_write_fd(fd, text, path, &e))
		return -1;
	bool good = true;
	for (int i = 0; good && i < RUNS; i++) {
		v[i] = run_s((const char *[]) { "deb2solv", "-r", path, NULL });
		good = v[i] >= 0;
	}
	unlink(path);
	return good ? median(v) : -1;
}

static void snapshot(int n, const char *const *files)
{
	struct err e;
	struct generation *g;
	size_t n_g;
	must(feeds_lab_generation("debian", files, (size_t)n, NULL, &g, &n_g, &e), &e);
	double v[RUNS];
	uint32_t patches = 0, components = 0;
	for (int i = 0; i < RUNS; i++) {
		struct catalog *c;
		double from = cpu_s();
		must(catalog_build(g, n_g, &c, &e), &e);
		v[i] = cpu_s() - from;
		patches = c->n_patches;
		components = c->n_components;
		catalog_unref(c);
	}
	printf("build_s=%.4f\npatches=%u\ncomponents=%u\n", median(v), patches, components);
	feeds_lab_generations_free(g, n_g);
}

int main(int argc, char **argv)
{
	struct err e;
	double xz[RUNS], total[RUNS], parse[RUNS];
	AUTO(buf_done) struct buf packed = BUF_INIT(DEBIAN_MAX_INDEX), text = BUF_INIT(1u << 30);
	if (argc < 2) {
		fputs("usage: p10_sync PACKAGES.xz [MORE.xz...]\n", stderr);
		return 2;
	}
	must(debian_release_of_name("bookworm", &release, &e), &e);
	must(file_read(argv[1], &packed, &e), &e);
	unpack_all(buf_str(&packed), &text);
	int64_t rows = 0;
	struct sha256 digest;
	char hex[SHA256_HEX];
	for (int i = 0; i < RUNS; i++) {
		xz[i] = run_s((const char *[]) { "xz", "-dc", argv[1], NULL });
		total[i] = total_s(buf_str(&packed), &rows, &digest);
		parse[i] = parse_s(buf_str(&text));
	}
	double x = median(xz), t = median(total), p = median(parse),
	       g = gencaches_s(buf_str(&text)), solv = deb2solv_s(buf_str(&text));
	printf("xz_s=%.4f\ntotal_s=%.4f\ntotal_to_xz=%.3f\nparse_s=%.4f\nrows=%lld\ndigest=%s\n", x,
	       t, t / x, p, (long long)rows, digest_hex(&digest, hex));
	if (g >= 0)
		printf("gencaches_s=%.4f\nparse_to_gencaches=%.3f\n", g, p / g);
	else
		puts("gencaches_s=absent");
	if (solv >= 0)
		printf("deb2solv_s=%.4f\nparse_to_deb2solv=%.3f\n", solv, p / solv);
	else
		puts("deb2solv_s=absent");
	snapshot(argc - 1, (const char *const *)argv + 1);
	debian_release_done(&release);
	bool good = x > 0 && t <= 1.3 * x && (g < 0 || p <= g / 4) && (solv < 0 || p <= solv / 4);
	printf("guard=%s\n", good ? "held" : "failed");
	return good ? 0 : 1;
}
