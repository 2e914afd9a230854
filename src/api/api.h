/* SPDX-License-Identifier: Apache-2.0
 * The server's two faces: the API and console for people and programs (8383), and the gateway for
 * agents (8027). The server's main fills in struct api_conf, makes one struct api, and hands
 * api_handle / api_agent_handle with their body limits to two HTTP servers. */
#ifndef API_API_H
#define API_API_H
#include "api/assets.h"
#include "api/events.h"
#include "auth/auth.h"
#include "base/arena.h"
#include "base/clock.h"
#include "catalog/enrich.h"
#include "crypto/x509.h"
#include "deploy/deploy.h"
#include "fleet/fleet.h"
#include "match/match.h"
#include "net/http_server.h"
#include "sql/sql.h"
#include "store/store.h"

struct settings;
struct mail;

/** What the jobs room tells about a job; strings live in the arena of the call (or are literals).
 */
struct api_job_step {
	const char *code;  /**< stable word, translated by the console: "fetch", "parse", ... */
	const char *state; /**< waiting, running, succeeded, failed, skipped */
	double progress;   /**< 0..1 */
	const char *message, *message_params; /**< stable word or NULL; JSON object text or NULL */
};
struct api_job {
	const char *id;	   /**< 32 hex digits */
	const char *kind;  /**< "sync", ... */
	const char *state; /**< queued, running, succeeded, failed, cancelled */
	const char *created_by;
	int64_t created_ms, started_ms, finished_ms; /**< 0 = not yet */
	double progress;			     /**< 0..1 */
	const char *message, *message_params;	     /**< as in a step */
	const char *error;			     /**< text, NULL = none */
	struct api_job_step *steps;
	size_t n_steps;
};

/** How a platform's agent is installed: one line for a root shell. "{url}" and "{token}" are
 * replaced. */
struct api_installer {
	const char *platform; /**< "debian" */
	const char *command;
};

/** Everything handlers may touch. All members are borrowed for the life of the struct api. */
struct api_conf {
	struct sql *db;
	struct auth *auth;
	struct settings *settings;
	struct mail *mail;
	struct fleet *fleet;
	struct match *match;
	struct enrichment *enrichment; /**< NULL = none is kept */
	struct deploy *deploy;
	struct ledger *ledger;
	struct store *store;
	const struct clock *clock;
	const char *org;	    /**< installation id, 32 hex digits */
	struct asset_table console; /**< {console_assets, console_assets_n}; empty = none built */

	/* agents */
	const struct x509_ca *ca;
	const char *ca_pem;
	const char *deploy_key; /**< public key that signs orders, 64 hex digits */
	const char *agent_url;	/**< "https://patch.example.org:8027" */
	const struct api_installer *installers;
	size_t n_installers;

	/* jobs: called with `arg`; any thread */
	void *arg;
	/** Starts a sync (or finds the one that runs): its id in job_out. */
	bool (*start_sync)(void *arg, const char *by, char job_out[static 33], struct err *e);
	/** This kernel keeps the server's own processes from files that are not theirs (Landlock).
	 */
	bool files_confined;
	/** Makes the held generation of a feed the current one. ERR_NOT_FOUND. */
	bool (*accept_held)(void *arg, const char *feed, struct err *e);
	/** Kinds of sources; false at the end. `os`: prefixes of os ids, NULL-terminated. */
	bool (*source)(void *arg, size_t i, const char **kind, const char **title,
		       const char *const **os, bool *offers, bool *is_signed);
	/** Newest first, at most `max`. */
	bool (*jobs_list)(void *arg, size_t max, struct arena *a, struct api_job **out,
			  size_t *n_out, struct err *e);
	/** ERR_NOT_FOUND. */
	bool (*job_get)(void *arg, const char *id, struct arena *a, struct api_job *out,
			struct err *e);
	/** Seconds between two contacts of an agent (setting). */
	int64_t (*refresh_s)(void *arg);
	/** Whether agents set network cards up for waking (setting). */
	bool (*wake_on_lan)(void *arg);
	/** These hosts' agents may be connected to another server on the same database: it shall
	 * tell them to check in now. Returns at once; may be NULL. */
	void (*wake_elsewhere)(void *arg, const uint32_t *hosts, size_t n);
	/** As deploy_conf.want_payload: fetch these components' payloads from the vendor. */
	void (*want_payload)(void *arg, const struct catalog *c, const uint32_t *components,
			     uint32_t n);
	/** The changelog of a package file (an open descriptor), as text: read in a process that
	 * can do nothing else. ERR_NOT_FOUND: it has none. */
	bool (*read_changelog)(void *arg, enum component_kind kind, struct str package, int fd,
			       struct buf *out, struct err *e);
	/** An inventory was stored, a system enrolled or retired (host number): for logs; may be
	 * NULL. */
	void (*on_host)(void *arg, uint32_t host, const char *what);
};

struct api;
bool api_new(const struct api_conf *conf, struct api **out, struct err *e) MUST_CHECK;
/** Ends all event and push streams. Stop the HTTP servers first. */
void api_free(struct api *api);
AUTO_DEFINE(struct api, api_free)
struct events *api_events(struct api *api);

/* For http_server_conf of port 8383; `arg` is the struct api. */
size_t api_body_limit(void *arg, struct http_req *r);
void api_handle(void *arg, struct http_req *r);
/* For port 8027; the server must request client certificates (client_ca_pem). */
size_t api_agent_body_limit(void *arg, struct http_req *r);
void api_agent_handle(void *arg, struct http_req *r);

/* --- callbacks that the server's main hands to other rooms; `arg` is the struct api. They may come
 * on any thread, hold no locks and return at once --- */
/** For deploy_conf.wake: tells those of the agents that are connected to check in now. */
void api_wake(void *arg, const uint32_t *hosts, size_t n);
/** For match_set_listener: publishes fleet, patches and systems events. */
void api_on_match(void *arg, uint64_t version);
/** For deploy_conf.changed. */
void api_on_deployment(void *arg, const char *deployment);
/** Writes to the audit log what the server does by itself; for deploy_conf.turned. */
bool api_audit(struct api *api, const char *action, const char *object, const char *detail,
	       struct err *e) MUST_CHECK;
/** Something was recorded in the audit log, here or by another server of the database: publishes
 * what no other topic tells (deployment policies, scripts, settings, mails, tokens, users, tasks).
 */
void api_on_audit(void *arg, const char *action);
/** For deploy_conf.approvals_changed; also when a task of automated deployment changed. */
void api_on_approvals(void *arg);
/** A job changed. */
void api_on_job(void *arg, const char *job);
/** A feed's state changed. */
void api_on_feed(void *arg, const char *feed);
/** Every 60 s or so: forgets old idempotency keys. Heartbeats are the api's own. */
bool api_tick(struct api *api, struct err *e) MUST_CHECK;
#endif
