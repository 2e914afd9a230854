/* SPDX-License-Identifier: Apache-2.0
 * apt's words about what it leaves as it is (fuzz/corpus/agent_aptfacts has them as apt prints
 * them), unsigned sources, Ubuntu Pro, and a real dry run of this system's apt where it has lists.
 */
#include "agent/net/aptfacts.h"
#include "base/clock.h"
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void sample(const char *name, struct buf *out)
{
	AUTO(xfree)
	char *path = xasprintf("%s/fuzz/corpus/agent_aptfacts/%s", getenv("TSUKUROI_SOURCE"), name);
	struct err e = { 0 };
	if (!file_read(path, out, &e))
		fail_msg("%s", e.msg);
}

static void kept(void *arg, enum aptfacts_section s, struct str name)
{
	buf_printf(arg, "%s %.*s\n", s == APTFACTS_PHASED ? "phased" : "kept", STR_ARG(name));
}

static void test_dry_run(void **state)
{
	AUTO(buf_done) struct buf text = BUF_INIT(65536), got = BUF_INIT(65536);
	sample("dry-run", &text);
	aptfacts_parse_dry_run(buf_str(&text), kept, &got);
	assert_string_equal(got.p, "kept linux-image-amd64\nkept libc6:i386\n"
				   "phased python3-update-manager\nphased update-manager-core\n");
}

static void policy(void *arg, const struct aptfacts_policy *p)
{
	buf_printf(arg, "%.*s%s%s\n", STR_ARG(p->name), p->pinned ? " pinned" : "",
		   p->phased ? " phased" : "");
}

static void test_policy(void **state)
{
	AUTO(buf_done) struct buf text = BUF_INIT(65536), got = BUF_INIT(65536);
	sample("policy", &text);
	aptfacts_parse_policy(buf_str(&text), policy, &got);
	assert_string_equal(got.p, "openssl pinned\njq\nupdate-manager-core phased\ncurl pinned\n"
				   "libc6:i386\n");
}

static void test_pro(void **state)
{
	AUTO(buf_done) struct buf text = BUF_INIT(65536), got = BUF_INIT(1000);
	sample("pro", &text);
	assert_true(aptfacts_parse_pro(buf_str(&text), &got));
	assert_string_equal(got.p, "esm-apps esm-infra");
	assert_false(aptfacts_parse_pro(STR_LIT("{\"attached\":false}"), &got));
	assert_false(aptfacts_parse_pro(STR_LIT("no"), &got));
}

static void put(const char *root, const char *name, const char *text)
{
	AUTO(xfree) char *path = xasprintf("%s/%s", root, name);
	struct err e = { 0 };
	assert_true(file_write_atomic(path, str_of(text), 0644, &e));
}

static void test_sources(void **state)
{
	char root[] = "/tmp/aptfacts.XXXXXX";
	struct err e = { 0 };
	AUTO(buf_done) struct buf got = BUF_INIT(INVENTORY_MAX);
	AUTO(inventory_free) struct inventory *i = inventory_new();
	assert_non_null(mkdtemp(root));
	struct agent_paths p = agent_paths_default;
	AUTO(xfree) char *dir = xasprintf("%s/etc/apt/sources.list.d", root);
	p.sysroot = root;
	assert_true(file_mkdirs(dir, 0755, &e));
	put(root, "etc/apt/sources.list",
	    "deb http://deb.debian.org/debian bookworm main\n"
	    "deb [trusted=yes] http://own.example/apt ./\n"
	    "# deb [trusted=yes] http://off.example/apt x main\n"
	    "deb-src [trusted=yes] http://src.example/apt x main\n");
	put(dir, "a.sources",
	    "Types: deb\nURIs: https://a.example\nSuites: s t\nComponents: main\nAllow-Insecure: yes\n\n"
	    "Types: deb\nURIs: https://b.example\nSuites: s\nComponents: main\nTrusted: yes\nEnabled: no\n");
	put(dir, "broken.list", "deb [trusted=yes http://x y z\n");
	put(dir, "a.list.save", "deb [trusted=yes] http://z z main\n");
	assert_true(aptfacts_add(&p, i, &e) && inventory_text(i, &got, &e));
	assert_string_equal(got.p, "unsigned\tdeb\thttp://own.example/apt ./\n"
				   "unsigned\tdeb\thttps://a.example s\n"
				   "unsigned\tdeb\thttps://a.example t\n");
	assert_true(file_remove_tree(root, &e));
}

/* Asked once, then known until something changes. */
static void test_this_system(void **state)
{
	char dir[] = "/tmp/aptfacts.XXXXXX";
	struct err e = { 0 };
	bool changed = true;
	assert_non_null(mkdtemp(dir));
	AUTO(xfree) char *net = file_join(dir, "net");
	AUTO(xfree) char *answer = file_join(net, "apt-kept");
	struct agent_paths p = agent_paths_default;
	p.state = dir;
	assert_true(file_mkdirs(net, 0755, &e));
	bool stale = aptfacts_stale(&p);
	if (stale) {
		int64_t t0 = clock_mono_ms();
		if (!aptfacts_refresh(&p, &changed, &e))
			fail_msg("%s", e.msg);
		print_message("asked in %lld ms\n", (long long)(clock_mono_ms() - t0));
		assert_false(aptfacts_stale(&p));
		assert_true(aptfacts_refresh(&p, &changed, &e));
		assert_false(changed);
	}
	/* Another answer is on disk: what it says is told, and that it is old is seen. */
	put(net, "apt-kept", "old key\nopenssl\tamd64\tphased\nbroken\n");
	AUTO(inventory_free) struct inventory *i = inventory_new();
	AUTO(buf_done) struct buf text = BUF_INIT(INVENTORY_MAX);
	assert_true(aptfacts_stale(&p));
	assert_true(aptfacts_add(&p, i, &e) && inventory_text(i, &text, &e));
	assert_non_null(strstr(text.p, "kept\tdeb\topenssl\tamd64\tphased\n"));
	assert_null(strstr(text.p, "broken"));
	assert_true(file_exists(answer));
	assert_true(file_remove_tree(dir, &e));
	if (!stale)
		skip(); /* no apt, or no lists */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dry_run),	    cmocka_unit_test(test_policy),
		cmocka_unit_test(test_pro),	    cmocka_unit_test(test_sources),
		cmocka_unit_test(test_this_system),
	};
	return cmocka_run_group_tests_name("agent/aptfacts AC-23", tests, NULL, NULL);
}
