/* SPDX-License-Identifier: Apache-2.0
 * The fleet with and without a database: what is acknowledged is there after a restart, what failed
 * left nothing behind but a later success. */
#include "fleet/fleet.h"
#include "fleet/facts.h"
#include "support/engines.h"

#include <sys/wait.h>

#define TEXT_A                                                                                     \
	"arch\tamd64\n"                                                                            \
	"deb\tapt\tamd64\t2.6.1\t\t\n"                                                             \
	"os\tdebian\t12\tbookworm\n"
#define TEXT_B                                                                                     \
	"arch\tamd64\n"                                                                            \
	"deb\tapt\tamd64\t2.6.2\t\t\n"                                                             \
	"hold\tdeb\tapt\tamd64\n"                                                                  \
	"os\tdebian\t12\tbookworm\n"

static int64_t now = 1000000;

static int64_t fake_now(void *arg)
{
	return now;
}

static const struct clock fake = { fake_now, NULL };
static const struct host_attrs attrs = { .hostname = (char *)"web1",
					 .os_id = (char *)"debian",
					 .arch = (char *)"amd64" };

struct seen {
	int calls, after;
	uint32_t host, n_old, n_new;
};

static void listen(void *arg, uint32_t host, const uint32_t *old, uint32_t n_old,
		   const uint32_t *new, uint32_t n_new)
{
	struct seen *s = arg;
	s->calls++;
	s->host = host;
	s->n_old = n_old;
	s->n_new = n_new;
}

static void after(void *arg)
{
	((struct seen *)arg)->after++;
}

static uint64_t hosts_of(struct fleet *f, const char *line)
{
	fleet_read_lock(f);
	uint32_t fact = fleet_fact_find(f, str_of(line));
	const roaring_bitmap_t *b = fact == INTERN_NONE ? NULL : fleet_fact_hosts(f, fact);
	uint64_t n = b ? roaring_bitmap_get_cardinality(b) : 0;
	fleet_read_unlock(f);
	return n;
}

