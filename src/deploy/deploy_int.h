/* SPDX-License-Identifier: Apache-2.0
 * Private to the deploy room: the context, resolved target sets, and the steps several files share.
 */
#ifndef DEPLOY_DEPLOY_INT_H
#define DEPLOY_DEPLOY_INT_H
#include "deploy/deploy.h"
#include "deploy/rollout/rollout.h"

#include "base/intern.h"
#include "base/vec.h"

#include <pthread.h>

/* A preview stays usable this long, and so many are kept; older ones become "preview_stale". */
#define PREVIEW_KEEP_MS (30 * 60 * 1000)
#define PREVIEW_KEEP 64
/* An order not carried out within this time is withdrawn and issued anew at the next check-in. */
#define ORDER_VALID_MS (24 * 3600 * 1000LL)
#define ATTEMPTS_MAX 5
/* Tried again at contacts, unless a deployment says otherwise. */
#define RETRY_USUAL (ATTEMPTS_MAX - 1)
/* The sign process would not sign the order, or it is too large to be one. */
#define REASON_UNSIGNED "order_unsigned"
/* The order waits on its machine: see deploy_waits_for_window(). */
#define REASON_OUTSIDE_WINDOW "outside_window"
#define REASON_WAITING_START_UP "waiting_start_up"
#define REASON_PUBLISHED "published"
#define REASON_USER_NOTICE "user_notice"
#define REASON_POSTPONED "postponed"
/* People are waited for before the machine is restarted: see deploy_counts_down(). */
#define REASON_WAITING_USERS "waiting_users"
#define REASON_REBOOT_POSTPONED "reboot_postponed"
/* Only retries after a start of the system are left. */
#define REASON_RETRY_START_UP "retry_start_up"
#define HOST_LOCKS 64

/* The (patch, host) set of a request, as bitmaps per patch. */
struct resolved {
	struct str *ids; /* patch ids, copied into `arena` */
	uint32_t *patches;
	roaring_bitmap_t **hosts; /* hosts that miss patches[i], within the request's systems */
	size_t n;
	roaring_bitmap_t *all; /* union of hosts[] */
	struct arena arena;
	uint32_t unapproved;
	/* What was asked for and is not in the set, and why. */
	uint32_t superseded, held, unknown, rolled_back, declined;
};
void resolved_done(struct resolved *r);
AUTO_DEFINE_VALUE(struct resolved, resolved_done)

struct preview_slot {
	char token[65];
	int64_t made_ms;
	struct resolved set;
};

struct declines;
struct approvals;
struct auto_engine;
struct deploy {
	struct deploy_conf conf;
	struct declines *declines;
	struct approvals *approvals;
	struct auto_engine *automation;
	char org[33];
	uint64_t epoch;
	pthread_mutex_t preview_lock;
	struct preview_slot previews[PREVIEW_KEEP];
	uint64_t wave_ticks; /* touched by the tick alone */
	size_t next_preview;
	pthread_mutex_t epoch_lock;
	struct intern *reconciled; /* ids of hosts that have said how they stand in this epoch */
	pthread_mutex_t open_lock; /* guards the next two; taken last */
	roaring_bitmap_t *open_hosts;
	uint64_t open_marks;
	struct dynamics *dynamics;
	bool open_everywhere;		    /* never changes */
	int64_t late_ms, purged_ms, wol_ms; /* of deploy_tick() alone: when it last looked */
	int64_t wol_since_ms;		    /* the same: since when it looks for who sleeps */
	pthread_mutex_t cluster_lock;	    /* one place is taken at a time; within a host's lock */
	roaring_bitmap_t *cluster_woken;    /* touched by the tick alone; since when */
	int64_t cluster_woken_ms;
	pthread_mutex_t
		host_locks[HOST_LOCKS]; /* one order is issued or answered per host at a time */
};

bool deploy_resolve(struct deploy *d, const struct match_view *v, const struct deploy_request *r,
		    struct resolved *out, struct err *e) MUST_CHECK;
