/* SPDX-License-Identifier: Apache-2.0
 * Lists that grow, read page by page while they grow: every row that was there once, none twice,
 * and back again to the newest. */
#include "deploy/auto/decline.h"
#include "world.h"

#define AT_FIRST 13
#define ROWS_MAX 200

struct growing {
	const char *path;
	void (*add)(struct world *w, int i);
	const char *member; /* of an item, which has the id; NULL = the item itself */
};
struct ids {
	char id[ROWS_MAX][40];
	size_t n;
};

static const char *id_of(const struct growing *g, const json_t *item)
{
	return text_at(g->member ? json_object_get(item, g->member) : item, "id");
}

/* A page at a cursor (NULL = the first); its ids are added in front of, or behind, those of `into`.
 */
static json_t *page(struct world *w, const struct growing *g, const char *cursor, int limit,
		    bool front, struct ids *into)
{
	struct who admin = as(w, ROLE_ADMINISTRATOR);
	AUTO(reply_done) struct reply r;
	AUTO(xfree)
	char *path = xasprintf("/api/v1%s?limit=%d%s%s", g->path, limit, cursor ? "&cursor=" : "",
			       cursor ? cursor : "");
	request(w, &admin, "GET", path, NULL, NULL, &r);
	expect(&r, 200, NULL);
	const json_t *items = json_object_get(r.json, "items");
	size_t n = json_array_size(items);
	assert_true(n <= (size_t)limit && into->n + n <= ROWS_MAX);
	if (front)
		memmove(into->id[n], into->id[0], into->n * sizeof(into->id[0]));
	for (size_t i = 0; i < n; i++)
		(void)snprintf(into->id[front ? i : into->n + i], sizeof(into->id[0]), "%s",
			       id_of(g, json_array_get(items, i)));
	into->n += n;
	return json_incref(json_object_get(r.json, "page"));
}

static size_t times(const struct ids *all, const char *id)
{
	size_t n = 0;
	for (size_t i = 0; i < all->n; i++)
		n += strcmp(all->id[i], id) == 0;
	return n;
}

static void same(const struct ids *a, const struct ids *b)
{
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++)
		assert_string_equal(a->id[i], b->id[i]);
}

static void read_while_it_grows(struct world *w, const struct growing *g)
{
	static struct ids before, seen, back, after;
	int added = 0;
	before.n = seen.n = back.n = after.n = 0;
	for (; added < AT_FIRST; added++) {
		g->add(w, added);
		kit_now_ms += added % 3 == 2; /* some at the same time */
	}
	AUTO(json_free) json_t *whole = page(w, g, NULL, 200, false, &before);
	assert_true(before.n >= AT_FIRST);
	assert_int_equal(int_at(whole, "total"), before.n);
	assert_true(json_is_null(json_object_get(whole, "next_cursor")));
	assert_true(json_is_null(json_object_get(whole, "prev_cursor")));

	AUTO(json_free) json_t *at = NULL;
	for (const char *cursor = NULL;;) {
		struct ids one = { .n = 0 };
		json_t *next = page(w, g, cursor, 4, false, &one);
		json_free(at);
		at = next;
		for (size_t i = 0; i < one.n; i++)
			memcpy(seen.id[seen.n++], one.id[i], sizeof(one.id[i]));
		cursor = json_string_value(json_object_get(at, "next_cursor"));
		if (!cursor) {
			back = one;
			break;
		}
		kit_now_ms++;
		g->add(w, added++);
	}
	for (size_t i = 0; i < before.n; i++)
		assert_int_equal(times(&seen, before.id[i]), 1);
	for (size_t i = 0; i < seen.n; i++)
		assert_int_equal(times(&seen, seen.id[i]), 1);

	for (const char *cursor;
	     (cursor = json_string_value(json_object_get(at, "prev_cursor"))) != NULL;) {
		json_t *prev = page(w, g, cursor, 4, true, &back);
		assert_true(json_is_string(json_object_get(prev, "next_cursor")));
		json_free(at);
		at = prev;
	}
	json_free(page(w, g, NULL, 200, false, &after));
	assert_true(after.n > before.n);
	same(&back, &after);
}

