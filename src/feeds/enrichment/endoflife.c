/* SPDX-License-Identifier: Apache-2.0
 * endoflife.date (MIT): API v1 as JSON, all products or one, and the front matter of a product's
 * file. Of a release we keep when security support and extended support end: a day, "it has", "it
 * has not", or nothing told. */
#include "feeds/enrichment/enrichment_int.h"
#include "feeds/read/json_stream.h"

#define MAX_PAGE (4u << 20)
#define MAX_NAME 100u

static bool add(struct enrich_rows *rows, const struct lifecycle *l, struct err *e)
{
	return enrich_add_lifecycle(rows, l, e);
}

/* --- JSON ----------------------------------------------------------------------------------------
 */

enum field { NAME, IS_EOL, EOL_FROM, IS_EOES, EOES_FROM, IS_LTS, FIELDS_ };
static const char *const fields[FIELDS_] = {
	[NAME] = "name",      [IS_EOL] = "isEol",	[EOL_FROM] = "eolFrom",
	[IS_EOES] = "isEoes", [EOES_FROM] = "eoesFrom", [IS_LTS] = "isLts",
};

struct eol_reader {
	struct enrich_rows *rows;
	unsigned product; /* depth of a product's object: 1 alone, 2 in the list; 0 = not seen */
	char root[24], key[24], part[24];
	char name[MAX_NAME + 1];	    /* of the product */
	char values[FIELDS_][MAX_NAME + 1]; /* of the release */
	size_t first;			    /* rows of this product begin here: named at its end */
	int64_t total, products;
};

static void keep(char *out, size_t size, struct str text)
{
	size_t n = text.n < size ? text.n : 0; /* too long for what it should be: nothing */
	memcpy(out, text.p, n);
	out[n] = '\0';
}

/* "isEol" and "eolFrom" as one. A day that lies ahead beside isEol = true is the day that counts:
 * the word is as old as the document. */
static bool end_of(const char *is, const char *from, int64_t *out, struct err *e)
{
	if (from[0] && strcmp(from, "null") != 0)
		return enrichment_day(str_of(from), out) ||
		       err_set(e, ERR_CORRUPT, "'%.40s' is no day", from);
	*out = strcmp(is, "true") == 0	  ? LIFECYCLE_HAS_ENDED
	       : strcmp(is, "false") == 0 ? LIFECYCLE_NEVER
					  : LIFECYCLE_NOT_TOLD;
	return true;
}

static bool end_release(struct eol_reader *r, struct err *e)
{
	struct lifecycle l = { .product = STR_LIT("?"), .release = str_of(r->values[NAME]) };
	l.lts = strcmp(r->values[IS_LTS], "true") == 0;
	bool good = end_of(r->values[IS_EOL], r->values[EOL_FROM], &l.security_end, e) &&
		    end_of(r->values[IS_EOES], r->values[EOES_FROM], &l.extended_end, e) &&
		    add(r->rows, &l, e);
	memset(r->values, 0, sizeof(r->values));
	return good;
}

static bool end_product(struct eol_reader *r, struct err *e)
{
	if (!r->name[0] || strpbrk(r->name, " \t"))
		return err_set(e, ERR_CORRUPT, "a product has no name");
	struct str name = enrichment_line(&r->rows->arena, str_of(r->name), MAX_NAME);
	if (!name.n || memchr(name.p, ' ', name.n))
		return err_set(e, ERR_CORRUPT, "a product has no name");
	for (size_t i = r->first; i < r->rows->releases.n; i++)
		r->rows->releases.p[i].product = name;
	r->first = r->rows->releases.n;
	r->name[0] = '\0';
	r->products++;
	return true;
}

static bool root_value(struct eol_reader *r, struct str text, struct err *e)
{
	if (strcmp(r->root, "generated_at") == 0 && !enrichment_time(text, &r->rows->date_ms))
		return err_set(e, ERR_CORRUPT, "generated_at is no time");
	if (strcmp(r->root, "schema_version") == 0)
		r->rows->model = enrichment_line(&r->rows->arena, text, MAX_NAME);
	if (strcmp(r->root, "total") == 0 && (!str_to_i64(text, &r->total) || r->total < 0))
		return err_set(e, ERR_CORRUPT, "total is no number");
	return true;
}

