/* SPDX-License-Identifier: Apache-2.0
 * Orders, one after the other. The root half is the judge of everything; what is decided here is
 * only when to ask again and what to tell the server. */
#include "agent/net/orders.h"
#include "agent/net/health.h"
#include "agent/net/parked.h"
#include "agent/net/root_client.h"
#include "agent/net/server.h"
#include "agent/net/spool.h"
#include "agent/opening.h"
#include "agent/reboot.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/vec.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#define QUEUE_MAX 50
#define POLL_MIN_MS 50 /* asking the root half how far it is; doubled up to the next */
#define POLL_MAX_MS 500
#define RETRY_MIN_S 5 /* between tries against a server or root half that is away */
#define RETRY_MAX_S 300
#define TELL_EVERY_MS 2000   /* progress reports */
#define TELL_AGAIN_MS 300000 /* ... of a restart that counts down, when nothing is new */
#define ROOT_ABSENT_MS 60000 /* without an answer for so long there is no root half */
#define LOOK_AGAIN_MS 60000  /* a parked order that did not come to its end, or waits for users */
#define LOOK_MS 3600000	     /* one that waits for its window */
#define OFFER_LOOK_MS 300000 /* one that is published: somebody may have logged in */

struct orders {
	struct agent_paths paths;
	void (*finished)(void *arg);
	void *arg;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	VEC(char *) queue; /* envelopes */
	struct parked parked;
	bool busy, poked;
	/* Of the thread alone: */
	bool root_seen;	     /* it has answered: when it is silent, it is being started anew */
	int64_t flush_at_ms; /* wall clock: results wait, try again then; INT64_MAX = none do */
	int64_t flush_wait_s;
	char current[512]; /* beginning of the envelope being worked on */
};

/* One order while it is worked on. */
struct work {
	struct orders *o;
	struct server server;
	struct order order;
	struct arena a;
	const char *envelope;
	char id[33], deployment[65];
	int64_t started_ms, told_ms, retry_s;
	bool parked;	 /* it waits for its window; otherwise it has come to an end */
	bool again;	 /* it has waited here before */
	bool asked;	 /* a user has asked for it: it waits for no window */
	bool leave_told; /* the server knows that the machine is about to be restarted */
	int64_t counted_ms, counts_to_ms; /* what it was told of the countdown before, and when */
};

static void work_done(struct work *w)
{
	server_done(&w->server);
	arena_done(&w->a);
}
AUTO_DEFINE_VALUE(struct work, work_done)

static void nap(int64_t ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
	nanosleep(&t, NULL);
}

/* Full jitter below a limit that doubles. */
static void back_off(struct work *w)
{
	w->retry_s = MIN(MAX(w->retry_s * 2, RETRY_MIN_S), RETRY_MAX_S);
	nap(1000 + (int64_t)random_below((uint64_t)w->retry_s * 1000));
}

static bool expired(const struct work *w)
{
	return clock_wall_ms() > w->order.not_after_ms;
}

/* --- telling the server
 * ---------------------------------------------------------------------------- */

static json_t *time_of_ms(const json_t *ms)
{
	return json_time(json_integer_value(ms));
}

/* `notice`: what the root half says of users, or NULL. */
static bool tell_users(struct work *w, const char *state, const char *reason, int64_t next_ms,
		       const json_t *notice)
{
	struct err e = { 0 };
	AUTO(json_free)
	json_t *j = json_pack("{s:s,s:s,s:s,s:i,s:i,s:o}", "order", w->id, "state", state, "reason",
			      reason, "done", 0, "total", 0, "next_attempt",
			      next_ms == WINDOW_NO_END ? json_null() : json_time(next_ms));
	if (notice)
		json_object_set_new(j, "notice",
				    json_pack("{s:o,s:O,s:O,s:o}", "shown",
					      time_of_ms(json_object_get(notice, "shown")),
					      "postponed", json_object_get(notice, "postponed"),
					      "allowed", json_object_get(notice, "allowed"),
					      "deadline",
					      time_of_ms(json_object_get(notice, "deadline"))));
	if (server_call(&w->server, "POST", "/agent/v1/progress", j, NULL, &e))
		return true;
	log_debug("progress of %s not told: %s", w->id, e.msg);
	return false;
}

