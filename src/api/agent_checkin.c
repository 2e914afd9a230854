/* SPDX-License-Identifier: Apache-2.0
 * Check-in (docs/agent-protocol.md section 2): nonce first, then attributes, scan state, inventory
 * request and orders. Also renewal, push and the gateway's route table. */
#include "api/agent_enrol.h"
#include "api/agent_nonce.h"
#include "api/agent_quick.h"
#include "api/agent_work.h"
#include "api/api_int.h"
#include "api/push.h"
#include "base/log.h"
#include "deploy/wol/wol.h"

#define CHECKIN_MAX_BODY (512u << 10)
#define RENEW_MAX_BODY (16u << 10)
#define MAX_SCAN_ERROR 1000
#define MAX_REPLY (64u << 20)

struct checkin {
	struct host_attrs attrs;
	struct sha256 inventory;
	bool has_inventory;
	int64_t scanned_ms, epoch, seq;
	const char *nonce, *scan_error;
};

static bool read_checkin(struct call *c, const json_t *body, struct checkin *out, struct err *e)
{
	struct checkin k = { .nonce = "", .scan_error = "" };
	const char *inventory = "";
	if (!agent_read_attrs(c, body, &k.attrs, e) ||
	    !json_opt_str(body, "inventory", 64, &inventory, e) ||
	    !agent_read_time(body, "scanned", &k.scanned_ms, e) ||
	    !json_opt_str(body, "nonce", 32, &k.nonce, e) ||
	    !json_opt_int(body, "epoch", 0, INT64_MAX, &k.epoch, e) ||
	    !json_opt_int(body, "seq", 0, INT64_MAX, &k.seq, e) ||
	    !json_opt_str(body, "scan_error", MAX_SCAN_ERROR, &k.scan_error, e))
		return false;
	k.has_inventory = *inventory != '\0';
	if (k.has_inventory && !digest_parse(str_of(inventory), &k.inventory))
		return err_set(e, ERR_INVALID, "'inventory' must be 64 hex digits or empty");
	k.scanned_ms = MIN(k.scanned_ms,
			   c->now_ms); /* a fast clock must not date scans into the future */
	*out = k;
	return true;
}

static bool check_nonce(struct call *c, const char *given, char next[static NONCE_LEN],
			struct err *e)
{
	enum nonce_verdict verdict;
	if (!nonces_turn(c->api->nonces, c->host, c->agent_id, deploy_epoch(c->conf->deploy), given,
			 c->now_ms, next, &verdict, e))
		return false;
	if (verdict == NONCE_GOOD)
		return true;
	if (!fleet_set_state(c->conf->fleet, c->host, HOST_QUARANTINED, e) ||
	    !auth_audit(c->conf->auth, "agent", http_req_peer(c->req), "system.quarantine",
			c->agent_id, NULL, e))
		return false;
	push_drop(c->api->push, c->host);
	events_publish(c->api->events, EVENT_SYSTEMS, c->agent_id, NULL, 0);
	if (c->conf->on_host)
		c->conf->on_host(c->conf->arg, c->host, "quarantined");
	return call_fail(
		c, e, 403, "quarantined",
		"two machines used this agent's key; enrol each of them again with a fresh key");
}

/* What the fleet knows of the host now. */
struct known {
	enum scan_status scan;
	int64_t last_scan_ms;
	struct sha256 inventory;
	bool has_inventory, same_error;
};

static void read_known(struct call *c, const struct checkin *k, struct known *out)
{
	static const struct sha256 zero;
	fleet_read_lock(c->conf->fleet);
	const struct host *h = fleet_host(c->conf->fleet, c->host);
	*out = (struct known) { .scan = h->scan,
				.last_scan_ms = h->last_scan_ms,
				.inventory = h->inventory };
	out->has_inventory = !digest_eq(&h->inventory, &zero);
	out->same_error = h->scan == SCAN_FAILED && h->scan_error &&
			  strcmp(h->scan_error, k->scan_error) == 0;
	fleet_read_unlock(c->conf->fleet);
}

