/* SPDX-License-Identifier: Apache-2.0
 * Configurations from preview to result on a real database, catalog and fleet (no network, no
 * agent): entry A and B, stale previews, orders handed out once and again, plans with extras,
 * refusals, retries. */
#include "base/file.h"
#include "deploy/decline.h"
#include "format/json.h"
#include "support/engines.h"
#include "support/kit.h"

#include <unistd.h>

#define INVENTORY(ssl, dep)                                                                        \
	"arch\tamd64\n"                                                                            \
	"deb\tlibssl3\tamd64\t" ssl "\topenssl\t\n"                                                \
	"deb\topenssl\tamd64\t" ssl "\t\t\n" dep "os\tdebian\t12\tbookworm\n"

struct world {
	char dir[64];
	struct sql *db;
	struct store *store;
	struct fleet *fleet;
	struct match *match;
	struct deploy *deploy;
	struct ledger *ledger;
	struct sign_key *key;
	uint8_t pub[SIGN_PUBLIC_LEN];
	uint32_t host[2];
	const char *id[2];
	int woken, wanted, changes;
	bool mute;	  /* the sign process signs nothing */
	const char *gone; /* the payload that the vendor does not serve, or NULL */
	bool gone_final;
};

static bool seal(void *arg, struct str json, struct buf *envelope, struct err *e)
{
	struct world *w = arg;
	if (w->mute)
		return err_set(e, ERR_DENIED, "order not signed: refused");
	return order_seal(json, w->key, envelope, e);
}
static void wake(void *arg, uint32_t host UNUSED)
{
	((struct world *)arg)->woken++;
}
static void want(void *arg, const struct catalog *c UNUSED, const uint32_t *components UNUSED,
		 uint32_t n)
{
	((struct world *)arg)->wanted += (int)n;
}
static bool trouble(void *arg, const struct sha256 *payload, struct payload_trouble *out)
{
	const struct world *w = arg;
	struct sha256 gone;
	if (!w->gone)
		return false;
	gone = digest_of(str_of(w->gone));
	*out = (struct payload_trouble) { .reason = "vendor_gone",
					  .detail = "http://x: the vendor's server answered 404",
					  .final = w->gone_final };
	return digest_eq(&gone, payload);
}
static void changed(void *arg, const char *deployment UNUSED)
{
	((struct world *)arg)->changes++;
}

static struct catalog *make_catalog(const char *ssl)
{
	struct sink *s = kit_begin();
	kit_patch(s, "openssl", ssl, PATCH_TYPE_SECURITY);
	kit_component(s, "libssl3", ssl);
	kit_component(s, "openssl", ssl);
	kit_patch(s, "zlib", "1.3-2", PATCH_TYPE_SECURITY);
	kit_component(s, "zlib1g", "1.3-2");
	return kit_end(s);
}

static void set_catalog(struct world *w, const char *ssl)
{
	struct catalog *c = make_catalog(ssl);
	match_set_catalog(w->match, c);
	catalog_unref(c);
}

static void store_payload(struct world *w, const char *name, const char *version)
{
	kit_store(w->store, name, version);
}

static void inventory(struct world *w, int i, const char *text)
{
	struct err e = { 0 };
	ok(fleet_put_inventory(w->fleet, w->host[i], str_of(text), kit_now_ms, &e), &e);
}

static void open_deploy(struct world *w)
{
	struct err e = { 0 };
	struct deploy_conf conf = { .db = w->db,
				    .match = w->match,
				    .store = w->store,
				    .clock = &kit_clock,
				    .signer = { seal, w },
				    .ledger = w->ledger,
				    .wake = wake,
				    .want_payload = want,
				    .payload_trouble = trouble,
				    .changed = changed,
				    .arg = w };
	ok(deploy_open(&conf, &w->deploy, &e), &e);
}

