/* SPDX-License-Identifier: Apache-2.0
 * HTTP/1.1 client on libcurl: bounded, never follows a redirect to another host, TLS 1.2 minimum.
 * One struct http_client per thread (it keeps connections and TLS sessions alive). */
#ifndef NET_HTTP_CLIENT_H
#define NET_HTTP_CLIENT_H
#include "base/buf.h"

struct http_tls {
	const char *ca_file;   /**< PEM; NULL = the system's store */
	const char *cert_file; /**< client certificate, or NULL */
	const char *key_file;
	const char *pin_sha256_hex; /**< when set: trust exactly the chain that contains a
				     * certificate whose SubjectPublicKeyInfo has this SHA-256
				     * (enrolment), no CA store */
};
struct http_client;
/** Never fails: what is wrong with `tls` or `proxy` comes out of the first fetch. `user_agent` e.g.
 * "tsukuroi/0.1.0"; tls may be NULL; proxy NULL = none (the environment's proxy variables are not
 * read). */
struct http_client *http_client_new(const char *user_agent, const struct http_tls *tls,
				    const char *proxy);
void http_client_free(struct http_client *c);
AUTO_DEFINE(struct http_client, http_client_free)

/** All further fetches go to the AF_UNIX socket `path`; host and port of a URL are only names then.
 */
void http_client_unix(struct http_client *c, const char *path);

struct http_request {
	const char *method; /**< "GET" when NULL */
	const char *url;
	const char *const *headers; /**< "Name: value", NULL-terminated, or NULL */
	struct str body;
	const char *body_file;	   /**< sends this file instead of `body` */
	int64_t max_response;	   /**< bytes; mandatory */
	int64_t timeout_s;	   /**< whole transfer; mandatory */
	int64_t connect_timeout_s; /**< default 10 */
	int64_t min_rate;      /**< bytes/s averaged over 30 s below which the transfer ends with
				* ERR_TIMEOUT; 0 = 100; -1 = none (for a stream that is mostly silent;
				* then give max_silence_s) */
	int64_t max_silence_s; /**< ERR_TIMEOUT when no byte came for so long; 0 = not watched */
};
struct http_response {
	int status;
	char etag[200];
	char last_modified[64];
	char content_type[100];
	char location[500];
	int64_t retry_after_s; /**< 0 = absent */
	int64_t length;	       /**< bytes received */
};
/** Body to `body_out` (appended). A redirect (GET, HEAD) is followed up to five times when it stays
 * on the same scheme, host and port; another one is an answer like any other (status 3xx,
 * location). Any HTTP status is a success of this call; the caller judges. Failures name cause and
 * remedy apart: DNS, route/refused, TLS (whose certificate, why), time-out, proxy. */
bool http_fetch(struct http_client *c, const struct http_request *r, struct http_response *resp_out,
		struct buf *body_out, struct err *e) MUST_CHECK;
/** Body streamed: `sink` gets bytes as they come (only for 2xx; other bodies are dropped); false
 * from it ends the transfer with its error. */
bool http_fetch_stream(struct http_client *c, const struct http_request *r,
		       struct http_response *resp_out,
		       bool (*sink)(void *arg, struct str bytes, struct err *e), void *arg,
		       struct err *e) MUST_CHECK;
/** Makes the running http_fetch of this client on another thread end soon with ERR_UNAVAILABLE
 *  "cancelled"; when none is running, the next one (so that a stop just before a start is not
 * lost). */
void http_client_cancel(struct http_client *c);
#endif
