/* SPDX-License-Identifier: Apache-2.0
 * The inverted index: every distinct inventory line is a number (a fact), parsed once; each fact
 * knows its hosts as a roaring bitmap; package and source names know their facts. Derived data: it
 * can be rebuilt from the hosts' fact arrays at any time. Not thread-safe: the fleet locks. */
#ifndef FLEET_INDEX_H
#define FLEET_INDEX_H
#include "base/intern.h"

#include <roaring/roaring.h>

enum fact_kind { FACT_OTHER, FACT_DEB, FACT_HOLD, FACT_OS, FACT_ARCH, FACT_KINDS_ };

/** A "deb" line's fields (proto/inventory.h); empty source fields are filled in from name and
 * version. */
struct fact_deb {
	struct str name, arch, version, source, source_version;
};
/** "hold <TAB> deb <TAB> name <TAB> arch". */
struct fact_hold {
	struct str name, arch;
};
/** "os <TAB> id <TAB> version <TAB> codename"; version or codename may be empty. */
struct fact_os {
	struct str id, version, codename;
};

struct index;
struct index *index_new(void);
void index_free(struct index *x);
AUTO_DEFINE(struct index, index_free)

/** The number of a line, given now when it is new. */
uint32_t index_intern(struct index *x, struct str line);
/** The number of a line, or INTERN_NONE. */
uint32_t index_find(const struct index *x, struct str line);
struct str index_line(const struct index *x, uint32_t fact);
uint32_t index_count(const struct index *x);

enum fact_kind index_kind(const struct index *x, uint32_t fact);
/** Fields of a fact of that kind; false (and *out untouched) for other kinds. */
bool index_deb(const struct index *x, uint32_t fact, struct fact_deb *out);
bool index_hold(const struct index *x, uint32_t fact, struct fact_hold *out);
bool index_os(const struct index *x, uint32_t fact, struct fact_os *out);
/** All facts of a kind that is not FACT_DEB or FACT_OTHER (few), ascending. */
const uint32_t *index_of_kind(const struct index *x, enum fact_kind kind, uint32_t *n_out);
/** "deb" facts by package name / by source name, ascending; NULL and 0 when there are none. */
const uint32_t *index_by_deb(const struct index *x, struct str name, uint32_t *n_out);
const uint32_t *index_by_deb_src(const struct index *x, struct str source, uint32_t *n_out);

/** Hosts of a fact, NULL = none. */
const roaring_bitmap_t *index_hosts(const struct index *x, uint32_t fact);
void index_add_host(struct index *x, uint32_t fact, uint32_t host);
void index_remove_host(struct index *x, uint32_t fact, uint32_t host);
/** Run-length encodes and trims every bitmap; after bulk loading. */
void index_optimize(struct index *x);
#endif
