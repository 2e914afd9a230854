/* SPDX-License-Identifier: Apache-2.0
 * Vendor files as generations, without a server. A suite's directory goes through the very same
 * sync as a mirror (signature included), on the local backend; a lone index is taken as it is and
 * its records say that nothing was signed. */
#include "feeds/lab/lab.h"
#include "base/file.h"
#include "feeds/lab/lab_int.h"
#include "feeds/lab/lab_notices.h"
#include "feeds/lab/lab_rpm.h"
#include "feeds/local.h"

#include <dirent.h>
#include <sys/stat.h>

const struct lab_kind lab_kinds[] = {
	{ "debian",
	  "Packages index (plain, .xz, .gz), or a suite's directory with InRelease (verified)",
	  true },
	{ "debian-release", "InRelease or Release; verified when --keyring is given", false },
	{ "debian-sources", "Sources index (plain, .xz, .gz)", false },
	{ "debian-dsa", "the security tracker's data/DSA/list or data/DLA/list", true },
	{ "debian-tracker", "the security tracker's JSON", true },
	{ "updateinfo", "updateinfo.xml of an RPM repository (plain, .gz, .bz2, .xz, .zst)", true },
	{ "rpm-repo", "an RPM repository: the directory that holds repodata/", true },
	{ "rpm-hotfix-repo", "the same, where dnf has module_hotfixes=1 for it", true },
	{ "rpm-primary", "primary.xml of an RPM repository (the same forms)", false },
	{ "modules", "modules.yaml of an RPM repository (the same forms)", false },
	{ "repomd", "repomd.xml of an RPM repository", false },
	{ "kev", "CISA's known exploited vulnerabilities (JSON or CSV)", false },
	{ "epss", "FIRST's EPSS scores (CSV, any layout)", false },
	{ "endoflife", "endoflife.date: API v1 or a product's front matter", false },
	{ "osv", "OSV records: a file of one or many, or a tar of files", true },
	{ "usn", "Ubuntu's notices database (database-all.json)", true },
	{ "csaf", "Red Hat's CSAF or VEX: a document, or a tar of documents", true },
	{ "alpine-secdb", "Alpine's security database of a repository (JSON)", true },
	{ "arch", "Arch's groups of vulnerabilities (JSON)", false },
	{ NULL, NULL, false },
};

