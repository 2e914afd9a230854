/* SPDX-License-Identifier: Apache-2.0
 * What a feed is: a row of `feed_kinds` (registry.c). A row says what its feeds are called, which
 * settings they read, which systems they may speak of, and gives two functions: `plan` names the
 * feeds to sync from settings and estate, `sync` turns one feed's bytes into records. Everything
 * else (conditional fetching, guard, state, sandbox, schedule) is the same for all and written
 * once. */
#ifndef FEEDS_FEED_H
#define FEEDS_FEED_H
#include "base/arena.h"
#include "base/vec.h"
#include "catalog/catalog.h"
#include "feeds/fetch.h"

/** What the last accepted generation of a feed was, for conditional fetching and rollback
 * protection. */
struct feed_last {
	const char *etag;	/**< NULL = none: fetch unconditionally */
	int64_t released_ms;	/**< 0 = none */
	int64_t valid_until_ms; /**< 0 = the vendor does not say */
};

/** One feed to sync, as plain text through and through: it travels to the sandbox. Strings are
 * NUL-terminated and may be NULL, lists NULL-terminated and may be NULL; a kind uses what it needs.
 */
struct feed_spec {
	const char *id;	   /**< unique over all kinds: "debian/bookworm-security" */
	const char *kind;  /**< the row's name */
	const char *url;   /**< root of the archive or the document itself: http, https, file: or an
				absolute path */
	const char *dir;   /**< where the index lies, when that is not derived from `url` */
	const char *suite; /**< suite, repository or product line */
	const char *os;	   /**< os id its records speak of, when the kind needs to be told */
	const char *const *components;
	const char *const *architectures;
	const char *const *keyrings;  /**< paths on this machine */
	const char *endpoint_keyring; /**< the same on endpoints; goes into the archive record */
	const char *const *options;   /**< "name=value", the kind's own */
	struct feed_last last;	      /**< filled in by feed_run() */
};
/** Value of an option, NULL when it is not given. */
const char *feed_option(const struct feed_spec *s, const char *name);
/** The releases a feed is limited to: values of its options "os=<os id>", as often as given; NULL
 * when there is none. What a feed is limited to is part of its address: when that changes, it is
 * fetched whole. */
const char *const *feed_oses(const struct feed_spec *s, struct arena *a);

/** What a sync brought. Everything is owned by this struct. */
struct generation_result {
	bool unchanged; /**< 304: nothing new; `generation` is empty then */
	struct generation generation;
	int64_t valid_until_ms;
	char etag[200];
	int64_t offers; /**< packages or notices read */
	int64_t bytes;	/**< fetched in this run (what was in the store already does not count) */
	struct sink *sink; /**< private, this and what follows: one of them holds the records */
	char *document;
	void *mapped;
	size_t mapped_n;
	char *signer;
};
void generation_result_done(struct generation_result *r);
AUTO_DEFINE_VALUE(struct generation_result, generation_result_done)

/** An operating system of the estate; os "" = only an architecture that dpkg systems have beside
 * their own. */
struct feed_estate {
	const char *os, *release, *architecture; /**< "debian", "12", "x86_64" or "amd64" */
	uint32_t hosts;
};
/** What is to be synced: filled by the kinds' plan functions. */
struct feed_plan {
	struct arena *arena; /**< everything planned lives here */
	/** Text form of a setting by its key (settings/settings.def); "" when empty. */
	const char *(*setting)(void *arg, const char *key);
	void *setting_arg;
	const struct feed_estate *estate; /**< systems seen in the fleet */
	size_t n_estate;
	VEC(struct feed_spec) specs;
};
void feed_plan_done(struct feed_plan *p);
AUTO_DEFINE_VALUE(struct feed_plan, feed_plan_done)
const char *feed_setting(const struct feed_plan *p, const char *key);
/** Adds a feed; one with an id that is planned already is ERR_CONFLICT. The spec's strings must
 * live in the arena or for ever. */
bool feed_plan_add(struct feed_plan *p, const struct feed_spec *s, struct err *e) MUST_CHECK;

struct feed_kind {
	const char *name;  /**< "debian": in feed_state, in records */
	const char *title; /**< for people, a proper name: "Debian security tracker" */
	/** Prefixes of the os ids its records may speak of ("debian:"), NULL-terminated: a feed
	 * that speaks of others is refused whole, so that a vendor's parser, taken over, says
	 * nothing about another vendor's systems. */
	const char *const *os;
	const char *const *settings; /**< keys `plan` reads, NULL-terminated */
	bool is_signed;		     /**< the vendor signs its index: not verified = not taken */
	bool offers;	 /**< says which file installs what; false = advisories that are joined */
	bool optional;	 /**< without it the patch DB is whole: its failure fails no sync */
	int64_t every_s; /**< least time between two scheduled syncs; 0 = with each */
	/** Adds the feeds of this kind that settings and estate ask for. */
	bool (*plan)(struct feed_plan *p, struct err *e);
	/** Fetches, verifies, parses one feed through `env`. Fails with a text for people: cause
	 * and remedy. ERR_UNTRUSTED: signature, digest, expired, Date back. ERR_NOT_FOUND: no such
	 * suite or repository. ERR_UNAVAILABLE, ERR_TIMEOUT: mirror. *out is untouched on failure.
	 */
	bool (*sync)(const struct feed_spec *s, const struct feed_env *env,
		     struct generation_result *out, struct err *e);
};
/** The registry; the last row has name NULL. */
extern const struct feed_kind feed_kinds[];
/** NULL when there is none. */
const struct feed_kind *feed_kind_find(struct str name);
/** Plans all kinds. A kind that cannot be planned is reported to `failed` (may be NULL) and does
 * not keep the others from being planned. */
void feed_plan_all(struct feed_plan *p,
		   void (*failed)(void *arg, const struct feed_kind *k, const struct err *e),
		   void *arg);

/** How a sync is carried out: NULL = by calling kind->sync here; the server puts the sandbox here.
 */
struct feed_runner {
	bool (*sync)(void *arg, const struct feed_kind *k, const struct feed_spec *s,
		     const struct feed_env *env, struct generation_result *out, struct err *e);
	void *arg;
	/** Who knows which systems lack what (catalog.h); NULL = nobody is asked. */
	const struct generation_watch *watch;
};
/** "https://x/y#debian:12,debian:13": where a feed is and what it is limited to, as feed_state.url
 * keeps it (heap). */
char *feed_address(const struct feed_spec *s);
/** Sync and keep: conditional on the stored state, generation_save(), and feed_state in every case,
 *  also after a failure (error with cause and remedy; the last good generation stays).
 *  *changed_out: the current generation is a new one (rebuild the snapshot). Returns false with
 * what is in feed_state.error. */
bool feed_run(const struct feed_kind *k, const struct feed_spec *s,
	      const struct feed_runner *runner, const struct feed_env *env, struct sql *db,
	      bool accept_shrink, bool *changed_out, struct err *e) MUST_CHECK;
#endif
