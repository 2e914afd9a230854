/* SPDX-License-Identifier: Apache-2.0
 * What is Ubuntu's own in feeds: codenames, the services of Ubuntu Pro, the database of security
 * notices. The archive itself is read as Debian's (debian.h). */
#ifndef FEEDS_UBUNTU_H
#define FEEDS_UBUNTU_H
#include "feeds/feed.h"

#define UBUNTU_DEFAULT_KEYRING "/usr/share/keyrings/ubuntu-archive-keyring.gpg"

/** Row of the registry: the suites of the setting, or the public pockets of the releases and
 * architectures that the estate has. A spec of theirs is synced by debian_sync_spec(). */
bool ubuntu_plan_suites(struct feed_plan *p, struct err *e) MUST_CHECK;

/** "jammy", "jammy-security" -> "22.04"; NULL when unknown. */
const char *ubuntu_version_of_codename(struct str codename);
/** The way back: "22.04" -> "jammy"; NULL when unknown. */
const char *ubuntu_codename_of_version(struct str version);
/** Which service of Ubuntu Pro gives a fix, by the words of its OSV record ("Available with Ubuntu
 * Pro (Infra-only): ...") -> "esm-infra"; "" = everybody gets it. */
const char *ubuntu_service_of_text(struct str availability);
/** The same by the pocket the notices database names: "esm-apps", "security". */
const char *ubuntu_service_of_pocket(struct str pocket);
#endif
