/* SPDX-License-Identifier: Apache-2.0
 * Waves: who is in which, and when they open (F40, G12). Runs of made-up fleets against the real
 * decision, with hosts that fail, hang, stay away or have nothing to do. */
#include "deploy/rollout/rollout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define FLEET_MAX 2000

static uint64_t seed;
static uint32_t draw(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % below;
}

static struct rollout of_waves(const uint32_t *percents, uint32_t n)
{
	struct rollout r = { .n_waves = n,
			     .success_percent = 95,
			     .max_failures = ROLLOUT_NO_LIMIT,
			     .max_silent = 0,
			     .soak_ms = HOUR,
			     .heartbeat_ms = 3 * HOUR,
			     .patience_ms = 24 * HOUR,
			     .halt_failures = ROLLOUT_NO_LIMIT,
			     .halt_percent = ROLLOUT_NO_LIMIT };
	for (uint32_t i = 0; i < n; i++)
		r.waves[i] = (struct rollout_wave) { .kind = ROLLOUT_PERCENT,
						     .amount = percents[i] };
	return r;
}

static void make_hosts(struct rollout_host *h, size_t n, const char *deployment, uint32_t releases)
{
	char id[33];
	for (size_t i = 0; i < n; i++) {
		snprintf(id, sizeof(id), "%032zx", i);
		h[i] = (struct rollout_host) { .rank = rollout_rank(deployment, id),
					       .release = (uint32_t)(i * releases / n),
					       .wave = UINT32_MAX };
	}
}

/* --- who is in which wave --- */

static void F40_hosts_are_assigned_alike_in_any_order_and_canaries_spread_over_releases(
	void **state UNUSED)
{
	static struct rollout_host a[200], b[200];
	struct rollout r = of_waves((const uint32_t[]) { 10, 100 }, 2);
	r.waves[0] = (struct rollout_wave) { .kind = ROLLOUT_SYSTEMS, .amount = 5 };
	r.waves[1] = (struct rollout_wave) { .kind = ROLLOUT_PERCENT, .amount = 10 };
	r.waves[2] = (struct rollout_wave) { .kind = ROLLOUT_PERCENT, .amount = 100 };
	r.n_waves = 3;
	for (int round = 0; round < 50; round++) {
		char name[16];
		uint32_t in[3] = { 0 }, seen = 0, in_ten[5] = { 0 };
		snprintf(name, sizeof(name), "d%d", round);
		make_hosts(a, 200, name, 5);
		memcpy(b, a, sizeof(a));
		seed = (uint64_t)round;
		for (size_t i = 200; i > 1; i--) {
			size_t k = draw((uint32_t)i);
			struct rollout_host t = b[k];
			b[k] = b[i - 1];
			b[i - 1] = t;
		}
		rollout_assign(&r, a, 200);
		rollout_assign(&r, b, 200);
		for (size_t i = 0; i < 200; i++) {
			assert_in_range(a[i].wave, 0, 2);
			in[a[i].wave]++;
			seen |= a[i].wave ? 0 : 1u << a[i].release;
			in_ten[a[i].release] += a[i].wave < 2;
			for (size_t k = 0; k < 200; k++)
				if (b[k].rank == a[i].rank)
					assert_int_equal(b[k].wave, a[i].wave);
		}
		assert_true(in[0] == 5 && in[1] == 15 && in[2] == 180);
		assert_int_equal(seen, 31); /* a canary of every release */
		for (int k = 0; k < 5; k++)
			assert_int_equal(in_ten[k], 4); /* and the next in proportion */
	}
	/* other deployments have other canaries */
	make_hosts(a, 200, "one", 1);
	make_hosts(b, 200, "two", 1);
	rollout_assign(&r, a, 200);
	rollout_assign(&r, b, 200);
	int same = 0;
	for (size_t i = 0; i < 200; i++)
		same += a[i].wave == 0 && b[i].wave == 0;
	assert_true(same < 4);
}

