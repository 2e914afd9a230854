/* SPDX-License-Identifier: Apache-2.0
 * A Packages file to roles. A role is what every machine has (essential, required, important,
 * standard), what its family has in common, and leaves picked at random, each closed over Depends
 * and Pre-Depends (first alternative, virtual packages by their first provider) until the role has
 * its size. The roles are then put into an order of popularity that gives the average host its
 * number of facts. */
#include "roles.h"
#include "base/buf.h"
#include "base/intern.h"
#include "format/deb822.h"
#include "format/unpack.h"

#include <fcntl.h>
#include <math.h>
#include <unistd.h>

#define FAMILIES 4
#define FAMILY_SIZE 380
#define PACKAGES_MAX (512u << 20)
#define ORDERS_TRIED 2000

struct reading {
	struct roles *r;
	struct intern *names, *sources, *provided;
	VEC(uint32_t) providers; /* by number in `provided` */
	VEC(struct str) depends; /* per package as read */
	VEC(uint8_t) base;	 /* per package: every machine has it */
	VEC(struct role_package) read;
};

enum field {
	F_PACKAGE,
	F_VERSION,
	F_ARCH,
	F_SOURCE,
	F_DEPENDS,
	F_PRE_DEPENDS,
	F_PROVIDES,
	F_PRIORITY,
	F_ESSENTIAL,
	FIELDS_
};
static const char *const wanted[FIELDS_ + 1] = { "Package",  "Version",	 "Architecture",
						 "Source",   "Depends",	 "Pre-Depends",
						 "Provides", "Priority", "Essential",
						 NULL };

/* The name a relation begins with: "libc6:any (>= 2.3) | x" is "libc6". */
static struct str relation_name(struct str relation)
{
	relation = str_trim(relation);
	size_t n = 0;
	while (n < relation.n && !strchr(" \t\n(:|[<", relation.p[n]))
		n++;
	return (struct str) { relation.p, n };
}

static void read_provides(struct reading *g, struct str provides, uint32_t package)
{
	struct str one;
	while (provides.n > 0 && str_split(&provides, ',', &one)) {
		struct str name = relation_name(one);
		if (name.n > 0 && intern_find(g->provided, name) == INTERN_NONE) {
			intern_add(g->provided, name);
			VEC_PUSH(&g->providers, package);
		}
	}
}

static bool is_base(const struct deb822_stanza *s)
{
	struct str p = s->fields[F_PRIORITY].value;
	return str_is(s->fields[F_ESSENTIAL].value, "yes") || str_is(p, "required") ||
	       str_is(p, "important") || str_is(p, "standard");
}

static bool read_stanza(void *arg, const struct deb822_stanza *s, struct err *e)
{
	struct reading *g = arg;
	struct arena *a = &g->r->arena;
	struct str name = s->fields[F_PACKAGE].value;
	if (name.n == 0 || intern_find(g->names, name) != INTERN_NONE)
		return true;
	struct role_package p = { .name = arena_str(a, name),
				  .arch = arena_str(a, s->fields[F_ARCH].value),
				  .version = arena_str(a, s->fields[F_VERSION].value) };
	struct str source = s->fields[F_SOURCE].value;
	p.source = source.n ? arena_str(a, relation_name(source)) : p.name;
	p.source_version = p.version;
	ptrdiff_t open = str_find(source, '(');
	if (open >= 0 && str_ends(source, ")"))
		p.source_version = arena_str(
			a, (struct str) { source.p + open + 1, source.n - (size_t)open - 2 });
	p.source_no = intern_add(g->sources, p.source);
	uint32_t no = intern_add(g->names, name);
	read_provides(g, s->fields[F_PROVIDES].value, no);
	AUTO(buf_done) struct buf depends = BUF_INIT(1u << 20);
	buf_addstr(&depends, s->fields[F_DEPENDS].value);
	buf_addc(&depends, ',');
	buf_addstr(&depends, s->fields[F_PRE_DEPENDS].value);
	VEC_PUSH(&g->depends, arena_str(a, buf_str(&depends)));
	VEC_PUSH(&g->base, is_base(s));
	VEC_PUSH(&g->read, p);
	return true;
}

