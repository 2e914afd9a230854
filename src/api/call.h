/* SPDX-License-Identifier: Apache-2.0
 * One request on its way through the room: who asks, which row answers, and the ways to answer.
 * Everything hangs on the request's arena or the request itself; nothing here outlives it. */
#ifndef API_CALL_H
#define API_CALL_H
#include "api/api.h"
#include "api/query.h"
#include "api/route.h"
#include "format/json.h"

struct idempotency_claim;

struct call {
	struct api *api;
	const struct api_conf *conf;
	struct http_req *req;
	struct arena *arena;
	const struct route *route;
	struct str params[ROUTE_MAX_PARAMS]; /**< path parameters, in order */
	struct query query;		     /**< checked query parameters */
	int64_t now_ms;

	/* people and programs */
	struct principal who; /**< valid unless the route is public */
	const char *cookie;   /**< of the session, or NULL */
	struct idempotency_claim *claim;
	struct enrich_join *enriched; /**< see enriched.h */
	roaring_bitmap_t *unknown;    /**< see unknown.h */
	roaring_bitmap_t *approved;   /**< see approvals.h */
	const struct catalog *approved_of;

	/* agents: from the certificate alone */
	uint32_t host;
	char agent_id[33];

	/* a problem more precise than the error's code */
	int problem_status;
	const char *problem_code;
	json_t *problem_errors; /**< owned */
	json_t *problem_params; /**< owned */
};

/** Fails the call with a status and a stable code; the text goes to `e`. Returns false. */
bool call_fail(struct call *c, struct err *e, int status, const char *code, const char *fmt, ...)
	PRINTF_LIKE(5, 6);
/** Names the member or parameter that is wrong ("/name", "?limit") in the problem's errors. */
void call_blame(struct call *c, const char *pointer, const char *code, const char *detail);
/** Gives the error in hand a more precise code when it has `when`; returns false always. */
bool call_code(struct call *c, const struct err *e, enum err_code when, const char *code);

/** Answers with JSON; takes `j`. Returns true. */
bool call_json(struct call *c, int status, json_t *j);
bool call_no_content(struct call *c);
bool call_text(struct call *c, int status, const char *type, struct str body);

/** Whether the request's content type is JSON. */
bool call_is_json(const struct call *c);
/** The request's JSON object (freed with the call's end by AUTO(json_free)); only members in
 * `known`. 415 when the content type is not application/json. */
bool call_body(struct call *c, const char *const *known, json_t **out, struct err *e) MUST_CHECK;
/** A path parameter as a NUL-terminated string. */
const char *call_param(struct call *c, size_t i);
/** 404 unless the path parameter is 32 lower-case hex digits. */
bool call_param_id(struct call *c, size_t i, const char **out, struct err *e) MUST_CHECK;
/** The version in If-Match. 428 without one, 412 for what is no ETag of `what` ("the settings"). */
bool call_if_match(struct call *c, const char *what, int64_t *out, struct err *e) MUST_CHECK;
/** The answer's ETag. */
void call_etag(struct call *c, int64_t version);
/** 412: it was changed since that version. Returns false. */
bool call_stale(struct call *c, struct err *e);
/** Writes to the audit log as the signed-in user. `detail` is taken; may be NULL. */
bool call_audit(struct call *c, const char *action, const char *object, json_t *detail,
		struct err *e) MUST_CHECK;
#endif
