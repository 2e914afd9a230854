/* SPDX-License-Identifier: Apache-2.0
 * A start from a snapshot gives what a start from the database gives, verdict by verdict: after an
 * orderly end, after a kill with changes the snapshot does not know or while it was written, with
 * another catalog, and with a file that is torn, foreign, old or gone (P9, F01). */
#include "match/saved.h"
#include "base/file.h"
#include "fleet/group.h"
#include "fleet/host.h"
#include "fleet/roster.h"
#include "fleet/snapshot.h"
#include "world.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOSTS 120
#define NAMES 20

static uint64_t seed = 11;
static char dir[] = "/tmp/tsukuroi-saved-XXXXXX";

static uint32_t next(uint32_t bound)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)((seed >> 33) % bound);
}

/* A catalog whose patches past `newer` ask for one version more. */
static struct catalog *make_catalog(uint32_t newer)
{
	AUTO(buf_done) struct buf text = BUF_INIT(1 << 20);
	for (uint32_t i = 0; i < NAMES; i++)
		buf_printf(&text, "patch patch-%u debian:12 %s %s\n%s n%u %s%u\n", i,
			   i % 3 ? "security" : "bugfix", i % 2 ? "critical" : "low",
			   i % 4 ? "deb" : "src", i, i % 4 ? "amd64 " : "",
			   4 + i % 3 + (i >= newer));
	return world_catalog(buf_str(&text));
}

static void scan(struct fleet *f, uint32_t host)
{
	AUTO(buf_done) struct buf text = BUF_INIT(1 << 16);
	buf_adds(&text, "os debian 12 bookworm\narch amd64\n");
	for (uint32_t i = 0; i < NAMES; i++)
		if (next(4))
			buf_printf(&text, "deb n%u amd64 %u\n", i, 2 + next(8));
	if (next(5) == 0)
		buf_printf(&text, "hold deb n%u amd64\n", next(NAMES));
	world_scan(f, host, buf_str(&text));
}

static void change(struct fleet *f, uint32_t host)
{
	struct err e = { 0 };
	char name[24], address[24];
	struct host_attrs attrs = { .hostname = name, .kernel = (char *)(next(2) ? "a" : "b") };
	snprintf(name, sizeof(name), "host%u", next(1000));
	snprintf(address, sizeof(address), "10.0.%u.%u", next(4), next(250));
	if (next(3)) {
		attrs.os_id = (char *)(next(2) ? "debian" : "");
		attrs.os_name = (char *)(next(2) ? "Debian" : NULL);
		attrs.agent_version = (char *)(next(2) ? "1" : "2");
		attrs.address = address;
		attrs.reboot_needed = next(2);
	}
	switch (next(6)) {
	case 0: assert_true(fleet_set_state(f, host, next(HOST_STATES_), &e)); break;
	case 1: assert_true(fleet_contact(f, host, &attrs, &e)); break;
	case 2: assert_true(fleet_set_scan(f, host, SCAN_FAILED, "why", &e)); break;
	default: scan(f, host); break;
	}
}

static struct sql *open_db(const char *name)
{
	struct err e = { 0 };
	struct sql *db = NULL;
	AUTO(xfree) char *url = xasprintf("sqlite:%s/%s.db", dir, name);
	if (!sql_open(url, &db, &e) || !sql_migrate(db, &e))
		fail_msg("%s", e.msg);
	return db;
}

static uint32_t enrol(struct fleet *f, uint32_t i)
{
	char id[40];
	snprintf(id, sizeof(id), "%08x%024x", i * 2654435761u, i);
	return world_host(f, id);
}

/* What the server holds of a database, by one way to load it. */
struct world {
	struct fleet *fleet;
	struct match *match;
	struct err why;
	uint32_t evaluated;
};

static void world_close(struct world *w)
{
	match_free(w->match);
	fleet_free(w->fleet);
}

static struct world load(struct sql *db, const char *path, struct catalog *c)
{
	struct err e = { 0 };
	struct world w = { 0 };
	if (!(path ? snapshot_load(db, &world_clock, path, &w.fleet, &w.why, &e)
		   : fleet_load(db, &world_clock, &w.fleet, &e)))
		fail_msg("%s", e.msg);
	w.match = match_new(w.fleet);
	if (path)
		match_load_catalog(w.match, c, &w.evaluated);
	else
		match_set_catalog(w.match, c);
	return w;
}

