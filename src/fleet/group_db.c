/* SPDX-License-Identifier: Apache-2.0
 * The durable half of groups. A group's row carries a version, and every write of it says which one
 * it was made on: of two servers that change a group at once one is told so. */
#include "fleet/fleet_int.h"
#include "fleet/group_int.h"
#include "fleet/queries.h"
#include "sql/notify.h"

static bool refuse_stale(const struct group_write *w, struct err *e)
{
	return err_set(e, ERR_CONFLICT, "group '%s' has been changed meanwhile; look at it again",
		       w->g->name);
}

static bool put(struct sql_conn *c, void *arg, struct err *e)
{
	const struct group_write *w = arg;
	const struct group *g = w->g;
	int64_t n = 1;
	bool ok = w->version ? sql_change(c, &SQL_GROUP_UPDATE,
					  SQL_ARGS(sql_text(g->id), sql_text(g->name),
						   sql_text(g->description), sql_text(g->filter),
						   sql_text(g->changed_by), sql_int(g->changed_ms),
						   sql_int(w->version),
						   sql_int(g->limit.max_unavailable),
						   sql_bool(g->limit.percent)),
					  &n, e)
			     : sql_run(c, &SQL_GROUP_INSERT,
				       SQL_ARGS(sql_text(g->id), sql_text(g->name),
						sql_text(g->description), sql_int(g->kind),
						sql_text(g->filter), sql_text(g->created_by),
						sql_int(g->created_ms),
						sql_int(g->limit.max_unavailable),
						sql_bool(g->limit.percent)),
				       e);
	if (!ok)
		return false;
	return n == 1 ? sql_announce(c, FLEET_SAYS_GROUP, str_of(g->id), e) : refuse_stale(w, e);
}

bool group_db_put(struct fleet *f, struct group_write *w, struct err *e)
{
	return !f->db || sql_write(f->db, put, w, e);
}

static bool drop(struct sql_conn *c, void *arg, struct err *e)
{
	const struct group_write *w = arg;
	int64_t n;
	if ((w->may && !w->may(c, w->may_arg, e)) ||
	    !sql_run(c, &SQL_GROUP_EMPTY, SQL_ARGS(sql_text(w->g->id)), e) ||
	    !sql_change(c, &SQL_GROUP_DELETE, SQL_ARGS(sql_text(w->g->id)), &n, e))
		return false;
	return n == 1 ? sql_announce(c, FLEET_SAYS_GROUP, str_of(w->g->id), e)
		      : err_set(e, ERR_NOT_FOUND, "there is no group '%s'", w->g->id);
}

bool group_db_remove(struct fleet *f, struct group_write *w, struct err *e)
{
	return !f->db || sql_write(f->db, drop, w, e);
}

static bool move_members(struct sql_conn *c, void *arg, struct err *e)
{
	const struct group_write *w = arg;
	bool alone = w->g->kind == GROUP_UNIQUE;
	int64_t n;
	if (!sql_change(c, &SQL_GROUP_TOUCH,
			SQL_ARGS(sql_text(w->g->id), sql_text(w->g->changed_by),
				 sql_int(w->g->changed_ms), sql_int(w->version)),
			&n, e))
		return false;
	if (n != 1)
		return refuse_stale(w, e);
	for (size_t i = 0; i < w->n; i++) {
		bool ok = w->in ? sql_run(c, &SQL_GROUP_MEMBER_INSERT,
					  SQL_ARGS(sql_text(w->g->id), sql_str(w->hosts[i]),
						   sql_bool(alone)),
					  e)
				: sql_run(c, &SQL_GROUP_MEMBER_DELETE,
					  SQL_ARGS(sql_text(w->g->id), sql_str(w->hosts[i])), e);
		if (!ok)
			return false;
	}
	return sql_announce(c, FLEET_SAYS_GROUP, str_of(w->g->id), e);
}

bool group_db_members(struct fleet *f, struct group_write *w, struct err *e)
{
	return !f->db || sql_write(f->db, move_members, w, e);
}

static const char *text(struct sql_rows *rows, int col, struct arena *a)
{
	return arena_str(a, sql_col_str(rows, col)).p;
}

static bool read_group(struct sql_rows *rows, struct arena *a, struct group *g, struct err *e)
{
	int64_t kind = sql_col_int(rows, 3);
	if (kind < 0 || kind >= GROUP_KINDS_ || sql_col_str(rows, 0).n != 32)
		return err_set(e, ERR_CORRUPT, "group '%.*s' is of no known kind",
			       STR_ARG(sql_col_str(rows, 0)));
	*g = (struct group) { .kind = (enum group_kind)kind,
			      .name = text(rows, 1, a),
			      .description = text(rows, 2, a),
			      .filter = text(rows, 4, a),
			      .created_by = text(rows, 5, a),
			      .created_ms = sql_col_int(rows, 6),
			      .changed_by = text(rows, 7, a),
			      .changed_ms = sql_col_int(rows, 8),
			      .version = sql_col_int(rows, 9),
			      .limit = { (uint32_t)sql_col_int(rows, 10),
					 sql_col_bool(rows, 11) } };
	memcpy(g->id, sql_col_str(rows, 0).p, 32);
	return true;
}

bool group_db_list(struct fleet *f, struct arena *a, struct group **out, size_t *n_out,
		   struct err *e)
{
	*out = arena_array(a, struct group, GROUPS_MAX);
	*n_out = 0;
	if (!f->db)
		return true;
	AUTO(sql_done) struct sql_conn *c = sql_reader(f->db, e);
	struct sql_rows *rows;
	bool ok = true;
	if (!c || !sql_query(c, &SQL_GROUP_LIST, SQL_ARGS(sql_int(GROUPS_MAX)), &rows, e))
		return false;
	while (ok && *n_out < GROUPS_MAX && sql_next(rows))
		ok = read_group(rows, a, &(*out)[(*n_out)++], e);
	return sql_rows_end(rows, ok ? e : NULL) && ok;
}

bool group_db_hosts(struct fleet *f, const char *id, struct arena *a, struct str **out,
		    size_t *n_out, struct err *e)
{
	VEC(struct str) list = { 0 };
	AUTO(sql_done) struct sql_conn *c = sql_reader(f->db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_GROUP_MEMBERS, SQL_ARGS(sql_text(id)), &rows, e))
		return false;
	while (sql_next(rows))
		VEC_PUSH(&list, arena_str(a, sql_col_str(rows, 0)));
	bool ok = sql_rows_end(rows, e);
	*out = arena_array(a, struct str, list.n + 1);
	if (list.n)
		memcpy(*out, list.p, list.n * sizeof(*list.p));
	*n_out = list.n;
	VEC_DONE(&list);
	return ok;
}
