/* SPDX-License-Identifier: Apache-2.0
 * Enrolment and renewal. Invariant: nothing is written before the server's answer is complete and
 * its CA is the pinned one; the key and its certificate are one file, replaced at once. */
#include "agent/net/enroll.h"
#include "agent/net/attrs.h"
#include "agent/net/server.h"
#include "base/clock.h"
#include "base/enc.h"
#include "base/file.h"
#include "base/proc.h"
#include "crypto/x509.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

bool enroll_parse_token(struct str text, struct enroll_token *out, struct err *e)
{
	struct str rest = str_trim(text), kind, id, secret;
	uint8_t raw[32];
	AUTO(buf_done) struct buf bytes = BUF_INIT(64);
	if (!str_split(&rest, '.', &kind) || !str_is(kind, "tsk1"))
		return err_set(e, ERR_INVALID,
			       "this is not an enrolment token; it begins with 'tsk1.'");
	if (!str_split(&rest, '.', &id) || !str_split(&rest, '.', &secret) || !rest.p ||
	    !enc_unhex(id, raw, 8) || secret.n != 43 || !enc_unbase64url(secret, &bytes) ||
	    !enc_unhex(rest, raw, 32))
		return err_set(
			e, ERR_INVALID,
			"the enrolment token is damaged; copy all of it, four parts and three dots");
	snprintf(out->id_secret, sizeof(out->id_secret), "%.*s.%.*s", STR_ARG(id), STR_ARG(secret));
	for (size_t i = 0; i < 64; i++)
		out->pin[i] = (char)(rest.p[i] | (rest.p[i] >= 'A' && rest.p[i] <= 'F' ? 0x20 : 0));
	out->pin[64] = '\0';
	return true;
}

/* --- the server's answer
 * --------------------------------------------------------------------------- */

struct answer {
	const char *agent_id, *certificate, *ca, *deploy_key, *org;
	int64_t epoch, refresh_s, server_ms;
};

static bool read_answer(const json_t *j, const char *pin, struct answer *a, struct err *e)
{
	const char *when = "";
	struct x509_info ca, own;
	char hex[SHA256_HEX];
	uint8_t raw[32];
	if (!json_need_str(j, "agent_id", 32, 32, &a->agent_id, e) ||
	    !json_need_str(j, "certificate", 1, 65536, &a->certificate, e) ||
	    !json_need_str(j, "ca", 1, 65536, &a->ca, e) ||
	    !json_need_str(j, "deploy_key", 64, 64, &a->deploy_key, e) ||
	    !json_need_str(j, "org", 1, 64, &a->org, e) ||
	    !json_need_int(j, "epoch", 1, INT64_MAX, &a->epoch, e) ||
	    !json_opt_int(j, "refresh_s", 60, 7 * 86400, &a->refresh_s, e) ||
	    !json_opt_str(j, "server_time", 40, &when, e))
		return err_prefix(e, "server's answer");
	if (!x509_read(str_of(a->ca), &ca, e) || !x509_read(str_of(a->certificate), &own, e))
		return err_prefix(e, "server's answer");
	if (strcmp(digest_hex(&ca.pin, hex), pin) != 0)
		return err_set(e, ERR_UNTRUSTED, "the server's CA is not the one the token names");
	if (strcmp(own.common_name, a->agent_id) != 0 || !enc_unhex(str_of(a->agent_id), raw, 16) ||
	    !enc_unhex(str_of(a->deploy_key), raw, 32))
		return err_set(e, ERR_CORRUPT, "the server's answer contradicts itself");
	if (!clock_parse_rfc3339(str_of(when), &a->server_ms))
		a->server_ms = 0;
	return true;
}

static bool token_problem(const struct server *s, struct err *e)
{
	static const char *const remedies[][2] = {
		{ "token_unknown",
		  "the server does not know this enrolment token; make a new one in "
		  "the console" },
		{ "token_expired",
		  "the enrolment token has expired; make a new one in the console" },
		{ "token_used_up",
		  "the enrolment token was used as often as it allows; make a new one in the console" },
	};
	for (size_t i = 0; i < ARRAY_LEN(remedies); i++) {
		if (strcmp(s->problem, remedies[i][0]) == 0)
			return err_set(e, ERR_DENIED, "%s", remedies[i][1]);
	}
	return false;
}

