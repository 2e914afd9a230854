/* SPDX-License-Identifier: Apache-2.0
 * TZif files (RFC 9636): the 64-bit block's changes, then the rule that holds behind them. What a
 * file says is checked against its own size before it is believed. */
#include "base/file.h"
#include "base/vec.h"
#include "window/civil.h"
#include "window/zone_int.h"

#include <stdlib.h>

#define HEADER 44
#define CHANGES_MAX 4096
#define TYPES_MAX 256
#define OFFSET_MAX (26 * 3600) /* RFC 9636, 3.2: -25 to 26 hours */
#define DATABASE "/usr/share/zoneinfo"

struct change {
	int64_t at;
	int32_t offset;
};
struct zone {
	int32_t first; /* before any change */
	struct change *changes;
	size_t n;
	bool has_rule;
	struct zone_rule rule;
};

struct header {
	uint8_t version;
	uint32_t utc, standard, leap, times, types, chars;
};

static uint32_t be32(const char *p)
{
	const uint8_t *b = (const uint8_t *)p;
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static bool cut(struct str *s, size_t n, const char **out)
{
	if (s->n < n)
		return false;
	*out = s->p;
	*s = (struct str) { s->p + n, s->n - n };
	return true;
}

static bool read_header(struct str *s, struct header *h)
{
	const char *p;
	if (!cut(s, HEADER, &p) || memcmp(p, "TZif", 4) != 0)
		return false;
	*h = (struct header) { (uint8_t)p[4], be32(p + 20), be32(p + 24), be32(p + 28),
			       be32(p + 32),  be32(p + 36), be32(p + 40) };
	return h->times <= CHANGES_MAX && h->types >= 1 && h->types <= TYPES_MAX &&
	       h->chars <= 4096 && h->leap <= 4096 && h->utc <= h->types && h->standard <= h->types;
}

static size_t body_size(const struct header *h, size_t word)
{
	return h->times * (word + 1) + h->types * 6 + h->chars + h->leap * (word + 4) +
	       h->standard + h->utc;
}

static bool read_types(const char *p, uint32_t n, int32_t *offsets)
{
	for (uint32_t i = 0; i < n; i++) {
		offsets[i] = (int32_t)be32(p + (size_t)i * 6);
		if (offsets[i] < -OFFSET_MAX || offsets[i] > OFFSET_MAX)
			return false;
	}
	return true;
}

static bool read_changes(struct zone *z, const char *p, const struct header *h)
{
	int32_t offsets[TYPES_MAX];
	const char *index = p + (size_t)h->times * 8;
	if (!read_types(index + h->times, h->types, offsets))
		return false;
	z->first = offsets[0];
	z->changes = xcalloc(h->times + 1, sizeof(*z->changes));
	for (uint32_t i = 0; i < h->times; i++) {
		uint8_t type = (uint8_t)index[i];
		uint64_t at = (uint64_t)be32(p + (size_t)i * 8) << 32 | be32(p + (size_t)i * 8 + 4);
		if (type >= h->types || (i && (int64_t)at <= z->changes[i - 1].at))
			return false;
		z->changes[i] = (struct change) { (int64_t)at, offsets[type] };
	}
	z->n = h->times;
	return true;
}

static bool read_zone(struct zone *z, struct str s, struct err *e)
{
	struct header h;
	struct str line;
	const char *p;
	if (!read_header(&s, &h) || h.version < '2' || !cut(&s, body_size(&h, 4), &p) ||
	    !read_header(&s, &h) || !cut(&s, body_size(&h, 8), &p) || !read_changes(z, p, &h) ||
	    !cut(&s, 1, &p) || *p != '\n')
		return err_set(e, ERR_CORRUPT,
			       "not a compiled time zone (TZif, version 2 or later)");
	if (!str_split(&s, '\n', &line) || !line.n)
		return true;
	z->has_rule = true;
	return zone_rule_parse(line, &z->rule, e);
}

bool zone_parse(struct str tzif, struct zone **out, struct err *e)
{
	if (tzif.n > ZONE_FILE_MAX)
		return err_set(e, ERR_LIMIT, "time zone file is larger than %u bytes",
			       ZONE_FILE_MAX);
	AUTO(zone_free) struct zone *z = xcalloc(1, sizeof(*z));
	if (!read_zone(z, tzif, e))
		return false;
	*out = TAKE(z);
	return true;
}

void zone_free(struct zone *z)
{
	if (z)
		xfree(z->changes);
	xfree(z);
}

bool zone_is_name(struct str name)
{
	struct str part;
	if (!name.n || name.n > ZONE_NAME_MAX)
		return false;
	while (name.p && str_split(&name, '/', &part)) {
		if (!part.n || part.p[0] == '-')
			return false;
		for (size_t i = 0; i < part.n; i++) {
			char c = part.p[i];
			if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			      (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '+'))
				return false;
		}
	}
	return true;
}

