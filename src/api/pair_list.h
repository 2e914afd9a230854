/* SPDX-License-Identifier: Apache-2.0
 * Patches x systems as a list: one row per pair that has a verdict. Nothing walks the pairs:
 * patches are filtered and ordered as everywhere, numbers come from cardinalities of bitmaps, and
 * only the bitmaps of the patches on the page are entered, at the row where the page begins. Called
 * with a match view held. */
#ifndef API_PAIR_LIST_H
#define API_PAIR_LIST_H
#include "api/patch_list.h"
#include "api/system_list.h"

/** What a row says of its pair. The order is that of rows of one patch. */
enum pair_state {
	PAIR_MISSING,
	PAIR_HELD,
	PAIR_KEPT_BACK,
	PAIR_PHASED,
	PAIR_NEEDS_SUBSCRIPTION,
	PAIR_INSTALLED,
	PAIR_DECLINED, /**< lacking in one of those ways, and declined */
	PAIR_UNKNOWN,  /**< was installed, by a scan that has grown old */
	PAIR_STATES_
};
const char *word_pair_state(unsigned i);

#define PARAMS_PAIR                                                                                \
	PARAMS_PATCH_COMMON, { .name = "os", .type = PARAM_LIST, .min = 1, .max = 100 },           \
		{ .name = "product", .type = PARAM_LIST, .min = 1, .max = 200 },                   \
		{ .name = "state",                                                                 \
		  .type = PARAM_WORDS,                                                             \
		  .word = word_pair_state,                                                         \
		  .words = PAIR_STATES_ },                                                         \
		{ .name = "health", .type = PARAM_WORDS, .word = word_health, .words = HEALTHS_ }, \
		{ .name = "office", .type = PARAM_LIST, .min = 1, .max = 32 },                     \
	{                                                                                          \
		.name = "system", .type = PARAM_TEXT, .min = 32, .max = 32                         \
	}

struct pair {
	uint32_t patch, host;
	/** Up to PAIR_INSTALLED; what is said of it, see pair_list_state(). */
	enum pair_state verdict;
};

/** What is on the list, and in which order. The bitmaps are made when a filter speaks of systems;
 * without one, no system is looked at. */
struct pair_list {
	struct call *c;
	const struct match_view *v;
	struct patch_filter patches; /* without its text */
	const char *q;		     /* a text of the patch, or of the system */
	uint64_t states;
	roaring_bitmap_t *hosts, *named; /* NULL = every system; those whose texts have `q` */
	int column;
	bool descending;
};
/** 400 for an unknown sort key. */
bool pair_list_init(struct pair_list *l, struct call *c, const struct match_view *v, struct err *e)
	MUST_CHECK;
void pair_list_done(struct pair_list *l);
AUTO_DEFINE_VALUE(struct pair_list, pair_list_done)

/** Where a run begins: before the first row after (`backward`: the last before) this one. */
struct pair_place {
	bool present, backward;
	struct page_value value;
	struct str patch;
	enum pair_state verdict;
	uint32_t host;
};
struct pair_rows {
	struct pair *p; /**< in the call's arena, in the order of the list */
	size_t n;
	bool more;	/**< there are rows beyond, in the direction of the run */
	int64_t total;	/**< of all pairs on the list */
	json_t *facets; /**< counts of severity, type, os and state; NULL unless asked for */
};
void pair_list_run(struct pair_list *l, const struct pair_place *from, size_t limit, bool facets,
		   struct pair_rows *out);
/** What the row of a pair says. */
enum pair_state pair_list_state(const struct pair_list *l, const struct pair *p);
/** The place of a row; its texts live in the call's arena and outlast the view. */
struct pair_place pair_list_place(const struct pair_list *l, const struct pair *p);

/** A page with cursors by the call's `limit`, `cursor` and `facets`. */
bool pair_list_page(struct pair_list *l, struct pair_rows *out, json_t **page_out, struct err *e)
	MUST_CHECK;
#endif