/* People are waited for before the machine is restarted: told when its time is another one, and
 * once in a while. It may take hours, so another server may have its turn by now. */
static void tell_countdown(struct work *w, const char *reason, const json_t *status)
{
	int64_t until = json_integer_value(json_object_get(status, "until"));
	int64_t now = clock_mono_ms(), since = now - w->counted_ms;
	bool known = w->counts_to_ms == until && since < TELL_AGAIN_MS;
	struct server other;
	struct err e = { 0 };
	if (w->counted_ms && (known || since < TELL_EVERY_MS))
		return;
	w->counted_ms = now;
	if (tell_users(w, "installing", reason, until, json_object_get(status, "notice"))) {
		w->counts_to_ms = until;
	} else if (server_open(&w->o->paths, &other, &e)) {
		server_done(&w->server);
		w->server = other;
	}
}

static void tell(struct work *w, const char *state, const char *reason, int64_t done, int64_t total)
{
	int64_t now = clock_mono_ms();
	struct err e = { 0 };
	if (w->told_ms && now - w->told_ms < TELL_EVERY_MS && done < total)
		return;
	w->told_ms = now;
	AUTO(json_free)
	json_t *j = json_pack("{s:s,s:s,s:s,s:I,s:I}", "order", w->id, "state", state, "reason",
			      reason, "done", (json_int_t)done, "total", (json_int_t)total);
	if (!server_call(&w->server, "POST", "/agent/v1/progress", j, NULL, &e))
		log_debug("progress of %s not told: %s", w->id, e.msg);
}

/* A result of our own: the root half never got so far. Not kept when the server is away: it sends
 * the order again. */
static void report(struct work *w, const char *outcome, const char *reason, const char *detail)
{
	struct err e = { 0 };
	AUTO(json_free)
	json_t *j = json_pack("{s:s,s:s,s:I,s:s,s:s,s:o,s:o,s:o,s:i,s:i,s:[],s:s,s:b}", "order",
			      w->id, "deployment", w->deployment, "seq", (json_int_t)w->order.seq,
			      "outcome", outcome, "reason", reason, "detail",
			      json_text(str_of(detail)), "started", json_time(w->started_ms),
			      "finished", json_time(clock_wall_ms()), "attempts", 1, "exit_status",
			      0, "packages", "log", "", "reboot_needed", 0);
	log_warn("order %s: %s, %s: %s", w->id, outcome, reason, detail);
	if (!server_call(&w->server, "POST", "/agent/v1/results", j, NULL, &e))
		log_warn("result of %s not told: %s", w->id, e.msg);
}

static bool ack(struct orders *o, const char *id, struct err *e)
{
	AUTO(json_free) json_t *reply = NULL;
	return root_client_call(&o->paths, "ack", "order", id, &reply, e);
}

/* An unlisted dependency is not the end when the server issues the order anew. */
static bool reissued(struct orders *o, struct server *s, const char *id, bool *yes_out,
		     struct err *e)
{
	AUTO(json_free) json_t *status = NULL, *reply = NULL;
	*yes_out = false;
	if (!root_client_call(&o->paths, "status", "order", id, &status, e))
		return false;
	json_t *steps = json_object_get(status, "transaction");
	if (!json_array_size(steps))
		return true;
	AUTO(json_free)
	json_t *plan = json_pack("{s:s,s:O,s:O}", "order", id, "deployment",
				 json_object_get(status, "deployment"), "transaction", steps);
	if (!server_call(s, "POST", "/agent/v1/plans", plan, &reply, e))
		return e->code == ERR_UNAVAILABLE || e->code == ERR_TIMEOUT ? false : true;
	const char *decision = json_string_value(json_object_get(reply, "decision"));
	*yes_out = decision && strcmp(decision, "reissued") == 0;
	return true;
}

