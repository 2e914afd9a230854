/* SPDX-License-Identifier: Apache-2.0
 * Detection. A system may have several managers' programs (rpm on Debian, apt on openSUSE), so the
 * distribution's own words come first. */
#include "agent/platform.h"
#include "agent/dpkgdb.h"
#include "agent/rpmdb.h"
#include "base/file.h"

static const struct {
	const char *word; /* of ID or ID_LIKE; a head of it is enough */
	enum platform_manager manager;
} families[] = {
	{ "debian", PLATFORM_APT },	 { "ubuntu", PLATFORM_APT }, { "suse", PLATFORM_ZYPPER },
	{ "opensuse", PLATFORM_ZYPPER }, { "sle", PLATFORM_ZYPPER }, { "rhel", PLATFORM_DNF },
	{ "fedora", PLATFORM_DNF },	 { "centos", PLATFORM_DNF }, { "almalinux", PLATFORM_DNF },
	{ "rocky", PLATFORM_DNF },	 { "ol", PLATFORM_DNF },     { "amzn", PLATFORM_DNF },
};
static const char *const proof[] = { [PLATFORM_APT] = "var/lib/dpkg/status",
				     [PLATFORM_DNF] = "usr/bin/dnf",
				     [PLATFORM_ZYPPER] = "usr/bin/zypper" };

static bool there(const char *sysroot, enum platform_manager m)
{
	AUTO(xfree) char *path = xasprintf("%s/%s", sysroot, proof[m]);
	return file_exists(path);
}

struct str platform_os_parse(struct str text, const char *key)
{
	struct str line, found = { "", 0 };
	size_t n = strlen(key);
	while (str_line(&text, &line)) {
		if (line.n <= n || memcmp(line.p, key, n) != 0 || line.p[n] != '=')
			continue;
		found = str_trim((struct str) { line.p + n + 1, line.n - n - 1 });
		if (found.n >= 2 && (found.p[0] == '"' || found.p[0] == '\'') &&
		    found.p[found.n - 1] == found.p[0])
			found = (struct str) { found.p + 1, found.n - 2 };
	}
	return found;
}

bool platform_os_value(const char *sysroot, const char *key, struct arena *a, struct str *out,
		       struct err *e)
{
	static const char *const names[] = { "etc/os-release", "usr/lib/os-release" };
	AUTO(buf_done) struct buf b = BUF_INIT(65536);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO(xfree) char *path = xasprintf("%s/%s", sysroot, names[i]);
		if (!file_exists(path))
			continue;
		if (!file_read(path, &b, e))
			return false;
		*out = arena_str(a, platform_os_parse(buf_str(&b), key));
		return true;
	}
	return err_set(e, ERR_NOT_FOUND, "no os-release file");
}

/* The manager of the first family word that has its programs here. */
static bool by_words(const char *sysroot, struct str words, enum platform_manager *out)
{
	struct str word;
	while (str_split(&words, ' ', &word)) {
		for (size_t i = 0; i < ARRAY_LEN(families); i++) {
			if (str_starts(word, families[i].word) &&
			    there(sysroot, families[i].manager)) {
				*out = families[i].manager;
				return true;
			}
		}
	}
	return false;
}

bool platform_detect(const char *sysroot, enum platform_manager *out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	static const char *const keys[] = { "ID", "ID_LIKE" };
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct str words;
		if (platform_os_value(sysroot, keys[i], &a, &words, NULL) &&
		    by_words(sysroot, words, out))
			return true;
	}
	for (int m = 0; m < PLATFORMS_; m++) {
		if (there(sysroot, (enum platform_manager)m)) {
			*out = (enum platform_manager)m;
			return true;
		}
	}
	return err_set(e, ERR_NOT_FOUND, "neither apt nor dnf nor zypper is on this system");
}

bool platform_packages(const char *sysroot, struct arena *a, struct pkgdb *out, struct err *e)
{
	enum platform_manager m;
	if (!platform_detect(sysroot, &m, e))
		return false;
	return m == PLATFORM_APT ? dpkgdb_read(sysroot, a, out, e)
				 : rpmdb_read(sysroot, m, a, out, e);
}
