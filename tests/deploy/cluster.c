/* SPDX-License-Identifier: Apache-2.0
 * The cluster rule (AC-32). Made-up clusters against the real decisions: servers that are killed,
 * messages that are lost, late or come twice, machines that crash in every stage, clocks that are
 * wrong and set. Never are more members unavailable for this system's reasons than the rule says,
 * no order is carried out twice, and when the faults end everything is done. */
#include "deploy/rollout/cluster.h"
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MINUTE CLUSTER_MINUTE_MS
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define START (20000 * DAY)
#define MEMBERS 8
#define KNOWN 64 /* orders of a member that the server remembers */
#define MAIL 64	 /* messages under way */

static uint64_t seed;
static uint32_t draw(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % below;
}
static bool chance(uint32_t percent)
{
	return draw(100) < percent;
}

/* --- the world --- */

enum stage { IDLE, BEFORE, BACK, INSTALLING, AFTER, DONE };
struct agent {
	bool up, parked, rebooted, told_wait;
	int64_t offset_ms; /* its clock is so much ahead */
	int64_t back_ms, contact_ms, busy_ms, opened_ms;
	uint32_t boot;
	uint64_t executed, order; /* order: that it has got; 0 = none */
	int64_t not_after_ms;
	enum stage stage;
	uint64_t job;
	uint32_t runs; /* jobs carried out */
	int64_t last_step_ms;
};
enum order_state { OPEN, ANSWERED, WITHDRAWN };
struct row {
	uint64_t seq;
	int64_t not_after_ms;
	enum order_state state;
};
/* What the server knows of a member: all of it is in its database. */
struct member {
	bool placed, wants;
	struct cluster_slot slot;
	struct row orders[KNOWN];
	uint32_t n_orders;
	int64_t next_ms, contact_ms, own_ms;
};
enum mail_kind { CONTACT, RESULT, WAITING };
struct mail {
	enum mail_kind kind;
	uint32_t from;
	int64_t at_ms, own_ms, until_ms;
	uint64_t seq, order;
	char boot[16];
	bool good, answers; /* answers: somebody waits for the reply */
};
struct world {
	struct cluster_rule rule;
	uint32_t n, limit, highest;
	bool faults, before, after, windows, server_up;
	int64_t now_ms, server_offset_ms, server_back_ms;
	struct agent agents[MEMBERS];
	struct member members[MEMBERS];
	struct mail mail[MAIL];
	uint32_t n_mail;
	uint32_t done, taken;
};

static int64_t clock_of(const struct world *w, const struct agent *a)
{
	return w->now_ms + a->offset_ms;
}
static int64_t server_clock(const struct world *w)
{
	return w->now_ms + w->server_offset_ms;
}

/* Eight hours of every day, on the machine's own clock. */
static bool window_open(const struct world *w, int64_t own_ms, int64_t *next_out)
{
	int64_t of_day = own_ms % DAY, open = 6 * HOUR, end = 14 * HOUR;
	*next_out = own_ms - of_day + open + (of_day >= open ? DAY : 0);
	return !w->windows || (of_day >= open && of_day < end);
}

/* --- the server --- */

static struct row *row_of(struct member *m, uint64_t seq)
{
	for (uint32_t i = 0; i < m->n_orders; i++)
		if (m->orders[i].seq == seq)
			return &m->orders[i];
	return NULL;
}

static struct row *open_row(struct member *m)
{
	for (uint32_t i = 0; i < m->n_orders; i++)
		if (m->orders[i].state == OPEN)
			return &m->orders[i];
	return NULL;
}

static uint32_t others(const struct world *w, uint32_t self)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < w->n; i++)
		n += i != self && (w->members[i].placed ||
				   w->members[i].contact_ms < server_clock(w) - CLUSTER_SILENT_MS);
	return n;
}

static void settle(struct world *w, struct member *m, enum cluster_verdict v)
{
	if (v == CLUSTER_OVER)
		m->placed = false;
	(void)w;
}

static struct row *hand_out(struct world *w, uint32_t i, const char *boot)
{
	struct member *m = &w->members[i];
	int64_t now = server_clock(w);
	if (!m->wants || m->next_ms > now || others(w, i) >= w->limit)
		return NULL;
	if (m->n_orders == KNOWN) { /* the oldest is forgotten */
		memmove(m->orders, m->orders + 1, sizeof(*m->orders) * (KNOWN - 1));
		m->n_orders--;
	}
	uint64_t seq = m->n_orders ? m->orders[m->n_orders - 1].seq + 1 : 1;
	struct row *o = &m->orders[m->n_orders++];
	*o = (struct row) { seq, cluster_not_after(now, now + DAY), OPEN };
	m->placed = true;
	m->slot = (struct cluster_slot) {
		.epoch = 1,
		.seq = seq,
		.until_ms = cluster_until(o->not_after_ms, w->before ? CLUSTER_BEFORE_MS : 0)
	};
	snprintf(m->slot.boot, sizeof(m->slot.boot), "%s", boot);
	w->taken++;
	return o;
}

