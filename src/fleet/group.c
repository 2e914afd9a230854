/* SPDX-License-Identifier: Apache-2.0
 * Groups in memory: what lists and filters ask. A group that changes is replaced as a whole under
 * the write lock, so that a reader never sees half a change. */
#include "fleet/group.h"

#include "base/enc.h"
#include "base/random.h"
#include "base/utf8.h"
#include "fleet/fleet_int.h"
#include "fleet/group_int.h"

static const char *const kind_names[GROUP_KINDS_] = { "static", "unique", "dynamic" };

const char *group_kind_name(enum group_kind k)
{
	return kind_names[k];
}

struct groups *groups_new(void)
{
	struct groups *g = xcalloc(1, sizeof(*g));
	pthread_mutex_init(&g->changing, NULL);
	return g;
}

static void group_free(struct group *g)
{
	if (!g)
		return;
	if (g->members)
		roaring_bitmap_free(g->members);
	xfree((char *)(uintptr_t)g->name); /* the others lie behind it */
	xfree(g);
}

void groups_free(struct groups *g)
{
	if (!g)
		return;
	for (size_t i = 0; i < g->list.n; i++)
		group_free(g->list.p[i]);
	VEC_DONE(&g->list);
	pthread_mutex_destroy(&g->changing);
	xfree(g);
}

/* A copy with texts of its own; takes the members. */
static struct group *group_copy(const struct group *from, roaring_bitmap_t *members)
{
	struct group *g = xmalloc(sizeof(*g));
	const char *texts[] = { from->name, from->description, from->filter, from->created_by,
				from->changed_by };
	const char **to[] = { &g->name, &g->description, &g->filter, &g->created_by,
			      &g->changed_by };
	size_t n = 0;
	*g = *from;
	g->members = members;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		n += strlen(texts[i]) + 1;
	char *block = xmalloc(n);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		size_t len = strlen(texts[i]) + 1;
		memcpy(block, texts[i], len);
		*to[i] = block;
		block += len;
	}
	return g;
}

/* --- reading --- */

uint32_t fleet_group_count(const struct fleet *f)
{
	return (uint32_t)f->groups->list.n;
}

const struct group *fleet_group(const struct fleet *f, uint32_t i)
{
	return i < f->groups->list.n ? f->groups->list.p[i] : NULL;
}

static const struct group *by_id(const struct fleet *f, struct str id)
{
	for (size_t i = 0; i < f->groups->list.n; i++)
		if (str_is(id, f->groups->list.p[i]->id))
			return f->groups->list.p[i];
	return NULL;
}

static const struct group *by_name(const struct fleet *f, struct str name)
{
	for (size_t i = 0; i < f->groups->list.n; i++)
		if (str_is(name, f->groups->list.p[i]->name))
			return f->groups->list.p[i];
	return NULL;
}

const struct group *fleet_group_find(const struct fleet *f, struct str id_or_name)
{
	const struct group *g = by_id(f, id_or_name);
	return g ? g : by_name(f, id_or_name);
}

const struct group *fleet_group_alone(const struct fleet *f, uint32_t host)
{
	for (size_t i = 0; i < f->groups->list.n; i++) {
		const struct group *g = f->groups->list.p[i];
		if (g->kind == GROUP_UNIQUE && roaring_bitmap_contains(g->members, host))
			return g;
	}
	return NULL;
}

/* --- showing (write lock taken here) --- */

/* `g` in place of the group with its id; NULL: that group is gone. */
static void show(struct fleet *f, const char *id, struct group *g)
{
	struct group *old = NULL;
	size_t n = 0;
	pthread_rwlock_wrlock(&f->lock);
	for (size_t i = 0; i < f->groups->list.n; i++) {
		struct group *one = f->groups->list.p[i];
		if (strcmp(one->id, id) == 0)
			old = one;
		else
			f->groups->list.p[n++] = one;
	}
	f->groups->list.n = n;
	if (g) {
		VEC_PUSH(&f->groups->list, g);
		for (size_t i = n; i > 0 && strcmp(f->groups->list.p[i - 1]->name, g->name) > 0;
		     i--) {
			f->groups->list.p[i] = f->groups->list.p[i - 1];
			f->groups->list.p[i - 1] = g;
		}
	}
	fleet_publish(f);
	if (old)
		group_free(old);
}

