/* SPDX-License-Identifier: Apache-2.0
 * A scan on its way in: lines to fact numbers, numbers to the database, then visible. And back: the
 * canonical text from the facts. */
#include "proto/inventory.h"
#include "fleet/facts.h"
#include "fleet/fleet_int.h"
#include "fleet/host.h"
#include "fleet/record.h"

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
static bool scan_text(struct fleet *f, uint32_t host, struct str text, struct scan *s,
		      struct err *e)
{
	fleet_read_lock(f);
	scan_lines(f, text, s);
	bool room = index_count(f->index) + s->unknown.n <= FLEET_MAX_FACTS;
	fleet_read_unlock(f);
	if (!room)
		return err_set(e, ERR_LIMIT, "the fleet has more than %u distinct inventory lines",
			       FLEET_MAX_FACTS);
	if (s->unknown.n > 0) {
		if (!fleet_intern(f, host, s->unknown.p, s->unknown.n, e))
			return false;
		fleet_read_lock(f);
		scan_lines(f, text, s);
		fleet_read_unlock(f);
		ASSERT(s->unknown.n == 0);
	}
	s->facts.n = facts_sort(s->facts.p, (uint32_t)s->facts.n);
	return true;
}

/* Under the write lock: what is durable becomes visible. */
static void show_inventory(struct fleet *f, struct host *h, const struct host_inventory *i,
			   const uint32_t *facts)
{
	AUTO(xfree) uint32_t *old = record_facts(h);
	uint32_t n_old = h->n_facts;
	bool first = h->last_scan_ms == 0;
	host_set_facts(h, i->facts, i->n_facts);
	h->version++;
	h->inventory = i->digest;
	record_set_scan_time(f, h, i->scanned_ms);
	record_set_scan(f, h, SCAN_OK);
	host_set_own(h, HOST_OWN_SCAN_ERROR, NULL);
	roster_put(f->roster, h);
	if (h->state == HOST_ACTIVE)
		record_reindex(f, h, old, n_old, facts, i->n_facts, first);
}

bool fleet_put_facts(struct fleet *f, struct host *h, const uint32_t *facts, uint32_t n,
		     const struct sha256 *digest, int64_t scanned_ms, struct err *e)
{
	AUTO(xfree) uint8_t *bytes = xmalloc(FACTS_MAX_BYTES(n) + 1);
	size_t len = facts_encode(facts, n, bytes);
	struct host_inventory i = {
		.host = str_of(h->id),
		.facts = { (const char *)bytes, len },
		.n_facts = n,
		.digest = *digest,
		.scanned_ms = scanned_ms,
	};
	fleet_read_lock(f);
	struct fleet_journal j = f->journal;
	fleet_read_unlock(f);
	if (j.gather && h->state == HOST_ACTIVE) {
		AUTO(xfree) uint32_t *old = record_facts(h);
		i.also = j.write;
		i.also_arg = j.gather(j.arg, h, old, h->n_facts, facts, n);
	}
	bool durable = fleet_db_inventory(f, &i, e);
	if (i.also_arg)
		j.done(i.also_arg, durable);
	if (!durable)
		return false;
	pthread_rwlock_wrlock(&f->lock);
	show_inventory(f, h, &i, facts);
	fleet_publish(f);
	return true;
}

static bool put_inventory(struct fleet *f, struct host *h, struct str text,
			  const struct sha256 *digest, int64_t scanned_ms, struct err *e)
{
	AUTO(scan_done) struct scan s = { 0 };
	return inventory_check(text, e) && scan_text(f, h->no, text, &s, e) &&
	       fleet_put_facts(f, h, s.facts.p, (uint32_t)s.facts.n, digest, scanned_ms, e);
}

bool fleet_put_digested(struct fleet *f, uint32_t no, struct str text, const struct sha256 *digest,
			int64_t scanned_ms, struct err *e)
{
	struct host *h;
	if (!fleet_host_begin(f, no, &h, e))
		return false;
	bool ok = scanned_ms > 0 ? put_inventory(f, h, text, digest, scanned_ms, e)
				 : err_set(e, ERR_INVALID, "the scan has no time");
	fleet_host_end(f, no);
	return ok || err_prefix(e, "inventory of host '%s'", h->id);
}

bool fleet_put_inventory(struct fleet *f, uint32_t no, struct str text, int64_t scanned_ms,
			 struct err *e)
{
	struct sha256 digest = digest_of(text);
	return fleet_put_digested(f, no, text, &digest, scanned_ms, e);
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
		AUTO(xfree) uint32_t *facts = record_facts(h);
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
