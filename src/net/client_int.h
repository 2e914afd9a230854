/* SPDX-License-Identifier: Apache-2.0
 * Room-private: what the files of the HTTP client share. */
#ifndef NET_CLIENT_INT_H
#define NET_CLIENT_INT_H
#include "crypto/digest.h"
#include "net/http_client.h"
#include "net/url.h"

#include <curl/curl.h>

/** Where a transfer was going, for error texts. */
struct client_target {
	const struct url *url;
	const char *proxy; /**< without credentials, or NULL */
	int64_t timeout_s, connect_timeout_s;
	bool has_cert; /**< we presented a client certificate */
};

/** Turns libcurl's failure into our error: cause, then remedy. Always false. */
bool client_error(CURL *easy, CURLcode rc, const char *detail, const struct client_target *t,
		  struct err *e);
/** Sets what every connection of ours has: proxy and no environment, time-outs, no signals. */
void client_connect_options(CURL *easy, const char *proxy, int64_t connect_timeout_s);

/** Connects to `t` and shakes hands without trusting anybody; sends no application byte. Appends to
 *  `ca_pem` the presented certificate whose SubjectPublicKeyInfo has the SHA-256 `pin`.
 *  ERR_UNTRUSTED when there is none. */
bool tls_probe_pin(const struct client_target *t, const char *proxy, const struct sha256 *pin,
		   struct buf *ca_pem, struct err *e) MUST_CHECK;
#endif
