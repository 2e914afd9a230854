/* SPDX-License-Identifier: Apache-2.0
 * Advisory lists up to the snapshot. Property: every notice handed out has an id, a release and
 * either a fixed version or a reason why there is none; what the sink accepts builds a snapshot. */
#include "feeds/debian/debian_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(void *arg, const struct debian_notice *n, struct err *e)
{
	ASSERT(n->a.id.n && n->a.os.n && n->a.product.n &&
	       (n->a.fixed.n != 0) != (n->a.status.n != 0));
	return sink_advisory(arg, &n->a, e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e;
	struct feed_info feed = { .id = STR_LIT("debian-dsa"),
				  .kind = STR_LIT("debian-dsa"),
				  .url = STR_LIT("f"),
				  .signer = STR_LIT("") };
	AUTO(sink_free) struct sink *s = sink_new(&feed);
	struct generation gen;
	struct catalog *c;
	if (!debian_dsa_parse((struct str) { (const char *)data, size }, take, s, &e) ||
	    !sink_finish(s, &gen.records, &gen.feed, &e))
		return 0;
	ASSERT(catalog_build(&gen, 1, &c, &e));
	catalog_unref(c);
	return 0;
}
