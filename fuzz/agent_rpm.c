/* SPDX-License-Identifier: Apache-2.0
 * What dnf and zypper print. The first byte says which of them it is. */
#include "agent/backends/rpm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct backend_transaction t = { 0 };
	struct err e = { 0 };
	struct str line;
	if (size < 1)
		return 0;
	bool zypper = data[0] == 'z';
	struct backend_input in = { .output = { (const char *)data + 1, size - 1 },
				    .exit_status = 1 };
	ASSERT(zypper ? zypper_classify(&in, &a, &line) : dnf_classify(&in, &a, &line));
	if (zypper ? zypper_parse(in.output, &a, &t, &e) : dnf_parse(in.output, &a, &t, &e)) {
		for (size_t i = 0; i < t.n; i++)
			ASSERT(t.steps[i].name.n && t.steps[i].action &&
			       (t.steps[i].to.n || t.steps[i].from.n));
	}
	return 0;
}
