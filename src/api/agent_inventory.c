/* SPDX-License-Identifier: Apache-2.0
 * Inventories, whole or as a delta, plain or zstd. What is stored is exactly what the agent hashed:
 * the result's digest, or the sum of its lines, must be the one in the header. */
#include "api/agent_work.h"
#include "api/api_int.h"
#include "api/push.h"

#include <zstd.h>

/* 8 MiB of window: what an agent's encoder uses at most. */
#define WINDOW_LOG 23

const struct param agent_inventory_params[] = {
	{ .name = "scanned", .type = PARAM_TEXT, .min = 20, .max = CLOCK_RFC3339_LEN }, PARAM_LAST
};

static void free_dctx(ZSTD_DCtx *d)
{
	ZSTD_freeDCtx(d);
}
AUTO_DEFINE(ZSTD_DCtx, free_dctx)

static bool unzstd(struct call *c, struct str in, struct buf *out, struct err *e)
{
	AUTO(free_dctx) ZSTD_DCtx *d = ZSTD_createDCtx();
	ZSTD_inBuffer ib = { in.p, in.n, 0 };
	size_t rc = ZSTD_DCtx_setParameter(d, ZSTD_d_windowLogMax, WINDOW_LOG),
	       chunk = ZSTD_DStreamOutSize();
	while (!ZSTD_isError(rc) && (ib.pos < ib.size || rc != 0)) {
		char *room = buf_reserve(out, chunk);
		if (!room)
			return call_fail(c, e, 413, "limit",
					 "the inventory is larger than %u bytes", INVENTORY_MAX);
		ZSTD_outBuffer ob = { room, chunk, 0 };
		size_t before = ib.pos;
		rc = ZSTD_decompressStream(d, &ob, &ib);
		out->n += ob.pos;
		if (!ZSTD_isError(rc) && ob.pos == 0 && ib.pos == before)
			return call_fail(c, e, 400, "invalid_encoding",
					 "the zstd frame is not complete");
	}
	if (ZSTD_isError(rc))
		return call_fail(c, e, 400, "invalid_encoding", "the body is not zstd: %s",
				 ZSTD_getErrorName(rc));
	return true;
}

static bool decoded_body(struct call *c, struct buf *out, struct err *e)
{
	const char *encoding = http_req_header(c->req, "Content-Encoding");
	struct str body = http_req_body(c->req);
	if (encoding && strcmp(encoding, "zstd") == 0)
		return unzstd(c, body, out, e);
	if (encoding && strcmp(encoding, "identity") != 0)
		return call_fail(c, e, 415, "unsupported_encoding",
				 "Content-Encoding must be zstd or absent");
	buf_addstr(out, body);
	return buf_ok(out, "the inventory", e);
}

static bool digest_header(struct call *c, const char *name, struct sha256 *out, struct err *e)
{
	const char *hex = http_req_header(c->req, name);
	if (!hex || !digest_parse(str_of(hex), out))
		return call_fail(c, e, 400, "invalid_header", "header %s must hold 64 hex digits",
				 name);
	return true;
}

/* What an upload's headers say. */
struct upload {
	struct sha256 digest; /* of the whole text */
	int64_t scanned_ms;
};

static bool put_text(struct call *c, const struct upload *u, struct str full, struct err *e)
{
	struct sha256 got = digest_of(full);
	if (!digest_eq(&u->digest, &got))
		return call_fail(
			c, e, 409, "wrong_digest",
			"the inventory is not the one its header names; send the full inventory");
	return fleet_put_digested(c->conf->fleet, c->host, full, &got, u->scanned_ms, e);
}

/* The text that the facts give is not digested here: the result must have the digest that the agent
 * computed. */
