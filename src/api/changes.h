/* SPDX-License-Identifier: Apache-2.0
 * Changelogs that were read lately: a large package takes seconds to look through. */
#ifndef API_CHANGES_H
#define API_CHANGES_H
#include "base/buf.h"
#include "crypto/digest.h"

struct changes_cache;
struct changes_cache *changes_cache_new(void);
void changes_cache_free(struct changes_cache *c);
AUTO_DEFINE(struct changes_cache, changes_cache_free)
/** The text of a package's changelog ("" = it has none) appended to `out`; false when it is not
 * kept. Thread-safe. */
bool changes_cache_get(struct changes_cache *c, const struct sha256 *package, struct buf *out)
	MUST_CHECK;
void changes_cache_put(struct changes_cache *c, const struct sha256 *package, struct str text);
#endif
