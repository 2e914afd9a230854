/* SPDX-License-Identifier: Apache-2.0
 * Both forms of apt's source lists. Invariant: an entry that comes out has a type, an URI, a suite,
 * and components exactly when the suite is not a path ("ends in '/'"): what apt itself demands.
 * Opens no files and does not resolve "$(ARCH)". */
#include "format/aptsources.h"
#include "base/vec.h"
#include "format/deb822.h"

#include <strings.h>

struct reader {
	struct arena *arena;
	VEC(struct apt_source) list;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* apt's StringToBool; `otherwise` for anything else. */
static bool to_bool(struct str s, bool otherwise)
{
	static const char *const words[][2] = { { "yes", "no" }, { "true", "false" },
						{ "on", "off" }, { "with", "without" },
						{ "1", "0" },	 { "enable", "disable" } };
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		for (size_t k = 0; k < 2; k++)
			if (s.n == strlen(words[i][k]) && !strncasecmp(s.p, words[i][k], s.n))
				return k == 0;
	return otherwise;
}

static size_t next_word(const char *p, size_t n, bool commas, struct str *out)
{
	size_t i = 0;
	while (i < n && (is_blank(p[i]) || (commas && p[i] == ',')))
		i++;
	size_t start = i;
	while (i < n && !is_blank(p[i]) && !(commas && p[i] == ','))
		i++;
	*out = (struct str) { p + start, i - start };
	return i;
}

/* Words at blanks (and commas), copied to the arena. */
static struct apt_words words(struct arena *a, struct str s, bool commas)
{
	struct apt_words w = { 0 };
	struct str word;
	for (size_t i = 0; i < s.n;) {
		i += next_word(s.p + i, s.n - i, commas, &word);
		w.n += word.n > 0;
	}
	w.p = w.n ? arena_array(a, struct str, w.n) : NULL;
	size_t k = 0;
	for (size_t i = 0; i < s.n;) {
		i += next_word(s.p + i, s.n - i, commas, &word);
		if (word.n)
			w.p[k++] = arena_str(a, word);
	}
	return w;
}

static bool bad(uint32_t line, const char *what, struct err *e)
{
	return err_set(e, ERR_CORRUPT, "line %u %s", line, what);
}

static bool set_types(struct apt_source *s, struct apt_words types, struct err *e)
{
	for (size_t i = 0; i < types.n; i++) {
		if (str_is(types.p[i], "deb"))
			s->deb = true;
		else if (str_is(types.p[i], "deb-src"))
			s->deb_src = true;
		else
			return err_set(
				e, ERR_CORRUPT,
				"line %u has unknown type '%.40s'; it must be deb or deb-src",
				s->line, types.p[i].p);
	}
	return types.n || bad(s->line, "has no type", e);
}

/* Takes a complete entry into the list. */
static bool accept(struct reader *r, const struct apt_source *s, struct err *e)
{
	if (!s->uris.n || !s->suites.n)
		return bad(s->line, "has no URI or no suite", e);
	for (size_t i = 0; i < s->uris.n; i++)
		if (str_find(s->uris.p[i], ':') < 1)
			return bad(s->line, "has an URI without a scheme", e);
	for (size_t i = 0; i < s->suites.n; i++) {
		bool path = str_ends(s->suites.p[i], "/");
		if (path && s->components.n)
			return bad(s->line, "has a suite that ends in '/', and components", e);
		if (!path && !s->components.n)
			return bad(s->line, "has no components", e);
	}
	if (r->list.n >= APTSOURCES_MAX_ENTRIES)
		return err_set(e, ERR_LIMIT, "line %u: there are more than %u entries", s->line,
			       APTSOURCES_MAX_ENTRIES);
	VEC_PUSH(&r->list, *s);
	return true;
}

/* --- one-line form ------------------------------------------------------------------------------
 */

/* Without the comment; '#' inside brackets is none. */
static struct str without_comment(struct str line)
{
	bool in = false;
	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] == '[')
			in = true;
		else if (line.p[i] == ']')
			in = false;
		else if (line.p[i] == '#' && !in)
			return (struct str) { line.p, i };
	}
	return line;
}

/* The next word; "quoted parts" and [bracketed parts] may hold blanks, quotes are taken off. */
static bool quoted_word(struct str *rest, struct arena *a, uint32_t line, struct str *out,
			struct err *e)
{
	struct str s = str_trim(*rest);
	char *p = arena_alloc(a, s.n + 1), until = 0;
	size_t i = 0, n = 0;
	for (; i < s.n && (until || !is_blank(s.p[i])); i++) {
		char c = s.p[i];
		if (until == c)
			until = 0;
		else if (!until)
			until = c == '"' ? '"' : c == '[' ? ']' : 0;
		if (c != '"')
			p[n++] = c;
	}
	if (until)
		return bad(line, "has a quote or bracket without its end", e);
	*rest = (struct str) { s.p + i, s.n - i };
	*out = (struct str) { p, n };
	return true;
}

static void option(struct reader *r, struct apt_source *s, struct str key, struct str value)
{
	if (str_is(key, "arch"))
		s->architectures = words(r->arena, value, true);
	else if (str_is(key, "signed-by"))
		s->signed_by = arena_str(r->arena, value);
	else if (str_is(key, "trusted"))
		s->trusted = to_bool(value, false);
	else if (str_is(key, "allow-insecure"))
		s->insecure = to_bool(value, false);
}

