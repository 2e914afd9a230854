/* SPDX-License-Identifier: Apache-2.0
 * `tsukuroi match`, run inside this process: the oracle cases (set equality, no more and no
 * less), the forms an inventory may have, the ways to name a release, and what bad input is
 * answered. */
#include "base/file.h"
#include "base/vec.h"
#include "cli/commands.h"
#include "cli/lab_inventory.h"
#include "format/json.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define MAX_OUT (64u << 20)

struct run {
	int status;
	struct buf out, err;
};

static void run_done(struct run *r)
{
	buf_done(&r->out);
	buf_done(&r->err);
}
AUTO_DEFINE_VALUE(struct run, run_done)

static void take(int file, struct buf *out)
{
	struct err e = { 0 };
	assert_int_equal(lseek(file, 0, SEEK_SET), 0);
	assert_true(file_read_fd(file, out, "output", &e));
	buf_addc(out, '\0');
	close(file);
}

/* Runs "tsukuroi match <words>". */
static struct run run(const char *const *words)
{
	char *argv[24] = { (char *)(uintptr_t) "tsukuroi", (char *)(uintptr_t) "match" };
	int argc = 2;
	for (; words[argc - 2]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 2];
	struct run r = { .out = BUF_INIT(MAX_OUT), .err = BUF_INIT(MAX_OUT) };
	int out = memfd_create("out", 0), err = memfd_create("err", 0);
	fflush(stdout);
	fflush(stderr);
	int old_out = dup(1), old_err = dup(2);
	assert_true(dup2(out, 1) == 1 && dup2(err, 2) == 2);
	r.status = commands_run(argc, argv);
	fflush(stdout);
	fflush(stderr);
	assert_true(dup2(old_out, 1) == 1 && dup2(old_err, 2) == 2);
	close(old_out);
	close(old_err);
	take(out, &r.out);
	take(err, &r.err);
	return r;
}
#define RUN(...) run((const char *const[]) { __VA_ARGS__, NULL })

static char *shared(const char *path)
{
	const char *root = getenv("TSUKUROI_SHARED");
	return xasprintf("%s/feeds/%s", root ? root : "", path);
}

static bool no_samples(void)
{
	AUTO(xfree) char *oracle = shared("oracle/README.md");
	if (access(oracle, R_OK) == 0)
		return false;
	print_message("skipped: the shared samples are not here\n");
	return true;
}

/* Sets of lines. */
struct lines {
	char **p;
	size_t n, cap;
};

static void lines_done(struct lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		xfree(l->p[i]);
	VEC_DONE(l);
}
AUTO_DEFINE_VALUE(struct lines, lines_done)

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* First `n` columns of a stored table. */
static void read_expected(const char *path, size_t n, struct lines *out)
{
	AUTO(buf_done) struct buf text = BUF_INIT(MAX_OUT);
	struct err e = { 0 };
	struct str rest, line;
	assert_true(file_read(path, &text, &e));
	rest = buf_str(&text);
	while (rest.n > 0 && str_line(&rest, &line)) {
		if (line.n == 0 || line.p[0] == '#')
			continue;
		size_t end = 0, columns = 0;
		for (; end < line.n; end++)
			if (line.p[end] == '\t' && ++columns == n)
				break;
		VEC_PUSH(out, str_dup((struct str) { line.p, end }));
	}
}

static void assert_same(struct lines *got, struct lines *want, size_t count)
{
	if (got->n > 1)
		qsort(got->p, got->n, sizeof(*got->p), by_text);
	if (want->n > 1)
		qsort(want->p, want->n, sizeof(*want->p), by_text);
	for (size_t i = 0; i < MIN(got->n, want->n); i++)
		assert_string_equal(got->p[i], want->p[i]);
	assert_int_equal(got->n, want->n);
	assert_int_equal(want->n, count);
}

static json_t *parse(const struct run *r)
{
	struct err e = { 0 };
	json_t *j = NULL;
	assert_int_equal(r->status, 0);
	assert_string_equal(r->err.p, "");
	if (!json_parse((struct str) { r->out.p, r->out.n - 1 }, MAX_OUT, &j, &e))
		fail_msg("%s", e.msg);
	return j;
}

static const char *text(const json_t *j, const char *key)
{
	return json_string_value(json_object_get(j, key));
}

