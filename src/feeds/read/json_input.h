/* SPDX-License-Identifier: Apache-2.0
 * What a reader of vendors' documents is given. */
#ifndef FEEDS_JSON_INPUT_H
#define FEEDS_JSON_INPUT_H
#include "base/str.h"

/** Where the bytes are: a descriptor that can be rewound (read from its first byte), or memory. */
struct json_input {
	int fd; /**< -1 = memory */
	struct str bytes;
};
#define JSON_FD(descriptor) ((struct json_input) { .fd = (descriptor) })
#define JSON_MEM(text) ((struct json_input) { .fd = -1, .bytes = (text) })
#endif
