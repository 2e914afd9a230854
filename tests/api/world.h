/* SPDX-License-Identifier: Apache-2.0
 * A whole server on 127.0.0.1 for the tests of the api room: real database, certificates, HTTPS
 * servers on both faces, a small catalog and a few systems. Only the vendor (payloads, sync) is
 * played here. */
#ifndef WORLD_H
#define WORLD_H
#include "api/api.h"
#include "base/file.h"
#include "base/vec.h"
#include "crypto/sign.h"
#include "format/json.h"
#include "mail/mail.h"
#include "settings/settings.h"
#include "support/engines.h"
#include "support/kit.h"

#include <curl/curl.h>
#include <unistd.h>

#define PASSWORD "correct horse battery"
#define ORG "0123456789abcdef0123456789abcdef"
#define JOB_ID "11111111111111111111111111111111"

#define WORLD_HOSTS 3

struct world {
	char dir[64];
	struct sql *db;
	struct auth *auth;
	struct settings *settings;
	struct mail *mail;
	struct store *store;
	struct fleet *fleet;
	struct match *match;
	struct enrichment *enrichment;
	struct deploy *deploy;
	struct ledger *ledger;
	struct sign_key *key;
	char deploy_key[65];
	struct x509_ca *ca;
	struct buf ca_pem;
	char *ca_file;
	struct asset assets[2];
	struct api *api;
	struct http_server *people, *agents;
	char *people_url, *agents_url;
	uint32_t host[WORLD_HOSTS];
	const char *id[WORLD_HOSTS];
	int wanted, synced;
	int more_jobs; /* beside the one, each newer than those before */
	char role_token[ROLES_][128];
};

/* Whose request it is. */
static const struct secret_key data_key;

struct who {
	const char *cookie, *csrf, *bearer;
	const char *cert_file, *key_file; /* an agent */
};
struct reply {
	int status;
	struct buf headers, body;
	json_t *json; /* NULL when the body is none */
};
__attribute__((unused)) static void reply_done(struct reply *r)
{
	buf_done(&r->headers);
	buf_done(&r->body);
	json_free(r->json);
}
AUTO_DEFINE_VALUE(struct reply, reply_done)

static CURL *world_curl;
static size_t world_body_len; /* of the next body, when it holds NULs; 0 = strlen */
/* --- the vendor's side -------------------------------------------------------------------------
 */

/* openssl (with an advisory), zlib, and pkg00..pkg29 to have something to page through. */
static struct catalog *world_catalog(void)
{
	struct err e = { 0 };
	struct sink *s = kit_begin();
	kit_patch(s, "openssl", "3.0.2-1", PATCH_TYPE_SECURITY);
	kit_component(s, "libssl3", "3.0.2-1");
	kit_component(s, "openssl", "3.0.2-1");
	kit_patch(s, "zlib", "1.3-2", PATCH_TYPE_SECURITY);
	kit_component(s, "zlib1g", "1.3-2");
	for (int i = 0; i < 30; i++) {
		AUTO(xfree) char *name = xasprintf("pkg%02d", i);
		kit_patch(s, name, "2-1", i % 3 ? PATCH_TYPE_BUGFIX : PATCH_TYPE_SECURITY);
		kit_component(s, name, "2-1");
	}
	struct advisory adv = { .kind = COMPONENT_DEB_SRC,
				.vendor = STR_LIT("Debian"),
				.id = STR_LIT("DSA-1-1"),
				.title = STR_LIT("openssl - security update"),
				.os = STR_LIT("debian:12"),
				.product = STR_LIT("openssl"),
				.fixed = STR_LIT("3.0.2-1"),
				.cves = STR_LIT("CVE-2026-1111 CVE-2026-2222"),
				.url = STR_LIT("https://www.debian.org/security/"),
				.severity = SEVERITY_CRITICAL,
				.severity_raw = STR_LIT("high"),
				.released_ms = kit_now_ms };
	ok(sink_advisory(s, &adv, &e), &e);
	static const char *const open[] = { "CVE-2026-3333", "CVE-2026-4444" };
	for (int i = 0; i < 2; i++) { /* known, and nothing fixes them yet */
		adv.id = adv.cves = str_of(open[i]);
		adv.fixed = STR_LIT("");
		adv.status = STR_LIT("no-dsa");
		adv.severity = i ? SEVERITY_CRITICAL : SEVERITY_LOW;
		ok(sink_advisory(s, &adv, &e), &e);
	}
	return kit_end(s);
}