static void same_host(const struct match_view *a, const struct match_view *b, const struct host *h,
		      const struct host *g)
{
	struct host_counts x, y;
	assert_int_equal(h->state, g->state);
	assert_int_equal(h->scan, g->scan);
	assert_int_equal(h->last_scan_ms, g->last_scan_ms);
	assert_int_equal(h->last_contact_ms, g->last_contact_ms);
	assert_int_equal(h->enrolled_ms, g->enrolled_ms);
	assert_memory_equal(&h->inventory, &g->inventory, sizeof(h->inventory));
	assert_true(host_attrs_equal(&h->attrs, &g->attrs));
	assert_string_equal(h->office, g->office);
	assert_string_equal(h->cert_fingerprint ? h->cert_fingerprint : "",
			    g->cert_fingerprint ? g->cert_fingerprint : "");
	assert_string_equal(h->scan_error ? h->scan_error : "", g->scan_error ? g->scan_error : "");
	assert_int_equal(h->facts_len, g->facts_len);
	if (h->facts_len)
		assert_memory_equal(h->facts, g->facts, h->facts_len);
	match_host_counts(a, h->no, &x);
	match_host_counts(b, g->no, &y);
	assert_memory_equal(&x, &y, sizeof(x));
	for (uint32_t p = 0; p < a->catalog->n_patches; p++)
		assert_int_equal(match_verdict(a, h->no, p), match_verdict(b, g->no, p));
}

/* The index says of every host what its facts say, and nothing more. */
static void check_index(const struct fleet *f)
{
	uint64_t said = 0, held = 0;
	for (uint32_t i = 0; i < fleet_host_count(f); i++) {
		const struct host *h = fleet_host(f, i);
		if (h->state != HOST_ACTIVE)
			continue;
		AUTO(xfree) uint32_t *facts = xmalloc(sizeof(*facts) * ((size_t)h->n_facts + 1));
		fleet_host_facts(h, facts);
		held += h->n_facts;
		for (uint32_t k = 0; k < h->n_facts; k++)
			assert_true(roaring_bitmap_contains(fleet_fact_hosts(f, facts[k]), i));
	}
	for (uint32_t k = 0; k < fleet_fact_count(f); k++)
		if (fleet_fact_hosts(f, k))
			said += roaring_bitmap_get_cardinality(fleet_fact_hosts(f, k));
	assert_int_equal(said, held);
}

static uint64_t hosts_in(const roaring_bitmap_t *b)
{
	return b ? roaring_bitmap_get_cardinality(b) : 0;
}

/* What is kept of records to be counted and listed. */
static void same_records(const struct fleet *a, const struct fleet *b)
{
	struct roster_columns x, y;
	for (enum fleet_dim d = 0; d < FLEET_DIMS_; d++)
		for (uint32_t v = 0; v < fleet_dim_count(a, d); v++)
			assert_int_equal(hosts_in(fleet_dim_hosts(a, d, v)),
					 hosts_in(fleet_hosts_by(b, d, fleet_dim_value(a, d, v))));
	for (int s = 0; s < HOST_STATES_; s++)
		assert_int_equal(hosts_in(fleet_state_hosts(a, s)),
				 hosts_in(fleet_state_hosts(b, s)));
	for (int s = 0; s < SCANS_; s++)
		assert_int_equal(hosts_in(fleet_scan_hosts(a, s)),
				 hosts_in(fleet_scan_hosts(b, s)));
	assert_int_equal(hosts_in(fleet_reboot_hosts(a)), hosts_in(fleet_reboot_hosts(b)));
	assert_int_equal(hosts_in(fleet_scanned(a)), hosts_in(fleet_scanned(b)));
	roster_columns(fleet_roster(a), &x);
	roster_columns(fleet_roster(b), &y);
	assert_int_equal(x.n, y.n);
	for (uint32_t i = 0; i < x.n; i++) {
		uint32_t k = fleet_host_by_id(b, str_of(fleet_host(a, i)->id))->no;
		assert_true(x.state[i] == y.state[k] && x.scan[i] == y.scan[k] &&
			    x.reboot[i] == y.reboot[k] && x.last_scan_ms[i] == y.last_scan_ms[k] &&
			    x.id_head[i] == y.id_head[k]);
		for (enum roster_word w = 0; w < ROSTER_WORDS_; w++)
			assert_true(str_eq(roster_word(fleet_roster(a), w, x.word[w][i]),
					   roster_word(fleet_roster(b), w, y.word[w][k])));
		assert_true(str_eq(roster_hostname(fleet_roster(a), i),
				   roster_hostname(fleet_roster(b), k)));
	}
}

