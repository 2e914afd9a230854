/* SPDX-License-Identifier: Apache-2.0
 * Room-private: what the two ends of a sandboxed sync say to each other. The parser asks, one
 * question at a time; the server answers OK or NO. */
#ifndef FEEDS_SANDBOX_INT_H
#define FEEDS_SANDBOX_INT_H
#include "feeds/sandbox/sandbox.h"
#include "ipc/frame.h"
#include "ipc/pack.h"

#define SANDBOX_FRAME_MAX ((size_t)32 << 20)

enum sandbox_message {
	SANDBOX_SPEC = 1, /**< server: the job; with the descriptor the records go to */
	SANDBOX_OK,	  /**< server: an answer; with a descriptor where one was asked for */
	SANDBOX_NO,	  /**< server: an error */
	SANDBOX_FILE,	  /**< parser asks for a document */
	SANDBOX_BLOB,
	SANDBOX_VERIFY,
	SANDBOX_KEEP,
	SANDBOX_PROGRESS, /**< parser tells; no answer */
	SANDBOX_DONE,	  /**< parser: the records are written */
	SANDBOX_FAILED,	  /**< parser: an error */
	SANDBOX_PACKAGE,  /**< server: read a package instead; with its descriptor (package.h) */
};
struct sandbox_job {
	struct feed_spec spec;
	int64_t now_ms, memory, cpu_s;
};
void sandbox_pack_job(struct buf *b, const struct sandbox_job *job);
bool sandbox_unpack_job(struct str body, struct arena *a, struct sandbox_job *out, struct err *e)
	MUST_CHECK;
/** The parser's end of package.h: the exit status. */
int package_serve(int fd, struct frame *f);
void sandbox_pack_error(struct buf *b, const struct err *e);
/** Returns false with the error that was sent, its text made printable. */
bool sandbox_unpack_error(struct str body, struct err *e);
#endif
