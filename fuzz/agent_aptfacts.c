/* SPDX-License-Identifier: Apache-2.0
 * What apt-get and apt-cache print (with names from archives), and Ubuntu Pro's status. */
#include "agent/net/aptfacts.h"

static void name(void *arg, enum aptfacts_section s, struct str n)
{
	ASSERT(n.n && *(size_t *)arg >= n.n && (s == APTFACTS_KEPT || s == APTFACTS_PHASED));
}

static void policy(void *arg, const struct aptfacts_policy *p)
{
	ASSERT(p->name.n && *(size_t *)arg >= p->name.n && !(p->pinned && p->phased));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	AUTO(buf_done) struct buf services = BUF_INIT(10000);
	aptfacts_parse_dry_run(text, name, &size);
	aptfacts_parse_policy(text, policy, &size);
	ASSERT(!aptfacts_parse_pro(text, &services) || !services.overflowed);
	return 0;
}