/* Whether the machine waits for a reboot now: the root half does not judge that. */
static void add_reboot(struct orders *o, json_t *result)
{
	AUTO(json_free) json_t *health = NULL;
	struct err e = { 0 };
	if (!health_gather(&o->paths, true, &health, &e))
		log_warn("evidence: %s", e.msg);
	json_object_set_new(result, "reboot_needed", json_boolean(health_reboot_needed(health)));
}

/* Details are advice, and an older server may not know all that is in them: it gets the result
 * without. */
static bool post_result(struct server *s, json_t *result, struct err *e)
{
	return server_post_news(s, "/agent/v1/results", result, result, "details", NULL, e);
}

/* Posts what the root half has finished; true when nothing is left. */
static bool flush(struct orders *o, struct server *s, struct err *e)
{
	for (;;) {
		AUTO(json_free) json_t *reply = NULL;
		if (!root_client_call(&o->paths, "results", NULL, NULL, &reply, e))
			return e->code == ERR_UNAVAILABLE && !o->root_seen; /* there is none */
		o->root_seen = true;
		json_t *result = json_object_get(reply, "result");
		const char *id = json_string_value(json_object_get(result, "order"));
		const char *reason = json_string_value(json_object_get(result, "reason"));
		bool again = false;
		if (!id)
			return true;
		if (reason && strcmp(reason, "unlisted_dependency") == 0 &&
		    !reissued(o, s, id, &again, e))
			return false;
		add_reboot(o, result);
		if (!again && !post_result(s, result, e)) {
			/* An answer that will never change must not block the others for ever. */
			if (e->code != ERR_NOT_FOUND && e->code != ERR_INVALID)
				return false;
			log_error("result of %s is not taken: %s", id, e->msg);
		}
		if (!ack(o, id, e))
			return false;
		o->finished(o->arg);
	}
}

/* What cannot be told now is tried again, whether or not there is a contact before. */
static void flushed(struct orders *o, bool all, const struct err *e)
{
	if (all) {
		o->flush_at_ms = INT64_MAX;
		o->flush_wait_s = 0;
		return;
	}
	if (!o->flush_wait_s)
		log_warn("results wait: %s", e->msg);
	o->flush_wait_s = MIN(MAX(o->flush_wait_s * 2, RETRY_MIN_S), RETRY_MAX_S);
	o->flush_at_ms = clock_wall_ms() + 1000 +
			 (int64_t)random_below((uint64_t)o->flush_wait_s * 1000);
}

/* --- the stations of an order
 * ---------------------------------------------------------------------- */

static bool downloaded(void *arg, int64_t done, int64_t total, const char *waiting_for)
{
	struct work *w = arg;
	if (waiting_for)
		w->told_ms = 0;
	tell(w, waiting_for ? "waiting" : "downloading", waiting_for ? waiting_for : "", done,
	     total);
	return !expired(w);
}

/* The files of this order (unless it has ended) stay, and those of what is published and waits for
 * its deadline here: it must be able to start without a server. */
static void clean_spool(struct work *w, bool ended)
{
	AUTO(arena_done) struct arena a = { 0 };
	char *envelopes[PARKED_MAX];
	struct order *orders = arena_array(&a, struct order, PARKED_MAX);
	const struct order *keep[PARKED_MAX + 1];
	struct agent_identity id;
	struct err e = { 0 };
	size_t n = 0, n_parked = orders_parked(w->o, envelopes);
	bool known = agent_identity_load(&w->o->paths, &a, &id, &e);
	if (!ended)
		keep[n++] = &w->order;
	for (size_t i = 0; i < n_parked; i++) {
		struct order *o = &orders[i];
		if (known && order_open(str_of(envelopes[i]), id.deploy_key, &a, o, &e) &&
		    o->offer && o->offer->deadline_ms && !str_is(o->id, w->id))
			keep[n++] = o;
		xfree(envelopes[i]);
	}
	if (!spool_clean(&w->o->paths, keep, n, &e))
		log_warn("%s", e.msg);
}

