/* SPDX-License-Identifier: Apache-2.0
 * When a system is to be woken, and by whom. Decides from what it is given; writes nothing. */
#include "deploy/wol/wol_pick.h"

bool wol_due(const struct window_schedule *s, const struct zone *z, int64_t created_ms,
	     int64_t forced_ms, int64_t now_ms, int64_t *window_out)
{
	struct window w;
	*window_out = created_ms;
	if (!s || s->n_windows == 0)
		return !s || window_open(s, z, now_ms, NULL);
	if (window_open(s, z, now_ms, &w) ||
	    (window_next(s, z, now_ms, &w, 1) == 1 && w.start_ms - now_ms <= WOL_AHEAD_MS)) {
		*window_out = w.start_ms;
		return true;
	}
	*window_out = forced_ms;
	return forced_ms && forced_ms - now_ms <= WOL_AHEAD_MS;
}

static struct wol_subnet *find(struct wol_subnets *s, const char *text)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->list[i].text, text) == 0)
			return &s->list[i];
	return NULL;
}

bool wol_enter(struct wol_subnets *s, const struct lan *l)
{
	for (size_t i = 0; i < l->n; i++) {
		for (size_t k = 0; k < l->nics[i].n_subnets; k++) {
			const char *text = l->nics[i].subnets[k];
			if (find(s, text))
				continue;
			if (s->n == WOL_SUBNETS)
				return false;
			memcpy(s->list[s->n++].text, text, SUBNET_TEXT);
		}
	}
	return true;
}

/* How many of the subnets got their last neighbour by this one. */
static size_t offer(struct wol_subnets *s, uint32_t host, const struct lan *l)
{
	size_t filled = 0;
	for (size_t i = 0; i < l->n; i++) {
		for (size_t k = 0; k < l->nics[i].n_subnets; k++) {
			struct wol_subnet *at = find(s, l->nics[i].subnets[k]);
			if (!at || at->n == WOL_CHOICE ||
			    (at->n && at->neighbours[at->n - 1] == host))
				continue;
			at->neighbours[at->n++] = host;
			filled += at->n == WOL_CHOICE;
		}
	}
	return filled;
}

void wol_find(struct wol_subnets *s, const struct fleet *f)
{
	size_t open = s->n;
	roaring_uint32_iterator_t it;
	roaring_init_iterator(fleet_online_hosts(f), &it);
	for (; open && it.has_value; roaring_advance_uint32_iterator(&it)) {
		const struct host *h = fleet_host(f, it.current_value);
		struct lan l;
		if (h->state == HOST_ACTIVE && h->attrs.lan_json &&
		    lan_parse(h->attrs.lan_json, &l, NULL))
			open -= offer(s, h->no, &l);
	}
}

bool wol_choose(struct wol_subnets *s, const struct lan *l, int64_t tries, uint32_t *out,
		bool *busy_out)
{
	*busy_out = false;
	for (size_t i = 0; i < l->n; i++) {
		for (size_t k = 0; k < l->nics[i].n_subnets; k++) {
			struct wol_subnet *at = find(s, l->nics[i].subnets[k]);
			for (size_t j = 0; at && j < at->n; j++) {
				size_t c = ((size_t)tries + j) % at->n;
				*busy_out = true;
				if (at->asked[c] == WOL_ERRANDS)
					continue;
				at->asked[c]++;
				*out = at->neighbours[c];
				return true;
			}
		}
	}
	return false;
}
