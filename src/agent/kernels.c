/* SPDX-License-Identifier: Apache-2.0
 * Kernel releases and their packages, as distributions name them (tests/agent/kernels.tsv).
 * Invariants: a package of another flavour never makes a reboot needed; a package that is not fully
 * there never counts; what cannot be told is "unknown", not guessed. */
#include "agent/kernels.h"
#include "pkgver/pkgver.h"

#include <stdio.h>

/* What a kernel is called where it runs and where it is packaged. */
struct image {
	struct str key;	    /* equal for a running kernel and the packages that may succeed it */
	struct str family;  /* package family; several may share a key, and then only one is ours */
	struct str version; /* to be compared */
	struct str release; /* as uname -r says it */
};

/* --- Debian, Ubuntu, Proxmox, Raspberry Pi OS: the release stands in the package's name ---------
 */

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Flavours that begin with a digit: 486, 586, 686 (i386) and 4kc, 5kc (mips). */
static bool numeric_flavour(struct str segment, size_t index)
{
	static const char *const words[] = { "486", "586", "686", "4kc", "5kc" };
	for (size_t i = 0; index >= 1 && i < ARRAY_LEN(words); i++) {
		if (str_is(segment, words[i]))
			return true;
	}
	return false;
}

bool kernels_split(struct str release, struct kernels_release *out)
{
	if (!release.n || !digit(release.p[0]))
		return false;
	struct str rest = release, segment;
	size_t index = 0;
	while (str_split(&rest, '-', &segment)) {
		/* "rc1" belongs to the version of a release candidate */
		bool version = segment.n && digit(segment.p[0]) && !numeric_flavour(segment, index);
		bool candidate = segment.n > 2 && str_starts(segment, "rc") && digit(segment.p[2]);
		if (!version && !candidate)
			break;
		index++;
		if (!rest.p)
			return false; /* all version, no flavour */
	}
	size_t at = (size_t)(segment.p - release.p);
	if (at == 0 || segment.n == 0)
		return false;
	out->version = (struct str) { release.p, at - 1 };
	out->flavour = (struct str) { release.p + at, release.n - at };
	return true;
}

static bool deb_release(struct str package, struct str *release_out)
{
	static const char *const heads[] = { "linux-image-unsigned-", "linux-image-",
					     "proxmox-kernel-", "pve-kernel-" };
	static const char *const tails[] = { "-unsigned", "-signed" };
	size_t h = 0;
	while (h < ARRAY_LEN(heads) && !str_starts(package, heads[h]))
		h++;
	if (h == ARRAY_LEN(heads) || str_ends(package, "-dbg") || str_ends(package, "-dbgsym"))
		return false;
	size_t head = strlen(heads[h]);
	struct str r = { package.p + head, package.n - head };
	for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
		if (str_ends(r, tails[i]))
			r.n -= strlen(tails[i]);
	}
	struct kernels_release parts;
	/* "6.1" or "6.1-amd64" alone names a meta package: real releases have three numbers or an
	 * ABI number (proxmox-kernel-6.8 is a meta package, 6.8.12-4-pve is not). */
	if (!kernels_split(r, &parts))
		return false;
	size_t dots = 0, dashes = 0;
	for (size_t i = 0; i < parts.version.n; i++) {
		dots += parts.version.p[i] == '.';
		dashes += parts.version.p[i] == '-';
	}
	if (dots < 2 && dashes == 0)
		return false;
	*release_out = r;
	return true;
}

/* The package version inside uname -v: Debian "#1 SMP PREEMPT_DYNAMIC Debian 6.1.123-1
 * (2025-01-02)". Ubuntu gives only the upload number, "#101-Ubuntu SMP ..." or
 * "#45~22.04.1-Ubuntu", to which the release's ABI is put in front. Empty when neither. */
