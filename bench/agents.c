/* SPDX-License-Identifier: Apache-2.0
 * A fleet of agents over TLS, most of them good, some hostile (hostile.c), and a person at the
 * console meanwhile; then an outage: the server stands still while everybody comes back. At the end
 * every good agent asks whether the server has what it acknowledged.
 * agents AGENT-PORT CONSOLE-PORT CA-FILE TOKEN SERVER-PID N SECONDS BOUND-MS; bench/agents.sh calls
 * it. Prints key=value; exits 1 when a guard fails, 2 when it could not measure. */
#include "base/clock.h"
#include "base/random.h"
#include "bench/hostile.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define THREADS 12
#define PROBES 20000
#define OUTAGE_S 3
#define MEMORY_KB (320l << 10) /* what bodies may take at once, and something */

static struct good {
	struct swarm_agent a;
	unsigned scans;
	bool settled;
} * good;
static size_t n;
static uint16_t port;
static atomic_bool over, probe_over;
static atomic_int checkins, uploads, refused, odd;

/* The agent's i-th scan: lines of all and one of its own. */
static void text_of(const struct good *g, struct buf *out)
{
	buf_printf(out, "arch\tamd64\ndeb\tcommon\tamd64\t1.%u\t\t\ndeb\tzz-%s\tamd64\t1.%u\t\t\n",
		   g->scans / 7, g->a.id, g->scans);
}

static bool upload(struct good *g)
{
	AUTO(buf_done) struct buf text = BUF_INIT(65536);
	text_of(g, &text);
	if (!hostile_upload(&g->a, buf_str(&text), g->a.hash))
		return false;
	atomic_fetch_add(g->a.status == 204 ? &uploads : &odd, g->a.status != 503);
	return g->a.status == 204;
}

/* A contact as the protocol wants it; false when it must be tried again. */
static bool contact(struct good *g)
{
	AUTO(buf_done) struct buf text = BUF_INIT(65536);
	text_of(g, &text);
	struct sha256 d = digest_of(buf_str(&text));
	digest_hex(&d, g->a.hash);
	clock_rfc3339(clock_wall_ms() / 1000 * 1000, g->a.scanned);
	if (!swarm_connect(&g->a, port, false) || !swarm_send_checkin(&g->a) ||
	    !swarm_receive(&g->a)) {
		atomic_fetch_add(&refused, 1);
		return false;
	}
	if (g->a.status != 200) {
		atomic_fetch_add(g->a.status == 503 ? &refused : &odd, 1);
		return false;
	}
	atomic_fetch_add(&checkins, 1);
	swarm_noted(&g->a);
	if (strstr(g->a.reply.p + g->a.body, "\"want_inventory\":\"none\""))
		return true;
	return upload(g);
}

static void *fleet_thread(void *arg)
{
	for (size_t i = (size_t)(uintptr_t)arg; !atomic_load(&over); i += THREADS) {
		struct good *g = &good[i % n];
		if (i % n % THREADS != (size_t)(uintptr_t)arg) /* one thread an agent */
			continue;
		bool done = contact(g);
		swarm_close(&g->a);
		g->scans += done && random_below(4) == 0;
		swarm_rest(done ? 0.01 : 0.05 + (double)random_below(200) / 1000);
	}
	return NULL;
}

/* What the server acknowledged it has: it wants no inventory for that hash. */
static void *settle_thread(void *arg)
{
	for (size_t i = (size_t)(uintptr_t)arg; i < n; i += THREADS) {
		struct good *g = &good[i];
		for (int tries = 0; tries < 100 && !g->settled; tries++) {
			bool known = contact(g);
			swarm_close(&g->a);
			g->settled = known && contact(g) &&
				     strstr(g->a.reply.p + g->a.body,
					    "\"want_inventory\":\"none\"");
			swarm_close(&g->a);
			if (!g->settled)
				swarm_rest((double)random_below(500) / 1000);
		}
	}
	return NULL;
}

static void all(void *(*fn)(void *), pthread_t threads[static THREADS])
{
	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, fn, (void *)i) != 0)
			swarm_cannot("thread", "not made");
}

