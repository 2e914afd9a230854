/* SPDX-License-Identifier: Apache-2.0
 * The services that are never restarted from here. What needrestart and the distributions' own
 * maintainer scripts leave alone is the knowledge behind the table; the choice is ours, and on the
 * careful side: a service too many costs a reboot that was planned anyway, one too few costs a
 * machine that nobody reaches. */
#include "proto/units.h"

/* Beginnings of unit names; "getty@" is every instance, "frr." exactly frr.service. */
static const char *const protected[] = {
	/* every connection to the bus breaks; half the system does not come back */
	"dbus.",
	"dbus-",
	/* seats, sessions, consoles: people are thrown out */
	"systemd-logind.",
	"elogind.",
	"user@",
	"getty@",
	"serial-getty@",
	"console-getty.",
	"container-getty@",
	"autovt@",
	"emergency.",
	"rescue.",
	"debug-shell.",
	/* display managers and remote desktops: the session ends with them */
	"display-manager.",
	"gdm",
	"kdm",
	"lightdm",
	"lxdm",
	"ly.",
	"ly@",
	"greetd.",
	"nodm",
	"sddm",
	"slim.",
	"wdm",
	"xdm",
	"xrdp",
	"vncserver",
	"tigervncserver",
	"x2goserver",
	"nxserver",
	/* the way to the machine */
	"NetworkManager.",
	"ModemManager.",
	"networking.",
	"network.",
	"systemd-networkd.",
	"netplan",
	"ifup@",
	"wicked",
	"connman.",
	"dhcpcd",
	"dhclient",
	"wpa_supplicant",
	"iwd.",
	"bluetooth.",
	"cloud-init",
	/* tunnels and routes, perhaps the very ones we are reached by */
	"openvpn",
	"wg-quick@",
	"strongswan",
	"libreswan",
	"openswan",
	"freeswan",
	"ipsec.",
	"tinc",
	"tailscaled.",
	"zerotier-one.",
	"bird",
	"frr.",
	"quagga",
	"zebra.",
	"keepalived.",
	/* the disks below the running system */
	"iscsid.",
	"open-iscsi.",
	"multipathd.",
	"dm-event.",
	"lvm2-lvmetad.",
	"zfs-fuse",
	"nbd@",
	"glusterd.",
	"ceph",
	/* hosts of machines and containers: what runs inside stops or loses its devices */
	"libvirt",
	"virtlogd.",
	"virtlockd.",
	"xendomains.",
	"xenstored.",
	"qemu",
	"lxcfs.",
	"lxc",
	"lxd.",
	"incus",
	"docker.",
	"podman",
	"crio.",
	"kubelet.",
	"systemd-nspawn@",
	"systemd-machined.",
	/* clusters fence a member whose stack goes away */
	"corosync.",
	"pacemaker.",
	"sbd.",
	"drbd",
	/* ourselves */
	"tsukuroi",
};

/* Jobs that run once: a restart would run them again, and they end by themselves. */
static const char *const jobs[] = {
	"apt-daily",	 "unattended-upgrades.", "dnf-automatic",
	"dnf-makecache", "packagekit",		 "cron-",
	"rc-local.",
};

static bool word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr(":_.\\@-", c));
}

bool unit_is_service(struct str unit)
{
	static const char end[] = ".service";
	if (unit.n <= strlen(end) || unit.n > UNIT_NAME_MAX || !str_ends(unit, end) ||
	    unit.p[0] == '-' || unit.p[0] == '.')
		return false;
	for (size_t i = 0; i < unit.n; i++)
		if (!word_char(unit.p[i]))
			return false;
	return true;
}

static bool begins_with(struct str unit, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_starts(unit, list[i]))
			return true;
	return false;
}

/* The last segment of a path. */
static struct str program(struct str exe)
{
	const char *slash = exe.n ? memrchr(exe.p, '/', exe.n) : NULL;
	return slash ? (struct str) { slash + 1, (size_t)(exe.p + exe.n - slash - 1) } : exe;
}

enum unit_remedy unit_remedy_of(int64_t pid, struct str unit, struct str exe)
{
	if (pid == 1)
		return UNIT_REBOOT;
	if (!unit_is_service(unit) || begins_with(unit, jobs, ARRAY_LEN(jobs)))
		return UNIT_NONE;
	if (begins_with(unit, protected, ARRAY_LEN(protected)) ||
	    str_starts(program(exe), "tsukuroi-agent"))
		return UNIT_REBOOT;
	return UNIT_RESTART;
}

const char *unit_remedy_name(enum unit_remedy r)
{
	static const char *const names[UNIT_REMEDIES_] = { "restart", "reboot", "none" };
	return names[r];
}