/* The two know the same; host numbers may differ. */
static void same_world(struct world *a, struct world *b)
{
	struct match_view v, w;
	struct fleet_counts x, y;
	match_read(a->match, &v);
	match_read(b->match, &w);
	assert_int_equal(fleet_host_count(a->fleet), fleet_host_count(b->fleet));
	for (uint32_t i = 0; i < fleet_host_count(a->fleet); i++) {
		const struct host *h = fleet_host(a->fleet, i);
		const struct host *g = fleet_host_by_id(b->fleet, str_of(h->id));
		assert_non_null(g);
		same_host(&v, &w, h, g);
	}
	match_fleet_counts(&v, world_now(NULL), &x);
	match_fleet_counts(&w, world_now(NULL), &y);
	assert_memory_equal(&x, &y, sizeof(x));
	check_index(a->fleet);
	check_index(b->fleet);
	same_records(a->fleet, b->fleet);
	match_read_end(&v);
	match_read_end(&w);
	assert_int_equal(match_verify(a->match), 0);
	assert_int_equal(match_verify(b->match), 0);
}

/* A start from the file equals one from the database, and stays right when things change. */
static void check_start(struct sql *db, const char *path, struct catalog *c, bool usable)
{
	struct world saved = load(db, path, c), read = load(db, NULL, c);
	assert_int_equal(fleet_snapshot(saved.fleet) != NULL, usable);
	assert_int_equal(saved.why.code != ERR_NONE, !usable);
	same_world(&saved, &read);
	world_close(&read);
	for (int i = 0; i < 60; i++)
		change(saved.fleet, next(fleet_host_count(saved.fleet)));
	read = load(db, NULL, c);
	same_world(&saved, &read);
	world_close(&read);
	world_close(&saved);
}

static struct world new_world(struct sql *db, struct catalog *c)
{
	struct world w = load(db, NULL, c);
	for (uint32_t i = 0; i < HOSTS; i++) {
		uint32_t no = enrol(w.fleet, i);
		if (i % 10)
			scan(w.fleet, no);
	}
	return w;
}

static void save(struct world *w, const char *path)
{
	struct err e = { 0 };
	if (!match_save_snapshot(w->match, path, &e))
		fail_msg("%s", e.msg);
}

static void starts(void **arg)
{
	AUTO(sql_close) struct sql *db = open_db("starts");
	AUTO(catalog_unref) struct catalog *c = make_catalog(NAMES), *other = make_catalog(14);
	AUTO(xfree) char *path = xasprintf("%s/starts.snapshot", dir);
	struct world w = new_world(db, c);
	save(&w, path);
	world_close(&w);
	check_start(db, path, c, true); /* leaves changes behind that the file does not know */
	check_start(db, path, c, true);
	w = load(db, path, c);
	assert_int_equal(w.evaluated, 0);
	for (uint32_t i = HOSTS; i < HOSTS + 10; i++) /* nor these */
		scan(w.fleet, enrol(w.fleet, i));
	world_close(&w);
	check_start(db, path, c, true);
	w = load(db, path, other);
	assert_int_equal(w.evaluated, 6);
	world_close(&w);
	check_start(db, path, other, true);
	w = load(db, path, other); /* a snapshot made of one that was mapped */
	save(&w, path);
	world_close(&w);
	check_start(db, path, other, true);
}

static char office_group[33];

static bool declined_for_group(void *arg, const struct patch *p, struct buf *groups)
{
	if (str_is(p->id, "patch-3") || str_is(p->id, "patch-6"))
		buf_add(groups, office_group, 32);
	return str_is(p->id, "patch-5");
}