/* The inventory of system i: 0 lacks openssl, 1 lacks zlib, 2 lacks everything. */
static char *world_inventory(int i)
{
	AUTO(buf_done) struct buf b = BUF_INIT(1u << 20);
	buf_adds(&b, "arch\tamd64\n");
	buf_printf(&b, "deb\tlibssl3\tamd64\t%s\topenssl\t\n", i == 1 ? "3.0.2-1" : "3.0.1-1");
	buf_printf(&b, "deb\topenssl\tamd64\t%s\t\t\n", i == 1 ? "3.0.2-1" : "3.0.1-1");
	for (int k = 0; k < 30; k++)
		buf_printf(&b, "deb\tpkg%02d\tamd64\t%s\t\t\n", k, i == 2 ? "1-1" : "2-1");
	buf_printf(&b, "deb\tzlib1g\tamd64\t%s\tzlib\t\n", i == 0 ? "1.3-2" : "1.3-1");
	buf_adds(&b, "os\tdebian\t12\tbookworm\n");
	return buf_take(&b);
}

static bool world_seal(void *arg, struct str json, struct buf *envelope, struct err *e)
{
	return order_seal(json, ((struct world *)arg)->key, envelope, e);
}

static void world_wake(void *arg, const uint32_t *hosts, size_t n)
{
	struct world *w = arg;
	if (w->api)
		api_wake(w->api, hosts, n);
}

static bool world_changelog(void *arg UNUSED, enum component_kind kind UNUSED,
			    struct str package UNUSED, int fd UNUSED, struct buf *out UNUSED,
			    struct err *e)
{
	return err_set(e, ERR_NOT_FOUND, "no package here has a changelog");
}

static void world_want(void *arg, const struct catalog *c UNUSED, const uint32_t *components UNUSED,
		       uint32_t n)
{
	((struct world *)arg)->wanted += (int)n;
}

static bool world_trouble(void *arg UNUSED, const struct sha256 *payload UNUSED,
			  struct payload_trouble *out UNUSED)
{
	return false;
}

static void world_changed(void *arg, const char *deployment)
{
	struct world *w = arg;
	if (w->api)
		api_on_deployment(w->api, deployment);
}

static void world_matched(void *arg, uint64_t version)
{
	struct world *w = arg;
	if (w->api)
		api_on_match(w->api, version);
}

/* --- jobs, as the jobs room would tell them --- */

static const struct api_job world_job = { .id = JOB_ID,
					  .kind = "sync",
					  .state = "running",
					  .created_by = "admin",
					  .created_ms = 1,
					  .started_ms = 2,
					  .progress = 0.5 };

static bool world_source(void *arg UNUSED, size_t i, const char **kind, const char **title,
			 const char *const **os, bool *offers, bool *is_signed)
{
	static const char *const debian[] = { "debian:", NULL };
	*kind = *title = "debian";
	*os = debian;
	*offers = *is_signed = true;
	return i == 0;
}

static bool world_start_sync(void *arg, const char *by UNUSED, char out[static 33],
			     struct err *e UNUSED)
{
	((struct world *)arg)->synced++;
	memcpy(out, JOB_ID, 33);
	return true;
}

static bool world_accept_held(void *arg, const char *feed, struct err *e)
{
	return generation_accept_held(((struct world *)arg)->db, str_of(feed), kit_now_ms, e);
}

static bool world_jobs(void *arg, size_t max, struct arena *a, struct api_job **out, size_t *n_out,
		       struct err *e UNUSED)
{
	size_t n = 1 + (size_t)((struct world *)arg)->more_jobs;
	struct api_job *list = arena_array(a, struct api_job, n);
	for (size_t no = 0; no < n; no++) {
		struct api_job *job = &list[n - 1 - no];
		*job = world_job;
		job->created_ms += (int64_t)no;
		if (no)
			job->id = arena_printf(a, "%032zu", no);
	}
	*out = list;
	*n_out = MIN(n, max);
	return true;
}

