/* SPDX-License-Identifier: Apache-2.0
 * Several servers on one PostgreSQL: what is announced arrives at the others and after the commit
 * only, one leads, and who has lost the lead records nothing. */
#include "sql/notify.h"
#include "base/clock.h"
#include "support/engines.h"
#include "test_queries.h"

#include <pthread.h>

struct node {
	struct sql *db;
	struct sql_session *session;
	pthread_mutex_t lock;
	char heard[1000];
	int missed;
	int64_t term, leads; /* highest ever; now */
};

static void heard(void *arg, struct str kind, struct str what)
{
	struct node *n = arg;
	pthread_mutex_lock(&n->lock);
	size_t at = strlen(n->heard);
	snprintf(n->heard + at, sizeof(n->heard) - at, "%.*s=%.*s;", STR_ARG(kind), STR_ARG(what));
	pthread_mutex_unlock(&n->lock);
}

static void missed(void *arg)
{
	struct node *n = arg;
	__atomic_add_fetch(&n->missed, 1, __ATOMIC_SEQ_CST);
}

static void lead(void *arg, int64_t term)
{
	struct node *n = arg;
	__atomic_store_n(&n->leads, term, __ATOMIC_SEQ_CST);
	if (term)
		__atomic_store_n(&n->term, term, __ATOMIC_SEQ_CST);
}

static void node_open(struct node *n, const char *url, const char *name)
{
	struct err e = { 0 };
	*n = (struct node) { .db = engines_open(url) };
	pthread_mutex_init(&n->lock, NULL);
	assert_true(sql_migrate(n->db, &e));
	struct sql_session_conf conf = { heard, missed, lead, n };
	assert_true(sql_session_open(n->db, name, &conf, &n->session, &e));
}

static void node_close(struct node *n)
{
	sql_session_close(n->session);
	sql_close(n->db);
}

#define WAIT(cond)                                                                                 \
	do {                                                                                       \
		for (int i_ = 0; !(cond) && i_ < 1500; i_++)                                       \
			usleep(10000);                                                             \
		assert_true(cond);                                                                 \
	} while (0)

static int64_t number(int64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_SEQ_CST);
}

static bool say(struct sql_conn *c, void *arg, struct err *e)
{
	return sql_announce(c, "host", str_of(arg), e);
}

static bool say_and_fail(struct sql_conn *c, void *arg, struct err *e)
{
	return sql_announce(c, "host", str_of(arg), e) && err_set(e, ERR_CONFLICT, "no");
}

static bool has_heard(struct node *n, const char *what)
{
	pthread_mutex_lock(&n->lock);
	bool yes = strstr(n->heard, what) != NULL;
	pthread_mutex_unlock(&n->lock);
	return yes;
}

static void the_others_hear_after_the_commit(void **state)
{
	struct node a, b;
	struct err e = { 0 };
	AUTO(xfree) char *url = engines_fresh();
	AUTO(buf_done) struct buf big = BUF_INIT(1 << 20);
	node_open(&a, url, "a");
	node_open(&b, url, "b");
	WAIT(__atomic_load_n(&a.missed, __ATOMIC_SEQ_CST) &&
	     __atomic_load_n(&b.missed, __ATOMIC_SEQ_CST));
	assert_false(sql_write(a.db, say_and_fail, (char *)"undone", &e));
	assert_true(sql_write(a.db, say, (char *)"one two", &e));
	int64_t start = clock_mono_ms();
	WAIT(has_heard(&b, "host=one two;"));
	assert_in_range(clock_mono_ms() - start, 0, 2000);
	assert_false(has_heard(&b, "undone"));
	assert_string_equal(a.heard, ""); /* not its own */
	while (big.n <= SQL_ANNOUNCE_MAX)
		buf_adds(&big, "x");
	assert_false(sql_write(a.db, say, big.p, &e));
	assert_int_equal(e.code, ERR_LIMIT);
	node_close(&a);
	node_close(&b);
}

static bool nothing(struct sql_conn *c, void *arg, struct err *e)
{
	*(int *)arg += 1;
	return true;
}

static void one_leads_and_an_old_leader_records_nothing(void **state)
{
	struct node a, b;
	struct err e = { 0 };
	int ran = 0;
	AUTO(xfree) char *url = engines_fresh();
	node_open(&a, url, "a");
	WAIT(number(&a.leads) == 1);
	node_open(&b, url, "b");
	WAIT(__atomic_load_n(&b.missed, __ATOMIC_SEQ_CST));
	usleep(1500000);
	assert_int_equal(number(&b.leads), 0);
	sql_fence(number(&a.term));
	assert_true(sql_write(a.db, nothing, &ran, &e));
	sql_session_close(a.session); /* the session ends; whoever led may not know it */
	a.session = NULL;
	int64_t start = clock_mono_ms();
	WAIT(number(&b.leads) == 2);
	assert_in_range(clock_mono_ms() - start, 0, 5000);
	assert_false(sql_write(a.db, nothing, &ran, &e));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_int_equal(ran, 1);
	sql_fence(2);
	assert_true(sql_write(b.db, nothing, &ran, &e));
	sql_fence(0);
	assert_true(sql_write(a.db, nothing, &ran, &e)); /* what is no leader's work */
	node_close(&a);
	node_close(&b);
}

/* The engine goes away under the leader: it leads no longer, then one does in a new term, and every
 * node is told that it may have missed something. */
static void a_lost_session_is_a_lost_lead(void **state)
{
	struct node a;
	struct err e = { 0 };
	AUTO(xfree) char *url = engines_fresh();
	node_open(&a, url, "a");
	WAIT(number(&a.leads) == 1);
	int before = __atomic_load_n(&a.missed, __ATOMIC_SEQ_CST);
	assert_true(pg_cluster_crash(engines_pg, &e));
	WAIT(number(&a.leads) == 2);
	assert_int_equal(__atomic_load_n(&a.missed, __ATOMIC_SEQ_CST), before + 1);
	node_close(&a);
}

static bool announces(struct sql_conn *c, void *arg, struct err *e)
{
	return sql_announce(c, "host", STR_LIT("x"), e);
}

static void sqlite_has_nobody_to_tell(void **state)
{
	struct err e = { 0 };
	AUTO(xfree) char *url = engines_fresh();
	AUTO(sql_close) struct sql *db = engines_open(url);
	assert_false(sql_shared(db));
	assert_true(sql_write(db, announces, NULL, &e));
	sql_fence(7); /* one server: it always leads */
	assert_true(sql_write(db, announces, NULL, &e));
	sql_fence(0);
}

static int group(void)
{
	const struct CMUnitTest lite[] = { cmocka_unit_test(sqlite_has_nobody_to_tell) };
	const struct CMUnitTest pg[] = {
		cmocka_unit_test(the_others_hear_after_the_commit),
		cmocka_unit_test(one_leads_and_an_old_leader_records_nothing),
		cmocka_unit_test(a_lost_session_is_a_lost_lead),
	};
	return engines_pg ? cmocka_run_group_tests(pg, NULL, NULL)
			  : cmocka_run_group_tests(lite, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
