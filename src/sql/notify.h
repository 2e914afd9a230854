/* SPDX-License-Identifier: Apache-2.0
 * Several servers ("nodes") on one database. A change that others keep in memory is announced
 * inside the transaction that makes it; each node hears of the others' changes after their commit,
 * in the order of the commits. An announcement carries a kind and an id, never the change itself,
 * and may be lost with a connection: `missed` then says so, and the node must compare everything.
 *
 * One node leads. It holds a lock of its session with the database, which ends with that session,
 * and a term, which rises with every leader. What only the leader may do is written under
 * sql_fence(term): such a transaction checks the term first and fails once another node leads, so
 * that an old leader that has not noticed yet can record nothing.
 *
 * SQLite has one server: announcing does nothing there, and there is no session. */
#ifndef SQL_NOTIFY_H
#define SQL_NOTIFY_H
#include "sql/sql.h"

/** May several servers use this database at once? */
bool sql_shared(const struct sql *db);

/** Announcements longer than this are refused (ERR_LIMIT): kind and text together. */
#define SQL_ANNOUNCE_MAX 7000
/** Inside a write function. `kind` is a word; `what` an id or a few of them. */
bool sql_announce(struct sql_conn *c, const char *kind, struct str what, struct err *e) MUST_CHECK;

struct sql_session;
/** All are called on the session's own thread and must not wait for the database. */
struct sql_session_conf {
	/** Another node announced it. */
	void (*heard)(void *arg, struct str kind, struct str what);
	/** Announcements may have been missed: at the start, and after each lost connection. */
	void (*missed)(void *arg);
	/** This node leads from here on, in this term (>= 1); 0: it leads no longer. */
	void (*lead)(void *arg, int64_t term);
	void *arg;
};
/** `node` names this server in the record of leaders. Only on a shared database. The connection is
 * made, and made again, in the background. */
bool sql_session_open(struct sql *db, const char *node, const struct sql_session_conf *conf,
		      struct sql_session **out, struct err *e) MUST_CHECK;
/** Gives the lead up. */
void sql_session_close(struct sql_session *s);
AUTO_DEFINE(struct sql_session, sql_session_close)

/** From here on every sql_write() of this thread fails with ERR_UNAVAILABLE, having changed
 * nothing, unless `term` is the present leader's. 0 = no fence. */
void sql_fence(int64_t term);
#endif