/* AC: 114 of 437, 53 of them from bookworm-security. */
static void oracle_debian12_apt(void **arg)
{
	if (no_samples())
		skip();
	AUTO(xfree)
	char *status = shared("oracle/debian12-apt/status"),
	     *want_path = shared("oracle/debian12-apt/upgradable.tsv");
	AUTO(xfree)
	char *main = shared("debian/archive/bookworm"),
	     *security = shared("debian/archive/bookworm-security"),
	     *updates = shared("debian/archive/bookworm-updates");
	AUTO(xfree) char *feed = xasprintf("debian=%s,%s", main, updates);
	AUTO(run_done)
	struct run r = RUN("--os", "debian:12", "--inventory", status, "--feed", feed, security,
			   "--json");
	AUTO(json_free) json_t *j = parse(&r);
	AUTO(lines_done) struct lines got = { 0 }, want = { 0 };
	size_t i, from_security = 0;
	json_t *v;
	json_array_foreach(json_object_get(j, "verdicts"), i, v)
	{
		if (strcmp(text(v, "state"), "missing") != 0)
			continue;
		VEC_PUSH(&got, xasprintf("%s\t%s\t%s\t%s", text(v, "component"),
					 text(v, "installed"), text(v, "fixed"),
					 strstr(text(v, "suites"), "bookworm-security") ? "security"
											: "other"));
		from_security += strstr(text(v, "suites"), "bookworm-security") != NULL;
	}
	AUTO(lines_done) struct lines rows = { 0 };
	read_expected(want_path, 4, &rows);
	for (size_t k = 0; k < rows.n; k++) {
		char *suites = strrchr(rows.p[k], '\t');
		VEC_PUSH(&want,
			 xasprintf("%.*s\t%s", (int)(suites - rows.p[k]), rows.p[k],
				   strstr(suites, "bookworm-security") ? "security" : "other"));
	}
	assert_same(&got, &want, 114);
	assert_int_equal(from_security, 53);
}

static void dsa_case(const char *os, const char *host, size_t count)
{
	AUTO(xfree)
	char *status_name = xasprintf("oracle/%s/status", host),
	     *rows_name = xasprintf("oracle/%s/advisories_missing.tsv", host);
	AUTO(xfree) char *status = shared(status_name), *want_path = shared(rows_name);
	AUTO(xfree) char *list = shared("debian/tracker/DSA-list-20230329.xz");
	AUTO(xfree) char *feed = xasprintf("debian-dsa=%s", list);
	AUTO(run_done)
	struct run r = RUN("--json", "--feed", feed, "--os", os, "--inventory", status);
	AUTO(json_free) json_t *j = parse(&r);
	AUTO(lines_done) struct lines got = { 0 }, want = { 0 };
	size_t i;
	json_t *v;
	json_array_foreach(json_object_get(j, "verdicts"), i, v)
	{
		if (strcmp(text(v, "state"), "missing") != 0)
			continue;
		json_t *ids = json_object_get(v, "advisories");
		assert_int_equal(json_array_size(ids), 1);
		VEC_PUSH(&got,
			 xasprintf("%s\t%s\t%s\t%s\t%d", json_string_value(json_array_get(ids, 0)),
				   text(v, "component"), text(v, "installed"), text(v, "fixed"),
				   text(v, "superseded_by") == NULL));
	}
	read_expected(want_path, 5, &want);
	assert_same(&got, &want, count);
	json_t *counts = json_object_get(j, "counts");
	assert_int_equal(json_integer_value(json_object_get(counts, "missing")), count);
}

/* Advisory, source, versions, and whether a later advisory replaces it: as debsecan. */
static void oracle_debian11_dsa(void **arg)
{
	if (no_samples())
		skip();
	dsa_case("debian 11", "debian11-dsa", 32);
}

static void oracle_debian9_dsa(void **arg)
{
	if (no_samples())
		skip();
	dsa_case("stretch", "debian9-dsa", 98);
}

