/* SPDX-License-Identifier: Apache-2.0
 * Headers and body. Invariants: every byte is ASCII, every line at most 78 characters, and no value
 * from outside can begin a header of its own. */
#include "mail/message.h"

#include "base/enc.h"

#include <stdio.h>
#include <time.h>

#define WORD_BYTES 45 /* an encoded word of 75 characters holds so many bytes */
#define LINE_BYTES 57 /* of base64 in a line of 76 */

/* Standard base64 with padding (RFC 4648 section 4). */
static void base64(struct buf *out, const char *p, size_t n)
{
	AUTO(buf_done) struct buf b = BUF_INIT(4 * LINE_BYTES);
	enc_base64url(&b, p, n);
	for (size_t i = 0; i < b.n; i++)
		buf_addc(out, b.p[i] == '-' ? '+' : b.p[i] == '_' ? '/' : b.p[i]);
	while (b.n++ % 4)
		buf_addc(out, '=');
}

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static bool is_plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] > '~')
			return false;
	return true;
}

/* "=?UTF-8?B?...?=" words, each of whole characters, folded (RFC 2047). */
static void encoded_words(struct buf *out, struct str s)
{
	while (s.n) {
		size_t n = MIN(s.n, (size_t)WORD_BYTES);
		while (n > 1 && n < s.n && is_continuation(s.p[n]))
			n--;
		char piece[WORD_BYTES];
		for (size_t i = 0; i < n; i++)
			piece[i] = (unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f ? ' ' : s.p[i];
		buf_adds(out, "=?UTF-8?B?");
		base64(out, piece, n);
		buf_adds(out, "?=");
		s = (struct str) { s.p + n, s.n - n };
		if (s.n)
			buf_adds(out, "\r\n ");
	}
}

/* Short ASCII stands as it is; what would look encoded is encoded. */
static void unstructured(struct buf *out, const char *name, struct str s)
{
	buf_printf(out, "%s: ", name);
	if (is_plain(s) && s.n + strlen(name) + 2 <= 76 && !memmem(s.p, s.n, "=?", 2))
		buf_addstr(out, s);
	else if (s.n) {
		buf_adds(out, "\r\n ");
		encoded_words(out, s);
	}
	buf_adds(out, "\r\n");
}

static void from_header(struct buf *out, const char *name, const char *address)
{
	struct str s = str_of(name);
	bool plain = is_plain(s) && s.n <= 60 && !strpbrk(name, "\"\\") && !strstr(name, "=?");
	buf_adds(out, "From: ");
	if (s.n && plain)
		buf_printf(out, "\"%s\"\r\n ", name);
	else if (s.n) {
		buf_adds(out, "\r\n ");
		encoded_words(out, s);
		buf_adds(out, "\r\n ");
	}
	buf_printf(out, "<%s>\r\n", address);
}

static void date_header(struct buf *out, int64_t at_ms, int offset_min)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t t = (time_t)(at_ms / 1000 + (int64_t)offset_min * 60);
	struct tm tm;
	gmtime_r(&t, &tm);
	int off = offset_min < 0 ? -offset_min : offset_min;
	buf_printf(out, "Date: %.3s, %d %.3s %d %02d:%02d:%02d %c%02d%02d\r\n",
		   days + (ptrdiff_t)3 * tm.tm_wday, tm.tm_mday, months + (ptrdiff_t)3 * tm.tm_mon,
		   tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec, offset_min < 0 ? '-' : '+',
		   off / 60, off % 60);
}

static void body(struct buf *out, struct str text)
{
	AUTO(buf_done) struct buf lines = BUF_INIT(2 * MAIL_BODY_MAX);
	struct str line;
	while (text.n && str_line(&text, &line)) {
		buf_addstr(&lines, line);
		buf_adds(&lines, "\r\n");
	}
	for (size_t at = 0; at < lines.n; at += LINE_BYTES) {
		base64(out, lines.p + at, MIN(lines.n - at, (size_t)LINE_BYTES));
		buf_adds(out, "\r\n");
	}
}

void mail_message_write(const struct mail_message *m, struct buf *out)
{
	date_header(out, m->at_ms, m->offset_min);
	from_header(out, m->from_name, m->from);
	buf_printf(out, "To: <%s>\r\n", m->to);
	unstructured(out, "Subject", str_of(m->subject));
	buf_printf(out, "Message-ID: <%s>\r\n", m->id);
	buf_adds(out, "Auto-Submitted: auto-generated\r\n"); /* RFC 3834: nobody is to answer it */
	buf_adds(out, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n");
	buf_printf(out, "Content-Language: %s\r\nContent-Transfer-Encoding: base64\r\n\r\n",
		   m->language);
	body(out, m->body);
}
