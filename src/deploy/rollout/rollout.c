/* SPDX-License-Identifier: Apache-2.0
 * The assignment of hosts to waves, and the decision; see rollout.h for what they mean. Integers
 * only, so that every machine decides alike. */
#include "deploy/rollout/rollout.h"
#include "crypto/digest.h"

#include <stdlib.h>

static const char *const state_names[ROLLOUT_STATES_] = { "closed", "running", "soaking", "passed",
							  "halted" };
static const char *const why_names[ROLLOUT_WHYS_] = {
	"",
	"wave_before",
	"under_way",
	"absent",
	"soak",
	"proven",
	"nothing_to_do",
	"failures",
	"success_rate",
	"silent",
	"no_evidence",
	"threshold",
	"manual",
	"empty",
};

const char *rollout_state_name(enum rollout_state s)
{
	return s < ROLLOUT_STATES_ ? state_names[s] : "unknown";
}

const char *rollout_why_name(enum rollout_why w)
{
	return w < ROLLOUT_WHYS_ ? why_names[w] : "unknown";
}

/* --- who is in which wave ----------------------------------------------------------------------
 */

uint64_t rollout_rank(const char *deployment, const char *host)
{
	AUTO(digest_free) struct digest *d = digest_new();
	digest_add(d, deployment, strlen(deployment));
	digest_add(d, ":", 1);
	digest_add(d, host, strlen(host));
	struct sha256 h = digest_end(d);
	uint64_t rank = 0;
	for (int i = 0; i < 8; i++)
		rank = rank << 8 | h.b[i];
	return rank;
}

/* A host's place: the first of its release, or how far down its release's list it stands. */
struct place {
	struct rollout_host *host;
	uint64_t index, of;
};

static int by_number(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_release(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int c = by_number(x->host->release, y->host->release);
	return c ? c : by_number(x->host->rank, y->host->rank);
}

static int by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	bool first = !x->index, other = !y->index;
	int c = 0;
	if (first != other)
		return first ? -1 : 1;
	if (first)
		c = by_number(y->of, x->of);
	else
		c = by_number((2 * x->index + 1) * y->of, (2 * y->index + 1) * x->of);
	return c ? c : by_number(x->host->rank, y->host->rank);
}

static void place_all(struct place *p, size_t n)
{
	qsort(p, n, sizeof(*p), by_release);
	for (size_t from = 0, to; from < n; from = to) {
		for (to = from; to < n && p[to].host->release == p[from].host->release; to++)
			p[to].index = to - from;
		for (size_t i = from; i < to; i++)
			p[i].of = to - from;
	}
	qsort(p, n, sizeof(*p), by_place);
}

uint32_t rollout_group_wave(const struct rollout *r, uint32_t groups)
{
	for (uint32_t w = 0; w < r->n_waves; w++)
		if (r->waves[w].kind == ROLLOUT_GROUP && groups & UINT32_C(1) << w)
			return w;
	return r->n_waves;
}

void rollout_assign(const struct rollout *r, struct rollout_host *hosts, size_t n)
{
	AUTO(xfree) struct place *p = xcalloc(n + 1, sizeof(*p));
	uint32_t sizes[ROLLOUT_WAVES_MAX], of_groups[ROLLOUT_WAVES_MAX] = { 0 };
	size_t n_places = 0, taken = 0;
	for (size_t i = 0; i < n; i++) {
		hosts[i].wave = rollout_group_wave(r, hosts[i].groups);
		if (hosts[i].wave < r->n_waves)
			of_groups[hosts[i].wave]++;
		else
			p[n_places++].host = &hosts[i];
	}
	place_all(p, n_places);
	rollout_sizes(r, n, of_groups, sizes);
	for (uint32_t w = 0; w < r->n_waves; w++)
		for (uint32_t i = 0; r->waves[w].kind != ROLLOUT_GROUP && i < sizes[w]; i++)
			p[taken++].host->wave = w;
	ASSERT(taken == n_places);
}

void rollout_sizes(const struct rollout *r, size_t n, const uint32_t *of_groups,
		   uint32_t out[static ROLLOUT_WAVES_MAX])
{
	size_t others = n, taken = 0; /* in no group of a wave */
	for (uint32_t w = 0; of_groups && w < r->n_waves; w++)
		if (r->waves[w].kind == ROLLOUT_GROUP)
			others -= MIN(others, (size_t)of_groups[w]);
	for (uint32_t w = 0; w < r->n_waves; w++) {
		const struct rollout_wave *wave = &r->waves[w];
		size_t upto, size;
		if (wave->kind == ROLLOUT_GROUP) {
			size = of_groups ? of_groups[w] : 0;
		} else {
			upto = wave->kind == ROLLOUT_SYSTEMS ? taken + wave->amount
							     : (n * wave->amount + 99) / 100;
			size = MIN(MAX(upto, taken) - taken, others);
			others -= size;
		}
		out[w] = (uint32_t)size;
		taken += size;
	}
}

