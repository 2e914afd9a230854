/* SPDX-License-Identifier: Apache-2.0
 * Server-sent events over HTTPS: topics, merging, resuming, the word to read again, and what the
 * hub does when readers leave. */
#include "stream.h"

static char *events_url(struct world *w, const char *query)
{
	return xasprintf("%s/api/v1/events%s", w->people_url, query);
}

static void M_091_changes_arrive_with_ids_and_counters_only(void **state)
{
	struct world *w = *state;
	struct who guest = as(w, ROLE_GUEST);
	struct listener l;
	struct err e = { 0 };
	AUTO(xfree) char *url = events_url(w, "?topics=systems,deployments");
	listener_start(&l, w, &guest, url, NULL);
	listener_wait(&l, "retry:", 1);
	int64_t begun = clock_mono_ms();
	api_on_deployment(w->api, "abc");
	api_on_job(w->api, "not asked for");
	listener_wait(&l,
		      "event: deployments\ndata: {\"topic\":\"deployments\",\"ids\":[\"abc\"]}\n\n",
		      1);
	assert_true(clock_mono_ms() - begun < 2000);
	ok(fleet_set_scan(w->fleet, w->host[0], SCAN_REQUESTED, NULL, &e), &e);
	listener_wait(&l, "event: systems", 1);
	assert_int_equal(listener_count(&l, "event: jobs"), 0);
	listener_stop(&l);
}

/* What people change is told to all others, whatever list it stands in. */
static void M_091_every_administrative_change_is_told(void **state)
{
	static const struct {
		const char *method, *path, *body, *id;
	} all[] = {
		{ "POST", "/api/v1/deployment-policies",
		  "{\"name\":\"Told\",\"schedule\":{\"windows\":[{\"weekdays\":[\"sun\"],\"start\":\"13:00\",\"end\":\"17:00\"}]}}",
		  "policy" },
		{ "POST", "/api/v1/enrolment-tokens", "{\"label\":\"told\"}", "enrolment_token" },
		{ "POST", "/api/v1/tokens", "{\"label\":\"told\"}", "token" },
	};
	struct world *w = *state;
	struct who guest = as(w, ROLE_GUEST), admin = as(w, ROLE_ADMINISTRATOR);
	struct listener l;
	AUTO(xfree) char *url = events_url(w, "?topics=administration");
	listener_start(&l, w, &guest, url, NULL);
	listener_wait(&l, "retry:", 1);
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		AUTO(reply_done) struct reply r;
		AUTO(xfree) char *id = xasprintf("\"%s\"", all[i].id);
		request(w, &admin, all[i].method, all[i].path, all[i].body, NULL, &r);
		expect(&r, 201, NULL);
		listener_wait(&l, id, 1);
	}
	assert_int_equal(listener_count(&l, "told"), 0); /* names are read, not told */
	listener_stop(&l);
}

/* A token that a sign-in makes stands in the same list as any other. */
static void M_091_a_token_made_by_sign_in_is_told(void **state)
{
	struct world *w = *state;
	struct who guest = as(w, ROLE_GUEST);
	AUTO(reply_done) struct reply r;
	struct listener l;
	AUTO(xfree) char *url = events_url(w, "?topics=administration");
	listener_start(&l, w, &guest, url, NULL);
	listener_wait(&l, "retry:", 1);
	request(w, NULL, "POST", "/api/v1/session",
		"{\"name\":\"admin\",\"password\":\"" PASSWORD "\",\"kind\":\"token\"}", NULL, &r);
	expect(&r, 201, NULL);
	listener_wait(&l, "\"token\"", 1);
	listener_stop(&l);
}

static void many_changes_become_two_events_a_second(void **state)
{
	struct world *w = *state;
	struct who guest = as(w, ROLE_GUEST);
	struct listener l;
	AUTO(xfree) char *url = events_url(w, "?topics=jobs");
	listener_start(&l, w, &guest, url, NULL);
	listener_wait(&l, "retry:", 1);
	int64_t begun = clock_mono_ms();
	for (int i = 0; i < 200; i++) {
		AUTO(xfree) char *id = xasprintf("job-%d", i);
		struct event_counter c = { "running", i };
		events_publish(api_events(w->api), EVENT_JOBS, id, &c, 1);
		usleep(5000);
	}
	listener_wait(&l, "\"running\":199", 1);
	int64_t took_ms = clock_mono_ms() - begun;
	int n = listener_count(&l, "event: jobs");
	if (n > took_ms / 500 + 2)
		fail_msg("%d events in %lld ms", n, (long long)took_ms);
	listener_wait(&l, "\"more\":true", 1); /* more than 50 ids in half a second */
	listener_stop(&l);
}

