/* SPDX-License-Identifier: Apache-2.0
 * The server's life and libmicrohttpd's callbacks. Invariants: a handler sees only requests that
 * server_request_check() let through; every phase of a connection (header, body, reply) has a
 * deadline; after http_server_stop() no thread of ours and no connection is left. */
#include "net/http_server.h"
#include "base/clock.h"
#include "base/enc.h"
#include "base/random.h"
#include "net/server_int.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 4096
#define DISCARD_MAX ((size_t)1 << 20)

/* --- connections and requests ------------------------------------------------------------------
 */

static struct conn *conn_of(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *i = MHD_get_connection_info(
		mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return i->socket_context;
}

static gnutls_session_t session_of(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *i = MHD_get_connection_info(
		mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	return i ? i->tls_session : NULL;
}

static const struct sockaddr *peer_address(struct MHD_Connection *mhd)
{
	return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
}

/* Asked after accept(), before anything else is done for the connection. */
static enum MHD_Result on_accept(void *arg, const struct sockaddr *a, socklen_t n UNUSED)
{
	return server_admit_may(arg, server_admit_key(a)) ? MHD_YES : MHD_NO;
}

static void set_peer(struct conn *c, struct MHD_Connection *mhd)
{
	const struct sockaddr *from = peer_address(mhd);
	c->uid = -1;
	if (from->sa_family == AF_UNIX) {
		struct ucred who;
		socklen_t n = sizeof(who);
		snprintf(c->peer, sizeof(c->peer), "local");
		if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0)
			c->uid = who.uid;
		return;
	}
	const struct sockaddr_in6 *a6 = (const void *)from;
	const struct sockaddr_in *a4 = (const void *)from;
	bool v4 = from->sa_family == AF_INET;
	bool mapped = !v4 && IN6_IS_ADDR_V4MAPPED(&a6->sin6_addr);
	const void *addr = v4	    ? (const void *)&a4->sin_addr
			   : mapped ? (const void *)&a6->sin6_addr.s6_addr[12]
				    : (const void *)&a6->sin6_addr;
	inet_ntop(v4 || mapped ? AF_INET : AF_INET6, addr, c->peer, sizeof(c->peer));
}

/* A connection that waits for a request: libmicrohttpd ends it after idle_timeout_s of silence, the
 * watcher a little later when it is not silent but has no whole header either. */
static void wait_for_header(struct conn *c)
{
	server_watch_deadline(c, (int64_t)c->server->conf.idle_timeout_s * 1000 + 10000);
}

static void on_connection(void *arg, struct MHD_Connection *mhd, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	struct http_server *s = arg;
	server_be_nice(s);
	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		server_admit_out(*context);
		server_conn_closed(*context);
		*context = NULL;
		return;
	}
	const union MHD_ConnectionInfo *i = MHD_get_connection_info(
		mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct conn *c = xcalloc(1, sizeof(*c));
	int one = 1;
	c->fd = i->connect_fd;
	c->mhd = mhd;
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	set_peer(c, mhd);
	server_conn_new(s, c);
	server_admit_in(c, server_admit_key(peer_address(mhd)));
	*context = c;
	wait_for_header(c);
	gnutls_session_t session = session_of(mhd);
	if (session)
		server_tls_session(c, session);
}

/* The first thing known of a request: its raw target. */
static void *on_target(void *arg, const char *target, struct MHD_Connection *mhd)
{
	struct http_req *r = xcalloc(1, sizeof(*r));
	r->server = arg;
	/* Told apart, not kept secret: a random beginning, then a step that hides the count. */
	uint64_t id = r->server->first_id +
		      atomic_fetch_add(&r->server->requests, 1) * 0x9E3779B97F4A7C15u;
	r->mhd = mhd;
	r->conn = conn_of(mhd);
	r->raw = arena_strdup(&r->arena, target ? target : "");
	enc_hex(&id, sizeof(id), r->id);
	return r;
}

/* Paths and queries are decoded by http_path.c only. */
static size_t no_unescape(void *arg, struct MHD_Connection *mhd, char *s)
{
	return strlen(s);
}

/* What only the handler needs; a stream may stay for weeks after it. */
static void forget(struct http_req *r)
{
	(void)server_admit_body(r->server, -r->held);
	r->held = 0;
	buf_done(&r->body);
	VEC_DONE(&r->headers);
	arena_done(&r->arena);
}

static void on_completed(void *arg, struct MHD_Connection *mhd, void **context,
			 enum MHD_RequestTerminationCode why)
{
	struct http_req *r = *context;
	*context = NULL;
	if (!r)
		return;
	if (r->stream) {
		pthread_mutex_lock(&r->server->lock);
		r->conn->stream = NULL;
		pthread_mutex_unlock(&r->server->lock);
		server_stream_ended(r->stream);
	}
	wait_for_header(r->conn);
	if (r->response)
		MHD_destroy_response(r->response);
	forget(r);
	xfree(r);
}

static const char busy_text[] = "the server has too much to do at the moment; come again later";

static enum MHD_Result refuse(struct http_req *r, int status, const char *detail)
{
	server_reply_error(r, status, detail);
	return server_reply_queue(r);
}

/* The header is complete. */
static enum MHD_Result on_header(struct http_req *r, const char *url, const char *method,
				 const char *version)
{
	const struct http_server_conf *conf = &r->server->conf;
	const char *why = "";
	int status = server_request_check(r, url, method, version, &why);
	if (status)
		return refuse(r, status, why);
	if (conf->client_ca_pem && !server_tls_client_ok(r->conn, session_of(r->mhd)))
		return refuse(r, 403, "client certificate is out of date");
	r->body_limit = conf->body_limit ? conf->body_limit(conf->arg, r) : conf->max_body;
	int64_t length = server_request_length(r);
	if (length > (int64_t)r->body_limit || (length < 0 && r->body_limit == 0))
		return refuse(r, 413, "body is larger than allowed here");
	if (conf->body_memory &&
	    length + atomic_load(&r->server->admit.bodies) > (int64_t)conf->body_memory)
		return refuse(r, 503, busy_text);
	r->body = BUF_INIT(MAX(r->body_limit, 1));
	r->body_start_ms = clock_mono_ms();
	server_watch_deadline(r->conn, SERVER_GRACE_MS);
	return MHD_YES;
}

static enum MHD_Result on_body(struct http_req *r, const char *data, size_t *size)
{
	if (!r->too_large && !r->too_much) {
		r->too_much = !server_admit_body(r->server, (int64_t)*size);
		r->held += r->too_much ? 0 : (int64_t)*size;
		buf_add(&r->body, data, *size);
		r->too_large = r->body.overflowed;
		if (r->too_large || r->too_much)
			buf_done(&r->body);
		int64_t allowed = SERVER_GRACE_MS + (int64_t)r->body.n;
		server_watch_deadline(r->conn,
				      MAX(allowed - (clock_mono_ms() - r->body_start_ms), 1));
	} else {
		r->discarded += *size;
	}
	*size = 0;
	/* A short overrun is answered 413, an endless one is cut. */
	return r->discarded > DISCARD_MAX ? MHD_NO : MHD_YES;
}

static enum MHD_Result on_complete(struct http_req *r)
{
	const struct http_server_conf *conf = &r->server->conf;
	if (r->too_large)
		return refuse(r, 413, "body is larger than allowed here");
	if (r->too_much)
		return refuse(r, 503, busy_text);
	if (!r->deferred) {
		server_watch_deadline(r->conn, 0);
		conf->handler(conf->arg, r);
		if (r->deferred) {
			server_lane_put(r);
			return MHD_YES;
		}
	}
	ASSERT(r->replied);
	enum MHD_Result rc = server_reply_queue(r);
	forget(r);
	return rc;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *mhd, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *size, void **context)
{
	struct http_req *r = *context;
	if (r->started)
		return *size ? on_body(r, data, size) : on_complete(r);
	r->started = true;
	return on_header(r, url, method, version);
}

/* --- life --------------------------------------------------------------------------------------
 */

static void on_log(void *arg, const char *format, va_list ap)
{
	struct http_server *s = arg;
	if (!atomic_load(&s->starting))
		return;
	vsnprintf(s->start_log, sizeof(s->start_log), format, ap);
	s->start_log[strcspn(s->start_log, "\n")] = '\0';
}

static bool parse_address(const struct http_server_conf *c, struct sockaddr_storage *out,
			  socklen_t *n_out, struct err *e)
{
	struct sockaddr_in *a4 = (void *)out;
	struct sockaddr_in6 *a6 = (void *)out;
	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, c->address, &a4->sin_addr) == 1) {
		a4->sin_family = AF_INET;
		a4->sin_port = htons(c->port);
		*n_out = sizeof(*a4);
		return true;
	}
	if (inet_pton(AF_INET6, c->address, &a6->sin6_addr) == 1) {
		a6->sin6_family = AF_INET6;
		a6->sin6_port = htons(c->port);
		*n_out = sizeof(*a6);
		return true;
	}
	return err_set(e, ERR_INVALID, "'%.60s' is not a numeric address", c->address);
}

