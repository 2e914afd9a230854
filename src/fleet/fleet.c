/* SPDX-License-Identifier: Apache-2.0
 * The fleet: hosts in memory, their locks, and the order of every change: database first, then
 * memory under the write lock, then the listener, then (no lock held) the after-call. Only active
 * hosts are in the index. Lock order: host lock, fleet lock, contact lock. No SQL here
 * (fleet_db.c). */
#include "fleet/facts.h"
#include "fleet/fleet_int.h"
#include "fleet/host.h"
#include "proto/inventory.h"

/* Distinct lines a fleet may have: a broken agent must not fill the server's memory. */
#define FLEET_MAX_FACTS 20000000u
/* Hosts whose last contact is written in one transaction. */
#define FLUSH_MAX 500

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
	if (!fleet_db_load(f, e))
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
	hours_done(&f->scan_hours);
	pthread_mutex_destroy(&f->intern_lock);
	pthread_cond_destroy(&f->interned);
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

uint32_t fleet_host_count(const struct fleet *f)
{
	return (uint32_t)f->hosts.n;
}

const struct host *fleet_host(const struct fleet *f, uint32_t no)
{
	return no < f->hosts.n ? f->hosts.p[no] : NULL;
}

const struct host *fleet_host_by_id(const struct fleet *f, struct str id)
{
	uint32_t no = ids_find(&f->ids, f->hosts.p, id);
	return no == INTERN_NONE ? NULL : f->hosts.p[no];
}

const roaring_bitmap_t *fleet_active(const struct fleet *f)
{
	return f->states[HOST_ACTIVE];
}

const roaring_bitmap_t *fleet_scanned(const struct fleet *f)
{
	return f->scanned;
}

const roaring_bitmap_t *fleet_hosts_by(const struct fleet *f, enum fleet_dim dim, struct str value)
{
	return dims_find(f->dims, dim, value);
}

uint32_t fleet_dim_count(const struct fleet *f, enum fleet_dim dim)
{
	return dims_count(f->dims, dim);
}

struct str fleet_dim_value(const struct fleet *f, enum fleet_dim dim, uint32_t value)
{
	return dims_value(f->dims, dim, value);
}

const roaring_bitmap_t *fleet_dim_hosts(const struct fleet *f, enum fleet_dim dim, uint32_t value)
{
	return dims_hosts(f->dims, dim, value);
}

const roaring_bitmap_t *fleet_state_hosts(const struct fleet *f, enum host_state state)
{
	return f->states[state];
}

const roaring_bitmap_t *fleet_scan_hosts(const struct fleet *f, enum scan_status scan)
{
	return f->scans[scan];
}

const roaring_bitmap_t *fleet_online_hosts(const struct fleet *f)
{
	return f->online;
}

const roaring_bitmap_t *fleet_reboot_hosts(const struct fleet *f)
{
	return f->reboot;
}

/* Hosts of one hour, looked at one by one. */
struct older {
	const struct fleet *fleet;
	int64_t ms;
	roaring_bitmap_t *out;
};

static bool add_if_before(uint32_t host, void *arg)
{
	struct older *o = arg;
	if (o->fleet->hosts.p[host]->last_scan_ms < o->ms)
		roaring_bitmap_add(o->out, host);
	return true;
}

roaring_bitmap_t *fleet_scanned_before(const struct fleet *f, int64_t ms)
{
	const roaring_bitmap_t *rest;
	struct older o = { f, ms, hours_before(&f->scan_hours, ms, &rest) };
	if (rest)
		roaring_iterate(rest, add_if_before, &o);
	return o.out;
}

uint32_t fleet_fact_count(const struct fleet *f)
{
	return index_count(f->index);
}

struct str fleet_fact(const struct fleet *f, uint32_t fact)
{
	return index_line(f->index, fact);
}

uint32_t fleet_fact_find(const struct fleet *f, struct str line)
{
	return index_find(f->index, line);
}

