/* SPDX-License-Identifier: Apache-2.0
 * The deb822 reader. Lines are looked at exactly once, straight in the caller's bytes; only a
 * stanza cut by the end of a chunk is copied. Invariant: field positions are offsets from the
 * stanza's first byte, so they survive the move from the chunk into `pending`. Knows no field by
 * name. */
#include "format/deb822.h"
#include "base/buf.h"

#include <strings.h>

struct span {
	uint32_t name, name_n, value, end;
	bool set;
};

struct deb822 {
	deb822_fn fn;
	void *arg;
	const char *const *wanted;
	size_t n_wanted;
	size_t wanted_len[DEB822_MAX_WANTED];
	uint64_t by_len[DEB822_MAX_NAME + 1]; /* bit i: wanted[i] has this length */
	uint64_t by_char[256];		      /* bit i: wanted[i] starts with this letter */

	struct buf pending; /* the beginning of a stanza cut by a chunk's end */
	size_t fed;	    /* bytes of `pending` already looked at (whole lines) */

	/* The stanza being read. */
	struct span spans[DEB822_MAX_FIELDS];
	size_t n_spans;	   /* without wanted names: spans in use; with: n_wanted */
	size_t n_lines;	   /* field lines seen */
	struct span *open; /* what a continuation line extends; NULL = a field nobody wants */
	bool comments;
	uint64_t line, first_line;

	struct deb822_field fields[DEB822_MAX_FIELDS];
};

struct deb822 *deb822_new(const char *const *wanted, deb822_fn fn, void *arg)
{
	struct deb822 *d = xcalloc(1, sizeof(*d));
	d->fn = fn;
	d->arg = arg;
	d->wanted = wanted;
	d->pending.max = DEB822_MAX_STANZA + 1;
	for (size_t i = 0; wanted && wanted[i]; i++) {
		size_t len = strlen(wanted[i]);
		ASSERT(i < DEB822_MAX_WANTED && len > 0 && len <= DEB822_MAX_NAME);
		uint64_t bit = 1ull << i;
		d->wanted_len[i] = len;
		d->by_len[len] |= bit;
		unsigned char c = (unsigned char)wanted[i][0];
		d->by_char[c] |= bit;
		if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
			d->by_char[c ^ 0x20] |= bit;
		d->n_wanted = i + 1;
	}
	return d;
}

void deb822_free(struct deb822 *d)
{
	if (!d)
		return;
	buf_done(&d->pending);
	xfree(d);
}

static void stanza_reset(struct deb822 *d)
{
	for (size_t i = 0; i < d->n_wanted; i++)
		d->spans[i].set = false;
	d->n_spans = d->n_wanted;
	d->n_lines = 0;
	d->open = NULL;
	d->comments = false;
	d->first_line = 0;
}

static bool corrupt(const struct deb822 *d, struct err *e, const char *what)
{
	return err_set(e, ERR_CORRUPT, "line %llu %s", (unsigned long long)d->line, what);
}

