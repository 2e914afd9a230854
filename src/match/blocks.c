/* SPDX-License-Identifier: Apache-2.0
 * See blocks.h. Pure. A roaring bitmap is a list of containers by the upper 16 bits of a number:
 * the lower 16 bits as an ascending array, as 65,536 bits, or as runs. */
#include "match/blocks.h"

/* The names of CRoaring before 0.3. */
#ifdef BITSET_CONTAINER_TYPE_CODE
#define TYPE_BITS BITSET_CONTAINER_TYPE_CODE
#define TYPE_ARRAY ARRAY_CONTAINER_TYPE_CODE
#define TYPE_RUNS RUN_CONTAINER_TYPE_CODE
#define WORDS_OF(c) (c)->array
#else
#define TYPE_BITS BITSET_CONTAINER_TYPE
#define TYPE_ARRAY ARRAY_CONTAINER_TYPE
#define TYPE_RUNS RUN_CONTAINER_TYPE
#define WORDS_OF(c) (c)->words
#endif

struct container {
	uint8_t type;
	const void *p;
};

static bool find(const roaring_bitmap_t *set, uint32_t no, struct container *out)
{
	if (!set)
		return false;
	const roaring_array_t *a = &set->high_low_container;
	int32_t low = 0, high = a->size;
	while (low < high) {
		int32_t mid = low + (high - low) / 2;
		if (a->keys[mid] < no)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == a->size || a->keys[low] != no)
		return false;
	out->type = a->typecodes[low];
	out->p = container_unwrap_shared(a->containers[low], &out->type);
	return true;
}

void block_clear(uint64_t *bits)
{
	memset(bits, 0, sizeof(block_bits));
}

void block_or(uint64_t *restrict bits, const uint64_t *restrict more)
{
	for (uint32_t i = 0; i < BLOCK_WORDS; i++)
		bits[i] |= more[i];
}

void block_and(uint64_t *restrict bits, const uint64_t *restrict only)
{
	for (uint32_t i = 0; i < BLOCK_WORDS; i++)
		bits[i] &= only[i];
}

void block_andnot(uint64_t *restrict bits, const uint64_t *restrict without)
{
	for (uint32_t i = 0; i < BLOCK_WORDS; i++)
		bits[i] &= ~without[i];
}

/* first..last, both in the block. */
static void add_run(uint64_t *bits, uint32_t first, uint32_t last)
{
	uint64_t from = ~0ull << (first & 63), to = ~0ull >> (63 - (last & 63));
	uint32_t i = first >> 6, end = last >> 6;
	if (i == end) {
		bits[i] |= from & to;
		return;
	}
	bits[i] |= from;
	while (++i < end)
		bits[i] = ~0ull;
	bits[end] |= to;
}

static void add_container(uint64_t *bits, const struct container *c)
{
	if (c->type == TYPE_BITS) {
		const bitset_container_t *b = c->p;
		block_or(bits, WORDS_OF(b));
	} else if (c->type == TYPE_ARRAY) {
		const array_container_t *a = c->p;
		for (int32_t i = 0; i < a->cardinality; i++)
			bits[a->array[i] >> 6] |= 1ull << (a->array[i] & 63);
	} else {
		const run_container_t *r = c->p;
		for (int32_t i = 0; i < r->n_runs; i++)
			add_run(bits, r->runs[i].value,
				(uint32_t)r->runs[i].value + r->runs[i].length);
	}
}

bool block_add(uint64_t *bits, const roaring_bitmap_t *set, uint32_t no)
{
	struct container c;
	if (!find(set, no, &c))
		return false;
	add_container(bits, &c);
	return true;
}

static void look_ahead(struct block_walk *w)
{
	const roaring_array_t *a = &w->set->high_low_container;
	w->next = w->at < a->size ? a->keys[w->at] : UINT32_MAX;
}

void block_walk_begin(struct block_walk *w, const roaring_bitmap_t *set)
{
	*w = (struct block_walk) { .set = set };
	look_ahead(w);
}

bool block_walk_add(uint64_t *bits, struct block_walk *w, uint32_t no, bool fresh)
{
	const roaring_array_t *a = &w->set->high_low_container;
	while (w->next < no) {
		w->at++;
		look_ahead(w);
	}
	if (w->next > no)
		return false;
	struct container c = { .type = a->typecodes[w->at] };
	c.p = container_unwrap_shared(a->containers[w->at], &c.type);
	if (fresh && c.type == TYPE_BITS) {
		memcpy(bits, WORDS_OF((const bitset_container_t *)c.p), sizeof(block_bits));
	} else {
		if (fresh)
			block_clear(bits);
		add_container(bits, &c);
	}
	w->at++;
	look_ahead(w);
	return true;
}

