/* SPDX-License-Identifier: Apache-2.0
 * Advisories without the offers they belong to. A server always has the offers; the laboratory may
 * be given a list of advisories alone, and then each (advisory, release) is judged as a patch
 * itself. */
#ifndef FEEDS_LAB_ADVISORIES_H
#define FEEDS_LAB_ADVISORIES_H
#include "catalog/catalog.h"

/** A snapshot of `gens` plus one patch "<os>:<advisory>" per (advisory, release) of `advisories`,
 * which was built from them; its components are source packages (COMPONENT_DEB_SRC) without
 * payload. */
bool lab_advisories_build(const struct generation *gens, size_t n, const struct catalog *advisories,
			  struct catalog **out, struct err *e) MUST_CHECK;
#endif
