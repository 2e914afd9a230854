/* SPDX-License-Identifier: Apache-2.0
 * tsukuroi systems / patches: the lists of the console as tables or as one JSON document. */
#include "base/enc.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/remote.h"
#include "cli/table.h"

#include <stdio.h>

static int finish(json_t *list, struct table *t, bool json, const char *none)
{
	if (json) {
		AUTO(json_free) json_t *doc = json_object();
		json_object_set(doc, "items", list);
		print_json(doc);
	} else if (!table_rows(t)) {
		printf("%s\n", none);
	} else {
		table_print(t);
	}
	return 0;
}

int cmd_systems(int argc, char **argv)
{
	static const char usage[] =
		"usage: tsukuroi systems [--health CLASS] [--search TEXT] [--filter FILTER] [--json]\n"
		"  CLASS: healthy, vulnerable, highly_vulnerable, unknown\n"
		"  FILTER: such as 'os = debian and last_contact > 7d'; see tsukuroi(1)\n";
	const char *health = NULL, *search = NULL, *filter = NULL;
	bool json = false;
	const struct arg_option options[] = { { .name = "--health", .value = &health },
					      { .name = "--search", .value = &search },
					      { .name = "--filter", .value = &filter },
					      { .name = "--json", .flag = &json } };
	AUTO(args_done) struct args a = { 0 };
	if (!args_parse(argc, argv, usage, options, ARRAY_LEN(options), 0, 0, &a))
		return a.status;
	struct err e = { 0 };
	AUTO(remote_free) struct remote *r = NULL;
	AUTO(json_free) json_t *list = NULL;
	AUTO(buf_done) struct buf path = BUF_INIT(32768);
	buf_adds(&path, "/systems?sort=hostname");
	if (filter) {
		buf_adds(&path, "&filter=");
		enc_percent(&path, str_of(filter));
	}
	if (health) {
		buf_adds(&path, "&health=");
		enc_percent(&path, str_of(health));
	}
	if (search) {
		buf_adds(&path, "&q=");
		enc_percent(&path, str_of(search));
	}
	if (!remote_open(&r, &e) || !remote_all(r, path.p, 0, &list, &e))
		return print_failure(&e);
	AUTO(table_free)
	struct table *t = table_new((const char *const[]) { "SYSTEM", "STATUS", ">MISSING",
							    ">CRITICAL", ">IMPORTANT", "REBOOT",
							    "ONLINE", "LAST SCAN", "OS", NULL });
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *s = json_array_get(list, i), *m = json_object_get(s, "missing");
		table_cell(t, print_text(s, "hostname"));
		table_cell(t, print_text(s, "health"));
		table_number(t, print_int(m, "total"));
		table_number(t, print_int(m, "critical"));
		table_number(t, print_int(m, "important"));
		table_cell(t, json_is_true(json_object_get(s, "reboot_needed")) ? "needed" : "-");
		table_cell(t, json_is_true(json_object_get(s, "online")) ? "yes" : "no");
		table_cell(t, print_time(json_object_get(s, "last_scan"), 0));
		table_cell(t, print_text(s, "os_name"));
	}
	return finish(
		list, t, json,
		"no managed systems yet; 'tsukuroi enroll-token' makes a token for the first one");
}

struct patch_query {
	const char *view, *severity, *type, *search, *system, *limit;
};

static bool patch_path(struct remote *r, const struct patch_query *q, struct buf *path,
		       struct err *e)
{
	if (q->system) {
		AUTO(json_free) json_t *s = NULL;
		if (!remote_system(r, q->system, &s, e))
			return false;
		buf_printf(path, "/systems/%s/patches?state=%s", print_text(s, "id"), q->view);
	} else {
		buf_printf(path, "/patches?view=%s", q->view);
	}
	const char *filters[][2] = { { "severity", q->severity },
				     { "type", q->type },
				     { "q", q->search } };
	for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
		if (!filters[i][1])
			continue;
		buf_printf(path, "&%s=", filters[i][0]);
		enc_percent(path, str_of(filters[i][1]));
	}
	return buf_ok(path, "the query", e);
}

int cmd_patches(int argc, char **argv)
{
	static const char usage[] =
		"usage: tsukuroi patches [--missing|--installed|--applicable|--supported|--latest|--critical|--downloaded|\n"
		"                         --declined] [--system SYSTEM]\n"
		"                        [--severity LIST] [--type LIST] [--search TEXT] [--limit N] [--json]\n";
	struct patch_query q = { 0 };
	bool view[8] = { 0 }, json = false;
	static const char *const views[] = { "missing", "installed", "applicable", "supported",
					     "latest",	"critical",  "downloaded", "declined" };
	const struct arg_option options[] = { { .name = "--missing", .flag = &view[0] },
					      { .name = "--installed", .flag = &view[1] },
					      { .name = "--applicable", .flag = &view[2] },
					      { .name = "--supported", .flag = &view[3] },
					      { .name = "--latest", .flag = &view[4] },
					      { .name = "--critical", .flag = &view[5] },
					      { .name = "--downloaded", .flag = &view[6] },
					      { .name = "--declined", .flag = &view[7] },
					      { .name = "--system", .value = &q.system },
					      { .name = "--severity", .value = &q.severity },
					      { .name = "--type", .value = &q.type },
					      { .name = "--search", .value = &q.search },
					      { .name = "--limit", .value = &q.limit },
					      { .name = "--json", .flag = &json } };
	AUTO(args_done) struct args a = { 0 };
	if (!args_parse(argc, argv, usage, options, ARRAY_LEN(options), 0, 0, &a))
		return a.status;
	int chosen = 0;
	uint64_t limit = 0;
	for (size_t i = 0; i < ARRAY_LEN(views); i++) {
		if (view[i])
			q.view = views[i];
		chosen += view[i];
	}
	if (chosen > 1)
		return args_wrong(usage, "more than one view is given");
	if (q.limit && !str_to_u64(str_of(q.limit), &limit))
		return args_wrong(usage, "--limit is not a number");
	if (!q.view)
		q.view = views[0];
	struct err e = { 0 };
	AUTO(remote_free) struct remote *r = NULL;
	AUTO(json_free) json_t *list = NULL;
	AUTO(buf_done) struct buf path = BUF_INIT(8192);
	if (!remote_open(&r, &e) || !patch_path(r, &q, &path, &e) ||
	    !remote_all(r, path.p, limit, &list, &e))
		return print_failure(&e);
	AUTO(table_free)
	struct table *t = table_new((const char *const[]) { "PATCH", "SEVERITY", "TYPE", "REBOOT",
							    ">MISSING", ">INSTALLED", "BULLETIN",
							    "TITLE", NULL });
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *p = json_array_get(list, i);
		const char *bulletin = json_string_value(
			json_array_get(json_object_get(p, "bulletins"), 0));
		table_cell(t, print_text(p, "id"));
		table_cell(t, print_text(p, "severity"));
		table_cell(t, print_text(p, "type"));
		table_cell(t, print_text(p, "reboot"));
		table_number(t, print_int(p, "missing_systems"));
		table_number(t, print_int(p, "installed_systems"));
		table_cell(t, bulletin);
		table_cell(t, print_text(p, "title"));
	}
	char none[60];
	snprintf(none, sizeof(none), "no %s patches", q.view);
	return finish(list, t, json, none);
}
