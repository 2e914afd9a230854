/* SPDX-License-Identifier: Apache-2.0
 * The parser's process for real: this very program is started again as the role, with kinds of
 * feeds that misbehave in every way. Each fails its own feed with a clear word, and the last good
 * generation stays (F37, G11). */
#include "feeds/sandbox/sandbox.h"
#include "../samples.h"
#include "catalog/sink.h"
#include "ipc/role.h"
#include "ipc/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* --- feeds that misbehave (these run in the child) ----------------------------------------------
 */

static bool emit(const struct feed_spec *s, const char *id, const char *os, const char *url, int n,
		 struct generation_result *out, struct err *e)
{
	struct feed_info f = { .id = str_of(id),
			       .kind = str_of(s->kind),
			       .url = str_of(s->url),
			       .signer = STR_LIT("") };
	struct archive ar = { .id = STR_LIT("x"),
			      .url = str_of(url),
			      .suite = STR_LIT("x"),
			      .release_components = STR_LIT("main"),
			      .keyring = STR_LIT("/k"),
			      .os = str_of(os) };
	out->sink = sink_new(&f);
	if (!sink_archive(out->sink, &ar, e))
		return false;
	for (int i = 0; i < n; i++) {
		AUTO(xfree) char *name = xasprintf("p%d", i);
		AUTO(xfree) char *patch = xasprintf("%s:%s:1", os, name);
		struct patch p = { .id = str_of(patch),
				   .vendor = STR_LIT("Debian"),
				   .os = str_of(os),
				   .product = str_of(name),
				   .version = STR_LIT("1"),
				   .title = STR_LIT("t"),
				   .suites = STR_LIT("x"),
				   .severity_raw = STR_LIT("") };
		struct component c = { .kind = COMPONENT_DEB,
				       .name = str_of(name),
				       .arch = STR_LIT("amd64"),
				       .version = STR_LIT("1"),
				       .above = STR_LIT(""),
				       .file = STR_LIT(""),
				       .archive = CATALOG_NONE };
		if (!sink_patch(out->sink, &p, e) || !sink_component(out->sink, &c, e))
			return false;
	}
	return sink_finish(out->sink, &out->generation.records, &out->generation.feed, e);
}

/* What the sandbox let through; errno values other than EPERM count as let through too. */
static bool try_all(struct err *e)
{
	char path[] = "/etc/passwd";
	int pair[2];
	struct {
		const char *what;
		bool done;
	} tries[] = {
		{ "open", open(path, O_RDONLY) >= 0 || errno != EPERM },
		{ "create",
		  open("/tmp/test-sandbox", O_CREAT | O_WRONLY, 0600) >= 0 || errno != EPERM },
		{ "socket", socket(AF_INET, SOCK_STREAM, 0) >= 0 || errno != EPERM },
		{ "unix", socket(AF_UNIX, SOCK_STREAM, 0) >= 0 || errno != EPERM },
		{ "pair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 || errno != EPERM },
		{ "exec", execl("/bin/true", "true", NULL) == 0 || errno != EPERM },
		{ "kill", kill(getppid(), 0) == 0 || errno != EPERM },
		{ "unlink", unlink("/tmp/test-sandbox") == 0 || errno != EPERM },
		{ "code", mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			       0) != MAP_FAILED },
		{ "fork", fork() >= 0 || (errno != EPERM && errno != ENOSYS) },
	};
	for (size_t i = 0; i < ARRAY_LEN(tries); i++)
		if (tries[i].done)
			return err_set(e, ERR_INTERNAL, "'%s' is allowed", tries[i].what);
	return err_set(e, ERR_NOT_FOUND, "nothing is allowed");
}

static int depth(int n)
{
	volatile char page[4096];
	page[n % 4096] = (char)n;
	return n ? depth(n + 1) + page[0] : 0;
}