static bool world_job_get(void *arg UNUSED, const char *id, struct arena *a UNUSED,
			  struct api_job *out, struct err *e)
{
	if (strcmp(id, JOB_ID) != 0)
		return err_set(e, ERR_NOT_FOUND, "no job '%.40s'", id);
	*out = world_job;
	return true;
}

static int64_t world_refresh(void *arg UNUSED)
{
	return 5400;
}

static bool world_wake_on_lan(void *arg UNUSED)
{
	return true;
}

/* --- requests ------------------------------------------------------------------------------------
 */

static size_t world_take(char *p, size_t size, size_t n, void *arg)
{
	buf_add(arg, p, size * n);
	return size * n;
}

/* For tests/api/schema.py: every API answer as a line of JSON, when the environment asks for it. */
static void world_dump(const char *method, const char *url, const struct reply *r)
{
	static const char *mode = "w"; /* what an earlier run left is of no use */
	const char *file = getenv("TSUKUROI_API_DUMP"), *path = strstr(url + 8, "/");
	if (!file || !path || strstr(url, "/agent/"))
		return;
	AUTO(json_free) json_t *j = json_object();
	AUTO(buf_done) struct buf line = BUF_INIT(128u << 20);
	json_object_set_new(j, "method", json_string(method));
	json_object_set_new(j, "path", json_string(path));
	json_object_set_new(j, "status", json_integer(r->status));
	json_object_set(j, "body", r->json ? r->json : json_null());
	json_write(j, &line);
	FILE *f = fopen(file, mode);
	assert_non_null(f);
	mode = "a";
	assert_true(fprintf(f, "%s\n", line.p) > 0);
	fclose(f);
}

/* `extra`: more header lines, NULL-terminated, or NULL. */
static void request(struct world *w, const struct who *who, const char *method,
		    const char *url_or_path, const char *body, const char *const *extra,
		    struct reply *out)
{
	*out = (struct reply) { .headers = BUF_INIT(1u << 20), .body = BUF_INIT(64u << 20) };
	CURL *h = world_curl = world_curl ? world_curl : curl_easy_init();
	curl_easy_reset(h); /* keeps the connections */
	struct curl_slist *lines = NULL;
	AUTO(xfree)
	char *url = strncmp(url_or_path, "https:", 6) == 0
			    ? xstrdup(url_or_path)
			    : xasprintf("%s%s", w->people_url, url_or_path);
	AUTO(xfree)
	char *cookie = who && who->cookie ? xasprintf("Cookie: __Host-session=%s", who->cookie)
					  : NULL;
	AUTO(xfree) char *csrf = who && who->csrf ? xasprintf("X-CSRF: %s", who->csrf) : NULL;
	AUTO(xfree)
	char *bearer = who && who->bearer ? xasprintf("Authorization: Bearer %s", who->bearer)
					  : NULL;
	const char *own[] = { cookie, csrf, bearer };
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (own[i])
			lines = curl_slist_append(lines, own[i]);
	bool typed = false;
	for (; extra && *extra; extra++) {
		typed |= strncasecmp(*extra, "Content-Type:", 13) == 0;
		lines = curl_slist_append(lines, *extra);
	}
	if (body && !typed)
		lines = curl_slist_append(lines, "Content-Type: application/json");
	lines = curl_slist_append(lines, "Expect:");
	curl_easy_setopt(h, CURLOPT_URL, url);
	curl_easy_setopt(h, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(h, CURLOPT_CAINFO, w->ca_file);
	curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, method);
	if (strcmp(method, "HEAD") == 0)
		curl_easy_setopt(h, CURLOPT_NOBODY, 1L);
	if (body) {
		curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE,
				 (long)(world_body_len ? world_body_len : strlen(body)));
		world_body_len = 0;
		curl_easy_setopt(h, CURLOPT_POSTFIELDS, body);
	}
	if (who && who->cert_file) {
		curl_easy_setopt(h, CURLOPT_SSLCERT, who->cert_file);
		curl_easy_setopt(h, CURLOPT_SSLKEY, who->key_file);
	}
	curl_easy_setopt(h, CURLOPT_HTTPHEADER, lines);
	curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, world_take);
	curl_easy_setopt(h, CURLOPT_HEADERDATA, &out->headers);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, world_take);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, &out->body);
	curl_easy_setopt(h, CURLOPT_TIMEOUT, 30L);
	CURLcode rc = curl_easy_perform(h);
	long status = 0;
	curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
	if (rc != CURLE_OK)
		fail_msg("%s %s: %s", method, url, curl_easy_strerror(rc));
	out->status = (int)status;
	if (out->body.n && (out->body.p[0] == '{' || out->body.p[0] == '['))
		(void)!json_parse(buf_str(&out->body), 64u << 20, &out->json, NULL);
	curl_slist_free_all(lines);
	world_dump(method, url, out);
}

