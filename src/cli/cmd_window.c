/* SPDX-License-Identifier: Apache-2.0
 * tsukuroi window: the next windows of a deployment policy, offline, from the module that the
 * server's preview and the agents use. */
#include "base/clock.h"
#include "base/file.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "window/schedule.h"

#include <stdio.h>
#include <unistd.h>

#define COUNT_MAX 1000

static const char usage[] =
	"usage: tsukuroi window --policy FILE [--zone ZONE] [--from RFC3339] [--count N]\n"
	"Prints the next windows of a deployment policy, one a line: start and end in UTC, then the same on\n"
	"the clock of ZONE (UTC unless given), separated by tabs. FILE is the policy's JSON as the API takes it\n"
	"('-' is standard input); a policy that names a zone of its own is judged in that. FROM is now unless\n"
	"given, N is 12. A window that has begun before FROM is not listed. '-' is a window without end.\n";

struct request {
	struct window_schedule schedule;
	struct zone *own, *shown; /* the windows' zone and that of the local times */
	int64_t from_ms;
	size_t count;
};

static void request_done(struct request *r)
{
	if (r->own != r->shown)
		zone_free(r->own);
	zone_free(r->shown);
}
AUTO_DEFINE_VALUE(struct request, request_done)

static bool read_policy(const char *path, struct window_schedule *out, struct err *e)
{
	AUTO(json_free) json_t *policy = NULL;
	if (!args_document(path, &policy, e))
		return false;
	const json_t *schedule = json_object_get(policy, "schedule");
	if (!schedule)
		return err_set(
			e, ERR_INVALID,
			"'%s': the policy has no member 'schedule'; write {\"schedule\": {...}}",
			path);
	return window_read(schedule, out, e) || err_prefix(e, "'%s'", path);
}

static bool read_request(struct request *r, const char *policy, const char *zone, const char *from,
			 const char *count, struct err *e)
{
	int64_t n = 12;
	r->from_ms = clock_wall_ms();
	if (!read_policy(policy, &r->schedule, e))
		return false;
	if (count && (!str_to_i64(str_of(count), &n) || n < 1 || n > COUNT_MAX))
		return err_set(e, ERR_INVALID, "'--count' must be a number from 1 to %d, not '%s'",
			       COUNT_MAX, count);
	if (from && !clock_parse_rfc3339(str_of(from), &r->from_ms))
		return err_set(e, ERR_INVALID,
			       "'--from' must be a time as 2026-11-29T00:00:00Z, not '%s'", from);
	r->count = (size_t)n;
	if (!zone_open(zone ? zone : "UTC", &r->shown, e))
		return false;
	if (r->schedule.zone[0])
		return zone_open(r->schedule.zone, &r->own, e);
	r->own = r->shown;
	return true;
}

/* "2026-11-29T13:00:00+09:00" */
static void print_local(const struct zone *z, int64_t ms)
{
	char text[CLOCK_RFC3339_LEN];
	int32_t offset = zone_offset(z, ms / 1000 - (ms % 1000 < 0));
	int minutes = (offset < 0 ? -offset : offset) / 60;
	clock_rfc3339(ms + offset * INT64_C(1000), text);
	printf("\t%.*s%c%02d:%02d", (int)strlen(text) - 1, text, offset < 0 ? '-' : '+',
	       minutes / 60, minutes % 60);
}

static void print_window(const struct zone *z, const struct window *w)
{
	char start[CLOCK_RFC3339_LEN], end[CLOCK_RFC3339_LEN];
	bool ends = w->end_ms != WINDOW_NO_END;
	printf("%s\t%s", clock_rfc3339(w->start_ms, start),
	       ends ? clock_rfc3339(w->end_ms, end) : "-");
	print_local(z, w->start_ms);
	if (ends)
		print_local(z, w->end_ms);
	else
		printf("\t-");
	putchar('\n');
}

int cmd_window(int argc, char **argv)
{
	const char *policy = NULL, *zone = NULL, *from = NULL, *count = NULL;
	const struct arg_option options[] = { { .name = "--policy", .value = &policy },
					      { .name = "--zone", .value = &zone },
					      { .name = "--from", .value = &from },
					      { .name = "--count", .value = &count } };
	AUTO(args_done) struct args args = { 0 };
	AUTO(request_done) struct request r = { 0 };
	struct err e = { 0 };
	if (!args_parse(argc, argv, usage, options, ARRAY_LEN(options), 0, 0, &args))
		return args.status;
	if (!policy)
		return args_wrong(usage, "--policy FILE is missing");
	if (!read_request(&r, policy, zone, from, count, &e))
		return print_failure(&e);
	AUTO(xfree) struct window *list = xcalloc(r.count, sizeof(*list));
	size_t n = window_next(&r.schedule, r.own, r.from_ms, list, r.count);
	for (size_t i = 0; i < n; i++)
		print_window(r.shown, &list[i]);
	if (window_rarity(&r.schedule) != SCHEDULE_USUAL)
		fprintf(stderr, "warning: a window names only a week that most months lack; "
				"'last' is the last week of every month\n");
	return 0;
}
