/* SPDX-License-Identifier: Apache-2.0
 * What is read of the fleet under its read lock: hosts, the bitmaps that are kept of them, facts.
 * Nothing here changes anything, and nothing walks all hosts. */
#include "fleet/facts.h"
#include "fleet/fleet_int.h"

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
