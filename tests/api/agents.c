/* SPDX-License-Identifier: Apache-2.0
 * The agents' gateway over mutual TLS: enrolment, check-in, inventories, push, files, orders and
 * their results, and what must be refused (A41, A42, A43, A44). */
#include "stream.h"

#include "proto/inventory.h"

#include <zstd.h>

struct agent {
	char id[33];
	char *cert, *key; /* files */
	struct who who;
	char nonce[40];
	uint64_t seq;
};

static char *token_for(struct world *w, int64_t uses)
{
	struct err e = { 0 };
	struct enrol_token t;
	char secret[64];
	ok(auth_enrol_token_new(w->auth, "local", "test", 3600, uses, "admin", secret, &t, &e), &e);
	return xasprintf("%s.%s", t.id, secret);
}

static void agent_post(struct world *w, const struct agent *a, const char *path, const char *body,
		       const char *const *extra, struct reply *out)
{
	AUTO(xfree) char *url = xasprintf("%s/agent/v1/%s", w->agents_url, path);
	request(w, a ? &a->who : NULL, body ? "POST" : "GET", url, body, extra, out);
}

static char *enrolment(const char *token, const char *csr, const char *attrs)
{
	json_t *j = json_object();
	AUTO(buf_done) struct buf b = BUF_INIT(1u << 20);
	AUTO(json_free) json_t *owned = j;
	json_error_t error;
	json_object_set_new(j, "token", json_string(token));
	json_object_set_new(j, "csr", json_string(csr));
	json_object_set_new(j, "attrs", json_loads(attrs, 0, &error));
	json_write(j, &b);
	return buf_take(&b);
}

#define ATTRS                                                                                                          \
	"{\"hostname\":\"new1\",\"os_id\":\"debian\",\"os_version\":\"12\",\"os_name\":\"Debian\",\"arch\":\"amd64\"," \
	"\"kernel\":\"6.1.0\",\"address\":\"192.0.2.9\",\"agent_version\":\"0.1.0\",\"logged_in_user\":\"a\\nb\","     \
	"\"boot_id\":\"b\",\"boot_time\":\"2026-11-22T08:00:00Z\",\"reboot_needed\":true,"                             \
	"\"health\":{\"reboot\":{\"needed\":true,\"why\":\"kernel\"},\"restart\":[]}}"

static void write_file(struct world *w, const char *name, const char *id, const char *text,
		       char **path_out)
{
	struct err e = { 0 };
	AUTO(xfree) char *file = xasprintf("%s-%s", id, name);
	*path_out = file_join(w->dir, file);
	ok(file_write_atomic(*path_out, str_of(text), 0600, &e), &e);
}

static void enrol(struct world *w, struct agent *a)
{
	struct err e = { 0 };
	AUTO(buf_done) struct buf csr = BUF_INIT(1u << 16);
	AUTO(buf_done) struct buf key = BUF_INIT(1u << 16);
	ok(x509_csr_new("anything", &csr, &key, &e), &e);
	AUTO(xfree) char *token = token_for(w, 1), *body = enrolment(token, csr.p, ATTRS);
	AUTO(reply_done) struct reply r;
	*a = (struct agent) { .seq = 0 };
	agent_post(w, NULL, "enroll", body, NULL, &r);
	expect(&r, 201, NULL);
	(void)snprintf(a->id, sizeof(a->id), "%s", text_at(r.json, "agent_id"));
	assert_string_equal(text_at(r.json, "deploy_key"), w->deploy_key);
	assert_string_equal(text_at(r.json, "ca"), w->ca_pem.p);
	assert_string_equal(text_at(r.json, "org"), ORG);
	write_file(w, "cert.pem", a->id, text_at(r.json, "certificate"), &a->cert);
	write_file(w, "key.pem", a->id, key.p, &a->key);
	a->who = (struct who) { .cert_file = a->cert, .key_file = a->key };
}

static void agent_done(struct agent *a)
{
	xfree(a->cert);
	xfree(a->key);
}
AUTO_DEFINE_VALUE(struct agent, agent_done)

static char *checkin_body(const struct agent *a, const char *inventory, const char *scanned,
			  const char *scan_error)
{
	return xasprintf(
		"{\"attrs\":" ATTRS
		",\"inventory\":\"%s\",\"scanned\":\"%s\",\"nonce\":\"%s\",\"epoch\":1,\"seq\":%llu,"
		"\"scan_error\":\"%s\"}",
		inventory, scanned, a->nonce, (unsigned long long)a->seq, scan_error);
}

static void checkin(struct world *w, struct agent *a, const char *inventory, const char *scanned,
		    const char *scan_error, struct reply *out)
{
	AUTO(xfree) char *body = checkin_body(a, inventory, scanned, scan_error);
	agent_post(w, a, "checkin", body, NULL, out);
	if (out->status == 200)
		(void)snprintf(a->nonce, sizeof(a->nonce), "%s", text_at(out->json, "nonce"));
}

/* An agent of tomorrow is refused what is not known, which costs it nothing: its next check-in,
 * without, is good with the same nonce. One of yesterday, which tells little, is served. */
