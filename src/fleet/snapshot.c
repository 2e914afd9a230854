/* SPDX-License-Identifier: Apache-2.0
 * See snapshot.h. A slice is what is gathered under one read lock. Invariant: a host whose row
 * changed since the epoch began is in none of the loaded bitmaps but by its row. */
#include "fleet/snapshot.h"
#include "fleet/fleet_int.h"
#include "fleet/group.h"
#include "fleet/snapshot_int.h"
#include "sql/notify.h"

/* Bytes that are gathered before the lock is given back. */
#define SLICE ((size_t)2 << 20)

/* --- bitmaps --- */

void snapshot_put_bitmap(struct snapfile_writer *w, const roaring_bitmap_t *b,
			 struct snapshot_place *out)
{
	*out = (struct snapshot_place) { 0 };
	if (!b || roaring_bitmap_is_empty(b))
		return;
	size_t n = roaring_bitmap_frozen_size_in_bytes(b);
	char *room = snapfile_room(w, n, &out->at);
	roaring_bitmap_frozen_serialize(b, room);
	out->len = (uint32_t)n;
}

roaring_bitmap_t *snapshot_bitmap(struct str section, const struct snapshot_place *p, bool *ok_out)
{
	if (p->len == 0)
		return NULL;
	const roaring_bitmap_t *view = NULL;
	if (p->at % 32 == 0 && p->at <= section.n && p->len <= section.n - p->at)
		view = roaring_bitmap_frozen_view(section.p + p->at, p->len);
	*ok_out = *ok_out && view;
	return (roaring_bitmap_t *)view;
}

void snapshot_own(roaring_bitmap_t **b)
{
	if (!*b || !((*b)->high_low_container.flags & ROARING_FLAG_FROZEN))
		return;
	roaring_bitmap_t *copy = roaring_bitmap_copy(*b);
	roaring_bitmap_free(*b);
	*b = copy;
}

/* --- writing --- */

bool snapshot_possible(const struct fleet *f)
{
	return f->db && !sql_shared(f->db);
}

static bool save_index(struct fleet *f, struct snapfile_writer *w, uint32_t n, struct err *e)
{
	AUTO(xfree) struct snapshot_place *places = xcalloc((size_t)n + 1, sizeof(*places));
	snapfile_begin(w, SNAPFILE_BITMAPS);
	for (uint32_t i = 0; i < n;) {
		fleet_read_lock(f);
		for (; i < n && snapfile_gathered(w) < SLICE; i++)
			snapshot_put_bitmap(w, index_hosts(f->index, i), &places[i]);
		fleet_read_unlock(f);
		if (!snapfile_flush(w, e))
			return false;
	}
	snapfile_begin(w, SNAPFILE_FACTS);
	snapfile_put(w, places, n * sizeof(*places));
	return snapfile_flush(w, e);
}

bool snapshot_begin(struct fleet *f, const char *path, struct snapfile_writer **out, struct err *e)
{
	AUTO(snapfile_close) struct snapfile_writer *w = NULL;
	if (!snapfile_create(path, &w, e))
		return false;
	struct snapfile_mark *mark = snapfile_mark_of(w);
	mark->made_ms = clock_now_ms(&f->clock);
	if (!sql_schema(f->db, &mark->schema, e) || !fleet_db_next_epoch(f, &mark->epoch, e))
		return err_prefix(e, "beginning a snapshot");
	/* Changes that were written in the epoch before become visible before anything is saved. */
	for (int i = 0; i < FLEET_HOST_LOCKS; i++) {
		pthread_mutex_lock(&f->host_locks[i]);
		pthread_mutex_unlock(&f->host_locks[i]);
	}
	pthread_rwlock_wrlock(&f->enrolling);
	pthread_rwlock_unlock(&f->enrolling);
	fleet_read_lock(f);
	uint32_t hosts = (uint32_t)f->hosts.n, facts = index_count(f->index);
	fleet_read_unlock(f);
	mark->counts[0] = hosts;
	mark->counts[1] = facts;
	if (!snapshot_save_hosts(f, w, hosts, e) || !save_index(f, w, facts, e))
		return false;
	fleet_read_lock(f);
	mark->hosts_after = f->hosts.n;
	fleet_read_unlock(f);
	*out = TAKE(w);
	return true;
}

bool snapshot_end(struct fleet *f, struct snapfile_writer *w, struct err *e)
{
	const struct snapfile_mark *mark = snapfile_mark_of(w);
	struct str id = { (const char *)mark->id, sizeof(mark->id) };
	return snapfile_seal(w, e) && fleet_db_note_snapshot(f, id, mark->epoch, e) &&
	       snapfile_publish(w, e);
}

/* --- loading --- */

static bool damaged(struct err *e)
{
	return err_set(e, ERR_CORRUPT, "the snapshot contradicts itself or the database");
}

