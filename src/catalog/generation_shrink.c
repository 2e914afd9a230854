/* SPDX-License-Identifier: Apache-2.0
 * A table of everything the last generation said, each ticked off when it is found again. */
#include "catalog/generation_shrink.h"
#include "base/arena.h"
#include "base/intern.h"
#include "base/vec.h"
#include "catalog/records.h"
#include "pkgver/pkgver.h"

#define KEY_MAX 8192

/* Sources are no kind of loss of their own: they only excuse that of a package. */
#define SOURCES SHRINK_KINDS_
#define NO_SOURCE UINT32_MAX

struct said {
	enum shrink_of kind;
	enum pkgver_scheme scheme;
	struct str version; /* packages, sources: the highest offered */
	uint32_t source;    /* packages: that of the highest; NO_SOURCE of an advisory */
	bool found;
};
struct shrink {
	struct intern *keys; /* number of a key = index into `said` */
	VEC(struct said) said;
	struct arena arena;
};

/* What one record says; false when it is none of the three kinds. */
struct saying {
	struct buf key;
	/* the patch the components that follow belong to */
	struct str os, product, product_version;
	bool of_source;	 /* an offer, no advisory */
	bool first;	 /* no component of it was seen yet */
	uint32_t source; /* its number */
	enum shrink_of kind;
	struct str version;
	enum pkgver_scheme scheme;
};
typedef bool (*on_saying)(struct shrink *s, struct saying *x, struct err *e);

static bool say_patch(struct saying *x, const struct patch *p)
{
	x->os = p->os;
	x->product = p->product;
	x->product_version = p->version;
	x->of_source = p->bulletin.n == 0 && p->version.n > 0;
	x->first = true;
	x->source = NO_SOURCE;
	if (p->type != PATCH_TYPE_SECURITY)
		return false;
	x->kind = SHRINK_SECURITY;
	buf_printf(&x->key, "s\n%s\n%s", p->os.p, p->product.p);
	return true;
}

static bool say_component(struct saying *x, const struct component *c)
{
	x->kind = SHRINK_PACKAGES;
	x->version = c->version;
	x->scheme = component_scheme(c->kind);
	/* packages of suites that are not automatic are offers of their own */
	buf_printf(&x->key, "p%c%d\n%s\n%s\n%s\n%s", (char)('a' + (int)c->kind), c->above.n != 0,
		   x->os.p, c->name.p, c->arch.p, c->module.p ? c->module.p : "");
	return true;
}

static bool say_advisory(struct saying *x, const struct advisory *a)
{
	x->kind = SHRINK_NOTICES;
	buf_printf(&x->key, "n\n%s\n%s\n%s", a->os.p, a->product.p, a->id.p);
	return true;
}

/* The source a patch offers: its scheme is known by its first component only. */
static bool say_source(struct saying *x, const struct component *c)
{
	if (!x->of_source || !x->first)
		return false;
	buf_reset(&x->key);
	x->kind = SOURCES;
	x->version = x->product_version;
	x->scheme = component_scheme(c->kind);
	x->first = false;
	buf_printf(&x->key, "v%d\n%s\n%s", c->above.n != 0, x->os.p, x->product.p);
	return true;
}

static bool say(struct saying *x, const struct record *r)
{
	buf_reset(&x->key);
	x->version = STR_LIT("");
	switch (r->kind) {
	case RECORD_PATCH: return say_patch(x, &r->patch);
	case RECORD_COMPONENT: return say_component(x, &r->component);
	case RECORD_ADVISORY: return say_advisory(x, &r->advisory);
	default: return false;
	}
}

