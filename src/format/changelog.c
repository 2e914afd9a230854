/* SPDX-License-Identifier: Apache-2.0
 * Reading deb-changelog(5) line by line. Unknown lines within an entry belong to its text; nothing
 * is judged here. */
#include "format/changelog.h"
#include "base/clock.h"

/* "package (version) distributions; urgency=medium" */
static bool header(struct str line, struct changelog_entry *x)
{
	ptrdiff_t open = str_find(line, '('), close = str_find(line, ')');
	if (!line.n || line.p[0] == ' ' || line.p[0] == '\t' || open < 2 || close < open ||
	    line.p[open - 1] != ' ')
		return false;
	*x = (struct changelog_entry) {
		.package = { line.p, (size_t)open - 1 },
		.version = { line.p + open + 1, (size_t)(close - open - 1) },
	};
	for (size_t i = 0; i < x->package.n; i++)
		if (x->package.p[i] == ' ' || x->package.p[i] == '\t')
			return false;
	struct str rest = str_trim((struct str) { line.p + close + 1, line.n - (size_t)close - 1 });
	if (!str_split(&rest, ';', &x->distributions))
		return true;
	struct str pair;
	while (rest.n && str_split(&rest, ',', &pair)) {
		pair = str_trim(pair);
		if (str_starts(pair, "urgency="))
			x->urgency = (struct str) { pair.p + 8, pair.n - 8 };
	}
	return true;
}

/* " -- Name <address>  Thu, 22 Oct 2026 10:00:00 +0200" */
static bool trailer(struct str line, struct changelog_entry *x)
{
	if (!str_starts(line, " -- "))
		return false;
	struct str rest = { line.p + 4, line.n - 4 };
	x->author = str_trim(rest);
	for (size_t i = 0; i + 1 < rest.n; i++)
		if (rest.p[i] == ' ' && rest.p[i + 1] == ' ') {
			x->author = str_trim((struct str) { rest.p, i });
			x->date = str_trim((struct str) { rest.p + i, rest.n - i });
		}
	if (!clock_parse_rfc2822(x->date, &x->date_ms) &&
	    !clock_parse_rfc3339(x->date, &x->date_ms))
		x->date_ms = 0;
	return true;
}

static bool blank(struct str line)
{
	return str_trim(line).n == 0;
}

bool changelog_read(struct str text, changelog_fn fn, void *arg)
{
	struct changelog_entry x = { 0 };
	struct str line;
	bool inside = false, any = false;
	while (str_line(&text, &line)) {
		if (!inside) {
			if (blank(line))
				continue;
			inside = header(line, &x);
			if (!inside && !any)
				return false;
			any = true;
		} else if (trailer(line, &x)) {
			inside = false;
			if (!fn(arg, &x))
				return true;
		} else if (!blank(line)) {
			if (!x.text.p)
				x.text.p = line.p;
			x.text.n = (size_t)(line.p + line.n - x.text.p);
		}
	}
	return any;
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

void changelog_cves(struct str text, bool (*fn)(void *arg, struct str cve), void *arg)
{
	for (size_t i = 0; i + 13 <= text.n; i++) {
		const char *p = text.p + i;
		size_t n = 9;
		if (memcmp(p, "CVE-", 4) != 0 || !digit(p[4]) || !digit(p[5]) || !digit(p[6]) ||
		    !digit(p[7]) || p[8] != '-')
			continue;
		while (i + n < text.n && digit(p[n]) && n < 24)
			n++;
		if (n >= 13 && !fn(arg, (struct str) { p, n }))
			return;
		i += n - 1;
	}
}
