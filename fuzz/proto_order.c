/* SPDX-License-Identifier: Apache-2.0
 * Orders and their envelopes. Properties: an accepted order is written to a text that is accepted
 * and written the same; its paths never leave their directory; nothing unsigned opens. */
#include "proto/order.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_file(const struct order_file *f)
{
	ASSERT(f->path.n && f->path.p[0] != '/' && !strstr(f->path.p, "..//") && f->size >= 0);
	struct str segment;
	for (struct str rest = f->path; str_split(&rest, '/', &segment);)
		ASSERT(segment.n && !str_is(segment, "..") && !str_is(segment, "."));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct err e = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	struct order o = { 0 }, again = { 0 };
	static const uint8_t nobody[SIGN_PUBLIC_LEN] = { 1 };
	ASSERT(!order_open(text, nobody, &a, &o, &e));
	if (!order_parse(text, &a, &o, &e))
		return 0;
	for (uint32_t i = 0; i < o.n_packages; i++)
		ASSERT(o.packages[i].name.p[0] != '-' && o.packages[i].version.p[0] != '-');
	for (uint32_t i = 0; i < o.n_replaced; i++)
		ASSERT(order_package_ok(o.kind, &o.replaced[i]));
	for (uint32_t i = 0; i < o.n_archives; i++) {
		for (uint32_t k = 0; k < o.archives[i].n_index; k++)
			check_file(&o.archives[i].index[k]);
		for (uint32_t k = 0; k < o.archives[i].n_payload; k++)
			check_file(&o.archives[i].payload[k]);
	}
	AUTO(buf_done) struct buf b = BUF_INIT(2 * ORDER_MAX), c = BUF_INIT(2 * ORDER_MAX);
	order_write(&o, &b);
	ASSERT(order_parse(buf_str(&b), &a, &again, &e));
	order_write(&again, &c);
	ASSERT(str_eq(buf_str(&b), buf_str(&c)));
	return 0;
}
