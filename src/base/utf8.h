/* SPDX-License-Identifier: Apache-2.0
 * UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H
#include "base/buf.h"

/** True when all of `s` is valid UTF-8 (the empty string is). NUL counts as a character. */
bool utf8_valid(struct str s) MUST_CHECK;
/** `s` appended with every byte that is not part of a valid sequence replaced by U+FFFD (at most
 *  three bytes for one). */
void utf8_repair(struct str s, struct buf *out);
#endif
