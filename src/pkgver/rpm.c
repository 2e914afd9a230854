/* SPDX-License-Identifier: Apache-2.0
 * RPM's order: rpmvercmp of epoch, version and release. Segments of letters or digits count, what
 * stands between them does not; '~' sorts before everything, '^' after the end but before anything
 * that goes on. rpm-version(7). */
#include "pkgver/pkgver.h"
#include "pkgver/pkgver_int.h"

static bool is_separator(char c)
{
	return !is_digit(c) && !is_alpha(c) && c != '~' && c != '^';
}

static void skip_one(struct str *s)
{
	s->p++;
	s->n--;
}

/* '~' or '^' at the front of one side or both: decided (*out), or both taken off (*out = 0), or not
 * the case (false). */
static bool special(struct str *a, struct str *b, int *out)
{
	char ca = at(*a, 0), cb = at(*b, 0);
	*out = 0;
	if (ca == '~' || cb == '~') {
		*out = ca != '~' ? 1 : cb != '~' ? -1 : 0;
	} else if (ca == '^' || cb == '^') {
		if (!a->n || !b->n)
			*out = !a->n ? -1 : 1;
		else
			*out = ca != '^' ? 1 : cb != '^' ? -1 : 0;
	} else {
		return false;
	}
	if (!*out) {
		skip_one(a);
		skip_one(b);
	}
	return true;
}

/* One segment of each; both sides have one. */
static int compare_segment(struct str *a, struct str *b)
{
	bool number = is_digit(at(*a, 0));
	bool (*kind)(char) = number ? is_digit : is_alpha;
	struct str sa = take_run(a, kind), sb = take_run(b, kind);
	if (!sb.n) /* a number is newer than a word */
		return number ? 1 : -1;
	return number ? compare_digits(sa, sb) : sign(str_cmp(sa, sb));
}

int rpm_segment_compare(struct str a, struct str b)
{
	if (str_eq(a, b))
		return 0;
	while (a.n || b.n) {
		int c;
		take_run(&a, is_separator);
		take_run(&b, is_separator);
		if (special(&a, &b, &c)) {
			if (c)
				return c;
			continue;
		}
		if (!a.n || !b.n)
			break;
		c = compare_segment(&a, &b);
		if (c)
			return c;
	}
	return a.n ? 1 : b.n ? -1 : 0;
}

struct evr {
	struct str epoch, version, release; /* release.p NULL = not there */
};

static struct evr split(struct str s)
{
	struct evr v = { .epoch = { "0", 1 } };
	struct str rest = s, digits = take_run(&rest, is_digit);
	if (rest.n && rest.p[0] == ':') {
		if (digits.n)
			v.epoch = digits;
		s = (struct str) { rest.p + 1, rest.n - 1 };
	}
	const char *dash = s.n ? memrchr(s.p, '-', s.n) : NULL;
	if (dash) {
		v.release = (struct str) { dash + 1, s.n - (size_t)(dash + 1 - s.p) };
		s.n = (size_t)(dash - s.p);
	}
	v.version = s;
	return v;
}

int rpm_compare(struct str a, struct str b)
{
	if (str_eq(a, b))
		return 0;
	struct evr va = split(str_trim(a)), vb = split(str_trim(b));
	int c = compare_digits(va.epoch, vb.epoch);
	if (!c)
		c = rpm_segment_compare(va.version, vb.version);
	if (c)
		return c;
	if (!va.release.p || !vb.release.p)
		return (va.release.p != NULL) - (vb.release.p != NULL);
	return rpm_segment_compare(va.release, vb.release);
}

/* From `mark` to the end; "" = not there. */
static struct str tail(struct str s, const char *mark)
{
	size_t n = strlen(mark);
	for (size_t i = 0; i + n <= s.n; i++)
		if (memcmp(s.p + i, mark, n) == 0)
			return (struct str) { s.p + i, s.n - i };
	return (struct str) { s.p + s.n, 0 };
}

static bool has(struct str s, const char *mark)
{
	return tail(s, mark).n > 0;
}

struct str rpm_module_build(struct str evr)
{
	struct str build = tail(evr, ".module");
	if (build.n < 8 || !memchr(build.p + 8, '+', build.n - 8)) /* only a release, no number */
		build.n = 0;
	return build;
}

bool rpm_stream_leads(struct str stream, struct str evr)
{
	ptrdiff_t colon = str_find(stream, ':');
	struct str version = split(str_trim(evr)).version, rest = stream;
	if (colon < 0)
		return false;
	rest.p += colon + 1;
	rest.n -= (size_t)colon + 1;
	for (size_t i = 0; i < rest.n; i++)
		if (!is_digit(rest.p[i]) && rest.p[i] != '.')
			return false;
	return rest.n > 0 && version.n >= rest.n && memcmp(version.p, rest.p, rest.n) == 0 &&
	       !is_digit(at(version, rest.n));
}

/* The next number or word; "" at the end. */
static struct str part_of(struct str *version)
{
	take_run(version, is_separator);
	return take_run(version, is_digit(at(*version, 0)) ? is_digit : is_alpha);
}

unsigned rpm_parts_alike(struct str evr_a, struct str evr_b)
{
	struct str a = split(str_trim(evr_a)).version, b = split(str_trim(evr_b)).version;
	for (unsigned n = 0;; n++) {
		struct str pa = part_of(&a), pb = part_of(&b);
		if (pa.n == 0 || !str_eq(pa, pb))
			return n;
	}
}

struct str rpm_leading_parts(struct str evr, size_t n)
{
	struct str version = split(str_trim(evr)).version, rest = version;
	for (; n > 0; n--) {
		struct str part = part_of(&rest);
		if (part.n == 0 || !is_digit(part.p[0]))
			return (struct str) { version.p, 0 };
	}
	return (struct str) { version.p, (size_t)(rest.p - version.p) };
}

enum rpm_lineage rpm_lineage(struct str evr)
{
	if (has(evr, ".module"))
		return RPM_LINEAGE_MODULE;
	if (has(evr, ".ksplice"))
		return RPM_LINEAGE_KSPLICE;
	return has(evr, "_fips") ? RPM_LINEAGE_FIPS : RPM_LINEAGE_PLAIN;
}