/* Policy 5.1: US-ASCII from 33 to 126 but colon; not starting with '#' or '-'. */
static bool name_ok(const char *p, size_t n)
{
	if (n == 0 || n > DEB822_MAX_NAME || p[0] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (p[i] < 33 || p[i] > 126)
			return false;
	return true;
}

/* The span of the wanted name at p, or NULL. */
static struct span *find_wanted(struct deb822 *d, const char *p, size_t n)
{
	uint64_t hits = d->by_len[n] & d->by_char[(unsigned char)p[0]];
	for (; hits; hits &= hits - 1) {
		int i = __builtin_ctzll(hits);
		if (strncasecmp(p, d->wanted[i], n) == 0)
			return &d->spans[i];
	}
	return NULL;
}

/* The span for a name when all are kept, or NULL when it is there already. */
static struct span *new_span(struct deb822 *d, const char *base, const char *p, size_t n)
{
	for (size_t i = 0; i < d->n_spans; i++)
		if (d->spans[i].name_n == n && strncasecmp(base + d->spans[i].name, p, n) == 0)
			return NULL;
	struct span *s = &d->spans[d->n_spans++];
	s->set = false;
	return s;
}

static bool field_line(struct deb822 *d, const char *base, size_t at, size_t n, struct err *e)
{
	const char *p = base + at;
	const char *colon = memchr(p, ':', MIN(n, DEB822_MAX_NAME + 1));
	if (!colon || colon == p)
		return corrupt(d, e, "has no field name");
	size_t name_n = (size_t)(colon - p);
	if (++d->n_lines > DEB822_MAX_FIELDS)
		return err_set(e, ERR_LIMIT, "line %llu: stanza has more than %u fields",
			       (unsigned long long)d->line, DEB822_MAX_FIELDS);
	struct span *s;
	if (d->n_wanted) {
		s = find_wanted(d, p, name_n);
		d->open = s;
		if (!s)
			return true;
	} else {
		if (!name_ok(p, name_n))
			return corrupt(d, e, "has a bad field name");
		s = new_span(d, base, p, name_n);
	}
	if (!s || s->set)
		return err_set(e, ERR_CORRUPT, "line %llu gives field '%.*s' again",
			       (unsigned long long)d->line, (int)name_n, p);
	*s = (struct span) { (uint32_t)at, (uint32_t)name_n, (uint32_t)(at + name_n + 1),
			     (uint32_t)(at + n), true };
	d->open = s;
	return true;
}

/* One line of the stanza that begins at `base`: n bytes at offset `at`, without its LF. */
static inline bool stanza_line(struct deb822 *d, const char *base, size_t at, size_t n,
			       struct err *e)
{
	const char *p = base + at;
	d->line++;
	if (!d->first_line)
		d->first_line = d->line;
	if (at + n > DEB822_MAX_STANZA)
		return err_set(e, ERR_LIMIT, "line %llu: stanza is larger than %u bytes",
			       (unsigned long long)d->line, DEB822_MAX_STANZA);
	if (*p == ' ' || *p == '\t') {
		if (!d->n_lines)
			return corrupt(d, e, "continues a field, but there is none before it");
		if (d->open)
			d->open->end = (uint32_t)(at + n);
		return true;
	}
	if (*p == '#') {
		d->comments = true;
		return true;
	}
	return field_line(d, base, at, n, e);
}

static bool emit(struct deb822 *d, const char *base, struct err *e)
{
	for (size_t i = 0; i < d->n_spans; i++) {
		const struct span *s = &d->spans[i];
		struct deb822_field *f = &d->fields[i];
		if (s->set) {
			f->name = (struct str) { base + s->name, s->name_n };
			f->value = str_trim((struct str) { base + s->value, s->end - s->value });
		} else {
			f->name = str_of(d->wanted[i]);
			f->value = (struct str) { NULL, 0 };
		}
	}
	struct deb822_stanza stanza = { d->fields, d->n_spans, d->first_line };
	return d->fn(d->arg, &stanza, e);
}

/* A stanza with comment lines, perhaps inside a value: read again from a copy without them. */
static bool emit_without_comments(struct deb822 *d, struct str text, struct err *e)
{
	AUTO(buf_done) struct buf plain = BUF_INIT(DEB822_MAX_STANZA + 1);
	uint64_t line = d->line, first_line = d->first_line;
	struct str l;
	stanza_reset(d);
	for (struct str rest = text; str_split(&rest, '\n', &l);)
		if (l.n && l.p[0] != '#' && !(l.n == 1 && l.p[0] == '\r')) {
			buf_addstr(&plain, l);
			buf_addc(&plain, '\n');
		}
	bool ok = true;
	size_t at = 0;
	for (struct str rest = buf_str(&plain);
	     ok && rest.n && str_split(&rest, '\n', &l) && l.n;) {
		ok = stanza_line(d, plain.p, at, l.n, e);
		at += l.n + 1;
	}
	d->line = line;
	d->first_line = first_line;
	return ok && emit(d, plain.p, e);
}

/* The stanza of n bytes at `base` is complete. Comments alone are no stanza. */
static bool stanza_end(struct deb822 *d, const char *base, size_t n, struct err *e)
{
	bool ok = true;
	if (d->n_lines)
		ok = d->comments ? emit_without_comments(d, (struct str) { base, n }, e)
				 : emit(d, base, e);
	stanza_reset(d);
	return ok;
}

static inline bool is_empty(const char *p, size_t n)
{
	return n == 0 || (n == 1 && *p == '\r');
}

/* Continues the stanza in `pending` line by line until it ends or the bytes do. */
static bool feed_pending(struct deb822 *d, struct str *bytes, struct err *e)
{
	while (d->pending.n && bytes->n) {
		const char *lf = memchr(bytes->p, '\n', bytes->n);
		size_t n = lf ? (size_t)(lf - bytes->p) + 1 : bytes->n;
		buf_add(&d->pending, bytes->p, n);
		if (d->pending.overflowed)
			return err_set(e, ERR_LIMIT, "line %llu: stanza is larger than %u bytes",
				       (unsigned long long)d->line, DEB822_MAX_STANZA);
		bytes->p += n;
		bytes->n -= n;
		if (!lf)
			return true;
		const char *p = d->pending.p + d->fed;
		size_t len = d->pending.n - d->fed - 1;
		if (is_empty(p, len)) {
			d->line++;
			if (!stanza_end(d, d->pending.p, d->fed, e))
				return false;
			buf_reset(&d->pending);
			d->fed = 0;
		} else {
			if (!stanza_line(d, d->pending.p, d->fed, len, e))
				return false;
			d->fed = d->pending.n;
		}
	}
	return true;
}

bool deb822_feed(struct deb822 *d, struct str bytes, struct err *e)
{
	if (!d->line)
		stanza_reset(d);
	if (!feed_pending(d, &bytes, e))
		return false;
	if (!bytes.n)
		return true;
	const char *base = bytes.p, *p = bytes.p, *end = bytes.p + bytes.n;
	for (const char *lf; p < end && (lf = memchr(p, '\n', (size_t)(end - p))); p = lf + 1) {
		size_t n = (size_t)(lf - p);
		if (is_empty(p, n)) {
			d->line++;
			if (!stanza_end(d, base, (size_t)(p - base), e))
				return false;
			base = lf + 1;
		} else if (!stanza_line(d, base, (size_t)(p - base), n, e)) {
			return false;
		}
	}
	buf_add(&d->pending, base, (size_t)(end - base));
	d->fed = (size_t)(p - base);
	if (d->pending.overflowed)
		return err_set(e, ERR_LIMIT, "line %llu: stanza is larger than %u bytes",
			       (unsigned long long)d->line, DEB822_MAX_STANZA);
	return true;
}

bool deb822_end(struct deb822 *d, struct err *e)
{
	if (!d->pending.n)
		return true;
	const char *p = d->pending.p + d->fed;
	size_t n = d->pending.n - d->fed;
	if (!is_empty(p, n) && !stanza_line(d, d->pending.p, d->fed, n, e))
		return false;
	bool ok = stanza_end(d, d->pending.p, d->pending.n, e);
	buf_reset(&d->pending);
	d->fed = 0;
	return ok;
}

bool deb822_text(struct str text, const char *const *wanted, deb822_fn fn, void *arg, struct err *e)
{
	AUTO(deb822_free) struct deb822 *d = deb822_new(wanted, fn, arg);
	return deb822_feed(d, text, e) && deb822_end(d, e);
}

bool deb822_line(struct str *rest, struct str *line_out)
{
	if (!str_split(rest, '\n', line_out))
		return false;
	*line_out = str_trim(*line_out);
	return true;
}

bool deb822_word(struct str *rest, struct str *word_out)
{
	struct str s = str_trim(*rest);
	size_t n = 0;
	while (n < s.n && s.p[n] != ' ' && s.p[n] != '\t' && s.p[n] != '\n' && s.p[n] != '\r')
		n++;
	*rest = (struct str) { s.p + n, s.n - n };
	if (n)
		*word_out = (struct str) { s.p, n };
	return n > 0;
}
