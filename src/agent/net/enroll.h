/* SPDX-License-Identifier: Apache-2.0
 * Enrolment: a token becomes an identity. The token pins the installation's CA, so its secret is
 * sent to nobody else; the key is made here and never leaves. */
#ifndef AGENT_NET_ENROLL_H
#define AGENT_NET_ENROLL_H
#include "agent/agent_conf.h"
#include "base/buf.h"

#define ENROLL_SKEW_MS (24 * 3600 * 1000ll)

struct enroll_token {
	char id_secret[80]; /**< "<id>.<secret>" as it is sent */
	char pin[65];
};
/** "tsk1.<16 hex>.<43 base64url>.<64 hex>". ERR_INVALID says what is wrong with it. */
bool enroll_parse_token(struct str text, struct enroll_token *out, struct err *e) MUST_CHECK;

struct enroll_result {
	char agent_id[33];
	int64_t skew_ms; /**< this machine's clock minus the server's */
};
/** `proxy` may be NULL. `agent_user` NULL = the files stay the caller's. Errors name cause and
 * remedy (AC-35): DNS, route, TLS, token, proxy; a wrong clock is told in the result. */
bool enroll_run(const struct agent_paths *p, const char *server, const char *token,
		const char *proxy, const char *agent_user, struct enroll_result *out, struct err *e)
	MUST_CHECK;
/** Renews the certificate when two thirds of its life are over. */
bool enroll_renew(const struct agent_paths *p, int64_t now_ms, bool *renewed_out, struct err *e)
	MUST_CHECK;
#endif
