/* SPDX-License-Identifier: Apache-2.0
 * The security tracker's lists of advisories (data/DSA/list, data/DLA/list):
 *
 *   [29 Mar 2023] DSA-5380-1 xorg-server - security update
 *   <tab>{CVE-2023-1393}
 *   <tab>[bullseye] - xorg-server 2:1.20.11-1+deb11u6
 *   <tab>NOTE: ...
 *
 * A notice gives one record per (release, package): with the fixed version, or without one and with
 * the reason (<unfixed>, <end-of-life> ...); <not-affected> gives none. DSAs carry no severity, so
 * none is set. A line of no known form spoils the list: a web page in its place must not pass for
 * an empty list. */
#include "base/clock.h"
#include "feeds/debian/debian_int.h"
#include "format/deb822.h"

#define URL "https://security-tracker.debian.org/tracker/"

struct notice {
	struct str id, title;
	struct buf cves;
	char url[120];
	int64_t date_ms;
	bool given;
};

static bool bad(uint32_t line, const char *what, struct err *e)
{
	return err_set(e, ERR_CORRUPT, "advisory list line %u %s", line, what);
}

/* "[29 Mar 2023] DSA-5380-1 xorg-server - security update" */
static bool read_head(struct str l, uint32_t line, struct notice *n, struct err *e)
{
	ptrdiff_t close = str_find(l, ']');
	if (l.p[0] != '[' || close < 0)
		return bad(line, "does not begin a notice; is this an advisory list?", e);
	char date[64];
	snprintf(date, sizeof(date), "%.*s 00:00:00 UTC", (int)MIN(close - 1, (ptrdiff_t)40),
		 l.p + 1);
	if (!clock_parse_rfc2822(str_of(date), &n->date_ms) || n->date_ms < 0)
		return bad(line, "has no date", e);
	struct str rest = str_trim((struct str) { l.p + close + 1, l.n - (size_t)close - 1 });
	if (!deb822_word(&rest, &n->id) || n->id.n > 60 ||
	    !(str_starts(n->id, "DSA-") || str_starts(n->id, "DLA-")))
		return bad(line, "names no DSA or DLA", e);
	n->title = str_trim(rest);
	if (n->title.n == 0)
		n->title = n->id;
	if (n->title.n > 400)
		return bad(line, "has too long a title", e);
	snprintf(n->url, sizeof(n->url), URL "%.*s", STR_ARG(n->id));
	buf_reset(&n->cves);
	n->given = true;
	return true;
}

/* "{CVE-1 CVE-2 CAN-3}": only CVE ids are kept. */
static bool read_cves(struct str l, uint32_t line, struct notice *n, struct err *e)
{
	if (l.p[l.n - 1] != '}')
		return bad(line, "has an open list of CVEs", e);
	struct str rest = { l.p + 1, l.n - 2 }, word;
	while (deb822_word(&rest, &word)) {
		if (!str_starts(word, "CVE-") || word.n > 40)
			continue;
		if (n->cves.n)
			buf_addc(&n->cves, ' ');
		buf_addstr(&n->cves, word);
	}
	return buf_ok(&n->cves, "list of CVEs", e);
}

/* "<unfixed>", "<end-of-life>", ...: why the release has no fix; "" for one that needs none. */
static struct str open_status(struct str word)
{
	static const char *const known[][2] = {
		{ "<unfixed>", "affected" }, { "<end-of-life>", "end-of-life" },
		{ "<no-dsa>", "no-dsa" },    { "<postponed>", "postponed" },
		{ "<ignored>", "ignored" },  { "<undetermined>", "undetermined" }
	};
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_is(word, known[i][0]))
			return str_of(known[i][1]);
	return STR_LIT("");
}

/* "[bullseye] - xorg-server 2:1.20.11-1+deb11u6 (remark)" */
static bool read_fix(struct str l, uint32_t line, const struct notice *n, debian_notice_fn fn,
		     void *arg, struct err *e)
{
	ptrdiff_t close = str_find(l, ']');
	if (close < 0)
		return bad(line, "names no release", e);
	struct str codename = { l.p + 1, (size_t)close - 1 }, dash, package, fixed;
	struct str rest = { l.p + close + 1, l.n - (size_t)close - 1 };
	if (!deb822_word(&rest, &dash) || !str_is(dash, "-") || !deb822_word(&rest, &package))
		return bad(line, "names no package", e);
	if (!deb822_word(&rest, &fixed) || fixed.p[0] == '(')
		return true; /* nothing is said */
	struct str status = open_status(fixed);
	if (fixed.p[0] == '<' && status.n == 0)
		return true; /* not affected */
	const char *version = debian_version_of_codename(codename);
	if (!version)
		return true; /* a release that never was: nobody can run it */
	char os[64];
	snprintf(os, sizeof(os), "debian:%s", version);
	struct debian_notice out = { .codename = codename };
	out.a = (struct advisory) { .id = n->id,
				    .title = n->title,
				    .os = str_of(os),
				    .product = package,
				    .fixed = status.n ? STR_LIT("") : fixed,
				    .status = status,
				    .cves = buf_str(&n->cves),
				    .url = str_of(n->url),
				    .kind = COMPONENT_DEB_SRC,
				    .vendor = STR_LIT("Debian"),
				    .severity_raw = STR_LIT(""),
				    .released_ms = n->date_ms };
	return fn(arg, &out, e);
}

static bool read_line(struct str l, uint32_t line, struct notice *n, debian_notice_fn fn, void *arg,
		      struct err *e)
{
	if (l.p[0] != '\t' && l.p[0] != ' ')
		return read_head(l, line, n, e);
	struct str body = str_trim(l);
	if (body.n == 0)
		return true;
	if (!n->given)
		return bad(line, "belongs to no notice", e);
	if (body.p[0] == '{')
		return read_cves(body, line, n, e);
	if (body.p[0] == '[')
		return read_fix(body, line, n, fn, arg, e);
	return true; /* NOTE: and other remarks */
}

bool debian_dsa_parse(struct str text, debian_notice_fn fn, void *arg, struct err *e)
{
	struct str rest = text, l;
	struct notice n = { .cves = BUF_INIT(50000) };
	bool good = true;
	for (uint32_t line = 1; good && str_line(&rest, &l); line++)
		good = l.n == 0 || read_line(l, line, &n, fn, arg, e);
	if (good && !n.given)
		good = err_set(e, ERR_CORRUPT, "advisory list is empty");
	buf_done(&n.cves);
	return good;
}
