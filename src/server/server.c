/* SPDX-License-Identifier: Apache-2.0
 * Assembly and nothing else: which room gets which neighbour, in which order they open and close.
 */
#include "server/server.h"
#include "api/api.h"
#include "auth/auth.h"
#include "base/enc.h"
#include "base/file.h"
#include "base/log.h"
#include "catalog/catalog.h"
#include "catalog/enrich.h"
#include "fleet/snapshot.h"
#include "ipc/sandbox.h"
#include "jobs/jobs.h"
#include "mail/mail.h"
#include "match/saved.h"
#include "server/generation.h"
#include "server/glue.h"
#include "server/identity.h"
#include "server/keeper.h"
#include "server/node.h"
#include "server/verify.h"
#include "settings/settings.h"
#include "sql/notify.h"

#include <stdio.h>
#include <sys/resource.h>

#define PEOPLE_CONNECTIONS 4000
#define AGENT_CONNECTIONS 18000
/** Connections of the local socket and of redirects. */
#define LOCAL_CONNECTIONS 64
#define REDIRECT_CONNECTIONS 200
/** Descriptors for files: the database's connections, the store, child processes. */
#define FILES 512

struct server {
	struct options options; /* texts are the caller's */
	int lock_fd;
	struct identity identity;
	struct sql *db;
	struct settings *settings;
	struct auth *auth;
	struct store *store;
	struct fleet *fleet;
	struct match *match;
	struct ledger *ledger;
	struct enrichment *enrichment;
	struct mail *mail;
	struct jobs *jobs;
	struct keeper *keeper;
	bool saved; /* the snapshot on disk says all that is known, or its changes are few */
	struct deploy *deploy;
	struct api *api;
	struct glue glue;
	struct node *node;	   /* NULL = the only server on its database */
	pthread_mutex_t listeners; /* guards people and agents while the clock runs */
	struct http_server *people, *agents, *redirect, *local;
	char *url, *agent_url, *setup_link, *setup_file;
};

static bool open_database(const struct options *o, int *lock_out, struct sql **db_out,
			  struct err *e)
{
	AUTO(xfree) char *lock = file_join(o->state_dir, "tsukuroid.lock");
	AUTO(xfree) char *db = options_database_url(o);
	if (!file_lock(lock, lock_out, e))
		return err_prefix(e, "another server uses this data; stop it first");
	return sql_open(db, db_out, e) && sql_migrate(*db_out, e);
}

static bool open_fleet(struct server *s, const struct options *o, struct err *e)
{
	AUTO(xfree) char *path = file_join(o->state_dir, "fleet.snapshot");
	struct err why;
	if (!snapshot_load(s->db, &clock_system, path, &s->fleet, &why, e))
		return false;
	if (why.code != ERR_NONE && why.code != ERR_NOT_FOUND)
		log_warn("snapshot of the fleet not used, all is read from the database: %s",
			 why.msg);
	return true;
}

/* Where the last server died before it told what a sync changed, systems are first seen as they
 * were told, so that the ledger gets each change once. */
static bool open_patches(struct server *s, struct err *e)
{
	AUTO(catalog_unref) struct catalog *catalog = NULL;
	AUTO(catalog_unref) struct catalog *before = NULL;
	AUTO(arena_done) struct arena a = { 0 };
	struct str off = str_of(settings_text(s->settings, SETTING_SCOPE_OFF, &a));
	if (!catalog_load(s->db, off, &catalog, e) || !catalog_load_told(s->db, off, &before, e))
		return err_prefix(e, "cannot load the patch DB");
	s->match = match_new(s->fleet);
	uint32_t evaluated;
	match_load_catalog(s->match, before ? before : catalog, &evaluated);
	s->saved = fleet_snapshot(s->fleet) && evaluated == 0;
	if (fleet_snapshot(s->fleet))
		log_info(
			"snapshot of the fleet used; %llu systems read again, %u patches evaluated",
			(unsigned long long)roaring_bitmap_get_cardinality(fleet_reread(s->fleet)),
			evaluated);
	s->ledger = ledger_open(s->db, &clock_system);
	ledger_follow(s->ledger, sql_shared(s->db)); /* until this server leads */
	if (!ledger_attach(s->ledger, s->fleet, s->match, e))
		return false;
	if (before)
		match_set_catalog(s->match, catalog);
	return true;
}

