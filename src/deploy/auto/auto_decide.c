/* SPDX-License-Identifier: Apache-2.0
 * See auto_decide.h. The order of the questions is the order in which people are told: not its
 * business, declined, not approved, halted, too young. */
#include "deploy/auto/auto_decide.h"

#include <fnmatch.h>

const char *auto_verdict_name(enum auto_verdict v)
{
	static const char *const names[] = { "deploy",	 "express", "later",   "not_approved",
					     "declined", "halted",  "no_match" };
	return v < AUTO_VERDICTS_ ? names[v] : NULL;
}

const char *approval_verdict_name(enum approval_verdict v)
{
	static const char *const names[] = { "person", "targets", "system", "start", "result",
					     "days",   "share",	  "due",    "failed" };
	return v < APPROVAL_VERDICTS_ ? names[v] : NULL;
}

static bool like(const char *const *patterns, size_t n, struct str s)
{
	for (size_t i = 0; i < n; i++)
		if (s.n && fnmatch(patterns[i], s.p, 0) == 0)
			return true;
	return false;
}

/* The product, one of the packages, or the id. */
static bool named(const char *const *patterns, size_t n, const struct auto_patch *p)
{
	if (!n)
		return false;
	if (like(patterns, n, p->product) || like(patterns, n, p->id))
		return true;
	for (uint32_t i = 0; i < p->n_components; i++)
		if (like(patterns, n, p->components[i].name))
			return true;
	return false;
}

bool auto_matches(const struct auto_criteria *c, const struct auto_patch *p)
{
	if (p->type == PATCH_TYPE_FEATURE || (c->types && !(c->types >> p->type & 1)) ||
	    (c->severities && !(c->severities >> p->severity & 1)))
		return false;
	return (!c->n_os || like(c->os, c->n_os, p->os)) &&
	       (!c->n_include || named(c->include, c->n_include, p)) &&
	       !named(c->exclude, c->n_exclude, p);
}

static bool is_express(const struct auto_criteria *c, const struct auto_patch *p)
{
	return c->express &&
	       ((c->express_kev && p->kev) || (c->express_epss >= 0 && p->epss >= c->express_epss));
}

/* When it is old enough. */
static int64_t ripe_ms(const struct auto_criteria *c, const struct auto_patch *p, int64_t now_ms)
{
	int64_t from = c->after_approval ? p->approved_ms
		       : p->released_ms	 ? p->released_ms
					 : p->seen_ms;
	return (from ? from : now_ms) + c->days * AUTO_DAY_MS;
}

void auto_decide(const struct auto_criteria *c, const struct auto_patch *p, int64_t now_ms,
		 struct auto_decision *out)
{
	*out = (struct auto_decision) { .verdict = AUTO_DEPLOY };
	if (!auto_matches(c, p))
		out->verdict = AUTO_NO_MATCH;
	else if (p->declined)
		out->verdict = AUTO_DECLINED;
	else if (c->testing ? p->approved || !p->untested : !p->approved)
		out->verdict = c->testing ? AUTO_NO_MATCH : AUTO_NOT_APPROVED;
	else if (c->halt_after && p->failures >= c->halt_after)
		out->verdict = AUTO_HALTED;
	else if (is_express(c, p))
		out->verdict = AUTO_EXPRESS;
	else if (ripe_ms(c, p, now_ms) > now_ms)
		*out = (struct auto_decision) { AUTO_LATER, ripe_ms(c, p, now_ms) };
}

enum auto_pair auto_pair(const struct auto_criteria *c, const struct auto_tries *t, int64_t now_ms)
{
	if (t->cancelled)
		return AUTO_PAIR_CANCELLED;
	if (t->ended >= (c->testing ? 1 : AUTO_TRIES_MAX))
		return AUTO_PAIR_GIVEN_UP;
	return t->ended && t->last_ms + AUTO_TRY_AGAIN_MS > now_ms ? AUTO_PAIR_WAITS
								   : AUTO_PAIR_DUE;
}

static enum approval_verdict tested(const struct approval_settings *s,
				    const struct approval_facts *f,
				    const struct approval_decision *d, int64_t now_ms)
{
	if (f->failed)
		return APPROVAL_FAILED;
	if (!d->tested)
		return !f->has_targets ? APPROVAL_WAITS_TARGETS
		       : f->lacking    ? APPROVAL_WAITS_START
				       : APPROVAL_WAITS_SYSTEM;
	if (!s->by_itself)
		return APPROVAL_WAITS_PERSON;
	if (!f->succeeded)
		return APPROVAL_WAITS_RESULT;
	if (d->at_ms > now_ms)
		return APPROVAL_WAITS_DAYS;
	return f->succeeded >= d->needed ? APPROVAL_DUE : APPROVAL_WAITS_SHARE;
}

void approval_decide(const struct approval_settings *s, bool untested,
		     const struct approval_facts *f, int64_t now_ms, struct approval_decision *out)
{
	uint32_t all = f->open + f->succeeded + f->failed;
	*out = (struct approval_decision) { .verdict = APPROVAL_WAITS_PERSON };
	if (s->mode != APPROVAL_TEST || !untested)
		return;
	out->succeeded = f->succeeded;
	out->tested = all;
	out->needed = (uint32_t)(((int64_t)all * s->percent + 99) / 100);
	if (f->succeeded && s->by_itself)
		out->at_ms = f->first_ms + s->after_days * AUTO_DAY_MS;
	out->verdict = tested(s, f, out, now_ms);
}