static struct str running_version(struct str version, struct str release_version, char out[200])
{
	const char *p = memmem(version.p, version.n, " Debian ", 8);
	if (p) {
		struct str rest = { p + 8, version.n - (size_t)(p + 8 - version.p) }, word;
		if (str_split(&rest, ' ', &word) && word.n && word.n < 100 && digit(word.p[0]))
			return word;
	}
	p = memmem(version.p, version.n, "-Ubuntu", 7);
	if (p && version.p[0] == '#' && release_version.n < 100) {
		int n = (int)(p - version.p - 1);
		if (n > 0 && n < 60) {
			int w = snprintf(out, 200, "%.*s.%.*s", STR_ARG(release_version), n,
					 version.p + 1);
			return (struct str) { out, (size_t)w };
		}
	}
	return (struct str) { "", 0 };
}

static bool deb_running(struct str release, struct image *out)
{
	struct kernels_release r;
	if (!kernels_split(release, &r))
		return false;
	*out = (struct image) { r.flavour, r.flavour, r.version, release };
	return true;
}

static bool deb_image(const struct pkgdb_package *p, struct image *out)
{
	struct str release;
	return deb_release(p->name, &release) && deb_running(release, out);
}

/* The same release, rebuilt in place: only the package's version and uname -v tell. */
static bool deb_rebuilt(const struct pkgdb_package *p, const struct image *i,
			const struct image *running, struct str version)
{
	char scratch[200];
	if (!str_eq(i->release, running->release) || !p->version.n)
		return false;
	struct str now = running_version(version, running->version, scratch);
	return now.n && deb_compare(p->version, now) > 0;
}

/* --- RHEL and its family, Fedora, Oracle, Amazon: version-release.arch[+variant] ----------------
 */

static struct str without_epoch(struct str evr)
{
	ptrdiff_t colon = str_find(evr, ':');
	return colon < 0 ? evr : (struct str) { evr.p + colon + 1, evr.n - (size_t)colon - 1 };
}

static bool contains(struct str s, const char *needle)
{
	return memmem(s.p, s.n, needle, strlen(needle)) != NULL;
}

/* Kernels that share a name's form but never succeed each other are told by their release. */
static const char *rhel_class(struct str version)
{
	const char *rt = memmem(version.p, version.n, ".rt", 3);
	if (contains(version, "uek"))
		return "uek";
	if (contains(version, ".elrepo"))
		return "elrepo";
	if (contains(version, "centos.plus"))
		return "plus";
	return rt && rt + 3 < version.p + version.n && digit(rt[3]) ? "rt" : "";
}

/* "kernel", "kernel-rt", "kernel6.12", ...: the family whose packages hold an image, and its
 * variant. Before there were "-core" packages the family's own package held it. */
static bool rhel_family(struct str name, struct str *family_out, const char **variant_out)
{
	static const char *const known[][2] = {
		{ "", "" },
		{ "-rt", "rt" },
		{ "-debug", "debug" },
		{ "-rt-debug", "rt-debug" },
		{ "-64k", "64k" },
		{ "-64k-debug", "64k-debug" },
		{ "-16k", "16k" },
		{ "-rt-64k", "rt-64k" },
		{ "-uek", "" },
		{ "-uek-debug", "debug" },
		{ "-ml", "" },
		{ "-lt", "" },
		{ "-plus", "" },
		{ "-zfcpdump", "zfcpdump" },
		{ "-PAE", "PAE" },
	};
	if (!str_starts(name, "kernel"))
		return false;
	if (str_ends(name, "-core"))
		name.n -= strlen("-core");
	struct str rest = { name.p + 6, name.n - 6 };
	*family_out = name;
	*variant_out = "";
	if (rest.n && strspn(rest.p, "0123456789.") >= rest.n) /* kernel6.12 */
		return true;
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (str_is(rest, known[i][0])) {
			*variant_out = known[i][1];
			return true;
		}
	}
	return false;
}

static struct str rhel_key(struct arena *a, struct str version, struct str arch, struct str variant)
{
	const char *class = rhel_class(version);
	/* A release with "rt" in it (up to RHEL 8) says so without a "+rt" behind it. */
	if (!strcmp(class, "rt") && str_starts(variant, "rt")) {
		size_t cut = MIN(variant.n, 3u);
		variant = (struct str) { variant.p + cut, variant.n - cut };
	}
	return str_of(arena_printf(a, "%s/%.*s/%.*s", class, STR_ARG(arch), STR_ARG(variant)));
}

