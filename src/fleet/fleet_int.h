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
#include "fleet/roster.h"

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
	VEC(uint8_t) durable;	  /* per fact: its row is committed */
	struct ids ids;		  /* agent id -> host number */
	VEC(struct host *) hosts; /* in `records`, like their ids */
	struct arena records;
	roaring_bitmap_t *states[HOST_STATES_], *scans[SCANS_], *scanned, *online, *reboot;
	struct dims *dims;
	struct hours scan_hours; /* of the last scans */
	struct roster *roster;	 /* told of every change of a record */
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

/* One fact on its way into the database. */
struct new_fact {
	uint32_t fact;
	struct str line;
};
struct new_facts {
	struct new_fact *p;
	size_t n;
};
struct host_inventory {
	struct str host, facts; /* id; coded */
	uint32_t n_facts;
	struct sha256 digest;
	int64_t scanned_ms;
	struct new_facts new_facts;
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
/* Puts a copy of a loaded or enrolled host into memory; `from` may borrow all it points to. Write
 * lock held (or not yet shared). */
uint32_t fleet_adopt(struct fleet *f, const struct host *from);
/* Enters the facts of an active host into the index. */
void fleet_index_host(struct fleet *f, const struct host *h);
#endif
