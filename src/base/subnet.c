/* SPDX-License-Identifier: Apache-2.0
 * An address and a prefix to the text of its subnet. Pure. */
#include "base/subnet.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <stdio.h>

static bool on_lan(int family, const uint8_t *a)
{
	if (family == AF_INET)
		return a[0] != 0 && a[0] != 127 && a[0] < 224 && !(a[0] == 169 && a[1] == 254);
	return (a[0] & 0xfe) == 0xfc || (a[0] & 0xe0) == 0x20; /* RFC 4193; RFC 4291, 2.4 */
}

bool subnet_of(const char *address, char out[static SUBNET_TEXT])
{
	uint8_t a[16];
	char text[INET6_ADDRSTRLEN];
	const char *slash = strchr(address, '/');
	size_t n = slash ? (size_t)(slash - address) : 0;
	int family = memchr(address, ':', n) ? AF_INET6 : AF_INET;
	int64_t bits;
	if (n == 0 || n >= sizeof(text) || !str_to_i64(str_of(slash + 1), &bits))
		return false;
	memcpy(text, address, n);
	text[n] = '\0';
	bool four = family == AF_INET;
	if (bits < (four ? 8 : 32) || bits > (four ? 30 : 126) || inet_pton(family, text, a) != 1 ||
	    !on_lan(family, a))
		return false;
	for (int64_t i = bits; i < (four ? 32 : 128); i++)
		a[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
	inet_ntop(family, a, text, sizeof(text));
	(void)snprintf(out, SUBNET_TEXT, "%s/%d", text, (int)bits);
	return true;
}

static int bits_of(const uint8_t *mask, size_t n)
{
	int bits = 0;
	for (size_t i = 0; i < n; i++)
		bits += __builtin_popcount(mask[i]);
	return bits;
}

bool subnet_of_interface(const struct ifaddrs *i, char out[static SUBNET_TEXT])
{
	char ip[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 12];
	int family = i->ifa_addr && i->ifa_netmask ? i->ifa_addr->sa_family : AF_UNSPEC;
	if (family != AF_INET && family != AF_INET6)
		return false;
	bool four = family == AF_INET;
	size_t at = four ? offsetof(struct sockaddr_in, sin_addr)
			 : offsetof(struct sockaddr_in6, sin6_addr);
	if (!inet_ntop(family, (const char *)i->ifa_addr + at, ip, sizeof(ip)))
		return false;
	int bits = bits_of((const uint8_t *)i->ifa_netmask + at, four ? 4 : 16);
	(void)snprintf(text, sizeof(text), "%s/%d", ip, bits);
	return subnet_of(text, out);
}
