/* SPDX-License-Identifier: Apache-2.0
 * See index.h. Fields are kept as tab positions in the interned line (a line is at most 2 kB, so 16
 * bits do). Invariant: fact numbers equal the intern's numbers; the lists of a name are ascending
 * because facts are appended in the order of their numbers. */
#include "fleet/index.h"
#include "base/vec.h"

#define MAX_TABS 5

struct fact_entry {
	roaring_bitmap_t *hosts; /* NULL = none */
	uint16_t tab[MAX_TABS];	 /* positions of the tabs */
	uint8_t kind, tabs;
};
struct fact_list {
	uint32_t *p;
	uint32_t n, cap;
};
/* Names to lists of facts. */
struct directory {
	struct intern *names;
	VEC(struct fact_list) lists;
};
struct index {
	struct intern *lines;
	VEC(struct fact_entry) facts;
	struct directory debs, sources;
	struct fact_list kinds[FACT_KINDS_];
};

static void list_add(struct fact_list *l, uint32_t fact)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 2;
		l->p = xrealloc(l->p, l->cap * sizeof(*l->p));
	}
	l->p[l->n++] = fact;
}

static void directory_add(struct directory *d, struct str name, uint32_t fact)
{
	uint32_t no = intern_add(d->names, name);
	if (no == d->lists.n)
		VEC_PUSH(&d->lists, ((struct fact_list) { 0 }));
	list_add(&d->lists.p[no], fact);
}

static const uint32_t *directory_get(const struct directory *d, struct str name, uint32_t *n_out)
{
	uint32_t no = intern_find(d->names, name);
	*n_out = no == INTERN_NONE ? 0 : d->lists.p[no].n;
	return no == INTERN_NONE ? NULL : d->lists.p[no].p;
}

static void directory_done(struct directory *d)
{
	for (size_t i = 0; i < d->lists.n; i++)
		xfree(d->lists.p[i].p);
	VEC_DONE(&d->lists);
	intern_free(d->names);
}

struct index *index_new(void)
{
	struct index *x = xcalloc(1, sizeof(*x));
	x->lines = intern_new();
	x->debs.names = intern_new();
	x->sources.names = intern_new();
	return x;
}

void index_free(struct index *x)
{
	if (!x)
		return;
	for (size_t i = 0; i < x->facts.n; i++)
		if (x->facts.p[i].hosts)
			roaring_bitmap_free(x->facts.p[i].hosts);
	VEC_DONE(&x->facts);
	for (int k = 0; k < FACT_KINDS_; k++)
		xfree(x->kinds[k].p);
	directory_done(&x->debs);
	directory_done(&x->sources);
	intern_free(x->lines);
	xfree(x);
}

/* Field `i` of a line whose tabs are known; empty beyond the last. */
static struct str field(const struct fact_entry *f, struct str line, int i)
{
	if (i > f->tabs || i > MAX_TABS)
		return STR_LIT("");
	size_t from = i == 0 ? 0 : (size_t)f->tab[i - 1] + 1;
	size_t to = i == f->tabs || i == MAX_TABS ? line.n : f->tab[i];
	return (struct str) { line.p + from, to - from };
}

static struct fact_entry parse(struct str line)
{
	struct fact_entry f = { 0 };
	size_t tabs = 0;
	for (size_t i = 0; i < line.n && i < UINT16_MAX; i++) {
		if (line.p[i] != '\t')
			continue;
		if (tabs++ == MAX_TABS) /* more fields than any known kind has */
			return (struct fact_entry) { 0 };
		f.tab[f.tabs++] = (uint16_t)i;
	}
	struct str word = field(&f, line, 0);
	if (str_is(word, "deb") && f.tabs == 5)
		f.kind = FACT_DEB;
	else if (str_is(word, "hold") && f.tabs == 3 && str_is(field(&f, line, 1), "deb"))
		f.kind = FACT_HOLD;
	else if (str_is(word, "os") && f.tabs == 3)
		f.kind = FACT_OS;
	else if (str_is(word, "arch") && f.tabs == 1)
		f.kind = FACT_ARCH;
	return f;
}

