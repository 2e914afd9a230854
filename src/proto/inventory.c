/* SPDX-License-Identifier: Apache-2.0
 * The canonical inventory: gathering lines, sorting them, checking and comparing canonical texts.
 * Invariant: what inventory_text and inventory_apply write passes inventory_check. Lines of unknown
 * kinds are carried, never read. */
#include "proto/inventory.h"
#include "base/utf8.h"
#include "base/vec.h"

/* A line and its first 16 bytes as two big-endian numbers, so that most comparisons touch no text.
 */
struct entry {
	uint64_t key[2];
	struct str line;
};

struct inventory {
	struct arena arena;
	VEC(struct entry) lines;
	size_t bytes;
};

struct inventory *inventory_new(void)
{
	return xcalloc(1, sizeof(struct inventory));
}

void inventory_free(struct inventory *i)
{
	if (!i)
		return;
	arena_done(&i->arena);
	VEC_DONE(&i->lines);
	xfree(i);
}

static uint64_t big_endian(const char *p, size_t n)
{
	uint64_t v = 0;
	memcpy(&v, p, MIN(n, sizeof(v)));
	return __builtin_bswap64(v);
}

static bool field_ok(struct str f)
{
	for (size_t i = 0; i < f.n; i++)
		if (f.p[i] == '\t' || f.p[i] == '\n' || f.p[i] == '\0')
			return false;
	return utf8_valid(f);
}

bool inventory_add(struct inventory *inv, const struct str *fields, size_t n, struct err *e)
{
	char line[INVENTORY_MAX_LINE];
	size_t len = 0;
	if (n == 0 || fields[0].n == 0)
		return err_set(e, ERR_CORRUPT, "inventory line has no kind");
	for (size_t i = 0; i < n; i++) {
		if (!field_ok(fields[i]))
			return err_set(
				e, ERR_CORRUPT,
				"field %zu of an inventory line of kind '%.*s' has a tab, a line "
				"end, a NUL or invalid UTF-8",
				i, (int)MIN(fields[0].n, 40), fields[0].p);
		if (len + fields[i].n + 1 > sizeof(line))
			return err_set(e, ERR_LIMIT,
				       "inventory line of kind '%.*s' is longer than %u bytes",
				       (int)MIN(fields[0].n, 40), fields[0].p, INVENTORY_MAX_LINE);
		if (i)
			line[len++] = '\t';
		if (fields[i].n)
			memcpy(line + len, fields[i].p, fields[i].n);
		len += fields[i].n;
	}
	if (inv->lines.n >= INVENTORY_MAX_FACTS || inv->bytes + len + 1 > INVENTORY_MAX)
		return err_set(e, ERR_LIMIT, "inventory has more than %u facts or %u bytes",
			       INVENTORY_MAX_FACTS, INVENTORY_MAX);
	struct entry entry = { .line = arena_str(&inv->arena, (struct str) { line, len }) };
	entry.key[0] = big_endian(line, len);
	entry.key[1] = len > 8 ? big_endian(line + 8, len - 8) : 0;
	inv->bytes += len + 1;
	VEC_PUSH(&inv->lines, entry);
	return true;
}

static int compare(const void *pa, const void *pb)
{
	const struct entry *a = pa, *b = pb;
	for (int i = 0; i < 2; i++)
		if (a->key[i] != b->key[i])
			return a->key[i] < b->key[i] ? -1 : 1;
	return str_cmp(a->line, b->line);
}

bool inventory_text(struct inventory *inv, struct buf *out, struct err *e)
{
	if (inv->lines.n)
		qsort(inv->lines.p, inv->lines.n, sizeof(*inv->lines.p), compare);
	struct str last = { 0 };
	if (inv->bytes)
		buf_reserve(out, inv->bytes);
	for (size_t i = 0; i < inv->lines.n; i++) {
		struct str line = inv->lines.p[i].line;
		if (str_eq(line, last))
			continue;
		buf_addstr(out, line);
		buf_addc(out, '\n');
		last = line;
	}
	return buf_ok(out, "inventory", e);
}

/* Reads lines of a canonical text; `prefix` bytes stand before each line (1 in a delta). */
struct reader {
	const char *what;
	struct str rest, line, last;
	size_t prefix, number;
};

/* Next line into r->line. At the end r->line.p is NULL. Order and form are checked on the way. */
static bool next_line(struct reader *r, struct err *e)
{
	r->line = (struct str) { 0 };
	if (!r->rest.n)
		return true;
	r->number++;
	const char *lf = memchr(r->rest.p, '\n', r->rest.n);
	if (!lf)
		return err_set(e, ERR_CORRUPT, "%s line %zu is not ended", r->what, r->number);
	size_t n = (size_t)(lf - r->rest.p);
	struct str line = { r->rest.p + r->prefix, n - r->prefix };
	if (n <= r->prefix || line.p[0] == '\t')
		return err_set(e, ERR_CORRUPT, "%s line %zu has no kind", r->what, r->number);
	if (line.n >= INVENTORY_MAX_LINE)
		return err_set(e, ERR_CORRUPT, "%s line %zu is longer than %u bytes", r->what,
			       r->number, INVENTORY_MAX_LINE);
	if (str_find(line, '\0') >= 0)
		return err_set(e, ERR_CORRUPT, "%s line %zu has a NUL", r->what, r->number);
	if (r->last.p && str_cmp(r->last, line) >= 0)
		return err_set(e, ERR_CORRUPT, "%s line %zu is not after the line before it",
			       r->what, r->number);
	if (r->number > INVENTORY_MAX_FACTS)
		return err_set(e, ERR_CORRUPT, "%s has more than %u lines", r->what,
			       INVENTORY_MAX_FACTS);
	r->last = r->line = line;
	r->rest.p = lf + 1;
	r->rest.n -= n + 1;
	return true;
}

