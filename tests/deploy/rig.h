/* SPDX-License-Identifier: Apache-2.0
 * What every test of configurations works on: a real database, catalog and fleet of two systems
 * (no network, no agent). The first lacks openssl 3.0.2-1, the second zlib 1.3-2. */
#ifndef TESTS_DEPLOY_RIG_H
#define TESTS_DEPLOY_RIG_H
#include "base/file.h"
#include "deploy/auto/decline.h"
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

static inline bool seal(void *arg, struct str json, struct buf *envelope, struct err *e)
{
	struct world *w = arg;
	if (w->mute)
		return err_set(e, ERR_DENIED, "order not signed: refused");
	return order_seal(json, w->key, envelope, e);
}
static inline void wake(void *arg, const uint32_t *hosts UNUSED, size_t n)
{
	((struct world *)arg)->woken += (int)n;
}
static inline void want(void *arg, const struct catalog *c UNUSED,
			const uint32_t *components UNUSED, uint32_t n)
{
	((struct world *)arg)->wanted += (int)n;
}
static inline bool trouble(void *arg, const struct sha256 *payload, struct payload_trouble *out)
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
static inline void changed(void *arg, const char *deployment UNUSED)
{
	((struct world *)arg)->changes++;
}

static inline struct catalog *make_catalog(const char *ssl)
{
	struct sink *s = kit_begin();
	kit_patch(s, "openssl", ssl, PATCH_TYPE_SECURITY);
	kit_component(s, "libssl3", ssl);
	kit_component(s, "openssl", ssl);
	kit_patch(s, "zlib", "1.3-2", PATCH_TYPE_SECURITY);
	kit_component(s, "zlib1g", "1.3-2");
	return kit_end(s);
}

static inline void set_catalog(struct world *w, const char *ssl)
{
	struct catalog *c = make_catalog(ssl);
	match_set_catalog(w->match, c);
	catalog_unref(c);
}

static inline void store_payload(struct world *w, const char *name, const char *version)
{
	kit_store(w->store, name, version);
}

static inline void inventory(struct world *w, int i, const char *text)
{
	struct err e = { 0 };
	ok(fleet_put_inventory(w->fleet, w->host[i], str_of(text), kit_now_ms, &e), &e);
}

static inline void open_deploy(struct world *w)
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

static inline int setup(void **state)
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
	w->ledger = ledger_open(w->db, &kit_clock);
	ok(ledger_attach(w->ledger, w->fleet, w->match, &e), &e);
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

static inline int teardown(void **state)
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

static inline void create(struct world *w, const struct deploy_request *r, char id[static 33])
{
	struct err e = { 0 };
	const char *why;
	struct deploy_preview p;
	ok(deploy_preview(w->deploy, r, &p, &e), &e);
	ok(deploy_create(w->deploy, r, p.token, id, &why, &e), &e);
}

static inline struct deployment_row get(struct world *w, const char *id, struct arena *a)
{
	struct err e = { 0 };
	struct deployment_row row;
	ok(deploy_get(w->deploy, id, a, &row, &e), &e);
	return row;
}

static inline struct target_row target(struct world *w, const char *id, struct arena *a)
{
	struct err e = { 0 };
	struct target_row *list;
	size_t n;
	ok(deploy_targets(w->deploy, id, -1, NULL, 10, a, &list, &n, &e), &e);
	assert_int_equal(n, 1);
	return list[0];
}

static inline size_t orders(struct world *w, int host, uint64_t seq, struct arena *a, char ***out)
{
	struct err e = { 0 };
	size_t n;
	ok(deploy_orders(w->deploy, w->host[host], deploy_epoch(w->deploy), seq, a, out, &n, &e),
	   &e);
	return n;
}

static inline struct order opened(struct world *w, const char *envelope, struct arena *a)
{
	struct err e = { 0 };
	struct order o;
	ok(order_open(str_of(envelope), w->pub, a, &o, &e), &e);
	return o;
}

static inline void ready(struct world *w, char id[static 33])
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

/* ready(), and the order for the first system; `order_out` is its id (in `a`). */
static inline struct order issued(struct world *w, char id[static 33], struct arena *a,
				  const char **order_out)
{
	char **list;
	ready(w, id);
	assert_int_equal(orders(w, 0, 0, a, &list), 1);
	struct order o = opened(w, list[0], a);
	*order_out = arena_str(a, o.id).p;
	return o;
}

static inline struct deploy_result result_of(const char *order, const char *outcome,
					     const char *reason)
{
	return (struct deploy_result) { .order = order,
					.outcome = outcome,
					.reason = reason,
					.detail = "",
					.log = "output\n",
					.started_ms = kit_now_ms,
					.finished_ms = kit_now_ms + 1000,
					.attempts = 1 };
}
#endif
