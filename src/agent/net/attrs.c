/* SPDX-License-Identifier: Apache-2.0
 * Attributes from files and system calls; what cannot be told is left empty. */
#include "agent/net/attrs.h"
#include "agent/net/health.h"
#include "agent/net/lan.h"
#include "agent/net/root_client.h"
#include "agent/platform.h"
#include "agent/reboot.h"
#include "base/file.h"
#include "format/deb822.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <utmpx.h>

/* KEY=value or KEY="value" of os-release(5). */
static void os_value(struct str text, const char *key, char out[static 200])
{
	struct str line;
	size_t n = strlen(key);
	out[0] = '\0';
	while (str_line(&text, &line)) {
		if (line.n <= n || memcmp(line.p, key, n) != 0 || line.p[n] != '=')
			continue;
		struct str v = str_trim((struct str) { line.p + n + 1, line.n - n - 1 });
		if (v.n >= 2 && (v.p[0] == '"' || v.p[0] == '\'') && v.p[v.n - 1] == v.p[0])
			v = (struct str) { v.p + 1, v.n - 2 };
		snprintf(out, 200, "%.*s", (int)MIN(v.n, 190), v.p);
	}
}

static void add_os(const struct agent_paths *p, json_t *j)
{
	static const char *const names[][2] = { { "ID", "os_id" },
						{ "VERSION_ID", "os_version" },
						{ "PRETTY_NAME", "os_name" } };
	static const size_t most[] = { 64, 64, 190 };
	AUTO(xfree) char *path = xasprintf("%s/etc/os-release", p->sysroot);
	AUTO(buf_done) struct buf b = BUF_INIT(65536);
	if (!file_read(path, &b, NULL))
		return;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char v[200];
		os_value(buf_str(&b), names[i][0], v);
		struct str s = str_of(v);
		json_object_set_new(j, names[i][1],
				    json_text((struct str) { s.p, MIN(s.n, most[i]) }));
	}
}

/* Interface of the default route, "" without one. proc(5), /proc/net/route. */
static void default_interface(char out[static IF_NAMESIZE])
{
	AUTO(buf_done) struct buf b = BUF_INIT(1u << 20);
	struct str rest, line, name, to;
	out[0] = '\0';
	if (!file_read("/proc/net/route", &b, NULL))
		return;
	rest = buf_str(&b);
	while (str_line(&rest, &line)) {
		if (str_split(&line, '\t', &name) && str_split(&line, '\t', &to) &&
		    str_is(to, "00000000") && name.n < IF_NAMESIZE) {
			snprintf(out, IF_NAMESIZE, "%.*s", STR_ARG(name));
			return;
		}
	}
}

/* The address of the default route's interface, else any that leaves the machine. */
static void add_address(json_t *j)
{
	char chosen[IF_NAMESIZE], best[INET6_ADDRSTRLEN] = "", text[INET6_ADDRSTRLEN];
	struct ifaddrs *all = NULL;
	default_interface(chosen);
	if (getifaddrs(&all) != 0)
		return;
	int rank = 0;
	for (struct ifaddrs *i = all; i; i = i->ifa_next) {
		if (!i->ifa_addr || (i->ifa_flags & IFF_LOOPBACK) || !(i->ifa_flags & IFF_UP))
			continue;
		int family = i->ifa_addr->sa_family;
		const void *raw =
			family == AF_INET
				? (void *)&((struct sockaddr_in *)(void *)i->ifa_addr)->sin_addr
				: (void *)&((struct sockaddr_in6 *)(void *)i->ifa_addr)->sin6_addr;
		if (family != AF_INET && family != AF_INET6)
			continue;
		if (family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)raw))
			continue;
		int r = 1 + (family == AF_INET) + 2 * (strcmp(i->ifa_name, chosen) == 0);
		if (r > rank && inet_ntop(family, raw, text, sizeof(text))) {
			rank = r;
			memcpy(best, text, sizeof(best));
		}
	}
	freeifaddrs(all);
	json_object_set_new(j, "address", json_string(best));
}

static void add_user(json_t *j)
{
	struct utmpx *u;
	char name[sizeof(u->ut_user) + 1] = "";
	setutxent();
	while (!name[0] && (u = getutxent())) {
		if (u->ut_type == USER_PROCESS)
			memcpy(name, u->ut_user, sizeof(u->ut_user));
	}
	endutxent();
	json_object_set_new(j, "logged_in_user", json_text(str_of(name)));
}

static bool add_system(const struct agent_paths *p, json_t *j, struct err *e)
{
	struct utsname u;
	char boot[REBOOT_BOOT_ID];
	if (uname(&u) != 0)
		return err_sys(e, errno, "cannot tell this machine's name");
	if (!reboot_boot_id(boot, e))
		return false;
	json_object_set_new(j, "hostname",
			    json_text(str_of(u.nodename[0] ? u.nodename : "localhost")));
	json_object_set_new(j, "kernel", json_text(str_of(u.release)));
	json_object_set_new(j, "agent_version", json_string(TSUKUROI_VERSION));
	json_object_set_new(j, "boot_id", json_text(str_of(boot)));
	int64_t since = reboot_boot_time_ms() / 1000 * 1000;
	if (since > 0)
		json_object_set_new(j, "boot_time", json_time(since));
	add_os(p, j);
	add_address(j);
	add_user(j);
	return true;
}

bool attrs_gather(const struct agent_paths *p, json_t **out, struct err *e)
{
	AUTO(json_free) json_t *j = json_object();
	AUTO(json_free) json_t *health = NULL;
	AUTO(arena_done) struct arena a = { 0 };
	struct pkgdb db;
	if (!add_system(p, j, e) || !platform_packages(p->sysroot, &a, &db, e))
		return false;
	json_object_set_new(j, "arch", json_text(db.native));
	struct lan lan;
	lan_gather(p, &lan);
	root_client_wake(p, &lan);
	json_object_set_new(j, "lan", lan_write(&lan));
	if (!health_gather(p, false, &health, e))
		return false;
	json_object_set_new(j, "reboot_needed", json_boolean(health_reboot_needed(health)));
	json_object_set(j, "health", health);
	*out = TAKE(j);
	return true;
}