static void join(pthread_t threads[static THREADS])
{
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void *alarm_thread(void *arg)
{
	swarm_rest(*(double *)arg);
	atomic_store(&probe_over, true);
	return NULL;
}

/* The console for so many seconds; its 99th percentile in ms. */
static double console_p99(uint16_t console, double seconds, const char *name)
{
	static double took[PROBES];
	pthread_t alarm;
	atomic_store(&probe_over, false);
	pthread_create(&alarm, NULL, alarm_thread, &seconds);
	size_t k = swarm_probe(console, took, PROBES, &probe_over);
	pthread_join(alarm, NULL);
	if (!k)
		swarm_cannot("console", "not one answer");
	printf("console_%s_probes=%zu\nconsole_%s_p50_ms=%.2f\nconsole_%s_p99_ms=%.2f\n", name, k,
	       name, took[k / 2] * 1e3, name, took[k * 99 / 100] * 1e3);
	fflush(stdout);
	return took[k * 99 / 100] * 1e3;
}

static int guard(const char *name, bool ok)
{
	printf("guard_agents_%s=%s\n", name, ok ? "ok" : "FAILED");
	return !ok;
}

static void enrol_all(const char *ca, const char *token)
{
	good = xcalloc(n, sizeof(*good));
	for (size_t i = 0; i < n; i++) {
		swarm_enrol(&good[i].a, i, port, ca, token);
		good[i].a.source = htonl(0x7f000000u + 256 + (uint32_t)i);
	}
	hostile_enrol(n, port, ca, token);
}

int main(int argc, char **argv)
{
	int64_t p, c, pid, count, seconds, bound;
	if (argc != 9 || !str_to_i64(str_of(argv[1]), &p) || !str_to_i64(str_of(argv[2]), &c) ||
	    !str_to_i64(str_of(argv[5]), &pid) || !str_to_i64(str_of(argv[6]), &count) ||
	    !str_to_i64(str_of(argv[7]), &seconds) || !str_to_i64(str_of(argv[8]), &bound) ||
	    count < THREADS || count > 18000)
		swarm_cannot("usage", "agents AGENT-PORT CONSOLE-PORT CA-FILE TOKEN SERVER-PID N "
				      "SECONDS BOUND-MS");
	pthread_t fleet[THREADS];
	port = (uint16_t)p;
	n = (size_t)count;
	swarm_descriptors(19000);
	enrol_all(argv[3], argv[4]);
	console_p99((uint16_t)c, 2, "idle");
	long before = swarm_memory_kb((int)pid);
	all(fleet_thread, fleet);
	hostile_start();
	double hostile = console_p99((uint16_t)c, (double)seconds, "hostile");
	kill((pid_t)pid, SIGSTOP);
	swarm_rest(OUTAGE_S);
	kill((pid_t)pid, SIGCONT);
	double storm = console_p99((uint16_t)c, (double)seconds / 2, "after_outage");
	long after = swarm_memory_kb((int)pid);
	int tries = hostile_stop();
	atomic_store(&over, true);
	join(fleet);
	all(settle_thread, fleet);
	join(fleet);
	size_t settled = 0;
	for (size_t i = 0; i < n; i++)
		settled += good[i].settled;
	printf("agents=%zu\ncheckins=%d\nuploads=%d\nrefused_or_later=%d\nodd_answers=%d\n", n,
	       atomic_load(&checkins), atomic_load(&uploads), atomic_load(&refused),
	       atomic_load(&odd));
	printf("hostile_tries=%d\nserver_rss_before_kb=%ld\nserver_rss_after_kb=%ld\n", tries,
	       before, after);
	return guard("console_p99", hostile < (double)bound && storm < (double)bound) |
	       guard("memory", after - before < MEMORY_KB) |
	       guard("nothing_wrong_accepted", hostile_report() == 0) |
	       guard("good_ones_served",
		     settled == n && !atomic_load(&odd) && atomic_load(&uploads) > 0);
}