static void agents_of_other_days_check_in(void **state)
{
	struct world *w = *state;
	AUTO(agent_done) struct agent a;
	enrol(w, &a);
	AUTO(reply_done) struct reply first, refused, without, old;
	checkin(w, &a, "", "", "", &first);
	expect(&first, 200, NULL);
	AUTO(xfree) char *body = checkin_body(&a, "", "", "");
	const char *rest = strstr(body, "\"hostname\"");
	AUTO(xfree) char *tomorrow = xasprintf("{\"attrs\":{\"tomorrow\":[],%s", rest);
	agent_post(w, &a, "checkin", tomorrow, NULL, &refused);
	expect(&refused, 400, NULL);
	checkin(w, &a, "", "", "", &without);
	expect(&without, 200, NULL);
	AUTO(xfree)
	char *yesterday = xasprintf("{\"attrs\":{\"hostname\":\"new1\"},\"nonce\":\"%s\"}",
				    a.nonce);
	agent_post(w, &a, "checkin", yesterday, NULL, &old);
	expect(&old, 200, NULL);
}

static const char *hash_of(const char *text, char hex[static SHA256_HEX])
{
	struct sha256 d = digest_of(str_of(text));
	return digest_hex(&d, hex);
}

/* Uploads; `base` NULL = whole; `sum_of` NULL = no sum is told, as by older agents. */
static void upload_summed(struct world *w, const struct agent *a, const char *text,
			  const char *base, const char *claimed, const char *sum_of,
			  const char *scanned, struct reply *out)
{
	struct err e = { 0 };
	char hex[SHA256_HEX], base_hex[SHA256_HEX];
	AUTO(xfree) char *path = xasprintf("inventory?scanned=%s", scanned);
	AUTO(xfree)
	char *hash = xasprintf("Inventory-Hash: %s", claimed ? claimed : hash_of(text, hex));
	AUTO(xfree)
	char *from = xasprintf("Inventory-Base: %s", base ? hash_of(base, base_hex) : "");
	AUTO(buf_done) struct buf delta = BUF_INIT(1u << 20);
	if (base)
		ok(inventory_delta(str_of(base), str_of(text), &delta, &e), &e);
	const char *full_headers[] = { "Content-Type: text/tsukuroi-inventory", hash, NULL };
	char sum_hex[INVENTORY_SUM_HEX];
	struct inventory_sum sum = inventory_sum_of_text(str_of(sum_of ? sum_of : ""));
	AUTO(xfree) char *told = xasprintf("Inventory-Sum: %s", inventory_sum_hex(&sum, sum_hex));
	const char *delta_headers[] = { "Content-Type: text/tsukuroi-inventory-delta", hash, from,
					sum_of ? told : NULL, NULL };
	agent_post(w, a, path, base ? buf_str(&delta).p : text, base ? delta_headers : full_headers,
		   out);
}

static void upload(struct world *w, const struct agent *a, const char *text, const char *base,
		   const char *claimed, const char *scanned, struct reply *out)
{
	upload_summed(w, a, text, base, claimed, NULL, scanned, out);
}

static void get_system(struct world *w, const char *id, struct reply *out)
{
	struct who guest = as(w, ROLE_GUEST);
	AUTO(xfree) char *path = xasprintf("/api/v1/systems/%s", id);
	request(w, &guest, "GET", path, NULL, NULL, out);
	expect(out, 200, NULL);
}

static void enrol_check_in_and_report(void **state)
{
	struct world *w = *state;
	AUTO(agent_done) struct agent a;
	char hex[SHA256_HEX], newer_hex[SHA256_HEX];
	enrol(w, &a);
	AUTO(xfree) char *inv = world_inventory(2), *newer = world_inventory(0);
	AUTO(reply_done) struct reply first, up, second, wrong, delta, third, seen, stale, claimed;
	checkin(w, &a, hash_of(inv, hex), "2026-11-22T08:00:00Z", "", &first);
	expect(&first, 200, NULL);
	assert_string_equal(text_at(first.json, "want_inventory"), "full");
	assert_int_equal(int_at(first.json, "refresh_s"), 5400);
	upload(w, &a, inv, NULL, NULL, "2026-11-22T08:00:00Z", &up);
	expect(&up, 204, NULL);
	get_system(w, a.id, &seen);
	assert_string_equal(text_at(seen.json, "hostname"), "new1");
	assert_string_equal(text_at(seen.json, "logged_in_user"),
			    "a?b"); /* A32: no control characters */
	assert_int_equal(int_at(json_object_get(seen.json, "missing"), "total"), 32);
	assert_true(json_is_true(json_object_get(seen.json, "reboot_needed")));
	assert_string_equal(
		text_at(json_object_get(json_object_get(seen.json, "evidence"), "reboot"), "why"),
		"kernel");
	checkin(w, &a, hash_of(newer, newer_hex), "2026-11-22T09:00:00Z", "", &second);
	expect(&second, 200, NULL);
	assert_string_equal(text_at(second.json, "want_inventory"), "delta");
	assert_string_equal(text_at(second.json, "delta_base"), hex);
	upload(w, &a, newer, newer, NULL, "2026-11-22T09:00:00Z",
	       &wrong); /* a base that is not the server's */
	expect(&wrong, 409, "wrong_base");
	upload(w, &a, newer, inv, hex, "2026-11-22T09:00:00Z",
	       &claimed); /* not what its header names */
	expect(&claimed, 409, "wrong_digest");
	upload(w, &a, newer, inv, NULL, "2026-11-22T09:00:00Z", &delta);
	expect(&delta, 204, NULL);
	checkin(w, &a, newer_hex, "2026-11-22T09:30:00Z", "", &third);
	assert_string_equal(text_at(third.json, "want_inventory"), "none");
	AUTO(reply_done) struct reply after;
	struct err e = { 0 };
	ok(fleet_flush(w->fleet, &e), &e);
	get_system(w, a.id, &after);
	assert_int_equal(int_at(json_object_get(after.json, "missing"), "total"), 1);
	assert_string_equal(text_at(after.json, "last_scan"),
			    "2026-11-22T09:30:00Z"); /* same again, but newer */
	upload(w, &a, "not\ncanonical\n", NULL, NULL, "2026-11-22T10:00:00Z", &stale);
	expect(&stale, 422, NULL);
	/* Back again, by an agent that tells the sum of its lines: neither text is needed. */
	AUTO(reply_done) struct reply other, moved, summed, again;
	upload_summed(w, &a, inv, newer, NULL, newer, "2026-11-22T10:30:00Z", &other);
	expect(&other, 409, "wrong_base");
	upload_summed(w, &a, inv, inv, NULL, inv, "2026-11-22T10:30:00Z", &moved);
	expect(&moved, 409, "wrong_base");
	upload_summed(w, &a, inv, newer, NULL, inv, "2026-11-22T10:30:00Z", &summed);
	expect(&summed, 204, NULL);
	get_system(w, a.id, &again);
	assert_int_equal(int_at(json_object_get(again.json, "missing"), "total"), 32);
}

