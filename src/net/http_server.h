/* SPDX-License-Identifier: Apache-2.0
 * HTTPS server on libmicrohttpd + GnuTLS: a pool of epoll threads, TCP_NODELAY, TLS session
 * tickets, limits on header, body, connections and idle time. It knows sockets and bytes, not the
 * product. Handlers run on the pool's threads and may block shortly (a database read). */
#ifndef NET_HTTP_SERVER_H
#define NET_HTTP_SERVER_H
#include "base/arena.h"
#include "base/buf.h"
#include "crypto/x509.h"

struct http_server;
struct http_req;

struct http_server_conf {
	const char
		*address; /**< numeric, "::" = all, IPv4 too; or "unix:/path" (plain, mode 0600) */
	uint16_t port;	  /**< 0 = any free one; see http_server_port */
	const char *cert_pem; /**< NULL = plain HTTP (only ever for the redirecting port) */
	const char *key_pem;
	const char *client_ca_pem; /**< when set a client certificate is requested; see
				      http_req_client_info */
	unsigned threads;	   /**< 1..64 */
	unsigned max_connections;  /**< at least `threads`; one more is closed before any TLS */
	unsigned max_per_address;  /**< connections from one address (IPv6: /64); 0 = no limit */
	/** TLS handshakes under way, half of them from one address when that has a limit; one more
	 * is closed before any TLS. 0 = no limit of its own. */
	unsigned max_handshakes;
	size_t body_memory; /**< bytes of all bodies under way; over it 503; 0 = no limit */
	unsigned workers;   /**< threads for http_req_defer(); 0 = handlers go on where they are */
	unsigned max_deferred;	 /**< requests that wait for, or are at, one of them */
	int niceness;		 /**< 0..19: how much these threads stand back for others */
	unsigned idle_timeout_s; /**< 5..600 */
	/** What a connection may use for its request's header, its body in pieces and its reply's
	 * header: held as long as the connection is; 2560..65536, 0 = 16 KiB. A request whose
	 * header does not fit is refused (414, 431, or the connection ends). */
	size_t connection_memory;
	size_t max_body; /**< default maximum; a handler may allow more through `body_limit` */
	/** Called once per request when the header is complete, before any body byte: returns the
	 * maximum body length for this request (0 = none allowed). May be NULL. */
	size_t (*body_limit)(void *arg, struct http_req *r);
	/** Called when the request is complete. Must call exactly one http_reply_*(). */
	void (*handler)(void *arg, struct http_req *r);
	void *arg;
};
/** ERR_CONFLICT with remedy when the port is in use; ERR_DENIED when it may not be bound. */
bool http_server_start(const struct http_server_conf *conf, struct http_server **out, struct err *e)
	MUST_CHECK;
/** New connections are served with this certificate (chain) and key from now on; those that are
 * open keep theirs. */
bool http_server_set_certificate(struct http_server *s, const char *cert_pem, const char *key_pem,
				 struct err *e) MUST_CHECK;
uint16_t http_server_port(const struct http_server *s);
/** What is under way, and what was refused since the start. */
struct http_server_load {
	uint32_t connections, handshakes, waiting; /**< waiting: deferred requests */
	uint64_t refused;			   /**< connections closed before TLS */
	uint64_t deferred_refused;
};
void http_server_load(struct http_server *s, struct http_server_load *out);
/** Ends all connections (streams too: gone() is called for those whose owner has not closed them;
 * the handles stay valid until http_stream_close()) and the threads. Not from a handler or gone().
 */
void http_server_stop(struct http_server *s);
AUTO_DEFINE(struct http_server, http_server_stop)

/* --- the request ------------------------------------------------------------------------------ */
const char *http_req_method(const struct http_req *r);
/** Percent-decoded and checked path: starts with '/', no empty, "." or ".." segment, no NUL, no
 *  backslash, no ';', no encoded '/'. Anything else was answered 400 before the handler: there is
 * one canonical form and both authorisation and dispatch see only it. */
