/* SPDX-License-Identifier: Apache-2.0
 * A filter over systems made ready for a million of them: every condition becomes a byte or a table
 * by small numbers, so that one system costs a few loads from arrays in order. Called with a match
 * view held; what is made lives in the call's arena. */
#ifndef API_SYSTEM_SET_H
#define API_SYSTEM_SET_H
#include "api/system_list.h"
#include "fleet/roster.h"

enum system_facet {
	SYSTEM_HEALTH,
	SYSTEM_OS,
	SYSTEM_SCAN,
	SYSTEM_OFFICE,
	SYSTEM_ONLINE,
	SYSTEM_REBOOT,
	SYSTEM_ARCH,
	SYSTEM_VERSION,
	SYSTEM_LIFECYCLE,
	SYSTEM_FACETS_
};
enum { SYSTEM_FAILS_STALE = 29, SYSTEM_FAILS_STATE = 30, SYSTEM_FAILS_TEXT = 31 };

/** A value of every system: bytes, or numbers of words, by way of a map when there is one. */
struct system_column {
	const uint8_t *bytes;
	const uint32_t *words, *map;
	uint32_t n; /**< values are below it */
};
static inline uint32_t system_column_at(const struct system_column *c, uint32_t host)
{
	if (c->bytes)
		return c->bytes[host];
	return c->map ? c->map[c->words[host]] : c->words[host];
}

struct system_set {
	struct roster_columns c;
	const struct roster *roster;
	const struct system_filter *f;
	struct system_column column[SYSTEM_FACETS_];
	struct str *oses;		     /**< "debian:12" by number */
	const uint8_t *pass[SYSTEM_FACETS_]; /**< by value; NULL = no condition */
	int conditions[SYSTEM_FACETS_];	     /**< facets with a pass table */
	int n_conditions;
	const uint8_t *hit; /**< by host: has the text; NULL = none is asked for */
	int64_t oldest_ms;  /**< last scans before it are old */
};
/** Makes ready what the filter needs; `f` must stay as it is from now on. */
void system_set_init(struct system_set *s, const struct system_filter *f);
/** The column of a facet, made now if need be. */
const struct system_column *system_set_column(struct system_set *s, enum system_facet which);
/** The text of a facet's value. */
struct str system_set_text(const struct system_set *s, enum system_facet which, uint32_t value);

/** Bits of the conditions a system fails; see system_filter_failing(). */
static inline uint32_t system_set_failing(const struct system_set *s, uint32_t host)
{
	uint32_t mask = 0;
	if (s->f->states && !(s->f->states >> s->c.state[host] & 1))
		return UINT32_C(1) << SYSTEM_FAILS_STATE;
	if (s->hit && !s->hit[host])
		return UINT32_C(1) << SYSTEM_FAILS_TEXT;
	for (int i = 0; i < s->n_conditions; i++) {
		int which = s->conditions[i];
		if (!s->pass[which][system_column_at(&s->column[which], host)])
			mask |= UINT32_C(1) << which;
	}
	if (s->f->stale >= 0) {
		bool stale = s->c.state[host] != HOST_ACTIVE || s->c.last_scan_ms[host] == 0 ||
			     s->c.last_scan_ms[host] < s->oldest_ms;
		if (stale != s->f->stale)
			mask |= UINT32_C(1) << SYSTEM_FAILS_STALE;
	}
	return mask;
}
#endif
