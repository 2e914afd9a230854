/* SPDX-License-Identifier: Apache-2.0
 * Open push connections of agents, one a host: words only ("hello", "checkin", "ping"), never data.
 * A host is online while its connection is open. */
#ifndef API_PUSH_H
#define API_PUSH_H
#include "fleet/fleet.h"
#include "net/http_server.h"

struct push;
/** Starts the thread that pings. */
struct push *push_new(struct fleet *f);
void push_free(struct push *p);
/** Turns the request into the host's push connection; an older one of the host is closed. */
void push_attach(struct push *p, struct http_req *r, uint32_t host);
/** Tells the host to come now. False when it is not connected. */
bool push_wake(struct push *p, uint32_t host);
/** As push_wake() for many: how many are connected. The words are sent by the registry's thread, a
 * few at a time, so that a hundred thousand hosts hold nobody up. */
size_t push_wake_many(struct push *p, const uint32_t *hosts, size_t n);
/** Closes the host's connection (retired, quarantined). */
void push_drop(struct push *p, uint32_t host);
#endif
