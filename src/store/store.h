/* SPDX-License-Identifier: Apache-2.0
 * Payload files and raw feed bytes, named by their SHA-256: atomic in, verified out. A file that is
 * there is complete and right; a file that is not right is removed and reported. */
#ifndef STORE_STORE_H
#define STORE_STORE_H
#include "crypto/digest.h"

struct store;
/** Opens (and creates) the store under `dir`; leftovers of interrupted writes are removed (those of
 *  writers that are still alive, here or in another process, are left alone). */
bool store_open(const char *dir, struct store **out, struct err *e) MUST_CHECK;
void store_close(struct store *s);
AUTO_DEFINE(struct store, store_close)
/** `size_out` may be NULL. `id` of this and of all that read: a SHA-256 or a
 * store_name_of_sha512().
 */
bool store_has(const struct store *s, const struct sha256 *id, int64_t *size_out);
/** Path of the file for reading (heap); it may not exist. */
char *store_path(const struct store *s, const struct sha256 *id);
/** Opens for reading; size in *size_out. ERR_NOT_FOUND. */
bool store_read_fd(const struct store *s, const struct sha256 *id, int *fd_out, int64_t *size_out,
		   struct err *e) MUST_CHECK;
/** Whole content, verified against its name (ERR_CORRUPT removes it). */
bool store_read(struct store *s, const struct sha256 *id, struct buf *out, struct err *e)
	MUST_CHECK;

/** Writing: begin, add, then commit. Without commit nothing becomes visible.
 *  `max` bounds the size (ERR_LIMIT). After a failed add or commit only store_abort() is left; it
 * is also what frees the writer after a good commit (AUTO(store_abort) does both). Any number of
 *  writers of the same content may run at once. ERR_FULL when the disk is; nothing stays behind. */
struct store_writer;
bool store_begin(struct store *s, int64_t max, struct store_writer **out, struct err *e) MUST_CHECK;
bool store_add(struct store_writer *w, struct str bytes, struct err *e) MUST_CHECK;
/** Durable on return. When `expect` (a SHA-256 or a store_name_of_sha512()) is given and the
 * content differs: ERR_UNTRUSTED, nothing stored. */
bool store_commit(struct store_writer *w, const struct sha256 *expect, struct sha256 *id_out,
		  int64_t *size_out, struct err *e) MUST_CHECK;
void store_abort(struct store_writer *w);
AUTO_DEFINE(struct store_writer, store_abort)
bool store_put(struct store *s, struct str bytes, struct sha256 *id_out, struct err *e) MUST_CHECK;
/** Takes over the complete file at `path`: renamed in when it is on the same file system (nobody
 * else may have it open for writing), else copied and removed. Durable on return. When `expect` is
 * given and differs: ERR_UNTRUSTED and `path` stays where it is. */
bool store_adopt(struct store *s, const char *path, const struct sha256 *expect, struct err *e)
	MUST_CHECK;

/* --- files that their vendor names by SHA-512 alone (alias.c) --- */
#define STORE_SHA512_LEN 64
/** The name under which such a file is expected, committed and looked for. */
struct sha256 store_name_of_sha512(const uint8_t sha512[static STORE_SHA512_LEN]);
/** Whether an id is such a name, and not the file's SHA-256. */
bool store_is_other_name(const struct sha256 *id);
/** The SHA-256 behind such a name once the file is here; any other id as it is. */
struct sha256 store_resolve(const struct store *s, const struct sha256 *id);
/** The other way: the name under which the file with this SHA-256 was expected; false = none. */
bool store_known_as(const struct store *s, const struct sha256 *id, struct sha256 *name_out);

/** Missing is fine. */
bool store_remove(struct store *s, const struct sha256 *id, struct err *e) MUST_CHECK;
#endif