static bool read_file(const char *path, struct reading *g, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, ERR_NOT_FOUND, "cannot open '%s'; give a Debian Packages file",
			       path);
	AUTO(unpack_free) struct unpack *u = NULL;
	AUTO(deb822_free) struct deb822 *d = deb822_new(wanted, read_stanza, g);
	static char chunk[1 << 16];
	size_t got = 1;
	bool ok = unpack_open_fd(fd, path, PACKAGES_MAX, 0, &u, e);
	while (ok && got > 0) {
		ok = unpack_read(u, chunk, sizeof(chunk), &got, e);
		ok = ok && (got == 0 || deb822_feed(d, (struct str) { chunk, got }, e));
	}
	ok = ok && deb822_end(d, e);
	close(fd);
	return ok;
}

/* --- closures over numbers as read; `in` tells who is in already --- */

struct closure {
	const struct reading *g;
	uint8_t *in;
	VEC(uint32_t) members, open;
};

static void closure_add(struct closure *c, uint32_t package)
{
	c->open.n = 0;
	VEC_PUSH(&c->open, package);
	while (c->open.n > 0) {
		uint32_t p = c->open.p[--c->open.n];
		if (c->in[p])
			continue;
		c->in[p] = 1;
		VEC_PUSH(&c->members, p);
		struct str rest = c->g->depends.p[p], one;
		while (rest.n > 0 && str_split(&rest, ',', &one)) {
			struct str name = relation_name(one);
			uint32_t k = name.n ? intern_find(c->g->names, name) : INTERN_NONE;
			uint32_t v = k == INTERN_NONE && name.n ? intern_find(c->g->provided, name)
								: INTERN_NONE;
			if (v != INTERN_NONE)
				k = c->g->providers.p[v];
			if (k != INTERN_NONE && !c->in[k])
				VEC_PUSH(&c->open, k);
		}
	}
}

static void closure_done(struct closure *c)
{
	xfree(c->in);
	VEC_DONE(&c->members);
	VEC_DONE(&c->open);
}

static void closure_start(struct closure *c, const struct reading *g, const struct closure *from)
{
	*c = (struct closure) { .g = g, .in = xcalloc(g->read.n + 1, 1) };
	for (size_t i = 0; from && i < from->members.n; i++) {
		c->in[from->members.p[i]] = 1;
		VEC_PUSH(&c->members, from->members.p[i]);
	}
}

static void closure_fill(struct closure *c, size_t size, struct roles_random *random)
{
	size = MIN(size, c->g->read.n * 3 / 4);
	while (c->members.n < size)
		closure_add(c, (uint32_t)(roles_next(random) % c->g->read.n));
}

static void make_roles(struct reading *g, struct roles_random *random, struct closure *roles)
{
	struct closure base, family[FAMILIES];
	closure_start(&base, g, NULL);
	for (uint32_t i = 0; i < g->read.n; i++)
		if (g->base.p[i])
			closure_add(&base, i);
	for (int i = 0; i < FAMILIES; i++) {
		closure_start(&family[i], g, &base);
		closure_fill(&family[i], FAMILY_SIZE, random);
	}
	for (uint32_t i = 0; i < ROLES; i++) {
		closure_start(&roles[i], g, &family[i % FAMILIES]);
		closure_fill(&roles[i], ROLE_MIN + i * (ROLE_MAX - 100 - ROLE_MIN) / (ROLES - 1),
			     random);
	}
	for (int i = 0; i < FAMILIES; i++)
		closure_done(&family[i]);
	closure_done(&base);
}