static bool load_index(struct fleet *f, const struct snapfile *s, struct err *e)
{
	struct str table = snapfile_section(s, SNAPFILE_FACTS);
	struct str bitmaps = snapfile_section(s, SNAPFILE_BITMAPS);
	uint64_t n = snapfile_read_mark(s)->counts[1];
	struct snapshot_place p;
	bool ok = table.n >= n * sizeof(p);
	for (uint32_t i = 0; ok && i < n; i++) {
		memcpy(&p, table.p + i * sizeof(p), sizeof(p));
		roaring_bitmap_t *view = snapshot_bitmap(bitmaps, &p, &ok);
		if (view && i >= index_count(f->index)) {
			roaring_bitmap_free(view);
			ok = false;
		} else if (view) {
			index_set_hosts(f->index, i, view);
		}
	}
	return ok || damaged(e);
}

/* Out of the index: hosts that changed, and numbers that were given while the file was written:
 * here they may be other hosts'. */
static void forget_changed(struct fleet *f, const struct snapfile_mark *mark)
{
	roaring_bitmap_t *gone = roaring_bitmap_copy(f->reread);
	roaring_bitmap_add_range(gone, mark->counts[0], mark->hosts_after);
	if (!roaring_bitmap_is_empty(gone))
		index_forget_hosts(f->index, gone);
	roaring_bitmap_free(gone);
}

struct hosts_loading {
	struct fleet *f;
	const struct snapfile *s;
	bool ok;
};

static void *load_hosts(void *arg)
{
	struct hosts_loading *x = arg;
	x->ok = snapshot_load_hosts(x->f, x->s);
	return NULL;
}

/* Side by side: the file is checked, hosts are read from it (which stands damage) and lines from
 * the database. Hosts and lines have nothing in common yet. */
static bool load_hosts_and_facts(struct fleet *f, struct snapfile *s, struct err *e)
{
	struct hosts_loading x = { f, s, false };
	const uint64_t lines = snapfile_read_mark(s)->counts[1];
	const size_t most = snapfile_section(s, SNAPFILE_FACTS).n / sizeof(struct snapshot_place);
	pthread_t thread;
	index_reserve(f->index, (uint32_t)MIN(MIN(lines, most), FLEET_MAX_FACTS));
	snapfile_check_begin(s);
	bool beside = pthread_create(&thread, NULL, load_hosts, &x) == 0;
	bool ok = fleet_db_load_facts(f, e);
	if (beside)
		pthread_join(thread, NULL);
	else
		load_hosts(&x);
	return ok && snapfile_check_end(s, e) && (x.ok || damaged(e));
}

static bool load_all(struct fleet *f, struct snapfile *s, struct err *e)
{
	int64_t epoch = snapfile_read_mark(s)->epoch;
	if (!load_hosts_and_facts(f, s, e))
		return false;
	if (!load_index(f, s, e) || !fleet_db_changed_ids(f, epoch, f->reread, e))
		return false;
	snapfile_release(s);
	forget_changed(f, snapfile_read_mark(s));
	return fleet_db_load_changed(f, epoch, f->reread, e) &&
	       fleet_db_load_contacts(f, snapfile_read_mark(s)->made_ms, e);
}

/* A fleet from a snapshot, or why there is none. */
static bool load_from(struct sql *db, const struct clock *clock, const char *path,
		      struct fleet **out, struct err *e)
{
	AUTO(fleet_free) struct fleet *f = fleet_new_memory(clock);
	int64_t epoch, schema;
	f->db = db;
	if (!snapshot_possible(f))
		return err_set(e, ERR_NOT_FOUND, "several servers share this database");
	if (!snapfile_open(path, &f->snapshot, e))
		return false;
	const struct snapfile_mark *mark = snapfile_read_mark(f->snapshot);
	struct str id = { (const char *)mark->id, sizeof(mark->id) };
	if (!fleet_db_find_snapshot(f, id, &epoch, e))
		return false;
	if (epoch != mark->epoch)
		return err_set(e, ERR_CORRUPT, "'%s' is not of this database", path);
	/* A migration may have rewritten rows without giving them the epoch. */
	if (!sql_schema(db, &schema, e))
		return false;
	if (schema != mark->schema)
		return err_set(e, ERR_NOT_FOUND, "'%s' is of schema %lld, the database of %lld",
			       path, (long long)mark->schema, (long long)schema);
	if (!load_all(f, f->snapshot, e) || !fleet_groups_reload(f, e))
		return false;
	*out = TAKE(f);
	return true;
}

bool snapshot_load(struct sql *db, const struct clock *clock, const char *path, struct fleet **out,
		   struct err *why_out, struct err *e)
{
	*why_out = (struct err) { 0 };
	return load_from(db, clock, path, out, why_out) || fleet_load(db, clock, out, e);
}

const struct snapfile *fleet_snapshot(const struct fleet *f)
{
	return f->snapshot;
}

const roaring_bitmap_t *fleet_reread(const struct fleet *f)
{
	return f->reread;
}
