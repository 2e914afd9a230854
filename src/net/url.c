/* SPDX-License-Identifier: Apache-2.0
 * Reading, joining and writing URLs. Invariant: url_parse(url_write(u)) gives u again; everything
 * in a struct url is printable ASCII without space, so it can stand in a request line. */
#include "net/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <strings.h>

static struct str cut(struct str s, size_t from, size_t to)
{
	return (struct str) { s.p + from, to - from };
}

/* Characters of path and query: RFC 3986 section 3.3 and 3.4. */
static bool target_ok(struct str s, struct err *e)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c == '%') {
			if (s.n - i < 3 || !isxdigit((unsigned char)s.p[i + 1]) ||
			    !isxdigit((unsigned char)s.p[i + 2]))
				return err_set(e, ERR_INVALID,
					       "URL has a '%%' without two hex digits");
		} else if (c <= ' ' || c >= 0x7f || strchr("\"<>\\^`{|}#", c)) {
			return err_set(e, ERR_INVALID,
				       "URL has a character that must be percent-encoded");
		}
	}
	return true;
}

/* RFC 1123 names; a last label that looks like a number makes it an IPv4 address, which then must
 * be a full dotted quad (WHATWG URL, "ends in a number checker"): 127.1 or 0x7f.1 are refused. */
static bool name_ok(const char *h)
{
	struct in_addr v4;
	size_t label = 0;
	const char *last = h;
	for (const char *p = h; *p; p++) {
		if (*p == '.') {
			if (label == 0 || p[-1] == '-')
				return false;
			label = 0;
			last = p + 1;
		} else if (isalnum((unsigned char)*p) || *p == '_' || (*p == '-' && label)) {
			if (++label > 63)
				return false;
		} else {
			return false;
		}
	}
	if (label == 0 || h[strlen(h) - 1] == '-')
		return false;
	bool number = isdigit((unsigned char)last[0]) &&
		      (last[strspn(last, "0123456789")] == '\0' || strncmp(last, "0x", 2) == 0);
	return !number || inet_pton(AF_INET, h, &v4) == 1;
}

static bool set_host(struct url *u, struct str host, bool bracketed, struct err *e)
{
	if (host.n == 0 || host.n >= sizeof(u->host))
		return err_set(e, ERR_INVALID, "URL has no host, or one that is too long");
	for (size_t i = 0; i < host.n; i++) {
		unsigned char c = (unsigned char)host.p[i];
		if (c >= 0x80)
			return err_set(e, ERR_INVALID,
				       "URL's host is not ASCII; write it in its xn-- form");
		u->host[i] = (char)tolower(c);
	}
	u->host[host.n] = '\0';
	struct in6_addr v6;
	if (strlen(u->host) != host.n ||
	    !(bracketed ? inet_pton(AF_INET6, u->host, &v6) == 1 : name_ok(u->host)))
		return err_set(e, ERR_INVALID, "URL's host is not a name or an address");
	return true;
}

static bool set_authority(struct url *u, struct str a, struct err *e)
{
	if (str_find(a, '@') >= 0)
		return err_set(e, ERR_INVALID, "URL has a user name in it; give credentials apart");
	bool bracketed = str_starts(a, "[");
	ptrdiff_t end = bracketed ? str_find(a, ']') : str_find(a, ':');
	if (bracketed && end < 0)
		return err_set(e, ERR_INVALID, "URL's IPv6 address has no ']'");
	size_t host_end = end < 0 ? a.n : (size_t)end;
	struct str rest = cut(a, host_end + (bracketed ? 1 : 0), a.n);
	if (!set_host(u, cut(a, bracketed ? 1 : 0, host_end), bracketed, e))
		return false;
	u->port = u->tls ? 443 : 80;
	if (rest.n == 0)
		return true;
	int64_t port = 0;
	if (rest.p[0] != ':' || rest.n < 2 || rest.n > 6 || !isdigit((unsigned char)rest.p[1]) ||
	    !str_to_i64(cut(rest, 1, rest.n), &port) || port < 1 || port > 65535)
		return err_set(e, ERR_INVALID, "URL's port is not 1 to 65535");
	u->port = (uint16_t)port;
	return true;
}

void url_add_path(struct str path, struct buf *b)
{
	for (size_t i = 0; i < path.n; i++) {
		unsigned char c = (unsigned char)path.p[i];
		bool encoded = c == '%' && path.n - i >= 3 &&
			       isxdigit((unsigned char)path.p[i + 1]) &&
			       isxdigit((unsigned char)path.p[i + 2]);
		if ((c == '%' && !encoded) || c <= ' ' || c >= 0x7f || strchr("\"<>\\^`{|}#?", c))
			buf_printf(b, "%%%02X", c);
		else
			buf_addc(b, (char)c);
	}
}