static bool open_data(struct server *s, const struct options *o, struct err *e)
{
	AUTO(xfree) char *store = file_join(o->state_dir, "store");
	AUTO(xfree) char *tls = file_join(o->state_dir, "tls");
	bool restored;
	int64_t epoch;
	if (!open_database(o, &s->lock_fd, &s->db, e) ||
	    !generation_turn(o->state_dir, s->db, false, &epoch, &restored, e))
		return false;
	if (restored)
		log_warn("the database is older than it was: it has been restored from a backup; "
			 "epoch %lld begins, systems get orders after they have reported",
			 (long long)epoch);
	if (!identity_load(tls, o->names, clock_wall_ms(), &s->identity, e) ||
	    !store_open(store, &s->store, e) ||
	    !settings_open(s->db, &s->identity.data_key, &s->settings, e) ||
	    !auth_open(s->db, &clock_system, &s->auth, e) || !open_fleet(s, o, e) ||
	    !enrichment_open(s->db, &s->enrichment, e))
		return false;
	return open_patches(s, e);
}

static bool open_work(struct server *s, const struct options *o, struct signer *signer,
		      struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	const char *told = settings_text(s->settings, SETTING_SERVER_URL, &a);
	s->url = told[0] ? xstrdup(told)
			 : xasprintf("https://%s:%d", s->identity.name, (int)o->port);
	glue_init(&s->glue);
	struct mail_conf mail = { .db = s->db,
				  .settings = s->settings,
				  .clock = &clock_system,
				  .host = s->identity.name };
	if (!mail_open(&mail, &s->mail, e))
		return false;
	s->glue.mail = s->mail;
	struct jobs_conf jobs = { .db = s->db,
				  .store = s->store,
				  .settings = s->settings,
				  .match = s->match,
				  .fleet = s->fleet,
				  .enrichment = s->enrichment,
				  .clock = &clock_system,
				  .proxy = o->proxy[0] ? o->proxy : NULL,
				  .mail = s->mail,
				  .console_url = s->url,
				  .notify_command = o->notify_command[0] ? o->notify_command : NULL,
				  .job_changed = glue_job_changed,
				  .feed_changed = glue_feed_changed,
				  .arg = &s->glue };
	if (!jobs_open(&jobs, &s->jobs, e))
		return false;
	s->glue.jobs = s->jobs;
	struct deploy_conf deploy = { .db = s->db,
				      .match = s->match,
				      .store = s->store,
				      .clock = &clock_system,
				      .signer = { signer_seal, signer },
				      .ledger = s->ledger,
				      .enrichment = s->enrichment,
				      .wake = glue_wake,
				      .wake_lan = glue_wake_lan,
				      .want_payload = glue_want_payload,
				      .payload_trouble = glue_payload_trouble,
				      .changed = glue_deployment_changed,
				      .turned = glue_turned,
				      .approvals_changed = glue_approvals_changed,
				      .arg = &s->glue };
	if (!deploy_open(&deploy, &s->deploy, e) || !signer_bind(signer, deploy_org(s->deploy), e))
		return false;
	jobs_set_deploy(s->jobs, s->deploy);
	return true;
}