/* A response header's value into `out`; false when absent. */
__attribute__((unused)) static bool header(const struct reply *r, const char *name, char *out,
					   size_t size)
{
	struct str rest = buf_str(&r->headers), line;
	size_t n = strlen(name);
	while (str_line(&rest, &line))
		if (line.n > n && strncasecmp(line.p, name, n) == 0 && line.p[n] == ':') {
			struct str v = str_trim((struct str) { line.p + n + 1, line.n - n - 1 });
			(void)snprintf(out, size, "%.*s", STR_ARG(v));
			return true;
		}
	return false;
}

__attribute__((unused)) static const char *text_at(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));
	return s ? s : "";
}

__attribute__((unused)) static json_int_t int_at(const json_t *j, const char *key)
{
	const json_t *v = json_object_get(j, key);
	assert_true(json_is_integer(v));
	return json_integer_value(v);
}

/* Status (and, when not NULL, problem code) of a reply, or the test fails with what came. */
__attribute__((unused)) static void expect(const struct reply *r, int status, const char *code)
{
	if (r->status != status || (code && strcmp(text_at(r->json, "code"), code) != 0))
		fail_msg("wanted %d %s, got %d %s", status, code ? code : "", r->status,
			 r->body.p ? r->body.p : "");
}

__attribute__((unused)) static struct who as(struct world *w, enum role role)
{
	return (struct who) { .bearer = w->role_token[role] };
}

/* --- building and ending it ----------------------------------------------------------------------
 */

static void world_servers(struct world *w)
{
	struct err e = { 0 };
	AUTO(buf_done) struct buf cert = BUF_INIT(1u << 16);
	AUTO(buf_done) struct buf key = BUF_INIT(1u << 16);
	const char *names[] = { "127.0.0.1", "localhost" };
	ok(x509_server_cert(w->ca, names, 2, 30, clock_wall_ms(), &cert, &key, &e), &e);
	struct http_server_conf conf = { .address = "127.0.0.1",
					 .cert_pem = cert.p,
					 .key_pem = key.p,
					 .threads = 3,
					 .max_connections = 100,
					 .idle_timeout_s = 60,
					 .max_body = 1u << 16,
					 .body_limit = api_body_limit,
					 .handler = api_handle,
					 .arg = w->api };
	ok(http_server_start(&conf, &w->people, &e), &e);
	conf.client_ca_pem = w->ca_pem.p;
	conf.body_limit = api_agent_body_limit;
	conf.handler = api_agent_handle;
	ok(http_server_start(&conf, &w->agents, &e), &e);
	w->people_url = xasprintf("https://127.0.0.1:%u", http_server_port(w->people));
	w->agents_url = xasprintf("https://127.0.0.1:%u", http_server_port(w->agents));
}

