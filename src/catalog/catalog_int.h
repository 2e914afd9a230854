/* SPDX-License-Identifier: Apache-2.0
 * Room-private: what a snapshot owns besides its arrays, and the steps of building one. */
#ifndef CATALOG_CATALOG_INT_H
#define CATALOG_CATALOG_INT_H
#include "base/arena.h"
#include "base/intern.h"
#include "base/vec.h"
#include "catalog/catalog.h"

#include <stdatomic.h>

struct name_index {
	struct intern *names; /* name -> number */
	uint32_t *start;      /* names + 1 offsets into `list` */
	uint32_t *list;	      /* component indices, in order of version within one (os, arch) */
};

struct catalog_impl {
	atomic_uint refs;
	struct arena arena;
	char **texts; /* the record documents, cut in place: most strings are views into them */
	size_t n_texts;
	struct intern *ids; /* patch id -> patch index: the numbers are the indices */
	struct name_index names[COMPONENT_KINDS_];
	uint32_t *payload; /* open addressing over component digests; index + 1, 0 = empty */
	uint32_t payload_mask;
};

/** As catalog_build, but the records (heap strings) become the snapshot's and are NULL afterwards,
 * as far as it came: no copy of documents of many megabytes. `off`: see catalog_load(). */
bool catalog_build_taking(struct generation *gens, size_t n, struct str off, struct catalog **out,
			  struct err *e) MUST_CHECK;

/** Fills catalog->impl->names; components must be in place. */
void catalog_index_names(struct catalog *c);
void catalog_index_payloads(struct catalog *c);
/** Sets superseded_by of components and patches, resolves `above`, sums sizes. */
void catalog_supersede(struct catalog *c);
/** Fills streams, lanes and holders; components, their patches' os and default streams must be in
 * place. */
void catalog_lanes(struct catalog *c);
/** Joins advisories to patches: runs, severities, dates, types. */
void catalog_join(struct catalog *c, const bool *is_bulletin);
/** Whether notices of a kind of feed are vendors' bulletins; trackers speak of single CVEs. */
bool catalog_is_bulletin_kind(struct str kind);
#endif