/* Adds the pairs of a patch that are missing on hosts `within` (NULL = anywhere); `spares`: but not
 * those where it is declined. */
void resolved_take(struct resolved *out, const struct match_view *v, uint32_t patch,
		   const roaring_bitmap_t *within, bool spares);
/* What a new deployment is aimed at, beside its row: see aim.c. `text` is from aim_text(). */
char *aim_text(const struct selector *s);
bool aim_insert(struct sql_conn *c, const char *deployment, const struct selector *s,
		const char *text, struct err *e) MUST_CHECK;
/* Whether systems may still become targets of it; and that none may any more. */
bool aim_is_dynamic(struct sql_conn *c, const char *deployment, bool *out, struct err *e)
	MUST_CHECK;
bool aim_close(struct sql_conn *c, const char *deployment, struct err *e) MUST_CHECK;
/* Targets of open dynamic deployments come and go with the fleet (dynamic.c); part of the tick. */
struct dynamics;
struct dynamics *dynamics_new(void);
void dynamics_free(struct dynamics *all);
bool dynamics_tick(struct deploy *d, struct err *e) MUST_CHECK;
/* Systems are woken before their windows (wol/wol_tick.c); part of the tick. */
bool wol_tick(struct deploy *d, struct err *e) MUST_CHECK;
/* What of `set` the store lacks is asked for; then its hosts are woken, when `now`, with waves
 * (one for each, ascending) only those of the first. */
struct rollout_host;
void deploy_set_going(struct deploy *d, const struct match_view *v, const struct resolved *set,
		      const struct rollout_host *waves, bool now);
/* The rows of the set's targets; one that is there already stays as it is. */
bool targets_insert(struct sql_conn *c, const char *deployment, const struct match_view *v,
		    const struct resolved *set, const struct rollout_host *waves, int64_t now_ms,
		    struct err *e) MUST_CHECK;
/* By host number, how many of the set's patches it is to get: as many steps as the set has pairs,
 * where asking each patch about each host would hold the database for minutes. A patch may have
 * hosts beyond set->all. The caller's. */
uint32_t *patches_by_host(const struct fleet *f, const struct resolved *set);
/* An administrator's decision is the approval of these patches on these systems; NULL without a
 * ledger. */
struct ledger_batch *deploy_approvals(struct deploy *d, const struct match_view *v,
				      const struct resolved *set, const char *id);
/* True when every pair of `now` was in the previewed set behind `token`. */
bool preview_covers(struct deploy *d, const char *token, const struct resolved *now);
void deploy_new_id(char out[static 33]);
const char *deploy_host_id(struct deploy *d, uint32_t host, char out[static 33]);
/* Makes the installation's identity when there is none yet. */
bool director_ensure(struct sql_conn *c, struct err *e) MUST_CHECK;
bool declines_load(struct deploy *d, struct err *e) MUST_CHECK;
void declines_close(struct deploy *d);
bool approvals_load(struct deploy *d, struct err *e) MUST_CHECK;
void approvals_close(struct deploy *d);
bool epoch_load(struct deploy *d, struct err *e) MUST_CHECK;
/* The epoch as the database has it. */
bool epoch_now(struct sql_conn *c, int64_t *out, struct err *e) MUST_CHECK;
void epoch_done(struct deploy *d);
bool epoch_reconciled(struct deploy *d, const char *host);
/* See open_hosts.c. */
bool open_hosts_load(struct deploy *d, struct err *e) MUST_CHECK;
void open_hosts_mark(struct deploy *d, uint32_t host);
/* Not with a view in hand. */
void open_hosts_mark_id(struct deploy *d, const char *host);
void open_hosts_mark_all(struct deploy *d, const roaring_bitmap_t *hosts);
/* Whether a look at the database may find open work; the look begins now. */
bool open_hosts_maybe(struct deploy *d, uint32_t host, uint64_t *look_out);
/* The look found none. */
void open_hosts_none(struct deploy *d, uint32_t host, uint64_t look);
/* Recomputes a deployment's state from its targets; tells conf.changed. */
bool deployment_rollup(struct deploy *d, const char *id, struct err *e) MUST_CHECK;
/* Columns as deployment_get and target_get select them; the target's from column `at`. */
void target_from_row(struct sql_rows *rows, int at, struct arena *a, struct target_row *out);
void deployment_from_row(struct sql_rows *rows, struct arena *a, struct deployment_row *out);
bool deployment_count_targets(struct sql_conn *c, struct deployment_row *row, struct err *e)
	MUST_CHECK;
