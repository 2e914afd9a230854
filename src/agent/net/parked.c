/* SPDX-License-Identifier: Apache-2.0
 * Waiting orders in memory and as files net/parked/<order id>. The file is there before an order
 * counts as parked, and gone before it counts as forgotten. */
#include "agent/net/parked.h"
#include "base/file.h"
#include "base/log.h"
#include "proto/order.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static const char *path_of(const struct parked *p, struct arena *a, const char *id)
{
	return agent_state_file(&p->paths, a, arena_printf(a, "net/parked/%s", id));
}

static struct parked_order *find(struct parked *p, const char *id)
{
	for (size_t i = 0; i < p->list.n; i++)
		if (strcmp(p->list.p[i].id, id) == 0)
			return &p->list.p[i];
	return NULL;
}

static void add(struct parked *p, const char *id, char *envelope, int64_t at_ms)
{
	struct parked_order o = { .envelope = envelope, .at_ms = at_ms, .offered = true };
	snprintf(o.id, sizeof(o.id), "%s", id);
	VEC_PUSH(&p->list, o);
}

static void load_one(struct parked *p, const char *id)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf b = BUF_INIT(2 * ORDER_MAX);
	struct err e = { 0 };
	if (strlen(id) != 32 || p->list.n >= PARKED_MAX)
		return;
	if (file_read(path_of(p, &a, id), &b, &e))
		add(p, id, buf_take(&b), 0);
	else
		log_warn("an order that waited is lost until the next contact: %s", e.msg);
}

bool parked_load(struct parked *p, const struct agent_paths *paths, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	*p = (struct parked) { .paths = *paths };
	const char *dir = agent_state_file(paths, &a, "net/parked");
	if (!file_mkdirs(dir, 0700, e))
		return false;
	DIR *d = opendir(dir);
	if (!d)
		return err_sys(e, errno, "cannot read '%s'", dir);
	for (const struct dirent *f; (f = readdir(d));)
		load_one(p, f->d_name);
	closedir(d);
	return true;
}

void parked_done(struct parked *p)
{
	for (size_t i = 0; i < p->list.n; i++)
		xfree(p->list.p[i].envelope);
	VEC_DONE(&p->list);
}

bool parked_put(struct parked *p, const char *id, const char *envelope, int64_t at_ms,
		struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct parked_order *known = find(p, id);
	if (known) {
		known->at_ms = at_ms;
		return true;
	}
	if (p->list.n >= PARKED_MAX)
		return err_set(e, ERR_LIMIT, "%d orders wait already", PARKED_MAX);
	if (!file_write_atomic(path_of(p, &a, id), str_of(envelope), 0600, e))
		return false;
	add(p, id, xstrdup(envelope), at_ms);
	return true;
}

bool parked_is_told(struct parked *p, const char *id, const char *reason, int64_t next_ms)
{
	const struct parked_order *o = find(p, id);
	return o && o->told_reason && strcmp(o->told_reason, reason) == 0 &&
	       o->told_next_ms == next_ms;
}

void parked_told(struct parked *p, const char *id, const char *reason, int64_t next_ms)
{
	struct parked_order *o = find(p, id);
	if (!o)
		return;
	o->told_reason = reason;
	o->told_next_ms = next_ms;
}

bool parked_has(struct parked *p, const char *id)
{
	return find(p, id) != NULL;
}

void parked_hurry(struct parked *p, const char *id)
{
	struct parked_order *o = find(p, id);
	if (o)
		o->at_ms = 0;
}

void parked_drop(struct parked *p, const char *id)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct parked_order *o = find(p, id);
	if (!o)
		return;
	const char *path = path_of(p, &a, id);
	if (unlink(path) != 0 && errno != ENOENT)
		log_warn("cannot remove '%s': errno %d", path, errno);
	xfree(o->envelope);
	*o = p->list.p[--p->list.n];
}

int64_t parked_next_ms(const struct parked *p)
{
	int64_t next = INT64_MAX;
	for (size_t i = 0; i < p->list.n; i++)
		next = MIN(next, p->list.p[i].at_ms);
	return next;
}

char *parked_due(struct parked *p, int64_t now_ms, int64_t again_ms)
{
	for (size_t i = 0; i < p->list.n; i++)
		if (p->list.p[i].at_ms <= now_ms) {
			p->list.p[i].at_ms = now_ms + again_ms;
			return xstrdup(p->list.p[i].envelope);
		}
	return NULL;
}

bool parked_offer(struct parked *p, struct str envelope)
{
	for (size_t i = 0; i < p->list.n; i++)
		if (str_is(envelope, p->list.p[i].envelope))
			return p->list.p[i].offered = true;
	return false;
}

void parked_settle(struct parked *p)
{
	for (size_t i = p->list.n; i-- > 0;) {
		struct parked_order *o = &p->list.p[i];
		bool withdrawn = !o->offered;
		o->offered = false;
		if (!withdrawn)
			continue;
		log_info("order %s is withdrawn", o->id);
		parked_drop(p, o->id);
	}
}
