/* SPDX-License-Identifier: Apache-2.0
 * Inside the sql room: what a driver is, what every connection and result begins with, the pool of
 * connections and the map from a statement to its prepared form. Nobody outside includes this. */
#ifndef SQL_SQL_INT_H
#define SQL_SQL_INT_H
#include "sql/sql.h"

#include <pthread.h>

typedef bool (*sql_write_fn)(struct sql_conn *c, void *arg, struct err *e);

struct sql_table;
/** A database as a whole (move.c): one connection that has it to itself, one transaction. */
struct sql_whole {
	/** The connection, in no transaction yet. ERR_CONFLICT when a server uses the database. */
	struct sql_conn *(*take)(struct sql *db, bool write, struct err *e);
	/** Ends what is open and gives the connection back. */
	void (*give)(struct sql_conn *c);
	/** Tables with this name; "" = any. */
	bool (*tables)(struct sql_conn *c, const char *name, int64_t *n_out, struct err *e);
	/** From here on one state is read; nobody else changes the tables before the end. */
	bool (*begin)(struct sql_conn *c, bool write, struct err *e);
	bool (*commit)(struct sql_conn *c, struct err *e);
	/** All rows of a table, one in memory at a time. */
	struct sql_rows *(*read)(struct sql_conn *c, const struct sql_table *t, struct err *e);
	/** As it is stored, whatever the column's declared type. */
	enum sql_type (*col_type)(struct sql_rows *r, int col);
	bool (*put_begin)(struct sql_conn *c, const struct sql_table *t, struct err *e);
	bool (*put)(struct sql_conn *c, const struct sql_table *t, const struct sql_val *row,
		    struct err *e);
	bool (*put_end)(struct sql_conn *c, struct err *e);
};
extern const struct sql_whole sql_whole_sqlite, sql_whole_pgsql;

/** One engine. Rows and connections a driver makes begin with struct sql_rows / sql_conn. */
struct sql_driver {
	const char *name;
	bool (*open)(struct sql *db, const char *where, struct err *e);
	void (*close)(struct sql *db);
	/** A new connection; a reader's must refuse changes. NULL on failure. */
	struct sql_conn *(*connect)(struct sql *db, bool writer, struct err *e);
	void (*disconnect)(struct sql_conn *c);
	bool (*write)(struct sql *db, sql_write_fn fn, void *arg, struct err *e);
	/** Several statements without parameters: migrations only. */
	bool (*script)(struct sql_conn *c, const char *text, struct err *e);
	/** See sql_verify(); NULL: it has none. */
	bool (*verify)(struct sql_conn *c, struct err *e);
	/** Inside a transaction: told to other servers when it commits. NULL: there are none. */
	bool (*announce)(struct sql_conn *c, const char *text, struct err *e);
	/** The present term, which does not change before this transaction ends. */
	bool (*leader_term)(struct sql_conn *c, int64_t *out, struct err *e);
	bool (*change)(struct sql_conn *c, const struct sql_stmt *q, const struct sql_val *args,
		       int64_t *changed_out, struct err *e);
	/** Runs up to the first row. NULL on failure. */
	struct sql_rows *(*query)(struct sql_conn *c, const struct sql_stmt *q,
				  const struct sql_val *args, struct err *e);
	/** False at the end, or with r->failed and r->why. */
	bool (*next)(struct sql_rows *r);
	void (*end)(struct sql_rows *r);
	int64_t (*col_int)(struct sql_rows *r, int col);
	double (*col_real)(struct sql_rows *r, int col);
	struct str (*col_str)(struct sql_rows *r, int col);
	bool (*col_null)(struct sql_rows *r, int col);
	const struct sql_whole *whole;
};
extern const struct sql_driver sql_driver_sqlite, sql_driver_pgsql;

/** At most `max` connections, made when first needed and kept. */
struct sql_pool {
	struct sql *db;
	bool writer;
	int max;
	pthread_mutex_t lock;
	pthread_cond_t given_back;
	struct sql_conn *idle;
	int made;
};
void sql_pool_init(struct sql_pool *p, struct sql *db, bool writer, int max);
/** Closes the idle connections; none may be out. */
void sql_pool_done(struct sql_pool *p);
/** Waits for a free connection up to 30 s, then ERR_UNAVAILABLE. */
struct sql_conn *sql_pool_take(struct sql_pool *p, struct err *e) MUST_CHECK;
/** Takes a connection back; one marked broken is closed. */
void sql_pool_give(struct sql_conn *c);

struct sql {
	const struct sql_driver *driver;
	void *engine; /**< the driver's own */
	struct sql_pool readers;
	char origin[17]; /**< tells our announcements from the others' */
};
struct sql_conn {
	struct sql *db;
	struct sql_pool *pool;
	struct sql_conn *next;
	int open_rows;
	bool writing; /**< inside a write function */
	bool failed;  /**< a statement of the running write function has failed */
	bool broken;  /**< do not use again */
};
struct sql_rows {
	struct sql_conn *conn;
	bool failed;
	struct err why;
};

/** PostgreSQL refuses bad UTF-8 and NUL in text; so do we, before either engine sees it. */
bool sql_text_ok(struct str s);

/** Runs a write function on `c` under the rules of sql.h; the driver then commits or rolls back. */
bool sql_call(struct sql_conn *c, sql_write_fn fn, void *arg, struct err *e) MUST_CHECK;

/** Statement -> the driver's prepared form, by address. */
struct sql_cache {
	struct sql_cache_slot {
		const struct sql_stmt *q;
		void *prepared;
	} * slots;
	size_t n, cap;
};
/** Where the prepared form of `q` belongs: points at NULL when there is none yet. Valid until the
 *  next call. */
void **sql_cache_at(struct sql_cache *k, const struct sql_stmt *q);
void sql_cache_done(struct sql_cache *k, void (*free_prepared)(void *prepared));

/** SQLite: commits so far (group commit makes them fewer than writes). For tests and figures. */
int64_t sqlite_commits(struct sql *db);
#endif
