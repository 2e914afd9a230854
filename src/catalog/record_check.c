/* SPDX-License-Identifier: Apache-2.0
 * What every record must satisfy, as tables: field, where it lies, least and greatest length, form.
 * Written and read records pass the same tables. Nothing here changes a record. */
#include "catalog/records_int.h"

/** Bytes of one payload, and of one file of an archive. */
#define MAX_PAYLOAD ((int64_t)1 << 40)
/** Times a record may carry: 1970 to 2261. */
#define MAX_TIME_MS 9183110400000

enum form {
	TEXT, /* anything records_text_ok lets through */
	WORD, /* no blank */
	PATH, /* relative, no "." or ".." step, no backslash */
};
struct rule {
	const char *name;
	size_t offset;
	uint16_t min, max;
	enum form form;
};

#define F(member, lo, hi, f)                                                                       \
	{                                                                                          \
#member, offsetof(struct feed_info, member), lo, hi, f                             \
	}
static const struct rule feed_rules[] = {
	F(id, 1, 200, WORD),
	F(kind, 1, 40, WORD),
	F(url, 0, 500, WORD),
	F(signer, 0, 250, TEXT),
};
#undef F
#define F(member, lo, hi, f)                                                                       \
	{                                                                                          \
#member, offsetof(struct archive, member), lo, hi, f                               \
	}
static const struct rule archive_rules[] = {
	F(id, 1, 200, PATH),	  F(url, 1, 500, WORD),
	F(suite, 1, 200, WORD),	  F(release_components, 0, 300, TEXT),
	F(keyring, 0, 300, WORD), F(os, 0, 64, WORD),
};
#undef F
#define F(member, lo, hi, f)                                                                       \
	{                                                                                          \
#member, offsetof(struct archive_file, member), lo, hi, f                          \
	}
static const struct rule file_rules[] = { F(path, 1, 600, PATH) };
#undef F
#define F(member, lo, hi, f)                                                                       \
	{                                                                                          \
#member, offsetof(struct patch, member), lo, hi, f                                 \
	}
static const struct rule patch_rules[] = {
	F(id, 3, 600, WORD),	  F(vendor, 1, 64, TEXT),	F(os, 0, 64, WORD),
	F(product, 1, 200, WORD), F(version, 0, 300, WORD),	F(title, 1, 500, TEXT),
	F(suites, 0, 400, TEXT),  F(severity_raw, 0, 64, TEXT),
};
#undef F
#define F(member, lo, hi, f)                                                                       \
	{                                                                                          \
#member, offsetof(struct component, member), lo, hi, f                             \
	}
static const struct rule component_rules[] = {
	F(name, 1, 200, WORD),	F(arch, 0, 40, WORD),  F(version, 1, 300, WORD),
	F(above, 0, 300, WORD), F(file, 0, 600, PATH),
};
#undef F
#define F(member, lo, hi, f)                                                                       \
	{                                                                                          \
#member, offsetof(struct advisory, member), lo, hi, f                              \
	}
static const struct rule advisory_rules[] = {
	F(id, 1, 100, WORD),	  F(title, 0, 500, TEXT),	F(os, 0, 64, WORD),
	F(product, 1, 200, WORD), F(fixed, 0, 300, WORD),	F(cves, 0, 60000, TEXT),
	F(url, 0, 500, WORD),	  F(severity_raw, 0, 64, TEXT),
};
#undef F

static bool path_ok(struct str s)
{
	if (s.n == 0)
		return true;
	if (memchr(s.p, '\\', s.n))
		return false;
	struct str rest = s, step;
	while (str_split(&rest, '/', &step))
		if (step.n == 0 || str_is(step, ".") || str_is(step, ".."))
			return false;
	return true;
}

static bool bad(struct err *e, const char *what, struct str id, const char *field, const char *why)
{
	struct str head = { id.p ? id.p : "", MIN(id.n, (size_t)80) };
	if (!records_text_ok(head))
		head = STR_LIT("(unreadable)");
	return err_set(e, ERR_CORRUPT, "%s '%.*s': field '%s' %s", what, STR_ARG(head), field, why);
}

static bool check(const struct rule *rules, size_t n, const void *object, const char *what,
		  bool text, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		const struct rule *r = &rules[i];
		struct str v = *(const struct str *)((const char *)object + r->offset);
		struct str id = *(const struct str *)((const char *)object + rules[0].offset);
		if (v.n < r->min)
			return bad(e, what, id, r->name, v.n ? "is too short" : "is missing");
		if (v.n > r->max)
			return bad(e, what, id, r->name, "is too long");
		if (text && !records_text_ok(v))
			return bad(e, what, id, r->name,
				   "holds control characters or invalid UTF-8");
		if (r->form != TEXT && v.n && memchr(v.p, ' ', v.n))
			return bad(e, what, id, r->name, "holds a blank");
		if (r->form == PATH && !path_ok(v))
			return bad(e, what, id, r->name, "is not a plain relative path");
	}
	return true;
}

static bool number(int64_t v, int64_t max, struct err *e, const char *what, struct str id,
		   const char *field)
{
	return (v >= 0 && v <= max) || bad(e, what, id, field, "is out of range");
}

static bool check_component(const struct component *c, bool text, struct err *e)
{
	if (!check(component_rules, ARRAY_LEN(component_rules), c, "component", text, e))
		return false;
	if ((c->file.n == 0) != (c->archive == CATALOG_NONE))
		return bad(e, "component", c->name, "archive",
			   "and field 'file' do not belong together");
	return number(c->size, MAX_PAYLOAD, e, "component", c->name, "size");
}

bool records_check(const struct record *r, bool text, struct err *e)
{
	switch (r->kind) {
	case RECORD_FEED:
		return check(feed_rules, ARRAY_LEN(feed_rules), &r->feed, "feed", text, e) &&
		       number(r->feed.released_ms, MAX_TIME_MS, e, "feed", r->feed.id,
			      "released_ms");
	case RECORD_ARCHIVE:
		return check(archive_rules, ARRAY_LEN(archive_rules), &r->archive, "archive", text,
			     e);
	case RECORD_ARCHIVE_FILE:
		return check(file_rules, ARRAY_LEN(file_rules), &r->file, "archive file", text,
			     e) &&
		       number(r->file.size, MAX_PAYLOAD, e, "archive file", r->file.path, "size");
	case RECORD_PATCH:
		return check(patch_rules, ARRAY_LEN(patch_rules), &r->patch, "patch", text, e) &&
		       number(r->patch.released_ms, MAX_TIME_MS, e, "patch", r->patch.id,
			      "released_ms");
	case RECORD_COMPONENT: return check_component(&r->component, text, e);
	case RECORD_ADVISORY:
		return check(advisory_rules, ARRAY_LEN(advisory_rules), &r->advisory, "advisory",
			     text, e) &&
		       number(r->advisory.released_ms, MAX_TIME_MS, e, "advisory", r->advisory.id,
			      "released_ms");
	}
	return err_set(e, ERR_CORRUPT, "record kind '%d' is not known", (int)r->kind);
}
