/* SPDX-License-Identifier: Apache-2.0
 * See streams.h. What counts, in this order: a stream named by a number ("postgresql:16") is not
 * that of an advisory in which a package has left that number behind ("postgresql" 18.0); it is
 * where packages begin with it; else the one whose builds have most in common. Of a module with
 * one stream only, that stream was taken to a new version ("mod_auth_openidc:2.3" to 2.4); of one
 * with several there is a new one. */
#include "catalog/streams.h"
#include "base/intern.h"
#include "base/vec.h"
#include "pkgver/pkgver.h"

#define SAME_BUILD 1000u

struct known {
	struct str stream, version;
	uint32_t next; /* of the same package; UINT32_MAX = the last */
};
struct candidate {
	struct str stream;
	uint32_t alike, led; /* parts in common; packages that begin with its number */
	bool refuted, far;   /* a package left its number; and has nothing in common */
	struct str left_for; /* ... the version for which it did */
	bool same_build;     /* a package is of a module build that is known to be its */
	uint32_t package;    /* that spoke of it last, and with how many parts in common */
	uint32_t parts;
};
struct streams {
	struct intern *names; /* "os\nname" */
	VEC(uint32_t) first;  /* by name */
	VEC(struct known) known;
	VEC(struct candidate) candidates;
	VEC(struct str) out;
	uint32_t packages; /* of the advisory, so far */
	struct arena *arena;
};

struct streams *streams_new(struct arena *a)
{
	struct streams *s = xcalloc(1, sizeof(*s));
	s->arena = a;
	s->names = intern_new();
	return s;
}

void streams_free(struct streams *s)
{
	if (!s)
		return;
	intern_free(s->names);
	VEC_DONE(&s->first);
	VEC_DONE(&s->known);
	VEC_DONE(&s->candidates);
	VEC_DONE(&s->out);
	xfree(s);
}

/* A package's name, or what the builds of one module build share. */
static uint32_t name_of(struct streams *s, struct str os, struct str name)
{
	AUTO(xfree) char *key = xasprintf("%.*s\n%.*s", STR_ARG(os), STR_ARG(name));
	uint32_t no = intern_add(s->names, str_of(key));
	if (no == s->first.n)
		VEC_PUSH(&s->first, UINT32_MAX);
	return no;
}

static void learn(struct streams *s, uint32_t name, const struct component *c)
{
	struct known k = { c->module, c->version, s->first.p[name] };
	s->first.p[name] = (uint32_t)s->known.n;
	VEC_PUSH(&s->known, k);
}

void streams_learn(struct streams *s, struct str os, const struct component *c)
{
	struct str build = rpm_module_build(c->version);
	learn(s, name_of(s, os, c->name), c);
	if (build.n > 0)
		learn(s, name_of(s, os, build), c);
}

void streams_begin(struct streams *s)
{
	s->candidates.n = s->out.n = 0;
	s->packages = 0;
}

static struct candidate *candidate_of(struct streams *s, struct str stream)
{
	for (size_t i = 0; i < s->candidates.n; i++)
		if (str_eq(s->candidates.p[i].stream, stream))
			return &s->candidates.p[i];
	VEC_PUSH(&s->candidates, ((struct candidate) { .stream = stream, .package = UINT32_MAX }));
	return &s->candidates.p[s->candidates.n - 1];
}

/* Streams of other packages of the same module build. */
static void add_builds(struct streams *s, struct str build, struct str os)
{
	for (uint32_t i = s->first.p[name_of(s, os, build)]; i != UINT32_MAX;
	     i = s->known.p[i].next)
		candidate_of(s, s->known.p[i].stream)->same_build = true;
}

void streams_build(struct streams *s, struct str os, const struct component *c)
{
	uint32_t package = s->packages++;
	add_builds(s, rpm_module_build(c->version), os);
	for (uint32_t i = s->first.p[name_of(s, os, c->name)]; i != UINT32_MAX;
	     i = s->known.p[i].next) {
		const struct known *k = &s->known.p[i];
		struct candidate *x = candidate_of(s, k->stream);
		bool leads = rpm_stream_leads(k->stream, c->version), first = x->package != package;
		uint32_t parts = rpm_parts_alike(k->version, c->version);
		if (first)
			x->led += leads;
		if (first || parts > x->parts) {
			x->alike += parts - (first ? 0 : x->parts);
			x->parts = parts;
		}
		x->package = package;
		if (!leads && rpm_stream_leads(k->stream, k->version)) {
			x->refuted = true;
			x->far |= parts == 0;
			x->left_for = c->version;
		}
	}
}

static struct str module_of(struct str stream)
{
	return (struct str) { stream.p, (size_t)MAX(str_find(stream, ':'), 0) };
}

static size_t dots_of(struct str s, size_t from)
{
	size_t n = 0;
	for (size_t i = from; i < s.n; i++)
		n += s.p[i] == '.';
	return n;
}

/* Whether no other stream of its module is among the candidates. */
static bool is_only_one(const struct streams *s, const struct candidate *x)
{
	for (size_t i = 0; i < s->candidates.n; i++)
		if (x != &s->candidates.p[i] &&
		    str_eq(module_of(x->stream), module_of(s->candidates.p[i].stream)))
			return false;
	return true;
}

/* All were left behind: the next of its kind, named as the vendor names them, by as many parts of
 * the version ("postgresql:16", 18.1: "postgresql:18"; "mariadb:10.11", 11.8.3: "mariadb:11.8"). */
static void add_new(struct streams *s)
{
	for (size_t i = 0; i < s->candidates.n; i++) {
		const struct candidate *x = &s->candidates.p[i];
		struct str module = module_of(x->stream),
			   number = rpm_leading_parts(x->left_for,
						      1 + dots_of(x->stream, module.n));
		if (!x->refuted || number.n == 0)
			continue;
		VEC_PUSH(&s->out, str_of(arena_printf(s->arena, "%.*s:%.*s", STR_ARG(module),
						      STR_ARG(number))));
		return;
	}
}

size_t streams_conclude(struct streams *s, const struct str **out, bool *open_out)
{
	uint32_t led = 0, alike = 1;
	*open_out = s->candidates.n == 0;
	for (size_t i = 0; i < s->candidates.n; i++) {
		struct candidate *x = &s->candidates.p[i];
		if (x->same_build) /* as good as any number of likenesses */
			x->alike += SAME_BUILD;
		if (x->led > 0 || (x->refuted && !x->far && is_only_one(s, x)))
			x->refuted = false;
		if (x->refuted || x->led < led)
			continue;
		alike = x->led > led ? MAX(x->alike, 1u) : MAX(alike, x->alike);
		led = x->led;
	}
	for (size_t i = 0; i < s->candidates.n; i++) {
		const struct candidate *x = &s->candidates.p[i];
		if (!x->refuted && x->led == led && x->alike == alike)
			VEC_PUSH(&s->out, x->stream);
	}
	if (s->out.n == 0)
		add_new(s);
	*out = s->out.p;
	return s->out.n;
}
