/* SPDX-License-Identifier: Apache-2.0
 * A table of everything the last generation said, each ticked off when it is found again. */
#include "catalog/generation_shrink.h"
#include "base/arena.h"
#include "base/intern.h"
#include "base/vec.h"
#include "catalog/records.h"
#include "pkgver/pkgver.h"

#define KEY_MAX 8192

struct said {
	enum shrink_of kind;
	enum pkgver_scheme scheme;
	struct str version; /* packages: the highest offered */
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
	struct str os; /* of the patch the components that follow belong to */
	enum shrink_of kind;
	struct str version;
	enum pkgver_scheme scheme;
};
typedef bool (*on_saying)(struct shrink *s, const struct saying *x, struct err *e);

static bool say_patch(struct saying *x, const struct patch *p)
{
	x->os = p->os;
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
	buf_printf(&x->key, "p%d%d\n%s\n%s\n%s\n%s", (int)c->kind, c->above.n != 0, x->os.p,
		   c->name.p, c->arch.p, c->module.p ? c->module.p : "");
	return true;
}

static bool say_advisory(struct saying *x, const struct advisory *a)
{
	x->kind = SHRINK_NOTICES;
	buf_printf(&x->key, "n\n%s\n%s\n%s", a->os.p, a->product.p, a->id.p);
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
	struct saying x = { .key = BUF_INIT(KEY_MAX), .os = STR_LIT("") };
	memcpy(text, document.p, document.n);
	text[document.n] = '\0';
	good = records_begin(&reader, text, document.n, e);
	while (good && (good = records_next(&reader, &r, &more, e)) && more)
		if (say(&x, &r))
			good = fn(s, &x, e);
	buf_done(&x.key);
	return good;
}

static bool remember(struct shrink *s, const struct saying *x, struct err *e UNUSED)
{
	uint32_t i = intern_add(s->keys, buf_str(&x->key));
	if (i == s->said.n)
		VEC_PUSH(&s->said, ((struct said) { .kind = x->kind, .scheme = x->scheme }));
	struct said *d = &s->said.p[i];
	if (!d->version.n || pkgver_compare(d->scheme, x->version, d->version) > 0)
		d->version = arena_str(&s->arena, x->version);
	return true;
}

static bool tick(struct shrink *s, const struct saying *x, struct err *e UNUSED)
{
	uint32_t i = intern_find(s->keys, buf_str(&x->key));
	if (i == INTERN_NONE || s->said.p[i].found)
		return true;
	struct said *d = &s->said.p[i];
	d->found = d->kind != SHRINK_PACKAGES ||
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
		out[s->said.p[i].kind].before++;
		out[s->said.p[i].kind].lost += !s->said.p[i].found;
	}
}
