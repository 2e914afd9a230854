/* SPDX-License-Identifier: Apache-2.0
 * The root half without a package manager: admission of orders (A42, A46, A07, A17), the spool's
 * copies (A19, A47), the journal, and a hostile network half at its verbs (A50). */
#include "agent/ipc.h"
#include "agent/root/gate.h"
#include "agent/root/had.h"
#include "agent/root/mirror.h"
#include "agent/root/rootd.h"
#include "base/random.h"
#include "root_bench.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* "" when it is admitted, else the reason. */
static const char *admission(struct bench *b, const struct order *o, uint64_t last)
{
	AUTO(buf_done) struct buf env = BUF_INIT(2 * ORDER_MAX);
	struct order got;
	const char *reason = "";
	struct err e = { 0 };
	seal(b, o, &env);
	if (gate_open(&b->paths, buf_str(&env), &b->a, &got, &reason, &e) &&
	    gate_admit(&b->paths, &got, 1, last, clock_wall_ms(), &reason, &e))
		return "";
	assert_true(e.msg[0]);
	return reason;
}

static void ok_note(struct bench *b, const json_t *transaction, int64_t ms)
{
	struct err e = { 0 };
	assert_true(had_note(b->root, transaction, NULL, ms, &e));
}

static void test_gate(void **state)
{
	struct bench *b = *state;
	struct order o = plain_order();
	const char *reason = "";
	struct err e = { 0 };
	assert_string_equal(admission(b, &o, 4), "");
	assert_string_equal(admission(b, &o, 5), "replayed");
	assert_string_equal(admission(b, &o, 6), "replayed");
	o.agent = STR_LIT(ORG_ID);
	assert_string_equal(admission(b, &o, 0), "policy");
	o = plain_order();
	o.org = STR_LIT(AGENT_ID);
	assert_string_equal(admission(b, &o, 0), "policy");
	o = plain_order();
	o.epoch = 2; /* F29: the server was restored; signed with the pinned key all the same */
	assert_string_equal(admission(b, &o, 0), "");
	assert_string_equal(admission(b, &o, 40), "");
	o = plain_order();
	assert_false(gate_admit(&b->paths, &o, 2, 0, clock_wall_ms(), &reason, &e));
	assert_string_equal(reason, "replayed"); /* back to the old epoch: never */
	o = plain_order();
	o.not_after_ms = o.not_before_ms + 500;
	o.not_before_ms -= 5000;
	o.not_after_ms -= 4000;
	assert_string_equal(admission(b, &o, 0), "expired");
	o = plain_order();
	o.not_before_ms += GATE_EARLY_MS + 60000;
	assert_string_equal(admission(b, &o, 0), "expired");
	put(arena_printf(&b->a, "%s/policy.conf", b->paths.config), "install = no\n");
	o = plain_order();
	assert_string_equal(admission(b, &o, 0), "policy");
	put(arena_printf(&b->a, "%s/policy.conf", b->paths.config), "instal = yes\n");
	assert_string_equal(admission(b, &o, 0), "policy"); /* a typo is no permission */
}

