/* SPDX-License-Identifier: Apache-2.0
 * A private PostgreSQL cluster for one test program: its own data directory and Unix socket, no
 * TCP. Run as an unprivileged user when the test is root (PostgreSQL refuses root). */
#ifndef SUPPORT_PG_H
#define SUPPORT_PG_H
#include "base/err.h"

struct pg_cluster;
/** Starts one; with fsync when it is durability that is tested. ERR_NOT_FOUND when PostgreSQL's
 * programs are not installed: skip the test then. */
bool pg_cluster_start(bool durable, struct pg_cluster **out, struct err *e) MUST_CHECK;
/** Makes an empty database and gives its URL for sql_open(); the caller frees it. */
char *pg_cluster_database(struct pg_cluster *p, const char *name);
/** Stops the server at once ("immediate", as a crash) and starts it again. */
bool pg_cluster_crash(struct pg_cluster *p, struct err *e) MUST_CHECK;
/** Stops the server and removes its data. */
void pg_cluster_stop(struct pg_cluster *p);
#endif
