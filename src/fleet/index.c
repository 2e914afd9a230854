/* SPDX-License-Identifier: Apache-2.0
 * See index.h. Fields are kept as tab positions in the interned line (a line is at most 2 kB, so 16
 * bits do; the first tab is found by looking). Invariant: fact numbers equal the intern's numbers;
 * the lists of a name are ascending because facts are appended in the order of their numbers. */
#include "fleet/index.h"
#include "base/vec.h"
#include "fleet/snapshot.h"

#include <stdatomic.h>

#define MAX_TABS 6

struct fact_entry {
	roaring_bitmap_t *hosts;    /* NULL = none */
	uint32_t name;		    /* of a package: its number in the directory of its kind */
	uint16_t tab[MAX_TABS - 1]; /* positions of the second and later tabs */
	uint8_t kind, tabs;
};
/* A line's inventory_sum. The first word is written last; 0 = not computed yet. */
struct fact_sum {
	_Atomic uint64_t w[2];
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
#define PACKAGE_KINDS FACT_PACKAGE_LAST
struct index {
	struct intern *lines;
	VEC(struct fact_entry) facts;
	VEC(struct fact_sum) sums;					  /* of every fact */
	struct directory packages[PACKAGE_KINDS], sources[PACKAGE_KINDS]; /* by kind - 1 */
	struct fact_list kinds[FACT_KINDS_];
};

/* How lines begin, and how many tabs they have. */
static const struct {
	const char *word;
	uint8_t tabs;
} forms[FACT_KINDS_] = {
	[FACT_OTHER] = { "", 0 },
	[FACT_DEB] = { "deb", 5 },
	[FACT_RPM] = { "rpm", 6 },
	[FACT_APK] = { "apk", 4 },
	[FACT_HOLD] = { "hold", 3 },
	[FACT_OS] = { "os", 3 },
	[FACT_ARCH] = { "arch", 1 },
	[FACT_KEPT] = { "kept", 4 },
	[FACT_SUBSCRIPTION] = { "subscription", 2 },
	[FACT_UNSIGNED] = { "unsigned", 2 },
	[FACT_RESTART] = { "restart", 2 },
	[FACT_REBOOT] = { "reboot-pending", 2 },
	[FACT_MODULE] = { "module", 2 },
};

const char *fact_kind_name(enum fact_kind kind)
{
	ASSERT((unsigned)kind < FACT_KINDS_);
	return forms[kind].word;
}

static bool is_package(enum fact_kind kind)
{
	return kind >= FACT_DEB && kind <= FACT_PACKAGE_LAST;
}

static enum fact_kind kind_of_word(struct str word)
{
	for (enum fact_kind k = FACT_DEB; k < FACT_KINDS_; k++)
		if (str_is(word, forms[k].word))
			return k;
	return FACT_OTHER;
}

static void list_add(struct fact_list *l, uint32_t fact)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 2;
		l->p = xrealloc(l->p, l->cap * sizeof(*l->p));
	}
	l->p[l->n++] = fact;
}

/* `no_out`: the numbers of the names. */
static void directory_add(struct directory *d, const struct str *names, const uint32_t *facts,
			  uint32_t n, uint32_t *no_out)
{
	intern_add_many(d->names, names, n, no_out);
	for (uint32_t i = 0; i < n; i++) {
		if (no_out[i] == d->lists.n)
			VEC_PUSH(&d->lists, ((struct fact_list) { 0 }));
		list_add(&d->lists.p[no_out[i]], facts[i]);
	}
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
	for (int k = 0; k < PACKAGE_KINDS; k++) {
		x->packages[k].names = intern_new();
		x->sources[k].names = intern_new();
	}
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
	VEC_DONE(&x->sums);
	for (int k = 0; k < FACT_KINDS_; k++)
		xfree(x->kinds[k].p);
	for (int k = 0; k < PACKAGE_KINDS; k++) {
		directory_done(&x->packages[k]);
		directory_done(&x->sources[k]);
	}
	intern_free(x->lines);
	xfree(x);
}

static size_t tab_at(const struct fact_entry *f, struct str line, int i)
{
	if (i > 0)
		return f->tab[i - 1];
	return (size_t)((const char *)memchr(line.p, '\t', line.n) - line.p);
}

/* Field `i` of a line whose tabs are known; empty beyond the last. */
static struct str field(const struct fact_entry *f, struct str line, int i)
{
	if (i > f->tabs)
		return STR_LIT("");
	size_t from = i == 0 ? 0 : tab_at(f, line, i - 1) + 1;
	size_t to = i == f->tabs ? line.n : tab_at(f, line, i);
	return (struct str) { line.p + from, to - from };
}