static bool download(struct work *w)
{
	const struct spool_progress progress = { downloaded, w };
	struct err e = { 0 };
	for (;;) {
		clean_spool(w, false);
		if (spool_fetch(&w->o->paths, &w->order, &progress, &e))
			return true;
		log_warn("order %s: %s", w->id, e.msg);
		if (e.code == ERR_FULL || e.code == ERR_NOT_FOUND || e.code == ERR_UNTRUSTED ||
		    e.code == ERR_DENIED) {
			report(w, "failed",
			       e.code == ERR_FULL	 ? "disk_full"
			       : e.code == ERR_UNTRUSTED ? "digest"
							 : "network",
			       e.msg);
			return false;
		}
		if (expired(w)) {
			report(w, "failed", "network", e.msg);
			return false;
		}
		back_off(w);
	}
}

/* Asks the root half until it answers; NULL when it does not, with the order reported. */
static json_t *ask(struct work *w, const char *verb, const char *name, const char *value)
{
	int64_t until = clock_mono_ms() + ROOT_ABSENT_MS;
	struct err e = { 0 };
	json_t *reply = NULL;
	while (!root_client_call(&w->o->paths, verb, name, value, &reply, &e)) {
		bool absent = e.code == ERR_UNAVAILABLE && clock_mono_ms() > until;
		bool busy = e.code == ERR_UNAVAILABLE && strncmp(e.msg, "root half:", 10) == 0;
		if (e.code == ERR_UNAVAILABLE && (busy || !absent)) {
			nap(2000);
			continue;
		}
		report(w, absent ? "refused" : "failed", absent ? "policy" : "internal",
		       absent ? "this machine has no root half: it only reports" : e.msg);
		return NULL;
	}
	const char *refused = json_string_value(json_object_get(reply, "refused"));
	const char *detail = json_string_value(json_object_get(reply, "detail"));
	if (!refused)
		return reply;
	report(w, "refused", refused, detail ? detail : "");
	json_free(reply);
	return NULL;
}

/* The root half waits a little for this before it restarts the machine. */
static void tell_leave(struct work *w)
{
	AUTO(json_free) json_t *reply = NULL;
	AUTO(json_free)
	json_t *j = json_pack("{s:s,s:s,s:s,s:i,s:i}", "order", w->id, "state", "installing",
			      "reason", "rebooting", "done", 0, "total", 0);
	struct err e = { 0 };
	if (w->leave_told)
		return;
	if (!server_call(&w->server, "POST", "/agent/v1/progress", j, NULL, &e) ||
	    !root_client_call(&w->o->paths, "told", "order", w->id, &reply, &e)) {
		log_warn("reboot of %s not told: %s", w->id, e.msg);
		return;
	}
	w->leave_told = true;
}

/* To the server, where the root half has got with it. */
static void tell_status(struct work *w, const json_t *status)
{
	const char *state = json_string_value(json_object_get(status, "state"));
	const char *reason = json_string_value(json_object_get(status, "reason"));
	if (reason && strcmp(reason, "rebooting") == 0)
		tell_leave(w);
	else if (reason && json_object_get(status, "notice"))
		tell_countdown(w, reason, status);
	else
		tell(w, state, reason ? reason : "",
		     json_integer_value(json_object_get(status, "done")),
		     json_integer_value(json_object_get(status, "total")));
}

/* Follows the root half until the job is in state `first` or done. */
static bool follow(struct work *w, const char *first)
{
	for (int64_t wait_ms = POLL_MIN_MS;; wait_ms = MIN(2 * wait_ms, POLL_MAX_MS)) {
		AUTO(json_free) json_t *r = ask(w, "status", "order", w->id);
		const char *state = json_string_value(json_object_get(r, "state"));
		if (!r || !state)
			return false;
		if (strcmp(state, "done") == 0 || strcmp(state, first) == 0)
			return true;
		tell_status(w, r);
		nap(wait_ms);
	}
}

static bool known_to_root(struct work *w)
{
	AUTO(json_free) json_t *r = NULL;
	return root_client_call(&w->o->paths, "status", "order", w->id, &r, NULL) &&
	       !json_object_get(r, "error");
}

