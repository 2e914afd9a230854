/* SPDX-License-Identifier: Apache-2.0
 * What follows from a plan, as an agent tells it. Property: a part that is refused is refused
 * again, and the reason fits. */
#include "proto/plan.h"

#include <jansson.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = { 0 }, again = { 0 };
	json_t *j = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
	if (!j)
		return 0;
	bool ok = plan_details_check(j, &e);
	ASSERT(ok == plan_details_check(j, &again) && (ok || e.msg[0]));
	json_decref(j);
	return 0;
}
