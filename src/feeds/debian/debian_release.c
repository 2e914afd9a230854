/* SPDX-License-Identifier: Apache-2.0
 * Release files: what a suite is and the digests of its indices (Debian Wiki RepositoryFormat).
 * Gets verified plaintext only; trusts SHA256 and nothing weaker; decides whether a verified
 * Release may be accepted now. */
#include "base/clock.h"
#include "feeds/debian/debian_int.h"
#include "feeds/ubuntu/ubuntu.h"
#include "format/deb822.h"

#define MAX_FILES 200000u
/** apt refuses a Date more than a few seconds ahead; clocks of servers drift further than that. */
#define MAX_AHEAD_MS (3600 * 1000)

enum field {
	ORIGIN,
	LABEL,
	SUITE,
	CODENAME,
	VERSION,
	DATE,
	VALID_UNTIL,
	COMPONENTS,
	ARCHITECTURES,
	NOT_AUTOMATIC,
	BUT_AUTOMATIC_UPGRADES,
	BY_HASH,
	NO_SUPPORT_ALL,
	SHA256_TABLE,
	FIELDS_
};
static const char *const wanted[] = {
	"Origin",
	"Label",
	"Suite",
	"Codename",
	"Version",
	"Date",
	"Valid-Until",
	"Components",
	"Architectures",
	"NotAutomatic",
	"ButAutomaticUpgrades",
	"Acquire-By-Hash",
	"No-Support-for-Architecture-all",
	"SHA256",
	NULL,
};
_Static_assert(ARRAY_LEN(wanted) == FIELDS_ + 1, "one name per field");

struct parsing {
	struct debian_release *r;
	bool seen;
};

static bool is_yes(struct str v)
{
	return str_is(v, "yes");
}

static bool parse_date(struct str v, const char *name, int64_t *out, struct err *e)
{
	if (!v.p)
		return true;
	if (!clock_parse_rfc2822(v, out) || *out <= 0)
		return err_set(e, ERR_CORRUPT, "Release field '%s' is not a date", name);
	return true;
}

/* "<hex> <size> <path>" */
static bool parse_line(struct str line, struct release_file *out)
{
	struct str hex, size, path;
	return deb822_word(&line, &hex) && deb822_word(&line, &size) && deb822_word(&line, &path) &&
	       str_trim(line).n == 0 && digest_parse(hex, &out->sha256) &&
	       str_to_i64(size, &out->size) && out->size >= 0 && path.n <= 300 &&
	       (out->path = path, true);
}

static bool parse_table(struct debian_release *r, struct str table, struct err *e)
{
	struct str rest = table, line;
	size_t lines = 0;
	for (size_t i = 0; i < table.n; i++)
		lines += table.p[i] == '\n';
	if (lines > MAX_FILES)
		return err_set(e, ERR_LIMIT, "Release lists more than %u files", MAX_FILES);
	r->files = arena_array(&r->arena, struct release_file, lines + 2);
	while (deb822_line(&rest, &line)) {
		struct release_file f;
		if (!parse_line(line, &f))
			return err_set(e, ERR_CORRUPT,
				       "Release field 'SHA256' has a bad line '%.80s'",
				       arena_str(&r->arena, line).p);
		f.path = arena_str(&r->arena, f.path);
		r->files[r->n_files++] = f;
	}
	return true;
}

const struct debian_brand debian_brand = { "debian", "Debian", DEBIAN_DEFAULT_KEYRING,
					   debian_version_of_codename };
const struct debian_brand debian_brand_ubuntu = { "ubuntu", "Ubuntu", UBUNTU_DEFAULT_KEYRING,
						  ubuntu_version_of_codename };

static const struct debian_brand *brand_of(struct str origin)
{
	if (str_is(origin, "Debian"))
		return &debian_brand;
	return str_starts(origin, "Ubuntu") ? &debian_brand_ubuntu : NULL;
}

/* Of Debian the first number counts, of Ubuntu all of it. */
static const char *version_of(struct debian_release *r, bool ubuntu)
{
	const char *known = ubuntu ? ubuntu_version_of_codename(r->codename)
				   : debian_version_of_codename(r->codename);
	struct str v = r->version;
	size_t n = 0;
	while (n < v.n && n < 20 && ((v.p[n] >= '0' && v.p[n] <= '9') || (ubuntu && v.p[n] == '.')))
		n++;
	return !known && n ? arena_str(&r->arena, (struct str) { v.p, n }).p : known;
}

