/* SPDX-License-Identifier: Apache-2.0
 * Filters of systems. What is accepted is written, reads back, is written the same, and describes
 * the same hosts; what is refused names a character of the text. */
#include "match/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t fixed(void *arg)
{
	(void)arg;
	return 1700000000000;
}
static const struct clock fixed_clock = { fixed, NULL };

static struct match *world(void)
{
	static struct fleet *f;
	static struct match *m;
	if (m)
		return m;
	f = fleet_new_memory(&fixed_clock);
	m = match_new(f);
	for (int i = 0; i < 3; i++) {
		char id[] = { (char)('a' + i), '\0' };
		struct host_attrs a = { .hostname = (char *)(i ? "web1" : "db1"),
					.os_id = (char *)"debian",
					.os_version = (char *)(i > 1 ? "12" : "13"),
					.address = (char *)(i ? "10.0.0.7" : "fd00::1") };
		uint32_t no;
		struct err e;
		bool ok = fleet_enrol(f, id, i ? "local" : "osaka", &a, NULL, &no, &e) &&
			  fleet_put_inventory(f, no, STR_LIT("deb\tapt\tamd64\t2.6.1\t\t\n"),
					      1699999990000, &e);
		ASSERT(ok);
	}
	return m;
}

static roaring_bitmap_t *hosts(struct filter *x)
{
	struct match_view v;
	roaring_bitmap_t *out = NULL;
	match_read(world(), &v);
	{
		AUTO(filter_run_end) struct filter_run r;
		filter_run_begin(&r, &v, 1700000000000);
		if (!filter_hosts(&r, x, &out, NULL))
			out = NULL; /* a group that is not there */
	}
	match_read_end(&v);
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf first = BUF_INIT(1u << 20), second = BUF_INIT(1u << 20);
	struct filter *x, *again;
	struct filter_error where = { 0 };
	struct err e = { 0 };
	if (!filter_parse((struct str) { (const char *)data, size }, &a, &x, &where, &e)) {
		ASSERT(e.code == ERR_INVALID && where.at >= 1 && where.at <= size + 1);
		return 0;
	}
	filter_write(x, &first);
	if (first.n > FILTER_MAX)
		return 0;
	bool read_back = filter_parse(buf_str(&first), &a, &again, NULL, &e);
	ASSERT(read_back);
	filter_write(again, &second);
	ASSERT(str_eq(buf_str(&first), buf_str(&second)));
	roaring_bitmap_t *one = hosts(x), *two = hosts(again);
	ASSERT((one == NULL) == (two == NULL) && (!one || roaring_bitmap_equals(one, two)));
	if (one) {
		roaring_bitmap_free(one);
		roaring_bitmap_free(two);
	}
	return 0;
}
