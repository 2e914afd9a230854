/* SPDX-License-Identifier: Apache-2.0
 * modules.yaml. Property: what is handed out satisfies what the header says. */
#include "feeds/rpm/rpm_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(void *arg, const struct rpm_module *v, struct err *e)
{
	(void)arg, (void)e;
	ASSERT(v->name.n && (v->defaults || v->stream.n));
	for (size_t i = 0; i < v->n_artifacts; i++)
		ASSERT(v->artifacts[i].p);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e;
	AUTO(unpack_free) struct unpack *u = NULL;
	if (size < 20000 &&
	    unpack_open_mem((struct str) { (const char *)data, size }, "x", 1u << 20, 0, &u, &e) &&
	    !rpm_modules_read(u, "x", take, NULL, &e))
		ASSERT(e.msg[0]);
	return 0;
}
