/* SPDX-License-Identifier: Apache-2.0
 * See notice_patch.h. */
#include "feeds/notices/notice_patch.h"

bool notice_patch(struct sink *sink, const struct advisory *a, const char *service, struct err *e)
{
	struct str none = STR_LIT("");
	struct patch p = { .vendor = a->vendor,
			   .os = a->os,
			   .product = a->product,
			   .version = none,
			   .title = a->title,
			   .suites = none,
			   .bulletin = a->id,
			   .url = a->url,
			   .cves = a->cves,
			   .availability = str_of(service),
			   .type = PATCH_TYPE_SECURITY,
			   .severity = a->severity,
			   .severity_raw = a->severity_raw,
			   .severity_derived = a->severity_derived,
			   .reboot = REBOOT_MAY,
			   .released_ms = a->released_ms };
	struct component c = { .kind = a->kind,
			       .name = a->product,
			       .arch = none,
			       .version = a->fixed,
			       .above = none,
			       .file = none,
			       .module = none,
			       .archive = CATALOG_NONE };
	AUTO(xfree) char *id = xasprintf("%.*s:%.*s:%s", STR_ARG(a->os), STR_ARG(a->id), service);
	p.id = str_of(id);
	return sink_patch(sink, &p, e) && sink_component(sink, &c, e);
}
