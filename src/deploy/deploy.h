/* SPDX-License-Identifier: Apache-2.0
 * Configurations (console word: deployments): patches x targets x policy, their targets' states,
 * and the signed orders that carry them out. State lives in the database; this room holds no cache
 * that could disagree with it. */
#ifndef DEPLOY_DEPLOY_H
#define DEPLOY_DEPLOY_H
#include "base/arena.h"
#include "catalog/enrich.h"
#include "ledger/ledger.h"
#include "match/match.h"
#include "proto/order.h"
#include "proto/plan.h"
#include "sql/page.h"
#include "store/store.h"
#include "window/schedule.h"

/** The states people see; their words are in names.c. */
enum deployment_state {
	DEPLOYMENT_READY,
	DEPLOYMENT_IN_PROGRESS,
	DEPLOYMENT_COMPLETED,
	DEPLOYMENT_COMPLETED_WITH_FAILURES,
	DEPLOYMENT_FAILED,
	DEPLOYMENT_CANCELLED,
	DEPLOYMENT_DRAFT,
	DEPLOYMENT_SUSPENDED,
	DEPLOYMENT_EXPIRED,
	DEPLOYMENT_STATES_
};
enum target_state {
	TARGET_PENDING,
	TARGET_DOWNLOADING,
	TARGET_INSTALLING,
	TARGET_SUCCEEDED,
	TARGET_FAILED,
	TARGET_NOT_APPLICABLE,
	TARGET_CANCELLED,
	TARGET_EXPIRED,
	/** Told of one whose exact plan waits for approval (plans.h); in the database it is
	   pending. */
	TARGET_AWAITING_APPROVAL,
	TARGET_STATES_
};
/** What a deployment does; its words are the API's. */
enum deployment_operation {
	DEPLOYMENT_INSTALL,
	DEPLOYMENT_RESTART_SERVICES,
	DEPLOYMENT_UNINSTALL, /**< patches go back (uninstall.h) */
	DEPLOYMENT_REBOOT,
	DEPLOYMENT_OPERATIONS_
};
const char *deployment_operation_name(enum deployment_operation o);
/** Ready, in progress or suspended: it has targets that have not ended. */
bool deployment_is_open(enum deployment_state s);
const char *deployment_state_name(enum deployment_state s);
const char *target_state_name(enum target_state s);

/** What this room announces (sql/notify.h); the id follows. */
#define DEPLOY_SAYS_DEPLOYMENT "deployment"
#define DEPLOY_SAYS_DECLINE "decline"
#define DEPLOY_SAYS_APPROVAL "approval"
#define DEPLOY_SAYS_AUTO "auto"
#define DEPLOY_SAYS_EPOCH "epoch"

/** Built-in policy (M-153). */
#define POLICY_ANYTIME "anytime"

struct deploy;
struct target_script;
struct rollout;
struct selector;
/** Signs orders somewhere else (the sign process); must check nothing but sign `order_json`. */
struct deploy_signer {
	bool (*seal)(void *arg, struct str order_json, struct buf *envelope, struct err *e);
	void *arg;
};
/** Why a payload does not arrive from its vendor. */
struct payload_trouble {
	const char *reason; /**< stable word: vendor_gone, vendor_digest, vendor_error,
			     * vendor_unreachable, server_disk_full, server_error */
	char detail[400];   /**< address and error, for people */
	bool final;	    /**< tried often enough: targets do not wait for it any longer */
};
struct deploy_conf {
	struct sql *db;
	struct match *match;
	struct store *store;
	const struct clock *clock;
	struct deploy_signer signer;
	struct ledger *ledger; /**< NULL = no history is kept */
	/** What automated deployment asks for known exploitation; NULL = nothing is known. */
	struct enrichment *enrichment;
	/** Asks that a host be woken (push `checkin`). */
	void (*wake)(void *arg, const uint32_t *hosts, size_t n);
	/** Sends a magic packet into a subnet that this server is in itself; false: it is in no
	 * such, or cannot. NULL = never. */
	bool (*wake_lan)(void *arg, const uint8_t mac[static 6], const char *subnet);
	/** Asks that payloads be fetched from the vendor (job); called again until they are in the
	 * store. */
	void (*want_payload)(void *arg, const struct catalog *c, const uint32_t *components,
			     uint32_t n);
	/** What keeps a wanted payload from arriving; false when nothing is known to. */
	bool (*payload_trouble)(void *arg, const struct sha256 *payload,
				struct payload_trouble *out);
	/** A deployment's or target's state changed: deployment id. */
	void (*changed)(void *arg, const char *deployment);
	/** What the server does by itself, for the audit log, before it does: "rollout.halt",
	 * "rollout.open_wave", "deployment.expire", "auto.deploy" (of a deployment),
	 * "approval.test" (of no object). `detail` is JSON. NULL = nobody is told. */
	bool (*turned)(void *arg, const char *object, const char *action, const char *detail,
		       struct err *e);
	/** Approvals changed, here or on another server; NULL = nobody asks. */
	void (*approvals_changed)(void *arg);
	void *arg;
};
bool deploy_open(const struct deploy_conf *conf, struct deploy **out, struct err *e) MUST_CHECK;
void deploy_close(struct deploy *d);
AUTO_DEFINE(struct deploy, deploy_close)

