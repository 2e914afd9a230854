/* SPDX-License-Identifier: Apache-2.0
 * The fleet in memory: hosts, the facts of their last scan, and the inverted index fact -> hosts.
 *
 * A fact is one line of the canonical inventory (proto/inventory.h), interned to a u32. A host is a
 * sorted array of fact numbers, delta-varint coded: the durable record, in the database. The
 * bitmaps are derived. Host numbers are dense u32, never reused while the server runs.
 *
 * Locking: one rwlock. fleet_read_lock() for any reading; every mutating call here takes the write
 * lock itself. Database writes happen before the memory changes: what is visible is durable. */
#ifndef FLEET_FLEET_H
#define FLEET_FLEET_H
#include "base/clock.h"
#include "crypto/digest.h"
#include "fleet/index.h"
#include "proto/inventory.h"
#include "sql/sql.h"

#include <roaring/roaring.h>

struct fleet;

/** What the agent says about itself at check-in; everything but inventory facts. */
struct host_attrs {
	char *hostname, *os_id, *os_version,
		*os_name; /**< "debian", "12", "Debian GNU/Linux 12 (bookworm)" */
	char *arch, *kernel, *address, *agent_version, *logged_in_user, *boot_id;
	int64_t boot_ms;
	bool reboot_needed;
	char *health_json; /**< reboot and service-restart evidence as the agent sent it, or NULL */
	char *lan_json;	   /**< proto/lan.h, or NULL: agents of before do not tell */
};
enum host_state { HOST_ACTIVE, HOST_RETIRED, HOST_QUARANTINED, HOST_STATES_ };
enum scan_status { SCAN_NEVER, SCAN_REQUESTED, SCAN_OK, SCAN_FAILED, SCANS_ };
/** There may be a million: what many hosts share (office, os, arch, kernel, agent version) points
 * to one copy, the rest of a host is one block. To be read only. */
struct host {
	uint32_t no;
	enum host_state state : 8;
	enum scan_status scan : 8;
	bool online : 1; /**< a push connection is open now */
	const char *id;	 /**< the agent id in its certificate: 32 hex digits; never moves */
	char *office;	 /**< office id; "local" by default */
	struct host_attrs attrs;
	struct sha256 inventory; /**< of the canonical text; zero = none yet */
	int64_t enrolled_ms, last_contact_ms, last_scan_ms;
	char *scan_error;
	char *cert_fingerprint;
	uint8_t *facts; /**< delta-varint coded; see facts.h */
	uint32_t facts_len, n_facts;
	uint32_t version; /**< changes of its row, as far as they are visible here; not contacts */
	void *block;	  /**< holds the texts that are the host's own, and its facts */
};
/** What hosts are told apart by; the values are what hosts say, "" when they say nothing. */
enum fleet_dim {
	FLEET_BY_OFFICE,
	FLEET_BY_OS, /**< "debian:12": os_id ':' os_version */
	FLEET_BY_OS_ID,
	FLEET_BY_OS_VERSION,
	FLEET_BY_OS_NAME,
	FLEET_BY_ARCH,
	FLEET_BY_KERNEL,
	FLEET_BY_AGENT_VERSION,
	FLEET_DIMS_
};

bool fleet_load(struct sql *db, const struct clock *clock, struct fleet **out, struct err *e)
	MUST_CHECK;
/** Without a database: for the offline laboratory and tests. */
struct fleet *fleet_new_memory(const struct clock *clock);
void fleet_free(struct fleet *f);
AUTO_DEFINE(struct fleet, fleet_free)

void fleet_read_lock(struct fleet *f);
void fleet_read_unlock(struct fleet *f);
/* --- under the read lock --- */
uint32_t fleet_host_count(
	const struct fleet *f); /**< numbers are 0..count-1, including retired ones */
const struct host *fleet_host(const struct fleet *f, uint32_t no);
const struct host *fleet_host_by_id(const struct fleet *f, struct str id);
/** Hosts whose state is active (borrowed). */
const roaring_bitmap_t *fleet_active(const struct fleet *f);
/** Hosts that have a scan at all. */
const roaring_bitmap_t *fleet_scanned(const struct fleet *f);
/* Bitmaps of all hosts, also of those that are not active; kept when a host changes, so that no
 * list and no count walks hosts. Borrowed; NULL = none, unless said otherwise. */
