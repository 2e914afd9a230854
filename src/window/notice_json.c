/* SPDX-License-Identifier: Apache-2.0
 * A notification as the API takes it, and as it is signed in orders:
 *
 *   { "title": { "en": "Updates", "ja": "更新" }, "message": { "en": "...", "ja": "..." },
 *     "countdown_minutes": 15,
 *     "postpone": { "times": 3, "minutes": 240, "deadline_hours": 72 } }
 *
 * `postpone` null = it cannot be. The texts end up on terminals: whatever could steer one is
 * refused here, on the server and again on the endpoint. */
#include "window/notice.h"

#include <stdio.h>

#define TIME_MAX_MS (INT64_C(1) << 53)

static const char *const languages[] = { "en", "ja", NULL };

bool notice_is_text(const char *s, bool lines)
{
	for (const unsigned char *p = (const unsigned char *)s; *p; p++) {
		if ((*p < 0x20 && !(lines && *p == '\n')) || *p == 0x7f)
			return false;
		if (*p == 0xC2 && p[1] >= 0x80 && p[1] <= 0x9F)
			return false;
		if (*p == 0xE2 && ((p[1] == 0x80 && p[2] >= 0xAA && p[2] <= 0xAE) ||
				   (p[1] == 0x81 && p[2] >= 0xA6 && p[2] <= 0xA9)))
			return false;
	}
	return true;
}

/* Both languages, each at least one character. */
static bool texts(const json_t *j, const char *key, size_t max, bool lines, char *en, char *ja,
		  size_t room, struct err *e)
{
	const json_t *both = json_object_get(j, key);
	char *const out[] = { en, ja };
	if (!json_is_object(both))
		return err_set(e, ERR_INVALID, "'%s' must be an object with 'en' and 'ja'", key);
	if (!json_only(both, languages, e))
		return err_prefix(e, "%s", key);
	for (int i = 0; i < NOTICE_LANGUAGES_; i++) {
		const char *s;
		if (!json_need_str(both, languages[i], 1, max, &s, e))
			return err_prefix(e, "%s", key);
		if (!notice_is_text(s, lines))
			return err_set(e, ERR_INVALID, "%s: '%s' must not have control characters",
				       key, languages[i]);
		snprintf(out[i], room, "%s", s);
	}
	return true;
}

static bool number(const json_t *j, const char *key, int64_t min, int64_t max, int *out,
		   struct err *e)
{
	int64_t v;
	if (!json_need_int(j, key, min, max, &v, e))
		return false;
	*out = (int)v;
	return true;
}

bool notice_budget_read(const json_t *j, const struct notice_budget *most, int countdown_min,
			struct notice_budget *out, struct err *e)
{
	static const char *const known[] = { "times", "minutes", "deadline_hours", NULL };
	struct notice_budget b;
	if (!json_is_object(j))
		return err_set(e, ERR_INVALID, "'postpone' must be an object or null");
	if (!json_only(j, known, e) || !number(j, "times", 1, most->times, &b.times, e) ||
	    !number(j, "minutes", NOTICE_POSTPONE_MIN, most->minutes, &b.minutes, e) ||
	    !number(j, "deadline_hours", 1, most->deadline_h, &b.deadline_h, e))
		return err_prefix(e, "postpone");
	if (b.deadline_h * 60 <= countdown_min)
		return err_set(
			e, ERR_INVALID,
			"postpone: 'deadline_hours' must be longer than the countdown of %d minutes",
			countdown_min);
	*out = b;
	return true;
}

static bool read_postpone(const json_t *j, struct notification *n, struct err *e)
{
	const struct notice_budget most = { NOTICE_TIMES_MAX, NOTICE_POSTPONE_MAX,
					    NOTICE_DEADLINE_MAX };
	if (!notice_budget_read(j, &most, n->countdown_min, &n->budget, e))
		return false;
	return n->budget.minutes > n->countdown_min ||
	       err_set(e, ERR_INVALID, "postpone: 'minutes' must be more than the countdown of %d",
		       n->countdown_min);
}

bool notice_read(const json_t *j, struct notification *out, struct err *e)
{
	static const char *const known[] = { "title", "message", "countdown_minutes", "postpone",
					     NULL };
	struct notification n;
	memset(&n, 0, sizeof(n));
	if (!json_is_object(j))
		return err_set(e, ERR_INVALID, "'notification' must be an object or null");
	if (!json_only(j, known, e) ||
	    !texts(j, "title", NOTICE_TITLE_MAX, false, n.title[NOTICE_EN], n.title[NOTICE_JA],
		   sizeof(n.title[0]), e) ||
	    !texts(j, "message", NOTICE_MESSAGE_MAX, true, n.message[NOTICE_EN],
		   n.message[NOTICE_JA], sizeof(n.message[0]), e) ||
	    !number(j, "countdown_minutes", 1, NOTICE_COUNTDOWN_MAX, &n.countdown_min, e))
		return false;
	const json_t *postpone = json_object_get(j, "postpone");
	if (postpone && !json_is_null(postpone) && !read_postpone(postpone, &n, e))
		return false;
	*out = n;
	return true;
}

static json_t *both(const char *en, const char *ja)
{
	return json_pack("{s:s, s:s}", "en", en, "ja", ja);
}

json_t *notice_budget_write(const struct notice_budget *b)
{
	return b->times ? json_pack("{s:i, s:i, s:i}", "times", b->times, "minutes", b->minutes,
				    "deadline_hours", b->deadline_h)
			: json_null();
}

json_t *notice_write(const struct notification *n)
{
	return json_pack("{s:o, s:o, s:i, s:o}", "title",
			 both(n->title[NOTICE_EN], n->title[NOTICE_JA]), "message",
			 both(n->message[NOTICE_EN], n->message[NOTICE_JA]), "countdown_minutes",
			 n->countdown_min, "postpone", notice_budget_write(&n->budget));
}

/* --- what a machine remembers
 * ---------------------------------------------------------------------- */

bool notice_state_read(const json_t *j, struct notice_state *out, struct err *e)
{
	static const char *const known[] = {
		"first", "shown", "until", "postponed", "agreed", NULL
	};
	struct notice_state s = { 0 };
	if (!json_is_object(j))
		return err_set(e, ERR_CORRUPT, "a notice's state is not an object");
	if (!json_only(j, known, e) || !json_need_int(j, "first", 0, TIME_MAX_MS, &s.first_ms, e) ||
	    !json_need_int(j, "shown", 0, TIME_MAX_MS, &s.shown_ms, e) ||
	    !json_need_int(j, "until", 0, TIME_MAX_MS, &s.until_ms, e) ||
	    !json_need_int(j, "postponed", 0, INT32_MAX, &s.postponed, e) ||
	    !json_opt_bool(j, "agreed", &s.agreed, e))
		return false;
	*out = s;
	return true;
}

json_t *notice_state_write(const struct notice_state *s)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:b}", "first", (json_int_t)s->first_ms, "shown",
			 (json_int_t)s->shown_ms, "until", (json_int_t)s->until_ms, "postponed",
			 (json_int_t)s->postponed, "agreed", s->agreed);
}
