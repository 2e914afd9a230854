/* SPDX-License-Identifier: Apache-2.0
 * Inside the fleet room only: the object itself and its durable half (fleet_db.c). */
#ifndef FLEET_FLEET_INT_H
#define FLEET_FLEET_INT_H
#include "base/arena.h"
#include "base/vec.h"
#include "fleet/dims.h"
#include "fleet/fleet.h"
#include "fleet/hours.h"
#include "fleet/ids.h"
#include "fleet/index.h"
#include "fleet/novelty.h"
#include "fleet/roster.h"
#include "fleet/snapfile.h"

#include <pthread.h>

#define FLEET_HOST_LOCKS 64

struct rescan {
	uint32_t host;
	int64_t ms;
};

struct fleet {
	struct sql *db; /* NULL = memory only */
	struct clock clock;
	pthread_rwlock_t lock;
	/* Two changes of one host never overlap: lock no % FLEET_HOST_LOCKS, taken before
	 * everything else, held over the database write while readers go on. */
	pthread_mutex_t host_locks[FLEET_HOST_LOCKS];
	struct index *index;
	/* New facts are stored before they are known here, those of several scans at once
	 * (share.c). */
	pthread_mutex_t intern_lock;
	pthread_cond_t interned;
	struct interning *gathering;
	struct novelty novelty; /* under intern_lock */
	bool interning;
	struct ids ids;		  /* agent id -> host number */
	VEC(struct host *) hosts; /* in `records`, like their ids */
	struct arena records;
	roaring_bitmap_t *states[HOST_STATES_], *scans[SCANS_], *scanned, *online, *reboot;
	struct dims *dims;
	struct hours scan_hours;    /* of the last scans */
	struct roster *roster;	    /* told of every change of a record */
	struct groups *groups;	    /* see group_int.h */
	struct snapfile *snapshot;  /* what is mapped of it; NULL = loaded from the database */
	roaring_bitmap_t *reread;   /* hosts the snapshot did not know as they are */
	pthread_rwlock_t enrolling; /* held over an enrolment; a snapshot's epoch waits for all */
	fleet_listener *listener;
	void *listener_arg;
	struct fleet_journal journal; /* under `lock`, like the listener */
	void (*after)(void *arg);
	void *after_arg;
	pthread_mutex_t contact_lock; /* guards the three below; taken last */
	VEC(uint32_t) contacts;	      /* hosts whose last contact is newer than the database's */
	VEC(uint8_t) contact_waiting; /* per host: is in `contacts` */
	VEC(struct rescan) rescans;   /* under contact_lock, too: scans that found nothing new */
};

/* Lines on their way into the database, and what the transaction found and gave. */
struct facts_write {
	uint32_t known;	      /* numbers below are known */
	struct intern *lines; /* wanted */
	struct intern *rows;  /* out: facts known, known + 1, ... as the database has them now */
};
struct host_inventory {
	struct str host, facts; /* id; coded */
	uint32_t n_facts;
	struct sha256 digest;
	int64_t scanned_ms;
	bool (*also)(struct sql_conn *c, void *arg,
		     struct err *e); /* or NULL; with a non-NULL arg */
	void *also_arg;
};
struct host_contact {
	struct str host;
	int64_t ms;
	int64_t scanned_ms; /* of a scan that found nothing new; 0 = none */
};

/* Each does nothing and succeeds without a database. */
bool fleet_db_load(struct fleet *f, struct err *e) MUST_CHECK;
bool fleet_db_load_facts(struct fleet *f, struct err *e) MUST_CHECK;
/* For snapshots: the next epoch, in the database; that a file is one of it; the epoch of a known
 * file (ERR_NOT_FOUND). */
bool fleet_db_next_epoch(struct fleet *f, int64_t *epoch_out, struct err *e) MUST_CHECK;
bool fleet_db_note_snapshot(struct fleet *f, struct str id, int64_t epoch, struct err *e)
	MUST_CHECK;