/* A18: an order that goes back, by default only to what this machine has had not long ago. */
static void test_gate_downgrade(void **state)
{
	static struct order_package back[] = { { STR_LIT("openssl"), STR_LIT("amd64"),
						 STR_LIT("3.0"), STR_LIT("3.1") } };
	struct bench *b = *state;
	struct err e = { 0 };
	struct order o = plain_order();
	const char *policy = arena_printf(&b->a, "%s/policy.conf", b->paths.config);
	AUTO(json_free)
	json_t *had = json_pack("[{s:s,s:s,s:s}]", "name", "openssl", "arch", "amd64", "from",
				"3.0");
	o.action = STR_LIT(ORDER_UNINSTALL);
	o.packages = back;
	o.n_packages = 1;
	assert_string_equal(admission(b, &o, 0), "downgrade_denied");
	put(policy, "downgrade = any\n");
	assert_string_equal(admission(b, &o, 0), "");
	back[0].from = STR_LIT("2.9"); /* that would be forward */
	assert_string_equal(admission(b, &o, 0), "downgrade_denied");
	back[0].from = STR_LIT("3.1");
	assert_int_equal(unlink(policy), 0);
	ok_note(b, had, clock_wall_ms() - INT64_C(29) * 86400000);
	assert_string_equal(admission(b, &o, 0), "");
	put(policy, "downgrade_days = 28\n");
	assert_string_equal(admission(b, &o, 0), "downgrade_denied");
	put(policy, "downgrade = no\n");
	assert_string_equal(admission(b, &o, 0), "downgrade_denied");
	put(policy, "downgrade = maybe\n");
	assert_string_equal(admission(b, &o, 0), "policy");
	assert_int_equal(unlink(policy), 0);
	/* what was had longer ago than the record goes leaves it; what is there again is newer */
	AUTO(json_free) json_t *many = json_array();
	for (int i = 0; i < HAD_LINES; i++)
		json_array_append_new(many, json_pack("{s:s,s:s,s:o}", "name", "x", "arch", "amd64",
						      "from", json_sprintf("%d", i)));
	ok_note(b, many, clock_wall_ms());
	assert_string_equal(admission(b, &o, 0), "downgrade_denied");
	ok_note(b, had, clock_wall_ms());
	assert_string_equal(admission(b, &o, 0), "");
	int64_t ms;
	assert_true(had_when(b->root, STR_LIT("x"), STR_LIT("amd64"), STR_LIT("0"), &ms, &e));
	assert_int_equal(ms, 0);
	assert_true(had_when(b->root, STR_LIT("x"), STR_LIT("amd64"), STR_LIT("1"), &ms, &e));
	assert_true(ms > 0);
}

static void test_gate_archives(void **state)
{
	static const struct {
		const char *suite, *keyring;
		bool good;
	} cases[] = {
		{ "bookworm-security", "/usr/share/keyrings/debian-archive-keyring.gpg", true },
		{ "bookworm", "/usr/share/keyrings/debian-archive-keyring.gpg", true },
		{ "bookworm/updates", "/usr/share/keyrings/debian-archive-keyring.gpg", true },
		{ "trixie-security", "/usr/share/keyrings/debian-archive-keyring.gpg", false },
		{ "bookwormish", "/usr/share/keyrings/debian-archive-keyring.gpg", false },
		{ "bookworm", "/var/lib/tsukuroi-agent/spool/evil.gpg", false },
		{ "bookworm", "/usr/share/keyrings/none.gpg", false },
		{ "bookworm", "/usr/share/keyrings/sub/x.gpg", false },
		{ "bookworm", "/etc/passwd", false },
	};
	struct bench *b = *state;
	if (!file_exists("/usr/share/keyrings/debian-archive-keyring.gpg"))
		skip();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct order o = plain_order();
		struct order_archive ar = { .id = STR_LIT("x"),
					    .suite = str_of(cases[i].suite),
					    .components = STR_LIT("main"),
					    .keyring = str_of(cases[i].keyring) };
		o.archives = &ar;
		o.n_archives = 1;
		assert_string_equal(admission(b, &o, 0), cases[i].good ? "" : "policy");
	}
}

static void test_signature(void **state)
{
	struct bench *b = *state;
	AUTO(buf_done) struct buf env = BUF_INIT(2 * ORDER_MAX);
	struct order o = plain_order(), got;
	const char *reason;
	struct err e = { 0 };
	seal(b, &o, &env);
	for (size_t i = 0; i < env.n;
	     i += 7) { /* A01: no changed envelope passes as another order */
		AUTO(arena_done) struct arena a = { 0 };
		char was = env.p[i];
		env.p[i] = was == 'A' ? 'B' : 'A';
		if (gate_open(&b->paths, buf_str(&env), &a, &got, &reason, &e)) {
			assert_true(str_is(got.id, ORDER_ID) && got.seq == 5);
		} else {
			assert_string_equal(reason, "signature");
		}
		env.p[i] = was;
	}
}

/* --- the spool
 * ------------------------------------------------------------------------------------- */

