/* SPDX-License-Identifier: Apache-2.0
 * proto/units.h: which services may be restarted, and which names are none. */
#include "proto/units.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void remedies(void **state)
{
	static const struct {
		int64_t pid;
		const char *unit, *exe;
		enum unit_remedy want;
	} cases[] = {
		{ 1, "init.scope", "/usr/lib/systemd/systemd", UNIT_REBOOT },
		{ 7, "nginx.service", "/usr/sbin/nginx", UNIT_RESTART },
		{ 7, "ssh.service", "/usr/sbin/sshd", UNIT_RESTART },
		{ 7, "postgresql@15-main.service", "/usr/lib/postgresql/15/bin/postgres",
		  UNIT_RESTART },
		{ 7, "cron.service", "/usr/sbin/cron", UNIT_RESTART },
		{ 7, "systemd-journald.service", "/usr/lib/systemd/systemd-journald",
		  UNIT_RESTART },
		{ 7, "networkd-dispatcher.service", "/usr/bin/python3", UNIT_RESTART },
		{ 7, "dbus.service", "/usr/bin/dbus-daemon", UNIT_REBOOT },
		{ 7, "dbus-broker.service", "/usr/bin/dbus-broker-launch", UNIT_REBOOT },
		{ 7, "systemd-logind.service", "/usr/lib/systemd/systemd-logind", UNIT_REBOOT },
		{ 7, "gdm3.service", "/usr/sbin/gdm3", UNIT_REBOOT },
		{ 7, "getty@tty1.service", "/usr/sbin/agetty", UNIT_REBOOT },
		{ 7, "user@1000.service", "/usr/lib/systemd/systemd", UNIT_REBOOT },
		{ 7, "NetworkManager.service", "/usr/sbin/NetworkManager", UNIT_REBOOT },
		{ 7, "systemd-networkd.service", "/usr/lib/systemd/systemd-networkd", UNIT_REBOOT },
		{ 7, "docker.service", "/usr/bin/dockerd", UNIT_REBOOT },
		{ 7, "apt-daily-upgrade.service", "/usr/bin/apt-get", UNIT_NONE },
		{ 7, "tsukuroi-agent.service", "/usr/bin/tsukuroi-agent", UNIT_REBOOT },
		{ 7, "agent-root.service", "/opt/x/tsukuroi-agent-root", UNIT_REBOOT },
		{ 7, "session-3.scope", "/usr/bin/bash", UNIT_NONE },
		{ 7, "", "/usr/bin/own", UNIT_NONE },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (unit_remedy_of(cases[i].pid, str_of(cases[i].unit), str_of(cases[i].exe)) !=
		    cases[i].want)
			fail_msg("%s is not '%s'", cases[i].unit, unit_remedy_name(cases[i].want));
	assert_string_equal(unit_remedy_name(UNIT_NONE), "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(remedies) };
	return cmocka_run_group_tests_name("proto/units AC-03", tests, NULL, NULL);
}