static void world_api(struct world *w)
{
	struct err e = { 0 };
	static const struct api_installer installers[] = {
		{ "debian", "tsukuroi-agent enroll --server {url} --token {token}" }
	};
	w->assets[0] = (struct asset) { "/assets/app-1.js", "text/javascript", "aa",	     true,
					STR_LIT("let a=1"), STR_LIT("GZ"),     STR_LIT("BR") };
	w->assets[1] = (struct asset) {
		"/index.html", "text/html", "bb", false, STR_LIT("<!doctype html>"), { 0 }, { 0 }
	};
	struct api_conf conf = { .db = w->db,
				 .auth = w->auth,
				 .settings = w->settings,
				 .mail = w->mail,
				 .fleet = w->fleet,
				 .match = w->match,
				 .enrichment = w->enrichment,
				 .deploy = w->deploy,
				 .ledger = w->ledger,
				 .store = w->store,
				 .clock = &kit_clock,
				 .org = ORG,
				 .console = { w->assets, 2 },
				 .ca = w->ca,
				 .ca_pem = w->ca_pem.p,
				 .deploy_key = w->deploy_key,
				 .agent_url = "https://patch.example:8027",
				 .installers = installers,
				 .n_installers = 1,
				 .arg = w,
				 .start_sync = world_start_sync,
				 .accept_held = world_accept_held,
				 .source = world_source,
				 .jobs_list = world_jobs,
				 .job_get = world_job_get,
				 .refresh_s = world_refresh,
				 .wake_on_lan = world_wake_on_lan,
				 .want_payload = world_want,
				 .read_changelog = world_changelog };
	ok(api_new(&conf, &w->api, &e), &e);
}

/* KEV and EPSS know openssl's CVE-2026-1111; Debian 12 has only its long-term support left. */
static void world_enrichment(struct world *w)
{
	static const struct {
		const char *kind, *rows;
	} docs[] = {
		{ "kev", "K\tCVE-2026-1111\t1700000000000\t1701000000000\tknown\tA bug\n" },
		{ "epss", "E\tCVE-2026-1111\t123456\t987654\nE\tCVE-2026-2222\t5000\t\n" },
		{ "endoflife", "L\tdebian\t12\t1000000000000\t5000000000000\tlts\n" },
	};
	struct err e = { 0 };
	for (size_t i = 0; i < ARRAY_LEN(docs); i++) {
		AUTO(xfree)
		char *text = xasprintf("tsukuroi-enrichment 1\nD\t%s\t1750000000000\tv1\n%s",
				       docs[i].kind, docs[i].rows);
		struct generation g = { .feed = { .id = str_of(docs[i].kind),
						  .kind = str_of(docs[i].kind),
						  .url = STR_LIT("https://publisher.example/"),
						  .signer = STR_LIT(""),
						  .rows = 1,
						  .digest = digest_of(str_of(text)),
						  .released_ms = 1750000000000 },
					.records = str_of(text) };
		ok(generation_save(w->db, &g, 1750000000001, false, &e), &e);
	}
	ok(enrichment_open(w->db, &w->enrichment, &e), &e);
}

static void world_fleet(struct world *w)
{
	struct err e = { 0 };
	static const char *const names[] = { "web1", "web2", "db1" };
	ok(fleet_load(w->db, &kit_clock, &w->fleet, &e), &e);
	w->match = match_new(w->fleet);
	w->ledger = ledger_open(w->db, &kit_clock);
	ok(ledger_attach(w->ledger, w->fleet, w->match, &e), &e);
	struct catalog *c = world_catalog();
	match_set_catalog(w->match, c);
	catalog_unref(c);
	match_set_listener(w->match, world_matched, w);
	for (int i = 0; i < WORLD_HOSTS; i++) {
		AUTO(xfree) char *inventory = world_inventory(i);
		w->id[i] = kit_id(i);
		w->host[i] = kit_enrol(w->fleet, i, names[i]);
		ok(fleet_put_inventory(w->fleet, w->host[i], str_of(inventory), kit_now_ms, &e),
		   &e);
	}
}

static void world_users(struct world *w)
{
	struct err e = { 0 };
	char token[64], id[33];
	ok(auth_setup_token(w->auth, token, &e), &e);
	ok(auth_setup(w->auth, token, "admin", STR_LIT(PASSWORD), "", "en", "UTC", &e), &e);
	for (int r = 0; r < ROLES_; r++) {
		AUTO(xfree) char *name = xasprintf("user-%s", role_name((enum role)r));
		ok(auth_user_new(w->auth, name, STR_LIT(PASSWORD), "", (enum role)r, id, &e), &e);
		ok(auth_token_new(w->auth, id, "test", kit_now_ms + 86400000, w->role_token[r], &e),
		   &e);
	}
}

