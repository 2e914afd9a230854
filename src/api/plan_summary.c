/* SPDX-License-Identifier: Apache-2.0
 * Counting over plans and details. Invariant: a system is counted once under each name, and only
 * with what it has told: how many have told it stands beside every sum. */
#include "api/plan_summary.h"
#include "api/api_int.h"
#include "base/intern.h"
#include "base/vec.h"
#include "deploy/orders/plans.h"

#include <stdlib.h>

struct counted {
	uint32_t name; /* of the key: "a\tb\tc" */
	int64_t systems;
	json_t *versions; /* of a package: where it goes to */
};
struct tally {
	struct intern *names; /* key i is rows.p[i] */
	VEC(struct counted) rows;
};

struct summary {
	struct tally packages, config_files, services, reboots;
	int64_t details, download_told, download, download_max, disk_told, disk_max, no_room;
	int64_t reboot_told, reboot;
};

static void summary_done(struct summary *s)
{
	struct tally *all[] = { &s->packages, &s->config_files, &s->services, &s->reboots };
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		for (size_t k = 0; k < all[i]->rows.n; k++)
			json_free(all[i]->rows.p[k].versions);
		VEC_DONE(&all[i]->rows);
		intern_free(all[i]->names);
	}
}
AUTO_DEFINE_VALUE(struct summary, summary_done)

static const char *text_of(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));
	return s ? s : "";
}

static struct counted *count(struct tally *t, const char *a, const char *b, const char *c,
			     int64_t systems)
{
	AUTO(xfree) char *key = xasprintf("%s\t%s\t%s", a, b, c);
	uint32_t name = intern_add(t->names, str_of(key));
	if (name == t->rows.n)
		VEC_PUSH(&t->rows, ((struct counted) { .name = name }));
	t->rows.p[name].systems += systems;
	return &t->rows.p[name];
}

/* --- plans --------------------------------------------------------------------------------------
 */

#define VERSIONS_MAX 5 /* of one package; systems of several releases get several */

static void add_version(struct counted *k, const char *to)
{
	const json_t *one;
	size_t i;
	if (!k->versions)
		k->versions = json_array();
	json_array_foreach(k->versions, i, one) if (strcmp(json_string_value(one), to) == 0) return;
	if (to[0] && json_array_size(k->versions) < VERSIONS_MAX)
		json_array_append_new(k->versions, json_string(to));
}

static void count_plan(struct summary *s, const json_t *plan)
{
	const json_t *step;
	size_t i;
	int64_t systems = json_integer_value(json_object_get(plan, "systems"));
	json_array_foreach(json_object_get(plan, "steps"), i, step)
		add_version(count(&s->packages, text_of(step, "action"), text_of(step, "name"),
				  text_of(step, "arch"), systems),
			    text_of(step, "to"));
}

/* --- details ------------------------------------------------------------------------------------
 */

static void count_room(struct summary *s, const json_t *details)
{
	const json_t *download = json_object_get(details, "download"),
		     *disk = json_object_get(details, "disk"),
		     *left = json_object_get(details, "free");
	if (download) {
		s->download_told++;
		s->download += json_integer_value(download);
		s->download_max = MAX(s->download_max, json_integer_value(download));
	}
	if (disk) {
		int64_t more = json_integer_value(disk);
		s->disk_max = s->disk_told++ ? MAX(s->disk_max, more) : more;
		s->no_room += left && more > 0 && more > json_integer_value(left);
	}
}

static bool count_details(void *arg, const char *text)
{
	struct summary *s = arg;
	AUTO(json_free) json_t *details = NULL;
	const json_t *one, *reboot;
	size_t i;
	if (!text || !json_parse(str_of(text), PLAN_DETAILS_MAX, &details, NULL))
		return true; /* not told; what is stored was checked when it came */
	s->details++;
	count_room(s, details);
	json_array_foreach(json_object_get(details, "config_files"), i, one)
		count(&s->config_files, text_of(one, "fate"), text_of(one, "path"),
		      text_of(one, "package"), 1);
	json_array_foreach(json_object_get(details, "services"), i, one)
		count(&s->services, text_of(one, "unit"), "", "", 1);
	if (!(reboot = json_object_get(details, "reboot")))
		return true;
	s->reboot_told++;
	const char *why = text_of(reboot, "why");
	bool needed = strcmp(why, "kernel") == 0 || strcmp(why, "core") == 0;
	s->reboot += needed;
	json_array_foreach(json_object_get(reboot, "packages"), i, one) if (needed)
		count(&s->reboots, why, json_string_value(one), "", 1);
	return true;
}

