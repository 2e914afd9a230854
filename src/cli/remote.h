/* SPDX-License-Identifier: Apache-2.0
 * The server's public API as the command line uses it: either the login that `tsukuroi login`
 * stored, or, on the server's own machine as root (or the server's user), its local socket. */
#ifndef CLI_REMOTE_H
#define CLI_REMOTE_H
#include "base/arena.h"
#include "format/json.h"

#define REMOTE_MAX (64u << 20) /**< bytes of one reply */

struct remote;
/** Login file first, then the local socket. ERR_UNAUTHENTICATED with remedy when there is neither.
 */
bool remote_open(struct remote **out, struct err *e) MUST_CHECK;
/** Without a login: for `tsukuroi login`. `ca_file` or `pin` or neither (system store). */
bool remote_connect(const char *url, const char *ca_file, const char *pin, struct remote **out,
		    struct err *e) MUST_CHECK;
/** Writes the login file (0600). */
bool remote_save(const struct remote *r, const char *token, struct err *e) MUST_CHECK;
/** Forgets the login file. */
bool remote_forget(struct err *e) MUST_CHECK;
void remote_free(struct remote *r);
AUTO_DEFINE(struct remote, remote_free)

/** One request. `path` begins with '/' and is already percent-encoded, query included. A
 * problem+json reply becomes the error, its code in front. `reply_out` may be NULL. */
bool remote_call(struct remote *r, const char *method, const char *path, const json_t *body,
		 json_t **reply_out, struct err *e) MUST_CHECK;
/** PATCH of what was read with this version; ERR_CONFLICT when it has another by now. */
bool remote_change(struct remote *r, const char *path, int64_t version, const json_t *body,
		   json_t **reply_out, struct err *e) MUST_CHECK;
/** PATCH on the version that is there now (its ETag). */
bool remote_change_now(struct remote *r, const char *path, const json_t *body, json_t **reply_out,
		       struct err *e) MUST_CHECK;
/** GET of text. */
bool remote_text(struct remote *r, const char *path, struct buf *out, struct err *e) MUST_CHECK;
/** All pages of a list as one array (at most `max` items; 0 = all). `path` may have a query. */
bool remote_all(struct remote *r, const char *path, size_t max, json_t **items_out, struct err *e)
	MUST_CHECK;
/** A group by id or name. ERR_NOT_FOUND. */
bool remote_group(struct remote *r, const char *word, json_t **group_out, struct err *e) MUST_CHECK;
/** A deployment policy by id or name, in either language. ERR_NOT_FOUND. */
bool remote_policy(struct remote *r, const char *word, json_t **policy_out, struct err *e)
	MUST_CHECK;
/** A system by id or host name. ERR_NOT_FOUND, ERR_CONFLICT when several have that name. */
bool remote_system(struct remote *r, const char *word, json_t **system_out, struct err *e)
	MUST_CHECK;
#endif