/* What is declined (S-09), also for a group: a start from the file has the counters made by it. */
static void starts_with_declines(void **arg)
{
	AUTO(sql_close) struct sql *db = open_db("declines");
	AUTO(catalog_unref) struct catalog *c = make_catalog(NAMES);
	AUTO(xfree) char *path = xasprintf("%s/declines.snapshot", dir);
	struct world w = new_world(db, c);
	struct err e = { 0 };
	struct group_edit edit = { .name = "g", .description = "", .filter = "", .by = "t" };
	uint32_t hosts[HOSTS / 2];
	size_t n;
	for (uint32_t i = 0; i < ARRAY_LEN(hosts); i++)
		hosts[i] = 2 * i;
	assert_true(fleet_group_create(w.fleet, &edit, office_group, &e) &&
		    fleet_group_members(w.fleet, office_group, hosts, ARRAY_LEN(hosts), true, "t",
					&n, &e));
	match_set_declined(w.match, declined_for_group, NULL, world_now(NULL));
	save(&w, path);
	for (int i = 0; i < 40; i++) /* that the file does not know */
		change(w.fleet, next(HOSTS));
	world_close(&w);
	w = load(db, path, c);
	assert_int_equal(w.evaluated, 0);
	assert_int_equal(match_verify(w.match), 0);
	{
		AUTO(match_read_end) struct match_view v;
		match_read(w.match, &v);
		assert_true(match_declined_count(&v, catalog_find(c, STR_LIT("patch-3"))) > 0);
	}
	for (int i = 0; i < 40; i++)
		change(w.fleet, next(HOSTS));
	assert_int_equal(match_verify(w.match), 0);
	struct world read = load(db, NULL, c);
	match_set_declined(w.match, declined_for_group, NULL, world_now(NULL));
	match_set_declined(read.match, declined_for_group, NULL, world_now(NULL));
	same_world(&w, &read);
	save(&w, path);
	world_close(&read);
	world_close(&w);
}

struct writing {
	struct world *w;
	const char *path;
	atomic_bool stop;
};

static void *write_all_the_time(void *arg)
{
	struct writing *x = arg;
	struct err e = { 0 };
	do /* once at least, however late this thread comes to run */
		if (!match_save_snapshot(x->w->match, x->path, &e))
			return (void *)1;
	while (!atomic_load(&x->stop));
	return NULL;
}

/* Whatever changes while a snapshot is written: the file and the database make it up. */
static void written_under_load(void **arg)
{
	AUTO(sql_close) struct sql *db = open_db("load");
	AUTO(catalog_unref) struct catalog *c = make_catalog(NAMES);
	AUTO(xfree) char *path = xasprintf("%s/load.snapshot", dir);
	struct world w = new_world(db, c);
	for (int round = 0; round < 6; round++) {
		struct writing x = { &w, path, false };
		pthread_t thread;
		void *failed;
		assert_int_equal(pthread_create(&thread, NULL, write_all_the_time, &x), 0);
		for (int i = 0; i < 80; i++) {
			change(w.fleet, next(HOSTS));
			if (i % 20 == 0)
				scan(w.fleet, enrol(w.fleet, 1000 + (uint32_t)(round * 80 + i)));
		}
		atomic_store(&x.stop, true);
		pthread_join(thread, &failed);
		assert_null(failed);
		struct world saved = load(db, path, c), read = load(db, NULL, c);
		if (!fleet_snapshot(saved.fleet))
			fail_msg("%s", saved.why.msg);
		same_world(&saved, &read);
		world_close(&saved);
		world_close(&read);
	}
	world_close(&w);
}

static void write_file(const char *path, struct str content)
{
	struct err e = { 0 };
	assert_true(file_write_atomic(path, content, 0600, &e));
}

