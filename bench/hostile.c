/* SPDX-License-Identifier: Apache-2.0
 * See hostile.h. A kind is a function that makes one try; it says what it saw that must not be. */
#include "bench/hostile.h"
#include "base/clock.h"
#include "crypto/digest.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <zstd.h>

#define LORISES 40
#define LORIS_BYTES 20
#define HUGE_BYTES (96u << 20)
#define BOMB_BYTES (512u << 20)

#define POST "POST /agent/v1/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"

struct kind {
	const char *name;
	void (*try)(struct kind *k);
	struct swarm_agent a;
	int tries, wrong;
	pthread_t thread;
};
static uint16_t port;
static atomic_bool stop;

static void wrong(struct kind *k, const char *what)
{
	k->wrong++;
	fprintf(stderr, "accepted: %s: %s: %d %.200s\n", k->name, what, k->a.status,
		k->a.reply.p ? k->a.reply.p : "");
}

static bool accepted(const struct swarm_agent *a)
{
	return a->status / 100 == 2;
}

static bool wants_none(const struct swarm_agent *a)
{
	return a->status == 200 && strstr(a->reply.p + a->body, "\"want_inventory\":\"none\"");
}

bool hostile_upload(struct swarm_agent *a, struct str text, const char *hash)
{
	AUTO(buf_done) struct buf head = BUF_INIT(4096);
	buf_printf(&head,
		   "POST /agent/v1/inventory?scanned=%s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
		   "Content-Type: text/tsukuroi-inventory\r\nInventory-Hash: %s\r\n",
		   a->scanned, hash);
	return swarm_send(a, head.p, text) && swarm_receive(a);
}

/* Sends and looks at what comes back; nothing of it may be accepted. */
static void refused(struct kind *k, struct str bytes, const char *what)
{
	k->a.status = 0;
	k->a.patience_s = 1; /* who is never answered is not accepted either */
	if (!swarm_connect(&k->a, port, false))
		return;
	if (swarm_send_raw(&k->a, bytes) && swarm_receive(&k->a) && accepted(&k->a))
		wrong(k, what);
	swarm_close(&k->a);
}

/* --- slowly --- */

/* Many connections at once that say a byte at a time: `head` and then no end. */
static void loris(struct kind *k, const char *head)
{
	struct swarm_agent a[LORISES];
	for (size_t i = 0; i < LORISES; i++) {
		a[i] = k->a;
		a[i].reply = BUF_INIT(65536);
		a[i].source = htonl(0x7f600000u + (uint32_t)i);
		if (!swarm_connect(&a[i], port, false) || !swarm_send_raw(&a[i], str_of(head)))
			swarm_close(&a[i]);
	}
	for (int b = 0; b < LORIS_BYTES && !atomic_load(&stop); b++) {
		for (size_t i = 0; i < LORISES; i++)
			if (a[i].tls && !swarm_send_raw(&a[i], STR_LIT("x")))
				swarm_close(&a[i]);
		swarm_rest(0.2);
	}
	for (size_t i = 0; i < LORISES; i++) {
		swarm_close(&a[i]);
		buf_done(&a[i].reply);
	}
}

static void slow_head(struct kind *k)
{
	loris(k, "POST /agent/v1/checkin HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ");
}

static void slow_body(struct kind *k)
{
	loris(k, "POST /agent/v1/checkin HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: "
		 "application/json\r\nContent-Length: 100000\r\n\r\n");
}

/* --- much --- */

static void huge_body(struct kind *k)
{
	static const char *const routes[] = { "checkin", "inventory?scanned=2026-11-22T08:41:00Z",
					      "results" };
	static char block[1 << 20];
	AUTO(buf_done) struct buf head = BUF_INIT(4096);
	memset(block, ' ', sizeof(block));
	buf_printf(&head, POST "Content-Length: %u\r\n\r\n",
		   routes[(size_t)k->tries % ARRAY_LEN(routes)], HUGE_BYTES);
	k->a.status = 0;
	if (!swarm_connect(&k->a, port, false))
		return;
	bool open = swarm_send_raw(&k->a, buf_str(&head));
	for (size_t at = 0; open && at < HUGE_BYTES; at += sizeof(block))
		open = swarm_send_raw(&k->a, (struct str) { block, sizeof(block) });
	if (swarm_receive(&k->a) && accepted(&k->a))
		wrong(k, "a body of 96 MB");
	swarm_close(&k->a);
}