static void take_key(struct eol_reader *r, unsigned depth, struct str text)
{
	if (depth == 1)
		keep(r->root, sizeof(r->root), text);
	else if (depth == r->product + 1)
		keep(r->part, sizeof(r->part), text);
	else if (depth == r->product + 3)
		keep(r->key, sizeof(r->key), text);
}

static void release_value(struct eol_reader *r, struct str text)
{
	for (int f = 0; f < FIELDS_; f++)
		if (strcmp(r->key, fields[f]) == 0)
			keep(r->values[f], sizeof(r->values[f]), text);
}

static bool event(void *arg, enum json_event ev, unsigned depth, struct str text, struct err *e)
{
	struct eol_reader *r = arg;
	bool value = ev == JSON_STRING_VALUE || ev == JSON_OTHER_VALUE;
	if (depth == 0)
		return ev == JSON_OBJECT || ev == JSON_OBJECT_END ||
		       err_set(e, ERR_CORRUPT, "document is not an object; API v1 is read here");
	if (ev == JSON_KEY)
		take_key(r, depth, text);
	if (value && depth == 1)
		return root_value(r, text, e);
	if (strcmp(r->root, "result") != 0)
		return true;
	if (depth == 1 && (ev == JSON_OBJECT || ev == JSON_ARRAY))
		r->product = ev == JSON_OBJECT ? 1 : 2;
	bool in_releases = r->product && strcmp(r->part, "releases") == 0;
	if (value && depth == r->product + 1 && strcmp(r->part, "name") == 0)
		keep(r->name, sizeof(r->name), text);
	else if (value && in_releases && depth == r->product + 3)
		release_value(r, text);
	else if (ev == JSON_OBJECT_END && in_releases && depth == r->product + 2)
		return end_release(r, e);
	else if (ev == JSON_OBJECT_END && depth == r->product)
		return end_product(r, e);
	return true;
}

/* --- front matter --------------------------------------------------------------------------------
 */

struct page {
	struct enrich_rows *rows;
	struct str product;
	bool in_releases, open;
	size_t indent; /* of a release's keys */
	struct lifecycle release;
};

/* The value of "key: value  # remark", without quotes. */
static struct str scalar(struct str s)
{
	s = str_trim(s);
	if (s.n && (s.p[0] == '"' || s.p[0] == '\'')) {
		for (size_t i = 1; i < s.n; i++)
			if (s.p[i] == s.p[0])
				return (struct str) { s.p + 1, i - 1 };
		return s;
	}
	for (size_t i = 1; i < s.n; i++)
		if (s.p[i] == '#' && (s.p[i - 1] == ' ' || s.p[i - 1] == '\t'))
			s.n = i;
	return str_trim(s);
}

static bool page_end(struct str v, int64_t *out, struct err *e)
{
	if (str_is(v, "true"))
		*out = LIFECYCLE_HAS_ENDED;
	else if (str_is(v, "false"))
		*out = LIFECYCLE_NEVER;
	else if (v.n == 0 || str_is(v, "null") || str_is(v, "~"))
		*out = LIFECYCLE_NOT_TOLD;
	else if (!enrichment_day(v, out))
		return err_set(e, ERR_CORRUPT, "'%.*s' is no day", (int)MIN(v.n, (size_t)40), v.p);
	return true;
}

static bool close_release(struct page *p, struct err *e)
{
	bool good = !p->open || add(p->rows, &p->release, e);
	p->open = false;
	return good;
}

static bool page_key(struct page *p, struct str key, struct str value, struct err *e)
{
	struct str v = scalar(value);
	if (str_is(key, "releaseCycle"))
		p->release.release = v;
	else if (str_is(key, "eol"))
		return page_end(v, &p->release.security_end, e);
	else if (str_is(key, "eoes"))
		return page_end(v, &p->release.extended_end, e);
	else if (str_is(key, "lts"))
		p->release.lts = v.n && !str_is(v, "false");
	return true;
}