static bool set_target(struct url *u, struct str t, struct err *e)
{
	ptrdiff_t fragment = str_find(t, '#');
	if (fragment >= 0)
		t.n = (size_t)fragment;
	bool slash = !str_starts(t, "/");
	if (t.n + slash >= sizeof(u->target))
		return err_set(e, ERR_LIMIT, "URL is longer than %d characters", URL_TARGET_MAX);
	if (!target_ok(t, e))
		return false;
	u->target[0] = '/';
	if (t.n)
		memcpy(u->target + slash, t.p, t.n);
	u->target[t.n + slash] = '\0';
	return true;
}

/* "http://" or "https://" in any case; its length, or 0. */
static size_t scheme_of(struct str s, bool *tls_out)
{
	if (s.n >= 7 && strncasecmp(s.p, "http://", 7) == 0) {
		*tls_out = false;
		return 7;
	}
	if (s.n >= 8 && strncasecmp(s.p, "https://", 8) == 0) {
		*tls_out = true;
		return 8;
	}
	return 0;
}

static size_t authority_end(struct str s, size_t from)
{
	while (from < s.n && !strchr("/?#\\", s.p[from]))
		from++;
	return from;
}

bool url_parse(struct str text, struct url *out, struct err *e)
{
	struct url u = { 0 };
	size_t from = scheme_of(text, &u.tls);
	if (!from)
		return err_set(e, ERR_INVALID, "URL does not begin with http:// or https://");
	size_t end = authority_end(text, from);
	if (!set_authority(&u, cut(text, from, end), e) ||
	    !set_target(&u, cut(text, end, text.n), e))
		return false;
	*out = u;
	return true;
}

/* RFC 3986 section 5.2.4, in place, on the path part of `t`. */
static void remove_dots(char *t)
{
	size_t path = strcspn(t, "?"), n = strlen(t), w = 0;
	for (size_t i = 0; i < path;) {
		size_t seg = i + 1; /* t[i] is '/' */
		while (seg < path && t[seg] != '/')
			seg++;
		size_t len = seg - i - 1;
		bool last = seg == path;
		if (len == 1 && t[i + 1] == '.') {
			if (last)
				t[w++] = '/';
		} else if (len == 2 && t[i + 1] == '.' && t[i + 2] == '.') {
			while (w && t[--w] != '/')
				;
			if (last)
				t[w++] = '/';
		} else {
			memmove(t + w, t + i, seg - i);
			w += seg - i;
		}
		i = seg;
	}
	if (w == 0)
		t[w++] = '/';
	if (w < path)
		memmove(t + w, t + path, n - path + 1);
}

bool url_join(const struct url *base, struct str ref, struct url *out, struct err *e)
{
	struct url u = *base;
	bool tls = false;
	if (scheme_of(ref, &tls)) {
		if (!url_parse(ref, &u, e))
			return false;
	} else if (str_starts(ref, "//")) {
		size_t end = authority_end(ref, 2);
		if (!set_authority(&u, cut(ref, 2, end), e) ||
		    !set_target(&u, cut(ref, end, ref.n), e))
			return false;
	} else if (str_starts(ref, "/")) {
		if (!set_target(&u, ref, e))
			return false;
	} else {
		/* A colon before any slash would be another scheme (mailto:, file:). */
		for (size_t i = 0; i < ref.n && !strchr("/?#", ref.p[i]); i++)
			if (ref.p[i] == ':')
				return err_set(e, ERR_INVALID, "reference is not an http URL");
		size_t keep = strlen(base->target);
		bool query = str_starts(ref, "?");
		if (ref.n && ref.p[0] != '#') {
			keep = strcspn(base->target, "?");
			while (!query && keep && base->target[keep - 1] != '/')
				keep--;
		}
		AUTO(buf_done) struct buf t = BUF_INIT(2 * URL_TARGET_MAX);
		buf_add(&t, base->target, keep);
		buf_addstr(&t, ref);
		if (!buf_ok(&t, "URL", e) || !set_target(&u, buf_str(&t), e))
			return false;
	}
	remove_dots(u.target);
	*out = u;
	return true;
}

void url_write(const struct url *u, struct buf *b)
{
	bool v6 = strchr(u->host, ':') != NULL;
	buf_printf(b, "%s://%s%s%s", u->tls ? "https" : "http", v6 ? "[" : "", u->host,
		   v6 ? "]" : "");
	if (u->port != (u->tls ? 443 : 80))
		buf_printf(b, ":%u", u->port);
	buf_adds(b, u->target);
}

bool url_same_origin(const struct url *a, const struct url *b)
{
	return a->tls == b->tls && a->port == b->port && strcmp(a->host, b->host) == 0;
}
