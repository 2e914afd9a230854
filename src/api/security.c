/* SPDX-License-Identifier: Apache-2.0
 * Security headers, origin checks, session cookie and identity. Every decision here is made before
 * a handler sees the call. */
#include "api/security.h"

#include "crypto/digest.h"

#include <unistd.h>

static const struct {
	const char *name, *value;
} headers[] = {
	{ "Content-Security-Policy",
	  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
	  "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
	  "require-trusted-types-for 'script'" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Strict-Transport-Security", "max-age=31536000" },
	{ "Permissions-Policy",
	  "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), "
	  "payment=(), usb=()" },
};

void security_headers(struct http_req *r)
{
	for (size_t i = 0; i < ARRAY_LEN(headers); i++)
		http_reply_header(r, headers[i].name, headers[i].value);
}

bool security_same_site(struct call *c, struct err *e)
{
	const char *origin = http_req_header(c->req, "Origin"),
		   *host = http_req_header(c->req, "Host");
	const char *site = http_req_header(c->req, "Sec-Fetch-Site");
	if (origin) {
		const char *own = host ? arena_printf(c->arena, "https://%s", host) : "";
		if (strcasecmp(origin, own) != 0)
			return call_fail(c, e, 403, "csrf",
					 "the request comes from another site '%.100s'", origin);
	}
	if (site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0)
		return call_fail(c, e, 403, "csrf", "the request comes from another site");
	return true;
}

bool security_csrf(struct call *c, struct err *e)
{
	const char *given = http_req_header(c->req, "X-CSRF");
	if (!given || c->who.csrf[0] == '\0' ||
	    !digest_equal_bytes(str_of(given), str_of(c->who.csrf)))
		return call_fail(c, e, 403, "csrf",
				 "header X-CSRF does not hold the session's value");
	return true;
}

void security_set_cookie(struct http_req *r, const char *value)
{
	AUTO(buf_done) struct buf b = BUF_INIT(512);
	buf_printf(&b, SESSION_COOKIE "=%s; Path=/; Secure; HttpOnly; SameSite=Strict", value);
	http_reply_header(r, "Set-Cookie", buf_str(&b).p);
}

void security_clear_cookie(struct http_req *r)
{
	http_reply_header(r, "Set-Cookie",
			  SESSION_COOKIE "=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
}

/* The server's own socket: root and the server's user on this machine need no login. */
static bool local_administrator(struct call *c)
{
	int64_t uid = http_req_peer_uid(c->req);
	if (uid != 0 && uid != (int64_t)geteuid())
		return false;
	c->who = (struct principal) { .user_id = "local",
				      .name = "local",
				      .role = ROLE_ADMINISTRATOR,
				      .by_token = true,
				      .language = "en",
				      .timezone = "UTC",
				      .theme = "system" };
	return true;
}

bool security_authenticate(struct call *c, struct err *e)
{
	if (local_administrator(c))
		return true;
	static const char bearer[] = "Bearer ";
	const char *authorization = http_req_header(c->req, "Authorization");
	if (authorization) {
		if (strncasecmp(authorization, bearer, sizeof(bearer) - 1) != 0)
			return err_set(e, ERR_UNAUTHENTICATED, "only bearer tokens are understood");
		if (!auth_token_check(c->conf->auth, authorization + sizeof(bearer) - 1, &c->who,
				      e))
			return false;
		c->who.by_token = true;
		return true;
	}
	c->cookie = http_req_cookie(c->req, SESSION_COOKIE);
	if (!c->cookie)
		return err_set(e, ERR_UNAUTHENTICATED, "nobody is signed in");
	return auth_session(c->conf->auth, c->cookie, &c->who, e);
}