/* A request for a scan ends with a newer scan, or with a failure reported after the agent was told:
 * an error that it brings along from before does not answer the request. */
static bool settle_scan(struct call *c, const struct checkin *k, const struct known *n,
			bool *scan_out, struct err *e)
{
	bool newer = k->has_inventory && k->scanned_ms > n->last_scan_ms;
	bool same = newer && n->has_inventory && digest_eq(&k->inventory, &n->inventory);
	bool told = api_scan_told(c->api, c->host, false);
	*scan_out = n->scan == SCAN_REQUESTED && !newer && !(told && *k->scan_error);
	if (*scan_out) {
		(void)api_scan_told(c->api, c->host, true);
		return true;
	}
	if (*k->scan_error)
		return n->same_error || fleet_set_scan(c->conf->fleet, c->host, SCAN_FAILED,
						       agent_clean(c, k->scan_error), e);
	return !same || fleet_scanned_again(c->conf->fleet, c->host, k->scanned_ms, e);
}

static const char *wanted(const struct checkin *k, const struct known *n)
{
	if (k->has_inventory && !n->has_inventory)
		return "full";
	if (k->has_inventory && !digest_eq(&k->inventory, &n->inventory))
		return "delta";
	return "none";
}

/* Server and agent have the same inventory: after a restore orders may go out again. */
static bool agrees(struct call *c, const struct checkin *k, const struct known *n, struct err *e)
{
	bool first;
	return !k->has_inventory || !n->has_inventory || !digest_eq(&k->inventory, &n->inventory) ||
	       deploy_reconciled(c->conf->deploy, c->host, &first, e);
}

/* What the agent is to do. */
struct work {
	char **envelopes;
	struct wol_errand *errands;
	size_t n_envelopes, n_errands;
};

/* Errands come first: without any the marks of who has work go when there are no orders. */
static bool find_work(struct call *c, const struct checkin *k, struct work *w, struct err *e)
{
	return (!deploy_busy(c->conf->deploy, c->host) ||
		wol_errands(c->conf->deploy, c->host, c->arena, &w->errands, &w->n_errands, e)) &&
	       deploy_orders(c->conf->deploy, c->host, (uint64_t)k->epoch, (uint64_t)k->seq,
			     c->arena, &w->envelopes, &w->n_envelopes, e);
}

static void put_errands(struct buf *b, const struct work *w)
{
	char mac[LAN_MAC_TEXT];
	for (size_t i = 0; w && i < w->n_errands; i++)
		buf_printf(b, "%s{\"system\":\"%s\",\"mac\":\"%s\",\"subnet\":\"%s\"}",
			   i ? "," : ",\"wake\":[", w->errands[i].system,
			   lan_mac_text(w->errands[i].mac, mac), w->errands[i].subnet);
	if (w && w->n_errands)
		buf_addc(b, ']');
}

/* Written by hand: every member but the orders is a word, digits or a time. */
static bool reply(struct call *c, const struct checkin *k, const struct known *n, const char *nonce,
		  bool scan, const struct work *w, struct err *e)
{
	AUTO(buf_done) struct buf b = BUF_INIT(MAX_REPLY);
	AUTO(json_free) json_t *orders = json_array();
	char base[SHA256_HEX] = "", when[CLOCK_RFC3339_LEN];
	const char *want = wanted(k, n);
	if (*want == 'd')
		digest_hex(&n->inventory, base);
	for (size_t i = 0; w && i < w->n_envelopes; i++)
		json_array_append_new(orders, json_string(w->envelopes[i]));
	buf_printf(&b,
		   "{\"nonce\":\"%s\",\"want_inventory\":\"%s\",\"delta_base\":\"%s\","
		   "\"scan\":%s,\"orders\":",
		   nonce, want, base, scan ? "true" : "false");
	if (json_array_size(orders))
		json_write(orders, &b);
	else
		buf_adds(&b, "[]");
	put_errands(&b, w);
	buf_printf(&b,
		   ",\"epoch\":%llu,\"refresh_s\":%lld,\"wake_on_lan\":%s,\"server_time\":\"%s\"}",
		   (unsigned long long)deploy_epoch(c->conf->deploy),
		   (long long)c->conf->refresh_s(c->conf->arg),
		   c->conf->wake_on_lan(c->conf->arg) ? "true" : "false",
		   clock_rfc3339(c->now_ms, when));
	return buf_ok(&b, "the reply", e) && call_text(c, 200, "application/json", buf_str(&b));
}

