/* SPDX-License-Identifier: Apache-2.0
 * One message at a time over a stream socket pair: u32 length, u8 kind, bytes, with up to two file
 * descriptors beside them. The other end may be hostile: the length is bounded by the reader's
 * buffer before anything is allocated, unexpected descriptors are closed. */
#ifndef IPC_FRAME_H
#define IPC_FRAME_H
#include "base/buf.h"

#define FRAME_FDS 2

struct frame {
	uint8_t kind;
	struct buf body; /**< give it a maximum (BUF_INIT) before receiving */
	int fds[FRAME_FDS];
	size_t n_fds;
};
/** An empty frame that takes bodies of up to `maximum` bytes. */
#define FRAME_INIT(maximum) ((struct frame) { .body = BUF_INIT(maximum) })
/** Frees the body, closes descriptors that were not taken. */
void frame_done(struct frame *f);
AUTO_DEFINE_VALUE(struct frame, frame_done)
/** The descriptor at `i` changes hands; -1 when there is none. */
int frame_take_fd(struct frame *f, size_t i);

/** ERR_UNAVAILABLE when the other end is gone. */
bool frame_send(int sock, uint8_t kind, struct str body, const int *fds, size_t n_fds,
		struct err *e) MUST_CHECK;
/** Waits for at most `timeout_ms` (-1 = for ever) for each part of a message. ERR_UNAVAILABLE: the
 * other end is gone; ERR_TIMEOUT; ERR_LIMIT: larger than the body's maximum. */
bool frame_receive(int sock, int timeout_ms, struct frame *out, struct err *e) MUST_CHECK;
#endif
