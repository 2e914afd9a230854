/* SPDX-License-Identifier: Apache-2.0
 * winget's order (winget-cli, Versions.cpp; public documentation "package version"): parts at dots,
 * each a number and a text; a part with text is lower than the same number without. "Latest" is
 * above and "Unknown" below everything. "< 1.0" and "> 1.0" stand just below and above 1.0. */
#include "pkgver/pkgver.h"
#include "pkgver/pkgver_int.h"

#include <strings.h>

struct version {
	struct str rest; /* parts still to be read */
	int approximate; /* -1, 0, 1 */
	int extreme;	 /* 1 = Latest, -1 = Unknown */
};

struct part {
	uint64_t number;
	struct str text;
};

/* C's isspace, which winget trims. */
static struct str trim(struct str s)
{
	static const char blanks[] = " \f\n\r\t\v";
	while (s.n && memchr(blanks, s.p[0], sizeof(blanks) - 1)) {
		s.p++;
		s.n--;
	}
	while (s.n && memchr(blanks, s.p[s.n - 1], sizeof(blanks) - 1))
		s.n--;
	return s;
}

/* strtoull's reading: an optional sign, digits; a number too large makes the whole part text. */
static struct part read_part(struct str s)
{
	s = trim(s);
	struct str rest = s;
	bool minus = at(s, 0) == '-';
	if (minus || at(s, 0) == '+')
		rest = (struct str) { s.p + 1, s.n - 1 };
	struct str digits = take_run(&rest, is_digit);
	if (!digits.n)
		return (struct part) { 0, s };
	while (digits.n > 1 && digits.p[0] == '0') {
		digits.p++;
		digits.n--;
	}
	uint64_t v;
	if (!str_to_u64(digits, &v))
		return (struct part) { 0, s };
	return (struct part) { minus ? 0 - v : v, rest };
}

/* The next part; past the end the empty one. A dot at the very end starts no part. */
static struct part next_part(struct str *rest)
{
	struct str s = { "", 0 };
	if (rest->n)
		str_split(rest, '.', &s);
	return read_part(s);
}

static bool is_word(struct str s, const char *word)
{
	return s.n == strlen(word) && strncasecmp(s.p, word, s.n) == 0;
}

/* Whether nothing but one part with this text is there (parts of 0 behind it do not count). */
static bool is_only(struct str rest, const char *word)
{
	struct part p = next_part(&rest);
	if (p.number || !is_word(p.text, word))
		return false;
	while (rest.n) {
		p = next_part(&rest);
		if (p.number || p.text.n)
			return false;
	}
	return true;
}

static struct version open_version(struct str s)
{
	struct version v = { 0 };
	s = trim(s);
	if (s.n >= 2 && (s.p[0] == '<' || s.p[0] == '>') && s.p[1] == ' ') {
		v.approximate = s.p[0] == '<' ? -1 : 1;
		s = (struct str) { s.p + 2, s.n - 2 };
	}
	/* "v1.2", "Version 1.2": what stands before the first digit goes, when it holds no dot. */
	size_t digit = 0;
	while (digit < s.n && !is_digit(s.p[digit]) && s.p[digit] != '.')
		digit++;
	if (digit < s.n && s.p[digit] != '.')
		s = (struct str) { s.p + digit, s.n - digit };
	v.rest = s;
	v.extreme = is_only(s, "latest") ? 1 : is_only(s, "unknown") ? -1 : 0;
	return v;
}

static int compare_text(struct str a, struct str b)
{
	if (!a.n || !b.n)
		return (a.n == 0) - (b.n == 0);
	for (size_t i = 0; i < a.n && i < b.n; i++) {
		unsigned char ca = (unsigned char)a.p[i], cb = (unsigned char)b.p[i];
		ca += is_upper((char)ca) ? 32 : 0;
		cb += is_upper((char)cb) ? 32 : 0;
		if (ca != cb)
			return ca < cb ? -1 : 1;
	}
	return a.n < b.n ? -1 : a.n > b.n;
}

int winget_compare(struct str a, struct str b)
{
	struct version va = open_version(a), vb = open_version(b);
	if (va.extreme != vb.extreme)
		return va.extreme < vb.extreme ? -1 : 1;
	while (!va.extreme && (va.rest.n || vb.rest.n)) {
		struct part pa = next_part(&va.rest), pb = next_part(&vb.rest);
		if (pa.number != pb.number)
			return pa.number < pb.number ? -1 : 1;
		int c = compare_text(pa.text, pb.text);
		if (c)
			return c;
	}
	return sign(va.approximate - vb.approximate);
}
