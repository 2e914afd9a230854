/* SPDX-License-Identifier: Apache-2.0
 * Small things that readers of vendors' notices share: lists of words without repetition, texts cut
 * to what a record may hold, vendors' words for severities. */
#ifndef FEEDS_WORDS_H
#define FEEDS_WORDS_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/intern.h"
#include "catalog/patch.h"

/** Words in order of appearance, each once. A zeroed one is empty and valid. */
struct words {
	struct intern *seen;
	struct buf text;
};
void words_done(struct words *w);
AUTO_DEFINE_VALUE(struct words, words_done)
void words_clear(struct words *w);
void words_add(struct words *w, struct str word);
/** All of them, separated by blanks; valid until the next change. */
struct str words_text(const struct words *w);
size_t words_size(const struct words *w); /**< bytes of the text */

/** At most `max` bytes of `text`, never the first part of a character only. */
struct str words_cut(struct str text, size_t max);
/** `text` without control characters: each becomes a blank. */
struct str words_plain(struct arena *a, struct str text);

/** Whether an os id is among a NULL-terminated list; NULL lists all. */
bool words_listed(const char *const *list, struct str os);

/** Ubuntu's priority, Debian's urgency, Arch's and Red Hat's words: UNRATED for those that are no
 * rating ("untriaged", "not yet assigned", "none"). */
enum severity words_severity(struct str word);
/** The word with the higher severity; the first on a tie. */
struct str words_higher(struct str a, struct str b);
/** "Important: xz security update": the rating before the colon, in *word_out (a view); UNRATED and
 * "" when the title begins otherwise. */
enum severity words_title_severity(struct str title, struct str *word_out);

/** Streams that a title names ("Important: nodejs:18 security update"), views; returns how many. */
#define WORDS_STREAMS 8u
size_t words_streams(struct str title, struct str out[WORDS_STREAMS]);

/** Red Hat's kind of id: ALSA, RHSA, RLSA: security; ..BA: bug fix; ..EA: enhancement. */
enum patch_type words_advisory_type(struct str id);
/** What a package's update asks of a running system of the RPM family, before anything is known of
 * the host (the list of "dnf needs-restarting --reboothint"). */
enum reboot_need words_rpm_reboot(struct str package);
#endif
