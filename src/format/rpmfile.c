/* SPDX-License-Identifier: Apache-2.0
 * An .rpm: a lead of 96 bytes, the signature's header, the header (file format of rpm 4). Of the
 * header only four tags are read: name and the three arrays of the changelog. The payload is not
 * touched. */
#include "base/clock.h"
#include "base/utf8.h"
#include "format/pkgfile.h"

#include <errno.h>
#include <unistd.h>

#define LEAD 96
#define INTRO 16
#define INDEX 16
#define MAX_TAGS 65536u
#define MAX_HEADER (64u << 20)
#define MAX_ENTRIES 5000u

enum { TAG_NAME = 1000, TAG_TIME = 1080, TAG_AUTHOR = 1081, TAG_TEXT = 1082 };
enum { TYPE_INT32 = 4, TYPE_STRING = 6, TYPE_STRING_ARRAY = 8 };

struct tag {
	struct str data; /* from its offset to the end of the store */
	uint32_t count;
};

static uint32_t be32(const char *p)
{
	const uint8_t *b = (const uint8_t *)p;
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static bool read_exactly(int fd, void *p, size_t n, int64_t at, struct err *e)
{
	for (size_t done = 0; done < n;) {
		ssize_t got = pread(fd, (char *)p + done, n - done, at + (int64_t)done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(e, errno, "cannot read the package");
		if (got == 0)
			return err_set(e, ERR_CORRUPT, "RPM package is cut off");
		done += (size_t)got;
	}
	return true;
}

/* Sizes of the header that begins at `at`. */
static bool intro(int fd, int64_t at, uint32_t *tags_out, uint32_t *store_out, struct err *e)
{
	static const char magic[] = { (char)0x8E, (char)0xAD, (char)0xE8, 1 };
	char b[INTRO];
	if (!read_exactly(fd, b, sizeof(b), at, e))
		return false;
	*tags_out = be32(b + 8);
	*store_out = be32(b + 12);
	return (memcmp(b, magic, 4) == 0 && *tags_out <= MAX_TAGS && *store_out <= MAX_HEADER) ||
	       err_set(e, ERR_CORRUPT, "RPM package has a bad header");
}

static bool read_header(int fd, struct buf *out, uint32_t *tags_out, struct err *e)
{
	char lead[4];
	uint32_t tags, store;
	if (!read_exactly(fd, lead, sizeof(lead), 0, e))
		return false;
	if (memcmp(lead, "\xED\xAB\xEE\xDB", 4) != 0)
		return err_set(e, ERR_CORRUPT, "not an RPM package");
	if (!intro(fd, LEAD, &tags, &store, e))
		return false;
	int64_t at = LEAD + INTRO + (int64_t)tags * INDEX + store;
	at += (8 - at % 8) % 8; /* the signature's header is padded, the lead is a multiple of 8 */
	if (!intro(fd, at, &tags, &store, e))
		return false;
	size_t n = (size_t)tags * INDEX + store;
	char *p = buf_reserve(out, n + 1);
	if (!p)
		return buf_ok(out, "RPM header", e);
	if (!read_exactly(fd, p, n, at + INTRO, e))
		return false;
	out->n += n;
	*tags_out = tags;
	return true;
}

static void find_tag(struct str header, uint32_t tags, uint32_t want, uint32_t type,
		     struct tag *out)
{
	size_t store = (size_t)tags * INDEX;
	for (uint32_t i = 0; i < tags; i++) {
		const char *p = header.p + (size_t)i * INDEX;
		uint32_t offset = be32(p + 8);
		if (be32(p) != want || be32(p + 4) != type || offset > header.n - store)
			continue;
		out->data = (struct str) { header.p + store + offset, header.n - store - offset };
		out->count = be32(p + 12);
		return;
	}
}

/* The next of an array of strings. */
static bool next_string(struct tag *t, struct str *out)
{
	const char *end = t->data.n ? memchr(t->data.p, 0, t->data.n) : NULL;
	if (!end)
		return false;
	*out = (struct str) { t->data.p, (size_t)(end - t->data.p) };
	t->data.n -= out->n + 1;
	t->data.p += out->n + 1;
	return true;
}

/* "A Person <a@x> - 1:1.2-3.el9": the version, or nothing when what is there is none. */
static struct str version_of(struct str author)
{
	struct str v = author;
	for (size_t i = author.n; i-- > 0;)
		if (author.p[i] == ' ' || author.p[i] == '>') {
			v = (struct str) { author.p + i + 1, author.n - i - 1 };
			break;
		}
	if (v.n && v.p[0] == '-')
		v = (struct str) { v.p + 1, v.n - 1 };
	bool digit = false;
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] == '@' || v.p[i] == '(' || v.p[i] == ')' || (unsigned char)v.p[i] < 0x21)
			return STR_LIT("");
		digit |= v.p[i] >= '0' && v.p[i] <= '9';
	}
	return digit && v.n < author.n ? v : STR_LIT("");
}