static struct order one_file(struct bench *b, const char *content, struct order_archive *ar,
			     struct order_file *f)
{
	struct order o = plain_order();
	*f = (struct order_file) { .path = STR_LIT("pool/x.deb"),
				   .sha256 = digest_of(str_of(content)),
				   .size = (int64_t)strlen(content) };
	*ar = (struct order_archive) { .id = STR_LIT("deb"),
				       .suite = STR_LIT("bookworm"),
				       .components = STR_LIT("main"),
				       .keyring = STR_LIT("/k"),
				       .payload = f,
				       .n_payload = 1 };
	o.archives = ar;
	o.n_archives = 1;
	return o;
}

static void test_mirror(void **state)
{
	struct bench *b = *state;
	struct order_archive ar;
	struct order_file f;
	struct order o = one_file(b, "the package", &ar, &f);
	struct err e = { 0 };
	char hex[SHA256_HEX];
	const char *reason = "", *dir = arena_printf(&b->a, "%s/mirror/x", b->root);
	const char *spooled = arena_printf(&b->a, "%s/%s", b->spool, digest_hex(&f.sha256, hex));
	const char *copied = arena_printf(&b->a, "%s/deb/pool/x.deb", dir);
	AUTO(buf_done) struct buf got = BUF_INIT(1000);

	assert_false(mirror_build(
		&(struct mirror_spec) {
			.spool = b->spool, .dir = dir, .order = &o, .unsigned_sources = "" },
		&reason, &e));
	assert_string_equal(reason, "internal");
	put(spooled, "the packagE");
	assert_false(mirror_build(
		&(struct mirror_spec) {
			.spool = b->spool, .dir = dir, .order = &o, .unsigned_sources = "" },
		&reason, &e));
	assert_string_equal(reason, "digest");
	assert_false(file_exists(copied));
	put(spooled, "the package, and more");
	assert_false(mirror_build(
		&(struct mirror_spec) {
			.spool = b->spool, .dir = dir, .order = &o, .unsigned_sources = "" },
		&reason, &e));
	assert_string_equal(reason, "digest");
	unlink(spooled);
	put(arena_printf(&b->a, "%s/real", b->dir), "the package");
	assert_int_equal(symlink(arena_printf(&b->a, "%s/real", b->dir), spooled), 0);
	assert_false(mirror_build(
		&(struct mirror_spec) {
			.spool = b->spool, .dir = dir, .order = &o, .unsigned_sources = "" },
		&reason, &e)); /* A47: no links */
	unlink(spooled);
	assert_int_equal(mkfifo(spooled, 0600), 0);
	assert_false(mirror_build(
		&(struct mirror_spec) {
			.spool = b->spool, .dir = dir, .order = &o, .unsigned_sources = "" },
		&reason, &e)); /* and it does not hang */
	unlink(spooled);
	put(spooled, "the package");
	assert_true(mirror_build(
		&(struct mirror_spec) {
			.spool = b->spool, .dir = dir, .order = &o, .unsigned_sources = "" },
		&reason, &e));
	put(spooled, "changed later"); /* A19 */
	assert_true(file_read(copied, &got, &e));
	assert_string_equal(got.p, "the package");
}

static struct order_file spooled(struct bench *b, const char *path, struct str text)
{
	struct order_file f = { str_of(path), digest_of(text), (int64_t)text.n };
	AUTO(xfree) char *bytes = str_dup(text);
	char hex[SHA256_HEX];
	put(arena_printf(&b->a, "%s/%s", b->spool, digest_hex(&f.sha256, hex)), bytes);
	return f;
}

/* An index that the machine wants signed: the vendor's signature by a key that lies here, else the
 * order is refused; then what the order does not bring is taken out all the same. */
