/* SPDX-License-Identifier: Apache-2.0
 * The loop. Invariant: timers are monotonic; there is no wake-up that is not one of the five of
 * agent.h, and no failure ends the loop. */
#include "agent/net/agent.h"
#include "agent/ipc.h"
#include "agent/net/aptfacts.h"
#include "agent/net/checkin.h"
#include "agent/net/enroll.h"
#include "agent/net/orders.h"
#include "agent/net/push.h"
#include "agent/net/root_client.h"
#include "agent/net/scan.h"
#include "agent/net/server.h"
#include "agent/net/users.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/pages.h"
#include "base/random.h"
#include "proto/inventory.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define SETTLE_MS 5000 /* dpkg's database must be quiet for so long before it is scanned */
#define BACK_OFF_S 30  /* after a contact that failed, doubling up to the cycle */
#define RETRY_AFTER_MAX_S 3600
#define CONTROL_MS 2000
#define CARDS_MS 10000 /* until it is known what came of the cards' setting */

struct agent {
	struct agent_paths paths;
	struct orders *orders;
	int wake; /* eventfd: push and orders write, the loop reads */
	int control, watch, signals;
	struct buf text; /* of the last scan */
	struct sha256 hash;
	int64_t scanned_ms, contact_ms, contact_failed_ms;
	char scan_error[240], contact_error[240];
	unsigned failures;
	int64_t refresh_s, retry_after_s;
	int64_t next_ms;	    /* monotonic: next contact */
	bool knows_cards, cards_on; /* what the server last said of network cards */
	atomic_bool asking_apt;
	int64_t settled_ms; /* monotonic: dpkg's database is scanned then; 0 = nothing to do */
};

int64_t agent_next_ms(int64_t refresh_s, unsigned failures, int64_t retry_after_s, uint64_t random)
{
	int64_t cycle = refresh_s * 1000;
	if (failures && retry_after_s > 0) {
		int64_t told = MIN(retry_after_s, (int64_t)RETRY_AFTER_MAX_S) * 1000;
		return told + (int64_t)(random % (uint64_t)(told / 4 + 1));
	}
	if (failures) {
		int64_t limit = MIN((int64_t)BACK_OFF_S * 1000 << MIN(failures - 1, 12u), cycle);
		return 1000 + (int64_t)(random % (uint64_t)limit);
	}
	return cycle - cycle / 10 + (int64_t)(random % (uint64_t)(cycle / 5 + 1));
}

static void wake(void *arg)
{
	struct agent *a = arg;
	uint64_t one = 1;
	if (write(a->wake, &one, sizeof(one)) < 0)
		log_warn("cannot wake the loop: errno %d", errno);
}

/* --- status
 * ---------------------------------------------------------------------------------------- */

static json_t *time_or_null(int64_t t_ms)
{
	return json_time(t_ms / 1000 * 1000);
}

static void write_status(struct agent *a)
{
	AUTO(arena_done) struct arena ar = { 0 };
	AUTO(xfree) char *server = NULL;
	struct agent_conf conf;
	AUTO(buf_done) struct buf b = BUF_INIT(65536);
	struct err e = { 0 };
	char hex[SHA256_HEX] = "";
	size_t facts = 0;
	for (size_t i = 0; i < a->text.n; i++)
		facts += a->text.p[i] == '\n';
	if (a->scanned_ms)
		digest_hex(&a->hash, hex);
	if (agent_conf_load(&a->paths, &ar, &conf, NULL))
		server = server_chosen(conf.server);
	AUTO(json_free)
	json_t *j = json_pack(
		"{s:s,s:i,s:o,s:o,s:o,s:o,s:o,s:s,s:I,s:b,s:I,s:o}", "version", TSUKUROI_VERSION,
		"pid", (int)getpid(), "server", json_text(str_of(server ? server : "")),
		"last_contact", time_or_null(a->contact_ms), "contact_error",
		json_text(str_of(a->contact_error)), "last_scan", time_or_null(a->scanned_ms),
		"scan_error", json_text(str_of(a->scan_error)), "inventory", hex, "facts",
		(json_int_t)facts, "push", push_connected(), "orders",
		(json_int_t)orders_waiting(a->orders), "next_contact",
		time_or_null(clock_wall_ms() + a->next_ms - clock_mono_ms()));
	json_write(j, &b);
	if (!file_write_atomic(agent_run_file(&a->paths, &ar, AGENT_STATUS), buf_str(&b), 0644, &e))
		log_warn("%s", e.msg);
}

bool agent_status(const struct agent_paths *p, json_t **out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf b = BUF_INIT(65536);
	const char *path = agent_run_file(p, &a, AGENT_STATUS);
	if (!file_exists(path))
		return err_set(
			e, ERR_UNAVAILABLE,
			"no agent runs here; start it with 'systemctl start tsukuroi-agent'");
	return file_read(path, &b, e) && json_parse(buf_str(&b), 65536, out, e);
}

