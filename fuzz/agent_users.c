/* SPDX-License-Identifier: Apache-2.0
 * Requests of users to the agent's local socket. */
#include "agent/net/users.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(json_free) json_t *j = NULL;
	struct users_request r;
	struct str text = { (const char *)data, size };
	if (!json_parse(text, USERS_REQUEST_MAX, &j, NULL) || !json_is_object(j) ||
	    !users_request_read(j, &r, NULL))
		return 0;
	ASSERT(r.minutes >= 0 && (!r.order || strlen(r.order) == 32));
	return 0;
}
