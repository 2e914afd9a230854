/* SPDX-License-Identifier: Apache-2.0
 * A push reader of CSV: one state, one row of text, the offsets where its fields begin. Nothing is
 * kept of a row once it was handed on. */
#include "feeds/read/csv_stream.h"
#include "base/utf8.h"

enum state { FIELD_START, PLAIN, QUOTED, QUOTE_SEEN, RETURN_SEEN };

struct csv_stream {
	csv_stream_fn fn;
	void *arg;
	enum state state;
	struct buf row; /* fields, each followed by NUL */
	size_t starts[CSV_STREAM_FIELDS];
	size_t n;
	uint64_t line, row_line, rows;
	unsigned mark; /* bytes of a byte order mark met so far; 4 = past it */
};

struct csv_stream *csv_stream_new(csv_stream_fn fn, void *arg)
{
	struct csv_stream *s = xcalloc(1, sizeof(*s));
	s->fn = fn;
	s->arg = arg;
	s->row = BUF_INIT(CSV_STREAM_ROW);
	s->line = s->row_line = 1;
	return s;
}

void csv_stream_free(struct csv_stream *s)
{
	if (!s)
		return;
	buf_done(&s->row);
	xfree(s);
}

static bool bad(const struct csv_stream *s, const char *what, struct err *e)
{
	return err_set(e, ERR_CORRUPT, "CSV line %llu: %s", (unsigned long long)s->line, what);
}

static bool begin_field(struct csv_stream *s, struct err *e)
{
	if (s->n == CSV_STREAM_FIELDS)
		return bad(s, "has too many fields", e);
	s->starts[s->n++] = s->row.n;
	return true;
}

static bool end_row(struct csv_stream *s, struct err *e)
{
	struct str fields[CSV_STREAM_FIELDS];
	buf_addc(&s->row, '\0');
	if (s->row.overflowed)
		return err_set(e, ERR_LIMIT, "CSV line %llu is too long",
			       (unsigned long long)s->row_line);
	for (size_t i = 0; i < s->n; i++) {
		size_t end = i + 1 < s->n ? s->starts[i + 1] : s->row.n;
		fields[i] = (struct str) { s->row.p + s->starts[i], end - s->starts[i] - 1 };
		if (!utf8_valid(fields[i]))
			return bad(s, "is not UTF-8", e);
	}
	bool empty = s->n == 1 && fields[0].n == 0;
	if (!empty && ++s->rows > CSV_STREAM_ROWS)
		return err_set(e, ERR_LIMIT, "CSV has more than %u rows", CSV_STREAM_ROWS);
	bool good = empty || s->fn(s->arg, fields, s->n, s->row_line, e);
	buf_reset(&s->row);
	s->n = 0;
	s->state = FIELD_START;
	return good;
}

/* A byte outside quotes. */
static bool plain(struct csv_stream *s, char c, struct err *e)
{
	if (c == '\0')
		return bad(s, "holds a NUL", e);
	if (c == ',') {
		buf_addc(&s->row, '\0');
		s->state = FIELD_START;
		return begin_field(s, e);
	}
	if (c == '\n')
		return end_row(s, e);
	if (c == '\r') {
		s->state = RETURN_SEEN;
		return true;
	}
	if (c == '"')
		return bad(s, "has a quote inside a field", e);
	buf_addc(&s->row, c);
	s->state = PLAIN;
	return true;
}

static bool step(struct csv_stream *s, char c, struct err *e)
{
	if (s->n == 0) {
		s->row_line = s->line;
		if (!begin_field(s, e))
			return false;
	}
	switch (s->state) {
	case FIELD_START:
		if (c != '"')
			return plain(s, c, e);
		s->state = QUOTED;
		return true;
	case PLAIN: return plain(s, c, e);
	case QUOTED:
		if (c == '\0')
			return bad(s, "holds a NUL", e);
		if (c == '"')
			s->state = QUOTE_SEEN;
		else
			buf_addc(&s->row, c);
		return true;
	case QUOTE_SEEN:
		if (c == '"') {
			buf_addc(&s->row, c);
			s->state = QUOTED;
			return true;
		}
		return c == ',' || c == '\n' || c == '\r' ? plain(s, c, e)
							  : bad(s, "goes on after a quote", e);
	case RETURN_SEEN: return c == '\n' ? end_row(s, e) : bad(s, "has a lone CR", e);
	}
	return false;
}

bool csv_stream_feed(void *stream, struct str bytes, struct err *e)
{
	static const char mark[] = "\xEF\xBB\xBF";
	struct csv_stream *s = stream;
	for (size_t i = 0; i < bytes.n; i++) {
		if (s->mark < 3) {
			if (bytes.p[i] == mark[s->mark]) {
				s->mark++;
				continue;
			}
			if (s->mark)
				return bad(s, "is not UTF-8", e);
			s->mark = 3;
		}
		if (!step(s, bytes.p[i], e))
			return false;
		if (s->row.overflowed)
			return err_set(e, ERR_LIMIT, "CSV line %llu is too long",
				       (unsigned long long)s->row_line);
		s->line += bytes.p[i] == '\n';
	}
	return true;
}

bool csv_stream_end(struct csv_stream *s, struct err *e)
{
	if (s->mark && s->mark < 3)
		return bad(s, "is not UTF-8", e);
	if (s->state == QUOTED)
		return bad(s, "ends inside quotes", e);
	return s->n == 0 || end_row(s, e);
}
