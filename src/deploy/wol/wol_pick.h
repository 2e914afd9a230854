/* SPDX-License-Identifier: Apache-2.0
 * Private to src/deploy/wol: who could send a packet into which subnet. */
#ifndef DEPLOY_WOL_PICK_H
#define DEPLOY_WOL_PICK_H
#include "deploy/wol/wol.h"

#define WOL_SUBNETS 64 /**< at once; the rest waits for the next look */
#define WOL_CHOICE 4

/** Systems in contact that are in a subnet. */
struct wol_subnet {
	char text[SUBNET_TEXT];
	uint32_t neighbours[WOL_CHOICE], asked[WOL_CHOICE];
	size_t n;
};
struct wol_subnets {
	struct wol_subnet list[WOL_SUBNETS];
	size_t n;
};
/** Enters the subnets of a system that sleeps; false when there is no room. */
bool wol_enter(struct wol_subnets *s, const struct lan *l);
/** Finds neighbours among the systems in contact, WOL_CHOICE for each subnet; ends as soon as every
 * subnet has them. */
void wol_find(struct wol_subnets *s, const struct fleet *f);
/** The neighbour for a system at its `tries`-th asking, another one each time as long as there are
 * others. False: there is none; *busy_out: none that has not enough to do. */
bool wol_choose(struct wol_subnets *s, const struct lan *l, int64_t tries, uint32_t *out,
		bool *busy_out);
#endif