/* The order of the reply, or NULL. */
static struct row *serve_contact(struct world *w, const struct mail *x)
{
	struct member *m = &w->members[x->from];
	int64_t now = server_clock(w);
	bool freed = false;
	m->contact_ms = now;
	m->own_ms = MAX(m->own_ms, MIN(x->own_ms, now));
	if (m->placed) {
		struct cluster_heard heard = { 1, 1, x->seq, now, m->own_ms, x->boot };
		enum cluster_verdict v = cluster_hear(&m->slot, &heard);
		settle(w, m, v);
		freed = v == CLUSTER_OVER;
	}
	struct row *o = open_row(m);
	if (o && o->not_after_ms <= now) {
		o->state = WITHDRAWN;
		o = NULL;
	}
	if (o && w->faults && o->seq > x->seq && chance(3)) { /* somebody halts the rollout */
		o->state = WITHDRAWN;
		o = NULL;
		m->next_ms = now + draw(120) * MINUTE;
	}
	if (!o && !freed)
		o = hand_out(w, x->from, x->boot);
	return o && o->seq > x->seq ? o : NULL;
}

static void serve_result(struct world *w, const struct mail *x)
{
	struct member *m = &w->members[x->from];
	struct row *o = row_of(m, x->order);
	if (!o || o->state == ANSWERED)
		return;
	if (m->placed)
		settle(w, m, cluster_answered(&m->slot, x->order, false, x->boot, server_clock(w)));
	if (o->state == WITHDRAWN && !x->good)
		return;
	o->state = ANSWERED;
	if (x->good)
		m->wants = false;
	else
		m->next_ms = server_clock(w) + draw(30) * MINUTE;
}

static void serve_waiting(struct world *w, const struct mail *x)
{
	struct member *m = &w->members[x->from];
	struct row *o = row_of(m, x->order);
	if (!o || o->state != OPEN || !m->placed ||
	    !cluster_never_begins(&m->slot, x->order, x->until_ms))
		return;
	o->state = WITHDRAWN;
	m->placed = false;
	m->next_ms = x->until_ms;
}

/* --- the post --- */

static bool lost(const struct world *w)
{
	return !w->server_up || (w->faults && chance(15));
}

/* What is not lost now may come late, and again. */
static bool deliver(struct world *w, const struct mail *x, struct row **reply_out)
{
	*reply_out = NULL;
	if (w->faults && chance(10) && w->n_mail < MAIL) {
		w->mail[w->n_mail] = *x;
		w->mail[w->n_mail++].at_ms = w->now_ms + draw(60) * MINUTE;
		if (chance(50))
			return false;
	}
	if (lost(w))
		return false;
	if (x->kind == CONTACT)
		*reply_out = serve_contact(w, x);
	else if (x->kind == RESULT)
		serve_result(w, x);
	else
		serve_waiting(w, x);
	return !(w->faults && chance(15)); /* killed after it was written, or the reply is lost */
}

static void late_mail(struct world *w)
{
	for (uint32_t i = w->n_mail; i-- > 0;) {
		struct mail x = w->mail[i];
		struct row *unheard;
		if (x.at_ms > w->now_ms)
			continue;
		w->mail[i] = w->mail[--w->n_mail];
		(void)deliver(w, &x, &unheard);
	}
}

/* --- the agent --- */

static struct mail letter(const struct world *w, uint32_t i, enum mail_kind kind)
{
	const struct agent *a = &w->agents[i];
	struct mail x = { .kind = kind, .from = i, .own_ms = clock_of(w, a), .seq = a->executed };
	snprintf(x.boot, sizeof(x.boot), "boot-%u", a->boot);
	return x;
}

static void contact(struct world *w, uint32_t i)
{
	struct agent *a = &w->agents[i];
	struct mail x = letter(w, i, CONTACT);
	struct row *o;
	a->contact_ms = w->now_ms + 3 * MINUTE;
	if (!deliver(w, &x, &o))
		return;
	if (!o || o->seq != a->order) {
		if (a->parked) /* withdrawn; what is queued stays */
			a->order = 0;
		if (o && !a->order && o->seq != a->job) {
			a->order = o->seq;
			a->not_after_ms = o->not_after_ms;
			a->parked = a->told_wait = a->rebooted = false;
			a->busy_ms = w->now_ms + draw(20) * MINUTE; /* it downloads */
		}
	}
}