static void posted(struct world *w, const char *path, const char *body, const char *key)
{
	struct who admin = as(w, ROLE_ADMINISTRATOR);
	AUTO(reply_done) struct reply r;
	const char *extra[] = { key, NULL };
	request(w, &admin, "POST", path, body, extra, &r);
	expect(&r, 201, NULL);
}

static void add_token(struct world *w, int i)
{
	AUTO(xfree) char *body = xasprintf("{\"label\":\"t%d\"}", i);
	posted(w, "/api/v1/tokens", body, NULL);
}

static void add_enrolment_token(struct world *w, int i)
{
	AUTO(xfree) char *body = xasprintf("{\"label\":\"t%d\"}", i);
	posted(w, "/api/v1/enrolment-tokens", body, NULL);
}

static void add_decline(struct world *w, int i)
{
	char until[CLOCK_RFC3339_LEN];
	clock_rfc3339(kit_now_ms + 86400000, until);
	AUTO(xfree)
	char *body = xasprintf("{\"product\":{\"os\":\"debian:12\",\"name\":\"p%d\"},"
			       "\"reason\":\"r\",\"expires\":\"%s\"}",
			       i, until);
	posted(w, "/api/v1/declines", body, NULL);
}

/* One that held for a moment. */
static void add_ended_decline(struct world *w, int i)
{
	struct err e = { 0 };
	struct decline x = {
		.of_product = true, .os = "debian:12", .reason = "r", .created_by = "t"
	};
	AUTO(xfree) char *name = xasprintf("e%d", i);
	char id[33];
	x.subject = name;
	x.expires_ms = kit_now_ms + 1000;
	ok(deploy_decline(w->deploy, &x, id, &e) && deploy_undecline(w->deploy, id, "t", &e), &e);
}

static void add_mail(struct world *w, int i);

static void add_job(struct world *w, int i UNUSED)
{
	w->more_jobs++;
}

static void add_office(struct world *w, int i)
{
	struct err e = { 0 };
	/* in the middle of those that are there */
	AUTO(xfree)
	char *office = xasprintf("o%d-%d", i % 5, i), *name = xasprintf("h%d", i),
	     *id = xasprintf("%032x", 256 + i);
	struct host_attrs a = { .hostname = name };
	uint32_t no;
	ok(fleet_enrol(w->fleet, id, office, &a, id, &no, &e), &e);
}

/* Published, to one system. */
static void add_deployment(struct world *w, int i)
{
	struct who admin = as(w, ROLE_ADMINISTRATOR);
	AUTO(reply_done) struct reply r;
	AUTO(xfree)
	char *what = xasprintf("\"name\":\"d%d\",\"option\":\"publish\",\"patches\":{\"ids\":"
			       "[\"debian:12:pkg%02d:2-1\"]}",
			       i, i),
	     *body = xasprintf("{%s}", what), *key = xasprintf("Idempotency-Key: key-for-%d", i);
	request(w, &admin, "POST", "/api/v1/deployments:preview", body, NULL, &r);
	expect(&r, 200, NULL);
	AUTO(xfree)
	char *create = xasprintf("{%s,\"preview_token\":\"%s\"}", what,
				 text_at(r.json, "preview_token"));
	posted(w, "/api/v1/deployments", create, key);
}

static bool put_mail(struct sql_conn *c, void *arg, struct err *e)
{
	static const char *const to[] = { "a@example.org" };
	struct world *w = arg;
	struct mail_letter l = { .about = "sync",
				 .subject_id = "0123",
				 .to = to,
				 .n_to = 1,
				 .subject = "s",
				 .body = STR_LIT("b\n"),
				 .at_ms = kit_now_ms };
	return mail_put(w->mail, c, &l, e);
}

static void add_mail(struct world *w, int i UNUSED)
{
	struct err e = { 0 };
	ok(sql_write(w->db, put_mail, w, &e), &e);
}

#define WALK(name, path, add, member)                                                              \
	static void name(void **state)                                                             \
	{                                                                                          \
		read_while_it_grows(*state, &(struct growing) { path, add, member });              \
	}
