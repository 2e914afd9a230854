/* SPDX-License-Identifier: Apache-2.0
 * The JSON stream: right documents in any chunks, wrong ones refused; and the tracker on top of it.
 */
#include "feeds/read/json_stream.h"
#include "../samples.h"
#include "feeds/debian/debian_int.h"

static struct err e;

static bool write_event(void *arg, enum json_event ev, unsigned depth, struct str text,
			struct err *err)
{
	buf_printf(arg, "%c%u%.*s ", "{}[]KSO"[ev], depth, STR_ARG(text));
	return true;
}

static bool events(const char *json, size_t step, struct buf *out)
{
	AUTO(json_stream_free) struct json_stream *s = json_stream_new(write_event, out);
	size_t n = strlen(json);
	for (size_t at = 0; at < n; at += step)
		if (!json_stream_feed(s, (struct str) { json + at, MIN(n - at, step) }, &e))
			return false;
	return json_stream_end(s, &e);
}

static void events_in_any_chunks(void **state)
{
	const char *json =
		" {\"a\": [1, -2.5e3, true, null], \"\\u00e9\\ud83d\\ude00\\n\": {}, \"c\":\"x\\\"y\"} ";
	const char *want =
		"{0 K1a [1 O21 O2-2.5e3 O2true O2null ]1 K1\xc3\xa9\xf0\x9f\x98\x80\n {1 }1 K1c S1x\"y }0 ";
	for (size_t step = 1; step < 100; step += 9) {
		AUTO(buf_done) struct buf b = BUF_INIT(1000);
		assert_true(events(json, step, &b));
		assert_string_equal(b.p, want);
	}
}

static void wrong_documents_are_refused_F37(void **state)
{
	static const char *const bad[] = {
		"",
		"{",
		"[1,]",
		"{\"a\" 1}",
		"{\"a\":1,}",
		"{a:1}",
		"[1 2]",
		"{} {}",
		"[tru]",
		"[01x]",
		"[-]",
		"[\"\\x\"]",
		"[\"\\ud800\"]",
		"[\"\\udc00\"]",
		"[\"\\u00g0\"]",
		"[\"\\u0000\"]",
		"[\"a\nb\"]",
		"[\"\xff\"]",
		"]",
		"[}",
		"{\"a\":[}",
		"<html>",
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(buf_done) struct buf b = BUF_INIT(1000);
		if (events(bad[i], 3, &b))
			fail_msg("'%s' was read", bad[i]);
		assert_int_equal(e.code, ERR_CORRUPT);
	}
	char deep[100];
	memset(deep, '[', sizeof(deep));
	deep[99] = '\0';
	AUTO(buf_done) struct buf b = BUF_INIT(10000);
	assert_false(events(deep, 10, &b));
}

static bool take(void *arg, const struct debian_notice *n, struct err *err)
{
	buf_printf(arg, "%.*s %.*s %.*s fixed=%.*s severity=%s open=%.*s%s\n", STR_ARG(n->a.id),
		   STR_ARG(n->a.product), STR_ARG(n->a.os), STR_ARG(n->a.fixed),
		   severity_name(n->a.severity), STR_ARG(n->a.status),
		   n->ignored ? " ignored" : "");
	return true;
}

static void tracker_entries(void **state)
{
	const char *json =
		"{\"a\":{\"CVE-1\":{\"description\":\"releases\",\"releases\":{"
		"\"bookworm\":{\"status\":\"resolved\",\"repositories\":{\"status\":\"open\"},\"fixed_version\":\"1-1+deb12u1\",\"urgency\":\"medium\"},"
		"\"trixie\":{\"status\":\"resolved\",\"fixed_version\":\"2-1\",\"urgency\":\"high**\"},"
		"\"sid\":{\"status\":\"resolved\",\"fixed_version\":\"0\",\"urgency\":\"low\"},"
		"\"bullseye\":{\"status\":\"open\",\"urgency\":\"not yet assigned\"},"
		"\"buster\":{\"status\":\"open\",\"urgency\":\"low\",\"nodsa\":\"Minor issue\",\"nodsa_reason\":\"\"},"
		"\"stretch\":{\"status\":\"open\",\"urgency\":\"end-of-life\"},"
		"\"forky\":{\"status\":\"open\",\"urgency\":\"unimportant\"}}},"
		"\"CVE-2\":{\"releases\":{\"sid\":{\"status\":\"open\",\"nodsa\":\"x\",\"nodsa_reason\":\"postponed\"}}},"
		"\"TEMP-3\":{\"releases\":{\"sid\":{\"status\":\"open\"}}}}}";
	const char *want = "CVE-1 a debian:12 fixed=1-1+deb12u1 severity=moderate open=\n"
			   "CVE-1 a debian:13 fixed= severity=important open=\n"
			   "CVE-1 a debian:sid fixed= severity=low open= ignored\n"
			   "CVE-1 a debian:11 fixed= severity=unrated open=affected\n"
			   "CVE-1 a debian:10 fixed= severity=low open=no-dsa\n"
			   "CVE-1 a debian:9 fixed= severity=unrated open=end-of-life\n"
			   "CVE-1 a debian:forky fixed= severity=low open=unimportant\n"
			   "CVE-2 a debian:sid fixed= severity=unrated open=postponed\n"
			   "TEMP-3 a debian:sid fixed= severity=unrated open= ignored\n";
	AUTO(buf_done) struct buf out = BUF_INIT(10000);
	AUTO(unpack_free) struct unpack *u = NULL, *page = NULL;
	assert_true(unpack_open_mem(str_of(json), "t", 1u << 20, 0, &u, &e));
	if (!debian_tracker_parse(u, take, &out, &e))
		fail_msg("%s", e.msg);
	assert_string_equal(out.p, want);
	assert_true(unpack_open_mem(STR_LIT("[1]"), "t", 1u << 20, 0, &page, &e));
	assert_false(debian_tracker_parse(page, take, &out, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_in_any_chunks),
		cmocka_unit_test(wrong_documents_are_refused_F37),
		cmocka_unit_test(tracker_entries),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
