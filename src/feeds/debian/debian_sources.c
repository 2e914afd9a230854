/* SPDX-License-Identifier: Apache-2.0
 * Which suites to sync, from apt's own configuration: what a machine already trusts and uses.
 * Archives that cannot be Debian's, and entries whose signature apt itself would not check, are
 * listed as skipped with the reason; whether an archive really is Debian's is decided by its signed
 * Release. */
#include "base/file.h"
#include "feeds/debian/debian_int.h"
#include "format/aptsources.h"

#include <dirent.h>
#include <sys/stat.h>

struct collecting {
	const struct debian_brand *brand;
	struct arena *a;
	const char *architecture;
	VEC(struct debian_suite) suites;
	VEC(struct debian_skipped) skipped;
};

static void collecting_done(struct collecting *c)
{
	VEC_DONE(&c->suites);
	VEC_DONE(&c->skipped);
}
AUTO_DEFINE_VALUE(struct collecting, collecting_done)

static void skip(struct collecting *c, struct str uri, struct str suite, const char *why)
{
	const char *what = arena_printf(c->a, "%.*s %.*s", STR_ARG(uri), STR_ARG(suite));
	VEC_PUSH(&c->skipped, ((struct debian_skipped) { what, why }));
}

static const char *const *list_of(struct arena *a, const struct apt_words *w, const char *otherwise)
{
	const char **l = arena_array(a, const char *, w->n + 2);
	for (size_t i = 0; i < w->n; i++)
		l[i] = arena_str(a, w->p[i]).p;
	if (!w->n && otherwise)
		l[0] = otherwise;
	return l;
}

/* Absolute paths; fingerprints and keys in place are left to the default keyring's judgement. */
static bool keyrings_of(struct collecting *c, struct str signed_by, const char *const **out)
{
	const char **l = arena_array(c->a, const char *, signed_by.n / 2 + 3);
	size_t n = 0;
	struct str rest = signed_by, word;
	if (signed_by.n == 0)
		l[n++] = c->brand->keyring;
	while (signed_by.n && str_split(&rest, ' ', &word)) {
		struct str part;
		while (str_split(&word, ',', &part))
			if (part.n && part.p[0] == '/')
				l[n++] = arena_str(c->a, part).p;
			else if (part.n)
				return false;
	}
	*out = l;
	return n > 0;
}

/* Suites are named by codename, Debian's by rank too. */
static bool may_be_of(const struct debian_brand *brand, struct str suite)
{
	static const char *const ranks[] = { "stable", "oldstable", "oldoldstable", "testing",
					     "unstable" };
	struct str base = suite;
	for (size_t i = 0; i < base.n; i++)
		if (base.p[i] == '-' || base.p[i] == '/')
			base.n = i;
	for (size_t i = 0; brand == &debian_brand && i < ARRAY_LEN(ranks); i++)
		if (str_is(base, ranks[i]))
			return true;
	return brand->version_of_codename(base) != NULL;
}

static void take_suite(struct collecting *c, const struct apt_source *s, struct str uri,
		       struct str suite)
{
	struct str root = uri;
	while (root.n && root.p[root.n - 1] == '/')
		root.n--;
	if (!str_starts(uri, "http://") && !str_starts(uri, "https://") &&
	    !str_starts(uri, "file:/")) {
		skip(c, uri, suite, "not fetched over http, https or file");
		return;
	}
	if (!may_be_of(c->brand, suite) || str_ends(suite, "/")) {
		skip(c, uri, suite,
		     arena_printf(c->a, "not a suite of %s's own archive", c->brand->vendor));
		return;
	}
	if (s->trusted) {
		skip(c, uri, suite, "marked trusted: its signature would not be checked");
		return;
	}
	struct debian_suite out = {
		.brand = c->brand,
		.url = arena_str(c->a, root).p,
		.suite = arena_str(c->a, suite).p,
		.feed_id = arena_printf(c->a, "%s/%.*s", c->brand->name, STR_ARG(suite)),
		.components = list_of(c->a, &s->components, NULL),
		.architectures = list_of(c->a, &s->architectures, c->architecture)
	};
	if (!keyrings_of(c, s->signed_by, &out.keyrings)) {
		skip(c, uri, suite, "its Signed-By is no keyring file; name a file there");
		return;
	}
	out.endpoint_keyring = out.keyrings[0];
	for (size_t i = 0; i < c->suites.n; i++)
		if (str_is(suite, c->suites.p[i].suite)) {
			skip(c, uri, suite, "the same suite is given before");
			return;
		}
	VEC_PUSH(&c->suites, out);
}

