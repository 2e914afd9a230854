/* SPDX-License-Identifier: Apache-2.0
 * The rule language: whatever is accepted prints, and the print reads back to the same print. */
#include "match/rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf once = BUF_INIT(16u << 20), twice = BUF_INIT(16u << 20);
	struct err e = { 0 };
	struct rule *r;
	if (!rule_parse((struct str) { (const char *)data, size }, &a, &r, &e)) {
		ASSERT(e.code == ERR_CORRUPT || e.code == ERR_LIMIT);
		return 0;
	}
	rule_print(r, &once);
	ASSERT(rule_parse(buf_str(&once), &a, &r, &e));
	rule_print(r, &twice);
	ASSERT(str_eq(buf_str(&once), buf_str(&twice)));
	return 0;
}