/** Hosts with a value in a dimension; disjoint, and together every host. */
const roaring_bitmap_t *fleet_hosts_by(const struct fleet *f, enum fleet_dim dim, struct str value);
/** Values are numbered 0..count-1 (in no order; some have no hosts). */
uint32_t fleet_dim_count(const struct fleet *f, enum fleet_dim dim);
struct str fleet_dim_value(const struct fleet *f, enum fleet_dim dim, uint32_t value);
const roaring_bitmap_t *fleet_dim_hosts(const struct fleet *f, enum fleet_dim dim, uint32_t value);
/** Never NULL. */
const roaring_bitmap_t *fleet_state_hosts(const struct fleet *f, enum host_state state);
const roaring_bitmap_t *fleet_scan_hosts(const struct fleet *f, enum scan_status scan);
const roaring_bitmap_t *fleet_online_hosts(const struct fleet *f);
/** Hosts that say they need a reboot (attrs.reboot_needed). */
const roaring_bitmap_t *fleet_reboot_hosts(const struct fleet *f);
/** Hosts whose last scan is older than a time (never scanned ones are not among them); the caller
 * frees it with roaring_bitmap_free(). */
roaring_bitmap_t *fleet_scanned_before(const struct fleet *f, int64_t ms);
uint32_t fleet_fact_count(const struct fleet *f);
/** The line behind a fact number. */
struct str fleet_fact(const struct fleet *f, uint32_t fact);
uint32_t fleet_fact_find(const struct fleet *f, struct str line);
/** Active hosts that have the fact; NULL = none. */
const roaring_bitmap_t *fleet_fact_hosts(const struct fleet *f, uint32_t fact);
/** Fact numbers of all installed packages of a kind (FACT_DEB, FACT_RPM, FACT_APK) and name, any
 * arch and version / built from a source of that name. */
const uint32_t *fleet_facts_by_name(const struct fleet *f, enum fact_kind kind, struct str name,
				    uint32_t *n_out);
const uint32_t *fleet_facts_by_source(const struct fleet *f, enum fact_kind kind, struct str source,
				      uint32_t *n_out);
/** What kind of line a fact is, and its fields (parsed once per distinct fact); false for other
 * kinds. */
enum fact_kind fleet_fact_kind(const struct fleet *f, uint32_t fact);
bool fleet_fact_package(const struct fleet *f, uint32_t fact, struct fact_package *out);
/** See index_name(), index_names(), index_field(). */
uint32_t fleet_fact_name(const struct fleet *f, uint32_t fact);
uint32_t fleet_names(const struct fleet *f, enum fact_kind kind);
struct str fleet_fact_field(const struct fleet *f, uint32_t fact, int i);
bool fleet_fact_kept(const struct fleet *f, uint32_t fact, struct fact_kept *out);
bool fleet_fact_hold(const struct fleet *f, uint32_t fact, struct fact_hold *out);
bool fleet_fact_os(const struct fleet *f, uint32_t fact, struct fact_os *out);
/** All facts of a kind that is no package (FACT_HOLD, FACT_OS, ...), ascending. */
const uint32_t *fleet_facts_of_kind(const struct fleet *f, enum fact_kind kind, uint32_t *n_out);
/** Decodes a host's facts into `out` (room for host->n_facts). */
void fleet_host_facts(const struct host *h, uint32_t *out);

/* --- changes: durable on return, then visible, then told to the listener --- */
/** Called under the write lock after a host's facts changed (old and new sorted arrays). A host
 * that stops being active loses its facts here and in the bitmaps (not in its record); back again,
 * it gains them. Not called when nothing changed, but always at a first scan. */
typedef void fleet_listener(void *arg, uint32_t host, const uint32_t *old_facts, uint32_t n_old,
			    const uint32_t *new_facts, uint32_t n_new);
void fleet_set_listener(struct fleet *f, fleet_listener *fn, void *arg);
/** Writes beside an inventory, in its transaction. `gather` is called before it, with only the
 * host's own lock held and the host still as it was; what it returns (NULL = nothing) goes to
 * `write`, which touches nothing but the database, and then to `done`. */
struct fleet_journal {
	void *(*gather)(void *arg, const struct host *h, const uint32_t *old_facts, uint32_t n_old,
			const uint32_t *new_facts, uint32_t n_new);
	bool (*write)(struct sql_conn *c, void *gathered, struct err *e);
	void (*done)(void *gathered, bool committed);
	void *arg;
};
/** NULL = none. `j` is copied. */
void fleet_set_journal(struct fleet *f, const struct fleet_journal *j);
/** Called with no lock held, on the changing thread, after any visible change of a host but a mere
 *  contact. */
