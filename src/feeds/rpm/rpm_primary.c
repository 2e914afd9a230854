/* SPDX-License-Identifier: Apache-2.0
 * primary.xml: the packages a repository offers, streamed. What a package provides and requires,
 * its files and its description are passed over unread. Every package must have a name, a version,
 * an architecture, a place inside the repository and a checksum we know: one that has not spoils
 * the index. */
#include "base/enc.h"
#include "feeds/read/pipe.h"
#include "feeds/rpm/rpm_int.h"
#include "format/xml.h"
#include "store/store.h"

#define MAX_PACKAGE_BYTES (1u << 20)

struct parsing {
	struct arena arena;
	struct rpm_package q;
	struct str checksum_kind;
	bool in_root, in_package;
	rpm_package_fn fn;
	void *arg;
};

static struct str keep(struct parsing *p, const struct xml_element *el, const char *attr)
{
	struct str s = xml_attr_str(el, attr);
	return s.p ? arena_str(&p->arena, s) : STR_LIT("");
}

static void begin_package(struct parsing *p)
{
	struct str none = STR_LIT("");
	arena_reset(&p->arena);
	p->q = (struct rpm_package) { .nevra = { none, STR_LIT("0"), none, none, none },
				      .href = none,
				      .base = none,
				      .source = none,
				      .vendor = none,
				      .size = -1 };
	p->q.checksum = (struct rpm_checksum) { none, none };
	p->checksum_kind = none;
	p->in_package = true;
}

static void read_version(struct parsing *p, const struct xml_element *el)
{
	p->q.nevra.version = keep(p, el, "ver");
	p->q.nevra.release = keep(p, el, "rel");
	const char *epoch = xml_attr(el, "epoch");
	if (epoch && epoch[0])
		p->q.nevra.epoch = arena_str(&p->arena, str_of(epoch));
}

static void read_number(const struct xml_element *el, const char *attr, int64_t *out)
{
	int64_t n;
	const char *v = xml_attr(el, attr);
	if (v && str_to_i64(str_of(v), &n) && n >= 0)
		*out = n;
}

/* `format` holds what only a solver needs, but for two names. */
static bool inside_format(struct xml *x, const struct xml_element *el)
{
	if (str_is(el->name, "sourcerpm") || str_is(el->name, "vendor"))
		xml_want_text(x, 500);
	else
		xml_skip(x);
	return true;
}

static bool inside_package(struct parsing *p, struct xml *x, const struct xml_element *el)
{
	struct str name = el->name;
	if (el->depth == 3)
		return inside_format(x, el);
	if (str_is(name, "name") || str_is(name, "arch")) {
		xml_want_text(x, 300);
	} else if (str_is(name, "version")) {
		read_version(p, el);
	} else if (str_is(name, "checksum")) {
		p->checksum_kind = keep(p, el, "type");
		xml_want_text(x, 200);
	} else if (str_is(name, "size")) {
		read_number(el, "package", &p->q.size);
	} else if (str_is(name, "time")) {
		read_number(el, "build", &p->q.built_s);
	} else if (str_is(name, "location")) {
		p->q.href = keep(p, el, "href");
		p->q.base = keep(p, el, "xml:base");
	} else if (!str_is(name, "format")) {
		xml_skip(x);
	}
	return true;
}

static bool on_start(void *arg, struct xml *x, const struct xml_element *el, struct err *e)
{
	struct parsing *p = arg;
	if (p->in_package)
		return inside_package(p, x, el);
	if (el->depth == 0 && !str_is(el->name, "metadata"))
		return err_set(e, ERR_CORRUPT, "not a primary.xml: it begins with '%.40s'",
			       el->name.p);
	const char *type = xml_attr(el, "type");
	if (el->depth == 1 && str_is(el->name, "package") && (!type || strcmp(type, "rpm") == 0))
		begin_package(p);
	else if (el->depth >= 1)
		xml_skip(x);
	return true;
}

static bool path_ok(struct str s)
{
	struct str rest = s, step;
	if (s.n == 0 || s.n > 600 || s.p[0] == '/' || memchr(s.p, '\\', s.n))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
	while (rest.n > 0 && str_split(&rest, '/', &step))
		if (str_is(step, ".."))
			return false;
	return true;
}

/* False for a checksum of a known kind that is not one. */
static bool name_file(struct rpm_package *q)
{
	uint8_t sha512[STORE_SHA512_LEN];
	q->has_name = true;
	if (str_is(q->checksum.kind, "sha256"))
		return digest_parse(q->checksum.hex, &q->name);
	q->has_name = str_is(q->checksum.kind, "sha512");
	if (!q->has_name)
		return true;
	if (!enc_unhex(q->checksum.hex, sha512, sizeof(sha512)))
		return false;
	q->name = store_name_of_sha512(sha512);
	return true;
}

static bool end_package(struct parsing *p, struct xml *x, struct err *e)
{
	struct rpm_package *q = &p->q;
	const char *bad = !rpm_nevra_ok(&q->nevra) ? "name, version or architecture"
			  : !path_ok(q->href)	   ? "place"
			  : q->checksum.hex.n == 0 ? "checksum"
						   : NULL;
	p->in_package = false;
	if (bad)
		return err_set(e, ERR_CORRUPT,
			       "package '%.80s' that ends at line %llu has no acceptable %s",
			       q->nevra.name.p, (unsigned long long)xml_line(x), bad);
	while (str_starts(q->href, "./"))
		q->href = (struct str) { q->href.p + 2, q->href.n - 2 };
	if (!name_file(q))
		return err_set(e, ERR_CORRUPT, "package '%.80s' has a checksum that is none",
			       q->nevra.name.p);
	return p->fn(p->arg, q, e);
}

static bool on_end(void *arg, struct xml *x, struct str name, struct str text, struct err *e)
{
	struct parsing *p = arg;
	struct str t = str_trim(text);
	if (!p->in_package)
		return true;
	if (p->arena.total > MAX_PACKAGE_BYTES)
		return err_set(e, ERR_LIMIT, "package '%.80s' has more than %u bytes of names",
			       p->q.nevra.name.p, MAX_PACKAGE_BYTES);
	if (str_is(name, "package"))
		return end_package(p, x, e);
	if (str_is(name, "name"))
		p->q.nevra.name = arena_str(&p->arena, t);
	else if (str_is(name, "arch"))
		p->q.nevra.arch = arena_str(&p->arena, t);
	else if (str_is(name, "sourcerpm"))
		p->q.source = arena_str(&p->arena, t);
	else if (str_is(name, "vendor"))
		p->q.vendor = arena_str(&p->arena, t);
	else if (str_is(name, "checksum"))
		return rpm_checksum_read(p->checksum_kind, t, &p->arena, &p->q.checksum, e) ||
		       err_prefix(e, "package '%.80s'", p->q.nevra.name.p);
	return true;
}

bool rpm_primary_read(struct unpack *u, const char *what, rpm_package_fn fn, void *arg,
		      struct err *e)
{
	struct parsing p = { .fn = fn, .arg = arg };
	AUTO(xml_free) struct xml *x = xml_new(on_start, on_end, &p);
	bool good = pipe_run(u, xml_feed, x, e) && xml_finish(x, e);
	arena_done(&p.arena);
	return good || err_prefix(e, "primary '%s'", what);
}
