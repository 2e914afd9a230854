/* SPDX-License-Identifier: Apache-2.0
 * What becomes of configuration files, told before and then seen: small packages made here, a real
 * dpkg and a real rpm that upgrade them, and what lies on the disk afterwards. */
#include "agent/root/config_files.h"
#include "base/file.h"
#include "base/proc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define S(text) STR_LIT(text)

/* A file of package `t` by the old version, then as somebody left it, then by the new version. Each
 * is a content, NULL = none; "=" = as the old version brought it. */
struct file_case {
	const char *name, *was, *here, *comes;
	const char *fate;	       /* NULL = nothing to tell */
	const char *old_flags, *flags; /* rpm: what stands before the path in %files */
};

static char work[] = "/tmp/tsukuroi-config-XXXXXX";

/* A shell script in the directory of work; what it printed in `out`. */
static bool shell(const char *script, struct buf *out)
{
	const char *const argv[] = { "/bin/sh", "-euc", script, NULL };
	const struct proc_spec spec = { .argv = argv, .timeout_s = 120, .cwd = work };
	struct proc_result result;
	struct err e = { 0 };
	buf_reset(out);
	if (!proc_run(&spec, out, out, &result, &e))
		fail_msg("%s", e.msg);
	return result.exit_status == 0;
}

static bool has(const char *programs)
{
	AUTO(buf_done) struct buf out = BUF_INIT(1u << 20);
	AUTO(xfree) char *script = xasprintf("for p in %s; do command -v $p; done", programs);
	return shell(script, &out);
}

static void output_of(const char *script, struct buf *out)
{
	if (!shell(script, out))
		fail_msg("%.*s\n--- of:\n%s", STR_ARG(buf_str(out)), script);
}

static void must(const char *script)
{
	AUTO(buf_done) struct buf out = BUF_INIT(1u << 20);
	output_of(script, &out);
}

static bool is_there(const char *root, const char *name, const char *end)
{
	AUTO(xfree) char *path = xasprintf("%s/%s/etc/t/%s%s", work, root, name, end);
	struct stat st;
	return lstat(path, &st) == 0;
}

static void change(struct buf *script, const char *root, const struct file_case *c)
{
	if (!c->here)
		buf_printf(script, "rm -f %s/etc/t/%s\n", root, c->name);
	else if (strcmp(c->here, "=") != 0)
		buf_printf(script, "rm -f %s/etc/t/%s; printf '%s' > %s/etc/t/%s\n", root, c->name,
			   c->here, root, c->name);
}

static const char *told(const json_t *list, const char *package, const char *name)
{
	const json_t *one;
	size_t i;
	AUTO(xfree) char *path = xasprintf("/etc/t/%s", name);
	json_array_foreach(
		list, i,
		one) if (strcmp(json_string_value(json_object_get(one, "path")), path) == 0 &&
			 strcmp(json_string_value(json_object_get(one, "package")), package) ==
				 0) return json_string_value(json_object_get(one, "fate"));
	return "nothing";
}

/* Told before = what lies there now = what the table says. */
static void agree(const char *manager, const struct file_case *c, const char *said,
		  const char *seen)
{
	const char *fate = c->fate ? c->fate : "nothing";
	if (strcmp(said, fate) != 0 || strcmp(seen, fate) != 0)
		fail_msg("%s, %s: told '%s', came '%s', the table says '%s'", manager, c->name,
			 said, seen, fate);
}

/* --- dpkg ---------------------------------------------------------------------------------------
 */