void fleet_set_after(struct fleet *f, void (*fn)(void *arg), void *arg);
/** Refuses (ERR_CONFLICT) an id that is enrolled already. */
bool fleet_enrol(struct fleet *f, const char *id, const char *office,
		 const struct host_attrs *attrs, const char *cert_fingerprint, uint32_t *no_out,
		 struct err *e) MUST_CHECK;
/** A contact: last contact is kept in memory and flushed by fleet_flush(); changed attributes are
 *  written at once. `attrs` NULL = they are what they were: waits for nobody. */
bool fleet_contact(struct fleet *f, uint32_t no, const struct host_attrs *attrs, struct err *e)
	MUST_CHECK;
/** Replaces the inventory. `text` is canonical (checked; ERR_CORRUPT otherwise). */
bool fleet_put_inventory(struct fleet *f, uint32_t no, struct str text, int64_t scanned_ms,
			 struct err *e) MUST_CHECK;
/** The same, for who has computed the text's SHA-256 already. */
bool fleet_put_digested(struct fleet *f, uint32_t no, struct str text, const struct sha256 *digest,
			int64_t scanned_ms, struct err *e) MUST_CHECK;
/** What leads from one inventory of a host to the next: `delta` (proto/inventory.h) from the text
 * whose digest is `base` to that of `digest`, whose lines amount to `sum`. */
struct fleet_delta {
	struct str delta;
	struct sha256 base, digest;
	struct inventory_sum sum;
	int64_t scanned_ms;
};
/** Whatever has so many facts at most is a text within INVENTORY_MAX. */
#define FLEET_DELTA_FACTS (INVENTORY_MAX / INVENTORY_MAX_LINE)
/** Replaces the inventory by what has changed in it, without either text. ERR_CONFLICT when it does
 * not lead from what the host has to such a sum, or to more than FLEET_DELTA_FACTS facts;
 * ERR_CORRUPT when it is no delta. */
bool fleet_put_delta(struct fleet *f, uint32_t no, const struct fleet_delta *d, struct err *e)
	MUST_CHECK;
bool fleet_set_state(struct fleet *f, uint32_t no, enum host_state state, struct err *e) MUST_CHECK;
bool fleet_set_scan(struct fleet *f, uint32_t no, enum scan_status scan, const char *error,
		    struct err *e) MUST_CHECK;
/** A scan that found the same inventory again: only its time is new. Shown and stored by the next
 * fleet_flush(), unless it also ends a request for a scan or a failure: then at once. */
bool fleet_scanned_again(struct fleet *f, uint32_t no, int64_t scanned_ms, struct err *e)
	MUST_CHECK;
/** SCAN_REQUESTED for any number of hosts, so many in a transaction: durable, visible and told one
 * batch after the other, so that nobody's scan waits for a million. On failure the batches before
 * stay; asking for all again is harmless. Numbers of no host are passed over. */
#define FLEET_SCANS_AT_ONCE ((size_t)500)
bool fleet_request_scans(struct fleet *f, const uint32_t *nos, size_t n, struct err *e) MUST_CHECK;
void fleet_set_online(struct fleet *f, uint32_t no, bool online);
bool fleet_flush(struct fleet *f, struct err *e) MUST_CHECK;
/* --- several servers on one database --- */
/** What this room announces (sql/notify.h): hosts that have changed, by id; hosts that were in
 * contact, id and time in turn. All are separated by a space. */
#define FLEET_SAYS_HOST "host"
#define FLEET_SAYS_SEEN "seen"
/** Another server has enrolled or changed this host: reads it again and shows what differs. */
bool fleet_refresh(struct fleet *f, struct str id, struct err *e) MUST_CHECK;
/** Announcements may have been missed: reads every host again whose version differs. */
bool fleet_catch_up(struct fleet *f, struct err *e) MUST_CHECK;
/** A host was in contact with another server. */
void fleet_seen(struct fleet *f, struct str id, int64_t ms);

/** The canonical text of a host's inventory, rebuilt from its facts. */
bool fleet_inventory_text(struct fleet *f, uint32_t no, struct buf *out, struct err *e) MUST_CHECK;
#endif