static void test_signed_index(void **state)
{
	struct bench *b = *state;
	static const char *const names[] = { "repomd.xml", "repomd.xml.asc", "key.asc",
					     "other.asc" };
	struct buf text[ARRAY_LEN(names)];
	struct order_file files[3];
	struct err e = { 0 };
	const char *sysroot = arena_printf(&b->a, "%s/machine", b->dir);
	const char *dir = arena_printf(&b->a, "%s/mirror/y", b->root);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		text[i] = (struct buf)BUF_INIT(65536);
		assert_true(file_read(arena_printf(&b->a, "%s/tests/agent/signed-index/%s",
						   getenv("TSUKUROI_SOURCE"), names[i]),
				      &text[i], &e));
	}
	assert_true(file_mkdirs(arena_printf(&b->a, "%s/etc/dnf", sysroot), 0755, &e));
	assert_true(file_mkdirs(arena_printf(&b->a, "%s/etc/pki", sysroot), 0755, &e));
	put(arena_printf(&b->a, "%s/etc/pki/key", sysroot), text[2].p);
	put(arena_printf(&b->a, "%s/etc/pki/other", sysroot), text[3].p);
	static const struct {
		const char *conf, *keyring;
		bool bring, change, good;
		const char *says;
	} cases[] = {
		{ "", "", false, true, true, "" },
		{ "[main]\nrepo_gpgcheck=1\n", "/etc/pki/key", true, false, true, "" },
		{ "[main]\nrepo_gpgcheck=1\n", "/etc/pki/key", false, false, false,
		  "set key= and endpoint-key=" },
		{ "[main]\nrepo_gpgcheck=1\n", "", true, false, false,
		  "place of the vendor's key" },
		{ "[main]\nrepo_gpgcheck=1\n", "/etc/pki/key", true, true, false, "bad signature" },
		{ "[main]\nrepo_gpgcheck=1\n", "/etc/pki/other", true, false, false,
		  "no public key" },
		{ "[main]\nrepo_gpgcheck=1\n", "/etc/pki/none", true, false, false,
		  "/etc/pki/none" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct order_archive ar = { .id = STR_LIT("rpm-x-9-base"),
					    .suite = STR_LIT("9"),
					    .components = STR_LIT(""),
					    .keyring = str_of(cases[i].keyring),
					    .index = files,
					    .n_index = cases[i].bring ? 3 : 2 };
		struct order o = plain_order();
		const char *reason = "";
		struct mirror_spec spec = { .spool = b->spool,
					    .dir = dir,
					    .order = &o,
					    .manager = PLATFORM_DNF,
					    .unsigned_sources = "",
					    .sysroot = sysroot };
		o.kind = ORDER_RPM;
		o.archives = &ar;
		o.n_archives = 1;
		text[0].p[text[0].n - 1] = cases[i].change ? ' ' : '\n';
		files[0] = spooled(b, "repodata/repomd.xml", buf_str(&text[0]));
		files[1] = spooled(b, "repodata/1-primary.xml.gz", STR_LIT("primary"));
		files[2] = spooled(b, "repodata/repomd.xml.asc", buf_str(&text[1]));
		put(arena_printf(&b->a, "%s/etc/dnf/dnf.conf", sysroot), cases[i].conf);
		bool good = mirror_build(&spec, &reason, &e);
		if (good != cases[i].good || (!good && !strstr(e.msg, cases[i].says)))
			fail_msg("case %zu: %d %s", i, good, e.msg);
		assert_string_equal(reason, good ? "" : "signature");
		if (!good)
			continue;
		AUTO(buf_done) struct buf index = BUF_INIT(65536);
		assert_true(
			file_read(arena_printf(&b->a, "%s/rpm-x-9-base/repodata/repomd.xml", dir),
				  &index, &e));
		assert_true(strstr(index.p, "primary") && !strstr(index.p, "filelists"));
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		buf_done(&text[i]);
}

/* --- the journal
 * ----------------------------------------------------------------------------------- */

static void test_journal(void **state)
{
	struct bench *b = *state;
	struct journal_job j = {
		.id = ORDER_ID, .seq = 7, .epoch = 1, .phase = JOURNAL_INSTALLING
	};
	AUTO(journal_job_done) struct journal_job got = { 0 };
	struct err e = { 0 };
	uint64_t epoch, seq;
	int first = -1, second = -1;
	assert_true(journal_create(b->root, &j, STR_LIT("envelope"), &e));
	assert_true(journal_load(b->root, ORDER_ID, &got, &e));
	assert_int_equal(got.phase, JOURNAL_INSTALLING);
	assert_int_equal(got.seq, 7);
	assert_false(journal_load(b->root, "../../../../../etc/passwd-------", &got, &e));
	assert_int_equal(e.code, ERR_INVALID);

	assert_true(journal_lock(b->root, ORDER_ID, &first));
	assert_false(journal_lock(b->root, ORDER_ID, &second));
	fd_close(first);
	assert_true(journal_lock(b->root, ORDER_ID, &second));
	fd_close(second);

	assert_true(journal_last(b->root, &epoch, &seq, &e));
	assert_int_equal(seq, 0);
	assert_true(journal_set_last(b->root, 1, 7, &e) && journal_last(b->root, &epoch, &seq, &e));
	assert_int_equal(seq, 7);
	put(arena_printf(&b->a, "%s/executed", b->root), "rubbish");
	assert_false(
		journal_last(b->root, &epoch, &seq, &e)); /* never read as "nothing executed" */
	assert_true(journal_remove(b->root, ORDER_ID, &e));
	assert_false(journal_load(b->root, ORDER_ID, &got, &e));
}

static void test_log_keeps_head_and_tail(void **state)
{
	struct bench *b = *state;
	struct journal_job j = {
		.id = ORDER_ID, .phase = JOURNAL_DONE, .outcome = "failed", .reason = "internal"
	};
	AUTO(buf_done) struct buf line = BUF_INIT(300000);
	AUTO(json_free) json_t *result = NULL;
	struct err e = { 0 };
	assert_true(journal_create(b->root, &j, STR_LIT("x"), &e));
	assert_true(journal_log(b->root, ORDER_ID, STR_LIT("FIRST\n"), &e));
	for (int i = 0; i < 200000; i++)
		buf_addc(&line, (char)(i % 50 ? 'x' : '\n'));
	for (int i = 0; i < 10; i++)
		assert_true(journal_log(b->root, ORDER_ID, buf_str(&line), &e));
	assert_true(journal_log(b->root, ORDER_ID, STR_LIT("LAST\n"), &e));
	assert_true(journal_result(b->root, &j, &result, &e));
	const char *log = json_string_value(json_object_get(result, "log"));
	assert_true(strlen(log) <= JOURNAL_LOG_MAX);
	assert_true(str_starts(str_of(log), "FIRST\n") && str_ends(str_of(log), "LAST\n"));
	assert_non_null(strstr(log, "left out"));
}

/* --- the verbs
 * ------------------------------------------------------------------------------------- */

static const char *answer_word(struct rootd *d, json_t *request, const char *member,
			       struct arena *a)
{
	AUTO(json_free) json_t *r = rootd_answer(d, request);
	const char *s = json_string_value(json_object_get(r, member));
	json_free(request);
	assert_true(json_is_object(r));
	return s ? arena_strdup(a, s) : "";
}

static void test_verbs(void **state)
{
	struct bench *b = *state;
	AUTO(rootd_free) struct rootd *d = NULL;
	AUTO(buf_done) struct buf env = BUF_INIT(2 * ORDER_MAX);
	struct order o = plain_order();
	struct err e = { 0 };
	assert_true(rootd_new(&b->paths, NULL, &d, &e));
	assert_string_equal(answer_word(d, json_pack("{s:s}", "verb", "exec"), "code", &b->a),
			    "invalid");
	assert_string_equal(answer_word(d, json_pack("{s:i}", "verb", 1), "code", &b->a),
			    "invalid");
	assert_string_equal(answer_word(d, json_object(), "code", &b->a), "invalid");
	assert_string_equal(
		answer_word(d, json_pack("{s:s,s:s}", "verb", "hello", "x", "y"), "code", &b->a),
		"invalid");
	assert_string_equal(
		answer_word(d, json_pack("{s:s,s:s}", "verb", "install", "order", ORDER_ID), "code",
			    &b->a),
		"not_found");
	assert_string_equal(answer_word(d,
					json_pack("{s:s,s:s}", "verb", "status", "order",
						  "../../../../../../etc/passwd----"),
					"code", &b->a),
			    "invalid");
	assert_string_equal(answer_word(d,
					json_pack("{s:s,s:s}", "verb", "prepare", "envelope", "{}"),
					"refused", &b->a),
			    "signature");
	seal(b, &o, &env);
	assert_string_equal(
		answer_word(d, json_pack("{s:s,s:s}", "verb", "prepare", "envelope", env.p),
			    "state", &b->a),
		"preparing");
	assert_string_equal(
		answer_word(d, json_pack("{s:s,s:s}", "verb", "install", "order", ORDER_ID), "code",
			    &b->a),
		"conflict");
	assert_string_equal(answer_word(d, json_pack("{s:s,s:s}", "verb", "ack", "order", ORDER_ID),
					"code", &b->a),
			    "conflict");
}

/* A compromised network half: requests of random members, and of valid ones cut and bent. */
static void test_hostile_requests(void **state)
{
	static const char *const verbs[] = { "hello",  "prepare", "install",
					     "status", "results", "ack" };
	static const char *const members[] = { "envelope", "order", "verb", "x" };
	struct bench *b = *state;
	AUTO(rootd_free) struct rootd *d = NULL;
	struct err e = { 0 };
	assert_true(rootd_new(&b->paths, NULL, &d, &e));
	for (int i = 0; i < 3000; i++) {
		AUTO(json_free) json_t *r = json_object();
		char text[65];
		json_object_set_new(r, "verb", json_string(verbs[random_below(ARRAY_LEN(verbs))]));
		for (uint64_t k = random_below(3); k; k--) {
			size_t n = random_below(sizeof(text));
			random_bytes(text, n);
			json_object_set_new(r, members[random_below(ARRAY_LEN(members))],
					    random_below(4)
						    ? json_text((struct str) { text, n })
						    : json_integer((json_int_t)random_u64()));
		}
		AUTO(json_free) json_t *reply = rootd_answer(d, r);
		assert_true(json_is_object(reply));
		assert_null(json_object_get(reply, "state"));
	}
	char ids[4][JOURNAL_ID];
	size_t n = 0;
	assert_true(journal_list(b->root, ids, 4, &n, &e));
	assert_int_equal(n, 0);
}

/* Frames: lengths that lie, garbage, silence. */
static void test_frames(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		enum err_code code;
	} cases[] = {
		{ "\xff\xff\xff\xff", 4, ERR_LIMIT }, { "\0\0\0\4nope", 8, ERR_CORRUPT },
		{ "\0\0\0\2[]", 6, ERR_CORRUPT },     { "\0\0\0\x10{}", 6, ERR_UNAVAILABLE },
		{ "\0\0", 2, ERR_UNAVAILABLE },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int p[2];
		struct err e = { 0 };
		json_t *j = NULL;
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, p), 0);
		assert_int_equal(write(p[0], cases[i].bytes, cases[i].n), (ssize_t)cases[i].n);
		close(p[0]);
		assert_false(ipc_recv(p[1], 1000, &j, &e));
		assert_int_equal(e.code, cases[i].code);
		close(p[1]);
	}
	int p[2];
	struct err e = { 0 };
	json_t *j = NULL;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, p), 0);
	assert_false(ipc_recv(p[1], 50, &j, &e));
	assert_int_equal(e.code, ERR_TIMEOUT);
	close(p[0]);
	close(p[1]);
}

int main(int argc, char **argv)
{
	if (argc > 1) /* rootd starts its own program as a job's runner: here that is this test */
		return 0;
#define BENCH(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		BENCH(test_gate), /* A42, A46, F25 */
		BENCH(test_gate_downgrade),
		BENCH(test_gate_archives), /* A07, A17 */
		BENCH(test_signature),	   /* A01, A46 */
		BENCH(test_mirror),
		BENCH(test_signed_index), /* A19, A47 */
		BENCH(test_journal),
		BENCH(test_log_keeps_head_and_tail),
		BENCH(test_verbs),	      /* A25, A50 */
		BENCH(test_hostile_requests), /* A50 */
		BENCH(test_frames),	      /* A50 */
	};
	return cmocka_run_group_tests_name("agent/root", tests, NULL, NULL);
}
