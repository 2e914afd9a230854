/* SPDX-License-Identifier: Apache-2.0
 * repomd.xml: what a repository consists of and the checksums it is held to. Nothing that leads out
 * of the repository and nothing without a checksum we know gets through. */
#include "feeds/rpm/rpm_int.h"
#include "format/xml.h"

#define MAX_ENTRIES 500u

struct parsing {
	struct rpm_repomd *r;
	VEC(struct rpm_data) data;
	struct rpm_data d;
	struct str kind, open_kind; /* of the checksum elements */
	bool in_data, seen;
};

static bool on_start(void *arg, struct xml *x, const struct xml_element *el, struct err *e)
{
	struct parsing *p = arg;
	struct arena *a = &p->r->arena;
	struct str name = el->name;
	if (el->depth == 0 && !str_is(name, "repomd"))
		return err_set(e, ERR_CORRUPT, "not a repomd.xml: it begins with '%.40s'", name.p);
	if (el->depth == 1 && str_is(name, "data")) {
		if (p->data.n == MAX_ENTRIES)
			return err_set(e, ERR_LIMIT, "repomd.xml lists more than %u files",
				       MAX_ENTRIES);
		struct str type = xml_attr_str(el, "type");
		p->d = (struct rpm_data) { .type = arena_str(a, type.p ? type : STR_LIT("")),
					   .href = STR_LIT(""),
					   .checksum = { STR_LIT(""), STR_LIT("") },
					   .open_checksum = { STR_LIT(""), STR_LIT("") },
					   .size = -1,
					   .open_size = -1 };
		p->kind = p->open_kind = STR_LIT("");
		p->in_data = true;
	} else if (p->in_data && str_is(name, "location")) {
		struct str href = xml_attr_str(el, "href");
		if (xml_attr_str(el, "xml:base").n)
			return err_set(
				e, ERR_CORRUPT,
				"repomd.xml keeps '%.60s' outside of the repository, which is "
				"not accepted",
				p->d.type.p);
		p->d.href = arena_str(a, href.p ? href : STR_LIT(""));
	} else if (p->in_data && str_is(name, "checksum")) {
		p->kind = arena_str(a, xml_attr_str(el, "type"));
		xml_want_text(x, 200);
	} else if (p->in_data && str_is(name, "open-checksum")) {
		p->open_kind = arena_str(a, xml_attr_str(el, "type"));
		xml_want_text(x, 200);
	} else if (str_is(name, "revision") || (p->in_data && el->depth == 2)) {
		xml_want_text(x, 200);
	}
	return true;
}

/* Numbers may carry a fraction ("1515547049.12"). */
static int64_t number_of(struct str s)
{
	int64_t n;
	ptrdiff_t dot = str_find(s, '.');
	s.n = dot > 0 ? (size_t)dot : s.n;
	return str_to_i64(s, &n) && n >= 0 && n < ((int64_t)1 << 50) ? n : -1;
}

static bool href_ok(struct str s)
{
	struct str rest = s, step;
	if (s.n == 0 || s.n > 500 || s.p[0] == '/' || memchr(s.p, '\\', s.n) ||
	    memchr(s.p, ':', s.n) || memchr(s.p, '%', s.n))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f || strchr("?#", s.p[i]))
			return false;
	while (rest.n > 0 && str_split(&rest, '/', &step))
		if (step.n == 0 || str_is(step, ".") || str_is(step, ".."))
			return false;
	return s.p[s.n - 1] != '/';
}

static bool end_data(struct parsing *p, struct err *e)
{
	p->in_data = false;
	if (!href_ok(p->d.href))
		return err_set(e, ERR_CORRUPT,
			       "repomd.xml gives '%.60s' the place '%.80s', which is no plain path "
			       "inside the repository",
			       p->d.type.p, p->d.href.p);
	if (p->d.checksum.hex.n == 0)
		return err_set(e, ERR_CORRUPT, "repomd.xml gives '%.60s' no checksum", p->d.type.p);
	VEC_PUSH(&p->data, p->d);
	return true;
}

static bool on_end(void *arg, struct xml *x, struct str name, struct str text, struct err *e)
{
	struct parsing *p = arg;
	struct str t = str_trim(text);
	(void)x;
	if (str_is(name, "repomd")) {
		p->seen = true;
	} else if (!p->in_data) {
		if (str_is(name, "revision"))
			p->r->revision = arena_str(&p->r->arena, t);
	} else if (str_is(name, "data")) {
		return end_data(p, e);
	} else if (str_is(name, "checksum")) {
		return rpm_checksum_read(p->kind, t, &p->r->arena, &p->d.checksum, e) ||
		       err_prefix(e, "repomd.xml, '%.60s'", p->d.type.p);
	} else if (str_is(name, "open-checksum")) {
		return rpm_checksum_read(p->open_kind, t, &p->r->arena, &p->d.open_checksum, e) ||
		       err_prefix(e, "repomd.xml, '%.60s'", p->d.type.p);
	} else if (str_is(name, "size")) {
		p->d.size = number_of(t);
	} else if (str_is(name, "open-size")) {
		p->d.open_size = number_of(t);
	} else if (str_is(name, "timestamp")) {
		p->d.timestamp = MAX(number_of(t), 0);
	}
	return true;
}

/* A revision may be any word; between 1998 and 2100 it is a time. */
static int64_t released_of(const struct rpm_repomd *r)
{
	int64_t revision, newest = 0;
	if (str_to_i64(r->revision, &revision) && revision > 900000000 && revision < 4102444800)
		newest = revision;
	for (size_t i = 0; i < r->n_data; i++)
		if (r->data[i].timestamp < 4102444800)
			newest = MAX(newest, r->data[i].timestamp);
	return newest * 1000;
}

bool rpm_repomd_parse(struct str text, struct rpm_repomd *out, struct err *e)
{
	AUTO(rpm_repomd_done) struct rpm_repomd r = { .revision = STR_LIT("") };
	struct parsing p = { .r = &r };
	AUTO(xml_free) struct xml *x = xml_new(on_start, on_end, &p);
	bool good = xml_feed(x, text, e) && xml_finish(x, e);
	if (good && p.data.n == 0)
		good = err_set(e, ERR_CORRUPT, "repomd.xml lists no files");
	r.n_data = p.data.n;
	r.data = arena_array(&r.arena, struct rpm_data, p.data.n + 1);
	if (p.data.n)
		memcpy(r.data, p.data.p, p.data.n * sizeof(*r.data));
	VEC_DONE(&p.data);
	if (!good)
		return false;
	r.released_ms = released_of(&r);
	*out = r;
	r = (struct rpm_repomd) { 0 };
	return true;
}

void rpm_repomd_done(struct rpm_repomd *r)
{
	arena_done(&r->arena);
}

const struct rpm_data *rpm_repomd_find(const struct rpm_repomd *r, const char *type)
{
	for (size_t i = 0; i < r->n_data; i++)
		if (str_is(r->data[i].type, type))
			return &r->data[i];
	return NULL;
}
