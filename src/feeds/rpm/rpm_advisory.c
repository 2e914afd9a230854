/* SPDX-License-Identifier: Apache-2.0
 * What one advisory of an updateinfo.xml says, in our words: kind, severity, CVE ids, address,
 * reboot. It knows nothing of the repository the advisory lies in. */
#include "feeds/rpm/rpm_advisory.h"

#define MAX_CVES 60000u

static bool is_cve(struct str s)
{
	size_t i = 4;
	if (s.n < 13 || s.n > 20 || !str_starts(s, "CVE-"))
		return false;
	for (; i < s.n; i++)
		if (i == 8 ? s.p[i] != '-' : s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

static bool in_cve(char c)
{
	return c == '-' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

static void add_cves_of(struct words *to, struct str text)
{
	for (size_t i = 0; i + 13 <= text.n; i++) {
		const char *at = memchr(text.p + i, 'C', text.n - i);
		if (!at)
			return;
		i = (size_t)(at - text.p);
		struct str id = { at, 0 };
		while (i + id.n < text.n && in_cve(id.p[id.n]))
			id.n++;
		while (id.n > 13 && !is_cve(id))
			id.n--;
		if (is_cve(id) && words_size(to) < MAX_CVES - 20)
			words_add(to, id);
	}
}

struct str rpm_advisory_cves(struct words *to, const struct rpm_update *u)
{
	words_clear(to);
	for (size_t i = 0; i < u->n_references; i++) {
		const struct rpm_reference *r = &u->references[i];
		add_cves_of(to, r->id);
		if (!str_is(r->type, "cve"))
			add_cves_of(to, r->title);
	}
	if (words_size(to) == 0 && str_is(u->type, "security")) {
		add_cves_of(to, u->title);
		add_cves_of(to, u->description);
	}
	return words_text(to);
}

bool rpm_advisory_word(struct str s, size_t max)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] >= 0x7f)
			return false;
	return s.n > 0 && s.n <= max;
}

static struct str expand(const char *p, struct str release, struct str id, struct arena *a)
{
	AUTO(buf_done) struct buf out = BUF_INIT(500);
	for (; *p; p++) {
		if (strncmp(p, "{id}", 4) == 0) {
			buf_addstr(&out, id);
			p += 3;
		} else if (strncmp(p, "{release}", 9) == 0) {
			buf_addstr(&out, release);
			p += 8;
		} else if (strncmp(p, "{dashed}", 8) == 0) {
			for (size_t i = 0; i < id.n; i++)
				buf_addc(&out, id.p[i] == ':' ? '-' : id.p[i]);
			p += 7;
		} else {
			buf_addc(&out, *p);
		}
	}
	return out.overflowed ? STR_LIT("") : arena_str(a, buf_str(&out));
}

struct str rpm_advisory_url(const struct rpm_update *u, const char *form, struct str release,
			    struct arena *a)
{
	for (size_t i = 0; i < u->n_references; i++) {
		const struct rpm_reference *r = &u->references[i];
		if (str_is(r->type, "self") && rpm_advisory_word(r->href, 500) &&
		    (str_starts(r->href, "https://") || str_starts(r->href, "http://")))
			return r->href;
	}
	return expand(form, release, u->id, a);
}

enum patch_type rpm_advisory_type(struct str word)
{
	static const struct {
		const char *word;
		enum patch_type type;
	} known[] = {
		{ "security", PATCH_TYPE_SECURITY },	  { "bugfix", PATCH_TYPE_BUGFIX },
		{ "recommended", PATCH_TYPE_BUGFIX },	  { "enhancement", PATCH_TYPE_ENHANCEMENT },
		{ "newpackage", PATCH_TYPE_ENHANCEMENT }, { "optional", PATCH_TYPE_ENHANCEMENT },
		{ "feature", PATCH_TYPE_ENHANCEMENT },
	};
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_is(word, known[i].word))
			return known[i].type;
	return PATCH_TYPE_UNRATED;
}

enum severity rpm_advisory_severity(const struct rpm_update *u, struct str *raw_out)
{
	struct str word = str_trim(u->severity);
	enum severity s = words_severity(word);
	if (s == SEVERITY_UNRATED && str_is(word, "urgent"))
		s = SEVERITY_CRITICAL;
	*raw_out = rpm_advisory_word(word, 64) ? word : STR_LIT("");
	if (s != SEVERITY_UNRATED)
		return s;
	s = words_title_severity(u->title, &word);
	if (s != SEVERITY_UNRATED)
		*raw_out = word;
	return s;
}

enum reboot_need rpm_advisory_reboot(const struct rpm_update *u)
{
	enum reboot_need need = u->reboot ? REBOOT_ALWAYS : REBOOT_NEVER;
	for (size_t i = 0; i < u->n_packages; i++) {
		const struct rpm_update_package *q = &u->packages[i];
		enum reboot_need one = words_rpm_reboot(q->nevra.name);
		need = one == REBOOT_ALWAYS ? one : need;
		if (need == REBOOT_NEVER)
			need = q->relogin ? REBOOT_LOGOUT : one;
	}
	return need;
}

bool rpm_advisory_id_ok(const struct rpm_update *u)
{
	static const struct {
		const char *from, *ids;
	} vendors[] = {
		{ "@almalinux.org", "AL" },
		{ "@rockylinux.org", "R" },
	};
	for (size_t i = 0; i < ARRAY_LEN(vendors); i++) {
		if (!str_ends(u->from, vendors[i].from))
			continue;
		ptrdiff_t dash = str_find(u->id, '-'), colon = str_find(u->id, ':');
		return str_starts(u->id, vendors[i].ids) && dash == 4 && colon > dash;
	}
	return true;
}
