/* SPDX-License-Identifier: Apache-2.0
 * The ledger: what became of each patch on each system, and when. Rows are gathered in a batch
 * before a transaction (no database is touched) and written inside it, beside what causes them. */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H
#include "base/arena.h"
#include "base/clock.h"
#include "fleet/fleet.h"
#include "match/match.h"
#include "sql/sql.h"

/** Stored as numbers: never change one's meaning. */
enum ledger_event {
	LEDGER_KNOWN = 1, /**< the patch DB offers it from now on */
	LEDGER_MISSING,	  /**< the system lacks it */
	LEDGER_HINDERED, /**< it lacks it, and it is held, kept back, phased or needs a subscription
			  */
	LEDGER_INSTALLED, /**< the system has it (found by a scan) */
	LEDGER_GONE,	  /**< it concerns the system no longer (replaced, removed) */
	LEDGER_APPROVED,  /**< an administrator deploys it there */
	LEDGER_OFFERED,	  /**< in a signed order */
	LEDGER_VERIFIED,  /**< the agent read the wanted versions back after installing */
	LEDGER_FAILED,	  /**< the agent could not install it, or the server gave up */
	LEDGER_DECLINED, /**< is not to be installed automatically, and counts as missing nowhere */
	LEDGER_UNDECLINED,  /**< by a person or by expiry */
	LEDGER_UNINSTALLED, /**< taken back by a deployment: its packages are at older versions */
	LEDGER_EVENTS_
};
const char *ledger_event_name(unsigned event); /**< "missing", ...; 1..LEDGER_EVENTS_-1 */

struct ledger;
struct ledger *ledger_open(struct sql *db, const struct clock *clock);
void ledger_close(struct ledger *l);
AUTO_DEFINE(struct ledger, ledger_close)
/** From here on inventories and new catalogs write into the ledger. Patches that the ledger has
 * never seen (the first start with it, a crash) get their present state now. Ends with
 * ledger_detach(). */
bool ledger_attach(struct ledger *l, struct fleet *f, struct match *m, struct err *e) MUST_CHECK;
void ledger_detach(struct ledger *l);
/** Where several servers share a database, one of them writes down what new catalogs change: the
 * others follow. Who leads from now on makes up for what may not have been written. */
void ledger_follow(struct ledger *l, bool follows);
/** What every server sees by itself is written down by this one. */
bool ledger_leads(const struct ledger *l);
/** After a new catalog could not be written down: makes up for it. Call it every minute. */
bool ledger_catch_up(struct ledger *l, struct err *e) MUST_CHECK;
/** Drops rows older than `days`, some thousand at a time; call it every minute. */
bool ledger_prune(struct ledger *l, int64_t days, struct err *e) MUST_CHECK;

/* --- writing --- */
struct ledger_batch;
/** Empty. `ref` of what is added next: an id (deployment, ...) or "". */
struct ledger_batch *ledger_batch_new(struct ledger *l);
void ledger_batch_ref(struct ledger_batch *b, const char *ref);
/** One system's changes: begin, then each patch once. */
void ledger_batch_host(struct ledger_batch *b, struct str host);
void ledger_batch_change(struct ledger_batch *b, struct str patch, enum ledger_event event);
/** One patch on many systems: begin, then each system once (none: the patch itself). */
void ledger_batch_sweep(struct ledger_batch *b, struct str patch, enum ledger_event event);
void ledger_batch_swept(struct ledger_batch *b, struct str host);
bool ledger_batch_empty(const struct ledger_batch *b);
/** Inside a transaction; touches nothing but the database. */
bool ledger_batch_write(struct sql_conn *c, struct ledger_batch *b, struct err *e) MUST_CHECK;
/** `committed`: the transaction is durable. Frees the batch; NULL is fine. */
void ledger_batch_done(struct ledger_batch *b, bool committed);

/* --- reading --- */
struct ledger_item {
	int64_t seq, at_ms;
	enum ledger_event event;
	const char *host, *patch; /**< ids; host is "" when several (or no) systems are meant */
	uint32_t hosts;		  /**< how many systems; 0 = the patch itself */
	uint32_t index;		  /**< within its row */
	const char *ref;
};
/** Where a page goes on: at this row, after so many items of it. Zeroed = from the newest. */
struct ledger_place {
	int64_t seq;
	uint32_t skip;
};
/** Newest first; at most `limit` (<= 500) items. *more_out: `*at` is where the next page begins. */
bool ledger_of_host(struct ledger *l, struct str host, struct ledger_place *at, size_t limit,
		    struct arena *a, struct ledger_item **out, size_t *n_out, bool *more_out,
		    struct err *e) MUST_CHECK;
bool ledger_of_patch(struct ledger *l, struct str patch, struct ledger_place *at, size_t limit,
		     struct arena *a, struct ledger_item **out, size_t *n_out, bool *more_out,
		     struct err *e) MUST_CHECK;
/** Rows: entries, changes in them, sweeps. */
bool ledger_size(struct ledger *l, int64_t out[static 3], struct err *e) MUST_CHECK;
#endif