static bool rhel_running(struct str release, struct arena *a, struct image *out)
{
	static const char *const arches[] = { ".x86_64", ".aarch64", ".ppc64le", ".s390x",
					      ".i686",	 ".armv7hl", ".riscv64", ".ppc64" };
	for (size_t i = 0; i < ARRAY_LEN(arches); i++) {
		const char *at = memmem(release.p, release.n, arches[i], strlen(arches[i]));
		if (!at)
			continue;
		const char *end = at + strlen(arches[i]), *stop = release.p + release.n;
		if (end < stop && *end != '+' && *end != '.')
			continue;
		struct str version = { release.p, (size_t)(at - release.p) };
		struct str variant = { end, end < stop ? (size_t)(stop - end - 1) : 0 };
		variant.p += end < stop;
		*out = (struct image) {
			.key = rhel_key(a, version, str_of(arches[i] + 1), variant),
			.version = version,
			.release = release,
		};
		return true;
	}
	return false;
}

static bool rhel_image(const struct pkgdb_package *p, struct arena *a, struct image *out)
{
	const char *variant;
	struct str family;
	if (!rhel_family(p->name, &family, &variant))
		return false;
	struct str version = without_epoch(p->version);
	bool rt = !strcmp(rhel_class(version), "rt") && !strncmp(variant, "rt", 2);
	const char *shown = rt ? variant + MIN(strlen(variant), 3u) : variant;
	*out = (struct image) {
		.key = rhel_key(a, version, p->arch, str_of(variant)),
		.family = family,
		.version = version,
		.release = str_of(arena_printf(a, "%.*s.%.*s%s%s", STR_ARG(version),
					       STR_ARG(p->arch), shown[0] ? "+" : "", shown)),
	};
	return true;
}

/* --- SUSE: version-release-flavour, where the package's release has a rebuild count more ---------
 */

static bool suse_running(struct str release, struct image *out)
{
	struct str rest = release, version, number, flavour;
	if (!str_split(&rest, '-', &version) || !str_split(&rest, '-', &number) || !rest.p ||
	    !version.n || !digit(version.p[0]) || !number.n || !digit(number.p[0]))
		return false;
	flavour = rest;
	if (!flavour.n || digit(flavour.p[0]) || str_find(flavour, '-') >= 0)
		return false;
	version.n = (size_t)(flavour.p - 1 - version.p);
	*out = (struct image) { flavour, flavour, version, release };
	return true;
}

/* "150500.55.88.1" is release 150500.55.88, rebuilt once. kernel-default-base adds its own release:
 * "150500.55.88.1.150500.6.40.1". */
static struct str suse_release(struct str evr, bool base)
{
	struct str rest = evr, part;
	const char *release = memchr(evr.p, '-', evr.n);
	if (!release)
		return evr;
	if (base) {
		rest = (struct str) { release + 1, evr.n - (size_t)(release + 1 - evr.p) };
		char again[40];
		if (str_split(&rest, '.', &part) && part.n < sizeof(again) - 2 && rest.p) {
			int n = snprintf(again, sizeof(again), ".%.*s.", STR_ARG(part));
			const char *at = memmem(rest.p, rest.n, again, (size_t)n);
			if (at)
				evr.n = (size_t)(at - evr.p);
		}
	}
	for (size_t i = evr.n; i > (size_t)(release + 1 - evr.p); i--) {
		if (evr.p[i - 1] == '.')
			return (struct str) { evr.p, i - 1 };
	}
	return evr;
}