/* Any byte changed, any length cut: the start is from the database, and right. */
static void damaged_files(void **arg)
{
	AUTO(sql_close) struct sql *db = open_db("damaged"), *foreign = open_db("foreign");
	AUTO(catalog_unref) struct catalog *c = make_catalog(NAMES);
	AUTO(xfree) char *path = xasprintf("%s/damaged.snapshot", dir);
	AUTO(buf_done) struct buf good = BUF_INIT(1 << 26), bad = BUF_INIT(1 << 26);
	struct err e = { 0 };
	struct world w = new_world(db, c);
	save(&w, path);
	world_close(&w);
	assert_true(file_read(path, &good, &e));
	struct stat st;
	for (int i = 0; i < 200; i++) {
		buf_reset(&bad);
		buf_addstr(&bad, buf_str(&good));
		uint32_t at = i < 50 ? next(600) : next((uint32_t)good.n);
		if (i % 4 == 3)
			bad.n = at;
		else
			bad.p[at] ^= (char)(1 + next(255));
		write_file(path, buf_str(&bad));
		w = load(db, path, c);
		/* Only what nobody reads (the rest of the header's page) may be wrong. */
		assert_true(!fleet_snapshot(w.fleet) || (at > 200 && at < 4096 && i % 4 != 3));
		assert_int_equal(match_verify(w.match), 0);
		assert_int_equal(fleet_host_count(w.fleet), HOSTS);
		world_close(&w);
	}
	assert_int_equal(stat(path, &st), 0);
	write_file(path, buf_str(&good));
	check_start(db, path, c, true);
	w = new_world(foreign, c);
	world_close(&w);
	check_start(foreign, path, c, false);
	assert_int_equal(unlink(path), 0);
	check_start(db, path, c, false);
}

/* The same file with another mark. */
static void rewrite(const char *path, void (*edit)(struct snapfile_mark *mark))
{
	struct err e = { 0 };
	AUTO(snapfile_free) struct snapfile *s = NULL;
	AUTO(snapfile_close) struct snapfile_writer *w = NULL;
	assert_true(snapfile_open(path, &s, &e) && snapfile_create(path, &w, &e));
	*snapfile_mark_of(w) = *snapfile_read_mark(s);
	edit(snapfile_mark_of(w));
	for (int i = 0; i < SNAPFILE_SECTIONS_; i++) {
		struct str section = snapfile_section(s, (enum snapfile_section)i);
		snapfile_begin(w, (enum snapfile_section)i);
		snapfile_put(w, section.p, section.n);
	}
	assert_true(snapfile_seal(w, &e) && snapfile_publish(w, &e));
}

#define LATE 10

static void end_sooner(struct snapfile_mark *mark)
{
	mark->counts[0] -= LATE;
}

/* Hosts that enrolled and scanned while the file was written have their bits in it, but no record:
 * at the start their numbers are given anew, in another order. */
static void enrolled_while_written(void **arg)
{
	AUTO(sql_close) struct sql *db = open_db("late");
	AUTO(catalog_unref) struct catalog *c = make_catalog(NAMES), *other = make_catalog(3);
	AUTO(xfree) char *path = xasprintf("%s/late.snapshot", dir);
	struct world w = new_world(db, c);
	save(&w, path);
	for (uint32_t i = HOSTS - LATE; i < HOSTS; i++)
		scan(w.fleet, i); /* in the epoch of the file, as theirs would be */
	world_close(&w);
	rewrite(path, end_sooner);
	struct world saved = load(db, path, c), read = load(db, NULL, c);
	assert_non_null(fleet_snapshot(saved.fleet));
	same_world(&saved, &read);
	match_set_catalog(saved.match, other); /* evaluated from the index */
	match_set_catalog(read.match, other);
	same_world(&saved, &read);
	world_close(&saved);
	world_close(&read);
}

static void by_another_program(struct snapfile_mark *mark)
{
	mark->program[0] ^= 1;
}

static void by_a_nameless_program(struct snapfile_mark *mark)
{
	memset(mark->program, 0, sizeof(mark->program));
}

static void before_a_migration(struct snapfile_mark *mark)
{
	mark->schema--;
}

/* What another build concluded is not believed: it may have had a fault that this one has not.
 * What a migration may have rewritten is not believed at all. */