static void few_hosts_fill_the_first_waves_and_leave_the_others_empty(void **state UNUSED)
{
	struct rollout_host h[3];
	struct rollout r = of_waves((const uint32_t[]) { 1, 10, 100 }, 3);
	make_hosts(h, 3, "d", 1);
	rollout_assign(&r, h, 3);
	int first = 0;
	for (int i = 0; i < 3; i++)
		first += h[i].wave == 0;
	assert_int_equal(first, 1); /* 1 % of three is one: a wave is never rounded down to none */
	rollout_assign(&r, h, 0);
}

static struct rollout_wave group_wave(void)
{
	return (struct rollout_wave) { .kind = ROLLOUT_GROUP };
}

static void groups_are_waves_of_their_own_and_the_others_fill_the_rest(void **state UNUSED)
{
	static struct rollout_host h[200];
	struct rollout r = of_waves((const uint32_t[]) { 0, 0, 25, 100, 0 }, 5);
	uint32_t in[5] = { 0 }, sizes[ROLLOUT_WAVES_MAX];
	r.waves[0] = r.waves[1] = r.waves[4] = group_wave();
	make_hosts(h, 200, "d", 3);
	for (size_t i = 0; i < 200; i++) /* 8 of the first; 20 of the second, 4 of them first */
		h[i].groups = (i < 8 ? 1u : 0) | (i >= 4 && i < 24 ? 2u : 0) |
			      (i >= 190 ? 16u : 0) | 8u; /* where no group is, it means nothing */
	rollout_assign(&r, h, 200);
	for (size_t i = 0; i < 200; i++) {
		in[h[i].wave]++;
		assert_true((i < 8) == (h[i].wave == 0));
		assert_true((i >= 8 && i < 24) == (h[i].wave == 1));
		assert_true((i >= 190) == (h[i].wave == 4)); /* also after 100 percent */
	}
	assert_true(in[2] == 50 - 24 && in[3] == 200 - 50 - 10);
	rollout_sizes(&r, 200, (const uint32_t[]) { 8, 16, 0, 0, 10 }, sizes);
	for (int w = 0; w < 5; w++)
		assert_int_equal(sizes[w], in[w]);
	/* groups that are more than the percentage leave its wave empty */
	rollout_sizes(&r, 40, (const uint32_t[]) { 8, 16, 0, 0, 10 }, sizes);
	assert_true(sizes[2] == 0 && sizes[3] == 6 && sizes[4] == 10);
}

/* --- made-up fleets --- */

enum nature { WELL, FAILS, HANGS, AWAY, NOTHING_TO_DO, NATURES };
enum step { WAITS, RUNS, ENDED_WELL, FAILED, SKIPPED };
struct machine {
	enum nature nature;
	enum step step;
	uint32_t wave;
	int64_t since_ms;
	bool forgiven;
};
struct fleet_run {
	struct rollout r;
	struct machine m[FLEET_MAX];
	size_t n;
	uint32_t open, resumes;
	enum rollout_why halted;
	int64_t now_ms, opened_ms[ROLLOUT_WAVES_MAX];
	struct rollout_verdict last;
	uint32_t touched_beyond; /* hosts beyond the wave that was open when it first halted */
};

static void count(const struct fleet_run *f, struct rollout_counts *c)
{
	memset(c, 0, sizeof(*c) * ROLLOUT_WAVES_MAX);
	for (uint32_t w = 0; w < f->open; w++)
		c[w].opened_ms = f->opened_ms[w];
	for (size_t i = 0; i < f->n; i++) {
		const struct machine *m = &f->m[i];
		struct rollout_counts *k = &c[m->wave];
		bool quiet = m->nature == AWAY || (m->nature == HANGS && m->step == RUNS &&
						   f->now_ms - m->since_ms > f->r.heartbeat_ms);
		if (m->forgiven) {
			k->forgiven++;
			continue;
		}
		k->waiting += m->step == WAITS;
		k->absent += m->step == WAITS && quiet;
		k->running += m->step == RUNS;
		k->running_silent += m->step == RUNS && quiet;
		k->silent += m->step == RUNS && quiet;
		k->succeeded += m->step == ENDED_WELL;
		k->failed += m->step == FAILED;
		k->skipped += m->step == SKIPPED;
		if (m->step >= ENDED_WELL)
			k->last_ended_ms = MAX(k->last_ended_ms, m->since_ms);
	}
}