/** How a deployment is carried out, beside its policy (M-145..M-149). */
struct deploy_terms {
	int64_t expires_ms; /**< what has not started by then does not start; 0 = never */
	/** How often a target that failed for a cause that passes is tried again: at contacts, and
	 * after starts of the system. Both 0 = as usual; else neither is 0, and DEPLOY_RETRIES_MAX
	 * together at most. */
	int64_t retry_refresh, retry_start_up;
	bool hold_incomplete; /**< a target waits for files the server cannot get, instead of going
				 without */
};
#define DEPLOY_RETRIES_MAX 20
/** Who is mailed how it stands (M-146; ask/notify.h). */
struct deploy_notify {
	const char *to; /**< addresses, one a line; "" or NULL = nobody */
	int64_t every_minutes;
};
#define DEPLOY_REQUEST_MAX (4u << 20)
/** What an administrator asks for. Entry A: `systems` with no patches = everything missing there.
 *  Entry B: `patches` with no systems = every host that misses them. Both: the product of both,
 *  restricted to what is missing. */
struct deploy_request {
	const char *name, *description; /**< name empty = generated */
	const char *const *patches;
	size_t n_patches;
	const char *const *systems;
	size_t n_systems;
	const struct selector *targets; /**< instead of `systems`; NULL = none (selector.h) */
	const char *policy;		/**< POLICY_ANYTIME */
	bool now;			/**< deploy now: wake the targets */
	bool only_approved;		/**< what is not approved is left out (S-08) */
	bool approve_plans; /**< targets stop with their exact plan until it is approved (plans.h)
			     */
	enum plan_drift plan_drift;    /**< how far from its approved plan one may be carried out */
	bool publish;		       /**< users install it (offers.h) */
	int64_t deadline_ms;	       /**< of a published one; 0 = none */
	const struct rollout *rollout; /**< NULL = all at once */
	const char *created_by;
	struct deploy_terms terms;
	struct deploy_notify notify;
	const char *request; /**< JSON of what was chosen, kept for drafts made of it; NULL = not
				known */
	const char
		*draft; /**< the draft that it was made of, and takes the place of; NULL = none */
};
#define DEPLOY_WAVES_MAX 20
/** Blast radius: what a deployment would touch, shown before it is made. */
struct deploy_preview {
	uint32_t patches, systems, pairs, reboots, offline, unknown, superseded, held;
	uint32_t unapproved;	   /**< patches that are not approved (in it, or left out) */
	uint32_t rolled_back;	   /**< pairs left out of "everything missing": taken back before */
	uint32_t declined;	   /**< the same: the patch is declined for that system (S-09) */
	uint32_t services_restart; /**< reserved: 0 */
	int64_t download_bytes, stored_bytes; /**< to fetch from vendors / already here */
	uint32_t severity[SEVERITIES_];
	char token[65]; /**< bound to the resolved (patch, host) set */
	/** How many systems are in each wave of the rollout; n_waves 0 = it has none. */
	uint32_t waves[DEPLOY_WAVES_MAX], n_waves;
};
bool deploy_preview(struct deploy *d, const struct deploy_request *r, struct deploy_preview *out,
		    struct err *e) MUST_CHECK;
/** Creates it in one transaction. `preview_token` must be that of a preview whose resolved set
 * still contains the present one. Id in id_out. ERR_CONFLICT with *why_out "preview_stale" (the set
 * grew since), "nothing_to_do" (none of the systems misses any of the patches), "not_a_draft" (what
 * it takes the place of is none any more) or "conflict". */
bool deploy_create(struct deploy *d, const struct deploy_request *r, const char *preview_token,
		   char id_out[static 33], const char **why_out, struct err *e) MUST_CHECK;
/** Restarting services that run replaced files, on each system those of `services` (all, when none
 * is named) that its agent's last evidence names and that may be restarted (proto/units.h); systems
 * without any are left out. */
