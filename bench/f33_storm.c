/* SPDX-License-Identifier: Apache-2.0
 * F33: all agents come back at once. Enrolled agents connect from many addresses, thousands at the
 * same time, again after a refusal (a closed connection, or 503 with Retry-After), until each has
 * checked in, while somebody uses the console: new connections and kept-alive requests there.
 * Waiting times are kept short so that the storm stays one: this is worse than what agents do.
 * f33_storm AGENT-PORT CONSOLE-PORT CA-FILE TOKEN SERVER-PID N; bench/f33_storm.sh calls it. Prints
 * key=value; exits 1 when a guard fails, 2 when it could not measure. */
#include "base/random.h"
#include "bench/swarm.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define THREADS 400
#define AT_ONCE 12 /* connections that a thread opens before the first handshake */
#define PROBES 4000

static struct swarm_agent *agents;
static size_t n;
static uint16_t agent_port, console_port;
static atomic_size_t next, through;
static atomic_int closed, told, untold;
static atomic_bool over;

/* One try; true when the agent is through. */
static bool attempt(struct swarm_agent *a)
{
	if (!swarm_handshake(a, false) || !swarm_send_checkin(a) || !swarm_receive(a)) {
		atomic_fetch_add(&closed, 1);
		swarm_close(a);
		return false;
	}
	if (a->status == 503)
		atomic_fetch_add(a->retry_after_s > 0 ? &told : &untold, 1);
	else if (a->status != 200)
		swarm_cannot("check-in", a->reply.p);
	swarm_close(a);
	return a->status == 200;
}

static void *stormer(void *arg)
{
	struct swarm_agent *mine[AT_ONCE];
	size_t left = 0;
	/* agents are other machines: their work here must not delay the person's */
	(void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 10);
	double pause = 0.5;
	for (;;) {
		for (size_t i; left < AT_ONCE && (i = atomic_fetch_add(&next, 1)) < n;)
			mine[left++] = &agents[i];
		if (!left)
			return NULL;
		bool open[AT_ONCE];
		for (size_t i = 0; i < left; i++)
			open[i] = swarm_connect_tcp(mine[i], agent_port);
		size_t kept = 0;
		for (size_t i = 0; i < left; i++) {
			if (open[i] && attempt(mine[i]))
				atomic_fetch_add(&through, 1);
			else
				mine[kept++] = mine[i];
		}
		if (kept) { /* full jitter, doubling */
			swarm_rest((double)random_below(1000) / 1000 * pause);
			pause = MIN(pause * 2, 8.0);
		} else {
			pause = 0.5;
		}
		left = kept;
	}
}

static void *watch(void *arg)
{
	while (atomic_load(&through) < n)
		swarm_rest(0.05);
	atomic_store(&over, true);
	return NULL;
}

int main(int argc, char **argv)
{
	int64_t a, c, pid, count;
	if (argc != 7 || !str_to_i64(str_of(argv[1]), &a) || !str_to_i64(str_of(argv[2]), &c) ||
	    !str_to_i64(str_of(argv[5]), &pid) || !str_to_i64(str_of(argv[6]), &count) ||
	    count < 100 || count > 20000)
		swarm_cannot("usage",
			     "f33_storm AGENT-PORT CONSOLE-PORT CA-FILE TOKEN SERVER-PID N");
	static double idle[300], busy[PROBES];
	pthread_t threads[THREADS], watcher;
	pthread_attr_t small;
	agent_port = (uint16_t)a;
	console_port = (uint16_t)c;
	n = (size_t)count;
	agents = xcalloc(n, sizeof(*agents));
	swarm_descriptors(19000);
	for (size_t i = 0; i < n; i++) {
		swarm_enrol(&agents[i], i, agent_port, argv[3], argv[4]);
		agents[i].source = htonl(0x7f000000u + 256 + (uint32_t)i);
	}
	size_t n_idle = swarm_probe(console_port, idle, ARRAY_LEN(idle), &over);
	long before = swarm_memory_kb((int)pid);
	double cpu = swarm_cpu((int)pid), start = swarm_now();
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 256 << 10);
	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], &small, stormer, NULL) != 0)
			swarm_cannot("thread", "not made");
	pthread_create(&watcher, NULL, watch, NULL);
	size_t n_busy = swarm_probe(console_port, busy, PROBES, &over);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	pthread_join(watcher, NULL);
	double wall = swarm_now() - start;
	double p99 = busy[n_busy * 99 / 100] * 1e3;
	printf("agents=%zu\nthrough=%zu\nseconds=%.1f\nserver_cpu_s=%.1f\n", n,
	       atomic_load(&through), wall, swarm_cpu((int)pid) - cpu);
	printf("closed_before_tls=%d\ntold_retry_after=%d\n", atomic_load(&closed),
	       atomic_load(&told));
	printf("server_rss_before_kb=%ld\nserver_rss_after_kb=%ld\n", before,
	       swarm_memory_kb((int)pid));
	printf("console_idle_p50_ms=%.2f\nconsole_idle_p99_ms=%.2f\n", idle[n_idle / 2] * 1e3,
	       idle[n_idle * 99 / 100] * 1e3);
	printf("console_storm_probes=%zu\nconsole_storm_p50_ms=%.2f\nconsole_storm_p99_ms=%.2f\n",
	       n_busy, busy[n_busy / 2] * 1e3, p99);
	bool all = atomic_load(&through) == n && !atomic_load(&untold);
	printf("guard_f33_all_through=%s\n", all ? "ok" : "FAILED");
	printf("guard_f33_console_p99_50ms=%s\n", p99 < 50 ? "ok" : "FAILED");
	return !all || p99 >= 50;
}
