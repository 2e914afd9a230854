/* SPDX-License-Identifier: Apache-2.0
 * Signed scripts are rows; nothing is held in memory. What comes out is what went in, byte by byte:
 * endpoints verify the file themselves. */
#include "deploy/orders/scripts.h"
#include "base/enc.h"
#include "deploy/deploy_int.h"
#include "deploy/queries.h"

#include <stdio.h>

#define USERS_MAX 500

static char *column(struct sql_rows *rows, int col, struct arena *a)
{
	return (char *)(uintptr_t)arena_str(a, sql_col_str(rows, col)).p;
}

static void from_row(struct sql_rows *rows, struct arena *a, struct script_row *out)
{
	*out = (struct script_row) { .name = column(rows, 1, a),
				     .platform = column(rows, 2, a),
				     .version = sql_col_int(rows, 3),
				     .expires_ms = sql_col_int(rows, 4),
				     .script_size = sql_col_int(rows, 5),
				     .size = sql_col_int(rows, 6),
				     .keys = column(rows, 7, a),
				     .uploaded_by = column(rows, 8, a),
				     .uploaded_ms = sql_col_int(rows, 9) };
	snprintf(out->id, sizeof(out->id), "%.*s", STR_ARG(sql_col_str(rows, 0)));
}

/* Policies' actions are stored as JSON, in which a hash stands as it is. */
static bool users_of(struct sql_conn *c, struct script_row *s, struct arena *a, struct err *e)
{
	AUTO(xfree) char *like = xasprintf("%%%s%%", s->id);
	struct sql_rows *rows;
	if (!sql_query(c, &SQL_SCRIPT_USERS, SQL_ARGS(sql_text(like), sql_int(USERS_MAX)), &rows,
		       e))
		return false;
	s->policies = arena_array(a, char *, USERS_MAX);
	while (s->n_policies < USERS_MAX && sql_next(rows))
		s->policies[s->n_policies++] = column(rows, 0, a);
	return sql_rows_end(rows, e);
}

bool script_list(struct deploy *d, struct arena *a, struct script_row **out, size_t *n_out,
		 struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct script_row *list = arena_array(a, struct script_row, SCRIPTS_MAX);
	struct sql_rows *rows;
	size_t n = 0;
	if (!c || !sql_query(c, &SQL_SCRIPT_LIST, SQL_ARGS(sql_int(SCRIPTS_MAX)), &rows, e))
		return false;
	while (n < SCRIPTS_MAX && sql_next(rows))
		from_row(rows, a, &list[n++]);
	if (!sql_rows_end(rows, e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!users_of(c, &list[i], a, e))
			return false;
	*out = list;
	*n_out = n;
	return true;
}

bool script_get(struct deploy *d, const char *id, struct arena *a, struct script_row *out,
		struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_SCRIPT_GET, SQL_ARGS(sql_text(id)), &rows, e))
		return false;
	bool found = sql_next(rows);
	if (found)
		from_row(rows, a, out);
	if (!sql_rows_end(rows, e))
		return false;
	return found ? users_of(c, out, a, e)
		     : err_set(e, ERR_NOT_FOUND, "there is no script '%.64s'", id);
}

bool script_sealed(struct deploy *d, const struct sha256 *id, struct buf *out, struct err *e)
{
	char hex[SHA256_HEX];
	bool found;
	digest_hex(id, hex);
	if (!sql_text_of(d->conf.db, &SQL_SCRIPT_SEALED, SQL_ARGS(sql_text(hex)), out, &found, e))
		return false;
	return found || err_set(e, ERR_NOT_FOUND, "there is no script '%s'", hex);
}

/* --- changes ------------------------------------------------------------------------------------
 */

struct addition {
	const char *id, *by, *keys;
	const struct script *script;
	struct str sealed;
	int64_t now_ms;
};

static bool insert(struct sql_conn *c, void *arg, struct err *e)
{
	const struct addition *k = arg;
	struct sql_rows *rows;
	int64_t n = 0;
	if (!sql_query(c, &SQL_SCRIPT_COUNT, SQL_NO_ARGS, &rows, e))
		return false;
	if (sql_next(rows))
		n = sql_col_int(rows, 0);
	if (!sql_rows_end(rows, e))
		return false;
	if (n >= SCRIPTS_MAX)
		return err_set(e, ERR_LIMIT, "there are %d scripts already; remove one",
			       SCRIPTS_MAX);
	return sql_run(c, &SQL_SCRIPT_INSERT,
		       SQL_ARGS(sql_text(k->id), sql_str(k->script->name),
				sql_str(k->script->platform), sql_int(k->script->version),
				sql_int(k->script->expires_ms), sql_int((int64_t)k->script->text.n),
				sql_int((int64_t)k->sealed.n), sql_text(k->keys), sql_text(k->by),
				sql_int(k->now_ms), sql_blob(k->sealed)),
		       e);
}

