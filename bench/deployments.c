/* SPDX-License-Identifier: Apache-2.0
 * Large deployments: everything that a fleet lacks, given by automated deployment, looked at again
 * by the next run, then made by hand. Of each: how long it takes, how long another write waited for
 * the database meanwhile, how far memory and the database grew.
 *
 *   deployments --packages FILE --state DIR [--hosts N] [--patches M] [--seed S]
 *
 * DIR is what `fleet` wrote with the same FILE, N, M and S; it is good for one run. Guards: the
 * pairs of the plan, of the deployments and of what the next plan finds under way are those that
 * match counts; where there are few enough, what was given comes back from the database when the
 * deployment is cancelled. */
#include "base/clock.h"
#include "base/file.h"
#include "deploy/auto/auto.h"
#include "measure.h"
#include "workload.h"

#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#define PROBE_US 10000
/* Given back pair by pair, with 24 bytes each. */
#define BACK_MAX 10000000u

struct run {
	const char *packages, *state;
	uint32_t hosts, patches, seed;
	struct sql *db;
	struct fleet *fleet;
	struct match *match;
	struct deploy *deploy;
	struct arena arena;
	const char **ids; /* of all patches */
	uint64_t pairs;	  /* that are missing */
	atomic_bool probing;
	double held_s; /* the longest that a write waited */
	bool good;
};

static void guard(struct run *r, const char *what, bool ok)
{
	printf("guard_%s=%s\n", what, ok ? "ok" : "FAILED");
	r->good = r->good && ok;
}

/* --- what is measured of a step --- */

static bool nothing(struct sql_conn *c UNUSED, void *arg, struct err *e UNUSED)
{
	*(double *)arg = wall_s();
	return true;
}

static void *probe(void *arg)
{
	struct run *r = arg;
	while (atomic_load(&r->probing)) {
		struct err e = { 0 };
		double from = wall_s(), in = from;
		must(sql_write(r->db, nothing, &in, &e), &e);
		r->held_s = MAX(r->held_s, in - from);
		usleep(PROBE_US);
	}
	return NULL;
}

static uint64_t database_bytes(const struct run *r)
{
	static const char *const names[] = { "tsukuroi.db", "tsukuroi.db-wal" };
	uint64_t sum = 0;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO(xfree) char *path = file_join(r->state, names[i]);
		struct stat st;
		sum += stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
	}
	return sum;
}

/* The most that was resident since the peak was forgotten. */
static uint64_t peak_bytes(void)
{
	unsigned long long kb = 0;
	char line[128];
	FILE *f = fopen("/proc/self/status", "re");
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "VmHWM:", 6) == 0)
			kb = strtoull(line + 6, NULL, 10);
	if (f)
		fclose(f);
	return kb * 1024;
}

static void forget_peak(void)
{
	struct err e = { 0 };
	FILE *f = fopen("/proc/self/clear_refs", "we");
	bool ok = f && fputs("5", f) >= 0;
	ok = f && fclose(f) == 0 && ok;
	must(ok || err_set(&e, ERR_IO, "the peak of memory cannot be forgotten"), &e);
}

static void measured(struct run *r, const char *what, void (*step)(struct run *r))
{
	pthread_t prober;
	forget_peak();
	uint64_t memory = resident_bytes(false), disk = database_bytes(r);
	r->held_s = 0;
	atomic_store(&r->probing, true);
	if (pthread_create(&prober, NULL, probe, r) != 0)
		exit(2);
	double cpu = cpu_s(), wall = wall_s();
	step(r);
	cpu = cpu_s() - cpu;
	wall = wall_s() - wall;
	atomic_store(&r->probing, false);
	pthread_join(prober, NULL);
	uint64_t peak = peak_bytes(), grown = database_bytes(r);
	printf("%s_wall_s=%.2f %s_cpu_s=%.2f %s_held_s=%.2f %s_memory_mb=%.0f %s_database_mb=%.0f\n",
	       what, wall, what, cpu, what, r->held_s, what,
	       (double)(peak > memory ? peak - memory : 0) / 1e6, what,
	       (double)(grown > disk ? grown - disk : 0) / 1e6);
	fflush(stdout);
}

