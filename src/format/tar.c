/* SPDX-License-Identifier: Apache-2.0
 * Blocks of 512 bytes: a header, then content padded to whole blocks (POSIX.1-1988 ustar,
 * POSIX.1-2001 pax, GNU). Of pax headers only `path` and `size` matter. Two blocks of zeros end an
 * archive; what follows them is padding. Every header's checksum must be right. */
#include "format/tar.h"

#define BLOCK 512u
#define MAX_EXTRA (1u << 20) /* a pax header or a long name */

struct tar {
	struct unpack *u;
	uint8_t block[BLOCK];
	uint64_t left;	  /* content of the current file */
	uint32_t padding; /* ... and what follows it */
	uint32_t entries;
	bool ended;
	bool used;     /* name and size below belong to the header that was read last */
	bool has_size; /* a pax header gave the size of the next file */
	uint64_t size;
	char name[TAR_NAME + 1];
	size_t name_n; /* 0 = the header's own name counts */
};

struct tar *tar_new(struct unpack *u)
{
	struct tar *t = xcalloc(1, sizeof(*t));
	t->u = u;
	return t;
}

void tar_free(struct tar *t)
{
	xfree(t);
}

static bool corrupt(const char *what, struct err *e)
{
	return err_set(e, ERR_CORRUPT, "tar archive %s", what);
}

/* Exactly `n` bytes, into `p` or (NULL) nowhere. */
static bool take(struct tar *t, void *p, uint64_t n, struct err *e)
{
	uint8_t waste[4096];
	while (n > 0) {
		size_t got, want = p ? (size_t)n : (size_t)MIN(n, (uint64_t)sizeof(waste));
		if (!unpack_read(t->u, p ? p : waste, want, &got, e))
			return false;
		if (got == 0)
			return corrupt("is cut off", e);
		p = p ? (uint8_t *)p + got : NULL;
		n -= got;
	}
	return true;
}

/* Octal digits up to a blank or NUL, or GNU's base-256 when the top bit is set. */
static bool number(const uint8_t *p, size_t n, uint64_t *out)
{
	uint64_t v = 0;
	size_t i = 0;
	if (p[0] & 0x80) {
		v = p[0] & 0x3F;
		for (i = 1; i < n; i++) {
			if (v >> 55)
				return false;
			v = v << 8 | p[i];
		}
		*out = v;
		return (p[0] & 0x40) == 0;
	}
	while (i < n && p[i] == ' ')
		i++;
	for (; i < n && p[i] >= '0' && p[i] <= '7'; i++)
		v = v * 8 + (uint64_t)(p[i] - '0'); /* at most 12 digits: 36 bits */
	for (; i < n; i++)
		if (p[i] != ' ' && p[i] != '\0')
			return false;
	*out = v;
	return true;
}

static bool sum_ok(const uint8_t *b)
{
	uint64_t want, sum = 0;
	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= 148 && i < 156 ? ' ' : b[i];
	return number(b + 148, 8, &want) && sum == want;
}

bool tar_is(struct str head)
{
	return head.n >= BLOCK && head.p[0] != '\0' && sum_ok((const uint8_t *)head.p);
}

static bool is_zero(const uint8_t *b)
{
	for (size_t i = 0; i < BLOCK; i++)
		if (b[i])
			return false;
	return true;
}

static void set_name(struct tar *t, struct str name)
{
	if (name.n > TAR_NAME)
		name = (struct str) { name.p + (name.n - TAR_NAME), TAR_NAME };
	for (size_t i = 0; i < name.n; i++)
		t->name[i] = (unsigned char)name.p[i] < 0x20 || name.p[i] == 0x7F ? '?' : name.p[i];
	t->name_n = name.n;
	t->name[name.n] = '\0';
}

static struct str field(const uint8_t *p, size_t n)
{
	const uint8_t *end = memchr(p, 0, n);
	return (struct str) { (const char *)p, end ? (size_t)(end - p) : n };
}