static void tell_result(struct world *w, uint32_t i, uint64_t order, bool good, bool *told_out)
{
	struct mail x = letter(w, i, RESULT);
	struct row *unused;
	x.order = order;
	x.good = good;
	*told_out = deliver(w, &x, &unused);
}

static void go_down(struct world *w, struct agent *a, int64_t for_ms)
{
	a->up = false;
	a->back_ms = w->now_ms + for_ms;
	if (!a->parked) /* a queue is in memory */
		a->order = 0;
}

static void begin_install(struct world *w, struct agent *a)
{
	assert_true(a->job > a->executed); /* nothing twice */
	a->executed = a->job;
	a->stage = INSTALLING;
	a->busy_ms = w->now_ms + (1 + draw(30)) * MINUTE;
}

/* The order that lies on the machine: dropped, parked or begun. */
static void look_at_order(struct world *w, uint32_t i)
{
	struct agent *a = &w->agents[i];
	int64_t own = clock_of(w, a), opens;
	bool told;
	if (!a->order || a->busy_ms > w->now_ms)
		return;
	if (a->order <= a->executed || own > a->not_after_ms) {
		tell_result(w, i, a->order, false, &told); /* not kept when the server is away */
		a->order = 0;
		return;
	}
	if (!window_open(w, own, &opens)) {
		struct mail x = letter(w, i, WAITING);
		struct row *unused;
		x.order = a->order;
		x.until_ms = opens;
		a->parked = true;
		if (!a->told_wait)
			a->told_wait = deliver(w, &x, &unused);
		return;
	}
	a->job = a->order;
	a->order = 0;
	a->parked = false;
	if (w->before && !a->rebooted) {
		a->stage = BEFORE;
		a->busy_ms = w->now_ms + draw(30) * MINUTE; /* the system takes its time */
	} else {
		begin_install(w, a);
	}
}

static void work(struct world *w, uint32_t i)
{
	struct agent *a = &w->agents[i];
	int64_t opens;
	bool told;
	if (a->stage == IDLE) {
		look_at_order(w, i);
		return;
	}
	if (a->busy_ms > w->now_ms)
		return;
	switch (a->stage) {
	case BEFORE:
		a->stage = BACK;
		a->busy_ms = 0;
		go_down(w, a, (2 + draw(20)) * MINUTE);
		break;
	case BACK: /* a moment after it was started */
		if (window_open(w, clock_of(w, a), &opens)) {
			begin_install(w, a);
			break;
		}
		a->stage = IDLE; /* prepared again: it waits, and is judged again */
		a->order = a->job;
		a->parked = a->rebooted = true;
		a->told_wait = false;
		break;
	case INSTALLING:
		a->stage = w->after ? AFTER : DONE;
		if (w->after)
			go_down(w, a, (2 + draw(20)) * MINUTE);
		break;
	case AFTER: a->stage = DONE; break;
	default:
		tell_result(w, i, a->job, true, &told);
		if (told) {
			a->stage = IDLE;
			a->runs++;
		}
	}
}

static bool is_unavailable(const struct agent *a)
{
	return a->stage != IDLE && a->stage != DONE;
}

static void live(struct world *w, uint32_t i)
{
	struct agent *a = &w->agents[i];
	if (!a->up && w->now_ms >= a->back_ms) {
		a->up = true;
		a->boot++;
		a->contact_ms = w->now_ms; /* at once; what was begun goes on a moment later */
		a->busy_ms = MAX(a->busy_ms, w->now_ms + draw(4) * MINUTE);
	}
	if (w->faults && a->up && draw(600) == 0)
		go_down(w, a, (1 + draw(chance(20) ? 400 : 30)) * MINUTE);
	if (w->faults && w->now_ms > a->last_step_ms + 3 * HOUR && draw(100) == 0) {
		a->offset_ms += ((int64_t)draw(9) - 4) * MINUTE;
		a->last_step_ms = w->now_ms;
	}
	if (!a->up)
		return;
	if (w->now_ms >= a->contact_ms)
		contact(w, i);
	if (a->up)
		work(w, i);
}

/* --- a run --- */