/* --- a block as a container --- */

struct size {
	uint32_t hosts, runs;
};

static inline __attribute__((always_inline)) struct size measure_words(const uint64_t *bits)
{
	struct size s = { 0, 0 };
	uint64_t before = 0; /* the last bit of the word before */
	for (uint32_t i = 0; i < BLOCK_WORDS; i++) {
		uint64_t w = bits[i];
		s.hosts += (uint32_t)__builtin_popcountll(w);
		s.runs += (uint32_t)__builtin_popcountll(w & ~(w << 1 | before));
		before = w >> 63;
	}
	return s;
}

#ifdef __x86_64__
__attribute__((target("popcnt"))) static struct size measure_popcnt(const uint64_t *bits)
{
	return measure_words(bits);
}
#endif

static struct size measure(const uint64_t *bits)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("popcnt"))
		return measure_popcnt(bits);
#endif
	return measure_words(bits);
}

static array_container_t *array_of(const uint64_t *bits, uint32_t hosts)
{
	array_container_t *a = array_container_create_given_capacity((int32_t)hosts);
	for (uint32_t i = 0; i < BLOCK_WORDS; i++)
		for (uint64_t w = bits[i]; w; w &= w - 1)
			a->array[a->cardinality++] = (uint16_t)(i * 64 +
								(uint32_t)__builtin_ctzll(w));
	return a;
}

static run_container_t *runs_of(const uint64_t *bits, uint32_t runs)
{
	run_container_t *r = run_container_create_given_capacity((int32_t)runs);
	bool in = false;
	uint32_t first = 0;
	for (uint32_t i = 0; i < BLOCK_HOSTS;) {
		/* What differs from what it was up to here, from bit i on. */
		uint64_t w = (in ? ~bits[i >> 6] : bits[i >> 6]) >> (i & 63);
		if (!w) {
			i = (i | 63) + 1;
			continue;
		}
		i += (uint32_t)__builtin_ctzll(w);
		if (in)
			r->runs[r->n_runs++] = (rle16_t) { (uint16_t)first,
							   (uint16_t)(i - 1 - first) };
		else
			first = i;
		in = !in;
	}
	if (in)
		r->runs[r->n_runs++] = (rle16_t) { (uint16_t)first,
						   (uint16_t)(BLOCK_HOSTS - 1 - first) };
	return r;
}

static bitset_container_t *bitset_of(const uint64_t *bits, uint32_t hosts)
{
	bitset_container_t *b = bitset_container_create();
	if (!b)
		return NULL;
	memcpy(WORDS_OF(b), bits, sizeof(block_bits));
	b->cardinality = (int32_t)hosts;
	return b;
}

/* The smallest of the three, as roaring_bitmap_run_optimize() would have it. */
static void *container_of(const uint64_t *bits, struct size s, uint8_t *type_out)
{
	uint32_t array = 2 + 2 * s.hosts, runs = 2 + 4 * s.runs, words = BLOCK_HOSTS / 8;
	bool few = s.hosts <= DEFAULT_MAX_SIZE;
	if (runs < (few ? array : words)) {
		*type_out = TYPE_RUNS;
		return runs_of(bits, s.runs);
	}
	*type_out = few ? TYPE_ARRAY : TYPE_BITS;
	return few ? (void *)array_of(bits, s.hosts) : bitset_of(bits, s.hosts);
}

uint32_t block_append(roaring_bitmap_t **set, uint32_t no, const uint64_t *bits)
{
	struct size s = measure(bits);
	uint8_t type;
	if (s.hosts == 0)
		return 0;
	if (!*set)
		*set = roaring_bitmap_create();
	roaring_array_t *a = &(*set)->high_low_container;
	ASSERT(a->size == 0 || a->keys[a->size - 1] < no);
	void *c = container_of(bits, s, &type);
	ASSERT(c);
	ra_append(a, (uint16_t)no, c, type);
	return s.hosts;
}

/* --- counting --- */

#define TOGETHER 8
#define DIGITS 16

struct block_counter {
	const uint64_t *waiting[TOGETHER]; /* sets, not yet in the digits */
	uint32_t n_waiting;
	uint32_t eights; /* times that eight sets went into the digits */
	block_bits digit[DIGITS];
	uint16_t counts[BLOCK_HOSTS];
};

struct block_counter *block_counter_new(void)
{
	return xcalloc(1, sizeof(struct block_counter));
}

void block_counter_free(struct block_counter *c)
{
	xfree(c);
}

