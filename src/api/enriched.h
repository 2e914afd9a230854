/* SPDX-License-Identifier: Apache-2.0
 * Enrichment as the API tells it, always with the date of the data. Called with a match view held.
 */
#ifndef API_ENRICHED_H
#define API_ENRICHED_H
#include "api/call.h"

/** The present data joined to the view's catalog, kept until the call ends; NULL = none is kept. */
const struct enrich_join *enriched_join(struct call *c, const struct match_view *v);
void enriched_done(struct call *c);

/** Members `kev` and `epss` of a Patch. */
void enriched_patch_json(struct call *c, const struct match_view *v, uint32_t patch, json_t *into);
/** Member `enrichment` of a PatchDetail: every CVE of the patch that is listed or scored. */
void enriched_detail_json(struct call *c, const struct match_view *v, uint32_t patch, json_t *into);
/** Member `kev` of the dashboard: how much that is known to be exploited is missing. */
json_t *enriched_dashboard_json(struct call *c, const struct match_view *v);

enum lifecycle_state enriched_lifecycle(struct call *c, const struct match_view *v,
					const struct host *h);
/** Member `lifecycle` of a System. */
json_t *enriched_lifecycle_json(struct call *c, const struct match_view *v, const struct host *h);
#endif