static bool put_applied(struct call *c, const struct upload *u, struct str delta, struct err *e)
{
	AUTO(buf_done) struct buf text = BUF_INIT(INVENTORY_MAX), full = BUF_INIT(INVENTORY_MAX);
	if (!fleet_inventory_text(c->conf->fleet, c->host, &text, e))
		return false;
	if (!inventory_apply(buf_str(&text), delta, &full, e))
		return call_fail(c, e, 409, "wrong_base",
				 "the delta does not fit; send the full inventory");
	return put_text(c, u, buf_str(&full), e);
}

static bool put_delta(struct call *c, const struct upload *u, struct fleet_delta *d, struct err *e)
{
	d->digest = u->digest;
	d->scanned_ms = u->scanned_ms;
	struct err why = { 0 };
	if (fleet_put_delta(c->conf->fleet, c->host, d, &why))
		return true;
	if (why.code == ERR_CONFLICT || why.code == ERR_CORRUPT)
		return call_fail(c, e, 409, "wrong_base", "%s; send the full inventory", why.msg);
	*e = why;
	return false;
}

/* 409: the agent then sends the whole text. An agent that tells the sum of its lines spares both
 * texts; the largest inventories, whose limit is one of bytes, do not go that way. */
static bool put_difference(struct call *c, const struct upload *u, struct err *e)
{
	const char *sum = http_req_header(c->req, "Inventory-Sum");
	struct fleet_delta d = { 0 };
	struct sha256 have;
	AUTO(buf_done) struct buf delta = BUF_INIT(INVENTORY_MAX);
	if (!digest_header(c, "Inventory-Base", &d.base, e) || !decoded_body(c, &delta, e))
		return false;
	d.delta = buf_str(&delta);
	fleet_read_lock(c->conf->fleet);
	const struct host *h = fleet_host(c->conf->fleet, c->host);
	have = h->inventory;
	bool large = h->n_facts > FLEET_DELTA_FACTS / 2;
	fleet_read_unlock(c->conf->fleet);
	if (!digest_eq(&d.base, &have))
		return call_fail(c, e, 409, "wrong_base",
				 "the base is not what the server has; send the full inventory");
	if (sum && !inventory_sum_parse(str_of(sum), &d.sum))
		return call_fail(c, e, 400, "invalid_header",
				 "header Inventory-Sum must hold 32 hex digits");
	return sum && !large ? put_delta(c, u, &d, e) : put_applied(c, u, d.delta, e);
}

static bool put_inventory(struct call *c, const struct upload *u, struct err *e)
{
	const char *type = http_req_header(c->req, "Content-Type");
	AUTO(buf_done) struct buf full = BUF_INIT(INVENTORY_MAX);
	if (type && strcmp(type, "text/tsukuroi-inventory-delta") == 0)
		return put_difference(c, u, e);
	if (!type || strcmp(type, "text/tsukuroi-inventory") != 0)
		return call_fail(
			c, e, 415, "unsupported_media_type",
			"the body must be text/tsukuroi-inventory or text/tsukuroi-inventory-delta");
	return decoded_body(c, &full, e) && put_text(c, u, buf_str(&full), e);
}

bool agent_inventory(struct call *c, struct err *e)
{
	const char *scanned = query_text(&c->query, "scanned");
	struct upload u;
	if (!scanned || !clock_parse_rfc3339(str_of(scanned), &u.scanned_ms) || u.scanned_ms <= 0)
		return call_fail(c, e, 400, "invalid_parameter",
				 "'scanned' must be a time as in RFC 3339");
	u.scanned_ms = MIN(u.scanned_ms, c->now_ms);
	if (!digest_header(c, "Inventory-Hash", &u.digest, e) || !put_inventory(c, &u, e))
		return false;
	bool first;
	if (!deploy_reconciled(c->conf->deploy, c->host, &first, e))
		return false;
	if (first)
		(void)push_wake(c->api->push, c->host); /* for the orders it was not given yet */
	if (c->conf->on_host)
		c->conf->on_host(c->conf->arg, c->host, "scanned");
	return call_no_content(c);
}
