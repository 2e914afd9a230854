/* SPDX-License-Identifier: Apache-2.0
 * The message about a sync and its two ways out. The command comes from the configuration file
 * alone: whoever may change settings must not thereby run programs on the server. */
#include "jobs/notify.h"
#include "base/log.h"
#include "base/proc.h"
#include "format/json.h"
#include "jobs/fetcher.h"
#include "jobs/jobs_int.h"
#include "jobs/sync_mail.h"

#define TRIES 3
#define POST_TIMEOUT_S 10
#define COMMAND_TIMEOUT_S 30

static bool is_stale(const struct notify_news *n, const struct feed_state *f)
{
	return n->finished_ms - f->last_success_ms > n->stale_s * 1000;
}

void notify_problems(const struct notify_news *n, struct buf *out)
{
	if (n->error[0])
		buf_printf(out, "%s\n", n->error);
	for (size_t i = 0; i < n->n_feeds && i < NOTIFY_FEEDS_MAX; i++) {
		const struct feed_state *f = &n->feeds[i];
		if (f->error)
			buf_printf(out, "failed %s\n", f->id);
		if (is_stale(n, f))
			buf_printf(out, "stale %s\n", f->id);
	}
}

bool notify_wanted(const struct notify_news *n, const char *when)
{
	AUTO(buf_done) struct buf problems = BUF_INIT(1u << 20);
	notify_problems(n, &problems);
	if (problems.n || strcmp(when, "always") == 0)
		return true;
	return strcmp(when, "news") == 0 && n->new_patches > 0 && !n->first;
}

void notify_message(const struct notify_news *n, struct buf *out)
{
	AUTO(json_free) json_t *j = json_object();
	json_t *failed = json_array(), *stale = json_array();
	for (size_t i = 0; i < n->n_feeds && i < NOTIFY_FEEDS_MAX; i++) {
		const struct feed_state *f = &n->feeds[i];
		json_t *one = json_object();
		json_object_set_new(one, "feed", json_text(str_of(f->id)));
		json_object_set_new(one, "last_success", json_time(f->last_success_ms));
		if (is_stale(n, f))
			json_array_append(stale, one);
		if (f->error) {
			json_object_set_new(one, "error", json_text(str_of(f->error)));
			json_array_append(failed, one);
		}
		json_decref(one);
	}
	json_object_set_new(j, "event", json_string("sync"));
	json_object_set_new(j, "job", json_string(n->job));
	json_object_set_new(j, "state", json_string(n->error[0] ? "failed" : "succeeded"));
	json_object_set_new(j, "error", n->error[0] ? json_text(str_of(n->error)) : json_null());
	json_object_set_new(j, "started", json_time(n->started_ms));
	json_object_set_new(j, "finished", json_time(n->finished_ms));
	json_object_set_new(j, "new_patches", json_integer(n->first ? 0 : n->new_patches));
	json_object_set_new(j, "patches", json_integer(n->patches));
	json_object_set_new(j, "failed_feeds", failed);
	json_object_set_new(j, "stale_feeds", stale);
	json_write(j, out);
}

static bool drop(void *arg UNUSED, struct str bytes UNUSED, struct err *e UNUSED)
{
	return true;
}

static bool post(const char *url, struct fetcher *fetcher, struct str body, struct err *e)
{
	struct fetcher_request r = { .r = { .url = url, .max = 1 << 16 },
				     .timeout_s = POST_TIMEOUT_S,
				     .content_type = "application/json",
				     .body = body };
	struct feed_response resp = { 0 };
	if (!fetcher_run(fetcher, &r, &resp, drop, NULL, e))
		return false;
	return (resp.status >= 200 && resp.status < 300) ||
	       err_set(e, ERR_UNAVAILABLE, "it answered %d", resp.status);
}

static bool run(const char *command, struct str body, struct err *e)
{
	const char *argv[] = { command, NULL };
	AUTO(buf_done) struct buf said = BUF_INIT(1u << 16);
	struct proc_result r;
	struct proc_spec s = { .argv = argv, .input = body, .timeout_s = COMMAND_TIMEOUT_S };
	if (!proc_run(&s, &said, &said, &r, e))
		return false;
	if (r.timed_out)
		return err_set(e, ERR_TIMEOUT, "it did not end within %d s", COMMAND_TIMEOUT_S);
	return r.exit_status == 0 ||
	       err_set(e, ERR_UNAVAILABLE, "it ended with status %d", r.exit_status);
}

/* False when the server is stopping. */
static bool pause_between(struct jobs *j, int64_t ms)
{
	int64_t end = clock_mono_ms() + ms;
	pthread_mutex_lock(&j->lock);
	for (int64_t left; !j->stopping && (left = end - clock_mono_ms()) > 0;)
		jobs_wait(j, left);
	bool go_on = !j->stopping;
	pthread_mutex_unlock(&j->lock);
	return go_on;
}

/* By POST with a fetcher, else to a command. */
static bool try_all(struct jobs *j, const char *to, struct fetcher *fetcher, struct str body)
{
	struct err e = { 0 };
	for (int i = 0; i < TRIES; i++) {
		if (i && !pause_between(j, (int64_t)i * 3000))
			return false;
		if (fetcher ? post(to, fetcher, body, &e) : run(to, body, &e))
			return true;
	}
	log_warn("%s '%s' could not be told how the sync ended: %s",
		 fetcher ? "address" : "command", to, e.msg);
	return false;
}

void notify_send(struct jobs *j, struct fetcher *fetcher, const struct notify_news *n)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf message = BUF_INIT(1u << 20), problems = BUF_INIT(1u << 20);
	const char *url = settings_text(j->conf.settings, SETTING_NOTIFY_URL, &a);
	const char *when = settings_text(j->conf.settings, SETTING_NOTIFY_WHEN, &a);
	const char *command = j->conf.notify_command;
	const char *people = settings_text(j->conf.settings, SETTING_NOTIFY_MAIL, &a);
	bool mails = people[0] && j->conf.mail;
	if ((!url[0] && !command && !mails) || !notify_wanted(n, when))
		return;
	notify_problems(n, &problems);
	bool news = n->new_patches > 0 && !n->first && strcmp(when, "problems") != 0;
	if (problems.n && j->told_problems && strcmp(j->told_problems, problems.p) == 0 && !news &&
	    strcmp(when, "always") != 0)
		return; /* told already */
	notify_message(n, &message);
	bool told = true;
	if (url[0]) {
		fetcher_allow(fetcher, NULL); /* it sends: nothing to be read here */
		told &= try_all(j, url, fetcher, buf_str(&message));
		fetcher_rest(fetcher);
	}
	if (command)
		told &= try_all(j, command, NULL, buf_str(&message));
	if (mails)
		told &= sync_mail_put(j, str_of(people), n);
	xfree(j->told_problems);
	j->told_problems = told && problems.n ? xstrdup(problems.p) : NULL;
}
