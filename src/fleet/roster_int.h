/* SPDX-License-Identifier: Apache-2.0
 * Inside the roster only: an order of texts kept up to date in batches (roster_order.c). */
#ifndef FLEET_ROSTER_INT_H
#define FLEET_ROSTER_INT_H
#include "base/haystack.h"
#include "base/vec.h"

struct order {
	size_t field;	      /* of the haystack's */
	VEC(uint32_t) hosts;  /* in order; the top bit says: same text as the one before */
	VEC(uint32_t) places; /* by host */
	VEC(uint32_t) changed;
	VEC(uint8_t) is_changed; /* by host */
};
void order_done(struct order *o);
/* The host's text is about to change (or it is new). */
void order_change(struct order *o, uint32_t host);
/* Sorts in what changed. */
void order_update(struct order *o, const struct haystack *texts);
bool order_find(const struct order *o, const struct haystack *texts, struct str text,
		uint32_t *place_out);
#endif
