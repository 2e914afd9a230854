/* SPDX-License-Identifier: Apache-2.0
 * Configuration files. Invariant: no `out` is touched before every line has been checked. */
#include "format/conf.h"
#include "base/file.h"
#include "base/utf8.h"

/* What a line said about one key. */
struct conf_value {
	size_t line; /* 0 = not given */
	struct str text;
	int64_t i;
	bool b;
};

struct conf_reader {
	const char *what;
	const struct conf_key *keys;
	struct conf_value *values;
	size_t n;
	size_t line;
};

static bool read_bool(struct str s, bool *out)
{
	static const char *const yes[] = { "yes", "true", "on" };
	static const char *const no[] = { "no", "false", "off" };
	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		if (str_is(s, yes[i]) || str_is(s, no[i])) {
			*out = str_is(s, yes[i]);
			return true;
		}
	}
	return false;
}

static bool read_value(const struct conf_reader *r, const struct conf_key *k, struct str value,
		       struct conf_value *v, struct err *e)
{
	v->text = value;
	switch (k->type) {
	case CONF_TEXT:
		if (value.n >= (size_t)k->min && value.n <= (size_t)k->max && utf8_valid(value) &&
		    str_find(value, '\0') < 0)
			return true;
		return err_set(e, ERR_INVALID,
			       "'%s' line %zu: '%s' must be %lld to %lld bytes of text", r->what,
			       r->line, k->name, (long long)k->min, (long long)k->max);
	case CONF_INT:
		if (str_to_i64(value, &v->i) && v->i >= k->min && v->i <= k->max)
			return true;
		return err_set(e, ERR_INVALID,
			       "'%s' line %zu: '%s' must be a whole number from %lld to %lld",
			       r->what, r->line, k->name, (long long)k->min, (long long)k->max);
	case CONF_BOOL:
		if (read_bool(value, &v->b))
			return true;
		return err_set(e, ERR_INVALID, "'%s' line %zu: '%s' must be yes or no", r->what,
			       r->line, k->name);
	}
	return err_set(e, ERR_INTERNAL, "configuration key '%s' has no type", k->name);
}

static bool read_line(struct conf_reader *r, struct str line, struct err *e)
{
	ptrdiff_t eq = str_find(line, '=');
	if (eq < 0)
		return err_set(e, ERR_INVALID, "'%s' line %zu has no '='; write 'key = value'",
			       r->what, r->line);
	struct str key = str_trim((struct str) { line.p, (size_t)eq });
	struct str value = str_trim((struct str) { line.p + eq + 1, line.n - (size_t)eq - 1 });
	for (size_t i = 0; i < r->n; i++) {
		struct conf_value *v = &r->values[i];
		if (!str_is(key, r->keys[i].name))
			continue;
		if (v->line)
			return err_set(e, ERR_INVALID,
				       "'%s' line %zu gives '%s' again; it is in line %zu", r->what,
				       r->line, r->keys[i].name, v->line);
		v->line = r->line;
		return read_value(r, &r->keys[i], value, v, e);
	}
	err_set(e, ERR_INVALID, "'%s' line %zu: unknown key '%.*s'; known:", r->what, r->line,
		(int)MIN(key.n, 40), key.p);
	for (size_t i = 0; e && i < r->n; i++) {
		size_t at = strlen(e->msg);
		snprintf(e->msg + at, sizeof(e->msg) - at, " %s", r->keys[i].name);
	}
	return false;
}

static void store(const struct conf_key *k, const struct conf_value *v, struct arena *a)
{
	if (!v->line)
		return;
	switch (k->type) {
	case CONF_TEXT: *(const char **)k->out = arena_str(a, v->text).p; break;
	case CONF_INT: *(int64_t *)k->out = v->i; break;
	case CONF_BOOL: *(bool *)k->out = v->b; break;
	}
}

bool conf_parse(struct str text, const char *what, const struct conf_key *keys, size_t n,
		struct arena *a, struct err *e)
{
	AUTO(xfree) struct conf_value *values = xcalloc(n, sizeof(*values));
	struct conf_reader r = { .what = what, .keys = keys, .values = values, .n = n };
	struct str line;
	while (str_line(&text, &line)) {
		r.line++;
		line = str_trim(line);
		if (line.n && line.p[0] != '#' && !read_line(&r, line, e))
			return false;
	}
	for (size_t i = 0; i < n; i++)
		store(&keys[i], &values[i], a);
	return true;
}

bool conf_load(const char *path, const struct conf_key *keys, size_t n, struct arena *a,
	       struct err *e)
{
	AUTO(buf_done) struct buf b = BUF_INIT(CONF_MAX);
	return file_read(path, &b, e) && conf_parse(buf_str(&b), path, keys, n, a, e);
}