/* A line whose first field names a kind, with as many fields as that kind has, is of that kind. */
static struct fact_entry parse(struct str line)
{
	struct fact_entry f = { 0 };
	const struct fact_entry other = { 0 };
	for (size_t i = 0; i < line.n && i < UINT16_MAX; i++) {
		if (line.p[i] != '\t')
			continue;
		if (f.tabs == MAX_TABS) /* more fields than any known kind has */
			return other;
		if (f.tabs > 0)
			f.tab[f.tabs - 1] = (uint16_t)i;
		f.tabs++;
	}
	enum fact_kind kind = kind_of_word(field(&f, line, 0));
	f.kind = (uint8_t)kind;
	if (kind == FACT_OTHER || f.tabs != forms[kind].tabs)
		return other;
	if ((kind == FACT_HOLD || kind == FACT_KEPT) &&
	    !is_package(kind_of_word(field(&f, line, 1))))
		return other;
	return f;
}

void index_reserve(struct index *x, uint32_t lines)
{
	intern_reserve(x->lines, lines);
	if (lines > x->facts.n) {
		VEC_RESERVE(&x->facts, lines - x->facts.n);
		VEC_RESERVE(&x->sums, lines - x->sums.n);
	}
}

/* The packages of a kind among `n` new facts that begin at `from`, into its directories. */
static void enter_packages(struct index *x, enum fact_kind kind, uint32_t from, uint32_t n)
{
	struct str name[INDEX_AT_ONCE], source[INDEX_AT_ONCE];
	uint32_t facts[INDEX_AT_ONCE], no[INDEX_AT_ONCE], count = 0;
	struct fact_package p;
	for (uint32_t fact = from; fact < from + n; fact++) {
		if (index_kind(x, fact) != kind || !index_package(x, fact, &p))
			continue;
		name[count] = p.name;
		source[count] = p.source;
		facts[count++] = fact;
	}
	directory_add(&x->sources[kind - 1], source, facts, count, no);
	directory_add(&x->packages[kind - 1], name, facts, count, no);
	for (uint32_t i = 0; i < count; i++)
		x->facts.p[facts[i]].name = no[i];
}

void index_intern_many(struct index *x, const struct str *lines, uint32_t n, uint32_t *out)
{
	ASSERT(n <= INDEX_AT_ONCE);
	bool seen[FACT_KINDS_] = { false };
	const uint32_t from = index_count(x);
	intern_add_many(x->lines, lines, n, out);
	const uint32_t come = intern_count(x->lines) - from;
	for (uint32_t fact = from; fact < from + come; fact++) {
		struct fact_entry entry = parse(intern_get(x->lines, fact));
		VEC_PUSH(&x->facts, entry);
		VEC_PUSH(&x->sums, (struct fact_sum) { 0 });
		seen[entry.kind] = true;
		if (!is_package(entry.kind) && entry.kind != FACT_OTHER)
			list_add(&x->kinds[entry.kind], fact);
	}
	for (enum fact_kind k = FACT_DEB; k <= FACT_PACKAGE_LAST; k++)
		if (seen[k])
			enter_packages(x, k, from, come);
}

uint32_t index_intern(struct index *x, struct str line)
{
	uint32_t fact;
	index_intern_many(x, &line, 1, &fact);
	return fact;
}

uint32_t index_find(const struct index *x, struct str line)
{
	return intern_find(x->lines, line);
}

void index_find_many(const struct index *x, const struct str *lines, uint32_t n, uint32_t *out)
{
	intern_find_many(x->lines, lines, n, out);
}

struct str index_line(const struct index *x, uint32_t fact)
{
	return intern_get(x->lines, fact);
}

uint32_t index_count(const struct index *x)
{
	return (uint32_t)x->facts.n;
}

static struct inventory_sum compute_sum(const struct index *x, uint32_t fact)
{
	struct fact_sum *s = &x->sums.p[fact];
	struct inventory_sum sum = inventory_sum_of_line(intern_get(x->lines, fact));
	atomic_store_explicit(&s->w[1], sum.w[1], memory_order_relaxed);
	atomic_store_explicit(&s->w[0], sum.w[0], memory_order_release);
	return sum;
}

struct inventory_sum index_sum(const struct index *x, const uint32_t *facts, uint32_t n)
{
	struct inventory_sum all = { 0 };
	for (uint32_t i = 0; i < n; i++)
		__builtin_prefetch(&x->sums.p[facts[i]]);
	for (uint32_t i = 0; i < n; i++) {
		struct fact_sum *s = &x->sums.p[facts[i]];
		struct inventory_sum one;
		one.w[0] = atomic_load_explicit(&s->w[0], memory_order_acquire);
		one.w[1] = atomic_load_explicit(&s->w[1], memory_order_relaxed);
		if (one.w[0] == 0)
			one = compute_sum(x, facts[i]);
		all.w[0] += one.w[0];
		all.w[1] += one.w[1];
	}
	return all;
}

enum fact_kind index_kind(const struct index *x, uint32_t fact)
{
	ASSERT(fact < x->facts.n);
	return x->facts.p[fact].kind;
}

