/* SPDX-License-Identifier: Apache-2.0
 * /proc/PID/maps and cgroup, whose paths any user chooses. */
#include "agent/restart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct str text = { (const char *)data, size }, out[RESTART_MAX_LIBS];
	ASSERT(restart_parse_maps(text, &a, out, RESTART_MAX_LIBS) <= RESTART_MAX_LIBS);
	ASSERT(restart_parse_cgroup(text).n <= size);
	return 0;
}
