/* SPDX-License-Identifier: Apache-2.0
 * RPM repositories and their advisories as generations, from local files. A directory goes through
 * the very same sync as a mirror; a lone updateinfo.xml gives its advisories, and modules.yaml
 * files named beside it say which builds are of which stream. The os is the caller's: nothing in
 * these files says it. SHA-1 is accepted here: nobody stands between a person and their own files.
 */
#include "feeds/lab/lab_rpm.h"
#include "base/file.h"
#include "feeds/lab/lab_int.h"
#include "feeds/local.h"
#include "feeds/rpm/rpm_build.h"

static bool is_modules(const char *file)
{
	const char *slash = strrchr(file, '/');
	return strstr(slash ? slash + 1 : file, "modules") != NULL;
}

static bool open_file(const char *file, struct buf *raw, struct unpack **u, struct err *e)
{
	return file_read(file, raw, e) &&
	       unpack_open_mem(buf_str(raw), file, RPM_MAX_DATA_PLAIN, 0, u, e);
}

static bool add_modules(struct rpm_build *b, const char *file, struct err *e)
{
	AUTO(buf_done) struct buf raw = BUF_INIT(RPM_MAX_DATA);
	AUTO(unpack_free) struct unpack *u = NULL;
	return open_file(file, &raw, &u, e) && rpm_modules_read(u, file, rpm_build_module, b, e);
}

static bool updateinfo(const struct lab_files *l, struct generation_result *out, struct err *e)
{
	AUTO(buf_done) struct buf raw = BUF_INIT(RPM_MAX_DATA);
	AUTO(unpack_free) struct unpack *u = NULL;
	struct feed_info feed = { .id = STR_LIT("updateinfo"),
				  .kind = STR_LIT("rpm"),
				  .url = STR_LIT("file:"),
				  .signer = STR_LIT("") };
	struct rpm_build_spec spec = { .os = str_of(l->opt->os), .suite = STR_LIT("updateinfo") };
	out->sink = sink_new(&feed);
	AUTO(rpm_build_free) struct rpm_build *b = rpm_build_new(&spec, out->sink);
	const char *file = l->files[l->at];
	if (!is_modules(file)) {
		for (size_t i = 0; i < l->n; i++)
			if (is_modules(l->files[i]) && !add_modules(b, l->files[i], e))
				return false;
		if (!open_file(file, &raw, &u, e) ||
		    !rpm_updateinfo_read(u, "it", rpm_build_update, b, e))
			return false;
	}
	return sink_finish(out->sink, &out->generation.records, &out->generation.feed, e);
}

#define HOTFIX "rpm-hotfix-repo"

static bool repository(const struct lab_files *l, bool hotfix, struct generation_result *out,
		       struct err *e)
{
	const char *const options[] = { "sha1=allow", hotfix ? "module_hotfixes=yes" : NULL, NULL };
	struct feed_env env = { .fetch = feed_local, .now_ms = l->opt->now_ms };
	AUTO(xfree)
	char *dir = xstrdup(l->files[l->at]),
	     *id = xasprintf(hotfix ? "rpm-hotfix/%zu" : "rpm/%zu", l->at);
	struct str s = str_of(dir);
	while (s.n > 1 && s.p[s.n - 1] == '/')
		dir[--s.n] = '\0';
	if (str_ends(s, "/repodata")) {
		s.n -= strlen("/repodata");
		dir[s.n] = '\0';
	}
	const char *slash = strrchr(dir, '/'), *name = slash && slash[1] ? slash + 1 : dir;
	struct feed_spec spec = { .id = id,
				  .kind = "rpm",
				  .url = dir,
				  .suite = strchr(name, ' ') ? "repository" : name,
				  .os = l->opt->os,
				  .keyrings = l->opt->keyrings,
				  .options = options };
	return rpm_sync_repo(&spec, &env, out, e);
}

bool lab_rpm_makes(const char *kind)
{
	return strcmp(kind, "updateinfo") == 0 || strcmp(kind, "rpm-repo") == 0 ||
	       strcmp(kind, HOTFIX) == 0;
}

bool lab_rpm_sync(const char *kind, const struct lab_files *l, struct generation_result *out,
		  struct err *e)
{
	if (!l->opt || !l->opt->os)
		return err_set(e, ERR_INVALID,
			       "a list of RPM packages does not say whose it is; name the release");
	return strcmp(kind, "updateinfo") == 0 ? updateinfo(l, out, e)
					       : repository(l, strcmp(kind, HOTFIX) == 0, out, e);
}