static bool checkin_full(struct call *c, struct err *e)
{
	static const char *const known[] = { "attrs", "inventory", "scanned",	 "nonce",
					     "epoch", "seq",	   "scan_error", NULL };
	AUTO(json_free) json_t *body = NULL;
	struct checkin k;
	struct known n;
	struct agent_quick q;
	char nonce[NONCE_LEN];
	struct work w = { 0 };
	bool scan;
	if (!call_body(c, known, &body, e) || !read_checkin(c, body, &k, e) ||
	    !check_nonce(c, k.nonce, nonce, e) ||
	    !fleet_contact(c->conf->fleet, c->host, &k.attrs, e))
		return false;
	if (agent_quick_read(http_req_body(c->req), &q))
		agent_quick_remember(c->api, c->host, q.attrs, http_req_peer(c->req));
	read_known(c, &k, &n);
	if (k.epoch > (int64_t)deploy_epoch(c->conf->deploy))
		log_warn(
			"agent %s is of epoch %lld, this server of %llu: the database is older than "
			"the agents; stop the server and run 'tsukuroid --new-epoch'",
			c->agent_id, (long long)k.epoch,
			(unsigned long long)deploy_epoch(c->conf->deploy));
	return settle_scan(c, &k, &n, &scan, e) && agrees(c, &k, &n, e) &&
	       find_work(c, &k, &w, e) && reply(c, &k, &n, nonce, scan, &w, e);
}

/* A check-in that changes nothing but the contact, the nonce and perhaps the time of the scan, and
 * whose host has nothing to do: on this thread, without the disk. False: it is to go the long way
 * (again: a nonce that was turned here is the previous one there, and good). */
static bool checkin_quick(struct call *c, bool *ok_out, struct err *e)
{
	struct agent_quick q;
	struct known n;
	enum nonce_verdict verdict;
	char given[NONCE_LEN], next[NONCE_LEN];
	struct checkin k = { .nonce = given, .scan_error = "" };
	if (c->api->shared || deploy_epoch(c->conf->deploy) > 1 ||
	    deploy_busy(c->conf->deploy, c->host) || !call_is_json(c) ||
	    !agent_quick_read(http_req_body(c->req), &q) ||
	    !agent_quick_known(c->api, c->host, q.attrs, http_req_peer(c->req)) || q.epoch > 1 ||
	    (q.inventory.n && !digest_parse(q.inventory, &k.inventory)) ||
	    (q.scanned.n && !clock_parse_rfc3339(q.scanned, &k.scanned_ms)))
		return false;
	k.has_inventory = q.inventory.n > 0;
	k.scanned_ms = MIN(k.scanned_ms, c->now_ms);
	read_known(c, &k, &n);
	if (n.scan == SCAN_REQUESTED || n.scan == SCAN_FAILED)
		return false;
	(void)snprintf(given, sizeof(given), "%.*s", STR_ARG(q.nonce));
	if (!nonces_turn(c->api->nonces, c->host, c->agent_id, deploy_epoch(c->conf->deploy), given,
			 c->now_ms, next, &verdict, e) ||
	    verdict != NONCE_GOOD || !fleet_contact(c->conf->fleet, c->host, NULL, e))
		return false;
	bool scan;
	*ok_out = settle_scan(c, &k, &n, &scan, e) && reply(c, &k, &n, next, scan, NULL, e);
	return true;
}

