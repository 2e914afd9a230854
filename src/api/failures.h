/* SPDX-License-Identifier: Apache-2.0
 * (system, patch) pairs of failed deployments, kept until a deployment changes. A pair counts only
 * while the system still misses the patch, which is asked at reading. */
#ifndef API_FAILURES_H
#define API_FAILURES_H
#include "deploy/deploy.h"
#include "match/match.h"

struct failures;
struct failures *failures_new(void);
void failures_free(struct failures *f);
/** What is kept may be old: read again before the next use. */
void failures_stale(struct failures *f);
/** Reads from the database when needed. Call it before taking a match view. */
bool failures_load(struct failures *f, struct deploy *d, struct err *e) MUST_CHECK;
/** Systems that still miss the patch after a failed deployment of it. */
int64_t failures_of_patch(struct failures *f, const struct match_view *v, uint32_t patch);
/** Patches a system still misses after a failed deployment of them. */
int64_t failures_of_host(struct failures *f, const struct match_view *v, uint32_t host);
/** Whether a deployment of the patch failed on the system; that it still misses it, the caller
 * knows.
 */
bool failures_has(struct failures *f, const char *host, struct str patch);
#endif
