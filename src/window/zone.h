/* SPDX-License-Identifier: Apache-2.0
 * Time zones of the IANA database, from the system's own compiled files (TZif: RFC 9636). Any
 * number of zones at once, unlike the C library's one; nothing global, safe from any thread.
 * Seconds are those of POSIX: leap seconds do not count. */
#ifndef WINDOW_ZONE_H
#define WINDOW_ZONE_H
#include "base/err.h"
#include "base/str.h"

#define ZONE_FILE_MAX (256u << 10)
#define ZONE_NAME_MAX 64

struct zone;
/** Reads the bytes of a TZif file. ERR_CORRUPT, ERR_LIMIT. */
bool zone_parse(struct str tzif, struct zone **out, struct err *e) MUST_CHECK;
/** The zone of an IANA name ("Asia/Tokyo"). "UTC" needs no database. ERR_INVALID for what is no
 *  name, ERR_NOT_FOUND naming the remedy. */
bool zone_open(const char *name, struct zone **out, struct err *e) MUST_CHECK;
/** The zone of the machine whose file system begins at `root` ("" = this one): what its
 *  /etc/localtime is; UTC where there is none, as the C library has it. */
bool zone_open_local(const char *root, struct zone **out, struct err *e) MUST_CHECK;
void zone_free(struct zone *z);
AUTO_DEFINE(struct zone, zone_free)
/** Whether a text has the form of a name: letters, digits, "+-_" in parts between "/". */
bool zone_is_name(struct str name);

/** Seconds east of UTC at an instant (seconds since 1970 UTC). */
int32_t zone_offset(const struct zone *z, int64_t utc_s);

enum zone_fit {
	ZONE_ONCE,
	ZONE_SKIPPED, /**< the clock jumps over it */
	ZONE_TWICE    /**< the clock shows it twice */
};
/** The instant of a local time (seconds since 1970-01-01 00:00 on the wall): of one shown twice the
 *  first, of one that is skipped the first instant after the jump (RFC 5545 would shift it by the
 *  jump's length). *fit_out may be NULL. Never decreases as `local_s` grows. */
int64_t zone_instant(const struct zone *z, int64_t local_s, enum zone_fit *fit_out);
#endif
