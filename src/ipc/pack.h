/* SPDX-License-Identifier: Apache-2.0
 * Numbers, texts and lists of texts in a message between two processes of one program on one
 * machine. The reader checks every length; after a first mistake it stays failed and gives zeros
 * and empty texts, so that one check at the end is enough. */
#ifndef IPC_PACK_H
#define IPC_PACK_H
#include "base/arena.h"
#include "base/buf.h"

void pack_int(struct buf *b, int64_t v);
/** NULL is kept apart from "". */
void pack_text(struct buf *b, const char *s);
void pack_str(struct buf *b, struct str s);
/** A NULL-terminated list, or NULL. */
void pack_list(struct buf *b, const char *const *list);

struct unpacker {
	struct str rest;
	struct arena *a; /**< texts are copied to it, NUL-terminated */
	bool failed;
};
int64_t unpack_int(struct unpacker *u);
/** Within min..max, else failed. */
int64_t unpack_int_in(struct unpacker *u, int64_t min, int64_t max);
const char *unpack_text(struct unpacker *u);
/** A view into the message. */
struct str unpack_str(struct unpacker *u);
const char *const *unpack_list(struct unpacker *u);
/** ERR_CORRUPT when something was wrong or bytes are left over. */
bool unpack_end(const struct unpacker *u, struct err *e) MUST_CHECK;
#endif
