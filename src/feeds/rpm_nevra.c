/* SPDX-License-Identifier: Apache-2.0
 * Names of RPM builds, taken apart and put together; checksums as they are written. */
#include "feeds/rpm_int.h"

static ptrdiff_t last_of(struct str s, char c)
{
	for (size_t i = s.n; i-- > 0;)
		if (s.p[i] == c)
			return (ptrdiff_t)i;
	return -1;
}

/* Cuts what stands behind the last `c` off `s`. */
static bool cut(struct str *s, char c, struct str *behind)
{
	ptrdiff_t at = last_of(*s, c);
	if (at <= 0)
		return false;
	*behind = (struct str) { s->p + at + 1, s->n - (size_t)at - 1 };
	s->n = (size_t)at;
	return behind->n > 0;
}

bool rpm_nevra_parse(struct str s, struct rpm_nevra *out)
{
	struct rpm_nevra n = { .epoch = STR_LIT("0") };
	if (str_ends(s, ".rpm"))
		s.n -= 4;
	if (!cut(&s, '.', &n.arch) || !cut(&s, '-', &n.release) || !cut(&s, '-', &n.version))
		return false;
	n.name = s;
	struct str *with = str_find(n.version, ':') >= 0 ? &n.version : &n.name;
	ptrdiff_t colon = str_find(*with, ':');
	if (colon > 0) {
		n.epoch = (struct str) { with->p, (size_t)colon };
		with->p += colon + 1;
		with->n -= (size_t)colon + 1;
	}
	if (n.name.n == 0 || n.version.n == 0)
		return false;
	*out = n;
	return true;
}

struct str rpm_evr(const struct rpm_nevra *n, char out[static 320])
{
	bool epoch = n->epoch.n && !str_is(n->epoch, "0");
	int len = snprintf(out, 320, "%.*s%s%.*s-%.*s", epoch ? (int)n->epoch.n : 0, n->epoch.p,
			   epoch ? ":" : "", STR_ARG(n->version), STR_ARG(n->release));
	return (struct str) { out, MIN((size_t)MAX(len, 0), (size_t)319) };
}

/* Letters, digits and what rpm's own specs allow; names of packages are never paths. */
static bool plain(struct str s, size_t min, size_t max, const char *also)
{
	if (s.n < min || s.n > max)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    (c >= '0' && c <= '9');
		if (!word && (c >= 0x80 || c <= ' ' || !strchr(also, c)))
			return false;
	}
	return true;
}

bool rpm_nevra_ok(const struct rpm_nevra *n)
{
	if (n->name.n && (n->name.p[0] == '.' || n->name.p[0] == '-'))
		return false;
	for (size_t i = 0; i < n->epoch.n; i++)
		if (n->epoch.p[i] < '0' || n->epoch.p[i] > '9')
			return false;
	return plain(n->name, 1, 200, "._+-@{}%") && plain(n->version, 1, 120, "._+~^@{}%") &&
	       plain(n->release, 1, 120, "._+~^@{}%-") && plain(n->arch, 1, 40, "_") &&
	       n->epoch.n >= 1 && n->epoch.n <= 10;
}

bool rpm_checksum_read(struct str kind, struct str hex, struct arena *a, struct rpm_checksum *out,
		       struct err *e)
{
	struct str k = str_trim(kind), h = str_trim(hex);
	bool good = k.n > 0 && k.n <= 20 && h.n > 0 && h.n <= 128;
	for (size_t i = 0; good && i < h.n; i++)
		good = memchr("0123456789abcdefABCDEF", h.p[i], 22) != NULL;
	if (!good)
		return err_set(e, ERR_CORRUPT, "checksum '%.*s' is no hexadecimal number",
			       (int)MIN(h.n, (size_t)40), h.p ? h.p : "");
	char *lower = arena_alloc(a, k.n + 1);
	for (size_t i = 0; i < k.n; i++)
		lower[i] = k.p[i] >= 'A' && k.p[i] <= 'Z' ? (char)(k.p[i] | 0x20) : k.p[i];
	out->kind = str_is((struct str) { lower, k.n }, "sha") ? STR_LIT("sha1")
							       : (struct str) { lower, k.n };
	out->hex = arena_str(a, h);
	return true;
}
