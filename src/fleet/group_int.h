/* SPDX-License-Identifier: Apache-2.0
 * Inside the fleet room only: the groups in memory, and their durable half (group_db.c). */
#ifndef FLEET_GROUP_INT_H
#define FLEET_GROUP_INT_H
#include "base/arena.h"
#include "base/vec.h"
#include "fleet/group.h"

#include <pthread.h>

struct groups {
	/* Over the database and memory: of two changes the later one sees the earlier. Taken before
	 * any host's lock. */
	pthread_mutex_t changing;
	VEC(struct group *) list; /* by name; under the fleet's lock */
};
struct groups *groups_new(void);
void groups_free(struct groups *g);

/* A change on its way into the database. */
struct group_write {
	const struct group *g; /* as it is to be */
	int64_t version;       /* as it was; 0 = it is new */
	const struct str *hosts;
	size_t n;
	bool in;
	bool (*may)(struct sql_conn *c, void *arg, struct err *e);
	void *may_arg;
};
/* Each does nothing and succeeds without a database. ERR_CONFLICT when the row is not as it was. */
bool group_db_put(struct fleet *f, struct group_write *w, struct err *e) MUST_CHECK;
bool group_db_remove(struct fleet *f, struct group_write *w, struct err *e) MUST_CHECK;
bool group_db_members(struct fleet *f, struct group_write *w, struct err *e) MUST_CHECK;
/* All groups, without members; texts in the arena. */
bool group_db_list(struct fleet *f, struct arena *a, struct group **out, size_t *n_out,
		   struct err *e) MUST_CHECK;
/* Ids of the hosts in it. */
bool group_db_hosts(struct fleet *f, const char *id, struct arena *a, struct str **out,
		    size_t *n_out, struct err *e) MUST_CHECK;
#endif