/* --- scan and contact
 * ------------------------------------------------------------------------------ */

/* True when what is installed differs from the scan before. */
static bool scan(struct agent *a)
{
	AUTO(buf_done) struct buf text = BUF_INIT(INVENTORY_MAX);
	struct sha256 hash;
	struct err e = { 0 };
	if (!scan_system(&a->paths, &text, &hash, &e)) {
		log_error("scan: %s", e.msg);
		snprintf(a->scan_error, sizeof(a->scan_error), "%s", e.msg);
		return true;
	}
	bool changed = !a->scanned_ms || !digest_eq(&hash, &a->hash);
	struct buf old = a->text;
	a->text = text;
	text = old;
	a->hash = hash;
	a->scanned_ms = clock_wall_ms();
	a->scan_error[0] = '\0';
	return changed;
}

static void take_order(void *arg, struct str envelope)
{
	struct agent *a = arg;
	orders_add(a->orders, envelope);
}

static bool contact_once(struct agent *a, struct checkin_reply *r, struct err *e)
{
	const struct checkin_scan s = { .text = buf_str(&a->text),
					.hash = a->hash,
					.scanned_ms = a->scanned_ms,
					.error = a->scan_error[0] ? a->scan_error : NULL };
	return checkin_run(&a->paths, &s, take_order, a, r, &a->retry_after_s, e);
}

static void contacted(struct agent *a, const struct checkin_reply *r)
{
	bool renewed = false;
	struct err e = { 0 };
	a->failures = 0;
	a->contact_ms = clock_wall_ms();
	a->contact_error[0] = '\0';
	if (r->refresh_s)
		a->refresh_s = r->refresh_s;
	if (r->skew_ms > ENROLL_SKEW_MS || r->skew_ms < -ENROLL_SKEW_MS)
		log_warn("this machine's clock differs from the server's by %lld hours; set it, or "
			 "orders will be refused as expired",
			 (long long)(r->skew_ms / 3600000));
	if (!enroll_renew(&a->paths, clock_wall_ms(), &renewed, &e))
		log_warn("%s", e.msg);
	else if (renewed)
		log_info("certificate renewed");
	orders_contacted(a->orders);
}

/* --- asking apt
 * ---------------------------------------------------------------------------------- */

static void *apt_thread(void *arg)
{
	struct agent *a = arg;
	struct err e = { 0 };
	bool changed = false;
	if (!aptfacts_refresh(&a->paths, &changed, &e))
		log_warn("%s", e.msg);
	atomic_store(&a->asking_apt, false);
	if (changed)
		wake(a);
	return NULL;
}

/* What apt would not install now is asked for when there is time: no contact waits for it. */
static void ask_apt(struct agent *a)
{
	pthread_t thread;
	if (orders_waiting(a->orders) || !aptfacts_stale(&a->paths) ||
	    atomic_exchange(&a->asking_apt, true))
		return;
	if (pthread_create(&thread, NULL, apt_thread, a) == 0)
		pthread_detach(thread);
	else
		atomic_store(&a->asking_apt, false);
}

/* Whether something else was said than before: what came of it is told soon. */
static bool follow_cards(struct agent *a, const struct checkin_reply *r)
{
	struct err e = { 0 };
	bool other = a->knows_cards && a->cards_on != r->wake_on_lan;
	if (!r->tells_wake_on_lan)
		return false;
	if (!root_client_cards(&a->paths, r->wake_on_lan, &e)) {
		log_warn("network cards: %s", e.msg);
		return false;
	}
	a->knows_cards = true;
	a->cards_on = r->wake_on_lan;
	return other;
}

static void contact(struct agent *a)
{
	struct checkin_reply r = { 0 };
	struct err e = { 0 };
	bool ok = contact_once(a, &r, &e);
	if (ok && r.scan) {
		scan(a);
		ok = contact_once(a, &r, &e);
	}
	if (ok) {
		contacted(a, &r);
	} else {
		a->failures++;
		snprintf(a->contact_error, sizeof(a->contact_error), "%s", e.msg);
		log_warn("check-in: %s", e.msg);
	}
	AUTO(arena_done) struct arena ar = { 0 };
	struct agent_conf conf;
	if (agent_conf_load(&a->paths, &ar, &conf, NULL) && conf.refresh_s)
		a->refresh_s = conf.refresh_s;
	a->next_ms = clock_mono_ms() +
		     agent_next_ms(a->refresh_s, a->failures, a->retry_after_s, random_u64());
	if (ok && follow_cards(a, &r))
		a->next_ms = MIN(a->next_ms, clock_mono_ms() + CARDS_MS);
	write_status(a);
	ask_apt(a);
	pages_give_back(); /* what a check-in needed is not kept for an hour and a half */
}