static bool misbehave(const struct feed_spec *s, const struct feed_env *env,
		      struct generation_result *out, struct err *e)
{
	const char *how = s->suite;
	AUTO(buf_done) struct buf b = BUF_INIT(1000);
	struct feed_response resp;
	struct feed_request req = { .url = "http://other/x", .max = 100 };
	if (strcmp(how, "abort") == 0)
		ASSERT(s->url == NULL);
	if (strcmp(how, "kill") == 0)
		raise(SIGKILL);
	if (strcmp(how, "stack") == 0)
		return depth(1) > 0;
	if (strcmp(how, "exit") == 0)
		_exit(0);
	for (volatile int i = 0; strcmp(how, "loop") == 0;)
		i++;
	while (strcmp(how, "memory") == 0)
		memset(xmalloc(1u << 24), 1, 1u << 24);
	if (strcmp(how, "babble") == 0) {
		for (int i = 0; i < 1000; i++)
			if (write(3, "babble babble", 13) < 0)
				_exit(1);
		pause();
	}
	if (strcmp(how, "try") == 0)
		return try_all(e);
	if (strcmp(how, "elsewhere") == 0)
		return feed_text(env, &req, &b, &resp, e);
	if (strncmp(how, "list ", 5) == 0) {
		struct feed_request list = { .url = s->url, .max = 10000 };
		req.url = how + 5;
		return feed_text(env, &list, &b, &resp, e) && feed_text(env, &req, &b, &resp, e);
	}
	if (strcmp(how, "file") == 0) {
		req.url = "file:///etc/passwd";
		return feed_text(env, &req, &b, &resp, e);
	}
	if (strcmp(how, "foreign") == 0)
		return emit(s, s->id, "alma:9", s->url, 1, out, e);
	if (strcmp(how, "archive") == 0)
		return emit(s, s->id, "debian:12", "http://other/", 1, out, e);
	if (strcmp(how, "name") == 0)
		return emit(s, "debian/other", "debian:12", s->url, 1, out, e);
	if (strcmp(how, "keyring") == 0) {
		struct feed_signed doc = { .document = STR_LIT("x") };
		const char *const ring[] = { "/tmp/mine.gpg", NULL };
		return feed_verify(env, &doc, ring, &b, NULL, e);
	}
	if (strcmp(how, "threads") == 0)
		return emit(s, s->id, "debian:12", s->url, 20000, out, e);
	return emit(s, s->id, "debian:12", s->url, 10, out, e);
}

static bool plan_nothing(struct feed_plan *p, struct err *e)
{
	return true;
}

static const char *const debian_os[] = { "debian:", NULL };
static const char *const no_settings[] = { NULL };
static const struct feed_kind test_kinds[] = { { .name = "bad",
						 .title = "bad",
						 .os = debian_os,
						 .settings = no_settings,
						 .plan = plan_nothing,
						 .sync = misbehave },
					       { .name = "debian",
						 .title = "Debian",
						 .os = debian_os,
						 .settings = no_settings,
						 .plan = plan_nothing,
						 .sync = debian_sync_spec },
					       { .name = NULL } };

static int parse_role(int fd)
{
	return feed_sandbox_parse(fd, test_kinds);
}

/* --- the tests ----------------------------------------------------------------------------------
 */

static bool run(const char *how, struct err *e)
{
	struct feed_sandbox box = FEED_SANDBOX_INIT;
	struct feed_runner runner = { feed_sandbox_sync, &box };
	struct feed_env env = { .fetch = feed_local, .now_ms = 1000 };
	struct feed_spec s = { .id = "bad/x", .kind = "bad", .url = "http://here/a", .suite = how };
	bool changed = false;
	box.cpu_s = 1;
	box.memory =
		(int64_t)256 << 20; /* touched before a second of CPU is gone, on a busy machine */
	return feed_run(&test_kinds[0], &s, &runner, &env, sample_db, false, &changed, e);
}