/* AC: dnf's own list: 368 advisories, 1,147 (advisory, package) pairs; none by a modular build. */
static void oracle_alma9_osv(void **arg)
{
	if (no_samples())
		skip();
	AUTO(xfree)
	char *installed = shared("oracle/alma9-osv/installed.tsv"),
	     *rows_path = shared("oracle/alma9-osv/expected_dnf.tsv"),
	     *ids_path = shared("oracle/alma9-osv/expected_advisories_modularity_aware.txt"),
	     *osv = shared("rpm-distros/alma/osv-almalinux9.tar.xz");
	AUTO(xfree) char *feed = xasprintf("osv=%s", osv);
	AUTO(run_done)
	struct run r = RUN("--os", "almalinux:9", "--inventory", installed, "--feed", feed,
			   "--json");
	AUTO(json_free) json_t *j = parse(&r);
	AUTO(lines_done)
	struct lines rows = { 0 }, ids = { 0 }, want_rows = { 0 }, want_ids = { 0 };
	AUTO(lines_done) struct lines table = { 0 };
	size_t i;
	json_t *v;
	json_array_foreach(json_object_get(j, "verdicts"), i, v)
	{
		if (strcmp(text(v, "state"), "missing") != 0)
			continue;
		const char *id = json_string_value(
			json_array_get(json_object_get(v, "advisories"), 0));
		VEC_PUSH(&rows, xasprintf("%s\t%s-%s.%s", id, text(v, "component"),
					  text(v, "fixed"), text(v, "arch")));
		if (ids.n == 0 || strcmp(ids.p[ids.n - 1], id) != 0)
			VEC_PUSH(&ids, xstrdup(id));
	}
	read_expected(rows_path, 3, &table);
	for (size_t k = 0; k < table.n; k++) {
		char *type = strchr(table.p[k], '\t'), *nevra = strrchr(table.p[k], '\t');
		VEC_PUSH(&want_rows,
			 xasprintf("%.*s%s", (int)(type - table.p[k]), table.p[k], nevra));
	}
	read_expected(ids_path, 1, &want_ids);
	assert_same(&rows, &want_rows, 1147);
	assert_same(&ids, &want_ids, 368);
}

/* AC: 67 advisories of openSUSE in 80 (id, version) pairs, with the packages of each, whether only
 * the advisories are given or the whole repository. */
static void suse_case(const char *kind, const char *file)
{
	AUTO(xfree)
	char *installed = shared("oracle/opensuse11.0-a/installed.tsv"),
	     *want_path = shared("oracle/opensuse11.0-a/expected_evr_only.tsv"),
	     *path = shared(file);
	AUTO(xfree) char *feed = xasprintf("%s=%s", kind, path);
	AUTO(run_done)
	struct run r = RUN("--os", "opensuse:11.0", "--inventory", installed, "--feed", feed,
			   "--json");
	AUTO(json_free) json_t *j = parse(&r);
	AUTO(lines_done) struct lines got = { 0 }, want = { 0 }, ids = { 0 };
	size_t i, distinct = 0;
	const char *component = "";
	json_t *v;
	json_array_foreach(json_object_get(j, "verdicts"), i, v)
	{
		if (strcmp(text(v, "state"), "missing") != 0 || !text(v, "bulletin"))
			continue;
		AUTO(xfree)
		char *pair = xasprintf("%s\t%s\t", text(v, "bulletin"), text(v, "version"));
		char *last = got.n ? got.p[got.n - 1] : NULL;
		bool more = last && strncmp(last, pair, strlen(pair)) == 0;
		bool again = more && strcmp(component, text(v, "component")) == 0;
		component = text(v, "component");
		if (again)
			continue; /* the same package of another architecture */
		if (more) {
			got.p[got.n - 1] = xasprintf("%s %s", last, component);
			xfree(last);
			continue;
		}
		VEC_PUSH(&got, xasprintf("%s%s", pair, text(v, "component")));
		VEC_PUSH(&ids, xstrdup(text(v, "bulletin")));
	}
	read_expected(want_path, 3, &want);
	assert_same(&got, &want, 80);
	qsort(ids.p, ids.n, sizeof(*ids.p), by_text);
	for (i = 0; i < ids.n; i++)
		distinct += i == 0 || strcmp(ids.p[i - 1], ids.p[i]) != 0;
	assert_int_equal(distinct, 67);
}

static void oracle_opensuse11(void **arg)
{
	if (no_samples())
		skip();
	suse_case("updateinfo", "rpm-distros/opensuse-11.0-update/repodata/updateinfo.xml.gz");
	suse_case("rpm-repo", "rpm-distros/opensuse-11.0-update");
}

/* What stands for a bad id, a bad checksum, a bad place: refused, and nothing is judged. */
static void bad_repositories(void **arg)
{
	static const char *const bad[][2] = {
		{ "updateinfo", "rpm-distros/alma/updateinfo/badid/almalinux/9/BaseOS/x86_64/os/"
				"repodata/badid-updateinfo.xml.gz" },
		{ "rpm-repo", "rpm-distros/alma/updateinfo/badid/almalinux/9/BaseOS/x86_64/os" },
		{ "updateinfo",
		  "rpm-distros/alma/updateinfo/corruptcrc/almalinux/9/BaseOS/x86_64/os/"
		  "repodata/corrupt-updateinfo.xml.gz" },
		{ "rpm-repo",
		  "rpm-distros/alma/updateinfo/corruptcrc/almalinux/9/BaseOS/x86_64/os" },
		{ "rpm-repo", "rpm-distros/rocky/updateinfo/badid/pub/rocky/9/BaseOS/x86_64/os" },
		{ "rpm-repo",
		  "rpm-distros/rocky/updateinfo/corruptcrc/pub/rocky/9/BaseOS/x86_64/os/" },
	};
	if (no_samples())
		skip();
	AUTO(xfree) char *installed = shared("oracle/alma9-osv/installed.tsv");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(xfree) char *path = shared(bad[i][1]);
		AUTO(xfree) char *feed = xasprintf("%s=%s", bad[i][0], path);
		AUTO(run_done)
		struct run r = RUN("--os", "rocky:9", "--inventory", installed, "--feed", feed);
		if (r.status != 7 && r.status != 4)
			fail_msg("%s: status %d, '%s'", feed, r.status, r.err.p);
		assert_string_equal(r.out.p, "");
	}
}