/* Gives pending targets the reason of now. */
bool targets_explain(struct deploy *d, const struct deployment_row *row, struct target_row *list,
		     size_t n, struct arena *a, struct err *e) MUST_CHECK;

/* The same of one deployment's page. */
bool explain_page(struct deploy *d, const char *id, struct target_row *list, size_t n,
		  struct arena *a, struct err *e) MUST_CHECK;

/* What a host still lacks of a deployment. */
struct work {
	VEC(uint32_t) components; /* outdated, not held, of current patches */
	uint32_t held, superseded;
	uint32_t withheld; /* declined or not approved since an automatic deployment was made */
	uint32_t missing_patches;
	bool payloads_ready;
	int64_t bytes_total, bytes_ready;
	/* Patches left out, because the vendor does not serve one of their files (S-11: the rest
	 * goes on without them). They are asked for as long as a target wants them. */
	VEC(uint32_t) gone;
	/* Of an uninstallation: components are older ones, and `from` what each goes back from. */
	bool back;
	VEC(struct str) from;
	const char *why_not; /* nothing goes back, since the system is not as it was */
	struct arena arena;
	uint32_t rolled_back; /* patches left out: taken back since the deployment was made */
	bool troubled; /* `trouble` says why a payload has not arrived; final when gone.n > 0 */
	struct payload_trouble trouble;
};
void work_done(struct work *w);
AUTO_DEFINE_VALUE(struct work, work_done)
bool deploy_work(struct deploy *d, const struct match_view *v, uint32_t host,
		 const char *deployment, struct work *out, struct err *e) MUST_CHECK;
/* Has the vendor refused this file for good? Notes what keeps it from arriving. */
bool work_is_gone(struct deploy *d, const struct component *c, struct work *w);
/* The same for a deployment that uninstalls; `payloads_ready` is the caller's. */
bool uninstall_work(struct deploy *d, const struct match_view *v, uint32_t host,
		    const char *deployment, struct work *out, struct err *e) MUST_CHECK;
bool deploy_operation_of(struct deploy *d, const char *deployment, enum deployment_operation *out,
			 struct err *e) MUST_CHECK;
/* Whether it leaves out what is declined for a system (S-09): it did not name its patches. */
bool deploy_spares_declined(struct deploy *d, const char *deployment, bool *out, struct err *e)
	MUST_CHECK;
/* Takes the pairs that were taken back out of bitmaps by patch (NULL = none); how many in
 * *n_out. */
bool rolled_back_leave_out(struct deploy *d, const struct match_view *v, roaring_bitmap_t **hosts,
			   uint32_t *n_out, struct err *e) MUST_CHECK;
/* Marks patches as taken back from a system. */
bool rolled_back_write(struct sql_conn *c, const char *deployment, const char *host,
		       const struct str *patches, size_t n, int64_t now_ms, struct err *e)
	MUST_CHECK;
/* The same for all that the deployment wanted to take back there: they were gone already. */
bool uninstall_mark(struct deploy *d, const char *deployment, const char *host, struct err *e)
	MUST_CHECK;
/* Ids of the patches that a deployment takes back from a system, each once. */
bool uninstall_taken_back(struct deploy *d, const char *deployment, const char *host,
			  struct arena *a, struct str **out, size_t *n_out, struct err *e)
	MUST_CHECK;