struct deploy_restart_request {
	const char *const *systems;
	size_t n_systems;
	const char *const *services;
	size_t n_services;
	const char *policy; /**< as of a deployment */
	const char *created_by;
};
/** ERR_INVALID for what is no service's name; ERR_CONFLICT with *why_out "service_protected" (one
 * named is never restarted) or "nothing_to_restart" (a named one, or all, are in no evidence). */
bool deploy_restart(struct deploy *d, const struct deploy_restart_request *r,
		    char id_out[static 33], const char **why_out, struct err *e) MUST_CHECK;
/** Restarting systems (M-172): those of `systems` that are active, in the windows of `policy`,
 * which also says how long logged-in people are waited for. */
struct deploy_reboot_request {
	const char *const *systems;
	size_t n_systems;
	const char *policy, *created_by;
};
/** A machine that is not back in another boot for so long after it went away has failed (until it
 * says otherwise). */
#define DEPLOY_REBOOT_LIMIT_MS (15 * 60000)
/** ERR_CONFLICT when none of the systems is active. */
bool deploy_reboot(struct deploy *d, const struct deploy_reboot_request *r, char id_out[static 33],
		   struct err *e) MUST_CHECK;

/* --- the life of a deployment (S-11; lifecycle.c, draft.c) ---
 * All of them: ERR_NOT_FOUND when there is none, ERR_CONFLICT when it is not in a state for that.
 * What has not started is stopped: its order is withdrawn, and systems that wait are woken to learn
 * it. */
bool deploy_cancel(struct deploy *d, const char *id, struct err *e) MUST_CHECK;
/** What a deployment was aimed at, as JSON text in the arena; NULL for one that names systems. */
bool deploy_aim(struct deploy *d, const char *id, struct arena *a, const char **out, struct err *e)
	MUST_CHECK;
/** ERR_CONFLICT while a deployment that was aimed at the group has not ended, or while another
 * group's filter refers to it; see fleet_group_remove(). */
bool deploy_remove_group(struct deploy *d, const char *id, struct err *e) MUST_CHECK;
bool deploy_suspend(struct deploy *d, const char *id, struct err *e) MUST_CHECK;
bool deploy_resume(struct deploy *d, const char *id, struct err *e) MUST_CHECK;
/** Failed targets begin again, with all their retries: those of `systems` when there are any, those
 * that failed for `reason` when it is not NULL. Their number in *n_out; none is ERR_CONFLICT. */
bool deploy_retry(struct deploy *d, const char *id, const char *const *systems, size_t n,
		  const char *reason, size_t *n_out, struct err *e) MUST_CHECK;
/** Into the trash, and out of it. An open one must be cancelled first. */
bool deploy_trash(struct deploy *d, const char *id, bool into, struct err *e) MUST_CHECK;
/** Days in the trash, after which a deployment is forgotten. */
#define DEPLOY_TRASH_DAYS 30
/** What may be changed of a draft or an open deployment; NULL = as it is. */
struct deploy_edit {
	const char *name, *description, *policy;
	const struct deploy_terms *terms;
	const struct deploy_notify *notify;
	const char *request; /**< of drafts only */
};
/** `version` as it was read: ERR_CONFLICT with *stale_out when it has been changed meanwhile. */
bool deploy_change(struct deploy *d, const char *id, int64_t version,
		   const struct deploy_edit *edit, bool *stale_out, struct err *e) MUST_CHECK;
/** A draft of r's name, description, policy, terms and request; its patches and systems are not
 * looked at. */
bool deploy_draft(struct deploy *d, const struct deploy_request *r, char id_out[static 33],
		  struct err *e) MUST_CHECK;
/** What was chosen, as JSON; empty when it is not known. */
bool deploy_request_text(struct deploy *d, const char *id, struct buf *out, struct err *e)
	MUST_CHECK;

struct deployment_row {
	char id[33];
	char *name, *description, *created_by, *policy;
	char *policy_name; /**< also a removed one's; NULL for the built-in one */
	bool now;
	bool published;	     /**< users install it (offers.h) */
	int64_t deadline_ms; /**< ... and until then; 0 = none */
	enum deployment_state state;
	enum deployment_operation operation;
	int64_t created_ms, started_ms, finished_ms;
	uint32_t targets[TARGET_STATES_], n_targets, n_patches;
	struct deploy_terms terms;
	int64_t suspended_ms, removed_ms; /**< 0 = it is not */
	int64_t version; /**< rises with every change of what deploy_change() changes */
};
/** Newest first, keyset on (created_ms, id): `before` = last row's of the previous page, or NULL.
 * `trash`: those in the trash instead. */
