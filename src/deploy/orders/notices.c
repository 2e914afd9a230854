/* SPDX-License-Identifier: Apache-2.0
 * What agents say of targets that wait for their users: notices shown, postponements. Kept beside
 * the target and only shown; nothing is decided by it, the agent decides alone. */
#include "deploy/deploy_int.h"
#include "deploy/queries.h"

bool deploy_waits_for_user(const char *reason)
{
	return strcmp(reason, REASON_USER_NOTICE) == 0 || strcmp(reason, REASON_POSTPONED) == 0;
}

bool deploy_counts_down(const char *reason)
{
	return strcmp(reason, REASON_WAITING_USERS) == 0 ||
	       strcmp(reason, REASON_REBOOT_POSTPONED) == 0;
}

struct said {
	const char *order, *host;
	const struct target_notice *n;
};

static bool write_notice(struct sql_conn *c, void *arg, struct err *e)
{
	const struct said *k = arg;
	return sql_run(c, &SQL_TARGET_NOTICE_SET,
		       SQL_ARGS(sql_text(k->order), sql_text(k->host), sql_int(k->n->shown_ms),
				sql_int(k->n->postponed), sql_int(k->n->allowed),
				sql_int(k->n->deadline_ms)),
		       e);
}

bool deploy_notice(struct deploy *d, uint32_t host, const char *order,
		   const struct target_notice *n, struct err *e)
{
	char id[33];
	struct said k = { order, deploy_host_id(d, host, id), n };
	return sql_write(d->conf.db, write_notice, &k, e);
}

bool deploy_notice_of(struct deploy *d, const char *deployment, const char *host,
		      struct target_notice *out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	*out = (struct target_notice) { 0 };
	if (!c || !sql_query(c, &SQL_TARGET_NOTICE_GET,
			     SQL_ARGS(sql_text(deployment), sql_text(host)), &rows, e))
		return false;
	if (sql_next(rows))
		*out = (struct target_notice) { sql_col_int(rows, 0), sql_col_int(rows, 1),
						sql_col_int(rows, 2), sql_col_int(rows, 3) };
	return sql_rows_end(rows, e);
}