static const struct file_case deb_files[] = {
	/* was, here, comes */
	{ "same", "1", "=", "1", NULL },
	{ "newer", "1", "=", "2", NULL },
	{ "edited_same", "1", "x", "1", NULL },
	{ "edited_newer", "1", "x", "2", "kept" },
	{ "edited_alike", "1", "2", "2", NULL },
	{ "deleted_same", "1", NULL, "1", NULL },
	{ "deleted_newer", "1", NULL, "2", "deleted" },
	{ "dropped", "1", "=", NULL, NULL },
	{ "dropped_edited", "1", "x", NULL, "left" },
	{ "dropped_deleted", "1", NULL, NULL, NULL },
	{ "fresh", NULL, "=", "1", NULL },
	{ "fresh_there", NULL, "x", "1", "kept" },
	{ "fresh_alike", NULL, "1", "1", NULL },
	{ "with blank", "1", "x", "2", "kept" },
	{ "goes", "1", "=", "-", NULL },
	{ "goes_edited", "1", "x", "-", "saved" },
	{ "goes_deleted", "1", NULL, "-", NULL },
	{ "linked_same", "1", "=", "1", NULL },
	{ "linked_newer", "1", "=", "2", NULL },
};
/* Of `gone`: removed before, but not its configuration. */
static const struct file_case removed_files[] = {
	{ "gone", "1", "=", "2", NULL },
	{ "gone_edited", "1", "x", "2", "kept" },
	{ "gone_edited_same", "1", "x", "1", NULL },
	{ "gone_deleted", "1", NULL, "2", "deleted" },
};
/* `heir`, which is new, takes them over from `t`. */
static const struct file_case moved_files[] = {
	{ "moved", "1", "=", "1", NULL },
	{ "moved_newer", "1", "=", "2", NULL },
	{ "moved_edited_same", "1", "x", "1", NULL },
	{ "moved_edited_newer", "1", "x", "2", "kept" },
	{ "moved_deleted_newer", "1", NULL, "2", "deleted" },
};

static void add_deb(struct buf *b, const char *package, const char *version, const char *more,
		    const struct file_case *files, size_t n, bool is_new, const char *member)
{
	AUTO(xfree) char *dir = xasprintf("%s_%s", package, version);
	buf_printf(b,
		   "mkdir -p %s/DEBIAN %s/etc/t; chmod 755 %s %s/DEBIAN %s/etc %s/etc/t\n"
		   "printf 'Package: %s\\nVersion: %s\\nArchitecture: all\\nMaintainer: n <a@b>\\n"
		   "%sDescription: x\\n' > %s/DEBIAN/control\n",
		   dir, dir, dir, dir, dir, dir, package, version, more, dir);
	for (size_t i = 0; i < n; i++) {
		const char *content = is_new ? files[i].comes : files[i].was;
		bool goes = content && content[0] == '-';
		if (!content)
			continue;
		if (!goes)
			buf_printf(b, "printf '%s' > '%s/etc/t/%s'\n", content, dir, files[i].name);
		buf_printf(b, "echo '%s/etc/t/%s' >> %s/DEBIAN/conffiles\n",
			   goes ? "remove-on-upgrade " : "", files[i].name, dir);
	}
	buf_printf(b, "dpkg-deb -Z%s -b %s %s.deb\n", member, dir, dir);
}

#define DPKG                                                                                       \
	"dpkg --root=$PWD/root --force-not-root --force-bad-path --force-confdef --force-confold "

static void make_debs(void)
{
	AUTO(buf_done) struct buf b = BUF_INIT(1u << 20);
	struct file_case all[ARRAY_LEN(deb_files) + ARRAY_LEN(moved_files)];
	memcpy(all, deb_files, sizeof(deb_files));
	memcpy(all + ARRAY_LEN(deb_files), moved_files, sizeof(moved_files));
	buf_adds(&b, "umask 022\n");
	add_deb(&b, "t", "1", "", all, ARRAY_LEN(all), false, "xz");
	add_deb(&b, "t", "2", "", deb_files, ARRAY_LEN(deb_files), true, "xz");
	add_deb(&b, "gone", "1", "", removed_files, ARRAY_LEN(removed_files), false, "gzip");
	add_deb(&b, "gone", "2", "", removed_files, ARRAY_LEN(removed_files), true, "gzip");
	add_deb(&b, "heir", "2", "Replaces: t (<< 2)\\n", moved_files, ARRAY_LEN(moved_files), true,
		"none");
	buf_adds(&b, "mkdir -p root/var/lib/dpkg/info root/var/lib/dpkg/updates root/etc/t\n"
		     ": > root/var/lib/dpkg/status; : > root/var/lib/dpkg/available\n" DPKG
		     "-i t_1.deb gone_1.deb\n" DPKG "-r gone\n");
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (strcmp(all[i].name, "with blank") != 0)
			change(&b, "root", &all[i]);
	for (size_t i = 0; i < ARRAY_LEN(removed_files); i++)
		change(&b, "root", &removed_files[i]);
	buf_adds(&b, "printf x > 'root/etc/t/with blank'\n");
	/* an administrator's own place for it: dpkg follows the link */
	buf_adds(&b, "for l in linked_same linked_newer; do mv root/etc/t/$l root/etc/$l; "
		     "ln -s ../$l root/etc/t/$l; done\n");
	must(buf_str(&b).p);
}

