/* SPDX-License-Identifier: Apache-2.0
 * The distributions: a row each. Nothing else in the RPM feed knows a vendor. */
#include "feeds/rpm/rpm.h"

#define BODHI "https://bodhi.fedoraproject.org/updates/{id}"

static const struct rpm_distro distros[] = {
	{ "almalinux", "alma", "AlmaLinux", true, false,
	  "https://errata.almalinux.org/{release}/{dashed}.html" },
	{ "rocky", "rocky", "Rocky Linux", true, false, "https://errata.rockylinux.org/{id}" },
	{ "rhel", "rhel", "Red Hat", true, false, "https://access.redhat.com/errata/{id}" },
	{ "centos", "centos", "CentOS", true, false, "" },
	{ "ol", "oracle", "Oracle", true, false, "https://linux.oracle.com/errata/{id}.html" },
	{ "fedora", "fedora", "Fedora", false, false, BODHI },
	{ "amzn", "amazon", "Amazon", false, false, "" },
	{ "opensuse-leap", "opensuse", "openSUSE", false, true, "" },
	{ "opensuse-tumbleweed", "opensuse", "openSUSE", false, true, "" },
	{ "opensuse", "opensuse", "openSUSE", false, true, "" },
	{ "sles", "suse", "SUSE", false, true, "" },
	{ "sles_sap", "suse", "SUSE", false, true, "" },
	{ "sled", "suse", "SUSE", false, true, "" },
};

const char *const rpm_oses[] = { "almalinux:",
				 "rocky:",
				 "rhel:",
				 "centos:",
				 "ol:",
				 "fedora:",
				 "amzn:",
				 "opensuse-leap:",
				 "opensuse-tumbleweed:",
				 "opensuse:",
				 "sles:",
				 "sles_sap:",
				 "sled:",
				 NULL };
_Static_assert(ARRAY_LEN(rpm_oses) == ARRAY_LEN(distros) + 1, "one prefix a row");

struct rpm_distro rpm_distro_of(struct str os)
{
	ptrdiff_t colon = str_find(os, ':');
	struct str id = { os.p, colon > 0 ? (size_t)colon : os.n };
	for (size_t i = 0; i < ARRAY_LEN(distros); i++)
		if (str_is(id, distros[i].id))
			return distros[i];
	return (struct rpm_distro) { .url = "" };
}
