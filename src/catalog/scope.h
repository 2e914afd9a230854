/* SPDX-License-Identifier: Apache-2.0
 * What is managed at all (M-073, M-074): a matrix of platform families and classes of patches. A
 * class that is off for a family leaves the snapshot before anything is superseded: what it would
 * have replaced stays current. */
#ifndef CATALOG_SCOPE_H
#define CATALOG_SCOPE_H
#include "catalog/patch.h"

/** The cells that are off, as the setting has them: lines "<family>/<type>", such as
 * "debian/bugfix" or "almalinux/enhancement". Other lines mean nothing. */
bool scope_is_off(struct str off, struct str family, enum patch_type type);
/** "debian" of "debian:12". */
struct str scope_family(struct str os);
/** Takes patches of cells that are off out of a snapshot under construction and counts those of
 * every cell. Components and advisories must be in place, indexes not yet. */
void scope_apply_to(struct catalog *c, struct str off);
#endif
