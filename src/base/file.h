/* SPDX-License-Identifier: Apache-2.0
 * Files: bounded reads, atomic durable writes, directories. Paths are UTF-8 byte strings. */
#ifndef BASE_FILE_H
#define BASE_FILE_H
#include "base/buf.h"

#include <sys/types.h>

/** Appends the whole file to `b`. ERR_LIMIT when it is larger than b->max, ERR_NOT_FOUND. */
bool file_read(const char *path, struct buf *b, struct err *e) MUST_CHECK;
/** As file_read, from a descriptor until end of file. `what` names it in errors. */
bool file_read_fd(int fd, struct buf *b, const char *what, struct err *e) MUST_CHECK;
/** Writes all of `s` or fails. */
bool file_write_fd(int fd, struct str s, const char *what, struct err *e) MUST_CHECK;
/** Writes aside in the same directory, fsyncs file and directory, renames over `path`: afterwards
 *  the path holds the old content or the new one, whatever is killed whenever. */
bool file_write_atomic(const char *path, struct str content, mode_t mode, struct err *e) MUST_CHECK;
/** Creates `path` and its missing parents. An existing directory is fine and keeps its mode. */
bool file_mkdirs(const char *path, mode_t mode, struct err *e) MUST_CHECK;
bool file_exists(const char *path);
/** Makes a rename or creation in `dir` durable. */
bool file_sync_dir(const char *dir, struct err *e) MUST_CHECK;
/** Removes a file or a whole tree, never following symbolic links; missing is fine. */
bool file_remove_tree(const char *path, struct err *e) MUST_CHECK;
/** Takes the exclusive lock file `path` for this process's life. The descriptor is returned in
 *  *fd_out. ERR_CONFLICT (naming the holder's pid when known) when another process holds it. */
bool file_lock(const char *path, int *fd_out, struct err *e) MUST_CHECK;
/** "dir/name" on the heap. */
char *file_join(const char *dir, const char *name);
/** Bytes free for us on the file system that holds `path`; -1 when it cannot be told. */
int64_t file_free_bytes(const char *path);
#endif
