/* SPDX-License-Identifier: Apache-2.0
 * The hub of server-sent events (WHATWG HTML, section 9.2): publish from any thread, at most two
 * events a second per topic reach the streams (what comes between is merged), a ring answers
 * Last-Event-ID, and whoever is too far behind is told to read again (`event: resync`). Events
 * carry ids and counters only; who may see what is decided by the GETs that follow. */
#ifndef API_EVENTS_H
#define API_EVENTS_H
#include "base/str.h"
#include "net/http_server.h"

enum event_topic {
	EVENT_FLEET,
	EVENT_PATCHES,
	EVENT_SYSTEMS,
	EVENT_DEPLOYMENTS,
	EVENT_JOBS,
	EVENT_FEEDS,
	EVENT_ADMINISTRATION,
	EVENT_TOPICS_
};
const char *event_topic_name(enum event_topic t); /**< "fleet", ... */

/** Counters that go with a topic's next event; the latest value wins. */
struct event_counter {
	const char *name; /**< a literal */
	int64_t value;
};
#define EVENT_MAX_COUNTERS 16
#define EVENT_MAX_IDS 50 /**< more ids than that in one event become "more": true */

struct events;
/** Starts the hub's thread. */
struct events *events_new(void);
/** Ends all streams. */
void events_free(struct events *ev);
AUTO_DEFINE(struct events, events_free)
/** `id` (at most 64 bytes) or NULL = anything of the topic may have changed. Never blocks on a
 * peer. */
void events_publish(struct events *ev, enum event_topic t, const char *id,
		    const struct event_counter *counters, size_t n);
/** Turns the request into a stream of the topics in `mask` (1 << topic), resuming after the id in
 *  `last_event_id` when not NULL. False when too many streams are open; nothing was replied then.
 */
bool events_attach(struct events *ev, struct http_req *r, unsigned mask, const char *last_event_id);
/** Number of open streams. */
size_t events_streams(struct events *ev);
#endif
