/* SPDX-License-Identifier: Apache-2.0
 * How feeds get bytes: a struct of functions given by the caller (the server's jobs: HTTP; tests
 * and the laboratory: local files). Feeds never touch the network themselves. */
#ifndef FEEDS_FETCH_H
#define FEEDS_FETCH_H
#include "base/buf.h"
#include "store/store.h"

struct feed_request {
	const char *url;
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

/** What a sync needs from outside. */
struct feed_env {
	struct feed_fetch fetch;
	struct store *store; /**< raw blobs are kept here by content; NULL: nothing is kept */
	int64_t now_ms;
	/** Tells how far it is, in bytes: `what` is "release", "index", "advisories". NULL = nobody
	 * asks. */
	void (*progress)(void *arg, const char *what, int64_t done, int64_t total);
	void *progress_arg;
};
#endif
