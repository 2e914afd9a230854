/* SPDX-License-Identifier: Apache-2.0
 * The fleet's life, its locks, and who is told of changes. The order of every change: database
 * first, then memory under the write lock, then the listener, then (no lock held) the after-call.
 * Lock order: host lock, fleet lock, contact lock. No SQL here (fleet_db.c). */
#include "fleet/fleet_int.h"
#include "fleet/group_int.h"

struct fleet *fleet_new_memory(const struct clock *clock)
{
	struct fleet *f = xcalloc(1, sizeof(*f));
	f->clock = *clock;
	pthread_rwlock_init(&f->lock, NULL);
	pthread_mutex_init(&f->contact_lock, NULL);
	pthread_mutex_init(&f->intern_lock, NULL);
	pthread_cond_init(&f->interned, NULL);
	for (int i = 0; i < FLEET_HOST_LOCKS; i++)
		pthread_mutex_init(&f->host_locks[i], NULL);
	pthread_rwlock_init(&f->enrolling, NULL);
	f->reread = roaring_bitmap_create();
	f->index = index_new();
	f->roster = roster_new();
	f->dims = dims_new();
	f->groups = groups_new();
	for (int i = 0; i < HOST_STATES_; i++)
		f->states[i] = roaring_bitmap_create();
	for (int i = 0; i < SCANS_; i++)
		f->scans[i] = roaring_bitmap_create();
	f->scanned = roaring_bitmap_create();
	f->online = roaring_bitmap_create();
	f->reboot = roaring_bitmap_create();
	return f;
}

bool fleet_load(struct sql *db, const struct clock *clock, struct fleet **out, struct err *e)
{
	AUTO(fleet_free) struct fleet *f = fleet_new_memory(clock);
	f->db = db;
	if (!fleet_db_load(f, e) || !fleet_groups_reload(f, e))
		return err_prefix(e, "loading the fleet");
	*out = TAKE(f);
	return true;
}

void fleet_free(struct fleet *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->hosts.n; i++)
		xfree(f->hosts.p[i]->block);
	VEC_DONE(&f->hosts);
	arena_done(&f->records);
	dims_free(f->dims);
	groups_free(f->groups);
	hours_done(&f->scan_hours);
	pthread_mutex_destroy(&f->intern_lock);
	pthread_cond_destroy(&f->interned);
	novelty_done(&f->novelty);
	VEC_DONE(&f->contacts);
	VEC_DONE(&f->contact_waiting);
	VEC_DONE(&f->rescans);
	for (int i = 0; i < HOST_STATES_; i++)
		roaring_bitmap_free(f->states[i]);
	for (int i = 0; i < SCANS_; i++)
		roaring_bitmap_free(f->scans[i]);
	roaring_bitmap_free(f->scanned);
	roster_free(f->roster);
	roaring_bitmap_free(f->online);
	roaring_bitmap_free(f->reboot);
	ids_done(&f->ids);
	index_free(f->index);
	roaring_bitmap_free(f->reread);
	snapfile_free(f->snapshot);
	pthread_rwlock_destroy(&f->enrolling);
	for (int i = 0; i < FLEET_HOST_LOCKS; i++)
		pthread_mutex_destroy(&f->host_locks[i]);
	pthread_mutex_destroy(&f->contact_lock);
	pthread_rwlock_destroy(&f->lock);
	xfree(f);
}

void fleet_read_lock(struct fleet *f)
{
	pthread_rwlock_rdlock(&f->lock);
}

void fleet_read_unlock(struct fleet *f)
{
	pthread_rwlock_unlock(&f->lock);
}

void fleet_set_listener(struct fleet *f, fleet_listener *fn, void *arg)
{
	pthread_rwlock_wrlock(&f->lock);
	f->listener = fn;
	f->listener_arg = arg;
	pthread_rwlock_unlock(&f->lock);
}

void fleet_set_journal(struct fleet *f, const struct fleet_journal *j)
{
	pthread_rwlock_wrlock(&f->lock);
	f->journal = j ? *j : (struct fleet_journal) { 0 };
	pthread_rwlock_unlock(&f->lock);
}

void fleet_set_after(struct fleet *f, void (*fn)(void *arg), void *arg)
{
	pthread_rwlock_wrlock(&f->lock);
	f->after = fn;
	f->after_arg = arg;
	pthread_rwlock_unlock(&f->lock);
}

void fleet_publish(struct fleet *f)
{
	void (*after)(void *) = f->after;
	void *arg = f->after_arg;
	pthread_rwlock_unlock(&f->lock);
	if (after)
		after(arg);
}

bool fleet_host_begin(struct fleet *f, uint32_t no, struct host **out, struct err *e)
{
	fleet_read_lock(f);
	struct host *h = no < f->hosts.n ? f->hosts.p[no] : NULL;
	fleet_read_unlock(f);
	if (!h)
		return err_set(e, ERR_NOT_FOUND, "host number %u is not enrolled", no);
	pthread_mutex_lock(&f->host_locks[no % FLEET_HOST_LOCKS]);
	*out = h;
	return true;
}

void fleet_host_end(struct fleet *f, uint32_t no)
{
	pthread_mutex_unlock(&f->host_locks[no % FLEET_HOST_LOCKS]);
}