static const char *dpkg_seen(const struct file_case *c, bool owned)
{
	bool there = is_there("root", c->name, "");
	if (is_there("root", c->name, ".dpkg-old"))
		return "saved";
	if (is_there("root", c->name, ".dpkg-dist"))
		return there ? "kept" : "deleted";
	/* nobody's any more, but changed, and still there */
	return !owned && there && c->was && strcmp(c->here, "=") != 0 ? "left" : "nothing";
}

static json_t *tell_dpkg(struct details *d, const char *const *debs, size_t n)
{
	AUTO(buf_done) struct buf out = BUF_INIT(1u << 20);
	AUTO(xfree) char *root = file_join(work, "root");
	struct err e = { 0 };
	size_t n_cases;
	output_of("dpkg-query --admindir=root/var/lib/dpkg -W -f '" DETAILS_DPKG_FORMAT "' t gone",
		  &out);
	details_installed(d, buf_str(&out));
	for (size_t i = 0; i < n; i++) {
		size_t step;
		AUTO(xfree) char *path = file_join(work, debs[i]);
		assert_true(config_read_deb(d, path, &step, &e));
		assert_int_equal(step, i);
	}
	struct config_case *cases = config_look(d, root, &n_cases);
	for (size_t i = 0; i < n; i++) {
		AUTO(xfree) char *path = file_join(work, debs[i]);
		assert_true(config_asks(cases, n_cases, i));
		assert_true(config_compare_deb(d, path, cases, n_cases, i, root, &e));
		assert_false(config_asks(cases, 0, i));
	}
	return config_json(d, cases, n_cases);
}

static void dpkg_does_what_was_told(void **state)
{
	static struct backend_step steps[] = {
		{ S("t"), S("all"), S("1"), S("2"), "upgrade" },
		{ S("gone"), S("all"), S(""), S("2"), "install" },
		{ S("heir"), S("all"), S(""), S("2"), "install" },
	};
	static const struct backend_transaction t = { steps, ARRAY_LEN(steps) };
	static const char *const debs[] = { "t_2.deb", "gone_2.deb", "heir_2.deb" };
	AUTO(details_done) struct details d;
	AUTO(buf_done) struct buf query = BUF_INIT(1u << 20);
	if (!has("dpkg dpkg-deb dpkg-query"))
		skip();
	make_debs();
	details_begin(&d, PKGDB_DEB, &t);
	AUTO(json_free) json_t *list = tell_dpkg(&d, debs, ARRAY_LEN(debs));
	must(DPKG "-i heir_2.deb t_2.deb gone_2.deb");
	output_of("dpkg-query --admindir=root/var/lib/dpkg -W -f '${Conffiles}\\n' t", &query);
	for (size_t i = 0; i < ARRAY_LEN(deb_files); i++) {
		AUTO(xfree) char *line = xasprintf(" /etc/t/%s ", deb_files[i].name);
		const char *at = strstr(query.p, line);
		bool owned = at && !memmem(at, strcspn(at, "\n"), "obsolete", 8);
		agree("dpkg", &deb_files[i], told(list, "t", deb_files[i].name),
		      dpkg_seen(&deb_files[i], owned));
	}
	for (size_t i = 0; i < ARRAY_LEN(removed_files); i++)
		agree("dpkg", &removed_files[i], told(list, "gone", removed_files[i].name),
		      dpkg_seen(&removed_files[i], true));
	for (size_t i = 0; i < ARRAY_LEN(moved_files); i++)
		agree("dpkg", &moved_files[i], told(list, "heir", moved_files[i].name),
		      dpkg_seen(&moved_files[i], true));
}

