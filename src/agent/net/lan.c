/* SPDX-License-Identifier: Apache-2.0
 * Interfaces from getifaddrs(3) and sysfs, without any right. Whether one wakes the machine is the
 * kernel's power/wakeup of its device (Documentation/ABI/testing/sysfs-devices-power), which
 * drivers set with Wake-on-LAN; ETHTOOL_GWOL itself is for CAP_NET_ADMIN alone. */
#include "agent/net/lan.h"
#include "base/file.h"

#include <dirent.h>
#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool has(const char *name, const char *what)
{
	AUTO(xfree) char *path = xasprintf("/sys/class/net/%s/%s", name, what);
	return access(path, F_OK) == 0;
}

/* A bridge of virtual machines or containers alone is no LAN that others are in. */
static bool bridges_hardware(const char *name)
{
	AUTO(xfree) char *path = xasprintf("/sys/class/net/%s/brif", name);
	DIR *d = opendir(path);
	struct dirent *port;
	bool found = false;
	while (d && !found && (port = readdir(d)))
		found = port->d_name[0] != '.' && has(port->d_name, "device");
	if (d)
		closedir(d);
	return found;
}

static enum lan_wake wake_of(const char *name)
{
	AUTO(xfree) char *path = xasprintf("/sys/class/net/%s/device/power/wakeup", name);
	AUTO(buf_done) struct buf b = BUF_INIT(4096);
	if (!has(name, ""))
		return LAN_WAKE_UNKNOWN;
	if (!file_read(path, &b, NULL))
		return LAN_WAKE_NONE;
	struct str said = str_trim(buf_str(&b));
	return str_is(said, "enabled")	  ? LAN_WAKE_ON
	       : str_is(said, "disabled") ? LAN_WAKE_OFF
					  : LAN_WAKE_NONE;
}

static void add_nic(struct lan *l, const struct ifaddrs *i)
{
	const struct sockaddr_ll *at = (const void *)i->ifa_addr;
	char mac[LAN_MAC_TEXT];
	struct lan_nic n = { 0 };
	if (l->n == LAN_NICS || at->sll_hatype != ARPHRD_ETHER || at->sll_halen != 6 ||
	    !lan_mac_read(lan_mac_text(at->sll_addr, mac), n.mac) ||
	    has(i->ifa_name, "tun_flags") ||
	    (has(i->ifa_name, "bridge") && !bridges_hardware(i->ifa_name)))
		return;
	(void)snprintf(n.name, sizeof(n.name), "%s", i->ifa_name);
	n.wake = wake_of(n.name);
	l->nics[l->n++] = n;
}

static void add_subnet(struct lan *l, const struct ifaddrs *i)
{
	char subnet[SUBNET_TEXT];
	struct lan_nic *n = NULL;
	for (size_t k = 0; k < l->n && !n; k++)
		n = strcmp(l->nics[k].name, i->ifa_name) == 0 ? &l->nics[k] : NULL;
	if (!n || n->n_subnets == LAN_SUBNETS || !subnet_of_interface(i, subnet))
		return;
	for (size_t k = 0; k < n->n_subnets; k++)
		if (strcmp(n->subnets[k], subnet) == 0)
			return;
	memcpy(n->subnets[n->n_subnets++], subnet, SUBNET_TEXT);
}

/* IANA's name of this machine's zone: where /etc/localtime points to. */
static void add_zone(const struct agent_paths *p, struct lan *l)
{
	AUTO(xfree) char *path = xasprintf("%s/etc/localtime", p->sysroot);
	char to[PATH_MAX];
	ssize_t n = readlink(path, to, sizeof(to) - 1);
	if (n < 0) {
		(void)snprintf(l->zone, sizeof(l->zone), "%s", access(path, F_OK) ? "UTC" : "");
		return;
	}
	to[n] = '\0';
	const char *name = strstr(to, "/zoneinfo/");
	name = name ? name + strlen("/zoneinfo/") : "";
	if (strlen(name) <= ZONE_NAME_MAX && zone_is_name(str_of(name)))
		memcpy(l->zone, name, strlen(name) + 1);
}

void lan_gather(const struct agent_paths *p, struct lan *out)
{
	struct ifaddrs *all = NULL;
	*out = (struct lan) { 0 };
	add_zone(p, out);
	if (getifaddrs(&all) != 0)
		return;
	for (struct ifaddrs *i = all; i; i = i->ifa_next)
		if (i->ifa_addr && i->ifa_addr->sa_family == AF_PACKET && (i->ifa_flags & IFF_UP) &&
		    !(i->ifa_flags & IFF_LOOPBACK))
			add_nic(out, i);
	for (struct ifaddrs *i = all; i; i = i->ifa_next)
		add_subnet(out, i);
	freeifaddrs(all);
	size_t n = 0;
	for (size_t k = 0; k < out->n; k++)
		if (out->nics[k].n_subnets)
			out->nics[n++] = out->nics[k];
	out->n = n;
}
