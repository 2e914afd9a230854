/* SPDX-License-Identifier: Apache-2.0
 * Replaying transcripts: the log of a job, recorded from a real one. The machine must ask for
 * exactly the recorded actions, in order, and end with the line "= outcome reason". */
#ifndef TESTS_AGENT_REPLAY_H
#define TESTS_AGENT_REPLAY_H
#include "agent/backends/backend.h"
#include "base/file.h"
#include "base/vec.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define DIR_WORD "@DIR@"
#define STARTED_S 1000 /* when the installation began; "new" packages are of then */

struct replay {
	struct arena a;
	struct order order;
	struct str rest; /* of the transcript */
	const char *name;
	enum platform_manager manager;
	bool cut; /* the runner was killed here, with a command under way that printed `left` */
	struct buf left;
};

static struct order_package package_of(struct str line)
{
	struct order_package p = { 0 };
	assert_true(str_split(&line, ' ', &p.name) && str_split(&line, ' ', &p.arch));
	p.version = line;
	return p;
}

static void read_header(struct replay *r)
{
	VEC(struct order_package) packages = { 0 }, extra = { 0 }, replaced = { 0 };
	struct str before = r->rest, line;
	while (str_line(&r->rest, &line) && line.p[0] != '>') {
		if (str_starts(line, "back ")) { /* name arch version from */
			struct order_package p = package_of(
				(struct str) { line.p + 5, line.n - 5 });
			assert_true(str_split(&p.version, ' ', &p.from));
			VEC_PUSH(&packages,
				 ((struct order_package) { p.name, p.arch, p.from, p.version }));
			r->order.action = STR_LIT(ORDER_UNINSTALL);
		}
		if (str_starts(line, "package "))
			VEC_PUSH(&packages, package_of((struct str) { line.p + 8, line.n - 8 }));
		if (str_starts(line, "extra "))
			VEC_PUSH(&extra, package_of((struct str) { line.p + 6, line.n - 6 }));
		if (str_starts(line, "replaced "))
			VEC_PUSH(&replaced, package_of((struct str) { line.p + 9, line.n - 9 }));
		before = r->rest;
	}
	r->rest = before;
	r->order.packages = arena_array(&r->a, struct order_package, packages.n + 1);
	r->order.extra = arena_array(&r->a, struct order_package, extra.n + 1);
	memcpy(r->order.packages, packages.p, packages.n * sizeof(*packages.p));
	if (extra.n)
		memcpy(r->order.extra, extra.p, extra.n * sizeof(*extra.p));
	r->order.replaced = arena_array(&r->a, struct order_package, replaced.n + 1);
	if (replaced.n)
		memcpy(r->order.replaced, replaced.p, replaced.n * sizeof(*replaced.p));
	r->order.n_replaced = (uint32_t)replaced.n;
	VEC_DONE(&replaced);
	r->order.n_packages = (uint32_t)packages.n;
	r->order.n_extra = (uint32_t)extra.n;
	VEC_DONE(&packages);
	VEC_DONE(&extra);
}

/* The next block: what was asked, what came ("| " taken off), how it ended. */
static void block(struct replay *r, struct str *asked, struct buf *output, struct str *end)
{
	struct str line;
	assert_true(str_line(&r->rest, asked));
	if (asked->p[0] != '>')
		fail_msg("%s: the machine goes on where the record ends: %.*s", r->name,
			 STR_ARG(*asked));
	while (str_line(&r->rest, &line) && line.p[0] == '|')
		buf_printf(output, "%.*s\n", (int)line.n - 2 < 0 ? 0 : (int)line.n - 2, line.p + 2);
	assert_true(line.p[0] == '<');
	*end = line;
}

static void database(struct replay *r, struct str output, bool interrupted, struct pkgdb *db)
{
	static const char *const states[] = { "absent",		"installed", "unpacked", "triggers",
					      "half-installed", "stale",     "twin" };
	VEC(struct pkgdb_package) v = { 0 };
	struct str line, f[8];
	while (str_line(&output, &line)) {
		size_t n = 0, s = 0;
		while (n < 8 && str_split(&line, ' ', &f[n]))
			n++;
		assert_true(n >= 4);
		while (!str_is(f[3], states[s]))
			s++;
		struct pkgdb_package p = {
			.name = f[0], .arch = f[1], .version = f[2], .state = (enum pkgdb_state)s
		};
		for (size_t i = 4; i < n; i++) {
			p.hold |= str_is(f[i], "hold");
			p.reinstall |= str_is(f[i], "reinstall");
			p.installed_s = str_is(f[i], "new") ? STARTED_S : p.installed_s;
		}
		p.reinstall |= p.state == PKGDB_HALF_INSTALLED;
		VEC_PUSH(&v, p);
	}
	struct pkgdb_package *all = arena_array(&r->a, struct pkgdb_package, v.n + 1);
	for (size_t i = 0; i < v.n; i++) {
		all[i] = v.p[i];
		all[i].name = arena_str(&r->a, v.p[i].name);
		all[i].arch = arena_str(&r->a, v.p[i].arch);
		all[i].version = arena_str(&r->a, v.p[i].version);
	}
	*db = (struct pkgdb) { .kind = r->manager == PLATFORM_APT ? PKGDB_DEB : PKGDB_RPM,
			       .packages = all,
			       .n = v.n,
			       .interrupted = interrupted };
	VEC_DONE(&v);
	pkgdb_sort(db);
}