/* One line of valid text. */
static void add_clean(struct buf *out, struct str s)
{
	AUTO(buf_done) struct buf b = BUF_INIT(3 * s.n + 1);
	utf8_repair(s, &b);
	for (size_t i = 0; i < b.n; i++)
		if ((unsigned char)b.p[i] < 0x20 || b.p[i] == 0x7F)
			b.p[i] = ' ';
	buf_addstr(out, str_trim(buf_str(&b)));
}

static void add_entry(struct buf *out, struct str name, uint32_t time_s, struct str author,
		      struct str text)
{
	char date[CLOCK_RFC3339_LEN];
	struct str line, version = version_of(author);
	add_clean(out, name);
	buf_adds(out, " (");
	add_clean(out, version);
	buf_adds(out, ") unknown\n\n");
	while (str_line(&text, &line)) {
		buf_adds(out, "  ");
		add_clean(out, line);
		buf_addc(out, '\n');
	}
	buf_adds(out, "\n -- ");
	add_clean(out, author);
	buf_printf(out, "  %s\n\n", clock_rfc3339((int64_t)time_s * 1000, date));
}

bool rpmfile_changelog(int fd, struct buf *out, struct err *e)
{
	AUTO(buf_done) struct buf header = BUF_INIT(MAX_HEADER + MAX_TAGS * INDEX + 1);
	struct tag name = { 0 }, times = { 0 }, authors = { 0 }, texts = { 0 };
	struct str package = STR_LIT("package"), author, text;
	uint32_t tags = 0;
	if (!read_header(fd, &header, &tags, e))
		return false;
	find_tag(buf_str(&header), tags, TAG_NAME, TYPE_STRING, &name);
	find_tag(buf_str(&header), tags, TAG_TIME, TYPE_INT32, &times);
	find_tag(buf_str(&header), tags, TAG_AUTHOR, TYPE_STRING_ARRAY, &authors);
	find_tag(buf_str(&header), tags, TAG_TEXT, TYPE_STRING_ARRAY, &texts);
	if (name.data.n && !next_string(&name, &package))
		return err_set(e, ERR_CORRUPT, "RPM package has a bad header");
	uint32_t n = MIN(MIN(times.count, authors.count), MIN(texts.count, MAX_ENTRIES));
	if (!n)
		return err_set(e, ERR_NOT_FOUND, "package has no changelog");
	for (uint32_t i = 0; i < n && !out->overflowed; i++) {
		if (times.data.n < 4 || !next_string(&authors, &author) ||
		    !next_string(&texts, &text))
			return err_set(e, ERR_CORRUPT, "RPM package has a bad changelog");
		size_t before = out->n;
		add_entry(out, package, be32(times.data.p), author, text);
		if (out->overflowed) { /* whole entries only */
			out->n = before;
			break;
		}
		times.data = (struct str) { times.data.p + 4, times.data.n - 4 };
	}
	out->overflowed = false;
	return true;
}
