/* SPDX-License-Identifier: Apache-2.0
 * See system_set.h: columns are made when something asks for them, tables from the filter's words.
 */
#include "api/system_set.h"

#include "api/enriched.h"
#include "base/intern.h"
#include "match/healths.h"

/* --- columns --- */

static const uint8_t *healths(const struct system_set *s)
{
	uint8_t *out = arena_array(s->f->c->arena, uint8_t, s->c.n + 1);
	match_healths(s->f->v, s->f->now_ms, out);
	return out;
}

/* "debian:12" of every release, each text once. */
static void os_column(struct system_set *s, struct system_column *out)
{
	struct arena *a = s->f->c->arena;
	uint32_t n = roster_words(s->roster, ROSTER_RELEASE);
	AUTO(intern_free) struct intern *seen = intern_new();
	uint32_t *map = arena_array(a, uint32_t, n + 1);
	s->oses = arena_array(a, struct str, n + 1);
	for (uint32_t i = 0; i < n; i++) {
		struct roster_release r = roster_release(s->roster, i);
		struct str text = str_of(
			arena_printf(a, "%.*s:%.*s", STR_ARG(r.os_id), STR_ARG(r.os_version)));
		map[i] = intern_add(seen, text);
		s->oses[map[i]] = text;
	}
	*out = (struct system_column) { .words = s->c.word[ROSTER_RELEASE],
					.map = map,
					.n = intern_count(seen) };
}

/* Asked once for every kind of host. */
static void lifecycle_column(struct system_set *s, struct system_column *out)
{
	struct arena *a = s->f->c->arena;
	AUTO(match_kinds_done) struct match_kinds kinds;
	match_kinds_read(s->f->v, &kinds);
	uint32_t *map = arena_array(a, uint32_t, kinds.n + 1), *own = NULL;
	for (uint32_t i = 0; i < kinds.n; i++)
		map[i] = LIFECYCLE_STATES_;
	for (uint32_t h = 0; h < s->c.n; h++) {
		uint32_t *state = &map[kinds.of[h]];
		if (*state == LIFECYCLE_STATES_)
			*state = enriched_lifecycle(s->f->c, s->f->v,
						    fleet_host(s->f->v->fleet, h));
	}
	if (kinds.own && s->c.n) {
		own = arena_array(a, uint32_t, s->c.n);
		memcpy(own, kinds.own, s->c.n * sizeof(*own));
	}
	*out = (struct system_column) { .words = own ? own : kinds.of,
					.map = map,
					.n = LIFECYCLE_STATES_ };
}

const struct system_column *system_set_column(struct system_set *s, enum system_facet which)
{
	static const enum roster_word words[SYSTEM_FACETS_] = { [SYSTEM_OFFICE] = ROSTER_OFFICE,
								[SYSTEM_ARCH] = ROSTER_ARCH,
								[SYSTEM_VERSION] = ROSTER_AGENT };
	struct system_column *c = &s->column[which];
	if (c->n > 0)
		return c;
	switch (which) {
	case SYSTEM_HEALTH:
		*c = (struct system_column) { .bytes = healths(s), .n = HEALTHS_ };
		break;
	case SYSTEM_OS: os_column(s, c); break;
	case SYSTEM_SCAN:
		*c = (struct system_column) { .bytes = s->c.scan, .n = SCAN_FAILED + 1 };
		break;
	case SYSTEM_ONLINE: *c = (struct system_column) { .bytes = s->c.online, .n = 2 }; break;
	case SYSTEM_REBOOT: *c = (struct system_column) { .bytes = s->c.reboot, .n = 2 }; break;
	case SYSTEM_LIFECYCLE: lifecycle_column(s, c); break;
	default:
		*c = (struct system_column) { .words = s->c.word[words[which]],
					      .n = roster_words(s->roster, words[which]) };
	}
	return c;
}

struct str system_set_text(const struct system_set *s, enum system_facet which, uint32_t value)
{
	switch (which) {
	case SYSTEM_HEALTH: return str_of(health_name((enum health)value));
	case SYSTEM_OS: return s->oses[value];
	case SYSTEM_SCAN: return str_of(word_scan(value));
	case SYSTEM_OFFICE: return roster_word(s->roster, ROSTER_OFFICE, value);
	case SYSTEM_ONLINE:
	case SYSTEM_REBOOT: return str_of(value ? "true" : "false");
	case SYSTEM_ARCH: return roster_word(s->roster, ROSTER_ARCH, value);
	case SYSTEM_VERSION: return roster_word(s->roster, ROSTER_AGENT, value);
	case SYSTEM_LIFECYCLE: return str_of(lifecycle_state_name((enum lifecycle_state)value));
	case SYSTEM_FACETS_: break;
	}
	ASSERT(false);
	return STR_LIT("");
}

/* --- conditions --- */

static uint8_t *condition(struct system_set *s, enum system_facet which)
{
	const struct system_column *c = system_set_column(s, which);
	uint8_t *pass = arena_array(s->f->c->arena, uint8_t, c->n + 1);
	s->pass[which] = pass;
	s->conditions[s->n_conditions++] = which;
	return pass;
}

static void by_bits(struct system_set *s, enum system_facet which, uint64_t bits)
{
	if (!bits)
		return;
	uint8_t *pass = condition(s, which);
	for (uint32_t i = 0; i < s->column[which].n; i++)
		pass[i] = bits >> i & 1;
}

static void by_texts(struct system_set *s, enum system_facet which, const struct str *texts,
		     size_t n)
{
	if (n == 0)
		return;
	AUTO(intern_free) struct intern *wanted = intern_new();
	for (size_t i = 0; i < n; i++)
		intern_add(wanted, texts[i]);
	uint8_t *pass = condition(s, which);
	for (uint32_t i = 0; i < s->column[which].n; i++)
		pass[i] = intern_find(wanted, system_set_text(s, which, i)) != INTERN_NONE;
}

void system_set_init(struct system_set *s, const struct system_filter *f)
{
	*s = (struct system_set) { .roster = fleet_roster(f->v->fleet),
				   .f = f,
				   .oldest_ms = match_oldest_scan_ms(f->v, f->now_ms) };
	roster_columns(s->roster, &s->c);
	by_bits(s, SYSTEM_HEALTH, f->healths);
	by_bits(s, SYSTEM_SCAN, f->scans);
	by_bits(s, SYSTEM_LIFECYCLE, f->lifecycles);
	by_bits(s, SYSTEM_ONLINE, f->online < 0 ? 0 : UINT64_C(1) << f->online);
	by_bits(s, SYSTEM_REBOOT, f->reboot < 0 ? 0 : UINT64_C(1) << f->reboot);
	by_texts(s, SYSTEM_OS, f->oses, f->n_oses);
	by_texts(s, SYSTEM_OFFICE, f->offices, f->n_offices);
	by_texts(s, SYSTEM_ARCH, f->arches, f->n_arches);
	by_texts(s, SYSTEM_VERSION, f->versions, f->n_versions);
	if (f->q) {
		uint8_t *hit = arena_array(f->c->arena, uint8_t, s->c.n + 1);
		roster_find(s->roster, str_of(f->q), hit);
		s->hit = hit;
	}
}