/* A package that cannot be read: what was not changed is no matter, the rest is unknown. */
static void an_unread_package_makes_unknown(void **state)
{
	static struct backend_step step = { S("t"), S("all"), S("1"), S("2"), "upgrade" };
	static const struct backend_transaction t = { &step, 1 };
	AUTO(details_done) struct details d;
	struct err e = { 0 };
	size_t n, of;
	if (!has("dpkg dpkg-deb dpkg-query"))
		skip();
	must("printf '1' > plain; printf 'x' > edited; head -c 300 t_2.deb > cut.deb");
	details_begin(&d, PKGDB_DEB, &t);
	details_installed(&d, S("t\tall\t1\t5\n /plain c4ca4238a0b923820dcc509a6f75849b\n"
				" /edited c4ca4238a0b923820dcc509a6f75849b\n"
				" /old c4ca4238a0b923820dcc509a6f75849b obsolete\n"));
	AUTO(xfree) char *cut = file_join(work, "cut.deb");
	assert_false(config_read_deb(&d, cut, &of, &e));
	assert_int_equal(e.code, ERR_CORRUPT);
	d.unread = true;
	struct config_case *cases = config_look(&d, work, &n);
	AUTO(json_free) json_t *list = config_json(&d, cases, n);
	assert_int_equal(json_array_size(list), 1);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "path")),
			    "/edited");
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "fate")),
			    "unknown");
}

/* --- rpm ----------------------------------------------------------------------------------------
 */

#define C "%config "
#define N "%config(noreplace) "
#define M "%config(missingok) "
#define G "%ghost %config "
static const struct file_case rpm_files[] = {
	{ "same", "1", "=", "1", NULL, C, C },
	{ "newer", "1", "=", "2", NULL, C, C },
	{ "edited_same", "1", "x", "1", NULL, C, C },
	{ "edited_newer", "1", "x", "2", "replaced", C, C },
	{ "edited_alike", "1", "2", "2", NULL, C, C },
	{ "deleted_same", "1", NULL, "1", NULL, C, C },
	{ "deleted_newer", "1", NULL, "2", NULL, C, C },
	{ "missingok", "1", NULL, "2", NULL, M, M },
	{ "dropped", "1", "=", NULL, NULL, C, C },
	{ "dropped_edited", "1", "x", NULL, "saved", C, C },
	{ "dropped_deleted", "1", NULL, NULL, NULL, C, C },
	{ "fresh_there", NULL, "x", "1", "replaced", C, C },
	{ "fresh_alike", NULL, "1", "1", NULL, C, C },
	{ "n_newer", "1", "=", "2", NULL, N, N },
	{ "n_edited_same", "1", "x", "1", NULL, N, N },
	{ "n_edited_newer", "1", "x", "2", "kept", N, N },
	{ "n_edited_alike", "1", "2", "2", NULL, N, N },
	{ "n_deleted_newer", "1", NULL, "2", NULL, N, N },
	{ "n_dropped_edited", "1", "x", NULL, "saved", N, N },
	{ "n_fresh_there", NULL, "x", "1", "kept", N, N },
	{ "becomes_noreplace", "1", "x", "2", "kept", C, N },
	{ "becomes_replace", "1", "x", "2", "replaced", N, C },
	{ "becomes_plain", "1", "x", "2", "replaced", C, "" },
	{ "n_becomes_plain", "1", "x", "2", "replaced", N, "" },
	{ "becomes_config", "1", "x", "2", "replaced", "", C },
	{ "becomes_n_config", "1", "x", "2", "kept", "", N },
	{ "plain_edited", "1", "x", "2", NULL, "", "" },
	{ "plain_dropped", "1", "x", NULL, NULL, "", "" },
	{ "fresh_plain", NULL, "x", "1", NULL, "", "" },
	{ "ghost_becomes_config", "1", "x", "2", "replaced", G, C },
	{ "becomes_ghost", "1", "x", "2", NULL, C, G },
	{ "ghost_stays", "1", "x", "2", NULL, G, G },
	{ "sub", "1", "x", "2", "kept", N, N },
};