/* Limits and encoding of a whole text, before its lines are read. */
static bool text_ok(const char *what, struct str text, size_t max, struct err *e)
{
	if (text.n > max)
		return err_set(e, ERR_CORRUPT, "%s is larger than %zu bytes", what, max);
	if (utf8_valid(text))
		return true;
	size_t number = 0;
	struct str line;
	while (str_line(&text, &line)) {
		number++;
		if (!utf8_valid(line))
			break;
	}
	return err_set(e, ERR_CORRUPT, "%s line %zu is not valid UTF-8", what, number);
}

bool inventory_check(struct str text, struct err *e)
{
	struct reader r = { .what = "inventory", .rest = text };
	if (!text_ok(r.what, text, INVENTORY_MAX, e))
		return false;
	do {
		if (!next_line(&r, e))
			return false;
	} while (r.line.p);
	return true;
}

size_t inventory_fields(struct str line, struct str *fields, size_t max)
{
	size_t n = 0;
	while (n < max && str_split(&line, '\t', &fields[n]))
		n++;
	return n;
}

static void put(struct buf *out, char sign, struct str line)
{
	if (sign)
		buf_addc(out, sign);
	buf_addstr(out, line);
	buf_addc(out, '\n');
}

bool inventory_delta(struct str from, struct str to, struct buf *out, struct err *e)
{
	struct reader f = { .what = "old inventory", .rest = from };
	struct reader t = { .what = "new inventory", .rest = to };
	if (!next_line(&f, e) || !next_line(&t, e))
		return false;
	while (f.line.p || t.line.p) {
		int c = !f.line.p ? 1 : !t.line.p ? -1 : str_cmp(f.line, t.line);
		if (c < 0)
			put(out, '-', f.line);
		else if (c > 0)
			put(out, '+', t.line);
		if ((c <= 0 && !next_line(&f, e)) || (c >= 0 && !next_line(&t, e)))
			return false;
	}
	return buf_ok(out, "inventory delta", e);
}

static bool sign_ok(const struct reader *d, struct err *e)
{
	char sign = d->line.p[-1];
	return sign == '-' || sign == '+' ||
	       err_set(e, ERR_CORRUPT, "inventory delta line %zu has no sign", d->number);
}

bool inventory_apply(struct str base, struct str delta, struct buf *out, struct err *e)
{
	struct reader b = { .what = "inventory", .rest = base };
	struct reader d = { .what = "inventory delta", .rest = delta, .prefix = 1 };
	size_t lines = 0, start = out->n;
	if (!text_ok(d.what, delta, 2 * INVENTORY_MAX, e) || !next_line(&b, e) || !next_line(&d, e))
		return false;
	while (b.line.p || d.line.p) {
		int c = !b.line.p ? 1 : !d.line.p ? -1 : str_cmp(b.line, d.line);
		char sign = c >= 0 ? d.line.p[-1] : 0;
		if (c >= 0 && !sign_ok(&d, e))
			return false;
		if (c > 0 && sign == '-')
			return err_set(e, ERR_CORRUPT,
				       "inventory delta line %zu removes a line that is not there",
				       d.number);
		if (c == 0 && sign == '+')
			return err_set(e, ERR_CORRUPT,
				       "inventory delta line %zu adds a line that is there already",
				       d.number);
		if (c != 0) {
			put(out, 0, c < 0 ? b.line : d.line);
			lines++;
		}
		if ((c <= 0 && !next_line(&b, e)) || (c >= 0 && !next_line(&d, e)))
			return false;
	}
	if (lines > INVENTORY_MAX_FACTS || out->n - start > INVENTORY_MAX)
		return err_set(e, ERR_CORRUPT, "inventory has more than %u facts or %u bytes",
			       INVENTORY_MAX_FACTS, INVENTORY_MAX);
	return buf_ok(out, "inventory", e);
}

bool inventory_delta_each(struct str delta, void (*fn)(void *arg, char sign, struct str line),
			  void *arg, struct err *e)
{
	struct reader d = { .what = "inventory delta", .rest = delta, .prefix = 1 };
	if (!text_ok(d.what, delta, 2 * INVENTORY_MAX, e) || !next_line(&d, e))
		return false;
	while (d.line.p) {
		char sign = d.line.p[-1];
		if (!sign_ok(&d, e))
			return false;
		fn(arg, sign, d.line);
		if (!next_line(&d, e))
			return false;
	}
	return true;
}
