/* SPDX-License-Identifier: Apache-2.0
 * Magic packets. Invariant: what leaves here is a magic packet to the whole of a directly attached
 * subnet, whatever a caller says. */
#include "net/wol.h"
#include "base/file.h"
#include "base/subnet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

void wol_packet(const uint8_t mac[static 6], uint8_t out[static WOL_PACKET])
{
	memset(out, 0xff, 6);
	for (size_t i = 6; i < WOL_PACKET; i++)
		out[i] = mac[i % 6];
}

static bool send_on(const struct ifaddrs *i, const uint8_t packet[static WOL_PACKET], struct err *e)
{
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(WOL_PORT) };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6,
				    .sin6_port = htons(WOL_PORT),
				    .sin6_scope_id = if_nametoindex(i->ifa_name) };
	bool is_four = i->ifa_addr->sa_family == AF_INET;
	int yes = 1;
	AUTO(fd_close) int fd = socket(i->ifa_addr->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &yes, sizeof(yes)) != 0)
		return err_sys(e, errno, "cannot make a socket");
	if (is_four) {
		const struct sockaddr_in *own = (const void *)i->ifa_addr,
					 *mask = (const void *)i->ifa_netmask;
		four.sin_addr.s_addr = own->sin_addr.s_addr | ~mask->sin_addr.s_addr;
	} else {
		inet_pton(AF_INET6, "ff02::1", &six.sin6_addr);
	}
	const struct sockaddr *to = is_four ? (const void *)&four : (const void *)&six;
	socklen_t n = is_four ? sizeof(four) : sizeof(six);
	return sendto(fd, packet, WOL_PACKET, MSG_DONTWAIT, to, n) == WOL_PACKET ||
	       err_sys(e, errno, "cannot send a magic packet on '%s'", i->ifa_name);
}

bool wol_send(const uint8_t mac[static 6], const char *subnet, struct err *e)
{
	uint8_t packet[WOL_PACKET];
	char own[SUBNET_TEXT];
	struct ifaddrs *all = NULL, *i;
	if (getifaddrs(&all) != 0)
		return err_sys(e, errno, "cannot list interfaces");
	for (i = all; i; i = i->ifa_next)
		if ((i->ifa_flags & IFF_UP) && !(i->ifa_flags & (IFF_LOOPBACK | IFF_POINTOPOINT)) &&
		    subnet_of_interface(i, own) && strcmp(own, subnet) == 0)
			break;
	wol_packet(mac, packet);
	bool ok = i ? send_on(i, packet, e)
		    : err_set(e, ERR_NOT_FOUND, "no interface is in the subnet '%.60s'", subnet);
	freeifaddrs(all);
	return ok;
}
