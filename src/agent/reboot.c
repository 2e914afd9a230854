/* SPDX-License-Identifier: Apache-2.0
 * The boot: its id and its time. Which kernel it should be: kernels.c. */
#include "agent/reboot.h"
#include "base/file.h"

#include <stdio.h>
#include <unistd.h>

bool reboot_in_container(void)
{
	/* systemd's, Podman's and Docker's mark; what process 1 was given, for root to see (lxc).
	 */
	AUTO(buf_done) struct buf b = BUF_INIT(65536);
	return file_exists("/run/systemd/container") || file_exists("/run/.containerenv") ||
	       file_exists("/.dockerenv") ||
	       (file_read("/proc/1/environ", &b, NULL) &&
		(str_starts(buf_str(&b), "container=") ||
		 (b.n && memmem(b.p, b.n, "\0container=", 11))));
}

/* Field 22 of /proc/1/stat: start time in clock ticks after the kernel's. */
static bool init_start(uint64_t *ticks_out, struct err *e)
{
	AUTO(buf_done) struct buf b = BUF_INIT(4096);
	if (!file_read("/proc/1/stat", &b, e))
		return false;
	char *after_name = b.p ? strrchr(b.p, ')') : NULL;
	struct str rest = str_of(after_name ? after_name + 1 : ""), word = { 0 };
	rest = str_trim(rest);
	for (int i = 3; i <= 22; i++) {
		if (!str_split(&rest, ' ', &word))
			return err_set(e, ERR_CORRUPT, "'/proc/1/stat' is too short");
	}
	if (!str_to_u64(word, ticks_out))
		return err_set(e, ERR_CORRUPT, "'/proc/1/stat' has no start time");
	return true;
}

bool reboot_boot_id(char out[static REBOOT_BOOT_ID], struct err *e)
{
	AUTO(buf_done) struct buf b = BUF_INIT(100);
	uint64_t ticks;
	if (!file_read("/proc/sys/kernel/random/boot_id", &b, e) || !init_start(&ticks, e))
		return false;
	struct str id = str_trim(buf_str(&b));
	snprintf(out, REBOOT_BOOT_ID, "%.*s.%llu", (int)MIN(id.n, 40), id.p,
		 (unsigned long long)ticks);
	return true;
}

int64_t reboot_boot_time_ms(void)
{
	AUTO(buf_done) struct buf b = BUF_INIT(4u << 20);
	uint64_t ticks, btime;
	if (!init_start(&ticks, NULL) || !file_read("/proc/stat", &b, NULL))
		return 0;
	struct str rest = buf_str(&b), line;
	while (str_line(&rest, &line)) {
		if (!str_starts(line, "btime "))
			continue;
		struct str value = { line.p + 6, line.n - 6 };
		if (!str_to_u64(str_trim(value), &btime))
			return 0;
		return (int64_t)(btime * 1000 + ticks * 1000 / (uint64_t)sysconf(_SC_CLK_TCK));
	}
	return 0;
}
