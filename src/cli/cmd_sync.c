/* SPDX-License-Identifier: Apache-2.0
 * tsukuroi sync / scan: long work that shows progress and ends with its result. */
#include "base/clock.h"
#include "base/enc.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/remote.h"

#include <stdio.h>
#include <unistd.h>

static void nap(void)
{
	usleep(200000);
}

/* --- sync ---------------------------------------------------------------------------------------
 */

static void show_steps(const json_t *job, size_t *shown)
{
	const json_t *steps = json_object_get(job, "steps");
	for (; *shown < json_array_size(steps); (*shown)++) {
		const json_t *s = json_array_get(steps, *shown);
		const char *state = print_text(s, "state");
		if (strcmp(state, "succeeded") != 0 && strcmp(state, "failed") != 0)
			return;
		const json_t *params = json_object_get(json_object_get(s, "message"), "params");
		const char *error = print_text(params, "error");
		fprintf(stderr, "  %-9s %s%s%s\n", state, print_text(params, "subject"),
			error[0] ? ": " : "", error);
	}
}

static bool follow_job(struct remote *r, const char *id, bool quiet, json_t **job_out,
		       struct err *e)
{
	AUTO(xfree) char *path = xasprintf("/jobs/%s", id);
	size_t shown = 0;
	for (;;) {
		AUTO(json_free) json_t *job = NULL;
		if (!remote_call(r, "GET", path, NULL, &job, e))
			return false;
		const char *state = print_text(job, "state");
		if (!quiet)
			show_steps(job, &shown);
		if (strcmp(state, "queued") != 0 && strcmp(state, "running") != 0) {
			*job_out = TAKE(job);
			return true;
		}
		nap();
	}
}

static int accept_held(struct remote *r, const char *feed, bool json)
{
	struct err e = { 0 };
	AUTO(json_free) json_t *body = json_object();
	AUTO(json_free) json_t *done = NULL;
	json_object_set_new(body, "feed", json_text(str_of(feed)));
	if (!remote_call(r, "POST", "/feeds:accept", body, &done, &e))
		return print_failure(&e);
	if (json)
		print_json(done);
	else
		printf("feed '%s': the held generation is in force now\n", feed);
	return 0;
}

/* How every source stands, one a line. */
static int sync_status(bool json)
{
	struct err e = { 0 };
	AUTO(remote_free) struct remote *r = NULL;
	AUTO(json_free) json_t *list = NULL;
	json_t *f;
	size_t i;
	if (!remote_open(&r, &e) || !remote_call(r, "GET", "/feeds", NULL, &list, &e))
		return print_failure(&e);
	if (json) {
		print_json(list);
		return 0;
	}
	json_array_foreach(json_object_get(list, "items"), i, f)
	{
		const char *error = print_text(f, "error"), *last = print_text(f, "last_success");
		printf("%-32s %-6s %-20s %9lld %s\n", print_text(f, "id"),
		       error[0]	 ? "failed"
		       : last[0] ? "ok"
				 : "never",
		       last[0] ? last : "-",
		       (long long)json_integer_value(json_object_get(f, "rows")),
		       json_is_true(json_object_get(f, "signed")) ? print_text(f, "signer")
								  : "unsigned");
		if (error[0])
			printf("    %s\n", error);
	}
	return 0;
}

int cmd_sync(int argc, char **argv)
{
	static const char usage[] =
		"usage: tsukuroi sync [--wait] [--json]\n"
		"       tsukuroi sync --status [--json]\n"
		"       tsukuroi sync --accept FEED [--json]\n"
		"Syncs the patch DB with the vendors' feeds. --status tells how each source stands;\n"
		"--accept takes over a feed's new generation that is held because too much is gone\n"
		"from it.\n";
	bool wait = false, json = false, status = false;
	const char *accept = NULL;
	const struct arg_option options[] = { { .name = "--wait", .flag = &wait },
					      { .name = "--status", .flag = &status },
					      { .name = "--accept", .value = &accept },
					      { .name = "--json", .flag = &json } };
	AUTO(args_done) struct args a = { 0 };
	if (!args_parse(argc, argv, usage, options, ARRAY_LEN(options), 0, 0, &a))
		return a.status;
	if (status)
		return sync_status(json);
	struct err e = { 0 };
	AUTO(remote_free) struct remote *r = NULL;
	AUTO(json_free) json_t *job = NULL;
	AUTO(json_free) json_t *done = NULL;
	if (!remote_open(&r, &e))
		return print_failure(&e);
	if (accept)
		return accept_held(r, accept, json);
	if (!remote_call(r, "POST", "/feeds:sync", NULL, &job, &e))
		return print_failure(&e);
	const char *id = print_text(job, "id");
	if (wait && !follow_job(r, id, json, &done, &e))
		return print_failure(&e);
	const json_t *last = done ? done : job;
	if (json)
		print_json(last);
	else if (wait)
		printf("sync %s\n", print_text(last, "state"));
	else
		printf("sync started (job %s)\n", id);
	if (done && strcmp(print_text(done, "state"), "succeeded") != 0) {
		if (!json)
			fprintf(stderr, "error: %s\n", print_text(done, "error"));
		return 1;
	}
	return 0;
}

