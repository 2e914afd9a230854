/* SPDX-License-Identifier: Apache-2.0
 * UTF-8 checking, eight ASCII bytes at a time since nearly all text here is ASCII. Invariant: reads
 * nothing past s.n. */
#include "base/utf8.h"

/* Length of the valid sequence at p (n > 0 bytes there), or 0. RFC 3629 section 4. */
static size_t sequence(const unsigned char *p, size_t n)
{
	unsigned char c = p[0];
	if (c < 0x80)
		return 1;
	size_t len = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
	if (c < 0xC2 || c > 0xF4 || n < len)
		return 0;
	unsigned char low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
	unsigned char high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((p[i] & 0xC0) != 0x80)
			return 0;
	return len;
}

bool utf8_valid(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t n = s.n;
	while (n) {
		uint64_t word;
		if (n >= sizeof(word)) {
			memcpy(&word, p, sizeof(word));
			if (!(word & 0x8080808080808080ull)) {
				p += sizeof(word);
				n -= sizeof(word);
				continue;
			}
		}
		size_t len = sequence(p, n);
		if (!len)
			return false;
		p += len;
		n -= len;
	}
	return true;
}

void utf8_repair(struct str s, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)s.p;
	for (size_t i = 0; i < s.n;) {
		size_t len = sequence(p + i, s.n - i);
		if (len)
			buf_add(out, p + i, len);
		else
			buf_adds(out, "\xEF\xBF\xBD");
		i += len ? len : 1;
	}
}
