/* SPDX-License-Identifier: Apache-2.0
 * What browsers are told and what is demanded of them: the header set of every reply, and the
 * checks against requests forged by other sites. There is no CORS: no other origin may read
 * anything. */
#ifndef API_SECURITY_H
#define API_SECURITY_H
#include "api/call.h"

/** The headers of every reply: CSP, no framing, no sniffing. Cache-Control is set by who answers.
 */
void security_headers(struct http_req *r);
/** 403 `csrf` for a state-changing request whose Origin or Sec-Fetch-Site is another site. */
bool security_same_site(struct call *c, struct err *e) MUST_CHECK;
/** For a cookie session: X-CSRF must hold the session's value (constant time). */
bool security_csrf(struct call *c, struct err *e) MUST_CHECK;

#define SESSION_COOKIE "__Host-session"
void security_set_cookie(struct http_req *r, const char *value);
void security_clear_cookie(struct http_req *r);
/** Who asks, from the bearer token or the session cookie; 401 otherwise. */
bool security_authenticate(struct call *c, struct err *e) MUST_CHECK;
#endif
