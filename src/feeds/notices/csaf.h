/* SPDX-License-Identifier: Apache-2.0
 * CSAF 2.0 documents of Red Hat (https://security.access.redhat.com/data/csaf/v2/): advisories
 * (RHSA) and VEX (one per CVE). Reading keeps products, what is fixed and what is not;
 * csaf_sink_add makes records of the catalog of it. */
#ifndef FEEDS_CSAF_H
#define FEEDS_CSAF_H
#include "base/arena.h"
#include "catalog/sink.h"
#include "feeds/read/json_input.h"

/** A package of a product: what a product id of product_status means. */
struct csaf_product {
	char os[24];	     /**< "rhel:8"; "" = no RHEL release we can tell apart */
	const char *service; /**< "" or what a host must be subscribed to: "rhel-els" */
	struct str name, version, arch, module; /**< version "[epoch:]version-release", "" = none */
};
struct csaf_fix {
	struct csaf_product product;
	struct str advisory; /**< "RHSA-2024:1431" */
	struct str cve;
	struct str severity; /**< of the CVE, the vendor's word */
};
struct csaf_open { /**< known, no fix */
	struct csaf_product product;
	struct str cve, severity, status; /**< "affected", "will-not-fix" ... */
};
struct csaf_record {
	struct str id, category, title, severity, url, status;
	struct str cves;
	int64_t released_ms, modified_ms;
	bool is_vex;
	struct csaf_fix *fixes; /**< by (advisory, os, name, arch), each once per CVE */
	uint32_t n_fixes;
	struct csaf_open *open;
	uint32_t n_open;
	uint32_t
		skipped; /**< product ids of products that are no RHEL release (extended streams) */
};
typedef bool (*csaf_fn)(void *arg, const struct csaf_record *r, struct err *e);
/** As osv_read(): a file, or a tar of files. ERR_CORRUPT names what is wrong. */
bool csaf_read(struct json_input in, const char *name, csaf_fn fn, void *arg, struct err *e)
	MUST_CHECK;

/** "cpe:/a:redhat:enterprise_linux:8::appstream" -> "rhel:8". Extended streams (rhel_eus, rhel_aus,
 * rhel_tus, rhel_e4s) have versions of their own for one minor release; a host's facts do not tell
 * who gets them, so they mean nothing here: false. Extended life (rhel_els) is a subscription. */
bool csaf_os_of_cpe(struct str cpe, struct csaf_product *out);
/** "ruby-0:3.1.4-142.module+el8.x86_64::ruby:3.1", "bind-32:9.8.2-0.68.rc1.el6.i686": the package
 * in a product id, for documents without package URLs. */
bool csaf_package_of_id(struct str id, struct csaf_product *out);
/** "pkg:rpm/redhat/ruby@3.1.4-142?arch=x86_64&rpmmod=ruby:3.1:80:a7&epoch=1"; strings live in `a`.
 */
bool csaf_package_of_purl(struct str purl, struct arena *a, struct csaf_product *out);

struct csaf_target {
	struct sink *sink;
	const char *const *oses; /**< NULL = all */
};
/** A csaf_fn with a struct csaf_target. */
bool csaf_sink_add(void *target, const struct csaf_record *r, struct err *e) MUST_CHECK;
#endif