bool fleet_db_find_snapshot(struct fleet *f, struct str id, int64_t *epoch_out, struct err *e)
	MUST_CHECK;
/* Hosts in memory that changed in an epoch or later, into a bitmap; then their rows, and those of
 * hosts that are not in memory yet (which go into the bitmap too); last contacts from a time on.
 * The second refuses a fleet that has not as many hosts as the database. */
bool fleet_db_changed_ids(struct fleet *f, int64_t epoch, roaring_bitmap_t *out, struct err *e)
	MUST_CHECK;
bool fleet_db_load_changed(struct fleet *f, int64_t epoch, roaring_bitmap_t *out, struct err *e)
	MUST_CHECK;
bool fleet_db_load_contacts(struct fleet *f, int64_t from_ms, struct err *e) MUST_CHECK;
bool fleet_db_enrol(struct fleet *f, const struct host *h, struct err *e) MUST_CHECK;
bool fleet_db_attrs(struct fleet *f, const char *id, const struct host_attrs *a, struct err *e)
	MUST_CHECK;
bool fleet_db_inventory(struct fleet *f, const struct host_inventory *i, struct err *e) MUST_CHECK;
bool fleet_db_state(struct fleet *f, const char *id, enum host_state state, struct err *e)
	MUST_CHECK;
bool fleet_db_scan(struct fleet *f, const char *id, enum scan_status scan, const char *error,
		   struct err *e) MUST_CHECK;
bool fleet_db_scanned(struct fleet *f, const char *id, int64_t scanned_ms, struct err *e)
	MUST_CHECK;
bool fleet_db_scans(struct fleet *f, const struct host_contact *c, size_t n, struct err *e)
	MUST_CHECK;
bool fleet_db_contacts(struct fleet *f, const struct host_contact *c, size_t n, struct err *e)
	MUST_CHECK;
/* Write lock held (or not yet shared): w->rows are the facts from w->known on. */
bool fleet_learn_rows(struct fleet *f, const struct facts_write *w, struct err *e) MUST_CHECK;
/* Gives every wanted line a number, after those that other servers have given. */
bool fleet_db_facts(struct fleet *f, struct facts_write *w, struct err *e) MUST_CHECK;
/* Reads the facts from `known` on into w->rows. */
bool fleet_db_facts_from(struct fleet *f, struct facts_write *w, struct err *e) MUST_CHECK;
/* The row of a host, in the arena; false in *found_out when there is none. ERR_CORRUPT also when it
 * has facts that are not known here yet. */
bool fleet_db_host(struct fleet *f, struct str id, struct arena *a, struct host *out,
		   bool *found_out, struct err *e) MUST_CHECK;
/* Calls `fn` for every row of host. */
bool fleet_db_versions(struct fleet *f,
		       void (*fn)(void *arg, struct str id, int64_t version, int64_t contact_ms),
		       void *arg, struct err *e) MUST_CHECK;
/* Distinct lines a fleet may have: a broken agent must not fill the server's memory. */
#define FLEET_MAX_FACTS 20000000u
/* Ascending facts become the host's, durably and then visibly; the host's lock is held. */
bool fleet_put_facts(struct fleet *f, struct host *h, const uint32_t *facts, uint32_t n,
		     const struct sha256 *digest, int64_t scanned_ms, struct err *e) MUST_CHECK;
/* Makes lines known, durably; no lock held but a host's. */
bool fleet_intern(struct fleet *f, uint32_t host, const struct str *lines, size_t n, struct err *e)
	MUST_CHECK;
/* Releases the write lock and tells. */
void fleet_publish(struct fleet *f);
/* Takes the host's lock; false (nothing taken) when there is no such host. */
bool fleet_host_begin(struct fleet *f, uint32_t no, struct host **out, struct err *e) MUST_CHECK;
void fleet_host_end(struct fleet *f, uint32_t no);
#endif
