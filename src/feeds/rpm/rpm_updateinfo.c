/* SPDX-License-Identifier: Apache-2.0
 * updateinfo.xml, streamed: one update at a time is held, in an arena that is emptied after it.
 * What vendors write differently (a missing epoch, epoch or string dates, flags as text or as empty
 * elements) is read alike here; what an id or a package may look like is checked, what it means is
 * not decided here. */
#include "base/clock.h"
#include "feeds/read/pipe.h"
#include "feeds/rpm/rpm_int.h"
#include "format/xml.h"

#define MAX_PACKAGES 500000u
#define MAX_REFERENCES 50000u
#define MAX_UPDATE_BYTES ((size_t)128 << 20)
#define MAX_ID 150u

struct parsing {
	struct arena arena;
	struct rpm_update u;
	VEC(struct rpm_update_package) packages;
	VEC(struct rpm_reference) references;
	VEC(struct str) modules;
	struct str module; /* of the collection */
	bool in_update, in_package;
	rpm_update_fn fn;
	void *arg;
};

static struct str keep(struct parsing *p, const struct xml_element *el, const char *attr)
{
	struct str s = xml_attr_str(el, attr);
	return s.p ? arena_str(&p->arena, s) : STR_LIT("");
}

/* --- elements of an update -----------------------------------------------------------------------
 */

struct member {
	const char *name;
	size_t offset;
	size_t max;
};
#define M(element, field, max)                                                                     \
	{                                                                                          \
#element, offsetof(struct rpm_update, field), max                                  \
	}
static const struct member members[] = {
	M(id, id, 1000),
	M(title, title, 8192),
	M(severity, severity, 200),
	M(release, release, 500),
	M(summary, summary, 8192),
	M(description, description, 256u << 10),
	M(rights, rights, 2000),
};
#undef M

static const struct member *member_of(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if (name.p[0] == members[i].name[0] && str_is(name, members[i].name))
			return &members[i];
	return NULL;
}

static bool is_flag(struct str name)
{
	if (name.n < 16 || name.p[0] != 'r')
		return false;
	return str_is(name, "reboot_suggested") || str_is(name, "restart_suggested") ||
	       str_is(name, "relogin_suggested");
}

static struct str *text_of(struct rpm_update *u, const struct member *m)
{
	return (struct str *)((char *)u + m->offset);
}

static void begin_update(struct parsing *p, const struct xml_element *el)
{
	arena_reset(&p->arena);
	p->packages.n = p->references.n = p->modules.n = 0;
	p->u = (struct rpm_update) { 0 };
	p->u.type = keep(p, el, "type");
	p->u.status = keep(p, el, "status");
	p->u.version = keep(p, el, "version");
	p->u.from = keep(p, el, "from");
	p->in_update = true;
}

static bool add_reference(struct parsing *p, const struct xml_element *el, struct err *e)
{
	if (p->references.n == MAX_REFERENCES)
		return err_set(e, ERR_LIMIT, "an update has more than %u references",
			       MAX_REFERENCES);
	VEC_PUSH(&p->references, ((struct rpm_reference) { .href = keep(p, el, "href"),
							   .id = keep(p, el, "id"),
							   .type = keep(p, el, "type"),
							   .title = keep(p, el, "title") }));
	return true;
}

static void set_module(struct parsing *p, const struct xml_element *el)
{
	const char *name = xml_attr(el, "name"), *stream = xml_attr(el, "stream");
	if (!name || !stream)
		return;
	p->module = str_of(arena_printf(&p->arena, "%s:%s", name, stream));
	for (size_t i = 0; i < p->modules.n; i++)
		if (str_eq(p->modules.p[i], p->module))
			return;
	VEC_PUSH(&p->modules, p->module);
}

/* Of thousands of packages most share version, release and architecture with the one before. */
static struct str same_or_keep(struct parsing *p, struct str before, const char *value)
{
	struct str s = str_of(value ? value : "");
	return str_eq(before, s) ? before : arena_str(&p->arena, s);
}

