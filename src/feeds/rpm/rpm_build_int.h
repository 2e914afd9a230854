/* SPDX-License-Identifier: Apache-2.0
 * Room-private: what the two halves of rpm_build share. rpm_build.c keeps the tables and writes
 * offers; rpm_build_update.c reads the tables and writes advisories. */
#ifndef FEEDS_RPM_BUILD_INT_H
#define FEEDS_RPM_BUILD_INT_H
#include "feeds/rpm/rpm_build.h"
#include "feeds/words.h"

#define RPM_NONE UINT32_MAX

struct rpm_offer {
	struct rpm_nevra nevra; /* views into the interned key */
	struct str href;	/* "" = nothing we could fetch */
	uint32_t source;	/* in `sources`: "name\nversion-release" */
	struct sha256 sha256;
	int64_t size, built_s;
	uint32_t next; /* of the same source build */
	bool covered;  /* by an advisory */
};
struct rpm_source {
	uint32_t first, last;
};
struct rpm_build {
	struct rpm_build_spec spec;
	struct rpm_distro distro;
	const char *word;   /* "alma:9" */
	struct str release; /* "9" */
	struct sink *sink;
	struct arena arena;
	struct intern *builds, *sources;
	VEC(struct rpm_offer) offers; /* by number of build, as far as they are offers */
	VEC(uint32_t) offer_of;	      /* build -> offer, RPM_NONE */
	struct intern *modules;	      /* "name:stream" */
	VEC(uint32_t) module_of;      /* build -> module, RPM_NONE */
	struct intern *defaults;      /* "name:stream" of default streams */
	VEC(struct rpm_source) source_builds;
	struct intern *ids;	    /* advisory ids seen */
	VEC(struct str) version_of; /* of each: the version seen first */
	struct words cves;
	struct arena scratch; /* of one update */
	char key[1024];
};
/** The offer of a build, RPM_NONE when the repository has none. */
uint32_t rpm_build_offer_of(const struct rpm_build *b, const struct rpm_nevra *n);
/** The stream that modules.yaml gives a build to, "" when to none. */
struct str rpm_build_module_of(const struct rpm_build *b, const struct rpm_nevra *n);
/** Writes a component of the patch begun last, with the offer's file when there is one. */
bool rpm_build_component(struct rpm_build *b, const struct rpm_nevra *n, uint32_t offer,
			 struct str module, struct err *e) MUST_CHECK;
#endif