static void upload_zstd(struct world *w, const struct agent *a, struct str plain, size_t cut,
			struct reply *out)
{
	char hex[SHA256_HEX];
	struct sha256 d = digest_of(plain);
	AUTO(xfree) char *hash = xasprintf("Inventory-Hash: %s", digest_hex(&d, hex));
	const char *headers[] = { "Content-Type: text/tsukuroi-inventory", "Content-Encoding: zstd",
				  hash, NULL };
	AUTO(buf_done) struct buf z = BUF_INIT(ZSTD_compressBound(plain.n));
	char *room = buf_reserve(&z, ZSTD_compressBound(plain.n));
	size_t n = ZSTD_compress(room, ZSTD_compressBound(plain.n), plain.p, plain.n, 3);
	assert_false(ZSTD_isError(n));
	world_body_len = n - cut;
	agent_post(w, a, "inventory?scanned=2026-11-22T08:00:00Z", room, headers, out);
}

static void zstd_is_bounded(void **state)
{
	struct world *w = *state;
	AUTO(agent_done) struct agent a;
	enrol(w, &a);
	static const char *const headers[] = {
		"Content-Type: text/tsukuroi-inventory", "Content-Encoding: zstd",
		"Inventory-Hash: 0000000000000000000000000000000000000000000000000000000000000000",
		NULL
	};
	AUTO(reply_done) struct reply garbage, good, cut, bomb;
	agent_post(w, &a, "inventory?scanned=2026-11-22T08:00:00Z", "this is not zstd at all",
		   headers, &garbage);
	expect(&garbage, 400, "invalid_encoding");
	AUTO(xfree) char *text = world_inventory(2);
	upload_zstd(w, &a, str_of(text), 0, &good);
	expect(&good, 204, NULL);
	upload_zstd(w, &a, str_of(text), 5, &cut);
	expect(&cut, 400, "invalid_encoding");
	struct str zeros = { xcalloc(1, 200u << 20), 200u << 20 };
	upload_zstd(w, &a, zeros, 0, &bomb);
	xfree((void *)(uintptr_t)zeros.p);
	expect(&bomb, 413, NULL);
}

static void requested_scans_end_with_a_scan_or_a_failure_after_the_request(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	AUTO(agent_done) struct agent a;
	enrol(w, &a);
	AUTO(reply_done) struct reply old_error, told, failed, seen;
	checkin(w, &a, "", "", "dpkg is locked", &old_error);
	expect(&old_error, 200, NULL);
	assert_true(json_is_false(json_object_get(old_error.json, "scan")));
	fleet_read_lock(w->fleet);
	uint32_t no = fleet_host_by_id(w->fleet, str_of(a.id))->no;
	fleet_read_unlock(w->fleet);
	ok(fleet_request_scans(w->fleet, &no, 1, &e), &e);
	checkin(w, &a, "", "", "dpkg is locked", &told); /* an old failure is no answer */
	assert_true(json_is_true(json_object_get(told.json, "scan")));
	checkin(w, &a, "", "", "dpkg is locked", &failed);
	assert_true(json_is_false(json_object_get(failed.json, "scan")));
	get_system(w, a.id, &seen);
	assert_string_equal(text_at(seen.json, "scan_status"), "failed");
	assert_string_equal(text_at(seen.json, "scan_error"), "dpkg is locked");
}