static bool cannot_bind(const struct http_server_conf *c, int sys, struct err *e)
{
	if (sys == EADDRINUSE)
		return err_set(
			e, ERR_CONFLICT,
			"port %u of '%s' is in use by another program; stop that one (ss -ltnp "
			"shows it) or choose another port",
			c->port, c->address);
	if (sys == EACCES || sys == EPERM)
		return err_set(
			e, ERR_DENIED,
			"port %u of '%s' may not be opened by this user; choose one above 1023 "
			"or give the service CAP_NET_BIND_SERVICE",
			c->port, c->address);
	if (sys == EADDRNOTAVAIL)
		return err_set(
			e, ERR_INVALID,
			"'%s' is not an address of this machine; give one of its own or '::'",
			c->address);
	return err_sys(e, sys, "cannot listen on port %u of '%s'", c->port, c->address);
}

/* A socket file that a dead server left is replaced; nobody but its owner (and root) may connect.
 */
static bool open_local(struct http_server *s, const char *path, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(a.sun_path))
		return err_set(e, ERR_INVALID, "the socket's path '%.100s' is too long", path);
	memcpy(a.sun_path, path, strlen(path) + 1);
	AUTO(fd_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	unlink(path);
	if (fd < 0 || fchmod(fd, 0600) != 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    chmod(path, 0600) != 0 || listen(fd, BACKLOG) != 0)
		return err_sys(e, errno, "cannot listen on '%s'", path);
	s->listener = fd;
	fd = -1;
	return true;
}

