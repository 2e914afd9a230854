/* SPDX-License-Identifier: Apache-2.0
 * Names of RPM builds, taken apart and put together; checksums as they are written. */
#include "feeds/rpm/rpm_int.h"

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

/* What rpm's own specs allow; names of packages are never paths. */
enum { C_NAME = 1, C_VERSION = 2, C_RELEASE = 4, C_ARCH = 8, C_EPOCH = 16 };
#define C_ALL (C_NAME | C_VERSION | C_RELEASE)
static const uint8_t forms[256] = {
	['a' ... 'z'] = C_ALL | C_ARCH,
	['A' ... 'Z'] = C_ALL | C_ARCH,
	['0' ... '9'] = C_ALL | C_ARCH | C_EPOCH,
	['.'] = C_ALL,
	['_'] = C_ALL | C_ARCH,
	['+'] = C_ALL,
	['@'] = C_ALL,
	['{'] = C_ALL,
	['}'] = C_ALL,
	['%'] = C_ALL,
	['-'] = C_NAME | C_RELEASE,
	['~'] = C_VERSION | C_RELEASE,
	['^'] = C_VERSION | C_RELEASE,
};

static bool of_form(struct str s, uint8_t form, size_t max)
{
	uint8_t all = form;
	if (s.n == 0 || s.n > max)
		return false;
	for (size_t i = 0; i < s.n; i++)
		all &= forms[(unsigned char)s.p[i]];
	return all != 0;
}

bool rpm_nevra_ok(const struct rpm_nevra *n)
{
	return of_form(n->name, C_NAME, 200) && n->name.p[0] != '.' && n->name.p[0] != '-' &&
	       of_form(n->version, C_VERSION, 120) && of_form(n->release, C_RELEASE, 120) &&
	       of_form(n->arch, C_ARCH, 40) && of_form(n->epoch, C_EPOCH, 10);
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

bool rpm_is_source(struct str arch)
{
	return str_is(arch, "src") || str_is(arch, "nosrc");
}
