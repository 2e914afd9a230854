/* SPDX-License-Identifier: Apache-2.0
 * The users' socket. Invariant: at most CALLS at a time and CALLS_EACH of one user, each for
 * CALL_MS, each a request of at most USERS_REQUEST_MAX bytes: whoever holds connections open keeps
 * out nobody but himself. */
#include "agent/net/users.h"
#include "agent/ipc.h"
#include "agent/net/agent.h"
#include "agent/net/root_client.h"
#include "agent/sessions.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "proto/order.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#define CALLS 8
#define CALLS_EACH 2
#define CALL_MS 2000
#define CLIENT_MS 70000 /* longer than the root half may take */

struct users {
	struct agent_paths paths;
	struct orders *orders;
	int listener;
	pthread_mutex_t lock;
	struct {
		bool busy;
		uid_t who;
	} calls[CALLS];
};

static json_t *error_json(const struct err *e)
{
	return json_pack("{s:o,s:s}", "error", json_text(str_of(e->msg)), "code",
			 err_code_name(e->code));
}

bool users_request_read(const json_t *j, struct users_request *out, struct err *e)
{
	static const char *const verbs[] = { "notices", "postpone", "install", "offers", "want" };
	static const char *const known[][4] = { { "verb", NULL },
						{ "verb", "order", "minutes", NULL },
						{ "verb", "order", NULL },
						{ "verb", NULL },
						{ "verb", "order", NULL } };
	const char *verb, *order = NULL;
	struct users_request r = { 0 };
	size_t k = 0;
	if (!json_need_str(j, "verb", 1, 20, &verb, e))
		return false;
	while (k < ARRAY_LEN(verbs) && strcmp(verb, verbs[k]) != 0)
		k++;
	if (k == ARRAY_LEN(verbs))
		return err_set(e, ERR_INVALID, "unknown verb");
	if (!json_only(j, known[k], e) || !json_opt_str(j, "order", 32, &order, e) ||
	    !json_opt_int(j, "minutes", 0, NOTICE_POSTPONE_MAX, &r.minutes, e))
		return false;
	if (k == USERS_WANT && !order)
		return err_set(e, ERR_INVALID, "'order' is missing");
	if (order && strspn(order, "0123456789abcdef") != 32)
		return err_set(e, ERR_INVALID, "'order' must be 32 hex digits");
	r.verb = (int)k;
	r.order = order;
	*out = r;
	return true;
}

/* --- what waits for users --- */

struct one {
	const char *envelope;
	struct order order;
	json_t *state; /* as the root half says */
};
struct all {
	struct arena a;
	char *envelopes[PARKED_MAX];
	struct one list[PARKED_MAX];
	size_t n_envelopes, n;
};

static void all_done(struct all *w)
{
	for (size_t i = 0; i < w->n; i++)
		json_free(w->list[i].state);
	for (size_t i = 0; i < w->n_envelopes; i++)
		xfree(w->envelopes[i]);
	arena_done(&w->a);
}
AUTO_DEFINE_VALUE(struct all, all_done)

static bool ask_root(const struct agent_paths *p, const char *envelope, const char *answer,
		     int64_t minutes, uid_t who, json_t **out, struct err *e)
{
	AUTO(json_free)
	json_t *request = json_pack("{s:s,s:s,s:s,s:I,s:I}", "verb", "users", "envelope", envelope,
				    "answer", answer, "minutes", (json_int_t)minutes, "user",
				    (json_int_t)who);
	return root_client_request(p, request, out, e);
}

static bool ask_offer(const struct agent_paths *p, const char *envelope, const char *answer,
		      uid_t who, json_t **out, struct err *e)
{
	AUTO(json_free)
	json_t *request = json_pack("{s:s,s:s,s:s,s:I}", "verb", "offer", "envelope", envelope,
				    "answer", answer, "user", (json_int_t)who);
	return root_client_request(p, request, out, e);
}

/* {"leaving": {...}} while the machine is about to be restarted, else {}. */
static bool ask_leaving(const struct agent_paths *p, const char *answer, int64_t minutes, uid_t who,
			json_t **out, struct err *e)
{
	AUTO(json_free)
	json_t *request = json_pack("{s:s,s:s,s:I,s:I}", "verb", "leaving", "answer", answer,
				    "minutes", (json_int_t)minutes, "user", (json_int_t)who);
	return root_client_request(p, request, out, e);
}

/* Those that have been shown to users, or will be: the others start without a word. Or, with
 * `offers`, those that are published. */
static bool gather(const struct agent_paths *p, struct orders *o, bool offers, struct all *w,
		   struct err *e)
{
	int64_t now = clock_wall_ms();
	struct agent_identity id;
	if (!agent_identity_load(p, &w->a, &id, e))
		return false;
	w->n_envelopes = orders_parked(o, w->envelopes);
	for (size_t i = 0; i < w->n_envelopes; i++) {
		struct one *one = &w->list[w->n];
		struct err why = { 0 };
		*one = (struct one) { .envelope = w->envelopes[i] };
		if (!order_open(str_of(w->envelopes[i]), id.deploy_key, &w->a, &one->order, &why))
			log_warn("a waiting order: %s", why.msg);
		else if (offers && one->order.offer) {
			if (!ask_offer(p, one->envelope, "look", 0, &one->state, e))
				return false;
			w->n++;
		} else if (!offers && one->order.notification &&
			   !(one->order.offer && offer_waits(one->order.offer, now))) {
			if (!ask_root(p, one->envelope, "look", 0, 0, &one->state, e))
				return false;
			w->n++;
		}
	}
	return true;
}

