/* SPDX-License-Identifier: Apache-2.0
 * Invariants: what the session says is only noted down there; one thread reads hosts and the small
 * things again, another the patch DB, which takes longer. What could not be read is tried again; a
 * flood of changes, like a lost connection, ends in comparing everything. */
#include "server/node.h"
#include "base/log.h"
#include "deploy/auto/auto.h"
#include "fleet/group.h"
#include "server/queries.h"
#include "sql/notify.h"

#define HOSTS_MAX 100000
#define SAYS_WAKE "wake"
#define WAKE_AT_ONCE 200
#define RETRY_MS 1000

struct node {
	struct node_conf conf;
	struct sql_session *session;
	pthread_t threads[2];
	int n_threads;
	_Atomic(int64_t) term;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop;
	/* what is to be read again */
	struct intern *hosts;
	bool everything, settings, users, declines, approvals, epoch, groups, catalog;
	VEC(uint32_t) to_wake; /* elsewhere */
};

/* What one turn of the first thread does. */
struct turn {
	struct intern *hosts;
	bool everything, settings, users, declines, approvals, epoch, groups;
	VEC(uint32_t) to_wake;
};

/* --- the session's thread --- */

static void note_hosts(struct node *n, struct str what)
{
	struct str id;
	while (!n->everything && what.n > 0 && str_split(&what, ' ', &id))
		intern_add(n->hosts, id);
	if (intern_count(n->hosts) > HOSTS_MAX)
		n->everything = true;
}

static void heard_seen(struct node *n, struct str what)
{
	struct str id, at;
	int64_t ms;
	while (str_split(&what, ' ', &id) && str_split(&what, ' ', &at))
		if (str_to_i64(at, &ms))
			fleet_seen(n->conf.fleet, id, ms);
}

static void heard_wake(struct node *n, struct str what)
{
	VEC(uint32_t) nos = { 0 };
	struct str id;
	fleet_read_lock(n->conf.fleet);
	while (what.n > 0 && str_split(&what, ' ', &id)) {
		const struct host *h = fleet_host_by_id(n->conf.fleet, id);
		if (h)
			VEC_PUSH(&nos, h->no);
	}
	fleet_read_unlock(n->conf.fleet);
	if (nos.n)
		glue_wake_here(n->conf.glue, nos.p, nos.n);
	VEC_DONE(&nos);
}

static void heard(void *arg, struct str kind, struct str what)
{
	struct node *n = arg;
	if (str_is(kind, FLEET_SAYS_SEEN)) {
		heard_seen(n, what);
		return;
	}
	if (str_is(kind, SAYS_WAKE)) {
		heard_wake(n, what);
		return;
	}
	static const struct {
		const char *kind;
		void (*changed)(void *glue, const char *what);
	} told[] = {
		{ DEPLOY_SAYS_DEPLOYMENT, glue_deployment_changed },
		{ CATALOG_SAYS_FEED, glue_feed_changed },
		{ AUTH_SAYS_AUDIT, glue_audited },
	};
	for (size_t i = 0; i < ARRAY_LEN(told); i++)
		if (str_is(kind, told[i].kind)) {
			AUTO(xfree) char *text = str_dup(what);
			told[i].changed(n->conf.glue, text);
			return;
		}
	if (str_is(kind, DEPLOY_SAYS_AUTO)) {
		auto_stir(n->conf.deploy);
		glue_approvals_changed(n->conf.glue);
		return;
	}
	pthread_mutex_lock(&n->lock);
	if (str_is(kind, FLEET_SAYS_HOST))
		note_hosts(n, what);
	n->settings |= str_is(kind, SETTINGS_SAYS_CHANGED);
	n->users |= str_is(kind, AUTH_SAYS_USER);
	n->declines |= str_is(kind, DEPLOY_SAYS_DECLINE);
	n->approvals |= str_is(kind, DEPLOY_SAYS_APPROVAL);
	n->epoch |= str_is(kind, DEPLOY_SAYS_EPOCH);
	n->groups |= str_is(kind, FLEET_SAYS_GROUP);
	n->catalog |= str_is(kind, CATALOG_SAYS_CHANGED);
	pthread_cond_broadcast(&n->wake);
	pthread_mutex_unlock(&n->lock);
}

static void missed(void *arg)
{
	struct node *n = arg;
	pthread_mutex_lock(&n->lock);
	n->approvals = n->everything = n->settings = n->users = n->declines = n->epoch = n->groups =
		n->catalog = true;
	pthread_cond_broadcast(&n->wake);
	pthread_mutex_unlock(&n->lock);
}