/* One step of time: machines of open waves start and end; then the decision. */
static void step(struct fleet_run *f, int64_t ms)
{
	struct rollout_counts c[ROLLOUT_WAVES_MAX];
	f->now_ms += ms;
	for (size_t i = 0; i < f->n; i++) {
		struct machine *m = &f->m[i];
		if (m->step == RUNS && m->nature != HANGS && draw(2)) {
			m->step = m->nature == FAILS ? FAILED : ENDED_WELL;
			m->since_ms = f->now_ms;
		}
		if (m->step != WAITS || m->wave >= f->open || f->halted || m->nature == AWAY ||
		    draw(3) == 0)
			continue;
		m->step = m->nature == NOTHING_TO_DO ? SKIPPED : RUNS;
		m->since_ms = f->now_ms;
	}
	count(f, c);
	rollout_decide(&f->r, c, f->open, f->halted, f->now_ms, &f->last);
	if (f->last.open_next) {
		assert_true(f->open < f->r.n_waves);
		f->opened_ms[f->open++] = f->now_ms;
	}
	if (f->last.halt) {
		assert_false(f->last.open_next || f->last.done);
		f->halted = f->last.waves[f->open - 1].why;
		assert_in_range(f->halted, ROLLOUT_WHY_FAILURES, ROLLOUT_WHY_THRESHOLD);
	}
}

static void begin(struct fleet_run *f, const struct rollout *r, size_t n, uint64_t s,
		  uint32_t releases)
{
	static struct rollout_host hosts[FLEET_MAX];
	char name[40];
	seed = s;
	*f = (struct fleet_run) { .r = *r, .n = n, .open = 1, .now_ms = 1000 * HOUR };
	f->opened_ms[0] = f->now_ms;
	snprintf(name, sizeof(name), "run%llu", (unsigned long long)s);
	make_hosts(hosts, n, name, releases);
	uint32_t first[ROLLOUT_WAVES_MAX] = { 0 }, sizes[ROLLOUT_WAVES_MAX], in[ROLLOUT_WAVES_MAX];
	for (size_t i = 0; i < n; i++) {
		for (uint32_t w = 0; w < r->n_waves; w++)
			hosts[i].groups |= draw(5) ? 0 : UINT32_C(1) << w;
		uint32_t w = rollout_group_wave(r, hosts[i].groups);
		if (w < r->n_waves)
			first[w]++;
	}
	rollout_assign(r, hosts, n);
	memset(in, 0, sizeof(in));
	for (size_t i = 0; i < n; i++) {
		uint32_t w = rollout_group_wave(r, hosts[i].groups);
		f->m[i].wave = hosts[i].wave;
		assert_true(hosts[i].wave < r->n_waves);
		assert_true((r->waves[hosts[i].wave].kind == ROLLOUT_GROUP) == (w < r->n_waves));
		assert_true(w == r->n_waves || w == hosts[i].wave);
		in[hosts[i].wave]++;
	}
	rollout_sizes(r, n, first, sizes); /* what was shown is what there is */
	for (uint32_t w = 0; w < r->n_waves; w++)
		assert_int_equal(in[w], sizes[w]);
}

static uint32_t touched_beyond(const struct fleet_run *f, uint32_t wave)
{
	uint32_t n = 0;
	for (size_t i = 0; i < f->n; i++)
		n += f->m[i].wave > wave && f->m[i].step != WAITS;
	return n;
}

static void run_on(struct fleet_run *f)
{
	for (int i = 0; i < 4000 && !f->halted && !f->last.done; i++)
		step(f, 5 * MINUTE);
	assert_true(f->halted || f->last.done); /* nothing waits for ever */
}