static int setup(void **state)
{
	struct err e = { 0 };
	struct world *w = xcalloc(1, sizeof(*w));
	snprintf(w->dir, sizeof(w->dir), "/tmp/deploy.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	AUTO(xfree) char *url = engines_fresh();
	AUTO(xfree) char *store = file_join(w->dir, "store");
	ok(sql_open(url, &w->db, &e) && sql_migrate(w->db, &e) && store_open(store, &w->store, &e),
	   &e);
	ok(fleet_load(w->db, &kit_clock, &w->fleet, &e), &e);
	w->match = match_new(w->fleet);
	ok(ledger_open(w->db, &kit_clock, &w->ledger, &e) &&
		   ledger_attach(w->ledger, w->fleet, w->match, &e),
	   &e);
	set_catalog(w, "3.0.2-1");
	ok(sign_key_new(&w->key, &e), &e);
	sign_key_public(w->key, w->pub);
	static const char *const names[] = { "web1", "web2" };
	for (int i = 0; i < 2; i++) {
		w->id[i] = kit_id(i);
		w->host[i] = kit_enrol(w->fleet, i, names[i]);
	}
	inventory(w, 0, INVENTORY("3.0.1-1", ""));
	inventory(w, 1, INVENTORY("3.0.2-1", "deb\tzlib1g\tamd64\t1.3-1\tzlib\t\n"));
	open_deploy(w);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	deploy_close(w->deploy);
	ledger_detach(w->ledger);
	ledger_close(w->ledger);
	match_free(w->match);
	fleet_free(w->fleet);
	store_close(w->store);
	sql_close(w->db);
	sign_key_free(w->key);
	assert_true(file_remove_tree(w->dir, NULL));
	xfree(w);
	return 0;
}

#define SSL_PATCH "debian:12:openssl:3.0.2-1"
static const char *const ssl_patch[] = { SSL_PATCH };

static void create(struct world *w, const struct deploy_request *r, char id[static 33])
{
	struct err e = { 0 };
	struct deploy_preview p;
	ok(deploy_preview(w->deploy, r, &p, &e), &e);
	ok(deploy_create(w->deploy, r, p.token, id, &e), &e);
}

static struct deployment_row get(struct world *w, const char *id, struct arena *a)
{
	struct err e = { 0 };
	struct deployment_row row;
	ok(deploy_get(w->deploy, id, a, &row, &e), &e);
	return row;
}

static struct target_row target(struct world *w, const char *id, struct arena *a)
{
	struct err e = { 0 };
	struct target_row *list;
	size_t n;
	ok(deploy_targets(w->deploy, id, -1, NULL, 10, a, &list, &n, &e), &e);
	assert_int_equal(n, 1);
	return list[0];
}

static size_t orders(struct world *w, int host, uint64_t seq, struct arena *a, char ***out)
{
	struct err e = { 0 };
	size_t n;
	ok(deploy_orders(w->deploy, w->host[host], deploy_epoch(w->deploy), seq, a, out, &n, &e),
	   &e);
	return n;
}

static struct order opened(struct world *w, const char *envelope, struct arena *a)
{
	struct err e = { 0 };
	struct order o;
	ok(order_open(str_of(envelope), w->pub, a, &o, &e), &e);
	return o;
}

static void M_131_entry_b_targets_hosts_that_miss_the_patch(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct deploy_request r = {
		.patches = ssl_patch, .n_patches = 1, .policy = POLICY_ANYTIME, .created_by = "t"
	};
	struct deploy_preview p;
	ok(deploy_preview(w->deploy, &r, &p, &e), &e);
	assert_int_equal(p.patches, 1);
	assert_int_equal(p.systems, 1);
	assert_int_equal(p.pairs, 1);
	assert_int_equal(p.offline, 1);
	assert_int_equal(p.download_bytes, strlen("libssl3 3.0.2-1") + strlen("openssl 3.0.2-1"));
	store_payload(w, "openssl", "3.0.2-1");
	ok(deploy_preview(w->deploy, &r, &p, &e), &e);
	assert_int_equal(p.stored_bytes, strlen("openssl 3.0.2-1"));
	char id[33];
	ok(deploy_create(w->deploy, &r, p.token, id, &e), &e);
	assert_int_equal(w->wanted, 1);
	AUTO(arena_done) struct arena a = { 0 };
	struct deployment_row row = get(w, id, &a);
	assert_int_equal(row.state, DEPLOYMENT_READY);
	assert_int_equal(row.n_targets, 1);
	assert_string_equal(target(w, id, &a).reason, "server_downloading");
	store_payload(w, "libssl3", "3.0.2-1");
	assert_string_equal(target(w, id, &a).reason, "offline");
}

static void M_130_entry_a_takes_everything_the_system_misses(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct deploy_request r = {
		.systems = &w->id[1], .n_systems = 1, .policy = POLICY_ANYTIME, .created_by = "t"
	};
	struct deploy_preview p;
	ok(deploy_preview(w->deploy, &r, &p, &e), &e);
	assert_int_equal(p.patches, 1);
	char id[33];
	ok(deploy_create(w->deploy, &r, p.token, id, &e), &e);
	AUTO(arena_done) struct arena a = { 0 };
	char **patches;
	size_t n;
	ok(deploy_patches(w->deploy, id, &a, &patches, &n, &e), &e);
	assert_int_equal(n, 1);
	assert_string_equal(patches[0], "debian:12:zlib:1.3-2");
}

static void a_preview_that_no_longer_covers_the_set_is_stale(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	char id[33];
	struct deploy_request r = {
		.patches = ssl_patch, .n_patches = 1, .policy = POLICY_ANYTIME, .created_by = "t"
	};
	struct deploy_preview p;
	ok(deploy_preview(w->deploy, &r, &p, &e), &e);
	inventory(w, 1, INVENTORY("3.0.0-1", ""));
	assert_false(deploy_create(w->deploy, &r, p.token, id, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_non_null(strstr(e.msg, "preview_stale"));
	assert_false(deploy_create(w->deploy, &r, "", id, &e));
	assert_false(deploy_create(w->deploy, &r, "made up", id, &e));
	ok(deploy_preview(w->deploy, &r, &p, &e), &e);
	inventory(w, 1, INVENTORY("3.0.2-1", ""));
	ok(deploy_create(w->deploy, &r, p.token, id, &e), &e); /* a set that shrank is fine */
}

static void bad_requests_name_what_is_wrong(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct deploy_preview p;
	const char *const nonsense[] = { "debian:12:nosuch:1" };
	struct deploy_request r = { .patches = nonsense, .n_patches = 1, .policy = POLICY_ANYTIME };
	assert_false(deploy_preview(w->deploy, &r, &p, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	r = (struct deploy_request) { .systems = nonsense,
				      .n_systems = 1,
				      .policy = POLICY_ANYTIME };
	assert_false(deploy_preview(w->deploy, &r, &p, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	r = (struct deploy_request) { .policy = POLICY_ANYTIME };
	assert_false(deploy_preview(w->deploy, &r, &p, &e));
	assert_int_equal(e.code, ERR_INVALID);
	char id[33];
	r = (struct deploy_request) { .patches = ssl_patch, .n_patches = 1, .policy = "no such" };
	assert_false(deploy_create(w->deploy, &r, "x", id, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void ready(struct world *w, char id[static 33])
{
	store_payload(w, "openssl", "3.0.2-1");
	store_payload(w, "libssl3", "3.0.2-1");
	struct deploy_request r = { .patches = ssl_patch,
				    .n_patches = 1,
				    .policy = POLICY_ANYTIME,
				    .created_by = "t",
				    .now = true };
	create(w, &r, id);
}

static void an_order_is_exact_signed_and_handed_out_again_not_made_twice(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char id[33], **list, **again;
	ready(w, id);
	assert_int_equal(w->woken, 1);
	assert_int_equal(orders(w, 0, 0, &a, &list), 1);
	assert_int_equal(orders(w, 0, 0, &a, &again), 1);
	assert_string_equal(list[0], again[0]);
	assert_int_equal(orders(w, 1, 0, &a, &again), 0);
	struct order o = opened(w, list[0], &a);
	assert_int_equal(o.seq, 1);
	assert_true(str_is(o.agent, w->id[0]) && str_is(o.org, deploy_org(w->deploy)) &&
		    str_is(o.deployment, id));
	assert_int_equal(o.n_packages, 2);
	assert_true(str_is(o.packages[0].version, "3.0.2-1"));
	assert_int_equal(o.n_archives, 1);
	assert_int_equal(o.archives[0].n_index, 2); /* not the i386 index */
	assert_int_equal(o.archives[0].n_payload, 2);
	assert_int_equal(target(w, id, &a).state, TARGET_DOWNLOADING);
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_IN_PROGRESS);
	assert_int_equal(orders(w, 0, 1, &a, &again), 0); /* executed: only its result is awaited */
	struct err e = { 0 };
	size_t n;
	/* An agent of a later epoch than this database: no orders, and no error either. */
	ok(deploy_orders(w->deploy, w->host[0], 99, 0, &a, &again, &n, &e), &e);
	assert_int_equal(n, 0);
}

static void F29_a_restored_database_asks_before_it_orders_again(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	struct deploy_marker marker = { 0 }, old;
	bool restored, first;
	char id[33], **list;
	/* Counting on is no restore, whether the marker is kept, lost, or one behind (a crash). */
	ok(deploy_generation(w->db, false, &marker, &restored, &e), &e);
	assert_true(!restored && marker.epoch == 1);
	old = marker;
	ok(deploy_generation(w->db, false, &marker, &restored, &e), &e);
	assert_false(restored);
	marker = old;
	ok(deploy_generation(w->db, false, &marker, &restored, &e), &e);
	assert_false(restored);
	marker = (struct deploy_marker) { 0 };
	ok(deploy_generation(w->db, false, &marker, &restored, &e), &e);
	assert_true(!restored && marker.epoch == 1);

	ready(w, id);
	assert_int_equal(orders(w, 0, 0, &a, &list), 1);
	marker.generation += 10; /* the database has gone back behind its marker */
	ok(deploy_generation(w->db, false, &marker, &restored, &e), &e);
	assert_true(restored && marker.epoch == 2);
	deploy_close(w->deploy);
	open_deploy(w);
	assert_int_equal(deploy_epoch(w->deploy), 2);
	/* The agent has executed far more than the database knows of. */
	size_t n;
	ok(deploy_orders(w->deploy, w->host[0], 1, 40, &a, &list, &n, &e), &e);
	assert_int_equal(n, 0);
	inventory(w, 0, INVENTORY("3.0.2-1", "")); /* it was done, on an order forgotten since */
	ok(deploy_reconciled(w->deploy, w->host[0], &first, &e), &e);
	assert_true(first);
	ok(deploy_reconciled(w->deploy, w->host[0], &first, &e), &e);
	assert_false(first);
	ok(deploy_orders(w->deploy, w->host[0], 1, 40, &a, &list, &n, &e), &e);
	assert_int_equal(n, 0); /* nothing runs again */
	assert_int_equal(target(w, id, &a).state, TARGET_SUCCEEDED);
	assert_string_equal(target(w, id, &a).reason, "already_installed");

	inventory(w, 0, INVENTORY("3.0.1-1", ""));
	struct deploy_request r = {
		.patches = ssl_patch, .n_patches = 1, .policy = POLICY_ANYTIME, .created_by = "t"
	};
	inventory(w, 1, INVENTORY("3.0.2-1", ""));
	create(w, &r, id);
	deploy_close(w->deploy);
	open_deploy(w); /* who has reported is remembered */
	ok(deploy_orders(w->deploy, w->host[0], 1, 40, &a, &list, &n, &e), &e);
	assert_int_equal(n, 1);
	struct order o = opened(w, list[0], &a);
	assert_true(o.epoch == 2 && o.seq == 41);

	inventory(w, 1, INVENTORY("3.0.1-1", ""));
	create(w, &r, id);
	struct target_row *targets;
	ok(deploy_targets(w->deploy, id, -1, NULL, 10, &a, &targets, &n, &e), &e);
	assert_int_equal(n, 2);
	assert_string_equal(targets[1].reason, "reconciling");
}

static void an_expired_order_is_withdrawn_and_issued_anew(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char id[33], **list;
	ready(w, id);
	assert_int_equal(orders(w, 0, 0, &a, &list), 1);
	kit_now_ms += 25 * 3600 * 1000LL;
	assert_int_equal(orders(w, 0, 0, &a, &list), 1);
	assert_int_equal(opened(w, list[0], &a).seq, 2);
}

static void an_order_that_cannot_be_signed_is_the_targets_trouble_alone(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char id[33], **list;
	ready(w, id);
	w->mute = true;
	assert_int_equal(orders(w, 0, 0, &a, &list), 0); /* and no error: a check-in goes on */
	struct target_row t = target(w, id, &a);
	assert_int_equal(t.state, TARGET_PENDING);
	assert_string_equal(t.reason, "order_unsigned");
	assert_non_null(strstr(t.detail, "refused"));
	assert_true(t.next_attempt_ms > kit_now_ms);
	w->mute = false;
	assert_int_equal(orders(w, 0, 0, &a, &list), 0); /* not before its time */
	kit_now_ms = t.next_attempt_ms;
	assert_int_equal(orders(w, 0, 0, &a, &list), 1);

	ready(w, id);
	w->mute = true;
	kit_now_ms += 25 * 3600 * 1000LL; /* the first order has expired */
	for (int i = 0; i < 20; i++, kit_now_ms += 3600 * 1000)
		assert_int_equal(orders(w, 0, 0, &a, &list), 0);
	t = target(w, id, &a);
	assert_int_equal(t.state, TARGET_FAILED); /* bounded */
	assert_string_equal(t.reason, "order_unsigned");
	w->mute = false;
	assert_int_equal(orders(w, 0, 0, &a, &list), 0);
}

static void a_plan_whose_order_cannot_be_signed_is_refused(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], **list;
	const char *decision, *reason;
	ready(w, id);
	orders(w, 0, 0, &a, &list);
	struct order o = opened(w, list[0], &a);
	AUTO(xfree) char *order = str_dup(o.id);
	struct plan_step step = { STR_LIT("zlib1g"), STR_LIT("amd64"), STR_LIT(""),
				  STR_LIT("1.3-2"), STR_LIT("install") };
	w->mute = true;
	ok(deploy_plan(w->deploy, w->host[0], order, &step, 1, &decision, &reason, &e), &e);
	assert_string_equal(decision, "refused");
	assert_string_equal(reason, "order_unsigned");
	assert_int_equal(target(w, id, &a).state, TARGET_FAILED);
}

static struct deploy_result result_of(const struct order *o, char id[static 33],
				      const char *outcome, const char *reason)
{
	snprintf(id, 33, "%.*s", STR_ARG(o->id));
	return (struct deploy_result) { .order = id,
					.outcome = outcome,
					.reason = reason,
					.detail = "",
					.log = "output\n",
					.started_ms = kit_now_ms,
					.finished_ms = kit_now_ms + 1000,
					.attempts = 1 };
}

static void a_result_counts_once(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], order[33], **list;
	ready(w, id);
	orders(w, 0, 0, &a, &list);
	struct order o = opened(w, list[0], &a);
	struct deploy_result r = result_of(&o, order, "succeeded", "installed");
	ok(deploy_result(w->deploy, w->host[0], &r, &e), &e);
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_COMPLETED);
	r = result_of(&o, order, "failed", "internal");
	ok(deploy_result(w->deploy, w->host[0], &r, &e),
	   &e); /* acknowledged, and changes nothing */
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_COMPLETED);
	AUTO(buf_done) struct buf log = BUF_INIT(1000);
	ok(deploy_log(w->deploy, id, w->id[0], &log, &e), &e);
	assert_string_equal(log.p, "output\n");
	assert_false(deploy_result(w->deploy, w->host[1], &r, &e)); /* A42: another agent's order */
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void transient_failures_are_tried_again_others_are_not(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], order[33], **list;
	ready(w, id);
	orders(w, 0, 0, &a, &list);
	struct order o = opened(w, list[0], &a);
	struct deploy_result r = result_of(&o, order, "failed", "lock_held");
	ok(deploy_result(w->deploy, w->host[0], &r, &e), &e);
	struct target_row t = target(w, id, &a);
	assert_int_equal(t.state, TARGET_PENDING);
	assert_string_equal(t.reason, "lock_held");
	assert_true(t.next_attempt_ms > kit_now_ms);
	assert_int_equal(orders(w, 0, 1, &a, &list), 0);
	kit_now_ms = t.next_attempt_ms + 1;
	assert_int_equal(orders(w, 0, 1, &a, &list), 1);
	o = opened(w, list[0], &a);
	assert_int_equal(o.seq, 2);
	r = result_of(&o, order, "failed", "maintainer_script");
	ok(deploy_result(w->deploy, w->host[0], &r, &e), &e);
	assert_int_equal(target(w, id, &a).state, TARGET_FAILED);
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_FAILED);
}

static void a_plan_with_packages_of_the_catalog_is_reissued_with_them_as_extra(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], **list;
	const char *decision, *reason;
	ready(w, id);
	orders(w, 0, 0, &a, &list);
	struct order o = opened(w, list[0], &a);
	AUTO(xfree) char *order = str_dup(o.id);
	struct plan_step steps[] = {
		{ STR_LIT("openssl"), STR_LIT("amd64"), STR_LIT("3.0.1-1"), STR_LIT("3.0.2-1"),
		  STR_LIT("upgrade") },
		{ STR_LIT("zlib1g"), STR_LIT("amd64"), STR_LIT(""), STR_LIT("1.3-2"),
		  STR_LIT("install") },
	};
	ok(deploy_plan(w->deploy, w->host[0], order, steps, 2, &decision, &reason, &e), &e);
	assert_string_equal(decision, "reissued");
	assert_int_equal(orders(w, 0, 1, &a, &list), 1);
	struct order next = opened(w, list[0], &a);
	assert_int_equal(next.seq, 2);
	assert_int_equal(next.n_packages, 2);
	assert_int_equal(next.n_extra, 1);
	assert_true(str_is(next.extra[0].name, "zlib1g"));
	assert_int_equal(next.archives[0].n_payload, 3);
}

static void A06_a_plan_that_needs_an_unlisted_package_or_removes_one_fails(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], **list;
	const char *decision, *reason;
	ready(w, id);
	orders(w, 0, 0, &a, &list);
	struct order o = opened(w, list[0], &a);
	AUTO(xfree) char *order = str_dup(o.id);
	struct plan_step evil = { STR_LIT("backdoor"), STR_LIT("amd64"), STR_LIT(""),
				  STR_LIT("1.0"), STR_LIT("install") };
	ok(deploy_plan(w->deploy, w->host[0], order, &evil, 1, &decision, &reason, &e), &e);
	assert_string_equal(decision, "refused");
	assert_string_equal(reason, "unlisted_dependency");
	assert_int_equal(target(w, id, &a).state, TARGET_FAILED);
	assert_int_equal(orders(w, 0, 1, &a, &list), 0);
	assert_false(deploy_plan(w->deploy, w->host[0], order, &evil, 1, &decision, &reason, &e));
}

static void a_payload_the_vendor_does_not_serve_is_said_and_then_fails_the_target(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], **list;
	struct deploy_request r = {
		.patches = ssl_patch, .n_patches = 1, .policy = POLICY_ANYTIME, .created_by = "t"
	};
	create(w, &r, id);
	w->gone = "libssl3 3.0.2-1";
	struct target_row t = target(w, id, &a);
	assert_int_equal(t.state, TARGET_PENDING);
	assert_string_equal(t.reason, "vendor_gone");
	assert_non_null(strstr(t.detail, "404"));
	ok(deploy_tick(w->deploy, &e), &e);
	assert_int_equal(target(w, id, &a).state, TARGET_PENDING); /* it is tried again */
	w->gone_final = true;
	ok(deploy_tick(w->deploy, &e), &e);
	t = target(w, id, &a);
	assert_int_equal(t.state, TARGET_FAILED);
	assert_string_equal(t.reason, "vendor_gone");
	assert_non_null(strstr(t.detail, "404"));
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_FAILED);
	assert_int_equal(orders(w, 0, 0, &a, &list), 0);
}