static void add_spec(struct buf *b, int version)
{
	buf_printf(b,
		   "cat > t%d.spec <<'SPEC'\nName: t\nVersion: %d\nRelease: 1\nSummary: x\n"
		   "License: x\nBuildArch: noarch\n%%description\nx\n%%install\n"
		   "mkdir -p %%{buildroot}/etc/t\n",
		   version, version);
	for (size_t i = 0; i < ARRAY_LEN(rpm_files); i++) {
		const char *content = version == 1 ? rpm_files[i].was : rpm_files[i].comes;
		if (content)
			buf_printf(b, "printf '%s' > %%{buildroot}/etc/t/%s\n", content,
				   rpm_files[i].name);
	}
	buf_adds(b, "%files\n");
	for (size_t i = 0; i < ARRAY_LEN(rpm_files); i++) {
		const struct file_case *c = &rpm_files[i];
		if (version == 1 ? c->was : c->comes)
			buf_printf(b, "%s/etc/t/%s\n", version == 1 ? c->old_flags : c->flags,
				   c->name);
	}
	buf_printf(b,
		   "SPEC\nrpmbuild -bb --define \"_topdir $PWD/rb\" --define \"_rpmdir $PWD\" "
		   "--define '_rpmfilename %%%%{NAME}-%%%%{VERSION}.rpm' t%d.spec\n",
		   version);
}

static void make_rpms(void)
{
	AUTO(buf_done) struct buf b = BUF_INIT(1u << 20);
	buf_adds(&b, "umask 022\n");
	add_spec(&b, 1);
	add_spec(&b, 2);
	buf_adds(&b, "mkdir -p rroot/var/lib/rpm rroot/etc/t\n"
		     "rpm --root $PWD/rroot --nodeps -i t-1.rpm\n");
	for (size_t i = 0; i < ARRAY_LEN(rpm_files); i++) {
		/* a ghost is not brought: it is what somebody made */
		change(&b, "rroot", &rpm_files[i]);
	}
	must(buf_str(&b).p);
}

static const char *rpm_seen(const struct file_case *c)
{
	bool there = is_there("rroot", c->name, "");
	if (is_there("rroot", c->name, ".rpmnew"))
		return "kept";
	if (is_there("rroot", c->name, ".rpmsave") || is_there("rroot", c->name, ".rpmorig"))
		return there ? "replaced" : "saved";
	return "nothing";
}

static void rpm_does_what_was_told(void **state)
{
	static struct backend_step step = { S("t"), S("noarch"), S("1-1"), S("2-1"), "upgrade" };
	static const struct backend_transaction t = { &step, 1 };
	static const int64_t bytes = 700;
	AUTO(details_done) struct details d;
	AUTO(buf_done) struct buf out = BUF_INIT(1u << 20);
	AUTO(xfree) char *root = file_join(work, "rroot");
	size_t n;
	if (geteuid() != 0 || !has("rpm rpmbuild")) /* rpm --root needs chroot(2) */
		skip();
	make_rpms();
	details_begin(&d, PKGDB_RPM, &t);
	output_of("rpm -qp --nosignature --qf '" DETAILS_RPM_FORMAT "' t-2.rpm", &out);
	details_coming(&d, buf_str(&out), &bytes, 1);
	assert_int_equal(details_download(&d), bytes);
	output_of("rpm --root $PWD/rroot -q --qf '" DETAILS_RPM_FORMAT "' t", &out);
	details_installed(&d, buf_str(&out));
	const struct config_case *cases = config_look(&d, root, &n);
	AUTO(json_free) json_t *list = config_json(&d, cases, n);
	must("rpm --root $PWD/rroot --nodeps -U t-2.rpm");
	for (size_t i = 0; i < ARRAY_LEN(rpm_files); i++)
		agree("rpm", &rpm_files[i], told(list, "t", rpm_files[i].name),
		      rpm_seen(&rpm_files[i]));
}

static int set_up(void **state)
{
	return mkdtemp(work) ? 0 : -1;
}

static int tear_down(void **state)
{
	struct err e = { 0 };
	return file_remove_tree(work, &e) ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dpkg_does_what_was_told),
		cmocka_unit_test(an_unread_package_makes_unknown),
		cmocka_unit_test(rpm_does_what_was_told),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
