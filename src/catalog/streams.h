/* SPDX-License-Identifier: Apache-2.0
 * Room-private: module streams of advisories that name none (OSV drops them). Other advisories and
 * repositories give streams for builds of the same packages; which of these an advisory is for is
 * concluded from its packages together, never from one alone. */
#ifndef CATALOG_STREAMS_H
#define CATALOG_STREAMS_H
#include "base/arena.h"
#include "catalog/patch.h"

struct streams;
/** What is concluded lives in `a`, or is borrowed of what was learnt. */
struct streams *streams_new(struct arena *a);
void streams_free(struct streams *s);
AUTO_DEFINE(struct streams, streams_free)
/** A build whose stream is known. Strings are borrowed. */
void streams_learn(struct streams *s, struct str os, const struct component *c);
/** Begins an advisory; its modular builds follow. */
void streams_begin(struct streams *s);
void streams_build(struct streams *s, struct str os, const struct component *c);
/** The streams it is for, an array that is good until the next begin; returns how many. 0 = one
 * that nobody else speaks of, or (*open_out) nothing is known at all. */
size_t streams_conclude(struct streams *s, const struct str **out, bool *open_out);
#endif