/* --- the loop
 * -------------------------------------------------------------------------------------- */

static void serve_control(struct agent *a)
{
	AUTO(fd_close) int fd = -1;
	AUTO(json_free) json_t *request = NULL, *reply = NULL;
	struct err e = { 0 };
	uid_t who;
	if (!ipc_accept(a->control, &fd, &who, &e) || (who != 0 && who != geteuid()) ||
	    !ipc_recv(fd, CONTROL_MS, &request, &e))
		return;
	const char *verb = json_string_value(json_object_get(request, "verb"));
	bool known = verb && strcmp(verb, "checkin") == 0;
	reply = known ? json_object() : json_pack("{s:s}", "error", "unknown verb");
	if (!ipc_send(fd, reply, CONTROL_MS, &e))
		log_debug("%s", e.msg);
	if (!known)
		return;
	scan(a);
	contact(a);
}

static void drain(int fd)
{
	char b[4096];
	while (read(fd, b, sizeof(b)) > 0)
		;
}

static int64_t until_next(const struct agent *a)
{
	int64_t at = a->settled_ms ? MIN(a->settled_ms, a->next_ms) : a->next_ms;
	int64_t left = at - clock_mono_ms();
	return left < 0 ? 0 : MIN(left, 24 * 3600 * 1000);
}

static void timers(struct agent *a)
{
	int64_t now = clock_mono_ms();
	if (a->settled_ms && now >= a->settled_ms) {
		a->settled_ms = 0;
		/* An order under way changes the database all the time; its end brings a scan. */
		if (!orders_waiting(a->orders) && scan(a))
			a->next_ms = now;
	}
	if (now >= a->next_ms) {
		scan(a);
		contact(a);
	}
}

static bool loop(struct agent *a, struct err *e)
{
	for (;;) {
		struct pollfd f[] = { { a->signals, POLLIN, 0 },
				      { a->wake, POLLIN, 0 },
				      { a->watch, POLLIN, 0 },
				      { a->control, POLLIN, 0 } };
		if (poll(f, ARRAY_LEN(f), (int)until_next(a)) < 0 && errno != EINTR)
			return err_sys(e, errno, "cannot wait");
		if (f[0].revents)
			return true;
		if (f[1].revents) {
			drain(a->wake);
			scan(a);
			contact(a);
		}
		if (f[2].revents) {
			drain(a->watch);
			a->settled_ms = clock_mono_ms() + SETTLE_MS;
		}
		if (f[3].revents)
			serve_control(a);
		timers(a);
	}
}

static bool watch_dpkg(struct agent *a, struct err *e)
{
	AUTO(xfree) char *dir = xasprintf("%s/var/lib/dpkg", a->paths.sysroot);
	a->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	/* dpkg writes "status-new" and renames it */
	if (a->watch < 0 || inotify_add_watch(a->watch, dir, IN_MOVED_TO | IN_CLOSE_WRITE) < 0)
		return err_sys(e, errno, "cannot watch '%s'", dir);
	return true;
}

static bool open_all(struct agent *a, struct err *e)
{
	AUTO(arena_done) struct arena ar = { 0 };
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	a->signals = signalfd(-1, &set, SFD_CLOEXEC);
	a->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (a->signals < 0 || a->wake < 0)
		return err_sys(e, errno, "cannot make descriptors");
	return file_mkdirs(agent_run_file(&a->paths, &ar, "net"), 0755, e) &&
	       ipc_listen(agent_run_file(&a->paths, &ar, AGENT_CONTROL), 0600, &a->control, e) &&
	       watch_dpkg(a, e) && orders_start(&a->paths, wake, a, &a->orders, e) &&
	       users_start(&a->paths, a->orders, e) && push_start(&a->paths, wake, a, e);
}

bool agent_run(const struct agent_paths *p, struct err *e)
{
	AUTO(arena_done) struct arena ar = { 0 };
	struct agent_identity id;
	struct agent_conf conf;
	static struct agent a; /* its threads live as long as the process */
	if (!agent_conf_load(p, &ar, &conf, e) || !agent_identity_load(p, &ar, &id, e))
		return false;
	mallopt(M_ARENA_MAX, 1);
	a = (struct agent) { .paths = *p,
			     .refresh_s = AGENT_REFRESH_S,
			     .text = BUF_INIT(INVENTORY_MAX) };
	if (!open_all(&a, e))
		return false;
	log_info("agent %s of %s", id.agent_id, conf.server);
	a.next_ms = clock_mono_ms() + (int64_t)random_below(2000);
	return loop(&a, e);
}

bool agent_wake(const struct agent_paths *p, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(json_free) json_t *request = json_pack("{s:s}", "verb", "checkin");
	AUTO(json_free) json_t *reply = NULL;
	return ipc_call(agent_run_file(p, &a, AGENT_CONTROL), request, 5000, &reply, e);
}