/* "jammy-security" -> "security": Ubuntu's pockets all bear the release's codename. */
static void derive_pocket(struct debian_release *r)
{
	ptrdiff_t dash = str_find(r->suite, '-');
	struct str pocket = dash < 0 ? STR_LIT("")
				     : (struct str) { r->suite.p + dash + 1,
						      r->suite.n - (size_t)dash - 1 };
	bool apps = str_starts(pocket, "apps-") || str_is(r->origin, "UbuntuESMApps");
	bool infra = str_starts(pocket, "infra-") || str_is(r->origin, "UbuntuESM");
	r->name = r->suite;
	r->service = apps ? "esm-apps" : infra ? "esm-infra" : "";
	r->type = str_ends(pocket, "security") ? PATCH_TYPE_SECURITY
		  : pocket.n == 0	       ? PATCH_TYPE_ROLLUP
					       : PATCH_TYPE_BUGFIX;
}

static void derive_suite(struct debian_release *r)
{
	bool main_suite = str_find(r->codename, '-') < 0 && str_find(r->codename, '/') < 0;
	bool security = str_ends(r->codename, "-security") || str_ends(r->codename, "/updates") ||
			str_is(r->label, "Debian-Security");
	r->name = r->codename;
	r->type = security     ? PATCH_TYPE_SECURITY
		  : main_suite ? PATCH_TYPE_ROLLUP
			       : PATCH_TYPE_BUGFIX;
}

static bool derive(struct debian_release *r, struct err *e)
{
	r->brand = brand_of(r->origin);
	r->service = "";
	bool ubuntu = r->brand == &debian_brand_ubuntu;
	const char *version = version_of(r, ubuntu);
	if (!version)
		return err_set(e, ERR_CORRUPT,
			       "Release of codename '%.60s' is of no known %s version",
			       r->codename.p, ubuntu ? "Ubuntu" : "Debian");
	r->os = str_of(arena_printf(&r->arena, "%s:%s", ubuntu ? "ubuntu" : "debian", version));
	if (ubuntu)
		derive_pocket(r);
	else
		derive_suite(r);
	return true;
}

static bool take_stanza(void *arg, const struct deb822_stanza *s, struct err *e)
{
	struct parsing *p = arg;
	struct debian_release *r = p->r;
	const struct deb822_field *f = s->fields;
	if (p->seen)
		return err_set(e, ERR_CORRUPT, "Release has more than one stanza");
	p->seen = true;
	for (int i = 0; i < SHA256_TABLE; i++)
		if (f[i].value.n > 2000 ||
		    (f[i].value.n && memchr(f[i].value.p, '\n', f[i].value.n)))
			return err_set(e, ERR_CORRUPT, "Release field '%s' is too long", wanted[i]);
	r->origin = arena_str(&r->arena, f[ORIGIN].value);
	r->label = arena_str(&r->arena, f[LABEL].value);
	r->suite = arena_str(&r->arena, f[SUITE].value);
	r->codename = arena_str(&r->arena, f[CODENAME].value);
	r->version = arena_str(&r->arena, f[VERSION].value);
	r->components = arena_str(&r->arena, f[COMPONENTS].value);
	r->architectures = arena_str(&r->arena, f[ARCHITECTURES].value);
	r->not_automatic = is_yes(f[NOT_AUTOMATIC].value);
	r->but_automatic_upgrades = is_yes(f[BUT_AUTOMATIC_UPGRADES].value);
	r->by_hash = is_yes(f[BY_HASH].value);
	struct str archs = r->architectures, a;
	while (deb822_word(&archs, &a))
		r->all_apart |= str_is(a, "all");
	r->all_apart &= !str_is(f[NO_SUPPORT_ALL].value, "Packages");
	if (!f[DATE].value.p)
		return err_set(e, ERR_CORRUPT, "Release has no field 'Date'");
	if (r->codename.n == 0)
		return err_set(e, ERR_CORRUPT, "Release has no field 'Codename'");
	if (!f[SHA256_TABLE].value.p)
		return err_set(e, ERR_CORRUPT,
			       "Release has no field 'SHA256'; weaker digests are not accepted");
	return parse_date(f[DATE].value, "Date", &r->date_ms, e) &&
	       parse_date(f[VALID_UNTIL].value, "Valid-Until", &r->valid_until_ms, e) &&
	       parse_table(r, f[SHA256_TABLE].value, e) && derive(r, e);
}

