/* SPDX-License-Identifier: Apache-2.0
 * The programs' log: one line an event on stderr, never broken by what comes from outside.
 * Only programs log; library rooms return errors. */
#ifndef BASE_LOG_H
#define BASE_LOG_H
#include "base/base.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/** Name shown in every line and the lowest level written. Call once at start. */
void log_init(const char *program, enum log_level lowest);
/** "debug", "info", "warn" or "error"; false otherwise. */
bool log_level_parse(const char *word, enum log_level *out);
/** Control characters in the formatted text are written as \xNN, so one event stays one line. */
void log_write(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);
#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_warn(...) log_write(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)
#endif
