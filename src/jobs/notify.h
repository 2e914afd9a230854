/* SPDX-License-Identifier: Apache-2.0
 * Telling others how a sync ended (M-076): a JSON message by POST to an address of the settings,
 * and to a command of the server's configuration file; a mail to people (sync_mail.h). */
#ifndef JOBS_NOTIFY_H
#define JOBS_NOTIFY_H
#include "base/buf.h"
#include "catalog/catalog.h"

#define NOTIFY_FEEDS_MAX 100

/** What a sync came to. */
struct notify_news {
	const char *job;
	const char *error; /**< of the job, "" = none */
	int64_t started_ms, finished_ms;
	const struct feed_state *feeds;
	size_t n_feeds;
	int64_t stale_s; /**< a source without success for longer is stale */
	int64_t new_patches, patches;
	bool first; /**< the first patch DB there is: its patches are no news */
};
/** When to tell: "problems", "news" (problems and new patches), "always". */
bool notify_wanted(const struct notify_news *n, const char *when);
/** A text that is equal for equal problems: the same ones are told once. "" = none. */
void notify_problems(const struct notify_news *n, struct buf *out);
/** The message, one JSON object. */
void notify_message(const struct notify_news *n, struct buf *out);

struct jobs;
struct fetcher;
/** Puts a mail into the outbox, and sends it to both, three tries each, to the address through
 * `fetcher`: this process has no way out. A failure is logged, and the same problems are told again
 * after the next sync. Takes a minute at most; ends early when the server stops. */
void notify_send(struct jobs *j, struct fetcher *fetcher, const struct notify_news *n);
#endif
