/* SPDX-License-Identifier: Apache-2.0
 * Ubuntu's codenames (https://wiki.ubuntu.com/Releases): which version a suite's name means. */
#include "feeds/ubuntu/ubuntu.h"

static const struct {
	const char *codename, *version;
} releases[] = {
	{ "resolute", "26.04" }, { "questing", "25.10" }, { "plucky", "25.04" },
	{ "oracular", "24.10" }, { "noble", "24.04" },	  { "mantic", "23.10" },
	{ "lunar", "23.04" },	 { "kinetic", "22.10" },  { "jammy", "22.04" },
	{ "impish", "21.10" },	 { "hirsute", "21.04" },  { "groovy", "20.10" },
	{ "focal", "20.04" },	 { "eoan", "19.10" },	  { "disco", "19.04" },
	{ "cosmic", "18.10" },	 { "bionic", "18.04" },	  { "artful", "17.10" },
	{ "zesty", "17.04" },	 { "yakkety", "16.10" },  { "xenial", "16.04" },
	{ "wily", "15.10" },	 { "vivid", "15.04" },	  { "utopic", "14.10" },
	{ "trusty", "14.04" },	 { "saucy", "13.10" },	  { "raring", "13.04" },
	{ "quantal", "12.10" },	 { "precise", "12.04" },  { "oneiric", "11.10" },
	{ "natty", "11.04" },	 { "maverick", "10.10" }, { "lucid", "10.04" },
	{ "karmic", "9.10" },	 { "jaunty", "9.04" },	  { "intrepid", "8.10" },
	{ "hardy", "8.04" },	 { "gutsy", "7.10" },	  { "feisty", "7.04" },
	{ "edgy", "6.10" },	 { "dapper", "6.06" },	  { "breezy", "5.10" },
	{ "hoary", "5.04" },	 { "warty", "4.10" },
};

static bool is(struct str a, const char *b)
{
	return str_is(a, b);
}

const char *ubuntu_version_of_codename(struct str codename)
{
	for (size_t i = 0; i < codename.n; i++)
		if (codename.p[i] == '-' || codename.p[i] == '/')
			codename.n = i;
	for (size_t i = 0; i < ARRAY_LEN(releases); i++)
		if (is(codename, releases[i].codename))
			return releases[i].version;
	return NULL;
}

const char *ubuntu_codename_of_version(struct str version)
{
	for (size_t i = 0; i < ARRAY_LEN(releases); i++)
		if (is(version, releases[i].version))
			return releases[i].codename;
	return NULL;
}

const char *ubuntu_service_of_text(struct str availability)
{
	static const struct {
		const char *part, *service;
	} known[] = { { "Legacy", "esm-infra-legacy" },
		      { "Infra-only", "esm-infra" },
		      { "Ubuntu Pro", "esm-apps" } };
	AUTO(xfree) char *text = str_dup(availability);
	if (availability.n == 0 || strstr(text, "No subscription required"))
		return "";
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strstr(text, known[i].part))
			return known[i].service;
	return "ubuntu-pro";
}

const char *ubuntu_service_of_pocket(struct str pocket)
{
	static const char *const known[] = { "esm-infra-legacy", "esm-infra",	 "esm-apps",
					     "fips-updates",	 "fips-preview", "fips",
					     "realtime" };
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_starts(pocket, known[i]))
			return known[i];
	return str_starts(pocket, "esm") ? "esm-infra" : "";
}
