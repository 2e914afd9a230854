/* SPDX-License-Identifier: Apache-2.0
 * The object "targets" of the API (M-134..M-136): what it may be, where it is wrong, and which
 * hosts it means. */
#include "deploy/targets/selector.h"
#include "support/kit.h"

struct rig {
	struct fleet *f;
	struct match *m;
	uint32_t host[5];
	char group[33], dynamic[33];
};

static int setup(void **state)
{
	static const struct {
		const char *name, *office, *address;
	} hosts[] = { { "web1", "local", "10.0.0.1" },
		      { "web2", "osaka", "10.0.0.2" },
		      { "db1", "local", "10.0.1.1" },
		      { "db2", "osaka", "10.0.1.2" },
		      { "gone", "local", "10.0.0.3" } };
	struct rig *r = xcalloc(1, sizeof(*r));
	struct err e = { 0 };
	size_t n;
	r->f = fleet_new_memory(&kit_clock);
	r->m = match_new(r->f);
	for (int i = 0; i < 5; i++) {
		struct host_attrs a = { .hostname = (char *)hosts[i].name,
					.os_id = (char *)"debian",
					.address = (char *)hosts[i].address };
		ok(fleet_enrol(r->f, kit_id(i), hosts[i].office, &a, NULL, &r->host[i], &e), &e);
	}
	struct group_edit g = { .kind = GROUP_STATIC,
				.name = "static",
				.description = "",
				.filter = "",
				.by = "t" },
			  d = { .kind = GROUP_DYNAMIC,
				.name = "dynamic",
				.description = "",
				.filter = "hostname = db*",
				.by = "t" };
	uint32_t members[] = { r->host[0], r->host[3], r->host[4] };
	ok(fleet_group_create(r->f, &g, r->group, &e) &&
		   fleet_group_create(r->f, &d, r->dynamic, &e) &&
		   fleet_group_members(r->f, r->group, members, 3, true, "t", &n, &e) &&
		   fleet_set_state(r->f, r->host[4], HOST_RETIRED, &e),
	   &e);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;
	match_free(r->m);
	fleet_free(r->f);
	xfree(r);
	return 0;
}

/* In a text, S, D and the digits 0..4 behind '@' stand for ids. */
static char *ids_in(const struct rig *r, const char *text)
{
	AUTO(buf_done) struct buf b = BUF_INIT(1 << 16);
	for (; *text; text++) {
		if (*text != '@') {
			buf_addc(&b, *text);
			continue;
		}
		text++;
		buf_adds(&b, *text == 'S'   ? r->group
			     : *text == 'D' ? r->dynamic
					    : kit_id(*text - '0'));
	}
	return buf_take(&b);
}

static bool read_text(const struct rig *r, const char *text, struct arena *a, struct selector *out,
		      struct selector_error *why, struct err *e)
{
	AUTO(xfree) char *filled = ids_in(r, text);
	AUTO(json_free) json_t *j = NULL;
	ok(json_parse(str_of(filled), 1 << 16, &j, e), e);
	return selector_read(j, a, out, why, e);
}

/* The hosts as a string of their digits. */
static bool hosts_of(struct rig *r, const char *text, bool strict, char out[static 8],
		     struct err *e)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(match_read_end) struct match_view v;
	struct selector s;
	roaring_bitmap_t *hosts;
	ok(read_text(r, text, &a, &s, NULL, e), e);
	match_read(r->m, &v);
	AUTO(filter_run_end) struct filter_run run;
	filter_run_begin(&run, &v, kit_now_ms);
	if (!selector_hosts(&run, &s, strict, &hosts, e))
		return false;
	size_t n = 0;
	for (int i = 0; i < 5; i++)
		if (roaring_bitmap_contains(hosts, r->host[i]))
			out[n++] = (char)('0' + i);
	out[n] = '\0';
	roaring_bitmap_free(hosts);
	return true;
}

