/* SPDX-License-Identifier: Apache-2.0
 * What logged-in users are told before an installation, and what they may put off (M-169..M-171,
 * AC-36). Pure: the server checks and signs a notification, the agent decides by it, alone.
 *
 * Rules. Without a notification installations are silent. With one, nothing starts while somebody
 * is logged in unless a notice was shown at least the countdown before. The notice comes so early
 * that the countdown ends when the window opens or the postponement does. Each postponement ends
 * after at most its length, there are so many of them and no more, and none reaches past the
 * deadline, which runs from the first notice. A user may also say "now". When nobody is logged in,
 * nobody is asked, and nothing is put off. Windows hold all the while. */
#ifndef WINDOW_NOTICE_H
#define WINDOW_NOTICE_H
#include "format/json.h"

#define NOTICE_TITLE_MAX 100 /**< characters, of each language */
#define NOTICE_MESSAGE_MAX 1000
#define NOTICE_COUNTDOWN_MAX 240 /**< minutes, from 1 */
#define NOTICE_TIMES_MAX 20
#define NOTICE_POSTPONE_MIN 5 /**< minutes, each */
#define NOTICE_POSTPONE_MAX (7 * 1440)
#define NOTICE_DEADLINE_MAX 720 /**< hours, from 1: thirty days */

/** How often and how far users may put something off that they were told of. */
struct notice_budget {
	int times;	/**< 0 = it cannot be postponed; then the next two are 0, too */
	int minutes;	/**< each for so long at most */
	int deadline_h; /**< after the first notice */
};
/** Reads {"times", "minutes", "deadline_hours"}, each `most` at most; the deadline must be longer
 * than the countdown of `countdown_min` minutes. ERR_INVALID names the member. */
bool notice_budget_read(const json_t *j, const struct notice_budget *most, int countdown_min,
			struct notice_budget *out, struct err *e) MUST_CHECK;
/** The object again, or null when nothing can be put off; the caller frees it. */
json_t *notice_budget_write(const struct notice_budget *b);

enum notice_language { NOTICE_EN, NOTICE_JA, NOTICE_LANGUAGES_ };
struct notification {
	/** Text for people: no control characters but line feeds in the message. */
	char title[NOTICE_LANGUAGES_][4 * NOTICE_TITLE_MAX + 1];
	char message[NOTICE_LANGUAGES_][4 * NOTICE_MESSAGE_MAX + 1];
	int countdown_min;	     /**< between a notice and the start */
	struct notice_budget budget; /**< each longer than the countdown */
};
/** Reads a policy's "notification" object. ERR_INVALID names the member and what it may be. */
bool notice_read(const json_t *j, struct notification *out, struct err *e) MUST_CHECK;
/** Whether a text may be put on a terminal: no C0 (but line feeds when `lines`), no DEL, no C1 as
 * UTF-8 has it, nothing that turns the direction of writing. */
bool notice_is_text(const char *s, bool lines);
/** The object again; the caller frees it. Reading it gives an equal notification. */
json_t *notice_write(const struct notification *n);
/** The language of a locale's name ("ja_JP.UTF-8"); English when it is none of ours. */
enum notice_language notice_language_of(const char *locale);

/** What a machine remembers of one deployment; all zero at first. */
struct notice_state {
	int64_t first_ms;  /**< the first notice; 0 = none yet */
	int64_t shown_ms;  /**< the notice that counts down; 0 = none since the last postponement */
	int64_t until_ms;  /**< postponed until then; 0 = not */
	int64_t postponed; /**< how often */
	bool agreed;	   /**< a user said "now" */
};
bool notice_state_read(const json_t *j, struct notice_state *out, struct err *e) MUST_CHECK;
json_t *notice_state_write(const struct notice_state *s);

enum notice_step { NOTICE_START, NOTICE_SHOW, NOTICE_WAIT };
enum notice_why { NOTICE_WINDOW, NOTICE_COUNTDOWN, NOTICE_POSTPONED };
struct notice_next {
	enum notice_step step;
	int64_t start_ms; /**< when it starts if nobody does anything more; WINDOW_NO_END: unknown
			   */
	int64_t look_ms;  /**< when to ask again at the latest */
	enum notice_why why; /**< unless it starts: what it waits for */
};
/** `present`: somebody is logged in. `earliest_ms`: the first moment from `now_ms` on at which the
 * order's windows let it start. On NOTICE_SHOW the caller shows it and calls notice_shown(). */
struct notice_next notice_decide(const struct notification *n, const struct notice_state *s,
				 bool present, int64_t earliest_ms, int64_t now_ms);
void notice_shown(struct notice_state *s, int64_t now_ms);
/** The moment after which nothing can be put off any more; 0 = no notice yet, or none to put off.
 */
int64_t notice_deadline_ms(const struct notification *n, const struct notice_state *s);
/** Puts the start off by `minutes` (0 = as long as each may be). ERR_DENIED when it cannot be
 * postponed (again, or beyond the deadline), ERR_CONFLICT before the first notice or after "now",
 * ERR_INVALID for a length that is not offered; the state is then as before. */
bool notice_postpone(const struct notification *n, struct notice_state *s, int64_t minutes,
		     int64_t now_ms, struct err *e) MUST_CHECK;
#endif
