/* SPDX-License-Identifier: Apache-2.0
 * Room-private: what the files of the HTTP server share. Lock order: server.lock, then a stream's
 * lock. A struct http_req and all of its connection but `deadline_ms`, `stream` and the links
 * belong to one pool thread. */
#ifndef NET_SERVER_INT_H
#define NET_SERVER_INT_H
#include "base/vec.h"
#include "net/http_path.h"
#include "net/http_server.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

/** Slowest allowed transfer: this much time, plus a millisecond a byte (1000 bytes/s). */
#define SERVER_GRACE_MS 30000
#define SERVER_HEADERS_MAX 100
#define SERVER_CONNECTION_MEMORY (16 * 1024)

struct sockaddr;

/* server_admit.c; all but `bodies` under its lock, which is taken last */
struct admit {
	pthread_mutex_t lock;
	struct admit_slot *slots;
	size_t cap, used;
	uint32_t open, shaking;
	uint64_t refused;
	_Atomic int64_t bodies;
	int64_t window_ms;
	uint64_t told, before; /* told to come later: in this window, in the one before */
};

/* server_lane.c */
struct lane {
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct http_req *first, **last;
	bool stop;
	atomic_int waiting;
	_Atomic uint64_t refused;
	pthread_t *threads;
	unsigned n_threads;
};

struct conn {
	int64_t uid; /* of an AF_UNIX peer, else -1 */
	struct http_server *server;
	struct conn *prev, *next;   /* server.lock */
	struct http_stream *stream; /* server.lock; the long-lived reply that is running on it */
	int fd;
	char peer[48]; /* numeric address, IPv4 also when it came over IPv6 */
	struct MHD_Connection *mhd;
	bool shaken;		     /* nothing of the client's is missing in the TLS handshake */
	bool waiting;		     /* suspended until the peer's next bytes; server.lock */
	bool watched;		     /* in the watcher's epoll set; server.lock */
	bool closed;		     /* server.lock */
	_Atomic int64_t deadline_ms; /* monotonic; the watcher ends the connection then; 0 = none */
	uint64_t admit_key;
	bool shaking; /* counted as a handshake; admit.lock */
	bool cert_asked;
	struct x509_info *cert; /* what the verified client certificate says; NULL = none, or not
				 * asked */
};

struct http_server {
	struct http_server_conf conf;
	struct MHD_Daemon *daemon;
	bool tls;
	char *client_ca_pem;
	struct server_cert *_Atomic cert; /* newest first; see server_cert.c */
	gnutls_datum_t ticket_key;
	uint16_t port;
	int listener; /* ours again once accepting has ended; -1 = libmicrohttpd's */
	atomic_bool stopping, starting;
	char start_log[160]; /* libmicrohttpd's last message while starting */
	pthread_mutex_t lock;
	struct conn *conns;  /* all */
	struct conn *graves; /* closed, but perhaps in the watcher's hands; linked by next */
	pthread_t watcher;
	int epoll_fd, wake_fd;
	uint64_t first_id;
	_Atomic uint64_t requests;
	struct admit admit;
	struct lane lane;
};

struct header {
	const char *name, *value;
};

struct http_req {
	struct http_server *server;
	struct conn *conn;
	struct MHD_Connection *mhd;
	struct arena arena;
	const char *raw; /* request target as received */
	const char *method, *path;
	struct http_param *params;
	size_t n_params;
	struct buf body;
	size_t body_limit, discarded;
	bool started, too_large, too_much;
	bool deferred;
	struct http_req *next; /* in the lane */
	int64_t body_start_ms;
	int64_t held; /* of server_admit_body() */
	char id[17];
	/* the reply */
	VEC(struct header) headers;
	struct MHD_Response *response;
	int status;
	bool replied, close;
	int64_t reply_size;
	struct http_stream *stream;
};

/* --- server_tls.c --- */
extern const char server_tls_priorities[];
/** Tickets, client certificates, transport: called for each new TLS session. */
void server_tls_session(struct conn *c, gnutls_session_t session);
/** Reads a verified client certificate into `c` once; false when it is out of date now. */
bool server_tls_client_ok(struct conn *c, gnutls_session_t session);
/** The next request on the connection, if any, reads it again. */
void server_tls_forget_client(struct conn *c);

/* --- server_watch.c --- */
bool server_watch_start(struct http_server *s, struct err *e) MUST_CHECK;
void server_watch_stop(struct http_server *s);
/** Frees what the watcher would have freed; after it and the pool have ended. */
void server_watch_reap(struct http_server *s);
void server_watch_deadline(struct conn *c, int64_t from_now_ms);
/** Notices the peer's going while the connection is suspended. */
void server_watch_peer(struct conn *c);
/** Puts the connection to sleep until `events` (EPOLLIN or EPOLLOUT). On its pool thread only. */
void server_watch_wait(struct conn *c, uint32_t events);
/** Wakes all that sleep so; with the lock held. */
void server_watch_wake_all(struct http_server *s);
void server_conn_new(struct http_server *s, struct conn *c);
void server_conn_closed(struct conn *c);

/* --- server_admit.c --- */
uint64_t server_admit_key(const struct sockaddr *a);
/** Whether one more connection from there may be. */
bool server_admit_may(struct http_server *s, uint64_t key);
void server_admit_in(struct conn *c, uint64_t key);
void server_admit_shaken(struct conn *c);
void server_admit_out(struct conn *c);
/** Counts `more` bytes (or gives them back); false: over the limit, nothing counted. */
bool server_admit_body(struct http_server *s, int64_t more);

/* --- server_lane.c --- */
bool server_lane_start(struct http_server *s, struct err *e) MUST_CHECK;
/** After `stopping` was set; the pool must run. Waits for what was promised a place. */
void server_lane_stop(struct http_server *s);
/** On the pool's thread, after the handler returned with `deferred`. */
void server_lane_put(struct http_req *r);
/** This thread stands back as the server was told to. */
void server_be_nice(const struct http_server *s);

/* --- http_request.c --- */
/** Checks header, target and length; 0, or the status to refuse with and the reason. */
int server_request_check(struct http_req *r, const char *url, const char *method,
			 const char *version, const char **why_out);
/** Declared body length; -1 = chunked. */
int64_t server_request_length(const struct http_req *r);

/* --- http_reply.c --- */
void server_reply_error(struct http_req *r, int status, const char *detail);
/** Hands the response over to libmicrohttpd. */
enum MHD_Result server_reply_queue(struct http_req *r);

/* --- http_stream.c --- */
/** The connection has ended (or never took the reply). */
void server_stream_ended(struct http_stream *s);
/** Makes the stream end: the peer has gone, or the server stops. */
void server_stream_cut(struct http_stream *s);
/* The certificate for a handshake; a gnutls_certificate_retrieve_function2. */
int server_cert_pick(gnutls_session_t session, const gnutls_datum_t *authorities, int n_authorities,
		     const gnutls_pk_algorithm_t *algorithms, int n_algorithms,
		     gnutls_pcert_st **chain_out, unsigned *n_out, gnutls_privkey_t *key_out);
void server_cert_done(struct http_server *s);
#endif
