/* SPDX-License-Identifier: Apache-2.0
 * Messages between an agent's halves and its command line, over AF_UNIX stream sockets: four bytes
 * of length (big endian), then a JSON object of at most IPC_MAX bytes. One request and one reply a
 * connection. Both ends are bounded in size and in time, so that a peer that stalls costs seconds.
 */
#ifndef AGENT_IPC_H
#define AGENT_IPC_H
#include "format/json.h"

#include <sys/types.h>

#define IPC_MAX (8u << 20)

/** A listening socket at `path` (replaced when nobody answers there) with `mode`. */
bool ipc_listen(const char *path, mode_t mode, int *fd_out, struct err *e) MUST_CHECK;
/** Next connection of a listening socket and who is at its other end (SO_PEERCRED). */
bool ipc_accept(int listener, int *fd_out, uid_t *uid_out, struct err *e) MUST_CHECK;
/** ERR_UNAVAILABLE when nobody listens there. */
bool ipc_connect(const char *path, int *fd_out, struct err *e) MUST_CHECK;
bool ipc_send(int fd, const json_t *message, int64_t timeout_ms, struct err *e) MUST_CHECK;
/** One message; ERR_CORRUPT when it is not an object, ERR_LIMIT, ERR_TIMEOUT for the whole of it.
 */
bool ipc_recv(int fd, int64_t timeout_ms, json_t **out, struct err *e) MUST_CHECK;
/** As ipc_recv, of at most `max` bytes. */
bool ipc_recv_most(int fd, size_t max, int64_t timeout_ms, json_t **out, struct err *e) MUST_CHECK;
/** False with the peer's error in `e` for a reply {"error": text, "code": word}. */
bool ipc_good(const json_t *reply, struct err *e) MUST_CHECK;
/** Connect, send, receive. A reply {"error": text, "code": word} is returned like any other. */
bool ipc_call(const char *path, const json_t *request, int64_t timeout_ms, json_t **reply_out,
	      struct err *e) MUST_CHECK;
#endif
