/* SPDX-License-Identifier: Apache-2.0
 * See snapshot.h. A slice is what is gathered under one read lock. Invariant: a host whose row
 * changed since the epoch began is in none of the loaded bitmaps but by its row. */
#include "fleet/snapshot.h"
#include "fleet/facts.h"
#include "fleet/fleet_int.h"
#include "fleet/group.h"
#include "fleet/host.h"
#include "fleet/record.h"
#include "sql/notify.h"

#include <errno.h>

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

/* --- hosts --- */

enum { TEXT_ID, TEXT_OFFICE, TEXT_ATTRS, TEXT_SCAN_ERROR = TEXT_ATTRS + 11, TEXT_PRINT, TEXTS };
struct saved_host {
	int64_t boot_ms, enrolled_ms, last_contact_ms, last_scan_ms;
	struct sha256 inventory;
	uint32_t facts_len, n_facts, version;
	uint8_t state, scan, reboot_needed;
	uint32_t text[TEXTS]; /* bytes with the NUL; 0 = NULL */
};

/* Where the texts of a record are; `h` may be written through it. */
static void texts_of(struct host *h, char **out[static TEXTS])
{
	struct host_attrs *a = &h->attrs;
	char **const all[TEXTS] = {
		(char **)&h->id,   &h->office,	       &a->hostname,
		&a->os_id,	   &a->os_version,     &a->os_name,
		&a->arch,	   &a->kernel,	       &a->address,
		&a->agent_version, &a->logged_in_user, &a->boot_id,
		&a->health_json,   &h->scan_error,     &h->cert_fingerprint,
	};
	memcpy(out, all, sizeof(all));
}

static bool put_host(struct snapfile_writer *w, const struct host *h)
{
	char **texts[TEXTS];
	struct saved_host s;
	memset(&s, 0, sizeof(s));
	s.boot_ms = h->attrs.boot_ms;
	s.enrolled_ms = h->enrolled_ms;
	s.last_contact_ms = __atomic_load_n(&h->last_contact_ms, __ATOMIC_RELAXED);
	s.last_scan_ms = h->last_scan_ms;
	s.inventory = h->inventory;
	s.facts_len = h->facts_len;
	s.n_facts = h->n_facts;
	s.version = h->version;
	s.state = (uint8_t)h->state;
	s.scan = (uint8_t)h->scan;
	s.reboot_needed = h->attrs.reboot_needed;
	texts_of((struct host *)h, texts);
	for (int i = 0; i < TEXTS; i++) {
		size_t n = *texts[i] ? strlen(*texts[i]) + 1 : 0;
		if (n > UINT32_MAX)
			return false;
		s.text[i] = (uint32_t)n;
	}
	snapfile_put(w, &s, sizeof(s));
	for (int i = 0; i < TEXTS; i++)
		snapfile_put(w, *texts[i], s.text[i]);
	snapfile_put(w, h->facts, h->facts_len);
	return true;
}

/* Reads a record; its texts and facts stay where they are. */
static bool get_host(struct str *rest, struct host *out)
{
	struct saved_host s;
	char **texts[TEXTS];
	if (rest->n < sizeof(s))
		return false;
	memcpy(&s, rest->p, sizeof(s));
	const char *p = rest->p + sizeof(s);
	size_t n = rest->n - sizeof(s);
	*out = (struct host) { .state = (enum host_state)s.state,
			       .scan = (enum scan_status)s.scan,
			       .inventory = s.inventory,
			       .enrolled_ms = s.enrolled_ms,
			       .last_contact_ms = s.last_contact_ms,
			       .last_scan_ms = s.last_scan_ms,
			       .facts_len = s.facts_len,
			       .n_facts = s.n_facts,
			       .version = s.version };
	out->attrs.boot_ms = s.boot_ms;
	out->attrs.reboot_needed = s.reboot_needed;
	texts_of(out, texts);
	for (int i = 0; i < TEXTS; i++) {
		if (s.text[i] > n || (s.text[i] && p[s.text[i] - 1]))
			return false;
		*texts[i] = s.text[i] ? (char *)p : NULL;
		p += s.text[i];
		n -= s.text[i];
	}
	if (s.state >= HOST_STATES_ || s.scan >= SCANS_ || !out->id || !out->office ||
	    s.facts_len > n || s.n_facts > s.facts_len)
		return false;
	out->facts = s.facts_len ? (uint8_t *)p : NULL;
	*rest = (struct str) { p + s.facts_len, n - s.facts_len };
	return true;
}

/* --- writing --- */

bool snapshot_possible(const struct fleet *f)
{
	return f->db && !sql_shared(f->db);
}

static bool save_hosts(struct fleet *f, struct snapfile_writer *w, uint32_t n, struct err *e)
{
	bool ok = true;
	snapfile_begin(w, SNAPFILE_HOSTS);
	for (uint32_t i = 0; i < n && ok;) {
		fleet_read_lock(f);
		for (; i < n && ok && snapfile_gathered(w) < SLICE; i++)
			ok = put_host(w, f->hosts.p[i]) ||
			     err_set(e, ERR_LIMIT, "host '%s' has too long texts",
				     f->hosts.p[i]->id);
		fleet_read_unlock(f);
		ok = ok && snapfile_flush(w, e);
	}
	return ok;
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
	if (!save_hosts(f, w, hosts, e) || !save_index(f, w, facts, e))
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

static bool load_hosts(struct fleet *f, const struct snapfile *s, struct err *e)
{
	struct str rest = snapfile_section(s, SNAPFILE_HOSTS);
	uint64_t n = snapfile_read_mark(s)->counts[0];
	for (uint64_t i = 0; i < n; i++) {
		struct host h;
		if (!get_host(&rest, &h) ||
		    ids_find(&f->ids, f->hosts.p, str_of(h.id)) != INTERN_NONE)
			return damaged(e);
		fleet_adopt_mapped(f, &h);
	}
	return true;
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

static bool load_all(struct fleet *f, const struct snapfile *s, struct err *e)
{
	int64_t epoch = snapfile_read_mark(s)->epoch;
	if (!load_hosts(f, s, e) || !load_index(f, s, e) ||
	    !fleet_db_changed_ids(f, epoch, f->reread, e))
		return false;
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
	if (!snapfile_check(f->snapshot, e) || !fleet_db_load_facts(f, e) ||
	    !load_all(f, f->snapshot, e) || !fleet_groups_reload(f, e))
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
