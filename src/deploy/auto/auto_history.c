/* SPDX-License-Identifier: Apache-2.0
 * What tasks have given to systems, read from the database. A deployment's claims are places among
 * its patches in the order of their ids' bytes, whatever order the database keeps them in. */
#include "deploy/auto/auto_int.h"
#include "deploy/auto/claims.h"
#include "deploy/queries.h"

#include <stdio.h>
#include <stdlib.h>

static int by_bytes(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Rows (deployment, patch) of one deployment after the other. */
struct reading {
	const struct intern *wanted;
	struct arena *a;
	VEC(struct given) list;
	VEC(struct str) patches;
	bool any;
	char deployment[33];
};

static void end_of_one(struct reading *r)
{
	if (r->any) {
		struct given g = { .n = r->patches.n,
				   .patches = arena_array(r->a, struct str, r->patches.n) };
		memcpy(g.deployment, r->deployment, sizeof(g.deployment));
		memcpy(g.patches, r->patches.p, r->patches.n * sizeof(*g.patches));
		qsort(g.patches, g.n, sizeof(*g.patches), by_bytes);
		VEC_PUSH(&r->list, g);
	}
	r->patches.n = 0;
	r->any = false;
}

static bool read_patches(struct sql_rows *rows, struct reading *r, struct err *e)
{
	while (sql_next(rows)) {
		struct str id = sql_col_str(rows, 0), patch = sql_col_str(rows, 1);
		if (!str_is(id, r->deployment)) {
			end_of_one(r);
			snprintf(r->deployment, sizeof(r->deployment), "%.*s", STR_ARG(id));
		}
		r->any |= intern_find(r->wanted, patch) != INTERN_NONE;
		VEC_PUSH(&r->patches, arena_str(r->a, patch));
	}
	end_of_one(r);
	VEC_DONE(&r->patches);
	return sql_rows_end(rows, e);
}

static bool read_given(struct deploy *d, const struct sql_stmt *q, const struct sql_val *args,
		       int nargs, const struct intern *wanted, struct arena *a, struct given **out,
		       size_t *n_out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct reading r = { .wanted = wanted, .a = a };
	struct sql_rows *rows;
	if (!c || !sql_query(c, q, args, nargs, &rows, e))
		return false;
	bool ok = read_patches(rows, &r, e);
	*out = arena_array(a, struct given, r.list.n + 1);
	*n_out = r.list.n;
	if (r.list.n)
		memcpy(*out, r.list.p, r.list.n * sizeof(**out));
	VEC_DONE(&r.list);
	return ok;
}

bool auto_given(struct deploy *d, const char *task, const struct intern *wanted, struct arena *a,
		struct given **out, size_t *n_out, struct err *e)
{
	return read_given(d, &SQL_AUTO_RUN_PATCHES, SQL_ARGS(sql_text(task)), wanted, a, out, n_out,
			  e);
}

bool auto_claims(struct deploy *d, const struct given *g,
		 void (*fn)(void *arg, const struct claim *c), void *arg, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_AUTO_CLAIM_LIST, SQL_ARGS(sql_text(g->deployment)), &rows, e))
		return false;
	AUTO(xfree) uint32_t *places = xcalloc(g->n + 1, sizeof(*places));
	struct err bad;
	bool ok = true;
	while (ok && sql_next(rows)) {
		size_t n;
		ok = claim_read(sql_col_str(rows, 1), g->n, places, &n, &bad);
		int64_t finished = sql_col_int(rows, 3);
		struct claim one = { .host = sql_col_str(rows, 0),
				     .state = (enum target_state)sql_col_int(rows, 2),
				     .ended_ms = finished ? finished : sql_col_int(rows, 4),
				     .reason = sql_col_str(rows, 5) };
		for (size_t i = 0; i < n; i++) {
			one.patch = g->patches[places[i]];
			fn(arg, &one);
		}
	}
	return sql_rows_end(rows, e) && (ok || err_set(e, bad.code, "%s", bad.msg));
}

