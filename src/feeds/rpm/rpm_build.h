/* SPDX-License-Identifier: Apache-2.0
 * Room-private: the records of one repository, made of what its files say. Order of calls: modules,
 * offers, updates, end. */
#ifndef FEEDS_RPM_BUILD_H
#define FEEDS_RPM_BUILD_H
#include "catalog/sink.h"
#include "feeds/rpm/rpm.h"
#include "feeds/rpm/rpm_int.h"

struct rpm_build_spec {
	struct str os;	    /**< "almalinux:9" */
	struct str suite;   /**< short name of the repository, for `suites` */
	const char *vendor; /**< NULL = the distribution's */
	bool hotfix;	    /**< module_hotfixes=1 */
	bool payloads;	    /**< the sink has archive 0: offers may name their files */
};
struct rpm_build;
/** The sink must live as long. */
struct rpm_build *rpm_build_new(const struct rpm_build_spec *spec, struct sink *sink);
void rpm_build_free(struct rpm_build *b);
AUTO_DEFINE(struct rpm_build, rpm_build_free)
bool rpm_build_module(void *build, const struct rpm_module *m, struct err *e) MUST_CHECK;
bool rpm_build_offer(void *build, const struct rpm_package *p, struct err *e) MUST_CHECK;
/** Writes the advisory as a patch at once; what it names of the offers is no update without
 * advisory any more. One without packages is passed over: there is nothing to recognise it by. */
bool rpm_build_update(void *build, const struct rpm_update *u, struct err *e) MUST_CHECK;
/** Writes the offers that no advisory named, a patch per source build. */
bool rpm_build_end(struct rpm_build *b, struct err *e) MUST_CHECK;
int64_t rpm_build_offers(const struct rpm_build *b);
#endif
