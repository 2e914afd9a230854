/* SPDX-License-Identifier: Apache-2.0
 * Verbs and supervision. Invariant: nothing a peer sends reaches a path, an argument or the journal
 * before the order's signature and the gate's checks; a stalling peer costs REQUEST_MS. */
#include "agent/root/rootd.h"
#include "agent/ipc.h"
#include "agent/opening.h"
#include "agent/platform.h"
#include "agent/reboot.h"
#include "agent/restart.h"
#include "agent/root/cards.h"
#include "agent/root/gate.h"
#include "agent/root/had.h"
#include "agent/root/journal.h"
#include "agent/root/leave.h"
#include "agent/root/notices.h"
#include "agent/root/offers.h"
#include "agent/root/power.h"
#include "agent/root/runner.h"
#include "agent/root/services.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define REQUEST_MS 5000
#define WATCH_MS 500	/* between two looks at a running job */
#define RESTART_MS 3000 /* between two runners of the same job */
#define MAX_JOBS 1000

struct rootd {
	struct agent_paths paths;
	char *root;	     /* state directory of this half */
	uid_t agent_uid;     /* (uid_t)-1 = none */
	int listener, netns; /* netns: the machine's network, for runners; -1 = ours is the same */
	char active[JOURNAL_ID]; /* job that needs a runner; "" = none */
	int64_t next_start_ms;
	struct cards_turn cards;
};

void rootd_free(struct rootd *d)
{
	if (!d)
		return;
	fd_close(d->listener);
	fd_close(d->netns);
	xfree(d->root);
	xfree(d);
}

/* No way out for this process; a descriptor keeps the way back for package managers, whose
 * maintainer scripts shall see the system as it is. */
static int leave_network(void)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && unshare(CLONE_NEWNET) == 0)
		return fd;
	log_warn("cannot leave the network (errno %d); going on", errno);
	fd_close(fd);
	return -1;
}

/* --- jobs
 * ------------------------------------------------------------------------------------------ */

/* Mirrors of jobs that are finished or gone: a crash may have come before they were removed. */
static void sweep(struct rootd *d, char (*ids)[JOURNAL_ID], size_t n)
{
	struct err e = { 0 };
	for (size_t i = 0; i < n; i++) {
		AUTO(journal_job_done) struct journal_job j = { 0 };
		AUTO(xfree) char *mirror = xasprintf("%s/mirror/%s", d->root, ids[i]);
		if (!journal_load(d->root, ids[i], &j, &e))
			log_error("%s", e.msg);
		else if (j.phase == JOURNAL_DONE && !file_remove_tree(mirror, &e))
			log_warn("%s", e.msg);
		else if (j.phase != JOURNAL_DONE)
			memcpy(d->active, ids[i], JOURNAL_ID);
	}
}

static bool recover(struct rootd *d, struct err *e)
{
	char(*ids)[JOURNAL_ID] = xcalloc(MAX_JOBS, sizeof(*ids));
	size_t n = 0;
	bool ok = journal_list(d->root, ids, MAX_JOBS, &n, e);
	if (ok)
		sweep(d, ids, n);
	xfree(ids);
	return ok;
}

static bool start(struct rootd *d, const struct journal_job *j, struct err *e)
{
	if (j->phase == JOURNAL_INSTALLING && !journal_count(d->root, j, e))
		return false;
	d->next_start_ms = clock_mono_ms() + RESTART_MS;
	return runner_start(&d->paths, j->id, j->attempts, d->netns, e);
}

int rootd_supervise(struct rootd *d)
{
	AUTO(journal_job_done) struct journal_job j = { 0 };
	struct err e = { 0 };
	int lock = -1;
	if (!d->active[0])
		return power_supervise(d->root);
	if (!journal_load(d->root, d->active, &j, &e)) {
		log_error("%s", e.msg);
		d->active[0] = '\0';
		return -1;
	}
	if (!journal_phase_works(j.phase)) {
		if (j.phase != JOURNAL_DONE)
			return -1;
		d->active[0] = '\0';
		return power_supervise(d->root);
	}
	bool idle = journal_lock(d->root, j.id, &lock);
	fd_close(lock);
	if (idle && clock_mono_ms() >= d->next_start_ms) {
		log_warn("order %s: going on (%s, run %lld)", j.id, journal_phase_name(j.phase),
			 (long long)j.attempts + 1);
		if (!start(d, &j, &e))
			log_error("order %s: %s", j.id, e.msg);
	}
	return WATCH_MS;
}