/* The order (popularity) of sizes under which the average host comes nearest to its facts. */
static void choose_order(const struct closure *roles, struct roles_random *random, uint32_t *best)
{
	double weight[ROLES], sum = 0, nearest = INFINITY;
	uint32_t order[ROLES];
	for (uint32_t i = 0; i < ROLES; i++) {
		sum += weight[i] = 1 / (1 + i * 0.25);
		order[i] = i;
	}
	/* 1.5 % of a role's packages are absent, extras bring about 11, four facts are no packages.
	 */
	double want = (ROLES_MEAN_FACTS - 15) / (1 - 15.0 / 1024);
	for (int t = 0; t < ORDERS_TRIED; t++) {
		double mean = 0;
		for (uint32_t i = ROLES - 1; i > 0; i--) {
			uint32_t k = (uint32_t)(roles_next(random) % (i + 1)), was = order[i];
			order[i] = order[k];
			order[k] = was;
		}
		for (uint32_t i = 0; i < ROLES; i++)
			mean += weight[i] / sum * (double)roles[order[i]].members.n;
		if (fabs(mean - want) < nearest) {
			nearest = fabs(mean - want);
			memcpy(best, order, sizeof(order));
		}
	}
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

static const struct reading *sorting; /* qsort has no argument; one thread loads */
static int by_name(const void *a, const void *b)
{
	return str_cmp(sorting->read.p[*(const uint32_t *)a].name,
		       sorting->read.p[*(const uint32_t *)b].name);
}

/* Packages by name, sources with their packages, roles in the order given. */
static void put_in_order(struct reading *g, uint64_t seed, const struct closure *closures,
			 const uint32_t *order)
{
	struct roles *r = g->r;
	uint32_t n = (uint32_t)g->read.n, n_sources = intern_count(g->sources);
	AUTO(xfree) uint32_t *sorted = xmalloc(sizeof(*sorted) * (n + 1));
	AUTO(xfree) uint32_t *place = xmalloc(sizeof(*place) * (n + 1));
	for (uint32_t i = 0; i < n; i++)
		sorted[i] = i;
	sorting = g;
	qsort(sorted, n, sizeof(*sorted), by_name);
	r->n_sources = n_sources;
	AUTO(xfree) struct str *version = xcalloc(n_sources + 1, sizeof(*version));
	r->source_first = xcalloc(n_sources + 2, sizeof(*r->source_first));
	r->source_packages = xmalloc(sizeof(*r->source_packages) * (n + 1));
	for (uint32_t i = 0; i < n; i++) {
		struct role_package p = g->read.p[sorted[i]];
		/* One version a source: Packages may still have binaries of an older one. */
		if (version[p.source_no].n == 0)
			version[p.source_no] = p.source_version;
		p.source_version = version[p.source_no];
		p.generations = (uint8_t)(5 + roles_mix(seed ^ (p.source_no * 7ull + 1)) % 4);
		place[sorted[i]] = i;
		r->source_first[p.source_no + 2]++;
		VEC_PUSH(&r->packages, p);
	}
	for (uint32_t s = 0; s < n_sources; s++)
		r->source_first[s + 2] += r->source_first[s + 1];
	for (uint32_t i = 0; i < n; i++)
		r->source_packages[r->source_first[r->packages.p[i].source_no + 1]++] = i;
	double sum = 0;
	for (uint32_t i = 0; i < ROLES; i++) {
		const struct closure *c = &closures[order[i]];
		for (size_t k = 0; k < c->members.n; k++) {
			VEC_PUSH(&r->role[i].packages, place[c->members.p[k]]);
			r->packages.p[place[c->members.p[k]]].used = true;
		}
		qsort(r->role[i].packages.p, c->members.n, sizeof(uint32_t), by_number);
		r->role[i].until = sum += 1 / (1 + i * 0.25);
	}
	for (uint32_t i = 0; i < ROLES; i++)
		r->role[i].until /= sum;
	for (uint32_t i = 0; i < n; i++)
		if (r->packages.p[i].used)
			VEC_PUSH(&r->used, i);
}

static void reading_done(struct reading *g)
{
	intern_free(g->names);
	intern_free(g->sources);
	intern_free(g->provided);
	VEC_DONE(&g->providers);
	VEC_DONE(&g->depends);
	VEC_DONE(&g->base);
	VEC_DONE(&g->read);
}

bool roles_load(const char *path, uint64_t seed, struct roles *out, struct err *e)
{
	*out = (struct roles) { 0 };
	struct reading g = {
		.r = out, .names = intern_new(), .sources = intern_new(), .provided = intern_new()
	};
	bool ok = read_file(path, &g, e);
	if (ok && g.read.n < 500)
		ok = err_set(e, ERR_INVALID, "'%s' has %zu packages; roles need 500 at least", path,
			     g.read.n);
	if (ok) {
		struct roles_random random = { roles_mix(seed) };
		struct closure closures[ROLES];
		uint32_t order[ROLES];
		make_roles(&g, &random, closures);
		choose_order(closures, &random, order);
		put_in_order(&g, seed, closures, order);
		for (int i = 0; i < ROLES; i++)
			closure_done(&closures[i]);
	}
	reading_done(&g);
	return ok;
}

void roles_done(struct roles *r)
{
	for (int i = 0; i < ROLES; i++)
		VEC_DONE(&r->role[i].packages);
	VEC_DONE(&r->packages);
	VEC_DONE(&r->used);
	xfree(r->source_first);
	xfree(r->source_packages);
	arena_done(&r->arena);
}