/* --- plans.c --- */
/* What an order of a target is to hold as `plan`; *waits_out: its plan is not approved yet. */
bool plan_for_order(struct deploy *d, const char *deployment, const char *host, struct arena *a,
		    struct str *plan_out, bool *waits_out, struct err *e) MUST_CHECK;
/* Within the creation of a deployment. */
bool plan_insert_mode(struct sql_conn *c, const char *deployment, const struct deploy_request *r,
		      struct err *e) MUST_CHECK;
/* A target's plan as its result tells it; plan_json NULL = it told none. */
struct plan_told {
	const char *deployment, *host, *plan_json, *details_json;
	bool drifted; /* it is another one than the order's, and nothing was done */
	bool rpm;     /* whose versions they are */
	int64_t now_ms;
};
bool plan_write(struct sql_conn *c, const struct plan_told *told, struct err *e) MUST_CHECK;
#define REASON_AWAITING_APPROVAL "awaiting_approval"
#define REASON_PLAN_DRIFT "plan_drift"
/* Patches taken back from a system since the deployment was made: it does not install them. */
bool rolled_back_since(struct deploy *d, const char *deployment, const char *host,
		       struct intern *out, struct err *e) MUST_CHECK;
/* The component of the patch DB that is exactly this package, for this host's release; or NONE. */
uint32_t deploy_component_of(const struct match_view *v, const struct host *h, enum order_kind kind,
			     const struct plan_step *s);
/* Does the host's last scan say that it has exactly this package? */
bool deploy_host_has(const struct match_view *v, const struct host *h, enum fact_kind kind,
		     const struct order_package *p);
/* The systems asked for as a bitmap; NULL in *out when the request names none. */
bool deploy_systems_of(struct deploy *d, const struct match_view *v, const struct deploy_request *r,
		       roaring_bitmap_t **out, uint32_t *unknown_out, struct err *e) MUST_CHECK;
bool deploy_check_request(struct deploy *d, const struct deploy_request *r, struct err *e)
	MUST_CHECK;
/* A preview's parts: its token (64 hex digits), what is counted of systems, and keeping it. */
void preview_token(char out[static 65]);
void preview_count_hosts(const struct match_view *v, const struct resolved *set,
			 struct deploy_preview *out);
void preview_keep(struct deploy *d, struct resolved *set, const char *token);
/* Asks for the payloads that work still waits for. */
void deploy_want(struct deploy *d, const struct catalog *c, const struct work *w);
/* One system's event for the patches of these components, gathered; NULL without a ledger. */
struct ledger_batch *deploy_history(struct deploy *d, const struct match_view *v, const char *host,
				    const char *deployment, const uint32_t *components, size_t n,
				    enum ledger_event event);
/* Nothing left to do for a target: ends it with the reason. */
bool deploy_settle(struct deploy *d, const struct host *h, const char *deployment,
		   const struct work *w, struct err *e) MUST_CHECK;
/* One target's row to set; see target_set in deploy.sql. */
struct target_update {
	const char *deployment, *host, *reason, *detail;
	enum target_state state;
	int64_t updated_ms; /* filled in by target_update_write */
	int64_t started_ms, finished_ms, next_attempt_ms, attempts;
};
bool target_get(struct deploy *d, const char *deployment, const char *host, struct arena *a,
		struct target_row *out, struct err *e) MUST_CHECK;
/* Is "<os id>:<release>" this host's? */
bool deploy_os_fits(struct str os, const struct host *h);
/* Components of an order: what was asked for, and what a plan showed to be needed beside. */
struct order_set {
	const uint32_t *packages, *extra;
	size_t n_packages, n_extra;
	const struct order_package *replaced; /* installed ones that may go; see order.h */
	size_t n_replaced;
	struct str *units; /* instead of all that: services to restart */
	size_t n_units;
	const struct str *from; /* of each package, when they go back */
	struct str plan;	/* see order.h */
	bool reboots;		/* instead of all that */
	bool placed;		/* it needs a place (cluster_slots.h) */
	int64_t turn;		/* ... and takes one; < 0: the host works already */
};
/* What an order changes of its target; NULL for one that replaces another. */
struct order_target {
	enum target_state state;
	int64_t retry_refresh, retry_start_up; /* 1 when the order is such a retry */
};
/* How often a target is tried again at contacts. */
int64_t retries_refresh(const struct deploy_terms *t);
/* Tells what the server does by itself, before it does; `detail` is taken. */
bool deploy_tell(struct deploy *d, const char *object, const char *action, json_t *detail,
		 struct err *e) MUST_CHECK;
