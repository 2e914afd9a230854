/* SPDX-License-Identifier: Apache-2.0
 * Many agents in one program, for figures: client certificates from the server's own authority,
 * blocking TLS connections (full or resumed), requests and replies of HTTP/1.1. It measures nothing
 * itself. Everything that cannot go on ends the program with status 2, unless it is the thing that
 * is measured (a refused connection, a status). */
#ifndef BENCH_SWARM_H
#define BENCH_SWARM_H
#include "base/buf.h"
#include "crypto/x509.h"

#include <gnutls/gnutls.h>
#include <stdatomic.h>

/** Ends the program: `what` could not be done because of `why`. */
NORETURN void swarm_cannot(const char *what, const char *why);

struct swarm_agent {
	char id[33], nonce[40], hash[SHA256_HEX], scanned[32];
	char *hostname;
	gnutls_certificate_credentials_t cred;
	gnutls_session_t tls; /**< NULL = not connected */
	int fd;
	gnutls_datum_t ticket; /**< of the last connection; empty = none */
	bool resumed;
	time_t patience_s; /**< for replies; 0 = a minute */
	uint32_t source; /**< 127.x.y.z to connect from, network order; 0 = any */
	/* the last reply */
	int status;
	const char *why; /**< a connection ended */
	int64_t retry_after_s;
	struct buf reply; /**< header and body */
	size_t body;	  /**< where the body begins */
};

/** The authority in a server's state directory. */
struct x509_ca *swarm_authority(const char *tls_dir);
/** Gives `a` an id, a host name, and a client certificate for the id. */
void swarm_certify(const struct x509_ca *ca, struct swarm_agent *a, const char *id);
/** Enrols a fresh agent through the server (`token`: id and secret). */
void swarm_enrol(struct swarm_agent *a, size_t n, uint16_t port, const char *ca_file,
		 const char *token);
/** False: the peer refused or ended the connection. */
bool swarm_connect(struct swarm_agent *a, uint16_t port, bool resume);
/** TCP only; swarm_handshake() goes on. */
bool swarm_connect_tcp(struct swarm_agent *a, uint16_t port);
bool swarm_handshake(struct swarm_agent *a, bool resume);
/** Keeps a ticket for the next connection; after a reply has been read. */
void swarm_keep_ticket(struct swarm_agent *a);
void swarm_close(struct swarm_agent *a);
bool swarm_send(struct swarm_agent *a, const char *head, struct str body);
/** Bytes as they are. */
bool swarm_send_raw(struct swarm_agent *a, struct str bytes);
/** Reads one reply with Content-Length (or none); false when the connection ends instead. */
bool swarm_receive(struct swarm_agent *a);
/** One check-in as a real agent sends it; swarm_receive() and swarm_noted() follow. */
bool swarm_send_checkin(struct swarm_agent *a);
/** Takes the nonce of a reply. */
void swarm_noted(struct swarm_agent *a);

/** Uses the console like a person, new connections and kept ones, until `over` or `max` requests; the
 * seconds each took, sorted. Returns how many. */
size_t swarm_probe(uint16_t port, double *took, size_t max, atomic_bool *over);
void swarm_rest(double s);
/** CPU seconds of another process so far. */
double swarm_cpu(int pid);
double swarm_now(void);
long swarm_memory_kb(int pid);
/** Many descriptors. */
void swarm_descriptors(unsigned n);
int swarm_by_value(const void *a, const void *b); /**< qsort of double */
#endif