/* Host 0 lacks openssl and zlib; the vendor serves only openssl's files. */
static void S_11_the_rest_is_installed_without_what_the_vendor_does_not_serve(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	for (int late = 0; late < 2; late++) {
		char id[33], order[33], **list;
		struct deploy_request r = { .systems = w->id,
					    .n_systems = 1,
					    .policy = POLICY_ANYTIME,
					    .created_by = "t" };
		inventory(w, 0,
			  "arch\tamd64\ndeb\tlibssl3\tamd64\t3.0.1-1\topenssl\t\n"
			  "deb\tzlib1g\tamd64\t1.3-1\tzlib\t\nos\tdebian\t12\tbookworm\n");
		store_payload(w, "libssl3", "3.0.2-1");
		create(w, &r, id);
		w->gone = "zlib1g 1.3-2";
		w->gone_final = true;
		assert_int_equal(orders(w, 0, (uint64_t)late * 2, &a, &list), 1);
		struct order o = opened(w, list[0], &a);
		assert_int_equal(o.n_packages, 1);
		assert_true(str_is(o.packages[0].name, "libssl3"));
		if (late) { /* it has come while the rest was being installed */
			store_payload(w, "zlib1g", "1.3-2");
			w->gone = NULL;
		}
		struct deploy_result res = result_of(&o, order, "succeeded", "installed");
		ok(deploy_result(w->deploy, w->host[0], &res, &e), &e);
		struct target_row t = target(w, id, &a);
		assert_int_equal(t.state, late ? TARGET_PENDING : TARGET_FAILED);
		if (!late) {
			assert_string_equal(t.reason, "vendor_gone");
			continue;
		}
		inventory(w, 0,
			  "arch\tamd64\ndeb\tlibssl3\tamd64\t3.0.2-1\topenssl\t\n"
			  "deb\tzlib1g\tamd64\t1.3-1\tzlib\t\nos\tdebian\t12\tbookworm\n");
		assert_int_equal(orders(w, 0, o.seq, &a, &list), 1);
		o = opened(w, list[0], &a);
		assert_int_equal(o.n_packages, 1);
		assert_true(str_is(o.packages[0].name, "zlib1g"));
	}
}

