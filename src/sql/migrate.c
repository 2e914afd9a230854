/* SPDX-License-Identifier: Apache-2.0
 * Applying numbered migrations. Invariant: a migration and its record are one transaction, so a
 * kill at any instant leaves it applied or not applied. What is already recorded must be exactly
 * what this program would have applied. */
#include "sql/migrate.h"

#include "base/clock.h"
#include "base/vec.h"
#include "sql/queries.h"
#include "sql/sql_int.h"

struct applied {
	int number;
	char name[64], sha256[65];
};
struct applied_list {
	VEC(struct applied) v;
};
struct run {
	const struct sql_migration *list;
	int n;
	int next; /* index of the one to look at */
};

static bool table_write(struct sql_conn *c, void *arg, struct err *e)
{
	(void)arg;
	return c->db->driver->script(c,
				     "create table if not exists schema_migration ("
				     "number bigint primary key, name text not null, "
				     "sha256 text not null, applied_ms bigint not null)",
				     e);
}

static bool read_applied(struct sql_conn *c, struct applied_list *out, struct err *e)
{
	struct sql_rows *r;
	if (!sql_query(c, &SQL_MIGRATION_LIST, SQL_NO_ARGS, &r, e))
		return false;
	while (sql_next(r)) {
		struct applied a = { .number = (int)sql_col_int(r, 0) };
		snprintf(a.name, sizeof(a.name), "%.*s", STR_ARG(sql_col_str(r, 1)));
		snprintf(a.sha256, sizeof(a.sha256), "%.*s", STR_ARG(sql_col_str(r, 2)));
		VEC_PUSH(&out->v, a);
	}
	return sql_rows_end(r, e);
}

static const struct sql_migration *known(const struct run *run, int number)
{
	for (int i = 0; i < run->n; i++) {
		if (run->list[i].number == number)
			return &run->list[i];
	}
	return NULL;
}

static bool check_applied(const struct run *run, const struct applied_list *done, struct err *e)
{
	for (size_t i = 0; i < done->v.n; i++) {
		const struct applied *a = &done->v.p[i];
		const struct sql_migration *m = known(run, a->number);
		if (!m)
			return err_set(
				e, ERR_CONFLICT,
				"database is newer than this program: it holds migration %04d '%s'; "
				"install the newer version again, or restore a backup made before it",
				a->number, a->name);
		if (strcmp(m->sha256, a->sha256) != 0)
			return err_set(
				e, ERR_CONFLICT,
				"migration %04d '%s' is not the one applied to this database; install "
				"an unchanged build of this program",
				m->number, m->name);
	}
	return true;
}

static bool is_applied(const struct applied_list *done, int number)
{
	for (size_t i = 0; i < done->v.n; i++) {
		if (done->v.p[i].number == number)
			return true;
	}
	return false;
}

static bool apply_one(struct sql_conn *c, const struct sql_migration *m, struct err *e)
{
	return c->db->driver->script(c, m->text, e) &&
	       sql_run(c, &SQL_MIGRATION_INSERT,
		       SQL_ARGS(sql_int(m->number), sql_text(m->name), sql_text(m->sha256),
				sql_int(clock_wall_ms())),
		       e);
}

/* Checks everything recorded and applies one migration, in one transaction. */
static bool step_write(struct sql_conn *c, void *arg, struct err *e)
{
	const struct run *run = arg;
	struct applied_list done = { 0 };
	bool ok = read_applied(c, &done, e) && check_applied(run, &done, e);
	bool apply = ok && run->next < run->n && !is_applied(&done, run->list[run->next].number);
	VEC_DONE(&done.v);
	if (!apply)
		return ok;
	return apply_one(c, &run->list[run->next], e);
}

bool migrate_run(struct sql *db, const struct sql_migration *list, int n, struct err *e)
{
	if (!sql_write(db, table_write, NULL, e))
		return err_prefix(e, "cannot prepare the database for migrations");
	struct run run = { .list = list, .n = n };
	do {
		if (!sql_write(db, step_write, &run, e))
			return run.next < n && e && e->code != ERR_CONFLICT
				       ? err_prefix(e, "migration %04d '%s'", list[run.next].number,
						    list[run.next].name)
				       : false;
	} while (++run.next < n);
	return true;
}

bool sql_migrate(struct sql *db, struct err *e)
{
	return migrate_run(db, sql_migrations, sql_migrations_count, e);
}

bool migrate_fresh(struct sql_conn *c, struct err *e)
{
	if (!table_write(c, NULL, e))
		return err_prefix(e, "cannot prepare the database for migrations");
	for (int i = 0; i < sql_migrations_count; i++)
		if (!apply_one(c, &sql_migrations[i], e))
			return err_prefix(e, "migration %04d '%s'", sql_migrations[i].number,
					  sql_migrations[i].name);
	return true;
}

bool migrate_same(struct sql_conn *c, struct err *e)
{
	const struct run run = { .list = sql_migrations, .n = sql_migrations_count };
	struct applied_list done = { 0 };
	bool ok = read_applied(c, &done, e) && check_applied(&run, &done, e);
	for (int i = 0; ok && i < run.n; i++)
		ok = is_applied(&done, run.list[i].number) ||
		     err_set(e, ERR_CONFLICT,
			     "database is older than this program: it lacks migration %04d '%s'; "
			     "start and stop the server of this version on it once",
			     run.list[i].number, run.list[i].name);
	VEC_DONE(&done.v);
	return ok;
}

bool sql_schema(struct sql *db, int64_t *out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(db, e);
	struct sql_rows *r;
	if (!c || !sql_query(c, &SQL_MIGRATION_LAST, SQL_NO_ARGS, &r, e))
		return false;
	int64_t number = sql_next(r) ? sql_col_int(r, 0) : 0;
	if (!sql_rows_end(r, e))
		return false;
	*out = number;
	return true;
}
