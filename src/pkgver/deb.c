/* SPDX-License-Identifier: Apache-2.0
 * Debian's order, deb-version(7): epoch, then upstream version, then revision; each compared by
 * turns as text (where '~' sorts before the end, letters before everything else) and as number. */
#include "pkgver/pkgver.h"
#include "pkgver/pkgver_int.h"

struct deb_version {
	struct str epoch, upstream, revision;
};

/* A missing epoch and a missing revision are 0. */
static struct deb_version split(struct str s)
{
	struct deb_version v = { .epoch = { "", 0 }, .revision = { "", 0 } };
	s = str_trim(s);
	ptrdiff_t colon = str_find(s, ':');
	if (colon >= 0) {
		v.epoch = (struct str) { s.p, (size_t)colon };
		s = (struct str) { s.p + colon + 1, s.n - (size_t)colon - 1 };
	}
	const char *dash = s.n ? memrchr(s.p, '-', s.n) : NULL;
	if (dash) {
		v.revision = (struct str) { dash + 1, s.n - (size_t)(dash + 1 - s.p) };
		s.n = (size_t)(dash - s.p);
	}
	v.upstream = s;
	return v;
}

/* A character's weight in the text turns. A digit ends the turn, as the end does. */
static int weight(struct str s, size_t i)
{
	char c = at(s, i);
	if (i >= s.n || is_digit(c))
		return 0;
	if (is_alpha(c))
		return c;
	return c == '~' ? -1 : (unsigned char)c + 256;
}

static bool is_text(struct str s, size_t i)
{
	return i < s.n && !is_digit(s.p[i]);
}

static int compare_part(struct str a, struct str b)
{
	while (a.n || b.n) {
		size_t i = 0;
		for (; is_text(a, i) || is_text(b, i); i++) {
			int wa = weight(a, i), wb = weight(b, i);
			if (wa != wb)
				return wa < wb ? -1 : 1;
		}
		/* Equal weights: both turns had the same length. */
		a = (struct str) { a.p + i, a.n - i };
		b = (struct str) { b.p + i, b.n - i };
		int c = compare_digits(take_run(&a, is_digit), take_run(&b, is_digit));
		if (c)
			return c;
	}
	return 0;
}

int deb_compare(struct str a, struct str b)
{
	if (str_eq(a, b))
		return 0;
	struct deb_version va = split(a), vb = split(b);
	int c = compare_part(va.epoch, vb.epoch);
	if (!c)
		c = compare_part(va.upstream, vb.upstream);
	return c ? c : compare_part(va.revision, vb.revision);
}
