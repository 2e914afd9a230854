/* SPDX-License-Identifier: Apache-2.0
 * Telling people who are logged in, on their terminals and desktops; for the processes that the
 * root half starts to do so. */
#ifndef AGENT_ROOT_TELL_H
#define AGENT_ROOT_TELL_H
#include "agent/sessions.h"
#include "base/buf.h"
#include "window/notice.h"

/** What people are told, in each language. */
struct tell_words {
	const char *title[NOTICE_LANGUAGES_];
	struct str text[NOTICE_LANGUAGES_];
};
/** A user's language as the system knows it (AccountsService), else the machine's, as its locale
 * has it. */
enum notice_language tell_language(const struct agent_paths *p, const char *user);
/** The machine's clock at `ms`, as people read it. */
#define TELL_TIME 40
const char *tell_time(int64_t ms, char out[static TELL_TIME]);
/** The line that says how something is put off, `left` times more, when it can be. */
void tell_postpone(struct buf *b, enum notice_language lang, int64_t left,
		   const struct notice_budget *budget);
/** Half a minute long at most. `said` gets a line for each session: who was reached, and how. */
void tell_sessions(const struct agent_paths *p, const struct session *list, size_t n,
		   const struct tell_words *words, struct buf *said);
#endif