static void server_lives(struct world *w)
{
	if (!w->server_up && w->now_ms >= w->server_back_ms)
		w->server_up = true;
	if (w->faults && draw(200) == 0) {
		w->server_up = false;
		w->server_back_ms = w->now_ms + draw(chance(10) ? 300 : 5) * MINUTE;
	}
	if (w->faults && draw(300) == 0)
		w->server_offset_ms = ((int64_t)draw(61) - 30) * MINUTE;
}

static void check(struct world *w, uint64_t run)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < w->n; i++)
		n += is_unavailable(&w->agents[i]);
	w->highest = MAX(w->highest, n);
	if (n > w->limit)
		fail_msg("run %llu: %u of %u members are unavailable, the rule says %u",
			 (unsigned long long)run, n, w->n, w->limit);
}

static struct world make(uint64_t run)
{
	seed = run * 7919 + 17;
	(void)draw(2);
	struct world w = { .n = 2 + draw(MEMBERS - 1),
			   .faults = true,
			   .server_up = true,
			   .now_ms = START,
			   .before = chance(40),
			   .after = chance(60),
			   .windows = chance(50) };
	w.rule = chance(40) ? (struct cluster_rule) { 1 + draw(60), true }
			    : (struct cluster_rule) { 1 + draw(w.n), false };
	w.limit = cluster_limit(&w.rule, w.n);
	for (uint32_t i = 0; i < w.n; i++) {
		/* behind by hours, ahead by minutes */
		w.agents[i] = (struct agent) { .up = true,
					       .contact_ms = START + draw(5) * MINUTE,
					       .offset_ms = ((int64_t)draw(chance(30) ? 185 : 10) -
							     (chance(30) ? 180 : 5)) *
							    MINUTE };
		w.agents[i].offset_ms = MIN(w.agents[i].offset_ms, 5 * MINUTE);
		w.members[i] = (struct member) { .wants = true };
	}
	return w;
}

static uint32_t left(const struct world *w)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < w->n; i++)
		n += w->members[i].wants;
	return n;
}

static uint32_t one_run(uint64_t run)
{
	struct world w = make(run);
	int64_t calm = START + (6 + draw(30)) * HOUR, end = calm + 20 * DAY;
	for (; w.now_ms < end && (w.now_ms < calm || left(&w)); w.now_ms += MINUTE) {
		if (w.now_ms == calm) {
			w.faults = false;
			w.server_offset_ms = 0;
		}
		server_lives(&w);
		late_mail(&w);
		for (uint32_t i = 0; i < w.n; i++)
			live(&w, i);
		check(&w, run);
	}
	if (left(&w))
		fail_msg("run %llu: %u of %u members are not done", (unsigned long long)run,
			 left(&w), w.n);
	return w.highest;
}

static void ac32_never_more_than_the_rule_says_and_all_is_done_at_the_end(void **state UNUSED)
{
	uint64_t runs = getenv("TSUKUROI_LONG") ? 10000 : 2000;
	uint64_t at_work = 0;
	for (uint64_t run = 0; run < runs; run++)
		at_work += one_run(run);
	assert_true(at_work > runs); /* several at once were seen, too */
}

/* --- one by one --- */

static const struct cluster_slot slot_of_7 = {
	.epoch = 2, .seq = 7, .until_ms = START + HOUR, .boot = "a"
};

static struct cluster_heard heard(uint64_t seq, int64_t after_ms, const char *boot)
{
	return (struct cluster_heard) { .epoch = 2,
					.agent_epoch = 2,
					.agent_seq = seq,
					.now_ms = START + after_ms,
					.own_ms = START + after_ms,
					.boot = boot };
}

static void a_limit_is_a_number_or_a_percentage_of_the_members(void **state UNUSED)
{
	assert_int_equal(cluster_limit(&(struct cluster_rule) { 0, false }, 5), UINT32_MAX);
	assert_int_equal(cluster_limit(&(struct cluster_rule) { 2, false }, 5), 2);
	assert_int_equal(cluster_limit(&(struct cluster_rule) { 50, true }, 5), 2);
	assert_int_equal(cluster_limit(&(struct cluster_rule) { 10, true }, 5), 1);
	assert_int_equal(cluster_limit(&(struct cluster_rule) { 100, true }, 5), 5);
	assert_int_equal(cluster_limit(&(struct cluster_rule) { 30, true }, 4000000000u),
			 1200000000);
}

