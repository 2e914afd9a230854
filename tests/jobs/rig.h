/* SPDX-License-Identifier: Apache-2.0
 * What every test of the jobs works on: a directory with a real database and store, the nouns on
 * it, a vendor that answers on 127.0.0.1, and the room's own threads and processes. */
#ifndef TESTS_JOBS_RIG_H
#define TESTS_JOBS_RIG_H
#include "base/file.h"
#include "jobs/jobs.h"
#include "net/http_server.h"
#include "support/engines.h"
#include "support/kit.h"

struct rig {
	char dir[64];
	struct sql *db;
	struct store *store;
	struct settings *settings;
	struct fleet *fleet;
	struct match *match;
	struct jobs *jobs;
	struct http_server *vendor;
};

static const struct secret_key rig_key;

/* Everything but the jobs: what a test sets must be there before they start. */
static inline void rig_open(struct rig *r, void (*serve)(void *arg, struct http_req *r), void *arg)
{
	struct err e = { 0 };
	snprintf(r->dir, sizeof(r->dir), "/tmp/jobs.XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	AUTO(xfree) char *url = engines_fresh();
	AUTO(xfree) char *store = file_join(r->dir, "store");
	ok(sql_open(url, &r->db, &e) && sql_migrate(r->db, &e) &&
		   store_open(store, &r->store, &e) &&
		   settings_open(r->db, &rig_key, &r->settings, &e) &&
		   fleet_load(r->db, &kit_clock, &r->fleet, &e),
	   &e);
	r->match = match_new(r->fleet);
	struct http_server_conf vendor = { .address = "127.0.0.1",
					   .threads = 1,
					   .max_connections = 20,
					   .idle_timeout_s = 20,
					   .max_body = 1 << 20,
					   .handler = serve,
					   .arg = arg };
	ok(http_server_start(&vendor, &r->vendor, &e), &e);
}

static inline void rig_nobody(void *arg UNUSED, const char *id UNUSED)
{
}

/* A configuration to add to; nobody is told anything. */
static inline struct jobs_conf rig_conf(const struct rig *r, const struct clock *clock)
{
	return (struct jobs_conf) { .db = r->db,
				    .store = r->store,
				    .settings = r->settings,
				    .match = r->match,
				    .fleet = r->fleet,
				    .clock = clock,
				    .job_changed = rig_nobody,
				    .feed_changed = rig_nobody };
}

static inline void rig_close(struct rig *r)
{
	jobs_close(r->jobs);
	http_server_stop(r->vendor);
	match_free(r->match);
	fleet_free(r->fleet);
	settings_close(r->settings);
	store_close(r->store);
	sql_close(r->db);
	assert_true(file_remove_tree(r->dir, NULL));
}
#endif
