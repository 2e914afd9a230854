/* SPDX-License-Identifier: Apache-2.0
 * Policies are rows; nothing is held in memory. A schedule is checked when it is written and read
 * strictly again, so that an order never carries one that the agent would refuse. */
#include "deploy/orders/policy.h"
#include "deploy/auto/auto_int.h"
#include "deploy/queries.h"

#include <stdio.h>

#define SCHEDULE_JSON_MAX 65536
#define NOTIFICATION_JSON_MAX 32768

static bool parse_schedule(struct str text, struct window_schedule *out, struct err *e)
{
	AUTO(json_free) json_t *j = NULL;
	return (json_parse(text, SCHEDULE_JSON_MAX, &j, e) && window_read(j, out, e)) ||
	       err_prefix(e, "a stored deployment policy");
}

/* *out stays NULL for a silent policy. */
static bool parse_notification(struct str text, struct arena *a, struct notification **out,
			       struct err *e)
{
	AUTO(json_free) json_t *j = NULL;
	if (!text.n)
		return true;
	struct notification *n = arena_new(a, struct notification);
	*out = n;
	return (json_parse(text, NOTIFICATION_JSON_MAX, &j, e) && notice_read(j, n, e)) ||
	       err_prefix(e, "a stored deployment policy");
}

static bool parse_actions(struct sql_rows *rows, int at, struct actions *out, struct err *e)
{
	AUTO(json_free) json_t *before = NULL;
	AUTO(json_free) json_t *after = NULL;
	return (json_parse(sql_col_str(rows, at), SCHEDULE_JSON_MAX, &before, e) &&
		json_parse(sql_col_str(rows, at + 1), SCHEDULE_JSON_MAX, &after, e) &&
		actions_read(before, after, out, e)) ||
	       err_prefix(e, "a stored deployment policy");
}

static bool from_row(struct sql_rows *rows, struct arena *a, struct policy *out, struct err *e)
{
	*out = (struct policy) { .name = (char *)(uintptr_t)arena_str(a, sql_col_str(rows, 1)).p };
	snprintf(out->id, sizeof(out->id), "%.*s", STR_ARG(sql_col_str(rows, 0)));
	out->description = (char *)(uintptr_t)arena_str(a, sql_col_str(rows, 2)).p;
	out->created_by = (char *)(uintptr_t)arena_str(a, sql_col_str(rows, 4)).p;
	out->created_ms = sql_col_int(rows, 5);
	out->updated_ms = sql_col_int(rows, 6);
	out->n_open = sql_col_int(rows, 7);
	return parse_schedule(sql_col_str(rows, 3), &out->schedule, e) &&
	       parse_notification(sql_col_str(rows, 8), a, &out->notification, e) &&
	       parse_actions(rows, 9, &out->actions, e);
}

bool policy_list(struct deploy *d, struct arena *a, struct policy **out, size_t *n_out,
		 struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_POLICY_LIST, SQL_ARGS(sql_int(POLICIES_MAX)), &rows, e))
		return false;
	struct policy *list = arena_array(a, struct policy, POLICIES_MAX);
	size_t n = 0;
	bool ok = true;
	struct err unread;
	while (ok && n < POLICIES_MAX && sql_next(rows))
		ok = from_row(rows, a, &list[n++], e);
	*out = list;
	*n_out = n;
	return sql_rows_end(rows, ok ? e : &unread) && ok;
}

bool policy_get(struct deploy *d, const char *id, struct arena *a, struct policy *out,
		struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	struct err unread;
	if (!c || !sql_query(c, &SQL_POLICY_GET, SQL_ARGS(sql_text(id)), &rows, e))
		return false;
	bool found = sql_next(rows), ok = !found || from_row(rows, a, out, e);
	if (!sql_rows_end(rows, ok ? e : &unread) || !ok)
		return false;
	return found || err_set(e, ERR_NOT_FOUND, "there is no deployment policy '%.60s'", id);
}

/* --- changes ------------------------------------------------------------------------------------
 */

struct change {
	struct policy *p;
	struct str schedule, notification, before, after;
	int64_t now_ms, n; /* of policies, before; changed ones */
};

