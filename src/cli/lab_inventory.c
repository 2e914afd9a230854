/* SPDX-License-Identifier: Apache-2.0
 * See lab_inventory.h. Files come from anywhere: all sizes are bounded, and every line goes through
 * inventory_add(), which checks it. */
#include "cli/lab_inventory.h"
#include "base/file.h"
#include "base/intern.h"
#include "base/vec.h"
#include "format/unpack.h"
#include "proto/inventory.h"

#define FILE_MAX (256u << 20)
#define NATIVE_DEFAULT "amd64"

static bool read_all(const char *path, struct buf *out, struct err *e)
{
	AUTO(buf_done) struct buf raw = BUF_INIT(FILE_MAX);
	AUTO(unpack_free) struct unpack *u = NULL;
	if (!file_read(path, &raw, e) || !unpack_open_mem(buf_str(&raw), path, FILE_MAX, 0, &u, e))
		return false;
	for (size_t got = 1; got > 0;) {
		char *room = buf_reserve(out, 1 << 16);
		if (!room)
			return err_set(e, ERR_LIMIT, "'%s' is larger than %u bytes", path,
				       FILE_MAX);
		if (!unpack_read(u, room, 1 << 16, &got, e))
			return false;
		out->n += got;
	}
	return true;
}

/* --- package lists --- */

/* Source and source version by binary name, from a list of sources. */
struct sources {
	struct intern *names;
	VEC(struct str) source, version; /* by the number of the name */
};

static void sources_done(struct sources *s)
{
	intern_free(s->names);
	VEC_DONE(&s->source);
	VEC_DONE(&s->version);
}
AUTO_DEFINE_VALUE(struct sources, sources_done)

/* #source <TAB> version <TAB> arch <TAB> binaries, separated by blanks */
static void sources_of(struct str text, struct sources *out)
{
	struct str line;
	while (text.n > 0 && str_line(&text, &line)) {
		struct str f[4], name;
		if (str_starts(line, "#") || inventory_fields(line, f, 4) < 4)
			continue;
		struct str binaries = f[3];
		while (binaries.n > 0 && str_split(&binaries, ' ', &name)) {
			if (intern_add(out->names, name) < out->source.n)
				continue;
			VEC_PUSH(&out->source, f[0]);
			VEC_PUSH(&out->version, f[1]);
		}
	}
}

/* "dir/host.tsv" -> "dir/host.src.tsv", when that exists. */
static char *sources_path(const char *path)
{
	struct str stem = str_of(path);
	if (str_ends(stem, ".tsv"))
		stem.n -= 4;
	char *beside = xasprintf("%.*s.src.tsv", STR_ARG(stem));
	if (!file_exists(beside))
		xfree(TAKE(beside));
	return beside;
}

enum column { NAME, EPOCH, VERSION, RELEASE, ARCH, MODULE, VENDOR, COLUMNS };
static const char *const column_names[COLUMNS] = { "name", "epoch",	 "version", "release",
						   "arch", "modularity", "vendor" };
#define MAX_COLUMNS 32

static bool header(struct str line, int at[COLUMNS], const char *path, struct err *e)
{
	struct str f[MAX_COLUMNS];
	size_t n = inventory_fields((struct str) { line.p + 1, line.n - 1 }, f, MAX_COLUMNS);
	for (int c = 0; c < COLUMNS; c++) {
		at[c] = -1;
		for (size_t i = 0; i < n; i++)
			if (str_is(f[i], column_names[c]) ||
			    (c == MODULE && str_is(f[i], "modularitylabel")))
				at[c] = (int)i;
	}
	if (at[NAME] < 0 || at[VERSION] < 0)
		return err_set(e, ERR_CORRUPT,
			       "'%s': the first line names no columns 'name' and 'version'", path);
	return true;
}

static bool add_deb(struct inventory *i, const struct str f[COLUMNS], const struct sources *s,
		    struct err *e)
{
	struct str source = STR_LIT(""), version = STR_LIT("");
	uint32_t no = intern_find(s->names, f[NAME]);
	if (no != INTERN_NONE) {
		source = str_eq(s->source.p[no], f[NAME]) ? source : s->source.p[no];
		version = str_eq(s->version.p[no], f[VERSION]) ? version : s->version.p[no];
	}
	struct str line[] = {
		STR_LIT("deb"), f[NAME], f[ARCH].n ? f[ARCH] : STR_LIT(NATIVE_DEFAULT),
		f[VERSION],	source,	 version
	};
	return inventory_add(i, line, ARRAY_LEN(line), e);
}

static struct str source_of(const struct sources *s, struct str name)
{
	uint32_t no = intern_find(s->names, name);
	return no == INTERN_NONE || str_eq(s->source.p[no], name) ? STR_LIT("") : s->source.p[no];
}

/* "name:stream" of a label "name:stream:version:context". */
static struct str stream_of(struct str label)
{
	bool first = true;
	for (size_t i = 0; i < label.n; i++) {
		if (label.p[i] == ':' && !first)
			return (struct str) { label.p, i };
		first &= label.p[i] != ':';
	}
	return first ? STR_LIT("") : label; /* "(none)" */
}

static bool add_rpm(struct inventory *i, const struct str f[COLUMNS], const struct sources *s,
		    struct err *e)
{
	struct str epoch = f[EPOCH], version = f[VERSION];
	if (str_is(f[NAME], "gpg-pubkey"))
		return true; /* a key, not a package */
	if (str_starts(version, "0:"))
		version = (struct str) { version.p + 2, version.n - 2 };
	if (str_is(epoch, "0") || str_is(epoch, "(none)"))
		epoch = STR_LIT("");
	AUTO(xfree)
	char *evr = xasprintf("%.*s%s%.*s-%.*s", STR_ARG(epoch), epoch.n ? ":" : "",
			      STR_ARG(version), STR_ARG(f[RELEASE]));
	struct str line[] = {
		STR_LIT("rpm"),	      f[NAME],	f[ARCH], str_of(evr), source_of(s, f[NAME]),
		stream_of(f[MODULE]), f[VENDOR]
	};
	return inventory_add(i, line, ARRAY_LEN(line), e);
}

