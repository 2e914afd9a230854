/* SPDX-License-Identifier: Apache-2.0
 * Copies of what an installation cannot be without: its database and the keys under tls/ (what the
 * server makes anew is left out). A copy is a directory of its own with a file SHA256SUMS. */
#ifndef SERVER_BACKUP_H
#define SERVER_BACKUP_H
#include "server/options.h"

/** Makes `dir`/tsukuroi-TIME (UTC), whose name is `*name_out` (the caller's to free): complete,
 *  read again and synced before it gets that name; a running server goes on meanwhile. What an
 *  earlier call that was killed has left is removed. ERR_CONFLICT while another one runs. */
bool server_backup(const struct options *o, const char *dir, char **name_out, struct err *e)
	MUST_CHECK;
/** With the server stopped, as the owner of its state directory: puts the copy `from` in place of
 *  the installation's data and begins a new epoch. Before anything is replaced, all of the copy
 *  stands beside it and was read; from there on every start of the server completes it
 *  (server_restore_finish()): whatever is killed whenever, it is the old data or the new. */
bool server_restore(const struct options *o, const char *from, struct err *e) MUST_CHECK;
/** Completes a restore that was interrupted; without one it does nothing. To be called before
 *  anything of the state directory is read. */
bool server_restore_finish(const struct options *o, struct err *e) MUST_CHECK;
#endif