static bool checkin(struct call *c, struct err *e)
{
	bool good;
	if (!http_req_deferred(c->req) && checkin_quick(c, &good, e))
		return good;
	return agent_call_later(c) || checkin_full(c, e);
}

static bool renew(struct call *c, struct err *e)
{
	static const char *const known[] = { "csr", NULL };
	AUTO(json_free) json_t *body = NULL;
	AUTO(buf_done) struct buf pem = BUF_INIT(16u << 10);
	const char *csr;
	if (!call_body(c, known, &body, e) || !json_need_str(body, "csr", 1, 8192, &csr, e))
		return false;
	if (!x509_client_cert(c->conf->ca, str_of(csr), c->agent_id, AGENT_CERT_DAYS, c->now_ms,
			      &pem, e))
		return e->code == ERR_INTERNAL ? false
					       : call_fail(c, e, 400, "csr_invalid", "%s",
							   arena_strdup(c->arena, e->msg));
	if (!auth_audit(c->conf->auth, "agent", http_req_peer(c->req), "system.renew", c->agent_id,
			NULL, e))
		return false;
	json_t *j = json_object();
	json_object_set_new(j, "certificate", json_text(buf_str(&pem)));
	return call_json(c, 200, j);
}

/* Magic packets that were sent for the server (section 2). */
static bool woken(struct call *c, struct err *e)
{
	static const char *const known[] = { "sent", NULL };
	AUTO(json_free) json_t *body = NULL;
	json_t *sent = NULL;
	const char *systems[WOL_ERRANDS];
	if (!call_body(c, known, &body, e) || !json_opt_array(body, "sent", WOL_ERRANDS, &sent, e))
		return false;
	for (size_t i = 0; i < json_array_size(sent); i++) {
		systems[i] = json_string_value(json_array_get(sent, i));
		if (!systems[i] || strspn(systems[i], "0123456789abcdef") != 32 || systems[i][32])
			return err_set(e, ERR_INVALID, "'sent' must be ids of systems");
	}
	return wol_sent(c->conf->deploy, c->host, systems, json_array_size(sent), e) &&
	       call_no_content(c);
}

static bool push(struct call *c, struct err *e)
{
	(void)e;
	push_attach(c->api->push, c->req, c->host);
	return true;
}

/* Permission SELF: the agent that the certificate names, its own data only. */
const struct route agent_routes[] = {
	ROUTE(POST, AGENT "/checkin", PERM_SELF, checkin, .max_body = CHECKIN_MAX_BODY),
	ROUTE(POST, AGENT "/renew", PERM_SELF, renew, .max_body = RENEW_MAX_BODY, .slow = true),
	ROUTE(GET, AGENT "/push", PERM_SELF, push),
	ROUTE(POST, AGENT "/inventory", PERM_SELF, agent_inventory, .max_body = INVENTORY_MAX,
	      .query = agent_inventory_params, .slow = true),
	ROUTE(GET, AGENT "/files/{sha256}", PERM_SELF, agent_file),
	ROUTE(POST, AGENT "/plans", PERM_SELF, agent_plan, .max_body = AGENT_PLAN_MAX_BODY,
	      .slow = true),
	ROUTE(POST, AGENT "/progress", PERM_SELF, agent_progress, .max_body = RENEW_MAX_BODY,
	      .slow = true),
	ROUTE(POST, AGENT "/woken", PERM_SELF, woken, .max_body = RENEW_MAX_BODY, .slow = true),
	ROUTE(POST, AGENT "/results", PERM_SELF, agent_result, .max_body = AGENT_RESULT_MAX_BODY,
	      .slow = true),
	ROUTE_TABLE_END,
};
