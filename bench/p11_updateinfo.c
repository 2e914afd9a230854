/* SPDX-License-Identifier: Apache-2.0
 * P11: an updateinfo.xml of 40 MB against a bare expat pass and libsolv's updateinfoxml2solv over
 * the same bytes, all in this run, each in a process of its own.
 *
 *   p11_updateinfo UPDATEINFO...
 *
 * The given files (any compression) are repeated, ids changed each time, until there are 40 MB.
 * Prints key=value lines; guard: CPU <= 1.5 x expat, peak memory <= 1/4 of updateinfoxml2solv (left
 * out, and said so, when that is not installed), and as many updates and packages read as were
 * written. Medians of five. */
#include "base/file.h"
#include "base/intern.h"
#include "feeds/rpm/rpm_int.h"

#include <errno.h>
#include <expat.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUNS 5
#define WANTED ((size_t)40 << 20)

static void must(bool ok, const struct err *e)
{
	if (ok)
		return;
	fprintf(stderr, "p11_updateinfo: %s\n", e->msg);
	exit(2);
}

/* --- the file ------------------------------------------------------------------------------------
 */

struct counts {
	long updates, packages;
};

static bool count(void *arg, const struct rpm_update *u, struct err *e)
{
	struct counts *c = arg;
	c->updates++;
	c->packages += (long)u->n_packages;
	return true;
}

static void read_plain(const char *path, struct buf *out)
{
	struct err e;
	struct buf raw = BUF_INIT(RPM_MAX_DATA);
	struct unpack *u = NULL;
	must(file_read(path, &raw, &e) && unpack_open_mem(buf_str(&raw), path, 1u << 30, 0, &u, &e),
	     &e);
	for (size_t got = 1; got;) {
		char *at = buf_reserve(out, 1u << 16);
		must(at && unpack_read(u, at, 1u << 16, &got, &e), &e);
		out->n += got;
	}
	unpack_free(u);
	buf_done(&raw);
}

/* What stands between <updates ...> and </updates>. */
static struct str inside(struct str doc)
{
	const char *from = strstr(doc.p, "<updates"), *to = NULL;
	from = from ? strchr(from, '>') : NULL;
	for (const char *p = from; p && (p = strstr(p, "</updates>")); p++)
		to = p;
	struct err e = { .msg = "a file given is no updateinfo.xml" };
	must(from && to, &e);
	return (struct str) { from + 1, (size_t)(to - from) - 1 };
}

static void write_all(int fd, struct str s)
{
	struct err e;
	must(file_write_fd(fd, s, "the file", &e), &e);
}

/* One copy, "-<turn>" behind each id of an update. */
static size_t write_copy(int fd, struct str text, long turn)
{
	struct buf out = BUF_INIT(1u << 30);
	while (text.n) {
		const char *end = memmem(text.p, text.n, "</id>", 5);
		size_t n = end ? (size_t)(end - text.p) : text.n;
		buf_add(&out, text.p, n);
		if (end)
			buf_printf(&out, "-%ld</id>", turn);
		text.p += n + (end ? 5 : 0);
		text.n -= n + (end ? 5 : 0);
	}
	write_all(fd, buf_str(&out));
	size_t n = out.n;
	buf_done(&out);
	return n;
}

static size_t build(char *const *files, int n_files, const char *path)
{
	struct buf docs[16];
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	struct err e = { .msg = "the file cannot be written, or more than 16 are given" };
	must(fd >= 0 && n_files <= 16, &e);
	for (int i = 0; i < n_files; i++) {
		docs[i] = BUF_INIT(1u << 30);
		read_plain(files[i], &docs[i]);
	}
	write_all(fd, STR_LIT("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<updates>\n"));
	size_t total = 0;
	for (long turn = 0; total < WANTED; turn++)
		for (int i = 0; i < n_files; i++)
			total += write_copy(fd, inside(buf_str(&docs[i])), turn);
	write_all(fd, STR_LIT("</updates>\n"));
	close(fd);
	for (int i = 0; i < n_files; i++)
		buf_done(&docs[i]);
	return total;
}

/* --- the three -----------------------------------------------------------------------------------
 */

struct run {
	double cpu_s;
	long peak_kb;
	struct counts read;
};

static struct counts ours(const char *path)
{
	struct counts c = { 0 };
	struct err e;
	struct unpack *u = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	must(fd >= 0 && unpack_open_fd(fd, "it", 1ull << 32, 0, &u, &e) &&
		     rpm_updateinfo_read(u, "it", count, &c, &e),
	     &e);
	return c;
}