/* --- changes --- */

static size_t characters(const char *s)
{
	size_t n = 0;
	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

static bool check_edit(const struct group_edit *g, enum group_kind kind, struct err *e)
{
	size_t n = characters(g->name);
	struct str trimmed = str_trim(str_of(g->name));
	if (n == 0 || n > GROUP_NAME_MAX || trimmed.n != strlen(g->name) || has_control(g->name) ||
	    !utf8_valid(str_of(g->name)))
		return err_set(e, ERR_INVALID,
			       "a group's name has 1 to %d characters and no blank at its ends",
			       GROUP_NAME_MAX);
	const char *bad = strpbrk(g->name, GROUP_NAME_REFUSED);
	if (bad)
		return err_set(e, ERR_INVALID,
			       "a group's name has none of the characters %s; leave out the '%c'",
			       GROUP_NAME_REFUSED, *bad);
	if (strlen(g->description) > GROUP_DESCRIPTION_MAX || strlen(g->filter) > GROUP_FILTER_MAX)
		return err_set(e, ERR_INVALID,
			       "a group's description has at most %d, its filter at most %d bytes",
			       GROUP_DESCRIPTION_MAX, GROUP_FILTER_MAX);
	if (g->limit.max_unavailable > (g->limit.percent ? 100u : GROUP_LIMIT_MAX))
		return err_set(e, ERR_INVALID,
			       "a group's max_unavailable is 1 to 100 percent, or 1 to %d systems",
			       GROUP_LIMIT_MAX);
	if ((kind == GROUP_DYNAMIC) != (g->filter[0] != '\0'))
		return err_set(e, ERR_INVALID,
			       "a dynamic group has a filter, and no other has one");
	return true;
}

/* No other group may have the name; the id is that of the group itself, or "". */
static bool check_name(struct fleet *f, const char *name, const char *id, struct err *e)
{
	fleet_read_lock(f);
	const struct group *other = by_name(f, str_of(name));
	bool taken = other && strcmp(other->id, id) != 0;
	fleet_read_unlock(f);
	return !taken || err_set(e, ERR_CONFLICT, "there is a group '%s' already", name);
}

/* A copy of the group as it is, which outlives the lock; its members too when wanted. */
static bool snapshot(struct fleet *f, const char *id, bool members, struct group **out,
		     struct err *e)
{
	fleet_read_lock(f);
	const struct group *g = by_id(f, str_of(id));
	if (g)
		*out = group_copy(g,
				  members && g->members ? roaring_bitmap_copy(g->members) : NULL);
	fleet_read_unlock(f);
	return g || err_set(e, ERR_NOT_FOUND, "there is no group '%.40s'", id);
}
AUTO_DEFINE(struct group, group_free)

static bool create(struct fleet *f, const struct group_edit *edit, struct group *g, struct err *e)
{
	struct group_write w = { .g = g };
	fleet_read_lock(f);
	size_t n = f->groups->list.n;
	fleet_read_unlock(f);
	if (n >= GROUPS_MAX)
		return err_set(e, ERR_LIMIT, "there are %d groups already; remove one first",
			       GROUPS_MAX);
	if (!check_name(f, edit->name, "", e) || !group_db_put(f, &w, e))
		return false;
	show(f, g->id, group_copy(g, g->kind == GROUP_DYNAMIC ? NULL : roaring_bitmap_create()));
	return true;
}

bool fleet_group_create(struct fleet *f, const struct group_edit *edit, char id_out[static 33],
			struct err *e)
{
	uint8_t raw[16];
	int64_t now = clock_now_ms(&f->clock);
	struct group g = { .kind = edit->kind,
			   .name = edit->name,
			   .description = edit->description,
			   .filter = edit->filter,
			   .limit = edit->limit,
			   .created_by = edit->by,
			   .changed_by = edit->by,
			   .created_ms = now,
			   .changed_ms = now,
			   .version = 1 };
	if (!check_edit(edit, edit->kind, e))
		return false;
	random_bytes(raw, sizeof(raw));
	enc_hex(raw, sizeof(raw), g.id);
	pthread_mutex_lock(&f->groups->changing);
	bool ok = create(f, edit, &g, e);
	pthread_mutex_unlock(&f->groups->changing);
	if (ok)
		memcpy(id_out, g.id, sizeof(g.id));
	return ok;
}

static bool change(struct fleet *f, const char *id, int64_t version, const struct group_edit *edit,
		   struct err *e)
{
	AUTO(group_free) struct group *was = NULL;
	if (!snapshot(f, id, true, &was, e) || !check_edit(edit, was->kind, e) ||
	    !check_name(f, edit->name, id, e))
		return false;
	struct group g = *was;
	g.name = edit->name;
	g.description = edit->description;
	g.filter = edit->filter;
	g.limit = edit->limit;
	g.changed_by = edit->by;
	g.changed_ms = clock_now_ms(&f->clock);
	struct group_write w = { .g = &g, .version = version };
	if (was->version != version)
		return err_set(e, ERR_CONFLICT,
			       "group '%s' has been changed meanwhile; look at it again",
			       was->name);
	if (!group_db_put(f, &w, e))
		return false;
	g.version++;
	show(f, id, group_copy(&g, TAKE(was->members)));
	return true;
}

bool fleet_group_change(struct fleet *f, const char *id, int64_t version,
			const struct group_edit *edit, struct err *e)
{
	pthread_mutex_lock(&f->groups->changing);
	bool ok = change(f, id, version, edit, e);
	pthread_mutex_unlock(&f->groups->changing);
	return ok;
}

bool fleet_group_remove(struct fleet *f, const char *id,
			bool (*may)(struct sql_conn *c, void *arg, struct err *e), void *arg,
			struct err *e)
{
	AUTO(group_free) struct group *was = NULL;
	pthread_mutex_lock(&f->groups->changing);
	bool ok = snapshot(f, id, false, &was, e);
	if (ok) {
		struct group_write w = { .g = was, .may = may, .may_arg = arg };
		ok = group_db_remove(f, &w, e);
	}
	if (ok)
		show(f, id, NULL);
	pthread_mutex_unlock(&f->groups->changing);
	return ok;
}

/* The hosts that would come or go, as bitmap; refuses one that another unique group has. */
static bool movement(struct fleet *f, const struct group *g, const uint32_t *hosts, size_t n,
		     bool in, roaring_bitmap_t *out, struct err *e)
{
	bool ok = true;
	fleet_read_lock(f);
	for (size_t i = 0; ok && i < n; i++) {
		const struct host *h = fleet_host(f, hosts[i]);
		if (!h) {
			ok = err_set(e, ERR_NOT_FOUND, "host number %u is not enrolled", hosts[i]);
			break;
		}
		if (roaring_bitmap_contains(g->members, h->no) == in)
			continue;
		const struct group *other = in && g->kind == GROUP_UNIQUE
						    ? fleet_group_alone(f, h->no)
						    : NULL;
		if (other)
			ok = err_set(e, ERR_CONFLICT,
				     "system '%.60s' is in the unique group '%.100s'; take it out "
				     "of there first",
				     h->attrs.hostname ? h->attrs.hostname : h->id, other->name);
		else
			roaring_bitmap_add(out, h->no);
	}
	fleet_read_unlock(f);
	return ok;
}

static bool bring(struct fleet *f, struct group *g, const roaring_bitmap_t *moved, bool in,
		  struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct str *ids = arena_array(&a, struct str, roaring_bitmap_get_cardinality(moved) + 1);
	struct group_write w = { .g = g, .version = g->version, .hosts = ids, .in = in };
	roaring_uint32_iterator_t it;
	roaring_init_iterator(moved, &it);
	fleet_read_lock(f);
	for (; it.has_value; roaring_advance_uint32_iterator(&it))
		ids[w.n++] = str_of(fleet_host(f, it.current_value)->id);
	fleet_read_unlock(f);
	if (!group_db_members(f, &w, e))
		return false;
	if (in)
		roaring_bitmap_or_inplace(g->members, moved);
	else
		roaring_bitmap_andnot_inplace(g->members, moved);
	g->version++;
	show(f, g->id, group_copy(g, TAKE(g->members)));
	return true;
}

static bool members(struct fleet *f, const char *id, const uint32_t *hosts, size_t n, bool in,
		    const char *by, size_t *changed_out, struct err *e)
{
	AUTO(group_free) struct group *g = NULL;
	if (!snapshot(f, id, true, &g, e))
		return false;
	if (g->kind == GROUP_DYNAMIC)
		return err_set(e, ERR_CONFLICT,
			       "group '%s' is dynamic: its members follow from its filter",
			       g->name);
	roaring_bitmap_t *moved = roaring_bitmap_create();
	bool ok = movement(f, g, hosts, n, in, moved, e);
	size_t changed = roaring_bitmap_get_cardinality(moved);
	g->changed_by = by;
	g->changed_ms = clock_now_ms(&f->clock);
	if (ok && changed)
		ok = bring(f, g, moved, in, e);
	roaring_bitmap_free(moved);
	if (ok)
		*changed_out = changed;
	return ok;
}

bool fleet_group_members(struct fleet *f, const char *id, const uint32_t *hosts, size_t n, bool in,
			 const char *by, size_t *changed_out, struct err *e)
{
	pthread_mutex_lock(&f->groups->changing);
	bool ok = members(f, id, hosts, n, in, by, changed_out, e);
	pthread_mutex_unlock(&f->groups->changing);
	return ok;
}

/* --- reading again --- */

/* The members of a group as the database has them; hosts that are not known here are read first. */
static bool read_members(struct fleet *f, const char *id, roaring_bitmap_t *out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct str *hosts;
	size_t n;
	if (!group_db_hosts(f, id, &a, &hosts, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		for (int attempt = 0; attempt < 2; attempt++) {
			fleet_read_lock(f);
			const struct host *h = fleet_host_by_id(f, hosts[i]);
			if (h)
				roaring_bitmap_add(out, h->no);
			fleet_read_unlock(f);
			if (h)
				break;
			if (attempt == 0 && !fleet_refresh(f, hosts[i], e))
				return false;
		}
	}
	return true;
}

static bool refresh(struct fleet *f, const struct group *row, struct err *e)
{
	fleet_read_lock(f);
	const struct group *mine = by_id(f, str_of(row->id));
	bool same = mine && mine->version == row->version;
	fleet_read_unlock(f);
	if (same)
		return true;
	roaring_bitmap_t *in = row->kind == GROUP_DYNAMIC ? NULL : roaring_bitmap_create();
	if (in && !read_members(f, row->id, in, e)) {
		roaring_bitmap_free(in);
		return false;
	}
	show(f, row->id, group_copy(row, in));
	return true;
}

static void drop_gone(struct fleet *f, const struct group *rows, size_t n, struct arena *a)
{
	VEC(const char *) gone = { 0 };
	fleet_read_lock(f);
	for (size_t i = 0; i < f->groups->list.n; i++) {
		bool there = false;
		for (size_t k = 0; k < n && !there; k++)
			there = strcmp(rows[k].id, f->groups->list.p[i]->id) == 0;
		if (!there)
			VEC_PUSH(&gone, arena_strdup(a, f->groups->list.p[i]->id));
	}
	fleet_read_unlock(f);
	for (size_t i = 0; i < gone.n; i++)
		show(f, gone.p[i], NULL);
	VEC_DONE(&gone);
}

bool fleet_groups_reload(struct fleet *f, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct group *rows;
	size_t n;
	pthread_mutex_lock(&f->groups->changing);
	bool ok = group_db_list(f, &a, &rows, &n, e);
	if (ok)
		drop_gone(f, rows, n, &a);
	for (size_t i = 0; ok && i < n; i++)
		ok = refresh(f, &rows[i], e);
	pthread_mutex_unlock(&f->groups->changing);
	return ok || err_prefix(e, "groups are not read again");
}
