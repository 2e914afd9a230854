/* SPDX-License-Identifier: Apache-2.0
 * Short-hand for tests of the catalog room: generations from a few lines. */
#ifndef TESTS_CATALOG_MAKE_H
#define TESTS_CATALOG_MAKE_H
#include "catalog/catalog.h"
#include "catalog/sink.h"

#define S(text) STR_LIT(text)

/** A generation under construction; records live in `sink`. */
struct make {
	struct sink *sink;
	struct generation g;
	struct err e;
};

static inline void make_begin(struct make *m, const char *feed, const char *kind)
{
	struct feed_info f = { .id = str_of(feed),
			       .kind = str_of(kind),
			       .url = S("http://example.org/debian"),
			       .signer = S(""),
			       .released_ms = 1000 };
	*m = (struct make) { .sink = sink_new(&f) };
}

static inline bool make_archive(struct make *m, const char *suite)
{
	struct archive a = { .id = S("debian"),
			     .url = S("http://example.org/debian"),
			     .suite = str_of(suite),
			     .release_components = S("main"),
			     .keyring = S("/k.gpg"),
			     .os = S("debian:12") };
	struct archive_file f = { .path = S("dists/x/InRelease"),
				  .sha256 = digest_of(str_of(suite)),
				  .size = 7 };
	return sink_archive(m->sink, &a, &m->e) && sink_archive_file(m->sink, &f, &m->e);
}

static inline bool make_patch(struct make *m, const char *source, const char *version,
			      enum patch_type type, const char *suite)
{
	AUTO(xfree) char *id = xasprintf("debian:12:%s:%s", source, version);
	struct patch p = { .id = str_of(id),
			   .vendor = S("Debian"),
			   .os = S("debian:12"),
			   .product = str_of(source),
			   .version = str_of(version),
			   .title = str_of(source),
			   .suites = str_of(suite),
			   .severity_raw = S(""),
			   .type = type };
	return sink_patch(m->sink, &p, &m->e);
}

static inline bool make_deb(struct make *m, const char *name, const char *arch, const char *version,
			    const char *above, const char *content)
{
	AUTO(xfree) char *file = xasprintf("pool/%s_%s.deb", name, arch);
	struct component c = { .kind = COMPONENT_DEB,
			       .name = str_of(name),
			       .arch = str_of(arch),
			       .version = str_of(version),
			       .above = str_of(above),
			       .file = str_of(file),
			       .sha256 = digest_of(str_of(content)),
			       .size = 100,
			       .archive = 0 };
	return sink_component(m->sink, &c, &m->e);
}

static inline bool make_advisory(struct make *m, const char *id, const char *os, const char *source,
				 const char *fixed, const char *cves, enum severity severity,
				 int64_t date)
{
	struct advisory a = { .id = str_of(id),
			      .title = str_of(id),
			      .os = str_of(os),
			      .product = str_of(source),
			      .fixed = str_of(fixed),
			      .cves = str_of(cves),
			      .url = S(""),
			      .severity = severity,
			      .severity_raw = severity ? S("medium") : S(""),
			      .severity_derived = severity != 0,
			      .kind = COMPONENT_DEB_SRC,
			      .vendor = S("Debian"),
			      .released_ms = date };
	return sink_advisory(m->sink, &a, &m->e);
}

static inline bool make_end(struct make *m)
{
	return sink_finish(m->sink, &m->g.records, &m->g.feed, &m->e);
}
#endif
