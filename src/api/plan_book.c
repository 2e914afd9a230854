/* SPDX-License-Identifier: Apache-2.0
 * Reading plans and what follows from them into numbers. Invariant: a system has the numbers of
 * what it had told when it was read, or later; told_ms says which telling that was at least, so
 * that any other one is read again. */
#include "api/plan_book.h"

#include "api/api_int.h"
#include "proto/plan.h"

#define BOOKS 4	       /* deployments that are watched at the same time */
#define ONE_BY_ONE 200 /* beyond that everything is read in one go */

struct plan_books {
	pthread_mutex_t lock;
	struct plan_book book[BOOKS];
	uint64_t used;
};

static void book_done(struct plan_book *b)
{
	for (size_t i = 0; i < b->systems.n; i++)
		xfree(b->systems.p[i].share.names);
	for (size_t i = 0; i < b->plans.n; i++) {
		xfree(b->plans.p[i].names);
		xfree(b->plans.p[i].versions);
	}
	VEC_DONE(&b->systems);
	VEC_DONE(&b->plans);
	intern_free(b->names);
	intern_free(b->hosts);
	intern_free(b->hashes);
	*b = (struct plan_book) { 0 };
}

struct plan_books *plan_books_new(void)
{
	struct plan_books *all = xcalloc(1, sizeof(*all));
	pthread_mutex_init(&all->lock, NULL);
	return all;
}

void plan_books_free(struct plan_books *all)
{
	if (!all)
		return;
	for (size_t i = 0; i < BOOKS; i++)
		book_done(&all->book[i]);
	pthread_mutex_destroy(&all->lock);
	xfree(all);
}

/* The deployment's book, or an empty one in place of that which nobody asked for the longest. */
static struct plan_book *open_book(struct plan_books *all, const char *deployment)
{
	struct plan_book *b = &all->book[0];
	for (size_t i = 0; i < BOOKS; i++) {
		struct plan_book *k = &all->book[i];
		if (strcmp(k->deployment, deployment) == 0) {
			b = k;
			break;
		}
		if (k->used < b->used)
			b = k;
	}
	if (strcmp(b->deployment, deployment) != 0) {
		book_done(b);
		(void)snprintf(b->deployment, sizeof(b->deployment), "%s", deployment);
		b->names = intern_new();
		b->hosts = intern_new();
		b->hashes = intern_new();
	}
	b->used = ++all->used;
	return b;
}

/* --- into numbers ------------------------------------------------------------------------------
 */

static const char *text_of(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));
	return s ? s : "";
}

static uint32_t name(struct plan_book *b, enum plan_name kind, const char *x, const char *y,
		     const char *z)
{
	AUTO(xfree) char *key = xasprintf("%d%s\t%s\t%s", (int)kind, x, y, z);
	return intern_add(b->names, str_of(key));
}

typedef VEC(uint32_t) numbers;

static void read_steps(struct plan_book *b, const char *text, struct plan_share *out)
{
	AUTO(json_free) json_t *steps = NULL;
	const json_t *step;
	size_t i;
	numbers names = { 0 }, versions = { 0 };
	if (json_parse(str_of(text), PLAN_TEXT_MAX, &steps, NULL))
		json_array_foreach(steps, i, step)
		{
			VEC_PUSH(&names, name(b, PLAN_PACKAGE, text_of(step, "action"),
					      text_of(step, "name"), text_of(step, "arch")));
			VEC_PUSH(&versions, intern_add(b->names, str_of(text_of(step, "to"))));
		}
	VEC_RESERVE(&names, 1); /* a plan that has been read has an array */
	*out = (struct plan_share) { names.p, versions.p, names.n };
}

static void read_room(const json_t *details, struct plan_system *s)
{
	const json_t *download = json_object_get(details, "download"),
		     *disk = json_object_get(details, "disk"),
		     *left = json_object_get(details, "free");
	s->tells_download = download != NULL;
	s->download = json_integer_value(download);
	s->tells_disk = disk != NULL;
	s->disk = json_integer_value(disk);
	s->no_room = disk && left && s->disk > 0 && s->disk > json_integer_value(left);
}

