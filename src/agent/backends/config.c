/* SPDX-License-Identifier: Apache-2.0
 * The rules of dpkg and rpm for configuration files, and who has which. Invariant: of what is not
 * known nothing is guessed; it is called unknown. */
#include "agent/backends/config.h"
#include "proto/plan.h"

#include <stdlib.h>

/* --- who has which ------------------------------------------------------------------------------
 */

struct side {
	const struct details_file *f;
	bool is_new;
};
/* Both managers ask whichever package has the path by their records. */
static int by_file(const void *a, const void *b)
{
	const struct side *x = a, *y = b;
	int c = str_cmp(x->f->path, y->f->path);
	return c			? c
	       : x->is_new != y->is_new ? (int)x->is_new - (int)y->is_new
					: (int)x->f->obsolete - (int)y->f->obsolete;
}

static struct side *sides(struct details *d, size_t *n_out)
{
	struct side *all = arena_array(&d->a, struct side, d->files.n + d->anew.n + 1);
	size_t n = 0;
	/* dpkg's lists of files tell no configuration; rpm's do, and a file may become one */
	for (size_t i = 0; i < d->files.n; i++)
		if (d->kind == PKGDB_RPM || d->files.p[i].config)
			all[n++] = (struct side) { &d->files.p[i], false };
	for (size_t i = 0; i < d->anew.n; i++)
		all[n++] = (struct side) { &d->anew.p[i], true };
	if (n)
		qsort(all, n, sizeof(*all), by_file);
	*n_out = n;
	return all;
}

struct config_case *config_cases(struct details *d, size_t *n_out)
{
	size_t n, n_cases = 0;
	const struct side *all = sides(d, &n);
	struct config_case *out = arena_array(&d->a, struct config_case, n + 1);
	for (size_t i = 0, next; i < n; i = next) {
		struct config_case c = { .path = all[i].f->path, .step = all[i].f->step };
		bool config = false;
		for (next = i; next < n && str_eq(all[next].f->path, c.path); next++) {
			const struct details_file *f = all[next].f;
			config |= f->config;
			if (all[next].is_new && !c.anew) {
				c.anew = f;
				c.step = f->step;
			} else if (!all[next].is_new && !c.old) {
				c.old = f;
			}
		}
		c.unread = !c.anew && d->unread;
		if (config)
			out[n_cases++] = c;
	}
	*n_out = n_cases;
	return out;
}

/* --- what becomes of it -------------------------------------------------------------------------
 */

bool config_asks_new(const struct config_case *c)
{
	return c->anew && !c->odd && !c->anew->goes && (c->old || c->there) && !c->as_old;
}

static const char *dpkg_fate(const struct config_case *c)
{
	if (c->odd || (c->old && c->as_old))
		return NULL;
	if (c->unread)
		return c->old->obsolete ? NULL : "unknown";
	if (!c->anew)
		return c->there && !c->old->obsolete ? "left" : NULL;
	if (c->anew->goes)
		return c->old && c->there ? "saved" : NULL;
	if (!config_asks_new(c) || c->as_anew)
		return NULL;
	if (!c->anew->digest.n)
		return "unknown";
	if (c->old && str_eq(c->old->digest, c->anew->digest))
		return NULL;
	return c->there ? "kept" : "deleted";
}

static const char *rpm_fate(const struct config_case *c)
{
	if (!c->there || c->as_old)
		return NULL; /* it is put there, or replaced, or taken away */
	if (!c->anew)
		return c->old->config ? "saved" : NULL;
	if (c->anew->ghost || c->as_anew || (!c->old && !c->anew->config))
		return NULL;
	if (!c->anew->regular || (c->old && !c->old->regular))
		return "unknown"; /* a link, or what was one */
	if (c->old && str_eq(c->old->digest, c->anew->digest))
		return NULL; /* the same in both: rpm does not touch it */
	return c->anew->noreplace ? "kept" : "replaced";
}

const char *config_fate(enum pkgdb_kind kind, const struct config_case *c)
{
	return kind == PKGDB_DEB ? dpkg_fate(c) : rpm_fate(c);
}

json_t *config_json(const struct details *d, const struct config_case *cases, size_t n)
{
	json_t *list = json_array();
	for (size_t i = 0; i < n && json_array_size(list) < PLAN_CONFIG_FILES_MAX; i++) {
		const struct config_case *c = &cases[i];
		const char *fate = config_fate(d->kind, c);
		if (fate)
			json_array_append_new(list,
					      json_pack("{s:o,s:o,s:s}", "package",
							json_text(d->t->steps[c->step].name),
							"path", json_text(c->path), "fate", fate));
	}
	return list;
}