bool deploy_list(struct deploy *d, bool trash, const struct deployment_row *before, size_t limit,
		 struct arena *a, struct deployment_row **out, size_t *n_out, struct err *e)
	MUST_CHECK;
bool deploy_get(struct deploy *d, const char *id, struct arena *a, struct deployment_row *out,
		struct err *e) MUST_CHECK;
bool deploy_patches(struct deploy *d, const char *id, struct arena *a, char ***out, size_t *n_out,
		    struct err *e) MUST_CHECK;
/** Ids of its targets' systems, `limit` at most. */
bool deploy_systems(struct deploy *d, const char *id, size_t limit, struct arena *a, char ***out,
		    size_t *n_out, struct err *e) MUST_CHECK;

struct target_row {
	char host[33];
	char *hostname;
	enum target_state state;
	char *reason; /**< stable word: why it is pending or failed: "offline",
		       * "server_downloading", "vendor_gone", "waiting_agent", "lock_held", ... ;
		       * translated by the console */
	char *detail; /**< text for people */
	int64_t updated_ms, started_ms, finished_ms, next_attempt_ms;
	int64_t attempts, exit_status, done, total;
	uint32_t n_patches;
	bool reboot_needed;
	char *services;	       /**< to restart, with blanks between; "" = it installs */
	uint32_t wave;	       /**< 0 = the first; without meaning when there are none */
	char *reboot;	       /**< word of the column (schema 0020); "" = none was ordered */
	int64_t reboot_due_ms; /**< while "rebooting": the target has failed then; else 0 */
	char *cause;	       /**< stable word: why the last attempt failed; "" = none has */
	int64_t retried_refresh, retried_start_up;
	bool has_log;
	/** Of one that has not begun whose policy has windows: the next, by the clocks of
	 * window_zone ("" = the system's own, which only it knows: then the times are those of its
	 * clocks, as if it were in UTC). */
	struct window window;
	char *window_zone; /**< NULL = it has no window to wait for */
};
/** By hostname, keyset on (hostname, host). `state` -1 = all. */
bool deploy_targets(struct deploy *d, const char *id, int state, const struct target_row *after,
		    size_t limit, struct arena *a, struct target_row **out, size_t *n_out,
		    struct err *e) MUST_CHECK;
/** The failed targets of a deployment by cause, the most frequent first. */
struct failure_group {
	char *reason;
	uint32_t n;
	char *hosts[6], *hostnames[6]; /**< the first of them by name */
	size_t n_hosts;
};
bool deploy_failures(struct deploy *d, const char *id, struct arena *a, struct failure_group **out,
		     size_t *n_out, struct err *e) MUST_CHECK;
/** The agent's full output for a target. ERR_NOT_FOUND when there is none yet. */
bool deploy_log(struct deploy *d, const char *id, const char *host, struct buf *out, struct err *e)
	MUST_CHECK;
/** Deployments a system is or was a target of: a page, newest first; *total_out of all pages. */
bool deploy_of_host(struct deploy *d, const char *host, const struct sql_page *page,
		    struct arena *a, struct deployment_row **rows, struct target_row **targets,
		    size_t *n_out, int64_t *total_out, struct err *e) MUST_CHECK;

/* --- pages backwards and counts (page.c) --- */
/** The page before: rows newer than `after`, the nearest `limit` of them, newest first. */
bool deploy_list_newer(struct deploy *d, bool trash, const struct deployment_row *after,
		       size_t limit, struct arena *a, struct deployment_row **out, size_t *n_out,
		       struct err *e) MUST_CHECK;
/** The page before: targets whose (hostname, host) is lower, the nearest `limit`, ascending. */
bool deploy_targets_before(struct deploy *d, const char *id, int state,
			   const struct target_row *before, size_t limit, struct arena *a,
			   struct target_row **out, size_t *n_out, struct err *e) MUST_CHECK;
bool deploy_count(struct deploy *d, bool trash, int64_t *out, struct err *e) MUST_CHECK;
/** The open ones, newest first. */
bool deploy_running(struct deploy *d, size_t limit, struct arena *a, struct deployment_row **out,
		    size_t *n_out, struct err *e) MUST_CHECK;
/** Every distinct (system, patch) of a failed target, whether or not it is missing there still. */
bool deploy_failed_pairs(struct deploy *d,
			 void (*fn)(void *arg, const char *host, const char *patch), void *arg,
			 struct err *e) MUST_CHECK;