static void read_names(struct plan_book *b, const json_t *details, struct plan_system *s)
{
	const json_t *one, *reboot = json_object_get(details, "reboot");
	const char *why = text_of(reboot, "why");
	numbers names = { 0 };
	size_t i;
	json_array_foreach(json_object_get(details, "config_files"), i, one)
		VEC_PUSH(&names, name(b, PLAN_CONFIG_FILE, text_of(one, "fate"),
				      text_of(one, "path"), text_of(one, "package")));
	json_array_foreach(json_object_get(details, "services"), i, one)
		VEC_PUSH(&names, name(b, PLAN_SERVICE, text_of(one, "unit"), "", ""));
	s->tells_reboot = reboot != NULL;
	s->reboots = strcmp(why, "kernel") == 0 || strcmp(why, "core") == 0;
	if (s->reboots)
		json_array_foreach(json_object_get(reboot, "packages"), i, one)
			VEC_PUSH(&names, name(b, PLAN_REBOOT, why, json_string_value(one), ""));
	s->share = (struct plan_share) { names.p, NULL, names.n };
}

/* What is stored was checked when it came; NULL = the system told nothing beside its plan. */
static void read_details(struct plan_book *b, struct plan_system *s, const char *text)
{
	AUTO(json_free) json_t *details = NULL;
	xfree(s->share.names);
	*s = (struct plan_system) { .told_ms = s->told_ms, .look = s->look };
	if (!text || !json_parse(str_of(text), PLAN_DETAILS_MAX, &details, NULL))
		return;
	s->details = true;
	read_room(details, s);
	read_names(b, details, s);
}

/* --- a look ------------------------------------------------------------------------------------
 */

struct anew {
	uint32_t host;
	int64_t told_ms;
};
struct looking {
	struct plan_book *b;
	VEC(struct anew) anew;
};

static void told(void *arg, struct str host, int64_t told_ms)
{
	struct looking *l = arg;
	uint32_t no = intern_add(l->b->hosts, host);
	if (no == l->b->systems.n)
		VEC_PUSH(&l->b->systems, ((struct plan_system) { .told_ms = -1 }));
	struct plan_system *s = &l->b->systems.p[no];
	s->look = l->b->look;
	if (s->told_ms != told_ms) {
		s->told_ms = -1; /* until it has been read */
		VEC_PUSH(&l->anew, ((struct anew) { no, told_ms }));
	}
}

static void details(void *arg, struct str host, const char *text)
{
	struct plan_book *b = arg;
	uint32_t no = intern_find(b->hosts, host);
	if (no < b->systems.n && b->systems.p[no].told_ms < 0)
		read_details(b, &b->systems.p[no], text);
}

static bool look_at_systems(struct deploy *d, struct plan_book *b, struct err *e)
{
	struct looking l = { .b = b };
	b->look++;
	bool ok = plan_told_list(d, b->deployment, told, &l, e);
	if (ok && l.anew.n > ONE_BY_ONE)
		ok = plan_details(d, b->deployment, NULL, details, b, e);
	for (size_t i = 0; ok && i < l.anew.n && l.anew.n <= ONE_BY_ONE; i++)
		ok = plan_details(d, b->deployment, intern_get(b->hosts, l.anew.p[i].host).p,
				  details, b, e);
	for (size_t i = 0; ok && i < l.anew.n; i++)
		b->systems.p[l.anew.p[i].host].told_ms = l.anew.p[i].told_ms;
	VEC_DONE(&l.anew);
	return ok;
}

static void steps(void *arg, struct str hash, const char *text)
{
	struct plan_book *b = arg;
	uint32_t no = intern_find(b->hashes, hash);
	if (no < b->plans.n && !b->plans.p[no].names)
		read_steps(b, text, &b->plans.p[no]);
}

/* A plan's steps never change: its hash is made of them. */
static bool look_at_plans(struct deploy *d, struct plan_book *b, const struct plan_group *groups,
			  size_t n, struct err *e)
{
	size_t unknown = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t no = intern_add(b->hashes, str_of(groups[i].hash));
		if (no == b->plans.n)
			VEC_PUSH(&b->plans, ((struct plan_share) { 0 }));
		unknown += !b->plans.p[no].names;
	}
	if (unknown > ONE_BY_ONE)
		return plan_steps(d, b->deployment, NULL, steps, b, e);
	for (size_t i = 0; unknown && i < n; i++) {
		uint32_t no = intern_find(b->hashes, str_of(groups[i].hash));
		if (!b->plans.p[no].names &&
		    !plan_steps(d, b->deployment, groups[i].hash, steps, b, e))
			return false;
	}
	return true;
}

bool plan_books_look(struct plan_books *all, struct deploy *d, const char *deployment,
		     const struct plan_group *groups, size_t n, const struct plan_book **out,
		     struct err *e)
{
	pthread_mutex_lock(&all->lock);
	struct plan_book *b = open_book(all, deployment);
	if (!look_at_systems(d, b, e) || !look_at_plans(d, b, groups, n, e))
		return false;
	*out = b;
	return true;
}

void plan_books_end(struct plan_books *all)
{
	pthread_mutex_unlock(&all->lock);
}
