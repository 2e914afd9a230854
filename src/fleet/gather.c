/* SPDX-License-Identifier: Apache-2.0
 * Many hosts into the index at once. Host by host every fact is another bitmap, and each visit
 * waits for memory; here the hosts of a fact are gathered first, some thousand hosts at a time, and
 * then written where they stand side by side. The result is that of fleet_index_host() for each. */
#include "fleet/fleet_int.h"
#include "fleet/record.h"

/* Hosts that are gathered together: 16 bits tell them apart, and what is gathered (2 bytes for each
 * of their facts) stays small. */
#define TOGETHER 8192u

struct gathering {
	struct fleet *f;
	uint32_t *facts; /* of the host at hand */
	uint32_t *end;	 /* by fact: where its hosts end in `hosts` */
	uint16_t *hosts; /* places in `nos` */
	uint32_t *some;	 /* hosts of the fact at hand */
};

static const struct host *active(const struct gathering *g, uint32_t no)
{
	const struct host *h = g->f->hosts.p[no];
	return h->state == HOST_ACTIVE ? h : NULL;
}

/* Returns how many facts all have together. */
static size_t count(struct gathering *g, const uint32_t *nos, size_t n)
{
	size_t all = 0;
	memset(g->end, 0, ((size_t)index_count(g->f->index) + 1) * sizeof(*g->end));
	for (size_t i = 0; i < n; i++) {
		const struct host *h = active(g, nos[i]);
		if (!h)
			continue;
		fleet_host_facts(h, g->facts);
		for (uint32_t k = 0; k < h->n_facts; k++)
			g->end[g->facts[k]]++;
		all += h->n_facts;
	}
	return all;
}

static void gather(struct gathering *g, const uint32_t *nos, size_t n)
{
	uint32_t at = 0;
	for (uint32_t fact = 0; fact < index_count(g->f->index); fact++) {
		uint32_t here = g->end[fact];
		g->end[fact] = at;
		at += here;
	}
	for (size_t i = 0; i < n; i++) {
		const struct host *h = active(g, nos[i]);
		if (!h)
			continue;
		fleet_host_facts(h, g->facts);
		for (uint32_t k = 0; k < h->n_facts; k++)
			g->hosts[g->end[g->facts[k]]++] = (uint16_t)i;
	}
}

static void enter(struct gathering *g, const uint32_t *nos)
{
	uint32_t at = 0;
	for (uint32_t fact = 0; fact < index_count(g->f->index); fact++) {
		uint32_t n = g->end[fact] - at;
		for (uint32_t i = 0; i < n; i++)
			g->some[i] = nos[g->hosts[at + i]];
		if (n > 0)
			index_add_hosts(g->f->index, fact, g->some, n);
		at = g->end[fact];
	}
}

static uint32_t most_facts(const struct gathering *g, const uint32_t *nos, size_t n)
{
	uint32_t most = 0;
	for (size_t i = 0; i < n; i++)
		most = MAX(most, g->f->hosts.p[nos[i]]->n_facts);
	return most;
}

/* So many of the hosts that their facts can be counted in 32 bits. */
static size_t next_of(const struct gathering *g, const uint32_t *nos, size_t n)
{
	uint64_t facts = 0;
	size_t k = 0;
	while (k < MIN(n, TOGETHER) && facts + g->f->hosts.p[nos[k]]->n_facts < UINT32_MAX)
		facts += g->f->hosts.p[nos[k++]]->n_facts;
	return MAX(k, 1);
}

void fleet_index_hosts(struct fleet *f, const uint32_t *nos, size_t n)
{
	struct gathering g = { .f = f };
	AUTO(xfree) uint32_t *facts = NULL;
	AUTO(xfree) uint32_t *end = NULL;
	AUTO(xfree) uint32_t *some = NULL;
	if (n < TOGETHER / 64) { /* not worth a look at every fact */
		for (size_t i = 0; i < n; i++)
			fleet_index_host(f, f->hosts.p[nos[i]]);
		return;
	}
	g.facts = facts = xmalloc(((size_t)most_facts(&g, nos, n) + 1) * sizeof(*facts));
	g.end = end = xmalloc(((size_t)index_count(f->index) + 1) * sizeof(*end));
	g.some = some = xmalloc(TOGETHER * sizeof(*some));
	for (size_t from = 0, now; from < n; from += now) {
		now = next_of(&g, nos + from, n - from);
		size_t all = count(&g, nos + from, now);
		AUTO(xfree) uint16_t *hosts = xmalloc((all + 1) * sizeof(*hosts));
		g.hosts = hosts;
		gather(&g, nos + from, now);
		enter(&g, nos + from);
	}
}
