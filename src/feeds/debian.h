/* SPDX-License-Identifier: Apache-2.0
 * Debian's archive and security tracker as feeds: what to sync (suites), syncing one suite into a
 * record document, and joining notices. Sources of the rules: Debian Wiki RepositoryFormat,
 * sources.list(5), apt_preferences(5), apt-secure(8). */
#ifndef FEEDS_DEBIAN_H
#define FEEDS_DEBIAN_H
#include "base/arena.h"
#include "catalog/catalog.h"
#include "feeds/fetch.h"

#define DEBIAN_DEFAULT_KEYRING "/usr/share/keyrings/debian-archive-keyring.gpg"
#define DEBIAN_DSA_URL                                                                             \
	"https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data/DSA/list"
#define DEBIAN_DLA_URL                                                                             \
	"https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data/DLA/list"
#define DEBIAN_TRACKER_URL "https://security-tracker.debian.org/tracker/data/json"

/** What the last accepted generation of a feed was, for conditional fetching and rollback
 * protection. */
struct feed_last {
	const char *etag;	/**< NULL = none: fetch unconditionally */
	int64_t released_ms;	/**< 0 = none */
	int64_t valid_until_ms; /**< 0 = the vendor does not say */
};

/** One suite of one archive. All strings NUL-terminated; lists NULL-terminated. */
struct debian_suite {
	const char *feed_id; /**< "debian/bookworm-security" */
	const char *url;     /**< the archive's root, no slash at the end */
	const char *suite;   /**< as asked: "bookworm-security", "stable"; NULL accepts any
				(laboratory) */
	const char *dir;     /**< where InRelease lies; NULL = url/dists/suite */
	const char *const *components;	  /**< "main", ... */
	const char *const *architectures; /**< "amd64", ... */
	const char *const *keyrings;	  /**< on this machine */
	const char *endpoint_keyring; /**< the same on endpoints; goes into the archive record */
	struct feed_last last;
};

/** What a sync brought. Everything is owned by this struct. */
struct generation_result {
	bool unchanged; /**< 304: nothing new; `generation` is empty then */
	struct generation generation;
	int64_t valid_until_ms;
	char etag[200];
	int64_t offers; /**< packages read */
	int64_t bytes;	/**< fetched in this run (what was in the store already does not count) */
	struct sink *sink; /* private: holds the records */
};
void generation_result_done(struct generation_result *r);
AUTO_DEFINE_VALUE(struct generation_result, generation_result_done)

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

/** Sync and keep: conditional on the stored state, generation_save(), and feed_state in every case,
 *  also after a failure (error with cause and remedy; the last good generation stays).
 *  *changed_out: the current generation is a new one (rebuild the snapshot). Returns false with
 * what is in feed_state.error. */
bool debian_run_suite(const struct debian_suite *s, const struct feed_env *env, struct sql *db,
		      bool accept_shrink, bool *changed_out, struct err *e) MUST_CHECK;
bool debian_run_notices(const struct debian_notice_source *s, const struct feed_env *env,
			struct sql *db, bool accept_shrink, bool *changed_out, struct err *e)
	MUST_CHECK;

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
bool debian_sources_of_text(struct str text, const char *architecture, struct arena *a,
			    struct debian_sources *out, struct err *e) MUST_CHECK;
/** The same from etc_apt/sources.list and etc_apt/sources.list.d ("/etc/apt"). */
bool debian_sources_of_machine(const char *etc_apt, const char *architecture, struct arena *a,
			       struct debian_sources *out, struct err *e) MUST_CHECK;

/** "bookworm", "bookworm-security", "bookworm/updates" -> "12"; "sid" -> "sid"; NULL when unknown.
 */
const char *debian_version_of_codename(struct str codename);
/** The way back: "12" -> "bookworm"; NULL when unknown. */
const char *debian_codename_of_version(struct str version);
#endif