static void A41_enrolment_tokens_are_counted_and_checked(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	AUTO(buf_done) struct buf csr = BUF_INIT(1u << 16);
	AUTO(buf_done) struct buf key = BUF_INIT(1u << 16);
	ok(x509_csr_new("x", &csr, &key, &e), &e);
	AUTO(xfree)
	char *token = token_for(w, 2), *body = enrolment(token, csr.p, ATTRS),
	     *no_csr = enrolment(
		     token,
		     "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
		     ATTRS),
	     *unknown = enrolment("0123456789abcdef.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
				  csr.p, ATTRS),
	     *no_attrs = enrolment(token, csr.p, "{}");
	static const struct {
		int which, status;
		const char *code;
	} steps[] = { { 1, 400, "csr_invalid" }, { 3, 400, NULL }, { 2, 401, "token_unknown" },
		      { 0, 201, NULL },		 { 0, 201, NULL }, { 0, 401, "token_used_up" } };
	const char *bodies[] = { body, no_csr, unknown, no_attrs };
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		AUTO(reply_done) struct reply r;
		agent_post(w, NULL, "enroll", bodies[steps[i].which], NULL, &r);
		expect(&r, steps[i].status, steps[i].code);
	}
	int throttled = 0;
	for (int i = 0; i < 30; i++) {
		AUTO(reply_done) struct reply r;
		agent_post(w, NULL, "enroll", unknown, NULL, &r);
		throttled += r.status == 503;
	}
	assert_true(throttled > 5);
	kit_now_ms += 120000;
}

static void A42_only_the_certificate_says_who_is_speaking(void **state)
{
	struct world *w = *state;
	AUTO(agent_done) struct agent a;
	enrol(w, &a);
	static const char *const paths[] = {
		"checkin", "renew",    "inventory?scanned=2026-11-22T08:00:00Z",
		"plans",   "progress", "results"
	};
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		AUTO(reply_done) struct reply anonymous;
		agent_post(w, NULL, paths[i], "", NULL, &anonymous);
		expect(&anonymous, 401, "certificate_required");
	}
	AUTO(reply_done) struct reply push, with_id, other_face, method, none;
	agent_post(w, NULL, "push", NULL, NULL, &push);
	expect(&push, 401, "certificate_required");
	AUTO(xfree) char *body = checkin_body(&a, "", "", "");
	AUTO(xfree) char *spoofed = xasprintf("{\"agent_id\":\"%s\",%s", w->id[0], body + 1);
	agent_post(w, &a, "checkin", spoofed, NULL, &with_id);
	expect(&with_id, 400, "unknown_member");
	/* The people's face knows no agents, the agents' face no people. */
	request(w, &a.who, "GET", "/api/v1/systems", NULL, NULL, &other_face);
	expect(&other_face, 401, NULL);
	struct who admin = as(w, ROLE_ADMINISTRATOR);
	AUTO(xfree) char *url = xasprintf("%s/api/v1/systems", w->agents_url);
	request(w, &admin, "GET", url, NULL, NULL, &none);
	expect(&none, 404, NULL);
	agent_post(w, &a, "checkin", NULL, NULL, &method);
	expect(&method, 405, NULL);
}

static void A43_a_cloned_key_is_quarantined(void **state)
{
	struct world *w = *state;
	AUTO(agent_done) struct agent a;
	enrol(w, &a);
	AUTO(reply_done) struct reply r1, r2, lost, clone, original, seen;
	checkin(w, &a, "", "", "", &r1);
	expect(&r1, 200, NULL);
	struct agent copy = a; /* the disk is copied here */
	checkin(w, &a, "", "", "", &r2);
	expect(&r2, 200, NULL);
	/* A reply that was lost: the agent comes with the one before, and is no clone. */
	struct agent before = copy;
	checkin(w, &before, "", "", "", &lost);
	expect(&lost, 200, NULL);
	/* Now two lines go on: whoever is not on the newest is found out at once. */
	checkin(w, &a, "", "", "", &clone);
	expect(&clone, 403, "quarantined");
	checkin(w, &before, "", "", "", &original);
	expect(&original, 403, "quarantined");
	get_system(w, a.id, &seen);
	assert_string_equal(text_at(seen.json, "state"), "quarantined");
}

static void A44_a_retired_agent_is_refused_at_its_next_request(void **state)
{
	struct world *w = *state;
	AUTO(agent_done) struct agent a;
	struct who admin = as(w, ROLE_ADMINISTRATOR);
	struct listener l;
	enrol(w, &a);
	AUTO(reply_done) struct reply first, retired, next, reopened;
	checkin(w, &a, "", "", "", &first);
	expect(&first, 200, NULL);
	AUTO(xfree) char *push = xasprintf("%s/agent/v1/push", w->agents_url);
	listener_start(&l, w, &a.who, push, NULL);
	listener_wait(&l, "hello\n", 1);
	AUTO(xfree) char *path = xasprintf("/api/v1/systems/%s", a.id);
	request(w, &admin, "DELETE", path, NULL, NULL, &retired);
	expect(&retired, 204, NULL);
	checkin(w, &a, "", "", "", &next); /* on the same kept-alive connection */
	expect(&next, 403, "retired");
	for (int i = 0; i < 500 && !atomic_load(&l.ended); i++)
		usleep(10000);
	assert_true(atomic_load(&l.ended)); /* its push connection too */
	listener_stop(&l);
	agent_post(w, &a, "push", NULL, NULL, &reopened);
	expect(&reopened, 403, "retired");
}

