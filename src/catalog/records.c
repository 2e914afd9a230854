/* SPDX-License-Identifier: Apache-2.0
 * Writing and reading record lines. Both directions go through the same checks (record_check), so a
 * document that was written can be read, and nothing else can. The reader does one pass over the
 * bytes: classify, cut at tabs, convert. No allocation while reading. */
#include "catalog/records.h"
#include "base/enc.h"
#include "base/utf8.h"
#include "catalog/records_int.h"

#define MAX_FIELDS 19

static const uint8_t fields_of[256] = {
	['F'] = 7, ['R'] = 8, ['X'] = 4, ['P'] = 19, ['C'] = 13, ['A'] = 15,
};
/* What a document of an earlier version may have less. */
static const uint8_t later_of[256] = { ['R'] = 1, ['P'] = 5, ['C'] = 3, ['A'] = 3 };

/* --- characters --------------------------------------------------------------------------- */

enum { CUT = 1, HIGH = 2, BAD = 4 };

/* What a byte is; 0 = plain. */
static const uint8_t classes[256] = {
	[0 ... 8] = BAD,   ['\t'] = CUT, ['\n'] = CUT,
	[11 ... 31] = BAD, [127] = BAD,	 [128 ... 255] = HIGH,
};

bool records_text_ok(struct str s)
{
	uint8_t seen = 0;
	for (size_t i = 0; i < s.n; i++)
		seen |= classes[(unsigned char)s.p[i]];
	return !(seen & (CUT | BAD)) && (!(seen & HIGH) || utf8_valid(s));
}

/* A line of `fields` values: exactly so many tabs, nothing else that is not text. */
static bool line_ok(const char *p, size_t n, unsigned fields)
{
	uint8_t seen = 0;
	unsigned tabs = 0;
	for (size_t i = 0; i < n; i++) {
		uint8_t k = classes[(unsigned char)p[i]];
		seen |= k;
		tabs += k == CUT;
	}
	return !(seen & BAD) && tabs == fields && p[n - 1] == '\n' && !memchr(p, '\n', n - 1) &&
	       (!(seen & HIGH) || utf8_valid((struct str) { p, n }));
}

/* --- writing -------------------------------------------------------------------------------- */

/* Every writer appends at p and returns the new end; line_room() made sure that it fits. */
static char *put(char *p, struct str s)
{
	*p++ = '\t';
	if (s.n)
		memcpy(p, s.p, s.n);
	return p + s.n;
}

static char *put_word(char *p, const char *word)
{
	return put(p, str_of(word));
}

static char *put_int(char *p, int64_t v)
{
	char digits[24];
	size_t at = sizeof(digits);
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	do
		digits[--at] = (char)('0' + u % 10);
	while (u /= 10);
	if (v < 0)
		digits[--at] = '-';
	return put(p, (struct str) { digits + at, sizeof(digits) - at });
}

static char *put_sha(char *p, const struct sha256 *d)
{
	*p++ = '\t';
	enc_hex(d->b, SHA256_LEN, p);
	return p + (ptrdiff_t)(2 * SHA256_LEN);
}

static char *write_patch(char *p, const struct patch *x)
{
	p = put(p, x->id);
	p = put(p, x->vendor);
	p = put(p, x->os);
	p = put(p, x->product);
	p = put(p, x->version);
	p = put(p, x->title);
	p = put(p, x->suites);
	p = put_word(p, patch_type_name(x->type));
	p = put_word(p, severity_name(x->severity));
	p = put(p, x->severity_raw);
	p = put_int(p, x->severity_derived);
	p = put_word(p, reboot_need_name(x->reboot));
	p = put_int(p, x->released_ms);
	p = put(p, x->bulletin);
	p = put(p, x->url);
	p = put(p, x->cves);
	p = put(p, x->availability);
	return put_int(p, x->withheld);
}

static char *write_component(char *p, const struct component *c)
{
	p = put_word(p, component_kind_name(c->kind));
	p = put(p, c->name);
	p = put(p, c->arch);
	p = put(p, c->version);
	p = put(p, c->above);
	p = put(p, c->file);
	if (c->archive == CATALOG_NONE) {
		p = put(put(put(p, STR_LIT("")), STR_LIT("")), STR_LIT(""));
	} else {
		p = put_sha(p, &c->sha256);
		p = put_int(p, c->size);
		p = put_int(p, c->archive);
	}
	p = put(put(p, c->module), str_of(c->by_default ? "1" : ""));
	return put(p, str_of(c->hotfix ? "1" : ""));
}

static char *write_advisory(char *p, const struct advisory *a)
{
	p = put(p, a->id);
	p = put(p, a->title);
	p = put(p, a->os);
	p = put(p, a->product);
	p = put(p, a->fixed);
	p = put(p, a->cves);
	p = put(p, a->url);
	p = put_word(p, severity_name(a->severity));
	p = put(p, a->severity_raw);
	p = put_int(p, a->severity_derived);
	p = put_int(p, a->released_ms);
	p = put_word(p, component_kind_name(a->kind));
	p = put(p, a->status);
	return put(p, a->vendor);
}