/* Adds three numbers of one bit: the sum's bit goes to *low, the carry is returned. */
static inline uint64_t add3(uint64_t *low, uint64_t a, uint64_t b)
{
	uint64_t u = *low ^ a, carry = (*low & a) | (u & b);
	*low = u ^ b;
	return carry;
}

/* Eight sets, word by word: the carries go from digit to digit. `n` digits are in use. */
static void add_eight(struct block_counter *c, uint32_t n)
{
	const uint64_t *const *s = c->waiting;
	uint64_t *d0 = c->digit[0], *d1 = c->digit[1], *d2 = c->digit[2];
	uint64_t carry[64];
	for (uint32_t from = 0; from < BLOCK_WORDS; from += 64) {
		for (uint32_t k = 0; k < 64; k++) {
			uint32_t i = from + k;
			uint64_t a = d0[i], b = d1[i], q = d2[i];
			uint64_t t0 = add3(&a, s[0][i], s[1][i]);
			uint64_t t1 = add3(&a, s[2][i], s[3][i]);
			uint64_t t2 = add3(&a, s[4][i], s[5][i]);
			uint64_t t3 = add3(&a, s[6][i], s[7][i]);
			uint64_t f0 = add3(&b, t0, t1), f1 = add3(&b, t2, t3);
			carry[k] = add3(&q, f0, f1);
			d0[i] = a;
			d1[i] = b;
			d2[i] = q;
		}
		for (uint32_t d = 3; d < n; d++)
			for (uint32_t k = 0; k < 64; k++) {
				uint64_t *at = &c->digit[d][from + k], was = *at;
				*at = was ^ carry[k];
				carry[k] &= was;
			}
	}
}

/* Digits that are needed once `eights` times eight sets were added. */
static uint32_t digits_of(uint32_t eights)
{
	uint32_t n = 3;
	while (eights >> (n - 3))
		n++;
	return n;
}

static void settle(struct block_counter *c)
{
	static const block_bits none;
	if (c->n_waiting == 0)
		return;
	while (c->n_waiting < TOGETHER)
		c->waiting[c->n_waiting++] = none;
	c->eights++;
	add_eight(c, digits_of(c->eights));
	c->n_waiting = 0;
}

bool block_count(struct block_counter *c, const roaring_bitmap_t *set, uint32_t no)
{
	struct container x;
	if (!find(set, no, &x))
		return false;
	if (x.type == TYPE_BITS) {
		c->waiting[c->n_waiting++] = WORDS_OF((const bitset_container_t *)x.p);
		if (c->n_waiting == TOGETHER)
			settle(c);
	} else if (x.type == TYPE_ARRAY) {
		const array_container_t *a = x.p;
		for (int32_t i = 0; i < a->cardinality; i++)
			c->counts[a->array[i]]++;
	} else {
		const run_container_t *r = x.p;
		for (int32_t i = 0; i < r->n_runs; i++)
			for (uint32_t h = 0; h <= r->runs[i].length; h++)
				c->counts[r->runs[i].value + h]++;
	}
	return true;
}

/* Bit k of a byte as the lowest bit of byte k. */
static inline uint64_t spread(uint64_t byte)
{
	uint64_t x = byte * 0x0101010101010101ull & 0x8040201008040201ull;
	return (x + 0x7f7f7f7f7f7f7f7full) >> 7 & 0x0101010101010101ull;
}

/* Eight hosts' digits [from, to), at most eight, as a byte each. */
static inline uint64_t eight_hosts(const struct block_counter *c, uint32_t at, uint32_t from,
				   uint32_t to)
{
	uint64_t sum = 0;
	for (uint32_t d = from; d < to; d++)
		sum |= spread(c->digit[d][at / 8] >> (at % 8 * 8) & 0xff) << (d - from);
	return sum;
}

const uint16_t *block_counts(struct block_counter *c)
{
	settle(c);
	uint32_t n = c->eights ? digits_of(c->eights) : 0;
	for (uint32_t at = 0; n > 0 && at < BLOCK_HOSTS / 8; at++) {
		uint64_t low = eight_hosts(c, at, 0, MIN(n, 8));
		uint64_t high = n > 8 ? eight_hosts(c, at, 8, n) : 0;
		for (uint32_t k = 0; k < 8; k++)
			c->counts[at * 8 + k] += (uint16_t)((low >> 8 * k & 0xff) |
							    (high >> 8 * k & 0xff) << 8);
	}
	return c->counts;
}

void block_counter_clear(struct block_counter *c)
{
	uint32_t n = c->eights ? digits_of(c->eights) : 0;
	memset(c->digit, 0, n * sizeof(*c->digit));
	memset(c->counts, 0, sizeof(c->counts));
	c->eights = c->n_waiting = 0;
}
