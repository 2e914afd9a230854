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

#define F(record, member, lo, hi, f)                                                               \
	{                                                                                          \
#member, offsetof(struct record, member), lo, hi, f                                \
	}
static const struct rule feed_rules[] = {
	F(feed_info, id, 1, 200, WORD),
	F(feed_info, kind, 1, 40, WORD),
	F(feed_info, url, 0, 500, WORD),
	F(feed_info, signer, 0, 250, TEXT),
};
static const struct rule archive_rules[] = {
	F(archive, id, 1, 200, PATH),	   F(archive, url, 1, 500, WORD),
	F(archive, suite, 1, 200, WORD),   F(archive, release_components, 0, 300, TEXT),
	F(archive, keyring, 0, 300, WORD), F(archive, os, 0, 64, WORD),
};
static const struct rule file_rules[] = { F(archive_file, path, 1, 600, PATH) };
static const struct rule patch_rules[] = {
	F(patch, id, 3, 600, WORD),	  F(patch, vendor, 1, 64, TEXT),
	F(patch, os, 0, 64, WORD),	  F(patch, product, 1, 200, WORD),
	F(patch, version, 0, 300, WORD),  F(patch, title, 1, 500, TEXT),
	F(patch, suites, 0, 400, TEXT),	  F(patch, severity_raw, 0, 64, TEXT),
	F(patch, bulletin, 0, 200, WORD), F(patch, url, 0, 500, WORD),
	F(patch, cves, 0, 60000, TEXT),	  F(patch, availability, 0, 64, WORD),
};
static const struct rule component_rules[] = {
	F(component, name, 1, 200, WORD),    F(component, arch, 0, 40, WORD),
	F(component, version, 1, 300, WORD), F(component, above, 0, 300, WORD),
	F(component, file, 0, 600, PATH),    F(component, module, 0, 120, WORD),
};
static const struct rule advisory_rules[] = {
	F(advisory, id, 1, 200, WORD),	  F(advisory, title, 0, 500, TEXT),
	F(advisory, os, 0, 64, WORD),	  F(advisory, product, 1, 200, WORD),
	F(advisory, fixed, 0, 300, WORD), F(advisory, cves, 0, 60000, TEXT),
	F(advisory, url, 0, 500, WORD),	  F(advisory, severity_raw, 0, 64, TEXT),
	F(advisory, status, 0, 40, WORD), F(advisory, vendor, 0, 64, TEXT),
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

struct table {
	const char *what;
	const struct rule *rules;
	size_t n;
};

static struct table table_of(enum record_kind kind)
{
	switch (kind) {
	case RECORD_FEED: return (struct table) { "feed", feed_rules, ARRAY_LEN(feed_rules) };
	case RECORD_ARCHIVE:
		return (struct table) { "archive", archive_rules, ARRAY_LEN(archive_rules) };
	case RECORD_ARCHIVE_FILE:
		return (struct table) { "archive file", file_rules, ARRAY_LEN(file_rules) };
	case RECORD_PATCH: return (struct table) { "patch", patch_rules, ARRAY_LEN(patch_rules) };
	case RECORD_COMPONENT:
		return (struct table) { "component", component_rules, ARRAY_LEN(component_rules) };
	case RECORD_ADVISORY:
		return (struct table) { "advisory", advisory_rules, ARRAY_LEN(advisory_rules) };
	}
	return (struct table) { "record", NULL, 0 };
}

/* All members of the union begin at the same place. */
static struct str text_of(const struct record *r, const struct rule *rule)
{
	return *(const struct str *)((const char *)&r->feed + rule->offset);
}

static bool number(int64_t v, int64_t max, struct err *e, const char *what, struct str id,
		   const char *field)
{
	return (v >= 0 && v <= max) || bad(e, what, id, field, "is out of range");
}

static bool check_rest(const struct record *r, const char *what, struct str id, struct err *e)
{
	switch (r->kind) {
	case RECORD_FEED:
		return number(r->feed.released_ms, MAX_TIME_MS, e, what, id, "released_ms");
	case RECORD_ARCHIVE: return true;
	case RECORD_ARCHIVE_FILE: return number(r->file.size, MAX_PAYLOAD, e, what, id, "size");
	case RECORD_PATCH:
		return number(r->patch.released_ms, MAX_TIME_MS, e, what, id, "released_ms");
	case RECORD_COMPONENT:
		if ((r->component.file.n == 0) != (r->component.archive == CATALOG_NONE))
			return bad(e, what, id, "archive",
				   "and field 'file' do not belong together");
		return number(r->component.size, MAX_PAYLOAD, e, what, id, "size");
	case RECORD_ADVISORY:
		return number(r->advisory.released_ms, MAX_TIME_MS, e, what, id, "released_ms");
	}
	return err_set(e, ERR_CORRUPT, "record kind '%d' is not known", (int)r->kind);
}

bool records_check(const struct record *r, size_t *text_out, struct err *e)
{
	struct table t = table_of(r->kind);
	struct str id = t.n ? text_of(r, &t.rules[0]) : STR_LIT("");
	size_t text = 0;
	for (size_t i = 0; i < t.n; i++) {
		const struct rule *rule = &t.rules[i];
		struct str v = text_of(r, rule);
		text += v.n;
		if (v.n < rule->min)
			return bad(e, t.what, id, rule->name, v.n ? "is too short" : "is missing");
		if (v.n > rule->max)
			return bad(e, t.what, id, rule->name, "is too long");
		if (rule->form != TEXT && v.n && memchr(v.p, ' ', v.n))
			return bad(e, t.what, id, rule->name, "holds a blank");
		if (rule->form == PATH && !path_ok(v))
			return bad(e, t.what, id, rule->name, "is not a plain relative path");
	}
	*text_out = text;
	return check_rest(r, t.what, id, e);
}

bool records_blame(const struct record *r, struct err *e)
{
	struct table t = table_of(r->kind);
	for (size_t i = 0; i < t.n; i++)
		if (!records_text_ok(text_of(r, &t.rules[i])))
			return bad(e, t.what, text_of(r, &t.rules[0]), t.rules[i].name,
				   "holds control characters or invalid UTF-8");
	return err_set(e, ERR_INTERNAL, "%s record was written wrongly", t.what);
}
