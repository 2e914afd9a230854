/* SPDX-License-Identifier: Apache-2.0
 * A push parser: one state, one stack of brackets, one bounded string. Bytes may come in chunks of
 * any size. Numbers and literals are checked as words only at their end. */
#include "feeds/read/json_stream.h"
#include "base/utf8.h"

enum state {
	VALUE,
	VALUE_OR_END,
	KEY,
	KEY_OR_END,
	COLON,
	COMMA_OR_END,
	STRING,
	ESCAPE,
	UNICODE,
	WORD,
	DONE
};

struct json_stream {
	json_stream_fn fn;
	void *arg;
	enum state state;
	char stack[JSON_STREAM_DEPTH];
	unsigned depth;
	struct buf text;
	bool is_key;
	unsigned hex_left;
	uint32_t code, high;
	uint64_t at;
};

struct json_stream *json_stream_new(json_stream_fn fn, void *arg)
{
	struct json_stream *s = xcalloc(1, sizeof(*s));
	s->fn = fn;
	s->arg = arg;
	s->state = VALUE;
	s->text = BUF_INIT(JSON_STREAM_STRING);
	return s;
}

void json_stream_free(struct json_stream *s)
{
	if (!s)
		return;
	buf_done(&s->text);
	xfree(s);
}

static bool bad(struct json_stream *s, const char *what, struct err *e)
{
	return err_set(e, ERR_CORRUPT, "JSON at byte %llu: %s", (unsigned long long)s->at, what);
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void after_value(struct json_stream *s)
{
	s->state = s->depth ? COMMA_OR_END : DONE;
}

static bool open_bracket(struct json_stream *s, char c, struct err *e)
{
	if (s->depth == JSON_STREAM_DEPTH)
		return bad(s, "is nested too deeply", e);
	if (!s->fn(s->arg, c == '{' ? JSON_OBJECT : JSON_ARRAY, s->depth, STR_LIT(""), e))
		return false;
	s->stack[s->depth++] = c;
	s->state = c == '{' ? KEY_OR_END : VALUE_OR_END;
	return true;
}

static bool close_bracket(struct json_stream *s, char c, struct err *e)
{
	char open = c == '}' ? '{' : '[';
	if (!s->depth || s->stack[s->depth - 1] != open)
		return bad(s, "brackets do not match", e);
	s->depth--;
	after_value(s);
	return s->fn(s->arg, c == '}' ? JSON_OBJECT_END : JSON_ARRAY_END, s->depth, STR_LIT(""), e);
}

static void begin_string(struct json_stream *s, bool is_key)
{
	s->is_key = is_key;
	s->state = STRING;
	s->high = 0;
	buf_reset(&s->text);
	s->text.overflowed = false;
}

static bool begin_value(struct json_stream *s, char c, struct err *e)
{
	if (c == '{' || c == '[')
		return open_bracket(s, c, e);
	if (c == '"') {
		begin_string(s, false);
		return true;
	}
	if (c != '-' && !(c >= '0' && c <= '9') && c != 't' && c != 'f' && c != 'n')
		return bad(s, "no value", e);
	buf_reset(&s->text);
	buf_addc(&s->text, c);
	s->state = WORD;
	return true;
}

static bool is_number(struct str w)
{
	size_t i = w.p[0] == '-', digits = 0;
	for (; i < w.n && w.p[i] >= '0' && w.p[i] <= '9'; i++)
		digits++;
	if (!digits)
		return false;
	for (; i < w.n; i++)
		if (!strchr("0123456789.eE+-", w.p[i]))
			return false;
	return true;
}

static bool end_word(struct json_stream *s, struct err *e)
{
	struct str w = buf_str(&s->text);
	if (s->text.overflowed ||
	    (!is_number(w) && !str_is(w, "true") && !str_is(w, "false") && !str_is(w, "null")))
		return bad(s, "no value", e);
	after_value(s);
	return s->fn(s->arg, JSON_OTHER_VALUE, s->depth, w, e);
}

static bool end_string(struct json_stream *s, struct err *e)
{
	struct str t = buf_str(&s->text);
	if (!s->text.overflowed && !utf8_valid(t))
		return bad(s, "string is not UTF-8", e);
	if (s->is_key) {
		s->state = COLON;
		return s->fn(s->arg, JSON_KEY, s->depth, t, e);
	}
	after_value(s);
	return s->fn(s->arg, JSON_STRING_VALUE, s->depth, t, e);
}

static void add_code(struct json_stream *s, uint32_t c)
{
	char u[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
	for (size_t i = n; i-- > 1; c >>= 6)
		u[i] = (char)(0x80 | (c & 0x3F));
	u[0] = (char)(lead[n] | c);
	buf_add(&s->text, u, n);
}

static bool escape(struct json_stream *s, char c, struct err *e)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	if (c == 'u') {
		s->state = UNICODE;
		s->hex_left = 4;
		s->code = 0;
		return true;
	}
	const char *k = c ? strchr(from, c) : NULL;
	if (!k)
		return bad(s, "unknown escape", e);
	buf_addc(&s->text, to[k - from]);
	s->state = STRING;
	return true;
}

static bool unicode(struct json_stream *s, char c, struct err *e)
{
	unsigned v = c >= '0' && c <= '9'		  ? (unsigned)(c - '0')
		     : (c | 32) >= 'a' && (c | 32) <= 'f' ? (unsigned)((c | 32) - 'a' + 10)
							  : 16;
	if (v == 16)
		return bad(s, "unknown escape", e);
	s->code = s->code * 16 + v;
	if (--s->hex_left)
		return true;
	s->state = STRING;
	bool low = s->code >= 0xDC00 && s->code < 0xE000;
	if (s->high ? !low : low || s->code == 0)
		return bad(s, "half a surrogate pair, or NUL", e);
	if (s->code >= 0xD800 && s->code < 0xDC00) {
		s->high = s->code;
		return true;
	}
	add_code(s, s->high ? 0x10000 + ((s->high - 0xD800) << 10) + (s->code - 0xDC00) : s->code);
	s->high = 0;
	return true;
}

static bool in_string(struct json_stream *s, char c, struct err *e)
{
	if (c == '\\') {
		s->state = ESCAPE;
		return true;
	}
	if (s->high)
		return bad(s, "half a surrogate pair", e);
	if (c == '"')
		return end_string(s, e);
	if ((unsigned char)c < 0x20)
		return bad(s, "control character in a string", e);
	buf_addc(&s->text, c);
	return true;
}

/* Between tokens. */
static bool between(struct json_stream *s, char c, struct err *e)
{
	if (blank(c))
		return true;
	switch (s->state) {
	case VALUE: return begin_value(s, c, e);
	case VALUE_OR_END: return c == ']' ? close_bracket(s, c, e) : begin_value(s, c, e);
	case KEY_OR_END:
		if (c == '}')
			return close_bracket(s, c, e);
		/* fall through */
	case KEY:
		if (c != '"')
			return bad(s, "no key", e);
		begin_string(s, true);
		return true;
	case COLON: s->state = VALUE; return c == ':' || bad(s, "no colon", e);
	case COMMA_OR_END:
		if (c == '}' || c == ']')
			return close_bracket(s, c, e);
		s->state = s->stack[s->depth - 1] == '{' ? KEY : VALUE;
		return c == ',' || bad(s, "no comma", e);
	default: return bad(s, "something follows the document", e);
	}
}

static bool step(struct json_stream *s, char c, struct err *e)
{
	switch (s->state) {
	case STRING: return in_string(s, c, e);
	case ESCAPE: return escape(s, c, e);
	case UNICODE: return unicode(s, c, e);
	case WORD:
		if (!blank(c) && c != ',' && c != '}' && c != ']') {
			buf_addc(&s->text, c);
			return true;
		}
		return end_word(s, e) && between(s, c, e);
	default: return between(s, c, e);
	}
}

/* Most bytes of such documents are long descriptions: the plain part of a string goes in one piece.
 */
static size_t plain_run(const char *p, size_t n)
{
	size_t i = 0;
	while (i < n && p[i] != '"' && p[i] != '\\' && (unsigned char)p[i] >= 0x20)
		i++;
	return i;
}

bool json_stream_feed(void *stream, struct str bytes, struct err *e)
{
	struct json_stream *s = stream;
	for (size_t i = 0; i < bytes.n;) {
		size_t run = s->state == STRING && !s->high ? plain_run(bytes.p + i, bytes.n - i)
							    : 0;
		if (run) {
			buf_add(&s->text, bytes.p + i, run);
		} else {
			if (!step(s, bytes.p[i], e))
				return false;
			run = 1;
		}
		i += run;
		s->at += run;
	}
	return true;
}

bool json_stream_end(struct json_stream *s, struct err *e)
{
	if (s->state == WORD && !end_word(s, e))
		return false;
	return s->state == DONE || bad(s, "document is cut off", e);
}