static void F40_G12_a_patch_bad_on_30_percent_touches_no_host_beyond_the_first_wave(
	void **state UNUSED)
{
	static struct fleet_run f;
	struct rollout r = of_waves((const uint32_t[]) { 10, 30, 100 }, 3);
	uint32_t stopped = 0;
	r.max_failures = 0;
	for (uint64_t s = 1; s <= 300; s++) {
		bool in_first = false;
		begin(&f, &r, 200, s, 4);
		for (size_t i = 0; i < 200; i++) {
			f.m[i].nature = i % 10 < 3 ? (s & 1 ? FAILS : HANGS) : WELL;
			in_first |= f.m[i].wave == 0 && f.m[i].nature != WELL;
		}
		run_on(&f);
		if (!in_first)
			continue; /* the canaries were all of the lucky 70 %: 0.7^20 */
		stopped++;
		assert_true(f.halted);
		assert_int_equal(f.open, 1);
		assert_int_equal(touched_beyond(&f, 0), 0);
	}
	assert_true(stopped >= 298);
}

/* The first wave is a group, whoever is in it. */
static void F40_a_group_that_fails_keeps_everything_else_untouched(void **state UNUSED)
{
	static struct fleet_run f;
	struct rollout r = of_waves((const uint32_t[]) { 0, 0, 25, 100 }, 4);
	r.waves[0] = r.waves[1] = group_wave();
	r.max_failures = 0;
	for (uint64_t s = 1; s <= 100; s++) {
		begin(&f, &r, 200, s, 4);
		uint32_t canaries = 0;
		for (size_t i = 0; i < 200; i++)
			if (f.m[i].wave == 0 && canaries++ % 3 == 0)
				f.m[i].nature = s & 1 ? FAILS : HANGS;
		assert_true(canaries > 5);
		run_on(&f);
		assert_true(f.halted && f.open == 1);
		assert_int_equal(touched_beyond(&f, 0), 0);
	}
}

/* One bad release: a canary of each finds it, however few there are. */
static void F40_five_canaries_find_the_one_bad_release_of_four(void **state UNUSED)
{
	static struct fleet_run f;
	struct rollout r = of_waves((const uint32_t[]) { 50, 100 }, 2);
	r.waves[0] = (struct rollout_wave) { .kind = ROLLOUT_SYSTEMS, .amount = 5 };
	for (uint64_t s = 1; s <= 100; s++) {
		begin(&f, &r, 200, s, 4);
		for (size_t i = 150; i < 200; i++)
			f.m[i].nature = FAILS;
		run_on(&f);
		assert_true(f.halted && f.open == 1);
		assert_int_equal(touched_beyond(&f, 0), 0);
	}
}

static void forgive(struct fleet_run *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->m[i].wave < f->open &&
		    (f->m[i].step == FAILED || f->m[i].nature == HANGS || f->m[i].nature == AWAY))
			f->m[i].forgiven = true;
	f->halted = ROLLOUT_WHY_NONE;
	f->resumes++;
}

/* Any fleet, any rollout: only hosts of open waves start, halted means nobody starts, and in the
 * end it is done or says why it stands still; whoever resumes often enough gets through. */
