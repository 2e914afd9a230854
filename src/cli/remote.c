/* SPDX-License-Identifier: Apache-2.0
 * HTTPS or the local socket, JSON in and out. Knows no command. */
#include "cli/remote.h"
#include "base/enc.h"
#include "base/file.h"
#include "base/random.h"
#include "net/http_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SOCKET_DEFAULT "/var/lib/tsukuroi/tsukuroid.sock"

struct remote {
	struct http_client *client;
	char *url, *token, *ca_file, *pin;
};

void remote_free(struct remote *r)
{
	if (!r)
		return;
	http_client_free(r->client);
	xfree(r->url);
	xfree(r->token);
	xfree(r->ca_file);
	xfree(r->pin);
	xfree(r);
}

/* $XDG_CONFIG_HOME/tsukuroi/login.json, else ~/.config/...; NULL without a home. */
static char *login_path(void)
{
	const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	if (base && base[0] == '/')
		return xasprintf("%s/tsukuroi/login.json", base);
	return home && home[0] == '/' ? xasprintf("%s/.config/tsukuroi/login.json", home) : NULL;
}

bool remote_connect(const char *url, const char *ca_file, const char *pin, struct remote **out,
		    struct err *e)
{
	if (strncmp(url, "https://", 8) != 0)
		return err_set(e, ERR_INVALID, "'%.100s' is not an https:// address", url);
	struct remote *r = xcalloc(1, sizeof(*r));
	r->url = xstrdup(url);
	size_t n = strlen(r->url);
	while (n && r->url[n - 1] == '/')
		r->url[--n] = '\0';
	r->ca_file = ca_file ? xstrdup(ca_file) : NULL;
	r->pin = pin ? xstrdup(pin) : NULL;
	struct http_tls tls = { .ca_file = r->ca_file, .pin_sha256_hex = r->pin };
	r->client = http_client_new("tsukuroi-cli/" TSUKUROI_VERSION, &tls, NULL);
	*out = r;
	return true;
}

static bool open_login(const char *path, struct remote **out, struct err *e)
{
	AUTO(buf_done) struct buf text = BUF_INIT(65536);
	AUTO(json_free) json_t *j = NULL;
	const char *url = NULL, *token = NULL, *ca = NULL, *pin = NULL;
	if (!file_read(path, &text, e) || !json_parse(buf_str(&text), 65536, &j, e) ||
	    !json_need_str(j, "url", 8, 1000, &url, e) ||
	    !json_need_str(j, "token", 1, 200, &token, e) ||
	    !json_opt_str(j, "ca_file", 4000, &ca, e) || !json_opt_str(j, "pin", 64, &pin, e) ||
	    !remote_connect(url, ca, pin, out, e))
		return err_prefix(e, "cannot use the login in '%s'", path);
	(*out)->token = xstrdup(token);
	return true;
}

bool remote_open(struct remote **out, struct err *e)
{
	AUTO(xfree) char *path = login_path();
	if (path && file_exists(path))
		return open_login(path, out, e);
	const char *socket = getenv("TSUKUROI_SOCKET");
	if (!socket)
		socket = SOCKET_DEFAULT;
	if (access(socket, R_OK | W_OK) != 0)
		return err_set(
			e, ERR_UNAUTHENTICATED,
			"not signed in; run 'tsukuroi login https://SERVER:8383', or run this as root on the server's machine");
	struct remote *r = xcalloc(1, sizeof(*r));
	r->url = xstrdup("http://localhost");
	r->client = http_client_new("tsukuroi-cli/" TSUKUROI_VERSION, NULL, NULL);
	http_client_unix(r->client, socket);
	*out = r;
	return true;
}

bool remote_save(const struct remote *r, const char *token, struct err *e)
{
	AUTO(xfree) char *path = login_path();
	if (!path)
		return err_set(e, ERR_INVALID,
			       "cannot store the login: neither HOME nor XDG_CONFIG_HOME is set");
	AUTO(json_free) json_t *j = json_object();
	json_object_set_new(j, "url", json_text(str_of(r->url)));
	json_object_set_new(j, "token", json_text(str_of(token)));
	if (r->ca_file) {
		AUTO(xfree) char *full = realpath(r->ca_file, NULL);
		json_object_set_new(j, "ca_file", json_text(str_of(full ? full : r->ca_file)));
	}
	if (r->pin)
		json_object_set_new(j, "pin", json_text(str_of(r->pin)));
	AUTO(buf_done) struct buf b = BUF_INIT(65536);
	json_write(j, &b);
	AUTO(xfree) char *dir = xstrdup(path);
	*strrchr(dir, '/') = '\0';
	return file_mkdirs(dir, 0700, e) && file_write_atomic(path, buf_str(&b), 0600, e);
}