static char *write_fields(char *p, const struct record *r)
{
	switch (r->kind) {
	case RECORD_FEED:
		p = put(p, r->feed.id);
		p = put(p, r->feed.kind);
		p = put(p, r->feed.url);
		p = put_int(p, r->feed.released_ms);
		p = put_int(p, r->feed.is_signed);
		return put(p, r->feed.signer);
	case RECORD_ARCHIVE:
		p = put(p, r->archive.id);
		p = put(p, r->archive.url);
		p = put(p, r->archive.suite);
		p = put(p, r->archive.release_components);
		p = put(p, r->archive.keyring);
		return put(put(p, r->archive.os), str_of(r->archive.hotfix ? "1" : ""));
	case RECORD_ARCHIVE_FILE:
		p = put(p, r->file.path);
		p = put_sha(p, &r->file.sha256);
		return put_int(p, r->file.size);
	case RECORD_PATCH: return write_patch(p, &r->patch);
	case RECORD_COMPONENT: return write_component(p, &r->component);
	case RECORD_ADVISORY: return write_advisory(p, &r->advisory);
	}
	return p;
}

bool records_add(struct buf *b, const struct record *r, struct err *e)
{
	size_t text;
	if (!records_check(r, &text, e))
		return false;
	/* Besides the texts: letters, tabs, words, numbers, a digest. */
	char *start = buf_reserve(b, text + 400);
	if (!start)
		return buf_ok(b, "record document", e);
	*start = (char)r->kind;
	char *end = write_fields(start + 1, r);
	*end++ = '\n';
	if (!line_ok(start, (size_t)(end - start), fields_of[r->kind]))
		return records_blame(r, e);
	*end = '\0'; /* as struct buf keeps it */
	b->n += (size_t)(end - start);
	return true;
}

/* --- reading ------------------------------------------------------------------------------------
 */

bool records_begin(struct records_reader *r, char *text, size_t n, struct err *e)
{
	size_t head = sizeof(RECORDS_HEADER) - 1;
	if (n < head || memcmp(text, RECORDS_HEADER, head) != 0)
		return err_set(e, ERR_CORRUPT,
			       "record document does not begin with 'tsukuroi-catalog 1'");
	if (text[n - 1] != '\n')
		return err_set(e, ERR_CORRUPT, "record document is cut off: last line has no end");
	*r = (struct records_reader) { .at = text + head, .end = text + n, .line = 1 };
	return true;
}

/* Cuts one line into fields, overwriting the separators. Returns their number, 0 = bad characters.
 */
static size_t cut_line(struct records_reader *r, struct str *f)
{
	size_t n = 0;
	bool high = false;
	char *start = r->at, *p = start;
	for (;;) {
		while (!classes[(unsigned char)*p])
			p++; /* stops at the last line feed at the latest */
		uint8_t k = classes[(unsigned char)*p];
		if (k == BAD)
			return 0;
		if (k == HIGH) {
			high = true;
			p++;
			continue;
		}
		char c = *p;
		if (n == MAX_FIELDS)
			return 0;
		f[n++] = (struct str) { start, (size_t)(p - start) };
		*p++ = '\0';
		start = p;
		if (c == '\n')
			break;
	}
	r->at = p;
	for (size_t i = 0; high && i < n; i++)
		if (!utf8_valid(f[i]))
			return 0;
	return n;
}

/* Canonical non-negative decimal or, for times before 1970, negative. */
static bool get_int(struct str s, int64_t *out)
{
	if (s.n == 0 || s.n > 19 || (s.n > 1 && s.p[0] == '0') ||
	    (s.n > 1 && s.p[0] == '-' && s.p[1] == '0'))
		return false;
	return str_to_i64(s, out);
}

static bool get_flag(struct str s, bool *out)
{
	*out = s.n == 1 && s.p[0] == '1';
	return s.n == 1 && (s.p[0] == '0' || s.p[0] == '1');
}

static bool get_sha(struct str s, struct sha256 *out)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= 'A' && s.p[i] <= 'F')
			return false;
	return enc_unhex(s, out->b, SHA256_LEN);
}

static bool get_reboot(struct str s, enum reboot_need *out)
{
	for (int i = REBOOT_NEVER; i <= REBOOT_LOGOUT; i++)
		if (str_is(s, reboot_need_name((enum reboot_need)i))) {
			*out = (enum reboot_need)i;
			return true;
		}
	return false;
}

static bool read_patch(const struct str *f, struct patch *p)
{
	*p = (struct patch) { .id = f[1],
			      .vendor = f[2],
			      .os = f[3],
			      .product = f[4],
			      .version = f[5],
			      .title = f[6],
			      .suites = f[7],
			      .severity_raw = f[10],
			      .bulletin = f[14],
			      .url = f[15],
			      .cves = f[16],
			      .availability = f[17],
			      .superseded_by = CATALOG_NONE };
	int64_t withheld = 0;
	if (f[18].n && (!get_int(f[18], &withheld) || withheld < 0 || withheld > 100))
		return false;
	p->withheld = (uint8_t)withheld;
	return patch_type_parse(f[8], &p->type) && severity_parse(f[9], &p->severity) &&
	       get_flag(f[11], &p->severity_derived) && get_reboot(f[12], &p->reboot) &&
	       get_int(f[13], &p->released_ms);
}