bool debian_release_parse(struct str text, struct debian_release *out, struct err *e)
{
	AUTO(debian_release_done) struct debian_release r = { 0 };
	struct parsing p = { .r = &r };
	if (!deb822_text(text, wanted, take_stanza, &p, e))
		return false;
	if (!p.seen)
		return err_set(e, ERR_CORRUPT, "Release is empty");
	*out = r;
	r = (struct debian_release) { 0 };
	return true;
}

void debian_release_done(struct debian_release *r)
{
	arena_done(&r->arena);
}

const struct release_file *debian_release_find(const struct debian_release *r, const char *path)
{
	for (size_t i = 0; i < r->n_files; i++)
		if (str_is(r->files[i].path, path))
			return &r->files[i];
	return NULL;
}

bool debian_release_of_name(const char *codename, struct debian_release *out, struct err *e)
{
	AUTO(debian_release_done) struct debian_release r = { 0 };
	struct str name = str_of(codename);
	bool ubuntu = ubuntu_version_of_codename(name) != NULL;
	if (!ubuntu && !debian_version_of_codename(name))
		return err_set(
			e, ERR_INVALID,
			"suite '%.60s' is no codename of Debian or Ubuntu; use one such as 'bookworm-security'",
			codename);
	ptrdiff_t dash = str_find(name, '-');
	r.suite = arena_str(&r.arena, name);
	r.codename = ubuntu && dash > 0 ? arena_str(&r.arena, (struct str) { name.p, (size_t)dash })
					: r.suite;
	r.origin = ubuntu ? STR_LIT("Ubuntu") : STR_LIT("");
	r.label = r.version = r.components = r.architectures = STR_LIT("");
	bool backports = strstr(codename, "-backports") != NULL;
	r.not_automatic = backports || str_is(name, "experimental");
	r.but_automatic_upgrades = backports;
	if (!derive(&r, e))
		return false;
	*out = r;
	r = (struct debian_release) { 0 };
	return true;
}

/* "bookworm/updates" was asked where Codename says "bookworm", too. */
static bool is_named(const struct debian_release *r, const char *asked)
{
	if (str_is(r->suite, asked) || str_is(r->codename, asked))
		return true;
	struct str a = str_of(asked);
	if (!str_ends(a, "/updates"))
		return false;
	a.n -= strlen("/updates");
	return str_eq(r->codename, a) || str_eq(r->suite, a);
}

bool debian_release_accept(const struct debian_release *r, const char *asked,
			   const struct feed_last *last, int64_t now_ms, struct err *e)
{
	char when[CLOCK_RFC3339_LEN];
	if (asked && !is_named(r, asked))
		return err_set(
			e, ERR_UNTRUSTED,
			"mirror answers with suite '%.40s' (codename '%.40s') where '%.60s' was asked; "
			"check the mirror's address",
			r->suite.p, r->codename.p, asked);
	/* Nor may one vendor sign another's releases. */
	bool foreign = r->brand == &debian_brand_ubuntu && debian_version_of_codename(r->codename);
	if (asked && (!r->brand || foreign))
		return err_set(e, ERR_UNTRUSTED,
			       "suite '%.60s' is of origin '%.40s', not of Debian", asked,
			       r->origin.p);
	if (r->not_automatic && !r->but_automatic_upgrades)
		return err_set(
			e, ERR_INVALID,
			"suite '%.60s' offers nothing by itself (NotAutomatic); leave it out",
			r->suite.p);
	if (r->date_ms < last->released_ms)
		return err_set(
			e, ERR_UNTRUSTED,
			"Date went back: suite is of %s, older than what was accepted before; the mirror is "
			"stale or somebody replays old data",
			clock_rfc3339(r->date_ms, when));
	if (now_ms && r->date_ms > now_ms + MAX_AHEAD_MS)
		return err_set(e, ERR_UNTRUSTED,
			       "suite was signed in the future (%s); check this server's clock",
			       clock_rfc3339(r->date_ms, when));
	if (now_ms && r->valid_until_ms && r->valid_until_ms < now_ms)
		return err_set(
			e, ERR_UNTRUSTED,
			"suite expired on %s (Valid-Until); the mirror is no longer updated, use another one",
			clock_rfc3339(r->valid_until_ms, when));
	return true;
}
