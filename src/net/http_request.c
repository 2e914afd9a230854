/* SPDX-License-Identifier: Apache-2.0
 * Requests: what is let through (A22, A58: one reading or 400) and how handlers look at it. */
#include "net/server_int.h"

#include <ctype.h>
#include <strings.h>

/* --- checks ------------------------------------------------------------------------------------
 */

/* Headers of which a second one would be read differently by different readers. */
static const char *const singles[] = {
	"Host",	      "Content-Length", "Transfer-Encoding", "Content-Type",  "Authorization",
	"Cookie",     "Origin",		"Referer",	     "Range",	      "If-Range",
	"User-Agent", "Expect",		"Content-Encoding",  "If-None-Match", "If-Match",
};

struct header_check {
	size_t n;
	unsigned seen; /* bit i: singles[i] */
	const char *why;
	const char *length, *encoding;
};

/* RFC 9110 section 5.6.2. */
static bool token(const char *s)
{
	for (const char *p = s; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '-' && !strchr("!#$%&'*+.^_`|~", *p))
			return false;
	return s[0] != '\0';
}

static enum MHD_Result check_header(void *arg, enum MHD_ValueKind kind, const char *name,
				    const char *value)
{
	struct header_check *h = arg;
	_Static_assert(ARRAY_LEN(singles) <= 32, "bits");
	h->n++;
	if (!token(name))
		h->why = "a header name that is not a token";
	for (const char *p = value; p && *p; p++)
		if (((unsigned char)*p < ' ' && *p != '\t') || *p == 0x7f)
			h->why = "a control character in a header";
	for (unsigned i = 0; i < ARRAY_LEN(singles); i++) {
		if ((name[0] | 0x20) != (singles[i][0] | 0x20) || strcasecmp(name, singles[i]) != 0)
			continue;
		if (h->seen & 1u << i)
			h->why = "a header given twice";
		h->seen |= 1u << i;
	}
	if ((name[0] | 0x20) == 'c' && strcasecmp(name, "Content-Length") == 0)
		h->length = value ? value : "";
	if ((name[0] | 0x20) == 't' && strcasecmp(name, "Transfer-Encoding") == 0)
		h->encoding = value ? value : "";
	return MHD_YES;
}

static bool digits(const char *s)
{
	size_t n = strspn(s, "0123456789");
	return n > 0 && n <= 18 && s[n] == '\0';
}

static int check_headers(struct http_req *r, const char *version, const char **why)
{
	struct header_check h = { 0 };
	MHD_get_connection_values(r->mhd, MHD_HEADER_KIND, check_header, &h);
	if (h.n > SERVER_HEADERS_MAX) {
		*why = "too many headers";
		return 431;
	}
	if (!h.why && h.encoding && h.length)
		h.why = "both Content-Length and Transfer-Encoding";
	if (!h.why && h.encoding &&
	    (strcasecmp(h.encoding, "chunked") != 0 || strcmp(version, "HTTP/1.1") != 0))
		h.why = "a Transfer-Encoding that is not known here";
	if (!h.why && h.length && !digits(h.length))
		h.why = "a Content-Length that is not a number";
	*why = h.why;
	return h.why ? 400 : 0;
}

int server_request_check(struct http_req *r, const char *url, const char *method,
			 const char *version, const char **why_out)
{
	const char *raw = r->raw, *query = strchr(raw, '?');
	size_t n = strlen(raw);
	r->method = arena_strdup(&r->arena, method);
	if (!token(r->method)) {
		*why_out = "a method that is not a token";
		return 400;
	}
	/* The target ends one byte before the version. It is shorter when there was a NUL in it. */
	if ((uintptr_t)version - (uintptr_t)url != n + 1) {
		*why_out = "a request line that is not well-formed";
		return 400;
	}
	int status = check_headers(r, version, why_out);
	if (status)
		return status;
	struct str path = { raw, query ? (size_t)(query - raw) : n };
	struct str rest = str_of(query ? query + 1 : "");
	r->path = http_path_canonical(path, &r->arena, why_out);
	if (!r->path || !http_path_query(rest, &r->arena, &r->params, &r->n_params, why_out))
		return 400;
	return 0;
}

int64_t server_request_length(const struct http_req *r)
{
	int64_t n = 0;
	const char *length = http_req_header(r, "Content-Length");
	if (http_req_header(r, "Transfer-Encoding"))
		return -1;
	return length && str_to_i64(str_of(length), &n) ? n : 0;
}

/* --- what handlers see -------------------------------------------------------------------------
 */

const char *http_req_method(const struct http_req *r)
{
	return r->method;
}

const char *http_req_path(const struct http_req *r)
{
	return r->path;
}

const char *http_req_query(const struct http_req *r, const char *name)
{
	for (size_t i = 0; i < r->n_params; i++)
		if (strcmp(r->params[i].name, name) == 0)
			return r->params[i].value;
	return NULL;
}

void http_req_each_query(const struct http_req *r,
			 void (*fn)(void *arg, const char *name, const char *value), void *arg)
{
	for (size_t i = 0; i < r->n_params; i++)
		fn(arg, r->params[i].name, r->params[i].value);
}

const char *http_req_header(const struct http_req *r, const char *name)
{
	return MHD_lookup_connection_value(r->mhd, MHD_HEADER_KIND, name);
}

const char *http_req_cookie(struct http_req *r, const char *name)
{
	const char *found = NULL;
	struct str rest = str_of(http_req_header(r, "Cookie")), pair;
	while (str_split(&rest, ';', &pair)) {
		pair = str_trim(pair);
		ptrdiff_t eq = str_find(pair, '=');
		if (eq < 0 || !str_is((struct str) { pair.p, (size_t)eq }, name))
			continue;
		if (found)
			return NULL;
		struct str value = { pair.p + eq + 1, pair.n - (size_t)eq - 1 };
		found = arena_str(&r->arena, value).p;
	}
	return found;
}

struct str http_req_body(const struct http_req *r)
{
	return buf_str(&r->body);
}

const char *http_req_peer(const struct http_req *r)
{
	return r->conn->peer;
}

int64_t http_req_peer_uid(const struct http_req *r)
{
	return r->conn->uid;
}

const struct x509_info *http_req_client_info(struct http_req *r)
{
	return r->conn->cert;
}

struct http_server *http_req_server(const struct http_req *r)
{
	return r->server;
}

const char *http_req_id(const struct http_req *r)
{
	return r->id;
}

struct arena *http_req_arena(struct http_req *r)
{
	return &r->arena;
}
