/* SPDX-License-Identifier: Apache-2.0
 * What dnf's modules make of an offer, on hosts that tell which streams are enabled and which
 * modules disabled. dnf.modularity(7), and as dnf does it: a stream is active that is enabled, or
 * that is its module's default while the module is neither enabled nor disabled. A build of a
 * stream is offered where that is active; a build of none where no active stream holds a package of
 * its name; a build of a hotfix repository everywhere. To what is offered any installed package of
 * the name answers, whatever it was built for; to what is not only one of the same stream, and then
 * it is kept back.
 *
 * What streams require of each other is not asked, nor what packages provide beside their names.
 *
 * A host tells when it has a line "module <TAB> platform <TAB> ..."; agents before that told
 * enabled streams only. Decided here alone, for one host and for the fleet. */
#ifndef MATCH_MODULES_H
#define MATCH_MODULES_H
#include "base/vec.h"
#include "catalog/patch.h"
#include "fleet/fleet.h"

enum modules_say {
	MODULES_SILENT, /* the host does not tell, or streams have no say */
	MODULES_OFFER,
	MODULES_FILTER,
};

/* --- one host --- */
struct modules {
	const struct catalog *catalog;
	const struct fleet *fleet;
	VEC(uint32_t) facts; /* of modules */
	bool told;
	uint8_t *active; /* by stream: 0 = not asked yet */
};
/* Facts are added one by one; those of other kinds are passed over. */
void modules_add(struct modules *m, uint32_t fact);
void modules_of(const struct catalog *c, const struct fleet *f, const uint32_t *facts, uint32_t n,
		struct modules *out);
void modules_done(struct modules *m);
AUTO_DEFINE_VALUE(struct modules, modules_done)
enum modules_say modules_say(struct modules *m, uint32_t component);
/* Of what is filtered: the line that has a part in it, or INTERN_NONE (a default stream). */
uint32_t modules_why(struct modules *m, uint32_t component);

/* --- the fleet; good while its lock is held --- */
struct modules_fleet {
	const struct catalog *catalog;
	const struct fleet *fleet;
	roaring_bitmap_t *told;	   /* empty: modules have a say nowhere */
	roaring_bitmap_t **active; /* by stream; NULL = not asked yet */
};
void modules_of_fleet(const struct catalog *c, const struct fleet *f, struct modules_fleet *out);
void modules_fleet_done(struct modules_fleet *m);
AUTO_DEFINE_VALUE(struct modules_fleet, modules_fleet_done)
/* Whether some host tells what has a say in this component's offer. */
bool modules_have_say(const struct modules_fleet *m, uint32_t component);
/* Hosts that tell: those that are offered it and those for which it is filtered. */
struct modules_hosts {
	roaring_bitmap_t *offered, *filtered;
};
void modules_hosts(struct modules_fleet *m, uint32_t component, struct modules_hosts *out);
void modules_hosts_done(struct modules_hosts *h);
AUTO_DEFINE_VALUE(struct modules_hosts, modules_hosts_done)
#endif