static void bomb(struct kind *k)
{
	static char zeros[1 << 20], out[1 << 20];
	static struct buf frame;
	AUTO(buf_done) struct buf head = BUF_INIT(4096);
	if (!frame.max) {
		frame = BUF_INIT(8u << 20);
		ZSTD_CCtx *z = ZSTD_createCCtx();
		for (size_t at = 0; at < BOMB_BYTES; at += sizeof(zeros)) {
			bool end = at + sizeof(zeros) == BOMB_BYTES;
			ZSTD_inBuffer in = { zeros, sizeof(zeros), 0 };
			size_t left;
			do {
				ZSTD_outBuffer to = { out, sizeof(out), 0 };
				left = ZSTD_compressStream2(z, &to, &in,
							    end ? ZSTD_e_end : ZSTD_e_continue);
				buf_add(&frame, out, to.pos);
			} while (end ? left != 0 : in.pos < in.size);
		}
		ZSTD_freeCCtx(z);
	}
	buf_printf(&head,
		   "POST /agent/v1/inventory?scanned=2026-11-22T08:41:00Z HTTP/1.1\r\nHost: "
		   "127.0.0.1\r\nContent-Type: text/tsukuroi-inventory\r\nContent-Encoding: "
		   "zstd\r\nInventory-Hash: %s\r\n",
		   k->a.hash);
	k->a.status = 0;
	if (!swarm_connect(&k->a, port, false))
		return;
	if (swarm_send(&k->a, head.p, buf_str(&frame)) && swarm_receive(&k->a) && accepted(&k->a))
		wrong(k, "half a gigabyte of zeros");
	swarm_close(&k->a);
}

/* --- lengths that are none --- */

static void lengths(struct kind *k)
{
	static const char *const bad[] = {
		"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}",
		"Content-Length: -1\r\n\r\n{}",
		"Content-Length: 1e3\r\n\r\n{}",
		"Content-Length: 18446744073709551618\r\n\r\n{}",
		"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		"Transfer-Encoding: chunked, identity\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}\r\n0\r\n\r\n",
		"Content-Length: 2\r\n\r\n{}{\"nonce\":\"\"}",
		"Content-Length: 2\r\n\r\n{}GET /agent/v1/push HTTP/1.1\r\n\r\n",
		"Content-Length: 0\r\n\r\n",
	};
	AUTO(buf_done) struct buf b = BUF_INIT(65536);
	const char *tail = bad[(size_t)k->tries % ARRAY_LEN(bad)];
	buf_printf(&b, POST "%s", "checkin", tail);
	refused(k, buf_str(&b), tail);
	/* less than announced, and gone */
	if (swarm_connect(&k->a, port, false)) {
		buf_reset(&b);
		buf_printf(&b, POST "Content-Length: 1000\r\n\r\n{\"attrs\":", "checkin");
		(void)swarm_send_raw(&k->a, buf_str(&b));
		swarm_close(&k->a);
	}
}

/* --- twice, late, and of somebody else --- */

static void name_text(const struct kind *k, unsigned scan, struct buf *out, char hash[SHA256_HEX])
{
	buf_reset(out);
	buf_printf(out, "arch\tamd64\ndeb\tmine\tamd64\t%s-%u\t\t\n", k->a.id, scan);
	struct sha256 d = digest_of(buf_str(out));
	digest_hex(&d, hash);
}

/* 200 or nothing: refused now means that the try is over. */
static bool checkin(struct kind *k)
{
	return swarm_send_checkin(&k->a) && swarm_receive(&k->a) && k->a.status == 200;
}

static void again_and_late(struct kind *k)
{
	AUTO(buf_done) struct buf old = BUF_INIT(4096), new = BUF_INIT(4096);
	char old_hash[SHA256_HEX];
	unsigned scan = 2 * (unsigned)k->tries;
	clock_rfc3339(clock_wall_ms() / 1000 * 1000, k->a.scanned);
	name_text(k, scan, &old, old_hash);
	name_text(k, scan + 1, &new, k->a.hash);
	if (!swarm_connect(&k->a, port, false))
		return;
	bool on = checkin(k) && checkin(k); /* the first reply "was lost" */
	if (on)
		swarm_noted(&k->a);
	for (int i = 0; on && i < 2; i++) /* the same upload twice */
		on = hostile_upload(&k->a, buf_str(&new), k->a.hash) && k->a.status == 204;
	if (on && hostile_upload(&k->a, buf_str(&new), old_hash) && accepted(&k->a))
		wrong(k, "an inventory under another one's hash");
	if (on && checkin(k) && !wants_none(&k->a))
		wrong(k, "what was refused has changed something");
	if (on)
		swarm_noted(&k->a);
	/* an upload that comes late: the next check-in must notice */
	on = on && hostile_upload(&k->a, buf_str(&old), old_hash) && k->a.status == 204;
	if (on && checkin(k)) {
		swarm_noted(&k->a);
		if (wants_none(&k->a))
			wrong(k, "the server believes that it has the newer inventory");
	}
	swarm_close(&k->a);
}