/* --- the room, without agents --- */

static bool seal(void *arg UNUSED, struct str json UNUSED, struct buf *out UNUSED, struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, "there is no sign process here");
}
static void wake(void *arg UNUSED, const uint32_t *hosts UNUSED, size_t n UNUSED)
{
}
static void want(void *arg UNUSED, const struct catalog *c UNUSED,
		 const uint32_t *components UNUSED, uint32_t n UNUSED)
{
}
static bool trouble(void *arg UNUSED, const struct sha256 *payload UNUSED,
		    struct payload_trouble *out UNUSED)
{
	return false;
}
static void changed(void *arg UNUSED, const char *deployment UNUSED)
{
}

static void open_rooms(struct run *r, struct store **store, struct ledger **ledger)
{
	struct err e = { 0 };
	AUTO(xfree) char *url = xasprintf("sqlite:%s/tsukuroi.db", r->state);
	AUTO(xfree) char *payloads = file_join(r->state, "store");
	AUTO(workload_free) struct workload *w = NULL;
	AUTO(catalog_unref) struct catalog *c = NULL;
	must(workload_new(r->packages, r->seed, &w, &e), &e);
	must(workload_catalog(w, r->patches, clock_wall_ms(), &c, &e), &e);
	must(sql_open(url, &r->db, &e) && sql_migrate(r->db, &e), &e);
	must(fleet_load(r->db, &clock_system, &r->fleet, &e), &e);
	must(store_open(payloads, store, &e), &e);
	r->match = match_new(r->fleet);
	match_set_catalog(r->match, c);
	*ledger = ledger_open(r->db, &clock_system);
	struct deploy_conf conf = { .db = r->db,
				    .match = r->match,
				    .store = *store,
				    .clock = &clock_system,
				    .signer = { seal, r },
				    .ledger = *ledger,
				    .wake = wake,
				    .want_payload = want,
				    .payload_trouble = trouble,
				    .changed = changed,
				    .arg = r };
	must(deploy_open(&conf, &r->deploy, &e), &e);
	r->ids = arena_array(&r->arena, const char *, c->n_patches);
	for (uint32_t i = 0; i < c->n_patches; i++)
		r->ids[i] = arena_str(&r->arena, c->patches[i].id).p;
}

static void count_pairs(struct run *r)
{
	struct err e = { 0 };
	AUTO(match_read_end) struct match_view v;
	match_read(r->match, &v);
	if (fleet_host_count(v.fleet) != r->hosts)
		must(err_set(&e, ERR_INVALID, "'%s' has %u hosts", r->state,
			     fleet_host_count(v.fleet)),
		     &e);
	for (uint32_t i = 0; i < v.catalog->n_patches; i++) {
		const roaring_bitmap_t *lack = match_hosts(&v, i, VERDICT_MISSING);
		r->pairs += lack ? roaring_bitmap_get_cardinality(lack) : 0;
	}
	printf("hosts=%u patches=%u pairs=%llu\n", r->hosts, r->patches,
	       (unsigned long long)r->pairs);
}

/* --- the steps --- */

static void give(struct run *r)
{
	struct err e = { 0 };
	struct auto_task t = { .name = "Everything", .created_by = "bench" };
	AUTO(json_free) json_t *j = json_object();
	must(auto_spec_read(j, &r->arena, &t.spec, &e) && auto_save(r->deploy, &t, &e), &e);
	must(auto_run(r->deploy, &e), &e);
}