bool script_add(struct deploy *d, struct str sealed, const char *by, char id_out[static SHA256_HEX],
		const char **why_out, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf keys = BUF_INIT(SCRIPT_KEYS_MAX * 70);
	char id[SHA256_HEX], hex[2 * SIGN_PUBLIC_LEN + 1];
	struct script s;
	struct err why = { 0 };
	*why_out = "invalid_script";
	if (!script_open(sealed, NULL, &a, &s, &why))
		return err_set(e, ERR_INVALID, "%s; make it with 'tsukuroi content sign'", why.msg);
	int64_t now = clock_now_ms(d->conf.clock);
	*why_out = "script_platform";
	if (!str_is(s.platform, SCRIPT_LINUX))
		return err_set(e, ERR_INVALID, "'%s' is for %s; only linux systems run scripts",
			       s.name.p, s.platform.p);
	*why_out = "script_expired";
	if (s.expires_ms <= now)
		return err_set(e, ERR_INVALID, "'%s' version %lld has expired; sign it again",
			       s.name.p, (long long)s.version);
	for (uint32_t i = 0; i < s.n_keys; i++)
		buf_printf(&keys, "%s%s", i ? " " : "", enc_hex(s.keys[i], SIGN_PUBLIC_LEN, hex));
	struct sha256 sum = digest_of(sealed);
	digest_hex(&sum, id);
	struct addition k = { id, by, keys.p, &s, sealed, now };
	*why_out = "script_exists";
	if (!sql_write(d->conf.db, insert, &k, e))
		return e && e->code == ERR_CONFLICT
			       ? err_set(e, ERR_CONFLICT, "this script is here already")
			       : false;
	memcpy(id_out, id, sizeof(id));
	return true;
}

static bool delete_one(struct sql_conn *c, void *arg, struct err *e)
{
	struct script_row *s = arg;
	AUTO(arena_done) struct arena a = { 0 };
	s->n_policies = 0;
	if (!users_of(c, s, &a, e))
		return false;
	if (s->n_policies)
		return err_set(e, ERR_CONFLICT,
			       "the policy '%s' has the script '%s'; take it out there first",
			       s->policies[0], s->name);
	return sql_run(c, &SQL_SCRIPT_REMOVE, SQL_ARGS(sql_text(s->id)), e);
}

bool script_remove(struct deploy *d, const char *id, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct script_row s;
	return script_get(d, id, &a, &s, e) && sql_write(d->conf.db, delete_one, &s, e);
}

/* --- on targets ---------------------------------------------------------------------------------
 */

bool target_scripts_write(struct sql_conn *c, const char *deployment, const char *host,
			  const struct target_script *list, size_t n, struct err *e)
{
	if (!sql_run(c, &SQL_TARGET_SCRIPT_CLEAR, SQL_ARGS(sql_text(deployment), sql_text(host)),
		     e))
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct target_script *s = &list[i];
		if (!sql_run(c, &SQL_TARGET_SCRIPT_PUT,
			     SQL_ARGS(sql_text(deployment), sql_text(host), sql_int(s->after),
				      sql_text(s->name), sql_int(s->version), sql_text(s->state),
				      sql_int(s->exit_status), sql_bool(s->timed_out),
				      sql_bool(s->good), sql_int(s->started_ms),
				      sql_int(s->finished_ms)),
			     e))
			return false;
	}
	return true;
}

bool target_scripts(struct deploy *d, const char *deployment, const char *host, struct arena *a,
		    struct target_script **out, size_t *n_out, struct err *e)
{
	enum { MOST = 2 };
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct target_script *list = arena_array(a, struct target_script, MOST);
	struct sql_rows *rows;
	size_t n = 0;
	if (!c || !sql_query(c, &SQL_TARGET_SCRIPT_LIST,
			     SQL_ARGS(sql_text(deployment), sql_text(host)), &rows, e))
		return false;
	for (; n < MOST && sql_next(rows); n++)
		list[n] = (struct target_script) { .after = sql_col_int(rows, 0) != 0,
						   .name = column(rows, 1, a),
						   .version = sql_col_int(rows, 2),
						   .state = column(rows, 3, a),
						   .exit_status = sql_col_int(rows, 4),
						   .timed_out = sql_col_bool(rows, 5),
						   .good = sql_col_bool(rows, 6),
						   .started_ms = sql_col_int(rows, 7),
						   .finished_ms = sql_col_int(rows, 8) };
	*out = list;
	*n_out = n;
	return sql_rows_end(rows, e);
}