static bool top_key(struct page *p, struct str key, struct str value, struct err *e)
{
	struct str v = scalar(value);
	if (!close_release(p, e))
		return false;
	p->in_releases = str_is(key, "releases");
	if (str_is(key, "permalink") && v.n > 1 && v.p[0] == '/')
		p->product = (struct str) { v.p + 1, v.n - 1 };
	return true;
}

static bool page_line(struct page *p, struct str line, struct err *e)
{
	size_t indent = 0;
	while (indent < line.n && line.p[indent] == ' ')
		indent++;
	struct str body = { line.p + indent, line.n - indent };
	bool item = str_starts(body, "- ");
	if (!str_trim(body).n || body.p[0] == '#')
		return true;
	if (item && p->in_releases && (!p->open || indent < p->indent)) {
		if (!close_release(p, e))
			return false;
		p->open = true;
		p->release = (struct lifecycle) { .product = p->product };
		for (indent += 1; indent < line.n && line.p[indent] == ' '; indent++)
			;
		p->indent = indent;
		body = (struct str) { line.p + indent, line.n - indent };
	}
	ptrdiff_t colon = str_find(body, ':');
	if (colon <= 0)
		return true;
	struct str key = { body.p, (size_t)colon };
	struct str value = { body.p + colon + 1, body.n - (size_t)colon - 1 };
	if (indent == 0)
		return top_key(p, key, value, e);
	return !p->open || indent != p->indent || page_key(p, key, value, e);
}

static bool parse_page(struct str text, struct enrich_rows *out, struct err *e)
{
	struct page p = { .rows = out };
	struct str rest = text, line;
	size_t before = out->releases.n;
	if (!str_line(&rest, &line) || !str_is(str_trim(line), "---"))
		return err_set(e, ERR_CORRUPT, "no front matter");
	while (str_line(&rest, &line) && !str_is(str_trim(line), "---"))
		if (!page_line(&p, line, e))
			return false;
	return close_release(&p, e) &&
	       (out->releases.n > before || err_set(e, ERR_CORRUPT, "the page has no releases"));
}

/* --- either --------------------------------------------------------------------------------------
 */

struct either {
	struct eol_reader r;
	struct json_stream *json;
	struct buf page;
	bool begun;
};

static bool feed(void *arg, struct str bytes, struct err *e)
{
	struct either *x = arg;
	if (!x->begun && enrichment_sniff(bytes) != '-')
		x->json = json_stream_new(event, &x->r);
	x->begun = true;
	if (x->json)
		return json_stream_feed(x->json, bytes, e);
	buf_addstr(&x->page, bytes);
	return buf_ok(&x->page, "page", e);
}

static bool end_json(struct either *x, struct err *e)
{
	const struct eol_reader *r = &x->r;
	if (!json_stream_end(x->json, e))
		return false;
	if (r->first != r->rows->releases.n || !r->products)
		return err_set(e, ERR_CORRUPT, "document holds no products");
	if (r->product == 2 && r->total >= 0 && r->total != r->products)
		return err_set(e, ERR_CORRUPT, "it says it has %lld products but has %lld",
			       (long long)r->total, (long long)r->products);
	return r->rows->releases.n || err_set(e, ERR_CORRUPT, "there are no releases");
}

bool endoflife_parse(struct unpack *u, struct enrich_rows *out, struct err *e)
{
	struct either x = { .r = { .rows = out, .first = out->releases.n, .total = -1 },
			    .page = BUF_INIT(MAX_PAGE) };
	out->kind = ENRICH_ENDOFLIFE;
	bool good = enrichment_pump(u, feed, &x, e) &&
		    (x.json ? end_json(&x, e) : parse_page(buf_str(&x.page), out, e));
	json_stream_free(x.json);
	buf_done(&x.page);
	return good || err_prefix(e, "endoflife.date");
}