WALK(tokens, "/tokens", add_token, NULL)
WALK(enrolment_tokens, "/enrolment-tokens", add_enrolment_token, NULL)
WALK(declines, "/declines", add_decline, NULL)
WALK(mails, "/mails", add_mail, NULL)
WALK(jobs, "/jobs", add_job, NULL)
WALK(offices, "/offices", add_office, NULL)
WALK(deployments, "/deployments", add_deployment, NULL)
WALK(portal, "/portal", add_deployment, NULL)
WALK(deployments_of_a_system, "/systems/00000000000000000000000000000003/deployments",
     add_deployment, "deployment")

/* A cursor is of one list with its filters: those that ended have another key. */
static void declines_that_ended(void **state)
{
	struct world *w = *state;
	struct who admin = as(w, ROLE_ADMINISTRATOR);
	AUTO(reply_done) struct reply first, wrong, rest, small;
	for (int i = 0; i < AT_FIRST; i++, kit_now_ms += i % 3 == 2)
		add_ended_decline(w, i);
	request(w, &admin, "GET", "/api/v1/declines?state=ended&limit=10", NULL, NULL, &first);
	expect(&first, 200, NULL);
	const json_t *at = json_object_get(first.json, "page");
	assert_int_equal(int_at(at, "total"), AT_FIRST);
	AUTO(xfree)
	char *other = xasprintf("/api/v1/declines?cursor=%s", text_at(at, "next_cursor"));
	AUTO(xfree)
	char *next = xasprintf("/api/v1/declines?state=ended&limit=10&cursor=%s",
			       text_at(at, "next_cursor"));
	request(w, &admin, "GET", other, NULL, NULL, &wrong);
	expect(&wrong, 400, "invalid_cursor");
	request(w, &admin, "GET", next, NULL, NULL, &rest);
	expect(&rest, 200, NULL);
	assert_int_equal(json_array_size(json_object_get(rest.json, "items")), AT_FIRST - 10);
	request(w, &admin, "GET", "/api/v1/declines?limit=0", NULL, NULL, &small);
	expect(&small, 400, "invalid_parameter");
}

/* What is in force is not what fits a page. */
static void every_decline_holds_after_a_restart(void **state)
{
	enum { MANY = 1100 };
	struct world *w = *state;
	struct who guest = as(w, ROLE_GUEST);
	AUTO(reply_done) struct reply r;
	struct err e = { 0 };
	struct decline x = {
		.os = "", .reason = "r", .created_by = "t", .expires_ms = kit_now_ms + 86400000
	};
	char id[33];
	x.subject = "debian:12:openssl:3.0.2-1"; /* the oldest */
	ok(deploy_decline(w->deploy, &x, id, &e), &e);
	AUTO(buf_done) struct buf rows = BUF_INIT(1u << 20);
	buf_adds(&rows, "insert into decline (id, kind, os, subject, reason, created_by, "
			"created_ms, expires_ms, ended_ms, ended_by) values ");
	for (int i = 0; i < MANY; i++)
		buf_printf(&rows, "%s('%032d', 0, '', 'no:such:%d', 'r', 't', %lld, %lld, 0, '')",
			   i ? ", " : "", i, i, (long long)kit_now_ms + 1 + i,
			   (long long)x.expires_ms);
	engines_exec(w->db, rows.p);
	ok(deploy_declines_reload(w->deploy, &e), &e);
	request(w, &guest, "GET", "/api/v1/patches?view=declined", NULL, NULL, &r);
	expect(&r, 200, NULL);
	assert_int_equal(int_at(json_object_get(r.json, "page"), "total"), 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

static int group(void)
{
	const struct CMUnitTest tests[] = {
		T(tokens),
		T(enrolment_tokens),
		T(declines),
		T(mails),
		T(jobs),
		T(offices),
		T(deployments),
		T(portal),
		T(deployments_of_a_system),
		T(declines_that_ended),
		T(every_decline_holds_after_a_restart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return engines_run(group);
}