static bool open_listener(struct http_server *s, struct err *e)
{
	if (strncmp(s->conf.address, "unix:", 5) == 0)
		return open_local(s, s->conf.address + 5, e);
	struct sockaddr_storage a;
	socklen_t n = 0;
	int one = 1, only6 = strcmp(s->conf.address, "::") != 0;
	if (!parse_address(&s->conf, &a, &n, e))
		return false;
	AUTO(fd_close) int fd = socket(a.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 && errno == EAFNOSUPPORT && !only6) { /* a machine without IPv6: all it has */
		struct sockaddr_in *a4 = (void *)&a;
		*a4 = (struct sockaddr_in) { .sin_family = AF_INET,
					     .sin_port = htons(s->conf.port) };
		n = sizeof(*a4);
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	}
	if (fd < 0)
		return cannot_bind(&s->conf, errno, e);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (a.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only6, sizeof(only6));
	if (bind(fd, (struct sockaddr *)&a, n) != 0 || listen(fd, BACKLOG) != 0)
		return cannot_bind(&s->conf, errno, e);
	n = sizeof(a);
	if (getsockname(fd, (struct sockaddr *)&a, &n) != 0)
		return cannot_bind(&s->conf, errno, e);
	s->port = ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&a)->sin6_port
						: ((struct sockaddr_in *)&a)->sin_port);
	s->listener = fd;
	fd = -1;
	return true;
}

static bool prepare_tls(struct http_server *s, struct err *e)
{
	struct x509_info info;
	if (!s->tls)
		return true;
	if (!x509_read(str_of(s->conf.cert_pem), &info, e))
		return err_prefix(e, "server certificate");
	if (!http_server_set_certificate(s, s->conf.cert_pem, s->conf.key_pem, e))
		return false;
	if (s->client_ca_pem && !x509_read(str_of(s->client_ca_pem), &info, e))
		return err_prefix(e, "CA certificate for clients");
	int rc = gnutls_session_ticket_key_generate(&s->ticket_key);
	return rc == 0 ? true
		       : err_set(e, ERR_INTERNAL, "cannot make a ticket key: %s",
				 gnutls_strerror(rc));
}

