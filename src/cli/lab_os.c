/* SPDX-License-Identifier: Apache-2.0
 * Names of releases as people write them. */
#include "cli/lab_inventory.h"
#include "feeds/debian/debian.h"
#include "feeds/ubuntu/ubuntu.h"

#include <ctype.h>

static bool set(char *to, size_t size, struct str s, const char *words, struct err *e)
{
	for (size_t i = 0; i < s.n; i++)
		if (!isalnum((unsigned char)s.p[i]) && !strchr(".-_", s.p[i]))
			s.n = 0;
	if (s.n == 0 || s.n >= size)
		return err_set(e, ERR_INVALID, "'%s' is not a release; write it like 'debian:12'",
			       words);
	for (size_t i = 0; i < s.n; i++)
		to[i] = (char)tolower((unsigned char)s.p[i]);
	to[s.n] = '\0';
	return true;
}

/* "12", "12.4" and "9.0" are one Debian release each; a codename has a version once it is released.
 */
static bool set_debian(struct str release, struct lab_os *os, const char *words, struct err *e)
{
	ptrdiff_t dot = str_find(release, '.');
	if (release.n > 0 && isdigit((unsigned char)release.p[0])) {
		release.n = dot < 0 ? release.n : (size_t)dot;
		const char *codename = debian_codename_of_version(release);
		snprintf(os->codename, sizeof(os->codename), "%s", codename ? codename : "");
		return set(os->version, sizeof(os->version), release, words, e);
	}
	if (!set(os->codename, sizeof(os->codename), release, words, e))
		return false;
	const char *version = debian_version_of_codename(str_of(os->codename));
	if (!version)
		return err_set(e, ERR_INVALID,
			       "'%s' is not a release of Debian; write it like 'debian:12'", words);
	if (isdigit((unsigned char)version[0]))
		snprintf(os->version, sizeof(os->version), "%s", version);
	return true;
}

/* A codename of Ubuntu: false, and nothing said, when it is none. */
static bool is_ubuntu(struct str word, struct lab_os *os)
{
	const char *version = ubuntu_version_of_codename(word);
	if (!version)
		return false;
	snprintf(os->id, sizeof(os->id), "ubuntu");
	snprintf(os->version, sizeof(os->version), "%s", version);
	snprintf(os->codename, sizeof(os->codename), "%s",
		 ubuntu_codename_of_version(str_of(version)));
	return true;
}

/* How many parts of a version make a release: "9.4" is a 9 of the RHEL family, "3.16.2" a 3.16 of
 * Alpine; 0 = all. */
static unsigned parts_of(const char *id)
{
	static const struct {
		const char *id;
		unsigned parts;
	} known[] = { { "almalinux", 1 }, { "rocky", 1 },  { "rhel", 1 },  { "centos", 1 },
		      { "ol", 1 },	  { "fedora", 1 }, { "alpine", 2 } };
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(id, known[i].id) == 0)
			return known[i].parts;
	return 0;
}

static struct str first_parts(struct str release, unsigned parts)
{
	for (size_t i = 0; parts && i < release.n; i++)
		if (release.p[i] == '.' && --parts == 0)
			return (struct str) { release.p, i };
	return release;
}

/* What people call them -> /etc/os-release ID. */
static void use_alias(struct lab_os *os)
{
	static const char *const known[][2] = { { "alma", "almalinux" },
						{ "redhat", "rhel" },
						{ "oracle", "ol" },
						{ "amazon", "amzn" },
						{ "oraclelinux", "ol" },
						{ "rockylinux", "rocky" },
						{ "leap", "opensuse-leap" },
						{ "opensuse.leap", "opensuse-leap" },
						{ "suse.linux.enterprise.server", "sles" } };
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(os->id, known[i][0]) == 0)
			snprintf(os->id, sizeof(os->id), "%s", known[i][1]);
}

static bool set_release(struct str release, struct lab_os *os, const char *words, struct err *e)
{
	use_alias(os);
	if (strcmp(os->id, "debian") == 0)
		return set_debian(release, os, words, e);
	if (strcmp(os->id, "ubuntu") == 0 && !isdigit((unsigned char)release.p[0]))
		return is_ubuntu(release, os) ||
		       err_set(e, ERR_INVALID, "'%s' is not a release of Ubuntu", words);
	if (strcmp(os->id, "ubuntu") == 0) {
		const char *codename = ubuntu_codename_of_version(release);
		snprintf(os->codename, sizeof(os->codename), "%s", codename ? codename : "");
	}
	return set(os->version, sizeof(os->version), first_parts(release, parts_of(os->id)), words,
		   e);
}

bool lab_os_parse(const char *words, struct lab_os *out, struct err *e)
{
	struct lab_os os = { .id = "debian" };
	struct str rest = str_trim(str_of(words)), id = { rest.p, 0 };
	while (id.n < rest.n && !strchr(": \t", id.p[id.n]) && !isdigit((unsigned char)id.p[id.n]))
		id.n++;
	struct str release = { id.p + id.n, rest.n - id.n };
	while (release.n > 0 && strchr(": \t", release.p[0])) {
		release.p++;
		release.n--;
	}
	if (release.n == 0) { /* one word: a codename of Debian or Ubuntu */
		if (!is_ubuntu(id, &os) && !set_debian(id, &os, words, e))
			return false;
	} else if (!set(os.id, sizeof(os.id), id, words, e) ||
		   !set_release(release, &os, words, e)) {
		return false;
	}
	*out = os;
	return true;
}