static bool insert(struct sql_conn *c, void *arg, struct err *e)
{
	struct change *k = arg;
	struct sql_rows *rows;
	if (!sql_query(c, &SQL_POLICY_COUNT, SQL_NO_ARGS, &rows, e))
		return false;
	k->n = sql_next(rows) ? sql_col_int(rows, 0) : 0;
	if (!sql_rows_end(rows, e))
		return false;
	if (k->n >= POLICIES_MAX)
		return err_set(e, ERR_LIMIT, "there are %d deployment policies already; remove one",
			       POLICIES_MAX);
	return sql_run(c, &SQL_POLICY_INSERT,
		       SQL_ARGS(sql_text(k->p->id), sql_text(k->p->name),
				sql_text(k->p->description), sql_str(k->schedule),
				sql_text(k->p->created_by), sql_int(k->now_ms),
				sql_str(k->notification), sql_str(k->before), sql_str(k->after)),
		       e);
}

static bool update(struct sql_conn *c, void *arg, struct err *e)
{
	struct change *k = arg;
	int64_t changed = 0;
	if (!sql_change(c, &SQL_POLICY_UPDATE,
			SQL_ARGS(sql_text(k->p->id), sql_text(k->p->name),
				 sql_text(k->p->description), sql_str(k->schedule),
				 sql_int(k->now_ms), sql_str(k->notification), sql_str(k->before),
				 sql_str(k->after), sql_int(k->p->updated_ms)),
			&changed, e))
		return false;
	k->n = changed;
	if (!changed)
		return true;
	return sql_run(c, &SQL_POLICY_WITHDRAW, SQL_ARGS(sql_text(k->p->id)), e) &&
	       sql_run(c, &SQL_POLICY_WAITS_ANEW, SQL_ARGS(sql_text(k->p->id), sql_int(k->now_ms)),
		       e);
}

static bool check(const struct policy *p, struct err *e)
{
	size_t n = strlen(p->name);
	if (n < 1 || n > POLICY_NAME_MAX)
		return err_set(e, ERR_INVALID,
			       "a deployment policy's name must have 1 to %d characters",
			       POLICY_NAME_MAX);
	return strlen(p->description) <= POLICY_DESCRIPTION_MAX ||
	       err_set(e, ERR_INVALID,
		       "a deployment policy's description is longer than %d characters",
		       POLICY_DESCRIPTION_MAX);
}

static void write_json(json_t *j, struct buf *out)
{
	json_write(j, out);
	json_free(j);
}

/* It is not there, or not as it was read. */
static bool not_changed(struct deploy *d, struct policy *p, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct policy now;
	if (!policy_get(d, p->id, &a, &now, e))
		return false;
	p->stale = true;
	return err_set(e, ERR_CONFLICT, "the deployment policy '%s' was changed meanwhile",
		       now.name);
}

bool policy_save(struct deploy *d, struct policy *p, struct err *e)
{
	AUTO(buf_done) struct buf text = BUF_INIT(SCHEDULE_JSON_MAX);
	AUTO(buf_done) struct buf told = BUF_INIT(NOTIFICATION_JSON_MAX);
	AUTO(buf_done) struct buf before = BUF_INIT(SCHEDULE_JSON_MAX);
	AUTO(buf_done) struct buf after = BUF_INIT(SCHEDULE_JSON_MAX);
	struct change k = { .p = p, .now_ms = clock_now_ms(d->conf.clock) };
	bool is_new = !p->id[0];
	write_json(window_write(&p->schedule), &text);
	if (p->notification)
		write_json(notice_write(p->notification), &told);
	write_json(actions_policy_before_json(&p->actions), &before);
	write_json(actions_after_json(&p->actions), &after);
	if (!check(p, e) || !buf_ok(&text, "the schedule", e) ||
	    !buf_ok(&told, "the notification", e) || !buf_ok(&before, "the actions", e) ||
	    !buf_ok(&after, "the actions", e))
		return false;
	k.schedule = buf_str(&text);
	k.notification = buf_str(&told);
	k.before = buf_str(&before);
	k.after = buf_str(&after);
	if (is_new)
		deploy_new_id(p->id);
	if (!sql_write(d->conf.db, is_new ? insert : update, &k, e))
		return e && e->code == ERR_CONFLICT
			       ? err_set(e, ERR_CONFLICT,
					 "another deployment policy is called '%s'", p->name)
			       : false;
	if (!is_new && !k.n)
		return not_changed(d, p, e);
	p->updated_ms = MAX(k.now_ms, p->updated_ms + 1);
	if (is_new)
		p->created_ms = k.now_ms;
	return true;
}

