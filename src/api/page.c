/* SPDX-License-Identifier: Apache-2.0
 * Making and reading cursors. Layout before base64url: version, direction, 8 bytes of filter hash,
 * the values (type, length, bytes), then 16 bytes of HMAC-SHA-256 over all of it. */
#include "api/page.h"

#include "api/api_int.h"
#include "api/words.h"
#include "base/enc.h"

#include <stdio.h>

#define CURSOR_VERSION 1
#define FILTER_LEN 8
#define MAC_LEN 16
#define CURSOR_MAX 2048
#define TEXT_CLIP 120

static struct str clipped(struct str s)
{
	return (struct str) { s.p, MIN(s.n, TEXT_CLIP) };
}

int page_value_cmp(const struct page_value *a, const struct page_value *b)
{
	if (!a->is_text)
		return (a->i > b->i) - (a->i < b->i);
	struct str x = clipped(a->s), y = clipped(b->s);
	int d = x.n && y.n ? strncasecmp(x.p, y.p, MIN(x.n, y.n)) : 0;
	return d ? d : (x.n > y.n) - (x.n < y.n);
}

/* The hash that binds a cursor to its list. */
static struct sha256 filter_hash(struct call *c)
{
	AUTO(buf_done) struct buf b = BUF_INIT(64u << 10);
	buf_adds(&b, http_req_path(c->req));
	buf_addc(&b, '\n');
	query_canonical(&c->query, &b);
	return digest_of(buf_str(&b));
}

static struct sha256 mac(struct call *c, struct str bytes)
{
	return digest_hmac(
		(struct str) { (const char *)c->api->cursor_key, sizeof(c->api->cursor_key) },
		bytes);
}

const char *page_cursor(struct call *c, bool backward, const struct page_value *at, size_t n)
{
	AUTO(buf_done) struct buf b = BUF_INIT(CURSOR_MAX);
	AUTO(buf_done) struct buf text = BUF_INIT(2 * CURSOR_MAX);
	struct sha256 f = filter_hash(c);
	buf_addc(&b, CURSOR_VERSION);
	buf_addc(&b, backward);
	buf_add(&b, f.b, FILTER_LEN);
	for (size_t i = 0; i < n; i++) {
		struct str s = i + 1 < n ? clipped(at[i].s) : at[i].s; /* the id is never clipped */
		uint16_t len = (uint16_t)(at[i].is_text ? s.n : sizeof(at[i].i));
		buf_addc(&b, at[i].is_text ? 't' : 'i');
		buf_add(&b, &len, sizeof(len));
		buf_add(&b, at[i].is_text ? (const void *)s.p : &at[i].i, len);
	}
	struct sha256 m = mac(c, buf_str(&b));
	buf_add(&b, m.b, MAC_LEN);
	ASSERT(!b.overflowed);
	enc_base64url(&text, b.p, b.n);
	return arena_strdup(c->arena, buf_str(&text).p);
}

static bool take(struct str *rest, void *out, size_t n)
{
	if (rest->n < n)
		return false;
	memcpy(out, rest->p, n);
	*rest = (struct str) { rest->p + n, rest->n - n };
	return true;
}

static bool read_values(struct call *c, struct str rest, size_t n_values, struct page_position *out)
{
	for (out->n = 0; out->n < n_values; out->n++) {
		struct page_value *v = &out->at[out->n];
		char type;
		uint16_t len;
		if (!take(&rest, &type, 1) || !take(&rest, &len, sizeof(len)) || rest.n < len)
			return false;
		v->is_text = type == 't';
		if (v->is_text) {
			v->s = arena_str(c->arena, (struct str) { rest.p, len });
			rest = (struct str) { rest.p + len, rest.n - len };
		} else if (len != sizeof(v->i) || !take(&rest, &v->i, sizeof(v->i))) {
			return false;
		}
	}
	return rest.n == 0;
}