/* --- verbs
 * ----------------------------------------------------------------------------------------- */

static json_t *error_json(const struct err *e)
{
	return json_pack("{s:o,s:s}", "error", json_text(str_of(e->msg)), "code",
			 err_code_name(e->code));
}

static json_t *refusal(const char *id, const char *reason, const struct err *e)
{
	json_t *r = json_pack("{s:s,s:o}", "refused", reason, "detail", json_text(str_of(e->msg)));
	if (id[0])
		json_object_set_new(r, "order", json_string(id));
	return r;
}

static json_t *state_json(const struct journal_job *j)
{
	return json_pack("{s:s,s:s}", "order", j->id, "state", journal_phase_shown(j->phase));
}

static json_t *verb_hello(struct rootd *d, const json_t *request)
{
	uint64_t epoch, seq;
	struct err e = { 0 };
	if (!journal_last(d->root, &epoch, &seq, &e))
		return error_json(&e);
	json_t *r = json_pack("{s:I,s:I,s:s}", "epoch", (json_int_t)epoch, "seq", (json_int_t)seq,
			      "version", TSUKUROI_VERSION);
	/* So that a network half which was not there when the order came finds its way back. */
	AUTO(journal_job_done) struct journal_job j = { 0 };
	if (d->active[0] && journal_load(d->root, d->active, &j, NULL) &&
	    journal_phase_works(j.phase))
		json_object_set_new(r, "active", json_string(j.id));
	return r;
}

/* Another job may be in the way: one being worked on must end first, one only planned gives way. */
static bool make_way(struct rootd *d, struct err *e)
{
	AUTO(journal_job_done) struct journal_job j = { 0 };
	int lock = -1;
	if (!d->active[0] || !journal_load(d->root, d->active, &j, NULL) || j.phase == JOURNAL_DONE)
		return true;
	bool idle = journal_lock(d->root, j.id, &lock);
	fd_close(lock);
	if (j.phase != JOURNAL_PREPARED || !idle)
		return err_set(e, ERR_UNAVAILABLE, "order %s is being worked on", j.id);
	return journal_remove(d->root, j.id, e);
}

static bool accept_order(struct rootd *d, const struct order *o, struct str envelope, struct err *e)
{
	AUTO(journal_job_done)
	struct journal_job j = { .epoch = o->epoch,
				 .seq = o->seq,
				 /* nothing to copy and no plan to make */
				 .phase = order_installs(o) ? JOURNAL_PREPARING : JOURNAL_PREPARED,
				 .started_ms = clock_wall_ms() };
	snprintf(j.id, sizeof(j.id), "%.*s", STR_ARG(o->id));
	snprintf(j.deployment, sizeof(j.deployment), "%.*s", STR_ARG(o->deployment));
	if (!make_way(d, e) || !journal_create(d->root, &j, envelope, e))
		return false;
	memcpy(d->active, j.id, JOURNAL_ID);
	return j.phase == JOURNAL_PREPARED || start(d, &j, e);
}

static json_t *verb_prepare(struct rootd *d, const json_t *request)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(journal_job_done) struct journal_job known = { 0 };
	struct err e = { 0 };
	struct order o;
	const char *envelope = NULL, *reason = "internal";
	uint64_t epoch, seq;
	char id[JOURNAL_ID] = "";
	if (!json_need_str(request, "envelope", 1, 2 * (size_t)ORDER_MAX, &envelope, &e))
		return error_json(&e);
	if (!gate_open(&d->paths, str_of(envelope), &a, &o, &reason, &e))
		return refusal("", reason, &e);
	snprintf(id, sizeof(id), "%.*s", STR_ARG(o.id));
	if (journal_load(d->root, id, &known, NULL))
		return state_json(&known); /* asked again: nothing is done twice */
	if (!journal_last(d->root, &epoch, &seq, &e))
		return error_json(&e);
	if (!gate_admit(&d->paths, &o, epoch, seq, clock_wall_ms(), &reason, &e) ||
	    (order_restarts(&o) && !services_in_evidence(&d->paths, &o, &reason, &e)))
		return refusal(id, reason, &e);
	if (!accept_order(d, &o, str_of(envelope), &e) || !journal_load(d->root, id, &known, &e))
		return error_json(&e);
	log_info("order %s accepted: %.*s, %u of it, sequence %llu", id, STR_ARG(o.action),
		 o.n_packages + o.n_units, (unsigned long long)o.seq);
	return state_json(&known);
}

