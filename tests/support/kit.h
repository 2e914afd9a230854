/* SPDX-License-Identifier: Apache-2.0
 * A small vendor and a small fleet for the tests of rooms above match: a clock that stands still,
 * a feed with one archive, patches and their components through the real sink and catalog_build(),
 * systems of Debian 12. A payload is its own name ("openssl 3.0.2-1"): its digest is known and the
 * store can really hold it. */
#ifndef TESTS_SUPPORT_KIT_H
#define TESTS_SUPPORT_KIT_H
#include "catalog/catalog.h"
#include "catalog/sink.h"
#include "fleet/fleet.h"
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define KIT_UNUSED __attribute__((unused)) static

KIT_UNUSED int64_t kit_now_ms = 1700000000000;

KIT_UNUSED int64_t kit_now(void *arg UNUSED)
{
	return kit_now_ms;
}
KIT_UNUSED const struct clock kit_clock = { kit_now, NULL };

KIT_UNUSED void ok(bool good, const struct err *e)
{
	if (!good)
		fail_msg("%s", e->msg);
}

/* --- the vendor --- */

KIT_UNUSED struct sink *kit_begin(void)
{
	struct err e = { 0 };
	struct feed_info feed = { .id = STR_LIT("debian/bookworm-security"),
				  .kind = STR_LIT("debian"),
				  .url = STR_LIT("http://mirror.example/debian-security"),
				  .released_ms = kit_now_ms,
				  .is_signed = true,
				  .signer = STR_LIT("AAAA test") };
	struct archive ar = { .id = STR_LIT("debian-security"),
			      .url = STR_LIT("http://mirror.example/debian-security"),
			      .suite = STR_LIT("bookworm-security"),
			      .release_components = STR_LIT("main"),
			      .keyring = STR_LIT("/usr/share/keyrings/debian-archive-keyring.gpg"),
			      .os = STR_LIT("debian:12") };
	const struct archive_file files[] = {
		{ .path = STR_LIT("dists/bookworm-security/InRelease"),
		  .sha256 = digest_of(STR_LIT("r")),
		  .size = 1 },
		{ .path = STR_LIT("dists/bookworm-security/main/binary-amd64/Packages.xz"),
		  .sha256 = digest_of(STR_LIT("p")),
		  .size = 1 },
		{ .path = STR_LIT("dists/bookworm-security/main/binary-i386/Packages.xz"),
		  .sha256 = digest_of(STR_LIT("q")),
		  .size = 1 },
	};
	struct sink *s = sink_new(&feed);
	ok(sink_archive(s, &ar, &e), &e);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		ok(sink_archive_file(s, &files[i], &e), &e);
	return s;
}

/* Opens a patch; its components follow. Its id is debian:12:PRODUCT:VERSION. */
KIT_UNUSED void kit_patch(struct sink *s, const char *product, const char *version,
			  enum patch_type type)
{
	struct err e = { 0 };
	AUTO(xfree) char *id = xasprintf("debian:12:%s:%s", product, version);
	AUTO(xfree) char *title = xasprintf("%s %s", product, version);
	struct patch p = { .id = str_of(id),
			   .vendor = STR_LIT("Debian"),
			   .os = STR_LIT("debian:12"),
			   .product = str_of(product),
			   .version = str_of(version),
			   .title = str_of(title),
			   .suites = STR_LIT("bookworm-security"),
			   .type = type,
			   .superseded_by = CATALOG_NONE };
	ok(sink_patch(s, &p, &e), &e);
}

KIT_UNUSED void kit_component(struct sink *s, const char *name, const char *version)
{
	struct err e = { 0 };
	AUTO(xfree) char *body = xasprintf("%s %s", name, version);
	AUTO(xfree) char *file = xasprintf("pool/%s_%s_amd64.deb", name, version);
	struct component c = { .kind = COMPONENT_DEB,
			       .name = str_of(name),
			       .arch = STR_LIT("amd64"),
			       .version = str_of(version),
			       .file = str_of(file),
			       .sha256 = digest_of(str_of(body)),
			       .size = (int64_t)strlen(body),
			       .archive = 0 };
	ok(sink_component(s, &c, &e), &e);
}

/* Takes the sink; the catalog is the caller's. */
KIT_UNUSED struct catalog *kit_end(struct sink *s)
{
	struct err e = { 0 };
	struct generation g = { 0 };
	struct catalog *c;
	ok(sink_finish(s, &g.records, &g.feed, &e) && catalog_build(&g, 1, &c, &e), &e);
	sink_free(s);
	return c;
}

KIT_UNUSED void kit_store(struct store *store, const char *name, const char *version)
{
	struct err e = { 0 };
	struct sha256 id;
	AUTO(xfree) char *body = xasprintf("%s %s", name, version);
	ok(store_put(store, str_of(body), &id, &e), &e);
}

/* --- the fleet --- */

/* The id of the i-th system: 31 zeros and i + 1. */
KIT_UNUSED const char *kit_id(int i)
{
	static const char *const ids[] = { "00000000000000000000000000000001",
					   "00000000000000000000000000000002",
					   "00000000000000000000000000000003",
					   "00000000000000000000000000000004",
					   "00000000000000000000000000000005" };
	assert_in_range(i, 0, ARRAY_LEN(ids) - 1);
	return ids[i];
}

KIT_UNUSED uint32_t kit_enrol(struct fleet *f, int i, const char *hostname)
{
	struct err e = { 0 };
	uint32_t no = 0;
	struct host_attrs a = { .hostname = (char *)(uintptr_t)hostname,
				.os_id = (char *)(uintptr_t) "debian",
				.os_version = (char *)(uintptr_t) "12",
				.os_name = (char *)(uintptr_t) "Debian GNU/Linux 12 (bookworm)",
				.address = (char *)(uintptr_t) "192.0.2.1",
				.arch = (char *)(uintptr_t) "amd64" };
	ok(fleet_enrol(f, kit_id(i), "local", &a, kit_id(i), &no, &e), &e);
	return no;
}
#endif
