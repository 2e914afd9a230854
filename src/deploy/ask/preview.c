/* SPDX-License-Identifier: Apache-2.0
 * Blast radius before anything happens, and the token that binds a creation to what was shown: the
 * resolved set is kept here and a creation may only contain pairs that were in it. */
#include "base/enc.h"
#include "base/random.h"
#include "deploy/deploy_int.h"
#include "deploy/rollout/rollout.h"

#include <stdio.h>

void preview_count_hosts(const struct match_view *v, const struct resolved *set,
			 struct deploy_preview *out)
{
	roaring_bitmap_t *reboot = roaring_bitmap_create();
	for (size_t i = 0; i < set->n; i++) {
		const struct patch *p = &v->catalog->patches[set->patches[i]];
		out->pairs += (uint32_t)roaring_bitmap_get_cardinality(set->hosts[i]);
		out->severity[p->severity]++;
		if (p->reboot == REBOOT_ALWAYS)
			roaring_bitmap_or_inplace(reboot, set->hosts[i]);
	}
	out->reboots = (uint32_t)roaring_bitmap_get_cardinality(reboot);
	roaring_bitmap_free(reboot);
	roaring_uint32_iterator_t it;
	roaring_init_iterator(set->all, &it);
	for (; it.has_value; roaring_advance_uint32_iterator(&it))
		out->offline += !fleet_host(v->fleet, it.current_value)->online;
}

static void count_bytes(struct deploy *d, const struct match_view *v, const struct resolved *set,
			struct deploy_preview *out)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct patch *p = &v->catalog->patches[set->patches[i]];
		for (uint32_t k = 0; k < p->components; k++) {
			uint32_t c = p->first_component + k;
			const struct component *comp = &v->catalog->components[c];
			if (comp->archive == CATALOG_NONE ||
			    !match_component_wanted(v, c, set->hosts[i]))
				continue;
			if (store_has(d->conf.store, &comp->sha256, NULL))
				out->stored_bytes += comp->size;
			else
				out->download_bytes += comp->size;
		}
	}
}

void preview_keep(struct deploy *d, struct resolved *set, const char *token)
{
	pthread_mutex_lock(&d->preview_lock);
	struct preview_slot *s = &d->previews[d->next_preview++ % PREVIEW_KEEP];
	resolved_done(&s->set);
	s->set = *set;
	*set = (struct resolved) { 0 };
	s->made_ms = clock_now_ms(d->conf.clock);
	snprintf(s->token, sizeof(s->token), "%s", token);
	pthread_mutex_unlock(&d->preview_lock);
}

void preview_token(char out[static 65])
{
	uint8_t raw[32];
	random_bytes(raw, sizeof(raw));
	enc_hex(raw, sizeof(raw), out);
}

bool deploy_preview(struct deploy *d, const struct deploy_request *r, struct deploy_preview *out,
		    struct err *e)
{
	struct match_view v;
	match_read(d->conf.match, &v);
	AUTO(resolved_done) struct resolved set = { 0 };
	struct deploy_preview p = { 0 };
	bool ok = deploy_resolve(d, &v, r, &set, e);
	if (ok) {
		p.patches = (uint32_t)set.n;
		p.systems = (uint32_t)roaring_bitmap_get_cardinality(set.all);
		p.superseded = set.superseded;
		p.held = set.held;
		p.unknown = set.unknown;
		p.unapproved = set.unapproved;
		p.rolled_back = set.rolled_back;
		p.declined = set.declined;
		preview_count_hosts(&v, &set, &p);
		count_bytes(d, &v, &set, &p);
	}
	if (ok && r->rollout) {
		p.n_waves = r->rollout->n_waves;
		ok = waves_sizes(d, r->rollout, &v, set.all, p.waves, e);
	}
	match_read_end(&v);
	if (!ok)
		return false;
	preview_token(p.token);
	preview_keep(d, &set, p.token);
	*out = p;
	return true;
}

static bool all_were_shown(const struct resolved *shown, const struct resolved *now)
{
	AUTO(intern_free) struct intern *ids = intern_new();
	bool covers = true;
	for (size_t i = 0; i < shown->n; i++)
		intern_add(ids, shown->ids[i]); /* each once: its number is i */
	for (size_t i = 0; covers && i < now->n; i++) {
		uint32_t at = intern_find(ids, now->ids[i]);
		covers = at != INTERN_NONE &&
			 roaring_bitmap_is_subset(now->hosts[i], shown->hosts[at]);
	}
	return covers;
}

bool preview_covers(struct deploy *d, const char *token, const struct resolved *now)
{
	int64_t oldest = clock_now_ms(d->conf.clock) - PREVIEW_KEEP_MS;
	bool covers = false;
	pthread_mutex_lock(&d->preview_lock);
	for (size_t k = 0; token[0] && k < PREVIEW_KEEP; k++) {
		const struct preview_slot *s = &d->previews[k];
		if (strcmp(s->token, token) != 0 || s->made_ms < oldest)
			continue;
		covers = all_were_shown(&s->set, now);
	}
	pthread_mutex_unlock(&d->preview_lock);
	return covers;
}