static bool load_asked(struct rootd *d, const json_t *request, struct journal_job *j, struct err *e)
{
	const char *id = NULL;
	return json_need_str(request, "order", 32, 32, &id, e) && journal_load(d->root, id, j, e);
}

/* Between plan and installation time may have passed: admission is asked again, and whether one of
 * the order's windows is open. */
static bool still_admitted(struct rootd *d, const struct journal_job *j, struct arena *a,
			   struct order *o, struct opening *opening, const char **reason,
			   struct err *e)
{
	AUTO(buf_done) struct buf envelope = BUF_INIT(2 * ORDER_MAX);
	AUTO(xfree) char *path = journal_path(d->root, j->id, "order");
	uint64_t epoch, seq;
	*reason = "internal";
	return file_read(path, &envelope, e) && journal_last(d->root, &epoch, &seq, e) &&
	       gate_open(&d->paths, buf_str(&envelope), a, o, reason, e) &&
	       gate_admit(&d->paths, o, epoch, seq, clock_wall_ms(), reason, e) &&
	       (offers_opening(&d->paths, d->root, o, opening, e) || (*reason = "policy", false));
}

static bool show(void *arg, const struct order *o, int64_t start_ms, struct err *e)
{
	struct rootd *d = arg;
	char id[JOURNAL_ID];
	snprintf(id, sizeof(id), "%.*s", STR_ARG(o->id));
	log_info("order %s: users are told", id);
	return runner_tell(&d->paths, "tell-users", id, start_ms, d->netns, e);
}

/* NULL when it may start, as windows and users have it; `e` is set when that could not be told. */
static json_t *must_wait(struct rootd *d, const struct journal_job *j, const struct order *o,
			 const struct opening *opening, struct err *e)
{
	const struct notices_shower shower = { show, d };
	AUTO(json_free) json_t *offer = offers_state(d->root, o, clock_wall_ms());
	json_t *r = NULL;
	if (json_object_get(offer, "waits"))
		r = TAKE(offer);
	else if (o->notification && !json_is_true(json_object_get(offer, "asked")))
		r = notices_ask(&d->paths, d->root, o, opening, &shower, e);
	else if (!opening->open)
		r = json_pack("{s:s}", "waits", "outside_window");
	if (!r)
		return NULL;
	json_object_set_new(r, "order", json_string(j->id));
	json_object_set_new(r, "state", json_string(journal_phase_name(j->phase)));
	return r;
}

static json_t *verb_install(struct rootd *d, const json_t *request)
{
	AUTO(journal_job_done) struct journal_job j = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	struct opening opening;
	struct order o;
	struct err e = { 0 };
	const char *reason;
	if (!load_asked(d, request, &j, &e))
		return error_json(&e);
	if (j.phase > JOURNAL_PREPARED)
		return state_json(&j);
	if (j.phase != JOURNAL_PREPARED) {
		err_set(&e, ERR_CONFLICT, "order %s has no plan yet", j.id);
		return error_json(&e);
	}
	if (!still_admitted(d, &j, &a, &o, &opening, &reason, &e)) {
		json_t *r = refusal(j.id, reason, &e);
		if (!journal_remove(d->root, j.id, &e))
			log_warn("%s", e.msg);
		return r;
	}
	json_t *waits = must_wait(d, &j, &o, &opening, &e);
	if (waits || e.code)
		return waits ? waits : error_json(&e);
	j.phase = order_reboots(&o)		   ? JOURNAL_AFTER
		  : actions_any_before(&o.actions) ? JOURNAL_BEFORE
						   : JOURNAL_INSTALLING;
	j.attempts = 0;
	j.started_ms = clock_wall_ms();
	if (!had_note(d->root, j.transaction, j.packages, j.started_ms, &e) ||
	    !journal_save(d->root, &j, &e) || !start(d, &j, &e))
		return error_json(&e);
	memcpy(d->active, j.id, JOURNAL_ID);
	return state_json(&j);
}

