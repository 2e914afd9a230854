/* SPDX-License-Identifier: Apache-2.0
 * The JSON stream and the tracker on it. Property: the same events and verdict whatever the chunks;
 * brackets handed out always match. */
#include "feeds/debian/debian_int.h"
#include "feeds/read/json_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sum {
	uint64_t hash;
	int depth;
};

static bool add(void *arg, enum json_event ev, unsigned depth, struct str text, struct err *e)
{
	struct sum *s = arg;
	s->depth -= ev == JSON_OBJECT_END || ev == JSON_ARRAY_END;
	ASSERT(s->depth == (int)depth);
	s->depth += ev == JSON_OBJECT || ev == JSON_ARRAY;
	s->hash = (s->hash * 31 + (uint64_t)ev) * 31 + str_hash(text);
	return true;
}

static bool run(const uint8_t *data, size_t size, size_t step, struct sum *sum)
{
	struct err e;
	AUTO(json_stream_free) struct json_stream *s = json_stream_new(add, sum);
	for (size_t at = 0; at < size; at += step)
		if (!json_stream_feed(
			    s, (struct str) { (const char *)data + at, MIN(size - at, step) }, &e))
			return false;
	return json_stream_end(s, &e);
}

static bool take(void *arg, const struct debian_notice *n, struct err *e)
{
	ASSERT(n->a.os.n && n->a.product.n && n->a.id.n);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e;
	struct sum whole = { 0 }, parts = { 0 };
	bool a = run(data, size, size + 1, &whole), b = run(data, size, 3, &parts);
	ASSERT(a == b && whole.hash == parts.hash && (!a || whole.depth == 0));
	AUTO(unpack_free) struct unpack *u = NULL;
	if (size < 2000 &&
	    unpack_open_mem((struct str) { (const char *)data, size }, "x", 1u << 20, 0, &u, &e) &&
	    debian_tracker_parse(u, take, NULL, &e))
		ASSERT(a || unpack_kind(u) != UNPACK_PLAIN);
	return 0;
}
