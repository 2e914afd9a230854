/* SPDX-License-Identifier: Apache-2.0
 * Changes of a host that are no scan: enrolment, state, scan status, the push connection. */
#include "fleet/fleet_int.h"
#include "fleet/host.h"
#include "fleet/record.h"

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

bool fleet_set_state(struct fleet *f, uint32_t no, enum host_state state, struct err *e)
{
	struct host *h;
	if (!fleet_host_begin(f, no, &h, e))
		return false;
	bool was = h->state == HOST_ACTIVE, is = state == HOST_ACTIVE;
	bool ok = fleet_db_state(f, h->id, state, e);
	if (ok) {
		AUTO(xfree) uint32_t *facts = record_facts(h);
		pthread_rwlock_wrlock(&f->lock);
		roaring_bitmap_remove(f->states[h->state], no);
		h->version++;
		h->state = state;
		roaring_bitmap_add(f->states[state], no);
		roster_put(f->roster, h);
		if (was != is && h->last_scan_ms != 0)
			record_reindex(f, h, facts, was ? h->n_facts : 0, facts,
				       is ? h->n_facts : 0, true);
		fleet_publish(f);
	}
	fleet_host_end(f, no);
	return ok || err_prefix(e, "state of host '%s'", h->id);
}

bool fleet_set_scan(struct fleet *f, uint32_t no, enum scan_status scan, const char *error,
		    struct err *e)
{
	struct host *h;
	if (!fleet_host_begin(f, no, &h, e))
		return false;
	bool ok = fleet_db_scan(f, h->id, scan, error, e);
	if (ok) {
		pthread_rwlock_wrlock(&f->lock);
		h->version++;
		record_set_scan(f, h, scan);
		host_set_own(h, HOST_OWN_SCAN_ERROR, error);
		roster_put(f->roster, h);
		fleet_publish(f);
	}
	fleet_host_end(f, no);
	return ok || err_prefix(e, "scan status of host '%s'", h->id);
}

static int by_lock(const void *pa, const void *pb)
{
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;
	uint32_t x = a % FLEET_HOST_LOCKS, y = b % FLEET_HOST_LOCKS;
	return x != y ? (x > y) - (x < y) : (a > b) - (a < b);
}

static void show_requests(struct fleet *f, const uint32_t *nos, size_t n)
{
	pthread_rwlock_wrlock(&f->lock);
	for (size_t i = 0; i < n; i++) {
		struct host *h = f->hosts.p[nos[i]];
		h->version++;
		record_set_scan(f, h, SCAN_REQUESTED);
		host_set_own(h, HOST_OWN_SCAN_ERROR, NULL);
		roster_put(f->roster, h);
	}
	fleet_publish(f);
}

/* One transaction, then visible. In the order of by_lock(), so that a batch of a large request
 * holds few of the hosts' locks. */
static bool request_batch(struct fleet *f, const uint32_t *nos, size_t n, struct err *e)
{
	struct host_contact batch[FLEET_SCANS_AT_ONCE];
	uint32_t from = nos[0] % FLEET_HOST_LOCKS, to = nos[n - 1] % FLEET_HOST_LOCKS;
	for (uint32_t i = from; i <= to; i++)
		pthread_mutex_lock(&f->host_locks[i]);
	fleet_read_lock(f);
	for (size_t i = 0; i < n; i++)
		batch[i] = (struct host_contact) { .host = str_of(f->hosts.p[nos[i]]->id) };
	fleet_read_unlock(f);
	bool ok = fleet_db_scans(f, batch, n, e);
	if (ok)
		show_requests(f, nos, n);
	for (uint32_t i = to + 1; i > from; i--)
		pthread_mutex_unlock(&f->host_locks[i - 1]);
	return ok;
}

bool fleet_request_scans(struct fleet *f, const uint32_t *nos, size_t n, struct err *e)
{
	AUTO(xfree) uint32_t *known = xmalloc((n + 1) * sizeof(*known));
	size_t count = 0;
	fleet_read_lock(f);
	for (size_t i = 0; i < n; i++)
		if (nos[i] < f->hosts.n)
			known[count++] = nos[i];
	fleet_read_unlock(f);
	qsort(known, count, sizeof(*known), by_lock);
	for (size_t at = 0; at < count; at += FLEET_SCANS_AT_ONCE)
		if (!request_batch(f, known + at, MIN(count - at, FLEET_SCANS_AT_ONCE), e))
			return err_prefix(e, "request for scans, after %zu of %zu systems", at,
					  count);
	return true;
}

void fleet_set_online(struct fleet *f, uint32_t no, bool online)
{
	pthread_rwlock_wrlock(&f->lock);
	if (no < f->hosts.n) {
		f->hosts.p[no]->online = online;
		roster_put(f->roster, f->hosts.p[no]);
		record_put(f->online, no, online);
	}
	fleet_publish(f);
}