uint32_t index_intern(struct index *x, struct str line)
{
	uint32_t fact = intern_add(x->lines, line);
	if (fact < x->facts.n)
		return fact;
	VEC_PUSH(&x->facts, parse(line));
	enum fact_kind kind = x->facts.p[fact].kind;
	struct fact_deb deb;
	if (index_deb(x, fact, &deb)) {
		directory_add(&x->debs, deb.name, fact);
		directory_add(&x->sources, deb.source, fact);
	} else if (kind != FACT_OTHER) {
		list_add(&x->kinds[kind], fact);
	}
	return fact;
}

uint32_t index_find(const struct index *x, struct str line)
{
	return intern_find(x->lines, line);
}

struct str index_line(const struct index *x, uint32_t fact)
{
	return intern_get(x->lines, fact);
}

uint32_t index_count(const struct index *x)
{
	return (uint32_t)x->facts.n;
}

enum fact_kind index_kind(const struct index *x, uint32_t fact)
{
	ASSERT(fact < x->facts.n);
	return x->facts.p[fact].kind;
}

bool index_deb(const struct index *x, uint32_t fact, struct fact_deb *out)
{
	const struct fact_entry *f = &x->facts.p[fact];
	if (index_kind(x, fact) != FACT_DEB)
		return false;
	struct str line = intern_get(x->lines, fact);
	*out = (struct fact_deb) { field(f, line, 1), field(f, line, 2), field(f, line, 3),
				   field(f, line, 4), field(f, line, 5) };
	if (out->source.n == 0)
		out->source = out->name;
	if (out->source_version.n == 0)
		out->source_version = out->version;
	return true;
}

bool index_hold(const struct index *x, uint32_t fact, struct fact_hold *out)
{
	if (index_kind(x, fact) != FACT_HOLD)
		return false;
	struct str line = intern_get(x->lines, fact);
	*out = (struct fact_hold) { field(&x->facts.p[fact], line, 2),
				    field(&x->facts.p[fact], line, 3) };
	return true;
}

bool index_os(const struct index *x, uint32_t fact, struct fact_os *out)
{
	const struct fact_entry *f = &x->facts.p[fact];
	if (index_kind(x, fact) != FACT_OS)
		return false;
	struct str line = intern_get(x->lines, fact);
	*out = (struct fact_os) { field(f, line, 1), field(f, line, 2), field(f, line, 3) };
	return true;
}

const uint32_t *index_of_kind(const struct index *x, enum fact_kind kind, uint32_t *n_out)
{
	ASSERT(kind != FACT_DEB && kind != FACT_OTHER && kind < FACT_KINDS_);
	*n_out = x->kinds[kind].n;
	return x->kinds[kind].p;
}

const uint32_t *index_by_deb(const struct index *x, struct str name, uint32_t *n_out)
{
	return directory_get(&x->debs, name, n_out);
}

const uint32_t *index_by_deb_src(const struct index *x, struct str source, uint32_t *n_out)
{
	return directory_get(&x->sources, source, n_out);
}

const roaring_bitmap_t *index_hosts(const struct index *x, uint32_t fact)
{
	return fact < x->facts.n ? x->facts.p[fact].hosts : NULL;
}

void index_add_host(struct index *x, uint32_t fact, uint32_t host)
{
	ASSERT(fact < x->facts.n);
	if (!x->facts.p[fact].hosts)
		x->facts.p[fact].hosts = roaring_bitmap_create();
	roaring_bitmap_add(x->facts.p[fact].hosts, host);
}

void index_remove_host(struct index *x, uint32_t fact, uint32_t host)
{
	ASSERT(fact < x->facts.n && x->facts.p[fact].hosts);
	roaring_bitmap_remove(x->facts.p[fact].hosts, host);
	if (roaring_bitmap_is_empty(x->facts.p[fact].hosts)) {
		roaring_bitmap_free(x->facts.p[fact].hosts);
		x->facts.p[fact].hosts = NULL;
	}
}

void index_optimize(struct index *x)
{
	for (size_t i = 0; i < x->facts.n; i++) {
		if (x->facts.p[i].hosts) {
			roaring_bitmap_run_optimize(x->facts.p[i].hosts);
			roaring_bitmap_shrink_to_fit(x->facts.p[i].hosts);
		}
	}
}