bool lab_is_dir(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool read_body(void *arg, struct str bytes, struct err *e)
{
	buf_addstr(arg, bytes);
	return buf_ok(arg, "file", e);
}

bool lab_read(const char *file, size_t max, struct buf *out, struct err *e)
{
	AUTO(buf_done) struct buf raw = BUF_INIT(max);
	AUTO(unpack_free) struct unpack *u = NULL;
	if (!file_read(file, &raw, e) || !unpack_open_mem(buf_str(&raw), file, max, 0, &u, e))
		return false;
	AUTO(xfree) char *chunk = xmalloc(1u << 16);
	for (size_t got = 1; got;)
		if (!unpack_read(u, chunk, 1u << 16, &got, e) ||
		    !read_body(out, (struct str) { chunk, got }, e))
			return false;
	return true;
}

void lab_unwrap(struct str document, struct buf *out)
{
	struct str rest = document, line;
	if (!str_starts(document, "-----BEGIN PGP SIGNED MESSAGE-----")) {
		buf_addstr(out, document);
		return;
	}
	while (str_line(&rest, &line) && line.n)
		; /* armour headers end at the empty line */
	while (str_line(&rest, &line) && !str_starts(line, "-----BEGIN PGP SIGNATURE-----")) {
		if (str_starts(line, "- "))
			line = (struct str) { line.p + 2, line.n - 2 };
		buf_addstr(out, line);
		buf_addc(out, '\n');
	}
}

static bool release_in(const char *dir, struct debian_release *out, bool *found_out, struct err *e)
{
	static const char *const names[] = { "Release", "InRelease" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO(xfree) char *path = file_join(dir, names[i]);
		AUTO(buf_done)
		struct buf raw = BUF_INIT(DEBIAN_MAX_RELEASE), text = BUF_INIT(DEBIAN_MAX_RELEASE);
		if (!file_exists(path))
			continue;
		*found_out = true;
		if (!file_read(path, &raw, e))
			return false;
		lab_unwrap(buf_str(&raw), &text);
		return debian_release_parse(buf_str(&text), out, e) || err_prefix(e, "'%s'", path);
	}
	*found_out = false;
	return true;
}

bool lab_release_of_index(const char *file, const struct lab_options *opt,
			  struct debian_release *out, struct err *e)
{
	if (opt && opt->suite)
		return debian_release_of_name(opt->suite, out, e);
	AUTO(xfree) char *path = realpath(file, NULL);
	if (!path)
		return err_set(e, ERR_NOT_FOUND, "'%s' is not there", file);
	for (int i = 0; i < 5; i++) { /* its own directory and four above */
		char *slash = strrchr(path, '/');
		bool found = false;
		if (!slash || slash == path)
			break;
		*slash = '\0';
		if (!release_in(path, out, &found, e))
			return false;
		if (found)
			return true;
	}
	return err_set(e, ERR_INVALID,
		       "'%s' has no InRelease or Release near it; name the suite with --suite",
		       file);
}

/* --- a suite's directory
 * -------------------------------------------------------------------------- */

static int plain_name(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static int binary_name(const struct dirent *d)
{
	return strncmp(d->d_name, "binary-", 7) == 0;
}

struct found {
	struct arena arena;
	VEC(const char *) components, archs; /* NULL-terminated by find_parts */
};

static void found_done(struct found *f)
{
	arena_done(&f->arena);
	VEC_DONE(&f->components);
	VEC_DONE(&f->archs);
}
AUTO_DEFINE_VALUE(struct found, found_done)

static bool listed(const char *const *l, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(l[i], name) == 0)
			return true;
	return false;
}

static void find_archs(struct found *f, const char *dir, const char *component)
{
	struct dirent **names = NULL;
	AUTO(xfree) char *path = file_join(dir, component);
	int n = scandir(path, &names, binary_name, alphasort);
	if (n > 0)
		VEC_PUSH(&f->components, arena_strdup(&f->arena, component));
	for (int i = 0; i < n; i++) {
		const char *arch = names[i]->d_name + 7;
		if (!listed(f->archs.p, f->archs.n, arch))
			VEC_PUSH(&f->archs, arena_strdup(&f->arena, arch));
		xfree(names[i]);
	}
	xfree(names);
}

static bool find_parts(struct found *f, const char *dir, struct err *e)
{
	struct dirent **names = NULL;
	int n = scandir(dir, &names, plain_name, alphasort);
	for (int i = 0; i < n; i++) {
		find_archs(f, dir, names[i]->d_name);
		xfree(names[i]);
	}
	xfree(names);
	if (!f->components.n)
		return err_set(e, ERR_NOT_FOUND, "'%s' holds no packages (main/binary-<arch>)",
			       dir);
	VEC_PUSH(&f->components, (const char *)NULL);
	VEC_PUSH(&f->archs, (const char *)NULL);
	return true;
}

bool lab_each_index(const char *dir, bool (*fn)(void *arg, const char *path, struct err *e),
		    void *arg, struct err *e)
{
	static const char *const ends[] = { ".xz", ".gz", "" };
	AUTO(found_done) struct found f = { 0 };
	if (!find_parts(&f, dir, e))
		return false;
	for (size_t c = 0; f.components.p[c]; c++)
		for (size_t a = 0; f.archs.p[a]; a++)
			for (size_t k = 0; k < ARRAY_LEN(ends); k++) {
				AUTO(xfree)
				char *path = xasprintf("%s/%s/binary-%s/Packages%s", dir,
						       f.components.p[c], f.archs.p[a], ends[k]);
				if (!file_exists(path))
					continue;
				if (!fn(arg, path, e))
					return false;
				break;
			}
	return true;
}

static void name_feed(const char *dir, const struct lab_options *opt, char *out, size_t size)
{
	struct debian_release r = { 0 };
	struct err ignored = { 0 };
	bool found = false;
	/* Only for the feed's name in reports; what counts is verified by the sync. */
	bool good = release_in(dir, &r, &found, &ignored) && found;
	snprintf(out, size, "%s/%s", good && r.brand ? r.brand->name : "debian",
		 good ? r.name.p : "unknown");
	debian_release_done(&r);
}

bool lab_sync_dir(const char *dir, const struct lab_options *opt, struct generation_result *out,
		  struct err *e)
{
	AUTO(found_done) struct found f = { 0 };
	char id[150];
	struct feed_env env = { .fetch = feed_local, .now_ms = opt ? opt->now_ms : 0 };
	if (!find_parts(&f, dir, e))
		return false;
	name_feed(dir, opt, id, sizeof(id));
	struct debian_suite s = { .feed_id = id,
				  .url = dir,
				  .dir = dir,
				  .components = f.components.p,
				  .architectures = f.archs.p,
				  .keyrings = opt ? opt->keyrings : NULL };
	return debian_sync_suite(&s, &env, out, e);
}

/* --- generations ---------------------------------------------------------------------------------
 */

/* The sink's memory is handed to the generation: one block with the strings behind the records. */
static struct generation keep(const struct generation *g)
{
	const struct feed_info *f = &g->feed;
	struct generation out = *g;
	size_t n = g->records.n + f->id.n + f->kind.n + f->url.n + f->signer.n + 5;
	char *at = xmalloc(n);
	struct str *fields[] = { &out.records, &out.feed.id, &out.feed.kind, &out.feed.url,
				 &out.feed.signer };
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (fields[i]->n)
			memcpy(at, fields[i]->p, fields[i]->n);
		at[fields[i]->n] = '\0';
		fields[i]->p = at;
		at += fields[i]->n + 1;
	}
	return out;
}

