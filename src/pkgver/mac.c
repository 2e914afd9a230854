/* SPDX-License-Identifier: Apache-2.0
 * macOS product versions, Rapid Security Response letters and build numbers, in the forms that
 * sw_vers, softwareupdate and Apple's documents give. Apple publishes no rule for builds; the one
 * here is: release train (number and letter), then build number; a seed's 5000 is taken off
 * ("23A5257q" is before "23A344"), and a Rapid Security Response's six digits put it behind its
 * base. */
#include "pkgver/pkgver.h"
#include "pkgver/pkgver_int.h"

struct build {
	struct str train, number; /* digits; train.n = 0 when there is no build */
	char letter, suffix;
	bool seed;
};
struct version {
	struct str product;  /* digits and dots */
	struct str response; /* "a" */
	struct build build;
	struct str other; /* anything else */
};

static bool is_product(char c)
{
	return is_digit(c) || c == '.';
}

/* "22F82", "23A5257q", "22F770820b": all of `s`, or false. */
static bool read_build(struct str s, struct build *out)
{
	struct build b = { .train = take_run(&s, is_digit) };
	if (!b.train.n || !is_upper(at(s, 0)))
		return false;
	b.letter = s.p[0];
	s = (struct str) { s.p + 1, s.n - 1 };
	b.number = take_run(&s, is_digit);
	if (s.n == 1 && is_lower(s.p[0])) {
		b.suffix = s.p[0];
		s.n = 0;
	}
	b.seed = b.suffix && b.number.n == 4 && b.number.p[0] == '5';
	if (b.seed)
		b.number = (struct str) { b.number.p + 1, 3 };
	if (s.n || !b.number.n)
		return false;
	*out = b;
	return true;
}

/* The next "(...)" at the front of `s`. */
static bool bracket(struct str *s, struct str *out)
{
	*s = str_trim(*s);
	ptrdiff_t end = str_find(*s, ')');
	if (!s->n || s->p[0] != '(' || end < 0)
		return false;
	*out = str_trim((struct str) { s->p + 1, (size_t)end - 1 });
	*s = (struct str) { s->p + end + 1, s->n - (size_t)end - 1 };
	return true;
}

static struct version read_version(struct str s)
{
	struct version v = { .product = { "", 0 }, .response = { "", 0 } };
	s = str_trim(s);
	if (str_starts(s, "macOS "))
		s = str_trim((struct str) { s.p + 6, s.n - 6 });
	if (read_build(s, &v.build))
		return v;
	v.product = take_run(&s, is_product);
	struct str in;
	for (struct str rest = s; bracket(&rest, &in); s = rest) {
		bool letter = in.n == 1 && is_lower(in.p[0]);
		if (letter && !v.response.n && !v.build.train.n)
			v.response = in;
		else if (v.build.train.n || !read_build(in, &v.build))
			break;
	}
	v.other = str_trim(s);
	return v;
}

static int compare_product(struct str a, struct str b)
{
	struct str fa, fb;
	while (a.n || b.n) {
		fa = fb = (struct str) { "", 0 };
		str_split(&a, '.', &fa);
		str_split(&b, '.', &fb);
		int c = compare_digits(fa, fb);
		if (c)
			return c;
	}
	return 0;
}

static int compare_build(const struct build *a, const struct build *b)
{
	int c = compare_digits(a->train, b->train);
	if (!c)
		c = sign(a->letter - b->letter);
	if (!c)
		c = compare_digits(a->number, b->number);
	if (!c)
		c = (b->seed ? 1 : 0) - (a->seed ? 1 : 0);
	return c ? c : sign(a->suffix - b->suffix);
}

int mac_compare(struct str a, struct str b)
{
	struct version va = read_version(a), vb = read_version(b);
	if ((va.product.n == 0) != (vb.product.n == 0))
		return va.product.n ? 1 : -1;
	int c = compare_product(va.product, vb.product);
	if (!c)
		c = sign(str_cmp(va.response, vb.response));
	if (!c && va.build.train.n && vb.build.train.n)
		c = compare_build(&va.build, &vb.build);
	return c ? c : sign(str_cmp(va.other, vb.other));
}
