/* SPDX-License-Identifier: Apache-2.0
 * Small readings the parsers of enrichment share. */
#include "base/clock.h"
#include "base/utf8.h"
#include "feeds/enrichment/enrichment_int.h"

bool enrichment_pump(struct unpack *u, pipe_consumer fn, void *arg, struct err *e)
{
	AUTO(xfree) char *chunk = xmalloc(1u << 16);
	for (size_t got = 1; got;)
		if (!unpack_read(u, chunk, 1u << 16, &got, e) ||
		    (got && !fn(arg, (struct str) { chunk, got }, e)))
			return false;
	return true;
}

bool enrichment_day(struct str s, int64_t *out)
{
	char text[32];
	if (s.n < 10 || (s.n > 10 && s.p[10] != 'T' && s.p[10] != ' '))
		return false;
	snprintf(text, sizeof(text), "%.10sT00:00:00Z", s.p);
	return clock_parse_rfc3339(str_of(text), out);
}

bool enrichment_time(struct str s, int64_t *out)
{
	return clock_parse_rfc3339(s, out) || enrichment_day(s, out);
}

struct str enrichment_line(struct arena *a, struct str s, size_t max)
{
	AUTO(buf_done) struct buf b = BUF_INIT(3 * s.n + 1);
	utf8_repair(s, &b);
	for (size_t i = 0; i < b.n; i++)
		if ((unsigned char)b.p[i] < 0x20 || b.p[i] == 0x7f)
			b.p[i] = ' ';
	struct str line = str_trim(buf_str(&b));
	if (line.n > max) {
		line.n = max;
		while (line.n && ((unsigned char)line.p[line.n] & 0xC0) == 0x80)
			line.n--;
		line = str_trim(line);
	}
	return arena_str(a, line);
}

char enrichment_sniff(struct str head)
{
	if (head.n >= 3 && memcmp(head.p, "\xEF\xBB\xBF", 3) == 0)
		head = (struct str) { head.p + 3, head.n - 3 };
	head = str_trim(head);
	return head.n ? head.p[0] : '\0';
}
