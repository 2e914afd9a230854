/* SPDX-License-Identifier: Apache-2.0
 * What an agent says of its place in the LAN (docs/agent-protocol.md, section 2), for waking it
 * (M-165): its network interfaces, and the zone its clocks are in. No addresses: only what stays
 * the same from day to day. */
#ifndef PROTO_LAN_H
#define PROTO_LAN_H
#include "base/subnet.h"
#include "format/json.h"
#include "window/zone.h"

#define LAN_NICS 8
#define LAN_SUBNETS 4	/**< of one interface */
#define LAN_NAME 16	/**< bytes, with the end (IFNAMSIZ) */
#define LAN_MAC_TEXT 18 /**< "02:00:5e:10:00:01", with the end */

/** Whether a magic packet wakes the machine, as far as its system knows. */
enum lan_wake {
	LAN_WAKE_UNKNOWN,
	LAN_WAKE_NONE, /**< the interface cannot */
	LAN_WAKE_OFF,  /**< it could, but is not set up for it */
	LAN_WAKE_ON,
	LAN_WAKES_
};
struct lan_nic {
	char name[LAN_NAME];
	uint8_t mac[6];
	enum lan_wake wake;
	char subnets[LAN_SUBNETS][SUBNET_TEXT]; /**< in subnet_of()'s spelling, each once */
	size_t n_subnets;			/**< never 0 */
};
struct lan {
	char zone[ZONE_NAME_MAX + 1]; /**< IANA name; "" = not known */
	struct lan_nic nics[LAN_NICS];
	size_t n;
};
/** "unknown", "none", "off", "on". */
const char *lan_wake_name(enum lan_wake w);
/** False, and *out as it was, for another word. */
bool lan_wake_read(const char *word, enum lan_wake *out);
/** The address of one machine's Ethernet interface: not zero, no group's. */
bool lan_mac_read(const char *text, uint8_t out[static 6]) MUST_CHECK;
const char *lan_mac_text(const uint8_t mac[static 6], char out[static LAN_MAC_TEXT]);
/** {"zone", "interfaces": [{"name", "mac", "wake", "subnets": [...]}]}; the caller frees it. */
json_t *lan_write(const struct lan *l);
/** Strict. ERR_INVALID names the member. */
bool lan_read(const json_t *j, struct lan *out, struct err *e) MUST_CHECK;
/** The same from text; NULL or "" is a LAN of no interface. */
bool lan_parse(const char *text, struct lan *out, struct err *e) MUST_CHECK;
#endif