static bool read_component(const struct str *f, uint32_t archives, struct component *c)
{
	*c = (struct component) { .name = f[2],
				  .arch = f[3],
				  .version = f[4],
				  .above = f[5],
				  .file = f[6],
				  .module = f[10],
				  .by_default = str_is(f[11], "1"),
				  .hotfix = str_is(f[12], "1"),
				  .lane = CATALOG_NONE,
				  .archive = CATALOG_NONE,
				  .superseded_by = CATALOG_NONE };
	if (!component_kind_parse(f[1], &c->kind) || (f[11].n > 0 && !c->by_default) ||
	    (f[12].n > 0 && !c->hotfix))
		return false;
	if (f[9].n == 0)
		return f[7].n == 0 && f[8].n == 0;
	int64_t archive;
	if (!get_sha(f[7], &c->sha256) || !get_int(f[8], &c->size) || !get_int(f[9], &archive) ||
	    archive < 0 || archive >= archives)
		return false;
	c->archive = (uint32_t)archive;
	return true;
}

static bool read_advisory(const struct str *f, struct advisory *a)
{
	*a = (struct advisory) { .id = f[1],
				 .title = f[2],
				 .os = f[3],
				 .product = f[4],
				 .fixed = f[5],
				 .cves = f[6],
				 .url = f[7],
				 .severity_raw = f[9],
				 .kind = COMPONENT_DEB_SRC,
				 .status = f[13],
				 .vendor = f[14] };
	return (f[12].n == 0 || component_kind_parse(f[12], &a->kind)) &&
	       severity_parse(f[8], &a->severity) && get_flag(f[10], &a->severity_derived) &&
	       get_int(f[11], &a->released_ms);
}

static bool read_fields(struct records_reader *r, const struct str *f, struct record *out)
{
	switch (out->kind) {
	case RECORD_FEED:
		out->feed = (struct feed_info) {
			.id = f[1], .kind = f[2], .url = f[3], .signer = f[6]
		};
		return get_int(f[4], &out->feed.released_ms) &&
		       get_flag(f[5], &out->feed.is_signed);
	case RECORD_ARCHIVE:
		out->archive = (struct archive) { .id = f[1],
						  .url = f[2],
						  .suite = f[3],
						  .release_components = f[4],
						  .keyring = f[5],
						  .os = f[6],
						  .hotfix = str_is(f[7], "1") };
		r->archives++;
		return f[7].n == 0 || out->archive.hotfix;
	case RECORD_ARCHIVE_FILE:
		out->file = (struct archive_file) { .path = f[1] };
		return get_sha(f[2], &out->file.sha256) && get_int(f[3], &out->file.size);
	case RECORD_PATCH: return read_patch(f, &out->patch);
	case RECORD_COMPONENT: return read_component(f, r->archives, &out->component);
	case RECORD_ADVISORY: return read_advisory(f, &out->advisory);
	}
	return false;
}

/* Which record may follow which. */
static bool order_ok(enum record_kind last, enum record_kind next)
{
	switch (next) {
	case RECORD_FEED: return last == 0;
	case RECORD_ARCHIVE_FILE: return last == RECORD_ARCHIVE || last == RECORD_ARCHIVE_FILE;
	case RECORD_COMPONENT: return last == RECORD_PATCH || last == RECORD_COMPONENT;
	default: return last != 0;
	}
}

bool records_next(struct records_reader *r, struct record *out, bool *more_out, struct err *e)
{
	struct str f[MAX_FIELDS];
	const struct str none = STR_LIT("");
	r->line++;
	if (r->at == r->end) {
		if (!r->last)
			return err_set(e, ERR_CORRUPT, "record document has no feed record");
		*more_out = false;
		return true;
	}
	if (r->line > RECORDS_MAX)
		return err_set(e, ERR_LIMIT, "record document has more than %u records",
			       RECORDS_MAX);
	size_t n = cut_line(r, f);
	if (n == 0)
		return err_set(e, ERR_CORRUPT,
			       "record line %u holds a character that is not allowed", r->line);
	unsigned char kind = f[0].n == 1 ? (unsigned char)f[0].p[0] : 0;
	if (n > fields_of[kind] || n + later_of[kind] < fields_of[kind])
		return err_set(e, ERR_CORRUPT, "record line %u is of no known form", r->line);
	for (; n < MAX_FIELDS; n++)
		f[n] = none;
	out->kind = (enum record_kind)kind;
	if (!order_ok(r->last, out->kind))
		return err_set(e, ERR_CORRUPT, "record line %u stands where its kind may not",
			       r->line);
	if (!read_fields(r, f, out))
		return err_set(e, ERR_CORRUPT, "record line %u has a value that is not allowed",
			       r->line);
	size_t text;
	if (!records_check(out, &text, e))
		return err_prefix(e, "record line %u", r->line);
	r->last = out->kind;
	*more_out = true;
	return true;
}
