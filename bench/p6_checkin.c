/* SPDX-License-Identifier: Apache-2.0
 * P6 and P7: CPU of the server for a check-in over kept-alive mTLS, over a new full mTLS connection
 * and over a resumed one, each beside nginx `return 200` with the same certificates and the same
 * bytes, in turns in one run. bench/p6_checkin.sh starts both and calls it:
 * p6_checkin PORT CA-FILE TOKEN SERVER-PID NGINX-PORT NGINX-PID [SCALE]. Prints key=value; exits 1
 * when a guard fails, 2 when it could not measure. */
#include "bench/swarm.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define AGENTS 64
#define ROUNDS 5
#define CONNECTORS 4

static struct swarm_agent agents[AGENTS];
static int64_t scale = 1;

struct side {
	const char *name;
	uint16_t port;
	int pid;
	double keptalive[ROUNDS], full[ROUNDS], resumed[ROUNDS]; /* us of CPU a request */
};

static void one_reply(struct swarm_agent *a, const char *what)
{
	if (!swarm_receive(a))
		swarm_cannot(what, a->why);
	if (a->status != 200)
		swarm_cannot(what, a->reply.p);
	swarm_noted(a);
}

static double keptalive(const struct side *s, int n)
{
	for (size_t i = 0; i < AGENTS; i++)
		if (!swarm_connect(&agents[i], s->port, false))
			swarm_cannot("connection", "refused");
	double before = 0;
	for (int k = -2; k < n; k++) {
		if (k == 0)
			before = swarm_cpu(s->pid);
		for (size_t i = 0; i < AGENTS; i++)
			if (!swarm_send_checkin(&agents[i]))
				swarm_cannot("check-in", "not sent");
		for (size_t i = 0; i < AGENTS; i++)
			one_reply(&agents[i], "check-in");
	}
	double each = (swarm_cpu(s->pid) - before) / n / AGENTS;
	for (size_t i = 0; i < AGENTS; i++)
		swarm_close(&agents[i]);
	return each * 1e6;
}

struct connector {
	pthread_t thread;
	const struct side *side;
	size_t first;
	int n;
	bool resume;
	int resumed;
};

static void *connector_main(void *arg)
{
	struct connector *c = arg;
	size_t own = AGENTS / CONNECTORS;
	for (int k = 0; k < c->n; k++) {
		struct swarm_agent *a = &agents[c->first + (size_t)k % own];
		if (!swarm_connect(a, c->side->port, c->resume) || !swarm_send_checkin(a))
			swarm_cannot("new connection", "refused");
		one_reply(a, "check-in on a new connection");
		c->resumed += a->resumed;
		swarm_keep_ticket(a);
		swarm_close(a);
	}
	return NULL;
}

static double connections(const struct side *s, int n, bool resume)
{
	struct connector c[CONNECTORS];
	int resumed = 0;
	double before = swarm_cpu(s->pid);
	for (size_t i = 0; i < CONNECTORS; i++) {
		c[i] = (struct connector) { .side = s,
					    .first = i * (AGENTS / CONNECTORS),
					    .n = n / CONNECTORS,
					    .resume = resume };
		pthread_create(&c[i].thread, NULL, connector_main, &c[i]);
	}
	for (size_t i = 0; i < CONNECTORS; i++) {
		pthread_join(c[i].thread, NULL);
		resumed += c[i].resumed;
	}
	double each = (swarm_cpu(s->pid) - before) / (n / CONNECTORS * CONNECTORS);
	if (resume != (resumed == n / CONNECTORS * CONNECTORS) || (!resume && resumed))
		swarm_cannot("resumption", "not every connection was as it should be");
	return each * 1e6;
}