bool remote_forget(struct err *e)
{
	AUTO(xfree) char *path = login_path();
	return !path || file_remove_tree(path, e);
}

/* The error behind a reply that is not 2xx. */
static bool problem(int status, struct str body, struct err *e)
{
	AUTO(json_free) json_t *j = NULL;
	const char *code = "", *detail = "";
	if (json_parse(body, REMOTE_MAX, &j, NULL)) {
		bool c UNUSED = json_opt_str(j, "code", 100, &code, NULL);
		bool d UNUSED = json_opt_str(j, "detail", 1000, &detail, NULL);
	}
	enum err_code err = status == 401   ? ERR_UNAUTHENTICATED
			    : status == 403 ? ERR_DENIED
			    : status == 404 ? ERR_NOT_FOUND
			    : status == 409 ? ERR_CONFLICT
			    : status == 412 ? ERR_CONFLICT
			    : status == 413 ? ERR_LIMIT
			    : status >= 500 ? ERR_UNAVAILABLE
					    : ERR_INVALID;
	const char *remedy = status == 401 ? "; sign in again with 'tsukuroi login'" : "";
	if (detail[0])
		return err_set(e, err, "%s (%s)%s", detail, code, remedy);
	return err_set(e, err, "the server answered %d%s", status, remedy);
}

/* `if_match` or NULL; `etag_out` (200 bytes) or NULL. */
static bool send(struct remote *r, const char *method, const char *path, const json_t *body,
		 const char *if_match, char *etag_out, struct buf *out, struct err *e)
{
	AUTO(xfree)
	char *url = xasprintf("%s%s%s", r->url, strcmp(path, "/healthz") == 0 ? "" : "/api/v1",
			      path);
	AUTO(xfree) char *auth = r->token ? xasprintf("Authorization: Bearer %s", r->token) : NULL;
	AUTO(xfree)
	char *key = xasprintf("Idempotency-Key: %016llx%016llx", (unsigned long long)random_u64(),
			      (unsigned long long)random_u64());
	const char *headers[6] = { "Accept: application/json" };
	size_t n = 1;
	if (auth)
		headers[n++] = auth;
	AUTO(xfree) char *match = if_match ? xasprintf("If-Match: %s", if_match) : NULL;
	if (match)
		headers[n++] = match;
	AUTO(buf_done) struct buf text = BUF_INIT(REMOTE_MAX);
	if (body) {
		json_write(body, &text);
		headers[n++] = "Content-Type: application/json";
		headers[n++] = key;
	}
	ASSERT(n < ARRAY_LEN(headers)); /* NULL ends them */
	struct http_request req = { .method = method,
				    .url = url,
				    .headers = headers,
				    .body = buf_str(&text),
				    .max_response = REMOTE_MAX,
				    .timeout_s = 120 };
	struct http_response resp;
	if (!http_fetch(r->client, &req, &resp, out, e))
		return err_prefix(e, "cannot reach the server");
	if (resp.status < 200 || resp.status > 299)
		return problem(resp.status, buf_str(out), e);
	if (etag_out)
		snprintf(etag_out, sizeof(resp.etag), "%s", resp.etag);
	return true;
}

bool remote_call(struct remote *r, const char *method, const char *path, const json_t *body,
		 json_t **reply_out, struct err *e)
{
	AUTO(buf_done) struct buf out = BUF_INIT(REMOTE_MAX);
	if (!send(r, method, path, body, NULL, NULL, &out, e))
		return false;
	return !reply_out || json_parse(buf_str(&out), REMOTE_MAX, reply_out, e);
}

bool remote_change(struct remote *r, const char *path, int64_t version, const json_t *body,
		   json_t **reply_out, struct err *e)
{
	AUTO(buf_done) struct buf out = BUF_INIT(REMOTE_MAX);
	AUTO(xfree) char *etag = xasprintf("\"%lld\"", (long long)version);
	return send(r, "PATCH", path, body, etag, NULL, &out, e) &&
	       json_parse(buf_str(&out), REMOTE_MAX, reply_out, e);
}

bool remote_change_now(struct remote *r, const char *path, const json_t *body, json_t **reply_out,
		       struct err *e)
{
	AUTO(buf_done) struct buf was = BUF_INIT(REMOTE_MAX), now = BUF_INIT(REMOTE_MAX);
	struct http_response resp;
	char etag[sizeof(resp.etag)] = "";
	return send(r, "GET", path, NULL, NULL, etag, &was, e) &&
	       send(r, "PATCH", path, body, etag, NULL, &now, e) &&
	       json_parse(buf_str(&now), REMOTE_MAX, reply_out, e);
}