/* How long a target waits after its n-th attempt. */
int64_t deploy_backoff_ms(int64_t attempts);
/* Takes a sequence, signs and stores an order; `replaces` (or NULL) is withdrawn in the same
 * transaction. *unsigned_out tells a failure to sign (this order's) from one of the database. */
bool order_issue(struct deploy *d, const struct match_view *v, const struct host *h,
		 const char *deployment, const struct order_set *set, uint64_t agent_seq,
		 const char *replaces, const struct order_target *target, struct arena *a,
		 char **envelope_out, bool *unsigned_out, struct err *e) MUST_CHECK;
/* Of a target's services (blanks between) those that the host's last evidence still names. */
void services_left(const struct host *h, struct str wanted, struct arena *a, struct order_set *out);
/* A deployment that installs nothing: what it does on which systems. */
struct errand_target {
	const struct host *h;
	const char *units;
};
struct errand {
	enum deployment_operation operation;
	const char *id, *name, *policy, *created_by;
	int64_t now_ms;
	struct errand_target *targets;
	size_t n;
};
/* Stores it and wakes its targets. */
bool errand_create(struct deploy *d, const struct errand *k, struct err *e) MUST_CHECK;
/* The agent says that its machine goes away; it may have come back (the host has contacted); it
 * has not until its time was over. See reboots.c. */
bool reboot_begins(struct sql_conn *c, const char *deployment, const char *host, const char *boot,
		   int64_t now_ms, struct err *e) MUST_CHECK;
bool reboot_came_back(struct deploy *d, const struct host *h, const char *deployment, struct err *e)
	MUST_CHECK;
bool reboots_overdue(struct deploy *d, struct err *e) MUST_CHECK;
bool deploy_waits_for_window(const char *reason);
/* Ends what has expired, empties the trash. */
bool lifecycle_tick(struct deploy *d, struct err *e) MUST_CHECK;
/* Takes the orders of what has not started back, within a transaction. `hosts` is emptied first,
 * then gets the ids of the systems to wake. */
struct host_id {
	char id[33];
};
struct host_list {
	VEC(struct host_id) ids;
};
void host_list_done(struct host_list *l);
AUTO_DEFINE_VALUE(struct host_list, host_list_done)
bool orders_take_back(struct sql_conn *c, const char *deployment, int64_t now_ms,
		      struct host_list *hosts, struct err *e) MUST_CHECK;
/* Marks them as having open work again, and wakes them. */
void hosts_wake(struct deploy *d, const struct host_list *hosts);
/* What deploy_create() and drafts check alike. */
bool deploy_check_request(struct deploy *d, const struct deploy_request *r, struct err *e)
	MUST_CHECK;
bool deploy_check_terms(const struct deploy_terms *t, int64_t now_ms, struct err *e) MUST_CHECK;
/* A new one, or that of the draft that the request takes the place of. */
void deploy_request_id(const struct deploy_request *r, char out[static 33]);
bool deployment_insert(struct sql_conn *c, const char *id, const char *name,
		       const struct deploy_request *r, enum deployment_state state,
		       enum deployment_operation operation, int64_t n_patches, int64_t now_ms,
		       struct err *e) MUST_CHECK;
/* Whom a deployment tells (ask/notify.c); nobody: as notify_remove(). */
bool notify_put(struct sql_conn *c, const char *deployment, const struct deploy_notify *n,
		struct err *e) MUST_CHECK;