/* "# cut short" stands where the record of a killed runner ends: its command's output follows. */
static bool cut_short(struct replay *r)
{
	struct str rest = r->rest, line;
	if (!str_line(&rest, &line) || line.p[0] != '#')
		return false;
	buf_reset(&r->left);
	for (r->rest = rest; str_line(&rest, &line) && line.p[0] == '|'; r->rest = rest)
		buf_printf(&r->left, "%.*s\n", (int)line.n - 2 < 0 ? 0 : (int)line.n - 2,
			   line.p + 2);
	return true;
}

static void describe(const struct backend_action *act, struct buf *out)
{
	if (act->kind == BACKEND_READ)
		buf_adds(out, "> read");
	if (act->kind == BACKEND_WAIT)
		buf_printf(out, "> wait %lld %s", (long long)act->wait_s, act->reason);
	if (act->kind == BACKEND_RUN) {
		buf_adds(out, "> run");
		for (size_t i = 0; act->argv[i]; i++)
			buf_printf(out, " %s", act->argv[i]);
	}
}

/* Plays one phase; the machine's last action comes back. */
static struct backend_action play(struct replay *r, struct backend *m)
{
	struct backend_action act = backend_next(m, NULL);
	while (act.kind != BACKEND_DONE) {
		AUTO(buf_done) struct buf want = BUF_INIT(1u << 20), output = BUF_INIT(8u << 20);
		struct backend_input in = { 0 };
		struct pkgdb db = { 0 };
		struct str asked, end;
		int64_t code = 0;
		r->cut = cut_short(r);
		if (r->cut)
			return act;
		describe(&act, &want);
		block(r, &asked, &output, &end);
		if (!str_eq(asked, buf_str(&want)))
			fail_msg("%s: the machine asks\n%s\nthe record has\n%.*s", r->name, want.p,
				 STR_ARG(asked));
		if (act.kind == BACKEND_READ) {
			database(r, buf_str(&output), str_is(end, "< interrupted"), &db);
			in.db = &db;
		} else if (act.kind == BACKEND_RUN) {
			assert_true(str_to_i64((struct str) { end.p + 7, end.n - 7 }, &code));
			in.exit_status = (int)code;
			in.output = buf_str(&output);
		}
		act = backend_next(m, &in);
	}
	return act;
}

static void replay(enum platform_manager manager, const char *dir, const char *name)
{
	static const char *const outcomes[] = { "planned", "succeeded", "failed", "refused" };
	AUTO(xfree) char *path = file_join(dir, name);
	AUTO(buf_done) struct buf text = BUF_INIT(4u << 20), got = BUF_INIT(200);
	struct err e = { 0 };
	struct str line = { 0 };
	assert_true(file_read(path, &text, &e));
	struct replay r = {
		.rest = buf_str(&text), .name = name, .manager = manager, .left = BUF_INIT(8u << 20)
	};
	read_header(&r);
	assert_true(r.order.n_packages > 0);
	struct backend_spec plan = { BACKEND_PLAN, &r.order, DIR_WORD };
	struct backend_spec install = { BACKEND_INSTALL, &r.order, DIR_WORD,
					.started_s = STARTED_S };
	AUTO(backend_free) struct backend *first = backend_new(manager, &plan);
	struct backend_action end = play(&r, first);
	while (r.cut || end.outcome == BACKEND_PLANNED) {
		AUTO(backend_free) struct backend *next = backend_new(manager, &install);
		end = play(&r, next);
		install.resumed = true;
		install.left = (struct str) { r.left.p ? r.left.p : "", r.left.n };
	}
	buf_printf(&got, "= %s %s", outcomes[end.outcome], end.reason);
	assert_true(str_line(&r.rest, &line));
	if (!str_eq(line, buf_str(&got)))
		fail_msg("%s: ends with '%s' (%s), the record with '%.*s'", name, got.p, end.detail,
			 STR_ARG(line));
	arena_done(&r.a);
	buf_done(&r.left);
}

/* Every transcript below tests/agent/<dir>; returns their number. */
static int replay_all(enum platform_manager manager, const char *name)
{
	AUTO(xfree) char *dir = xasprintf("%s/tests/agent/%s", getenv("TSUKUROI_SOURCE"), name);
	DIR *d = opendir(dir);
	assert_non_null(d);
	struct dirent *ent;
	int n = 0;
	while ((ent = readdir(d))) {
		if (str_ends(str_of(ent->d_name), ".transcript")) {
			replay(manager, dir, ent->d_name);
			n++;
		}
	}
	closedir(d);
	return n;
}
#endif