static json_t *verb_status(struct rootd *d, const json_t *request)
{
	AUTO(journal_job_done) struct journal_job j = { 0 };
	AUTO(buf_done) struct buf b = BUF_INIT(2000);
	AUTO(json_free) json_t *progress = NULL;
	struct err e = { 0 };
	if (!load_asked(d, request, &j, &e))
		return error_json(&e);
	json_t *r = state_json(&j);
	AUTO(xfree) char *path = journal_path(d->root, j.id, "progress");
	if (journal_phase_works(j.phase) && file_read(path, &b, NULL) &&
	    json_parse(buf_str(&b), 2000, &progress, NULL))
		json_object_update(r, progress);
	if (j.phase == JOURNAL_DONE) {
		json_object_set_new(r, "outcome", json_string(j.outcome));
		json_object_set_new(r, "reason", json_string(j.reason));
	}
	if (j.transaction)
		json_object_set(r, "transaction", j.transaction);
	json_object_set_new(r, "deployment", json_string(j.deployment));
	return r;
}

/* A runner that is about to restart the machine waits a little for this: afterwards nobody can say
 * where the machine has gone. */
static json_t *verb_told(struct rootd *d, const json_t *request)
{
	AUTO(journal_job_done) struct journal_job j = { 0 };
	struct err e = { 0 };
	if (!load_asked(d, request, &j, &e))
		return error_json(&e);
	AUTO(xfree) char *path = journal_path(d->root, j.id, POWER_TOLD);
	return file_write_atomic(path, STR_LIT(""), 0600, &e) ? json_object() : error_json(&e);
}

static json_t *verb_results(struct rootd *d, const json_t *request)
{
	char(*ids)[JOURNAL_ID] = xcalloc(MAX_JOBS, sizeof(*ids));
	struct err e = { 0 };
	size_t n = 0;
	json_t *reply = NULL;
	if (!journal_list(d->root, ids, MAX_JOBS, &n, &e))
		reply = error_json(&e);
	for (size_t i = 0; !reply && i < n; i++) {
		AUTO(journal_job_done) struct journal_job j = { 0 };
		json_t *result = NULL;
		if (!journal_load(d->root, ids[i], &j, &e))
			log_error("%s", e.msg);
		else if (j.phase == JOURNAL_DONE)
			reply = journal_result(d->root, &j, &result, &e)
					? json_pack("{s:o}", "result", result)
					: error_json(&e);
	}
	xfree(ids);
	return reply ? reply : json_object();
}

static json_t *verb_ack(struct rootd *d, const json_t *request)
{
	AUTO(journal_job_done) struct journal_job j = { 0 };
	struct err e = { 0 };
	if (!load_asked(d, request, &j, &e))
		return e.code == ERR_NOT_FOUND ? json_object() : error_json(&e);
	if (j.phase != JOURNAL_DONE) {
		err_set(&e, ERR_CONFLICT, "order %s is not finished", j.id);
		return error_json(&e);
	}
	notices_ended(d->root, j.deployment);
	offers_ended(d->root, j.deployment, strcmp(j.outcome, "succeeded") == 0);
	return journal_remove(d->root, j.id, &e) ? json_object() : error_json(&e);
}

/* The network half vouches for who it was; the order says what may be answered at all. */
static json_t *verb_users(struct rootd *d, const json_t *request)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct opening opening;
	struct order o;
	struct err e = { 0 };
	const char *envelope = NULL, *answer = NULL, *reason;
	int64_t minutes = 0, user = 0;
	json_t *out = NULL;
	if (!json_need_str(request, "envelope", 1, 2 * (size_t)ORDER_MAX, &envelope, &e) ||
	    !json_need_str(request, "answer", 1, 20, &answer, &e) ||
	    !json_opt_int(request, "minutes", 0, NOTICE_POSTPONE_MAX, &minutes, &e) ||
	    !json_opt_int(request, "user", 0, UINT32_MAX, &user, &e) ||
	    !gate_open(&d->paths, str_of(envelope), &a, &o, &reason, &e) ||
	    !opening_of(&d->paths, &o, clock_wall_ms(), reboot_boot_time_ms(), &opening, &e) ||
	    !notices_answer(&d->paths, d->root, &o, &opening, answer, minutes, &out, &e))
		return error_json(&e);
	if (strcmp(answer, "look") != 0)
		log_info("order %.*s: user %lld says '%s'", STR_ARG(o.id), (long long)user, answer);
	return out;
}

