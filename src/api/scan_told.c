/* SPDX-License-Identifier: Apache-2.0
 * Which agents were told to scan since the server started: lets a failed scan answer a request only
 * when it can have been made for it. Forgotten at a restart, which merely tells the agent once
 * more. */
#include "api/api_int.h"

bool api_scan_told(struct api *api, uint32_t host, bool tell)
{
	pthread_mutex_lock(&api->told_lock);
	while (api->told.n <= host)
		VEC_PUSH(&api->told, 0);
	bool was = api->told.p[host];
	api->told.p[host] = tell; /* asking takes the note off again */
	pthread_mutex_unlock(&api->told_lock);
	return was;
}