bool remote_text(struct remote *r, const char *path, struct buf *out, struct err *e)
{
	return send(r, "GET", path, NULL, NULL, NULL, out, e);
}

bool remote_all(struct remote *r, const char *path, size_t max, json_t **items_out, struct err *e)
{
	AUTO(json_free) json_t *all = json_array();
	AUTO(xfree) char *cursor = NULL;
	do {
		AUTO(json_free) json_t *page = NULL;
		AUTO(xfree)
		char *at = xasprintf("%s%climit=200%s%s", path, strchr(path, '?') ? '&' : '?',
				     cursor ? "&cursor=" : "", cursor ? cursor : "");
		if (!remote_call(r, "GET", at, NULL, &page, e))
			return false;
		json_t *items = json_object_get(page, "items");
		for (size_t i = 0;
		     i < json_array_size(items) && (!max || json_array_size(all) < max); i++)
			json_array_append(all, json_array_get(items, i));
		const char *next = json_string_value(
			json_object_get(json_object_get(page, "page"), "next_cursor"));
		xfree(cursor);
		cursor = NULL;
		if (next && (!max || json_array_size(all) < max)) {
			AUTO(buf_done) struct buf b = BUF_INIT(8192);
			enc_percent(&b, str_of(next));
			cursor = xstrdup(b.p);
		}
	} while (cursor);
	*items_out = TAKE(all);
	return true;
}

static bool is_word(const json_t *j, const char *member, const char *word)
{
	const char *s = json_string_value(json_object_get(j, member));
	return s && strcmp(s, word) == 0;
}

bool remote_group(struct remote *r, const char *word, json_t **group_out, struct err *e)
{
	AUTO(json_free) json_t *list = NULL;
	if (!remote_all(r, "/groups", 0, &list, e))
		return false;
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *g = json_array_get(list, i);
		if (is_word(g, "id", word) || is_word(g, "name", word)) {
			*group_out = json_incref(g);
			return true;
		}
	}
	return err_set(e, ERR_NOT_FOUND, "there is no group '%.100s'; 'tsukuroi groups' lists them",
		       word);
}

bool remote_policy(struct remote *r, const char *word, json_t **policy_out, struct err *e)
{
	AUTO(json_free) json_t *doc = NULL;
	if (!remote_call(r, "GET", "/deployment-policies", NULL, &doc, e))
		return false;
	const json_t *list = json_object_get(doc, "items");
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *p = json_array_get(list, i);
		const json_t *name = json_object_get(p, "name");
		if (is_word(p, "id", word) || is_word(name, "en", word) ||
		    is_word(name, "ja", word)) {
			*policy_out = json_incref(p);
			return true;
		}
	}
	return err_set(e, ERR_NOT_FOUND,
		       "there is no deployment policy '%.100s'; 'tsukuroi policies' lists them",
		       word);
}

bool remote_system(struct remote *r, const char *word, json_t **system_out, struct err *e)
{
	AUTO(buf_done) struct buf path = BUF_INIT(4096);
	AUTO(json_free) json_t *list = NULL;
	buf_adds(&path, "/systems?q=");
	enc_percent(&path, str_of(word));
	if (!buf_ok(&path, "the system's name", e) || !remote_all(r, path.p, 0, &list, e))
		return false;
	json_t *found = NULL;
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *s = json_array_get(list, i);
		const char *id = json_string_value(json_object_get(s, "id"));
		const char *name = json_string_value(json_object_get(s, "hostname"));
		if ((!id || strcmp(id, word) != 0) && (!name || strcmp(name, word) != 0))
			continue;
		if (found)
			return err_set(
				e, ERR_CONFLICT,
				"several systems are called '%.100s'; use the id ('tsukuroi systems --json')",
				word);
		found = s;
	}
	if (found) {
		*system_out = json_incref(found);
		return true;
	}
	AUTO(json_free) json_t *one = NULL;
	buf_reset(&path);
	buf_adds(&path, "/systems/");
	enc_percent(&path, str_of(word));
	if (!remote_call(r, "GET", path.p, NULL, &one, NULL))
		return err_set(e, ERR_NOT_FOUND,
			       "there is no managed system '%.100s'; 'tsukuroi systems' lists them",
			       word);
	*system_out = TAKE(one);
	return true;
}