/* "<length> <key>=<value>\n" again and again; the length counts all of it. */
static bool pax(struct tar *t, struct str rest, struct err *e)
{
	while (rest.n > 0) {
		uint64_t n;
		struct str head = rest;
		ptrdiff_t blank = str_find(rest, ' ');
		head.n = blank < 0 ? 0 : (size_t)blank;
		if (!str_to_u64(head, &n) || n <= head.n + 1 || n > rest.n || rest.p[n - 1] != '\n')
			return corrupt("has a bad pax header", e);
		struct str record = { rest.p + head.n + 1, (size_t)n - head.n - 2 };
		struct str key = record;
		ptrdiff_t equals = str_find(record, '=');
		if (equals < 0)
			return corrupt("has a bad pax header", e);
		key.n = (size_t)equals;
		struct str value = { record.p + equals + 1, record.n - key.n - 1 };
		if (str_is(key, "path"))
			set_name(t, value);
		else if (str_is(key, "size") && !(t->has_size = str_to_u64(value, &t->size)))
			return corrupt("has a bad pax header", e);
		rest = (struct str) { rest.p + n, rest.n - (size_t)n };
	}
	return true;
}

/* A header that describes the next one: its content is read here. */
static bool extra(struct tar *t, char type, uint64_t size, struct err *e)
{
	if (size > MAX_EXTRA)
		return corrupt("has too long a header", e);
	AUTO(xfree) char *text = xmalloc(size + 1);
	uint64_t rest = size % BLOCK ? BLOCK - size % BLOCK : 0;
	if (!take(t, text, size, e) || !take(t, NULL, rest, e))
		return false;
	struct str s = { text, (size_t)size };
	if (type == 'L')
		set_name(t, field((const uint8_t *)text, (size_t)size));
	return type != 'x' || pax(t, s, e);
}

static void own_name(struct tar *t)
{
	char both[256 + 2];
	struct str name = field(t->block, 100), prefix = field(t->block + 345, 155);
	bool ustar = memcmp(t->block + 257, "ustar", 6) == 0; /* GNU's has a blank there */
	if (ustar && prefix.n)
		snprintf(both, sizeof(both), "%.*s/%.*s", STR_ARG(prefix), STR_ARG(name));
	else
		snprintf(both, sizeof(both), "%.*s", STR_ARG(name));
	set_name(t, str_of(both));
}

/* One header; *file_out: it is a regular file's. */
static bool header(struct tar *t, bool *file_out, struct err *e)
{
	uint64_t size;
	char type = (char)t->block[156];
	*file_out = false;
	if (!sum_ok(t->block) || !number(t->block + 124, 12, &size))
		return corrupt("has a damaged header", e);
	if (++t->entries > TAR_MAX_ENTRIES)
		return err_set(e, ERR_LIMIT, "tar archive has more than %u entries",
			       TAR_MAX_ENTRIES);
	if (type == 'x' || type == 'g' || type == 'L' || type == 'K')
		return extra(t, type, size, e);
	t->used = true;
	if (t->name_n == 0)
		own_name(t);
	*file_out = type == '0' || type == '\0' || type == '7';
	/* Links and directories have no content, whatever they say; other kinds may have. */
	bool empty = type >= '1' && type <= '6';
	t->left = empty ? 0 : t->has_size ? t->size : size;
	t->padding = (uint32_t)(t->left % BLOCK ? BLOCK - t->left % BLOCK : 0);
	return true;
}

/* What follows the end is read too: only then the decompressor has checked everything. */
static bool finish(struct tar *t, struct err *e)
{
	uint8_t waste[4096];
	for (size_t got = 1; got;)
		if (!unpack_read(t->u, waste, sizeof(waste), &got, e))
			return false;
	return true;
}

bool tar_next(struct tar *t, struct str *name_out, uint64_t *size_out, bool *more_out,
	      struct err *e)
{
	bool file = false;
	while (!file && !t->ended) {
		if (!take(t, NULL, t->left + t->padding, e))
			return false;
		if (t->used) {
			t->name_n = 0;
			t->has_size = t->used = false;
		}
		t->left = t->padding = 0;
		if (!take(t, t->block, BLOCK, e))
			return false;
		t->ended = is_zero(t->block);
		if (!t->ended && !header(t, &file, e))
			return false;
	}
	if (file) {
		*name_out = (struct str) { t->name, t->name_n };
		*size_out = t->left;
	}
	*more_out = file;
	return file || finish(t, e);
}

bool tar_read(struct tar *t, void *p, size_t n, size_t *got_out, struct err *e)
{
	size_t got = 0;
	if (t->left == 0) {
		*got_out = 0;
		return true;
	}
	if (!unpack_read(t->u, p, (size_t)MIN((uint64_t)n, t->left), &got, e))
		return false;
	if (got == 0)
		return corrupt("is cut off", e);
	t->left -= got;
	*got_out = got;
	return true;
}