static bool options(struct reader *r, struct apt_source *s, struct str *rest, struct err *e)
{
	*rest = str_trim(*rest);
	if (!rest->n || rest->p[0] != '[')
		return true;
	ptrdiff_t end = str_find(*rest, ']');
	if (end < 0)
		return bad(s->line, "has options without a ']'", e);
	struct apt_words list = words(r->arena, (struct str) { rest->p + 1, (size_t)end - 1 },
				      false);
	for (size_t i = 0; i < list.n; i++) {
		ptrdiff_t eq = str_find(list.p[i], '=');
		if (eq < 1)
			return bad(s->line, "has an option without '='", e);
		option(r, s, (struct str) { list.p[i].p, (size_t)eq },
		       (struct str) { list.p[i].p + eq + 1, list.p[i].n - (size_t)eq - 1 });
	}
	*rest = (struct str) { rest->p + end + 1, rest->n - (size_t)end - 1 };
	return true;
}

static bool one_line(struct reader *r, struct str line, uint32_t number, struct err *e)
{
	struct apt_source s = { .enabled = true, .line = number, .signed_by = { "", 0 } };
	struct str type, *two = arena_array(r->arena, struct str, 2);
	size_t used = next_word(line.p, line.n, false, &type);
	struct str rest = { line.p + used, line.n - used };
	if (!set_types(&s, words(r->arena, type, false), e) || !options(r, &s, &rest, e) ||
	    !quoted_word(&rest, r->arena, number, &two[0], e) ||
	    !quoted_word(&rest, r->arena, number, &two[1], e))
		return false;
	s.uris = (struct apt_words) { &two[0], two[0].n > 0 };
	s.suites = (struct apt_words) { &two[1], two[1].n > 0 };
	s.components = words(r->arena, rest, false);
	return accept(r, &s, e);
}

static bool finish(struct reader *r, bool ok, struct apt_sources *out)
{
	if (ok) {
		out->n = r->list.n;
		out->p = r->list.n ? arena_array(r->arena, struct apt_source, r->list.n) : NULL;
		if (r->list.n)
			memcpy(out->p, r->list.p, r->list.n * sizeof(*out->p));
	}
	VEC_DONE(&r->list);
	return ok;
}

static bool size_ok(struct str text, struct err *e)
{
	return text.n <= APTSOURCES_MAX ||
	       err_set(e, ERR_LIMIT, "list of sources is larger than %u bytes", APTSOURCES_MAX);
}

bool aptsources_parse_list(struct str text, struct arena *a, struct apt_sources *out, struct err *e)
{
	struct reader r = { .arena = a };
	struct str line;
	bool ok = size_ok(text, e);
	for (uint32_t number = 1; ok && str_line(&text, &line); number++) {
		line = str_trim(without_comment(line));
		ok = !line.n || one_line(&r, line, number, e);
	}
	return finish(&r, ok, out);
}

/* --- deb822 form --------------------------------------------------------------------------------
 */

enum {
	F_TYPES,
	F_URIS,
	F_SUITES,
	F_COMPONENTS,
	F_SIGNED_BY,
	F_ARCHITECTURES,
	F_ENABLED,
	F_TRUSTED,
	F_INSECURE
};
static const char *const fields[] = { "Types",	    "URIs",	 "Suites",
				      "Components", "Signed-By", "Architectures",
				      "Enabled",    "Trusted",	 "Allow-Insecure",
				      NULL };

/* A key in place: each line loses its blank, "." stands for an empty line. */
static struct str signed_by(struct arena *a, struct str value)
{
	if (str_find(value, '\n') < 0)
		return arena_str(a, value);
	char *p = arena_alloc(a, value.n + 2);
	size_t n = 0;
	struct str line;
	while (deb822_line(&value, &line)) {
		if (!str_is(line, "."))
			memcpy(p + n, line.p, line.n);
		n += str_is(line, ".") ? 0 : line.n;
		p[n++] = '\n';
	}
	return (struct str) { p, n };
}

static bool stanza(void *arg, const struct deb822_stanza *st, struct err *e)
{
	struct reader *r = arg;
	const struct deb822_field *f = st->fields;
	struct apt_source s = { .line = (uint32_t)st->line };
	if (!set_types(&s, words(r->arena, f[F_TYPES].value, false), e))
		return false;
	s.enabled = to_bool(f[F_ENABLED].value, true);
	s.trusted = to_bool(f[F_TRUSTED].value, false);
	s.insecure = to_bool(f[F_INSECURE].value, false);
	s.uris = words(r->arena, f[F_URIS].value, false);
	s.suites = words(r->arena, f[F_SUITES].value, false);
	s.components = words(r->arena, f[F_COMPONENTS].value, false);
	s.architectures = words(r->arena, f[F_ARCHITECTURES].value, true);
	s.signed_by = signed_by(r->arena, f[F_SIGNED_BY].value);
	return accept(r, &s, e);
}

bool aptsources_parse_deb822(struct str text, struct arena *a, struct apt_sources *out,
			     struct err *e)
{
	struct reader r = { .arena = a };
	bool ok = size_ok(text, e) && deb822_text(text, fields, stanza, &r, e);
	return finish(&r, ok, out);
}
