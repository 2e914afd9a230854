/* SPDX-License-Identifier: Apache-2.0
 * Enrolment and renewal (docs/agent-protocol.md section 1). The certificate request is checked
 * before the token is used up, and nothing is handed out before the token was good. */
#include "api/agent_enrol.h"

#include "api/api_int.h"
#include "api/enrol_throttle.h"
#include "base/enc.h"
#include "base/random.h"

#define MAX_CSR 8192

static bool sign(struct call *c, const char *csr, const char *agent_id, char **pem_out,
		 struct err *e)
{
	AUTO(buf_done) struct buf pem = BUF_INIT(16u << 10);
	if (!x509_client_cert(c->conf->ca, str_of(csr), agent_id, AGENT_CERT_DAYS, c->now_ms, &pem,
			      e))
		return e->code == ERR_INTERNAL ? false
					       : call_fail(c, e, 400, "csr_invalid", "%s",
							   arena_strdup(c->arena, e->msg));
	*pem_out = arena_strdup(c->arena, buf_str(&pem).p);
	return true;
}

static bool use_token(struct call *c, const char *token, struct enrol_token *out, struct err *e)
{
	const char *code = NULL;
	if (auth_enrol_token_use(c->conf->auth, token, out, &code, e))
		return true;
	if (e->code == ERR_UNAUTHENTICATED)
		enrol_throttle_failed(c->api->enrol_throttle, http_req_peer(c->req), c->now_ms);
	return call_code(c, e, ERR_UNAUTHENTICATED, code);
}

static bool fingerprint(const char *pem, char out[static SHA256_HEX], struct err *e)
{
	struct x509_info info;
	if (!x509_read(str_of(pem), &info, e))
		return false;
	digest_hex(&info.fingerprint, out);
	return true;
}

static bool record(struct call *c, const struct enrol_token *t, const char *id,
		   const struct host_attrs *attrs, const char *pem, struct err *e)
{
	char print[SHA256_HEX];
	uint32_t no;
	if (!fingerprint(pem, print, e) ||
	    !fleet_enrol(c->conf->fleet, id, t->office, attrs, print, &no, e))
		return false;
	if (c->conf->on_host)
		c->conf->on_host(c->conf->arg, no, "enrolled");
	AUTO(buf_done) struct buf detail = BUF_INIT(4096);
	AUTO(json_free) json_t *j = json_object();
	json_object_set_new(j, "token", json_string(t->id));
	json_object_set_new(j, "hostname", json_text(str_of(attrs->hostname)));
	json_write(j, &detail);
	events_publish(c->api->events, EVENT_SYSTEMS, id, NULL, 0);
	return auth_audit(c->conf->auth, "agent", http_req_peer(c->req), "system.enrol", id,
			  buf_str(&detail).p, e);
}

static json_t *enrolled_json(struct call *c, const char *id, const char *pem)
{
	json_t *j = json_object();
	json_object_set_new(j, "agent_id", json_string(id));
	json_object_set_new(j, "certificate", json_string(pem));
	json_object_set_new(j, "ca", json_string(c->conf->ca_pem));
	json_object_set_new(j, "deploy_key", json_string(c->conf->deploy_key));
	json_object_set_new(j, "org", json_string(c->conf->org));
	json_object_set_new(j, "epoch", json_integer((int64_t)deploy_epoch(c->conf->deploy)));
	json_object_set_new(j, "refresh_s", json_integer(c->conf->refresh_s(c->conf->arg)));
	json_object_set_new(j, "server_time", json_time(c->now_ms));
	return j;
}

bool agent_enrol(struct call *c, struct err *e)
{
	static const char *const known[] = { "token", "csr", "attrs", NULL };
	int64_t wait_s = enrol_throttle_wait_s(c->api->enrol_throttle, http_req_peer(c->req),
					       c->now_ms);
	AUTO(json_free) json_t *body = NULL;
	struct host_attrs attrs;
	struct enrol_token token;
	const char *secret, *csr;
	uint8_t raw[16];
	char id[33], *pem = NULL;
	if (wait_s) {
		http_reply_header(c->req, "Retry-After",
				  arena_printf(c->arena, "%lld", (long long)wait_s));
		return call_fail(c, e, 503, "throttled",
				 "too many failed enrolments from this address; try again later");
	}
	if (!call_body(c, known, &body, e) || !json_need_str(body, "token", 1, 200, &secret, e) ||
	    !json_need_str(body, "csr", 1, MAX_CSR, &csr, e) ||
	    !agent_read_attrs(c, body, &attrs, e))
		return false;
	random_bytes(raw, sizeof(raw));
	enc_hex(raw, sizeof(raw), id);
	if (!sign(c, csr, id, &pem, e) || !use_token(c, secret, &token, e) ||
	    !record(c, &token, id, &attrs, pem, e))
		return false;
	return call_json(c, 201, enrolled_json(c, id, pem));
}