static bool online(struct world *w, const char *id)
{
	AUTO(reply_done) struct reply r;
	get_system(w, id, &r);
	return json_is_true(json_object_get(r.json, "online"));
}

static void wait_online(struct world *w, const char *id, bool want)
{
	for (int i = 0; i < 500; i++) {
		if (online(w, id) == want)
			return;
		usleep(20000);
	}
	fail_msg("online did not become %d", want);
}

static void push_wakes_and_tells_who_is_online(void **state)
{
	struct world *w = *state;
	AUTO(agent_done) struct agent a;
	struct who technician = as(w, ROLE_TECHNICIAN);
	struct listener l, second;
	enrol(w, &a);
	assert_false(online(w, a.id));
	AUTO(xfree) char *push = xasprintf("%s/agent/v1/push", w->agents_url);
	listener_start(&l, w, &a.who, push, NULL);
	listener_wait(&l, "hello\n", 1);
	wait_online(w, a.id, true);
	AUTO(reply_done) struct reply scan;
	AUTO(xfree) char *body = xasprintf("{\"ids\":[\"%s\"]}", a.id);
	request(w, &technician, "POST", "/api/v1/systems:scan", body, NULL, &scan);
	expect(&scan, 202, NULL);
	assert_int_equal(int_at(scan.json, "connected"), 1);
	listener_wait(&l, "checkin\n", 1);
	listener_start(&second, w, &a.who, push, NULL); /* replaces the first */
	listener_wait(&second, "hello\n", 1);
	for (int i = 0; i < 500 && !atomic_load(&l.ended); i++)
		usleep(10000);
	assert_true(atomic_load(&l.ended));
	listener_stop(&l);
	assert_true(online(w, a.id));
	listener_stop(&second);
	wait_online(w, a.id, false);
}

static void files_only_of_the_catalog(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	AUTO(agent_done) struct agent a;
	enrol(w, &a);
	char hex[SHA256_HEX], retry[20];
	struct sha256 id;
	int wanted = w->wanted;
	AUTO(reply_done) struct reply unknown, bad, fetching, got, part, index, secret;
	AUTO(xfree) char *p1 = xasprintf("files/%s", hash_of("something else", hex));
	agent_post(w, &a, p1, NULL, NULL, &unknown);
	expect(&unknown, 404, "not_offered");
	ok(store_put(w->store, STR_LIT("something else"), &id, &e),
	   &e); /* in the store, but no business of agents */
	agent_post(w, &a, p1, NULL, NULL, &secret);
	expect(&secret, 404, "not_offered");
	agent_post(w, &a, "files/nothex", NULL, NULL, &bad);
	expect(&bad, 404, "not_offered");
	AUTO(xfree) char *p2 = xasprintf("files/%s", hash_of("openssl 3.0.2-1", hex));
	agent_post(w, &a, p2, NULL, NULL, &fetching);
	expect(&fetching, 503, "fetching");
	assert_true(header(&fetching, "Retry-After", retry, sizeof(retry)));
	assert_int_equal(w->wanted, wanted + 1);
	ok(store_put(w->store, STR_LIT("openssl 3.0.2-1"), &id, &e), &e);
	agent_post(w, &a, p2, NULL, NULL, &got);
	expect(&got, 200, NULL);
	assert_string_equal(got.body.p, "openssl 3.0.2-1");
	static const char *const range[] = { "Range: bytes=8-", NULL };
	agent_post(w, &a, p2, NULL, range, &part);
	expect(&part, 206, NULL);
	assert_string_equal(part.body.p, "3.0.2-1");
	ok(store_put(w->store, STR_LIT("r"), &id, &e), &e);
	AUTO(xfree) char *p3 = xasprintf("files/%s", hash_of("r", hex));
	agent_post(w, &a, p3, NULL, NULL, &index);
	expect(&index, 200, NULL);
}

/* M-172: the server shows what users see of a restart that comes, and what they put off. */
static void counts_down(struct world *w, struct agent *a, const char *order, const char *where)
{
	struct who t = as(w, ROLE_TECHNICIAN);
	AUTO(reply_done) struct reply told, old, seen, silent;
	AUTO(xfree)
	char *mute = xasprintf(
		"{\"order\":\"%s\",\"state\":\"installing\",\"reason\":\"waiting_users\"}", order);
	AUTO(xfree)
	char *waits = xasprintf(
		"{\"order\":\"%s\",\"state\":\"installing\",\"reason\":\"reboot_postponed\","
		"\"next_attempt\":\"2026-11-22T09:00:00Z\",\"notice\":{\"shown\":"
		"\"2026-11-22T08:00:00Z\",\"postponed\":1,\"allowed\":3,\"deadline\":"
		"\"2026-11-22T16:00:00Z\"}}",
		order);
	agent_post(w, a, "progress", mute, NULL, &old); /* an older agent */
	expect(&old, 204, NULL);
	request(w, &t, "GET", where, NULL, NULL, &silent);
	const json_t *one = json_array_get(json_object_get(silent.json, "items"), 0);
	assert_string_equal(text_at(one, "reason"), "waiting_users");
	assert_true(json_is_null(json_object_get(one, "notice")));
	agent_post(w, a, "progress", waits, NULL, &told);
	expect(&told, 204, NULL);
	request(w, &t, "GET", where, NULL, NULL, &seen);
	one = json_array_get(json_object_get(seen.json, "items"), 0);
	const json_t *notice = json_object_get(one, "notice");
	assert_string_equal(text_at(one, "state"), "installing");
	assert_string_equal(text_at(one, "reason"), "reboot_postponed");
	assert_string_equal(text_at(one, "next_attempt"), "2026-11-22T09:00:00Z");
	assert_int_equal(int_at(notice, "postponed"), 1);
	assert_int_equal(int_at(notice, "allowed"), 3);
	assert_string_equal(text_at(notice, "deadline"), "2026-11-22T16:00:00Z");
}