static void lead(void *arg, int64_t term)
{
	struct node *n = arg;
	n->term = term;
	jobs_lead(n->conf.jobs, term ? term : JOBS_FOLLOWS);
	mail_lead(n->conf.mail, term ? term : JOBS_FOLLOWS);
	ledger_follow(n->conf.ledger, term == 0);
	if (term)
		log_info("this server leads (term %lld)", (long long)term);
	else
		log_warn("this server leads no longer: its session with the database has ended");
}

/* --- reading again --- */

static bool announce_wakes(struct sql_conn *c, void *arg, struct err *e)
{
	return sql_announce(c, SAYS_WAKE, str_of(arg), e);
}

static void pass_on(struct node *n, const uint32_t *nos, size_t count)
{
	for (size_t i = 0; i < count; i += WAKE_AT_ONCE) {
		AUTO(buf_done) struct buf b = BUF_INIT(SQL_ANNOUNCE_MAX);
		struct err e = { 0 };
		fleet_read_lock(n->conf.fleet);
		for (size_t k = i; k < MIN(count, i + WAKE_AT_ONCE); k++)
			buf_printf(&b, b.n ? " %s" : "%s", fleet_host(n->conf.fleet, nos[k])->id);
		fleet_read_unlock(n->conf.fleet);
		if (!buf_ok(&b, "wake-up", &e) || !sql_write(n->conf.db, announce_wakes, b.p, &e))
			log_warn("agents connected to other servers are not woken: %s", e.msg);
	}
}

static bool read_again(struct node *n, struct turn *t, struct err *e)
{
	if (t->settings && !settings_reload(n->conf.settings, e))
		return false;
	t->settings = false;
	if (t->users && !auth_reload(n->conf.auth, e))
		return false;
	t->users = false;
	if (t->declines && !deploy_declines_reload(n->conf.deploy, e))
		return false;
	t->declines = false;
	if (t->approvals && !approval_reload(n->conf.deploy, e))
		return false;
	t->approvals = false;
	if (t->epoch && !deploy_epoch_reload(n->conf.deploy, e))
		return false;
	t->epoch = false;
	if (t->groups && !fleet_groups_reload(n->conf.fleet, e))
		return false;
	t->groups = false;
	if (t->everything && !fleet_catch_up(n->conf.fleet, e))
		return false;
	if (t->everything)
		log_info(
			"compared with the database: nothing of other servers' changes is missing");
	for (uint32_t i = 0; !t->everything && i < intern_count(t->hosts); i++)
		if (!fleet_refresh(n->conf.fleet, intern_get(t->hosts, i), e))
			return false;
	return true;
}

/* Lock held: takes what is noted; false when there is nothing. */
static bool take(struct node *n, struct turn *t)
{
	if (!n->everything && !n->settings && !n->users && !n->declines && !n->epoch &&
	    !n->approvals && !n->groups && !intern_count(n->hosts) && !n->to_wake.n)
		return false;
	*t = (struct turn) { .hosts = n->hosts,
			     .everything = n->everything,
			     .settings = n->settings,
			     .users = n->users,
			     .declines = n->declines,
			     .approvals = n->approvals,
			     .epoch = n->epoch,
			     .groups = n->groups };
	t->to_wake.p = n->to_wake.p;
	t->to_wake.n = n->to_wake.n;
	t->to_wake.cap = n->to_wake.cap;
	memset(&n->to_wake, 0, sizeof(n->to_wake));
	n->hosts = intern_new();
	n->approvals = n->everything = n->settings = n->users = n->declines = n->epoch = n->groups =
		false;
	return true;
}

/* Lock held: what was not read is noted again. */
static void give_back(struct node *n, const struct turn *t)
{
	n->everything |= t->everything;
	n->settings |= t->settings;
	n->users |= t->users;
	n->declines |= t->declines;
	n->approvals |= t->approvals;
	n->epoch |= t->epoch;
	n->groups |= t->groups;
	for (uint32_t i = 0; i < intern_count(t->hosts); i++)
		intern_add(n->hosts, intern_get(t->hosts, i));
}

static void wait_ms(struct node *n, int64_t ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + ms % 1000 * 1000000;
	until.tv_sec += ms / 1000 + ns / 1000000000;
	until.tv_nsec = ns % 1000000000;
	pthread_cond_timedwait(&n->wake, &n->lock, &until);
}

