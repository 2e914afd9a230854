/* SPDX-License-Identifier: Apache-2.0
 * See record.h. */
#include "fleet/record.h"
#include "fleet/facts.h"
#include "fleet/fleet_int.h"
#include "fleet/host.h"

void record_put(roaring_bitmap_t *b, uint32_t host, bool is)
{
	if (is)
		roaring_bitmap_add(b, host);
	else
		roaring_bitmap_remove(b, host);
}

void record_set_scan(struct fleet *f, struct host *h, enum scan_status scan)
{
	roaring_bitmap_remove(f->scans[h->scan], h->no);
	h->scan = scan;
	roaring_bitmap_add(f->scans[scan], h->no);
}

void record_set_scan_time(struct fleet *f, struct host *h, int64_t ms)
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
	h->office = (char *)dims_text(f->dims, FLEET_BY_OFFICE, office);
	dims_share(f->dims, a, &h->attrs);
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

void record_set_attrs(struct fleet *f, struct host *h, const char *office,
		      const struct host_attrs *attrs)
{
	struct dims_of before, now;
	dims_read(h->office, &h->attrs, &before);
	dims_read(office, attrs, &now);
	dims_move(f->dims, h->no, &before, &now);
	share_texts(f, h, office, attrs);
	host_set_attrs(h, attrs);
	record_put(f->reboot, h->no, attrs->reboot_needed);
	compact_dims(f);
}

void fleet_replace(struct fleet *f, uint32_t no, const struct host *from)
{
	struct host *h = f->hosts.p[no];
	record_set_attrs(f, h, from->office, &from->attrs);
	roaring_bitmap_remove(f->states[h->state], no);
	h->state = from->state;
	roaring_bitmap_add(f->states[h->state], no);
	record_set_scan(f, h, from->scan);
	if (from->last_scan_ms != 0)
		record_set_scan_time(f, h, from->last_scan_ms);
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

uint32_t fleet_adopt(struct fleet *f, const struct host *from)
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
	record_put(f->reboot, h->no, h->attrs.reboot_needed);
	if (h->last_scan_ms != 0) {
		hours_add(&f->scan_hours, h->last_scan_ms, h->no);
		roaring_bitmap_add(f->scanned, h->no);
	}
	roster_put(f->roster, h);
	host_set_facts(h, (struct str) { (const char *)from->facts, from->facts_len },
		       from->n_facts); /* copies the texts too */
	return h->no;
}

uint32_t *record_facts(const struct host *h)
{
	uint32_t *facts = xmalloc(sizeof(*facts) * ((size_t)h->n_facts + 1));
	fleet_host_facts(h, facts);
	return facts;
}

void fleet_index_host(struct fleet *f, const struct host *h)
{
	if (h->state != HOST_ACTIVE)
		return;
	AUTO(xfree) uint32_t *facts = record_facts(h);
	for (uint32_t i = 0; i < h->n_facts; i++)
		index_add_host(f->index, facts[i], h->no);
}

void record_reindex(struct fleet *f, const struct host *h, const uint32_t *old, uint32_t n_old,
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

void fleet_show(struct fleet *f, struct host *h, const struct host *from)
{
	bool was = h->state == HOST_ACTIVE, is = from->state == HOST_ACTIVE;
	bool first = h->last_scan_ms == 0 && from->last_scan_ms != 0;
	AUTO(xfree) uint32_t *old = record_facts(h);
	AUTO(xfree) uint32_t *now = record_facts(from);
	uint32_t n_old = h->n_facts;
	record_set_attrs(f, h, from->office, &from->attrs);
	host_set_own(h, HOST_OWN_SCAN_ERROR, from->scan_error);
	host_set_own(h, HOST_OWN_FINGERPRINT, from->cert_fingerprint);
	host_set_facts(h, (struct str) { (const char *)from->facts, from->facts_len },
		       from->n_facts);
	h->version = from->version;
	h->inventory = from->inventory;
	if (from->last_scan_ms > h->last_scan_ms) /* here it may be newer: not yet flushed */
		record_set_scan_time(f, h, from->last_scan_ms);
	record_set_scan(f, h, from->scan);
	roaring_bitmap_remove(f->states[h->state], h->no);
	h->state = from->state;
	roaring_bitmap_add(f->states[h->state], h->no);
	roster_put(f->roster, h);
	if (h->last_scan_ms != 0 && (was || is))
		record_reindex(f, h, old, was ? n_old : 0, now, is ? h->n_facts : 0,
			       first || was != is);
}