/* *answered_out: it was this server that refused, not the way to it. */
static bool ask_one(struct str server, const struct enroll_token *t, const char *proxy,
		    const json_t *body, json_t **reply_out, bool *answered_out, struct err *e)
{
	const struct http_tls tls = { .pin_sha256_hex = t->pin };
	AUTO(server_done)
	struct server s = { .http = http_client_new(SERVER_USER_AGENT, &tls, proxy),
			    .base = server_base(server) };
	if (server_call(&s, "POST", "/agent/v1/enroll", body, reply_out, e))
		return *reply_out ? true : err_set(e, ERR_CORRUPT, "the server's answer is empty");
	*answered_out = s.status && s.status < 500;
	return token_problem(&s, e);
}

static bool ask(const struct agent_paths *p, const char *servers, const struct enroll_token *t,
		const char *proxy, struct str csr, json_t **reply_out, struct err *e)
{
	AUTO(json_free) json_t *attrs = NULL;
	bool answered = false;
	if (!attrs_gather(p, &attrs, e))
		return false;
	json_object_del(attrs, "health"); /* the first check-in tells these */
	json_object_del(attrs, "lan");
	AUTO(json_free)
	json_t *body = json_pack("{s:s,s:o,s:O}", "token", t->id_secret, "csr", json_text(csr),
				 "attrs", attrs);
	for (unsigned i = 0; i < agent_conf_servers(servers) && !answered; i++)
		if (ask_one(agent_conf_server(servers, i), t, proxy, body, reply_out, &answered, e))
			return true;
	return false;
}

/* --- what is written
 * ------------------------------------------------------------------------------- */

static bool make_user(const char *name, struct err *e)
{
	if (getpwnam(name))
		return true;
	const char *argv[] = { "useradd",      "--system",
			       "--user-group", "--no-create-home",
			       "--home-dir",   "/nonexistent",
			       "--shell",      "/usr/sbin/nologin",
			       name,	       NULL };
	AUTO(buf_done) struct buf out = BUF_INIT(65536);
	struct proc_spec spec = { .argv = argv, .timeout_s = 60 };
	struct proc_result res;
	if (!proc_run(&spec, &out, &out, &res, e))
		return err_prefix(e, "cannot create user '%s'", name);
	struct str said = str_trim(buf_str(&out));
	if (res.exit_status != 0)
		return err_set(e, ERR_IO, "cannot create user '%s': %.*s", name,
			       (int)MIN(said.n, 120), said.p);
	return true;
}

/* net/ and spool/ are the network half's own; the directory around them is not. */
static bool make_dirs(const struct agent_paths *p, const char *user, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	const char *own[] = { agent_state_file(p, &a, "net"), agent_state_file(p, &a, "spool") };
	struct passwd *pw = user ? getpwnam(user) : NULL;
	if (!file_mkdirs(p->config, 0755, e) || !file_mkdirs(p->state, 0755, e))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(own); i++) {
		if (!file_mkdirs(own[i], 0700, e))
			return false;
		if (pw && chown(own[i], pw->pw_uid, pw->pw_gid) != 0)
			return err_sys(e, errno, "cannot give '%s' to '%s'", own[i], user);
	}
	return true;
}

static bool write_own(const struct agent_paths *p, const char *user, struct str key,
		      struct str cert, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf both = BUF_INIT(1u << 20);
	const char *path = agent_state_file(p, &a, "net/identity.pem");
	buf_addstr(&both, cert);
	buf_addc(&both, '\n');
	buf_addstr(&both, key);
	if (!buf_ok(&both, "identity", e) || !file_write_atomic(path, buf_str(&both), 0600, e))
		return false;
	struct passwd *pw = user ? getpwnam(user) : NULL;
	if (pw && chown(path, pw->pw_uid, pw->pw_gid) != 0)
		return err_sys(e, errno, "cannot give '%s' to '%s'", path, user);
	return true;
}