static void releases(void **arg)
{
	static const struct {
		const char *words, *id, *version, *codename;
	} good[] = {
		{ "debian:12", "debian", "12", "bookworm" },
		{ "debian12", "debian", "12", "bookworm" },
		{ "debian 12", "debian", "12", "bookworm" },
		{ "Debian 12.4", "debian", "12", "bookworm" },
		{ "bookworm", "debian", "12", "bookworm" },
		{ "debian:bookworm", "debian", "12", "bookworm" },
		{ "sid", "debian", "", "sid" },
		{ "ubuntu:24.04", "ubuntu", "24.04", "noble" },
		{ "jammy", "ubuntu", "22.04", "jammy" },
		{ "ubuntu:focal", "ubuntu", "20.04", "focal" },
		{ "almalinux:9.4", "almalinux", "9", "" },
		{ "alma8", "almalinux", "8", "" },
		{ "alpine:3.16.2", "alpine", "3.16", "" },
		{ "opensuse-leap:15.6", "opensuse-leap", "15.6", "" },
		{ "debian9.0", "debian", "9", "stretch" },
	};
	static const char *const bad[] = {
		"", "debian", "debian:", "12", "debian:nonsense", "debian:1\t2", ":"
	};
	struct err e = { 0 };
	struct lab_os os;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		if (!lab_os_parse(good[i].words, &os, &e))
			fail_msg("%s", e.msg);
		assert_string_equal(os.id, good[i].id);
		assert_string_equal(os.version, good[i].version);
		assert_string_equal(os.codename, good[i].codename);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (lab_os_parse(bad[i], &os, &e))
			fail_msg("'%s' was taken for %s %s", bad[i], os.id, os.version);
		assert_int_equal(e.code, ERR_INVALID);
	}
}

static void write_file(const char *dir, const char *name, const char *content, char **path_out)
{
	struct err e = { 0 };
	*path_out = file_join(dir, name);
	assert_true(file_write_atomic(*path_out, str_of(content), 0600, &e));
}

static void check_inventory(const char *dir, const char *name, const char *content,
			    const char *want)
{
	AUTO(buf_done) struct buf out = BUF_INIT(MAX_OUT);
	AUTO(xfree) char *path = NULL;
	struct err e = { 0 };
	struct lab_os os = { .id = "debian", .version = "12" };
	write_file(dir, name, content, &path);
	if (!lab_inventory_read(path, &os, &out, &e))
		fail_msg("%s", e.msg);
	assert_string_equal(out.p, want);
}

