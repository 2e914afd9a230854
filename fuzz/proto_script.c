/* SPDX-License-Identifier: Apache-2.0
 * Signed scripts and lists of keys. Properties: nothing opens for somebody who trusts another key;
 * what opens has a good name, version and text, at most as many keys as there may be, each once. */
#include "proto/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct script_keys other = { .key = { { 1 } }, .n = 1, .threshold = 1 };
	struct str text = { (const char *)data, size };
	struct err e = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	struct script s = { 0 };
	struct script_keys keys = { 0 };
	ASSERT(!script_open(text, &other, &a, &s, &e));
	if (script_keys_read(text, &keys, &e))
		ASSERT(keys.n <= SCRIPT_KEYS_MAX && keys.threshold == 1);
	if (!script_open(text, NULL, &a, &s, &e))
		return 0;
	ASSERT(script_check(&s, &e) && s.n_keys >= 1 && s.n_keys <= SCRIPT_KEYS_MAX);
	for (uint32_t i = 1; i < s.n_keys; i++)
		ASSERT(memcmp(s.keys[i], s.keys[0], SIGN_PUBLIC_LEN) != 0);
	return 0;
}