static void last_event_id_resumes_or_says_resync(void **state)
{
	struct world *w = *state;
	struct who guest = as(w, ROLE_GUEST);
	struct listener first, again, old, garbage;
	AUTO(xfree) char *url = events_url(w, "?topics=feeds,jobs");
	listener_start(&first, w, &guest, url, NULL);
	listener_wait(&first, "retry:", 1);
	api_on_feed(w->api, "feed-one");
	listener_wait(&first, "feed-one", 1);
	AUTO(xfree) char *text = listener_text(&first);
	const char *id = strstr(text, "id: ");
	assert_non_null(id);
	AUTO(xfree)
	char *resume = xasprintf("Last-Event-ID: %.*s", (int)strcspn(id + 4, "\n"), id + 4);
	listener_stop(&first);
	api_on_job(w->api, "missed-job");
	usleep(700000);
	api_on_feed(w->api, "missed-feed");
	usleep(100000);
	AUTO(xfree) char *feeds_only = events_url(w, "?topics=feeds");
	listener_start(&again, w, &guest, feeds_only, resume);
	listener_wait(&again, "missed-feed", 1);
	assert_int_equal(listener_count(&again, "missed-job"), 0);
	assert_int_equal(listener_count(&again, "resync"), 0);
	assert_int_equal(listener_count(&again, "feed-one"), 0);
	listener_stop(&again);
	listener_start(&old, w, &guest, url, "Last-Event-ID: 1");
	listener_wait(&old, "event: resync", 1);
	listener_stop(&old);
	listener_start(&garbage, w, &guest, url, "Last-Event-ID: 99999999999999999999999x");
	listener_wait(&garbage, "event: resync", 1);
	listener_stop(&garbage);
}

static void readers_come_and_go(void **state)
{
	struct world *w = *state;
	struct who guest = as(w, ROLE_GUEST);
	enum { N = 20 };
	struct listener l[N];
	AUTO(xfree) char *url = events_url(w, "");
	for (int i = 0; i < N; i++)
		listener_start(&l[i], w, &guest, url, NULL);
	for (int i = 0; i < N; i++)
		listener_wait(&l[i], "retry:", 1);
	assert_true(events_streams(api_events(w->api)) >= N);
	for (int i = 0; i < N; i += 2)
		listener_stop(&l[i]);
	for (int i = 0; i < 50; i++)
		api_on_feed(w->api, "x");
	for (int i = 1; i < N; i += 2) {
		listener_wait(&l[i], "event: feeds", 1);
		listener_stop(&l[i]);
	}
	for (int i = 0; i < 500 && events_streams(api_events(w->api)); i++) {
		api_on_feed(w->api, "y");
		usleep(20000);
	}
	assert_int_equal(events_streams(api_events(w->api)), 0);
}

static void bad_topics_and_strangers(void **state)
{
	struct world *w = *state;
	struct who guest = as(w, ROLE_GUEST);
	AUTO(reply_done) struct reply bad, anonymous;
	request(w, &guest, "GET", "/api/v1/events?topics=secrets", NULL, NULL, &bad);
	expect(&bad, 400, "invalid_parameter");
	request(w, NULL, "GET", "/api/v1/events", NULL, NULL, &anonymous);
	expect(&anonymous, 401, NULL);
}

static void a_server_that_ends_ends_its_streams(void **state)
{
	struct world *w = *state;
	struct who guest = as(w, ROLE_GUEST);
	struct listener l;
	AUTO(xfree) char *url = events_url(w, "");
	listener_start(&l, w, &guest, url, NULL);
	listener_wait(&l, "retry:", 1);
	http_server_stop(TAKE(w->people));
	for (int i = 0; i < 500 && !atomic_load(&l.ended); i++)
		usleep(10000);
	assert_true(atomic_load(&l.ended));
	listener_stop(&l);
}

static int group(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(M_091_changes_arrive_with_ids_and_counters_only),
		cmocka_unit_test(M_091_every_administrative_change_is_told),
		cmocka_unit_test(M_091_a_token_made_by_sign_in_is_told),
		cmocka_unit_test(many_changes_become_two_events_a_second),
		cmocka_unit_test(last_event_id_resumes_or_says_resync),
		cmocka_unit_test(readers_come_and_go),
		cmocka_unit_test(bad_topics_and_strangers),
		cmocka_unit_test(a_server_that_ends_ends_its_streams),
	};
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}

int main(void)
{
	return engines_run(group);
}
