/* SPDX-License-Identifier: Apache-2.0
 * A transaction as canonical text. The order in which a manager tells its steps means nothing. */
#include "proto/plan.h"
#include "base/arena.h"
#include "base/enc.h"
#include "base/vec.h"

#include <stdlib.h>

static int by_bytes(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static bool read_step(const json_t *step, struct arena *a, struct str *out, struct err *e)
{
	static const char *const fields[] = { "action", "name", "arch", "from", "to" };
	AUTO(buf_done) struct buf line = BUF_INIT(2000);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		const char *s = json_string_value(json_object_get(step, fields[i]));
		if (!s || strpbrk(s, "\t\n"))
			return err_set(e, ERR_CORRUPT, "a step of a plan has no good '%s'",
				       fields[i]);
		buf_printf(&line, "%s%s", i ? "\t" : "", s);
	}
	buf_addc(&line, '\n');
	*out = arena_str(a, buf_str(&line));
	return buf_ok(&line, "a step of a plan", e);
}

bool plan_text(const json_t *steps, struct buf *out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	size_t n = json_array_size(steps);
	struct str *lines = arena_array(&a, struct str, n + 1);
	for (size_t i = 0; i < n; i++)
		if (!read_step(json_array_get(steps, i), &a, &lines[i], e))
			return false;
	if (n)
		qsort(lines, n, sizeof(*lines), by_bytes);
	for (size_t i = 0; i < n; i++)
		buf_addstr(out, lines[i]);
	return buf_ok(out, "a plan", e);
}

bool plan_hash(const json_t *steps, char out[static SHA256_HEX], struct err *e)
{
	AUTO(buf_done) struct buf text = BUF_INIT(PLAN_TEXT_MAX);
	if (!plan_text(steps, &text, e))
		return false;
	struct sha256 sum = digest_of(buf_str(&text));
	enc_hex(sum.b, SHA256_LEN, out);
	return true;
}
