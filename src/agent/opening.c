/* SPDX-License-Identifier: Apache-2.0
 * An order's windows on this machine's clock and in this machine's zone, unless the order names
 * another. Decides nothing but the time. */
#include "agent/opening.h"

static bool zone_of(const struct agent_paths *p, const struct window_schedule *s, struct zone **out,
		    struct err *e)
{
	return s->zone[0] ? zone_open(s->zone, out, e) : zone_open_local(p->sysroot, out, e);
}

bool opening_of(const struct agent_paths *p, const struct order *o, int64_t now_ms, int64_t boot_ms,
		struct opening *out, struct err *e)
{
	*out = (struct opening) { .open = true, .end_ms = WINDOW_NO_END };
	if (!o->window || (o->forced_ms && now_ms >= o->forced_ms))
		return true;
	AUTO(zone_free) struct zone *z = NULL;
	struct window open, next;
	if (!zone_of(p, o->window, &z, e))
		return false;
	bool at_boot_only = o->window->triggers == SCHEDULE_START_UP;
	bool is_open = window_open(o->window, z, now_ms, &open);
	if (is_open && (!at_boot_only || boot_ms >= open.start_ms)) {
		out->end_ms = open.end_ms;
		return true;
	}
	*out = (struct opening) { .next_ms = WINDOW_NO_END, .needs_start_up = at_boot_only };
	if (!at_boot_only && window_next(o->window, z, now_ms, &next, 1))
		out->next_ms = next.start_ms;
	if (o->forced_ms)
		out->next_ms = MIN(out->next_ms, o->forced_ms);
	return true;
}
