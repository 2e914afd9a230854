/* SPDX-License-Identifier: Apache-2.0
 * primary.xml. Property: what is handed out satisfies what the header says. */
#include "feeds/rpm/rpm_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(void *arg, const struct rpm_package *v, struct err *e)
{
	(void)arg, (void)e;
	ASSERT(rpm_nevra_ok(&v->nevra) && v->href.n && v->href.p[0] != '/' && v->checksum.hex.n);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e;
	AUTO(unpack_free) struct unpack *u = NULL;
	if (size < 20000 &&
	    unpack_open_mem((struct str) { (const char *)data, size }, "x", 1u << 20, 0, &u, &e) &&
	    !rpm_primary_read(u, "x", take, NULL, &e))
		ASSERT(e.msg[0]);
	return 0;
}
