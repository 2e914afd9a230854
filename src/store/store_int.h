/* SPDX-License-Identifier: Apache-2.0
 * Room-private: where things lie. <dir>/ab/cdef... are the files, <dir>/tmp/ what is being written,
 * <dir>/names/ other names of files (alias.c). */
#ifndef STORE_STORE_INT_H
#define STORE_STORE_INT_H
#include "store/store.h"

#include <stdatomic.h>

struct store {
	char *dir;
	char *tmp;
	/** Which of the 256 directories are known to be durable in `dir`. */
	atomic_bool durable[256];
};

#define STORE_FILE_MODE 0640
#define STORE_DIR_MODE 0750

/** Renames the durable file `from` to its name in the store and makes that durable. */
bool store_place(struct store *s, const char *from, const struct sha256 *id, struct err *e)
	MUST_CHECK;
/** Durable: `name` leads to the file `id` that is here, and back. */
bool store_name(struct store *s, const struct sha256 *name, const struct sha256 *id, struct err *e)
	MUST_CHECK;
/** Removes what dead writers left in tmp/. */
bool store_sweep(struct store *s, struct err *e) MUST_CHECK;
#endif
