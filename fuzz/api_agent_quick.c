/* SPDX-License-Identifier: Apache-2.0
 * Check-in bodies from outside. What the quick scanner takes, the full reader must read alike,
 * provided that the attributes, which the scanner only cuts out, are JSON. */
#include "api/agent_quick.h"
#include "format/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same_text(const json_t *j, const char *key, struct str s)
{
	const json_t *m = json_object_get(j, key);
	struct str full = m ? (struct str) { json_string_value(m), json_string_length(m) }
			    : STR_LIT("");
	ASSERT(str_eq(full, s));
}

static void same_number(const json_t *j, const char *key, int64_t n)
{
	ASSERT(json_integer_value(json_object_get(j, key)) == n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct agent_quick q;
	struct str body = { (const char *)data, size };
	AUTO(json_free) json_t *attrs = NULL, *full = NULL;
	if (!agent_quick_read(body, &q))
		return 0;
	ASSERT(q.nonce.n <= 32 && q.attrs.n >= 2 && q.attrs.p[0] == '{');
	if (!json_parse(q.attrs, 1u << 20, &attrs, NULL))
		return 0;
	if (!json_parse(body, 1u << 20, &full, NULL)) /* the attributes are too deep by one level */
		return 0;
	ASSERT(json_equal(attrs, json_object_get(full, "attrs")));
	same_text(full, "inventory", q.inventory);
	same_text(full, "scanned", q.scanned);
	same_text(full, "nonce", q.nonce);
	same_number(full, "epoch", q.epoch);
	same_number(full, "seq", q.seq);
	return 0;
}
