/* SPDX-License-Identifier: Apache-2.0
 * Room-private: the parts of the Debian feed. Release file, Packages stanzas, grouping into
 * patches, notices. Each part takes bytes or views and knows nothing of where they come from. */
#ifndef FEEDS_DEBIAN_INT_H
#define FEEDS_DEBIAN_INT_H
#include "base/arena.h"
#include "base/intern.h"
#include "base/vec.h"
#include "catalog/sink.h"
#include "feeds/debian/debian.h"
#include "format/unpack.h"

/** Bytes an InRelease, an index (compressed, plain) or a notice list may have. */
#define DEBIAN_MAX_RELEASE (8u << 20)
#define DEBIAN_MAX_INDEX (256u << 20)
#define DEBIAN_MAX_INDEX_PLAIN (1024ull << 20)
#define DEBIAN_MAX_NOTICES (512u << 20)

/* --- Release ------------------------------------------------------------------------------------
 */
struct release_file {
	struct str path; /**< below the suite's directory */
	struct sha256 sha256;
	int64_t size;
};
struct debian_release {
	struct arena arena;
	struct str origin, label, suite, codename, version, components, architectures;
	int64_t date_ms, valid_until_ms; /**< 0 = absent */
	bool not_automatic, but_automatic_upgrades, by_hash;
	bool all_apart; /**< "all" has indices of its own that apt reads beside each architecture's
			 */
	struct release_file *files; /**< the SHA256 table; MD5Sum and SHA1 are ignored (A16) */
	size_t n_files;
	/* derived: */
	const struct debian_brand *brand; /**< by Origin; NULL = of nobody we know */
	struct str name;		  /**< how the suite is called here: "bookworm-security" */
	const char *service;		  /**< of Ubuntu Pro: who may use it; "" = everybody */
	struct str os;			  /**< "debian:12" */
	enum patch_type type;		  /**< by kind of suite */
};
/** `text` is verified plaintext. ERR_CORRUPT names the field. */
bool debian_release_parse(struct str text, struct debian_release *out, struct err *e) MUST_CHECK;
void debian_release_done(struct debian_release *r);
AUTO_DEFINE_VALUE(struct debian_release, debian_release_done)
const struct release_file *debian_release_find(const struct debian_release *r, const char *path);
/** Date, Valid-Until, names, lanes: what makes a verified Release acceptable now. `asked` NULL =
 * any name; now_ms 0 = do not look at the clock. ERR_UNTRUSTED. */
bool debian_release_accept(const struct debian_release *r, const char *asked,
			   const struct feed_last *last, int64_t now_ms, struct err *e) MUST_CHECK;
/** Type and os of a suite known by name alone (laboratory). ERR_INVALID. */
bool debian_release_of_name(const char *codename, struct debian_release *out, struct err *e)
	MUST_CHECK;

/* --- Packages -----------------------------------------------------------------------------------
 */
struct debian_offer {
	struct str package, version, architecture, source, source_version, filename;
	int64_t size;
	struct sha256 sha256;
	uint8_t withheld; /**< of 100 systems, so many do not get it yet (Phased-Update-Percentage)
			   */
};
typedef bool (*debian_offer_fn)(void *arg, const struct debian_offer *o, struct err *e);
struct debian_packages; /* a running parse */
struct debian_packages *debian_packages_new(debian_offer_fn fn, void *arg);
void debian_packages_free(struct debian_packages *p);
AUTO_DEFINE(struct debian_packages, debian_packages_free)
bool debian_packages_feed(void *packages, struct str bytes, struct err *e)
	MUST_CHECK; /* a pipe_consumer */
bool debian_packages_end(struct debian_packages *p, struct err *e) MUST_CHECK;
/** A whole index: decompressed and parsed on two threads; `what` names it in errors. */
bool debian_packages_read(struct unpack *u, const char *what, debian_offer_fn fn, void *arg,
			  struct err *e) MUST_CHECK;

/* --- grouping -----------------------------------------------------------------------------------
 */
struct debian_group; /* offers gathered by source package */
struct debian_group *debian_group_new(void);
void debian_group_free(struct debian_group *g);
AUTO_DEFINE(struct debian_group, debian_group_free)
/** A debian_offer_fn. The same package twice (arch "all" in two indices) counts once; with
 * different content: ERR_CORRUPT. */
bool debian_group_add(void *group, const struct debian_offer *o, struct err *e) MUST_CHECK;
int64_t debian_group_offers(const struct debian_group *g);
/** Patches and components into the sink; payloads belong to archive 0. */
bool debian_group_emit(struct debian_group *g, const struct debian_release *r, struct sink *s,
		       struct err *e) MUST_CHECK;

/* --- notices ------------------------------------------------------------------------------------
 */
struct debian_notice {
	struct advisory a;
	struct str codename;
	/* of the tracker only: */
	struct str status, fixed, urgency; /**< as published; "" = absent */
	bool ignored; /**< says nothing: never affected, or fixed by the release itself and not
			 rated */
};
typedef bool (*debian_notice_fn)(void *arg, const struct debian_notice *n, struct err *e);
/** data/DSA/list, data/DLA/list: one call per (notice, release, package) with a fixed version, or
 * with the reason why there is none (a.status). */
bool debian_dsa_parse(struct str text, debian_notice_fn fn, void *arg, struct err *e) MUST_CHECK;
/** tracker/data/json, streamed: one call per (package, CVE, release). Where the fixed version is a
 *  stable update (deb<N>u, Developers' Reference 5.11.2) the advisory carries it; else its `fixed`
 * is empty and only its severity counts. */
bool debian_tracker_parse(struct unpack *u, debian_notice_fn fn, void *arg, struct err *e)
	MUST_CHECK;
#endif
