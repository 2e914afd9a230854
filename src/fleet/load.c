/* SPDX-License-Identifier: Apache-2.0
 * See load.h. Invariant: a host is in the record array, the table of ids and the roster at once,
 * and in the bitmaps when its loading ends. */
#include "fleet/load.h"
#include "fleet/fleet_int.h"

struct numbers {
	uint32_t *p;
	size_t n, cap;
};

struct kind {
	const char *office;
	struct host_attrs shared;
	uint32_t value[FLEET_DIMS_], word[ROSTER_WORDS_];
	struct numbers hosts;
};

struct load {
	struct fleet *f;
	VEC(struct kind) kinds;
	struct numbers states[HOST_STATES_], scans[SCANS_], scanned, reboot;
};

struct load *load_new(struct fleet *f, uint32_t hosts)
{
	struct load *l = xcalloc(1, sizeof(*l));
	l->f = f;
	VEC_RESERVE(&f->hosts, hosts);
	VEC_RESERVE(&f->contact_waiting, hosts);
	ids_reserve(&f->ids, f->hosts.p, hosts);
	return l;
}

void load_free(struct load *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->kinds.n; i++)
		VEC_DONE(&l->kinds.p[i].hosts);
	VEC_DONE(&l->kinds);
	for (int i = 0; i < HOST_STATES_; i++)
		VEC_DONE(&l->states[i]);
	for (int i = 0; i < SCANS_; i++)
		VEC_DONE(&l->scans[i]);
	VEC_DONE(&l->scanned);
	VEC_DONE(&l->reboot);
	xfree(l);
}

void load_kind(struct load *l, const char *office, const struct host_attrs *shared)
{
	struct kind k = { 0 };
	struct dims_of of;
	struct dims *d = l->f->dims;
	dims_read(office, shared, &of);
	for (enum fleet_dim i = 0; i < FLEET_DIMS_; i++)
		k.value[i] = dims_number(d, i, of.text[i]);
	roster_number(l->f->roster, office, shared, k.word);
	k.office = dims_text(d, FLEET_BY_OFFICE, office);
	dims_share(d, shared, &k.shared);
	VEC_PUSH(&l->kinds, k);
}

static void share(const struct host_attrs *kind, struct host_attrs *out)
{
	out->os_id = kind->os_id;
	out->os_version = kind->os_version;
	out->os_name = kind->os_name;
	out->arch = kind->arch;
	out->kernel = kind->kernel;
	out->agent_version = kind->agent_version;
}

bool load_host(struct load *l, const struct host *from, uint32_t kind)
{
	struct fleet *f = l->f;
	if (kind >= l->kinds.n)
		return false;
	struct kind *k = &l->kinds.p[kind];
	struct host *h = arena_new(&f->records, struct host);
	*h = *from;
	h->no = (uint32_t)f->hosts.n;
	h->block = NULL;
	h->office = (char *)k->office;
	share(&k->shared, &h->attrs);
	VEC_PUSH(&f->hosts, h);
	if (!ids_add_new(&f->ids, f->hosts.p, h->no)) {
		f->hosts.n--;
		return false;
	}
	VEC_PUSH(&f->contact_waiting, 0);
	VEC_PUSH(&k->hosts, h->no);
	VEC_PUSH(&l->states[h->state], h->no);
	VEC_PUSH(&l->scans[h->scan], h->no);
	if (h->attrs.reboot_needed)
		VEC_PUSH(&l->reboot, h->no);
	if (h->last_scan_ms != 0) {
		VEC_PUSH(&l->scanned, h->no);
		hours_add(&f->scan_hours, h->last_scan_ms, h->no);
	}
	roster_add(f->roster, h, k->word);
	return true;
}

static void enter(roaring_bitmap_t *b, const struct numbers *hosts)
{
	if (hosts->n)
		roaring_bitmap_add_many(b, hosts->n, hosts->p);
}

void load_end(struct load *l)
{
	struct fleet *f = l->f;
	for (size_t i = 0; i < l->kinds.n; i++) {
		const struct kind *k = &l->kinds.p[i];
		for (enum fleet_dim d = 0; d < FLEET_DIMS_; d++)
			dims_add_many(f->dims, d, k->value[d], k->hosts.p, k->hosts.n);
	}
	for (int i = 0; i < HOST_STATES_; i++)
		enter(f->states[i], &l->states[i]);
	for (int i = 0; i < SCANS_; i++)
		enter(f->scans[i], &l->scans[i]);
	enter(f->scanned, &l->scanned);
	enter(f->reboot, &l->reboot);
}