static void M_135_what_it_means(void **state)
{
	static const struct {
		const char *targets, *hosts;
	} cases[] = {
		{ "{}", "0123" },
		{ "{'systems':['@1','@2']}", "12" },
		{ "{'offices':['osaka','nowhere']}", "13" },
		{ "{'groups':['@S']}", "03" },
		{ "{'groups':['@D']}", "23" },
		{ "{'ip_ranges':['10.0.0.0/24']}", "01" },
		{ "{'systems':['@2'],'groups':['@S'],'ip_ranges':['10.0.0.2']}", "0123" },
		/* the filter narrows */
		{ "{'filter':'hostname = web*'}", "01" },
		{ "{'offices':['local'],'filter':'hostname = web*'}", "0" },
		{ "{'offices':['local'],'filter':''}", "02" },
		/* what is left out adds up */
		{ "{'exclude':{'offices':['local']}}", "13" },
		{ "{'exclude':{'offices':['local'],'filter':'hostname = web*'}}", "3" },
		{ "{'groups':['@S'],'exclude':{'systems':['@0'],'ip_ranges':['10.9.0.0/16']}}",
		  "3" },
		{ "{'exclude':{'systems':['@4']}}", "0123" },
		{ "{'offices':['local'],'exclude':{'groups':['@D']},'mode':'dynamic'}", "0" },
	};
	struct rig *r = *state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(xfree) char *text = xstrdup(cases[i].targets);
		struct err e = { 0 };
		char hosts[8];
		for (char *c = text; *c; c++)
			*c = *c == '\'' ? '"' : *c;
		ok(hosts_of(r, text, true, hosts, &e), &e);
		assert_string_equal(hosts, cases[i].hosts);
	}
}

static void what_is_not_there(void **state)
{
	struct rig *r = *state;
	struct err e = { 0 };
	char hosts[8];
	assert_false(hosts_of(r, "{\"systems\":[\"@4\"]}", true, hosts, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	ok(hosts_of(r, "{\"systems\":[\"@4\",\"@1\"]}", false, hosts, &e), &e);
	assert_string_equal(hosts, "1"); /* later: it has been retired */
	assert_false(hosts_of(r, "{\"groups\":[\"@1\"]}", false, hosts, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_false(hosts_of(r, "{\"exclude\":{\"filter\":\"group = x\"}}", false, hosts, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

static void refusals_point_at_the_member(void **state)
{
	static const struct {
		const char *targets, *pointer;
		size_t at; /* in a filter */
	} cases[] = {
		{ "[]", "", 0 },
		{ "{\"sistems\":[]}", "", 0 },
		{ "{\"systems\":[\"@1\",\"x\"]}", "/systems/1", 0 },
		{ "{\"groups\":\"@S\"}", "/groups", 0 },
		{ "{\"offices\":[\"\"]}", "/offices/0", 0 },
		{ "{\"ip_ranges\":[\"10.0.0.0/24\",\"10.0.0\"]}", "/ip_ranges/1", 0 },
		{ "{\"filter\":\"os = debian and\"}", "/filter", 16 },
		{ "{\"mode\":\"live\"}", "/mode", 0 },
		{ "{\"exclude\":{\"mode\":\"frozen\"}}", "/exclude", 0 },
		{ "{\"exclude\":{\"filter\":\"x\"}}", "/exclude/filter", 1 },
	};
	struct rig *r = *state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(arena_done) struct arena a = { 0 };
		struct selector_error why;
		struct selector s;
		struct err e = { 0 };
		assert_false(read_text(r, cases[i].targets, &a, &s, &why, &e));
		assert_int_equal(e.code, ERR_INVALID);
		assert_string_equal(why.pointer, cases[i].pointer);
		assert_int_equal(why.in_filter, cases[i].at > 0);
		assert_int_equal(why.filter.at, cases[i].at);
	}
}

static void it_is_written_as_it_was_read(void **state)
{
	static const char *const cases[] = {
		"{\"mode\":\"frozen\"}",
		"{\"systems\":[\"@1\"],\"offices\":[\"local\"],\"groups\":[\"@S\"],\"ip_ranges\":[\"10.0."
		"0.0/24\"],\"filter\":\"os = debian\",\"exclude\":{\"filter\":\"reboot\"},\"mode\":"
		"\"dynamic\"}",
	};
	struct rig *r = *state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(arena_done) struct arena a = { 0 };
		AUTO(xfree) char *want = ids_in(r, cases[i]);
		AUTO(buf_done) struct buf b = BUF_INIT(1 << 16);
		AUTO(json_free) json_t *j = NULL;
		struct selector s;
		struct err e = { 0 };
		ok(read_text(r, cases[i], &a, &s, NULL, &e), &e);
		assert_int_equal(s.dynamic, i == 1);
		assert_int_equal(selector_is_all(&s), i == 0);
		j = selector_write(&s);
		json_write(j, &b);
		assert_string_equal(b.p, want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(M_135_what_it_means, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_not_there, setup, teardown),
		cmocka_unit_test_setup_teardown(refusals_point_at_the_member, setup, teardown),
		cmocka_unit_test_setup_teardown(it_is_written_as_it_was_read, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