static bool write_conf(const struct agent_paths *p, const char *server, const char *proxy,
		       struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf b = BUF_INIT(4096);
	buf_printf(&b,
		   "# Tsukuroi agent; see tsukuroi-agent(8).\nserver = %s\n%sproxy = %s\n"
		   "#refresh_s = 5400\n#log_level = info\n",
		   server, proxy ? "" : "#", proxy ? proxy : "http://PROXY:3128");
	return file_write_atomic(agent_config_file(p, &a, "agent.conf"), buf_str(&b), 0644, e);
}

/* Traces of an identity before: its nonce, what the server knew of it, its order numbers. */
static bool forget_old(const struct agent_paths *p, struct err *e)
{
	static const char *const names[] = { "net/nonce", "net/inventory", "root/executed" };
	AUTO(arena_done) struct arena a = { 0 };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (!file_remove_tree(agent_state_file(p, &a, names[i]), e))
			return false;
	}
	return true;
}

static bool keep_answer(const struct agent_paths *p, const char *server, const char *proxy,
			const char *user, struct str key, const struct answer *an, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct agent_identity id = { .agent_id = an->agent_id, .org = an->org, .epoch = an->epoch };
	if (!enc_unhex(str_of(an->deploy_key), id.deploy_key, sizeof(id.deploy_key)))
		return err_set(e, ERR_CORRUPT, "the server's answer has no deploy key");
	return make_dirs(p, user, e) && forget_old(p, e) &&
	       file_write_atomic(agent_config_file(p, &a, "ca.pem"), str_of(an->ca), 0644, e) &&
	       write_conf(p, server, proxy, e) &&
	       write_own(p, user, key, str_of(an->certificate), e) &&
	       agent_identity_save(p, &id, e);
}

bool enroll_run(const struct agent_paths *p, const char *server, const char *token,
		const char *proxy, const char *agent_user, struct enroll_result *out, struct err *e)
{
	struct enroll_token t;
	struct answer an = { .refresh_s = AGENT_REFRESH_S };
	AUTO(buf_done) struct buf csr = BUF_INIT(65536), key = BUF_INIT(65536);
	AUTO(json_free) json_t *reply = NULL;
	if (!agent_conf_check_server(server, e) || !enroll_parse_token(str_of(token), &t, e))
		return false;
	if (agent_user && !make_user(agent_user, e))
		return false;
	if (!x509_csr_new("tsukuroi-agent", &csr, &key, e) ||
	    !ask(p, server, &t, proxy, buf_str(&csr), &reply, e) ||
	    !read_answer(reply, t.pin, &an, e) ||
	    !keep_answer(p, server, proxy, agent_user, buf_str(&key), &an, e))
		return false;
	snprintf(out->agent_id, sizeof(out->agent_id), "%s", an.agent_id);
	out->skew_ms = an.server_ms ? clock_wall_ms() - an.server_ms : 0;
	return true;
}

bool enroll_renew(const struct agent_paths *p, int64_t now_ms, bool *renewed_out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done)
	struct buf own = BUF_INIT(1u << 20), csr = BUF_INIT(65536), key = BUF_INIT(65536);
	AUTO(json_free) json_t *reply = NULL;
	struct x509_info info, fresh;
	const char *cert;
	*renewed_out = false;
	if (!file_read(agent_state_file(p, &a, "net/identity.pem"), &own, e) ||
	    !x509_read(buf_str(&own), &info, e))
		return false;
	if (now_ms < info.not_before_ms + (info.not_after_ms - info.not_before_ms) / 3 * 2)
		return true;
	AUTO(server_done) struct server s = { 0 };
	if (!x509_csr_new("tsukuroi-agent", &csr, &key, e) || !server_open(p, &s, e))
		return false;
	AUTO(json_free) json_t *body = json_pack("{s:o}", "csr", json_text(buf_str(&csr)));
	if (!server_call(&s, "POST", "/agent/v1/renew", body, &reply, e) ||
	    !json_need_str(reply, "certificate", 1, 65536, &cert, e) ||
	    !x509_read(str_of(cert), &fresh, e))
		return err_prefix(e, "renewal of the certificate");
	if (strcmp(fresh.common_name, info.common_name) != 0)
		return err_set(e, ERR_UNTRUSTED, "the renewed certificate is another agent's");
	if (!write_own(p, NULL, buf_str(&key), str_of(cert), e))
		return false;
	*renewed_out = true;
	return true;
}
