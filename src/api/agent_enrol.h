/* SPDX-License-Identifier: Apache-2.0
 * What the gateway's files share about agents: enrolment, and the attributes in their messages. */
#ifndef API_AGENT_ENROL_H
#define API_AGENT_ENROL_H
#include "api/call.h"

#define AGENT_ENROL_MAX_BODY (512u << 10)
#define AGENT_CERT_DAYS 90

/** POST /agent/v1/enroll: the one route of the gateway without a certificate (listed in public.c).
 */
bool agent_enrol(struct call *c, struct err *e) MUST_CHECK;
/** The "attrs" member of a message; texts live in the call's arena. Control characters become '?'.
 */
bool agent_read_attrs(struct call *c, const json_t *body, struct host_attrs *out, struct err *e)
	MUST_CHECK;
/** A member that holds an order's id (32 hex digits). */
bool agent_read_order(const json_t *body, const char **out, struct err *e) MUST_CHECK;
/** An optional RFC 3339 member; absent or "" leaves *out as it is. */
bool agent_read_time(const json_t *body, const char *key, int64_t *out, struct err *e) MUST_CHECK;
/** Cleaned copy in the arena. */
char *agent_clean(struct call *c, const char *s);
#endif