static bool take_text(struct collecting *c, struct str text, struct err *e)
{
	/* The deb822 form has "Types:"; the one-line form begins lines with "deb". */
	struct apt_sources list = { 0 };
	struct str rest = text, line;
	bool deb822 = false;
	while (!deb822 && str_line(&rest, &line))
		deb822 = line.n > 6 && strncasecmp(line.p, "Types:", 6) == 0;
	if (!(deb822 ? aptsources_parse_deb822(text, c->a, &list, e)
		     : aptsources_parse_list(text, c->a, &list, e)))
		return false;
	for (size_t i = 0; i < list.n; i++) {
		const struct apt_source *s = &list.p[i];
		if (!s->enabled || !s->deb)
			continue;
		for (size_t u = 0; u < s->uris.n; u++)
			for (size_t k = 0; k < s->suites.n; k++)
				take_suite(c, s, s->uris.p[u], s->suites.p[k]);
	}
	return true;
}

static void hand_over(struct collecting *c, struct debian_sources *out)
{
	struct debian_sources s = { .n_suites = c->suites.n, .n_skipped = c->skipped.n };
	s.suites = arena_array(c->a, struct debian_suite, s.n_suites + 1);
	s.skipped = arena_array(c->a, struct debian_skipped, s.n_skipped + 1);
	for (size_t i = 0; i < s.n_suites; i++)
		s.suites[i] = c->suites.p[i];
	for (size_t i = 0; i < s.n_skipped; i++)
		s.skipped[i] = c->skipped.p[i];
	*out = s;
}

bool debian_sources_of_brand(const struct debian_brand *brand, struct str text,
			     const char *architecture, struct arena *a, struct debian_sources *out,
			     struct err *e)
{
	AUTO(collecting_done)
	struct collecting c = { .brand = brand, .a = a, .architecture = architecture };
	if (!take_text(&c, text, e))
		return false;
	hand_over(&c, out);
	return true;
}

bool debian_sources_of_text(struct str text, const char *architecture, struct arena *a,
			    struct debian_sources *out, struct err *e)
{
	return debian_sources_of_brand(&debian_brand, text, architecture, a, out, e);
}

static bool take_file(struct collecting *c, const char *path, struct err *e)
{
	AUTO(buf_done) struct buf text = BUF_INIT(APTSOURCES_MAX);
	if (!file_exists(path))
		return true;
	/* Views of the parser live in the arena, not in `text`. */
	return (file_read(path, &text, e) && take_text(c, buf_str(&text), e)) ||
	       err_prefix(e, "'%s'", path);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_source(const struct dirent *d)
{
	struct str name = str_of(d->d_name);
	return name.p[0] != '.' && (str_ends(name, ".list") || str_ends(name, ".sources"));
}

bool debian_sources_of_machine(const char *etc_apt, const char *architecture, struct arena *a,
			       struct debian_sources *out, struct err *e)
{
	AUTO(collecting_done)
	struct collecting c = { .brand = &debian_brand, .a = a, .architecture = architecture };
	AUTO(xfree) char *main_list = file_join(etc_apt, "sources.list");
	AUTO(xfree) char *dir = file_join(etc_apt, "sources.list.d");
	if (!take_file(&c, main_list, e))
		return false;
	struct dirent **names = NULL;
	int n = scandir(dir, &names, is_source, by_name);
	bool good = true;
	for (int i = 0; i < n; i++) {
		AUTO(xfree) char *path = file_join(dir, names[i]->d_name);
		good = good && take_file(&c, path, e);
		xfree(names[i]);
	}
	xfree(names);
	if (good)
		hand_over(&c, out);
	return good;
}
