/* SPDX-License-Identifier: Apache-2.0
 * IP addresses as hosts have them and as people name ranges of them. IPv4 and IPv6 never mix: a
 * mapped address (::ffff:10.0.0.1) is the IPv4 one. Pure: no name is looked up. */
#ifndef FLEET_ADDRESS_H
#define FLEET_ADDRESS_H
#include "base/err.h"
#include "base/str.h"

struct address {
	bool six;
	uint8_t b[16]; /**< IPv4: the first 4, the rest 0 */
};
struct address_range {
	struct address low, high; /**< of one family, both included */
};
/** False for anything but one address ("10.0.0.7", "fd00::1"). */
bool address_parse(struct str text, struct address *out) MUST_CHECK;
/** "10.0.0.7", "10.0.0.0/24" (bits behind the prefix do not count), "10.0.0.5-10.0.0.9", the same
 * with IPv6. ERR_INVALID. */
bool address_range_parse(struct str text, struct address_range *out, struct err *e) MUST_CHECK;
bool address_in(const struct address_range *r, const struct address *a);
#endif