static bool begin_package(struct parsing *p, const struct xml_element *el, struct err *e)
{
	struct rpm_update_package q = { .module = p->module,
					.filename = STR_LIT(""),
					.sum_kind = STR_LIT(""),
					.sum = STR_LIT("") };
	const char *a[6] = { 0 };
	static const char *const names[6] = {
		"name", "epoch", "version", "release", "arch", "src"
	};
	if (p->packages.n == MAX_PACKAGES || p->arena.total > MAX_UPDATE_BYTES)
		return err_set(e, ERR_LIMIT, "an update has more than %u packages", MAX_PACKAGES);
	for (const char *const *at = el->attrs; *at; at += 2)
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			if (at[0][0] == names[i][0] && strcmp(at[0], names[i]) == 0)
				a[i] = at[1];
	struct rpm_update_package *last = p->packages.n ? &p->packages.p[p->packages.n - 1] : NULL;
	const struct rpm_nevra none = { .name = STR_LIT("") }, *b = last ? &last->nevra : &none;
	if (!a[1] || !a[1][0] || strcmp(a[1], "None") == 0 || strcmp(a[1], "(none)") == 0)
		a[1] = "0";
	q.nevra = (struct rpm_nevra) { same_or_keep(p, b->name, a[0]),
				       same_or_keep(p, b->epoch, a[1]),
				       same_or_keep(p, b->version, a[2]),
				       same_or_keep(p, b->release, a[3]),
				       same_or_keep(p, b->arch, a[4]) };
	q.src = same_or_keep(p, last ? last->src : none.epoch, a[5]);
	if (!rpm_nevra_ok(&q.nevra))
		return err_set(
			e, ERR_CORRUPT,
			"package '%.60s-%.40s-%.40s.%.20s' of an update has no name, version, "
			"release or architecture that rpm would accept",
			q.nevra.name.p, q.nevra.version.p, q.nevra.release.p, q.nevra.arch.p);
	VEC_PUSH(&p->packages, q);
	p->in_package = true;
	return true;
}

static bool inside_update(struct parsing *p, struct xml *x, const struct xml_element *el,
			  struct err *e)
{
	struct str name = el->name;
	const struct member *m;
	if (p->in_package) {
		if (str_is(name, "filename"))
			xml_want_text(x, 1000);
		else if (is_flag(name))
			xml_want_text(x, 20);
		else if (str_is(name, "sum")) {
			p->packages.p[p->packages.n - 1].sum_kind = keep(p, el, "type");
			xml_want_text(x, 200);
		}
		return true;
	}
	if (str_is(name, "package"))
		return begin_package(p, el, e);
	if (str_is(name, "reference"))
		return add_reference(p, el, e);
	if (str_is(name, "collection")) {
		p->module = STR_LIT("");
	} else if (str_is(name, "module")) {
		set_module(p, el);
	} else if (el->depth == 2 && str_is(name, "issued")) {
		p->u.issued = keep(p, el, "date");
	} else if (el->depth == 2 && str_is(name, "updated")) {
		p->u.updated = keep(p, el, "date");
	} else if (el->depth == 2 && (m = member_of(name))) {
		xml_want_text(x, m->max);
	} else if (is_flag(name)) {
		xml_want_text(x, 20);
	}
	return true;
}

static bool on_start(void *arg, struct xml *x, const struct xml_element *el, struct err *e)
{
	struct parsing *p = arg;
	if (p->in_update)
		return inside_update(p, x, el, e);
	if (el->depth == 0 && !str_is(el->name, "updates"))
		return err_set(e, ERR_CORRUPT, "not an updateinfo.xml: it begins with '%.40s'",
			       el->name.p);
	if (el->depth == 1 && str_is(el->name, "update"))
		begin_update(p, el);
	else if (el->depth >= 1)
		xml_skip(x);
	return true;
}

/* --- ends ----------------------------------------------------------------------------------------
 */

/* An id becomes part of names: of patches, of files. */
static bool id_ok(struct str id)
{
	if (id.n == 0 || id.n > MAX_ID || id.p[0] == '.' || id.p[0] == '-')
		return false;
	for (size_t i = 0; i < id.n; i++) {
		unsigned char c = (unsigned char)id.p[i];
		if (c <= ' ' || c >= 0x7f || strchr("/\\\"'<>|*?&;`$", c))
			return false;
	}
	return true;
}

static void read_dates(struct rpm_update *u)
{
	int64_t ms;
	if (rpm_date(u->issued, &ms))
		u->issued_ms = ms;
	if (rpm_date(u->updated, &ms))
		u->updated_ms = ms;
}

