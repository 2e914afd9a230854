/* SPDX-License-Identifier: Apache-2.0
 * The file a snapshot of what is derived lies in: sections of bytes that are mapped, not read. It
 * is written aside, made durable, and renamed into its place; each megabyte has a checksum. What is
 * torn, cut, of another form or another machine is refused. Knows nothing of what it holds. */
#ifndef FLEET_SNAPFILE_H
#define FLEET_SNAPFILE_H
#include "base/buf.h"

enum snapfile_section {
	SNAPFILE_HOSTS,
	SNAPFILE_KINDS,
	SNAPFILE_BITMAPS,
	SNAPFILE_FACTS,
	SNAPFILE_SETS,
	SNAPFILE_PATCHES,
	SNAPFILE_TALLIES,
	SNAPFILE_SECTIONS_
};
/** Who wrote it, and what of: compared by the owner. */
struct snapfile_mark {
	uint8_t id[16];
	uint8_t program[32]; /**< the build id of the program that wrote it; zeros = it has none */
	int64_t epoch, made_ms, schema;
	uint64_t counts[4]; /**< whatever the writers need to know */
	uint64_t
		hosts_after; /**< hosts there were when the last section of the fleet was written */
};

struct snapfile_writer;
/** Writes beside `path`. */
bool snapfile_create(const char *path, struct snapfile_writer **out, struct err *e) MUST_CHECK;
/** Frees; what was not published is removed. */
void snapfile_close(struct snapfile_writer *w);
AUTO_DEFINE(struct snapfile_writer, snapfile_close)
struct snapfile_mark *snapfile_mark_of(struct snapfile_writer *w);
/** What is put from here on belongs to the section; each is begun once, aligned to 32 bytes. */
void snapfile_begin(struct snapfile_writer *w, enum snapfile_section section);
/** Only gathers, so that it may be called with locks held. */
void snapfile_put(struct snapfile_writer *w, const void *p, size_t n);
/** Room for `n` bytes at a multiple of 32, valid until the next call; *at_out is its place in the
 * section. */
char *snapfile_room(struct snapfile_writer *w, size_t n, uint64_t *at_out);
/** Bytes gathered and not written yet. */
size_t snapfile_gathered(const struct snapfile_writer *w);
/** Writes what was gathered. */
bool snapfile_flush(struct snapfile_writer *w, struct err *e) MUST_CHECK;
/** Completes the file and makes it durable, beside its place. */
bool snapfile_seal(struct snapfile_writer *w, struct err *e) MUST_CHECK;
/** Puts it into its place. */
bool snapfile_publish(struct snapfile_writer *w, struct err *e) MUST_CHECK;

struct snapfile;
/** Maps a file. ERR_NOT_FOUND: there is none; ERR_CORRUPT: it is none of ours, cut, or its header
 * is damaged. What the sections hold is not looked at: see snapfile_check_begin(). */
bool snapfile_open(const char *path, struct snapfile **out, struct err *e) MUST_CHECK;
void snapfile_free(struct snapfile *s);
AUTO_DEFINE(struct snapfile, snapfile_free)
/** Looks at every checksum, beside the caller; once. Nothing of the file must be believed before
 * the end says that all are right, but what can stand damage may be read meanwhile. */
void snapfile_check_begin(struct snapfile *s);
bool snapfile_check_end(struct snapfile *s, struct err *e) MUST_CHECK;
/** The pages stay in the system's cache, but do not count as this process' until they are needed
 * again. */
void snapfile_release(const struct snapfile *s);
const struct snapfile_mark *snapfile_read_mark(const struct snapfile *s);
/** Whether this very build of the program wrote it: what another one concluded may be wrong by
 * what we know now. */
bool snapfile_own_program(const struct snapfile *s);
struct str snapfile_section(const struct snapfile *s, enum snapfile_section section);
#endif
