/* SPDX-License-Identifier: Apache-2.0
 * Packages indices to offers, streamed. Every stanza must name package, version, architecture,
 * file, size and SHA-256 in the forms Debian Policy 5.6 allows; one that does not spoils the index
 * (all or nothing). MD5 and SHA-1 are not looked at. Offers are views into the stanza: no
 * allocation. */
#include "feeds/debian/debian_int.h"
#include "feeds/read/pipe.h"
#include "format/deb822.h"

enum field { PACKAGE, VERSION, ARCHITECTURE, SOURCE, FILENAME, SIZE, SHA256_SUM, PHASED, FIELDS_ };
static const char *const wanted[] = {
	"Package",  "Version", "Architecture", "Source",
	"Filename", "Size",    "SHA256",       "Phased-Update-Percentage",
	NULL,
};
_Static_assert(ARRAY_LEN(wanted) == FIELDS_ + 1, "one name per field");

struct debian_packages {
	struct deb822 *reader;
	debian_offer_fn fn;
	void *arg;
};

enum { C_NAME = 1, C_VERSION = 2, C_ARCH = 4 };

/* Which of the three forms a character may occur in. */
static const uint8_t forms[256] = {
	['a' ... 'z'] = C_NAME | C_VERSION | C_ARCH,
	['0' ... '9'] = C_NAME | C_VERSION | C_ARCH,
	['A' ... 'Z'] = C_VERSION,
	['+'] = C_NAME | C_VERSION,
	['.'] = C_NAME | C_VERSION,
	['-'] = C_NAME | C_VERSION | C_ARCH,
	['~'] = C_VERSION,
	[':'] = C_VERSION,
};

static bool of_form(struct str s, uint8_t form, size_t max)
{
	if (s.n == 0 || s.n > max)
		return false;
	uint8_t all = form;
	for (size_t i = 0; i < s.n; i++)
		all &= forms[(unsigned char)s.p[i]];
	return all != 0;
}

static bool bad(const struct deb822_stanza *s, int field, struct err *e)
{
	return err_set(e, ERR_CORRUPT, "stanza at line %llu: field '%s' is %s",
		       (unsigned long long)s->line, wanted[field],
		       s->fields[field].value.p ? "not of the form it must have" : "missing");
}

/* "name", or "name (version)" when the versions differ. */
static bool split_source(const struct deb822_field *f, struct debian_offer *o)
{
	struct str v = f[SOURCE].value;
	o->source = o->package;
	o->source_version = o->version;
	if (!v.p)
		return true;
	ptrdiff_t open = str_find(v, '(');
	if (open >= 0) {
		if (v.p[v.n - 1] != ')')
			return false;
		o->source_version = str_trim(
			(struct str) { v.p + open + 1, v.n - (size_t)open - 2 });
		v.n = (size_t)open;
	}
	o->source = str_trim(v);
	return of_form(o->source, C_NAME, 200) && of_form(o->source_version, C_VERSION, 250);
}

static bool take_stanza(void *arg, const struct deb822_stanza *s, struct err *e)
{
	struct debian_packages *p = arg;
	const struct deb822_field *f = s->fields;
	struct debian_offer o = { .package = f[PACKAGE].value,
				  .version = f[VERSION].value,
				  .architecture = f[ARCHITECTURE].value,
				  .filename = f[FILENAME].value };
	if (!of_form(o.package, C_NAME, 200))
		return bad(s, PACKAGE, e);
	if (!of_form(o.version, C_VERSION, 250))
		return bad(s, VERSION, e);
	if (!of_form(o.architecture, C_ARCH, 40))
		return bad(s, ARCHITECTURE, e);
	if (!split_source(f, &o))
		return bad(s, SOURCE, e);
	if (o.filename.n == 0)
		return bad(s, FILENAME, e);
	if (!str_to_i64(f[SIZE].value, &o.size) || o.size < 0)
		return bad(s, SIZE, e);
	if (!digest_parse(f[SHA256_SUM].value, &o.sha256))
		return bad(s, SHA256_SUM, e);
	if (f[PHASED].value.n) {
		int64_t percent;
		if (!str_to_i64(f[PHASED].value, &percent) || percent < 0 || percent > 100)
			return bad(s, PHASED, e);
		o.withheld = (uint8_t)(100 - percent);
	}
	return p->fn(p->arg, &o, e);
}

struct debian_packages *debian_packages_new(debian_offer_fn fn, void *arg)
{
	struct debian_packages *p = xcalloc(1, sizeof(*p));
	p->fn = fn;
	p->arg = arg;
	p->reader = deb822_new(wanted, take_stanza, p);
	return p;
}

void debian_packages_free(struct debian_packages *p)
{
	if (!p)
		return;
	deb822_free(p->reader);
	xfree(p);
}

bool debian_packages_feed(void *packages, struct str bytes, struct err *e)
{
	struct debian_packages *p = packages;
	return deb822_feed(p->reader, bytes, e);
}

bool debian_packages_end(struct debian_packages *p, struct err *e)
{
	return deb822_end(p->reader, e);
}

bool debian_packages_read(struct unpack *u, const char *what, debian_offer_fn fn, void *arg,
			  struct err *e)
{
	AUTO(debian_packages_free) struct debian_packages *p = debian_packages_new(fn, arg);
	if (!pipe_run(u, debian_packages_feed, p, e) || !debian_packages_end(p, e))
		return err_prefix(e, "index '%s'", what);
	return true;
}
