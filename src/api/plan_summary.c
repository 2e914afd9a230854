/* SPDX-License-Identifier: Apache-2.0
 * Counting over plans and details. Invariant: a system is counted once under each name, and only
 * with what it has told: how many have told it stands beside every sum. */
#include "api/plan_summary.h"
#include "api/api_int.h"
#include "api/plan_book.h"

#include <stdlib.h>

#define VERSIONS_MAX 5 /* of one package; systems of several releases get several */

/* What a name of the book counts. */
struct counted {
	int64_t systems;
	uint32_t versions[VERSIONS_MAX];
	uint8_t n_versions;
};
struct summary {
	const struct plan_book *b;
	struct counted *by_name;
	int64_t details, download_told, download, download_max, disk_told, disk_max, no_room;
	int64_t reboot_told, reboot;
};

static void count_version(struct summary *s, struct counted *k, uint32_t version)
{
	for (size_t i = 0; i < k->n_versions; i++)
		if (k->versions[i] == version)
			return;
	if (k->n_versions < VERSIONS_MAX && intern_get(s->b->names, version).n)
		k->versions[k->n_versions++] = version;
}

static void count_plan(struct summary *s, const struct plan_share *plan, int64_t systems)
{
	for (size_t i = 0; i < plan->n; i++) {
		struct counted *k = &s->by_name[plan->names[i]];
		k->systems += systems;
		count_version(s, k, plan->versions[i]);
	}
}

static void count_system(struct summary *s, const struct plan_system *x)
{
	s->details += x->details;
	if (x->tells_download) {
		s->download_told++;
		s->download += x->download;
		s->download_max = MAX(s->download_max, x->download);
	}
	if (x->tells_disk)
		s->disk_max = s->disk_told++ ? MAX(s->disk_max, x->disk) : x->disk;
	s->no_room += x->no_room;
	s->reboot_told += x->tells_reboot;
	s->reboot += x->reboots;
	for (size_t i = 0; i < x->share.n; i++)
		s->by_name[x->share.names[i]].systems++;
}

/* --- as JSON ------------------------------------------------------------------------------------
 */

/* What is taken away or goes back first, then what most systems have. */
static int weight(struct str key)
{
	static const char *const heavy[] = { "remove\t", "replaced\t", "downgrade\t" };
	for (size_t i = 0; i < ARRAY_LEN(heavy); i++)
		if (str_starts(key, heavy[i]))
			return i < 2 ? 0 : 1;
	return 2;
}

/* A name without its kind. */
static struct str key_of(const struct summary *s, uint32_t name)
{
	struct str key = intern_get(s->b->names, name);
	return (struct str) { key.p + 1, key.n - 1 };
}

static int by_weight(const void *a, const void *b, void *arg)
{
	const struct summary *s = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	struct str p = key_of(s, x), q = key_of(s, y);
	int64_t n = s->by_name[x].systems, m = s->by_name[y].systems;
	int w = weight(p) - weight(q);
	if (w || n != m)
		return w ? w : n < m ? 1 : -1;
	return str_cmp(p, q);
}

static json_t *row_json(const struct summary *s, uint32_t name, const char *const members[3])
{
	const struct counted *k = &s->by_name[name];
	struct str rest = key_of(s, name), part;
	json_t *j = json_object(), *to;
	for (size_t m = 0; m < 3 && str_split(&rest, '\t', &part); m++)
		if (members[m])
			json_object_set_new(j, members[m], json_text(part));
	json_object_set_new(j, "systems", json_integer(k->systems));
	if (intern_get(s->b->names, name).p[0] - '0' != PLAN_PACKAGE)
		return j;
	json_object_set_new(j, "to", to = json_array());
	for (size_t i = 0; i < k->n_versions; i++)
		json_array_append_new(to, json_text(intern_get(s->b->names, k->versions[i])));
	return j;
}

/* Rows of a kind with the parts of their key as members (NULL = it has no such part). */
static json_t *rows_json(struct summary *s, struct arena *a, enum plan_name kind,
			 const char *const members[3], size_t *n_out)
{
	json_t *list = json_array();
	uint32_t names = intern_count(s->b->names);
	uint32_t *rows = arena_array(a, uint32_t, names + 1);
	size_t n = 0;
	for (uint32_t i = 0; i < names; i++)
		if (s->by_name[i].systems && intern_get(s->b->names, i).p[0] - '0' == (int)kind)
			rows[n++] = i;
	qsort_r(rows, n, sizeof(*rows), by_weight, s);
	for (size_t i = 0; i < n && i < PLAN_SUMMARY_MAX; i++)
		json_array_append_new(list, row_json(s, rows[i], members));
	if (n_out)
		*n_out = n;
	return list;
}

static json_t *sum_or_null(int64_t told, int64_t value)
{
	return told ? json_integer(value) : json_null();
}

static json_t *summary_json(struct summary *s, struct arena *a, int64_t systems)
{
	static const char *const package[] = { "action", "name", "arch" };
	static const char *const file[] = { "fate", "path", "package" };
	static const char *const service[] = { "unit", NULL, NULL };
	static const char *const evidence[] = { "why", "package", NULL };
	size_t n_packages;
	json_t *j = json_object();
	json_object_set_new(j, "systems", json_integer(systems));
	json_object_set_new(j, "with_details", json_integer(s->details));
	json_object_set_new(j, "packages", rows_json(s, a, PLAN_PACKAGE, package, &n_packages));
	json_object_set_new(j, "packages_total", json_integer((json_int_t)n_packages));
	json_object_set_new(j, "download", sum_or_null(s->download_told, s->download));
	json_object_set_new(j, "download_max", sum_or_null(s->download_told, s->download_max));
	json_object_set_new(j, "disk_max", sum_or_null(s->disk_told, s->disk_max));
	json_object_set_new(j, "no_room", sum_or_null(s->disk_told, s->no_room));
	json_object_set_new(j, "config_files", rows_json(s, a, PLAN_CONFIG_FILE, file, NULL));
	json_object_set_new(j, "services", rows_json(s, a, PLAN_SERVICE, service, NULL));
	json_object_set_new(j, "reboots", sum_or_null(s->reboot_told, s->reboot));
	json_object_set_new(j, "reboot_evidence", rows_json(s, a, PLAN_REBOOT, evidence, NULL));
	return j;
}

static json_t *counted(struct call *c, const struct plan_book *b, const struct plan_group *groups,
		       size_t n)
{
	struct summary s = { .b = b };
	int64_t systems = 0;
	s.by_name = arena_array(c->arena, struct counted, intern_count(b->names) + 1);
	for (size_t i = 0; i < n; i++) {
		systems += groups[i].systems;
		count_plan(&s, &b->plans.p[intern_find(b->hashes, str_of(groups[i].hash))],
			   groups[i].systems);
	}
	for (size_t i = 0; i < b->systems.n; i++)
		if (b->systems.p[i].look == b->look)
			count_system(&s, &b->systems.p[i]);
	return summary_json(&s, c->arena, systems);
}

bool plan_summary(struct call *c, const char *deployment, const struct plan_group *groups, size_t n,
		  json_t **out, struct err *e)
{
	const struct plan_book *b;
	bool ok = plan_books_look(c->api->plans, c->conf->deploy, deployment, groups, n, &b, e);
	if (ok)
		*out = counted(c, b, groups, n);
	plan_books_end(c->api->plans);
	return ok;
}
