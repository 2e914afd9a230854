/* SPDX-License-Identifier: Apache-2.0
 * See scope.h. The order of what stays is kept; advisories stay all, since several patches may
 * share one. */
#include "catalog/scope.h"

#include "catalog/catalog_int.h"

struct str scope_family(struct str os)
{
	const char *colon = os.n ? memchr(os.p, ':', os.n) : NULL;
	return colon ? (struct str) { os.p, (size_t)(colon - os.p) } : os;
}

bool scope_is_off(struct str off, struct str family, enum patch_type type)
{
	struct str line, name;
	while (off.n && str_split(&off, '\n', &line)) {
		line = str_trim(line);
		if (str_split(&line, '/', &name) && str_eq(name, family) &&
		    str_is(line, patch_type_name(type)))
			return true;
	}
	return false;
}

/* The row of a family; there are a few dozen. */
static struct scope_row *row_of(struct catalog *c, struct str family)
{
	for (uint32_t i = 0; i < c->n_scope; i++)
		if (str_eq(c->scope[i].family, family))
			return &c->scope[i];
	c->scope = xrealloc(c->scope, ((size_t)c->n_scope + 1) * sizeof(*c->scope));
	c->scope[c->n_scope] = (struct scope_row) { .family = family };
	return &c->scope[c->n_scope++];
}

static void judge(struct catalog *c, struct str off)
{
	for (uint32_t i = 0; i < c->n_patches; i++) {
		struct scope_row *row = row_of(c, scope_family(c->patches[i].os));
		row->patches[c->patches[i].type]++;
	}
	for (uint32_t i = 0; i < c->n_scope; i++)
		for (int t = 0; t < PATCH_TYPES_; t++)
			c->scope[i].off[t] = scope_is_off(off, c->scope[i].family,
							  (enum patch_type)t);
}

static bool leaves(struct catalog *c, const struct patch *p)
{
	return row_of(c, scope_family(p->os))->off[p->type];
}

void scope_apply_to(struct catalog *c, struct str off)
{
	uint32_t patches = 0, components = 0;
	judge(c, off);
	if (off.n == 0)
		return;
	struct intern *ids = intern_new();
	for (uint32_t i = 0; i < c->n_patches; i++) {
		struct patch p = c->patches[i];
		if (leaves(c, &p))
			continue;
		memmove(&c->components[components], &c->components[p.first_component],
			p.components * sizeof(c->components[0]));
		for (uint32_t k = 0; k < p.components; k++)
			c->components[components + k].patch = patches;
		p.first_component = components;
		components += p.components;
		c->patches[patches++] = p;
		(void)intern_add(ids, p.id);
	}
	c->n_patches = patches;
	c->n_components = components;
	intern_free(c->impl->ids);
	c->impl->ids = ids;
}
