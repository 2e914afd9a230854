/* SPDX-License-Identifier: Apache-2.0
 * Notifications as JSON. What is accepted reads back the same and cannot steer a terminal. */
#include "window/notice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void plain(const char *s)
{
	for (; *s; s++)
		ASSERT((unsigned char)*s >= 0x20 || *s == '\n');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(json_free) json_t *j = NULL;
	struct notification n, again;
	struct notice_state state;
	if (!json_parse((struct str) { (const char *)data, size }, 65536, &j, NULL))
		return 0;
	if (notice_state_read(j, &state, NULL)) {
		AUTO(json_free) json_t *written = notice_state_write(&state);
		ASSERT(json_equal(written, j) || json_object_size(j) < 5);
	}
	if (!notice_read(j, &n, NULL))
		return 0;
	AUTO(json_free) json_t *written = notice_write(&n);
	bool read_back = notice_read(written, &again, NULL);
	ASSERT(read_back && memcmp(&n, &again, sizeof(n)) == 0);
	for (int i = 0; i < NOTICE_LANGUAGES_; i++) {
		plain(n.title[i]);
		plain(n.message[i]);
		ASSERT(!strchr(n.title[i], '\n'));
	}
	return 0;
}