static bool end_update(struct parsing *p, struct err *e)
{
	struct rpm_update *u = &p->u;
	p->in_update = false;
	u->id = str_trim(u->id);
	if (!id_ok(u->id))
		return err_set(e, ERR_CORRUPT,
			       "update has the id '%.*s', which is not usable as a name",
			       (int)MIN(u->id.n, (size_t)60), u->id.p ? u->id.p : "");
	read_dates(u);
	u->packages = p->packages.p;
	u->n_packages = p->packages.n;
	u->references = p->references.p;
	u->n_references = p->references.n;
	u->modules = p->modules.p;
	u->n_modules = p->modules.n;
	return p->fn(p->arg, u, e) || err_prefix(e, "update '%.60s'", u->id.p);
}

/* An empty element says yes. */
static bool flag_set(struct str text)
{
	struct str t = str_trim(text);
	return !str_is(t, "0") && !str_is(t, "False") && !str_is(t, "false") && !str_is(t, "no");
}

static void end_flag(struct parsing *p, struct str name, struct str text)
{
	struct rpm_update_package none,
		*q = p->in_package ? &p->packages.p[p->packages.n - 1] : &none;
	if (!flag_set(text))
		return;
	if (str_is(name, "reboot_suggested"))
		q->reboot = p->u.reboot = true;
	else if (str_is(name, "restart_suggested"))
		q->restart = true;
	else
		q->relogin = true;
}

static void end_in_package(struct parsing *p, struct str name, struct str text)
{
	struct rpm_update_package *q = &p->packages.p[p->packages.n - 1];
	if (str_is(name, "package"))
		p->in_package = false;
	else if (str_is(name, "filename"))
		q->filename = arena_str(&p->arena, str_trim(text));
	else if (str_is(name, "sum"))
		q->sum = arena_str(&p->arena, str_trim(text));
	else if (is_flag(name))
		end_flag(p, name, text);
}

static bool on_end(void *arg, struct xml *x, struct str name, struct str text, struct err *e)
{
	struct parsing *p = arg;
	const struct member *m;
	(void)x;
	if (!p->in_update)
		return true;
	if (p->in_package) {
		end_in_package(p, name, text);
		return true;
	}
	if (str_is(name, "update"))
		return end_update(p, e);
	if (text.n && (m = member_of(name)))
		*text_of(&p->u, m) = arena_str(&p->arena, text);
	else if (is_flag(name))
		end_flag(p, name, text);
	return true;
}

bool rpm_updateinfo_read(struct unpack *u, const char *what, rpm_update_fn fn, void *arg,
			 struct err *e)
{
	struct parsing p = { .fn = fn, .arg = arg, .module = STR_LIT("") };
	AUTO(xml_free) struct xml *x = xml_new(on_start, on_end, &p);
	bool good = pipe_run(u, xml_feed, x, e) && xml_finish(x, e);
	arena_done(&p.arena);
	VEC_DONE(&p.packages);
	VEC_DONE(&p.references);
	VEC_DONE(&p.modules);
	return good || err_prefix(e, "updateinfo '%s'", what);
}

/* --- dates ---------------------------------------------------------------------------------------
 */

bool rpm_date(struct str s, int64_t *ms_out)
{
	char text[40];
	int64_t seconds;
	s = str_trim(s);
	if (s.n == 0 || s.n > 30)
		return false;
	if (str_find(s, '-') < 0) {
		ptrdiff_t dot = str_find(s, '.'); /* fractions of old tools */
		if (!str_to_i64((struct str) { s.p, dot > 0 ? (size_t)dot : s.n }, &seconds) ||
		    seconds <= 0 || seconds > 9000000000)
			return false;
		*ms_out = seconds * 1000;
		return true;
	}
	if (str_ends(s, " UTC"))
		s.n -= 4;
	const char *rest = s.n == 10 ? "T00:00:00Z" : s.n == 16 ? ":00Z" : s.n == 19 ? "Z" : "";
	snprintf(text, sizeof(text), "%.*s%s", STR_ARG(s), rest);
	if (s.n > 10 && text[10] == ' ')
		text[10] = 'T';
	return clock_parse_rfc3339(str_of(text), ms_out) && *ms_out > 0;
}