static bool show_offer(void *arg, const struct order *o, int64_t at_ms, struct err *e)
{
	struct rootd *d = arg;
	log_info("deployment %.*s: users are told what is published", STR_ARG(o->deployment));
	return runner_tell(&d->paths, "tell-offer", o->deployment.p, at_ms, d->netns, e);
}

/* What is published, by the order alone. A want is admitted like any order before it is carried
 * out. */
static json_t *verb_offer(struct rootd *d, const json_t *request)
{
	AUTO(arena_done) struct arena a = { 0 };
	const struct notices_shower shower = { show_offer, d };
	const char *envelope = NULL, *answer = NULL, *reason;
	struct order o;
	struct err e = { 0 };
	int64_t user = 0, now = clock_wall_ms();
	if (!json_need_str(request, "envelope", 1, 2 * (size_t)ORDER_MAX, &envelope, &e) ||
	    !json_need_str(request, "answer", 1, 20, &answer, &e) ||
	    !json_opt_int(request, "user", 0, UINT32_MAX, &user, &e) ||
	    !gate_open(&d->paths, str_of(envelope), &a, &o, &reason, &e))
		return error_json(&e);
	bool want = strcmp(answer, "want") == 0, tell = strcmp(answer, "tell") == 0;
	if (!o.offer || (!want && !tell && strcmp(answer, "look") != 0)) {
		err_set(&e, o.offer ? ERR_INVALID : ERR_DENIED, "%s",
			o.offer ? "unknown answer" : "this is not published to users");
		return error_json(&e);
	}
	if (want && !offers_want(d->root, &o, user, now, &e))
		return error_json(&e);
	if (want)
		log_info("order %.*s: user %lld asks for it", STR_ARG(o.id), (long long)user);
	json_t *r = offers_state(d->root, &o, now);
	if (tell && json_object_get(r, "waits") &&
	    !offers_tell(&d->paths, d->root, &o, str_of(envelope), now, &shower, &e))
		log_warn("order %.*s: nobody is told: %s", STR_ARG(o.id), e.msg);
	return r;
}

/* About the one that is being worked on: no other can be about to restart the machine. */
static json_t *verb_leaving(struct rootd *d, const json_t *request)
{
	const char *answer = NULL;
	int64_t minutes = 0, user = 0;
	struct err e = { 0 };
	json_t *out = NULL;
	if (!json_need_str(request, "answer", 1, 20, &answer, &e) ||
	    !json_opt_int(request, "minutes", 0, NOTICE_POSTPONE_MAX, &minutes, &e) ||
	    !json_opt_int(request, "user", 0, UINT32_MAX, &user, &e) ||
	    !leave_answer(&d->paths, d->root, d->active, answer, minutes, &out, &e))
		return error_json(&e);
	if (strcmp(answer, "postpone") == 0)
		log_info("order %s: user %lld puts the restart off", d->active, (long long)user);
	return out;
}

static json_t *verb_restart(struct rootd *d, const json_t *request)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct restart_list list;
	struct err e = { 0 };
	if (!restart_scan("/proc", &a, &list, &e))
		return error_json(&e);
	return json_pack("{s:o}", "restart", restart_json(&list));
}

static json_t *verb_cards(struct rootd *d, const json_t *request)
{
	struct err e = { 0 };
	bool on = false;
	if (!json_opt_bool(request, "on", &on, &e) ||
	    (json_object_get(request, "on") &&
	     !cards_follow(&d->cards, &d->paths, d->root, on, d->netns, &e)))
		return error_json(&e);
	return cards_words(d->root);
}