static bool open_targets(struct deploy *d, const struct match_view *v, const char *deployment,
			 roaring_bitmap_t *out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_AUTO_OPEN_TARGETS, SQL_ARGS(sql_text(deployment)), &rows, e))
		return false;
	while (sql_next(rows)) {
		const struct host *h = fleet_host_by_id(v->fleet, sql_col_str(rows, 0));
		if (h)
			roaring_bitmap_add(out, h->no);
	}
	return sql_rows_end(rows, e);
}

bool auto_under_way(struct deploy *d, const struct match_view *v, const struct intern *wanted,
		    void (*fn)(void *arg, uint32_t wanted_no, const roaring_bitmap_t *hosts),
		    void *arg, struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct given *list;
	size_t n;
	if (!read_given(d, &SQL_AUTO_OPEN_PATCHES, SQL_NO_ARGS, wanted, &a, &list, &n, e))
		return false;
	bool ok = true;
	for (size_t i = 0; ok && i < n; i++) {
		roaring_bitmap_t *hosts = roaring_bitmap_create();
		ok = open_targets(d, v, list[i].deployment, hosts, e);
		for (size_t k = 0; ok && k < list[i].n; k++) {
			uint32_t no = intern_find(wanted, list[i].patches[k]);
			if (no != INTERN_NONE)
				fn(arg, no, hosts);
		}
		roaring_bitmap_free(hosts);
	}
	return ok;
}

bool auto_resets(struct deploy *d, const char *task, const struct intern *wanted, int64_t *out,
		 struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_AUTO_RESET_LIST, SQL_ARGS(sql_text(task)), &rows, e))
		return false;
	while (sql_next(rows)) {
		struct str patch = sql_col_str(rows, 0);
		int64_t at = sql_col_int(rows, 1);
		uint32_t no = patch.n ? intern_find(wanted, patch) : INTERN_NONE;
		for (uint32_t i = 0; i < intern_count(wanted); i++)
			if (i == no || !patch.n)
				out[i] = MAX(out[i], at);
	}
	return sql_rows_end(rows, e);
}

bool auto_last_ms(struct deploy *d, const char *task, int64_t *out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_AUTO_RUN_LAST, SQL_ARGS(sql_text(task)), &rows, e))
		return false;
	*out = sql_next(rows) ? sql_col_int(rows, 0) : 0;
	return sql_rows_end(rows, e);
}

bool auto_runs(struct deploy *d, const char *task, size_t limit, struct arena *a, char ***out,
	       size_t *n_out, struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	if (!c || !sql_query(c, &SQL_AUTO_RUN_LIST,
			     SQL_ARGS(sql_text(task), sql_int((int64_t)limit)), &rows, e))
		return false;
	*out = arena_array(a, char *, limit + 1);
	*n_out = 0;
	while (*n_out < limit && sql_next(rows))
		(*out)[(*n_out)++] = (char *)(uintptr_t)arena_str(a, sql_col_str(rows, 0)).p;
	return sql_rows_end(rows, e);
}

bool auto_task_of(struct deploy *d, const char *deployment, char out[static 33], struct err *e)
{
	AUTO(sql_done) struct sql_conn *c = sql_reader(d->conf.db, e);
	struct sql_rows *rows;
	out[0] = '\0';
	if (!c || !sql_query(c, &SQL_AUTO_RUN_TASK, SQL_ARGS(sql_text(deployment)), &rows, e))
		return false;
	if (sql_next(rows))
		snprintf(out, 33, "%.*s", STR_ARG(sql_col_str(rows, 0)));
	return sql_rows_end(rows, e);
}

bool auto_withdraw(struct sql_conn *c, const char *patch, int64_t now_ms, struct err *e)
{
	return sql_run(c, &SQL_AUTO_WITHDRAW, SQL_ARGS(sql_text(patch)), e) &&
	       sql_run(c, &SQL_AUTO_WAITS_ANEW, SQL_ARGS(sql_text(patch), sql_int(now_ms)), e);
}
