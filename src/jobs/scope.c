/* SPDX-License-Identifier: Apache-2.0
 * The scope of syncs. A kind that is off is not planned; what is not planned is forgotten by the
 * sync, since it would never be brought up to date again. */
#include "jobs/scope.h"

#include "catalog/scope.h"

bool jobs_source(size_t i, struct job_source *out)
{
	for (const struct feed_kind *k = feed_kinds; k->name; k++)
		if (i-- == 0) {
			*out = (struct job_source) { k->name, k->title, k->os, k->offers,
						     k->is_signed };
			return true;
		}
	return false;
}

static bool is_off(struct str off, const char *kind)
{
	struct str one;
	while (off.n && str_split(&off, '\n', &one))
		if (str_is(str_trim(one), kind))
			return true;
	return false;
}

void scope_apply(const struct jobs_conf *conf, struct feed_plan *p)
{
	struct str off = str_of(settings_text(conf->settings, SETTING_SYNC_OFF, p->arena));
	size_t kept = 0;
	for (size_t i = 0; i < p->specs.n; i++)
		if (!is_off(off, p->specs.p[i].kind))
			p->specs.p[kept++] = p->specs.p[i];
	p->specs.n = kept;
}

struct str scope_cells(const struct jobs_conf *conf, struct arena *a)
{
	return str_of(settings_text(conf->settings, SETTING_SCOPE_OFF, a));
}

bool scope_differs(const struct jobs_conf *conf, const struct catalog *c)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct str off = scope_cells(conf, &a);
	for (uint32_t i = 0; i < c->n_scope; i++)
		for (int t = 0; t < PATCH_TYPES_; t++) {
			const struct scope_row *row = &c->scope[i];
			if (row->patches[t] &&
			    row->off[t] != scope_is_off(off, row->family, (enum patch_type)t))
				return true;
		}
	return false;
}