static bool read_cursor(struct call *c, const char *text, size_t n_values,
			struct page_position *out)
{
	AUTO(buf_done) struct buf b = BUF_INIT(CURSOR_MAX);
	if (!enc_unbase64url(str_of(text), &b) || b.n < 2 + FILTER_LEN + MAC_LEN)
		return false;
	struct str signed_part = { b.p, b.n - MAC_LEN }, rest = signed_part;
	struct sha256 m = mac(c, signed_part), f = filter_hash(c);
	char head[2], filter[FILTER_LEN];
	if (!digest_equal_bytes((struct str) { (const char *)m.b, MAC_LEN },
				(struct str) { b.p + signed_part.n, MAC_LEN }))
		return false;
	if (!take(&rest, head, sizeof(head)) || !take(&rest, filter, sizeof(filter)))
		return false;
	out->present = true;
	out->backward = head[1];
	return head[0] == CURSOR_VERSION && memcmp(filter, f.b, FILTER_LEN) == 0 &&
	       read_values(c, rest, n_values, out);
}

bool page_read(struct call *c, size_t n_values, size_t *limit_out, struct page_position *out,
	       struct err *e)
{
	const char *cursor = query_text(&c->query, "cursor");
	struct page_position p = { 0 };
	if (cursor && !read_cursor(c, cursor, n_values, &p)) {
		call_blame(c, "?cursor", "invalid_cursor", "not a cursor of this list");
		return call_fail(
			c, e, 400, "invalid_cursor",
			"'cursor' was not made for this list with these filters; start again without it");
	}
	*limit_out = (size_t)query_number(&c->query, "limit", PAGE_DEFAULT_LIMIT);
	*out = p;
	return true;
}

json_t *page_json(struct call *c, const char *next, const char *prev, int64_t total)
{
	json_t *j = json_object();
	json_object_set_new(j, "next_cursor", words_text_or_null(next));
	json_object_set_new(j, "prev_cursor", words_text_or_null(prev));
	json_object_set_new(j, "total", json_integer(total));
	json_object_set_new(j, "total_is_exact", json_true());
	json_object_set_new(j, "as_of", json_time(c->now_ms));
	return j;
}

json_t *page_around(struct call *c, const struct page_position *at, bool more, size_t n,
		    const struct page_value *first, const struct page_value *last, size_t n_values,
		    int64_t total)
{
	bool has_next = n && (at->backward || more),
	     has_prev = n && (at->backward ? more : at->present);
	return page_json(c, has_next ? page_cursor(c, false, last, n_values) : NULL,
			 has_prev ? page_cursor(c, true, first, n_values) : NULL, total);
}

json_t *page_reply(json_t *items, json_t *page)
{
	json_t *j = json_object();
	json_object_set_new(j, "items", items);
	json_object_set_new(j, "page", page);
	return j;
}

/* --- rows by (time, id) ------------------------------------------------------------------------
 */

bool page_rows_read(struct call *c, struct page_rows *out, struct err *e)
{
	struct page_position at;
	struct page_rows p = { 0 };
	size_t limit;
	if (!page_read(c, 2, &limit, &at, e))
		return false;
	p.ask = (struct sql_page) {
		.from = at.present, .newer = at.backward, .ms = at.at[0].i, .limit = limit + 1
	};
	if (at.present)
		(void)snprintf(p.ask.id, sizeof(p.ask.id), "%.*s", STR_ARG(at.at[1].s));
	*out = p;
	return true;
}

void page_rows_came(struct page_rows *p, size_t n)
{
	p->more = n == p->ask.limit;
	p->n = n - p->more;
	p->skip = p->more && p->ask.newer; /* the row beyond is the first one then */
}

json_t *page_rows_reply(struct call *c, const struct page_rows *p, json_t *items, int64_t total,
			const int64_t *ms, const char *id, size_t stride)
{
	struct page_position at = { .present = p->ask.from, .backward = p->ask.newer };
	struct page_value first[2] = { 0 }, last[2] = { 0 };
	if (p->n) {
		size_t far = (p->n - 1) * stride;
		first[0].i = *ms;
		first[1] = (struct page_value) { .is_text = true, .s = str_of(id) };
		memcpy(&last[0].i, (const char *)ms + far, sizeof(last[0].i));
		last[1] = (struct page_value) { .is_text = true, .s = str_of(id + far) };
	}
	return page_reply(items, page_around(c, &at, p->more, p->n, first, last, 2, total));
}
