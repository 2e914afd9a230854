/* SPDX-License-Identifier: Apache-2.0
 * What a Debian-like system says about itself, read from its own files into inventory lines:
 * dpkg's status database and os-release(5). Invariant: a package is listed only when its files are
 * unpacked on the system. Opens no files. */
#include "format/deb822.h"
#include "proto/inventory.h"

enum { F_PACKAGE, F_STATUS, F_ARCH, F_VERSION, F_SOURCE, F_COUNT };
static const char *const status_fields[F_COUNT + 1] = { "Package", "Status", "Architecture",
							"Version", "Source", NULL };

/* dpkg(1) "Package states": those in which the package's files are there. */
static bool is_unpacked(struct str state)
{
	static const char *const states[] = { "installed", "unpacked", "half-configured",
					      "triggers-awaited", "triggers-pending" };
	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (str_is(state, states[i]))
			return true;
	return false;
}

/* Policy 5.6.1: "Source: name" or "Source: name (version)"; what equals the binary's is empty. */
static bool split_source(struct str source, struct str name, struct str version,
			 struct str *src_out, struct str *src_version_out)
{
	struct str word = { "", 0 }, paren = { "", 0 };
	if (deb822_word(&source, &word) && deb822_word(&source, &paren)) {
		if (paren.n < 3 || paren.p[0] != '(' || paren.p[paren.n - 1] != ')')
			return false;
		paren = (struct str) { paren.p + 1, paren.n - 2 };
	}
	struct str none = { "", 0 };
	*src_out = str_eq(word, name) ? none : word;
	*src_version_out = str_eq(paren, version) ? none : paren;
	return !deb822_word(&source, &word);
}

static bool status_stanza(void *arg, const struct deb822_stanza *s, struct err *e)
{
	struct inventory *inv = arg;
	const struct deb822_field *f = s->fields;
	struct str status = f[F_STATUS].value, want, flag, state;
	unsigned long long line = s->line;
	if (!deb822_word(&status, &want) || !deb822_word(&status, &flag) ||
	    !deb822_word(&status, &state))
		return err_set(e, ERR_CORRUPT, "stanza at line %llu has no 'Status' of three words",
			       line);
	if (!is_unpacked(state))
		return true;
	struct str name = f[F_PACKAGE].value, arch = f[F_ARCH].value, version = f[F_VERSION].value;
	if (!name.n || !arch.n || !version.n)
		return err_set(e, ERR_CORRUPT,
			       "stanza at line %llu lacks 'Package', 'Architecture' or 'Version'",
			       line);
	struct str source, source_version;
	if (!split_source(f[F_SOURCE].value, name, version, &source, &source_version))
		return err_set(e, ERR_CORRUPT, "stanza at line %llu has a bad 'Source'", line);
	struct str deb[] = { STR_LIT("deb"), name, arch, version, source, source_version };
	if (!inventory_add(inv, deb, ARRAY_LEN(deb), e))
		return false;
	struct str hold[] = { STR_LIT("hold"), STR_LIT("deb"), name, arch };
	return !str_is(want, "hold") || inventory_add(inv, hold, ARRAY_LEN(hold), e);
}

bool inventory_add_dpkg_status(struct inventory *i, struct str status, struct err *e)
{
	if (!deb822_text(status, status_fields, status_stanza, i, e))
		return err_prefix(e, "dpkg status");
	return true;
}

/* A shell word as os-release(5) allows it: bare, '...' or "..." with backslash escapes. */
static bool unquote(struct str s, struct arena *a, struct str *out)
{
	char quote = s.n && (s.p[0] == '"' || s.p[0] == '\'') ? s.p[0] : 0;
	char *p = arena_alloc(a, s.n + 1);
	size_t n = 0, i = quote ? 1 : 0;
	for (; i < s.n && (!quote || s.p[i] != quote); i++) {
		if (s.p[i] == '\\' && quote != '\'' && ++i == s.n)
			return false;
		p[n++] = s.p[i];
	}
	*out = (struct str) { p, n };
	return quote ? i + 1 == s.n : true;
}

/* How much of a version is a release, with one offer: of the RHEL family's "9.4" the 9, of Alpine's
 * "3.16.2" the 3.16. */
static struct str release_of(struct str id, struct str version)
{
	static const struct {
		const char *id;
		unsigned parts;
	} known[] = { { "rhel", 1 },  { "centos", 1 }, { "almalinux", 1 },
		      { "rocky", 1 }, { "ol", 1 },     { "alpine", 2 } };
	unsigned parts = 0;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_is(id, known[i].id))
			parts = known[i].parts;
	for (size_t i = 1; parts && i < version.n; i++)
		if (version.p[i] == '.' && --parts == 0)
			version.n = i;
	return version;
}

bool inventory_add_os_release(struct inventory *i, struct str text, struct err *e)
{
	static const char *const keys[] = { "ID", "VERSION_ID", "VERSION_CODENAME" };
	AUTO(arena_done) struct arena a = { 0 };
	struct str fields[1 + ARRAY_LEN(keys)] = { STR_LIT("os"), { "", 0 }, { "", 0 }, { "", 0 } };
	struct str line;
	for (size_t number = 1; str_line(&text, &line); number++) {
		line = str_trim(line);
		ptrdiff_t eq = str_find(line, '=');
		if (eq < 0 || line.p[0] == '#')
			continue;
		struct str key = { line.p, (size_t)eq };
		struct str value = { line.p + eq + 1, line.n - (size_t)eq - 1 };
		for (size_t k = 0; k < ARRAY_LEN(keys); k++)
			if (str_is(key, keys[k]) && !unquote(value, &a, &fields[k + 1]))
				return err_set(e, ERR_CORRUPT,
					       "os-release line %zu has a bad value", number);
	}
	fields[2] = release_of(fields[1], fields[2]);
	if (!fields[1].n)
		return err_set(e, ERR_CORRUPT, "os-release has no 'ID'");
	return inventory_add(i, fields, ARRAY_LEN(fields), e);
}
