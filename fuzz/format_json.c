/* SPDX-License-Identifier: Apache-2.0
 * JSON. Property: what was accepted is written and read back to the same text. */
#include "format/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = { 0 };
	AUTO(json_free) json_t *j = NULL;
	AUTO(json_free) json_t *again = NULL;
	if (!json_parse((struct str) { (const char *)data, size }, 1u << 20, &j, &e)) {
		ASSERT(e.code == ERR_CORRUPT || e.code == ERR_LIMIT);
		return 0;
	}
	AUTO(buf_done) struct buf a = BUF_INIT(16u << 20), b = BUF_INIT(16u << 20);
	json_write(j, &a);
	ASSERT(json_parse(buf_str(&a), 16u << 20, &again, &e));
	json_write(again, &b);
	ASSERT(str_eq(buf_str(&a), buf_str(&b)));
	const char *s;
	if (json_is_object(j) && json_need_str(j, "name", 1, 10, &s, &e))
		ASSERT(s[0]);
	return 0;
}