static void waves_open_in_order_end_and_never_deadlock_whatever_the_fleet(void **state UNUSED)
{
	static struct fleet_run f;
	uint64_t runs = getenv("TSUKUROI_LONG") ? 20000 : 400;
	for (uint64_t s = 1; s <= runs; s++) {
		seed = s * 77;
		uint32_t waves = 1 + draw(6), percents[6];
		for (uint32_t i = 0; i < waves; i++)
			percents[i] = i + 1 == waves ? 100 : 1 + i * 12 + draw(10);
		struct rollout r = of_waves(percents, waves);
		if (draw(2) && waves > 1)
			r.waves[0] = (struct rollout_wave) { .kind = ROLLOUT_SYSTEMS,
							     .amount = 1 + draw(9) };
		for (uint32_t i = 0; i + 1 < waves; i++)
			if (draw(4) == 0)
				r.waves[i] = group_wave();
		if (draw(4) == 0)
			r.waves[waves++] = group_wave(), r.n_waves = waves;
		r.success_percent = draw(101);
		r.max_failures = draw(3) ? ROLLOUT_NO_LIMIT : draw(4);
		r.max_silent = draw(2) ? ROLLOUT_NO_LIMIT : draw(3);
		r.halt_failures = draw(2) ? ROLLOUT_NO_LIMIT : draw(20);
		r.halt_percent = draw(2) ? ROLLOUT_NO_LIMIT : draw(30);
		r.soak_ms = draw(3) * HOUR;
		r.patience_ms = draw(30) * HOUR;
		uint32_t bad = draw(100), kind = draw(NATURES);
		size_t n = draw(150);
		begin(&f, &r, n, s, 1 + draw(4));
		for (size_t i = 0; i < n; i++)
			if (draw(100) < bad)
				f.m[i].nature = draw(3) ? (enum nature)kind
							: (enum nature)draw(NATURES);
		for (int guard = 0; !f.last.done; guard++) {
			assert_true(guard < 2000);
			run_on(&f);
			if (!f.halted)
				continue;
			uint32_t before = touched_beyond(&f, f.open - 1), open = f.open;
			for (int i = 0; i < 10; i++)
				step(&f, 10 * HOUR);
			assert_true(f.open == open && !f.last.halt && !f.last.open_next);
			assert_int_equal(touched_beyond(&f, f.open - 1), before);
			assert_int_equal(before, 0);
			forgive(&f);
		}
		assert_int_equal(f.open, waves);
	}
}

/* --- single decisions --- */

static struct rollout_verdict decide(const struct rollout *r, const struct rollout_counts *c,
				     uint32_t open, int64_t now)
{
	struct rollout_verdict v;
	rollout_decide(r, c, open, ROLLOUT_WHY_NONE, now, &v);
	return v;
}

static void a_wave_soaks_and_the_next_opens_when_the_time_is_over(void **state UNUSED)
{
	struct rollout r = of_waves((const uint32_t[]) { 10, 100 }, 2);
	struct rollout_counts c[2] = { { .succeeded = 10, .opened_ms = 5, .last_ended_ms = HOUR },
				       { .waiting = 90 } };
	struct rollout_verdict v = decide(&r, c, 1, HOUR + 1);
	assert_true(v.waves[0].state == ROLLOUT_SOAKING && v.waves[0].until_ms == 2 * HOUR);
	assert_int_equal(v.waves[1].state, ROLLOUT_CLOSED);
	assert_false(v.open_next || decide(&r, c, 1, 2 * HOUR - 1).open_next);
	assert_true(decide(&r, c, 1, 2 * HOUR).open_next);
	c[1] = (struct rollout_counts) { .succeeded = 90,
					 .opened_ms = 2 * HOUR,
					 .last_ended_ms = 3 * HOUR };
	assert_true(decide(&r, c, 2, 4 * HOUR).done);
}

