/* SPDX-License-Identifier: Apache-2.0
 * See words.h. */
#include "feeds/words.h"

#define MAX_TEXT (1u << 20)

void words_done(struct words *w)
{
	intern_free(w->seen);
	buf_done(&w->text);
	*w = (struct words) { 0 };
}

void words_clear(struct words *w)
{
	if (w->seen && intern_count(w->seen)) {
		intern_free(w->seen);
		w->seen = NULL;
	}
	buf_reset(&w->text);
}

void words_add(struct words *w, struct str word)
{
	if (!w->seen)
		w->seen = intern_new();
	if (w->text.max == 0)
		w->text.max = MAX_TEXT;
	uint32_t known = intern_count(w->seen);
	if (word.n == 0 || w->text.n + word.n + 1 > MAX_TEXT || intern_add(w->seen, word) != known)
		return;
	if (w->text.n)
		buf_addc(&w->text, ' ');
	buf_addstr(&w->text, word);
}

struct str words_text(const struct words *w)
{
	return buf_str(&w->text);
}

size_t words_size(const struct words *w)
{
	return w->text.n;
}

struct str words_cut(struct str text, size_t max)
{
	if (text.n <= max)
		return text;
	size_t n = max;
	while (n > 0 && ((unsigned char)text.p[n] & 0xC0) == 0x80)
		n--;
	return (struct str) { text.p, n };
}

struct str words_plain(struct arena *a, struct str text)
{
	char *p = arena_alloc(a, text.n + 1);
	for (size_t i = 0; i < text.n; i++)
		p[i] = (unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7F ? ' ' : text.p[i];
	return str_trim((struct str) { p, text.n });
}

bool words_listed(const char *const *list, struct str os)
{
	for (const char *const *l = list; l && *l; l++)
		if (str_is(os, *l))
			return true;
	return !list;
}

static bool same(struct str a, const char *b)
{
	return a.n == strlen(b) && strncasecmp(a.p, b, a.n) == 0;
}

enum severity words_severity(struct str word)
{
	static const struct {
		const char *word;
		enum severity severity;
	} known[] = {
		{ "critical", SEVERITY_CRITICAL }, { "important", SEVERITY_IMPORTANT },
		{ "high", SEVERITY_IMPORTANT },	   { "moderate", SEVERITY_MODERATE },
		{ "medium", SEVERITY_MODERATE },   { "low", SEVERITY_LOW },
		{ "negligible", SEVERITY_LOW },	   { "unimportant", SEVERITY_LOW },
	};
	while (word.n && word.p[word.n - 1] == '*') /* Debian's "low**": as low */
		word.n--;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (same(word, known[i].word))
			return known[i].severity;
	return SEVERITY_UNRATED;
}

struct str words_higher(struct str a, struct str b)
{
	return words_severity(b) > words_severity(a) || a.n == 0 ? b : a;
}

enum severity words_title_severity(struct str title, struct str *word_out)
{
	ptrdiff_t colon = str_find(title, ':');
	struct str word = { title.p, colon > 0 ? (size_t)colon : 0 };
	enum severity s = word.n ? words_severity(word) : SEVERITY_UNRATED;
	*word_out = s == SEVERITY_UNRATED ? STR_LIT("") : word;
	return s;
}

enum patch_type words_advisory_type(struct str id)
{
	ptrdiff_t dash = str_find(id, '-');
	struct str head = { id.p, dash > 0 ? (size_t)dash : 0 };
	if (str_ends(head, "BA"))
		return PATCH_TYPE_BUGFIX;
	return str_ends(head, "EA") ? PATCH_TYPE_ENHANCEMENT : PATCH_TYPE_SECURITY;
}

enum reboot_need words_rpm_reboot(struct str package)
{
	static const char *const always[] = {
		"kernel",	  "kernel-core",     "kernel-rt",	    "kernel-rt-core",
		"kernel-uek",	  "kernel-uek-core", "kernel-64k",	    "kernel-64k-core",
		"kernel-default", "kernel-azure",    "kernel-default-base", "kernel-preempt",
		"kernel-pae",	  "kernel-xen",	     "kernel-64kb",	    "kernel-longterm",
		"kernel6.12",
	};
	static const char *const may[] = { "dbus",    "dbus-broker",	"dbus-daemon",	"glibc",
					   "hal",     "linux-firmware", "openssl-libs", "gnutls",
					   "systemd", "udev",		"microcode_ctl" };
	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		if (str_is(package, always[i]))
			return REBOOT_ALWAYS;
	for (size_t i = 0; i < ARRAY_LEN(may); i++)
		if (str_is(package, may[i]))
			return REBOOT_MAY;
	return REBOOT_NEVER;
}

size_t words_streams(struct str title, struct str out[WORDS_STREAMS])
{
	struct str rest = title, word;
	size_t n = 0;
	while (n < WORDS_STREAMS && rest.n > 0 && str_split(&rest, ' ', &word)) {
		while (word.n && strchr(",;()", word.p[word.n - 1]))
			word.n--;
		while (word.n && strchr("(", word.p[0]))
			word = (struct str) { word.p + 1, word.n - 1 };
		ptrdiff_t colon = str_find(word, ':');
		if (colon > 0 && (size_t)colon + 1 < word.n && word.n <= 100 &&
		    !memchr(word.p + colon + 1, ':', word.n - (size_t)colon - 1))
			out[n++] = word;
	}
	return n;
}
