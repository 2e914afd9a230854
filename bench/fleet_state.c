/* SPDX-License-Identifier: Apache-2.0
 * Threads make batches of hosts and write them in turn, each in one transaction. Host numbers are
 * given by the server in order of enrolment: host i is enrolled i milliseconds after the first.
 * Fact numbers are those that hosts scanning in this order would have been given. */
#include "fleet_state.h"
#include "base/file.h"
#include "base/vec.h"
#include "fleet/facts.h"
#include "queries.h"

#include <pthread.h>
#include <stdatomic.h>

#define BATCH 2000u
#define FACTS_AT_ONCE 50000u
#define DAY_MS 86400000

struct row {
	char id[33], print[SHA256_HEX];
	struct sha256 digest;
	uint32_t n_facts, at, len; /* in batch.facts */
};
struct batch {
	struct writing *g;
	uint32_t from, n;
	struct row rows[BATCH];
	struct buf facts;
};
struct writing {
	const struct workload *w;
	const struct fleet_state_conf *conf;
	struct sql *db;
	uint32_t *fact_of; /* per line; UINT32_MAX = no host has it */
	VEC(uint32_t) line_of;
	uint32_t fact_done;
	atomic_uint next; /* first host of the next batch */
	pthread_mutex_t lock;
	pthread_cond_t turned;
	uint32_t turn; /* first host of the batch to be written now */
	bool failed;
	struct err failure;
	struct fleet_state_report report;
};

static void number_facts(struct writing *g)
{
	AUTO(xfree) uint32_t *lines = xmalloc(sizeof(*lines) * workload_host_max(g->w));
	uint32_t n_lines = workload_lines(g->w);
	g->fact_of = xmalloc(sizeof(*g->fact_of) * n_lines);
	memset(g->fact_of, 0xff, sizeof(*g->fact_of) * n_lines);
	for (uint32_t h = 0; h < g->conf->hosts; h++) {
		uint32_t n = workload_host(g->w, h, 0, lines);
		for (uint32_t i = 0; i < n; i++)
			if (g->fact_of[lines[i]] == UINT32_MAX) {
				g->fact_of[lines[i]] = (uint32_t)g->line_of.n;
				VEC_PUSH(&g->line_of, lines[i]);
			}
	}
	g->report.facts = (uint32_t)g->line_of.n;
}

static void count_set(void *arg, uint32_t patch, uint32_t line, bool outdated)
{
	struct writing *g = arg;
	g->report.version_sets++;
	g->report.live_sets += g->fact_of[line] != UINT32_MAX;
}

static bool write_facts(struct sql_conn *c, void *arg, struct err *e)
{
	const struct writing *g = arg;
	for (uint32_t i = g->fact_done; i < MIN(g->fact_done + FACTS_AT_ONCE, g->line_of.n); i++)
		if (!sql_run(c, &SQL_BENCH_FACT_INSERT,
			     SQL_ARGS(sql_int(i), sql_str(workload_line(g->w, g->line_of.p[i]))),
			     e))
			return false;
	return true;
}

static void make_batch(struct batch *b)
{
	const struct writing *g = b->g;
	AUTO(buf_done) struct buf text = BUF_INIT(64u << 20);
	AUTO(xfree) uint32_t *lines = xmalloc(sizeof(*lines) * workload_host_max(g->w));
	buf_reset(&b->facts);
	for (uint32_t i = 0; i < b->n; i++) {
		struct row *r = &b->rows[i];
		workload_id(g->w, b->from + i, r->id);
		workload_fingerprint(g->w, b->from + i, r->print);
		uint32_t n = workload_host(g->w, b->from + i, 0, lines);
		workload_text(g->w, lines, n, &text);
		r->digest = digest_of(buf_str(&text));
		for (uint32_t k = 0; k < n; k++)
			lines[k] = g->fact_of[lines[k]];
		r->n_facts = facts_sort(lines, n);
		r->at = (uint32_t)b->facts.n;
		char *room = buf_reserve(&b->facts, FACTS_MAX_BYTES(n) + 1);
		ASSERT(room);
		r->len = (uint32_t)facts_encode(lines, r->n_facts, (uint8_t *)room);
		b->facts.n += r->len;
	}
}

/* One host in a hundred was last seen two to six weeks ago; the others scanned within a day and
 * called within ninety minutes. */
static int64_t contact_of(const struct writing *g, uint32_t host, int64_t *scan_out)
{
	uint64_t x = host * 0x9e3779b97f4a7c15ull >> 11;
	int64_t ago = host % 100 == 99 ? (int64_t)(14 + x % 28) * DAY_MS : 0;
	*scan_out = g->conf->now_ms - ago - (int64_t)(x % DAY_MS);
	int64_t contact = g->conf->now_ms - ago - (int64_t)(x % 5400000);
	return MAX(contact, *scan_out);
}

