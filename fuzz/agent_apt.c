/* SPDX-License-Identifier: Apache-2.0
 * What apt and dpkg print. */
#include "agent/backends/apt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct str text = { (const char *)data, size }, line;
	struct backend_transaction t;
	struct err e = { 0 };
	ASSERT(apt_classify(text, 100, false, &line) != NULL);
	if (apt_parse_simulation(text, &a, &t, &e)) {
		for (size_t i = 0; i < t.n; i++)
			ASSERT(t.steps[i].name.n && t.steps[i].action);
	}
	return 0;
}