static void *reading_thread(void *arg)
{
	struct node *n = arg;
	pthread_mutex_lock(&n->lock);
	while (!n->stop) {
		struct turn t;
		struct err e = { 0 };
		if (!take(n, &t)) {
			wait_ms(n, 60000);
			continue;
		}
		pthread_mutex_unlock(&n->lock);
		bool ok = read_again(n, &t, &e);
		pass_on(n, t.to_wake.p, t.to_wake.n);
		if (!ok)
			log_warn("changes of other servers are not shown yet: %s", e.msg);
		pthread_mutex_lock(&n->lock);
		if (!ok) {
			give_back(n, &t);
			if (!n->stop)
				wait_ms(n, RETRY_MS);
		}
		intern_free(t.hosts);
		VEC_DONE(&t.to_wake);
	}
	pthread_mutex_unlock(&n->lock);
	return NULL;
}

/* The patch DB: a sync announces each feed, so at most a third of the time goes into loading. */
static void *catalog_thread(void *arg)
{
	struct node *n = arg;
	pthread_mutex_lock(&n->lock);
	while (!n->stop) {
		struct err e = { 0 };
		if (!n->catalog) {
			wait_ms(n, 60000);
			continue;
		}
		n->catalog = false;
		pthread_mutex_unlock(&n->lock);
		int64_t start = clock_mono_ms();
		bool ok = jobs_reload(n->conf.jobs, &e);
		int64_t pause_until = clock_mono_ms() + 2 * (clock_mono_ms() - start);
		if (!ok)
			log_warn("the patch DB of another server's sync is not shown yet: %s",
				 e.msg);
		pthread_mutex_lock(&n->lock);
		n->catalog |= !ok;
		pause_until += ok ? 0 : RETRY_MS;
		for (int64_t left; !n->stop && (left = pause_until - clock_mono_ms()) > 0;)
			wait_ms(n, left);
	}
	pthread_mutex_unlock(&n->lock);
	return NULL;
}

/* --- the contract --- */

bool node_leads(const struct node *n)
{
	return n->term != 0;
}

void node_wake(struct node *n, const uint32_t *hosts, size_t count)
{
	pthread_mutex_lock(&n->lock);
	for (size_t i = 0; i < count; i++)
		VEC_PUSH(&n->to_wake, hosts[i]);
	pthread_cond_broadcast(&n->wake);
	pthread_mutex_unlock(&n->lock);
}

bool node_open(const struct node_conf *conf, struct node **out, struct err *e)
{
	AUTO(node_close) struct node *n = xcalloc(1, sizeof(*n));
	void *(*const fns[])(void *) = { reading_thread, catalog_thread };
	struct sql_session_conf session = { heard, missed, lead, n };
	n->conf = *conf;
	n->hosts = intern_new();
	pthread_mutex_init(&n->lock, NULL);
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&n->wake, &attr);
	pthread_condattr_destroy(&attr);
	for (; n->n_threads < 2; n->n_threads++) {
		int r = pthread_create(&n->threads[n->n_threads], NULL, fns[n->n_threads], n);
		if (r)
			return err_sys(e, r, "cannot start a thread");
	}
	if (!sql_session_open(conf->db, conf->name, &session, &n->session, e))
		return false;
	*out = TAKE(n);
	return true;
}

void node_close(struct node *n)
{
	if (!n)
		return;
	sql_session_close(n->session);
	pthread_mutex_lock(&n->lock);
	n->stop = true;
	pthread_cond_broadcast(&n->wake);
	pthread_mutex_unlock(&n->lock);
	for (int i = 0; i < n->n_threads; i++)
		pthread_join(n->threads[i], NULL);
	intern_free(n->hosts);
	VEC_DONE(&n->to_wake);
	pthread_cond_destroy(&n->wake);
	pthread_mutex_destroy(&n->lock);
	xfree(n);
}

struct marking {
	const char *name, *value;
	bool same;
};

static bool write_mark(struct sql_conn *c, void *arg, struct err *e)
{
	struct marking *m = arg;
	struct sql_rows *rows;
	if (!sql_run(c, &SQL_MARK_PUT, SQL_ARGS(sql_text(m->name), sql_text(m->value)), e) ||
	    !sql_query(c, &SQL_MARK_GET, SQL_ARGS(sql_text(m->name)), &rows, e))
		return false;
	m->same = sql_next(rows) && str_is(sql_col_str(rows, 0), m->value);
	return sql_rows_end(rows, e);
}

bool node_mark(struct sql *db, const char *name, const char *value, const char *what, struct err *e)
{
	struct marking m = { .name = name, .value = value };
	if (!sql_write(db, write_mark, &m, e))
		return err_prefix(e, "cannot compare this server with the others");
	return m.same ||
	       err_set(e, ERR_CONFLICT,
		       "this server's %s is not that of the other servers on this database; copy "
		       "'ca.pem', 'ca.key' and 'deploy.key' of the first server's directory 'tls'",
		       what);
}
