/* SPDX-License-Identifier: Apache-2.0
 * Writing and reading record lines. Both directions go through the same checks (record_check), so a
 * document that was written can be read, and nothing else can. The reader does one pass over the
 * bytes: classify, cut at tabs, convert. No allocation while reading. */
#include "catalog/records.h"
#include "base/enc.h"
#include "base/utf8.h"
#include "catalog/records_int.h"

#define MAX_FIELDS 14

static const uint8_t fields_of[256] = {
	['F'] = 7, ['R'] = 7, ['X'] = 4, ['P'] = 14, ['C'] = 10, ['A'] = 12,
};

/* --- characters ---------------------------------------------------------------------------------
 */

enum char_class { PLAIN, CUT, HIGH, BAD };

static enum char_class class_of(unsigned char c)
{
	if (c >= 0x80)
		return HIGH;
	if (c == '\t' || c == '\n')
		return CUT;
	return c < 0x20 || c == 0x7f ? BAD : PLAIN;
}

bool records_text_ok(struct str s)
{
	enum char_class worst = PLAIN;
	for (size_t i = 0; i < s.n; i++) {
		enum char_class k = class_of((unsigned char)s.p[i]);
		if (k == CUT || k == BAD)
			return false;
		worst = MAX(worst, k);
	}
	return worst == PLAIN || utf8_valid(s);
}

/* --- writing ------------------------------------------------------------------------------------
 */

static void put(struct buf *b, struct str s)
{
	buf_addc(b, '\t');
	buf_add(b, s.p, s.n);
}

static void put_int(struct buf *b, int64_t v)
{
	char digits[24];
	size_t at = sizeof(digits);
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	do
		digits[--at] = (char)('0' + u % 10);
	while (u /= 10);
	if (v < 0)
		digits[--at] = '-';
	digits[--at] = '\t';
	buf_add(b, digits + at, sizeof(digits) - at);
}

static void put_sha(struct buf *b, const struct sha256 *d)
{
	char hex[2 + 2 * SHA256_LEN] = "\t";
	enc_hex(d->b, SHA256_LEN, hex + 1);
	buf_add(b, hex, 1 + 2 * SHA256_LEN);
}

static void write_patch(struct buf *b, const struct patch *p)
{
	put(b, p->id);
	put(b, p->vendor);
	put(b, p->os);
	put(b, p->product);
	put(b, p->version);
	put(b, p->title);
	put(b, p->suites);
	put(b, str_of(patch_type_name(p->type)));
	put(b, str_of(severity_name(p->severity)));
	put(b, p->severity_raw);
	put_int(b, p->severity_derived);
	put(b, str_of(reboot_need_name(p->reboot)));
	put_int(b, p->released_ms);
}

static void write_component(struct buf *b, const struct component *c)
{
	put(b, str_of(component_kind_name(c->kind)));
	put(b, c->name);
	put(b, c->arch);
	put(b, c->version);
	put(b, c->above);
	put(b, c->file);
	if (c->archive == CATALOG_NONE) {
		buf_add(b, "\t\t\t", 3);
		return;
	}
	put_sha(b, &c->sha256);
	put_int(b, c->size);
	put_int(b, c->archive);
}

static void write_advisory(struct buf *b, const struct advisory *a)
{
	put(b, a->id);
	put(b, a->title);
	put(b, a->os);
	put(b, a->product);
	put(b, a->fixed);
	put(b, a->cves);
	put(b, a->url);
	put(b, str_of(severity_name(a->severity)));
	put(b, a->severity_raw);
	put_int(b, a->severity_derived);
	put_int(b, a->released_ms);
}

static void write_fields(struct buf *b, const struct record *r)
{
	switch (r->kind) {
	case RECORD_FEED:
		put(b, r->feed.id);
		put(b, r->feed.kind);
		put(b, r->feed.url);
		put_int(b, r->feed.released_ms);
		put_int(b, r->feed.is_signed);
		put(b, r->feed.signer);
		break;
	case RECORD_ARCHIVE:
		put(b, r->archive.id);
		put(b, r->archive.url);
		put(b, r->archive.suite);
		put(b, r->archive.release_components);
		put(b, r->archive.keyring);
		put(b, r->archive.os);
		break;
	case RECORD_ARCHIVE_FILE:
		put(b, r->file.path);
		put_sha(b, &r->file.sha256);
		put_int(b, r->file.size);
		break;
	case RECORD_PATCH: write_patch(b, &r->patch); break;
	case RECORD_COMPONENT: write_component(b, &r->component); break;
	case RECORD_ADVISORY: write_advisory(b, &r->advisory); break;
	}
}

bool records_add(struct buf *b, const struct record *r, struct err *e)
{
	size_t before = b->n;
	if (!records_check(r, true, e))
		return false;
	buf_addc(b, (char)r->kind);
	write_fields(b, r);
	buf_addc(b, '\n');
	if (b->overflowed) {
		b->n = before;
		return buf_ok(b, "record document", e);
	}
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
	static uint8_t classes[256];
	static bool ready; /* written once with the same values by whoever comes first */
	if (!__atomic_load_n(&ready, __ATOMIC_ACQUIRE)) {
		for (int c = 0; c < 256; c++)
			classes[c] = (uint8_t)class_of((unsigned char)c);
		__atomic_store_n(&ready, true, __ATOMIC_RELEASE);
	}
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
		if (!records_text_ok(f[i]))
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

static bool get_kind(struct str s, enum component_kind *out)
{
	for (int i = 0; i < COMPONENT_KINDS_; i++)
		if (str_is(s, component_kind_name((enum component_kind)i))) {
			*out = (enum component_kind)i;
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
			      .superseded_by = CATALOG_NONE };
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
				  .archive = CATALOG_NONE,
				  .superseded_by = CATALOG_NONE };
	if (!get_kind(f[1], &c->kind))
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
				 .severity_raw = f[9] };
	return severity_parse(f[8], &a->severity) && get_flag(f[10], &a->severity_derived) &&
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
						  .os = f[6] };
		r->archives++;
		return true;
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
	if (n != fields_of[kind])
		return err_set(e, ERR_CORRUPT, "record line %u is of no known form", r->line);
	out->kind = (enum record_kind)kind;
	if (!order_ok(r->last, out->kind))
		return err_set(e, ERR_CORRUPT, "record line %u stands where its kind may not",
			       r->line);
	if (!read_fields(r, f, out))
		return err_set(e, ERR_CORRUPT, "record line %u has a value that is not allowed",
			       r->line);
	if (!records_check(out, false, e))
		return err_prefix(e, "record line %u", r->line);
	r->last = out->kind;
	*more_out = true;
	return true;
}