static bool each(struct shrink *s, struct str document, on_saying fn, struct err *e)
{
	AUTO(xfree) char *text = xmalloc(document.n + 1);
	struct records_reader reader;
	struct record r;
	bool more, good;
	struct saying x = { .key = BUF_INIT(KEY_MAX), .os = STR_LIT(""), .source = NO_SOURCE };
	memcpy(text, document.p, document.n);
	text[document.n] = '\0';
	good = records_begin(&reader, text, document.n, e);
	while (good && (good = records_next(&reader, &r, &more, e)) && more) {
		if (r.kind == RECORD_COMPONENT && say_source(&x, &r.component))
			good = fn(s, &x, e);
		if (good && say(&x, &r))
			good = fn(s, &x, e);
	}
	buf_done(&x.key);
	return good;
}

static bool remember(struct shrink *s, struct saying *x, struct err *e UNUSED)
{
	uint32_t i = intern_add(s->keys, buf_str(&x->key));
	if (i == s->said.n)
		VEC_PUSH(&s->said, ((struct said) { .kind = x->kind, .scheme = x->scheme }));
	struct said *d = &s->said.p[i];
	if (x->kind == SOURCES)
		x->source = i;
	if (!d->version.n || pkgver_compare(d->scheme, x->version, d->version) > 0) {
		d->version = arena_str(&s->arena, x->version);
		d->source = x->source;
	}
	return true;
}

static bool tick(struct shrink *s, struct saying *x, struct err *e UNUSED)
{
	uint32_t i = intern_find(s->keys, buf_str(&x->key));
	if (i == INTERN_NONE || s->said.p[i].found)
		return true;
	struct said *d = &s->said.p[i];
	d->found = (d->kind != SHRINK_PACKAGES && d->kind != SOURCES) ||
		   pkgver_compare(d->scheme, x->version, d->version) >= 0;
	return true;
}

bool shrink_new(struct str before, struct shrink **out, struct err *e)
{
	AUTO(shrink_free) struct shrink *s = xcalloc(1, sizeof(*s));
	s->keys = intern_new();
	if (!each(s, before, remember, e))
		return false;
	*out = TAKE(s);
	return true;
}

void shrink_free(struct shrink *s)
{
	if (!s)
		return;
	intern_free(s->keys);
	VEC_DONE(&s->said);
	arena_done(&s->arena);
	xfree(s);
}

bool shrink_found(struct shrink *s, struct str document, struct err *e)
{
	return each(s, document, tick, e);
}

void shrink_counts(const struct shrink *s, struct shrink_count out[static SHRINK_KINDS_])
{
	memset(out, 0, SHRINK_KINDS_ * sizeof(*out));
	for (size_t i = 0; i < s->said.n; i++) {
		if (s->said.p[i].kind == SOURCES)
			continue;
		out[s->said.p[i].kind].before++;
		out[s->said.p[i].kind].lost += !s->said.p[i].found;
	}
}

/* The fields of a key behind its letters. */
static struct generation_lost read_key(struct str key)
{
	struct str head;
	struct generation_lost l = { .is_notice = key.p[0] == 'n' };
	struct str *const package[] = { &l.os, &l.name, &l.arch, &l.module };
	struct str *const notice[] = { &l.os, &l.name, &l.id };
	struct str *const *to = l.is_notice ? notice : package;
	size_t n = l.is_notice ? ARRAY_LEN(notice) : ARRAY_LEN(package);
	(void)str_split(&key, '\n', &head);
	if (!l.is_notice)
		l.kind = (enum component_kind)(head.p[1] - 'a');
	for (size_t i = 0; i < n; i++)
		if (!str_split(&key, '\n', to[i]))
			*to[i] = STR_LIT("");
	return l;
}

size_t shrink_lost(const struct shrink *s, bool notices, struct generation_lost *out, size_t max)
{
	size_t n = 0;
	for (size_t i = 0; i < s->said.n; i++) {
		const struct said *d = &s->said.p[i];
		bool package = d->kind == SHRINK_PACKAGES;
		if (d->found || (!package && (d->kind != SHRINK_NOTICES || !notices)))
			continue;
		if (package && d->source != NO_SOURCE && s->said.p[d->source].found)
			continue;
		if (n < max)
			out[n] = read_key(intern_get(s->keys, (uint32_t)i));
		n++;
	}
	return n;
}
