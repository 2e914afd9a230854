/* SPDX-License-Identifier: Apache-2.0
 * P15: CPU of the server at the rate of a million hosts: 185 check-ins a second, each on a new mTLS
 * connection with a scan that found nothing new, and 11.6 changed scans a second as deltas. The
 * hosts are some of those that bench/fleet wrote into the server's state. Every host checks in
 * once before the measurement: a server that runs has seen its agents before.
 * p15_steady PORT TLS-DIR SERVER-PID PACKAGES SEED HOSTS SECONDS; bench/p15_steady.sh calls it.
 * Prints key=value; exits 1 when the guard fails, 2 when it could not measure. */
#include "base/clock.h"
#include "bench/swarm.h"
#include "bench/workload.h"
#include "proto/inventory.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define RATE 185.2	/* 1,000,000 / 5400 s */
#define UPLOAD_EVERY 16 /* 11.6 a second */
#define THREADS 8
#define CORE 0.25

static struct swarm_agent *agents;
static struct workload *w;
static uint32_t *host_of;
static size_t n;
static uint16_t port;
static double start_s, *took;
static atomic_size_t next;
static atomic_int uploads, late;
static bool measured;

static void text_of(uint32_t host, uint32_t revision, struct buf *out)
{
	AUTO(xfree) uint32_t *lines = xmalloc(sizeof(*lines) * workload_host_max(w));
	uint32_t count = workload_host(w, host, revision, lines);
	workload_text(w, lines, count, out);
}

static void hash_of(struct str text, char out[static SHA256_HEX])
{
	struct sha256 d = digest_of(text);
	digest_hex(&d, out);
}

/* What the agent does when its scan is another than the server's. */
static void upload(struct swarm_agent *a, uint32_t host)
{
	AUTO(buf_done) struct buf before = BUF_INIT(16u << 20), after = BUF_INIT(16u << 20);
	AUTO(buf_done) struct buf delta = BUF_INIT(16u << 20), head = BUF_INIT(4096);
	char base[SHA256_HEX], hex[INVENTORY_SUM_HEX];
	struct err e = { 0 };
	text_of(host, 0, &before);
	text_of(host, 1, &after);
	hash_of(buf_str(&before), base);
	if (!inventory_delta(buf_str(&before), buf_str(&after), &delta, &e))
		swarm_cannot("delta", e.msg);
	struct inventory_sum sum = inventory_sum_of_text(buf_str(&after));
	buf_printf(&head,
		   "POST /agent/v1/inventory?scanned=%s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
		   "Content-Type: text/tsukuroi-inventory-delta\r\nInventory-Base: %s\r\n"
		   "Inventory-Hash: %s\r\nInventory-Sum: %s\r\n",
		   a->scanned, base, a->hash, inventory_sum_hex(&sum, hex));
	if (!strstr(a->reply.p + a->body, "\"want_inventory\":\"delta\""))
		swarm_cannot("check-in with another inventory", a->reply.p);
	if (!swarm_send(a, head.p, buf_str(&delta)) || !swarm_receive(a) || a->status != 204)
		swarm_cannot("upload", a->reply.p ? a->reply.p : "connection lost");
	atomic_fetch_add(&uploads, 1);
}

static void contact(size_t i)
{
	struct swarm_agent *a = &agents[i];
	bool changed = measured && i % UPLOAD_EVERY == 0;
	clock_rfc3339(clock_wall_ms() / 1000 * 1000, a->scanned);
	if (changed) {
		AUTO(buf_done) struct buf text = BUF_INIT(16u << 20);
		text_of(host_of[i], 1, &text);
		hash_of(buf_str(&text), a->hash);
	}
	double t = swarm_now();
	if (!swarm_connect(a, port, false) || !swarm_send_checkin(a) || !swarm_receive(a))
		swarm_cannot("check-in", a->why ? a->why : "refused");
	if (a->status != 200)
		swarm_cannot("check-in", a->reply.p);
	took[i] = swarm_now() - t;
	swarm_noted(a);
	if (changed)
		upload(a, host_of[i]);
	swarm_close(a);
}

static void *worker(void *arg)
{
	for (size_t i; (i = atomic_fetch_add(&next, 1)) < n;) {
		double wait = start_s + (double)i / RATE - swarm_now();
		if (measured && wait > 0)
			nanosleep(
				&(struct timespec) { (time_t)wait,
						     (long)((wait - (double)(time_t)wait) * 1e9) },
				NULL);
		else if (measured && wait < -1)
			atomic_fetch_add(&late, 1);
		contact(i);
	}
	return NULL;
}

static void all(void)
{
	pthread_t threads[THREADS];
	atomic_store(&next, 0);
	start_s = swarm_now();
	for (size_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, worker, NULL);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void make_agents(const char *tls_dir, int64_t hosts)
{
	AUTO(x509_ca_free) struct x509_ca *ca = swarm_authority(tls_dir);
	agents = xcalloc(n, sizeof(*agents));
	host_of = xcalloc(n, sizeof(*host_of));
	took = xcalloc(n, sizeof(*took));
	for (size_t i = 0; i < n; i++) {
		AUTO(buf_done) struct buf text = BUF_INIT(16u << 20);
		char id[33];
		host_of[i] = (uint32_t)(i * (size_t)hosts / n);
		workload_id(w, host_of[i], id);
		text_of(host_of[i], 0, &text);
		hash_of(buf_str(&text), agents[i].hash);
		swarm_certify(ca, &agents[i], id);
	}
}

int main(int argc, char **argv)
{
	int64_t p, pid, seed, hosts, seconds;
	struct err e = { 0 };
	if (argc != 8 || !str_to_i64(str_of(argv[1]), &p) || !str_to_i64(str_of(argv[3]), &pid) ||
	    !str_to_i64(str_of(argv[5]), &seed) || !str_to_i64(str_of(argv[6]), &hosts) ||
	    !str_to_i64(str_of(argv[7]), &seconds))
		swarm_cannot("usage",
			     "p15_steady PORT TLS-DIR SERVER-PID PACKAGES SEED HOSTS SECONDS");
	if (!workload_new(argv[4], (uint64_t)seed, &w, &e))
		swarm_cannot("workload", e.msg);
	port = (uint16_t)p;
	n = MIN((size_t)(RATE * (double)seconds), (size_t)hosts);
	make_agents(argv[2], hosts);
	all(); /* as fast as it goes */
	measured = true;
	double before = swarm_cpu((int)pid);
	all();
	double wall = swarm_now() - start_s, cpu = swarm_cpu((int)pid) - before;
	/* what the last of them left to be flushed is part of it */
	qsort(took, n, sizeof(*took), swarm_by_value);
	printf("hosts=%lld\ncheckins=%zu\nuploads=%d\nseconds=%.1f\nlate=%d\n", (long long)hosts, n,
	       atomic_load(&uploads), wall, atomic_load(&late));
	printf("server_cpu_s=%.2f\ncores=%.3f\ncpu_us_per_checkin=%.0f\np99_ms=%.1f\n", cpu,
	       cpu / wall, cpu / (double)n * 1e6, took[n * 99 / 100] * 1e3);
	bool ok = cpu / wall <= CORE;
	printf("guard_p15_quarter_core=%s\n", ok ? "ok" : "FAILED");
	return !ok;
}