/* The main job through both faces: missing -> deployed -> order -> result -> succeeded. */
static void an_order_from_the_api_to_its_result(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	AUTO(agent_done) struct agent a;
	AUTO(arena_done) struct arena arena = { 0 };
	struct who t = as(w, ROLE_TECHNICIAN);
	struct sha256 id;
	char hex[SHA256_HEX], *inv = world_inventory(0);
	AUTO(xfree) char *owned = inv;
	enrol(w, &a);
	ok(store_put(w->store, STR_LIT("openssl 3.0.2-1"), &id, &e) &&
		   store_put(w->store, STR_LIT("libssl3 3.0.2-1"), &id, &e),
	   &e);
	AUTO(reply_done)
	struct reply first, up, pre, made, work, progress, bad_plan, result, again, targets, log;
	checkin(w, &a, hash_of(inv, hex), "2026-11-22T08:00:00Z", "", &first);
	upload(w, &a, inv, NULL, NULL, "2026-11-22T08:00:00Z", &up);
	expect(&up, 204, NULL);
	AUTO(xfree) char *selection = xasprintf("{\"systems\":{\"ids\":[\"%s\"]}}", a.id);
	request(w, &t, "POST", "/api/v1/deployments:preview", selection, NULL, &pre);
	expect(&pre, 200, NULL);
	AUTO(xfree)
	char *creation = xasprintf("{\"systems\":{\"ids\":[\"%s\"]},\"preview_token\":\"%s\"}",
				   a.id, text_at(pre.json, "preview_token"));
	const char *key[] = { "Idempotency-Key: whole-walk-1", NULL };
	request(w, &t, "POST", "/api/v1/deployments", creation, key, &made);
	expect(&made, 201, NULL);
	checkin(w, &a, hex, "2026-11-22T08:00:00Z", "", &work);
	expect(&work, 200, NULL);
	const json_t *orders = json_object_get(work.json, "orders");
	assert_int_equal(json_array_size(orders), 1);
	uint8_t pub[SIGN_PUBLIC_LEN];
	struct order o;
	sign_key_public(w->key, pub);
	ok(order_open(str_of(json_string_value(json_array_get(orders, 0))), pub, &arena, &o, &e),
	   &e);
	AUTO(xfree) char *order = str_dup(o.id);
	AUTO(xfree)
	char *going = xasprintf(
		"{\"order\":\"%s\",\"state\":\"installing\",\"done\":1,\"total\":2}", order);
	agent_post(w, &a, "progress", going, NULL, &progress);
	expect(&progress, 204, NULL);
	AUTO(xfree)
	char *where = xasprintf("/api/v1/deployments/%s/targets", text_at(made.json, "id"));
	counts_down(w, &a, order, where);
	AUTO(xfree)
	char *plan = xasprintf(
		"{\"order\":\"%s\",\"transaction\":[{\"name\":\"x\",\"arch\":\"amd64\",\"action\":\"explode\"}]}",
		order);
	agent_post(w, &a, "plans", plan, NULL, &bad_plan);
	expect(&bad_plan, 400, NULL);
	AUTO(xfree)
	char *done = xasprintf(
		"{\"order\":\"%s\",\"deployment\":\"%s\",\"seq\":1,\"outcome\":\"succeeded\",\"reason\":\"installed\","
		"\"started\":\"2026-11-22T08:01:00Z\",\"finished\":\"2026-11-22T08:02:00Z\",\"attempts\":1,"
		"\"exit_status\":0,\"packages\":[{\"name\":\"openssl\",\"arch\":\"amd64\",\"before\":\"3.0.1-1\","
		"\"after\":\"3.0.2-1\",\"wanted\":\"3.0.2-1\"}],\"log\":\"Setting up openssl\\n\",\"reboot_needed\":false}",
		order, text_at(made.json, "id"));
	agent_post(w, &a, "results", done, NULL, &result);
	expect(&result, 204, NULL);
	agent_post(w, &a, "results", done, NULL, &again); /* its 204 was lost */
	expect(&again, 204, NULL);
	request(w, &t, "GET", where, NULL, NULL, &targets);
	const json_t *target = json_array_get(json_object_get(targets.json, "items"), 0);
	assert_string_equal(text_at(target, "state"), "succeeded");
	assert_int_equal(int_at(target, "exit_status"), 0);
	AUTO(xfree) char *log_path = xasprintf("%s/%s/log", where, a.id);
	request(w, &t, "GET", log_path, NULL, NULL, &log);
	expect(&log, 200, NULL);
	assert_string_equal(log.body.p, "Setting up openssl\n");
}