const roaring_bitmap_t *fleet_fact_hosts(const struct fleet *f, uint32_t fact)
{
	return index_hosts(f->index, fact);
}

const uint32_t *fleet_facts_by_name(const struct fleet *f, enum fact_kind kind, struct str name,
				    uint32_t *n_out)
{
	return index_by_name(f->index, kind, name, n_out);
}

const uint32_t *fleet_facts_by_source(const struct fleet *f, enum fact_kind kind, struct str source,
				      uint32_t *n_out)
{
	return index_by_source(f->index, kind, source, n_out);
}

uint32_t fleet_fact_name(const struct fleet *f, uint32_t fact)
{
	return index_name(f->index, fact);
}

uint32_t fleet_names(const struct fleet *f, enum fact_kind kind)
{
	return index_names(f->index, kind);
}

struct str fleet_fact_field(const struct fleet *f, uint32_t fact, int i)
{
	return index_field(f->index, fact, i);
}

enum fact_kind fleet_fact_kind(const struct fleet *f, uint32_t fact)
{
	return index_kind(f->index, fact);
}

bool fleet_fact_package(const struct fleet *f, uint32_t fact, struct fact_package *out)
{
	return index_package(f->index, fact, out);
}

bool fleet_fact_kept(const struct fleet *f, uint32_t fact, struct fact_kept *out)
{
	return index_kept(f->index, fact, out);
}

bool fleet_fact_hold(const struct fleet *f, uint32_t fact, struct fact_hold *out)
{
	return index_hold(f->index, fact, out);
}

bool fleet_fact_os(const struct fleet *f, uint32_t fact, struct fact_os *out)
{
	return index_os(f->index, fact, out);
}

const uint32_t *fleet_facts_of_kind(const struct fleet *f, enum fact_kind kind, uint32_t *n_out)
{
	return index_of_kind(f->index, kind, n_out);
}