static void G11_whatever_the_parser_does(void **state)
{
	static const struct {
		const char *how, *says;
	} rows[] = {
		{ "abort", "the parser of feed 'bad/x' died of signal 6" },
		{ "kill", "the parser of feed 'bad/x' died of signal 9" },
		{ "exit", "the parser of feed 'bad/x' ended by itself with status 0" },
		{ "loop", "the parser of feed 'bad/x' was killed after 1 s of CPU time" },
		{ "babble", "the parser of feed 'bad/x' was ended" },
		{ "try", "nothing is allowed" },
		{ "elsewhere", "not below an address of its own" },
		{ "file", "not below an address of its own" },
		{ "foreign", "speaks of 'alma:9'" },
		{ "archive", "archive 'http://other/' is not below" },
		{ "name", "calls itself 'debian/other'" },
		{ "keyring", "keyring that is not its own" },
#if !defined(__SANITIZE_ADDRESS__)
		{ "stack", "the parser of feed 'bad/x' died of signal 11" },
		{ "memory", "the parser of feed 'bad/x' died of signal 6" },
#endif
	};
	struct err e = { 0 };
	if (!run("good", &e))
		fail_msg("%s", e.msg);
	assert_int_equal(sample_db_patches(), 10);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_false(run(rows[i].how, &e));
		print_message("%s: %s\n", rows[i].how, e.msg);
		if (!strstr(e.msg, rows[i].says))
			fail_msg("%s: %s", rows[i].how, e.msg);
		assert_int_equal(sample_db_patches(), 10);
	}
	assert_true(run("good", &e)); /* and the next one works */
	/* No child is left behind. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* A mirror list, and nothing else anywhere. */
static bool list_get(void *arg UNUSED, const struct feed_request *r, struct feed_response *resp,
		     feed_body body, void *body_arg, struct err *e)
{
	bool is_list = strcmp(r->url, "https://here/mirrorlist") == 0;
	resp->status = is_list ? 200 : 404;
	return !is_list || body(body_arg,
				STR_LIT("# mirrors\n https://one.example/a\r\n"
					"http://two.example/b\nhttps://three.example.evil/\n"),
				e);
}

/* Hosts that the administrator's own mirror list names may be asked, and no others; in the clear
 * only where a signature is asked for. */
static void hosts_of_a_mirror_list(void **state)
{
	static const char *const list_option[] = { "mirrors=list", NULL };
	static const char *const ring[] = { "/k.gpg", NULL };
	static const struct {
		const char *how;
		bool listed, pinned, reached;
	} rows[] = {
		{ "list https://one.example/a/repodata/repomd.xml", true, false, true },
		{ "list https://one.example/a", false, false, false },
		{ "list http://one.example/a", true, true, false },
		{ "list http://two.example/b", true, false, false },
		{ "list http://two.example/b", true, true, true },
		{ "list https://three.example/", true, false, false },
		{ "list https://evil/", true, true, false },
		{ "list file:///etc/passwd", true, true, false },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct feed_sandbox box = FEED_SANDBOX_INIT;
		struct feed_env env = { .fetch = { list_get, NULL }, .now_ms = 1000 };
		struct feed_spec s = { .id = "bad/x",
				       .kind = "bad",
				       .url = "https://here/mirrorlist",
				       .suite = rows[i].how,
				       .keyrings = rows[i].pinned ? ring : NULL,
				       .options = rows[i].listed ? list_option : NULL };
		struct generation_result r;
		struct err e = { 0 };
		assert_false(feed_sandbox_sync(&box, &test_kinds[0], &s, &env, &r, &e));
		if (!strstr(e.msg, rows[i].reached ? "is not there" : "not below an address"))
			fail_msg("%s: %s", rows[i].how, e.msg);
	}
}