/* One agent, a hundred check-ins a second: what a waiting agent feels. */
static double p99_ms(const struct side *s)
{
	enum { N = 300 };
	static double took[N];
	struct swarm_agent *a = &agents[0];
	if (!swarm_connect(a, s->port, false))
		swarm_cannot("connection", "refused");
	for (int i = 0; i < N; i++) {
		double t = swarm_now();
		if (!swarm_send_checkin(a))
			swarm_cannot("check-in", "not sent");
		one_reply(a, "check-in");
		took[i] = swarm_now() - t;
		nanosleep(&(struct timespec) { 0, 10000000 }, NULL);
	}
	swarm_close(a);
	qsort(took, N, sizeof(took[0]), swarm_by_value);
	return took[N * 99 / 100] * 1e3;
}

static double median(double *v)
{
	qsort(v, ROUNDS, sizeof(*v), swarm_by_value);
	return v[ROUNDS / 2];
}

static bool guard(const char *name, bool ok)
{
	printf("guard_%s=%s\n", name, ok ? "ok" : "FAILED");
	return ok;
}

int main(int argc, char **argv)
{
	int64_t port, pid, nginx_port, nginx_pid;
	if (argc < 7 || !str_to_i64(str_of(argv[1]), &port) || !str_to_i64(str_of(argv[4]), &pid) ||
	    !str_to_i64(str_of(argv[5]), &nginx_port) || !str_to_i64(str_of(argv[6]), &nginx_pid) ||
	    (argc > 7 && !str_to_i64(str_of(argv[7]), &scale)))
		swarm_cannot("usage", "p6_checkin PORT CA-FILE TOKEN SERVER-PID NGINX-PORT "
				      "NGINX-PID [SCALE]");
	struct side sides[] = {
		{ .name = "nginx", .port = (uint16_t)nginx_port, .pid = (int)nginx_pid },
		{ .name = "tsukuroid", .port = (uint16_t)port, .pid = (int)pid },
	};
	for (size_t i = 0; i < AGENTS; i++)
		swarm_enrol(&agents[i], i, (uint16_t)port, argv[2], argv[3]);
	if (getenv("P6_ONLY")) { /* to look at the server meanwhile */
		for (int r = 0; r < 10; r++)
			printf("keptalive_us=%.1f\n", keptalive(&sides[1], (int)(200 * scale)));
		return 0;
	}
	for (int r = 0; r < ROUNDS; r++) {
		for (size_t i = 0; i < ARRAY_LEN(sides); i++) {
			struct side *s = &sides[i];
			s->keptalive[r] = keptalive(s, (int)(60 * scale));
			s->full[r] = connections(s, (int)(400 * scale), false);
			/* tickets are of this side since the round above */
			s->resumed[r] = connections(s, (int)(400 * scale), true);
		}
	}
	double us[2][3];
	for (size_t i = 0; i < ARRAY_LEN(sides); i++) {
		struct side *s = &sides[i];
		us[i][0] = median(s->keptalive);
		us[i][1] = median(s->full);
		us[i][2] = median(s->resumed);
		printf("%s_keptalive_us=%.1f\n%s_full_us=%.1f\n%s_resumed_us=%.1f\n", s->name,
		       us[i][0], s->name, us[i][1], s->name, us[i][2]);
	}
	double p99 = p99_ms(&sides[1]);
	printf("ratio_keptalive=%.2f\nratio_full=%.2f\nratio_resumed=%.2f\n", us[1][0] / us[0][0],
	       us[1][1] / us[0][1], us[1][2] / us[0][2]);
	printf("resumed_of_full=%.2f\np99_idle_ms=%.2f\n", us[1][2] / us[1][1], p99);
	bool ok = guard("p6_keptalive_1.6x_nginx", us[1][0] <= 1.6 * us[0][0]);
	ok = guard("p6_p99_5ms", p99 < 5) && ok;
	ok = guard("p7_full_1.3x_nginx", us[1][1] <= 1.3 * us[0][1]) && ok;
	ok = guard("p7_resumed_1.3x_nginx", us[1][2] <= 1.3 * us[0][2]) && ok;
	ok = guard("p7_resumed_0.6x_full", us[1][2] <= 0.6 * us[1][1]) && ok;
	return !ok;
}
