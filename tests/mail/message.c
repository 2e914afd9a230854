/* SPDX-License-Identifier: Apache-2.0
 * A mail's bytes: headers that every mail program reads the same way, and no value that could begin
 * a header of its own (M-045, M-076). */
#include "mail/message.h"

#include "base/enc.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void write_it(struct mail_message m, struct buf *out)
{
	*out = BUF_INIT(MAIL_MESSAGE_MAX);
	m.from = m.from ? m.from : "patches@example.org";
	m.from_name = m.from_name ? m.from_name : "";
	m.to = "admin@example.org";
	m.id = "0123@host.example";
	m.language = "ja";
	m.at_ms = 1763859600000; /* 2025-11-23 01:00:00 UTC, a Sunday */
	mail_message_write(&m, out);
	assert_false(out->overflowed);
	struct str rest = buf_str(out), line;
	while (rest.n && str_split(&rest, '\n', &line)) {
		if (!line.n && !rest.n)
			break;
		assert_true(line.n >= 1 && line.p[line.n - 1] == '\r');
		assert_true(line.n - 1 <= 78);
		for (size_t i = 0; i + 1 < line.n; i++)
			assert_in_range(line.p[i], ' ', '~');
	}
}

static void test_whole(void **state UNUSED)
{
	AUTO(buf_done) struct buf out = { 0 };
	write_it((struct mail_message) { .from_name = "Tsukuroi",
					 .subject = "ready",
					 .body = STR_LIT("one\ntwo\n"),
					 .offset_min = 540 },
		 &out);
	assert_string_equal(out.p, "Date: Sun, 23 Nov 2025 10:00:00 +0900\r\n"
				   "From: \"Tsukuroi\"\r\n"
				   " <patches@example.org>\r\n"
				   "To: <admin@example.org>\r\n"
				   "Subject: ready\r\n"
				   "Message-ID: <0123@host.example>\r\n"
				   "Auto-Submitted: auto-generated\r\n"
				   "MIME-Version: 1.0\r\n"
				   "Content-Type: text/plain; charset=UTF-8\r\n"
				   "Content-Language: ja\r\n"
				   "Content-Transfer-Encoding: base64\r\n"
				   "\r\n"
				   "b25lDQp0d28NCg==\r\n");
}

static void test_date(void **state UNUSED)
{
	AUTO(buf_done) struct buf out = { 0 };
	write_it((struct mail_message) { .subject = "s", .offset_min = -210 }, &out);
	assert_true(str_starts(buf_str(&out), "Date: Sat, 22 Nov 2025 21:30:00 -0330\r\n"));
}

/* The words of the subject, put together again. */
static void subject_of(const char *message, struct buf *out)
{
	const char *at = strstr(message, "Subject:"), *end = strstr(at, "\r\nMessage-ID");
	while ((at = strstr(at, "=?UTF-8?B?")) && at < end) {
		at += strlen("=?UTF-8?B?");
		const char *stop = strstr(at, "?=");
		assert_true(stop - at + 12 <= 75);
		AUTO(buf_done) struct buf word = BUF_INIT(100), plain = BUF_INIT(100);
		for (const char *p = at; p < stop && *p != '='; p++)
			buf_addc(&word, *p == '+' ? '-' : *p == '/' ? '_' : *p);
		assert_true(enc_unbase64url(buf_str(&word), &plain));
		assert_true(utf8_valid(buf_str(&plain))); /* whole characters in each word */
		buf_addstr(out, buf_str(&plain));
	}
}

static void test_japanese_subject(void **state UNUSED)
{
	static const char *const subjects[] = {
		"配布",
		"配布「2026年11月の月例パッチ（本社の全サーバー、段階的に配布）」が完了しました: 失敗 3 台",
		"Deployment 本社 / 支社 😀 ended",
		"=?UTF-8?B?eA==?=",
		"a long English subject of more than seventy-six characters that has to be put into words",
	};
	for (size_t i = 0; i < ARRAY_LEN(subjects); i++) {
		AUTO(buf_done) struct buf out = { 0 }, subject = BUF_INIT(1000);
		write_it((struct mail_message) { .subject = subjects[i] }, &out);
		subject_of(out.p, &subject);
		assert_true(str_is(buf_str(&subject), subjects[i]));
	}
}

/* A32: what an agent or an administrator named begins no header. */
static void test_no_injection(void **state UNUSED)
{
	AUTO(buf_done) struct buf out = { 0 };
	write_it((struct mail_message) { .subject = "x\r\nBcc: evil@example.org\r\n\r\nbody",
					 .from_name = "n\"\r\nBcc: evil@example.org",
					 .body = STR_LIT(".\r\nQUIT\r\n") },
		 &out);
	assert_null(strstr(out.p, "Bcc:"));
	assert_null(strstr(out.p, "QUIT"));
	const char *end = strstr(out.p, "\r\n\r\n");
	assert_non_null(end);
	assert_non_null(strstr(out.p, "Content-Transfer-Encoding"));
	assert_true(strstr(out.p, "Content-Transfer-Encoding") < end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_date),
		cmocka_unit_test(test_japanese_subject),
		cmocka_unit_test(test_no_injection),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
