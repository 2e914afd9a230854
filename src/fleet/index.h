/* SPDX-License-Identifier: Apache-2.0
 * The inverted index: every distinct inventory line is a number (a fact), parsed once; each fact
 * knows its hosts as a roaring bitmap; package and source names know their facts. Derived data: it
 * can be rebuilt from the hosts' fact arrays at any time. Not thread-safe: the fleet locks. */
#ifndef FLEET_INDEX_H
#define FLEET_INDEX_H
#include "base/intern.h"
#include "proto/inventory.h"

#include <roaring/roaring.h>

enum fact_kind {
	FACT_OTHER,
	FACT_DEB, /**< installed packages: first, in this order */
	FACT_RPM,
	FACT_APK,
	FACT_HOLD,
	FACT_OS,
	FACT_ARCH,
	FACT_KEPT,
	FACT_SUBSCRIPTION,
	FACT_UNSIGNED,
	FACT_RESTART,
	FACT_REBOOT,
	FACT_MODULE,
	FACT_KINDS_
};
#define FACT_PACKAGE_LAST FACT_APK

/** A "deb", "rpm" or "apk" line's fields (proto/inventory.h); empty source fields are filled in
 * from name and version. `version` of an rpm is "[epoch:]version-release"; module and vendor are an
 * rpm's, else empty. */
struct fact_package {
	enum fact_kind kind;
	struct str name, arch, version, source, source_version, module, vendor;
};
/** "hold <TAB> deb <TAB> name <TAB> arch". An rpm's arch may be empty: all. */
struct fact_hold {
	enum fact_kind package;
	struct str name, arch;
};
/** "kept <TAB> deb <TAB> name <TAB> arch <TAB> reason": why the manager does not install what is
 * offered now. */
struct fact_kept {
	enum fact_kind package;
	struct str name, arch, reason;
};
/** "os <TAB> id <TAB> version <TAB> codename"; version or codename may be empty. */
struct fact_os {
	struct str id, version, codename;
};

struct index;
struct index *index_new(void);
void index_free(struct index *x);
AUTO_DEFINE(struct index, index_free)

/** Room for so many lines at once. */
void index_reserve(struct index *x, uint32_t lines);
/** The number of a line, given now when it is new. */
uint32_t index_intern(struct index *x, struct str line);
/** The same for up to INDEX_AT_ONCE lines; new ones get their numbers in the order of the lines. */
#define INDEX_AT_ONCE 256u
void index_intern_many(struct index *x, const struct str *lines, uint32_t n, uint32_t *out);
/** The number of a line, or INTERN_NONE. */
uint32_t index_find(const struct index *x, struct str line);
void index_find_many(const struct index *x, const struct str *lines, uint32_t n, uint32_t *out);
struct str index_line(const struct index *x, uint32_t fact);
uint32_t index_count(const struct index *x);
/** What the lines of facts amount to; that of each is computed when it is first asked for, by
 * whichever reader. */
struct inventory_sum index_sum(const struct index *x, const uint32_t *facts, uint32_t n);

enum fact_kind index_kind(const struct index *x, uint32_t fact);
/** The word a line of the kind begins with: "deb", "hold", ...; "" for FACT_OTHER. */
const char *fact_kind_name(enum fact_kind kind);
/** Fields of a fact of that kind; false (and *out untouched) for other kinds. */
bool index_package(const struct index *x, uint32_t fact, struct fact_package *out);
/** Number of an installed package's name among those of its kind, dense from 0. */
uint32_t index_name(const struct index *x, uint32_t fact);
/** How many names of a kind of package there are. */
uint32_t index_names(const struct index *x, enum fact_kind kind);
bool index_hold(const struct index *x, uint32_t fact, struct fact_hold *out);
bool index_kept(const struct index *x, uint32_t fact, struct fact_kept *out);
/** Field `i` (0 = the kind) of any understood line; empty when it has fewer. */
struct str index_field(const struct index *x, uint32_t fact, int i);
bool index_os(const struct index *x, uint32_t fact, struct fact_os *out);
/** All facts of a kind that is no package and not FACT_OTHER (few), ascending. */
const uint32_t *index_of_kind(const struct index *x, enum fact_kind kind, uint32_t *n_out);
/** Facts of a kind of package by its name / by the name of what it is built from, ascending; NULL
 * and 0 when there are none. */
const uint32_t *index_by_name(const struct index *x, enum fact_kind kind, struct str name,
			      uint32_t *n_out);
const uint32_t *index_by_source(const struct index *x, enum fact_kind kind, struct str source,
				uint32_t *n_out);

/** Hosts of a fact, NULL = none. */
const roaring_bitmap_t *index_hosts(const struct index *x, uint32_t fact);
void index_add_host(struct index *x, uint32_t fact, uint32_t host);
void index_add_hosts(struct index *x, uint32_t fact, const uint32_t *hosts, size_t n);
void index_remove_host(struct index *x, uint32_t fact, uint32_t host);
/** Gives a fact that has none its hosts; `view` is the index's from here on and may be a frozen
 * view of memory that outlives it. */
void index_set_hosts(struct index *x, uint32_t fact, roaring_bitmap_t *view);
/** Takes hosts out of every bitmap. */
void index_forget_hosts(struct index *x, const roaring_bitmap_t *hosts);
/** Run-length encodes and trims every bitmap; after bulk loading. */
void index_optimize(struct index *x);
#endif
