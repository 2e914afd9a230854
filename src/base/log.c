/* SPDX-License-Identifier: Apache-2.0
 * Log lines: "<RFC 3339> <level> <program>: <text>". Under systemd (JOURNAL_STREAM set) the time is
 * left to the journal and the level becomes the <N> prefix it understands. */
#include "base/log.h"
#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *log_program = "tsukuroi";
static enum log_level log_lowest = LOG_INFO;
static bool log_journal;
static const char *const names[] = { "debug", "info", "warn", "error" };
static const int syslog_level[] = { 7, 6, 4, 3 };

void log_init(const char *program, enum log_level lowest)
{
	log_program = program;
	log_lowest = lowest;
	log_journal = getenv("JOURNAL_STREAM") != NULL;
}

bool log_level_parse(const char *word, enum log_level *out)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(word, names[i]) == 0) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}

void log_write(enum log_level level, const char *fmt, ...)
{
	if (level < log_lowest)
		return;
	char text[1024], line[2400], when[CLOCK_RFC3339_LEN];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	int n = log_journal ? snprintf(line, sizeof(line), "<%d>", syslog_level[level])
			    : snprintf(line, sizeof(line),
				       "%s %-5s %s[%d]: ", clock_rfc3339(clock_wall_ms(), when),
				       names[level], log_program, (int)getpid());
	size_t at = (size_t)n;
	for (const unsigned char *p = (unsigned char *)text; *p && at + 6 < sizeof(line); p++) {
		if (*p < 0x20 || *p == 0x7f)
			at += (size_t)snprintf(line + at, sizeof(line) - at, "\\x%02x", *p);
		else
			line[at++] = (char)*p;
	}
	line[at++] = '\n';
	ssize_t ignored UNUSED = write(STDERR_FILENO, line, at);
}