bool zone_open(const char *name, struct zone **out, struct err *e)
{
	if (!zone_is_name(str_of(name)))
		return err_set(e, ERR_INVALID,
			       "'%.64s' is not the name of a time zone; write one as 'Asia/Tokyo'",
			       name);
	if (strcmp(name, "UTC") == 0) {
		*out = xcalloc(1, sizeof(**out));
		return true;
	}
	AUTO(buf_done) struct buf b = BUF_INIT(ZONE_FILE_MAX);
	AUTO(xfree) char *path = file_join(DATABASE, name);
	if (!file_exists(DATABASE "/Europe"))
		return err_set(
			e, ERR_NOT_FOUND,
			"this machine has no time zone database; install the package tzdata");
	if (!file_exists(path))
		return err_set(e, ERR_NOT_FOUND,
			       "there is no time zone '%s'; names are those of the IANA database",
			       name);
	return (file_read(path, &b, e) && zone_parse(buf_str(&b), out, e)) ||
	       err_prefix(e, "time zone '%s'", name);
}

bool zone_open_local(const char *root, struct zone **out, struct err *e)
{
	AUTO(buf_done) struct buf b = BUF_INIT(ZONE_FILE_MAX);
	AUTO(xfree) char *path = xasprintf("%s/etc/localtime", root);
	if (!file_exists(path))
		return zone_open("UTC", out, e);
	return (file_read(path, &b, e) && zone_parse(buf_str(&b), out, e)) ||
	       err_prefix(e, "this machine's time zone, '%s'", path);
}

/* How many listed changes are at or before an instant. */
static size_t changes_until(const struct zone *z, int64_t utc_s)
{
	size_t low = 0, high = z->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (z->changes[mid].at <= utc_s)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

int32_t zone_offset(const struct zone *z, int64_t utc_s)
{
	size_t k = changes_until(z, utc_s);
	if (k == z->n && z->has_rule)
		return zone_rule_offset(&z->rule, utc_s);
	return k ? z->changes[k - 1].offset : z->first;
}

/* The first instant after `from` with another offset, or `to`: hours are looked at, between two of
 * them lies at most one change. */
static int64_t next_change(const struct zone *z, int64_t from, int64_t to)
{
	int32_t offset = zone_offset(z, from);
	int64_t low = from, high = from;
	while (high < to && zone_offset(z, high) == offset) {
		low = high;
		high = MIN(to, high + 3600);
	}
	if (zone_offset(z, high) == offset)
		return to;
	while (high - low > 1) {
		int64_t mid = low + (high - low) / 2;
		if (zone_offset(z, mid) == offset)
			low = mid;
		else
			high = mid;
	}
	return high;
}

/* The first instant at which the wall's clock shows the local time or is past it. */
int64_t zone_instant(const struct zone *z, int64_t local_s, enum zone_fit *fit_out)
{
	const int64_t end = local_s + OFFSET_MAX;
	int64_t found = INT64_MIN;
	enum zone_fit fit = ZONE_ONCE;
	for (int64_t begins = local_s - OFFSET_MAX, next; begins < end; begins = next) {
		int64_t shown = local_s - zone_offset(z, begins);
		next = next_change(z, begins, end);
		if (found != INT64_MIN && shown >= begins && shown < next) {
			fit = ZONE_TWICE;
		} else if (found == INT64_MIN && shown < next) {
			found = MAX(shown, begins);
			fit = shown < begins ? ZONE_SKIPPED : ZONE_ONCE;
		}
	}
	if (fit_out)
		*fit_out = fit;
	return found;
}