/* False when the order cannot be judged here (reported). */
static bool look_at_windows(struct work *w, struct opening *out)
{
	struct err e = { 0 };
	if (opening_of(&w->o->paths, &w->order, clock_wall_ms(), reboot_boot_time_ms(), out, &e))
		return true;
	report(w, "refused", "policy", e.msg);
	return false;
}

/* Why an order waits, as the root half or the windows have it. */
struct waiting {
	const char *reason; /* lives on */
	int64_t next_ms;    /* WINDOW_NO_END = not known */
	int64_t look_ms;
	const json_t *notice;
};

/* Kept until the window opens or the users have been heard. It must be on the disk before the
 * server is told: from then on this machine comes back to it by itself. Looked at again every hour,
 * and told only what is new. */
static void put_aside(struct work *w, const struct waiting *why)
{
	struct orders *o = w->o;
	struct err e = { 0 };
	pthread_mutex_lock(&o->lock);
	bool kept = parked_put(&o->parked, w->id, w->envelope, why->look_ms, &e);
	bool told = parked_is_told(&o->parked, w->id, why->reason, why->next_ms);
	pthread_mutex_unlock(&o->lock);
	w->parked = kept;
	if (!kept)
		log_warn("order %s cannot wait here: %s", w->id, e.msg);
	if (told || !tell_users(w, "waiting", why->reason, why->next_ms, why->notice))
		return;
	pthread_mutex_lock(&o->lock);
	parked_told(&o->parked, w->id, why->reason, why->next_ms);
	pthread_mutex_unlock(&o->lock);
}

static void park(struct work *w, const struct opening *opening)
{
	const char *reason = opening->needs_start_up ? "waiting_start_up" : "outside_window";
	/* a clock that is set must not be noticed a day late */
	int64_t look = MIN(opening->next_ms, clock_wall_ms() + LOOK_MS);
	put_aside(w, &(struct waiting) { reason, opening->next_ms, look, NULL });
}

/* It was prepared again: the window closed over a reboot, or over the people that were waited for,
 * and then it may be open still, but not long enough. */
static void park_for_next(struct work *w)
{
	struct opening opening;
	struct err e = { 0 };
	if (!look_at_windows(w, &opening))
		return;
	int64_t end = opening.end_ms;
	if (opening.open && end != WINDOW_NO_END &&
	    !opening_of(&w->o->paths, &w->order, end, reboot_boot_time_ms(), &opening, &e)) {
		report(w, "refused", "policy", e.msg);
		return;
	}
	if (opening.open) /* forced by then, or a clock was set */
		opening.next_ms = end != WINDOW_NO_END ? end : clock_wall_ms() + LOOK_AGAIN_MS;
	park(w, &opening);
}

/* As the root half answered "install". Looked at again every minute: the last user may log out. */
static void park_for_users(struct work *w, const json_t *r)
{
	static const char *const reasons[] = { "user_notice", "postponed", "outside_window",
					       "waiting_start_up" };
	const char *said = json_string_value(json_object_get(r, "waits"));
	const json_t *until = json_object_get(r, "until"), *look = json_object_get(r, "look");
	struct waiting why = { .reason = reasons[0],
			       .next_ms = WINDOW_NO_END,
			       .notice = json_object_get(r, "notice") };
	size_t k = 0;
	while (k < ARRAY_LEN(reasons) - 1 && strcmp(said, reasons[k]) != 0)
		k++;
	why.reason = reasons[k];
	why.look_ms = clock_wall_ms() + (k < 2 ? LOOK_AGAIN_MS : LOOK_MS);
	if (json_is_integer(until))
		why.next_ms = json_integer_value(until);
	if (json_is_integer(look))
		why.look_ms = MIN(why.look_ms, json_integer_value(look));
	put_aside(w, &why);
}

static bool go_on(void *arg, int64_t done UNUSED, int64_t total UNUSED,
		  const char *waiting_for UNUSED)
{
	const struct work *w = arg;
	return !expired(w);
}

/* So that the deadline needs no server. Tried once: the next look comes soon enough. To the server
 * it stays what it is, published. */