struct removal {
	const char *id;
	int64_t now_ms, changed;
};

static bool remove_one(struct sql_conn *c, void *arg, struct err *e)
{
	struct removal *k = arg;
	return sql_change(c, &SQL_POLICY_REMOVE, SQL_ARGS(sql_text(k->id), sql_int(k->now_ms)),
			  &k->changed, e);
}

bool policy_remove(struct deploy *d, const char *id, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct removal k = { .id = id, .now_ms = clock_now_ms(d->conf.clock) };
	struct policy p;
	const char *user;
	if (!policy_get(d, id, &a, &p, e) || !auto_policy_user(d, id, &a, &user, e))
		return false;
	if (user)
		return err_set(e, ERR_CONFLICT,
			       "the policy '%s' is that of '%s'; give that another one first",
			       p.name, user);
	if (!sql_write(d->conf.db, remove_one, &k, e))
		return false;
	return k.changed ||
	       err_set(e, ERR_CONFLICT,
		       "deployments with the policy '%s' have not ended; wait for them or cancel them",
		       p.name);
}

/* --- for orders ---------------------------------------------------------------------------------
 */

bool policy_of(struct deploy *d, const char *deployment, struct arena *a, struct policy_terms *out,
	       struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	struct err unread;
	*out = (struct policy_terms) { 0 };
	if (!c ||
	    !sql_query(c, &SQL_POLICY_OF_DEPLOYMENT, SQL_ARGS(sql_text(deployment)), &rows, e))
		return false;
	bool ok = true;
	bool found = sql_next(rows);
	if (found)
		out->expires_ms = sql_col_int(rows, 6);
	if (found && !sql_col_null(rows, 1)) {
		struct window_schedule *s = arena_new(a, struct window_schedule);
		ok = parse_schedule(sql_col_str(rows, 1), s, e) &&
		     parse_notification(sql_col_str(rows, 2), a, &out->notification, e) &&
		     parse_actions(rows, 4, &out->actions, e);
		out->window = s;
		/* the policy's own wish, or the automatic deployment's: what comes first */
		int64_t days = sql_col_int(rows, 3);
		if (!days || (s->force_after_days && s->force_after_days < days))
			days = s->force_after_days;
		if (days)
			out->forced_ms = sql_col_int(rows, 0) + days * INT64_C(86400000);
	}
	return sql_rows_end(rows, ok ? e : &unread) && ok;
}

/* Agents' zones are not known here; a day about does not matter for what this is used for. */
static int64_t next_start_ms(const struct policy_terms *t, int64_t from_ms, int64_t *end_out)
{
	AUTO(zone_free) struct zone *utc = NULL;
	struct window w = { WINDOW_NO_END, WINDOW_NO_END };
	if (!zone_open("UTC", &utc, NULL) || !window_next(t->window, utc, from_ms, &w, 1))
		w = (struct window) { WINDOW_NO_END, WINDOW_NO_END };
	*end_out = w.end_ms;
	return w.start_ms;
}

int64_t policy_start_ms(const struct policy_terms *t, int64_t now_ms)
{
	int64_t end;
	if (!t->window || (t->forced_ms && t->forced_ms <= now_ms))
		return now_ms;
	int64_t start = next_start_ms(t, now_ms, &end);
	return t->forced_ms ? MIN(start, t->forced_ms) : start;
}

static int64_t over_two_windows_ms(const struct policy_terms *t, int64_t now_ms)
{
	const int64_t day = INT64_C(86400000);
	int64_t put_off = t->notification ? t->notification->budget.deadline_h * INT64_C(3600000)
					  : 0;
	int64_t end = now_ms + put_off;
	if (!t->window)
		return end + ORDER_VALID_MS;
	for (int i = 0; i < 2; i++) {
		int64_t start = next_start_ms(t, end, &end);
		if (start == WINDOW_NO_END || end == WINDOW_NO_END || end > now_ms + 100 * day)
			return now_ms + 100 * day;
	}
	return MAX(end, t->forced_ms) + 2 * day;
}

int64_t policy_valid_until_ms(const struct policy_terms *t, int64_t now_ms)
{
	int64_t until = over_two_windows_ms(t, now_ms);
	return t->expires_ms ? MIN(until, t->expires_ms) : until;
}