json_t *rootd_answer(struct rootd *d, const json_t *request)
{
	static const struct {
		const char *name;
		json_t *(*fn)(struct rootd *, const json_t *);
		const char *const known[6];
	} verbs[] = {
		{ "hello", verb_hello, { "verb" } },
		{ "prepare", verb_prepare, { "verb", "envelope" } },
		{ "install", verb_install, { "verb", "order" } },
		{ "status", verb_status, { "verb", "order" } },
		{ "told", verb_told, { "verb", "order" } },
		{ "results", verb_results, { "verb" } },
		{ "ack", verb_ack, { "verb", "order" } },
		{ "restart", verb_restart, { "verb" } },
		{ "cards", verb_cards, { "verb", "on" } },
		{ "offer", verb_offer, { "verb", "envelope", "answer", "user" } },
		{ "leaving", verb_leaving, { "verb", "answer", "minutes", "user" } },
		{ "users", verb_users, { "verb", "envelope", "answer", "minutes", "user" } },
	};
	struct err e = { 0 };
	const char *verb = NULL;
	if (!json_need_str(request, "verb", 1, 20, &verb, &e))
		return error_json(&e);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (strcmp(verb, verbs[i].name) != 0)
			continue;
		if (!json_only(request, verbs[i].known, &e))
			return error_json(&e);
		return verbs[i].fn(d, request);
	}
	err_set(&e, ERR_INVALID, "unknown verb '%s'", verb);
	return error_json(&e);
}

/* --- the socket
 * ------------------------------------------------------------------------------------ */

static void serve_one(struct rootd *d)
{
	AUTO(fd_close) int fd = -1;
	AUTO(json_free) json_t *request = NULL, *reply = NULL;
	struct err e = { 0 };
	uid_t who;
	if (!ipc_accept(d->listener, &fd, &who, &e))
		return;
	if (who != 0 && who != d->agent_uid) {
		log_warn("user %u was turned away", (unsigned)who);
		return;
	}
	if (!ipc_recv(fd, REQUEST_MS, &request, &e)) {
		if (e.code == ERR_UNAVAILABLE)
			return;
		log_warn("%s", e.msg);
		reply = error_json(&e);
	} else {
		reply = rootd_answer(d, request);
	}
	if (!ipc_send(fd, reply, REQUEST_MS, &e))
		log_warn("%s", e.msg);
}

bool rootd_run(struct rootd *d, int stop, struct err *e)
{
	for (;;) {
		struct pollfd p[2] = { { d->listener, POLLIN, 0 }, { stop, POLLIN, 0 } };
		int r = poll(p, 2, rootd_supervise(d));
		if (r < 0 && errno != EINTR)
			return err_sys(e, errno, "cannot wait");
		if (r > 0 && p[1].revents)
			return true;
		if (r > 0 && p[0].revents)
			serve_one(d);
	}
}

static bool listen_for(struct rootd *d, const char *agent_user, struct err *e)
{
	AUTO(xfree) char *path = file_join(d->paths.run, ROOTD_SOCKET);
	if (!file_mkdirs(d->paths.run, 0755, e))
		return false;
	/* whatever umask made it: both halves pass through it */
	if (chmod(d->paths.run, 0755) != 0)
		return err_sys(e, errno, "cannot open '%s' to the network half", d->paths.run);
	if (!ipc_listen(path, 0600, &d->listener, e))
		return false;
	d->agent_uid = (uid_t)-1;
	if (!agent_user)
		return true;
	errno = 0;
	struct passwd *pw = getpwnam(agent_user);
	if (!pw)
		return err_set(e, ERR_NOT_FOUND, "no user '%s'; run 'tsukuroi-agent enroll' first",
			       agent_user);
	d->agent_uid = pw->pw_uid;
	if (chown(path, 0, pw->pw_gid) != 0 || chmod(path, 0660) != 0)
		return err_sys(e, errno, "cannot open '%s' to '%s'", path, agent_user);
	return true;
}

bool rootd_new(const struct agent_paths *p, const char *agent_user, struct rootd **out,
	       struct err *e)
{
	AUTO(rootd_free) struct rootd *d = xcalloc(1, sizeof(*d));
	d->paths = *p;
	d->listener = d->netns = -1;
	d->root = file_join(p->state, "root");
	if (!journal_init(d->root, e) || !notices_init(d->root, e) || !offers_init(d->root, e) ||
	    !listen_for(d, agent_user, e) || !recover(d, e))
		return false;
	d->netns = leave_network();
	struct err why = { 0 };
	if (!cards_resume(&d->cards, p, d->root, d->netns, &why))
		log_warn("network cards: %s", why.msg);
	*out = TAKE(d);
	return true;
}
