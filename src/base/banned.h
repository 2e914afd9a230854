/* SPDX-License-Identifier: Apache-2.0
 * Functions nobody in this house may call, each with what to use instead. Force-included into every
 * translation unit by the build. System headers come first so that only our own calls are hit. */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef sprintf
#undef vsprintf
#undef strtok
#undef alloca
#pragma GCC poison strcpy    /* use struct buf or snprintf with a checked length */
#pragma GCC poison strcat    /* use struct buf */
#pragma GCC poison strncpy   /* use memcpy with a known length, or struct buf */
#pragma GCC poison strncat   /* use struct buf */
#pragma GCC poison sprintf   /* use buf_printf or snprintf */
#pragma GCC poison vsprintf  /* use buf_vprintf */
#pragma GCC poison strtok    /* use str_split */
#pragma GCC poison gets	     /* use file_read with a maximum */
#pragma GCC poison atoi	     /* use str_to_i64, which reports bad input */
#pragma GCC poison atol	     /* use str_to_i64 */
#pragma GCC poison sscanf    /* use the str_* readers */
#pragma GCC poison popen     /* use proc_run with an argument vector */
#pragma GCC poison localtime /* use the zone rules of deploy/window; never the server's zone */
#pragma GCC poison rand	     /* use rand_bytes or rand_u64 */
#pragma GCC poison srand
#pragma GCC poison mktemp /* use file_write_atomic or mkstemp */
#pragma GCC poison tmpnam
#pragma GCC poison alloca

/* "system" is one of our nouns, so only calling the function is forbidden, not the word. */
#ifdef __clang__
extern int system(const char *command)
	__attribute__((unavailable("use proc_run, with an argument vector")));
#else
extern int system(const char *command)
	__attribute__((error("use proc_run, with an argument vector")));
#endif
#endif