static bool open_api(struct server *s, const struct options *o, struct signer *signer,
		     struct asset_table console, struct err *e)
{
	s->agent_url = xasprintf("https://%s:%d", s->identity.name, (int)o->agent_port);
	s->glue.settings = s->settings;
	s->glue.match = s->match;
	s->glue.enrichment = s->enrichment;
	match_set_eol(s->match, glue_end_of_life, &s->glue);
	struct api_conf api = { .db = s->db,
				.auth = s->auth,
				.settings = s->settings,
				.mail = s->mail,
				.fleet = s->fleet,
				.match = s->match,
				.enrichment = s->enrichment,
				.deploy = s->deploy,
				.ledger = s->ledger,
				.store = s->store,
				.clock = &clock_system,
				.org = deploy_org(s->deploy),
				.console = console,
				.ca = s->identity.ca,
				.ca_pem = s->identity.ca_pem.p,
				.deploy_key = signer_public(signer),
				.agent_url = s->agent_url,
				.installers = glue_installers,
				.n_installers = glue_installers_n,
				.arg = &s->glue,
				.start_sync = glue_start_sync,
				.files_confined = sandbox_landlock() > 0,
				.accept_held = glue_accept_held,
				.source = glue_source,
				.jobs_list = glue_jobs_list,
				.job_get = glue_job_get,
				.refresh_s = glue_refresh_s,
				.wake_on_lan = glue_wake_on_lan,
				.wake_elsewhere = glue_wake_elsewhere,
				.want_payload = glue_want_payload,
				.read_changelog = glue_read_changelog };
	if (!api_new(&api, &s->api, e))
		return false;
	glue_set_api(&s->glue, s->api);
	match_set_stale(s->match, settings_int(s->settings, SETTING_STALE_SCAN_S));
	glue_health_policy(&s->glue);
	settings_listen(s->settings, glue_setting_changed, &s->glue);
	match_set_listener(s->match, api_on_match, s->api);
	return true;
}

/* --- every minute --- */

static bool renew_certificate(struct server *s, struct err *e)
{
	AUTO(xfree) char *tls = file_join(s->options.state_dir, "tls");
	bool renewed;
	if (!identity_renew(tls, s->options.names, clock_wall_ms(), &s->identity, &renewed, e))
		return err_prefix(e, "the server's certificate is not renewed");
	if (!renewed)
		return true;
	log_info("the server's certificate is renewed");
	const char *cert = s->identity.chain_pem.p, *key = s->identity.key_pem.p;
	pthread_mutex_lock(&s->listeners);
	bool ok = (!s->people || http_server_set_certificate(s->people, cert, key, e)) &&
		  (!s->agents || http_server_set_certificate(s->agents, cert, key, e));
	pthread_mutex_unlock(&s->listeners);
	return ok;
}

static void minute(void *arg)
{
	struct server *s = arg;
	struct err e = { 0 };
	bool restored;
	int64_t epoch;
	if (!generation_turn(s->options.state_dir, s->db, false, &epoch, &restored, &e))
		log_warn("housekeeping: %s", e.msg);
	if (!deploy_epoch_reload(s->deploy, &e))
		log_warn("housekeeping: %s", e.msg);
	if (!renew_certificate(s, &e))
		log_error("%s", e.msg);
	bool leads = !s->node || node_leads(s->node);
	if (!ledger_catch_up(s->ledger, &e) ||
	    (leads && !ledger_prune(s->ledger,
				    settings_int(s->settings, SETTING_LEDGER_RETENTION_DAYS), &e)))
		log_warn("housekeeping: %s", e.msg);
	glue_minute(&s->glue);
}

/* No connection may take the last descriptor: with none left the database's files do not open and
 * people are not let in. What the process may have is shared out before it listens: half at most
 * goes to files, of the rest a tenth (at least 16) to people. */
