/* SPDX-License-Identifier: Apache-2.0
 * Who is told by mail how a deployment stands (M-146, S-11): when there is something to tell, and
 * the note of what was told. The first time when there is something to do, then at the points of a
 * grid and only when something has changed since; its end, and a halt by its gates, at once.
 * Writing and sending mails is not this room's: the note is written in the transaction that puts
 * the mail into the outbox, so that nothing is lost and nothing is told twice. */
#ifndef DEPLOY_ASK_NOTIFY_H
#define DEPLOY_ASK_NOTIFY_H
#include "deploy/deploy.h"
#include "deploy/rollout/waves.h"
#include "format/json.h"

#define NOTIFY_ADDRESSES_MAX 20
#define NOTIFY_EVERY_MIN 5
#define NOTIFY_EVERY_MAX 10080
#define NOTIFY_EVERY_USUAL 60

/** The API's object {to, every_minutes}, or null: nobody. Texts live in `a`. ERR_INVALID. */
bool notify_read(const json_t *j, struct arena *a, struct deploy_notify *out, struct err *e)
	MUST_CHECK;
json_t *notify_write(const struct deploy_notify *n);

/** Whom a deployment tells; nobody: `to` is "". */
bool deploy_notify_get(struct deploy *d, const char *id, struct arena *a, struct deploy_notify *out,
		       struct err *e) MUST_CHECK;

/* --- the decision; pure --- */
/** What was noted when it was looked at last. */
struct notify_note {
	int64_t anchor_ms, every_ms; /**< the grid: anchor + n * every */
	int64_t looked_ms;	     /**< 0 = never */
	const char *told;	     /**< "" = nothing yet */
	int64_t halt_ms;
	bool ended;
};
/** How it stands. */
struct notify_now {
	int64_t now_ms;
	int64_t halt_ms; /**< since when its gates halt it; 0 = they do not */
	bool ended;
};
enum notify_what {
	NOTIFY_NOTHING, /**< it is not the time */
	NOTIFY_SAME,	/**< it was the time, and nothing has changed: that is noted */
	NOTIFY_FIRST,
	NOTIFY_CHANGED,
	NOTIFY_HALTED,
	NOTIFY_ENDED,
};
/** Whether it is the time to look; counting before would be for nothing. */
bool notify_is_due(const struct notify_note *last, const struct notify_now *now);
/** `state` is how it stands, in a text that is equal for what is equal to a reader. */
enum notify_what notify_decide(const struct notify_note *last, const struct notify_now *now,
			       const char *state);

/* --- of the leader's clock --- */
/** A deployment that is due. */
struct deploy_news {
	struct deployment_row row;
	struct deploy_notify notify;
	enum notify_what what;
	struct notify_now now;
	const char *state; /**< what will have been told */
	struct failure_group *failures;
	size_t n_failures;
	bool has_rollout;
	struct rollout_view rollout;
};
/** Those that are due, at most 100 at a time; all in `a`. */
bool deploy_news(struct deploy *d, struct arena *a, struct deploy_news **out, size_t *n_out,
		 struct err *e) MUST_CHECK;
/** Inside a write function: it was told, or (NOTIFY_SAME) looked at. *still_out: somebody is still
 * to be told. */
bool deploy_news_note(struct sql_conn *c, const struct deploy_news *n, bool *still_out,
		      struct err *e) MUST_CHECK;

/** Patches whose test failed and nobody was told of, by id, and who is to be (`to` may be ""). */
struct test_failure {
	const char *patch, *why;
	int64_t at_ms;
};
bool deploy_test_failures(struct deploy *d, struct arena *a, struct test_failure **out,
			  size_t *n_out, struct deploy_notify *to_out, struct err *e) MUST_CHECK;
/** Inside a write function. */
bool deploy_test_failures_told(struct sql_conn *c, const struct test_failure *list, size_t n,
			       struct err *e) MUST_CHECK;
#endif