static bool start_daemon(struct http_server *s, struct err *e)
{
	struct MHD_OptionItem o[24];
	const struct http_server_conf *c = &s->conf;
	size_t n = 0;
#define OPTION(name, value, pointer)                                                               \
	o[n++] = (struct MHD_OptionItem) { name, (intptr_t)(value), (void *)(uintptr_t)(pointer) }
	OPTION(MHD_OPTION_LISTEN_SOCKET, s->listener, NULL);
	/* ours is the limit (on_accept); libmicrohttpd's, split over the threads, would leave the
	 * rest in the listening queue */
	OPTION(MHD_OPTION_CONNECTION_LIMIT, (c->max_connections + 64) * c->threads, NULL);
	OPTION(MHD_OPTION_CONNECTION_TIMEOUT, c->idle_timeout_s, NULL);
	OPTION(MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	       c->connection_memory ? c->connection_memory : SERVER_CONNECTION_MEMORY, NULL);
	OPTION(MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL);
	OPTION(MHD_OPTION_NOTIFY_CONNECTION, on_connection, s);
	OPTION(MHD_OPTION_NOTIFY_COMPLETED, on_completed, s);
	OPTION(MHD_OPTION_URI_LOG_CALLBACK, on_target, s);
	OPTION(MHD_OPTION_UNESCAPE_CALLBACK, no_unescape, NULL);
	if (c->threads > 1)
		OPTION(MHD_OPTION_THREAD_POOL_SIZE, c->threads, NULL);
	if (s->tls) {
		OPTION(MHD_OPTION_HTTPS_CERT_CALLBACK, 0, server_cert_pick);
		OPTION(MHD_OPTION_HTTPS_PRIORITIES, 0, server_tls_priorities);
	}
	if (s->client_ca_pem)
		OPTION(MHD_OPTION_HTTPS_MEM_TRUST, 0, s->client_ca_pem);
	OPTION(MHD_OPTION_END, 0, NULL);
#undef OPTION
	ASSERT(n <= ARRAY_LEN(o));
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
			 MHD_USE_ERROR_LOG | (s->tls ? MHD_USE_TLS : 0);
	atomic_store(&s->starting, true);
	s->daemon = MHD_start_daemon(flags, 0, on_accept, s, on_request, s,
				     MHD_OPTION_EXTERNAL_LOGGER, on_log, s, MHD_OPTION_ARRAY, o,
				     MHD_OPTION_END);
	atomic_store(&s->starting, false);
	if (!s->daemon)
		return err_set(e, ERR_INTERNAL, "cannot start the server on port %u: %s", s->port,
			       s->start_log[0] ? s->start_log : "unknown cause");
	s->listener = -1;
	return true;
}

static void server_free(struct http_server *s)
{
	if (!s)
		return;
	fd_close(s->listener);
	fd_close(s->epoll_fd);
	fd_close(s->wake_fd);
	if (s->ticket_key.data)
		gnutls_memset(s->ticket_key.data, 0, s->ticket_key.size);
	gnutls_free(s->ticket_key.data);
	server_cert_done(s);
	xfree(s->admit.slots);
	pthread_mutex_destroy(&s->admit.lock);
	xfree(s->client_ca_pem);
	xfree((char *)(uintptr_t)s->conf.address);
	pthread_mutex_destroy(&s->lock);
	xfree(s);
}
AUTO_DEFINE(struct http_server, server_free)

bool http_server_start(const struct http_server_conf *conf, struct http_server **out, struct err *e)
{
	ASSERT(conf->handler && conf->threads >= 1 && conf->threads <= 64 &&
	       conf->max_connections >= conf->threads && conf->idle_timeout_s >= 5 &&
	       conf->idle_timeout_s <= 600 && !conf->cert_pem == !conf->key_pem &&
	       (conf->cert_pem || !conf->client_ca_pem) &&
	       (!conf->connection_memory ||
		(conf->connection_memory >= 2560 && conf->connection_memory <= 65536)));
	AUTO(server_free) struct http_server *s = xcalloc(1, sizeof(*s));
	s->conf = *conf;
	s->conf.address = xstrdup(conf->address);
	s->tls = conf->cert_pem != NULL;
	s->first_id = random_u64();
	s->client_ca_pem = conf->client_ca_pem ? xstrdup(conf->client_ca_pem) : NULL;
	s->conf.client_ca_pem = s->client_ca_pem;
	s->listener = s->epoll_fd = s->wake_fd = -1;
	pthread_mutex_init(&s->lock, NULL);
	pthread_mutex_init(&s->admit.lock, NULL);
	if (!open_listener(s, e) || !prepare_tls(s, e) || !server_watch_start(s, e))
		return false;
	s->conf.cert_pem = s->conf.key_pem = NULL; /* the caller's */
	if (!server_lane_start(s, e) || !start_daemon(s, e)) {
		atomic_store(&s->stopping, true);
		server_lane_stop(s);
		server_watch_stop(s);
		return false;
	}
	*out = TAKE(s);
	return true;
}

uint16_t http_server_port(const struct http_server *s)
{
	return s->port;
}

void http_server_stop(struct http_server *s)
{
	if (!s)
		return;
	atomic_store(&s->stopping, true);
	s->listener = MHD_quiesce_daemon(s->daemon);
	server_watch_stop(s);
	/* libmicrohttpd must not be stopped with suspended connections. From here on a stream that
	 * is asked for bytes ends instead of being suspended. */
	pthread_mutex_lock(&s->lock);
	for (struct conn *c = s->conns; c; c = c->next)
		if (c->stream)
			server_stream_cut(c->stream);
	server_watch_wake_all(s);
	pthread_mutex_unlock(&s->lock);
	server_lane_stop(s);
	MHD_stop_daemon(s->daemon);
	server_watch_reap(s);
	server_free(s);
}
