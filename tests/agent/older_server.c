/* SPDX-License-Identifier: Apache-2.0
 * A new agent and a server of before, over real HTTP: the server refuses what it does not know by
 * name, as this one does (json_only), and the agent's work goes on without. */
#include "agent/net/server.h"
#include "base/buf.h"
#include "net/http_server.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct older {
	const char *const *attrs; /* that it knows */
	int refuse;		  /* with this status, whatever it is told; 0 = not */
	int asked;
	bool with_lan; /* what it took at last */
};

static void refuse(struct http_req *r, int status, const char *why)
{
	char text[400];
	snprintf(text, sizeof(text), "{\"title\": \"refused\", \"detail\": \"%s\"}", why);
	http_reply(r, status, "application/problem+json", str_of(text));
}

static void answer(void *arg, struct http_req *r)
{
	struct older *o = arg;
	AUTO(json_free) json_t *j = NULL;
	struct err e = { 0 };
	o->asked++;
	if (o->refuse) {
		refuse(r, o->refuse, "as told");
		return;
	}
	if (!json_parse(http_req_body(r), 65536, &j, &e) ||
	    !json_only(json_object_get(j, "attrs"), o->attrs, &e)) {
		refuse(r, 400, "unknown member");
		return;
	}
	o->with_lan = json_object_get(json_object_get(j, "attrs"), "lan");
	http_reply(r, 200, "application/json", STR_LIT("{\"want_inventory\": \"none\"}"));
}

/* A check-in with `lan` among its attributes, or without; whether it was taken. */
static bool check_in(struct older *o, bool lan, struct err *e)
{
	struct http_server_conf conf = { .address = "127.0.0.1",
					 .threads = 1,
					 .max_connections = 10,
					 .idle_timeout_s = 20,
					 .max_body = 65536,
					 .handler = answer,
					 .arg = o };
	struct http_server *http = NULL;
	if (!http_server_start(&conf, &http, e))
		fail_msg("%s", e->msg);
	AUTO(server_done)
	struct server s = { .http = http_client_new("t", NULL, NULL),
			    .base = xasprintf("http://127.0.0.1:%u", http_server_port(http)) };
	AUTO(json_free) json_t *reply = NULL;
	AUTO(json_free)
	json_t *body = json_pack("{s:{s:s},s:s}", "attrs", "hostname", "web1", "nonce", "");
	json_t *attrs = json_object_get(body, "attrs");
	if (lan)
		json_object_set_new(attrs, "lan", json_object());
	bool taken = server_post_news(&s, "/agent/v1/checkin", body, attrs, "lan", &reply, e);
	assert_int_equal(taken, reply != NULL);
	http_server_stop(http);
	return taken;
}

static const char *const old_attrs[] = { "hostname", NULL };
static const char *const new_attrs[] = { "hostname", "lan", NULL };
static const char *const no_attrs[] = { NULL };

static void an_older_server_is_told_without(void **state UNUSED)
{
	struct err e = { 0 };
	struct older o = { .attrs = old_attrs };
	assert_true(check_in(&o, true, &e));
	assert_int_equal(o.asked, 2);
	assert_false(o.with_lan);
	/* one that knows it is asked once, and has it */
	o = (struct older) { .attrs = new_attrs };
	assert_true(check_in(&o, true, &e));
	assert_int_equal(o.asked, 1);
	assert_true(o.with_lan);
}

static void other_refusals_stay_refusals(void **state UNUSED)
{
	static const struct {
		int status;
		enum err_code code;
	} cases[] = { { 403, ERR_DENIED },
		      { 409, ERR_CONFLICT },
		      { 413, ERR_LIMIT },
		      { 503, ERR_UNAVAILABLE } };
	struct older o = { .attrs = no_attrs };
	struct err e = { 0 };
	assert_false(check_in(&o, true, &e)); /* it refuses what is left, too */
	assert_int_equal(e.code, ERR_INVALID);
	assert_int_equal(o.asked, 2);
	o.asked = 0;
	assert_false(check_in(&o, false, &e)); /* nothing to leave away */
	assert_int_equal(o.asked, 1);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		o = (struct older) { .attrs = new_attrs, .refuse = cases[i].status };
		assert_false(check_in(&o, true, &e));
		assert_int_equal(e.code, cases[i].code);
		assert_int_equal(o.asked, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_older_server_is_told_without),
		cmocka_unit_test(other_refusals_stay_refusals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