static void what_was_mended_otherwise_or_replaced_settles_without_an_order(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	char id[33], **list;
	ready(w, id);
	set_catalog(w, "3.0.3-1");
	assert_int_equal(orders(w, 0, 0, &a, &list), 0);
	struct target_row t = target(w, id, &a);
	assert_int_equal(t.state, TARGET_NOT_APPLICABLE);
	assert_string_equal(t.reason, "superseded");
	set_catalog(w, "3.0.2-1");
	ready(w, id);
	inventory(w, 0, INVENTORY("3.0.2-1", ""));
	assert_int_equal(orders(w, 0, 0, &a, &list), 0);
	t = target(w, id, &a);
	assert_int_equal(t.state, TARGET_SUCCEEDED);
	assert_string_equal(t.reason, "already_installed");
}

static void history_tells_approved_offered_installed_verified(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf told = BUF_INIT(10000);
	struct err e = { 0 };
	char id[33], order[33], **list;
	ready(w, id);
	orders(w, 0, 0, &a, &list);
	struct order o = opened(w, list[0], &a);
	struct deploy_result r = result_of(&o, order, "succeeded", "installed");
	ok(deploy_result(w->deploy, w->host[0], &r, &e), &e);
	ok(deploy_result(w->deploy, w->host[0], &r, &e), &e); /* told twice, written once */
	inventory(w, 0, INVENTORY("3.0.2-1", ""));
	struct ledger_place at = { 0 };
	struct ledger_item *items;
	size_t n;
	bool more;
	ok(ledger_of_patch(w->ledger, STR_LIT(SSL_PATCH), &at, 50, &a, &items, &n, &more, &e), &e);
	for (size_t i = 0; i < n; i++) {
		buf_printf(&told, "%s ", ledger_event_name(items[i].event));
		if (items[i].event >= LEDGER_APPROVED)
			assert_string_equal(items[i].ref, id);
	}
	assert_string_equal(told.p, "installed verified offered approved missing known ");
}

