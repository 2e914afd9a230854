/* SPDX-License-Identifier: Apache-2.0
 * What deployments were aimed at: the API's object "targets", kept as it was given, and the groups
 * in it by id, so that none of them goes while a deployment needs it. */
#include "deploy/auto/auto.h"
#include "deploy/deploy_int.h"
#include "deploy/queries.h"
#include "deploy/targets/selector.h"

#include <stdio.h>

char *aim_text(const struct selector *s)
{
	AUTO(json_free) json_t *j = selector_write(s);
	AUTO(buf_done) struct buf b = BUF_INIT(4u << 20);
	json_write(j, &b);
	return buf_take(&b);
}

static bool insert_groups(struct sql_conn *c, const char *deployment, const char *const *groups,
			  size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct sql_rows *rows;
		if (!sql_run(c, &SQL_AIM_GROUP_INSERT,
			     SQL_ARGS(sql_text(deployment), sql_text(groups[i])), e) ||
		    !sql_query(c, &SQL_AIM_GROUP_THERE, SQL_ARGS(sql_text(groups[i])), &rows, e))
			return false;
		bool there = sql_next(rows) && sql_col_int(rows, 0) > 0;
		if (!sql_rows_end(rows, e))
			return false;
		if (!there)
			return err_set(e, ERR_CONFLICT, "group '%s' has been removed meanwhile",
				       groups[i]);
	}
	return true;
}

bool aim_insert(struct sql_conn *c, const char *deployment, const struct selector *s,
		const char *text, struct err *e)
{
	return sql_run(c, &SQL_AIM_INSERT,
		       SQL_ARGS(sql_text(deployment), sql_text(text), sql_bool(s->dynamic)), e) &&
	       insert_groups(c, deployment, s->in.groups, s->in.n_groups, e) &&
	       insert_groups(c, deployment, s->out.groups, s->out.n_groups, e);
}

bool deploy_aim(struct deploy *d, const char *id, struct arena *a, const char **out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_AIM_GET, SQL_ARGS(sql_text(id)), &rows, e))
		return false;
	*out = sql_next(rows) ? arena_str(a, sql_col_str(rows, 0)).p : NULL;
	return sql_rows_end(rows, e);
}

bool aim_is_dynamic(struct sql_conn *c, const char *deployment, bool *out, struct err *e)
{
	struct sql_rows *rows;
	if (!sql_query(c, &SQL_AIM_IS_DYNAMIC, SQL_ARGS(sql_text(deployment)), &rows, e))
		return false;
	*out = sql_next(rows) && sql_col_int(rows, 0) > 0;
	return sql_rows_end(rows, e);
}

bool aim_close(struct sql_conn *c, const char *deployment, struct err *e)
{
	return sql_run(c, &SQL_AIM_CLOSE, SQL_ARGS(sql_text(deployment), sql_bool(false)), e);
}

/* --- groups that are needed --- */

static bool no_decline(struct sql_conn *c, const char *group, struct err *e)
{
	char subject[200] = "";
	struct sql_rows *rows;
	if (!sql_query(c, &SQL_DECLINE_OF_GROUP, SQL_ARGS(sql_text(group)), &rows, e))
		return false;
	bool named = sql_next(rows);
	if (named)
		snprintf(subject, sizeof(subject), "%.*s", STR_ARG(sql_col_str(rows, 0)));
	if (!sql_rows_end(rows, e))
		return false;
	return !named ||
	       err_set(e, ERR_CONFLICT, "'%s' is declined for the group; end that first", subject);
}

static bool not_needed(struct sql_conn *c, void *arg, struct err *e)
{
	char name[200] = "";
	struct sql_rows *rows;
	if (!no_decline(c, arg, e) ||
	    !sql_query(c, &SQL_AIM_GROUP_OPEN, SQL_ARGS(sql_text(arg)), &rows, e))
		return false;
	bool needed = sql_next(rows);
	if (needed)
		snprintf(name, sizeof(name), "%.*s", STR_ARG(sql_col_str(rows, 0)));
	if (!sql_rows_end(rows, e))
		return false;
	return !needed || err_set(e, ERR_CONFLICT,
				  "the deployment '%s' has the group among its targets and has not "
				  "ended",
				  name);
}

bool deploy_remove_group(struct deploy *d, const char *id, struct err *e)
{
	struct match_view v;
	char user[4 * GROUP_NAME_MAX + 1] = "";
	match_read(d->conf.match, &v);
	const struct group *g = fleet_group_find(v.fleet, str_of(id));
	const struct group *by = g ? filter_group_user(&v, g) : NULL;
	if (by)
		snprintf(user, sizeof(user), "%s", by->name);
	AUTO(arena_done) struct arena a = { 0 };
	const char *group = g ? arena_strdup(&a, g->name) : "", *task;
	struct fleet *f = (struct fleet *)v.fleet;
	match_read_end(&v);
	if (user[0])
		return err_set(e, ERR_CONFLICT, "the filter of the group '%s' refers to the group",
			       user);
	if (!auto_group_user(d, id, group, &a, &task, e))
		return false;
	if (task)
		return err_set(e, ERR_CONFLICT, "'%s' has the group among its systems", task);
	return fleet_group_remove(f, id, not_needed, (void *)(uintptr_t)id, e);
}
