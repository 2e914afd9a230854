/* SPDX-License-Identifier: Apache-2.0
 * A root half on directories of its own: enrolled, with a key to seal orders for it. */
#ifndef TESTS_AGENT_ROOT_BENCH_H
#define TESTS_AGENT_ROOT_BENCH_H
#include "agent/agent_conf.h"
#include "agent/root/journal.h"
#include "base/clock.h"
#include "base/file.h"
#include "proto/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define AGENT_ID "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ORG_ID "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define ORDER_ID "0123456789abcdef0123456789abcdef"

struct bench {
	char dir[64];
	struct agent_paths paths;
	char *root, *spool;
	struct sign_key *key;
	struct arena a;
};

static void put(const char *path, const char *text)
{
	struct err e = { 0 };
	assert_true(file_write_atomic(path, str_of(text), 0644, &e));
}

static int set_up(void **state)
{
	struct bench *b = xcalloc(1, sizeof(*b));
	struct agent_identity id = { .agent_id = AGENT_ID, .org = ORG_ID, .epoch = 1 };
	struct err e = { 0 };
	snprintf(b->dir, sizeof(b->dir), "/tmp/tsukuroi-root.XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	b->paths = (struct agent_paths) { arena_printf(&b->a, "%s/c", b->dir),
					  arena_printf(&b->a, "%s/s", b->dir),
					  arena_printf(&b->a, "%s/r", b->dir),
					  arena_printf(&b->a, "%s/sys", b->dir) };
	b->root = arena_printf(&b->a, "%s/root", b->paths.state);
	b->spool = arena_printf(&b->a, "%s/spool", b->paths.state);
	assert_true(file_mkdirs(b->paths.config, 0755, &e) && file_mkdirs(b->spool, 0755, &e));
	assert_true(file_mkdirs(arena_printf(&b->a, "%s/etc", b->paths.sysroot), 0755, &e));
	assert_true(
		file_mkdirs(arena_printf(&b->a, "%s/var/lib/dpkg", b->paths.sysroot), 0755, &e));
	put(arena_printf(&b->a, "%s/var/lib/dpkg/status", b->paths.sysroot), "");
	put(arena_printf(&b->a, "%s/etc/os-release", b->paths.sysroot),
	    "ID=debian\nVERSION_CODENAME=bookworm\n");
	assert_true(sign_key_new(&b->key, &e));
	sign_key_public(b->key, id.deploy_key);
	assert_true(agent_identity_save(&b->paths, &id, &e) && journal_init(b->root, &e));
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;
	struct err e = { 0 };
	assert_true(file_remove_tree(b->dir, &e));
	sign_key_free(b->key);
	arena_done(&b->a);
	xfree(b);
	return 0;
}

static struct order_package packages[] = { { STR_LIT("openssl"), STR_LIT("amd64"),
					     STR_LIT("3.0") } };

static inline struct order plain_order(void)
{
	int64_t now = clock_wall_ms() / 1000 * 1000;
	return (struct order) { .org = STR_LIT(ORG_ID),
				.id = STR_LIT(ORDER_ID),
				.deployment = STR_LIT("dddddddddddddddddddddddddddddddd"),
				.agent = STR_LIT(AGENT_ID),
				.epoch = 1,
				.seq = 5,
				.not_before_ms = now - 1000,
				.not_after_ms = now + 3600000,
				.action = STR_LIT("install"),
				.packages = packages,
				.n_packages = 1 };
}

static inline void seal(struct bench *b, const struct order *o, struct buf *out)
{
	AUTO(buf_done) struct buf json = BUF_INIT(ORDER_MAX);
	struct err e = { 0 };
	order_write(o, &json);
	assert_true(order_seal(buf_str(&json), b->key, out, &e));
}
#endif