const char *http_req_path(const struct http_req *r);
/** Decoded query parameter or NULL. A parameter given twice was answered 400. */
const char *http_req_query(const struct http_req *r, const char *name);
/** Visits all query parameters. */
void http_req_each_query(const struct http_req *r,
			 void (*fn)(void *arg, const char *name, const char *value), void *arg);
/** Header (case-insensitive name) or NULL. */
const char *http_req_header(const struct http_req *r, const char *name);
/** Value of a cookie, or NULL: not there, or there twice. */
const char *http_req_cookie(struct http_req *r, const char *name);
struct str http_req_body(const struct http_req *r);
/** Remote address without port; "local" on an AF_UNIX socket. */
const char *http_req_peer(const struct http_req *r);
/** The user on the other end of an AF_UNIX socket (SO_PEERCRED), or -1 on any other connection. */
int64_t http_req_peer_uid(const struct http_req *r);
/** What the verified client certificate says (chain, purpose and dates checked against
 * client_ca_pem), read once a connection; NULL when none was presented, or after
 * http_reply_stream(). A certificate that does not verify ends the handshake; one that expires
 * during a kept-alive or resumed session is answered 403 before any handler. */
const struct x509_info *http_req_client_info(struct http_req *r);
enum http_defer {
	HTTP_DEFER_HERE,  /**< this is a worker, or there is none: go on */
	HTTP_DEFER_LATER, /**< return without a reply: the handler is called again on a worker */
	HTTP_DEFER_BUSY,  /**< too many wait: http_reply_busy() */
};
/** From the handler, before it blocks for long. Not for streams. */
enum http_defer http_req_defer(struct http_req *r) MUST_CHECK;
/** Whether the handler runs on a worker (or will). */
bool http_req_deferred(const struct http_req *r);
/** Random id of this request, also sent as X-Request-Id. */
const char *http_req_id(const struct http_req *r);
/** Freed when the request ends. */
struct arena *http_req_arena(struct http_req *r);

/** How long somebody who is refused now is to stay away, in seconds: by chance, and the longer the
 * more were refused lately, so that they do not all come back at once. Each call counts as one
 * refused. */
int http_server_retry_after_s(struct http_server *s);
struct http_server *http_req_server(const struct http_req *r);

/* --- the reply -------------------------------------------------------------------------------- */
/** Adds a response header (both copied). Before http_reply_*(). CR, LF or NUL in a value:
 * programmer error. */
void http_reply_header(struct http_req *r, const char *name, const char *value);
/** Copies the body. A 503 without a Retry-After gets one of http_server_retry_after_s(). */
void http_reply(struct http_req *r, int status, const char *content_type, struct str body);
/** 503 with Retry-After, as a problem document. */
void http_reply_busy(struct http_req *r);
/** Body not copied: must stay valid for the server's life (embedded assets). */
void http_reply_static(struct http_req *r, int status, const char *content_type, struct str body);
/** Sends an open file with sendfile where plain; takes the descriptor over. Honours a Range request
 *  for one range when `status` is 200 (If-Range is compared with the ETag header set before). */
void http_reply_fd(struct http_req *r, int status, const char *content_type, int fd, int64_t size);

/** A long-lived reply (server-sent events, push). Returned handle is valid until
 * http_stream_close() has been called; other threads write to it. When the peer goes (noticed
 * within a second or two, also on a silent stream), writes are dropped and `gone(arg)` is called
 * once (on a pool thread, no locks held); the owner then closes the handle, in gone() or later. */
struct http_stream;
struct http_stream *http_reply_stream(struct http_req *r, int status, const char *content_type,
				      void (*gone)(void *arg), void *arg);
/** Queues bytes (copied) and wakes the connection. False when more than `max_queued` (256 KiB)
 * wait. */
bool http_stream_write(struct http_stream *s, struct str bytes);
/** Sends what is queued, then ends the reply; frees the handle. gone() will not be called after
 * this returned: when it is running on another thread, this waits for it. So never call this while
 * holding a lock that gone() takes. */
void http_stream_close(struct http_stream *s);
#endif
