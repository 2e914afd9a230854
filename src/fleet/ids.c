/* SPDX-License-Identifier: Apache-2.0
 * See ids.h. Open addressing with linear probing. Invariant: at most half full. */
#include "fleet/ids.h"

void ids_done(struct ids *t)
{
	xfree(t->slots);
	*t = (struct ids) { 0 };
}

static void place(struct ids *t, struct str id, uint32_t no)
{
	uint32_t i = (uint32_t)str_hash(id) & t->mask;
	while (t->slots[i])
		i = (i + 1) & t->mask;
	t->slots[i] = no + 1;
}

static void grow(struct ids *t, struct host *const *hosts, uint32_t mask)
{
	struct ids bigger = { .mask = mask, .n = t->n };
	bigger.slots = xcalloc((size_t)bigger.mask + 1, sizeof(*bigger.slots));
	for (uint32_t i = 0; t->slots && i <= t->mask; i++)
		if (t->slots[i])
			place(&bigger, str_of(hosts[t->slots[i] - 1]->id), t->slots[i] - 1);
	ids_done(t);
	*t = bigger;
}

void ids_reserve(struct ids *t, struct host *const *hosts, uint32_t more)
{
	uint32_t mask = t->mask ? t->mask : 63;
	while (((uint64_t)t->n + more) * 2 >= mask)
		mask = mask * 2 + 1;
	if (mask != t->mask)
		grow(t, hosts, mask);
}

uint32_t ids_find(const struct ids *t, struct host *const *hosts, struct str id)
{
	if (!t->slots)
		return INTERN_NONE;
	for (uint32_t i = (uint32_t)str_hash(id) & t->mask; t->slots[i]; i = (i + 1) & t->mask)
		if (str_eq(str_of(hosts[t->slots[i] - 1]->id), id))
			return t->slots[i] - 1;
	return INTERN_NONE;
}

void ids_add(struct ids *t, struct host *const *hosts, uint32_t no)
{
	ids_reserve(t, hosts, 1);
	place(t, str_of(hosts[no]->id), no);
	t->n++;
}

bool ids_add_new(struct ids *t, struct host *const *hosts, uint32_t no)
{
	struct str id = str_of(hosts[no]->id);
	ids_reserve(t, hosts, 1);
	uint32_t i = (uint32_t)str_hash(id) & t->mask;
	for (; t->slots[i]; i = (i + 1) & t->mask)
		if (str_eq(str_of(hosts[t->slots[i] - 1]->id), id))
			return false;
	t->slots[i] = no + 1;
	t->n++;
	return true;
}