static void fetch_ahead(struct work *w)
{
	const struct spool_progress progress = { go_on, w };
	struct err e = { 0 };
	clean_spool(w, false);
	if (!spool_fetch(&w->o->paths, &w->order, &progress, &e))
		log_info("order %s is not here yet: %s", w->id, e.msg);
}

/* False when the users of what is published are still waited for (it is put aside), or the root
 * half could not be asked. */
static bool asked_for(struct work *w)
{
	AUTO(json_free) json_t *r = NULL;
	const struct offer *offer = w->order.offer;
	struct err e = { 0 };
	if (!offer)
		return true;
	AUTO(json_free)
	json_t *request = json_pack("{s:s,s:s,s:s}", "verb", "offer", "envelope", w->envelope,
				    "answer", "tell");
	if (!root_client_request(&w->o->paths, request, &r, &e)) {
		/* for a moment: what waited here goes on, what is new comes again */
		w->parked = w->again && e.code == ERR_UNAVAILABLE;
		if (e.code != ERR_UNAVAILABLE)
			report(w, "failed", "internal", e.msg);
		return false;
	}
	w->asked = json_is_true(json_object_get(r, "asked"));
	if (!json_object_get(r, "waits"))
		return true;
	struct waiting why = { .reason = "published",
			       .next_ms = WINDOW_NO_END,
			       .look_ms = clock_wall_ms() + OFFER_LOOK_MS };
	if (offer->deadline_ms) {
		why.next_ms = offer->deadline_ms;
		why.look_ms = MIN(why.look_ms, offer->deadline_ms);
	}
	put_aside(w, &why);
	if (offer->deadline_ms && w->parked &&
	    !(w->order.window && w->order.window->download == SCHEDULE_WINDOW_ONLY))
		fetch_ahead(w);
	return false;
}

/* A later order has been carried out: this one never will, and the server makes it anew. */
static bool overtaken(const struct work *w, const json_t *hello)
{
	int64_t epoch = json_integer_value(json_object_get(hello, "epoch"));
	int64_t seq = json_integer_value(json_object_get(hello, "seq"));
	return w->again && ((int64_t)w->order.epoch < epoch ||
			    ((int64_t)w->order.epoch == epoch && (int64_t)w->order.seq < seq));
}

/* Prepared already: nothing but the start is left. */
static void install(struct work *w)
{
	struct opening opening;
	if (!look_at_windows(w, &opening))
		return;
	/* users are told before the window opens: the root half says when */
	if (!opening.open && !w->order.notification && !w->asked) {
		park(w, &opening);
		return;
	}
	AUTO(json_free) json_t *installing = ask(w, "install", "order", w->id);
	if (json_object_get(installing, "notice")) {
		park_for_users(w, installing);
	} else if (json_object_get(installing, "waits")) { /* it closed while we asked */
		if (look_at_windows(w, &opening))
			park(w, &opening);
	} else if (installing && follow(w, "prepared")) {
		AUTO(json_free) json_t *status = ask(w, "status", "order", w->id);
		const char *state = json_string_value(json_object_get(status, "state"));
		if (state && strcmp(state, "prepared") == 0)
			park_for_next(w);
	}
}

static void carry_out(struct work *w)
{
	AUTO(json_free) json_t *prepared = NULL;
	struct opening opening;
	/* Asked first, so that nothing is downloaded for a machine that will not install. */
	AUTO(json_free) json_t *hello = ask(w, "hello", NULL, NULL);
	if (!hello || !look_at_windows(w, &opening))
		return;
	if (overtaken(w, hello)) {
		log_info("order %s was overtaken", w->id);
		return;
	}
	if (!asked_for(w))
		return;
	if (!opening.open && !w->asked && w->order.window->download == SCHEDULE_WINDOW_ONLY) {
		park(w, &opening);
		return;
	}
	if (order_installs(&w->order) && !known_to_root(w) && !download(w))
		return;
	if (!(prepared = ask(w, "prepare", "envelope", w->envelope)) || !follow(w, "prepared"))
		return;
	AUTO(json_free) json_t *status = ask(w, "status", "order", w->id);
	const char *state = json_string_value(json_object_get(status, "state"));
	if (!state)
		return;
	if (strcmp(state, "prepared") == 0)
		install(w);
	if (w->parked || !order_installs(&w->order))
		return;
	clean_spool(w, true);
}