static void same_records_as_without(void **state)
{
	static char root[500], ring[500];
	snprintf(root, sizeof(root), "%s", sample("archive"));
	snprintf(ring, sizeof(ring), "%s", sample("keys/debian-archive-keyring.gpg"));
	const char *const keyrings[] = { ring, NULL };
	struct mirror m = { .root = root, .has_by_hash = true };
	struct feed_spec s = sample_spec(keyrings);
	s.endpoint_keyring = ring;
	struct feed_env env = { .fetch = { mirror_get, &m }, .now_ms = SAMPLE_NOW };
	struct feed_sandbox box = FEED_SANDBOX_INIT;
	AUTO(generation_result_done) struct generation_result a = { 0 };
	AUTO(generation_result_done) struct generation_result b = { 0 };
	struct err e = { 0 };
	if (!debian_sync_spec(&s, &env, &a, &e) ||
	    !feed_sandbox_sync(&box, &test_kinds[1], &s, &env, &b, &e))
		fail_msg("%s", e.msg);
	print_message("parser: %.2f s of CPU, %lld MiB\n", box.cpu_used_s,
		      (long long)(box.memory_used >> 20));
	assert_true(digest_eq(&a.generation.feed.digest, &b.generation.feed.digest));
	assert_int_equal(a.generation.feed.rows, b.generation.feed.rows);
	assert_int_equal(a.generation.feed.released_ms, b.generation.feed.released_ms);
	assert_true(str_eq(a.generation.feed.signer, b.generation.feed.signer));
	assert_true(b.generation.feed.is_signed);
	assert_int_equal(a.valid_until_ms, b.valid_until_ms);
	assert_string_equal(a.etag, b.etag);
	assert_int_equal(a.offers, b.offers);
	assert_int_equal(a.bytes, b.bytes);
}

static void *stop_soon(void *arg)
{
	usleep(200000);
	feed_sandbox_stop(arg);
	return NULL;
}

static void a_stop_ends_it(void **state)
{
	struct feed_sandbox box = FEED_SANDBOX_INIT;
	struct feed_env env = { .fetch = feed_local };
	struct feed_spec s = {
		.id = "bad/x", .kind = "bad", .url = "http://here/a", .suite = "loop"
	};
	struct generation_result r;
	struct err e = { 0 };
	pthread_t t;
	assert_int_equal(pthread_create(&t, NULL, stop_soon, &box), 0);
	assert_false(feed_sandbox_sync(&box, &test_kinds[0], &s, &env, &r, &e));
	pthread_join(t, NULL);
	assert_string_equal(e.msg, "cancelled");
	assert_false(feed_sandbox_sync(&box, &test_kinds[0], &s, &env, &r, &e));
	assert_string_equal(e.msg, "cancelled");
}

static void covered_addresses(void **state)
{
	const char *const options[] = { "mirror=https://m.example:8443/x", NULL };
	struct feed_spec s = { .url = "http://a.example/debian",
			       .dir = "file:/srv/mirror/",
			       .options = options };
	static const struct {
		const char *url;
		bool yes;
	} rows[] = { { "http://a.example/debian/dists", true },
		     { "http://a.example/other", true },
		     { "http://a.example.evil/debian", false },
		     { "http://a.example@evil/debian", false },
		     { "http://a.example:81/debian", false },
		     { "https://a.example/debian", false },
		     { "https://m.example:8443/y", true },
		     { "file:///srv/mirror/dists/x", true },
		     { "/srv/mirror", true },
		     { "/srv/mirror2", false },
		     { "/srv/mirror/../x", false },
		     { "/etc/passwd", false },
		     { "ftp://a.example/", false },
		     { "", false } };
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (feed_spec_covers(&s, rows[i].url) != rows[i].yes)
			fail_msg("'%s'", rows[i].url);
}

int main(int argc, char **argv)
{
	static const struct role_entry roles[] = { { FEED_PARSE_ROLE, parse_role },
						   { NULL, NULL } };
	role_main(argc, argv, roles);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(covered_addresses),
		cmocka_unit_test(G11_whatever_the_parser_does),
		cmocka_unit_test(hosts_of_a_mirror_list),
		cmocka_unit_test(same_records_as_without),
		cmocka_unit_test(a_stop_ends_it),
	};
	return cmocka_run_group_tests(tests, sample_db_open, sample_db_close);
}