__attribute__((unused)) static int world_setup_without_users(void **state)
{
	struct err e = { 0 };
	struct world *w = xcalloc(1, sizeof(*w));
	uint8_t pub[SIGN_PUBLIC_LEN];
	kit_now_ms = clock_wall_ms();
	(void)snprintf(w->dir, sizeof(w->dir), "/tmp/api.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	AUTO(xfree) char *url = engines_fresh();
	AUTO(xfree) char *store = file_join(w->dir, "store");
	AUTO(buf_done) struct buf ca_key = BUF_INIT(1u << 16);
	w->ca_pem = BUF_INIT(1u << 16);
	w->ca_file = file_join(w->dir, "ca.pem");
	ok(sql_open(url, &w->db, &e) && sql_migrate(w->db, &e) && store_open(store, &w->store, &e),
	   &e);
	ok(auth_open(w->db, &kit_clock, &w->auth, &e) &&
		   settings_open(w->db, &data_key, &w->settings, &e),
	   &e);
	ok(sign_key_new(&w->key, &e), &e);
	sign_key_public(w->key, pub);
	for (size_t i = 0; i < sizeof(pub); i++)
		(void)snprintf(w->deploy_key + 2 * i, 3, "%02x", pub[i]);
	ok(x509_ca_new("Test CA", 5, clock_wall_ms(), &w->ca, &e), &e);
	ok(x509_ca_save(w->ca, &w->ca_pem, &ca_key, &e), &e);
	ok(file_write_atomic(w->ca_file, buf_str(&w->ca_pem), 0600, &e), &e);
	world_fleet(w);
	world_enrichment(w);
	struct deploy_conf conf = { .db = w->db,
				    .match = w->match,
				    .store = w->store,
				    .clock = &kit_clock,
				    .signer = { world_seal, w },
				    .ledger = w->ledger,
				    .wake = world_wake,
				    .want_payload = world_want,
				    .payload_trouble = world_trouble,
				    .changed = world_changed,
				    .arg = w };
	ok(deploy_open(&conf, &w->deploy, &e), &e);
	struct mail_conf mail = {
		.db = w->db, .settings = w->settings, .clock = &kit_clock, .host = "server.example"
	};
	ok(mail_open(&mail, &w->mail, &e), &e);
	world_api(w);
	world_servers(w);
	*state = w;
	return 0;
}

__attribute__((unused)) static int world_setup(void **state)
{
	world_setup_without_users(state);
	world_users(*state);
	return 0;
}

__attribute__((unused)) static int world_teardown(void **state)
{
	struct world *w = *state;
	curl_easy_cleanup(world_curl);
	world_curl = NULL;
	http_server_stop(w->people);
	http_server_stop(w->agents);
	struct api *api = TAKE(w->api);
	api_free(api);
	mail_close(w->mail);
	deploy_close(w->deploy);
	enrichment_close(w->enrichment);
	ledger_detach(w->ledger);
	ledger_close(w->ledger);
	match_free(w->match);
	fleet_free(w->fleet);
	settings_close(w->settings);
	auth_close(w->auth);
	store_close(w->store);
	sql_close(w->db);
	sign_key_free(w->key);
	x509_ca_free(w->ca);
	buf_done(&w->ca_pem);
	assert_true(file_remove_tree(w->dir, NULL));
	xfree(w->ca_file);
	xfree(w->people_url);
	xfree(w->agents_url);
	xfree(w);
	return 0;
}

/* Signs a user in with a cookie. */
__attribute__((unused)) static struct who sign_in(struct world *w, const char *name,
						  char cookie[static 200], char csrf[static 100])
{
	AUTO(reply_done) struct reply r;
	AUTO(xfree) char *body = xasprintf("{\"name\":\"%s\",\"password\":\"%s\"}", name, PASSWORD);
	char line[400];
	request(w, NULL, "POST", "/api/v1/session", body, NULL, &r);
	expect(&r, 200, NULL);
	assert_true(header(&r, "Set-Cookie", line, sizeof(line)));
	struct str rest = str_of(line), pair, value;
	assert_true(str_split(&rest, ';', &pair) && str_split(&pair, '=', &value));
	(void)snprintf(cookie, 200, "%.*s", STR_ARG(pair));
	(void)snprintf(csrf, 100, "%s", text_at(r.json, "csrf"));
	return (struct who) { .cookie = cookie, .csrf = csrf };
}
#endif
