/* SPDX-License-Identifier: Apache-2.0
 * Room-private: what one advisory of an updateinfo.xml says, in our words. */
#ifndef FEEDS_RPM_ADVISORY_H
#define FEEDS_RPM_ADVISORY_H
#include "feeds/rpm/rpm_int.h"
#include "feeds/words.h"

/** Whether `s` is printable ASCII without blanks, 1..max bytes: fit for a field of a record. */
bool rpm_advisory_word(struct str s, size_t max);
enum patch_type rpm_advisory_type(struct str word);
/** As the vendor says, in *raw_out too (a view); a title may rate itself ("Moderate: xz security
 * update"). */
enum severity rpm_advisory_severity(const struct rpm_update *u, struct str *raw_out);
/** The CVE ids its references name, into `to`; only a security advisory without such references is
 * read for them. */
struct str rpm_advisory_cves(struct words *to, const struct rpm_update *u);
/** Its reference to itself, or `form` with {id}, {release}, {dashed} replaced (in `a`). */
struct str rpm_advisory_url(const struct rpm_update *u, const char *form, struct str release,
			    struct arena *a);
enum reboot_need rpm_advisory_reboot(const struct rpm_update *u);
/** False when a vendor's own address stands on an id that is not of that vendor's form: a mistake
 * of somebody's. */
bool rpm_advisory_id_ok(const struct rpm_update *u);
#endif
