/* SPDX-License-Identifier: Apache-2.0
 * Contacts and scans that found nothing new: what a million systems tell every day and what changes
 * no verdict. They take no write lock and write nothing by themselves, but wait for the next
 * fleet_flush(), unless they bring something new after all (attributes; the end of a request). */
#include "fleet/fleet_int.h"
#include "fleet/host.h"
#include "fleet/record.h"

/* Hosts whose last contact is written in one transaction. */
#define FLUSH_MAX 500

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
	if (!fleet_host_begin(f, no, &h, e))
		return false;
	fleet_read_lock(f);
	note_contact(f, h);
	bool same = host_attrs_equal(&h->attrs, attrs);
	fleet_read_unlock(f);
	bool ok = same || fleet_db_attrs(f, h->id, attrs, e);
	if (ok && !same) {
		pthread_rwlock_wrlock(&f->lock);
		h->version++;
		record_set_attrs(f, h, h->office, attrs);
		roster_put(f->roster, h);
		fleet_publish(f);
	}
	fleet_host_end(f, no);
	return ok || err_prefix(e, "contact of host '%s'", h->id);
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
	if (!fleet_host_begin(f, no, &h, e))
		return false;
	bool ok = fleet_db_scanned(f, h->id, scanned_ms, e);
	if (ok) {
		pthread_rwlock_wrlock(&f->lock);
		h->version++;
		record_set_scan_time(f, h, scanned_ms);
		record_set_scan(f, h, SCAN_OK);
		host_set_own(h, HOST_OWN_SCAN_ERROR, NULL);
		roster_put(f->roster, h);
		fleet_publish(f);
	}
	fleet_host_end(f, no);
	return ok || err_prefix(e, "scan time of host '%s'", h->id);
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
		record_set_scan_time(f, h, list[i].ms);
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
