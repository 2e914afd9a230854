/* SPDX-License-Identifier: Apache-2.0
 * Enrichment as feeds: CISA's catalogue of known exploited vulnerabilities (kind "kev"), FIRST's
 * EPSS scores ("epss"), endoflife.date ("endoflife"). None of them is signed: TLS to the publisher
 * is what protects them, and the state says so. They never add, remove or change a patch (see
 * catalog/enrich.h). */
#ifndef FEEDS_ENRICHMENT_H
#define FEEDS_ENRICHMENT_H
#include "feeds/feed.h"

bool enrichment_plan_kev(struct feed_plan *p, struct err *e) MUST_CHECK;
bool enrichment_plan_epss(struct feed_plan *p, struct err *e) MUST_CHECK;
bool enrichment_plan_endoflife(struct feed_plan *p, struct err *e) MUST_CHECK;
/** The URL is a document, compressed or not. KEV: the JSON or the CSV; EPSS: the daily CSV in any
 * of its layouts; endoflife.date: API v1 (one product or all) or a page's front matter, or, when it
 * ends in '/', a directory of pages of which those of the operating systems known here are read.
 * The result is one document of catalog/enrich_doc.h. */
bool enrichment_sync(const struct feed_spec *s, const struct feed_env *env,
		     struct generation_result *out, struct err *e) MUST_CHECK;
#endif
