/* SPDX-License-Identifier: Apache-2.0
 * Native byte order: both ends run on the same machine. A text is a length (-1 = NULL) and bytes;
 * a text with a NUL inside is a mistake. */
#include "ipc/pack.h"

#define LIST_MAX 10000

void pack_int(struct buf *b, int64_t v)
{
	buf_add(b, &v, sizeof(v));
}

void pack_str(struct buf *b, struct str s)
{
	pack_int(b, (int64_t)s.n);
	buf_addstr(b, s);
}

void pack_text(struct buf *b, const char *s)
{
	if (s)
		pack_str(b, str_of(s));
	else
		pack_int(b, -1);
}

void pack_list(struct buf *b, const char *const *list)
{
	int64_t n = 0;
	while (list && list[n])
		n++;
	pack_int(b, list ? n : -1);
	for (int64_t i = 0; i < n; i++)
		pack_text(b, list[i]);
}

int64_t unpack_int(struct unpacker *u)
{
	int64_t v = 0;
	u->failed |= u->rest.n < sizeof(v);
	if (u->failed)
		return 0;
	memcpy(&v, u->rest.p, sizeof(v));
	u->rest.p += sizeof(v);
	u->rest.n -= sizeof(v);
	return v;
}

int64_t unpack_int_in(struct unpacker *u, int64_t min, int64_t max)
{
	int64_t v = unpack_int(u);
	u->failed |= v < min || v > max;
	return u->failed ? min : v;
}

static struct str bytes(struct unpacker *u, int64_t n)
{
	u->failed |= n < 0 || (uint64_t)n > u->rest.n;
	if (u->failed)
		return STR_LIT("");
	struct str s = { u->rest.p, (size_t)n };
	u->rest.p += n;
	u->rest.n -= (size_t)n;
	return s;
}

struct str unpack_str(struct unpacker *u)
{
	return bytes(u, unpack_int(u));
}

const char *unpack_text(struct unpacker *u)
{
	int64_t n = unpack_int(u);
	if (n == -1 && !u->failed)
		return NULL;
	struct str s = bytes(u, n);
	u->failed |= s.n && memchr(s.p, '\0', s.n);
	return u->failed ? "" : arena_str(u->a, s).p;
}

const char *const *unpack_list(struct unpacker *u)
{
	int64_t n = unpack_int_in(u, -1, LIST_MAX);
	if (n < 0 || u->failed)
		return NULL;
	const char **list = arena_array(u->a, const char *, (size_t)n + 1);
	for (int64_t i = 0; i < n; i++) {
		list[i] = unpack_text(u);
		u->failed |= !list[i];
	}
	return u->failed ? NULL : list;
}

bool unpack_end(const struct unpacker *u, struct err *e)
{
	return (!u->failed && u->rest.n == 0) ||
	       err_set(e, ERR_CORRUPT, "a message of the other process is not well-formed");
}