static void what_may_still_be_begun_keeps_its_place(void **state UNUSED)
{
	struct cluster_slot s = slot_of_7;
	struct cluster_heard h = heard(6, HOUR, "a");
	assert_int_equal(cluster_hear(&s, &h), CLUSTER_STAYS);
	h = heard(6, HOUR + 1, "a");
	assert_int_equal(cluster_hear(&s, &h), CLUSTER_OVER);
	h.own_ms = START; /* only the server's clock has gone on */
	assert_int_equal(cluster_hear(&s, &h), CLUSTER_STAYS);
	h = heard(8, 0, "a"); /* overtaken */
	assert_int_equal(cluster_hear(&s, &h), CLUSTER_OVER);
	h.agent_epoch = 1; /* sequences of another epoch say nothing */
	assert_int_equal(cluster_hear(&s, &h), CLUSTER_STAYS);
}

static void what_was_begun_keeps_its_place_until_it_is_answered(void **state UNUSED)
{
	struct cluster_slot s = slot_of_7;
	struct cluster_heard h = heard(7, 0, "a");
	assert_int_equal(cluster_hear(&s, &h), CLUSTER_CHANGED);
	assert_int_equal(s.stage, CLUSTER_BEGUN);
	h = heard(6, HOUR + 1, "a"); /* a contact from before, come late */
	assert_int_equal(cluster_hear(&s, &h), CLUSTER_STAYS);
	h = heard(7, HOUR + CLUSTER_BEGUN_MS, "a");
	assert_int_equal(cluster_hear(&s, &h), CLUSTER_STAYS);
	assert_int_equal(cluster_answered(&s, 6, false, "a", START), CLUSTER_STAYS);
	assert_int_equal(cluster_answered(&s, 7, false, "a", START), CLUSTER_OVER);
	h = heard(7, HOUR + CLUSTER_BEGUN_MS + 1, "a"); /* the answer never comes */
	assert_int_equal(cluster_hear(&s, &h), CLUSTER_OVER);
}

static void a_boot_gives_what_was_begun_before_it_time_to_go_on(void **state UNUSED)
{
	struct cluster_slot s = slot_of_7;
	struct cluster_heard h = heard(6, 5 * HOUR, "b");
	assert_int_equal(cluster_hear(&s, &h), CLUSTER_CHANGED);
	assert_string_equal(s.boot, "b");
	h = heard(6, 5 * HOUR + CLUSTER_BOOT_MS, "b");
	assert_int_equal(cluster_hear(&s, &h), CLUSTER_STAYS);
	h = heard(6, 5 * HOUR + CLUSTER_BOOT_MS + 1, "b");
	assert_int_equal(cluster_hear(&s, &h), CLUSTER_OVER);
}

static void a_machine_that_is_switched_off_keeps_its_place_until_it_is_back(void **state UNUSED)
{
	struct cluster_slot s = slot_of_7;
	struct cluster_heard h = heard(7, 2 * MINUTE, "a");
	assert_int_equal(cluster_answered(&s, 7, true, "a", START), CLUSTER_CHANGED);
	assert_int_equal(s.stage, CLUSTER_OFF);
	assert_int_equal(cluster_answered(&s, 7, false, "a", START), CLUSTER_STAYS);
	assert_int_equal(cluster_hear(&s, &h), CLUSTER_STAYS); /* on its way */
	h = heard(7, 2 * DAY, "b");
	assert_int_equal(cluster_hear(&s, &h), CLUSTER_OVER);
	h = heard(7, CLUSTER_BEFORE_MS + 1, "a"); /* it would not be switched off */
	assert_int_equal(cluster_hear(&s, &h), CLUSTER_OVER);
}

static void an_order_that_waits_beyond_its_end_is_a_dead_letter(void **state UNUSED)
{
	struct cluster_slot s = slot_of_7;
	assert_true(cluster_never_begins(&s, 7, START + HOUR + 1));
	assert_false(cluster_never_begins(&s, 7, START + HOUR));
	assert_false(cluster_never_begins(&s, 7, 0)); /* it does not know when */
	assert_false(cluster_never_begins(&s, 6, START + DAY));
	s.stage = CLUSTER_BEGUN;
	assert_false(cluster_never_begins(&s, 7, START + DAY));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_limit_is_a_number_or_a_percentage_of_the_members),
		cmocka_unit_test(what_may_still_be_begun_keeps_its_place),
		cmocka_unit_test(what_was_begun_keeps_its_place_until_it_is_answered),
		cmocka_unit_test(a_boot_gives_what_was_begun_before_it_time_to_go_on),
		cmocka_unit_test(a_machine_that_is_switched_off_keeps_its_place_until_it_is_back),
		cmocka_unit_test(an_order_that_waits_beyond_its_end_is_a_dead_letter),
		cmocka_unit_test(ac32_never_more_than_the_rule_says_and_all_is_done_at_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