static bool suse_image(const struct pkgdb_package *p, struct arena *a, struct image *out)
{
	static const char *const known[] = { "default",	 "default-base", "rt",	"rt_debug",
					     "azure",	 "preempt",	 "pae", "vanilla",
					     "debug",	 "64kb",	 "xen", "kvmsmall",
					     "longterm", "lpae",	 "coco" };
	if (!str_starts(p->name, "kernel-"))
		return false;
	struct str flavour = { p->name.p + 7, p->name.n - 7 };
	size_t i = 0;
	while (i < ARRAY_LEN(known) && !str_is(flavour, known[i]))
		i++;
	if (i == ARRAY_LEN(known))
		return false;
	bool base = str_ends(flavour, "-base");
	flavour.n -= base ? strlen("-base") : 0;
	struct str version = suse_release(without_epoch(p->version), base);
	*out = (struct image) { flavour, flavour, version,
				str_of(arena_printf(a, "%.*s-%.*s", STR_ARG(version),
						    STR_ARG(flavour))) };
	return true;
}

/* --- the judgement ------------------------------------------------------------------------------
 */

struct system {
	const struct pkgdb *db;
	struct arena *a;
	struct image running;
	bool known, suse;
};

static bool image_of(const struct system *s, const struct pkgdb_package *p, struct image *out)
{
	if (p->state != PKGDB_INSTALLED && p->state != PKGDB_TRIGGERS && p->state != PKGDB_STALE &&
	    p->state != PKGDB_TWIN)
		return false;
	if (s->db->kind == PKGDB_DEB)
		return deb_image(p, out);
	/* Both know a "kernel-rt": the running kernel's form decides; without one, or with another
	 * distribution's, the key matches nothing. */
	return s->suse ? suse_image(p, s->a, out) || rhel_image(p, s->a, out)
		       : rhel_image(p, s->a, out) || suse_image(p, s->a, out);
}

static int compare(const struct system *s, struct str a, struct str b)
{
	return s->db->kind == PKGDB_DEB ? deb_compare(a, b) : rpm_compare(a, b);
}

/* The family the running kernel comes from: that of the package which holds it, else the only one
 * that could. False when several could. */
static bool find_family(struct system *s, bool *images_out, struct str *family_out)
{
	bool several = false;
	*images_out = false;
	*family_out = (struct str) { 0 };
	for (size_t i = 0; i < s->db->n; i++) {
		struct image im;
		if (!image_of(s, &s->db->packages[i], &im))
			continue;
		*images_out = true;
		if (!s->known || !str_eq(im.key, s->running.key))
			continue;
		if (compare(s, im.version, s->running.version) == 0) {
			*family_out = im.family;
			return true;
		}
		several |= family_out->p && !str_eq(*family_out, im.family);
		*family_out = im.family;
	}
	return family_out->p && !several;
}

void kernels_judge(const struct pkgdb *db, struct str release, struct str version, struct arena *a,
		   struct kernels_verdict *out)
{
	struct system s = { .db = db, .a = a };
	struct image newest = { 0 };
	struct str family;
	bool images = false;
	const struct str none = STR_LIT("");
	*out = (struct kernels_verdict) {
		.why = "none", .running = release, .newest = none, .flavour = none, .package = none
	};
	if (db->kind == PKGDB_DEB)
		s.known = deb_running(release, &s.running);
	else
		s.known = rhel_running(release, a, &s.running) ||
			  (s.suse = suse_running(release, &s.running));
	if (!find_family(&s, &images, &family)) {
		out->why = images ? "unknown" : "none";
		if (s.running.family.p)
			out->flavour = s.running.family;
		return;
	}
	out->flavour = family;
	for (size_t i = 0; i < db->n; i++) {
		const struct pkgdb_package *p = &db->packages[i];
		struct image im;
		if (!image_of(&s, p, &im) || !str_eq(im.key, s.running.key) ||
		    !str_eq(im.family, family))
			continue;
		out->needed |= db->kind == PKGDB_DEB && deb_rebuilt(p, &im, &s.running, version);
		if (!newest.version.p || compare(&s, im.version, newest.version) > 0) {
			newest = im;
			out->package = p->name;
		}
	}
	out->newest = newest.release;
	out->needed |= compare(&s, newest.version, s.running.version) > 0;
	if (out->needed)
		out->why = "kernel";
}
