/* SPDX-License-Identifier: Apache-2.0
 * Hex, base64url and percent encoding. Decoders refuse everything that is not canonical input. */
#include "base/enc.h"

static int hexval(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

char *enc_hex(const void *p, size_t n, char *out)
{
	static const char d[] = "0123456789abcdef";
	const uint8_t *b = p;
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = d[b[i] >> 4];
		out[2 * i + 1] = d[b[i] & 15];
	}
	out[2 * n] = '\0';
	return out;
}

/* Value of each digit + 1, so that 0 says "no digit": a table, as feeds convert millions of them.
 */
static const uint8_t hex_digits[256] = {
	['0'] = 1,  ['1'] = 2,	['2'] = 3,  ['3'] = 4,	['4'] = 5,  ['5'] = 6,
	['6'] = 7,  ['7'] = 8,	['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
	['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16, ['A'] = 11, ['B'] = 12,
	['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

bool enc_unhex(struct str s, void *out, size_t n)
{
	const unsigned char *p = (const unsigned char *)s.p;
	bool good = s.n == 2 * n;
	for (size_t i = 0; good && i < s.n; i++)
		good = hex_digits[p[i]] != 0;
	for (size_t i = 0; good && i < n; i++)
		((uint8_t *)out)[i] = (uint8_t)((hex_digits[p[2 * i]] - 1) << 4 |
						(hex_digits[p[2 * i + 1]] - 1));
	return good;
}

static const char b64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void enc_base64url(struct buf *b, const void *p, size_t n)
{
	const uint8_t *q = p;
	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)q[i] << 16;
		size_t left = n - i;
		if (left > 1)
			v |= (uint32_t)q[i + 1] << 8;
		if (left > 2)
			v |= q[i + 2];
		char o[4] = { b64[v >> 18], b64[v >> 12 & 63], b64[v >> 6 & 63], b64[v & 63] };
		buf_add(b, o, left > 2 ? 4 : left + 1);
	}
}

static int b64val(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool enc_unbase64url(struct str s, struct buf *b)
{
	if (s.n % 4 == 1)
		return false;
	uint32_t v = 0;
	int bits = 0;
	char out[1024] = "";
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		int q = b64val(s.p[i]);
		if (q < 0)
			return false;
		v = v << 6 | (uint32_t)q;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			out[n++] = (char)(v >> bits & 255);
		}
		if (n == sizeof(out)) {
			buf_add(b, out, n);
			n = 0;
		}
	}
	buf_add(b, out, n);
	return (v & ((1u << bits) - 1)) == 0;
}

void enc_percent(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
			     (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_' || c == '~';
		if (plain)
			buf_addc(b, (char)c);
		else
			buf_printf(b, "%%%02X", c);
	}
}

bool enc_unpercent(struct str s, struct buf *b)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (c == '%') {
			if (i + 2 >= s.n || hexval(s.p[i + 1]) < 0 || hexval(s.p[i + 2]) < 0)
				return false;
			c = (char)(hexval(s.p[i + 1]) << 4 | hexval(s.p[i + 2]));
			i += 2;
		}
		if (c == '\0')
			return false;
		buf_addc(b, c);
	}
	return true;
}
