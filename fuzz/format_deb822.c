/* SPDX-License-Identifier: Apache-2.0
 * deb822 stanzas. Property: the same stanzas, and the same verdict, whatever the chunks. */
#include "format/deb822.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sum {
	uint64_t hash;
	size_t stanzas;
};

static bool add(void *arg, const struct deb822_stanza *s, struct err *e)
{
	struct sum *sum = arg;
	sum->stanzas++;
	sum->hash = sum->hash * 31 + s->line;
	for (size_t i = 0; i < s->n; i++) {
		sum->hash = sum->hash * 31 + str_hash(s->fields[i].name);
		sum->hash = sum->hash * 31 + str_hash(s->fields[i].value) +
			    (s->fields[i].value.p != NULL);
	}
	return true;
}

static bool run(struct str text, size_t chunk, const char *const *wanted, struct sum *sum)
{
	struct err e = { 0 };
	AUTO(deb822_free) struct deb822 *d = deb822_new(wanted, add, sum);
	while (text.n) {
		struct str part = { text.p, MIN(chunk, text.n) };
		if (!deb822_feed(d, part, &e))
			return false;
		text = (struct str) { text.p + part.n, text.n - part.n };
	}
	return deb822_end(d, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const wanted[] = { "Package", "Version", "SHA256", NULL };
	struct str text = { (const char *)data, size };
	for (int w = 0; w < 2; w++) {
		struct sum whole = { 0 }, parts = { 0 };
		bool a = run(text, SIZE_MAX, w ? wanted : NULL, &whole);
		bool b = run(text, 1 + size % 13, w ? wanted : NULL, &parts);
		ASSERT(a == b && whole.stanzas == parts.stanzas && whole.hash == parts.hash);
	}
	return 0;
}
