/* SPDX-License-Identifier: Apache-2.0
 * What loginctl prints, and utmp files. Terminals' names stay below /dev. */
#include "agent/sessions.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct session s[SESSIONS_MAX];
	struct str all = { (const char *)data, size };
	size_t n = sessions_parse(all, s, 0);
	n = sessions_parse_utmp(all, s, n);
	ASSERT(n <= SESSIONS_MAX);
	for (size_t i = 0; i < n; i++)
		ASSERT(!strchr(s[i].tty, '.') && s[i].tty[0] != '/' && strlen(s[i].user) < 65);
	return 0;
}
