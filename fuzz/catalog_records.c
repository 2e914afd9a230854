/* SPDX-License-Identifier: Apache-2.0
 * Record documents. Property: what is read can be written, and gives the same bytes again; a
 * document that reads as a whole builds a snapshot or is refused. */
#include "catalog/catalog.h"
#include "catalog/records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads to the end or the first mistake, writing every record to `again`. */
static bool rewrite(char *text, size_t n, struct buf *again)
{
	struct err e;
	struct records_reader r;
	struct record rec;
	bool more = true;
	if (!records_begin(&r, text, n, &e))
		return false;
	buf_adds(again, RECORDS_HEADER);
	while (more) {
		if (!records_next(&r, &rec, &more, &e))
			return false;
		if (more)
			ASSERT(records_add(again, &rec, &e));
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e;
	AUTO(buf_done) struct buf again = BUF_INIT(16u << 20);
	AUTO(xfree) char *text = xmalloc(size + 1);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	if (!rewrite(text, size, &again))
		return 0;
	/* A document of an earlier version gains empty fields; what was written stays as it is. */
	AUTO(buf_done) struct buf third = BUF_INIT(16u << 20);
	AUTO(xfree) char *second = str_dup(buf_str(&again));
	ASSERT(again.n >= size && rewrite(second, again.n, &third));
	ASSERT(again.n == third.n && memcmp(again.p, third.p, again.n) == 0);
	struct generation g = { .records = { (const char *)data, size } };
	const char *id = memchr(data, '\t',
				size); /* the feed's id: second value of the second line */
	const char *end = id ? memchr(id + 1, '\t', size - (size_t)(id + 1 - (const char *)data))
			     : NULL;
	if (end)
		g.feed.id = (struct str) { id + 1, (size_t)(end - id - 1) };
	g.feed.kind = STR_LIT("debian");
	struct catalog *c;
	if (catalog_build(&g, 1, &c, &e)) {
		for (uint32_t i = 0; i < c->n_patches; i++)
			ASSERT(catalog_find(c, c->patches[i].id) == i);
		catalog_unref(c);
	}
	return 0;
}