static void run_order(struct orders *o, const char *envelope)
{
	AUTO(work_done)
	struct work w = { .o = o, .envelope = envelope, .started_ms = clock_wall_ms() };
	struct agent_identity id;
	struct err e = { 0 };
	if (!agent_identity_load(&o->paths, &w.a, &id, &e) ||
	    !order_open(str_of(envelope), id.deploy_key, &w.a, &w.order, &e) ||
	    !server_open(&o->paths, &w.server, &e)) {
		log_error("order is not taken: %s", e.msg);
		return;
	}
	snprintf(w.id, sizeof(w.id), "%.*s", STR_ARG(w.order.id));
	snprintf(w.deployment, sizeof(w.deployment), "%.*s", STR_ARG(w.order.deployment));
	pthread_mutex_lock(&o->lock);
	bool again = w.again = parked_has(&o->parked, w.id);
	pthread_mutex_unlock(&o->lock);
	if (!again)
		log_info("order %s: %.*s, %u of it", w.id, STR_ARG(w.order.action),
			 w.order.n_packages + w.order.n_units);
	carry_out(&w);
	if (!w.parked) {
		pthread_mutex_lock(&o->lock);
		parked_drop(&o->parked, w.id);
		pthread_mutex_unlock(&o->lock);
	}
	flushed(o, flush(o, &w.server, &e), &e);
}

/* --- the thread
 * ------------------------------------------------------------------------------------ */

static char *next(struct orders *o)
{
	char *envelope = NULL;
	pthread_mutex_lock(&o->lock);
	o->busy = false;
	o->current[0] = '\0';
	while (!o->queue.n && !o->poked && !envelope && o->flush_at_ms > clock_wall_ms()) {
		int64_t next_ms = MIN(parked_next_ms(&o->parked), o->flush_at_ms);
		struct timespec until = { next_ms / 1000, next_ms % 1000 * 1000000 };
		if (next_ms == INT64_MAX)
			pthread_cond_wait(&o->wake, &o->lock);
		else
			pthread_cond_timedwait(&o->wake, &o->lock, &until);
		envelope = parked_due(&o->parked, clock_wall_ms(), LOOK_AGAIN_MS);
	}
	o->poked = false;
	if (!envelope && o->queue.n) {
		envelope = o->queue.p[0];
		memmove(o->queue.p, o->queue.p + 1, --o->queue.n * sizeof(*o->queue.p));
	}
	if (envelope) {
		o->busy = true;
		snprintf(o->current, sizeof(o->current), "%s", envelope);
	}
	pthread_mutex_unlock(&o->lock);
	return envelope;
}

/* Of one that counts down to a restart the server is told how it stands, and that the machine goes;
 * that only when it was seen to count down in this boot. */
static void look_on(struct work *w, const char *id)
{
	AUTO(json_free) json_t *r = NULL;
	struct err e = { 0 };
	snprintf(w->id, sizeof(w->id), "%s", id);
	if (!root_client_call(&w->o->paths, "status", "order", w->id, &r, &e) ||
	    (!json_object_get(r, "notice") && !w->counted_ms))
		return;
	if (w->server.http || server_open(&w->o->paths, &w->server, &e))
		tell_status(w, r);
	else
		log_debug("order %s: %s", w->id, e.msg);
}

/* The root half works on an order that nobody here follows: this half was started anew, or lost
 * sight of it. Once its sequence is used up the server does not send that order again, so it is
 * followed to its end from here. */
