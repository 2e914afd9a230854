/* SPDX-License-Identifier: Apache-2.0
 * Wake-on-LAN: magic packets (AMD publication 20213, "Magic Packet Technology"). */
#ifndef NET_WOL_H
#define NET_WOL_H
#include "base/err.h"

#define WOL_PACKET 102
#define WOL_PORT 9 /**< discard: nobody answers */

/** Six bytes of 0xff, then the address sixteen times. */
void wol_packet(const uint8_t mac[static 6], uint8_t out[static WOL_PACKET]);
/** Sends one, by UDP, to all in a subnet ("192.0.2.0/24"; base/subnet.h) that this machine has an
 * interface in: IPv4 to its broadcast address, IPv6 to ff02::1 of the interface. ERR_NOT_FOUND when
 * it has none, and nothing is sent then. */
bool wol_send(const uint8_t mac[static 6], const char *subnet, struct err *e) MUST_CHECK;
#endif
