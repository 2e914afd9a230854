/* SPDX-License-Identifier: Apache-2.0
 * What is a host's own: its texts and its facts, in one block. The texts that hosts share belong to
 * dims.h. The fields are in fleet.h. */
#ifndef FLEET_HOST_H
#define FLEET_HOST_H
#include "fleet/fleet.h"

/** The own texts of a host. */
enum host_own {
	HOST_OWN_HOSTNAME,
	HOST_OWN_ADDRESS,
	HOST_OWN_USER,
	HOST_OWN_BOOT_ID,
	HOST_OWN_HEALTH,
	HOST_OWN_LAN,
	HOST_OWN_SCAN_ERROR,
	HOST_OWN_FINGERPRINT,
	HOST_OWNS_
};
const char *host_own(const struct host *h, enum host_own which);
/** Points the own texts to these; nothing is copied or freed. */
void host_point(struct host *h, char *const texts[static HOST_OWNS_]);
/** Gives the host a new block with copies of the texts (NULL stays NULL; they may lie in the old
 * block) and of the coded facts. The old block is freed. */
void host_pack(struct host *h, const char *const texts[static HOST_OWNS_], struct str facts,
	       uint32_t n_facts);
/** Replaces one own text. */
void host_set_own(struct host *h, enum host_own which, const char *value);
/** Replaces the own texts among the attributes, and what is no text. */
void host_set_attrs(struct host *h, const struct host_attrs *from);
bool host_attrs_equal(const struct host_attrs *a, const struct host_attrs *b);
/** Replaces the coded facts; `bytes` is copied. */
void host_set_facts(struct host *h, struct str bytes, uint32_t n_facts);
#endif