static void S_09_declined_patches_are_left_out_until_their_end(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], twice[33];
	struct deploy_request all = {
		.systems = w->id, .n_systems = 2, .policy = POLICY_ANYTIME, .created_by = "t"
	};
	struct deploy_request named = {
		.patches = ssl_patch, .n_patches = 1, .policy = POLICY_ANYTIME, .created_by = "t"
	};
	struct decline x = { .os = "",
			     .subject = SSL_PATCH,
			     .reason = "breaks the payroll",
			     .created_by = "admin",
			     .expires_ms = kit_now_ms + 86400000 };
	struct deploy_preview p;
	ok(deploy_decline(w->deploy, &x, id, &e), &e);
	assert_false(deploy_decline(w->deploy, &x, twice, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	ok(deploy_preview(w->deploy, &all, &p, &e), &e);
	assert_int_equal(p.patches, 1); /* zlib alone */
	ok(deploy_preview(w->deploy, &named, &p, &e), &e);
	assert_int_equal(p.pairs, 1); /* by name it can still be installed */
	deploy_close(w->deploy);
	open_deploy(w); /* remembered */
	struct decline *list;
	size_t n;
	ok(deploy_declines(w->deploy, false, &a, &list, &n, &e), &e);
	assert_int_equal(n, 1);
	assert_string_equal(list[0].reason, "breaks the payroll");
	ok(deploy_decline_expire(w->deploy, &a, &list, &n, &e), &e);
	assert_int_equal(n, 0);
	kit_now_ms += 86400000;
	ok(deploy_decline_expire(w->deploy, &a, &list, &n, &e), &e);
	assert_int_equal(n, 1);
	ok(deploy_preview(w->deploy, &all, &p, &e), &e);
	assert_int_equal(p.patches, 2);
	ok(deploy_declines(w->deploy, true, &a, &list, &n, &e), &e);
	assert_int_equal(n, 1);
	assert_string_equal(list[0].ended_by, "expiry");

	/* A product: also its patches of tomorrow. */
	x = (struct decline) { .of_product = true,
			       .os = "debian:12",
			       .subject = "openssl",
			       .reason = "r",
			       .created_by = "admin",
			       .expires_ms = kit_now_ms + 86400000 };
	ok(deploy_decline(w->deploy, &x, id, &e), &e);
	set_catalog(w, "3.0.9-1");
	ok(deploy_preview(w->deploy, &all, &p, &e), &e);
	assert_int_equal(p.patches, 1);
	ok(deploy_undecline(w->deploy, id, "admin", &e), &e);
	assert_false(deploy_undecline(w->deploy, id, "admin", &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	ok(deploy_preview(w->deploy, &all, &p, &e), &e);
	assert_int_equal(p.patches, 2);
	assert_int_equal(match_verify(w->match), 0);

	static const struct {
		const char *reason;
		int64_t in_ms;
	} bad[] = { { "", 1000 }, { "r", 0 }, { "r", -1 }, { "r", 1000LL * (DECLINE_MAX_S + 10) } };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		x.reason = bad[i].reason;
		x.expires_ms = kit_now_ms + bad[i].in_ms;
		assert_false(deploy_decline(w->deploy, &x, id, &e));
		assert_int_equal(e.code, ERR_INVALID);
	}
}

static void cancelled_means_not_started_any_more(void **state)
{
	struct world *w = *state;
	AUTO(arena_done) struct arena a = { 0 };
	struct err e = { 0 };
	char id[33], **list;
	ready(w, id);
	ok(deploy_cancel(w->deploy, id, &e), &e);
	assert_int_equal(get(w, id, &a).state, DEPLOYMENT_CANCELLED);
	assert_int_equal(orders(w, 0, 0, &a, &list), 0);
	assert_false(deploy_cancel(w->deploy, id, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
}

static void the_identity_survives_a_restart(void **state)
{
	struct world *w = *state;
	AUTO(xfree) char *org = xstrdup(deploy_org(w->deploy));
	deploy_close(w->deploy);
	open_deploy(w);
	assert_string_equal(org, deploy_org(w->deploy));
	assert_int_equal(deploy_epoch(w->deploy), 1);
}

static void count_pair(void *arg, const char *host, const char *patch)
{
	assert_string_equal(host, "00000000000000000000000000000001");
	assert_string_equal(patch, SSL_PATCH);
	(*(int *)arg)++;
}

static void pages_go_backwards_too(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	char id[3][33];
	struct deploy_request r = {
		.systems = w->id, .n_systems = 2, .policy = POLICY_ANYTIME, .created_by = "t"
	};
	for (int i = 0; i < 3; i++) {
		kit_now_ms += 1000;
		create(w, &r, id[i]);
	}
	struct deployment_row oldest = get(w, id[0], &a), *rows;
	size_t n;
	int64_t count;
	ok(deploy_list_newer(w->deploy, &oldest, 1, &a, &rows, &n, &e), &e);
	assert_int_equal(n, 1);
	assert_string_equal(rows[0].id, id[1]); /* the nearest, not the newest */
	ok(deploy_list_newer(w->deploy, &oldest, 10, &a, &rows, &n, &e), &e);
	assert_int_equal(n, 2);
	assert_string_equal(rows[0].id, id[2]); /* newest first */
	assert_int_equal(rows[0].n_targets, 2);
	ok(deploy_count(w->deploy, &count, &e), &e);
	assert_int_equal(count, 3);
	ok(deploy_cancel(w->deploy, id[1], &e), &e);
	ok(deploy_running(w->deploy, 10, &a, &rows, &n, &e), &e);
	assert_int_equal(n, 2);
	assert_string_equal(rows[1].id, id[0]);

	struct target_row *targets, before = { .hostname = (char *)(uintptr_t) "web3" };
	ok(deploy_targets_before(w->deploy, id[0], -1, &before, 1, &a, &targets, &n, &e), &e);
	assert_int_equal(n, 1);
	assert_string_equal(targets[0].hostname, "web2");
	assert_string_equal(targets[0].reason, "server_downloading");
	ok(deploy_targets_before(w->deploy, id[0], -1, &targets[0], 10, &a, &targets, &n, &e), &e);
	assert_int_equal(n, 1);
	assert_string_equal(targets[0].hostname, "web1");
}

static void failed_pairs_name_systems_and_patches(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	char id[33], **env;
	int pairs = 0;
	struct deploy_request r = {
		.patches = ssl_patch, .n_patches = 1, .policy = POLICY_ANYTIME, .created_by = "t"
	};
	store_payload(w, "libssl3", "3.0.2-1");
	store_payload(w, "openssl", "3.0.2-1");
	create(w, &r, id);
	ok(deploy_failed_pairs(w->deploy, count_pair, &pairs, &e), &e);
	assert_int_equal(pairs, 0);
	assert_int_equal(orders(w, 0, 0, &a, &env), 1);
	struct order o = opened(w, env[0], &a);
	AUTO(xfree) char *order = str_dup(o.id);
	struct deploy_result res = { .order = order,
				     .outcome = "failed",
				     .reason = "maintainer_script",
				     .detail = "",
				     .log = "",
				     .packages_json = "[]" };
	ok(deploy_result(w->deploy, w->host[0], &res, &e), &e);
	ok(deploy_failed_pairs(w->deploy, count_pair, &pairs, &e), &e);
	assert_int_equal(pairs, 1);
}

static int group(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(M_131_entry_b_targets_hosts_that_miss_the_patch),
		T(M_130_entry_a_takes_everything_the_system_misses),
		T(a_preview_that_no_longer_covers_the_set_is_stale),
		T(bad_requests_name_what_is_wrong),
		T(an_order_is_exact_signed_and_handed_out_again_not_made_twice),
		T(F29_a_restored_database_asks_before_it_orders_again),
		T(an_expired_order_is_withdrawn_and_issued_anew),
		T(an_order_that_cannot_be_signed_is_the_targets_trouble_alone),
		T(a_plan_whose_order_cannot_be_signed_is_refused),
		T(a_result_counts_once),
		T(transient_failures_are_tried_again_others_are_not),
		T(a_plan_with_packages_of_the_catalog_is_reissued_with_them_as_extra),
		T(A06_a_plan_that_needs_an_unlisted_package_or_removes_one_fails),
		T(a_payload_the_vendor_does_not_serve_is_said_and_then_fails_the_target),
		T(S_11_the_rest_is_installed_without_what_the_vendor_does_not_serve),
		T(what_was_mended_otherwise_or_replaced_settles_without_an_order),
		T(history_tells_approved_offered_installed_verified),
		T(S_09_declined_patches_are_left_out_until_their_end),
		T(cancelled_means_not_started_any_more),
		T(the_identity_survives_a_restart),
		T(pages_go_backwards_too),
		T(failed_pairs_name_systems_and_patches),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