static json_t *time_of(const json_t *ms)
{
	return json_time(json_integer_value(ms));
}

static json_t *state_json(const struct one *one, const json_t *state)
{
	const struct notification *n = one->order.notification;
	const json_t *notice = json_object_get(state, "notice");
	json_t *j = json_object();
	json_object_set_new(j, "order", json_text(one->order.id));
	json_object_set_new(
		j, "title",
		json_pack("{s:s,s:s}", "en", n->title[NOTICE_EN], "ja", n->title[NOTICE_JA]));
	json_object_set_new(
		j, "message",
		json_pack("{s:s,s:s}", "en", n->message[NOTICE_EN], "ja", n->message[NOTICE_JA]));
	json_object_set(j, "waits", json_object_get(state, "waits"));
	json_object_set_new(j, "until", time_of(json_object_get(state, "until")));
	json_object_set_new(j, "shown", time_of(json_object_get(notice, "shown")));
	json_object_set(j, "postponed", json_object_get(notice, "postponed"));
	json_object_set(j, "allowed", json_object_get(notice, "allowed"));
	json_object_set_new(j, "minutes", json_integer(n->budget.minutes));
	json_object_set_new(j, "deadline", time_of(json_object_get(notice, "deadline")));
	return j;
}

static json_t *offer_json(const struct one *one, const json_t *state)
{
	const struct order *o = &one->order;
	json_t *j = json_object(), *packages = json_array();
	for (uint32_t i = 0; i < MIN(o->n_packages, USERS_PACKAGES); i++) {
		json_t *package = json_object();
		json_object_set_new(package, "name", json_text(o->packages[i].name));
		json_object_set_new(package, "version", json_text(o->packages[i].version));
		json_array_append_new(packages, package);
	}
	json_object_set_new(j, "order", json_text(o->id));
	json_object_set_new(j, "deployment", json_text(o->deployment));
	json_object_set_new(j, "name", json_text(o->offer->name));
	json_object_set_new(j, "description", json_text(o->offer->description));
	json_object_set_new(j, "deadline", json_time(o->offer->deadline_ms));
	json_object_set(j, "asked", json_object_get(state, "asked"));
	json_object_set_new(j, "packages", packages);
	return j;
}

static const char *text_of(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));
	return s ? s : "";
}

static json_t *leaving_json(const json_t *leaving)
{
	static const char *const members[] = { "order", "power", "postponed", "allowed",
					       "minutes" };
	json_t *j = json_object();
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		json_object_set(j, members[i], json_object_get(leaving, members[i]));
	json_object_set_new(j, "at", time_of(json_object_get(leaving, "at")));
	return j;
}

static int64_t start_of(const struct one *one)
{
	const json_t *until = json_object_get(one->state, "until");
	return json_is_integer(until) ? json_integer_value(until) : INT64_MAX;
}

static struct one *meant(struct all *w, const char *order)
{
	struct one *best = NULL;
	for (size_t i = 0; i < w->n; i++) {
		struct one *one = &w->list[i];
		if (order ? str_is(one->order.id, order) : !best || start_of(one) < start_of(best))
			best = one;
	}
	return best;
}

static json_t *list_json(const struct all *w, bool offers, const json_t *leaving)
{
	json_t *list = json_array();
	for (size_t i = 0; i < w->n; i++)
		json_array_append_new(list, offers ? offer_json(&w->list[i], w->list[i].state)
						   : state_json(&w->list[i], w->list[i].state));
	json_t *j = json_pack("{s:o}", offers ? "offers" : "notices", list);
	if (leaving)
		json_object_set_new(j, "restart", leaving_json(leaving));
	return j;
}

static json_t *put_off_leaving(const struct agent_paths *p, uid_t who, int64_t minutes)
{
	AUTO(json_free) json_t *state = NULL;
	struct err e = { 0 };
	if (!ask_leaving(p, "postpone", minutes, who, &state, &e))
		return error_json(&e);
	return json_pack("{s:o}", "restart", leaving_json(json_object_get(state, "leaving")));
}

