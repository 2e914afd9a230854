/* SPDX-License-Identifier: Apache-2.0
 * Local files as a fetch backend: "file:///absolute/path" and plain paths. A missing file is status
 * 404; the etag is made of inode, size and time of change. */
#ifndef FEEDS_LOCAL_H
#define FEEDS_LOCAL_H
#include "feeds/fetch.h"

extern const struct feed_fetch feed_local;
/** The path of a local address (file:///path, file:/path, /path); NULL for any other. */
const char *feed_local_path(const char *url);
#endif
