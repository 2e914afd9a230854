/* SPDX-License-Identifier: Apache-2.0
 * A file of JSON, packed or plain, or a tar of such files, driven through one table of routes. */
#ifndef FEEDS_JSON_FILES_H
#define FEEDS_JSON_FILES_H
#include "feeds/read/json_input.h"
#include "feeds/read/json_routes.h"

/** Bytes of one file within an archive, and of everything unpacked. */
#define JSON_FILES_ONE (64u << 20)
#define JSON_FILES_ALL (16ull << 30)

/** Feeds every file to `r`, one document after the other. Of an archive only regular files whose
 * name ends in ".json" are read. `name` names the input in errors; errors name the file within. */
bool json_files_read(struct json_input in, const char *name, struct json_routes *r, struct err *e)
	MUST_CHECK;
#endif