/* --- scan ---------------------------------------------------------------------------------------
 */

/* How many of the asked and connected systems have a scan newer than `since`. */
static bool scanned(struct remote *r, const json_t *ids, int64_t since_ms, size_t *done_out,
		    size_t *of_out, struct err *e)
{
	AUTO(json_free) json_t *list = NULL;
	if (!remote_all(r, "/systems", 0, &list, e))
		return false;
	size_t done = 0, of = 0;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *s = json_array_get(list, i);
		bool asked = !ids;
		for (size_t k = 0; ids && k < json_array_size(ids); k++)
			asked |= strcmp(json_string_value(json_array_get(ids, k)),
					print_text(s, "id")) == 0;
		if (!asked || !json_is_true(json_object_get(s, "online")))
			continue;
		of++;
		int64_t last;
		done += clock_parse_rfc3339(str_of(print_text(s, "last_scan")), &last) &&
			last >= since_ms && strcmp(print_text(s, "scan_status"), "requested") != 0;
	}
	*done_out = done;
	*of_out = of;
	return true;
}

static bool wait_scans(struct remote *r, const json_t *ids, int64_t since_ms, struct err *e)
{
	int64_t end = clock_mono_ms() + 120000;
	size_t done = 0, of = 0;
	do {
		if (!scanned(r, ids, since_ms, &done, &of, e))
			return false;
		if (of && done == of) {
			printf("%zu of %zu connected systems scanned\n", done, of);
			return true;
		}
		nap();
	} while (clock_mono_ms() < end);
	return err_set(e, ERR_TIMEOUT,
		       "only %zu of %zu connected systems were scanned within 120 s", done, of);
}

int cmd_scan(int argc, char **argv)
{
	static const char usage[] =
		"usage: tsukuroi scan SYSTEM... | --all [--wait]\nAsks systems to scan now.\n";
	bool all = false, wait = false;
	const struct arg_option options[] = { { .name = "--all", .flag = &all },
					      { .name = "--wait", .flag = &wait } };
	AUTO(args_done) struct args a = { 0 };
	if (!args_parse(argc, argv, usage, options, ARRAY_LEN(options), 0, ARGS_ANY, &a))
		return a.status;
	if (all == (a.n > 0))
		return args_wrong(usage, "name systems, or give --all");
	struct err e = { 0 };
	AUTO(remote_free) struct remote *r = NULL;
	AUTO(json_free) json_t *body = json_object();
	AUTO(json_free) json_t *reply = NULL;
	if (!remote_open(&r, &e))
		return print_failure(&e);
	json_t *ids = NULL;
	if (all) {
		json_object_set_new(body, "all", json_true());
	} else {
		ids = json_array();
		json_object_set_new(body, "ids", ids);
		for (size_t i = 0; i < a.n; i++) {
			AUTO(json_free) json_t *s = NULL;
			if (!remote_system(r, a.words[i], &s, &e))
				return print_failure(&e);
			json_array_append(ids, json_object_get(s, "id"));
		}
	}
	int64_t since_ms = clock_wall_ms() - 1000; /* the two clocks may be another machine's */
	if (!remote_call(r, "POST", "/systems:scan", body, &reply, &e))
		return print_failure(&e);
	printf("asked %lld systems, %lld connected\n", (long long)print_int(reply, "systems"),
	       (long long)print_int(reply, "connected"));
	if (wait && !wait_scans(r, ids, since_ms, &e))
		return print_failure(&e);
	return 0;
}