static bool lone_index(const char *file, const struct lab_options *opt,
		       struct generation_result *out, struct err *e)
{
	AUTO(debian_release_done) struct debian_release r = { 0 };
	AUTO(debian_group_free) struct debian_group *group = debian_group_new();
	AUTO(unpack_free) struct unpack *u = NULL;
	AUTO(buf_done) struct buf raw = BUF_INIT(DEBIAN_MAX_INDEX);
	if (!lab_release_of_index(file, opt, &r, e) || !file_read(file, &raw, e) ||
	    !unpack_open_mem(buf_str(&raw), file, DEBIAN_MAX_INDEX_PLAIN, 0, &u, e) ||
	    !debian_packages_read(u, file, debian_group_add, group, e))
		return false;
	const char *brand = r.brand ? r.brand->name : "debian";
	AUTO(xfree) char *id = xasprintf("%s/%s", brand, r.name.p);
	struct feed_info feed = { .id = str_of(id),
				  .kind = str_of(brand),
				  .url = STR_LIT("file:"),
				  .released_ms = r.date_ms,
				  .signer = STR_LIT("") };
	struct archive archive = { .id = STR_LIT("file"),
				   .url = STR_LIT("file:"),
				   .suite = r.name,
				   .release_components = STR_LIT(""),
				   .keyring = STR_LIT(""),
				   .os = r.os };
	out->sink = sink_new(&feed);
	out->offers = debian_group_offers(group);
	return sink_archive(out->sink, &archive, e) && debian_group_emit(group, &r, out->sink, e) &&
	       sink_finish(out->sink, &out->generation.records, &out->generation.feed, e);
}

static bool one(const char *kind, const struct lab_files *l, struct generation_result *out,
		struct err *e)
{
	const char *file = l->files[l->at];
	const struct lab_options *opt = l->opt;
	if (lab_rpm_makes(kind))
		return lab_rpm_sync(kind, l, out, e);
	if (strcmp(kind, "debian") == 0)
		return lab_is_dir(file) ? lab_sync_dir(file, opt, out, e)
					: lone_index(file, opt, out, e);
	if (lab_notices_knows(kind))
		return lab_notices_sync(kind, file, out, e);
	struct feed_env env = { .fetch = feed_local };
	struct debian_notice_source s = { .feed_id = kind, .url = file };
	s.kind = strcmp(kind, "debian-tracker") == 0 ? DEBIAN_TRACKER_JSON : DEBIAN_DSA_LIST;
	return debian_sync_notices(&s, &env, out, e);
}

static bool known(const char *kind, bool generation, struct err *e)
{
	for (const struct lab_kind *k = lab_kinds; k->name; k++)
		if (strcmp(k->name, kind) == 0 && (k->generation || !generation))
			return true;
	return err_set(e, ERR_INVALID,
		       "feed kind '%.40s' is not known here; 'tsukuroi feed kinds' lists them",
		       kind);
}

bool feeds_lab_generation(const char *kind, const char *const *files, size_t n,
			  const struct lab_options *opt, struct generation **out, size_t *n_out,
			  struct err *e)
{
	if (!known(kind, true, e))
		return false;
	struct generation *g = xcalloc(n + 1, sizeof(*g));
	for (size_t i = 0; i < n; i++) {
		AUTO(generation_result_done) struct generation_result r = { 0 };
		struct lab_files l = { files, n, i, opt };
		if (!one(kind, &l, &r, e)) {
			feeds_lab_generations_free(g, i);
			return err_prefix(e, "'%s'", files[i]);
		}
		g[i] = keep(&r.generation);
	}
	*out = g;
	*n_out = n;
	return true;
}

void feeds_lab_generations_free(struct generation *g, size_t n)
{
	for (size_t i = 0; i < n; i++)
		xfree((char *)g[i].records.p);
	xfree(g);
}