/* Of orders that it never got, with members that nobody knows, as somebody else. */
static void strange(struct kind *k)
{
	static const struct {
		const char *route, *body;
	} bad[] = {
		{ "results",
		  "{\"order\":\"00000000000000000000000000000001\",\"deployment\":"
		  "\"00000000000000000000000000000001\",\"seq\":1,\"outcome\":\"succeeded\","
		  "\"reason\":\"installed\",\"detail\":\"\",\"packages\":[]}" },
		{ "plans", "{\"order\":\"00000000000000000000000000000001\",\"deployment\":\"x\","
			   "\"transaction\":[]}" },
		{ "checkin", "{\"agent_id\":\"00000000000000000000000000000001\",\"nonce\":\"\"}" },
		{ "checkin", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[" },
		{ "checkin", "{\"nonce\":\"\",\"nonce\":\"\\ud800\"}" },
		{ "renew", "{\"csr\":\"-----BEGIN CERTIFICATE REQUEST-----\"}" },
		{ "enroll", "{\"token\":\"0011223344556677.AAAA\",\"csr\":\"\",\"attrs\":{}}" },
	};
	AUTO(buf_done) struct buf b = BUF_INIT(65536);
	size_t i = (size_t)k->tries % ARRAY_LEN(bad);
	buf_printf(&b, POST "Content-Length: %zu\r\n\r\n%s", bad[i].route, strlen(bad[i].body),
		   bad[i].body);
	refused(k, buf_str(&b), bad[i].body);
}

/* A copied key: a nonce that was good two check-ins ago. Quarantined from then on. */
static void copied(struct kind *k)
{
	char first[sizeof(k->a.nonce)];
	if (!swarm_connect(&k->a, port, false))
		return;
	if (k->tries == 0) {
		bool on = true;
		for (int i = 0; on && i < 3; i++) {
			if (i == 1)
				memcpy(first, k->a.nonce, sizeof(first));
			on = checkin(k);
			if (on)
				swarm_noted(&k->a);
		}
		if (on)
			memcpy(k->a.nonce, first, sizeof(first));
		else
			k->tries--; /* too much to do just now: from the beginning */
	} else if (swarm_send_checkin(&k->a) && swarm_receive(&k->a) && accepted(&k->a)) {
		wrong(k, "a nonce that was used before");
	}
	swarm_close(&k->a);
	swarm_rest(0.1);
}

/* --- all of them --- */

static struct kind kinds[] = {
	{ .name = "slow_head", .try = slow_head },
	{ .name = "slow_body", .try = slow_body },
	{ .name = "huge_body", .try = huge_body },
	{ .name = "bomb", .try = bomb },
	{ .name = "lengths", .try = lengths },
	{ .name = "strange", .try = strange },
	{ .name = "again_and_late", .try = again_and_late },
	{ .name = "copied", .try = copied },
};

static void *kind_thread(void *arg)
{
	struct kind *k = arg;
	for (; !atomic_load(&stop); k->tries++) {
		k->try(k);
		swarm_rest(0.02);
	}
	return NULL;
}

void hostile_enrol(size_t first, uint16_t to, const char *ca_file, const char *token)
{
	port = to;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		swarm_enrol(&kinds[i].a, first + i, port, ca_file, token);
		kinds[i].a.source = htonl(0x7f700000u + 256 + (uint32_t)i);
	}
}

void hostile_start(void)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (pthread_create(&kinds[i].thread, NULL, kind_thread, &kinds[i]) != 0)
			swarm_cannot("thread", "not made");
}

int hostile_stop(void)
{
	int tries = 0;
	atomic_store(&stop, true);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		pthread_join(kinds[i].thread, NULL);
		tries += kinds[i].tries;
	}
	return tries;
}

int hostile_report(void)
{
	int sum = 0;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		printf("hostile_%s=%d\n", kinds[i].name, kinds[i].tries);
		sum += kinds[i].wrong;
	}
	printf("hostile_accepted=%d\n", sum);
	return sum;
}
