/* SPDX-License-Identifier: Apache-2.0
 * JSON on jansson. Invariant: no document deeper than 32 levels reaches jansson's recursive parser,
 * and every reader either gives a checked value or an error that names the member. Nothing here
 * knows what a document means. */
#include "format/json.h"
#include "base/clock.h"
#include "base/utf8.h"

#define JSON_MAX_DEPTH 32

/* An allocation that fails ends the process, here as everywhere else: it must not look like a
 * document that is not valid. */
__attribute__((constructor)) static void use_checked_memory(void)
{
	json_set_alloc_funcs(xmalloc, xfree);
}

void json_free(json_t *j)
{
	json_decref(j);
}

/* Jansson's own depth limit is fixed at 2048; brackets are counted here before it sees them. */
static bool depth_ok(struct str text)
{
	int depth = 0;
	bool in_string = false;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			if (++depth > JSON_MAX_DEPTH)
				return false;
		} else if (c == '}' || c == ']') {
			depth--;
		}
	}
	return true;
}

bool json_parse(struct str text, size_t max, json_t **out, struct err *e)
{
	if (text.n > max)
		return err_set(e, ERR_LIMIT, "JSON document is larger than %zu bytes", max);
	if (!depth_ok(text))
		return err_set(e, ERR_LIMIT, "JSON document is nested deeper than %d levels",
			       JSON_MAX_DEPTH);
	json_error_t je;
	json_t *j = json_loadb(text.n ? text.p : "", text.n, JSON_REJECT_DUPLICATES, &je);
	if (!j)
		return err_set(e, ERR_CORRUPT, "JSON is not valid at line %d, column %d: %s",
			       je.line, je.column, je.text);
	*out = j;
	return true;
}

static int write_to_buf(const char *p, size_t n, void *arg)
{
	struct buf *b = arg;
	buf_add(b, p, n);
	return b->overflowed ? -1 : 0;
}

void json_write(const json_t *j, struct buf *b)
{
	int r = json_dump_callback(j, write_to_buf, b,
				   JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	ASSERT(r == 0 || b->overflowed);
}

/* Characters, not bytes: bytes that do not continue a UTF-8 sequence. Jansson gives valid UTF-8. */
static size_t characters(const char *s)
{
	size_t n = 0;
	for (; *s; s++)
		n += ((unsigned char)*s & 0xC0) != 0x80;
	return n;
}

static bool read_str(const json_t *v, const char *key, size_t min, size_t max, const char **out,
		     struct err *e)
{
	const char *s = json_string_value(v);
	size_t n = s ? characters(s) : 0;
	if (!s || n < min || n > max)
		return err_set(e, ERR_INVALID, "'%s' must be a string of %zu to %zu characters",
			       key, min, max);
	*out = s;
	return true;
}

static bool read_int(const json_t *v, const char *key, int64_t min, int64_t max, int64_t *out,
		     struct err *e)
{
	int64_t i = json_integer_value(v);
	if (!json_is_integer(v) || i < min || i > max)
		return err_set(e, ERR_INVALID, "'%s' must be a whole number from %lld to %lld", key,
			       (long long)min, (long long)max);
	*out = i;
	return true;
}

/* The member, or NULL when it is missing or null. */
static json_t *member(const json_t *obj, const char *key)
{
	json_t *v = json_object_get(obj, key);
	return json_is_null(v) ? NULL : v;
}

bool json_need_str(const json_t *obj, const char *key, size_t min, size_t max, const char **out,
		   struct err *e)
{
	return read_str(json_object_get(obj, key), key, min, max, out, e);
}

bool json_opt_str(const json_t *obj, const char *key, size_t max, const char **out, struct err *e)
{
	json_t *v = member(obj, key);
	return !v || read_str(v, key, 0, max, out, e);
}

bool json_need_int(const json_t *obj, const char *key, int64_t min, int64_t max, int64_t *out,
		   struct err *e)
{
	return read_int(json_object_get(obj, key), key, min, max, out, e);
}

bool json_opt_int(const json_t *obj, const char *key, int64_t min, int64_t max, int64_t *out,
		  struct err *e)
{
	json_t *v = member(obj, key);
	return !v || read_int(v, key, min, max, out, e);
}

bool json_opt_bool(const json_t *obj, const char *key, bool *out, struct err *e)
{
	json_t *v = member(obj, key);
	if (!v)
		return true;
	if (!json_is_boolean(v))
		return err_set(e, ERR_INVALID, "'%s' must be true or false", key);
	*out = json_is_true(v);
	return true;
}

bool json_opt_array(const json_t *obj, const char *key, size_t max, json_t **out, struct err *e)
{
	json_t *v = member(obj, key);
	if (v && (!json_is_array(v) || json_array_size(v) > max))
		return err_set(e, ERR_INVALID, "'%s' must be an array of at most %zu elements", key,
			       max);
	*out = v;
	return true;
}

bool json_only(const json_t *obj, const char *const *known, struct err *e)
{
	if (!json_is_object(obj))
		return err_set(e, ERR_INVALID, "a JSON object is needed here");
	const char *key;
	json_t *v;
	json_object_foreach((json_t *)(uintptr_t)obj, key, v)
	{
		bool found = false;
		for (size_t i = 0; known[i] && !found; i++)
			found = strcmp(known[i], key) == 0;
		if (!found)
			return err_set(e, ERR_INVALID, "unknown member '%.80s'", key);
	}
	return true;
}

json_t *json_text(struct str s)
{
	json_t *j = json_stringn(s.n ? s.p : "", s.n);
	if (j)
		return j;
	struct buf b = BUF_INIT(s.n * 3 + 1);
	utf8_repair(s, &b);
	j = json_stringn(b.n ? b.p : "", b.n);
	buf_done(&b);
	ASSERT(j);
	return j;
}

json_t *json_time(int64_t t_ms)
{
	char text[CLOCK_RFC3339_LEN];
	return t_ms ? json_string(clock_rfc3339(t_ms, text)) : json_null();
}
