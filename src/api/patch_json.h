/* SPDX-License-Identifier: Apache-2.0
 * Patches, advisories and provenance as JSON. All of it is called with a match view held. */
#ifndef API_PATCH_JSON_H
#define API_PATCH_JSON_H
#include "api/call.h"

#define PATCH_LIST_CVES 10

/** The Patch object. `max_cves`: PATCH_LIST_CVES in lists, SIZE_MAX in details. */
json_t *patch_json(struct call *c, const struct match_view *v, uint32_t patch, size_t max_cves);
json_t *patch_ref_json(const struct match_view *v, uint32_t patch);
/** Advisories joined to a patch. */
json_t *patch_advisories_json(const struct match_view *v, uint32_t patch);
json_t *patch_provenance_json(const struct match_view *v, uint32_t feed);
/** Adds the members of a PatchDetail. */
void patch_detail_json(struct call *c, const struct match_view *v, uint32_t patch, json_t *into);
#endif
