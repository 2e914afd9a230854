/* SPDX-License-Identifier: Apache-2.0
 * Kernel releases and their packages. Invariant: a package of another flavour never makes a reboot
 * needed, and a package that is not fully there never counts. */
#include "agent/reboot.h"
#include "base/file.h"
#include "pkgver/pkgver.h"

#include <stdio.h>
#include <unistd.h>

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Flavours that begin with a digit: 486, 586, 686 (i386) and 4kc, 5kc (mips). */
static bool numeric_flavour(struct str segment, size_t index)
{
	static const char *const words[] = { "486", "586", "686", "4kc", "5kc" };
	for (size_t i = 0; index >= 1 && i < ARRAY_LEN(words); i++) {
		if (str_is(segment, words[i]))
			return true;
	}
	return false;
}

bool reboot_split(struct str release, struct reboot_release *out)
{
	if (!release.n || !digit(release.p[0]))
		return false;
	struct str rest = release, segment;
	size_t index = 0;
	while (str_split(&rest, '-', &segment)) {
		/* "rc1" belongs to the version of a release candidate */
		bool version = segment.n && digit(segment.p[0]) && !numeric_flavour(segment, index);
		bool candidate = segment.n > 2 && str_starts(segment, "rc") && digit(segment.p[2]);
		if (!version && !candidate)
			break;
		index++;
		if (!rest.p)
			return false; /* all version, no flavour */
	}
	size_t at = (size_t)(segment.p - release.p);
	if (at == 0 || segment.n == 0)
		return false;
	out->version = (struct str) { release.p, at - 1 };
	out->flavour = (struct str) { release.p + at, release.n - at };
	return true;
}

bool reboot_package_release(struct str package, struct str *release_out)
{
	static const char *const heads[] = { "linux-image-unsigned-", "linux-image-",
					     "proxmox-kernel-", "pve-kernel-" };
	static const char *const tails[] = { "-unsigned", "-signed" };
	size_t h = 0;
	while (h < ARRAY_LEN(heads) && !str_starts(package, heads[h]))
		h++;
	if (h == ARRAY_LEN(heads) || str_ends(package, "-dbg") || str_ends(package, "-dbgsym"))
		return false;
	size_t head = strlen(heads[h]);
	struct str r = { package.p + head, package.n - head };
	for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
		if (str_ends(r, tails[i]))
			r.n -= strlen(tails[i]);
	}
	struct reboot_release parts;
	/* "6.1" or "6.1-amd64" alone names a meta package: real releases have three numbers or an
	 * ABI number (proxmox-kernel-6.8 is a meta package, 6.8.12-4-pve is not). */
	if (!reboot_split(r, &parts))
		return false;
	size_t dots = 0, dashes = 0;
	for (size_t i = 0; i < parts.version.n; i++) {
		dots += parts.version.p[i] == '.';
		dashes += parts.version.p[i] == '-';
	}
	if (dots < 2 && dashes == 0)
		return false;
	*release_out = r;
	return true;
}

/* The package version inside uname -v: Debian "#1 SMP PREEMPT_DYNAMIC Debian 6.1.123-1
 * (2025-01-02)". Ubuntu gives only the upload number, "#101-Ubuntu SMP ..." or
 * "#45~22.04.1-Ubuntu", to which the release's ABI is put in front. Empty when neither. */
static struct str running_version(struct str version, struct str release_version, char out[200])
{
	const char *p = memmem(version.p, version.n, " Debian ", 8);
	if (p) {
		struct str rest = { p + 8, version.n - (size_t)(p + 8 - version.p) }, word;
		if (str_split(&rest, ' ', &word) && word.n && word.n < 100 && digit(word.p[0]))
			return word;
	}
	p = memmem(version.p, version.n, "-Ubuntu", 7);
	if (p && version.p[0] == '#' && release_version.n < 100) {
		int n = (int)(p - version.p - 1);
		if (n > 0 && n < 60) {
			int w = snprintf(out, 200, "%.*s.%.*s", STR_ARG(release_version), n,
					 version.p + 1);
			return (struct str) { out, (size_t)w };
		}
	}
	return (struct str) { "", 0 };
}

void reboot_judge(const struct pkgdb *db, struct str release, struct str version,
		  struct reboot_evidence *out)
{
	struct reboot_evidence ev = { .why = "none", .running = release };
	struct reboot_release running = { 0 }, r, newest = { 0 };
	bool known = reboot_split(release, &running), images = false;
	char scratch[200];
	ev.flavour = running.flavour;
	for (size_t i = 0; i < db->n; i++) {
		const struct pkgdb_package *p = &db->packages[i];
		struct str rel;
		if (p->state == PKGDB_HALF_INSTALLED || !reboot_package_release(p->name, &rel))
			continue;
		images = true;
		if (!known || !reboot_split(rel, &r) || !str_eq(r.flavour, running.flavour))
			continue;
		int c = newest.version.p ? deb_compare(r.version, newest.version) : 1;
		if (c > 0) {
			newest = r;
			ev.newest = rel;
			ev.package = p->name;
		}
		if (str_eq(rel, release) && p->version.n) { /* the same release, rebuilt in place */
			struct str now = running_version(version, running.version, scratch);
			if (now.n && deb_compare(p->version, now) > 0)
				ev.needed = true;
		}
	}
	if (newest.version.p && deb_compare(newest.version, running.version) > 0)
		ev.needed = true;
	if (ev.needed)
		ev.why = "kernel";
	else if (images && !newest.version.p)
		ev.why = "unknown";
	*out = ev;
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
