/* SPDX-License-Identifier: Apache-2.0
 * The check-in that changes nothing, which is nearly every one: read without a document tree, and
 * known by the bytes of its attributes, which were read and kept at an earlier check-in. */
#ifndef API_AGENT_QUICK_H
#define API_AGENT_QUICK_H
#include "base/str.h"

struct api;

/** Members as they stand in the body; a missing one is empty or 0. */
struct agent_quick {
	struct str attrs; /**< the object's text, unread */
	struct str inventory, scanned, nonce;
	int64_t epoch, seq;
};
/** Reads a check-in's body. False when it is anything but the plain form (escapes, numbers that are
 * not whole, other or doubled members, a scan error, not JSON): it is then to be read in full.
 * `attrs` is only cut out, not checked. */
bool agent_quick_read(struct str body, struct agent_quick *out) MUST_CHECK;

/** Whether the host's last check-in that was read in full had these attributes and came from this
 * address. */
bool agent_quick_known(struct api *api, uint32_t host, struct str attrs, const char *peer);
void agent_quick_remember(struct api *api, uint32_t host, struct str attrs, const char *peer);
#endif
