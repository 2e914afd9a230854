/* SPDX-License-Identifier: Apache-2.0
 * Patches, advisories and provenance as JSON. All of it is called with a match view held. */
#ifndef API_PATCH_JSON_H
#define API_PATCH_JSON_H
#include "api/call.h"
#include "store/store.h"

#define PATCH_LIST_CVES 10

/** The Patch object. `max_cves`: PATCH_LIST_CVES in lists, SIZE_MAX in details. */
json_t *patch_json(struct call *c, const struct match_view *v, uint32_t patch, size_t max_cves);
json_t *patch_ref_json(const struct match_view *v, uint32_t patch);
/** Advisories joined to a patch. */
json_t *patch_advisories_json(const struct match_view *v, uint32_t patch);
json_t *patch_provenance_json(const struct match_view *v, uint32_t feed);
/** Adds the members of a PatchDetail. */
void patch_detail_json(struct call *c, const struct match_view *v, uint32_t patch, json_t *into);
/** What of a patch is outdated on a host that misses it (or where it is held): at most 50. */
json_t *patch_outdated_json(const struct match_view *v, uint32_t host, uint32_t patch);
/** "stored" (every current payload is in the store), "not_stored" or "no_payload". */
const char *patch_download_state(struct store *store, const struct catalog *cat,
				 const struct patch *p);
#endif