struct str index_field(const struct index *x, uint32_t fact, int i)
{
	if (index_kind(x, fact) == FACT_OTHER)
		return STR_LIT("");
	return field(&x->facts.p[fact], intern_get(x->lines, fact), i);
}

bool index_package(const struct index *x, uint32_t fact, struct fact_package *out)
{
	const struct fact_entry *f = &x->facts.p[fact];
	struct str none = STR_LIT("");
	enum fact_kind kind = index_kind(x, fact);
	if (!is_package(kind))
		return false;
	struct str line = intern_get(x->lines, fact);
	*out = (struct fact_package) { .kind = kind,
				       .name = field(f, line, 1),
				       .arch = field(f, line, 2),
				       .version = field(f, line, 3),
				       .source = field(f, line, 4),
				       .source_version = kind == FACT_DEB ? field(f, line, 5)
									  : none,
				       .module = kind == FACT_RPM ? field(f, line, 5) : none,
				       .vendor = kind == FACT_RPM ? field(f, line, 6) : none };
	if (out->source.n == 0)
		out->source = out->name;
	if (out->source_version.n == 0)
		out->source_version = out->version;
	return true;
}

uint32_t index_name(const struct index *x, uint32_t fact)
{
	ASSERT(is_package(index_kind(x, fact)));
	return x->facts.p[fact].name;
}

uint32_t index_names(const struct index *x, enum fact_kind kind)
{
	ASSERT(is_package(kind));
	return intern_count(x->packages[kind - 1].names);
}

bool index_hold(const struct index *x, uint32_t fact, struct fact_hold *out)
{
	if (index_kind(x, fact) != FACT_HOLD)
		return false;
	*out = (struct fact_hold) { kind_of_word(index_field(x, fact, 1)), index_field(x, fact, 2),
				    index_field(x, fact, 3) };
	return true;
}

bool index_kept(const struct index *x, uint32_t fact, struct fact_kept *out)
{
	if (index_kind(x, fact) != FACT_KEPT)
		return false;
	*out = (struct fact_kept) { kind_of_word(index_field(x, fact, 1)), index_field(x, fact, 2),
				    index_field(x, fact, 3), index_field(x, fact, 4) };
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
	ASSERT(!is_package(kind) && kind != FACT_OTHER && kind < FACT_KINDS_);
	*n_out = x->kinds[kind].n;
	return x->kinds[kind].p;
}

const uint32_t *index_by_name(const struct index *x, enum fact_kind kind, struct str name,
			      uint32_t *n_out)
{
	ASSERT(is_package(kind));
	return directory_get(&x->packages[kind - 1], name, n_out);
}

const uint32_t *index_by_source(const struct index *x, enum fact_kind kind, struct str source,
				uint32_t *n_out)
{
	ASSERT(is_package(kind));
	return directory_get(&x->sources[kind - 1], source, n_out);
}

const roaring_bitmap_t *index_hosts(const struct index *x, uint32_t fact)
{
	return fact < x->facts.n ? x->facts.p[fact].hosts : NULL;
}

/* The bitmap of a fact, to be added to. */
static roaring_bitmap_t *own_hosts(struct index *x, uint32_t fact)
{
	ASSERT(fact < x->facts.n);
	if (!x->facts.p[fact].hosts)
		x->facts.p[fact].hosts = roaring_bitmap_create();
	snapshot_own(&x->facts.p[fact].hosts);
	return x->facts.p[fact].hosts;
}

void index_add_host(struct index *x, uint32_t fact, uint32_t host)
{
	roaring_bitmap_add(own_hosts(x, fact), host);
}

void index_add_hosts(struct index *x, uint32_t fact, const uint32_t *hosts, size_t n)
{
	roaring_bitmap_add_many(own_hosts(x, fact), n, hosts);
}

void index_remove_host(struct index *x, uint32_t fact, uint32_t host)
{
	ASSERT(fact < x->facts.n && x->facts.p[fact].hosts);
	snapshot_own(&x->facts.p[fact].hosts);
	roaring_bitmap_remove(x->facts.p[fact].hosts, host);
	if (roaring_bitmap_is_empty(x->facts.p[fact].hosts)) {
		roaring_bitmap_free(x->facts.p[fact].hosts);
		x->facts.p[fact].hosts = NULL;
	}
}

void index_set_hosts(struct index *x, uint32_t fact, roaring_bitmap_t *view)
{
	ASSERT(fact < x->facts.n && !x->facts.p[fact].hosts);
	x->facts.p[fact].hosts = view;
}

void index_forget_hosts(struct index *x, const roaring_bitmap_t *hosts)
{
	for (size_t i = 0; i < x->facts.n; i++) {
		roaring_bitmap_t **b = &x->facts.p[i].hosts;
		if (!*b || !roaring_bitmap_intersect(*b, hosts))
			continue;
		snapshot_own(b);
		roaring_bitmap_andnot_inplace(*b, hosts);
		if (!roaring_bitmap_is_empty(*b))
			continue;
		roaring_bitmap_free(*b);
		*b = NULL;
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