/* --- agents (called by the gateway; the host is the certificate's) --- */
/** What stands outside the database about it (a file beside the data); 0, 0 = nothing yet. */
struct deploy_marker {
	int64_t epoch, generation;
};
/** Counts the generation on, in the database; `*marker` is then to be written outside, after this
 * returned. Call it before deploy_open() and every minute or so. A database behind the marker (or
 * `force`) has been restored from a backup: a new epoch begins and *restored_out is true. */
bool deploy_generation(struct sql *db, bool force, struct deploy_marker *marker, bool *restored_out,
		       struct err *e) MUST_CHECK;
/** The server now knows the inventory that the host really has; *first_out: for the first time in
 * this epoch, so there may be orders for it from here on. */
bool deploy_reconciled(struct deploy *d, uint32_t host, bool *first_out, struct err *e) MUST_CHECK;
/** False: the host surely has no open target and no open order (asks no database). */
bool deploy_busy(struct deploy *d, uint32_t host);
/** Sealed orders for a host that are due and whose payloads are in the store; appended as JSON
 * strings' contents to `envelopes` (each an arena string). Assigns sequences durably before
 * returning. None for an agent of a higher epoch than the server's (its database has gone back
 * unnoticed; a new epoch is needed), and none before deploy_reconciled() in an epoch above 1. */
bool deploy_orders(struct deploy *d, uint32_t host, uint64_t agent_epoch, uint64_t agent_seq,
		   struct arena *a, char ***envelopes, size_t *n_out, struct err *e) MUST_CHECK;
/** `next_ms`: when a "waiting" agent comes back to the order by itself, or a machine that counts
 * down is restarted; 0 = unknown. */
bool deploy_progress(struct deploy *d, uint32_t host, const char *order, const char *state,
		     const char *reason, int64_t done, int64_t total, int64_t next_ms,
		     struct err *e) MUST_CHECK;
/** What an agent said of a target that waits for its users (M-169, M-170, M-172). */
struct target_notice {
	int64_t shown_ms;	    /**< the last notice; 0 = none yet */
	int64_t postponed, allowed; /**< times */
	int64_t deadline_ms;	    /**< it cannot be put off beyond; 0 = it cannot be put off */
};
bool deploy_notice(struct deploy *d, uint32_t host, const char *order,
		   const struct target_notice *n, struct err *e) MUST_CHECK;
/** Whether a pending target's reason says that it waits for its users. */
bool deploy_waits_for_user(const char *reason);
/** Whether an installing target's reason says that its machine counts down to a restart. */
bool deploy_counts_down(const char *reason);
/** All zero when the agent has said nothing. */
bool deploy_notice_of(struct deploy *d, const char *deployment, const char *host,
		      struct target_notice *out, struct err *e) MUST_CHECK;
/** The plan an agent resolved; decides whether to issue a new order with extras. */
struct plan_step {
	struct str name, arch, from, to, action;
};
bool deploy_plan(struct deploy *d, uint32_t host, const char *order, const struct plan_step *steps,
		 size_t n, const char **decision_out, const char **reason_out, struct err *e)
	MUST_CHECK;
struct deploy_result {
	const char *order, *outcome, *reason, *detail, *log, *packages_json;
	const char *plan_json;	  /**< the transaction that was resolved last; NULL = none */
	const char *details_json; /**< proto/plan.h; NULL = not told */
	const char *reboot;	  /**< what became of one; NULL or "" = none was ordered */
	const struct target_script *scripts; /**< scripts.h; at most one a stage */
	size_t n_scripts;
	int64_t started_ms, finished_ms, attempts, exit_status;
	bool reboot_needed;
};
/** Idempotent by order id; durable on return. */
bool deploy_result(struct deploy *d, uint32_t host, const struct deploy_result *r, struct err *e)
	MUST_CHECK;
/** Payloads of pending targets that are not in the store yet, re-asked; completions noticed. Called
 * by a job every few seconds and after each fetch. */
bool deploy_tick(struct deploy *d, struct err *e) MUST_CHECK;
uint64_t deploy_epoch(struct deploy *d);
/** Another server may have declined, or ended a decline: reads them again. */
bool deploy_declines_reload(struct deploy *d, struct err *e) MUST_CHECK;
/** Another server may have begun a new epoch: reads it again. */
bool deploy_epoch_reload(struct deploy *d, struct err *e) MUST_CHECK;
/** The installation's id (32 hex), made once; orders and enrolment replies carry it. */
const char *deploy_org(const struct deploy *d);
#endif
