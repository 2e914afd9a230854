/* SPDX-License-Identifier: Apache-2.0
 * Patches as a list: filters, sort keys, facets. Used by the patches noun, by a system's patches
 * and by selections. Called with a match view held. */
#ifndef API_PATCH_LIST_H
#define API_PATCH_LIST_H
#include "api/approvals.h"
#include "api/list.h"
#include "api/words.h"

/* The filter parameters, for a route's list and for a selection's. */
#define PARAMS_PATCH_COMMON                                                                        \
	PARAM_Q,                                                                                   \
		{ .name = "severity",                                                              \
		  .type = PARAM_WORDS,                                                             \
		  .word = word_severity,                                                           \
		  .words = SEVERITIES_ },                                                          \
		{ .name = "type",                                                                  \
		  .type = PARAM_WORDS,                                                             \
		  .word = word_patch_type,                                                         \
		  .words = PATCH_TYPES_ },                                                         \
		{ .name = "kev", .type = PARAM_BOOL },                                             \
		{ .name = "epss_gte", .type = PARAM_SHARE },                                       \
	{                                                                                          \
		.name = "reboot", .type = PARAM_WORDS, .word = word_reboot,                        \
		.words = REBOOT_LOGOUT + 1                                                         \
	}
#define PARAMS_PATCH                                                                               \
	PARAMS_PATCH_COMMON,                                                                       \
		{ .name = "view", .type = PARAM_WORD, .word = word_view, .words = VIEWS_ },        \
		{ .name = "os", .type = PARAM_LIST, .min = 1, .max = 100 },                        \
		{ .name = "suite", .type = PARAM_LIST, .min = 1, .max = 100 },                     \
		{ .name = "approval",                                                              \
		  .type = PARAM_WORDS,                                                             \
		  .word = word_approval,                                                           \
		  .words = APPROVAL_STATES_ },                                                     \
	{                                                                                          \
		.name = "product", .type = PARAM_LIST, .min = 1, .max = 200                        \
	}

struct patch_filter {
	struct call *c;
	const struct match_view *v;
	const struct enrich_join *enriched; /* NULL = none is kept */
	struct store *store;
	enum patch_view view;
	const char *q;
	uint64_t severities, types, reboots, approvals; /* 0 = all */
	struct str *oses, *suites, *products;
	size_t n_oses, n_suites, n_products;
	int kev;	  /* -1 = all, 0 = not listed, 1 = listed */
	int64_t epss_gte; /* millionths, -1 = all */
};
void patch_filter_read(struct call *c, struct patch_filter *f, const struct query *q,
		       const struct match_view *v);
/** For struct list_kind: bits 0..8 are severity, type, os, suite, product, reboot, kev, epss,
 * approval. */
uint32_t patch_filter_failing(void *filter, uint32_t patch);
/** Severity, type, reboot, enrichment and text only (bits 0, 1, 5, 6, 7 and the text's). */
uint32_t patch_filter_common(const struct patch_filter *f, uint32_t patch);
/** Sort keys id, title, product, severity, type, released, size, missing_systems,
 * installed_systems. */
void patch_value(const struct match_view *v, uint32_t patch, int column, struct page_value *out);
/** When the first of its CVEs was listed (milliseconds), or its highest score (millionths, -1 =
 * none). */
void patch_enriched_value(const struct patch_filter *f, uint32_t patch, bool epss,
			  struct page_value *out);
/** The kind; its argument is a struct patch_filter. */
extern const struct list_kind patch_list_kind;
/** True when `q` is part of one of the patch's texts, advisories or CVEs. */
bool patch_has_text(const struct catalog *cat, const struct patch *p, const char *q);
#endif