static void share_descriptors(struct http_server_conf *people, struct http_server_conf *agents)
{
	struct rlimit r;
	if (getrlimit(RLIMIT_NOFILE, &r) != 0 || r.rlim_cur == RLIM_INFINITY)
		return;
	unsigned all = (unsigned)MIN(r.rlim_cur, 1u << 20), files = MIN(all / 2, FILES);
	unsigned few = MIN(all / 16, LOCAL_CONNECTIONS + REDIRECT_CONNECTIONS);
	unsigned left = all - files - few;
	people->max_connections = MIN(people->max_connections,
				      MAX(left / 10, MAX(16, people->threads)));
	agents->max_connections = MIN(
		agents->max_connections,
		MAX(left - MIN(left, people->max_connections), MAX(16, agents->threads)));
	people->max_per_address = people->max_connections / 2;
	agents->max_per_address = agents->max_connections / 2;
	if (agents->max_connections < AGENT_CONNECTIONS / 2)
		log_warn("of %u descriptors %u are for agents' connections, %u for people's; raise "
			 "LimitNOFILE for more",
			 all, agents->max_connections, people->max_connections);
}

static bool listen_all(struct server *s, const struct options *o, struct err *e)
{
	struct http_server_conf people = { .address = o->address,
					   .port = (uint16_t)o->port,
					   .cert_pem = s->identity.chain_pem.p,
					   .key_pem = s->identity.key_pem.p,
					   .threads = (unsigned)o->threads,
					   .max_connections = PEOPLE_CONNECTIONS,
					   .max_per_address = PEOPLE_CONNECTIONS / 2,
					   .max_handshakes = 1000,
					   .body_memory = (size_t)64 << 20,
					   .idle_timeout_s = 120,
					   .max_body = 1u << 20,
					   .body_limit = api_body_limit,
					   .handler = api_handle,
					   .arg = s->api };
	struct http_server_conf agents = people;
	agents.port = (uint16_t)o->agent_port;
	agents.client_ca_pem = s->identity.ca_pem.p;
	agents.max_connections = AGENT_CONNECTIONS;
	/* One address may be a whole site behind a NAT, and yet must not shut the others out. */
	agents.max_per_address = AGENT_CONNECTIONS / 2;
	agents.max_handshakes = 1000; /* a second or two of work: whoever waits longer gives up */
	agents.body_memory = (size_t)256 << 20;
	agents.workers = 16; /* they wait for the disk together and share its commits */
	agents.max_deferred = 500;
	agents.niceness = 5; /* people go first */
	/* Each agent holds a connection open for ever; its headers are our own and short. */
	agents.connection_memory = 2560;
	agents.body_limit = api_agent_body_limit;
	agents.handler = api_agent_handle;
	share_descriptors(&people, &agents);
	if (!http_server_start(&agents, &s->agents, e) ||
	    !http_server_start(&people, &s->people, e))
		return false;
	/* Root and the server's own user, on this machine: the same API without a login. */
	AUTO(xfree) char *socket = xasprintf("unix:%s/tsukuroid.sock", o->state_dir);
	struct http_server_conf local = people;
	local.address = socket;
	local.cert_pem = local.key_pem = NULL;
	local.threads = 1;
	local.max_connections = LOCAL_CONNECTIONS;
	local.max_per_address = 0; /* it has none */
	local.max_handshakes = 0;
	if (!http_server_start(&local, &s->local, e))
		return false;
	if (!o->redirect_port)
		return true;
	struct http_server_conf redirect = { .address = o->address,
					     .port = (uint16_t)o->redirect_port,
					     .threads = 1,
					     .max_connections = REDIRECT_CONNECTIONS,
					     .idle_timeout_s = 10,
					     .handler = glue_redirect,
					     .arg = s->url };
	return http_server_start(&redirect, &s->redirect, e);
}

/* While there is no administrator: a fresh one-time link, shown by main and kept in a file only the
 * server's user (and root) can read; removed once it is of no use. */
static bool offer_setup(struct server *s, const struct options *o, struct err *e)
{
	s->setup_file = file_join(o->state_dir, "setup-link");
	if (!auth_setup_needed(s->auth))
		return file_remove_tree(s->setup_file, e);
	char token[64];
	if (!auth_setup_token(s->auth, token, e))
		return false;
	s->setup_link = xasprintf("%s/setup#token=%s", s->url, token);
	return file_write_atomic(s->setup_file, str_of(s->setup_link), 0600, e);
}

