/* SPDX-License-Identifier: Apache-2.0
 * Debian's archive and security tracker as feeds: what to sync (suites), syncing one suite into a
 * record document, and joining notices. Sources of the rules: Debian Wiki RepositoryFormat,
 * sources.list(5), apt_preferences(5), apt-secure(8). */
#ifndef FEEDS_DEBIAN_H
#define FEEDS_DEBIAN_H
#include "feeds/feed.h"

#define DEBIAN_DEFAULT_KEYRING "/usr/share/keyrings/debian-archive-keyring.gpg"
#define DEBIAN_DSA_URL                                                                             \
	"https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data/DSA/list"
#define DEBIAN_DLA_URL                                                                             \
	"https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data/DLA/list"
#define DEBIAN_TRACKER_URL "https://security-tracker.debian.org/tracker/data/json"

/** Whose archive it is: what differs between Debian and what is built like it. */
struct debian_brand {
	const char *name;    /**< "debian": os id, kind of feed, beginning of ids */
	const char *vendor;  /**< "Debian" */
	const char *keyring; /**< where both servers and endpoints have it by default */
	const char *(*version_of_codename)(struct str codename);
};
extern const struct debian_brand debian_brand, debian_brand_ubuntu;

/** One suite of one archive. All strings NUL-terminated; lists NULL-terminated. */
struct debian_suite {
	const struct debian_brand *brand; /**< NULL = Debian */
	const char *feed_id;		  /**< "debian/bookworm-security" */
	const char *url;		  /**< the archive's root, no slash at the end */
	const char *suite; /**< as asked: "bookworm-security", "stable"; NULL accepts any
			      (laboratory) */
	const char *dir;   /**< where InRelease lies; NULL = url/dists/suite */
	const char *const *components;	  /**< "main", ... */
	const char *const *architectures; /**< "amd64", ... */
	const char *const *keyrings;	  /**< on this machine */
	const char *endpoint_keyring; /**< the same on endpoints; goes into the archive record */
	struct feed_last last;
};

/** Fetches, verifies, parses. Nothing is saved but raw blobs. Fails with a text for people: cause
 * and remedy. ERR_UNTRUSTED: signature, digest, expired, Date back, wrong suite, web page instead
 * of an archive. ERR_NOT_FOUND: no such suite, component, architecture. ERR_UNAVAILABLE,
 * ERR_TIMEOUT: mirror. */
bool debian_sync_suite(const struct debian_suite *s, const struct feed_env *env,
		       struct generation_result *out, struct err *e) MUST_CHECK;

/** Kinds of advisory sources. */
enum debian_notices { DEBIAN_DSA_LIST, DEBIAN_TRACKER_JSON };
struct debian_notice_source {
	const char *feed_id; /**< "debian-dsa", "debian-dla", "debian-tracker" */
	enum debian_notices kind;
	const char *url;
	/** Releases that matter, as os ids ("debian:12"), NULL-terminated; NULL = all. */
	const char *const *oses;
	struct feed_last last;
};
/** As debian_sync_suite. These sources are not signed: what protects them is TLS. */
bool debian_sync_notices(const struct debian_notice_source *s, const struct feed_env *env,
			 struct generation_result *out, struct err *e) MUST_CHECK;

/** Rows of the registry: what the settings ask for, and a spec of theirs brought to one of the two
 * functions above. A spec is a debian_suite with its kind "debian". */
bool debian_plan_suites(struct feed_plan *p, struct err *e) MUST_CHECK;
bool debian_plan_lists(struct feed_plan *p, struct err *e) MUST_CHECK;
bool debian_plan_tracker(struct feed_plan *p, struct err *e) MUST_CHECK;
bool debian_sync_spec(const struct feed_spec *s, const struct feed_env *env,
		      struct generation_result *out, struct err *e) MUST_CHECK;

/** What a list of apt sources asks for. */
struct debian_skipped {
	const char *what; /**< "https://deb.nodesource.com/node_20.x nodistro" */
	const char *why;  /**< "not an archive of Debian: ..." */
};
struct debian_sources {
	struct debian_suite *suites;
	size_t n_suites;
	struct debian_skipped *skipped;
	size_t n_skipped;
};
/** Suites from apt-source text (deb822 or one-line form, told apart); `architecture` is used where
 * an entry names none. Everything lives in `a`. ERR_CORRUPT names the line. */
bool debian_sources_of_brand(const struct debian_brand *brand, struct str text,
			     const char *architecture, struct arena *a, struct debian_sources *out,
			     struct err *e) MUST_CHECK;
/** The same for Debian. */
bool debian_sources_of_text(struct str text, const char *architecture, struct arena *a,
			    struct debian_sources *out, struct err *e) MUST_CHECK;
/** The same from etc_apt/sources.list and etc_apt/sources.list.d ("/etc/apt"). */
bool debian_sources_of_machine(const char *etc_apt, const char *architecture, struct arena *a,
			       struct debian_sources *out, struct err *e) MUST_CHECK;

/** The machine's name for an architecture ("x86_64"), or Debian's own, as Debian calls it; NULL
 * when it is not known. */
const char *debian_arch_of(const char *machine);
/** "bookworm", "bookworm-security", "bookworm/updates" -> "12"; "sid" -> "sid"; NULL when unknown.
 */
const char *debian_version_of_codename(struct str codename);
/** The way back: "12" -> "bookworm"; NULL when unknown. */
const char *debian_codename_of_version(struct str version);
#endif
