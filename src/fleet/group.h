/* SPDX-License-Identifier: Apache-2.0
 * Custom groups (M-179..M-183, S-21). A static group has the hosts that were put into it; so has a
 * unique one, and none of them is in another unique group; a dynamic one has a filter, whose text
 * is kept here and whose meaning match/groups.h knows.
 *
 * Membership of a host does not end when it is retired: it only does not count, and counts again
 * when it is back. Durable before visible, like hosts; under the fleet's lock. */
#ifndef FLEET_GROUP_H
#define FLEET_GROUP_H
#include "fleet/fleet.h"

#define GROUPS_MAX 1000
#define GROUP_NAME_MAX 100 /* characters */
#define GROUP_DESCRIPTION_MAX 1000
#define GROUP_FILTER_MAX 4000
/** Not in a group's name (S-21). */
#define GROUP_NAME_REFUSED "%/:;?*'|&#\\"

enum group_kind { GROUP_STATIC, GROUP_UNIQUE, GROUP_DYNAMIC, GROUP_KINDS_ };
const char *group_kind_name(enum group_kind k); /**< "static", ... */

/** Never more than so many members are made unavailable at once; 0 = there is no such rule. */
struct group_limit {
	uint32_t max_unavailable; /**< systems, or a percentage of the members */
	bool percent;
};
#define GROUP_LIMIT_MAX 1000000

struct group {
	char id[33];
	enum group_kind kind;
	const char *name, *description, *filter; /**< filter: "" unless dynamic */
	const char *created_by, *changed_by;
	int64_t created_ms, changed_ms; /**< changed: also when members came or went by hand */
	int64_t version;		/**< rises with every such change */
	struct group_limit limit;
	roaring_bitmap_t *members; /**< put in, in any state; NULL for a dynamic one */
};
/* --- under the read lock --- */
/** Groups are numbered 0..count-1, by name; the numbers last as long as the lock. */
uint32_t fleet_group_count(const struct fleet *f);
const struct group *fleet_group(const struct fleet *f, uint32_t i);
/** By id or by name (bytewise); NULL = none. */
const struct group *fleet_group_find(const struct fleet *f, struct str id_or_name);
/** The unique group a host is in; NULL = none. */
const struct group *fleet_group_alone(const struct fleet *f, uint32_t host);

/* --- changes: durable on return --- */
/** What this room announces (sql/notify.h): a group has changed, by id. */
#define FLEET_SAYS_GROUP "group"
struct group_edit {
	enum group_kind kind; /**< for a new one only */
	const char *name, *description, *filter;
	struct group_limit limit;
	const char *by; /**< who does it */
};
/** ERR_INVALID for a name, text or limit that cannot be, ERR_CONFLICT for a name that another group
 * has, ERR_LIMIT. The filter is not looked into. */
bool fleet_group_create(struct fleet *f, const struct group_edit *g, char id_out[static 33],
			struct err *e) MUST_CHECK;
/** `version` is the one the change was made on; ERR_CONFLICT when it is another by now. */
bool fleet_group_change(struct fleet *f, const char *id, int64_t version,
			const struct group_edit *g, struct err *e) MUST_CHECK;
/** `may`, when not NULL, is asked in the transaction, and fails it; it touches nothing but the
 * database. */
bool fleet_group_remove(struct fleet *f, const char *id,
			bool (*may)(struct sql_conn *c, void *arg, struct err *e), void *arg,
			struct err *e) MUST_CHECK;
/** Puts hosts in or takes them out; those that are (not) in it already do not matter; all or none.
 * *changed_out counts the others. ERR_CONFLICT for a dynamic group, and for a host that is in
 * another unique group (named). */
bool fleet_group_members(struct fleet *f, const char *id, const uint32_t *hosts, size_t n, bool in,
			 const char *by, size_t *changed_out, struct err *e) MUST_CHECK;
/** Other servers may have changed groups: reads again those whose version differs. */
bool fleet_groups_reload(struct fleet *f, struct err *e) MUST_CHECK;
#endif