static bool add_apk(struct inventory *i, const struct str f[COLUMNS], const struct sources *s,
		    struct err *e)
{
	struct str line[] = { STR_LIT("apk"), f[NAME], f[ARCH].n ? f[ARCH] : STR_LIT("x86_64"),
			      f[VERSION], source_of(s, f[NAME]) };
	return inventory_add(i, line, ARRAY_LEN(line), e);
}

/* A list does not say whose packages it lists: those of RPM have a release, the others' is the os's
 * affair. */
static bool add_package(struct inventory *i, const struct str f[COLUMNS], const struct sources *s,
			const struct lab_os *os, struct err *e)
{
	if (f[RELEASE].n > 0)
		return add_rpm(i, f, s, e);
	return strcmp(os->id, "alpine") == 0 ? add_apk(i, f, s, e) : add_deb(i, f, s, e);
}

static bool add_list(struct inventory *i, const char *path, struct str text,
		     const struct sources *s, const struct lab_os *os, struct err *e)
{
	int at[COLUMNS];
	struct str line;
	if (!str_line(&text, &line) || !header(line, at, path, e))
		return false;
	for (size_t number = 2; text.n > 0 && str_line(&text, &line); number++) {
		struct str all[MAX_COLUMNS], f[COLUMNS];
		size_t n = inventory_fields(line, all, MAX_COLUMNS);
		if (line.n == 0)
			continue;
		for (int c = 0; c < COLUMNS; c++)
			f[c] = at[c] >= 0 && (size_t)at[c] < n ? all[at[c]] : STR_LIT("");
		if (f[VERSION].n > 0 && !add_package(i, f, s, os, e))
			return err_prefix(e, "'%s' line %zu", path, number);
	}
	return true;
}

static bool add_tsv(struct inventory *i, const char *path, struct str text, const struct lab_os *os,
		    struct err *e)
{
	AUTO(sources_done) struct sources s = { .names = intern_new() };
	AUTO(buf_done) struct buf beside = BUF_INIT(FILE_MAX);
	AUTO(xfree) char *src = sources_path(path);
	if (src) {
		if (!read_all(src, &beside, e))
			return false;
		sources_of(buf_str(&beside), &s);
	}
	return add_list(i, path, text, &s, os, e);
}

/* --- canonical text --- */

static bool add_canonical(struct inventory *i, struct str text, struct err *e)
{
	struct str line, f[MAX_COLUMNS];
	if (!inventory_check(text, e))
		return false;
	while (text.n > 0 && str_line(&text, &line))
		if (!str_starts(line, "os\t") &&
		    !inventory_add(i, f, inventory_fields(line, f, MAX_COLUMNS), e))
			return false;
	return true;
}

/* --- together --- */

/* The architecture of the package manager's own package is the machine's; else the usual one. */
static struct str native_of(struct str text, bool *said_out)
{
	struct str line, f[8], native = STR_LIT(NATIVE_DEFAULT);
	bool found = false;
	*said_out = false;
	while (text.n > 0 && str_line(&text, &line)) {
		size_t n = inventory_fields(line, f, ARRAY_LEN(f));
		if (n == 2 && str_is(f[0], "arch"))
			*said_out = true;
		if (n < 4 || found || str_is(f[2], "noarch"))
			continue;
		if (str_is(f[0], "rpm") || str_is(f[0], "apk"))
			native = STR_LIT("x86_64");
		found = (str_is(f[0], "deb") && str_is(f[1], "dpkg")) ||
			(str_is(f[0], "rpm") && str_is(f[1], "rpm")) ||
			(str_is(f[0], "apk") && str_is(f[1], "apk-tools"));
		if (found)
			native = f[2];
	}
	return native;
}

static bool complete(struct inventory *i, const struct lab_os *os, struct buf *out, struct err *e)
{
	AUTO(buf_done) struct buf text = BUF_INIT(INVENTORY_MAX);
	struct str line[] = { STR_LIT("os"), str_of(os->id), str_of(os->version),
			      str_of(os->codename) };
	if (!inventory_add(i, line, ARRAY_LEN(line), e) || !inventory_text(i, &text, e))
		return false;
	bool said;
	struct str arch[] = { STR_LIT("arch"), native_of(buf_str(&text), &said) };
	return (said || inventory_add(i, arch, ARRAY_LEN(arch), e)) && inventory_text(i, out, e);
}

bool lab_inventory_read(const char *path, const struct lab_os *os, struct buf *out, struct err *e)
{
	AUTO(buf_done) struct buf bytes = BUF_INIT(FILE_MAX);
	AUTO(inventory_free) struct inventory *i = inventory_new();
	if (!read_all(path, &bytes, e))
		return false;
	struct str text = buf_str(&bytes);
	bool ok;
	if (str_starts(text, "#name\t"))
		ok = add_tsv(i, path, text, os, e);
	else if (str_starts(str_trim(text), "Package:"))
		ok = inventory_add_dpkg_status(i, text, e) || err_prefix(e, "'%s'", path);
	else
		ok = add_canonical(i, text, e) ||
		     err_prefix(
			     e,
			     "'%s' is neither a dpkg status file, a package list nor an inventory",
			     path);
	return ok && complete(i, os, out, e);
}
