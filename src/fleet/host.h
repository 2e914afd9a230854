/* SPDX-License-Identifier: Apache-2.0
 * One host record: making, freeing, replacing its parts. The fields are in fleet.h. */
#ifndef FLEET_HOST_H
#define FLEET_HOST_H
#include "fleet/fleet.h"

struct host *host_new(const char *id, const char *office);
void host_free(struct host *h);
AUTO_DEFINE(struct host, host_free)
/** Replaces the attributes by copies of `from`. */
void host_set_attrs(struct host *h, const struct host_attrs *from);
bool host_attrs_equal(const struct host_attrs *a, const struct host_attrs *b);
/** Replaces the coded facts; `bytes` is copied. */
void host_set_facts(struct host *h, struct str bytes, uint32_t n_facts);
/** Replaces an owned string by a copy of `value` (NULL stays NULL). */
void host_set_text(char **field, const char *value);
#endif
