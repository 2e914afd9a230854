/* SPDX-License-Identifier: Apache-2.0
 * The way out: a process of its own that speaks to vendors' servers and reads the directories the
 * settings name, and can touch neither the database nor the state directory. Bytes come back
 * through a pipe, so that nothing the process holds can change them afterwards. It is started when
 * it is needed, again when it died, and ended when there is nothing to fetch. */
#ifndef JOBS_FETCHER_H
#define JOBS_FETCHER_H
#include "feeds/fetch.h"

/** Name of the role (ipc/role.h). */
#define JOBS_FETCH_ROLE "fetch"

struct fetcher;
/** `proxy` NULL = direct. Never fails: the first fetch says what is wrong. One per thread. */
struct fetcher *fetcher_new(const char *proxy);
void fetcher_free(struct fetcher *f);
AUTO_DEFINE(struct fetcher, fetcher_free)
/** Directories and files it may read for file: addresses, NULL-terminated; replaces the former
 * list. */
void fetcher_allow(struct fetcher *f, const char *const *paths);
/** Bytes that can be sent. */
#define FETCHER_BODY_MAX ((size_t)768 << 10)
struct fetcher_request {
	struct feed_request r;
	int64_t timeout_s; /**< whole transfer */
	int64_t min_rate;  /**< see http_request */
	/** Of what is sent by POST; NULL = GET. Only to http and https. */
	const char *content_type;
	struct str body; /**< with content_type; at most FETCHER_BODY_MAX bytes */
};
/** As http_fetch_stream(); local files answer as a server would (404, 304). ERR_UNAVAILABLE "the
 * fetch process ..." when it died; the next call starts another one. */
bool fetcher_run(struct fetcher *f, const struct fetcher_request *r, struct feed_response *resp_out,
		 feed_body body, void *body_arg, struct err *e) MUST_CHECK;
/** feed_fetch.get; `fetcher` is the struct fetcher. */
bool fetcher_get(void *fetcher, const struct feed_request *r, struct feed_response *resp_out,
		 feed_body body, void *body_arg, struct err *e) MUST_CHECK;
/** Nothing to fetch for now: the process ends. */
void fetcher_rest(struct fetcher *f);
/** Any thread: the running call ends with ERR_UNAVAILABLE "cancelled", or the next one. */
void fetcher_cancel(struct fetcher *f);

/** The process's end: a role_entry's serve(). */
int fetcher_serve(int fd);
#endif