static void other_versions(void **arg)
{
	AUTO(sql_close) struct sql *db = open_db("versions");
	AUTO(catalog_unref) struct catalog *c = make_catalog(NAMES);
	AUTO(xfree) char *path = xasprintf("%s/versions.snapshot", dir);
	void (*const programs[])(struct snapfile_mark *) = { by_another_program,
							     by_a_nameless_program };
	struct world w = new_world(db, c);
	for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
		save(&w, path);
		rewrite(path, programs[i]);
		struct world again = load(db, path, c);
		assert_non_null(fleet_snapshot(again.fleet));
		assert_int_equal(again.evaluated, NAMES);
		same_world(&again, &w);
		world_close(&again);
	}
	save(&w, path);
	world_close(&w);
	rewrite(path, before_a_migration);
	check_start(db, path, c, false);
}

static void copy_file(const char *from, const char *to)
{
	AUTO(buf_done) struct buf b = BUF_INIT(1 << 26);
	struct err e = { 0 };
	if (!file_read(from, &b, &e))
		fail_msg("%s", e.msg);
	write_file(to, buf_str(&b));
}

/* Killed between any two steps: the file that lies there is the one before, and still good. */
static void killed_while_written(void **arg)
{
	AUTO(sql_close) struct sql *db = open_db("killed");
	AUTO(catalog_unref) struct catalog *c = make_catalog(NAMES);
	AUTO(xfree) char *path = xasprintf("%s/killed.snapshot", dir);
	AUTO(xfree) char *good = xasprintf("%s/killed.good", dir);
	struct err e = { 0 };
	struct world w = new_world(db, c);
	save(&w, path);
	for (int i = 0; i < 30; i++)
		change(w.fleet, next(HOSTS));
	{ /* an epoch was begun, and nothing known of a file */
		AUTO(snapfile_close) struct snapfile_writer *half = NULL;
		assert_true(snapshot_begin(w.fleet, path, &half, &e));
		change(w.fleet, next(HOSTS));
	}
	for (int i = 0; i < 30; i++)
		change(w.fleet, next(HOSTS));
	world_close(&w);
	check_start(db, path, c, true);
	/* The database knows of a file that never came to its place. */
	copy_file(path, good);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	w = load(db, NULL, c);
	assert_false(match_save_snapshot(w.match, path, &e));
	for (int i = 0; i < 30; i++)
		change(w.fleet, next(HOSTS));
	world_close(&w);
	assert_int_equal(rmdir(path), 0);
	copy_file(good, path);
	check_start(db, path, c, true);
}

/* A database that was put back finds any file of before or after. */
static void restored_databases(void **arg)
{
	AUTO(catalog_unref) struct catalog *c = make_catalog(NAMES);
	AUTO(xfree) char *path = xasprintf("%s/restored.snapshot", dir);
	AUTO(xfree) char *first = xasprintf("%s/restored.first", dir);
	AUTO(xfree) char *second = xasprintf("%s/restored.second", dir);
	AUTO(xfree) char *file = xasprintf("%s/restored.db", dir);
	AUTO(xfree) char *backup = xasprintf("%s/restored.backup", dir);
	struct sql *db = open_db("restored");
	struct world w = new_world(db, c);
	save(&w, path);
	for (int i = 0; i < 30; i++)
		change(w.fleet, next(HOSTS));
	world_close(&w);
	sql_close(db);
	copy_file(path, first);
	copy_file(file, backup);
	db = open_db("restored");
	w = load(db, path, c);
	for (int i = 0; i < 60; i++)
		change(w.fleet, next(HOSTS));
	save(&w, path);
	world_close(&w);
	sql_close(db);
	copy_file(path, second);
	const struct {
		const char *snapshot;
		bool usable;
	} cases[] = { { first, true }, { second, false } };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		copy_file(backup, file);
		copy_file(cases[i].snapshot, path);
		db = open_db("restored");
		check_start(db, path, c, cases[i].usable);
		sql_close(db);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts),
		cmocka_unit_test(starts_with_declines),
		cmocka_unit_test(written_under_load),
		cmocka_unit_test(damaged_files),
		cmocka_unit_test(enrolled_while_written),
		cmocka_unit_test(other_versions),
		cmocka_unit_test(killed_while_written),
		cmocka_unit_test(restored_databases),
	};
	struct err e;
	if (!mkdtemp(dir))
		return 1;
	int failures = cmocka_run_group_tests(tests, NULL, NULL);
	return failures + !file_remove_tree(dir, &e);
}