static bool write_host(struct sql_conn *c, const struct batch *b, uint32_t i, struct err *e)
{
	const struct writing *g = b->g;
	const struct row *r = &b->rows[i];
	uint32_t host = b->from + i;
	struct workload_attrs x;
	workload_attrs(g->w, host, g->conf->now_ms, &x);
	int64_t scanned, seen = contact_of(g, host, &scanned);
	int64_t enrolled = g->conf->now_ms - 400ll * DAY_MS + host;
	const struct host_attrs *a = &x.a;
	return sql_run(c, &SQL_BENCH_HOST_INSERT,
		       SQL_ARGS(sql_text(r->id), sql_text(workload_office(g->w, host)),
				sql_text(a->hostname), sql_text(a->os_id), sql_text(a->os_version),
				sql_text(a->os_name), sql_text(a->arch), sql_text(a->kernel),
				sql_text(a->address), sql_text(a->agent_version),
				sql_text(a->logged_in_user), sql_text(a->boot_id),
				sql_int(a->boot_ms), sql_bool(a->reboot_needed),
				sql_blob((struct str) { (const char *)r->digest.b, SHA256_LEN }),
				sql_int(enrolled), sql_int(seen), sql_int(scanned),
				sql_int(SCAN_OK), sql_text(r->print), sql_int(r->n_facts),
				sql_blob((struct str) { b->facts.p + r->at, r->len })),
		       e);
}

static bool write_batch(struct sql_conn *c, void *arg, struct err *e)
{
	const struct batch *b = arg;
	for (uint32_t i = 0; i < b->n; i++)
		if (!write_host(c, b, i, e))
			return false;
	return true;
}

/* In order, so that rows lie in the database as hosts came. */
static void write_in_turn(struct writing *g, struct batch *b)
{
	struct err e = { 0 };
	pthread_mutex_lock(&g->lock);
	while (g->turn != b->from)
		pthread_cond_wait(&g->turned, &g->lock);
	bool ok = !g->failed;
	pthread_mutex_unlock(&g->lock);
	bool written = ok && sql_write(g->db, write_batch, b, &e);
	pthread_mutex_lock(&g->lock);
	if (ok && !written) {
		g->failed = true;
		g->failure = e;
	}
	for (uint32_t i = 0; i < b->n; i++) {
		g->report.facts_of_hosts += b->rows[i].n_facts;
		g->report.facts_bytes += b->rows[i].len;
	}
	g->turn = b->from + b->n;
	pthread_cond_broadcast(&g->turned);
	pthread_mutex_unlock(&g->lock);
}

static void *write_hosts(void *arg)
{
	struct writing *g = arg;
	struct batch *b = xcalloc(1, sizeof(*b));
	b->g = g;
	b->facts = BUF_INIT(64u << 20);
	for (;;) {
		b->from = atomic_fetch_add(&g->next, BATCH);
		if (b->from >= g->conf->hosts)
			break;
		b->n = MIN(BATCH, g->conf->hosts - b->from);
		make_batch(b);
		write_in_turn(g, b);
	}
	buf_done(&b->facts);
	xfree(b);
	return NULL;
}

static bool write_all(struct writing *g, struct err *e)
{
	pthread_t threads[64];
	uint32_t n = MIN(MAX(g->conf->threads, 1u), ARRAY_LEN(threads));
	for (; g->fact_done < g->line_of.n; g->fact_done += FACTS_AT_ONCE)
		if (!sql_write(g->db, write_facts, g, e))
			return false;
	for (uint32_t i = 0; i < n; i++)
		if (pthread_create(&threads[i], NULL, write_hosts, g) != 0)
			return err_set(e, ERR_LIMIT, "cannot start a thread");
	for (uint32_t i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	if (g->failed)
		*e = g->failure;
	return !g->failed;
}

bool fleet_state_write(const struct workload *w, const struct fleet_state_conf *conf,
		       struct fleet_state_report *out, struct err *e)
{
	AUTO(xfree)
	char *url = conf->database ? xstrdup(conf->database)
				   : xasprintf("sqlite:%s/tsukuroi.db", conf->state);
	AUTO(sql_close) struct sql *db = NULL;
	if (!file_mkdirs(conf->state, 0700, e) || !sql_open(url, &db, e) || !sql_migrate(db, e))
		return false;
	struct writing g = { .w = w, .conf = conf, .db = db };
	pthread_mutex_init(&g.lock, NULL);
	pthread_cond_init(&g.turned, NULL);
	number_facts(&g);
	workload_pairs(w, conf->patches, count_set, &g);
	bool ok = write_all(&g, e) && workload_save_catalog(w, conf->patches, conf->now_ms, db, e);
	if (ok)
		*out = g.report;
	pthread_cond_destroy(&g.turned);
	pthread_mutex_destroy(&g.lock);
	VEC_DONE(&g.line_of);
	xfree(g.fact_of);
	return ok;
}
