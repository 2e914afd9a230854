/* SPDX-License-Identifier: Apache-2.0
 * The selection object of the API ({ids} | {filter, exclude, expected_count} | {all}), turned into
 * what it selects. A wrong or empty selection is the caller's mistake and says where. */
#ifndef API_SELECTION_H
#define API_SELECTION_H
#include "api/call.h"

#define SELECTION_MAX_IDS 20000

/** Ids (in the call's arena, texts too) of the selected patches or systems. `pointer` is where the
 *  object stands in the body. 400 `invalid_selection`, `selection_empty`, 409 `selection_changed`.
 *  Takes and ends a match view of its own. */
bool selection_patches(struct call *c, const json_t *selection, const char *pointer,
		       const char ***ids_out, size_t *n_out, struct err *e) MUST_CHECK;
bool selection_systems(struct call *c, const json_t *selection, const char *pointer,
		       const char ***ids_out, size_t *n_out, struct err *e) MUST_CHECK;
#endif
