/* SPDX-License-Identifier: Apache-2.0
 * How feeds reach the outside: documents, blobs with a known digest, verified signatures, files to
 * keep. A feed calls the feed_*() functions below and nothing else: it never opens a file or a
 * socket, so that it runs unchanged in the sandbox, where each call is answered by the server.
 * Messages name cause and remedy once, here, for all feeds. */
#ifndef FEEDS_FETCH_H
#define FEEDS_FETCH_H
#include "base/buf.h"
#include "crypto/openpgp.h"
#include "store/store.h"

struct feed_request {
	const char *url;	   /**< http, https, file: or an absolute path */
	const char *etag;	   /**< as If-None-Match, or NULL */
	const char *last_modified; /**< as If-Modified-Since, or NULL */
	int64_t max;		   /**< bytes of body; more is ERR_LIMIT */
};
struct feed_response {
	int status; /**< 200, 304, 404, 403, 503 ...: any answer is a success of the call */
	char etag[200];
	char last_modified[64];
	char content_type[100];
};
/** Takes the body of a 200 as it comes; false ends the transfer with its error. */
typedef bool (*feed_body)(void *arg, struct str bytes, struct err *e);
struct feed_fetch {
	/** False only when there was no answer (ERR_UNAVAILABLE, ERR_TIMEOUT: cause and remedy in
	 * the text) or the body function ended it. */
	bool (*get)(void *arg, const struct feed_request *r, struct feed_response *resp_out,
		    feed_body body, void *body_arg, struct err *e);
	void *arg;
};

/** A file whose content an accepted index has promised. */
struct feed_blob {
	const char *url, *fallback; /**< tried in this order on 404; `fallback` may be NULL */
	const char *name;	    /**< for messages: its path in the index */
	int64_t size;		    /**< promised; -1 = the index does not say */
	int64_t max;		    /**< a larger one is ERR_LIMIT */
	enum digest_kind kind;
	uint8_t digest[DIGEST_MAX]; /**< digest_len(kind) bytes */
};
/** What a vendor signed. */
struct feed_signed {
	struct str document;
	struct str signature; /**< detached; empty = `document` is clear-signed */
	/** With a detached signature: the document is this whole file instead, however large. NULL
	 * = `document`. It stays open, at no certain place. */
	const int *file;
};

struct feed_env;
/** The same calls answered by somebody else: the sandbox's end. */
struct feed_outside {
	bool (*file)(void *arg, const struct feed_request *r, int *fd_out,
		     struct feed_response *resp_out, struct err *e);
	bool (*blob)(void *arg, const struct feed_blob *b, int *fd_out, struct sha256 *id_out,
		     int64_t *bytes_out, struct err *e);
	bool (*verify)(void *arg, const struct feed_signed *s, const char *const *keyrings,
		       struct buf *plain, struct openpgp_signer *signer_out, struct err *e);
	bool (*keep)(void *arg, struct str bytes, struct sha256 *id_out, struct err *e);
};

/** What a sync needs from outside. */
struct feed_env {
	struct feed_fetch fetch;
	struct store *store; /**< blobs are kept here by content; NULL: nothing is kept */
	/** Who checks signatures; NULL = this process, through openpgp_verify_*(). */
	bool (*verify)(void *arg, const struct feed_signed *s, const char *const *keyrings,
		       struct buf *plain, struct openpgp_signer *signer_out, struct err *e);
	void *verify_arg;
	const struct feed_outside *outside; /**< NULL: answered here, from the two above */
	void *outside_arg;
	int64_t now_ms; /**< 0 = do not look at the clock (laboratory) */
	/** Tells how far it is, in bytes: `what` is "release", "index", "advisories". NULL = nobody
	 * asks. */
	void (*progress)(void *arg, const char *what, int64_t done, int64_t total);
	void *progress_arg;
};

/** A small document into `out` (its maximum counts as well as r->max). The status is 200 or 304
 * (only when r has a condition); anything else is an error. A web page where none belongs is
 * ERR_UNTRUSTED. */
bool feed_text(const struct feed_env *env, const struct feed_request *r, struct buf *out,
	       struct feed_response *resp_out, struct err *e) MUST_CHECK;
/** The same for large documents: *fd_out reads from the first byte (for unpack_open_fd), -1 on
 * 304. */
bool feed_file(const struct feed_env *env, const struct feed_request *r, int *fd_out,
	       struct feed_response *resp_out, struct err *e) MUST_CHECK;
/** A blob, fetched unless the store has it, accepted only with its size and digest; *fd_out reads
 * it as it came (compressed). `id_out` (may be NULL): its SHA-256; *bytes_out grows by what came
 * over the wire. ERR_UNTRUSTED: size or digest differ. ERR_NOT_FOUND. */
bool feed_blob(const struct feed_env *env, const struct feed_blob *b, int *fd_out,
	       struct sha256 *id_out, int64_t *bytes_out, struct err *e) MUST_CHECK;
/** Checks a vendor's signature against keyrings of this machine (NULL-terminated paths). `plain`
 * gets the signed bytes of a clear-signed document; NULL for a detached signature. Errors as
 * openpgp_verify_*(). */
bool feed_verify(const struct feed_env *env, const struct feed_signed *s,
		 const char *const *keyrings, struct buf *plain, struct openpgp_signer *signer_out,
		 struct err *e) MUST_CHECK;
/** The same, by gpgv as a child of this process. */
bool feed_verify_here(const struct feed_signed *s, const char *const *keyrings, struct buf *plain,
		      struct openpgp_signer *signer_out, struct err *e) MUST_CHECK;
/** Keeps a verified document for agents (in the store, when there is one) and gives its name. */
bool feed_keep(const struct feed_env *env, struct str bytes, struct sha256 *id_out, struct err *e)
	MUST_CHECK;
void feed_progress(const struct feed_env *env, const char *what, int64_t done, int64_t total);
#endif
