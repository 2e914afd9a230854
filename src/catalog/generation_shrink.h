/* SPDX-License-Identifier: Apache-2.0
 * Room-private: what a new generation no longer says that the last one said. Numbers of records are
 * no measure: a vendor that drops old versions of packages it still offers takes nothing away. What
 * counts is what a host would notice: a package that is not offered any more in as high a version,
 * a product that had security updates and has none, a notice that is gone.
 *
 * What has moved is not lost: at a Debian point release the packages of -updates and
 * -proposed-updates go into the release itself and those suites are empty, as they should be. So
 * what another current feed of the same kind says counts as still said. */
#ifndef CATALOG_GENERATION_SHRINK_H
#define CATALOG_GENERATION_SHRINK_H
#include "catalog/catalog.h"

enum shrink_of { SHRINK_PACKAGES, SHRINK_SECURITY, SHRINK_NOTICES, SHRINK_KINDS_ };
struct shrink_count {
	int64_t before, lost;
};
struct shrink;
/** `before`: a record document; checked again, ERR_CORRUPT. */
bool shrink_new(struct str before, struct shrink **out, struct err *e) MUST_CHECK;
void shrink_free(struct shrink *s);
AUTO_DEFINE(struct shrink, shrink_free)
/** What `document` says, too, is not lost. Any number of documents. */
bool shrink_found(struct shrink *s, struct str document, struct err *e) MUST_CHECK;
/** What is lost, for those who know whether a system waits for it (strings live as long as `s`): a
 * notice; a package, unless its source is offered in as high a version, with other packages (a
 * kernel's names change). At most `max`; returns how many
 * there are. Notices only where `notices`. */
size_t shrink_lost(const struct shrink *s, bool notices, struct generation_lost *out, size_t max);
void shrink_counts(const struct shrink *s, struct shrink_count out[static SHRINK_KINDS_]);
#endif
