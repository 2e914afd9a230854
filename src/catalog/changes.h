/* SPDX-License-Identifier: Apache-2.0
 * What changed between the version that is installed and the one that is offered, as the package
 * itself tells it. Not the vendor's advisory: who shows it says so. */
#ifndef CATALOG_CHANGES_H
#define CATALOG_CHANGES_H
#include "catalog/patch.h"
#include "format/changelog.h"

/** Whether packages of this kind carry a changelog that can be read here. */
bool changes_known(enum component_kind kind);
/** Entries newer than `installed` and not newer than `offered`, newest first, at most `max`; either
 * may be empty (no bound). Versions are those of the source package. An entry without a version
 * goes with the ones around it. *more_out: there would be more. */
void changes_between(enum component_kind kind, struct str text, struct str installed,
		     struct str offered, size_t max, changelog_fn fn, void *arg, bool *more_out);
#endif