static void XMLCALL bare_start(void *arg, const XML_Char *name, const XML_Char **attrs)
{
	struct counts *c = arg;
	c->updates += strcmp(name, "update") == 0;
	c->packages += strcmp(name, "package") == 0;
}

static long bare_bytes;

static void XMLCALL bare_text(void *arg, const XML_Char *s, int n)
{
	bare_bytes += n;
}

static struct counts bare(const char *path)
{
	static char buf[1 << 16];
	struct counts c = { 0 };
	struct err e = { .msg = "expat does not read the file" };
	XML_Parser p = XML_ParserCreate(NULL);
	XML_SetUserData(p, &c);
	XML_SetElementHandler(p, bare_start, NULL);
	XML_SetCharacterDataHandler(p, bare_text);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	for (ssize_t n = 1; n > 0;) {
		n = read(fd, buf, sizeof(buf));
		must(n >= 0 && XML_Parse(p, buf, (int)n, n == 0) == XML_STATUS_OK, &e);
	}
	XML_ParserFree(p);
	return c;
}

/* Runs in a child; what it counted comes back through a pipe. */
static bool child(struct counts (*fn)(const char *), const char *path, struct run *out)
{
	int ends[2];
	struct rusage r;
	int status = 1;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	pid_t pid = fork();
	if (pid == 0 && fn) {
		struct counts c = fn(path);
		_exit(write(ends[1], &c, sizeof(c)) == sizeof(c) ? 0 : 1);
	}
	if (pid == 0) {
		int in = open(path, O_RDONLY), null = open("/dev/null", O_WRONLY);
		dup2(in, 0);
		dup2(null, 1);
		execlp("updateinfoxml2solv", "updateinfoxml2solv", (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	bool told = !fn || read(ends[0], &out->read, sizeof(out->read)) == sizeof(out->read);
	close(ends[0]);
	if (wait4(pid, &status, 0, &r) != pid || status != 0 || !told)
		return false;
	out->cpu_s = (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
		     (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
	out->peak_kb = r.ru_maxrss;
	return true;
}

static int by_cpu(const void *a, const void *b)
{
	double x = ((const struct run *)a)->cpu_s, y = ((const struct run *)b)->cpu_s;
	return x < y ? -1 : x > y;
}

static bool median(struct counts (*fn)(const char *), const char *path, struct run *out)
{
	struct run runs[RUNS] = { 0 };
	for (int i = 0; i < RUNS; i++)
		if (!child(fn, path, &runs[i]))
			return false;
	qsort(runs, RUNS, sizeof(*runs), by_cpu);
	*out = runs[RUNS / 2];
	return true;
}

int main(int argc, char **argv)
{
	char path[] = "/tmp/p11_updateinfo.XXXXXX";
	struct run mine, expat, solv;
	struct err e = { .msg = "usage: p11_updateinfo UPDATEINFO..." };
	int fd = argc > 1 ? mkstemp(path) : -1;
	must(fd >= 0, &e);
	close(fd);
	size_t bytes = build(argv + 1, argc - 1, path);
	bool ran = median(ours, path, &mine) && median(bare, path, &expat);
	bool peer = ran && median(NULL, path, &solv);
	unlink(path);
	snprintf(e.msg, sizeof(e.msg), "a run failed");
	must(ran, &e);
	printf("bytes=%zu\nupdates=%ld\npackages=%ld\n", bytes, mine.read.updates,
	       mine.read.packages);
	printf("ours_cpu_s=%.3f\nours_peak_kb=%ld\nexpat_cpu_s=%.3f\nexpat_peak_kb=%ld\n",
	       mine.cpu_s, mine.peak_kb, expat.cpu_s, expat.peak_kb);
	printf("cpu_ratio=%.2f\n", mine.cpu_s / expat.cpu_s);
	bool good = mine.cpu_s <= 1.5 * expat.cpu_s && mine.read.updates == expat.read.updates &&
		    mine.read.packages == expat.read.packages;
	if (!peer) {
		printf("updateinfoxml2solv=not installed; its part of the guard is left out\n");
		return good ? 0 : 1;
	}
	printf("updateinfoxml2solv_cpu_s=%.3f\nupdateinfoxml2solv_peak_kb=%ld\nmemory_ratio=%.2f\n",
	       solv.cpu_s, solv.peak_kb, (double)mine.peak_kb / (double)solv.peak_kb);
	return good && mine.peak_kb * 4 <= solv.peak_kb ? 0 : 1;
}
