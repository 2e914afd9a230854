/* SPDX-License-Identifier: Apache-2.0
 * One server of several on one PostgreSQL: it hears of what the others change and reads that again,
 * passes on wake-ups for agents that are connected elsewhere, and leads the jobs or follows. */
#ifndef SERVER_NODE_H
#define SERVER_NODE_H
#include "auth/auth.h"
#include "ledger/ledger.h"
#include "server/glue.h"

struct node;
struct node_conf {
	struct sql *db; /**< shared (sql/notify.h) */
	const char *name;
	struct auth *auth;
	struct settings *settings;
	struct fleet *fleet;
	struct ledger *ledger;
	struct deploy *deploy;
	struct mail *mail;
	struct jobs *jobs;
	struct glue *glue;
};
bool node_open(const struct node_conf *conf, struct node **out, struct err *e) MUST_CHECK;
void node_close(struct node *n);
AUTO_DEFINE(struct node, node_close)
bool node_leads(const struct node *n);
/** These hosts' agents may be connected to another server. Returns at once. */
void node_wake(struct node *n, const uint32_t *hosts, size_t count);
/** What every server of an installation must have alike: the first one to say it decides.
 * ERR_CONFLICT when another value stands there; `what` and `remedy` name it. */
bool node_mark(struct sql *db, const char *name, const char *value, const char *what, struct err *e)
	MUST_CHECK;
#endif