/* --- decisions ---------------------------------------------------------------------------------
 */

static bool is_over(uint32_t n, uint32_t limit)
{
	return limit != ROLLOUT_NO_LIMIT && n > limit;
}

static bool misses_rate(const struct rollout *r, uint64_t good, uint64_t all)
{
	return good * 100 < all * r->success_percent;
}

static bool passes_threshold(const struct rollout *r, const struct rollout_counts *counts)
{
	uint64_t failed = 0, all = 0;
	for (uint32_t w = 0; w < r->n_waves; w++) {
		const struct rollout_counts *c = &counts[w];
		failed += c->failed;
		all += c->waiting + c->running + c->succeeded + c->failed + c->skipped +
		       c->forgiven;
	}
	return is_over((uint32_t)MIN(failed, (uint64_t)UINT32_MAX), r->halt_failures) ||
	       (r->halt_percent != ROLLOUT_NO_LIMIT && failed * 100 > all * r->halt_percent);
}

/* What breaks the gate already, whatever the others will do. */
static enum rollout_why broken(const struct rollout *r, const struct rollout_counts *c)
{
	uint64_t all = (uint64_t)c->waiting + c->running + c->succeeded + c->failed;
	if (is_over(c->failed, r->max_failures))
		return ROLLOUT_WHY_FAILURES;
	if (is_over(c->silent, r->max_silent))
		return ROLLOUT_WHY_SILENT;
	return misses_rate(r, all - c->failed, all) ? ROLLOUT_WHY_RATE : ROLLOUT_WHY_NONE;
}

static bool is_empty(const struct rollout_counts *c)
{
	return !(c->waiting || c->running || c->succeeded || c->failed || c->skipped ||
		 c->forgiven);
}

static struct rollout_judged halted_by(enum rollout_why why)
{
	return (struct rollout_judged) { ROLLOUT_HALTED, why, 0 };
}

/* Nobody is waited for any longer: those who have ended speak. */
static struct rollout_judged settled(const struct rollout *r, const struct rollout_counts *c,
				     bool some_left, int64_t now_ms)
{
	uint32_t evidence = c->succeeded + c->failed;
	if (!evidence && some_left)
		return halted_by(ROLLOUT_WHY_NO_EVIDENCE);
	if (!evidence)
		return (struct rollout_judged) {
			ROLLOUT_PASSED, is_empty(c) ? ROLLOUT_WHY_EMPTY : ROLLOUT_WHY_NOTHING, 0
		};
	if (misses_rate(r, c->succeeded, evidence))
		return halted_by(ROLLOUT_WHY_RATE);
	int64_t until = MAX(c->last_ended_ms, c->opened_ms) + r->soak_ms;
	if (now_ms < until)
		return (struct rollout_judged) { ROLLOUT_SOAKING, ROLLOUT_WHY_SOAK, until };
	return (struct rollout_judged) { ROLLOUT_PASSED, ROLLOUT_WHY_PROVEN, 0 };
}

static struct rollout_judged judge(const struct rollout *r, const struct rollout_counts *c,
				   int64_t now_ms)
{
	enum rollout_why why = broken(r, c);
	if (why)
		return halted_by(why);
	int64_t patience = c->opened_ms + r->patience_ms;
	bool reachable = c->waiting > c->absent || c->running > c->running_silent;
	bool some_left = c->absent || c->running_silent;
	if (reachable)
		return (struct rollout_judged) { ROLLOUT_RUNNING, ROLLOUT_WHY_UNDER_WAY, 0 };
	if (some_left && now_ms < patience)
		return (struct rollout_judged) { ROLLOUT_RUNNING, ROLLOUT_WHY_ABSENT, patience };
	return settled(r, c, some_left, now_ms);
}

void rollout_decide(const struct rollout *r, const struct rollout_counts *counts, uint32_t open,
		    enum rollout_why halted, int64_t now_ms, struct rollout_verdict *out)
{
	*out = (struct rollout_verdict) { 0 };
	open = MIN(MAX(open, 1u), r->n_waves);
	for (uint32_t w = 0; w < r->n_waves; w++) {
		enum rollout_why why = w + 1 < open ? ROLLOUT_WHY_PROVEN : ROLLOUT_WHY_BEFORE;
		out->waves[w] = (struct rollout_judged) {
			w + 1 < open ? ROLLOUT_PASSED : ROLLOUT_CLOSED,
			is_empty(&counts[w]) ? ROLLOUT_WHY_EMPTY : why, 0
		};
	}
	struct rollout_judged *now = &out->waves[open - 1];
	if (halted) {
		*now = halted_by(halted);
		return;
	}
	*now = passes_threshold(r, counts) ? halted_by(ROLLOUT_WHY_THRESHOLD)
					   : judge(r, &counts[open - 1], now_ms);
	out->halt = now->state == ROLLOUT_HALTED;
	out->open_next = now->state == ROLLOUT_PASSED && open < r->n_waves;
	out->done = now->state == ROLLOUT_PASSED && open == r->n_waves;
}
