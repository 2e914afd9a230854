/* SPDX-License-Identifier: Apache-2.0
 * Packages indices up to the snapshot. Property: what grouping and sink accept builds a snapshot
 * with as many components as offers. */
#include "feeds/debian/debian_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool emit(struct debian_group *g, struct sink *s, struct generation *out, struct err *e)
{
	struct debian_release r = { 0 };
	struct archive a = { .id = STR_LIT("x"),
			     .url = STR_LIT("f"),
			     .suite = STR_LIT("x"),
			     .release_components = STR_LIT(""),
			     .keyring = STR_LIT(""),
			     .os = STR_LIT("debian:12") };
	bool good = debian_release_of_name("bookworm", &r, e) && sink_archive(s, &a, e) &&
		    debian_group_emit(g, &r, s, e) && sink_finish(s, &out->records, &out->feed, e);
	debian_release_done(&r);
	return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e;
	AUTO(debian_group_free) struct debian_group *g = debian_group_new();
	AUTO(debian_packages_free)
	struct debian_packages *p = debian_packages_new(debian_group_add, g);
	if (!debian_packages_feed(p, (struct str) { (const char *)data, size }, &e) ||
	    !debian_packages_end(p, &e))
		return 0;
	struct feed_info feed = { .id = STR_LIT("debian/x"),
				  .kind = STR_LIT("debian"),
				  .url = STR_LIT("f"),
				  .signer = STR_LIT("") };
	AUTO(sink_free) struct sink *s = sink_new(&feed);
	struct generation gen;
	struct catalog *c;
	if (!emit(g, s, &gen, &e))
		return 0;
	ASSERT(catalog_build(&gen, 1, &c, &e));
	ASSERT(c->n_components == debian_group_offers(g));
	catalog_unref(c);
	return 0;
}
