/* SPDX-License-Identifier: Apache-2.0
 * The orders of versions, one per vendor's rule. Each function gives -1, 0 or 1 for a < b, a = b,
 * a > b, reads any bytes (what is not a valid version gets a place too) and allocates nothing. All
 * are reflexive and antisymmetric; deb and dotted are transitive for any bytes, the others as far
 * as their vendors' rules are. */
#ifndef PKGVER_PKGVER_H
#define PKGVER_PKGVER_H
#include "base/str.h"

/** Debian: [epoch:]upstream[-revision]. deb-version(7), Debian policy 5.6.12. */
int deb_compare(struct str a, struct str b);
/** RPM: [epoch:]version[-release], as rpm's rpmVersionCompare: a missing epoch is 0, a missing
 * release is lower than any. Without '-' and ':' on both sides this is rpm_segment_compare. */
int rpm_compare(struct str a, struct str b);
/** RPM's rpmvercmp of one part (a version or a release), with '~' and '^'. */
int rpm_segment_compare(struct str a, struct str b);
/** Builds of one name that never replace each other although their versions compare: modular
 * builds (release with ".module"), Oracle's live-patched (".ksplice") and validated ("_fips") ones.
 * Compare versions of different lineages and the answer means nothing. */
enum rpm_lineage { RPM_LINEAGE_PLAIN, RPM_LINEAGE_MODULE, RPM_LINEAGE_KSPLICE, RPM_LINEAGE_FIPS };
enum rpm_lineage rpm_lineage(struct str evr);
/** Whether the version begins with the number that names a module stream: that of "nodejs:18" leads
 * "1:18.20.4-1", not "1:180.1-1". False for streams named otherwise ("container-tools:rhel8"). */
bool rpm_stream_leads(struct str stream, struct str evr);
/** How many leading parts (numbers, words) two versions have in common, epochs and releases aside.
 */
unsigned rpm_parts_alike(struct str evr_a, struct str evr_b);
/** The version's first `n` numbers ("11.8" of "3:11.8.3-1", 2); "" when it has fewer or words. */
struct str rpm_leading_parts(struct str evr, size_t n);
/** What builds of one module build have in common: ".module_el8.9.0+3659+9c2d" of
 * "1:18.19.0-1.module_el8.9.0+3659+9c2d"; "" of a build that does not say. */
struct str rpm_module_build(struct str evr);
/** Alpine: digits{.digits}{letter}{_suffix{number}}{~hash}{-rN}, as apk-tools 2.14 and 3 have it;
 * the part from the first invalid character on sorts below the end. */
int apk_compare(struct str a, struct str b);
/** Windows files and products: numbers at dots, missing fields are 0. Anything after a blank does
 * not count ("10.0.19041.1 (WinBuild.160101.0800)"); letters after a field's number sort above
 * none. */
int dotted_compare(struct str a, struct str b);
/** winget's rule (winget-cli Versions): parts of number and text, "< ", "> ", Latest, Unknown. Case
 *  folding is ASCII's. */
int winget_compare(struct str a, struct str b);
/** macOS: product versions with Rapid Security Response letters and builds: "13.4.1", "13.4.1 (a)",
 *  "13.4.1 (22F82)", "13.4.1 (a) (22F770820b)", or builds alone: "22F82". A build counts only when
 *  both sides have one and their products are equal; a build alone sorts below any product. */
int mac_compare(struct str a, struct str b);

enum pkgver_scheme {
	PKGVER_DEB,
	PKGVER_RPM,
	PKGVER_APK,
	PKGVER_DOTTED,
	PKGVER_WINGET,
	PKGVER_MAC,
	PKGVER_SCHEMES_
};
/** "deb", "rpm", "apk", "dotted", "winget", "mac". */
const char *pkgver_scheme_name(enum pkgver_scheme s);
bool pkgver_scheme_parse(struct str word, enum pkgver_scheme *out) MUST_CHECK;
int pkgver_compare(enum pkgver_scheme s, struct str a, struct str b);
#endif
