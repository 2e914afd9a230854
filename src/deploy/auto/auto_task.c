/* SPDX-License-Identifier: Apache-2.0
 * Tasks of automated deployment: rows, read again for each run; nothing is held in memory. */
#include "deploy/auto/auto_int.h"
#include "deploy/queries.h"
#include "sql/notify.h"

#include <stdio.h>

static const char *text(struct sql_rows *rows, int col, struct arena *a)
{
	return arena_str(a, sql_col_str(rows, col)).p;
}

static bool from_row(struct sql_rows *rows, struct arena *a, struct auto_task *out, struct err *e)
{
	AUTO(json_free) json_t *j = NULL;
	*out = (struct auto_task) { .name = text(rows, 1, a),
				    .created_by = text(rows, 3, a),
				    .created_ms = sql_col_int(rows, 4),
				    .updated_ms = sql_col_int(rows, 5),
				    .paused_ms = sql_col_int(rows, 6) };
	snprintf(out->id, sizeof(out->id), "%.*s", STR_ARG(sql_col_str(rows, 0)));
	return (json_parse(sql_col_str(rows, 2), AUTO_SPEC_MAX, &j, e) &&
		auto_spec_read(j, a, &out->spec, e)) ||
	       err_prefix(e, "a stored automated deployment");
}

bool auto_list(struct deploy *d, struct arena *a, struct auto_task **out, size_t *n_out,
	       struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	struct err unread;
	if (!c || !sql_query(c, &SQL_AUTO_LIST, SQL_ARGS(sql_int(AUTO_TASKS_MAX)), &rows, e))
		return false;
	struct auto_task *list = arena_array(a, struct auto_task, AUTO_TASKS_MAX);
	size_t n = 0;
	bool ok = true;
	while (ok && n < AUTO_TASKS_MAX && sql_next(rows))
		ok = from_row(rows, a, &list[n++], e);
	*out = list;
	*n_out = n;
	return sql_rows_end(rows, ok ? e : &unread) && ok;
}

bool auto_get(struct deploy *d, const char *id, struct arena *a, struct auto_task *out,
	      struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	struct err unread;
	if (!c || !sql_query(c, &SQL_AUTO_GET, SQL_ARGS(sql_text(id)), &rows, e))
		return false;
	bool found = sql_next(rows), ok = !found || from_row(rows, a, out, e);
	if (!sql_rows_end(rows, ok ? e : &unread) || !ok)
		return false;
	return found || err_set(e, ERR_NOT_FOUND, "there is no automated deployment '%.60s'", id);
}

bool auto_policy_user(struct deploy *d, const char *policy, struct arena *a, const char **out,
		      struct err *e)
{
	struct auto_task *list;
	struct approval_settings s;
	size_t n;
	*out = NULL;
	approval_settings_get(d, a, &s);
	if (strcmp(s.policy, policy) == 0)
		*out = "the test of patches";
	if (!auto_list(d, a, &list, &n, e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].spec.policy, policy) == 0 ||
		    strcmp(list[i].spec.express_policy, policy) == 0)
			*out = list[i].name;
	return true;
}

static bool names_group(const char *targets, const char *id, const char *group)
{
	return strstr(targets, id) ||
	       (group[0] && strstr(targets, "group") && strstr(targets, group));
}

