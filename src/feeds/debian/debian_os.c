/* SPDX-License-Identifier: Apache-2.0
 * Debian's codenames (https://www.debian.org/releases/): which version a suite's name means. A
 * release that is not out yet is called by its codename: its os-release(5) has no VERSION_ID, and
 * hosts are matched by codename then (and still are after the release). */
#include "feeds/debian/debian_int.h"

static const struct {
	const char *codename, *version;
} releases[] = {
	{ "sid", "sid" },     { "duke", "duke" },   { "forky", "forky" }, { "trixie", "13" },
	{ "bookworm", "12" }, { "bullseye", "11" }, { "buster", "10" },	  { "stretch", "9" },
	{ "jessie", "8" },    { "wheezy", "7" },    { "squeeze", "6" },	  { "lenny", "5" },
	{ "etch", "4" },      { "sarge", "3.1" },   { "woody", "3.0" },	  { "potato", "2.2" },
	{ "slink", "2.1" },   { "hamm", "2.0" },    { "bo", "1.3" },	  { "rex", "1.2" },
	{ "buzz", "1.1" },
};

const char *debian_version_of_codename(struct str codename)
{
	for (size_t i = 0; i < codename.n; i++)
		if (codename.p[i] == '-' || codename.p[i] == '/') {
			codename.n = i;
			break;
		}
	if (str_is(codename, "experimental"))
		return "sid";
	for (size_t i = 0; i < ARRAY_LEN(releases); i++)
		if (str_is(codename, releases[i].codename))
			return releases[i].version;
	return NULL;
}

const char *debian_codename_of_version(struct str version)
{
	for (size_t i = 0; i < ARRAY_LEN(releases); i++)
		if (str_is(version, releases[i].version))
			return releases[i].codename;
	return NULL;
}