/* The one order of the next contact. */
static struct order next_order(struct world *w, struct agent *a, const char *inventory,
			       struct arena *arena)
{
	struct err e = { 0 };
	struct order o;
	uint8_t pub[SIGN_PUBLIC_LEN];
	AUTO(reply_done) struct reply work;
	checkin(w, a, inventory, "2026-11-22T08:00:00Z", "", &work);
	expect(&work, 200, NULL);
	const json_t *orders = json_object_get(work.json, "orders");
	assert_int_equal(json_array_size(orders), 1);
	sign_key_public(w->key, pub);
	ok(order_open(str_of(json_string_value(json_array_get(orders, 0))), pub, arena, &o, &e),
	   &e);
	return o;
}

static char *replaced(const char *text, const char *mark, const char *word)
{
	const char *at = strstr(text, mark);
	return xasprintf("%.*s%s%s", (int)(at - text), text, word, at + strlen(mark));
}

/* A state of its own: of the target, in the filter and among the counters. */
static void awaits_approval(struct world *w, const struct who *t, const char *deployment,
			    const char *system)
{
	AUTO(reply_done) struct reply whole, asked, pending;
	AUTO(xfree) char *path = xasprintf("/api/v1/deployments/%s", deployment);
	AUTO(xfree) char *list = xasprintf("%s/targets?state=awaiting_approval", path);
	AUTO(xfree) char *other = xasprintf("%s/targets?state=pending", path);
	request(w, t, "GET", path, NULL, NULL, &whole);
	request(w, t, "GET", list, NULL, NULL, &asked);
	request(w, t, "GET", other, NULL, NULL, &pending);
	const json_t *counts = json_object_get(whole.json, "targets"),
		     *one = json_array_get(json_object_get(asked.json, "items"), 0);
	assert_int_equal(json_integer_value(json_object_get(counts, "awaiting_approval")), 1);
	assert_int_equal(json_integer_value(json_object_get(counts, "pending")), 0);
	assert_int_equal(json_integer_value(json_object_get(counts, "total")), 1);
	assert_string_equal(text_at(one, "system"), system);
	assert_string_equal(text_at(one, "state"), "awaiting_approval");
	assert_string_equal(text_at(one, "reason"), "awaiting_approval");
	assert_int_equal(json_array_size(json_object_get(pending.json, "items")), 0);
}

