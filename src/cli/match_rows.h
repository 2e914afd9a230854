/* SPDX-License-Identifier: Apache-2.0
 * What `tsukuroi match` prints: a row per patch and component that the host has. */
#ifndef CLI_MATCH_ROWS_H
#define CLI_MATCH_ROWS_H
#include "format/json.h"
#include "match/match.h"

struct match_row {
	uint32_t patch, component;
	struct str installed,
		arch; /**< of the host's package; for sources the source version, "" */
	enum verdict state;
};
struct match_rows {
	struct match_row *p;
	size_t n, cap;
};
void match_rows_done(struct match_rows *r);
AUTO_DEFINE_VALUE(struct match_rows, match_rows_done)
/** Rows of one host, sorted by patch id, then component and installed version. Views into `v`. */
void match_rows_of(const struct match_view *v, uint32_t host, struct match_rows *out);
/** patch id <TAB> component <TAB> installed <TAB> fixed <TAB> state */
void match_rows_print(const struct match_view *v, const struct match_rows *rows);
/** {"verdicts": [...], "counts": {...}, ...} */
json_t *match_rows_json(const struct match_view *v, uint32_t host, const struct match_rows *rows);
#endif
