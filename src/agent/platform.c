/* SPDX-License-Identifier: Apache-2.0
 * Detection. A system may have several managers' programs (rpm on Debian, apt on openSUSE), so the
 * distribution's own words come first. */
#include "agent/platform.h"
#include "agent/dpkgdb.h"
#include "agent/rpmdb.h"
#include "base/file.h"

#include <unistd.h>

static const struct {
	const char *word; /* of ID or ID_LIKE; a head of it is enough */
	enum platform_manager manager;
} families[] = {
	{ "debian", PLATFORM_APT },	 { "ubuntu", PLATFORM_APT }, { "suse", PLATFORM_ZYPPER },
	{ "opensuse", PLATFORM_ZYPPER }, { "sle", PLATFORM_ZYPPER }, { "rhel", PLATFORM_DNF },
	{ "fedora", PLATFORM_DNF },	 { "centos", PLATFORM_DNF }, { "almalinux", PLATFORM_DNF },
	{ "rocky", PLATFORM_DNF },	 { "ol", PLATFORM_DNF },     { "amzn", PLATFORM_DNF },
};
/* yum 3 and dnf 5 live by the same database as dnf 4. */
static const char *const proof[][3] = { [PLATFORM_APT] = { "var/lib/dpkg/status" },
					[PLATFORM_DNF] = { "usr/bin/dnf", "usr/bin/dnf5",
							   "usr/bin/yum" },
					[PLATFORM_ZYPPER] = { "usr/bin/zypper" } };

static bool is_there(const char *sysroot, const char *name)
{
	AUTO(xfree) char *path = xasprintf("%s/%s", sysroot, name);
	return file_exists(path);
}

static bool there(const char *sysroot, enum platform_manager m)
{
	for (size_t i = 0; i < ARRAY_LEN(proof[m]); i++)
		if (proof[m][i] && is_there(sysroot, proof[m][i]))
			return true;
	return false;
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

/* "dnf" is a link to the version that the distribution has chosen: "dnf-3" (dnf 4), "dnf5". */
static bool is_dnf5(const char *sysroot)
{
	AUTO(xfree) char *path = xasprintf("%s/usr/bin/dnf", sysroot);
	char target[500];
	ssize_t n = readlink(path, target, sizeof(target));
	if (n > 0)
		return str_ends((struct str) { target, (size_t)n }, "dnf5");
	return !is_there(sysroot, "usr/bin/dnf") && is_there(sysroot, "usr/bin/dnf5");
}

bool platform_can_install(const char *sysroot, enum platform_manager manager, struct err *e)
{
	if (manager != PLATFORM_DNF)
		return true;
	if (is_dnf5(sysroot))
		return err_set(
			e, ERR_DENIED,
			"this system's dnf is dnf 5, and this agent installs with dnf 4 only; "
			"install there with 'dnf upgrade', the next scan sees it");
	if (!is_there(sysroot, "usr/bin/dnf"))
		return err_set(e, ERR_DENIED,
			       "this system has yum 3, and this agent installs with dnf 4 only; "
			       "install there with 'yum update', the next scan sees it");
	return true;
}

bool platform_packages(const char *sysroot, struct arena *a, struct pkgdb *out, struct err *e)
{
	enum platform_manager m;
	if (!platform_detect(sysroot, &m, e))
		return false;
	return m == PLATFORM_APT ? dpkgdb_read(sysroot, a, out, e)
				 : rpmdb_read(sysroot, m, a, out, e);
}
