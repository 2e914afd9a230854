/* SPDX-License-Identifier: Apache-2.0
 * The pull side of decompression: input buffer, format detection, limits. Invariant: no byte beyond
 * max_out or the ratio is handed out, and "end" is only said when the decoder has said it. The
 * decoders are in unpack_codec.c. */
#include "format/unpack.h"
#include "format/unpack_int.h"

#include <errno.h>
#include <unistd.h>

#define INPUT_SIZE (256u << 10)
#define MAGIC_LEN 6

struct unpack {
	unpack_source source;
	void *arg;
	char *what;
	uint64_t max_out, total_in, total_out;
	uint32_t max_ratio;
	enum unpack_kind kind;
	const struct unpack_codec *codec;
	void *decoder;
	bool input_end, done;
	struct unpack_io io; /* io.in points into `input` */
	uint8_t *input;
	/* unpack_open_fd and unpack_open_mem: their own source's state. */
	int fd;
	struct str mem;
};

static const struct {
	enum unpack_kind kind;
	const char *name;
	uint8_t magic[MAGIC_LEN];
	uint8_t n;
	const struct unpack_codec *codec;
} kinds[] = {
	{ UNPACK_PLAIN, "plain", { 0 }, 0, &unpack_plain },
	{ UNPACK_XZ, "xz", { 0xFD, '7', 'z', 'X', 'Z', 0 }, 6, &unpack_xz },
	{ UNPACK_GZIP, "gzip", { 0x1F, 0x8B }, 2, &unpack_gzip },
	{ UNPACK_ZSTD, "zstd", { 0x28, 0xB5, 0x2F, 0xFD }, 4, &unpack_zstd },
	{ UNPACK_BZIP2, "bzip2", { 'B', 'Z', 'h' }, 3, &unpack_bzip2 },
};

const char *unpack_kind_name(enum unpack_kind kind)
{
	return kinds[kind].name;
}

enum unpack_kind unpack_kind(const struct unpack *u)
{
	return u->kind;
}

/* Appends input until at least `want` bytes are there or the source ends. */
static bool fill(struct unpack *u, size_t want, struct err *e)
{
	if (u->io.in_n && u->io.in != u->input)
		memmove(u->input, u->io.in, u->io.in_n);
	u->io.in = u->input;
	while (!u->input_end && u->io.in_n < want) {
		size_t got = 0;
		if (!u->source(u->arg, u->input + u->io.in_n, INPUT_SIZE - u->io.in_n, &got, e))
			return false;
		ASSERT(got <= INPUT_SIZE - u->io.in_n);
		u->input_end = got == 0;
		u->io.in_n += got;
		u->total_in += got;
	}
	return true;
}

static bool is_binary(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] >= 0x80 || p[i] < 0x20)
			return true;
	return false;
}

/* A beginning of a magic without its rest is a cut file, not plain text, unless it could be text.
 */
static bool is_cut_magic(const uint8_t *p, size_t n)
{
	for (size_t i = 1; i < ARRAY_LEN(kinds); i++)
		if (n < kinds[i].n && memcmp(p, kinds[i].magic, n) == 0 && is_binary(p, n))
			return true;
	return false;
}

static bool detect(struct unpack *u, struct err *e)
{
	if (!fill(u, MAGIC_LEN, e))
		return err_prefix(e, "cannot unpack '%s'", u->what);
	if (is_cut_magic(u->io.in, u->io.in_n))
		return err_set(e, ERR_CORRUPT, "cannot unpack '%s': it is cut off", u->what);
	size_t found = UNPACK_PLAIN;
	for (size_t i = 1; i < ARRAY_LEN(kinds); i++)
		if (u->io.in_n >= kinds[i].n && memcmp(u->io.in, kinds[i].magic, kinds[i].n) == 0)
			found = i;
	if (found == UNPACK_BZIP2 && (u->io.in_n < 4 || u->io.in[3] < '1' || u->io.in[3] > '9'))
		found = UNPACK_PLAIN;
	u->kind = kinds[found].kind;
	u->codec = kinds[found].codec;
	u->decoder = u->codec->start();
	return true;
}

static bool open_common(struct unpack *u, const char *what, uint64_t max_out, uint32_t max_ratio,
			struct unpack **out, struct err *e)
{
	ASSERT(max_out > 0);
	u->what = xstrdup(what);
	u->max_out = max_out;
	u->max_ratio = max_ratio ? max_ratio : UNPACK_RATIO;
	u->input = xmalloc(INPUT_SIZE);
	u->io.in = u->input;
	if (!detect(u, e)) {
		unpack_free(u);
		return false;
	}
	*out = u;
	return true;
}