/* What the plan of now has under way and given back, of all tasks' rows. */
static void plan_again(struct run *r, uint64_t *busy_out, uint64_t *cancelled_out)
{
	AUTO(auto_plan_done) struct auto_plan p = { 0 };
	AUTO(match_read_end) struct match_view v;
	struct err e = { 0 };
	struct auto_task *list;
	size_t n;
	match_read(r->match, &v);
	must(auto_list(r->deploy, &r->arena, &list, &n, &e) &&
		     auto_plan(r->deploy, &v, &list[0], &p, &e),
	     &e);
	*busy_out = *cancelled_out = 0;
	for (size_t i = 0; i < p.rows.n; i++) {
		*busy_out += p.rows.p[i].busy;
		*cancelled_out += p.rows.p[i].cancelled;
	}
	guard(r, "planned_nothing_twice", p.pairs == 0);
}

static void look_again(struct run *r)
{
	uint64_t busy, cancelled;
	plan_again(r, &busy, &cancelled);
	guard(r, "under_way", busy == r->pairs);
}

static void cancel_and_look(struct run *r)
{
	struct err e = { 0 };
	struct auto_task *list;
	char **runs;
	size_t n;
	uint64_t busy, cancelled;
	must(auto_list(r->deploy, &r->arena, &list, &n, &e) &&
		     auto_runs(r->deploy, list[0].id, 10, &r->arena, &runs, &n, &e),
	     &e);
	for (size_t i = 0; i < n; i++)
		must(deploy_cancel(r->deploy, runs[i], &e), &e);
	plan_again(r, &busy, &cancelled);
	guard(r, "given_comes_back", busy == 0 && cancelled == r->pairs);
}

static void by_hand(struct run *r)
{
	struct err e = { 0 };
	struct deploy_preview p;
	char id[33];
	const char *why;
	struct deploy_request q = { .patches = r->ids,
				    .n_patches = r->patches,
				    .policy = POLICY_ANYTIME,
				    .created_by = "bench" };
	must(deploy_preview(r->deploy, &q, &p, &e) &&
		     deploy_create(r->deploy, &q, p.token, id, &why, &e),
	     &e);
	guard(r, "shown_by_hand", p.pairs == r->pairs);
}

static uint32_t number(const char *text)
{
	uint64_t n = 0;
	if (!str_to_u64(str_of(text), &n) || n > 10000000) {
		fprintf(stderr, "deployments: '%s' is no number up to 10000000\n", text);
		exit(2);
	}
	return (uint32_t)n;
}

static void options(int argc, char **argv, struct run *r)
{
	static const struct option known[] = { { "packages", required_argument, NULL, 'p' },
					       { "state", required_argument, NULL, 's' },
					       { "hosts", required_argument, NULL, 'h' },
					       { "patches", required_argument, NULL, 'm' },
					       { "seed", required_argument, NULL, 'r' },
					       { 0 } };
	int c;
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1)
		switch (c) {
		case 'p': r->packages = optarg; break;
		case 's': r->state = optarg; break;
		case 'h': r->hosts = number(optarg); break;
		case 'm': r->patches = number(optarg); break;
		case 'r': r->seed = number(optarg); break;
		default: exit(2);
		}
	if (r->packages && r->state && r->hosts && r->patches && optind == argc)
		return;
	fprintf(stderr, "usage: deployments --packages FILE --state DIR [--hosts N] [--patches M] "
			"[--seed S]\n");
	exit(2);
}

int main(int argc, char **argv)
{
	struct run r = { .hosts = 10000, .patches = 5000, .seed = 1, .good = true };
	struct store *store;
	struct ledger *ledger;
	options(argc, argv, &r);
	open_rooms(&r, &store, &ledger);
	count_pairs(&r);
	measured(&r, "automated", give);
	measured(&r, "planned_again", look_again);
	if (r.pairs <= BACK_MAX)
		measured(&r, "cancelled", cancel_and_look);
	measured(&r, "by_hand", by_hand);
	deploy_close(r.deploy);
	ledger_close(ledger);
	match_free(r.match);
	fleet_free(r.fleet);
	store_close(store);
	sql_close(r.db);
	arena_done(&r.arena);
	return r.good ? 0 : 1;
}