static void a_wave_of_absent_hosts_waits_then_halts_and_an_empty_one_passes(void **state UNUSED)
{
	struct rollout r = of_waves((const uint32_t[]) { 10, 100 }, 2);
	struct rollout_counts c[2] = { { .waiting = 10, .absent = 10, .opened_ms = HOUR },
				       { .waiting = 90 } };
	struct rollout_verdict v = decide(&r, c, 1, 2 * HOUR);
	assert_int_equal(v.waves[0].why, ROLLOUT_WHY_ABSENT);
	assert_int_equal(v.waves[0].until_ms, 25 * HOUR);
	v = decide(&r, c, 1, 25 * HOUR);
	assert_true(v.halt && v.waves[0].why == ROLLOUT_WHY_NO_EVIDENCE);
	c[0].succeeded = 3; /* those that were there speak for the wave */
	c[0].last_ended_ms = 2 * HOUR;
	assert_true(decide(&r, c, 1, 25 * HOUR).open_next);
	c[0] = (struct rollout_counts) { .skipped = 10, .opened_ms = HOUR };
	v = decide(&r, c, 1, HOUR);
	assert_true(v.open_next && v.waves[0].why == ROLLOUT_WHY_NOTHING);
	c[0] = (struct rollout_counts) { .opened_ms = HOUR };
	v = decide(&r, c, 1, HOUR);
	assert_true(v.open_next && v.waves[0].why == ROLLOUT_WHY_EMPTY);
	v = decide(&r, c, 2, HOUR); /* and it is still said when the next one is open */
	assert_true(v.waves[0].state == ROLLOUT_PASSED && v.waves[0].why == ROLLOUT_WHY_EMPTY);
	assert_int_equal(v.waves[1].why, ROLLOUT_WHY_UNDER_WAY);
}

static void gates_break_as_soon_as_they_can_no_longer_hold(void **state UNUSED)
{
	struct rollout r = of_waves((const uint32_t[]) { 10, 100 }, 2);
	struct rollout_counts c[2] = { { .running = 99, .failed = 5, .opened_ms = 1 }, { 0 } };
	assert_false(decide(&r, c, 1, 2).halt); /* 99 of 104 may still be 95.2 % */
	c[0].failed = 6;
	struct rollout_verdict v = decide(&r, c, 1, 2);
	assert_true(v.halt && v.waves[0].why == ROLLOUT_WHY_RATE);
	r.max_failures = 5;
	assert_int_equal(decide(&r, c, 1, 2).waves[0].why, ROLLOUT_WHY_FAILURES);
	r.halt_failures = 5;
	assert_int_equal(decide(&r, c, 1, 2).waves[0].why, ROLLOUT_WHY_THRESHOLD);
	c[0] = (struct rollout_counts) { .succeeded = 100, .silent = 1, .opened_ms = 1 };
	assert_int_equal(decide(&r, c, 1, 2).waves[0].why, ROLLOUT_WHY_SILENT);
	rollout_decide(&r, c, 1, ROLLOUT_WHY_MANUAL, 2, &v);
	assert_true(!v.halt && !v.open_next && v.waves[0].state == ROLLOUT_HALTED);
	/* the threshold counts every wave, also those that have passed */
	r.halt_percent = 3;
	c[0] = (struct rollout_counts) { .succeeded = 97, .failed = 3 };
	c[1] = (struct rollout_counts) { .failed = 1, .running = 99, .opened_ms = 1 };
	r.halt_failures = ROLLOUT_NO_LIMIT;
	assert_false(decide(&r, c, 2, 2).halt);
	r.halt_percent = 1;
	assert_int_equal(decide(&r, c, 2, 2).waves[1].why, ROLLOUT_WHY_THRESHOLD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			F40_hosts_are_assigned_alike_in_any_order_and_canaries_spread_over_releases),
		cmocka_unit_test(few_hosts_fill_the_first_waves_and_leave_the_others_empty),
		cmocka_unit_test(
			F40_G12_a_patch_bad_on_30_percent_touches_no_host_beyond_the_first_wave),
		cmocka_unit_test(groups_are_waves_of_their_own_and_the_others_fill_the_rest),
		cmocka_unit_test(F40_a_group_that_fails_keeps_everything_else_untouched),
		cmocka_unit_test(F40_five_canaries_find_the_one_bad_release_of_four),
		cmocka_unit_test(waves_open_in_order_end_and_never_deadlock_whatever_the_fleet),
		cmocka_unit_test(a_wave_soaks_and_the_next_opens_when_the_time_is_over),
		cmocka_unit_test(a_wave_of_absent_hosts_waits_then_halts_and_an_empty_one_passes),
		cmocka_unit_test(gates_break_as_soon_as_they_can_no_longer_hold),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
