/* SPDX-License-Identifier: Apache-2.0
 * What the installed packages that bear a condition's name say of it: on one host, and in the whole
 * fleet. Here alone is decided that of rival packages (several kernels) only the newest answers: on
 * one host by leaving the older ones out, in the fleet by taking hosts away that have a newer one.
 */
#ifndef MATCH_READINGS_H
#define MATCH_READINGS_H
#include "base/intern.h"
#include "match/bitmaps.h"
#include "match/blocks.h"
#include "match/modules.h"
#include "match/rule.h"

/* One package of the host that applies. */
struct host_reading {
	uint32_t fact;
	struct rule_hit hit;
};
/* Array on the heap (xfree); returns its length. */
uint32_t rule_read_host(const struct rule *condition, const struct rule_host *h,
			struct host_reading **out);

/* One fact of the fleet that applies, or (off a shelf) several that say the same. */
struct reading {
	uint32_t group;
	struct rule_hit hit;
	struct fact_package package;
	const roaring_bitmap_t *hosts;	/* never NULL; off a shelf: always */
	uint32_t shelf_class;		/* off a shelf: by what its hosts are found */
	const roaring_bitmap_t *native; /* if it says so only of hosts of one architecture; NULL =
					   there are none */
	bool offered;			/* of hosts to which dnf offers the build (modules.h) */
};
/* Rivals stand side by side and make a group; any other package is a group of its own. All of a
 * group have the same name and architecture. */
struct readings {
	struct reading *p;
	size_t n, cap;
	VEC(roaring_bitmap_t *) own;
};
void rule_read_fleet(const struct rule *condition, const struct fleet *f, struct readings *out);
/* The same where modules have a say: `hosts` of the condition's component. Any package answers on
 * hosts that are offered it, on all others one of its own stream. */
void rule_read_offers(const struct rule *condition, const struct fleet *f,
		      const struct modules_hosts *hosts, struct readings *out);
void readings_done(struct readings *r);
AUTO_DEFINE_VALUE(struct readings, readings_done)
/* Where the group that begins at `from` ends. */
size_t readings_group(const struct readings *r, size_t from);
enum reading_of { READING_FAILS, READING_HOLDS };
/* Hosts of the group [from, to) on which the condition holds, or on which it applies to a package
 * of which it does not hold (and, where several answer, may hold of another); NULL = none.
 * Borrowed, or kept alive by `keep`. */
const roaring_bitmap_t *readings_hosts(const struct readings *r, size_t from, size_t to,
				       enum reading_of what, struct bitmaps *keep);
/* What the fleet's packages of one name say to all the components that ask by it: facts that say
 * the same to all of them are one. Good for as long as the fleet's lock is held. Only components of
 * patches that are wanted count; packages that `hindered` names stand alone. */
struct shelf;
struct shelf *shelf_new(const struct catalog *c, const struct fleet *f, uint32_t component,
			const bool *wanted, const struct intern *hindered);
void shelf_free(struct shelf *s);
/* As rule_read_fleet() for a component that is on the shelf, but with what says the same in one. */
void shelf_read(const struct shelf *s, uint32_t component, struct readings *out);
/* Goes to a block of hosts. */
void shelf_turn(struct shelf *s, uint32_t block);
/* As readings_hosts(), of what was read off the shelf and of the block at hand; NULL when there are
 * none. The shelf's own or in `scratch`. */
const uint64_t *shelf_block(const struct shelf *s, const struct readings *r, size_t from, size_t to,
			    enum reading_of what, uint64_t *scratch);
#endif