static void inventories(void **arg)
{
	char dir[] = "/tmp/cli-match-XXXXXX";
	struct err e = { 0 };
	AUTO(xfree) char *src = NULL;
	assert_non_null(mkdtemp(dir));
	check_inventory(
		dir, "status",
		"Package: dpkg\nStatus: install ok installed\nArchitecture: arm64\nVersion: 1.21\n\n"
		"Package: bash\nStatus: hold ok installed\nArchitecture: arm64\nSource: bash (5.2-1)\nVersion: 5.2-1+b2\n\n"
		"Package: gone\nStatus: deinstall ok config-files\nArchitecture: arm64\nVersion: 1\n",
		"arch\tarm64\ndeb\tbash\tarm64\t5.2-1+b2\t\t5.2-1\ndeb\tdpkg\tarm64\t1.21\t\t\n"
		"hold\tdeb\tbash\tarm64\nos\tdebian\t12\t\n");
	check_inventory(dir, "canonical",
			"arch\ti386\ndeb\tbash\ti386\t5.2\t\t\nos\tdebian\t9\tstretch\n",
			"arch\ti386\ndeb\tbash\ti386\t5.2\t\t\nos\tdebian\t12\t\n");
	write_file(
		dir, "list.src.tsv",
		"#source\tversion\tarch\tbinaries\nglibc\t2.36-9\t\tlibc6 libc-bin\nbash\t5.2-1\t\tbash\n",
		&src);
	check_inventory(
		dir, "list.tsv",
		"#name\tversion\trelease\tarch\tnewVersion\nlibc6\t2.36-9\t\t\t2.36-10\nbash\t5.2-1+b2\t\tamd64\t\n",
		"arch\tamd64\ndeb\tbash\tamd64\t5.2-1+b2\t\t5.2-1\ndeb\tlibc6\tamd64\t2.36-9\tglibc\t\nos\tdebian\t12\t\n");
	check_inventory(
		dir, "rpm.tsv",
		"#name\tepoch\tversion\trelease\tarch\tmodularitylabel\n"
		"gpg-pubkey\t0\td4082792\t5b32db75\t(none)\t\n"
		"kernel\t0\t5.14.0\t70.el9\tx86_64\t\nkernel\t0\t5.14.0\t162.el9\tx86_64\t\n"
		"perl-IO-Socket-SSL\t0\t2.066\t4.module_el8\tnoarch\tperl-IO-Socket-SSL:2.066:80:bc\n"
		"rpm\t1\t4.16\t6.el9\taarch64\t(none)\n",
		"arch\taarch64\nos\tdebian\t12\t\nrpm\tkernel\tx86_64\t5.14.0-162.el9\t\t\t\n"
		"rpm\tkernel\tx86_64\t5.14.0-70.el9\t\t\t\n"
		"rpm\tperl-IO-Socket-SSL\tnoarch\t2.066-4.module_el8\t\tperl-IO-Socket-SSL:2.066\t\n"
		"rpm\trpm\taarch64\t1:4.16-6.el9\t\t\t\n");
	assert_true(file_remove_tree(dir, &e));
}

/* A Packages file by itself is taken for the release asked for. */
static void lone_packages(void **arg)
{
	char dir[] = "/tmp/cli-match-XXXXXX";
	AUTO(xfree) char *packages = NULL, *status = NULL;
	struct err e = { 0 };
	assert_non_null(mkdtemp(dir));
	write_file(
		dir, "Packages",
		"Package: bash\nArchitecture: amd64\nVersion: 5.2-2\nFilename: pool/b.deb\nSize: 1\nSHA256: "
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n",
		&packages);
	write_file(
		dir, "status",
		"Package: bash\nStatus: hold ok installed\nArchitecture: amd64\nVersion: 5.2-1\n",
		&status);
	AUTO(xfree) char *feed = xasprintf("debian=%s", packages);
	AUTO(run_done)
	struct run r = RUN("--os", "debian:12", "--inventory", status, "--feed", feed);
	assert_string_equal(r.err.p, "");
	assert_string_equal(r.out.p, "debian:12:bash:5.2-2\tbash\t5.2-1\t5.2-2\theld\n");
	assert_true(file_remove_tree(dir, &e));
}

static void wrong_use(void **arg)
{
	AUTO(run_done) struct run none = RUN("--json");
	assert_int_equal(none.status, 2);
	assert_non_null(strstr(none.err.p, "error: --os, --inventory and --feed are needed"));
	AUTO(run_done)
	struct run kind = RUN("--os", "debian12", "--inventory", "/dev/null", "--feed", "nokind");
	assert_int_equal(kind.status, 2);
	assert_non_null(strstr(kind.err.p, "write '--feed KIND=FILE'"));
	AUTO(run_done)
	struct run word = RUN("--os", "debian12", "stray", "--inventory", "/dev/null", "--feed",
			      "debian=x");
	assert_int_equal(word.status, 2);
	AUTO(run_done)
	struct run absent = RUN("--os", "debian12", "--inventory", "/nonexistent", "--feed",
				"debian=x");
	assert_true(absent.status != 0 && absent.out.n == 1);
	AUTO(run_done) struct run help = RUN("--help");
	assert_int_equal(help.status, 0);
	assert_true(str_starts(buf_str(&help.out), "usage: tsukuroi match"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(oracle_debian12_apt),
		cmocka_unit_test(oracle_debian11_dsa),
		cmocka_unit_test(oracle_debian9_dsa),
		cmocka_unit_test(oracle_alma9_osv),
		cmocka_unit_test(oracle_opensuse11),
		cmocka_unit_test(bad_repositories),
		cmocka_unit_test(releases),
		cmocka_unit_test(inventories),
		cmocka_unit_test(lone_packages),
		cmocka_unit_test(wrong_use),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
