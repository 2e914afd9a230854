/* SPDX-License-Identifier: Apache-2.0
 * Filters (match/filter.h) and targets (deploy/targets/selector.h) as requests give them: a wrong
 * one is the caller's mistake and is answered with where it is wrong and what may stand there. */
#ifndef API_FILTERS_H
#define API_FILTERS_H
#include "api/call.h"
#include "deploy/targets/selector.h"

/** 400 `invalid_filter` with `position` and `expected` among the problem's params; `pointer` is
 * the member or parameter that holds it. */
bool filters_parse(struct call *c, const char *pointer, const char *text, struct filter **out,
		   struct err *e) MUST_CHECK;
/** The hosts a filter describes; 400 `invalid_filter` for a group in it that is not there. The
 * caller frees them. */
bool filters_hosts(struct call *c, const struct match_view *v, const char *pointer,
		   const struct filter *x, roaring_bitmap_t **out, struct err *e) MUST_CHECK;
/** The object `targets` at `pointer`. 400 `invalid_targets` or `invalid_filter`. */
bool filters_targets(struct call *c, const char *pointer, const json_t *j, struct selector *out,
		     struct err *e) MUST_CHECK;
/** {"join", "items"}: conditions that are all joined alike; null when it is more than that. */
json_t *filters_rows(const struct filter *x);
/** {"count", "sample", "platforms"} of hosts. */
json_t *filters_preview(struct call *c, const struct match_view *v, const roaring_bitmap_t *hosts);
#endif