/* --- as JSON ------------------------------------------------------------------------------------
 */

/* What is taken away or goes back first, then what most systems have. */
static int weight(const struct tally *t, const struct counted *k)
{
	static const char *const heavy[] = { "remove\t", "replaced\t", "downgrade\t" };
	struct str key = intern_get(t->names, k->name);
	for (size_t i = 0; i < ARRAY_LEN(heavy); i++)
		if (str_starts(key, heavy[i]))
			return i < 2 ? 0 : 1;
	return 2;
}

static int by_weight(const void *a, const void *b, void *arg)
{
	const struct counted *x = a, *y = b;
	const struct tally *t = arg;
	int w = weight(t, x) - weight(t, y);
	if (w || x->systems != y->systems)
		return w ? w : x->systems < y->systems ? 1 : -1;
	return str_cmp(intern_get(t->names, x->name), intern_get(t->names, y->name));
}

/* Rows with the parts of their key as members `a`, `b`, `c` (NULL = it has no such part). */
static json_t *rows_json(struct tally *t, const char *const members[3])
{
	json_t *list = json_array();
	if (t->rows.n)
		qsort_r(t->rows.p, t->rows.n, sizeof(*t->rows.p), by_weight, t);
	for (size_t i = 0; i < t->rows.n && i < PLAN_SUMMARY_MAX; i++) {
		struct counted *k = &t->rows.p[i];
		struct str rest = intern_get(t->names, k->name), part;
		json_t *j = json_object();
		for (size_t m = 0; m < 3 && str_split(&rest, '\t', &part); m++)
			if (members[m])
				json_object_set_new(j, members[m], json_text(part));
		json_object_set_new(j, "systems", json_integer(k->systems));
		if (k->versions)
			json_object_set(j, "to", k->versions);
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *sum_or_null(int64_t told, int64_t value)
{
	return told ? json_integer(value) : json_null();
}

static json_t *summary_json(struct summary *s, int64_t systems)
{
	static const char *const package[] = { "action", "name", "arch" };
	static const char *const file[] = { "fate", "path", "package" };
	static const char *const service[] = { "unit", NULL, NULL };
	static const char *const evidence[] = { "why", "package", NULL };
	json_t *j = json_object();
	json_object_set_new(j, "systems", json_integer(systems));
	json_object_set_new(j, "with_details", json_integer(s->details));
	json_object_set_new(j, "packages_total", json_integer((json_int_t)s->packages.rows.n));
	json_object_set_new(j, "packages", rows_json(&s->packages, package));
	json_object_set_new(j, "download", sum_or_null(s->download_told, s->download));
	json_object_set_new(j, "download_max", sum_or_null(s->download_told, s->download_max));
	json_object_set_new(j, "disk_max", sum_or_null(s->disk_told, s->disk_max));
	json_object_set_new(j, "no_room", sum_or_null(s->disk_told, s->no_room));
	json_object_set_new(j, "config_files", rows_json(&s->config_files, file));
	json_object_set_new(j, "services", rows_json(&s->services, service));
	json_object_set_new(j, "reboots", sum_or_null(s->reboot_told, s->reboot));
	json_object_set_new(j, "reboot_evidence", rows_json(&s->reboots, evidence));
	return j;
}

bool plan_summary(struct call *c, const char *deployment, const json_t *plans, json_t **out,
		  struct err *e)
{
	AUTO(summary_done) struct summary s = { 0 };
	struct tally *all[] = { &s.packages, &s.config_files, &s.services, &s.reboots };
	const json_t *plan;
	int64_t systems = 0;
	size_t i;
	for (i = 0; i < ARRAY_LEN(all); i++)
		all[i]->names = intern_new();
	json_array_foreach(plans, i, plan)
	{
		systems += json_integer_value(json_object_get(plan, "systems"));
		count_plan(&s, plan);
	}
	if (!plan_details(c->conf->deploy, deployment, count_details, &s, e))
		return false;
	*out = summary_json(&s, systems);
	return true;
}