bool auto_group_user(struct deploy *d, const char *id, const char *group, struct arena *a,
		     const char **out, struct err *e)
{
	struct auto_task *list;
	struct approval_settings s;
	size_t n;
	*out = NULL;
	approval_settings_get(d, a, &s);
	if (names_group(s.targets, id, group))
		*out = "the test of patches";
	if (!auto_list(d, a, &list, &n, e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (names_group(list[i].spec.targets, id, group))
			*out = list[i].name;
	return true;
}

/* --- changes ------------------------------------------------------------------------------------
 */

struct change {
	const struct auto_task *t;
	const char *id, *patch, *by;
	struct str spec;
	int64_t now_ms, paused_ms, changed;
};

static bool announce(struct sql_conn *c, const struct change *k, struct err *e)
{
	return sql_announce(c, DEPLOY_SAYS_AUTO, str_of(k->id), e);
}

static bool insert(struct sql_conn *c, void *arg, struct err *e)
{
	const struct change *k = arg;
	struct sql_rows *rows;
	if (!sql_query(c, &SQL_AUTO_COUNT, SQL_NO_ARGS, &rows, e))
		return false;
	int64_t n = sql_next(rows) ? sql_col_int(rows, 0) : 0;
	if (!sql_rows_end(rows, e))
		return false;
	if (n >= AUTO_TASKS_MAX)
		return err_set(e, ERR_LIMIT,
			       "there are %d automated deployments already; remove one",
			       AUTO_TASKS_MAX);
	return sql_run(c, &SQL_AUTO_INSERT,
		       SQL_ARGS(sql_text(k->id), sql_text(k->t->name), sql_str(k->spec),
				sql_text(k->t->created_by), sql_int(k->now_ms)),
		       e) &&
	       announce(c, k, e);
}

static bool update(struct sql_conn *c, void *arg, struct err *e)
{
	struct change *k = arg;
	return sql_change(c, &SQL_AUTO_UPDATE,
			  SQL_ARGS(sql_text(k->id), sql_text(k->t->name), sql_str(k->spec),
				   sql_int(k->now_ms)),
			  &k->changed, e) &&
	       announce(c, k, e);
}

bool auto_save(struct deploy *d, struct auto_task *t, struct err *e)
{
	AUTO(buf_done) struct buf spec = BUF_INIT(AUTO_SPEC_MAX);
	AUTO(json_free) json_t *j = json_object();
	struct change k = { .t = t, .now_ms = clock_now_ms(d->conf.clock), .changed = 1 };
	bool is_new = !t->id[0];
	size_t n = strlen(t->name);
	if (n < 1 || n > AUTO_NAME_MAX)
		return err_set(e, ERR_INVALID,
			       "an automated deployment's name must have 1 to %d characters",
			       AUTO_NAME_MAX);
	auto_spec_write(&t->spec, j);
	json_write(j, &spec);
	if (!buf_ok(&spec, "the automated deployment", e))
		return false;
	k.spec = buf_str(&spec);
	if (is_new)
		deploy_new_id(t->id);
	k.id = t->id;
	if (!sql_write(d->conf.db, is_new ? insert : update, &k, e))
		return e && e->code == ERR_CONFLICT
			       ? err_set(e, ERR_CONFLICT,
					 "another automated deployment is called '%s'", t->name)
			       : false;
	auto_stir(d);
	return k.changed ||
	       err_set(e, ERR_NOT_FOUND, "there is no automated deployment '%.60s'", t->id);
}

static bool remove_one(struct sql_conn *c, void *arg, struct err *e)
{
	struct change *k = arg;
	return sql_change(c, &SQL_AUTO_REMOVE, SQL_ARGS(sql_text(k->id), sql_int(k->now_ms)),
			  &k->changed, e) &&
	       announce(c, k, e);
}

static bool pause_one(struct sql_conn *c, void *arg, struct err *e)
{
	struct change *k = arg;
	return sql_change(c, &SQL_AUTO_PAUSE, SQL_ARGS(sql_text(k->id), sql_int(k->paused_ms)),
			  &k->changed, e) &&
	       announce(c, k, e);
}

static bool change_one(struct deploy *d, struct change *k,
		       bool (*fn)(struct sql_conn *c, void *arg, struct err *e), struct err *e)
{
	if (!sql_write(d->conf.db, fn, k, e))
		return false;
	auto_stir(d);
	return k->changed ||
	       err_set(e, ERR_NOT_FOUND, "there is no automated deployment '%.60s'", k->id);
}

bool auto_remove(struct deploy *d, const char *id, struct err *e)
{
	struct change k = { .id = id, .now_ms = clock_now_ms(d->conf.clock) };
	return change_one(d, &k, remove_one, e);
}

bool auto_pause(struct deploy *d, const char *id, bool paused, struct err *e)
{
	struct change k = { .id = id, .paused_ms = paused ? clock_now_ms(d->conf.clock) : 0 };
	return change_one(d, &k, pause_one, e);
}

static bool reset_one(struct sql_conn *c, void *arg, struct err *e)
{
	struct change *k = arg;
	return sql_change(c, &SQL_AUTO_RESET,
			  SQL_ARGS(sql_text(k->id), sql_text(k->patch ? k->patch : ""),
				   sql_int(k->now_ms), sql_text(k->by)),
			  &k->changed, e) &&
	       announce(c, k, e);
}

bool auto_reset(struct deploy *d, const char *id, const char *patch, const char *by, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct auto_task t;
	struct change k = {
		.id = id, .patch = patch, .by = by, .now_ms = clock_now_ms(d->conf.clock)
	};
	return auto_get(d, id, &a, &t, e) && change_one(d, &k, reset_one, e);
}
