/* SPDX-License-Identifier: Apache-2.0
 * Schedules as JSON. What is accepted reads back the same, and its windows are in order. */
#include "window/schedule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(json_free) json_t *j = NULL;
	AUTO(zone_free) struct zone *utc = NULL;
	struct window_schedule s = { 0 }, again = { 0 };
	struct window w[5];
	if (!json_parse((struct str) { (const char *)data, size }, 65536, &j, NULL) ||
	    !window_read(j, &s, NULL) || !zone_open("UTC", &utc, NULL))
		return 0;
	AUTO(json_free) json_t *written = window_write(&s);
	bool read_back = window_read(written, &again, NULL);
	ASSERT(read_back && memcmp(&s, &again, sizeof(s)) == 0);
	size_t n = window_next(&s, utc, 1795305600000, w, ARRAY_LEN(w));
	for (size_t i = 0; i < n; i++)
		ASSERT(w[i].start_ms >= 1795305600000 && w[i].end_ms > w[i].start_ms &&
		       (i == 0 || w[i].start_ms >= w[i - 1].start_ms));
	return 0;
}