static bool underway(struct work *w, int64_t root_until_ms)
{
	const struct orders *o = w->o;
	for (int64_t wait_ms = 2000;; wait_ms *= 3) {
		AUTO(json_free) json_t *reply = NULL;
		struct err e = { 0 };
		if (root_client_call(&o->paths, "hello", NULL, NULL, &reply, &e)) {
			const char *id = json_string_value(json_object_get(reply, "active"));
			if (id)
				look_on(w, id);
			return id != NULL;
		}
		/* It may be starting just as we are; a machine without one is not asked for long.
		 */
		if (e.code != ERR_UNAVAILABLE || clock_mono_ms() + wait_ms > root_until_ms)
			return false;
		nap(wait_ms);
	}
}

static bool queued(struct orders *o)
{
	pthread_mutex_lock(&o->lock);
	bool any = o->queue.n > 0;
	pthread_mutex_unlock(&o->lock);
	return any;
}

static void *orders_thread(void *arg)
{
	struct orders *o = arg;
	const int64_t root_until_ms = clock_mono_ms() + ROOT_ABSENT_MS;
	for (;;) {
		AUTO(xfree) char *envelope = next(o);
		if (envelope) {
			run_order(o, envelope);
			continue;
		}
		AUTO(server_done) struct server s = { 0 };
		AUTO(work_done) struct work seen = { .o = o };
		struct err e = { 0 };
		while (!queued(o) && underway(&seen, root_until_ms))
			nap(POLL_MAX_MS);
		flushed(o, server_open(&o->paths, &s, &e) && flush(o, &s, &e), &e);
	}
	return NULL;
}

bool orders_start(const struct agent_paths *p, void (*finished)(void *arg), void *arg,
		  struct orders **out, struct err *e)
{
	struct orders *o = xcalloc(1, sizeof(*o));
	o->paths = *p;
	o->finished = finished;
	o->arg = arg;
	o->flush_at_ms = INT64_MAX;
	if (!parked_load(&o->parked, p, e)) {
		xfree(o);
		return false;
	}
	pthread_mutex_init(&o->lock, NULL);
	pthread_cond_init(&o->wake, NULL);
	int rc = pthread_create(&o->thread, NULL, orders_thread, o);
	if (rc != 0) {
		pthread_mutex_destroy(&o->lock);
		pthread_cond_destroy(&o->wake);
		parked_done(&o->parked);
		xfree(o);
		return err_sys(e, rc, "cannot start a thread");
	}
	*out = o;
	return true;
}

void orders_add(struct orders *o, struct str envelope)
{
	AUTO(xfree) char *copy = str_dup(envelope);
	pthread_mutex_lock(&o->lock);
	bool known = parked_offer(&o->parked, envelope) ||
		     (o->busy && strncmp(o->current, copy, sizeof(o->current) - 1) == 0);
	for (size_t i = 0; !known && i < o->queue.n; i++)
		known = strcmp(o->queue.p[i], copy) == 0;
	if (!known && o->queue.n < QUEUE_MAX) {
		VEC_PUSH(&o->queue, copy);
		copy = NULL;
		pthread_cond_broadcast(&o->wake);
	}
	pthread_mutex_unlock(&o->lock);
}

size_t orders_parked(struct orders *o, char *out[static PARKED_MAX])
{
	pthread_mutex_lock(&o->lock);
	size_t n = o->parked.list.n;
	for (size_t i = 0; i < n; i++)
		out[i] = xstrdup(o->parked.list.p[i].envelope);
	pthread_mutex_unlock(&o->lock);
	return n;
}

void orders_look(struct orders *o, const char *id)
{
	pthread_mutex_lock(&o->lock);
	parked_hurry(&o->parked, id);
	pthread_cond_broadcast(&o->wake);
	pthread_mutex_unlock(&o->lock);
}

void orders_contacted(struct orders *o)
{
	pthread_mutex_lock(&o->lock);
	parked_settle(&o->parked);
	o->poked = true;
	pthread_cond_broadcast(&o->wake);
	pthread_mutex_unlock(&o->lock);
}

unsigned orders_waiting(struct orders *o)
{
	pthread_mutex_lock(&o->lock);
	unsigned n = (unsigned)o->queue.n + o->busy;
	pthread_mutex_unlock(&o->lock);
	return n;
}