json_t *users_answer(const struct agent_paths *p, struct orders *o, uid_t who,
		     const json_t *request)
{
	AUTO(all_done) struct all w = { 0 };
	AUTO(json_free) json_t *state = NULL;
	AUTO(json_free) json_t *going = NULL;
	struct users_request r;
	struct err e = { 0 };
	if (!users_request_read(request, &r, &e) || !gather(p, o, r.verb >= USERS_OFFERS, &w, &e) ||
	    (r.verb <= USERS_POSTPONE && !ask_leaving(p, "look", 0, 0, &going, &e)))
		return error_json(&e);
	const json_t *leaving = json_object_get(going, "leaving");
	if (r.verb == USERS_NOTICES || r.verb == USERS_OFFERS)
		return list_json(&w, r.verb == USERS_OFFERS, leaving);
	/* it comes before anything else that waits */
	if (leaving && (!r.order || strcmp(r.order, text_of(leaving, "order")) == 0))
		return put_off_leaving(p, who, r.minutes);
	struct one *one = meant(&w, r.order);
	if (!one) {
		err_set(&e, ERR_NOT_FOUND, "%s",
			r.verb == USERS_WANT ? "this is not published to you"
					     : "no installation waits for you");
		return error_json(&e);
	}
	if (r.verb == USERS_WANT) {
		if (!ask_offer(p, one->envelope, "want", who, &state, &e))
			return error_json(&e);
		orders_look(o, one->order.id.p);
		return offer_json(one, state);
	}
	if (!ask_root(p, one->envelope, r.verb == USERS_POSTPONE ? "postpone" : "install",
		      r.minutes, who, &state, &e))
		return error_json(&e);
	orders_look(o, one->order.id.p);
	return state_json(one, state);
}

/* --- the socket --- */

struct conversation {
	struct users *users;
	int fd, slot;
	uid_t who;
};

static void *converse(void *arg)
{
	struct conversation *c = arg;
	struct users *u = c->users;
	AUTO(json_free) json_t *request = NULL, *reply = NULL;
	struct err e = { 0 };
	/* read first: what is left unread would take the answer with it */
	if (!ipc_recv_most(c->fd, USERS_REQUEST_MAX, CALL_MS, &request, &e)) {
		reply = error_json(&e);
	} else if (c->who != 0 && !sessions_has(&u->paths, c->who)) {
		err_set(&e, ERR_DENIED, "only users who are logged in here are answered");
		reply = error_json(&e);
	} else {
		reply = users_answer(&u->paths, u->orders, c->who, request);
	}
	if (!ipc_send(c->fd, reply, CALL_MS, &e))
		log_debug("%s", e.msg);
	fd_close(c->fd);
	pthread_mutex_lock(&u->lock);
	u->calls[c->slot].busy = false;
	pthread_mutex_unlock(&u->lock);
	xfree(c);
	return NULL;
}

/* A free slot that this user may have; -1 when there is none. */
static int take_slot(struct users *u, uid_t who)
{
	int slot = -1, his = 0;
	pthread_mutex_lock(&u->lock);
	for (int i = 0; i < CALLS; i++) {
		if (!u->calls[i].busy)
			slot = i;
		else
			his += u->calls[i].who == who;
	}
	if (his >= CALLS_EACH)
		slot = -1;
	if (slot >= 0) {
		u->calls[slot].busy = true;
		u->calls[slot].who = who;
	}
	pthread_mutex_unlock(&u->lock);
	return slot;
}

static void serve(struct users *u)
{
	struct err e = { 0 };
	pthread_t thread;
	int fd = -1;
	uid_t who;
	if (!ipc_accept(u->listener, &fd, &who, &e))
		return;
	int slot = take_slot(u, who);
	struct conversation *c = slot < 0 ? NULL : xcalloc(1, sizeof(*c));
	if (c) {
		*c = (struct conversation) { u, fd, slot, who };
		if (pthread_create(&thread, NULL, converse, c) == 0) {
			pthread_detach(thread);
			return;
		}
		pthread_mutex_lock(&u->lock);
		u->calls[slot].busy = false;
		pthread_mutex_unlock(&u->lock);
		xfree(c);
	}
	fd_close(fd);
}

static void *users_thread(void *arg)
{
	struct users *u = arg;
	for (;;) {
		struct pollfd f = { u->listener, POLLIN, 0 };
		if (poll(&f, 1, -1) > 0)
			serve(u);
	}
	return NULL;
}

bool users_start(const struct agent_paths *p, struct orders *o, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct users *u = xcalloc(1, sizeof(*u));
	pthread_t thread;
	u->paths = *p;
	u->orders = o;
	pthread_mutex_init(&u->lock, NULL);
	if (!ipc_listen(agent_run_file(p, &a, AGENT_USERS), 0666, &u->listener, e)) {
		xfree(u);
		return false;
	}
	int rc = pthread_create(&thread, NULL, users_thread, u);
	if (rc == 0)
		return true;
	fd_close(u->listener);
	xfree(u);
	return err_sys(e, rc, "cannot start a thread");
}

bool users_ask(const struct agent_paths *p, const char *verb, const char *order, int64_t minutes,
	       json_t **out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(json_free) json_t *request = json_pack("{s:s}", "verb", verb);
	AUTO(json_free) json_t *reply = NULL;
	if (order)
		json_object_set_new(request, "order", json_text(str_of(order)));
	if (minutes)
		json_object_set_new(request, "minutes", json_integer(minutes));
	if (!ipc_call(agent_run_file(p, &a, AGENT_USERS), request, CLIENT_MS, &reply, e) ||
	    !ipc_good(reply, e))
		return false;
	*out = TAKE(reply);
	return true;
}
