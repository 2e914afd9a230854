/* SPDX-License-Identifier: Apache-2.0
 * Check-in and upload. Two small files are kept: the server's last nonce (which tells clones
 * apart), and the last inventory the server has taken (the base of the next delta). */
#include "agent/net/checkin.h"
#include "agent/net/attrs.h"
#include "agent/net/root_client.h"
#include "agent/net/server.h"
#include "agent/net/wakes.h"
#include "base/clock.h"
#include "base/enc.h"
#include "base/file.h"
#include "proto/inventory.h"

#define ORDERS_MAX 200

static const char *load_nonce(const struct agent_paths *p, struct arena *a)
{
	AUTO(buf_done) struct buf b = BUF_INIT(100);
	if (!file_read(agent_state_file(p, a, "net/nonce"), &b, NULL))
		return "";
	return arena_str(a, str_trim(buf_str(&b))).p;
}

static bool request_body(const struct agent_paths *p, const struct checkin_scan *scan, json_t **out,
			 struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(json_free) json_t *attrs = NULL;
	struct agent_identity id;
	char hex[SHA256_HEX] = "", when[CLOCK_RFC3339_LEN] = "";
	if (!agent_identity_load(p, &a, &id, e) || !attrs_gather(p, &attrs, e))
		return false;
	if (scan->scanned_ms) {
		digest_hex(&scan->hash, hex);
		clock_rfc3339(scan->scanned_ms, when);
	}
	int64_t epoch, seq;
	root_client_last(p, &epoch, &seq);
	json_t *j = json_pack("{s:O,s:s,s:s,s:s,s:I,s:I}", "attrs", attrs, "inventory", hex,
			      "scanned", when, "nonce", load_nonce(p, &a), "epoch",
			      (json_int_t)MAX(id.epoch, epoch), "seq", (json_int_t)seq);
	if (!j)
		return err_set(e, ERR_INTERNAL, "check-in cannot be written");
	if (scan->error)
		json_object_set_new(j, "scan_error", json_text(str_of(scan->error)));
	*out = j;
	return true;
}

/* --- inventory
 * ------------------------------------------------------------------------------------- */

static bool send_inventory(struct server *s, const struct checkin_scan *scan, const char *type,
			   const char *base_hex, struct str body, struct err *e)
{
	char hex[SHA256_HEX], when[CLOCK_RFC3339_LEN];
	AUTO(buf_done) struct buf path = BUF_INIT(200), hash = BUF_INIT(200), base = BUF_INIT(200);
	AUTO(buf_done) struct buf kind = BUF_INIT(200), sum = BUF_INIT(200);
	buf_adds(&path, "/agent/v1/inventory?scanned=");
	enc_percent(&path, str_of(clock_rfc3339(scan->scanned_ms, when)));
	buf_printf(&kind, "Content-Type: %s", type);
	buf_printf(&hash, "Inventory-Hash: %s", digest_hex(&scan->hash, hex));
	buf_printf(&base, "Inventory-Base: %s", base_hex);
	if (base_hex[0]) {
		struct inventory_sum all = inventory_sum_of_text(scan->text);
		buf_printf(&sum, "Inventory-Sum: %s", inventory_sum_hex(&all, hex));
	}
	const char *const headers[] = { kind.p, hash.p, base_hex[0] ? base.p : NULL,
					base_hex[0] ? sum.p : NULL, NULL };
	return server_send(s, "POST", path.p, headers, body, NULL, e);
}

static bool send_delta(const struct agent_paths *p, struct server *s,
		       const struct checkin_scan *scan, const char *base_hex, bool *sent_out,
		       struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done)
	struct buf base = BUF_INIT(INVENTORY_MAX), delta = BUF_INIT(2 * INVENTORY_MAX);
	struct sha256 want, have;
	*sent_out = false;
	if (!digest_parse(str_of(base_hex), &want) ||
	    !file_read(agent_state_file(p, &a, "net/inventory"), &base, NULL))
		return true;
	have = digest_of(buf_str(&base));
	if (!digest_eq(&have, &want) ||
	    !inventory_delta(buf_str(&base), scan->text, &delta, NULL) || delta.n >= scan->text.n)
		return true; /* not our base, or no gain: the whole of it */
	if (send_inventory(s, scan, "text/tsukuroi-inventory-delta", base_hex, buf_str(&delta), e))
		return *sent_out = true;
	return e->code == ERR_CONFLICT; /* not the server's base any more */
}