bool unpack_open(unpack_source source, void *arg, const char *what, uint64_t max_out,
		 uint32_t max_ratio, struct unpack **out, struct err *e)
{
	struct unpack *u = xcalloc(1, sizeof(*u));
	u->source = source;
	u->arg = arg;
	return open_common(u, what, max_out, max_ratio, out, e);
}

static bool fd_source(void *arg, void *p, size_t n, size_t *got_out, struct err *e)
{
	struct unpack *u = arg;
	for (;;) {
		ssize_t r = read(u->fd, p, n);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_sys(e, errno, "cannot read");
		*got_out = (size_t)r;
		return true;
	}
}

bool unpack_open_fd(int fd, const char *what, uint64_t max_out, uint32_t max_ratio,
		    struct unpack **out, struct err *e)
{
	struct unpack *u = xcalloc(1, sizeof(*u));
	u->fd = fd;
	u->source = fd_source;
	u->arg = u;
	return open_common(u, what, max_out, max_ratio, out, e);
}

static bool mem_source(void *arg, void *p, size_t n, size_t *got_out, struct err *e UNUSED)
{
	struct unpack *u = arg;
	n = MIN(n, u->mem.n);
	if (n)
		memcpy(p, u->mem.p, n);
	u->mem.p += n;
	u->mem.n -= n;
	*got_out = n;
	return true;
}

bool unpack_open_mem(struct str bytes, const char *what, uint64_t max_out, uint32_t max_ratio,
		     struct unpack **out, struct err *e)
{
	struct unpack *u = xcalloc(1, sizeof(*u));
	u->mem = bytes;
	u->source = mem_source;
	u->arg = u;
	return open_common(u, what, max_out, max_ratio, out, e);
}

void unpack_free(struct unpack *u)
{
	if (!u)
		return;
	if (u->codec)
		u->codec->stop(u->decoder);
	xfree(u->input);
	xfree(u->what);
	xfree(u);
}

static bool within_limits(const struct unpack *u, struct err *e)
{
	if (u->total_out > u->max_out)
		return err_set(e, ERR_LIMIT, "cannot unpack '%s': it is larger than %llu bytes",
			       u->what, (unsigned long long)u->max_out);
	if (u->total_out > UNPACK_RATIO_FREE && u->total_out / u->max_ratio > u->total_in)
		return err_set(e, ERR_LIMIT,
			       "cannot unpack '%s': it grows to more than %u times its size",
			       u->what, u->max_ratio);
	return true;
}

/* One turn of the decoder: output at io.out, or the end, or a failure. */
static bool turn(struct unpack *u, struct err *e)
{
	if (!u->io.in_n && !u->input_end && !fill(u, 1, e))
		return err_prefix(e, "cannot unpack '%s'", u->what);
	size_t before = u->io.out_n, in_before = u->io.in_n;
	u->io.last = u->input_end;
	enum unpack_state s = u->codec->run(u->decoder, &u->io);
	u->total_out += before - u->io.out_n;
	bool stuck = s == UNPACK_MORE && before == u->io.out_n && in_before == u->io.in_n;
	switch (s) {
	case UNPACK_BAD:
		return err_set(e, ERR_CORRUPT, "cannot unpack '%s': it is damaged", u->what);
	case UNPACK_MEM:
		return err_set(e, ERR_LIMIT,
			       "cannot unpack '%s': it needs more than %u MiB of memory", u->what,
			       UNPACK_MEMORY >> 20);
	case UNPACK_END: u->done = true; return true;
	case UNPACK_MORE: break;
	}
	if (stuck && u->input_end && !u->io.in_n)
		return err_set(e, ERR_CORRUPT, "cannot unpack '%s': it is cut off", u->what);
	if (stuck && u->io.in_n)
		return err_set(e, ERR_CORRUPT, "cannot unpack '%s': it is damaged", u->what);
	return true;
}

bool unpack_read(struct unpack *u, void *p, size_t n, size_t *got_out, struct err *e)
{
	ASSERT(n > 0);
	u->io.out = p;
	u->io.out_n = n;
	while (u->io.out_n && !u->done)
		if (!turn(u, e) || !within_limits(u, e))
			return false;
	*got_out = n - u->io.out_n;
	return true;
}
