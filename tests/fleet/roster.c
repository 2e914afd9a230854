/* SPDX-License-Identifier: Apache-2.0
 * The roster says of every host what its record says, whatever changed in which order. */
#include "fleet/roster.h"

#include "base/vec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define HOSTS 700

static int64_t now = 1000000;

static int64_t fake_now(void *arg)
{
	return now;
}

static const struct clock fake = { fake_now, NULL };
static uint32_t seed = 3;

static uint32_t next(uint32_t bound)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % bound;
}

struct said {
	char hostname[32], address[32], user[16], version[24], os_version[8];
};

static void say(struct said *s, uint32_t words)
{
	/* Few names, so that several hosts have the same one. */
	snprintf(s->hostname, sizeof(s->hostname), "%s-%u", next(2) ? "Web" : "web", next(300));
	snprintf(s->address, sizeof(s->address), "10.0.%u.%u", next(4), next(250));
	snprintf(s->user, sizeof(s->user), "%s", next(3) ? "sato" : "Suzuki");
	snprintf(s->version, sizeof(s->version), "1.%u", next(words));
	snprintf(s->os_version, sizeof(s->os_version), "%u", 11 + next(2));
}

static struct host_attrs attrs_of(struct said *s)
{
	return (struct host_attrs) { .hostname = s->hostname,
				     .address = s->address,
				     .logged_in_user = next(4) ? s->user : NULL,
				     .agent_version = s->version,
				     .os_id = (char *)"debian",
				     .os_version = s->os_version,
				     .os_name = next(2) ? (char *)"Debian GNU/Linux" : NULL,
				     .arch = next(5) ? (char *)"amd64" : NULL,
				     .reboot_needed = next(2) };
}

static struct fleet *make(uint32_t hosts, struct said *said)
{
	struct fleet *f = fleet_new_memory(&fake);
	struct err e = { 0 };
	for (uint32_t i = 0; i < hosts; i++) {
		char id[33];
		uint32_t no;
		snprintf(id, sizeof(id), "%08x%024x", next(1u << 30) / 1000 * 1000, i);
		say(&said[i], 5);
		struct host_attrs a = attrs_of(&said[i]);
		assert_true(fleet_enrol(f, id, i % 3 ? "local" : "osaka", &a, NULL, &no, &e));
		assert_int_equal(no, i);
	}
	return f;
}

static void expect_word(const struct roster *r, const struct roster_columns *c,
			enum roster_word which, uint32_t host, const char *text)
{
	assert_true(c->word[which][host] < roster_words(r, which));
	assert_true(str_is(roster_word(r, which, c->word[which][host]), text ? text : ""));
}

static void expect_place(const struct roster *r, enum roster_order which, const struct fleet *f,
			 const char *(*text)(const struct host *h))
{
	const uint32_t *places = roster_places(r, which);
	for (uint32_t i = 0; i < HOSTS; i++) {
		uint32_t before = 0, place;
		for (uint32_t k = 0; k < HOSTS; k++)
			before += strcasecmp(text(fleet_host(f, k)), text(fleet_host(f, i))) < 0;
		assert_int_equal(places[i], before);
		assert_true(roster_place_of(r, which, str_of(text(fleet_host(f, i))), &place));
		assert_int_equal(place, before);
	}
}

static const char *hostname(const struct host *h)
{
	return h->attrs.hostname;
}

static const char *address(const struct host *h)
{
	return h->attrs.address;
}

static void expect_found(const struct roster *r, const struct fleet *f, const char *text)
{
	uint8_t hit[HOSTS] = { 0 };
	roster_find(r, str_of(text), hit);
	for (uint32_t i = 0; i < HOSTS; i++) {
		const struct host *h = fleet_host(f, i);
		const struct host_attrs *a = &h->attrs;
		bool has = strcasestr(a->hostname, text) || strcasestr(a->address, text) ||
			   (a->logged_in_user && strcasestr(a->logged_in_user, text)) ||
			   (a->os_name && strcasestr(a->os_name, text)) ||
			   strncasecmp(h->id, text, strlen(text)) == 0;
		assert_int_equal(hit[i], has);
	}
}