static bool upload(const struct agent_paths *p, struct server *s, const struct checkin_scan *scan,
		   const char *want, const char *base_hex, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	bool sent = false;
	if (strcmp(want, "delta") == 0 && !send_delta(p, s, scan, base_hex, &sent, e))
		return err_prefix(e, "inventory");
	if (!sent && !send_inventory(s, scan, "text/tsukuroi-inventory", "", scan->text, e))
		return err_prefix(e, "inventory");
	return file_write_atomic(agent_state_file(p, &a, "net/inventory"), scan->text, 0600, e);
}

/* --- the exchange
 * ---------------------------------------------------------------------------------- */

static bool read_reply(const struct agent_paths *p, const json_t *j, struct checkin_reply *out,
		       const char **want, const char **base, json_t **orders, json_t **wakes,
		       struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	const char *nonce = "", *when = "";
	int64_t server_ms;
	if (!json_need_str(j, "nonce", 1, 64, &nonce, e) ||
	    !json_opt_str(j, "want_inventory", 10, want, e) ||
	    !json_opt_str(j, "delta_base", 64, base, e) ||
	    !json_opt_bool(j, "scan", &out->scan, e) ||
	    !json_opt_array(j, "orders", ORDERS_MAX, orders, e) ||
	    !json_opt_array(j, "wake", WAKES_MAX, wakes, e) ||
	    !json_opt_bool(j, "wake_on_lan", &out->wake_on_lan, e) ||
	    !json_opt_int(j, "refresh_s", 30, 7 * 86400, &out->refresh_s, e) ||
	    !json_opt_str(j, "server_time", 40, &when, e))
		return err_prefix(e, "server's answer");
	out->tells_wake_on_lan = json_object_get(j, "wake_on_lan") != NULL;
	if (clock_parse_rfc3339(str_of(when), &server_ms))
		out->skew_ms = clock_wall_ms() - server_ms;
	return file_write_atomic(agent_state_file(p, &a, "net/nonce"), str_of(nonce), 0600, e);
}

static bool exchange(const struct agent_paths *p, const struct checkin_scan *scan, struct server *s,
		     void (*order)(void *arg, struct str envelope), void *arg,
		     struct checkin_reply *out, struct err *e)
{
	AUTO(json_free) json_t *body = NULL, *reply = NULL;
	struct checkin_reply r = { 0 };
	const char *want = "none", *base = "";
	json_t *orders = NULL, *wakes = NULL;
	if (!server_open(p, s, e) || !request_body(p, scan, &body, e) ||
	    !server_post_news(s, "/agent/v1/checkin", body, json_object_get(body, "attrs"), "lan",
			      &reply, e) ||
	    !read_reply(p, reply, &r, &want, &base, &orders, &wakes, e))
		return false;
	for (size_t i = 0; i < json_array_size(orders); i++) {
		const json_t *one = json_array_get(orders, i);
		if (!json_is_string(one))
			return err_set(e, ERR_CORRUPT, "server's answer: an order is not text");
		order(arg, (struct str) { json_string_value(one), json_string_length(one) });
		r.n_orders++;
	}
	wakes_run(p, s, wakes);
	if (scan->scanned_ms && strcmp(want, "none") != 0 && !upload(p, s, scan, want, base, e))
		return false;
	*out = r;
	return true;
}

bool checkin_run(const struct agent_paths *p, const struct checkin_scan *scan,
		 void (*order)(void *arg, struct str envelope), void *arg,
		 struct checkin_reply *out, int64_t *retry_after_s_out, struct err *e)
{
	AUTO(server_done) struct server s = { 0 };
	bool good = exchange(p, scan, &s, order, arg, out, e);
	*retry_after_s_out = good ? 0 : s.retry_after_s;
	return good;
}
