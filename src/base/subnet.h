/* SPDX-License-Identifier: Apache-2.0
 * Subnets as text, in one spelling, so that two of them are the same exactly when their texts are.
 */
#ifndef BASE_SUBNET_H
#define BASE_SUBNET_H
#include "base/base.h"

#define SUBNET_TEXT 50 /**< bytes, with the end */
/** The subnet of an address with the length of its prefix, bits: "192.0.2.7/24" to "192.0.2.0/24",
 * "2001:db8::7/64" to "2001:db8::/64". False for what is no such text, and for what is no subnet of
 * a LAN: prefixes that are not 8..30 (IPv4) or 32..126 (IPv6), loopback, multicast, link-local. */
bool subnet_of(const char *address, char out[static SUBNET_TEXT]) MUST_CHECK;
struct ifaddrs;
/** The same of an entry of getifaddrs(3). */
bool subnet_of_interface(const struct ifaddrs *i, char out[static SUBNET_TEXT]) MUST_CHECK;
#endif
