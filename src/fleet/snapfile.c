/* SPDX-License-Identifier: Apache-2.0
 * See snapfile.h. Layout: a page with the header; the sections; a checksum of each megabyte behind
 * the header. The header has the checksum of these, and its own. */
#include "fleet/snapfile.h"
#include "base/file.h"
#include "base/random.h"
#include "base/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define START 4096u
#define BLOCK ((size_t)1 << 20)
#define ALIGN 32u
#define MAGIC "TSKRSNAP"
/* Changes with anything the writers of sections write. */
#define VERSION 3u
#define PROGRAM sizeof(((struct snapfile_mark *)NULL)->program)
#define BYTE_ORDER_MARK 0x0102030405060708ull

struct header {
	char magic[8];
	uint64_t byte_order;
	uint32_t version, sections;
	struct snapfile_mark mark;
	struct {
		uint64_t at, len;
	} section[SNAPFILE_SECTIONS_];
	uint64_t table_at, n_blocks, table_sum;
	uint64_t own_sum; /* of the header with this as 0 */
};
_Static_assert(sizeof(struct header) <= START, "the header has a page");

struct snapfile_writer {
	char *path, *aside;
	int fd;
	struct header h;
	bool published;
	uint64_t written; /* bytes behind the header that are in the file */
	char *p;	  /* gathered: from `written` on */
	size_t n, cap;
	int section; /* -1 = none yet */
	VEC(uint64_t) sums;
};

struct snapfile {
	char *map;
	size_t size;
	struct header h;
	bool begun, beside; /* the check; it has a thread of its own */
	pthread_t checker;
	uint64_t bad; /* blocks; the checker's until it has ended */
};

static uint64_t turn(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9E3779B97F4A7C15ull;
	return h ^ h >> 32;
}

/* Four lanes, so that the multiplications overlap. Finds accidents, not malice: the file lies in
 * the server's own directory. */
static uint64_t sum_of(const char *p, size_t n)
{
	uint64_t lane[4] = { 1, 2, 3, n }, v[4];
	for (; n >= sizeof(v); p += sizeof(v), n -= sizeof(v)) {
		memcpy(v, p, sizeof(v));
		for (int i = 0; i < 4; i++)
			lane[i] = turn(lane[i], v[i]);
	}
	memset(v, 0, sizeof(v));
	if (n)
		memcpy(v, p, n);
	for (int i = 0; i < 4; i++)
		lane[i] = turn(lane[i], v[i]);
	return turn(turn(turn(lane[0], lane[1]), lane[2]), lane[3]);
}

static uint64_t sum_of_header(const struct header *h)
{
	struct header copy = *h;
	copy.own_sum = 0;
	return sum_of((const char *)&copy, sizeof(copy));
}

/* --- the program --- */

/* The build id among notes (ELF: NT_GNU_BUILD_ID of "GNU"), as far as there is room. */
static void read_notes(const char *p, size_t n, uint8_t out[static PROGRAM])
{
	ElfW(Nhdr) note;
	while (n >= sizeof(note)) {
		memcpy(&note, p, sizeof(note));
		p += sizeof(note);
		n -= sizeof(note);
		size_t name = (note.n_namesz + 3u) & ~3u, desc = (note.n_descsz + 3u) & ~3u;
		if (name > n || desc > n - name)
			return;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
		    memcmp(p, "GNU", 4) == 0)
			memcpy(out, p + name, MIN(note.n_descsz, PROGRAM));
		p += name + desc;
		n -= name + desc;
	}
}

static int read_program(struct dl_phdr_info *info, size_t size, void *out)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];
		if (h->p_type == PT_NOTE)
			read_notes((const char *)(info->dlpi_addr + h->p_vaddr), h->p_memsz, out);
	}
	return 1; /* the first is the program itself; no library concludes anything */
}

static void own_program(uint8_t out[static PROGRAM])
{
	memset(out, 0, PROGRAM);
	dl_iterate_phdr(read_program, out);
}

/* --- writing --- */