static void expect_all(struct fleet *f)
{
	const struct roster *r = fleet_roster(f);
	struct roster_columns c;
	fleet_read_lock(f);
	roster_columns(r, &c);
	assert_int_equal(c.n, HOSTS);
	for (uint32_t i = 0; i < HOSTS; i++) {
		const struct host *h = fleet_host(f, i);
		struct roster_release o = roster_release(r, c.word[ROSTER_RELEASE][i]);
		expect_word(r, &c, ROSTER_OFFICE, i, h->office);
		expect_word(r, &c, ROSTER_ARCH, i, h->attrs.arch);
		expect_word(r, &c, ROSTER_AGENT, i, h->attrs.agent_version);
		assert_true(str_is(o.os_id, "debian") && str_is(o.os_version, h->attrs.os_version));
		assert_true(str_is(o.os_name, h->attrs.os_name ? h->attrs.os_name : ""));
		assert_int_equal(c.state[i], h->state);
		assert_int_equal(c.scan[i], h->scan);
		assert_int_equal(c.online[i], h->online);
		assert_int_equal(c.reboot[i], h->attrs.reboot_needed);
		assert_int_equal(c.last_scan_ms[i], h->last_scan_ms);
		assert_int_equal(c.last_contact_ms[i], h->last_contact_ms);
	}
	expect_place(r, ROSTER_BY_HOSTNAME, f, hostname);
	expect_place(r, ROSTER_BY_ADDRESS, f, address);
	static const char *const texts[] = { "WEB-1", "0.3.2", "suz", "gnu/l", "0", "web-299\n10" };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		expect_found(r, f, texts[i]);
	expect_found(r, f, fleet_host(f, 5)->id);
	char begin[12];
	snprintf(begin, sizeof(begin), "%.5s", fleet_host(f, 9)->id);
	expect_found(r, f, begin);
	fleet_read_unlock(f);
}

static void M_093_says_what_the_records_say(void **state)
{
	static struct said said[HOSTS];
	AUTO(fleet_free) struct fleet *f = make(HOSTS, said);
	struct err e = { 0 };
	expect_all(f);
	for (int turn = 0; turn < 30; turn++) {
		for (int k = 0; k < (turn % 5 ? 7 : 400); k++) {
			uint32_t no = next(HOSTS);
			now += 10;
			say(&said[no], turn > 20 ? 4000 : 5);
			struct host_attrs a = attrs_of(&said[no]);
			assert_true(fleet_contact(f, no, &a, &e));
			fleet_set_online(f, next(HOSTS), next(2));
			if (next(3) == 0)
				assert_true(fleet_scanned_again(f, next(HOSTS), now, &e));
			if (next(3) == 0)
				assert_true(fleet_set_scan(f, next(HOSTS), SCAN_FAILED, "x", &e));
			if (next(5) == 0)
				assert_true(fleet_set_state(f, next(HOSTS), HOST_RETIRED, &e));
		}
		expect_all(f);
	}
	uint32_t some[] = { 1, 2, 3 };
	assert_true(fleet_request_scans(f, some, 3, &e));
	expect_all(f);
}

/* An agent that says a new version at every contact fills nothing. */
static void F_words_nobody_has_are_forgotten(void **state)
{
	static struct said said[HOSTS];
	AUTO(fleet_free) struct fleet *f = make(HOSTS, said);
	struct err e = { 0 };
	for (uint32_t i = 0; i < 20000; i++) {
		snprintf(said[3].version, sizeof(said[3].version), "v%u", i);
		struct host_attrs a = attrs_of(&said[3]);
		assert_true(fleet_contact(f, 3, &a, &e));
	}
	assert_true(roster_words(fleet_roster(f), ROSTER_AGENT) < 3000);
	expect_all(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(M_093_says_what_the_records_say),
		cmocka_unit_test(F_words_nobody_has_are_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
