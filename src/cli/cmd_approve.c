/* SPDX-License-Identifier: Apache-2.0
 * tsukuroi approve / unapprove: which patches automated deployment may install, how that is decided
 * by itself, and what is pending. */
#include "base/enc.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/remote.h"
#include "cli/table.h"

#include <stdio.h>

#define PENDING_MAX 1000

static int decide(const struct args *a, const char *verb, const char *reason, bool json)
{
	struct err e = { 0 };
	AUTO(remote_free) struct remote *r = NULL;
	AUTO(json_free) json_t *body = json_object(), *reply = NULL;
	json_t *ids = json_array(), *patches = json_object();
	for (size_t i = 0; i < a->n; i++)
		json_array_append_new(ids, json_text(str_of(a->words[i])));
	json_object_set_new(patches, "ids", ids);
	json_object_set_new(body, "patches", patches);
	if (reason)
		json_object_set_new(body, "reason", json_text(str_of(reason)));
	AUTO(xfree) char *path = xasprintf("/patches:%s", verb);
	if (!remote_open(&r, &e) || !remote_call(r, "POST", path, body, &reply, &e))
		return print_failure(&e);
	if (json)
		print_json(reply);
	else
		printf("%lld of %lld changed\n", (long long)print_int(reply, "changed"),
		       (long long)print_int(reply, "chosen"));
	return 0;
}

static void print_pending(const json_t *items)
{
	AUTO(table_free)
	struct table *t = table_new((const char *const[]) {
		"PATCH", "SEVERITY", "MISSING", "DECISION", "AT", "TESTED", "REASON", NULL });
	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *p = json_array_get(items, i), *d = json_object_get(p, "decision");
		char missing[24], tested[64];
		snprintf(missing, sizeof(missing), "%lld",
			 (long long)print_int(p, "missing_systems"));
		snprintf(tested, sizeof(tested), "%lld/%lld", (long long)print_int(d, "succeeded"),
			 (long long)print_int(d, "tested"));
		table_cell(t, print_text(p, "id"));
		table_cell(t, print_text(p, "severity"));
		table_cell(t, missing);
		table_cell(t, print_text(d, "verdict"));
		table_cell(t, print_time(json_object_get(d, "at"), 0));
		table_cell(t, tested);
		table_cell(t, print_text(json_object_get(p, "approval_detail"), "reason"));
	}
	if (table_rows(t))
		table_print(t);
	else
		printf("nothing is pending\n");
}

static int list_pending(bool json)
{
	struct err e = { 0 };
	AUTO(remote_free) struct remote *r = NULL;
	AUTO(json_free) json_t *items = NULL;
	if (!remote_open(&r, &e) || !remote_all(r, "/approval/pending", PENDING_MAX, &items, &e))
		return print_failure(&e);
	if (json)
		print_json(items);
	else
		print_pending(items);
	return 0;
}

/* Shows the mode, or changes it and keeps the rest. */
static int mode_of(const char *mode, const char *existing, bool json)
{
	struct err e = { 0 };
	AUTO(remote_free) struct remote *r = NULL;
	AUTO(json_free) json_t *now = NULL, *body = NULL, *reply = NULL;
	if (!remote_open(&r, &e) || !remote_call(r, "GET", "/approval", NULL, &now, &e))
		return print_failure(&e);
	if (mode) {
		body = json_object();
		json_object_set_new(body, "mode", json_text(str_of(mode)));
		json_object_set(body, "test", json_object_get(now, "test"));
		if (existing)
			json_object_set_new(body, "existing", json_text(str_of(existing)));
		if (!remote_call(r, "PATCH", "/approval", body, &reply, &e))
			return print_failure(&e);
	}
	const json_t *is = mode ? reply : now, *n = json_object_get(is, "missing");
	if (json)
		print_json(is);
	else
		printf("mode: %s; of the missing patches %lld approved, %lld not approved, %lld "
		       "declined\n",
		       print_text(is, "mode"), (long long)print_int(n, "approved"),
		       (long long)print_int(n, "not_approved"),
		       (long long)print_int(n, "declined"));
	return 0;
}

int cmd_approve(int argc, char **argv)
{
	static const char usage[] =
		"usage: tsukuroi approve PATCH... [--reason TEXT] [--json]\n"
		"       tsukuroi approve --test-again PATCH... [--json]\n"
		"       tsukuroi approve --pending [--json]\n"
		"       tsukuroi approve --mode [--set automatic|manual|test --existing "
		"keep|approve|unapprove] [--json]\n";
	const char *reason = NULL, *set = NULL, *existing = NULL;
	bool pending = false, mode = false, again = false, json = false;
	const struct arg_option options[] = { { .name = "--reason", .value = &reason },
					      { .name = "--set", .value = &set },
					      { .name = "--existing", .value = &existing },
					      { .name = "--pending", .flag = &pending },
					      { .name = "--mode", .flag = &mode },
					      { .name = "--test-again", .flag = &again },
					      { .name = "--json", .flag = &json } };
	AUTO(args_done) struct args a = { 0 };
	if (!args_parse(argc, argv, usage, options, ARRAY_LEN(options), 0, ARGS_ANY, &a))
		return a.status;
	if (pending || mode) {
		if (a.n || reason || again || (pending && (mode || set)))
			return args_wrong(usage, "--pending and --mode take no patches");
		return pending ? list_pending(json) : mode_of(set, existing, json);
	}
	if (!a.n || set || existing)
		return args_wrong(usage, "name patches");
	return decide(&a, again ? "test-again" : "approve", reason, json);
}

int cmd_unapprove(int argc, char **argv)
{
	static const char usage[] = "usage: tsukuroi unapprove PATCH... [--reason TEXT] [--json]\n";
	const char *reason = NULL;
	bool json = false;
	const struct arg_option options[] = { { .name = "--reason", .value = &reason },
					      { .name = "--json", .flag = &json } };
	AUTO(args_done) struct args a = { 0 };
	return args_parse(argc, argv, usage, options, ARRAY_LEN(options), 1, ARGS_ANY, &a)
		       ? decide(&a, "unapprove", reason, json)
		       : a.status;
}