void fleet_host_facts(const struct host *h, uint32_t *out)
{
	/* Coded by us, or checked when it was loaded. */
	struct err e;
	ASSERT(facts_decode(h->facts, h->facts_len, h->n_facts, UINT32_MAX, out, &e));
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

static void put(roaring_bitmap_t *b, uint32_t host, bool is)
{
	if (is)
		roaring_bitmap_add(b, host);
	else
		roaring_bitmap_remove(b, host);
}

static void set_scan(struct fleet *f, struct host *h, enum scan_status scan)
{
	roaring_bitmap_remove(f->scans[h->scan], h->no);
	h->scan = scan;
	roaring_bitmap_add(f->scans[scan], h->no);
}

static void set_scan_time(struct fleet *f, struct host *h, int64_t ms)
{
	if (h->last_scan_ms != 0)
		hours_remove(&f->scan_hours, h->last_scan_ms, h->no);
	h->last_scan_ms = ms;
	hours_add(&f->scan_hours, ms, h->no);
	roaring_bitmap_add(f->scanned, h->no);
}

/* Points the texts that hosts share to the dimensions' copies. */
static void share_texts(const struct fleet *f, struct host *h, const char *office,
			const struct host_attrs *a)
{
	const struct dims *d = f->dims;
	h->office = (char *)dims_text(d, FLEET_BY_OFFICE, office);
	h->attrs.os_id = (char *)dims_text(d, FLEET_BY_OS_ID, a->os_id);
	h->attrs.os_version = (char *)dims_text(d, FLEET_BY_OS_VERSION, a->os_version);
	h->attrs.os_name = (char *)dims_text(d, FLEET_BY_OS_NAME, a->os_name);
	h->attrs.arch = (char *)dims_text(d, FLEET_BY_ARCH, a->arch);
	h->attrs.kernel = (char *)dims_text(d, FLEET_BY_KERNEL, a->kernel);
	h->attrs.agent_version = (char *)dims_text(d, FLEET_BY_AGENT_VERSION, a->agent_version);
}

static void compact_dims(struct fleet *f)
{
	bool moved = false;
	for (int d = 0; d < FLEET_DIMS_; d++)
		moved = moved || dims_sparse(f->dims, (enum fleet_dim)d);
	if (!moved)
		return;
	struct dims *old = f->dims;
	f->dims = dims_new();
	for (size_t i = 0; i < f->hosts.n; i++) {
		struct host *h = f->hosts.p[i];
		struct dims_of of;
		dims_read(h->office, &h->attrs, &of);
		dims_add(f->dims, h->no, &of);
		share_texts(f, h, h->office, &h->attrs);
	}
	dims_free(old);
}

/* Under the write lock: the attributes of a host that is in memory. */
static void set_attrs(struct fleet *f, struct host *h, const char *office,
		      const struct host_attrs *attrs)
{
	struct dims_of before, now;
	dims_read(h->office, &h->attrs, &before);
	dims_read(office, attrs, &now);
	dims_move(f->dims, h->no, &before, &now);
	share_texts(f, h, office, attrs);
	host_set_attrs(h, attrs);
	put(f->reboot, h->no, attrs->reboot_needed);
	compact_dims(f);
}

uint32_t fleet_adopt(struct fleet *f, const struct host *from)
{
	uint32_t no = fleet_adopt_mapped(f, from);
	struct host *h = f->hosts.p[no];
	host_set_facts(h, (struct str) { (const char *)from->facts, from->facts_len },
		       from->n_facts); /* copies the texts too */
	return no;
}

void fleet_replace(struct fleet *f, uint32_t no, const struct host *from)
{
	struct host *h = f->hosts.p[no];
	set_attrs(f, h, from->office, &from->attrs);
	roaring_bitmap_remove(f->states[h->state], no);
	h->state = from->state;
	roaring_bitmap_add(f->states[h->state], no);
	set_scan(f, h, from->scan);
	if (from->last_scan_ms != 0)
		set_scan_time(f, h, from->last_scan_ms);
	h->version = from->version;
	h->inventory = from->inventory;
	h->enrolled_ms = from->enrolled_ms;
	h->last_contact_ms = MAX(h->last_contact_ms, from->last_contact_ms);
	host_set_own(h, HOST_OWN_SCAN_ERROR, from->scan_error);
	host_set_own(h, HOST_OWN_FINGERPRINT, from->cert_fingerprint);
	host_set_facts(h, (struct str) { (const char *)from->facts, from->facts_len },
		       from->n_facts);
	roster_put(f->roster, h);
}

uint32_t fleet_adopt_mapped(struct fleet *f, const struct host *from)
{
	struct host *h = arena_new(&f->records, struct host);
	struct dims_of of;
	*h = *from;
	h->no = (uint32_t)f->hosts.n;
	h->id = arena_strdup(&f->records, from->id);
	h->block = NULL;
	VEC_PUSH(&f->hosts, h);
	VEC_PUSH(&f->contact_waiting, 0);
	ids_add(&f->ids, f->hosts.p, h->no);
	dims_read(from->office, &from->attrs, &of);
	dims_add(f->dims, h->no, &of);
	share_texts(f, h, from->office, &from->attrs);
	roaring_bitmap_add(f->states[h->state], h->no);
	roaring_bitmap_add(f->scans[h->scan], h->no);
	put(f->reboot, h->no, h->attrs.reboot_needed);
	if (h->last_scan_ms != 0) {
		hours_add(&f->scan_hours, h->last_scan_ms, h->no);
		roaring_bitmap_add(f->scanned, h->no);
	}
	roster_put(f->roster, h);
	return h->no;
}

static uint32_t *facts_of(const struct host *h)
{
	uint32_t *facts = xmalloc(sizeof(*facts) * ((size_t)h->n_facts + 1));
	fleet_host_facts(h, facts);
	return facts;
}

void fleet_index_host(struct fleet *f, const struct host *h)
{
	if (h->state != HOST_ACTIVE)
		return;
	AUTO(xfree) uint32_t *facts = facts_of(h);
	for (uint32_t i = 0; i < h->n_facts; i++)
		index_add_host(f->index, facts[i], h->no);
}

bool fleet_enrol(struct fleet *f, const char *id, const char *office,
		 const struct host_attrs *attrs, const char *cert_fingerprint, uint32_t *no_out,
		 struct err *e)
{
	int64_t now_ms = clock_now_ms(&f->clock);
	const struct host h = { .id = id,
				.office = (char *)office,
				.attrs = *attrs,
				.cert_fingerprint = (char *)cert_fingerprint,
				.enrolled_ms = now_ms,
				.last_contact_ms = now_ms };
	/* The primary key refuses a second enrolment of an id on its way to the database; the table
	 * in memory refuses it when there is no database. */
	pthread_rwlock_rdlock(&f->enrolling);
	if (!fleet_db_enrol(f, &h, e)) {
		pthread_rwlock_unlock(&f->enrolling);
		return err_prefix(e, "enrolling host '%s'", id);
	}
	pthread_rwlock_wrlock(&f->lock);
	bool known = ids_find(&f->ids, f->hosts.p, str_of(id)) != INTERN_NONE;
	if (!known)
		*no_out = fleet_adopt(f, &h);
	fleet_publish(f);
	pthread_rwlock_unlock(&f->enrolling);
	return !known || err_set(e, ERR_CONFLICT, "host '%s' is enrolled already", id);
}

/* Takes the host's lock; false (nothing taken) when there is no such host. */
static bool host_begin(struct fleet *f, uint32_t no, struct host **out, struct err *e)
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

static void host_end(struct fleet *f, uint32_t no)
{
	pthread_mutex_unlock(&f->host_locks[no % FLEET_HOST_LOCKS]);
}

/* Notes the contact without the write lock: check-ins never wait for an evaluation. */
static void note_contact(struct fleet *f, struct host *h)
{
	pthread_mutex_lock(&f->contact_lock);
	__atomic_store_n(&h->last_contact_ms, clock_now_ms(&f->clock), __ATOMIC_RELAXED);
	roster_contact(f->roster, h->no, h->last_contact_ms);
	if (!f->contact_waiting.p[h->no]) {
		f->contact_waiting.p[h->no] = 1;
		VEC_PUSH(&f->contacts, h->no);
	}
	pthread_mutex_unlock(&f->contact_lock);
}

static bool contact_only(struct fleet *f, uint32_t no, struct err *e)
{
	fleet_read_lock(f);
	bool known = no < f->hosts.n;
	if (known)
		note_contact(f, f->hosts.p[no]);
	fleet_read_unlock(f);
	return known || err_set(e, ERR_NOT_FOUND, "host number %u is not enrolled", no);
}

bool fleet_contact(struct fleet *f, uint32_t no, const struct host_attrs *attrs, struct err *e)
{
	struct host *h;
	if (!attrs)
		return contact_only(f, no, e);
	if (!host_begin(f, no, &h, e))
		return false;
	fleet_read_lock(f);
	note_contact(f, h);
	bool same = host_attrs_equal(&h->attrs, attrs);
	fleet_read_unlock(f);
	bool ok = same || fleet_db_attrs(f, h->id, attrs, e);
	if (ok && !same) {
		pthread_rwlock_wrlock(&f->lock);
		h->version++;
		set_attrs(f, h, h->office, attrs);
		roster_put(f->roster, h);
		fleet_publish(f);
	}
	host_end(f, no);
	return ok || err_prefix(e, "contact of host '%s'", h->id);
}

/* The lines of a text as fact numbers, and those among them that have none yet. */
struct scan {
	VEC(uint32_t) facts;
	VEC(struct str) unknown;
};

static void scan_done(struct scan *s)
{
	VEC_DONE(&s->facts);
	VEC_DONE(&s->unknown);
}
AUTO_DEFINE_VALUE(struct scan, scan_done)

#define LINES 256u

/* So many lines at once, as numbers. */
static void scan_some(struct fleet *f, const struct str *lines, uint32_t n, struct scan *s)
{
	uint32_t facts[LINES];
	index_find_many(f->index, lines, n, facts);
	for (uint32_t i = 0; i < n; i++) {
		if (facts[i] == INTERN_NONE)
			VEC_PUSH(&s->unknown, lines[i]);
		else
			VEC_PUSH(&s->facts, facts[i]);
	}
}

static void scan_lines(struct fleet *f, struct str text, struct scan *s)
{
	struct str lines[LINES];
	uint32_t n = 0;
	s->facts.n = s->unknown.n = 0;
	while (text.n > 0 && str_line(&text, &lines[n]))
		if (++n == LINES) {
			scan_some(f, lines, n, s);
			n = 0;
		}
	scan_some(f, lines, n, s);
}

/* Most scans bring nothing new and need the read lock only. */
static bool scan_text(struct fleet *f, struct str text, struct scan *s, struct err *e)
{
	fleet_read_lock(f);
	scan_lines(f, text, s);
	bool room = index_count(f->index) + s->unknown.n <= FLEET_MAX_FACTS;
	fleet_read_unlock(f);
	if (!room)
		return err_set(e, ERR_LIMIT, "the fleet has more than %u distinct inventory lines",
			       FLEET_MAX_FACTS);
	if (s->unknown.n > 0) {
		if (!fleet_intern(f, s->unknown.p, s->unknown.n, e))
			return false;
		fleet_read_lock(f);
		scan_lines(f, text, s);
		fleet_read_unlock(f);
		ASSERT(s->unknown.n == 0);
	}
	s->facts.n = facts_sort(s->facts.p, (uint32_t)s->facts.n);
	return true;
}

/* Under the write lock: moves the host from `old` to `new` facts in the index and tells the
 * listener. */
static void reindex(struct fleet *f, const struct host *h, const uint32_t *old, uint32_t n_old,
		    const uint32_t *new, uint32_t n_new, bool first)
{
	AUTO(xfree) uint32_t *removed = xmalloc(sizeof(*removed) * ((size_t)n_old + 1));
	AUTO(xfree) uint32_t *added = xmalloc(sizeof(*added) * ((size_t)n_new + 1));
	uint32_t n_removed, n_added;
	facts_diff(old, n_old, new, n_new, removed, &n_removed, added, &n_added);
	for (uint32_t i = 0; i < n_removed; i++)
		index_remove_host(f->index, removed[i], h->no);
	for (uint32_t i = 0; i < n_added; i++)
		index_add_host(f->index, added[i], h->no);
	if (f->listener && (first || n_removed + n_added > 0))
		f->listener(f->listener_arg, h->no, old, n_old, new, n_new);
}

/* Under the write lock: what is durable becomes visible. */
static void show_inventory(struct fleet *f, struct host *h, const struct host_inventory *i,
			   const struct scan *s)
{
	AUTO(xfree) uint32_t *old = facts_of(h);
	uint32_t n_old = h->n_facts;
	bool first = h->last_scan_ms == 0;
	host_set_facts(h, i->facts, i->n_facts);
	h->version++;
	h->inventory = i->digest;
	set_scan_time(f, h, i->scanned_ms);
	set_scan(f, h, SCAN_OK);
	host_set_own(h, HOST_OWN_SCAN_ERROR, NULL);
	roster_put(f->roster, h);
	if (h->state == HOST_ACTIVE)
		reindex(f, h, old, n_old, s->facts.p, i->n_facts, first);
}

static bool put_inventory(struct fleet *f, struct host *h, struct str text, int64_t scanned_ms,
			  struct err *e)
{
	AUTO(scan_done) struct scan s = { 0 };
	if (!inventory_check(text, e) || !scan_text(f, text, &s, e))
		return false;
	AUTO(xfree) uint8_t *bytes = xmalloc(FACTS_MAX_BYTES(s.facts.n) + 1);
	size_t len = facts_encode(s.facts.p, (uint32_t)s.facts.n, bytes);
	struct host_inventory i = {
		.host = str_of(h->id),
		.facts = { (const char *)bytes, len },
		.n_facts = (uint32_t)s.facts.n,
		.digest = digest_of(text),
		.scanned_ms = scanned_ms,
	};
	fleet_read_lock(f);
	struct fleet_journal j = f->journal;
	fleet_read_unlock(f);
	if (j.gather && h->state == HOST_ACTIVE) {
		AUTO(xfree) uint32_t *old = facts_of(h);
		i.also = j.write;
		i.also_arg = j.gather(j.arg, h, old, h->n_facts, s.facts.p, i.n_facts);
	}
	bool durable = fleet_db_inventory(f, &i, e);
	if (i.also_arg)
		j.done(i.also_arg, durable);
	if (!durable)
		return false;
	pthread_rwlock_wrlock(&f->lock);
	show_inventory(f, h, &i, &s);
	fleet_publish(f);
	return true;
}

bool fleet_put_inventory(struct fleet *f, uint32_t no, struct str text, int64_t scanned_ms,
			 struct err *e)
{
	struct host *h;
	if (!host_begin(f, no, &h, e))
		return false;
	bool ok = scanned_ms > 0 ? put_inventory(f, h, text, scanned_ms, e)
				 : err_set(e, ERR_INVALID, "the scan has no time");
	host_end(f, no);
	return ok || err_prefix(e, "inventory of host '%s'", h->id);
}

bool fleet_set_state(struct fleet *f, uint32_t no, enum host_state state, struct err *e)
{
	struct host *h;
	if (!host_begin(f, no, &h, e))
		return false;
	bool was = h->state == HOST_ACTIVE, is = state == HOST_ACTIVE;
	bool ok = fleet_db_state(f, h->id, state, e);
	if (ok) {
		AUTO(xfree) uint32_t *facts = facts_of(h);
		pthread_rwlock_wrlock(&f->lock);
		roaring_bitmap_remove(f->states[h->state], no);
		h->version++;
		h->state = state;
		roaring_bitmap_add(f->states[state], no);
		roster_put(f->roster, h);
		if (was != is && h->last_scan_ms != 0)
			reindex(f, h, facts, was ? h->n_facts : 0, facts, is ? h->n_facts : 0,
				true);
		fleet_publish(f);
	}
	host_end(f, no);
	return ok || err_prefix(e, "state of host '%s'", h->id);
}

bool fleet_set_scan(struct fleet *f, uint32_t no, enum scan_status scan, const char *error,
		    struct err *e)
{
	struct host *h;
	if (!host_begin(f, no, &h, e))
		return false;
	bool ok = fleet_db_scan(f, h->id, scan, error, e);
	if (ok) {
		pthread_rwlock_wrlock(&f->lock);
		h->version++;
		set_scan(f, h, scan);
		host_set_own(h, HOST_OWN_SCAN_ERROR, error);
		roster_put(f->roster, h);
		fleet_publish(f);
	}
	host_end(f, no);
	return ok || err_prefix(e, "scan status of host '%s'", h->id);
}

/* A scan time that ends nothing waits for the next flush; false = it is not such a one. */
static bool rescan_waits(struct fleet *f, uint32_t no, int64_t scanned_ms)
{
	fleet_read_lock(f);
	struct host *h = no < f->hosts.n ? f->hosts.p[no] : NULL;
	bool waits = h && h->scan == SCAN_OK;
	if (waits) {
		pthread_mutex_lock(&f->contact_lock);
		VEC_PUSH(&f->rescans, ((struct rescan) { no, scanned_ms }));
		pthread_mutex_unlock(&f->contact_lock);
		note_contact(f, h);
	}
	fleet_read_unlock(f);
	return waits;
}

bool fleet_scanned_again(struct fleet *f, uint32_t no, int64_t scanned_ms, struct err *e)
{
	struct host *h;
	if (rescan_waits(f, no, scanned_ms))
		return true;
	if (!host_begin(f, no, &h, e))
		return false;
	bool ok = fleet_db_scanned(f, h->id, scanned_ms, e);
	if (ok) {
		pthread_rwlock_wrlock(&f->lock);
		h->version++;
		set_scan_time(f, h, scanned_ms);
		set_scan(f, h, SCAN_OK);
		host_set_own(h, HOST_OWN_SCAN_ERROR, NULL);
		roster_put(f->roster, h);
		fleet_publish(f);
	}
	host_end(f, no);
	return ok || err_prefix(e, "scan time of host '%s'", h->id);
}

bool fleet_request_scans(struct fleet *f, const uint32_t *nos, size_t n, struct err *e)
{
	VEC(struct host_contact) batch = { 0 };
	for (size_t i = 0; i < FLEET_HOST_LOCKS; i++)
		pthread_mutex_lock(&f->host_locks[i]);
	fleet_read_lock(f);
	for (size_t i = 0; i < n; i++)
		if (nos[i] < f->hosts.n)
			VEC_PUSH(&batch, ((struct host_contact) {
						 .host = str_of(f->hosts.p[nos[i]]->id) }));
	fleet_read_unlock(f);
	bool ok = fleet_db_scans(f, batch.p, batch.n, e);
	if (ok) {
		pthread_rwlock_wrlock(&f->lock);
		for (size_t i = 0; i < n; i++) {
			if (nos[i] >= f->hosts.n)
				continue;
			f->hosts.p[nos[i]]->version++;
			set_scan(f, f->hosts.p[nos[i]], SCAN_REQUESTED);
			host_set_own(f->hosts.p[nos[i]], HOST_OWN_SCAN_ERROR, NULL);
			roster_put(f->roster, f->hosts.p[nos[i]]);
		}
		fleet_publish(f);
	}
	for (size_t i = FLEET_HOST_LOCKS; i > 0; i--)
		pthread_mutex_unlock(&f->host_locks[i - 1]);
	VEC_DONE(&batch);
	return ok || err_prefix(e, "request for scans");
}

void fleet_set_online(struct fleet *f, uint32_t no, bool online)
{
	pthread_rwlock_wrlock(&f->lock);
	if (no < f->hosts.n) {
		f->hosts.p[no]->online = online;
		roster_put(f->roster, f->hosts.p[no]);
		put(f->online, no, online);
	}
	fleet_publish(f);
}

void fleet_show(struct fleet *f, struct host *h, const struct host *from)
{
	bool was = h->state == HOST_ACTIVE, is = from->state == HOST_ACTIVE;
	bool first = h->last_scan_ms == 0 && from->last_scan_ms != 0;
	AUTO(xfree) uint32_t *old = facts_of(h);
	AUTO(xfree) uint32_t *now = facts_of(from);
	uint32_t n_old = h->n_facts;
	set_attrs(f, h, from->office, &from->attrs);
	host_set_own(h, HOST_OWN_SCAN_ERROR, from->scan_error);
	host_set_own(h, HOST_OWN_FINGERPRINT, from->cert_fingerprint);
	host_set_facts(h, (struct str) { (const char *)from->facts, from->facts_len },
		       from->n_facts);
	h->version = from->version;
	h->inventory = from->inventory;
	if (from->last_scan_ms > h->last_scan_ms) /* here it may be newer: not yet flushed */
		set_scan_time(f, h, from->last_scan_ms);
	set_scan(f, h, from->scan);
	roaring_bitmap_remove(f->states[h->state], h->no);
	h->state = from->state;
	roaring_bitmap_add(f->states[h->state], h->no);
	roster_put(f->roster, h);
	if (h->last_scan_ms != 0 && (was || is))
		reindex(f, h, old, was ? n_old : 0, now, is ? h->n_facts : 0, first || was != is);
}

/* The times of scans that found nothing new become visible: all under one write lock. */
static void show_rescans(struct fleet *f, const struct rescan *list, size_t n)
{
	if (!n)
		return;
	pthread_rwlock_wrlock(&f->lock);
	for (size_t i = 0; i < n; i++) {
		struct host *h = f->hosts.p[list[i].host];
		if (h->scan != SCAN_OK || h->last_scan_ms >= list[i].ms)
			continue;
		set_scan_time(f, h, list[i].ms);
		roster_put(f->roster, h);
	}
	pthread_rwlock_unlock(&f->lock);
}

/* Takes at most FLUSH_MAX hosts off the list; a host's scan time goes along. */
static size_t take_contacts(struct fleet *f, uint32_t *nos, struct host_contact *batch, size_t max)
{
	size_t n = 0;
	fleet_read_lock(f);
	pthread_mutex_lock(&f->contact_lock);
	while (n < max && f->contacts.n) {
		const struct host *h = f->hosts.p[f->contacts.p[--f->contacts.n]];
		f->contact_waiting.p[h->no] = 0;
		nos[n] = h->no;
		batch[n++] = (struct host_contact) { .host = str_of(h->id),
						     .ms = h->last_contact_ms,
						     .scanned_ms = h->last_scan_ms };
	}
	pthread_mutex_unlock(&f->contact_lock);
	fleet_read_unlock(f);
	return n;
}

/* They wait for the next flush. */
static void give_back(struct fleet *f, const uint32_t *nos, size_t n)
{
	pthread_mutex_lock(&f->contact_lock);
	for (size_t i = 0; i < n; i++) {
		if (!f->contact_waiting.p[nos[i]]) {
			f->contact_waiting.p[nos[i]] = 1;
			VEC_PUSH(&f->contacts, nos[i]);
		}
	}
	pthread_mutex_unlock(&f->contact_lock);
}

bool fleet_flush(struct fleet *f, struct err *e)
{
	struct host_contact batch[FLUSH_MAX];
	uint32_t nos[FLUSH_MAX];
	VEC(struct rescan) rescans = { 0 };
	pthread_mutex_lock(&f->contact_lock);
	size_t left = f->contacts.n; /* those that come meanwhile wait for the next flush */
	rescans.p = f->rescans.p;
	rescans.n = f->rescans.n;
	f->rescans.p = NULL;
	f->rescans.n = f->rescans.cap = 0;
	pthread_mutex_unlock(&f->contact_lock);
	show_rescans(f, rescans.p, rescans.n);
	VEC_DONE(&rescans);
	/* In small transactions: nobody else's write waits long for this one. */
	while (left) {
		size_t n = take_contacts(f, nos, batch, MIN(left, (size_t)FLUSH_MAX));
		if (!fleet_db_contacts(f, batch, n, e)) {
			give_back(f, nos, n);
			return err_prefix(e, "writing last contacts");
		}
		left = n ? left - n : 0;
	}
	return true;
}

static int by_text(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

bool fleet_inventory_text(struct fleet *f, uint32_t no, struct buf *out, struct err *e)
{
	fleet_read_lock(f);
	const struct host *h = fleet_host(f, no);
	uint32_t n = h ? h->n_facts : 0;
	AUTO(xfree) struct str *lines = xmalloc(sizeof(*lines) * ((size_t)n + 1));
	if (h) {
		AUTO(xfree) uint32_t *facts = facts_of(h);
		for (uint32_t i = 0; i < n; i++)
			lines[i] = index_line(f->index, facts[i]);
	}
	fleet_read_unlock(f);
	if (!h)
		return err_set(e, ERR_NOT_FOUND, "host number %u is not enrolled", no);
	qsort(lines, n, sizeof(*lines), by_text);
	for (uint32_t i = 0; i < n; i++) {
		buf_addstr(out, lines[i]);
		buf_addc(out, '\n');
	}
	return buf_ok(out, "inventory", e);
}