static void in_memory(void **arg)
{
	AUTO(fleet_free) struct fleet *f = fleet_new_memory(&fake);
	struct seen seen = { 0 };
	fleet_set_listener(f, listen, &seen);
	fleet_set_after(f, after, &seen);
	struct err e = { 0 };
	uint32_t a, b;
	assert_true(fleet_enrol(f, "a", "local", &attrs, NULL, &a, &e));
	assert_true(fleet_enrol(f, "b", "local", &attrs, NULL, &b, &e));
	assert_false(fleet_enrol(f, "b", "local", &attrs, NULL, &b, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_true(fleet_put_inventory(f, a, str_of(TEXT_A), now, &e));
	assert_int_equal(seen.calls, 1);
	assert_int_equal(seen.n_new, 3);
	assert_true(fleet_put_inventory(f, a, str_of(TEXT_A), now, &e));
	assert_int_equal(seen.calls, 1); /* nothing changed, nothing said */
	assert_true(fleet_put_inventory(f, b, str_of(TEXT_B), now, &e));
	assert_int_equal(hosts_of(f, "arch\tamd64"), 2);
	assert_int_equal(hosts_of(f, "deb\tapt\tamd64\t2.6.1\t\t"), 1);
	assert_true(fleet_put_inventory(f, a, str_of(TEXT_B), now, &e));
	assert_int_equal(hosts_of(f, "deb\tapt\tamd64\t2.6.1\t\t"), 0);
	assert_int_equal(hosts_of(f, "hold\tdeb\tapt\tamd64"), 2);
	/* A retired host keeps its record and leaves the index. */
	assert_true(fleet_set_state(f, a, HOST_RETIRED, &e));
	assert_int_equal(seen.host, a);
	assert_int_equal(seen.n_old, 4);
	assert_int_equal(seen.n_new, 0);
	assert_int_equal(hosts_of(f, "arch\tamd64"), 1);
	assert_true(fleet_put_inventory(f, a, str_of(TEXT_A), now, &e));
	assert_int_equal(hosts_of(f, "arch\tamd64"), 1);
	assert_true(fleet_set_state(f, a, HOST_ACTIVE, &e));
	assert_int_equal(seen.n_new, 3);
	assert_int_equal(hosts_of(f, "deb\tapt\tamd64\t2.6.1\t\t"), 1);
	int before = seen.after;
	assert_true(fleet_contact(f, a, &attrs, &e)); /* a mere contact */
	assert_int_equal(seen.after, before);
	fleet_set_online(f, a, true);
	assert_int_equal(seen.after, before + 1);
	assert_false(fleet_contact(f, 77, &attrs, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_false(fleet_put_inventory(f, a, STR_LIT("b\na\n"), now, &e));
	assert_int_equal(e.code, ERR_CORRUPT);
}

static void check_loaded(struct fleet *f)
{
	struct err e = { 0 };
	fleet_read_lock(f);
	const struct host *h = fleet_host_by_id(f, STR_LIT("a"));
	assert_non_null(h);
	assert_string_equal(h->attrs.hostname, "web2");
	assert_true(h->attrs.reboot_needed);
	assert_null(h->attrs.os_name);
	assert_string_equal(h->cert_fingerprint, "cafe");
	assert_int_equal(h->last_contact_ms, now);
	assert_int_equal(h->last_scan_ms, 5);
	assert_int_equal(h->scan, SCAN_OK);
	struct sha256 want = digest_of(str_of(TEXT_B));
	assert_true(digest_eq(&h->inventory, &want));
	uint32_t no = h->no;
	const struct host *b = fleet_host_by_id(f, STR_LIT("b"));
	assert_int_equal(b->state, HOST_QUARANTINED);
	assert_int_equal(b->scan, SCAN_FAILED);
	assert_string_equal(b->scan_error, "dpkg is locked");
	fleet_read_unlock(f);
	AUTO(buf_done) struct buf text = BUF_INIT(1 << 20);
	assert_true(fleet_inventory_text(f, no, &text, &e));
	assert_string_equal(text.p, TEXT_B);
	assert_int_equal(hosts_of(f, "arch\tamd64"), 1);
	assert_int_equal(hosts_of(f, "deb\tapt\tamd64\t2.6.1\t\t"), 0);
}

static void durable(void **arg)
{
	AUTO(xfree) char *url = engines_fresh();
	struct err e = { 0 };
	for (int run = 0; run < 2; run++) {
		AUTO(sql_close) struct sql *db = NULL;
		assert_true(sql_open(url, &db, &e));
		assert_true(sql_migrate(db, &e));
		AUTO(fleet_free) struct fleet *f = NULL;
		assert_true(fleet_load(db, &fake, &f, &e));
		if (run == 1) {
			check_loaded(f);
			continue;
		}
		uint32_t a, b;
		assert_true(fleet_enrol(f, "a", "local", &attrs, "cafe", &a, &e));
		assert_true(fleet_enrol(f, "b", "local", &attrs, NULL, &b, &e));
		assert_false(fleet_enrol(f, "a", "local", &attrs, NULL, &a, &e));
		assert_int_equal(e.code, ERR_CONFLICT);
		assert_true(fleet_put_inventory(f, a, str_of(TEXT_A), 4, &e));
		assert_true(fleet_put_inventory(f, a, str_of(TEXT_B), 5, &e));
		assert_true(fleet_put_inventory(f, b, str_of(TEXT_A), 5, &e));
		struct host_attrs more = attrs;
		more.hostname = (char *)"web2";
		more.reboot_needed = true;
		now += 777;
		assert_true(fleet_contact(f, a, &more, &e));
		assert_true(fleet_set_state(f, b, HOST_QUARANTINED, &e));
		assert_true(fleet_set_scan(f, b, SCAN_FAILED, "dpkg is locked", &e));
		assert_true(fleet_flush(f, &e));
	}
}

/* Every inventory of host 'a' fails after its facts were written. */
static void *gather_a(void *arg, const struct host *h, const uint32_t *old, uint32_t n_old,
		      const uint32_t *new, uint32_t n_new)
{
	return strcmp(h->id, "a") == 0 ? (void *)(uintptr_t)h : NULL;
}

static bool write_a(struct sql_conn *c, void *gathered, struct err *e)
{
	return err_set(e, ERR_IO, "broken");
}

static void done_a(void *gathered, bool committed)
{
	assert_false(committed);
}
static const struct fleet_journal breaks_a = { gather_a, write_a, done_a, NULL };

static void open_fleet(const char *url, struct sql **db, struct fleet **f)
{
	struct err e = { 0 };
	assert_true(sql_open(url, db, &e));
	assert_true(sql_migrate(*db, &e));
	assert_true(fleet_load(*db, &fake, f, &e));
}

/* A fact whose first transaction failed is stored with the next host that has it; one that nobody
 * has again is a hole that the next start steps over. */
static void failed_transaction(void **arg)
{
	AUTO(xfree) char *url = engines_fresh();
	struct err e = { 0 };
	uint32_t a = 0, b = 0;
	for (int run = 0; run < 3; run++) {
		AUTO(sql_close) struct sql *db = NULL;
		AUTO(fleet_free) struct fleet *f = NULL;
		open_fleet(url, &db, &f);
		if (run == 0) {
			assert_true(fleet_enrol(f, "a", "local", &attrs, NULL, &a, &e));
			now++;
			assert_true(fleet_enrol(f, "b", "local", &attrs, NULL, &b, &e));
		} else if (run == 1) {
			fleet_set_journal(f, &breaks_a);
			assert_false(fleet_put_inventory(f, a, STR_LIT("arch\tarm64\n"), 5, &e));
			assert_false(fleet_put_inventory(f, a, str_of(TEXT_B), 5, &e));
			assert_int_equal(hosts_of(f, "hold\tdeb\tapt\tamd64"),
					 0); /* not durable: not visible */
			assert_true(fleet_put_inventory(f, b, str_of(TEXT_A), 5, &e));
			assert_true(fleet_put_inventory(f, b, str_of(TEXT_B), 6, &e));
		} else {
			AUTO(buf_done) struct buf text = BUF_INIT(1 << 20);
			assert_true(fleet_inventory_text(f, b, &text, &e));
			assert_string_equal(text.p, TEXT_B);
			assert_true(fleet_put_inventory(f, a, STR_LIT("arch\tarm64\n"), 5, &e));
			assert_int_equal(hosts_of(f, "arch\tarm64"), 1);
		}
		fleet_free(TAKE(f));
		sql_close(TAKE(db));
	}
}

/* A request for many and a scan without news survive a restart. */
static void scans_without_inventory(void **arg)
{
	AUTO(xfree) char *url = engines_fresh();
	struct err e = { 0 };
	for (int round = 0; round < 2; round++) {
		AUTO(sql_close) struct sql *db = NULL;
		AUTO(fleet_free) struct fleet *f = NULL;
		assert_true(sql_open(url, &db, &e) && sql_migrate(db, &e));
		assert_true(fleet_load(db, &fake, &f, &e));
		if (round == 0) {
			uint32_t nos[] = { 0, 0, 77 };
			assert_true(fleet_enrol(f, "a", "local", &attrs, NULL, &nos[0], &e));
			assert_true(fleet_enrol(f, "b", "local", &attrs, NULL, &nos[1], &e));
			assert_true(fleet_put_inventory(f, nos[0], str_of(TEXT_A), 1000, &e));
			assert_true(fleet_request_scans(f, nos, ARRAY_LEN(nos), &e));
			assert_int_equal(fleet_host(f, nos[0])->scan, SCAN_REQUESTED);
			assert_true(fleet_scanned_again(f, nos[0], 2000, &e));
			assert_false(fleet_scanned_again(f, 77, 2000, &e));
		}
		const struct host *a = fleet_host_by_id(f, STR_LIT("a"));
		assert_int_equal(a->scan, SCAN_OK);
		assert_int_equal(a->last_scan_ms, 2000);
		assert_int_equal(fleet_host_by_id(f, STR_LIT("b"))->scan, SCAN_REQUESTED);
	}
}

#define MANY 1300 /* more than two batches */

static uint64_t asked(struct fleet *f)
{
	fleet_read_lock(f);
	uint64_t n = roaring_bitmap_get_cardinality(fleet_scan_hosts(f, SCAN_REQUESTED));
	fleet_read_unlock(f);
	return n;
}

static void die_at_second(void *arg)
{
	if (++*(int *)arg == 2)
		_exit(9);
}

static void count(void *arg)
{
	++*(int *)arg;
}

static bool ask_all(struct fleet *f, struct err *e)
{
	AUTO(xfree) uint32_t *nos = xmalloc(MANY * sizeof(*nos));
	for (uint32_t i = 0; i < MANY; i++)
		nos[i] = i;
	return fleet_request_scans(f, nos, MANY, e);
}

/* In a process of its own, which dies between two batches. */
static void ask_and_die(const char *url)
{
	struct err e = { 0 };
	struct sql *db = NULL;
	struct fleet *f = NULL;
	int batches = 0;
	if (!sql_open(url, &db, &e) || !fleet_load(db, &fake, &f, &e))
		_exit(1);
	fleet_set_after(f, die_at_second, &batches);
	_exit(ask_all(f, &e) ? 2 : 3);
}

/* Any number is asked in batches, each durable before it is visible. Killed between two of them,
 * those before stand, and asking again completes the request. */
static void requests_in_batches(void **arg)
{
	AUTO(xfree) char *url = engines_fresh();
	struct err e = { 0 };
	struct sql *db = NULL;
	struct fleet *f = NULL;
	open_fleet(url, &db, &f);
	for (uint32_t i = 0, no; i < MANY; i++) {
		char id[16];
		snprintf(id, sizeof(id), "h%05u", i);
		assert_true(fleet_enrol(f, id, "local", &attrs, NULL, &no, &e));
	}
	fleet_free(f);
	sql_close(db);
	pid_t child = fork();
	if (child == 0)
		ask_and_die(url);
	int status, batches = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 9);
	open_fleet(url, &db, &f);
	assert_int_equal(asked(f), 2 * FLEET_SCANS_AT_ONCE);
	fleet_set_after(f, count, &batches);
	assert_true(ask_all(f, &e));
	assert_int_equal(asked(f), MANY);
	assert_int_equal(batches, 3);
	fleet_free(f);
	sql_close(db);
	open_fleet(url, &db, &f);
	assert_int_equal(asked(f), MANY);
	fleet_free(f);
	sql_close(db);
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_memory),	       cmocka_unit_test(durable),
		cmocka_unit_test(failed_transaction),  cmocka_unit_test(scans_without_inventory),
		cmocka_unit_test(requests_in_batches),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
