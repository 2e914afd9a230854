/* SPDX-License-Identifier: Apache-2.0
 * Claims in the database. Invariant: between a claim and its release or its stored answer nobody
 * else can run the same key. */
#include "api/idempotency.h"

#include "api/api_int.h"
#include "api/queries.h"
#include "base/log.h"
#include "crypto/digest.h"

#define KEEP_MS (24 * 3600 * INT64_C(1000))
#define KEY_MIN 8
#define KEY_MAX 100

struct idempotency_claim {
	const char *user, *key, *run;
	char hash[SHA256_HEX];
	int64_t now_ms;
	bool taken;
	bool committed; /* the work is done: never run again, whatever fails after it */
	/* the answer */
	int status;
	const char *location;
	struct str body;
};

static bool good_key(const char *key)
{
	size_t n = strlen(key);
	for (const char *p = key; *p; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		      (*p >= '0' && *p <= '9') || *p == '-' || *p == '_'))
			return false;
	return n >= KEY_MIN && n <= KEY_MAX;
}

static void request_hash(struct call *c, char out[static SHA256_HEX])
{
	AUTO(digest_free) struct digest *d = digest_new();
	struct str body = http_req_body(c->req);
	digest_add(d, http_req_method(c->req), strlen(http_req_method(c->req)) + 1);
	digest_add(d, http_req_path(c->req), strlen(http_req_path(c->req)) + 1);
	digest_add(d, body.p, body.n);
	struct sha256 s = digest_end(d);
	digest_hex(&s, out);
}

static bool claim(struct sql_conn *conn, void *arg, struct err *e)
{
	struct idempotency_claim *k = arg;
	int64_t changed;
	if (!sql_change(conn, &SQL_IDEMPOTENCY_CLAIM,
			SQL_ARGS(sql_text(k->user), sql_text(k->key), sql_text(k->hash),
				 sql_text(k->run), sql_int(k->now_ms)),
			&changed, e))
		return false;
	k->taken = changed == 1;
	return true;
}

static bool replay(struct call *c, int status, struct str location, struct str body)
{
	if (location.n)
		http_reply_header(c->req, "Location", arena_str(c->arena, location).p);
	http_reply_header(c->req, "Idempotency-Replayed", "true");
	return call_text(c, status, "application/json", body);
}

/* The key is taken already: replay, or say why not. */
static bool answer_again(struct call *c, const struct idempotency_claim *k, struct err *e)
{
	AUTO(sql_done) struct sql_conn *conn = sql_reader(c->conf->db, e);
	struct sql_rows *rows = NULL;
	if (!conn || !sql_query(conn, &SQL_IDEMPOTENCY_GET,
				SQL_ARGS(sql_text(k->user), sql_text(k->key)), &rows, e))
		return false;
	bool found = sql_next(rows), same = false, same_run = false;
	int status = 0;
	struct str location = { 0 }, body = { 0 };
	if (found) {
		same = str_is(sql_col_str(rows, 0), k->hash);
		same_run = str_is(sql_col_str(rows, 1), k->run);
		status = (int)sql_col_int(rows, 2);
		location = arena_str(c->arena, sql_col_str(rows, 3));
		body = arena_str(c->arena, sql_col_str(rows, 4));
	}
	if (!sql_rows_end(rows, e))
		return false;
	if (found && !same)
		return call_fail(c, e, 422, "idempotency_mismatch",
				 "this Idempotency-Key was used for another request");
	if (found && status)
		return replay(c, status, location, body);
	if (found && !same_run)
		return call_fail(
			c, e, 409, "idempotency_unfinished",
			"the server ended while it worked on this request; look whether it took effect, then use a new key");
	return call_fail(c, e, 409, "idempotency_in_progress",
			 "the first request with this key is still running");
}

bool idempotency_begin(struct call *c, bool required, bool *replayed_out, struct err *e)
{
	const char *key = http_req_header(c->req, "Idempotency-Key");
	*replayed_out = false;
	if (!key && !required)
		return true;
	if (!key)
		return call_fail(c, e, 400, "idempotency_key_required",
				 "header Idempotency-Key is missing");
	if (!good_key(key))
		return call_fail(c, e, 400, "invalid_idempotency_key",
				 "Idempotency-Key must have 8 to 100 letters, digits, '-' or '_'");
	struct idempotency_claim *k = arena_new(c->arena, struct idempotency_claim);
	*k = (struct idempotency_claim) {
		.user = c->who.user_id, .key = key, .run = c->api->run, .now_ms = c->now_ms
	};
	request_hash(c, k->hash);
	if (!sql_write(c->conf->db, claim, k, e))
		return false;
	if (!k->taken) {
		if (!answer_again(c, k, e))
			return false;
		*replayed_out = true;
		return true;
	}
	c->claim = k;
	return true;
}

void idempotency_location(struct call *c, const char *location)
{
	http_reply_header(c->req, "Location", location);
	if (c->claim) {
		c->claim->location = location;
		c->claim->committed = true;
	}
}

static bool keep(struct sql_conn *conn, void *arg, struct err *e)
{
	struct idempotency_claim *k = arg;
	return sql_run(conn, &SQL_IDEMPOTENCY_KEEP,
		       SQL_ARGS(sql_text(k->user), sql_text(k->key), sql_int(k->status),
				sql_text(k->location), sql_str(k->body)),
		       e);
}

void idempotency_keep(struct call *c, int status, struct str body)
{
	struct err e = { 0 };
	c->claim->status = status;
	c->claim->body = body;
	/* The work is done and will be reported; a repetition will be told to look for itself. */
	if (!sql_write(c->conf->db, keep, c->claim, &e))
		log_error("answer of request %s was not kept for its Idempotency-Key: %s",
			  http_req_id(c->req), e.msg);
	c->claim = NULL;
}

static bool drop(struct sql_conn *conn, void *arg, struct err *e)
{
	struct idempotency_claim *k = arg;
	return sql_run(conn, &SQL_IDEMPOTENCY_DROP, SQL_ARGS(sql_text(k->user), sql_text(k->key)),
		       e);
}

void idempotency_release(struct call *c)
{
	struct err e = { 0 };
	if (c->claim && !c->claim->committed && !sql_write(c->conf->db, drop, c->claim, &e))
		log_error("Idempotency-Key of request %s was not released: %s", http_req_id(c->req),
			  e.msg);
	c->claim = NULL;
}

static bool forget(struct sql_conn *conn, void *arg, struct err *e)
{
	return sql_run(conn, &SQL_IDEMPOTENCY_FORGET, SQL_ARGS(sql_int(*(int64_t *)arg - KEEP_MS)),
		       e);
}

bool idempotency_forget(struct api *api, struct err *e)
{
	int64_t now_ms = clock_now_ms(api->conf.clock);
	return sql_write(api->conf.db, forget, &now_ms, e);
}
