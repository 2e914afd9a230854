/* SPDX-License-Identifier: Apache-2.0
 * The canonical inventory: UTF-8 text, one fact a line, fields separated by a tab, lines sorted
 * bytewise, unique, each ended by LF; named by its SHA-256. docs/agent-protocol.md section 3 lists
 * the lines. A line's first field names its kind; unknown kinds are kept, not understood. */
#ifndef PROTO_INVENTORY_H
#define PROTO_INVENTORY_H
#include "base/arena.h"
#include "base/buf.h"

#define INVENTORY_MAX (16u << 20) /**< bytes of text */
#define INVENTORY_MAX_FACTS 200000u
#define INVENTORY_MAX_LINE 2048u

struct inventory; /* a set of lines being gathered */
struct inventory *inventory_new(void);
void inventory_free(struct inventory *i);
AUTO_DEFINE(struct inventory, inventory_free)
/** Adds one line of `n` fields. A tab, LF, NUL or invalid UTF-8 in a field: ERR_CORRUPT. */
bool inventory_add(struct inventory *i, const struct str *fields, size_t n, struct err *e)
	MUST_CHECK;
/** Sorted, unique text. */
bool inventory_text(struct inventory *i, struct buf *out, struct err *e) MUST_CHECK;
/** ERR_CORRUPT (with the line number) unless `text` is canonical and within the limits. */
bool inventory_check(struct str text, struct err *e) MUST_CHECK;
/** Splits a line into at most `max` fields; returns their number. */
size_t inventory_fields(struct str line, struct str *fields, size_t max);

/** Packages of a dpkg status file (installed ones: third word of Status is "installed", or the
 * package is configured-pending: unpacked, half-configured, triggers-*), holds included. Streamed;
 * `native` is the architecture. */
bool inventory_add_dpkg_status(struct inventory *i, struct str status, struct err *e) MUST_CHECK;
/** An installed rpm as rpm has it; "(none)" and an epoch of 0 are as good as empty. */
struct inventory_rpm {
	struct str name, epoch, version, release, arch;
	struct str source_rpm;	 /**< file name: "bash-5.1.8-6.el9.src.rpm" */
	struct str module_label; /**< "nodejs:18:8080020230718:63b34585" */
	struct str vendor;
};
/** An "rpm" line; none for gpg-pubkey. ERR_CORRUPT without name or version. */
bool inventory_add_rpm(struct inventory *i, const struct inventory_rpm *p, struct err *e)
	MUST_CHECK;
/** Query format of the lines that inventory_add_rpm_line() reads; without the part after %{VENDOR}
 * for an rpm that does not know modules. */
#define INVENTORY_RPM_FORMAT                                                                       \
	"%{NAME}\t%{EPOCH}\t%{VERSION}\t%{RELEASE}\t%{ARCH}\t%{SOURCERPM}\t%{VENDOR}"              \
	"\t%{MODULARITYLABEL}\n"
bool inventory_add_rpm_line(struct inventory *i, struct str line, struct err *e) MUST_CHECK;
/** os-release(5) content to the "os" line; of the RHEL family the major version only, of Alpine
 * the first two numbers. ERR_CORRUPT when ID is absent. */
bool inventory_add_os_release(struct inventory *i, struct str text, struct err *e) MUST_CHECK;

/** Delta between two canonical texts: "-line" / "+line" lines, sorted by line. */
bool inventory_delta(struct str from, struct str to, struct buf *out, struct err *e) MUST_CHECK;
/** Applies a delta; ERR_CORRUPT when a removed line is not there or an added one is. */
bool inventory_apply(struct str base, struct str delta, struct buf *out, struct err *e) MUST_CHECK;
/** Calls `fn` for every line of a delta, sign apart. ERR_CORRUPT unless each has a sign and is a
 * line that a canonical text may have, in order. */
bool inventory_delta_each(struct str delta, void (*fn)(void *arg, char sign, struct str line),
			  void *arg, struct err *e) MUST_CHECK;

/** What the lines of a text amount to, in whatever order: of each line (without its LF) the first
 * 16 bytes of its SHA-256 as two big-endian numbers, each added up modulo 2^64. Who knows the
 * lines' own need not have the text. */
struct inventory_sum {
	uint64_t w[2];
};
#define INVENTORY_SUM_HEX 33 /**< with the NUL */
struct inventory_sum inventory_sum_of_line(struct str line);
struct inventory_sum inventory_sum_of_text(struct str text);
const char *inventory_sum_hex(const struct inventory_sum *s, char out[static INVENTORY_SUM_HEX]);
bool inventory_sum_parse(struct str hex, struct inventory_sum *out) MUST_CHECK;
#endif
