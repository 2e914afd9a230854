/* SPDX-License-Identifier: Apache-2.0
 * RPM repositories as feeds: any repository that createrepo or OBS made, of any RPM distribution.
 * What it offers (primary.xml), what its vendor says about it (updateinfo.xml) and which builds
 * belong to which module stream (modules.yaml) become one generation. Distributions differ by a row
 * of rpm_distro.c. */
#ifndef FEEDS_RPM_H
#define FEEDS_RPM_H
#include "feeds/feed.h"

/** A distribution: what its advisories are called and where they are read. */
struct rpm_distro {
	const char *id;	    /**< os-release ID: "almalinux" */
	const char *word;   /**< how patch ids begin: "alma" */
	const char *vendor; /**< "AlmaLinux" */
	bool major; /**< releases are major versions (the RHEL family); builds carry ".el<n>" */
	/** An advisory's key has a version (SUSE: the same id again with another version). */
	bool versioned;
	const char *url; /**< of an advisory: "{id}", "{dashed}" (':' as '-'), "{release}"; or "" */
};
/** The row of an os id's first part; one made of the id itself for a distribution without a row. */
struct rpm_distro rpm_distro_of(struct str os);

/** Syncs one repository. spec: `url` the directory that holds repodata/ (or a mirror list: an
 * address ending in "mirror.list", "mirrorlist" or ".txt" whose first line is that directory), `os`
 * ("almalinux:9"), `suite` the repository's short name ("baseos"), `keyrings` to check
 * repomd.xml.asc with: then it must be there and good; without, the records say that nothing was
 * signed. Options: "sha1=allow" (checksums of the repository's own index by SHA-1),
 * "vendor=<name>", "filelists=yes" (kept for endpoints, never read here), "module_hotfixes=yes" (as
 * dnf.conf(5) has it: dnf offers its packages whatever module streams are enabled). */
bool rpm_sync_repo(const struct feed_spec *s, const struct feed_env *env,
		   struct generation_result *out, struct err *e) MUST_CHECK;
/** Whether an address is that of a mirror list. */
bool rpm_is_mirror_list(struct str url);
/** Repositories from the settings, else the public ones of the distributions seen in the estate. */
bool rpm_plan_repos(struct feed_plan *p, struct err *e) MUST_CHECK;
/** Prefixes of os ids that have a row, for the registry. */
extern const char *const rpm_oses[];
#endif
