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

static bool has(struct str s, const char *mark)
{
	size_t n = strlen(mark);
	for (size_t i = 0; i + n <= s.n; i++)
		if (memcmp(s.p + i, mark, n) == 0)
			return true;
	return false;
}

enum rpm_lineage rpm_lineage(struct str evr)
{
	if (has(evr, ".module"))
		return RPM_LINEAGE_MODULE;
	if (has(evr, ".ksplice"))
		return RPM_LINEAGE_KSPLICE;
	return has(evr, "_fips") ? RPM_LINEAGE_FIPS : RPM_LINEAGE_PLAIN;
}