bool snapfile_create(const char *path, struct snapfile_writer **out, struct err *e)
{
	AUTO(snapfile_close) struct snapfile_writer *w = xcalloc(1, sizeof(*w));
	w->fd = -1;
	w->section = -1;
	w->path = xstrdup(path);
	w->aside = xasprintf("%s.new", path);
	memcpy(w->h.magic, MAGIC, sizeof(w->h.magic));
	w->h.byte_order = BYTE_ORDER_MARK;
	w->h.version = VERSION;
	w->h.sections = SNAPFILE_SECTIONS_;
	random_bytes(w->h.mark.id, sizeof(w->h.mark.id));
	own_program(w->h.mark.program);
	w->fd = open(w->aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (w->fd < 0)
		return err_sys(e, errno, "cannot write '%s'", w->aside);
	*out = TAKE(w);
	return true;
}

void snapfile_close(struct snapfile_writer *w)
{
	if (!w)
		return;
	if (w->fd >= 0)
		close(w->fd);
	if (w->fd >= 0 && !w->published)
		unlink(w->aside);
	VEC_DONE(&w->sums);
	xfree(w->p);
	xfree(w->path);
	xfree(w->aside);
	xfree(w);
}

struct snapfile_mark *snapfile_mark_of(struct snapfile_writer *w)
{
	return &w->h.mark;
}

static char *gather(struct snapfile_writer *w, size_t n)
{
	if (w->n + n > w->cap) {
		w->cap = MAX(w->n + n, MAX(2 * w->cap, BLOCK));
		w->p = xrealloc(w->p, w->cap);
	}
	w->n += n;
	return w->p + w->n - n;
}

static void pad(struct snapfile_writer *w)
{
	size_t over = (w->written + w->n) % ALIGN;
	if (over)
		memset(gather(w, ALIGN - over), 0, ALIGN - over);
}

/* The section that is open ends here. */
static void end_section(struct snapfile_writer *w)
{
	if (w->section >= 0)
		w->h.section[w->section].len = START + w->written + w->n -
					       w->h.section[w->section].at;
}

void snapfile_begin(struct snapfile_writer *w, enum snapfile_section section)
{
	end_section(w);
	pad(w);
	w->section = (int)section;
	ASSERT(w->h.section[section].at == 0);
	w->h.section[section].at = START + w->written + w->n;
}

void snapfile_put(struct snapfile_writer *w, const void *p, size_t n)
{
	if (n)
		memcpy(gather(w, n), p, n);
}

char *snapfile_room(struct snapfile_writer *w, size_t n, uint64_t *at_out)
{
	pad(w);
	*at_out = START + w->written + w->n - w->h.section[w->section].at;
	return gather(w, n);
}

size_t snapfile_gathered(const struct snapfile_writer *w)
{
	return w->n;
}

static bool write_out(struct snapfile_writer *w, size_t n, struct err *e)
{
	struct str s = { w->p, n };
	uint64_t at = START + w->written;
	while (s.n) {
		ssize_t r = pwrite(w->fd, s.p, s.n, (off_t)at);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_sys(e, errno, "cannot write '%s'", w->aside);
		s.p += r;
		s.n -= (size_t)r;
		at += (uint64_t)r;
	}
	for (size_t from = 0; from < n; from += BLOCK)
		VEC_PUSH(&w->sums, sum_of(w->p + from, MIN(BLOCK, n - from)));
	memmove(w->p, w->p + n, w->n - n);
	w->n -= n;
	w->written += n;
	return true;
}

bool snapfile_flush(struct snapfile_writer *w, struct err *e)
{
	return write_out(w, w->n - w->n % BLOCK, e);
}

bool snapfile_seal(struct snapfile_writer *w, struct err *e)
{
	end_section(w);
	pad(w);
	if (!write_out(w, w->n, e))
		return false;
	struct header *h = &w->h;
	h->table_at = START + w->written;
	h->n_blocks = w->sums.n;
	struct str table = { (const char *)w->sums.p, w->sums.n * sizeof(*w->sums.p) };
	h->table_sum = sum_of(table.p, table.n);
	h->own_sum = sum_of_header(h);
	if (lseek(w->fd, (off_t)h->table_at, SEEK_SET) < 0)
		return err_sys(e, errno, "cannot write '%s'", w->aside);
	if (!file_write_fd(w->fd, table, w->aside, e))
		return false;
	if (lseek(w->fd, 0, SEEK_SET) < 0 ||
	    !file_write_fd(w->fd, (struct str) { (const char *)h, sizeof(*h) }, w->aside, e) ||
	    fsync(w->fd) != 0)
		return err_sys(e, errno, "cannot write '%s'", w->aside);
	return true;
}

bool snapfile_publish(struct snapfile_writer *w, struct err *e)
{
	if (rename(w->aside, w->path) != 0)
		return err_sys(e, errno, "cannot rename '%s'", w->aside);
	w->published = true;
	return true;
}

/* --- reading --- */

static bool header_ok(const struct header *h, uint64_t size)
{
	if (memcmp(h->magic, MAGIC, sizeof(h->magic)) != 0 || h->byte_order != BYTE_ORDER_MARK ||
	    h->version != VERSION || h->sections != SNAPFILE_SECTIONS_ ||
	    h->own_sum != sum_of_header(h) || h->table_at < START || h->table_at > size ||
	    h->n_blocks != (h->table_at - START + BLOCK - 1) / BLOCK ||
	    h->n_blocks * sizeof(uint64_t) != size - h->table_at)
		return false;
	for (int i = 0; i < SNAPFILE_SECTIONS_; i++)
		if (h->section[i].len > h->table_at || h->section[i].at > h->table_at ||
		    h->section[i].at + h->section[i].len > h->table_at ||
		    (h->section[i].len && h->section[i].at < START))
			return false;
	return true;
}

bool snapfile_open(const char *path, struct snapfile **out, struct err *e)
{
	AUTO(snapfile_free) struct snapfile *s = xcalloc(1, sizeof(*s));
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (fd < 0)
		return err_set(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "cannot open '%s': %s",
			       path, strerror(errno));
	if (fstat(fd, &st) != 0)
		return err_sys(e, errno, "cannot read '%s'", path);
	if (!S_ISREG(st.st_mode) || st.st_size < (off_t)START)
		return err_set(e, ERR_CORRUPT, "'%s' is no snapshot", path);
	s->size = (size_t)st.st_size;
	void *map = mmap(NULL, s->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return err_sys(e, errno, "cannot map '%s'", path);
	s->map = map;
	memcpy(&s->h, s->map, sizeof(s->h));
	if (!header_ok(&s->h, s->size))
		return err_set(e, ERR_CORRUPT,
			       "'%s' is no snapshot of this version, or its header is damaged",
			       path);
	*out = TAKE(s);
	return true;
}

static void *check_blocks(void *arg)
{
	struct snapfile *s = arg;
	const struct header *h = &s->h;
	for (uint64_t i = 0; i < h->n_blocks; i++) {
		uint64_t at = START + i * BLOCK, want;
		memcpy(&want, s->map + h->table_at + i * sizeof(want), sizeof(want));
		s->bad += sum_of(s->map + at, (size_t)MIN(BLOCK, h->table_at - at)) != want;
	}
	return NULL;
}

void snapfile_check_begin(struct snapfile *s)
{
	ASSERT(!s->begun);
	s->begun = true;
	s->beside = pthread_create(&s->checker, NULL, check_blocks, s) == 0;
}

/* Waits for the checker, if there is one. */
static void join_checker(struct snapfile *s)
{
	if (s->beside)
		pthread_join(s->checker, NULL);
	s->beside = false;
}

void snapfile_free(struct snapfile *s)
{
	if (!s)
		return;
	join_checker(s);
	if (s->map)
		munmap(s->map, s->size);
	xfree(s);
}

bool snapfile_check_end(struct snapfile *s, struct err *e)
{
	const struct header *h = &s->h;
	ASSERT(s->begun);
	if (s->beside)
		join_checker(s);
	else
		check_blocks(s);
	if (sum_of(s->map + h->table_at, h->n_blocks * sizeof(uint64_t)) != h->table_sum)
		return err_set(e, ERR_CORRUPT, "the snapshot's checksums are damaged");
	if (s->bad)
		return err_set(e, ERR_CORRUPT, "%llu of %llu megabytes of the snapshot are damaged",
			       (unsigned long long)s->bad, (unsigned long long)h->n_blocks);
	return true;
}

void snapfile_release(const struct snapfile *s)
{
	(void)madvise(s->map, s->size, MADV_DONTNEED); /* only memory is at stake */
}

const struct snapfile_mark *snapfile_read_mark(const struct snapfile *s)
{
	return &s->h.mark;
}

bool snapfile_own_program(const struct snapfile *s)
{
	static const uint8_t none[PROGRAM];
	uint8_t own[PROGRAM];
	own_program(own);
	return memcmp(own, none, sizeof(own)) != 0 &&
	       memcmp(own, s->h.mark.program, sizeof(own)) == 0;
}

struct str snapfile_section(const struct snapfile *s, enum snapfile_section section)
{
	return (struct str) { s->map + s->h.section[section].at, s->h.section[section].len };
}