/* The same where plans are to be approved: asked, told, approved, and in the next order. */
static void a_plan_from_the_agent_to_its_approval(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	AUTO(agent_done) struct agent a;
	AUTO(arena_done) struct arena arena = { 0 };
	struct who t = as(w, ROLE_TECHNICIAN);
	struct sha256 id;
	char hex[SHA256_HEX], *inv = world_inventory(0);
	AUTO(xfree) char *owned = inv;
	enrol(w, &a);
	ok(store_put(w->store, STR_LIT("openssl 3.0.2-1"), &id, &e) &&
		   store_put(w->store, STR_LIT("libssl3 3.0.2-1"), &id, &e),
	   &e);
	AUTO(reply_done)
	struct reply first, up, pre, made, told, refused, plans, one, approved;
	checkin(w, &a, hash_of(inv, hex), "2026-11-22T08:00:00Z", "", &first);
	upload(w, &a, inv, NULL, NULL, "2026-11-22T08:00:00Z", &up);
	expect(&up, 204, NULL);
	AUTO(xfree)
	char *selection = xasprintf(
		"{\"approval\":\"plan\",\"drift\":\"newer\",\"systems\":{\"ids\":[\"%s\"]}}", a.id);
	request(w, &t, "POST", "/api/v1/deployments:preview", selection, NULL, &pre);
	expect(&pre, 200, NULL);
	AUTO(xfree)
	char *creation = xasprintf("%.*s,\"preview_token\":\"%s\"}", (int)(strlen(selection) - 1),
				   selection, text_at(pre.json, "preview_token"));
	const char *key[] = { "Idempotency-Key: whole-walk-2", NULL };
	request(w, &t, "POST", "/api/v1/deployments", creation, key, &made);
	expect(&made, 201, NULL);
	struct order o = next_order(w, &a, hex, &arena);
	AUTO(xfree)
	char *planned = xasprintf(
		"{\"order\":\"%s\",\"deployment\":\"%s\",\"seq\":1,\"outcome\":\"succeeded\",\"reason\":\"planned\","
		"\"started\":\"2026-11-22T08:01:00Z\",\"finished\":\"2026-11-22T08:02:00Z\",\"attempts\":1,"
		"\"exit_status\":0,\"packages\":[],\"log\":\"\",\"reboot_needed\":false,\"plan\":[{\"name\":\"openssl\","
		"\"arch\":\"amd64\",\"from\":\"3.0.1-1\",\"to\":\"3.0.2-1\",\"action\":\"upgrade\"}],"
		"\"details\":{\"download\":700,\"disk\":5000,\"free\":4000,\"config_files\":[{\"package\":\"openssl\","
		"\"path\":\"/etc/ssl/openssl.cnf\",\"fate\":\"%s\"}],\"services\":[{\"unit\":\"a.service\",\"packages\":"
		"[\"openssl\"]}],\"reboot\":{\"why\":\"core\",\"packages\":[\"openssl\"]}}}",
		arena_str(&arena, o.id).p, text_at(made.json, "id"), "%s");
	AUTO(xfree) char *wrong = replaced(planned, "%s", "lost");
	AUTO(xfree) char *right = replaced(planned, "%s", "kept");
	agent_post(w, &a, "results", wrong, NULL, &refused);
	expect(&refused, 400, NULL);
	agent_post(w, &a, "results", right, NULL, &told);
	expect(&told, 204, NULL);
	AUTO(xfree)
	char *list = xasprintf("/api/v1/deployments/%s/plans", text_at(made.json, "id"));
	AUTO(xfree)
	char *mine = xasprintf("/api/v1/deployments/%s/targets/%s/plan", text_at(made.json, "id"),
			       a.id);
	request(w, &t, "GET", list, NULL, NULL, &plans);
	const json_t *plan = json_array_get(json_object_get(plans.json, "items"), 0);
	const char *hash = text_at(plan, "hash");
	awaits_approval(w, &t, text_at(made.json, "id"), a.id);
	request(w, &t, "GET", mine, NULL, NULL, &one);
	expect(&one, 200, NULL);
	assert_string_equal(text_at(one.json, "hash"), hash);
	const json_t *details = json_object_get(one.json, "details"),
		     *all = json_object_get(plans.json, "summary");
	assert_int_equal(json_integer_value(json_object_get(details, "disk")), 5000);
	assert_string_equal(text_at(plans.json, "drift"), "newer");
	assert_int_equal(json_integer_value(json_object_get(all, "systems")), 1);
	assert_int_equal(json_integer_value(json_object_get(all, "with_details")), 1);
	assert_int_equal(json_integer_value(json_object_get(all, "download")), 700);
	assert_int_equal(json_integer_value(json_object_get(all, "no_room")), 1);
	assert_int_equal(json_integer_value(json_object_get(all, "reboots")), 1);
	const json_t *row = json_array_get(json_object_get(all, "packages"), 0);
	assert_string_equal(text_at(row, "name"), "openssl");
	assert_string_equal(json_string_value(json_array_get(json_object_get(row, "to"), 0)),
			    "3.0.2-1");
	row = json_array_get(json_object_get(all, "config_files"), 0);
	assert_string_equal(text_at(row, "path"), "/etc/ssl/openssl.cnf");
	AUTO(xfree) char *approve = xasprintf("%s:approve", list);
	AUTO(xfree) char *hashes = xasprintf("{\"hashes\":[\"%s\"]}", hash);
	request(w, &t, "POST", approve, hashes, NULL, &approved);
	expect(&approved, 200, NULL);
	o = next_order(w, &a, hex, &arena);
	assert_string_equal(arena_str(&arena, o.plan).p, hash);
}

static void certificates_are_renewed_for_the_same_agent(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	AUTO(agent_done) struct agent a;
	struct x509_info info;
	enrol(w, &a);
	AUTO(buf_done) struct buf csr = BUF_INIT(1u << 16);
	AUTO(buf_done) struct buf key = BUF_INIT(1u << 16);
	ok(x509_csr_new("somebody else", &csr, &key, &e), &e);
	AUTO(json_free) json_t *j = json_object();
	AUTO(buf_done) struct buf body = BUF_INIT(1u << 16);
	json_object_set_new(j, "csr", json_string(csr.p));
	json_write(j, &body);
	AUTO(reply_done) struct reply r;
	agent_post(w, &a, "renew", body.p, NULL, &r);
	expect(&r, 200, NULL);
	ok(x509_read(str_of(text_at(r.json, "certificate")), &info, &e), &e);
	assert_string_equal(info.common_name, a.id);
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(enrol_check_in_and_report),
		cmocka_unit_test(agents_of_other_days_check_in),
		cmocka_unit_test(zstd_is_bounded),
		cmocka_unit_test(requested_scans_end_with_a_scan_or_a_failure_after_the_request),
		cmocka_unit_test(A41_enrolment_tokens_are_counted_and_checked),
		cmocka_unit_test(A42_only_the_certificate_says_who_is_speaking),
		cmocka_unit_test(A43_a_cloned_key_is_quarantined),
		cmocka_unit_test(A44_a_retired_agent_is_refused_at_its_next_request),
		cmocka_unit_test(push_wakes_and_tells_who_is_online),
		cmocka_unit_test(files_only_of_the_catalog),
		cmocka_unit_test(an_order_from_the_api_to_its_result),
		cmocka_unit_test(a_plan_from_the_agent_to_its_approval),
		cmocka_unit_test(certificates_are_renewed_for_the_same_agent),
	};
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}

int main(void)
{
	return engines_run(group);
}
