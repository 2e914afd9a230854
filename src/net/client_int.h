/* SPDX-License-Identifier: Apache-2.0
 * Room-private: what the files of the HTTP client share. */
#ifndef NET_CLIENT_INT_H
#define NET_CLIENT_INT_H
#include "crypto/digest.h"
#include "net/http_client.h"
#include "net/url.h"

#include <curl/curl.h>
#include <stdatomic.h>

/** Where a transfer was going, for error texts. */
struct client_target {
	const struct url *url;
	const char *proxy; /**< without credentials, or NULL */
	int64_t timeout_s, connect_timeout_s;
	bool has_cert; /**< we presented a client certificate */
};

struct http_client {
	CURLM *multi;
	CURL *easy;
	char *user_agent, *ca_file, *cert_file, *key_file, *pin_hex, *proxy, *proxy_shown,
		*unix_path;
	int pinned_fd; /* memory file with the pinned CA, -1 until it was found */
	atomic_bool cancelled;
};

struct transfer {
	struct http_client *c;
	const struct http_request *r;
	struct client_target target;
	struct http_response resp;
	struct buf *body;
	bool (*sink)(void *arg, struct str bytes, struct err *e);
	void *sink_arg;
	struct err *e;
	bool failed; /* *e was filled in by a callback of ours */
	bool follow; /* this answer is a redirect that will be followed: its body is nobody's */
	struct str upload;
	int upload_fd;
	int64_t upload_size;
	int64_t last_byte_ms;
	char detail[CURL_ERROR_SIZE];
};

/** Sets every option of the next transfer; its header list (to be freed after it) goes to
 *  *headers. */
bool client_prepare(struct transfer *t, struct curl_slist **headers, struct err *e) MUST_CHECK;
/** The status of the answer so far, 0 = none. */
int64_t client_status(const struct transfer *t);

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