bool notify_remove(struct sql_conn *c, const char *deployment, struct err *e) MUST_CHECK;
bool target_update_write(struct deploy *d, const struct target_update *u, struct err *e) MUST_CHECK;
/* What a deployment's policy says to its orders. */
struct policy_terms {
	const struct window_schedule *window; /* NULL = at any time */
	int64_t forced_ms;		      /* 0 = never outside its windows */
	struct notification *notification;    /* NULL = silent */
	struct actions actions;
	int64_t expires_ms; /* 0 = never */
};
bool policy_of(struct deploy *d, const char *deployment, struct arena *a, struct policy_terms *out,
	       struct err *e) MUST_CHECK;
/* About when an order may start next; now_ms for one that may at once. */
int64_t policy_start_ms(const struct policy_terms *t, int64_t now_ms);
/* How long an order made now holds: over its next two windows after all that users may put off, so
 * that an agent whose server is away carries it over once (M-164); at most 100 days. */
int64_t policy_valid_until_ms(const struct policy_terms *t, int64_t now_ms);
/* --- offers.c --- */
bool offers_check(const struct deploy_request *r, int64_t now_ms, struct err *e) MUST_CHECK;
/* Within the creation of a deployment, published or not. */
bool offers_insert(struct sql_conn *c, const char *deployment, const struct deploy_request *r,
		   struct err *e) MUST_CHECK;
bool offers_read(struct sql_conn *c, const char *deployment, bool *published_out,
		 int64_t *deadline_ms_out, struct err *e) MUST_CHECK;
/* Published, and its deadline has not come. */
static inline bool offers_row(const struct deployment_row *row, int64_t now_ms)
{
	return row->published && (!row->deadline_ms || row->deadline_ms > now_ms);
}
/* What its orders say of it; NULL = it is not published, or its deadline has passed. */
bool offers_terms(struct deploy *d, const char *deployment, int64_t now_ms, struct arena *a,
		  const struct offer **out, struct err *e) MUST_CHECK;
/* Long enough that the machine obeys the deadline with its server away. */
int64_t offers_valid_until_ms(const struct offer *o, const struct policy_terms *t, int64_t now_ms);
pthread_mutex_t *deploy_host_lock(struct deploy *d, const char *host);
/* Those of all hosts, for a change of many; not with one in hand. */
void deploy_lock_hosts(struct deploy *d);
void deploy_unlock_hosts(struct deploy *d);

/* --- waves.c --- */
/* Within the creation: the rollout, with its first wave open. */
bool waves_insert(struct sql_conn *c, const char *deployment, const struct rollout *r,
		  int64_t now_ms, struct err *e) MUST_CHECK;
/* One for each of `hosts`, ascending. Who is in a group is decided here, once. ERR_NOT_FOUND for a
 * group that is not there. */
bool waves_assign(struct deploy *d, const struct rollout *r, const struct match_view *v,
		  const char *deployment, const roaring_bitmap_t *hosts, struct rollout_host *out,
		  struct err *e) MUST_CHECK;
/* How many of `hosts` each wave would get. */
bool waves_sizes(struct deploy *d, const struct rollout *r, const struct match_view *v,
		 const roaring_bitmap_t *hosts, uint32_t out[static DEPLOY_WAVES_MAX],
		 struct err *e) MUST_CHECK;
/* How many waves are open (UINT32_MAX = it has none: all), and whether it stands still. */
bool waves_of(struct deploy *d, const char *id, uint32_t *open_out, bool *halted_out, struct err *e)
	MUST_CHECK;
/* Whether a target may be given an order, as the database has it. */
bool waves_let(struct sql_conn *c, const char *deployment, const char *host, bool *out,
	       struct err *e) MUST_CHECK;
/* Opens waves, halts rollouts. */
bool waves_tick(struct deploy *d, struct err *e) MUST_CHECK;
/* In the transaction of a target's result: what became of its scripts (scripts.h). */
bool target_scripts_write(struct sql_conn *c, const char *deployment, const char *host,
			  const struct target_script *list, size_t n, struct err *e) MUST_CHECK;
#endif
