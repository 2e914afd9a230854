/* SPDX-License-Identifier: Apache-2.0
 * The XML stream. Property: the same events and verdict whatever the chunks; starts and ends match.
 */
#include "format/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sum {
	uint64_t hash;
	unsigned depth, skipped;
};

static bool on_start(void *arg, struct xml *x, const struct xml_element *el, struct err *e)
{
	struct sum *s = arg;
	(void)e;
	s->hash = s->hash * 31 + str_hash(el->name) + el->depth;
	for (const char *const *a = el->attrs; *a; a++)
		s->hash = s->hash * 31 + str_hash(str_of(*a));
	if (el->name.n % 3 == 0) {
		xml_skip(x);
		return true;
	}
	ASSERT(el->depth == s->depth);
	s->depth++;
	xml_want_text(x, 5);
	return true;
}

static bool on_end(void *arg, struct xml *x, struct str name, struct str text, struct err *e)
{
	struct sum *s = arg;
	(void)x, (void)e;
	ASSERT(s->depth > 0 && text.n <= 5);
	s->depth--;
	s->hash = (s->hash * 31 + str_hash(name)) * 31 + str_hash(text);
	return true;
}

static bool run(const uint8_t *data, size_t size, size_t step, struct sum *sum)
{
	struct err e;
	AUTO(xml_free) struct xml *x = xml_new(on_start, on_end, sum);
	for (size_t at = 0; at < size; at += step)
		if (!xml_feed(x, (struct str) { (const char *)data + at, MIN(size - at, step) },
			      &e))
			return false;
	return xml_finish(x, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sum whole = { 0 }, parts = { 0 };
	bool a = run(data, size, size + 1, &whole), b = run(data, size, 3, &parts);
	ASSERT(a == b && (!a || whole.hash == parts.hash) && (!a || whole.depth == 0));
	return 0;
}