static bool open_node(struct server *s, const struct options *o, struct signer *signer,
		      struct err *e)
{
	AUTO(xfree) char *name = xasprintf("%s:%d", s->identity.name, (int)o->agent_port);
	struct sha256 ca = digest_of(buf_str(&s->identity.ca_pem));
	char hex[65];
	enc_hex(ca.b, sizeof(ca.b), hex);
	struct node_conf conf = { .db = s->db,
				  .name = name,
				  .auth = s->auth,
				  .settings = s->settings,
				  .fleet = s->fleet,
				  .ledger = s->ledger,
				  .deploy = s->deploy,
				  .mail = s->mail,
				  .jobs = s->jobs,
				  .glue = &s->glue };
	if (!node_mark(s->db, "ca", hex, "certificate authority", e) ||
	    !node_mark(s->db, "deploy", signer_public(signer), "deployment key", e) ||
	    !node_open(&conf, &s->node, e))
		return false;
	glue_set_node(&s->glue, s->node);
	return true;
}

bool server_new_epoch(const struct options *o, int64_t *epoch_out, struct err *e)
{
	AUTO(fd_close) int lock = -1;
	AUTO(sql_close) struct sql *db = NULL;
	bool restored;
	return open_database(o, &lock, &db, e) &&
	       generation_turn(o->state_dir, db, true, epoch_out, &restored, e);
}

bool server_verify(const struct options *o, struct buf *report, struct err *e)
{
	AUTO(fd_close) int lock = -1;
	AUTO(sql_close) struct sql *db = NULL;
	return open_database(o, &lock, &db, e) && verify_data(db, report, e);
}

bool server_start(const struct options *o, struct signer *signer, struct asset_table console,
		  struct server **out, struct err *e)
{
	AUTO(server_stop) struct server *s = xcalloc(1, sizeof(*s));
	s->lock_fd = -1;
	s->options = *o;
	pthread_mutex_init(&s->listeners, NULL);
	if (!open_data(s, o, e) || !open_work(s, o, signer, e) ||
	    !open_api(s, o, signer, console, e) || !listen_all(s, o, e) || !offer_setup(s, o, e))
		return false;
	jobs_set_minute(s->jobs, minute, s);
	AUTO(xfree) char *snapshot = file_join(s->options.state_dir, "fleet.snapshot");
	s->keeper = keeper_start(s->match, snapshot, s->saved);
	if (sql_shared(s->db) && !open_node(s, o, signer, e))
		return false;
	*out = TAKE(s);
	return true;
}

void server_stop(struct server *s)
{
	if (!s)
		return;
	http_server_stop(s->redirect);
	http_server_stop(s->local);
	pthread_mutex_lock(&s->listeners);
	http_server_stop(TAKE(s->people));
	http_server_stop(TAKE(s->agents));
	pthread_mutex_unlock(&s->listeners);
	glue_set_node(&s->glue, NULL);
	node_close(s->node);
	jobs_close(s->jobs);
	glue_set_api(&s->glue, NULL);
	if (s->match)
		match_set_listener(s->match, NULL, NULL);
	api_free(s->api);
	mail_close(s->mail);
	deploy_close(s->deploy);
	ledger_detach(s->ledger);
	ledger_close(s->ledger);
	keeper_stop(s->keeper);
	match_free(s->match);
	enrichment_close(s->enrichment);
	fleet_free(s->fleet);
	auth_close(s->auth);
	settings_close(s->settings);
	sql_close(s->db);
	store_close(s->store);
	identity_done(&s->identity);
	fd_close(s->lock_fd);
	pthread_mutex_destroy(&s->listeners);
	xfree(s->url);
	xfree(s->agent_url);
	xfree(s->setup_link);
	xfree(s->setup_file);
	xfree(s);
}

const char *server_url(const struct server *s)
{
	return s->url;
}

const char *server_setup_link(const struct server *s)
{
	return s->setup_link;
}
