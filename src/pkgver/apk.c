/* SPDX-License-Identifier: Apache-2.0
 * Alpine's order, as apk-tools has it since 2.14: a version is a row of tokens whose kinds may only
 * come in the order of `enum kind`; the first token that differs decides. Where kinds differ, the
 * later kind is the lower version (a longer version has an earlier kind than the end), unless one
 * side goes on with a pre-release suffix. */
#include "pkgver/pkgver.h"
#include "pkgver/pkgver_int.h"

enum kind { FIRST_NUMBER, NUMBER, LETTER, SUFFIX, SUFFIX_NUMBER, HASH, REVISION, END, INVALID };

/* In their order; pre-release ones come before PLAIN, which stands for no suffix. */
enum { PLAIN = 4 };
static const char *const suffixes[] = { "alpha", "beta", "pre", "rc", NULL,
					"cvs",	 "svn",	 "git", "hg", "p" };

struct token {
	enum kind kind;
	struct str text;
	int suffix;
	struct str rest;
};

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static void take(struct token *t, enum kind kind, bool (*is)(char))
{
	t->text = take_run(&t->rest, is);
	t->kind = t->text.n ? kind : INVALID;
}

static void drop(struct token *t, size_t n)
{
	t->rest.p += n;
	t->rest.n -= n;
}

static struct token first(struct str s)
{
	struct token t = { .rest = s };
	take(&t, FIRST_NUMBER, is_digit);
	return t;
}

static void next_number(struct token *t)
{
	if (t->kind <= NUMBER)
		take(t, NUMBER, is_digit);
	else if (t->kind == SUFFIX)
		take(t, SUFFIX_NUMBER, is_digit);
	else
		t->kind = INVALID;
}

static void next_suffix(struct token *t)
{
	if (t->kind > SUFFIX_NUMBER) {
		t->kind = INVALID;
		return;
	}
	drop(t, 1);
	take(t, SUFFIX, is_lower);
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		if (suffixes[i] && str_is(t->text, suffixes[i])) {
			t->suffix = (int)i;
			return;
		}
	}
	t->kind = INVALID;
}

/* Moves to the next token; which kinds may follow is decided by the one before. */
static void next(struct token *t)
{
	char c = at(t->rest, 0);
	if (!t->rest.n) {
		t->kind = END;
	} else if (is_digit(c)) {
		next_number(t);
	} else if (c == '.' && t->kind <= NUMBER) {
		drop(t, 1);
		next_number(t);
	} else if (is_lower(c) && t->kind <= NUMBER) {
		t->text = (struct str) { t->rest.p, 1 };
		t->kind = LETTER;
		drop(t, 1);
	} else if (c == '_') {
		next_suffix(t);
	} else if (c == '~' && t->kind < HASH) {
		drop(t, 1);
		take(t, HASH, is_hex);
	} else if (c == '-' && t->kind < REVISION && at(t->rest, 1) == 'r') {
		drop(t, 2);
		take(t, REVISION, is_digit);
	} else {
		t->kind = INVALID;
	}
}

static int compare_token(const struct token *a, const struct token *b)
{
	switch (a->kind) {
	case NUMBER: /* with a leading zero it is a fraction: compared as text */
		if (a->text.p[0] == '0' || b->text.p[0] == '0')
			return sign(str_cmp(a->text, b->text));
		return compare_digits(a->text, b->text);
	case FIRST_NUMBER:
	case SUFFIX_NUMBER:
	case REVISION: return compare_digits(a->text, b->text);
	case SUFFIX: return sign(a->suffix - b->suffix);
	default: return sign(str_cmp(a->text, b->text));
	}
}

int apk_compare(struct str a, struct str b)
{
	struct token ta = first(a), tb = first(b);
	while (ta.kind == tb.kind && ta.kind < END) {
		int c = compare_token(&ta, &tb);
		if (c)
			return c;
		next(&ta);
		next(&tb);
	}
	if (ta.kind == tb.kind)
		return 0;
	if (ta.kind == SUFFIX && ta.suffix < PLAIN)
		return -1;
	if (tb.kind == SUFFIX && tb.suffix < PLAIN)
		return 1;
	return ta.kind > tb.kind ? -1 : 1;
}
