/* SPDX-License-Identifier: Apache-2.0
 * A scan on its way in as what has changed since the last: only lines that came or went are looked
 * up. Invariant: what becomes the host's facts amounts to what the agent says its whole text does,
 * so neither side has to have the other's text. */
#include "fleet/facts.h"
#include "fleet/fleet_int.h"
#include "fleet/host.h"
#include "fleet/record.h"

struct lines {
	VEC(struct str) lines;
	uint32_t *facts; /* of each; INTERN_NONE = not known */
};

struct changes {
	struct lines gone, come;
};

static void changes_done(struct changes *c)
{
	VEC_DONE(&c->gone.lines);
	VEC_DONE(&c->come.lines);
	xfree(c->gone.facts);
	xfree(c->come.facts);
}
AUTO_DEFINE_VALUE(struct changes, changes_done)

static void take_line(void *arg, char sign, struct str line)
{
	struct changes *c = arg;
	VEC_PUSH(sign == '-' ? &c->gone.lines : &c->come.lines, line);
}

static void find(const struct fleet *f, struct lines *l)
{
	index_find_many(f->index, l->lines.p, (uint32_t)l->lines.n, l->facts);
}

static bool misfit(struct err *e, const char *what)
{
	return err_set(e, ERR_CONFLICT, "the delta %s", what);
}

/* Lines that came may be new to the fleet: those are stored first. */
static bool number_lines(struct fleet *f, uint32_t host, struct changes *c, struct err *e)
{
	VEC(struct str) unknown = { 0 };
	c->gone.facts = xmalloc(sizeof(*c->gone.facts) * (c->gone.lines.n + 1));
	c->come.facts = xmalloc(sizeof(*c->come.facts) * (c->come.lines.n + 1));
	fleet_read_lock(f);
	find(f, &c->gone);
	find(f, &c->come);
	for (size_t i = 0; i < c->come.lines.n; i++)
		if (c->come.facts[i] == INTERN_NONE)
			VEC_PUSH(&unknown, c->come.lines.p[i]);
	bool room = index_count(f->index) + unknown.n <= FLEET_MAX_FACTS;
	fleet_read_unlock(f);
	bool ok = room ||
		  err_set(e, ERR_LIMIT, "the fleet has more than %u distinct inventory lines",
			  FLEET_MAX_FACTS);
	ok = ok && (unknown.n == 0 || fleet_intern(f, host, unknown.p, unknown.n, e));
	if (ok && unknown.n > 0) {
		fleet_read_lock(f);
		find(f, &c->come);
		fleet_read_unlock(f);
	}
	VEC_DONE(&unknown);
	return ok;
}

/* `facts` minus what went plus what came. */
static bool apply(const struct changes *c, const uint32_t *old, uint32_t n_old, uint32_t *out,
		  uint32_t *n_out, struct err *e)
{
	const uint32_t n_gone = facts_sort(c->gone.facts, (uint32_t)c->gone.lines.n);
	const uint32_t n_come = facts_sort(c->come.facts, (uint32_t)c->come.lines.n);
	uint32_t g = 0, k = 0, n = 0;
	for (uint32_t i = 0; i < n_old; i++) {
		for (; k < n_come && c->come.facts[k] < old[i]; k++)
			out[n++] = c->come.facts[k];
		if (k < n_come && c->come.facts[k] == old[i])
			return misfit(e, "adds a line that is there already");
		if (g < n_gone && c->gone.facts[g] == old[i])
			g++;
		else
			out[n++] = old[i];
	}
	for (; k < n_come; k++)
		out[n++] = c->come.facts[k];
	*n_out = n;
	return g == n_gone || misfit(e, "removes a line that is not there");
}

static bool put_delta(struct fleet *f, struct host *h, const struct fleet_delta *d, struct err *e)
{
	AUTO(changes_done) struct changes c = { 0 };
	if (d->scanned_ms <= 0)
		return err_set(e, ERR_INVALID, "the scan has no time");
	if (!digest_eq(&h->inventory, &d->base))
		return misfit(e, "is from another inventory than the server has");
	if (!inventory_delta_each(d->delta, take_line, &c, e))
		return false;
	if (h->n_facts + c.come.lines.n > FLEET_DELTA_FACTS)
		return misfit(e, "leads to more lines than a delta may");
	if (!number_lines(f, h->no, &c, e))
		return false;
	AUTO(xfree) uint32_t *old = record_facts(h);
	AUTO(xfree) uint32_t *facts = xmalloc(sizeof(*facts) * (h->n_facts + c.come.lines.n + 1));
	uint32_t n = 0;
	if (!apply(&c, old, h->n_facts, facts, &n, e))
		return false;
	fleet_read_lock(f);
	struct inventory_sum sum = index_sum(f->index, facts, n);
	fleet_read_unlock(f);
	if (memcmp(&sum, &d->sum, sizeof(sum)) != 0)
		return misfit(e, "does not lead to the inventory that its sum names");
	return fleet_put_facts(f, h, facts, n, &d->digest, d->scanned_ms, e);
}

bool fleet_put_delta(struct fleet *f, uint32_t no, const struct fleet_delta *d, struct err *e)
{
	struct host *h;
	if (!fleet_host_begin(f, no, &h, e))
		return false;
	bool ok = put_delta(f, h, d, e);
	fleet_host_end(f, no);
	return ok || err_prefix(e, "inventory of host '%s'", h->id);
}
