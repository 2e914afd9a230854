/* SPDX-License-Identifier: Apache-2.0
 * Telling people who are logged in, on their terminals and desktops; for the processes that the
 * root half starts to do so. */
#ifndef AGENT_ROOT_TELL_H
#define AGENT_ROOT_TELL_H
#include "agent/sessions.h"
#include "base/buf.h"
#include "window/notice.h"

/** The machine's language, as its locale has it. */
enum notice_language tell_language(const struct agent_paths *p);
/** Some seconds long at most. `said` gets a line for each session: who was reached, and how. */
void tell_sessions(const struct session *list, size_t n, const char *title, struct str text,
		   struct buf *said);
#endif
